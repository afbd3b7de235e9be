"""Time to death or to a composite that contains it, with delayed entry and censoring at the last sign of the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import polars as pl
from jaxtyping import Int

from alsight.base.errors import SpecError
from alsight.cohort.cohort import Cohort
from alsight.cohort.tables import EVENT_KINDS, TABLES


@dataclass(frozen=True)
class Endpoint:
    """A composite endpoint: whichever of its events comes first.

    Attributes:
        name: how it is called in tables.
        events: kinds of event that count; on one day the one named first gives its name.
        meaning: what it is, in a sentence.
        source: key of a reference that uses it, empty for the plainest one.
    """

    name: str
    events: tuple[str, ...]
    meaning: str
    source: str = ""


ENDPOINTS: Final[dict[str, Endpoint]] = {
    endpoint.name: endpoint
    for endpoint in (
        Endpoint("death", ("death",), "death from any cause"),
        Endpoint("death_or_tracheostomy", ("death", "tracheostomy"), "death or tracheostomy", "kimura2006"),
        Endpoint(
            "death_or_permanent_ventilation",
            ("death", "tracheostomy", "permanent_ventilation"),
            "death, tracheostomy, or non-invasive ventilation for more than 23 hours a day",
            "westeneng2018",
        ),
    )
}
"""Named composites; any other can be given as its kinds of event."""

DEFAULT: Final = "death_or_permanent_ventilation"

Origin = Literal["entry", "onset", "diagnosis"]
"""What time is counted from."""

NO_DAY: Final = np.iinfo(np.int64).max // 4
"""Day of what did not happen, later than any day."""

_OBSERVED_FROM_DAY_ZERO: Final = ("first_visit", "randomization", "enrollment")

ENDPOINT_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "subject": pl.String,
    "entry_day": pl.Int32,
    "time_day": pl.Int32,
    "event": pl.Boolean,
    "event_kind": pl.String,
    "at_risk": pl.Boolean,
}


def endpoints(cohort: Cohort, definition: str | Sequence[str] = DEFAULT, *, origin: Origin = "entry") -> pl.DataFrame:
    """Time to the endpoint or to the last sign of each person.

    No one without an event is taken to be alive: follow-up ends on the last day on which anything is recorded, over
    visits, measures, events, doses and the day last seen. Who comes under observation after the origin (time since
    onset or diagnosis, or a register entered later than day 0) enters late: the person could not have been seen to
    die before `entry_day` and counts among those at risk from then on only.

    Args:
        cohort: a checked cohort.
        definition: name of a row of ENDPOINTS, or kinds of event ("death", "tracheostomy").
        origin: what days are counted from; entry is day 0.

    Returns:
        One row a person in the cohort's order: `entry_day`, `time_day` [days since the origin], `event`, `event_kind`
        (the first event, null when censored), `at_risk` (false where the origin is not recorded, where the endpoint
        came before observation began, or where no day of follow-up remains). Times are null where the origin is, and
        `time_day` where nothing at all is recorded.

    Raises:
        SpecError: the definition names an unknown endpoint or event, or nothing.

    Source: westeneng2018
    """
    people = _follow_up(cohort, _kinds(definition), origin)
    start, end = (pl.col(name) - pl.col("origin_day") for name in ("start", "end"))
    entry = pl.when(pl.col("origin_day").is_not_null()).then(pl.max_horizontal(start, pl.lit(0)))
    return (
        people.select("subject", "event", "event_kind", entry_day=entry, time_day=end)
        .with_columns(at_risk=(pl.col("time_day") > pl.col("entry_day")).fill_null(False))
        .select(pl.col(name).cast(dtype) for name, dtype in ENDPOINT_SCHEMA.items())
        .collect()
    )


def first_days(cohort: Cohort, events: Sequence[str]) -> Int[np.ndarray, " subject"]:
    """First day of any of these events of each subject, in the cohort's order [days]; NO_DAY where there is none."""
    days = cohort.events.filter(pl.col("event").is_in(list(events))).group_by("subject").agg(pl.col("day").min())
    joined = cohort.subjects.select("subject").join(days, on="subject", how="left", maintain_order="left")
    return joined["day"].cast(pl.Int64).fill_null(NO_DAY).to_numpy()


def _follow_up(cohort: Cohort, kinds: tuple[str, ...], origin: Origin) -> pl.LazyFrame:
    people = cohort.subjects.lazy().select("subject", "entry", "last_seen_day", origin_day=_origin(origin))
    for part in (_first_events(cohort, kinds), _seen(cohort), _observed_from(cohort)):
        people = people.join(part, on="subject", how="left", maintain_order="left")
    observed = pl.col("entry").is_in(list(_OBSERVED_FROM_DAY_ZERO))
    # Day 0 is itself a sign of the person, unless the source counts from a day that it does not name.
    entered = pl.when(pl.col("entry") != "stated").then(pl.lit(0, pl.Int32))
    return people.with_columns(
        start=pl.when(observed).then(0).otherwise(pl.col("first_day").fill_null(0)),
        end=pl.coalesce("event_day", pl.max_horizontal("seen_day", "last_seen_day", entered)),
        event=pl.col("event_day").is_not_null(),
    )


def _kinds(definition: str | Sequence[str]) -> tuple[str, ...]:
    if isinstance(definition, str):
        if definition in ENDPOINTS:
            return ENDPOINTS[definition].events
        allowed = "one of " + ", ".join(ENDPOINTS) + ", or a list of events"
        raise SpecError([("definition", allowed, definition)])
    faults = [
        ("definition", "one of " + ", ".join(EVENT_KINDS), kind) for kind in definition if kind not in EVENT_KINDS
    ]
    if faults or not definition:
        raise SpecError(faults or [("definition", "at least one event", list(definition))])
    return tuple(definition)


def _origin(origin: Origin) -> pl.Expr:
    return pl.lit(0, pl.Int32) if origin == "entry" else pl.col(f"{origin}_day")


def _first_events(cohort: Cohort, kinds: tuple[str, ...]) -> pl.LazyFrame:
    rank = {kind: index for index, kind in enumerate(kinds)}
    return (
        cohort.events.lazy()
        .filter(pl.col("event").is_in(list(kinds)))
        .sort("day", pl.col("event").replace_strict(rank, default=None, return_dtype=pl.Int32))
        .group_by("subject", maintain_order=True)
        .agg(event_day=pl.col("day").first(), event_kind=pl.col("event").first())
    )


def _seen(cohort: Cohort) -> pl.LazyFrame:
    days: list[pl.LazyFrame] = []
    for name, frame in cohort.frames().items():
        days += [
            frame.lazy().select("subject", day=column) for column in ("day", "end_day") if column in TABLES[name].schema
        ]
    return pl.concat(days).group_by("subject").agg(seen_day=pl.col("day").max())


def _observed_from(cohort: Cohort) -> pl.LazyFrame:
    days = [frame.lazy().select("subject", "day") for frame in (cohort.visits, cohort.measures)]
    return pl.concat(days).group_by("subject").agg(first_day=pl.col("day").min())
