"""p values and intervals of several comparisons at once: Holm, Bonferroni, and the multivariate t of Dunnett and Tukey.

The largest of |T_1| ... |T_m| under the multivariate t with the comparisons' correlations gives p values and intervals
that hold together: all pairs (Tukey) or all against one (Dunnett), also where groups are of unequal size. The integral
is a quasi-Monte Carlo mean over a fixed Sobol sequence.

Source: holm1979
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri, stdtr, stdtrit

Adjust = Literal["none", "holm", "bonferroni", "mvt", "tukey", "dunnett"]
POINTS: Final = 2**15
"""Points of the quasi-Monte Carlo mean; p values are right to about 0.0005."""


def adjusted(p: Float[np.ndarray, " row"], adjust: Adjust) -> Float[np.ndarray, " row"]:
    """P values by Holm's or Bonferroni's rule, or as they are."""
    count = len(p)
    if adjust == "bonferroni":
        return np.minimum(p * count, 1.0)
    if adjust != "holm":
        return p
    order = np.argsort(p)
    stepped = np.maximum.accumulate(np.minimum(p[order] * (count - np.arange(count)), 1.0))
    found = np.empty(count)
    found[order] = stepped
    return found


def largest_t(correlation: Float[np.ndarray, "row row"], degrees: float) -> Float[np.ndarray, " point"]:
    """Draws of max |T_i| under the multivariate t, in ascending order.

    Args:
        correlation: of the comparisons; it may be singular, as that of all pairs is.
        degrees: of freedom; infinite for the normal.
    """
    from scipy.stats import chi2, qmc  # noqa: PLC0415 - slow to import, for these comparisons only

    values, vectors = np.linalg.eigh(correlation)
    keep = values > 1e-10 * values[-1]
    root = vectors[:, keep] * np.sqrt(values[keep])
    size = root.shape[1]
    points = qmc.Sobol(size + 1, scramble=True, rng=np.random.default_rng(20)).random(POINTS)
    points = np.clip(points, 1e-12, 1 - 1e-12)
    normal = ndtri(points[:, :size]) @ root.T
    scale = np.ones(POINTS) if degrees > 1e6 else np.sqrt(chi2.ppf(points[:, -1], degrees) / degrees)
    return np.sort(np.abs(normal).max(axis=1) / scale)


def together(
    t: Float[np.ndarray, " row"],
    correlation: Float[np.ndarray, "row row"],
    degrees: Float[np.ndarray, " row"],
    level: float,
) -> tuple[Float[np.ndarray, " row"], Float[np.ndarray, " row"]]:
    """P values and half-widths (in standard errors) by the multivariate t; degrees of freedom are the mean ones.

    Args:
        t: statistic of each comparison.
        correlation: of the comparisons.
        degrees: of freedom of each.
        level: coverage of all intervals together.
    """
    if len(t) == 1:
        return 2 * stdtr(degrees, -np.abs(t)), stdtrit(degrees, 0.5 + level / 2)
    draws = largest_t(correlation, float(np.mean(degrees)))
    p = 1 - np.searchsorted(draws, np.abs(t), side="left") / len(draws)
    return np.maximum(p, 0.0), np.full(len(t), float(np.quantile(draws, level)))
