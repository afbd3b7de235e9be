"""Thresholds of the verdicts in one frozen Spec, printed in every report, and the assumed law of a recovery."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
import polars as pl

from alsight.base.spec import Spec
from alsight.models.latent.velocity import Recovery

Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]
Points = Annotated[float, msgspec.Meta(ge=0)]
Months = Annotated[float, msgspec.Meta(gt=0)]


class Thresholds(Spec, frozen=True, kw_only=True):
    """When a verdict is given. Where no source is named the number is alsight's own and assumed.

    Attributes:
        loss: posterior probability of a true loss from which a person is progressing [0-1].
        loss_points: least true loss that counts as one [points].
        local_false_discovery_rate: largest local false discovery rate of a gain that is called [0-1].
        none: a true held gain below this counts as none [points].
        gain: size that the median of a called gain reaches [points]; source bedlack2016.
        hold: how long a gain must be held to be a reversal [months].
        remission: how long to be remission-like [months]; source bedlack2016.
        documented: points lost before a gain that count as documented loss [points].
        given_back: share of the size of a gain that is lost again in a lost gain [0-1].
        misspecification: share of stable periods and gains in which the model is taken to be wrong without showing it;
            posteriors of them are shrunk by so much before they are reported [0-1]. Chosen on simulated cohorts of
            other generators, where without it posteriors above 0.9 came true too seldom.
        plateau: posterior probability of a stable period, after shrinking, from which it is called [0-1].
        flat: a true loss below this counts as stable [points].
        flat_months: shortest plateau [months].
        prolonged: largest share of comparable people in whom natural history shows so long a plateau [0-1].
        floor: a level at or below this is not assessed [points].
        ceiling: a level at or above this is not assessed [points of the ALSFRS-R].
        visits: fewest visits.
        plateau_visits: fewest visits in a plateau.
        months: shortest follow-up [months].
        cohort: fewest people from whom noise and the frequency of recovery are estimated.
    """

    loss: Share = 0.95
    loss_points: Points = 1.0
    local_false_discovery_rate: Share = 0.05
    none: Points = 1.0
    gain: Points = 4.0
    hold: Months = 6.0
    remission: Months = 12.0
    documented: Points = 2.0
    given_back: Share = 0.5
    misspecification: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.08
    plateau: Share = 0.8
    flat: Points = 1.0
    flat_months: Months = 12.0
    prolonged: Share = 0.01
    floor: Points = 4.0
    ceiling: Points = 46.0
    visits: Annotated[int, msgspec.Meta(ge=3)] = 3
    plateau_visits: Annotated[int, msgspec.Meta(ge=3)] = 5
    months: Months = 6.0
    cohort: Annotated[int, msgspec.Meta(ge=2)] = 50


Duration = Literal["any", "hold", "remission"]
"""How long a gain is held: at any time, for `Thresholds.hold`, for `Thresholds.remission`."""
DURATIONS: Final[tuple[Duration, ...]] = ("any", "hold", "remission")


def held_months(duration: Duration, thresholds: Thresholds) -> float:
    """How long a gain of a duration is held [months]."""
    return {"any": 0.0, "hold": thresholds.hold, "remission": thresholds.remission}[duration]


def shrunk(posterior: pl.Expr, thresholds: Thresholds) -> pl.Expr:
    """The posterior of a stable period or a gain as it is reported: less the share in which the model may be wrong."""
    return posterior * (1 - thresholds.misspecification)


RECOVERY: Final = Recovery(
    prior=0.005, median=6.0, log_sd=0.5, rise=3.0, every=3.0, held=(0.0, 14.0), held_log_sd=0.4, factor=0.0
)
"""Law of a recovery. That fewer than 1 % show four points held for a year is published (bedlack2016); half of that is
the prior probability, and the rest is assumed."""
PEOPLE_BEHIND: Final = 100.0
"""Number of people that the prior probability counts for when the frequency in a cohort is estimated; assumed. One
striking person among 50 does not make recovery common."""
MOST: Final = 0.1
"""Highest frequency of recovery that can be estimated from a cohort; assumed."""
