"""What a look says of the end: conditional power, and predictive power under a prior of the effect."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from alsight.trial.looks.boundaries import Looks, efficacy_bounds
from alsight.trial.looks.crossing import crossing, start


def conditional_power(looks: Looks, look: int, z: float, drift: float | None = None) -> float:
    """Probability of crossing for efficacy at a later look, given Z at this one.

    Args:
        looks: the looks; futility is ignored.
        look: number of the look, from 1.
        z: Z there.
        drift: expected Z at the end; the one that Z suggests by default, z / sqrt(t).

    Returns:
        Probability [0-1]. At the last look 1 where Z crosses, else 0.

    Raises:
        IndexError: there is no such look.

    Source: jennison2000
    """
    upper = efficacy_bounds(looks)
    if not 1 <= look <= len(upper):
        raise IndexError(f"look {look} of {len(upper)}")
    now = float(looks.information[look - 1])
    if look == len(upper):
        return float((abs(z) if looks.sides == 2 else z) >= upper[-1])
    expected = z / np.sqrt(now) if drift is None else drift
    later, bounds = looks.information[look:], upper[look:]
    lower = -bounds if looks.sides == 2 else None
    up, down = crossing(later, bounds, lower, begin=start(expected, now, z))
    return float(up.sum() + down.sum())


def predictive_power(looks: Looks, look: int, z: float, prior: tuple[float, float] | None = None) -> float:
    """Probability of crossing at the last look, averaged over the posterior of the drift.

    Given B at information t the drift is normal about B / t with variance 1 / t (flat prior), or about the usual
    average with a normal prior; B at the end is then normal as well. Looks between are ignored.

    Args:
        looks: the looks.
        look: number of the look, from 1.
        z: Z there.
        prior: mean and SD of the drift; flat by default.

    Source: spiegelhalter1986
    """
    bound = efficacy_bounds(looks)[-1]
    now = float(looks.information[look - 1])
    if now >= 1:
        return float((abs(z) if looks.sides == 2 else z) >= bound)
    value = z * np.sqrt(now)
    precision = now + (0.0 if prior is None else prior[1] ** -2)
    mean = (value + (0.0 if prior is None else prior[0] * prior[1] ** -2)) / precision
    rest = 1 - now
    spread = np.sqrt(rest + rest * rest / precision)
    expected = value + mean * rest
    both = ndtr((-bound - expected) / spread) if looks.sides == 2 else 0.0
    return float(ndtr((expected - bound) / spread) + both)
