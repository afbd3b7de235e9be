"""The one tolerance of statistical tests: four Monte Carlo standard errors."""

from __future__ import annotations

import math


def tolerance(standard_deviation: float, draws: int) -> float:
    """Four standard errors of a mean of `draws` independent values with this standard deviation."""
    return 4.0 * standard_deviation / math.sqrt(draws)


def proportion_tolerance(probability: float, draws: int) -> float:
    """Four standard errors of a proportion of `draws` independent trials that succeed with this probability."""
    return 4.0 * math.sqrt(probability * (1.0 - probability) / draws)
