"""Wilson's score interval for a proportion."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike


def wilson(
    found: ArrayLike, total: ArrayLike, level: float = 0.95
) -> tuple[Float[np.ndarray, "*batch"], Float[np.ndarray, "*batch"]]:
    """Wilson's score interval of a proportion.

    (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)

    Args:
        found: how many met the rule.
        total: how many could.
        level: coverage [0-1].

    Returns:
        Lower and upper limit [0-1]; nan where no one could.

    Source: wilson1927
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    count = np.asarray(total, dtype=np.float64)
    number = np.where(count > 0, count, np.nan)
    rate = np.asarray(found, dtype=np.float64) / number
    middle = rate + z**2 / (2 * number)
    half = z * np.sqrt(rate * (1 - rate) / number + z**2 / (4 * number**2))
    scale = 1 + z**2 / number
    low = np.where(rate <= 0.0, 0.0, (middle - half) / scale)
    high = np.where(rate >= 1.0, 1.0, (middle + half) / scale)
    return low, high
