"""Read made spreadsheets of clinics without a mapping and compare with their truth.

`python -m validation.clinic_files [SET ...]` reads each set and writes `validation/clinic_files.csv`, one row a file
and reading. `first_look` rows are what the readers did before they were corrected for that set: they stay as they are.

- first_set: the faults that it showed were corrected.
- second_set: other people, habits and headings, first read after these corrections; what it showed was corrected too.
- third_set, fourth_set: other people and habits under the headings of the first and of the second set, read once after
  all corrections.
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

SETS: Final = {
    "first_set": (1, "first_set"),
    "second_set": (2, "second_set"),
    "third_set": (5, "first_set"),
    "fourth_set": (6, "second_set"),
}
"""Set to its seed and to the headings that it draws from."""

FILES: Final = 60
RESULT: Final = Path(__file__).with_suffix(".csv")


def outcomes(which: str) -> pl.DataFrame:
    """What came of each file of one set."""
    seed, headings = SETS[which]
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for file in clinic_files(seed, FILES, headings):
            found = reaction(file, file.write(Path(folder)))
            rows.append(
                {
                    "set": which,
                    "reading": "corrected",
                    "file": file.habits.number,
                    "outcome": found.outcome,
                    "fault": file.habits.fault,
                    "habits": described(file),
                    "detail": found.detail,
                }
            )
    return pl.DataFrame(rows)


def main() -> None:
    asked = sys.argv[1:] or list(SETS)
    known = [pl.read_csv(RESULT)] if RESULT.exists() else []
    fresh = ~(pl.col("set").is_in(asked) & (pl.col("reading") == "corrected"))
    made = [outcomes(which) for which in asked]
    for which, frame in zip(asked, made, strict=True):
        print(which, dict(Counter(frame["outcome"].to_list())))
    table = pl.concat([*(frame.filter(fresh) for frame in known), *made], how="vertical_relaxed")
    table.sort("set", "reading", "file").write_csv(RESULT)


if __name__ == "__main__":
    main()
