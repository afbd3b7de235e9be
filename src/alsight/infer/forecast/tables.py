"""From a cohort to the two tables that a joint model reads, for one of two events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from alsight.base.units import DAYS_PER_MONTH, months_of
from alsight.cohort.cohort import Cohort
from alsight.cohort.endpoints import DEFAULT, endpoints
from alsight.cohort.scores import scored_visits

Event = Literal["survival", "kings_4"]
EVENTS: Final[dict[Event, str]] = {
    "survival": "death, tracheostomy or permanent ventilation",
    "kings_4": "King's stage 4, or death, tracheostomy or permanent ventilation before it",
}
"""What is forecast, by name."""

COVARIATES: Final = ("age_at_entry_years", "bulbar")
LEAST_FOLLOW_UP_MONTHS: Final = 1 / DAYS_PER_MONTH


@dataclass(frozen=True)
class Tables:
    """What `fit_joint` reads.

    Attributes:
        visits: `subject`, `months` since entry, `score` (ALSFRS-R total), and the covariates.
        people: `subject`, `end` [months since entry], `event` (1 happened), and the covariates.
        notes: sentences about who was excluded and why.
    """

    visits: pl.DataFrame
    people: pl.DataFrame
    notes: tuple[str, ...]


def tables_of(cohort: Cohort, event: Event = "survival") -> Tables:
    """Visits up to the event and follow-up of everyone with an ALSFRS-R total and both covariates.

    For King's stage 4 the event is the first visit at stage 4 or the endpoint, whichever comes first, and people who
    enter at stage 4 are excluded. Nothing is imputed: who lacks age or site of onset is excluded and counted.
    """
    scored = scored_visits(cohort).filter(pl.col("scale") == "alsfrs_r", pl.col("alsfrs_r_total").is_not_null())
    follow = endpoints(cohort, DEFAULT).select(
        "subject", end=months_of(pl.col("time_day")), event=pl.col("event").cast(pl.Float64)
    )
    notes: list[str] = []
    if event == "kings_4":
        reached = scored.filter(pl.col("kings_stage") >= 4).group_by("subject").agg(stage=pl.col("months").min())
        follow = follow.join(reached, on="subject", how="left").with_columns(
            end=pl.min_horizontal("end", "stage"),
            event=pl.when(pl.col("stage") <= pl.col("end")).then(1.0).otherwise(pl.col("event")),
        )
        late = follow.filter(pl.col("stage") <= 0).height
        notes += [f"{late} people were at King's stage 4 at entry and are excluded of that forecast."] if late else []
        follow = follow.drop("stage")
    known = cohort.subjects.select(
        "subject", "age_at_entry_years", bulbar=(pl.col("onset_site") == "bulbar").cast(pl.Float64)
    )
    people = follow.join(known, on="subject").filter(pl.col("end") >= LEAST_FOLLOW_UP_MONTHS)
    lacking = people.filter(pl.any_horizontal(pl.col(COVARIATES).is_null())).height
    if lacking:
        notes.append(f"{lacking} people lack age or site of onset and are excluded of the forecast.")
    people = people.drop_nulls()
    visits = (
        scored.select("subject", "months", score=pl.col("alsfrs_r_total").cast(pl.Float64))
        .join(people.select("subject", "end", *COVARIATES), on="subject", maintain_order="left")
        .filter((pl.col("months") >= 0) & (pl.col("months") <= pl.col("end")))
        .drop("end")
    )
    people = people.filter(pl.col("subject").is_in(visits["subject"].unique().implode()))
    return Tables(visits, people, tuple(notes))


def landmarked(tables: Tables, months: float | None = None) -> Tables:
    """The people still event-free at a landmark, with what was seen of them until then.

    Args:
        tables: visits and follow-up.
        months: the landmark [months since entry]; None for each person's own end of follow-up.

    Returns:
        Tables whose people carry the column `landmark`.
    """
    if months is None:
        people = tables.people.filter(pl.col("event") == 0).with_columns(landmark=pl.col("end"))
    else:
        people = tables.people.filter(pl.col("end") > months).with_columns(landmark=pl.lit(float(months)))
    observed = tables.visits.join(people.select("subject", "landmark"), on="subject", maintain_order="left")
    observed = observed.filter(pl.col("months") <= pl.col("landmark")).drop("landmark")
    people = people.filter(pl.col("subject").is_in(observed["subject"].unique().implode()))
    return Tables(observed, people, tables.notes)
