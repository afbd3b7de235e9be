"""From a cohort to the two tables that a joint model reads, for one of two events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

import polars as pl

from alsight.base.units import DAYS_PER_MONTH, months_of, years_of
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


REASONS: Final = {"subject": pl.String, "reason": pl.String}
"""Columns of the table that says who has no forecast, and why."""


@dataclass(frozen=True)
class Tables:
    """What `fit_joint` reads.

    Attributes:
        visits: `subject`, `months` since entry, `score` (ALSFRS-R total), and the covariates.
        people: `subject`, `end` [months since entry], `event` (1 happened), and the covariates.
        notes: sentences about who was excluded and why.
        lacking: `subject` and `reason` of everyone who has no place in them.
    """

    visits: pl.DataFrame
    people: pl.DataFrame
    notes: tuple[str, ...] = ()
    lacking: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REASONS))


def tables_of(cohort: Cohort, event: Event = "survival") -> Tables:
    """Visits up to the event and follow-up of everyone with an ALSFRS-R total; covariates are null where not recorded.

    Age at entry is that recorded, else the age at onset and the months since. For King's stage 4 the event is the first
    visit at stage 4 or the endpoint, whichever comes first, and people who enter at stage 4 are excluded.
    """
    scored = scored_visits(cohort).filter(pl.col("scale") == "alsfrs_r", pl.col("alsfrs_r_total").is_not_null())
    follow = endpoints(cohort, DEFAULT).select(
        "subject", end=months_of(pl.col("time_day")), event=pl.col("event").cast(pl.Float64)
    )
    why = dict.fromkeys(follow["subject"].to_list(), "")
    if event == "kings_4":
        reached = scored.filter(pl.col("kings_stage") >= 4).group_by("subject").agg(stage=pl.col("months").min())
        follow = follow.join(reached, on="subject", how="left", maintain_order="left").with_columns(
            end=pl.min_horizontal("end", "stage"),
            event=pl.when(pl.col("stage") <= pl.col("end")).then(1.0).otherwise(pl.col("event")),
        )
        late = follow.filter(pl.col("stage") <= 0)["subject"]
        why |= dict.fromkeys(late, "at King's stage 4 at entry")
        follow = follow.drop("stage")
    follow = follow.join(covariates(cohort), on="subject", maintain_order="left")
    seen = scored.filter(pl.col("months") >= 0)["subject"].unique()
    older = cohort.visits.filter(pl.col("scale") != "alsfrs_r")["subject"].unique()
    brief = ~(pl.col("end") >= LEAST_FOLLOW_UP_MONTHS).fill_null(False)
    for part, reason in (
        (follow.filter(pl.col("end").is_null()), "no day is recorded"),
        (follow.filter(brief), "no follow-up after entry"),
        (follow.filter(~pl.col("subject").is_in(seen.implode())), "no ALSFRS-R total from entry on"),
        (
            follow.filter(~pl.col("subject").is_in(seen.implode()) & pl.col("subject").is_in(older.implode())),
            "rated on the original ALSFRS only",
        ),
    ):
        why |= {who: reason for who in part["subject"] if not why[who] or reason.startswith("rated")}
    lacking = pl.DataFrame({"subject": list(why), "reason": list(why.values())}, schema=REASONS)
    lacking = lacking.filter(pl.col("reason") != "")
    people = follow.filter(~pl.col("subject").is_in(lacking["subject"].implode()))
    visits = (
        scored.select("subject", "months", score=pl.col("alsfrs_r_total").cast(pl.Float64))
        .join(people.select("subject", "end", *COVARIATES), on="subject", maintain_order="left")
        .filter((pl.col("months") >= 0) & (pl.col("months") <= pl.col("end")))
        .drop("end")
    )
    known = pl.col("subject").is_in(visits["subject"].unique().implode())
    gone = people.filter(~known).select("subject", reason=pl.lit("no ALSFRS-R total before the event"))
    return Tables(visits, people.filter(known), (), pl.concat([lacking, gone]))


def covariates(cohort: Cohort) -> pl.DataFrame:
    """Age at entry [years] and bulbar onset (1 yes, 0 no) of each person; null where not recorded.

    An age at entry that is not recorded is the age at onset and the time since, where both are.
    """
    age = pl.coalesce("age_at_entry_years", pl.col("age_at_onset_years") - years_of(pl.col("onset_day")))
    return cohort.subjects.select(
        "subject", age_at_entry_years=age, bulbar=(pl.col("onset_site") == "bulbar").cast(pl.Float64)
    )


def complete(tables: Tables) -> Tables:
    """The people of whom every covariate is recorded, as a fit needs them."""
    people = tables.people.drop_nulls(COVARIATES)
    return Tables(tables.visits.drop_nulls(COVARIATES), people, tables.notes, tables.lacking)


def landmarked(tables: Tables, months: float | None = None) -> Tables:
    """The people still event-free at a landmark, with what was seen of them until then.

    Args:
        tables: visits and follow-up.
        months: the landmark [months since entry]; None for each person's own end of follow-up.

    Returns:
        Tables whose people carry the column `landmark`.
    """
    lacking = tables.lacking
    if months is None:
        over = tables.people.filter(pl.col("event") != 0).select("subject", reason=pl.lit("the event has happened"))
        lacking = pl.concat([lacking, over])
        people = tables.people.filter(pl.col("event") == 0).with_columns(landmark=pl.col("end"))
    else:
        people = tables.people.filter(pl.col("end") > months).with_columns(landmark=pl.lit(float(months)))
    observed = tables.visits.join(people.select("subject", "landmark"), on="subject", maintain_order="left")
    observed = observed.filter(pl.col("months") <= pl.col("landmark")).drop("landmark")
    people = people.filter(pl.col("subject").is_in(observed["subject"].unique().implode()))
    return Tables(observed, people, tables.notes, lacking)
