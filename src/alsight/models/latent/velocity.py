"""Velocity model: the rate of loss wanders about a personal mean and is never negative; rating is noisy and sticky.

    m_i(t) = a_i - ∫ r_i,  r_i(t) = exp(l_i + s z_i(t) - s²/2),  z_i a stationary Ornstein-Uhlenbeck process
    y* = m + κ_i (s_u u(t) + s_e e),  u Ornstein-Uhlenbeck;  y = y* rounded and cut to the scale

e is standard normal, but for a share of outlying ratings with so many times the spread. (a_i, l_i) are bivariate
normal about linear predictors, log κ_i is normal. This is natural history without any recovery: m never rises. Floor
and ceiling belong to the model, so noise shrinks near them. An optional class of slow people has its own mean and
spread of l_i. A recovery is a separate component (`Recovery`), so that the two can be compared.

Between nodes at most `step` apart the rate is integrated by the trapezoid rule.

Source: taylor1994, tukey1960
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from alsight.base.spec import Spec
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.models.model import Parameter, Scale

Positive = Annotated[float, msgspec.Meta(gt=0)]

SPREADS: Final[tuple[Parameter, ...]] = (
    Parameter("sd_level", Scale.LOG, "points"),
    Parameter("sd_log_rate", Scale.LOG),
    Parameter("corr_level_log_rate", Scale.ATANH),
    Parameter("memory", Scale.LOG, "months"),
    Parameter("sd_pace", Scale.LOG),
    Parameter("sd_noise", Scale.LOG, "points"),
    Parameter("sd_sticky", Scale.LOG, "points"),
    Parameter("stickiness", Scale.LOG, "months"),
    Parameter("sd_log_size", Scale.LOG),
    Parameter("odds_outlier", Scale.LOG),
    Parameter("times_outlier", Scale.LOG),
)
"""Parameters beside the linear predictors, in the kernels' order; `memory` and `stickiness` are correlation times."""

SLOW: Final[tuple[Parameter, ...]] = (
    Parameter("odds_slow", Scale.LOG),
    Parameter("slower", Scale.LOG),
    Parameter("sd_log_rate_slow", Scale.LOG),
)
"""The slow class: its odds, how much lower its mean log rate is, and its spread."""


ASSUMED: Final[dict[str, float]] = {"times_outlier": 3.0, "memory": 12.0, "stickiness": 6.0}
"""Parameters that a fit does not estimate unless asked to, with their values; assumed."""


class Velocity(Spec, frozen=True, kw_only=True):
    """What to fit.

    Attributes:
        low: lowest score of the scale.
        high: highest score of the scale.
        grid: step between possible scores; 0 for a continuous outcome.
        step: longest distance between nodes [months].
        classes: 1, or 2 with a class of slow people.
        jumps_per_year: how often the log rate jumps, so that people lose in steps and rest between them; 0 for never.
        jump_mean: mean of its departure from the personal one after a jump.
        jump_sd: SD of that departure; both are assumed, as is how often it jumps.
        held: parameters that are not estimated, with their values; by default outliers spread three times as wide,
            a rate is remembered for a year and a rating's error for half a year, since some ten visits a person tell
            little of these. All three are assumed.
        particles: courses that are drawn for a person in a fit, in each of two halves.
        seed: root of the random numbers.
    """

    low: float = 0.0
    high: float = ALSFRS_R_BEST
    grid: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    step: Positive = 3.0
    classes: Literal[1, 2] = 1
    jumps_per_year: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    jump_mean: float = -1.0
    jump_sd: Positive = 2.0
    held: dict[str, float] = msgspec.field(default_factory=lambda: dict(ASSUMED))
    particles: Annotated[int, msgspec.Meta(ge=16, le=100_000)] = 128
    seed: Annotated[int, msgspec.Meta(ge=0)] = 1


class Recovery(Spec, frozen=True, kw_only=True):
    """A gain that starts at an unknown time, with the loss held up meanwhile; to be evaluated against none.

    Every number is an assumption of the analysis, to be stated with its result; none is estimated.

    Attributes:
        prior: probability that a person has one; a sourced cap belongs here.
        median: median of the gain [points].
        log_sd: SD of the log gain.
        rise: months over which it comes, and goes where it is lost [months].
        every: it starts in any of the periods of this length alike, at any time in it [months].
        held: medians of how long the gain may be held, equally likely each; 0 means for good [months].
        held_log_sd: SD of the log of the time for which it is held, unless for good.
        factor: rate of loss while it is held, as a share of what it would be.
    """

    prior: Annotated[float, msgspec.Meta(gt=0, lt=1)]
    median: Positive = 6.0
    log_sd: Positive = 0.5
    rise: Positive = 3.0
    every: Positive = 3.0
    held: tuple[Annotated[float, msgspec.Meta(ge=0)], ...] = (0.0, 14.0)
    held_log_sd: Annotated[float, msgspec.Meta(ge=0)] = 0.4
    factor: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0


def parameters_of(model: Velocity, level: tuple[str, ...], rate: tuple[str, ...]) -> tuple[Parameter, ...]:
    """Every parameter in the order of the working vector."""
    found = [Parameter(f"level_{_called(name)}", unit="points") for name in level]
    found += [Parameter(f"log_rate_{_called(name)}") for name in rate]
    return (*found, *SPREADS, *(SLOW if model.classes == 2 else ()))


def _called(name: str) -> str:
    return "mean" if name == "Intercept" else name
