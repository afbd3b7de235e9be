"""Verdicts as one table: of which kind each is, by which rule it is given, what it means, and how it is shown.

The rules are in the order in which they are tried, the most striking first; the first that holds gives the verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

import polars as pl

from alsight.detect.thresholds import Duration, Thresholds

HALF: Final = 0.5
"""Posterior from which an event is taken for likelier than not."""
LEAST_EXPLAINED: Final = 2.0
"""Points of a rise that a cause must explain to give the verdict its name; assumed."""
POSSIBLE_GAIN: Final = 0.1
"""Posterior of a held gain from which it is reported though it is not called; assumed."""


class Kind(StrEnum):
    """What a verdict is about."""

    IMPROVED = "improved"
    LOST_GAIN = "lost gain"
    EXPLAINED_RISE = "explained rise"
    STABLE = "stable"
    PROGRESSING = "progressing"
    UNDECIDED = "undecided"
    INSUFFICIENT_DATA = "insufficient data"


class Certainty(StrEnum):
    """How certain the event of a verdict is, by its posterior probability.

    Attributes:
        least: lowest posterior probability [0-1].
    """

    least: float

    CONFIRMED = "confirmed", 0.95
    PROBABLE = "probable", 0.80
    POSSIBLE = "possible", 0.50

    def __new__(cls, name: str, least: float) -> Certainty:
        """A certainty with its lowest posterior."""
        made = str.__new__(cls, name)
        made._value_ = name
        made.least = least
        return made


class Verdict(StrEnum):
    """The verdicts, the most striking first."""

    REMISSION_LIKE = "remission-like"
    REVERSAL = "reversal"
    LOST_GAIN = "lost gain"
    ARTEFACT = "artefact"
    SYMPTOMATIC_GAIN = "symptomatic gain"
    REBOUND = "rebound after a dip"
    RISE_NOT_CONFIRMED = "rise, not yet confirmed"
    PROLONGED_PLATEAU = "prolonged plateau"
    PLATEAU = "plateau"
    APPARENT_PLATEAU = "apparent plateau"
    PROGRESSING = "progressing"
    CANNOT_TELL = "cannot tell"


class Cause(StrEnum):
    """Kinds of what explains a rise otherwise."""

    ARTEFACT = "artefact"
    SYMPTOMATIC = "symptomatic"
    DIP = "dip"


class WindowVerdict(StrEnum):
    """What a window shows."""

    GAIN = "gain"
    PLATEAU = "plateau"
    PROGRESSING = "progressing"
    APPARENT_PLATEAU = "apparent plateau"
    CANNOT_TELL = "cannot tell"


def enough(thresholds: Thresholds) -> pl.Expr:
    """Whether visits and follow-up suffice for a verdict."""
    return (pl.col("visits") >= thresholds.visits) & (pl.col("follow_up_months") >= thresholds.months)


def assessable(thresholds: Thresholds) -> pl.Expr:
    """Whether neither the smoothed course nor the scores lie at an end of the scale."""
    return pl.all_horizontal(
        pl.col(level).is_between(thresholds.floor, thresholds.ceiling, closed="none")
        for level in ("stable_level", "median_score")
    )


def long_enough(thresholds: Thresholds) -> pl.Expr:
    """Whether a plateau could be shown at all: visits, follow-up, and a level between the ends of the scale."""
    visits = pl.col("visits") >= thresholds.plateau_visits
    return visits & (pl.col("follow_up_months") >= thresholds.flat_months) & assessable(thresholds)


def called(duration: Duration, thresholds: Thresholds, prefix: str = "") -> pl.Expr:
    """Whether a gain held so long is called: its local false discovery rate is low and its median reaches the size.

    The median reaches it where the posterior of that size, before shrinking, is one half or more.

    Args:
        duration: how long the gain is held.
        thresholds: thresholds.
        prefix: `recorded_` for the scores as recorded.
    """
    some, large = pl.col(f"{prefix}posterior_some_gain_{duration}"), pl.col(f"{prefix}posterior_gain_{duration}")
    real = some >= 1 - thresholds.local_false_discovery_rate
    return (real & (large >= HALF * (1 - thresholds.misspecification))).fill_null(value=False)


def _kept(duration: Duration, thresholds: Thresholds) -> pl.Expr:
    """Whether a gain is called and more likely kept than lost again."""
    return called(duration, thresholds) & (pl.col(f"posterior_lost_gain_{duration}") < HALF)


def _remission_like(thresholds: Thresholds) -> pl.Expr:
    documented = pl.col("posterior_earlier_loss_remission").fill_null(0.0) >= HALF
    return enough(thresholds) & _kept("remission", thresholds) & documented


def _reversal(thresholds: Thresholds) -> pl.Expr:
    return enough(thresholds) & _kept("hold", thresholds)


def _lost_gain(thresholds: Thresholds) -> pl.Expr:
    return enough(thresholds) & called("hold", thresholds)


def _rise(thresholds: Thresholds) -> pl.Expr:
    return enough(thresholds) & called("any", thresholds)


def _explained(cause: Cause) -> Callable[[Thresholds], pl.Expr]:
    """A rise as recorded that is none without what the cause explains."""

    def rule(thresholds: Thresholds) -> pl.Expr:
        recorded = called("any", thresholds, "recorded_") | (pl.col("recorded_rise_points") >= thresholds.gain)
        explained = pl.col("cause_points").fill_null(0.0) >= LEAST_EXPLAINED
        risen = recorded & explained & ~called("any", thresholds)
        return enough(thresholds) & risen & (pl.col("cause") == pl.lit(cause.value))

    return rule


def stable(thresholds: Thresholds) -> pl.Expr:
    """Whether a plateau is called."""
    likely = pl.col("posterior_stable") >= thresholds.plateau
    return enough(thresholds) & long_enough(thresholds) & likely


def _prolonged(thresholds: Thresholds) -> pl.Expr:
    return stable(thresholds) & (pl.col("base_rate_stable") <= thresholds.prolonged)


def _apparent(thresholds: Thresholds) -> pl.Expr:
    level = pl.col("not_lower_months") >= thresholds.flat_months
    return enough(thresholds) & long_enough(thresholds) & level


def _progressing(thresholds: Thresholds) -> pl.Expr:
    return (pl.col("posterior_progressing") >= thresholds.loss) & (pl.col("visits") >= thresholds.visits)


def _always(_: Thresholds) -> pl.Expr:
    return pl.lit(value=True)


@dataclass(frozen=True, kw_only=True)
class VerdictRow:
    """One verdict.

    Attributes:
        kind: what it is about.
        rule: whether it is given, from the evidence (EVIDENCE) and the thresholds.
        event: column of the evidence with the posterior probability of its event, None where there is none.
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
        rule=_remission_like,
        event="posterior_some_gain_remission",
        words="gain of at least {gain} held for {remission} or more, after a documented loss of at least {documented}",
        window="gain",
        duration="remission",
        color="rise",
        page=True,
        reviewed=True,
        favorable=True,
    ),
    Verdict.REVERSAL: VerdictRow(
        kind=Kind.IMPROVED,
        rule=_reversal,
        event="posterior_some_gain_hold",
        words="gain of at least {gain} held for {hold} or more, without the criteria of remission-like",
        window="gain",
        color="rise",
        page=True,
        reviewed=True,
        favorable=True,
    ),
    Verdict.LOST_GAIN: VerdictRow(
        kind=Kind.LOST_GAIN,
        rule=_lost_gain,
        event="posterior_some_gain_hold",
        words="gain of at least {gain} held for {hold} or more, of which at least {lost} were lost later",
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
    Verdict.REBOUND: VerdictRow(
        kind=Kind.EXPLAINED_RISE,
        rule=_explained(Cause.DIP),
        event=None,
        words="recovery to the level before a transient fall",
        color="other",
    ),
    Verdict.RISE_NOT_CONFIRMED: VerdictRow(
        kind=Kind.IMPROVED,
        rule=_rise,
        event="posterior_some_gain_any",
        words="gain of at least {gain}, not yet shown to be held for {hold}",
        window="gain",
        duration="any",
        color="rise",
        favorable=True,
    ),
    Verdict.PROLONGED_PLATEAU: VerdictRow(
        kind=Kind.STABLE,
        rule=_prolonged,
        event="posterior_stable",
        words="plateau so long that natural history shows it in at most {prolonged} of comparable people",
        window="stable",
        color="plateau",
        page=True,
        favorable=True,
    ),
    Verdict.PLATEAU: VerdictRow(
        kind=Kind.STABLE,
        rule=stable,
        event="posterior_stable",
        words="true loss under {flat} for {flat_months} or more, not shown to be rare in natural history",
        window="stable",
        color="plateau",
        favorable=True,
    ),
    Verdict.APPARENT_PLATEAU: VerdictRow(
        kind=Kind.STABLE,
        rule=_apparent,
        event="posterior_stable",
        words="a score {flat_months} or more after an earlier one is not below it, but the posterior probability of a "
        "plateau is under {plateau}",
        window="stable",
        color="plateau",
    ),
    Verdict.PROGRESSING: VerdictRow(
        kind=Kind.PROGRESSING,
        rule=_progressing,
        event="posterior_progressing",
        words="true loss of at least {loss_points}, with a posterior probability of {loss} or more",
    ),
    Verdict.CANNOT_TELL: VerdictRow(
        kind=Kind.UNDECIDED,
        rule=_always,
        event=None,
        words="fewer than {visits}, follow-up under {months}, a level of {floor} or below or of {ceiling} or above, or "
        "no verdict whose criteria are met",
    ),
}
"""Every verdict, in the order in which the rules are tried."""

EXPLAINED: Final[dict[Cause, Verdict]] = {
    Cause.ARTEFACT: Verdict.ARTEFACT,
    Cause.SYMPTOMATIC: Verdict.SYMPTOMATIC_GAIN,
    Cause.DIP: Verdict.REBOUND,
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
