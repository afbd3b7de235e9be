"""The whole of `assess` with weighed verdicts, on few people and on records with next to nothing in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import alsight
from alsight.cohort.example import example_cohort
from alsight.cohort.plausible.gate import ImplausibleError
from alsight.detect.kinds import VERDICTS
from report.test_report_assess import few


def test_everybody_gets_one_verdict(tmp_path: Path) -> None:
    cohort = few(example_cohort(), 60)
    answer = alsight.assess(cohort, out=tmp_path, pages=3)
    people = pl.read_parquet(tmp_path / "verdicts.parquet")
    assert people["subject"].n_unique() == people.height == 60
    assert set(people["verdict"]) <= set(VERDICTS)
    assert sum(answer.summary["verdicts"]["headline"].values()) == 60
    names = cohort.subjects["subject"].to_list()
    texts = [(tmp_path / name).read_text() for name in ("report.html", "statement.csv", "summary.json")]
    texts += [pl.read_parquet(file).write_ndjson() for file in sorted(tmp_path.glob("*.parquet"))]
    assert not [name for name in names for text in texts if name in text]


@pytest.mark.parametrize("size", [0, 1])
def test_hardly_anybody_is_judged(tmp_path: Path, size: int) -> None:
    answer = alsight.assess(few(example_cohort(), size), out=tmp_path)
    assert sum(answer.summary["verdicts"]["headline"].values()) == size


def test_people_without_a_visit_cannot_be_told(tmp_path: Path) -> None:
    cohort = few(example_cohort(), 5)
    bare = replace(cohort, visits=cohort.visits.clear())
    with pytest.raises(ImplausibleError, match="no_visits"):
        alsight.assess(bare, out=tmp_path)
    answer = alsight.assess(bare, out=tmp_path, accept=("no_visits",))
    assert answer.summary["verdicts"]["headline"]["insufficient data"] == 5
