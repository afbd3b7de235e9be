"""Decision: the finding and the current state of each person, from the evidence and the thresholds.

The finding is the first of improved, lost gain, explained rise, stable and progressing that is probable or better; if
none is, the one with the highest posterior if that is possible; else undecided. Windows, reasons and next steps are
codes with values; sentences are written in `report.verdicts.reasons`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import polars as pl

from alsight.base.units import days_of
from alsight.cohort.schema import SUBJECT, Column
from alsight.detect.findings.events import FINDINGS, current_state, finding, of_duration
from alsight.detect.kinds import (
    EXPLAINED,
    GAINS,
    PLATEAUS,
    REVIEWED,
    VERDICTS,
    Certainty,
    Kind,
    Verdict,
    certainty,
    in_scale,
)
from alsight.detect.thresholds import Thresholds, tolerated


class Reason(StrEnum):
    """Why a verdict is given; the numbers of each stand in REASON."""

    HELD_GAIN = "held_gain"
    BASE_RATE = "base_rate"
    EXPLAINED_RISE = "explained_rise"
    STABLE_PERIOD = "stable_period"
    LOSS = "loss"
    RECORD = "record"
    POSSIBLE_GAIN = "possible_gain"
    LATE_RISE = "late_rise"


class NextStep(StrEnum):
    """What further data would decide."""

    RE_EVALUATE = "re_evaluate"
    CONFIRM_HELD = "confirm_held"
    MORE_VISITS = "more_visits"
    FEWEST_VISITS = "fewest_visits"
    LONGER_FOLLOW_UP = "longer_follow_up"
    OTHER_MEASURES = "other_measures"


class ReviewReason(StrEnum):
    """Why a person is listed for re-evaluation of the diagnosis."""

    GAIN = "gain"
    MIMIC = "mimic"


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
POSSIBILITY: Final[dict[str, Any]] = {
    "verdict": pl.String,
    "kind": pl.String,
    "certainty": pl.String,
    "posterior": pl.Float64,
    "months": pl.Float64,
}
"""Fields of what is possible beside the finding; `months` is the length of the period that it is about."""
_NAMES, _KINDS, _CERTAINTIES = (tuple(one.value for one in kinds) for kinds in (Verdict, Kind, Certainty))

DECISION: Final[tuple[Column, ...]] = (
    SUBJECT,
    Column("verdict", pl.String, "the finding of the whole record: a kind, or what it is divided into", choices=_NAMES),
    Column("kind", pl.String, "kind of the finding", choices=_KINDS),
    Column("certainty", pl.String, "certainty of the finding; null where it has none", choices=_CERTAINTIES),
    Column("posterior", pl.Float64, "posterior probability of the event of the finding", "", 0.0, 1.0),
    Column("start_day", pl.Int32, "first day of the period of the finding, from entry", "day"),
    Column("end_day", pl.Int32, "last day of that period, from entry", "day"),
    Column("months", pl.Float64, "length of that period", "month"),
    Column("current", pl.String, "the state up to the last visit", choices=_NAMES),
    Column("current_kind", pl.String, "kind of the current state", choices=_KINDS),
    Column("current_certainty", pl.String, "certainty of the current state; null for none", choices=_CERTAINTIES),
    Column("current_posterior", pl.Float64, "posterior probability of its event", "", 0.0, 1.0),
    Column("current_start_day", pl.Int32, "first day of the period of the current state, from entry", "day"),
    Column("current_end_day", pl.Int32, "last day of that period, from entry", "day"),
    Column("current_months", pl.Float64, "length of that period", "month"),
    Column("current_loss_points", pl.Float64, "true loss over that period, median", "point"),
    Column("current_loss_low", pl.Float64, "true loss over that period, 5 % quantile", "point"),
    Column("current_loss_high", pl.Float64, "true loss over that period, 95 % quantile", "point"),
    Column("also_possible", pl.List(pl.Struct(POSSIBILITY)), "other kinds that are possible, the likeliest first"),
    Column("visits", pl.Int64, "visits that count in the whole record"),
    Column("local_false_discovery_rate", pl.Float64, "no such gain; null where not evaluated", "", 0.0, 1.0),
    Column("posterior_recovery", pl.Float64, "a recovery", "", 0.0, 1.0),
    Column("held_gain_points", pl.Float64, "true held gain if there is one, median", "point"),
    Column("held_gain_low", pl.Float64, "true held gain if there is one, 5 % quantile", "point"),
    Column("held_gain_high", pl.Float64, "true held gain if there is one, 95 % quantile", "point"),
    Column("stable_months", pl.Float64, "stable period that is named", "month"),
    Column("posterior_stable", pl.Float64, "some stable period that is long enough", "", 0.0, 1.0),
    Column("posterior_stable_period", pl.Float64, "the stable period that is named", "", 0.0, 1.0),
    Column("stable_loss_points", pl.Float64, "true loss over that period, median", "point"),
    Column("stable_loss_low", pl.Float64, "true loss over that period, 5 % quantile", "point"),
    Column("stable_loss_high", pl.Float64, "true loss over that period, 95 % quantile", "point"),
    Column("loss_points", pl.Float64, "true loss over follow-up, median", "point"),
    Column("loss_low", pl.Float64, "true loss over follow-up, 5 % quantile", "point"),
    Column("loss_high", pl.Float64, "true loss over follow-up, 95 % quantile", "point"),
    Column("posterior_progressing", pl.Float64, "a true loss over follow-up", "", 0.0, 1.0),
    Column("base_rate", pl.Float64, "comparable people in whom natural history shows as much", "", 0.0, 1.0),
    Column("cause", pl.String, "kind of the cause that explains most points of a rise"),
    Column("reasons", pl.List(pl.Struct(REASON)), "why: codes with values, the main reason first"),
    Column("next_step_code", pl.String, "what further data would decide; null where nothing is open"),
    Column("review", pl.Boolean, "whether the person is listed for re-evaluation of the diagnosis"),
    Column("review_reasons", pl.List(pl.String), "why: a gain from possible on, a posterior of a mimic"),
    Column("posterior_mimic", pl.Float64, "a disease that mimics ALS; null where not reviewed", "", 0.0, 1.0),
)
"""Columns of the decision, one row a subject."""
PEOPLE: Final[dict[str, Any]] = {column.name: column.dtype for column in DECISION}


def decide(evidence: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """The finding and the current state of each person (PEOPLE); nothing is nan.

    Args:
        evidence: the declared table, `evidence.EVIDENCE`.
        thresholds: thresholds of the verdicts.
    """
    rows = _with_numbers(with_verdicts(evidence, thresholds))
    named = ("start", "end", "current_start", "current_end")
    days = [(pl.col("first_day") + days_of(pl.col(f"{one}_month"))).round(0).alias(f"{one}_day") for one in named]
    rows = rows.with_columns(
        *days,
        months=pl.col("end_month") - pl.col("start_month"),
        current_months=pl.col("current_end_month") - pl.col("current_start_month"),
        loss_low="loss_points_low",
        loss_high="loss_points_high",
        review_reasons=review_reasons(thresholds),
    ).with_columns(review=pl.col("review_reasons").list.len() > 0)
    rows = rows.with_columns(reasons=reasons(thresholds), next_step_code=next_step(thresholds))
    decided = rows.select(pl.col(name).cast(dtype) for name, dtype in PEOPLE.items())
    return decided.with_columns(pl.col(pl.Float64).fill_nan(None))


def with_verdicts(evidence: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """Add finding and current state: `verdict`, `kind`, `certainty`, `posterior`, and the same of `current`."""
    rows = finding(evidence.with_columns(pl.col(pl.Float64).fill_nan(None)), thresholds)
    rows = current_state(rows, thresholds)
    kinds = {verdict.value: row.kind.value for verdict, row in VERDICTS.items()}
    return rows.with_columns(
        kind=pl.col("verdict").replace_strict(kinds, return_dtype=pl.String),
        current_kind=pl.col("current").replace_strict(kinds, return_dtype=pl.String),
        certainty=_certainty(pl.col("posterior"), pl.col("verdict"), thresholds),
        current_certainty=_certainty(pl.col("current_posterior"), pl.col("current"), thresholds),
    )


def _certainty(posterior: pl.Expr, verdict: pl.Expr, thresholds: Thresholds) -> pl.Expr:
    """Certainty of a verdict. What a cause explains rests on rules and is never more than probable."""
    explained = verdict.is_in([one.value for one in EXPLAINED.values()])
    known = certainty(posterior, thresholds)
    return (
        pl.when(explained & (known == Certainty.CONFIRMED.value))
        .then(pl.lit(Certainty.PROBABLE.value))
        .otherwise(known)
    )


def _names(verdicts: frozenset[Verdict]) -> list[str]:
    return [verdict.value for verdict in VERDICTS if verdict in verdicts]


def _with_numbers(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the period of the finding, the numbers of the gain, and the base rate; months from the first rated visit."""
    gain, stable = (pl.col("verdict").is_in(_names(verdicts)) for verdicts in (GAINS, PLATEAUS))
    start = (
        pl.when(gain)
        .then(of_duration("gain_start_months"))
        .when(stable)
        .then("stable_start_months")
        .otherwise("first_visit_months")
    )
    rows = rows.with_columns(
        start_month=start,
        end_month=pl.when(stable).then("stable_end_months").otherwise("last_visit_months"),
        local_false_discovery_rate=1 - of_duration("posterior_some_gain"),
        held_gain_points=of_duration("gain_points"),
        held_gain_low=of_duration("gain_points_low"),
        held_gain_high=of_duration("gain_points_high"),
        stable_months=pl.col("stable_end_months") - pl.col("stable_start_months"),
        base_rate=pl.when(gain).then("base_rate_gain").when(stable).then("base_rate_stable"),
    )
    return rows.with_columns(also_possible=also_possible())


