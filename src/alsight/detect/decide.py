"""Decision: one verdict a person from the evidence and the thresholds, with its window, reasons and next step as codes.

Sentences are written in `report.verdicts.reasons`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import polars as pl

from alsight.base.units import days_of
from alsight.cohort.schema import SUBJECT, Column
from alsight.detect.kinds import (
    EXPLAINED,
    GAINS,
    PLATEAUS,
    POSSIBLE_GAIN,
    REVIEWED,
    VERDICTS,
    Certainty,
    Kind,
    Verdict,
    WindowVerdict,
    assessable,
    enough,
    long_enough,
)
from alsight.detect.thresholds import DURATIONS, Thresholds, shrunk


class Reason(StrEnum):
    """Why a verdict is given; the numbers of each stand in REASON."""

    HELD_GAIN = "held_gain"
    BASE_RATE = "base_rate"
    EXPLAINED_RISE = "explained_rise"
    STABLE_PERIOD = "stable_period"
    NOT_LOWER = "not_lower"
    LOSS = "loss"
    RECORD = "record"
    POSSIBLE_GAIN = "possible_gain"


class NextStep(StrEnum):
    """What further data would decide."""

    RE_EVALUATE = "re_evaluate"
    CONFIRM_HELD = "confirm_held"
    MORE_VISITS = "more_visits"
    FEWEST_VISITS = "fewest_visits"
    LONGER_FOLLOW_UP = "longer_follow_up"
    OTHER_MEASURES = "other_measures"


REASON: Final[dict[str, Any]] = {
    "code": pl.String,
    "points": pl.Float64,
    "points_low": pl.Float64,
    "points_high": pl.Float64,
    "months": pl.Float64,
    "visits": pl.Int64,
    "probability": pl.Float64,
}
"""Fields of a reason: its code, points with their 90 % interval, months, visits, and a probability or share [0-1]."""

DECISION: Final[tuple[Column, ...]] = (
    SUBJECT,
    Column("verdict", pl.String, "the most striking verdict that the whole record supports"),
    Column("kind", pl.String, "what the verdict is about, insufficient data among them"),
    Column("certainty", pl.String, "band of the posterior probability of the event; null where it has none"),
    Column("current", pl.String, "the state at the last visit"),
    Column("start_day", pl.Int32, "first day of the window of the verdict, from entry", "day"),
    Column("end_day", pl.Int32, "last day of the window, from entry", "day"),
    Column("months", pl.Float64, "length of the window", "month"),
    Column("visits", pl.Int64, "visits that count in the whole record"),
    Column("local_false_discovery_rate", pl.Float64, "no such held gain; null where not evaluated", "", 0.0, 1.0),
    Column("posterior_recovery", pl.Float64, "a recovery", "", 0.0, 1.0),
    Column("held_gain_points", pl.Float64, "true held gain, median", "point"),
    Column("held_gain_low", pl.Float64, "true held gain, 5 % quantile", "point"),
    Column("held_gain_high", pl.Float64, "true held gain, 95 % quantile", "point"),
    Column("stable_months", pl.Float64, "longest stable period, median", "month"),
    Column("posterior_stable", pl.Float64, "a stable period that is long enough, shrunk", "", 0.0, 1.0),
    Column("loss_points", pl.Float64, "true loss over follow-up, median", "point"),
    Column("loss_low", pl.Float64, "true loss over follow-up, 5 % quantile", "point"),
    Column("loss_high", pl.Float64, "true loss over follow-up, 95 % quantile", "point"),
    Column("posterior_progressing", pl.Float64, "a true loss over follow-up", "", 0.0, 1.0),
    Column("base_rate", pl.Float64, "comparable people in whom natural history shows as much", "", 0.0, 1.0),
    Column("cause", pl.String, "kind of the cause that explains most points of a rise"),
    Column("reasons", pl.List(pl.Struct(REASON)), "why: codes with values, the main reason first"),
    Column("next_step_code", pl.String, "what further data would decide; null where nothing is open"),
    Column("review", pl.Boolean, "whether the diagnosis deserves a second look"),
)
"""Columns of the decision, one row a subject."""
PEOPLE: Final[dict[str, Any]] = {column.name: column.dtype for column in DECISION}


def decide(evidence: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """The verdict of each person with its kind, certainty, window, reasons and next step (PEOPLE).

    Args:
        evidence: the declared table, `evidence.EVIDENCE`.
        thresholds: thresholds of the verdicts.
    """
    rows = _with_window(with_verdicts(evidence, thresholds))
    days = {
        end: (pl.col("first_day") + days_of(pl.col(f"{end}_month"))).round(0).alias(f"{end}_day")
        for end in ("start", "end")
    }
    rows = rows.with_columns(
        *days.values(),
        months=pl.col("end_month") - pl.col("start_month"),
        loss_low="loss_points_low",
        loss_high="loss_points_high",
        review=pl.col("verdict").is_in(_names(REVIEWED)),
        **_kind_and_certainty(thresholds),
    )
    rows = rows.with_columns(reasons=reasons(), next_step_code=next_step(thresholds))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in PEOPLE.items())


def with_verdicts(evidence: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """Add `verdict`, the first whose rule holds, and `current`, the state now."""
    ruled = [pl.when(row.rule(thresholds)).then(pl.lit(verdict.value)) for verdict, row in VERDICTS.items()]
    rows = evidence.with_columns(verdict=pl.coalesce(ruled))
    still_gained = pl.col("verdict").is_in(
        [Verdict.REMISSION_LIKE.value, Verdict.REVERSAL.value, Verdict.RISE_NOT_CONFIRMED.value]
    )
    level = shrunk(1 - pl.col("posterior_late_loss"), thresholds) >= thresholds.plateau
    late = (pl.col("posterior_late_loss") >= thresholds.loss) & (pl.col("visits") >= thresholds.visits)
    current = (
        pl.when(late)
        .then(pl.lit(Verdict.PROGRESSING.value))
        .when(still_gained)
        .then(pl.col("verdict"))
        .when(enough(thresholds) & long_enough(thresholds) & level)
        .then(pl.lit(Verdict.PLATEAU.value))
        .otherwise(pl.lit(Verdict.CANNOT_TELL.value))
    )
    return rows.with_columns(current=current)


def _names(verdicts: frozenset[Verdict]) -> list[str]:
    return [verdict.value for verdict in VERDICTS if verdict in verdicts]


def _of_duration(column: str) -> pl.Expr:
    """The column of the duration that the gain of the verdict is held."""
    duration = pl.col("verdict").replace_strict(
        {verdict.value: row.duration for verdict, row in VERDICTS.items()}, return_dtype=pl.String
    )
    return pl.coalesce(pl.when(duration == name).then(pl.col(f"{column}_{name}")) for name in DURATIONS)


def _with_window(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the window and the numbers of the gain; months from the first rated visit."""
    gain, stable = (pl.col("verdict").is_in(_names(verdicts)) for verdicts in (GAINS, PLATEAUS))
    start = (
        pl.when(gain)
        .then(_of_duration("gain_start_months"))
        .when(stable)
        .then("stable_start_months")
        .otherwise("first_visit_months")
    )
    end = pl.when(stable).then(start + pl.col("stable_months")).otherwise("last_visit_months")
    return rows.with_columns(
        start_month=start,
        end_month=end,
        local_false_discovery_rate=1 - _of_duration("posterior_some_gain"),
        held_gain_points=_of_duration("gain_points"),
        held_gain_low=_of_duration("gain_points_low"),
        held_gain_high=_of_duration("gain_points_high"),
        base_rate=pl.when(gain).then("base_rate_gain").when(stable).then("base_rate_stable"),
    )


