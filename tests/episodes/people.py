"""Small random cohorts for the tests of episodes and descriptions."""

from __future__ import annotations

import polars as pl
from hypothesis import strategies as st

from alsight.cohort.cohort import Cohort
from alsight.cohort.schema import Table
from alsight.cohort.tables import EVENTS, SUBJECTS, VISITS
from episodes.naive import Person

TOTAL = {"alsfrs_r": "alsfrs_r_total", "alsfrs": "alsfrs_total"}


def frame(table: Table, rows: list[dict[str, object]]) -> pl.DataFrame:
    """Rows of a table of the dictionary, whatever is not given being empty."""
    filled = [{name: row.get(name) for name in table.schema} for row in rows]
    return pl.DataFrame(filled, schema=table.schema)


def cohort_of(people: dict[str, Person]) -> Cohort:
    """A cohort with these people's totals and events."""
    subjects = [{"subject": name, "entry": "first_visit"} for name in sorted(people)]
    visits = [
        {"subject": name, "day": day, "scale": scale, TOTAL[scale]: score}
        for name, person in sorted(people.items())
        for scale, rated in person.visits.items()
        for day, score in rated
    ]
    events = [
        {"subject": name, "day": day, "event": event}
        for name, person in sorted(people.items())
        for day, event in person.events
    ]
    return Cohort(
        subjects=frame(SUBJECTS, subjects),
        visits=frame(VISITS, visits).sort("subject", "day", "scale"),
        events=frame(EVENTS, events).sort("subject", "day"),
    )


@st.composite
def courses(draw: st.DrawFn) -> list[tuple[int, float]]:
    """Visits of one person on one scale: irregular gaps, scores that hover, sometimes half points."""
    gaps = draw(st.lists(st.sampled_from([14, 28, 45, 60, 84, 91, 98, 130, 182, 200]), max_size=12))
    day, score = draw(st.integers(-30, 30)), draw(st.sampled_from([8.0, 20.0, 20.5, 36.0]))
    visits = [(day, score)] if draw(st.booleans()) or gaps else []
    for gap in gaps:
        day += gap
        score += draw(st.sampled_from([-3.0, -2.0, -1.0, -1.0, 0.0, 0.0, 0.0, 0.5, 1.0, 2.0, 4.0, 5.0]))
        score = min(max(score, 0.0), 40.0)
        visits.append((day, score))
    return visits


@st.composite
def persons(draw: st.DrawFn) -> Person:
    """One person, sometimes on both scales, sometimes dead or with a tracheostomy."""
    visits = {"alsfrs_r": draw(courses())}
    if draw(st.integers(0, 3)) == 0:
        visits["alsfrs"] = draw(courses())
    events = draw(
        st.lists(
            st.tuples(
                st.integers(1, 900), st.sampled_from(["death", "tracheostomy", "permanent_ventilation", "infection"])
            ),
            max_size=2,
        )
    )
    return Person(visits, events)


def crowds(least: int = 0, most: int = 6) -> st.SearchStrategy[dict[str, Person]]:
    """A few people by name."""
    return st.lists(persons(), min_size=least, max_size=most).map(
        lambda some: {f"p{index}": person for index, person in enumerate(some)}
    )