def also_possible() -> pl.Expr:
    """Kinds that are possible beside the finding, the likeliest first."""
    months = {
        Kind.STABLE: pl.col("stable_months"),
        Kind.PROGRESSING: pl.col("follow_up_months"),
    }
    given = pl.col("verdict").replace_strict(
        {verdict.value: row.kind.value for verdict, row in VERDICTS.items()}, return_dtype=pl.String
    )
    known = given != Kind.INSUFFICIENT_DATA.value
    others = [
        pl.when(known & (given != kind.value) & pl.col(f"{name}_certainty").is_not_null()).then(
            pl.struct(
                pl.col(f"{name}_verdict").alias("verdict"),
                pl.lit(kind.value).alias("kind"),
                pl.col(f"{name}_certainty").alias("certainty"),
                pl.col(f"{name}_posterior").alias("posterior"),
                months.get(kind, pl.lit(None, pl.Float64)).alias("months"),
            )
        )
        for name, kind in FINDINGS.items()
    ]
    listed = pl.concat_list(others).list.drop_nulls()
    return listed.list.eval(pl.element().sort_by(pl.element().struct.field("posterior"), descending=True))


def review_reasons(thresholds: Thresholds) -> pl.Expr:
    """Why a person is listed for re-evaluation; empty for those who are not.

    Args:
        thresholds: thresholds of the verdicts.
    """
    also = pl.col("also_possible").list.eval(
        pl.element().struct.field("kind").is_in([Kind.IMPROVED.value, Kind.LOST_GAIN.value])
    )
    gain = pl.col("verdict").is_in(_names(REVIEWED)) | also.list.any()
    mimic = (pl.col("posterior_mimic") >= thresholds.mimic).fill_null(value=False)
    listed = [
        pl.when(supplied).then(pl.lit(reason.value))
        for supplied, reason in ((gain, ReviewReason.GAIN), (mimic, ReviewReason.MIMIC))
    ]
    return pl.concat_list(listed).list.drop_nulls()


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


