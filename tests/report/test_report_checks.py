"""What is said about one period of one record: each sentence where it applies, and only there."""

from __future__ import annotations

import polars as pl
import pytest

from alsight.cohort.tables import DOSES, EVENTS, MEASURES_TABLE
from alsight.instruments.items import TWELVE
from alsight.report.page import checks as reported
from alsight.report.page.checks import CHECKS, Period, checks

DAYS = [0, 91, 182, 273, 365, 456]


def visits(**changed: list[object]) -> pl.DataFrame:
    plain: dict[str, object] = {"subject": ["a"] * 6, "day": DAYS, "scale": ["alsfrs_r"] * 6}
    plain |= {item: [3.0] * 6 for item in TWELVE}
    plain |= {"q5a_cutting_without_gastrostomy": [3.0] * 6, "q5b_cutting_with_gastrostomy": [None] * 6}
    plain |= {"total": [36.0] * 6, "mode": ["in_person"] * 6, "responder": ["self"] * 6, "rater": ["R1"] * 6}
    return pl.DataFrame({**plain, **changed}, strict=False)


def period(kind: str = "reversal", frame: pl.DataFrame | None = None, **more: object) -> Period:
    frame = visits() if frame is None else frame
    parts: dict[str, object] = {"events": EVENTS.empty(), "doses": DOSES.empty(), "measures": MEASURES_TABLE.empty()}
    return Period(kind, 0, 456, frame, **{**parts, "person": {}, **more})  # type: ignore[arg-type]


def events(*rows: tuple[str, int]) -> pl.DataFrame:
    made = [{"subject": "a", "event": event, "day": day} for event, day in rows]
    return pl.DataFrame(made, schema=EVENTS.schema)


def test_a_plain_stretch_says_nothing() -> None:
    assert checks(period("plateau")) == ()


def test_five_a_to_five_b() -> None:
    frame = visits(
        q5a_cutting_without_gastrostomy=[2.0, 2.0, None, None, None, None],
        q5b_cutting_with_gastrostomy=[None, None, 4.0, 4.0, 4.0, 4.0],
    )
    assert "5a" in reported.item_five(period(frame=frame))
    assert not reported.item_five(period())


def test_item_twelve_that_rises() -> None:
    frame = visits(q12_respiratory_insufficiency=[1.0, 1.0, 4.0, 4.0, 4.0, 4.0])
    assert "from 1 to 4" in reported.item_twelve(period(frame=frame))
    assert not reported.item_twelve(period(frame=visits(q12_respiratory_insufficiency=[4.0, 4.0, 1.0, 1.0, 1.0, 1.0])))


def test_items_that_gained_and_fell() -> None:
    frame = visits(q8_walking=[1.0, 2, 3, 3, 3, 4], q1_speech=[4.0, 4, 4, 4, 4, 3])
    said = reported.gaining_items(period(frame=frame))
    assert "walking (+3)" in said
    assert "Meanwhile speech fell" in said
    assert not reported.gaining_items(period("plateau", frame))


@pytest.mark.parametrize(
    ("column", "word"), [("mode", "way of rating"), ("rater", "rater"), ("responder", "person who answers")]
)
def test_a_change_of_rating(column: str, word: str) -> None:
    said = reported.way_of_rating(period(frame=visits(**{column: ["x", "x", "y", "y", "y", None]})))
    assert word in said


def test_an_emptied_rater_says_nothing() -> None:
    assert not reported.way_of_rating(period(frame=visits(rater=[None] * 6)))


def test_one_visit_far_off() -> None:
    said = reported.outlying_visit(period(frame=visits(total=[36.0, 36, 27, 36, 36, 36])))
    assert "6 months" in said
    assert "9 points below" in said
    assert not reported.outlying_visit(period(frame=visits(total=[36.0, 34, 32, 30, 28, 26])))


@pytest.mark.parametrize(("total", "word"), [(47.0, "top"), (3.0, "bottom")])
def test_ends_of_the_scale(total: float, word: str) -> None:
    assert word in reported.scale_end(period("plateau", visits(total=[total] * 6)))


def test_illness_before_and_inside_but_not_long_before() -> None:
    assert "infection at 3 months" in reported.illness(period(events=events(("infection", 91))))
    assert "fracture" in reported.illness(period(events=events(("fracture", -60))))
    assert not reported.illness(period(events=events(("infection", -200))))


def test_treatments_and_devices() -> None:
    doses = pl.DataFrame([{"subject": "a", "day": 30, "treatment": "glycopyrronium"}], schema=DOSES.schema)
    said = reported.treatment(period(doses=doses, events=events(("niv_start", 100), ("death", 400))))
    assert "glycopyrronium" in said
    assert "non-invasive ventilation started" in said
    assert "death" not in said


def test_diagnosis_and_gene() -> None:
    assert "revised to neuropathy" in reported.diagnosis(period(person={"revised_diagnosis": "neuropathy"}))
    assert "SOD1" in reported.diagnosis(period(person={"genotype": "sod1"}))
    assert not reported.diagnosis(period(person={"genotype": "fus"}))


def test_few_visits() -> None:
    assert "2 visits" in reported.few_visits(period(frame=visits().head(2)))


def test_an_empty_record_breaks_nothing() -> None:
    empty = period(frame=visits().clear())
    assert all(isinstance(check(empty), str) for check in CHECKS)