def _kind_and_certainty(thresholds: Thresholds) -> dict[str, pl.Expr]:
    """The kind of the verdict and the band in which the posterior probability of its event lies."""
    events = [
        pl.when(pl.col("verdict") == verdict.value).then(pl.col(row.event))
        for verdict, row in VERDICTS.items()
        if row.event is not None
    ]
    event = pl.coalesce(events)
    certainty = pl.coalesce(pl.when(event >= one.least).then(pl.lit(one.value)) for one in Certainty)
    kind = pl.col("verdict").replace_strict(
        {verdict.value: row.kind.value for verdict, row in VERDICTS.items()}, return_dtype=pl.String
    )
    undecided = (kind == Kind.UNDECIDED.value) | (event.is_not_null() & certainty.is_null())
    judgeable = (enough(thresholds) & assessable(thresholds)).fill_null(value=False)
    known = (
        pl.when(undecided & ~judgeable)
        .then(pl.lit(Kind.INSUFFICIENT_DATA.value))
        .when(undecided)
        .then(pl.lit(Kind.UNDECIDED.value))
        .otherwise(kind)
    )
    return {"kind": known, "certainty": certainty}


def _reason(code: Reason, supplied: pl.Expr, **numbers: str | pl.Expr) -> pl.Expr:
    """A reason where it is given, null elsewhere."""
    fields = [
        (_column(numbers[name]) if name in numbers else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in REASON.items()
        if name != "code"
    ]
    return pl.when(supplied).then(pl.struct(pl.lit(code.value).alias("code"), *fields))


def _column(number: str | pl.Expr) -> pl.Expr:
    return pl.col(number) if isinstance(number, str) else number


def reasons() -> pl.Expr:
    """Why each verdict is given, the main reason first, from the evidence and the columns of the window."""
    verdict = pl.col("verdict")
    gain, plateau = verdict.is_in(_names(GAINS)), verdict.is_in(_names(PLATEAUS))
    apparent, unknown = (verdict == one.value for one in (Verdict.APPARENT_PLATEAU, Verdict.CANNOT_TELL))
    explained = verdict.is_in([one.value for one in EXPLAINED.values()])
    lost = unknown | (verdict == Verdict.PROGRESSING.value)
    possible = pl.col("posterior_gain_hold")
    listed = (
        _reason(
            Reason.HELD_GAIN,
            gain,
            points="held_gain_points",
            points_low="held_gain_low",
            points_high="held_gain_high",
            probability="local_false_discovery_rate",
        ),
        _reason(Reason.EXPLAINED_RISE, explained, points="cause_points"),
        _reason(Reason.NOT_LOWER, apparent, months="not_lower_months"),
        _reason(Reason.STABLE_PERIOD, plateau, months="stable_months", probability="posterior_stable"),
        _reason(
            Reason.BASE_RATE,
            (gain | (plateau & ~apparent)) & pl.col("base_rate").is_not_null(),
            probability="base_rate",
        ),
        _reason(Reason.RECORD, unknown, visits="visits", months="follow_up_months"),
        _reason(
            Reason.LOSS,
            lost & pl.col("loss_points").is_not_null() & (pl.col("follow_up_months") > 0),
            points="loss_points",
            points_low="loss_points_low",
            points_high="loss_points_high",
            months="follow_up_months",
            probability="posterior_progressing",
        ),
        _reason(
            Reason.POSSIBLE_GAIN,
            (plateau | lost) & (possible >= POSSIBLE_GAIN).fill_null(value=False),
            probability=possible,
        ),
    )
    return pl.concat_list(listed).list.drop_nulls()


def next_step(thresholds: Thresholds) -> pl.Expr:
    """What further data would decide, null where nothing is open.

    Args:
        thresholds: thresholds of the verdicts.
    """
    verdict = pl.col("verdict")
    unknown = verdict == Verdict.CANNOT_TELL.value
    steps = (
        (verdict.is_in(_names(REVIEWED)), NextStep.RE_EVALUATE),
        (verdict == Verdict.RISE_NOT_CONFIRMED.value, NextStep.CONFIRM_HELD),
        (verdict == Verdict.APPARENT_PLATEAU.value, NextStep.MORE_VISITS),
        (unknown & (pl.col("visits") < thresholds.visits), NextStep.FEWEST_VISITS),
        (unknown & (pl.col("follow_up_months") < thresholds.months), NextStep.LONGER_FOLLOW_UP),
        (unknown & ~assessable(thresholds), NextStep.OTHER_MEASURES),
        (unknown, NextStep.MORE_VISITS),
    )
    return pl.coalesce(pl.when(supplied).then(pl.lit(step.value)) for supplied, step in steps)


def window_verdict(thresholds: Thresholds) -> pl.Expr:
    """What each window shows.

    Args:
        thresholds: thresholds of the verdicts; the window has `visits`, `posterior_gained` and `posterior_stable`,
            `loss_low` and the recorded `start_score` and `end_score`.
    """
    enough_visits = pl.col("visits") >= thresholds.visits
    rules = (
        (pl.col("model_gained") >= 1 - thresholds.local_false_discovery_rate, WindowVerdict.GAIN),
        (pl.col("posterior_stable") >= thresholds.plateau, WindowVerdict.PLATEAU),
        (pl.col("loss_low") >= thresholds.loss_points, WindowVerdict.PROGRESSING),
        (pl.col("end_score") >= pl.col("start_score"), WindowVerdict.APPARENT_PLATEAU),
    )
    supplied = pl.coalesce(pl.when(enough_visits & rule).then(pl.lit(one.value)) for rule, one in rules)
    return supplied.fill_null(WindowVerdict.CANNOT_TELL.value)
