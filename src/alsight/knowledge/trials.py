"""Published trials that the drug checks are held against: numbers as printed, and intervals that follow from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from alsight.base.sources import SourceKey
from alsight.base.units import DAYS_PER_MONTH

_WIDE: Final = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Interval:
    """A ratio or difference with its 95 % interval."""

    value: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a value lies inside."""
        return self.low <= value <= self.high

    def text(self) -> str:
        """As a table shows it."""
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Shares:
    """People alive (without tracheostomy where that was counted) in two arms at one time.

    Attributes:
        months: from randomization.
        treated, control: alive and randomized.
    """

    months: float
    treated: tuple[float, int]
    control: tuple[float, int]


@dataclass(frozen=True)
class SurvivalTrial:
    """One randomized trial of survival.

    Attributes:
        name: first author and year.
        rules: entry rules as printed.
        shares: people alive at the times printed.
        ratio: the ratio printed, its p value and what it is; none where only shares were printed.
        source: reference.
    """

    name: str
    rules: str
    shares: tuple[Shares, ...]
    ratio: tuple[tuple[str, float, float], ...]
    source: SourceKey


def ratio_of_shares(shares: Shares) -> Interval:
    """Hazard ratio that shares alive imply if hazards are proportional, ln S1 / ln S0, by the delta method."""
    (lived, n), (lived_without, m) = shares.treated, shares.control
    treated, control = lived / n, lived_without / m
    ratio = math.log(treated) / math.log(control)
    variance = sum((1.0 - s) / (k * s * math.log(s) ** 2) for s, k in ((treated, n), (control, m)))
    wide = math.exp(_WIDE * math.sqrt(variance))
    return Interval(ratio, ratio / wide, ratio * wide)


def interval_of_p(ratio: float, p: float) -> Interval:
    """Interval of a ratio of which only a two-sided p value was printed, taking its logarithm as normal."""
    error = abs(math.log(ratio)) / NormalDist().inv_cdf(1.0 - p / 2.0)
    return Interval(ratio, ratio * math.exp(-_WIDE * error), ratio * math.exp(_WIDE * error))


BENSIMON: Final = SurvivalTrial(
    "Bensimon 1994",
    "age 20 to 75, FVC over 60 %, onset within 5 years",
    (Shares(12.0, (57, 77), (45, 78)), Shares(573.0 / DAYS_PER_MONTH, (38, 77), (29, 78))),
    (),
    SourceKey("bensimon1994"),
)
"""Alive after 12 months and at the end, a median of 573 days, which is taken as the time of all."""

LACOMBLEZ: Final = SurvivalTrial(
    "Lacomblez 1996",
    "age 18 to 75, FVC 60 % or more, onset within 5 years",
    (Shares(18.0, (0.568 * 236, 236), (0.504 * 242, 242)),),
    (("unadjusted, p = 0.076", 0.79, 0.076), ("adjusted for prognostic factors, p = 0.002", 0.65, 0.002)),
    SourceKey("lacomblez1996"),
)
"""The arm of 100 mg against placebo, alive without tracheostomy at 18 months."""

POOLED: Final = Interval(0.80, 0.64, 0.99)
"""Two trials together. Source: miller2012"""

VALOR_FAST: Final = 60 / 108
"""Share of the people in the trial's faster-progressing group: 39 + 21 of 108. Source: miller2022"""
VALOR_FUNCTION: Final = Interval(1.2, -3.2, 5.5)
"""Difference in the faster group at 28 weeks [points]. Source: miller2022"""
VALOR_YEAR: Final = Interval(3.5, 0.4, 6.7)
"""Early over delayed start at 52 weeks [points]. Source: miller2022"""
VALOR_NEUROFILAMENT: Final = (0.45, 1.12)
"""Plasma neurofilament at 28 weeks over entry, treated and placebo. Source: miller2022"""
