"""One person without a file: what can be typed, what is refused, and the answer in words."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import alsight
from alsight.base.errors import SpecError
from alsight.report.verdicts.people import READABLE
from alsight.verbs.question.person import person_cohort


def test_months_dates_and_items_are_the_same_person() -> None:
    by_month = person_cohort("0:41 6:41, 12:40", 24, 58)
    by_date = person_cohort("2023-01-01:41; 2023-07-03:41 2024-01-01:40", 24, 58)
    by_items = person_cohort("0:4,4,4,3,3,4,4,3,3,3,3,3 6:4,4,4,3,3,4,4,3,3,3,3,3 12:3,4,4,3,3,4,4,3,3,3,3,3", 24, 58)
    assert by_month.visits["alsfrs_r_total"].to_list() == [41, 41, 40]
    assert by_items.visits["alsfrs_r_total"].to_list() == [41, 41, 40]
    assert by_month.visits["day"].to_list() == [0, 183, 365]
    assert by_date.visits["day"].to_list() == [0, 183, 365]
    person = by_month.subjects.row(0, named=True)
    assert (person["onset_day"], person["age_at_entry_years"]) == (-730, 58)


@pytest.mark.parametrize("scores", ["", "x", "0:99", "0:41 6", "0:4,4", "0:41 2024-01-01:40", "2024-13-01:40", "0:-3"])
def test_what_cannot_be_read_is_refused(scores: str) -> None:
    with pytest.raises(SpecError, match="scores"):
        person_cohort(scores)


def test_a_person_gets_a_verdict_in_words_and_files(tmp_path: Path) -> None:
    answer = alsight.assess_person("0:41 6:41 12:40 18:40", onset_months=24, age=58, out=tmp_path)
    row = answer.tables["people"].row(0, named=True)
    assert tuple(row) == READABLE
    assert row["person"] == "person"
    assert row["finding"].split(",")[0] in ("Stable", "Progressing", "Undecided")
    assert not any("natural history alone predicts" in sentence for sentence in answer.sentences)
    listed = pl.read_csv(tmp_path / "verdicts.csv")
    assert listed["finding"].to_list() == [row["finding"]]
    sheets = pl.read_excel(tmp_path / "alsight.xlsx", sheet_id=0)
    assert list(sheets) == ["people", "verdicts", "windows", "evidence", "review", "statement", "dictionary"]


def test_scores_stand_alone() -> None:
    with pytest.raises(SpecError, match="scores"):
        alsight.assess(example=True, scores="0:41 6:40")
    with pytest.raises(SpecError, match="onset_months"):
        alsight.assess(example=True, onset_months=12)
