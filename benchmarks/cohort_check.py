"""Rows a second and peak memory of the check: in memory, and of a Parquet file larger than memory should hold.

python -m benchmarks.cohort_check [--rows 10000000] [--shuffled] [--folder DIR]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from alsight.instruments.items import TWELVE

LIMIT_GIB = 4.0
VISITS_EACH = 8.33


def visits(rows: int, seed: int, first_person: int = 0) -> pl.DataFrame:
    """Visits with a few faults of every common kind, sorted by person and day."""
    random = np.random.default_rng(seed)
    people = max(1, round(rows / VISITS_EACH))
    person = np.sort(random.integers(0, people, rows)) + first_person
    index = np.arange(rows) - np.searchsorted(person, person)
    items = {name: random.integers(0, 5, rows).astype(np.float32) for name in TWELVE}
    total = sum(items.values()).astype(np.float32)
    for name in ("q1_speech", "q8_walking"):
        items[name][random.random(rows) < 1e-3] = 44.0
        items[name][random.random(rows) < 1e-2] = np.nan
    total[random.random(rows) < 1e-3] += 3
    day = (index * 91 + random.integers(-9, 10, rows)).astype(np.int32)
    return pl.DataFrame(
        {
            "subject": pl.Series(person).cast(pl.String).str.zfill(8),
            "day": pl.Series(day).clip(0),
            "scale": pl.repeat("alsfrs_r", rows, eager=True),
            **items,
            "alsfrs_r_total": total,
        }
    ).with_columns(pl.col(pl.Float32).fill_nan(None))


def generate(path: Path, rows: int, *, shuffled: bool) -> None:
    """The Parquet file, made in pieces so that making it needs less memory than checking it."""
    piece, written, people = 1_000_000, [], 0
    with tempfile.TemporaryDirectory(dir=path.parent) as shelf:
        for number, start in enumerate(range(0, rows, piece)):
            frame = visits(min(piece, rows - start), number, 0 if shuffled else people)
            people += piece
            if shuffled:  # the same people in every piece, a decade later each time
                frame = frame.with_columns(pl.col("day") + 3_653 * number).sample(fraction=1.0, shuffle=True, seed=1)
            written.append(Path(shelf) / f"{number:03}.parquet")
            frame.write_parquet(written[-1])
        pl.scan_parquet(written).sink_parquet(path)


def in_memory() -> None:
    """100,000 visits of 12,000 people."""
    from alsight.cohort.check import check
    from alsight.cohort.raw import RawTables

    frame = visits(100_000, 1).with_columns(source=pl.lit("visits.parquet"), row=pl.int_range(2, 100_002))
    raw = RawTables(frames={"visits": frame})
    check(raw)
    started = time.perf_counter()
    cohort = check(raw)
    took = time.perf_counter() - started
    print(
        f"in memory: {frame.height:,} visits of {cohort.size:,} people in {took:.2f} s ({frame.height / took:,.0f}/s)"
    )


def streamed(path: Path) -> None:
    """The file, in this process, with its peak memory."""
    from alsight.cohort.parts import check_parquet

    started = time.perf_counter()
    summary = check_parquet(path)
    took = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    read, accepted, left = summary.counts.row(1)[1:]
    print(f"Parquet: {read:,} visits in {took:.1f} s ({read / took:,.0f}/s), accepted {accepted:,}, left out {left:,}")
    print(f"peak memory {peak:.2f} GiB of {LIMIT_GIB:g} GiB: ratio {peak / LIMIT_GIB:.2f}")
    print(summary.faults.select("rule", "column", "count").sort("count", descending=True).head(8))


def main() -> None:
    """Make the data, then measure in a process of its own, so that making it does not count."""
    wishes = argparse.ArgumentParser(description=__doc__)
    wishes.add_argument("--rows", type=int, default=10_000_000)
    wishes.add_argument("--shuffled", action="store_true")
    wishes.add_argument("--folder", type=Path)
    wishes.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    asked = wishes.parse_args()
    if asked.measure:
        streamed(asked.measure)
        return
    in_memory()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        path = Path(folder) / "visits.parquet"
        generate(path, asked.rows, shuffled=asked.shuffled)
        subprocess.run([sys.executable, __file__, "--measure", str(path)], check=True)


if __name__ == "__main__":
    main()
