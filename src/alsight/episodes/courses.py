"""Courses: the scores of every person on one scale, as flat arrays in the order of person and day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

from alsight.base.units import DAYS_PER_MONTH
from alsight.cohort.cohort import Cohort
from alsight.instruments.items import Scale

TOTALS: Final[dict[Scale, str]] = {"alsfrs_r": "alsfrs_r_total", "alsfrs": "alsfrs_total"}
"""Column of the total of each scale."""

ENDED: Final = ("death", "tracheostomy", "permanent_ventilation")
"""Events after which a person counts as having reached the end."""

NO_DAY: Final = np.iinfo(np.int64).max // 4
"""Day of what did not happen."""


@dataclass(frozen=True)
class Courses:
    """Scores of everybody, each person on one scale only.

    Attributes:
        subjects: people, in the order of the cohort.
        scale: the scale each person is judged on, empty for the unrated.
        person: position of the visit's person among the subjects.
        day: day of the visit.
        since_first: days from the person's first visit.
        score: total on the person's scale [points].
        later: how many visits of the same person follow.
        first: position of each person's first visit; meaningless where `count` is 0.
        count: visits of each person.
        end_day: day of death, tracheostomy or permanent ventilation, `NO_DAY` where none.
    """

    subjects: pl.Series
    scale: pl.Series
    person: Int[np.ndarray, " visits"]
    day: Int[np.ndarray, " visits"]
    since_first: Int[np.ndarray, " visits"]
    score: Float[np.ndarray, " visits"]
    later: Int[np.ndarray, " visits"]
    first: Int[np.ndarray, " people"]
    count: Int[np.ndarray, " people"]
    end_day: Int[np.ndarray, " people"]


def courses(cohort: Cohort, scales: tuple[Scale, ...], *, stop_at_tracheostomy: bool = False) -> Courses:
    """Scored visits of a cohort, every person on the one of these scales they were rated on more often.

    ALSFRS and ALSFRS-R are never mixed within a person; at a tie the earlier of `scales` is taken. Visits without a
    total are left out, and with `stop_at_tracheostomy` those from a tracheostomy on.
    """
    people = cohort.subjects.select("subject").with_row_index("person")
    score = pl.coalesce(
        [pl.when(pl.col("scale") == scale).then(pl.col(TOTALS[scale]).cast(pl.Float64)) for scale in scales]
    )
    visits = cohort.visits.select("subject", "day", "scale", score=score).join(people, on="subject")
    visits = visits.filter(pl.col("score").is_not_nan() & pl.col("score").is_not_null())
    days = _first_days(cohort, people, ENDED)
    if stop_at_tracheostomy:
        stop = pl.Series(_first_days(cohort, people, ("tracheostomy",)))
        visits = visits.filter(pl.col("day") < pl.lit(stop).gather(pl.col("person")))
    order = {scale: place for place, scale in enumerate(scales)}
    chosen = (
        visits.group_by("person", "scale")
        .len()
        .with_columns(place=pl.col("scale").replace_strict(order, return_dtype=pl.Int8))
        .sort("person", "len", "place", descending=[False, True, False])
        .unique("person", keep="first", maintain_order=True)
        .select("person", "scale")
    )
    visits = visits.join(chosen, on=["person", "scale"], how="semi").sort("person", "day")
    person = visits["person"].to_numpy().astype(np.int64)
    count = np.bincount(person, minlength=people.height)
    first = np.cumsum(count) - count
    day = visits["day"].to_numpy().astype(np.int64)
    return Courses(
        subjects=people["subject"],
        scale=people.join(chosen, on="person", how="left", maintain_order="left")["scale"],
        person=person,
        day=day,
        since_first=day - day[first[person]],
        score=visits["score"].to_numpy(),
        later=first[person] + count[person] - 1 - np.arange(person.size),
        first=first,
        count=count,
        end_day=days,
    )


def _first_days(cohort: Cohort, people: pl.DataFrame, kinds: tuple[str, ...]) -> Int[np.ndarray, " people"]:
    """First day of any of these events, `NO_DAY` for people without."""
    first = (
        cohort.events.filter(pl.col("event").is_in(kinds)).group_by("subject").agg(pl.col("day").min().cast(pl.Int64))
    )
    joined = people.join(first, on="subject", how="left", maintain_order="left")
    return joined["day"].fill_null(NO_DAY).to_numpy()


def ahead(
    courses: Courses, starts: Int[np.ndarray, " starts"], going: Bool[np.ndarray, " starts"] | None = None
) -> Iterator[tuple[int, Int[np.ndarray, " left"], Int[np.ndarray, " left"]]]:
    """Starts with the visit 1, 2, 3, ... further on, while it is of the same person and the start is still going.

    Yields the step, the places in `starts` that still have a visit there, and that visit. The caller may switch places
    off in `going` between steps.
    """
    places, step = np.arange(starts.size), 1
    while True:
        keep = courses.later[starts[places]] >= step
        if going is not None:
            keep &= going[places]
        places = places[keep]
        if not places.size:
            return
        yield step, places, starts[places] + step
        step += 1


def slopes(
    courses: Courses, used: Bool[np.ndarray, " visits"]
) -> tuple[Int[np.ndarray, " people"], Float[np.ndarray, " people"]]:
    """Visits used and least-squares slope [points per month] of each person; nan under two days of visits."""
    size, who = courses.count.size, courses.person[used]
    time, score = courses.since_first[used].astype(np.float64), courses.score[used]

    def total(values: Float[np.ndarray, " used"]) -> Float[np.ndarray, " people"]:
        return np.bincount(who, weights=values, minlength=size)

    count = np.bincount(who, minlength=size)
    spread = count * total(time * time) - total(time) ** 2
    shared = count * total(time * score) - total(time) * total(score)
    slope = np.full(size, np.nan)
    np.divide(shared, spread, out=slope, where=spread > 0)
    return count, slope * DAYS_PER_MONTH
