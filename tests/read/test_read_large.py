"""A large Parquet file checked in parts gives what reading it whole gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import alsight.verbs.check as door
from alsight.cohort.read import large
from alsight.cohort.read.large import check_large, is_large
from alsight.cohort.read.source import Source, read_with_mapping
from alsight.instruments.items import TWELVE
from alsight.verbs.check import check


def clinic(folder: Path, *, shuffled: bool) -> Source:
    random = np.random.default_rng(5)
    size = 600
    people = np.sort(random.integers(0, 50, size))
    frame = pl.DataFrame(
        {
            "Patient ID": pl.Series(people).cast(pl.String).str.zfill(4),
            "Months": random.integers(0, 30, size).astype(float),
            **{
                name: random.choice([4.0, 3.0, 2.0, 5.0, np.nan], size, p=[0.5, 0.3, 0.15, 0.02, 0.03])
                for name in TWELVE
            },
            "Sex": np.where(people % 2 == 0, "F", "M"),
            "Favorite color": "red",
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
    if shuffled:
        frame = frame.sample(fraction=1, shuffle=True, seed=2)
    frame.write_parquet(folder / "clinic.parquet")
    return Source(path=str(folder / "clinic.parquet"))


@pytest.mark.parametrize("shuffled", [False, True])
def test_parts_agree_with_the_whole(tmp_path: Path, shuffled: bool) -> None:
    source = clinic(tmp_path, shuffled=shuffled)
    whole, mapping = read_with_mapping(source)
    found = check_large(source, rows=70)
    assert found is not None
    assert found.mapping == mapping
    assert found.provenance == whole.provenance
    accepted = dict(found.summary.counts.select("table", "accepted").iter_rows())
    assert accepted == {name: frame.height for name, frame in whole.frames().items()}
    assert found.summary.rejected.sort(pl.all()).equals(whole.rejected.sort(pl.all()))
    assert found.summary.faults["count"].sum() == whole.rejected.height


def test_the_door_tells_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = clinic(tmp_path, shuffled=False).path
    whole = check(path)
    monkeypatch.setattr(door, "is_large", lambda supplied: is_large(supplied, 10))
    monkeypatch.setattr(door, "check_large", lambda supplied, progress: large.check_large(supplied, progress, rows=70))
    parts = check(path)
    assert parts.summary == whole.summary
    assert parts.tables["faults"].sort(pl.all()).equals(whole.tables["faults"].sort(pl.all()))
    assert parts.tables["rules"].equals(whole.tables["rules"])


def test_only_large_parquet_files_are_large(tmp_path: Path) -> None:
    source = clinic(tmp_path, shuffled=False)
    assert is_large(source, 600)
    assert not is_large(source, 601)
    assert not is_large(Source(path=str(tmp_path)))
    assert not is_large(Source(path=str(tmp_path / "nothing.parquet")))
    assert not is_large(Source(example=True))
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1 and nothing else")
    assert not is_large(Source(path=str(tmp_path / "damaged.parquet")), 0)


def test_one_persons_file_is_read_whole(tmp_path: Path) -> None:
    frame = pl.DataFrame({"Day": [0, 30], **{name: [4.0, 3.0] for name in TWELVE}})
    frame.write_parquet(tmp_path / "diary.parquet")
    assert check_large(Source(path=str(tmp_path / "diary.parquet"))) is None
