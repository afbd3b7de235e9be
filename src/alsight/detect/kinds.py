"""Verdicts as one table: of which kind each is, its rule, the probability of its event, and how it is shown.

A rule says whether a verdict can be given at all; which one is given, and how certain it is, `decide` decides by the
probabilities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

import polars as pl

from alsight.detect.thresholds import Duration, Thresholds, tolerated

LEAST_EXPLAINED: Final = 2.0
"""Points of a rise that a cause must explain to give the verdict its name; assumed."""
HALF: Final = 0.5
"""Share of draws that lie beyond a median."""


class Kind(StrEnum):
    """What a verdict is about; the first four are favorable or explain what looks so."""

    IMPROVED = "improved"
    LOST_GAIN = "lost gain"
    EXPLAINED_RISE = "explained rise"
    STABLE = "stable"
    PROGRESSING = "progressing"
    UNDECIDED = "undecided"
    INSUFFICIENT_DATA = "insufficient data"


class Certainty(StrEnum):
    """How certain the event of a verdict is; the posterior that each needs stands in `Thresholds`."""

    CONFIRMED = "confirmed"
    PROBABLE = "probable"
    POSSIBLE = "possible"


class Verdict(StrEnum):
    """The verdicts: kinds, or what they are divided into, the most striking first."""

    REMISSION_LIKE = "remission-like"
    REVERSAL = "reversal"
    NOT_YET_CONFIRMED = "improved, not yet confirmed by time"
    LOST_GAIN = "lost gain"
    ARTEFACT = "artefact"
    SYMPTOMATIC_GAIN = "symptomatic gain"
    DIP = "recovery after a dip"
    PROLONGED = "stable, prolonged"
    STABLE = "stable"
    PROGRESSING = "progressing"
    UNDECIDED = "undecided"
    INSUFFICIENT_DATA = "insufficient data"


class Cause(StrEnum):
    """Kinds of what explains a rise otherwise."""

    ARTEFACT = "artefact"
    SYMPTOMATIC = "symptomatic"
    DIP = "dip"


def certainty(posterior: pl.Expr, thresholds: Thresholds) -> pl.Expr:
    """The certainty of an event, null below possible and where nothing is known.

    Args:
        posterior: posterior probability of the event [0-1], never nan.
        thresholds: thresholds of the verdicts.
    """
    return pl.coalesce(
        pl.when(posterior >= getattr(thresholds, one.value)).then(pl.lit(one.value)) for one in Certainty
    )


def in_scale(thresholds: Thresholds) -> pl.Expr:
    """Whether the level lies between the ends of the scale at some time, by the scores and by the smoothed course."""
    above, below = (
        pl.min_horizontal("highest_score", "highest_level") > thresholds.floor,
        pl.max_horizontal("lowest_score", "lowest_level") < thresholds.ceiling,
    )
    return above.fill_null(value=True) & below.fill_null(value=True)


def enough(thresholds: Thresholds) -> pl.Expr:
    """Whether visits, follow-up and level suffice for a verdict."""
    long = pl.col("follow_up_months") >= tolerated(thresholds.months, thresholds)
    return (pl.col("visits") >= thresholds.visits) & long & in_scale(thresholds)


def size_reached(duration: Duration, prefix: str = "") -> pl.Expr:
    """Whether the median of a gain, given that there is one, reaches `gain`.

    Args:
        duration: how long the gain is held.
        prefix: `recorded_` for the scores as recorded.
    """
    some, large = pl.col(f"{prefix}posterior_some_gain_{duration}"), pl.col(f"{prefix}posterior_gain_{duration}")
    return (large >= HALF * some).fill_null(value=False) & (some > 0).fill_null(value=False)


def _gain(duration: Duration) -> Callable[[Thresholds], pl.Expr]:
    """A gain held so long of which not half or more is probably lost again."""

    def rule(thresholds: Thresholds) -> pl.Expr:
        lost = pl.col(f"posterior_lost_gain_{duration}").fill_null(0.0) >= thresholds.probable
        documented = pl.lit(value=True)
        if duration == "remission":
            documented = pl.col("posterior_earlier_loss_remission").fill_null(0.0) >= HALF
        return size_reached(duration) & ~lost & documented

    return rule


def _lost_gain(_: Thresholds) -> pl.Expr:
    return size_reached("hold")


def _explained(cause: Cause) -> Callable[[Thresholds], pl.Expr]:
    """A rise as recorded of which a cause explains `LEAST_EXPLAINED` points or more."""

    def rule(thresholds: Thresholds) -> pl.Expr:
        likely = (pl.col("recorded_posterior_some_gain_any") >= thresholds.possible).fill_null(value=False)
        modeled = likely & size_reached("any", "recorded_")
        recorded = modeled | (pl.col("recorded_rise_points") >= thresholds.gain).fill_null(value=False)
        explained = pl.col("cause_points").fill_null(0.0) >= LEAST_EXPLAINED
        return recorded & explained & (pl.col("cause") == pl.lit(cause.value)).fill_null(value=False)

    return rule


def prolonged(thresholds: Thresholds) -> pl.Expr:
    """Whether natural history shows so long a stable period in hardly any comparable person."""
    return (pl.col("base_rate_stable") <= thresholds.prolonged).fill_null(value=False)


def _not_prolonged(thresholds: Thresholds) -> pl.Expr:
    return ~prolonged(thresholds)


def _always(_: Thresholds) -> pl.Expr:
    return pl.lit(value=True)


@dataclass(frozen=True, kw_only=True)
class VerdictRow:
    """One verdict.

    Attributes:
        kind: what it is about.
        rule: whether it can be given, from the evidence (EVIDENCE) and the thresholds.
        event: column of the evidence with the posterior probability of its event; None where it is not one column.
        words: what it means, with thresholds by name; see `meaning`.
        window: what its window is: the gain, the stable period, or the whole record.
        duration: how long its gain is held.
        color: named color of the page.
        page: whether it earns a page of its own.
        reviewed: whether it always triggers a second look at the diagnosis.
        favorable: whether its dependence on missing visits is reported.
    """

    kind: Kind
    rule: Callable[[Thresholds], pl.Expr]
    event: str | None
    words: str
    window: Literal["gain", "stable", "record"] = "record"
    duration: Duration = "hold"
    color: Literal["rise", "plateau", "other", "muted"] = "muted"
    page: bool = False
    reviewed: bool = False
    favorable: bool = False


VERDICTS: Final[dict[Verdict, VerdictRow]] = {
    Verdict.REMISSION_LIKE: VerdictRow(
        kind=Kind.IMPROVED,
        rule=_gain("remission"),
        event="posterior_some_gain_remission",
        words="true gain held for {remission} or more, after a documented loss of at least {documented}; its median is "
        "at least {gain}",
        window="gain",
        duration="remission",
        color="rise",
        page=True,
        reviewed=True,
        favorable=True,
    ),
    Verdict.REVERSAL: VerdictRow(
        kind=Kind.IMPROVED,
        rule=_gain("hold"),
        event="posterior_some_gain_hold",
        words="true gain held for {hold} or more; its median is at least {gain}",
        window="gain",
        color="rise",
        page=True,
        reviewed=True,
        favorable=True,
    ),
    Verdict.NOT_YET_CONFIRMED: VerdictRow(
        kind=Kind.IMPROVED,
        rule=_gain("any"),
        event="posterior_some_gain_any",
        words="true gain whose median is at least {gain}, not yet shown to be held for {hold}",
        window="gain",
        duration="any",
        color="rise",
        reviewed=True,
        favorable=True,
    ),
    Verdict.LOST_GAIN: VerdictRow(
        kind=Kind.LOST_GAIN,
        rule=_lost_gain,
        event="posterior_lost_gain_hold",
        words="true gain held for {hold} or more, of which {given_back} or more is gone by the last visit",
        window="gain",
        color="rise",
        page=True,
        reviewed=True,
        favorable=True,
    ),
    Verdict.ARTEFACT: VerdictRow(
        kind=Kind.EXPLAINED_RISE,
        rule=_explained(Cause.ARTEFACT),
        event=None,
        words="the rise comes from an item, an outlying visit, or a change of rater, mode or scale",
        color="other",
    ),
    Verdict.SYMPTOMATIC_GAIN: VerdictRow(
        kind=Kind.EXPLAINED_RISE,
        rule=_explained(Cause.SYMPTOMATIC),
        event=None,
        words="the rise is in items that a recorded treatment improves",
        color="other",
    ),
    Verdict.DIP: VerdictRow(
        kind=Kind.EXPLAINED_RISE,
        rule=_explained(Cause.DIP),
        event=None,
        words="recovery to the level before a short fall",
        color="other",
    ),
    Verdict.PROLONGED: VerdictRow(
        kind=Kind.STABLE,
        rule=prolonged,
        event="posterior_stable",
        words="some period of {flat_months} or more with a true loss under {flat} and no held gain, so long that "
        "natural history shows it in at most {prolonged} of comparable people",
        window="stable",
        color="plateau",
        page=True,
        favorable=True,
    ),
    Verdict.STABLE: VerdictRow(
        kind=Kind.STABLE,
        rule=_not_prolonged,
        event="posterior_stable",
        words="some period of {flat_months} or more with a true loss under {flat} and no held gain",
        window="stable",
        color="plateau",
        favorable=True,
    ),
    Verdict.PROGRESSING: VerdictRow(
        kind=Kind.PROGRESSING,
        rule=_always,
        event="posterior_progressing",
        words="true loss of at least {loss_points} over the whole period",
    ),
    Verdict.UNDECIDED: VerdictRow(
        kind=Kind.UNDECIDED,
        rule=_always,
        event=None,
        words="enough data, but no verdict reaches a posterior probability of {possible}",
    ),
    Verdict.INSUFFICIENT_DATA: VerdictRow(
        kind=Kind.INSUFFICIENT_DATA,
        rule=_always,
        event=None,
        words="fewer than {visits}, follow-up under {months}, or a level of {floor} or below or of {ceiling} or above "
        "throughout",
    ),
}
"""Every verdict, the most striking first."""

EXPLAINED: Final[dict[Cause, Verdict]] = {
    Cause.ARTEFACT: Verdict.ARTEFACT,
    Cause.SYMPTOMATIC: Verdict.SYMPTOMATIC_GAIN,
    Cause.DIP: Verdict.DIP,
}
"""What a rise is called whose cause is known."""


def having(**fields: object) -> frozenset[Verdict]:
    """The verdicts whose rows have these values."""
    return frozenset(
        verdict
        for verdict, row in VERDICTS.items()
        if all(getattr(row, name) == value for name, value in fields.items())
    )


REVIEWED: Final = having(reviewed=True)
"""Verdicts that always trigger a second look at the diagnosis."""
FAVORABLE: Final = having(favorable=True)
"""Verdicts whose dependence on missing visits is reported."""
GAINS: Final = having(window="gain")
PLATEAUS: Final = having(window="stable")
PAGES: Final = tuple(verdict for verdict in VERDICTS if VERDICTS[verdict].page)
"""Verdicts that earn a page of their own, the most striking first."""
RANK: Final[dict[Verdict, int]] = {verdict: index for index, verdict in enumerate(VERDICTS)}
"""Verdict to its index, the most striking first."""
