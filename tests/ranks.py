"""Simulation-based calibration: ranks of the truth among draws are uniform where the posterior is right.

Two tests of uniformity, each at the two-sided probability of four standard errors: chi-square over cells of ranks,
and the largest distance of the ranks' distribution function from a uniform one (its band, by Kolmogorov's law, which
is wider than needed for ranks and so never too strict).
"""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2, kstwo, norm

LEVEL = 2 * float(norm.sf(4))


def chi_square(ranks: np.ndarray, levels: int, cells: int) -> tuple[float, float]:
    """Statistic and the value it must not pass.

    Args:
        ranks: of the truth, 0 to `levels` - 1, one a data set.
        levels: number of possible ranks, a multiple of `cells`.
        cells: how many groups of neighboring ranks.
    """
    assert levels % cells == 0
    counts = np.bincount(ranks // (levels // cells), minlength=cells)
    expected = len(ranks) / cells
    return float(((counts - expected) ** 2 / expected).sum()), float(chi2.isf(LEVEL, cells - 1))


def distance(ranks: np.ndarray, levels: int) -> tuple[float, float]:
    """Largest distance between the ranks' distribution function and a uniform one, and what it must not pass."""
    observed = np.searchsorted(np.sort(ranks), np.arange(levels), side="right") / len(ranks)
    return float(np.abs(observed - np.arange(1, levels + 1) / levels).max()), float(kstwo.isf(LEVEL, len(ranks)))
