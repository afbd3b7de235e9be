"""Probabilities of crossing boundaries at one of several looks, by recursive integration.

Z at information t (a fraction of the final one) is normal with mean drift * sqrt(t) and variance 1, and
B(t) = Z * sqrt(t) has independent increments. The density of B among trials that go on is carried from look to look on
Gauss-Legendre nodes.

Source: armitage1969, jennison2000
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import ndtr

Looks: TypeAlias = Sequence[float] | Float[np.ndarray, " look"]
"""A number for each look."""
NODES: Final = 256
"""Nodes of each integration."""
TAIL: Final = 9.0
"""Standard deviations after which a density is taken for zero."""


@cache
def _rule() -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(NODES)


@dataclass(frozen=True)
class Going:
    """Trials that go on after a look.

    Attributes:
        fraction: information of the look [0-1]; 0 before the first.
        drift: expected Z at the end.
        node: nodes of B.
        mass: probability at each node; sums to the probability of going on.
    """

    fraction: float
    drift: float
    node: Float[np.ndarray, " node"]
    mass: Float[np.ndarray, " node"]

    def above(self, fraction: float, bound: float) -> float:
        """Probability of going on until `fraction` and of Z at or above `bound` there."""
        step = fraction - self.fraction
        gap = bound * np.sqrt(fraction) - self.node - self.drift * step
        return float(self.mass @ ndtr(-gap / np.sqrt(step)))

    def below(self, fraction: float, bound: float) -> float:
        """Probability of going on until `fraction` and of Z below `bound` there."""
        return float(self.mass.sum()) - self.above(fraction, bound)

    def look(self, fraction: float, lower: float, upper: float) -> Going:
        """Trials whose Z lies between two bounds at the next look."""
        step, root = fraction - self.fraction, np.sqrt(fraction)
        middle = self.drift * fraction
        low, high = max(lower * root, middle - TAIL * root), min(upper * root, middle + TAIL * root)
        if low >= high:
            return Going(fraction, self.drift, np.zeros(1), np.zeros(1))
        unit, weight = _rule()
        node = (high + low) / 2 + (high - low) / 2 * unit
        gap = (node[:, None] - self.node - self.drift * step) / np.sqrt(step)
        density = np.exp(-0.5 * gap * gap) @ self.mass / np.sqrt(2 * np.pi * step)
        return Going(fraction, self.drift, node, (high - low) / 2 * weight * density)


def start(drift: float = 0.0, fraction: float = 0.0, z: float = 0.0) -> Going:
    """Trials before their first look, or those with a known Z at a look.

    Args:
        drift: expected Z at the end.
        fraction: information reached [0-1].
        z: Z there.
    """
    return Going(fraction, drift, np.array([z * np.sqrt(fraction)]), np.ones(1))


def crossing(
    fractions: Looks,
    upper: Looks,
    lower: Looks | None = None,
    drift: float = 0.0,
    begin: Going | None = None,
) -> tuple[Float[np.ndarray, " look"], Float[np.ndarray, " look"]]:
    """Probability of stopping for efficacy, and for futility, at each look.

    Args:
        fractions: information of each look over the final one, rising.
        upper: Z from which a trial stops for efficacy.
        lower: Z under which it stops for futility; None where it never does.
        drift: expected Z at the end.
        begin: trials to begin with, in place of new ones.
    """
    going = start(drift) if begin is None else begin
    when, top = np.asarray(fractions, float), np.asarray(upper, float)
    bottom = np.full(when.shape, -np.inf) if lower is None else np.asarray(lower, float)
    up, down = np.zeros(when.shape), np.zeros(when.shape)
    for look, (fraction, low, high) in enumerate(zip(when, bottom, top, strict=True)):
        up[look] = going.above(fraction, high)
        down[look] = going.below(fraction, low) if np.isfinite(low) else 0.0
        going = going.look(fraction, low, high)
    return up, down


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function of one number is 0 between two numbers at which its signs differ."""
    solve: Any = brentq
    return float(solve(function, low, high, xtol=1e-12))
