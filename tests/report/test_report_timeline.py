"""The chart of one person, whatever is missing from the record."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import polars as pl
import pytest

from alsight.report.page.theme import svg
from alsight.report.page.timeline import PersonCourse, timeline

VISITS = pl.DataFrame({"months": [0.0, 3.0, 6.0, 9.0], "total": [40.0, 38.0, 38.0, 42.0]})
SPANS = pl.DataFrame({"start": [6.0], "end": [9.0], "kind": ["reversal"]})
EVENTS = pl.DataFrame({"label": ["riluzole", "gastrostomy"], "months": [0.0, 7.0], "end": [9.0, None]})
SMALL = pl.DataFrame(
    {"name": ["Bulbar", "Bulbar"], "months": [0.0, 9.0], "value": [12.0, 9.0], "low": [0.0, 0.0], "high": [12.0, 12.0]}
).with_columns(kind=pl.lit(None, pl.String))


@pytest.mark.parametrize("no_visits", [False, True])
@pytest.mark.parametrize("no_events", [False, True])
@pytest.mark.parametrize("no_small", [False, True])
def test_any_part_may_be_missing(no_visits: bool, no_events: bool, no_small: bool) -> None:
    course = PersonCourse(
        visits=VISITS.clear() if no_visits else VISITS,
        spans=SPANS.clear() if no_visits else SPANS,
        events=EVENTS.clear() if no_events else EVENTS,
        small=SMALL.clear() if no_small else SMALL,
    )
    drawn = str(svg(timeline(course), "a person"))
    ET.fromstring(drawn)
    assert ("gastrostomy" in drawn) is not no_events
    assert ("Bulbar" in drawn) is not no_small
    assert ("var(--rise)" in drawn) is not no_visits
    assert drawn.count("months since entry") == 1


def test_first_and_last_values_are_written() -> None:
    assert "12 \u2192 9" in str(
        svg(timeline(PersonCourse(visits=VISITS, spans=SPANS, events=EVENTS, small=SMALL)), "x")
    )


def test_a_single_visit() -> None:
    course = PersonCourse(visits=VISITS.head(1), spans=SPANS.clear(), events=EVENTS.clear(), small=SMALL.clear())
    ET.fromstring(str(svg(timeline(course), "x")))