def reasons(thresholds: Thresholds) -> pl.Expr:
    """Why each verdict is given, the main reason first, from the evidence and the columns of the decision.

    Args:
        thresholds: thresholds of the verdicts.
    """
    verdict = pl.col("verdict")
    gain, plateau = verdict.is_in(_names(GAINS)), verdict.is_in(_names(PLATEAUS))
    unknown = verdict.is_in([Verdict.UNDECIDED.value, Verdict.INSUFFICIENT_DATA.value])
    insufficient = verdict == Verdict.INSUFFICIENT_DATA.value
    explained = verdict.is_in([one.value for one in EXPLAINED.values()])
    lost = (unknown & ~insufficient) | (verdict == Verdict.PROGRESSING.value)
    possible = pl.col("posterior_some_gain_hold")
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
        _reason(Reason.STABLE_PERIOD, plateau, months="stable_months", probability="posterior_stable"),
        _reason(Reason.BASE_RATE, (gain | plateau) & pl.col("base_rate").is_not_null(), probability="base_rate"),
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
            ~gain & ~insufficient & (possible >= 1 - thresholds.probable).fill_null(value=False),
            probability=possible,
        ),
        _reason(
            Reason.LATE_RISE,
            ~gain & ~insufficient & (pl.col("late_rise_points") >= thresholds.gain).fill_null(value=False),
            points="late_rise_points",
        ),
    )
    return pl.concat_list(listed).list.drop_nulls()


