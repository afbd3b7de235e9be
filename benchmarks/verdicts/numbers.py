"""Numbers of the generators: one row a generator, one field a number, as a flat vector for the kernels.

Fields marked "assumed" have no published value; they are choices that make the plain statistics of each generator lie
near the published ones (`python -m benchmarks.verdicts.campaign plain` prints them side by side).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
from jaxtyping import Float64

TEMPO, BENT, JUMPS, ITEMS = 0.0, 1.0, 2.0, 3.0
"""How a person loses: a tempo that switches, a bent line, jumps, items that step down."""
WEIBULL, CUT_NORMAL, LOG_NORMAL = 0.0, 1.0, 2.0
"""Law of the personal rate: (scale, shape), (mean, SD, cut at 0), (median, log SD)."""


@dataclass(frozen=True)
class Numbers:
    """Everything that a generator and its oracle know.

    Attributes:
        model: how a person loses.
        level_mean, level_sd, level_low, level_high: level at entry, a cut normal [points]; assumed, near the baseline
            of trials.
        rate_law, rate_scale, rate_shape: law of the personal rate [points per month]; mean about 0.95, as between
            0.91 (SD 0.66) and 0.99 in PRO-ACT. Source: alstracker, thakore2018
        slow_share, slow_scale: a slow class with Weibull rates of shape 1.5; near the mechanism's calibrated 0.11-0.17.
        switch: chance a month that the tempo changes; assumed.
        tempo_shape: shape of the tempo's Weibull law of mean 1; assumed.
        bend: largest part by which the rate rises or falls over three years; assumed.
        jump_share: share of months with any loss; assumed.
        dip_per_month, dip_depth, dip_keep: chance of a dip, mean depth [points], part left a month later; assumed.
        noise: SD of one rating in a typical person [points]; 1.2 to 1.9 from the reliability. Source: kaufmann2007
        sticky: share of its variance that a rater carries over; assumed.
        memory: mean time until that part is drawn anew [months]; assumed.
        outliers, outlier_factor: share of ratings with so many times the SD; assumed.
        noise_log_sd: spread of the noise's size between people; assumed, the mechanism's is 0.59.
        death_log_hazard, death_per_level, death_per_rate: log hazard of death a month at 38 points and 0.9 points per
            month, and its change; about 2 per 100 person-months. Source: vaneijk2019trials
        drop_log_hazard, drop_per_level, drop_per_rate: the same of dropout. Source: vaneijk2025attrition
        start_low, start_high: when a recovery starts [months].
        rise_low, rise_high: how long it takes [months].
        for_good: share of recoveries that stay.
        held_low, held_high: how long the others are held once risen [months].
        fall: how long their loss takes [months].
        loss: rate of loss during a recovery, as a share of what it would be; negative: 0 or 1, equally likely.
    """

    model: float
    rate_law: float
    rate_scale: float
    rate_shape: float
    level_mean: float = 38.0
    level_sd: float = 5.5
    level_low: float = 24.0
    level_high: float = 47.0
    slow_share: float = 0.0
    slow_scale: float = 0.1
    switch: float = 0.0
    tempo_shape: float = 1.0
    bend: float = 0.0
    jump_share: float = 1.0
    dip_per_month: float = 0.0
    dip_depth: float = 5.0
    dip_keep: float = 0.5
    noise: float = 1.5
    sticky: float = 0.0
    memory: float = 6.0
    outliers: float = 0.0
    outlier_factor: float = 3.0
    noise_log_sd: float = 0.0
    death_log_hazard: float = -4.6
    death_per_level: float = -0.085
    death_per_rate: float = 0.5
    drop_log_hazard: float = -4.4
    drop_per_level: float = 0.0
    drop_per_rate: float = 0.0
    start_low: float = 3.0
    start_high: float = 24.0
    rise_low: float = 1.0
    rise_high: float = 4.0
    for_good: float = 0.5
    held_low: float = 6.0
    held_high: float = 18.0
    fall: float = 3.0
    loss: float = 0.0


NAMES: Final = tuple(field.name for field in fields(Numbers))
P: Final[dict[str, int]] = {name: place for place, name in enumerate(NAMES)}
"""Name to place in the vector."""

BENCH: Final[dict[str, Numbers]] = {
    "item_steps": Numbers(
        ITEMS,
        LOG_NORMAL,
        rate_scale=0.95,
        rate_shape=0.65,
        slow_share=0.12,
        sticky=1.0,
        memory=5.0,
        noise=1.5,
        noise_log_sd=0.35,
    ),
    "sticky": Numbers(
        TEMPO,
        WEIBULL,
        rate_scale=1.15,
        rate_shape=1.3,
        slow_share=0.15,
        switch=0.10,
        tempo_shape=0.9,
        noise=1.5,
        sticky=0.5,
        memory=6.0,
        outliers=0.08,
        noise_log_sd=0.4,
    ),
    "random_slope": Numbers(
        BENT,
        CUT_NORMAL,
        rate_scale=0.88,
        rate_shape=0.66,
        bend=0.5,
        noise=1.5,
        sticky=0.0,
        drop_per_level=-0.06,
        drop_per_rate=0.6,
        death_per_level=-0.12,
    ),
    "dips": Numbers(
        JUMPS,
        WEIBULL,
        rate_scale=1.05,
        rate_shape=1.35,
        slow_share=0.08,
        jump_share=0.5,
        dip_per_month=0.03,
        noise=1.4,
        sticky=0.3,
        memory=4.0,
        noise_log_sd=0.2,
    ),
}
"""The four generators that are written here; the mechanism stands beside them."""


@dataclass(frozen=True)
class Size:
    """One kind of planted gain: its name, the range it is drawn from [points], how often."""

    name: str
    low: float
    high: float
    weight: float


SIZES: Final[tuple[Size, ...]] = (
    Size("under 1", 0.2, 0.9, 0.10),
    Size("1 to 4", 1.2, 3.8, 0.20),
    Size("4", 4.2, 4.8, 0.175),
    Size("6", 6.0, 6.6, 0.175),
    Size("8", 8.0, 8.6, 0.175),
    Size("12", 12.0, 12.6, 0.175),
)
"""What is planted; nominal gains are drawn slightly above their name, so that the truth reaches it."""


def changed(numbers: Numbers, noise: float | None, autocorrelation: float | None, loss: float | None) -> Numbers:
    """A generator with another size or stickiness of noise, or other loss during recoveries; None keeps its own."""
    asked = {"noise": noise, "sticky": autocorrelation, "loss": loss}
    if numbers.model == ITEMS and autocorrelation is not None:
        # Items carry all of their noise; how much of it survives three months says the same.
        asked["sticky"] = 1.0
        asked["memory"] = 1e-6 if autocorrelation <= 0.0 else -3.0 / float(np.log(min(autocorrelation, 0.95)))
    return replace(numbers, **{name: value for name, value in asked.items() if value is not None})


def vector(numbers: Numbers) -> Float64[np.ndarray, " number"]:
    """The numbers in the order of the kernels."""
    return np.array([getattr(numbers, name) for name in NAMES])


def size_table(sizes: tuple[Size, ...]) -> Float64[np.ndarray, "size 3"]:
    """Low, high and cumulative share of each kind of gain."""
    weights = np.array([size.weight for size in sizes])
    return np.column_stack(
        [[size.low for size in sizes], [size.high for size in sizes], np.cumsum(weights) / weights.sum()]
    )
