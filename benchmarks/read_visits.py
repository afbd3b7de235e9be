"""Time to read and check a visits table: `python -m benchmarks.read_visits [rows] [people]`.

Makes a CSV (and the same as Parquet) of visits with dates, twelve items, a total, a vital capacity and facts about the
person in every row, as clinics keep them; prints seconds for reading, checking and both, and rows per second.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from alsight.cohort.check import check
from alsight.cohort.read.source import Source, read_raw


def visits_table(rows: int, people: int, seed: int = 1) -> pl.DataFrame:
    """A visits table with one row a visit; 1 % of the cells of each item are empty."""
    rng = np.random.default_rng(seed)
    person = np.sort(np.r_[np.arange(people), rng.integers(0, people, rows - people)])
    number = np.arange(rows) - np.searchsorted(person, person)
    start = rng.integers(0, 3000, people)[person]
    days = start + number * 91 + rng.integers(-7, 8, rows) * (number > 0)
    slope = rng.gamma(1.8, 0.5, people)[person]
    trait = np.clip(4 - slope * number / 6, 0, 4)
    columns: dict[str, pl.Series] = {
        "Patient ID": pl.Series(person).cast(pl.String).str.zfill(5),
        "Visit date": (pl.Series(days).cast(pl.Int32) + 14_600).cast(pl.Date).dt.to_string("%d.%m.%Y"),
    }
    total = np.zeros(rows)
    for item in range(1, 13):
        score = np.clip(np.round(trait + rng.normal(0, 0.6, rows)), 0, 4)
        total += score
        values = pl.Series(score).cast(pl.Int8).cast(pl.String)
        columns[f"Q{item}"] = values.set(pl.Series(rng.random(rows) < 0.01), None)
    columns["ALSFRS-R total"] = pl.Series(total).cast(pl.Int8)
    columns["FVC (% predicted)"] = pl.Series(np.round(25 * trait + rng.normal(0, 5, rows), 1).clip(10))
    columns["Sex"] = pl.Series(np.array(["F", "M"])[rng.integers(0, 2, people)[person]])
    columns["Site of onset"] = pl.Series(
        np.array(["bulbar", "spinal", "respiratory"])[rng.integers(0, 3, people)[person]]
    )
    onset = pl.Series(start - rng.integers(100, 900, people)[person]).cast(pl.Int32) + 14_600
    columns["Date of symptom onset"] = onset.cast(pl.Date).dt.to_string("%d.%m.%Y")
    return pl.DataFrame(columns)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    people = int(sys.argv[2]) if len(sys.argv) > 2 else 12_000
    table = visits_table(rows, people)
    with tempfile.TemporaryDirectory() as folder:
        comma, packed = Path(folder, "visits.csv"), Path(folder, "visits.parquet")
        table.write_csv(comma)
        table.write_parquet(packed)
        for path in (comma, packed):
            started = time.perf_counter()
            raw, _ = read_raw(Source(path=str(path)))
            between = time.perf_counter()
            cohort = check(raw)
            ended = time.perf_counter()
            print(
                f"{path.suffix[1:]:8} {rows:,} rows of {people:,} people, {path.stat().st_size / 1e6:.1f} MB: "
                f"read {between - started:.2f} s, check {ended - between:.2f} s, both {ended - started:.2f} s, "
                f"{rows / (ended - started):,.0f} rows/s; {cohort.rejected.height:,} faults told"
            )


if __name__ == "__main__":
    main()