def next_step(thresholds: Thresholds) -> pl.Expr:
    """What further data would decide, null where nothing is open.

    Args:
        thresholds: thresholds of the verdicts.
    """
    verdict = pl.col("verdict")
    unknown = verdict == Verdict.INSUFFICIENT_DATA.value
    short = pl.col("follow_up_months") < tolerated(thresholds.months, thresholds)
    unsure = (pl.col("certainty") != Certainty.CONFIRMED.value).fill_null(value=True)
    steps = (
        (verdict == Verdict.NOT_YET_CONFIRMED.value, NextStep.CONFIRM_HELD),
        (verdict.is_in(_names(REVIEWED)), NextStep.RE_EVALUATE),
        (unknown & (pl.col("visits") < thresholds.visits), NextStep.FEWEST_VISITS),
        (unknown & short, NextStep.LONGER_FOLLOW_UP),
        (unknown & ~in_scale(thresholds), NextStep.OTHER_MEASURES),
        (unknown | unsure, NextStep.MORE_VISITS),
    )
    return pl.coalesce(pl.when(supplied).then(pl.lit(step.value)) for supplied, step in steps)


def window_verdict(thresholds: Thresholds) -> tuple[pl.Expr, pl.Expr]:
    """What each window shows, and the posterior of that.

    Args:
        thresholds: thresholds of the verdicts; the window has `visits`, `assessable` and the posteriors `gained`,
            `flat` and `losing`.
    """
    enough_visits = (pl.col("visits") >= thresholds.visits) & pl.col("assessable")
    rules = ((Kind.IMPROVED, pl.col("gained")), (Kind.STABLE, pl.col("flat")), (Kind.PROGRESSING, pl.col("losing")))
    whens = [
        pl.when(enough_visits & (event >= least)).then(pl.struct(pl.lit(kind.value).alias("kind"), event.alias("p")))
        for least in (thresholds.probable, thresholds.possible)
        for kind, event in rules
    ]
    first = pl.coalesce(whens)
    kind = pl.when(~enough_visits).then(pl.lit(Kind.INSUFFICIENT_DATA.value)).otherwise(first.struct.field("kind"))
    return kind.fill_null(Kind.UNDECIDED.value), first.struct.field("p")
