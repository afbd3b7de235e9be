"""Read made spreadsheets of clinics without a mapping and compare with their truth.

`python -m validation.clinic_files [first_set second_set]` writes `validation/clinic_files.csv`, one row a file, and
prints how many were right, questioned, stopped, incomplete or wrong. The first set showed the faults that the readers
were then corrected for; the second, with other people, habits and headings, was read once, after that.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

import polars as pl

from fixtures.clinics.files import clinic_files
from fixtures.clinics.judge import described, reaction

SEEDS: Final = {"first_set": 1, "second_set": 2}
FILES: Final = 60
RESULT: Final = Path(__file__).with_suffix(".csv")


def outcomes(which: str) -> pl.DataFrame:
    """What came of each file of one set."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for file in clinic_files(SEEDS[which], FILES, which):
            found = reaction(file, file.write(Path(folder)))
            rows.append(
                {
                    "set": which,
                    "file": file.habits.number,
                    "outcome": found.outcome,
                    "fault": file.habits.fault,
                    "habits": described(file),
                    "detail": found.detail,
                }
            )
    return pl.DataFrame(rows)


def main() -> None:
    asked = sys.argv[1:] or list(SEEDS)
    known = [pl.read_csv(RESULT)] if RESULT.exists() else []
    known = [frame.filter(~pl.col("set").is_in(asked)) for frame in known]
    made = [outcomes(which) for which in asked]
    for which, frame in zip(asked, made, strict=True):
        print(which, dict(Counter(frame["outcome"].to_list())))
    pl.concat([*known, *made], how="vertical_relaxed").sort("set", "file").write_csv(RESULT)


if __name__ == "__main__":
    main()
