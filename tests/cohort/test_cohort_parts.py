"""The check in parts finds what the check at once finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from alsight.base.errors import DataError
from alsight.cohort.check import check
from alsight.cohort.parts import check_parquet
from alsight.cohort.raw import RawTables
from alsight.instruments.items import TWELVE


def tables(people: int = 40, visits: int = 400) -> dict[str, pl.DataFrame]:
    random = np.random.default_rng(3)
    return {
        "visits": pl.DataFrame(
            {
                "subject": pl.Series(np.sort(random.integers(0, people, visits))).cast(pl.String).str.zfill(3),
                "day": random.integers(-5, 300, visits),
                "scale": random.choice(["alsfrs_r", "alsfrs", "other"], visits, p=[0.9, 0.08, 0.02]),
                **{name: random.integers(0, 6, visits).astype(np.float32) for name in TWELVE[:5]},
            }
        ),
        "events": pl.DataFrame(
            {"subject": ["003", "003", "900"], "day": [100, 120, 5], "event": ["death", "death", "niv_start"]}
        ),
    }


def write(folder: Path, frames: dict[str, pl.DataFrame]) -> None:
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("rows", [37, 10_000])
def test_parts_agree_with_the_whole(tmp_path: Path, rows: int, shuffled: bool) -> None:
    frames = tables()
    if shuffled:
        frames["visits"] = frames["visits"].sample(fraction=1, shuffle=True, seed=1)
    write(tmp_path, frames)
    calls: list[tuple[str, int, int]] = []
    summary = check_parquet(tmp_path, lambda *call: calls.append(call), rows=rows, rejected=tmp_path / "faults")
    lined = {
        name: frame.with_columns(source=pl.lit(f"{name}.parquet"), row=pl.int_range(2, pl.len() + 2))
        for name, frame in frames.items()
    }
    whole = check(RawTables(frames=lined))
    counts = {row[0]: row[1:] for row in summary.counts.rows()}
    for name, frame in whole.frames().items():
        assert counts[name][1] == frame.height
    read = frames["visits"].height
    assert counts["visits"] == (read, whole.visits.height, read - whole.visits.height)
    keys = ["table", "rule", "severity", "column"]
    expected = whole.rejected.group_by(keys).len("count").with_columns(pl.col("count").cast(pl.Int64)).sort(keys)
    assert summary.faults.group_by(keys).agg(pl.col("count").sum()).sort(keys).equals(expected)
    full = pl.read_parquet(tmp_path / "faults").sort(pl.all())
    assert full.equals(whole.rejected.sort(pl.all()))
    assert [done for _, done, _ in calls] == list(range(1, len(calls) + 1))


def test_one_file_of_visits(tmp_path: Path) -> None:
    write(tmp_path, tables())
    assert check_parquet(tmp_path / "visits.parquet").counts["read"].to_list() == [0, 400, 0, 0, 0]


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no Parquet file"):
        check_parquet(tmp_path)
    (tmp_path / "visits.parquet").write_text("no parquet")
    with pytest.raises(DataError, match="cannot be read"):
        check_parquet(tmp_path)
    pl.DataFrame({"person": ["a"]}).write_parquet(tmp_path / "visits.parquet")
    with pytest.raises(DataError, match="no column named subject"):
        check_parquet(tmp_path)


def test_empty_file(tmp_path: Path) -> None:
    write(tmp_path, {"visits": tables()["visits"].clear()})
    assert check_parquet(tmp_path).counts["read"].sum() == 0
