"""Parameters of the velocity model as one vector on the whole real line, and as the numbers that the kernels read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float

from alsight.infer.filter import numbers as at
from alsight.models.latent.velocity import SPREADS, Recovery, Velocity, parameters_of
from alsight.models.model import Parameter, Scale

SPREAD_RANGE = (0.01, 30.0)
NOISE_RANGE = (0.2, 30.0)
"""Where the SDs of the ratings' noise may lie [points]: rounding alone has 0.29."""
TIME_RANGE = (0.5, 240.0)
"""Where standard deviations and correlation times [months] may lie; an estimate at an end has status BOUNDARY."""
TIMES_RANGE = (1.2, 20.0)
"""How many times wider than the others outlying ratings may spread."""
ODDS_RANGE = (1e-3, 1e3)
OUTLIER_RANGE = (1e-3, 0.3)
"""Odds of an outlying rating: beyond it the outliers would be the rule."""


RANGES: Final[dict[str, tuple[float, float]]] = {
    "sd_noise": NOISE_RANGE,
    "sd_sticky": NOISE_RANGE,
    "memory": TIME_RANGE,
    "stickiness": TIME_RANGE,
    "times_outlier": TIMES_RANGE,
    "odds_slow": ODDS_RANGE,
    "odds_outlier": OUTLIER_RANGE,
}


@dataclass(frozen=True)
class VelocityLayout:
    """Sizes of the blocks of the working vector: level, log rate, spreads, slow class."""

    level: int
    rate: int
    model: Velocity
    parameters: tuple[Parameter, ...]

    @property
    def spreads(self) -> slice:
        """The parameters beside the linear predictors."""
        return slice(self.level + self.rate, self.level + self.rate + len(SPREADS))

    @property
    def slow(self) -> slice:
        """The slow class's block, empty where there is one class."""
        return slice(self.spreads.stop, len(self.parameters))

    @property
    def free(self) -> Bool[np.ndarray, " parameter"]:
        """Which parameters are estimated."""
        return np.array([parameter.name not in self.model.held for parameter in self.parameters])

    def natural(self, working: Float[np.ndarray, " parameter"]) -> Float[np.ndarray, " parameter"]:
        """Natural values."""
        found = working.copy()
        for index, parameter in enumerate(self.parameters):
            if parameter.scale == Scale.LOG:
                found[index] = math.exp(working[index])
            elif parameter.scale == Scale.ATANH:
                found[index] = math.tanh(working[index])
        return found

    def working(self, natural: Float[np.ndarray, " parameter"]) -> Float[np.ndarray, " parameter"]:
        """Working values, those held at their values."""
        found = natural.astype(float).copy()
        for index, parameter in enumerate(self.parameters):
            value = float(self.model.held.get(parameter.name, float(found[index])))
            if parameter.scale == Scale.LOG:
                value = math.log(max(value, 1e-12))
            elif parameter.scale == Scale.ATANH:
                value = math.atanh(value)
            found[index] = value
        return found

    def slopes(self, natural: Float[np.ndarray, " parameter"]) -> Float[np.ndarray, " parameter"]:
        """Derivative of each natural value by its working one."""
        scales = [parameter.scale for parameter in self.parameters]
        log = np.array([scale == Scale.LOG for scale in scales])
        arc = np.array([scale == Scale.ATANH for scale in scales])
        return np.where(log, natural, np.where(arc, 1 - natural**2, 1.0))

    def limits(self) -> tuple[Float[np.ndarray, " parameter"], Float[np.ndarray, " parameter"]]:
        """Least and greatest working value of each parameter."""
        ends: list[tuple[float, float]] = []
        for parameter in self.parameters:
            if parameter.scale == Scale.IDENTITY:
                ends.append((-np.inf, np.inf))
            elif parameter.scale == Scale.ATANH:
                ends.append((-3.0, 3.0))
            else:
                low, high = RANGES.get(parameter.name, SPREAD_RANGE)
                ends.append((math.log(low), math.log(high)))
        low, high = np.array(ends).T
        return low, high


def make_layout(model: Velocity, level: tuple[str, ...], rate: tuple[str, ...]) -> VelocityLayout:
    """The layout for some design columns."""
    return VelocityLayout(len(level), len(rate), model, parameters_of(model, level, rate))


def kernel_numbers(
    layout: VelocityLayout, natural: Float[np.ndarray, " parameter"], recovery: Recovery | None = None
) -> Float[np.ndarray, "kind number"]:
    """What the kernels read, one row a class.

    Args:
        layout: where parameters lie.
        natural: their values.
        recovery: law of a recovery, where one is allowed.
    """
    model = layout.model
    row = np.zeros(at.NUMBERS)
    row[: len(SPREADS)] = natural[layout.spreads]
    row[at.RISE], row[at.FACTOR] = 1.0, 1.0
    if recovery is not None:
        row[at.GAIN_LOG_MEAN], row[at.GAIN_LOG_SD] = math.log(recovery.median), recovery.log_sd
        row[at.RISE], row[at.FACTOR] = recovery.rise, recovery.factor
        row[at.HELD_LOG_SD] = recovery.held_log_sd
    row[at.LOW], row[at.HIGH] = model.low, model.high
    row[at.LOW_CUT], row[at.HIGH_CUT] = model.low + model.grid / 2, model.high - model.grid / 2
    row[at.ROUNDING] = model.grid**2 / 12
    if model.classes == 1:
        return row[None]
    odds, slower, spread = natural[layout.slow]
    slow = row.copy()
    slow[at.SHIFT], slow[at.SD_RATE] = -slower, spread
    row[at.LOG_SHARE], slow[at.LOG_SHARE] = -math.log1p(odds), math.log(odds) - math.log1p(odds)
    return np.stack([row, slow])
