"""Endpoints: composites, delayed entry, and censoring at the last sign of a person."""

from __future__ import annotations

import polars as pl
import pytest

from alsight.base.errors import SpecError
from alsight.cohort.check import check
from alsight.cohort.endpoints import ENDPOINT_SCHEMA, ENDPOINTS, endpoints
from alsight.cohort.raw import RawTables
from alsight.cohort.tables import EVENT_KINDS
from cohort.people import small_cohort
from cohort.rows import checked, event, person, rating


def rows(frame: pl.DataFrame) -> dict[str, tuple]:
    return {row[0]: row[1:] for row in frame.rows()}


def test_default_composite() -> None:
    found = endpoints(small_cohort())
    assert found.schema == ENDPOINT_SCHEMA
    assert rows(found) == {
        "a": (0, 400, True, "death", True),
        "b": (30, 300, True, "tracheostomy", True),  # counted from diagnosis, observed from the first visit on
        "c": (0, 75, False, None, True),  # the end of a treatment is the last sign
        "d": (45, 45, False, None, False),  # seen once: no follow-up
    }


def test_death_alone_and_a_composite_of_ones_own() -> None:
    assert rows(endpoints(small_cohort(), "death"))["b"] == (30, 900, False, None, True)
    own = rows(endpoints(small_cohort(), ["gastrostomy", "death"]))
    assert own["a"] == (0, 150, True, "gastrostomy", True)


def test_the_day_first_named_event_gives_the_name() -> None:
    cohort = checked(subjects=[person()], events=[event("death", 50), event("tracheostomy", 50)])
    assert endpoints(cohort)["event_kind"].to_list() == ["death"]
    assert endpoints(cohort, ("tracheostomy", "death"))["event_kind"].to_list() == ["tracheostomy"]


def test_time_since_onset_enters_late() -> None:
    found = rows(endpoints(small_cohort(), origin="onset"))
    assert found["a"] == (365, 765, True, "death", True)
    assert found["b"] == (230, 500, True, "tracheostomy", True)
    assert found["c"] == (None, None, False, None, False)
    diagnosed = rows(endpoints(small_cohort(), origin="diagnosis"))
    assert diagnosed["b"] == (30, 300, True, "tracheostomy", True)


def test_endpoint_before_observation_is_not_at_risk() -> None:
    cohort = checked(
        subjects=[person("a", entry="diagnosis", diagnosis_day=0), person("b")],
        visits=[rating("a", 100), rating("b", 0), rating("b", 90)],
        events=[event("tracheostomy", 50), event("tracheostomy", -10, "b")],
    )
    found = endpoints(cohort)
    assert found["at_risk"].to_list() == [False, False]
    assert found["event"].to_list() == [True, True]


def test_every_table_is_a_sign_of_life() -> None:
    observed = {"visits": 10, "measures": 20, "events": 30, "doses": 40}
    cohort = checked(
        subjects=[person(name) for name in observed] + [person("subjects", last_seen_day=50)],
        visits=[rating("visits", 10)],
        measures=[{"subject": "measures", "day": 20, "measure": "svc_l", "value": 3.0}],
        events=[event("infection", 25, "events", end_day=30)],
        doses=[{"subject": "doses", "day": 0, "end_day": 40, "treatment": "riluzole"}],
    )
    found = endpoints(cohort)
    assert dict(found.select("subject", "time_day").rows()) == {**observed, "subjects": 50}
    assert not found["event"].any()


def test_a_day_zero_without_meaning_is_no_sign_of_life() -> None:
    cohort = checked(subjects=[person("a", entry="stated"), person("b", entry="stated")], visits=[rating("a", -50)])
    assert rows(endpoints(cohort)) == {"a": (0, -50, False, None, False), "b": (0, None, False, None, False)}


def test_unknown_definitions_are_refused() -> None:
    with pytest.raises(SpecError, match="death_or_tracheostomy"):
        endpoints(small_cohort(), "survival")
    with pytest.raises(SpecError, match="wedding"):
        endpoints(small_cohort(), ["death", "wedding"])
    with pytest.raises(SpecError, match="at least one"):
        endpoints(small_cohort(), [])


def test_rows_of_the_table_name_known_events() -> None:
    for endpoint in ENDPOINTS.values():
        assert set(endpoint.events) <= set(EVENT_KINDS)
        assert "death" in endpoint.events


def test_empty_cohort() -> None:
    assert endpoints(check(RawTables(frames={}))).equals(pl.DataFrame(schema=ENDPOINT_SCHEMA))
