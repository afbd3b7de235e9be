"""Sentences of a re-evaluation, from its codes and values."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from alsight.detect.review.classes import MIMIC_CLASSES, als_courses
from alsight.detect.review.features import AGE
from alsight.detect.review.mimics import MIMICS
from alsight.detect.review.prior import SETTINGS
from alsight.detect.review.review import MIMIC, REASON
from alsight.detect.review.rows import FINDINGS
from alsight.report.sentences.review import (
    AS_IN_ALS,
    COURSES,
    examination_words,
    finding_words,
    mimic_words,
    reason_words,
    with_review_words,
)


def said(feature: str, code: str | None = None, value: float | None = None) -> str:
    return reason_words({"feature": feature, "code": code, "value": value})


def test_reasons_in_words() -> None:
    assert said("prior", "register").startswith("register: at registration: 32 of 437")
    assert said("prior", "register").endswith("falling with the months since diagnosis")
    assert said("prior", "clinic").endswith("as left after a first evaluation")
    assert said("course", "stable") == "the scores hardly change"
    assert said("course", als_courses().classes[0].name) == AS_IN_ALS
    assert said("survival", "alive") == "alive at the last visit"
    assert said("survival", "ended") == "death or permanent ventilation"
    assert said("conduction_block", value=0.0) == "no motor conduction block"
    assert said(AGE, value=61.5) == "onset at 62 years"


@pytest.mark.parametrize("setting", [row.name for row in SETTINGS])
def test_every_setting_has_words(setting: str) -> None:
    assert said("prior", setting).startswith(f"{setting}: ")


def test_every_course_of_a_mimic_has_words() -> None:
    assert {one.name for one in MIMIC_CLASSES} == set(COURSES)


@pytest.mark.parametrize("row", FINDINGS, ids=lambda row: row.name)
def test_every_finding_has_words(row: Any) -> None:
    assert (finding_words(row.name, 1.0), finding_words(row.name, 0.0)) == (row.there, row.absent)


def test_words_stand_beside_the_codes() -> None:
    reasons = [{"feature": "course", "code": "improving", "value": None, "weight": 1.5, "source": "x"}]
    mimics = [{"mimic": MIMICS[0].name, "share": 0.7}, {"mimic": MIMICS[1].name, "share": 0.2}]
    frame = pl.DataFrame(
        {"subject": ["a", "b"], "reasons": [reasons, []], "mimics": [mimics, []]},
        schema={"subject": pl.String, "reasons": pl.List(REASON), "mimics": pl.List(MIMIC)},
    )
    shown = with_review_words(frame)
    assert shown["reasons"].to_list() == [[{**reasons[0], "words": "the scores rise"}], []]
    assert [one["words"] for one in shown["mimics"][0]] == [mimic_words(one["mimic"]) for one in mimics]
    assert shown["examination"].to_list() == [f"{MIMICS[0].examination}; {MIMICS[1].examination}", ""]
    assert examination_words([]) == ""
