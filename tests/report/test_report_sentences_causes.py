"""The sentence of every cause, from its rule and its values."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from alsight.detect.causes.changes import CIRCUMSTANCES as RECORDED
from alsight.detect.causes.effect import CAUSES
from alsight.detect.causes.treatments import RELIEFS
from alsight.report.sentences.causes import CIRCUMSTANCES, SENTENCES, number_words, points_words, with_cause_words


def sentence(**values: Any) -> str:
    row = {"subject": "a", "cause": "artefact", "start_day": 91, "end_day": 182, "points": 2.0, "items": ""} | values
    frame = pl.DataFrame([{name: row.get(name) for name in CAUSES}], schema=CAUSES)
    return with_cause_words(frame)["words"][0]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"rule": "item_5", "from_value": "5a", "to_value": "5b"},
            "Item 5 was rated 2 points higher on day 182, when it changed from 5a (cutting) to 5b (fasteners) with the "
            "gastrostomy.",
        ),
        (
            {"rule": "item_12", "points": 1.0},
            "Item 12 was rated 1 point higher on day 182: it records the ventilation that is used, so a device was no "
            "longer used or the scoring changed.",
        ),
        (
            {"rule": "ventilation_stopped"},
            "Item 12 was rated 2 points higher on day 182: a stop of ventilation is recorded between the visits.",
        ),
        (
            {"rule": "data_slip", "recorded_total": 43.0, "expected_total": 34.0},
            "The total of 43 on day 182 looks like a slip of digits for 34.",
        ),
        (
            {"rule": "outlying_visit", "points": 6.46},
            "The visit on day 182 stands 6.5 points above the course of the visits before and after it.",
        ),
        (
            {"rule": "exchanged_dates", "from_value": "Month 6", "to_value": "Month 3"},
            "Visit Month 6 lies before visit Month 3 by their dates (days 91 and 182), so one of the two dates is "
            "wrong.",
        ),
        (
            {"rule": "scale", "from_value": "alsfrs", "to_value": "alsfrs_r"},
            "The score rose where the scale changed from ALSFRS (0 to 40) to ALSFRS-R (0 to 48) between days 91 and "
            "182.",
        ),
        (
            {"rule": "total_off_items", "recorded_total": 40.0, "expected_total": 38.5},
            "The total written on day 182 is 40, its items sum to 38.5; the sum is used.",
        ),
        (
            {"rule": "rater", "points": 3.0},
            "The level rose by 3 points between days 91 and 182, where the rater changed.",
        ),
        (
            {"rule": "ventilation", "cause": "symptomatic", "treatment_day": 100},
            "The items that non-invasive ventilation eases rose by 2 points together after it was started on day 100.",
        ),
        (
            {"rule": "infection", "cause": "dip", "depth_points": 4.0},
            "The score fell by 4 points beyond its course after day 91 and was back on day 182 (recorded: infection).",
        ),
        (
            {"rule": "pattern", "cause": "dip", "depth_points": 0.96},
            "The score fell by 1 point beyond its course after day 91 and was back on day 182 (no illness is "
            "recorded).",
        ),
        (
            {"rule": "out_of_range", "faults": 1, "file_row": 7, "message": "The value lies outside."},
            "1 fault of the file, first in line 7: The value lies outside.",
        ),
        (
            {"rule": "out_of_range", "faults": 2, "file_row": 7, "message": "The value lies outside."},
            "2 faults of the file, first in line 7: The value lies outside.",
        ),
    ],
)
def test_sentence_of_each_rule(values: dict[str, Any], said: str) -> None:
    assert sentence(**values) == said


def test_every_rule_has_a_sentence() -> None:
    assert set(RECORDED) == set(CIRCUMSTANCES) <= set(SENTENCES)
    assert {row.rule for row in RELIEFS if row.items} <= set(SENTENCES)


@pytest.mark.parametrize(
    ("value", "said"), [(0.0, "0 points"), (1.0, "1 point"), (0.98, "1 point"), (2.5, "2.5 points")]
)
def test_points_in_words(value: float, said: str) -> None:
    frame = pl.DataFrame({"points": [value]})
    assert frame.select(points_words(pl.col("points"))).item() == said
    assert frame.select(number_words(pl.col("points"))).item() == said.split(maxsplit=1)[0]
