"""The number of people who show something, when each has a probability of showing it."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

LEVELS: Final = (0.025, 0.975)
"""Ends of every predictive interval."""
REACH: Final = 12.0
"""Standard deviations from the mean beyond which numbers have no probability that could be computed."""
LEAST: Final = 32.0
"""Numbers on each side of the mean that are evaluated in any case."""
BINS: Final = 200
"""Classes of posteriors that are distinguished."""


def number_of(share: Float[np.ndarray, " person"]) -> Float[np.ndarray, " count"]:
    """Probability of each number of people, for independent probabilities (the Poisson-binomial law).

    Computed from its characteristic function, at no more frequencies than the numbers within REACH standard deviations
    of the mean ask for. Source: hong2013
    """
    size = len(share) + 1
    reach = REACH * float(np.sqrt((share * (1.0 - share)).sum())) + LEAST
    width = min(size, int(2.0 * reach))
    first = int(np.clip(round(float(share.sum()) - 0.5 * width), 0, size - width))
    angle = np.exp(2j * np.pi * np.arange(width) / width)
    total = np.zeros(width, dtype=complex)
    for probability, people in zip(*np.unique(share, return_counts=True), strict=True):
        with np.errstate(divide="ignore"):
            total += people * np.log(1 - probability + probability * angle)
    near = np.clip(np.real(np.fft.fft(np.exp(total))) / width, 0.0, 1.0)
    found = np.zeros(size)
    found[first : first + width] = near[np.arange(first, first + width) % width]
    return found


SPREAD: Final = 0.6
"""SD of the log odds of a share between natural histories: registers, trials, schedules and simulators differ by about
as much. Chosen on simulated natural histories unlike the reference; see the method page of the statement."""
NODES: Final = 15
"""Natural histories over which the range is averaged, at the nodes of a Gauss-Hermite rule."""


def plausible_number(share: Float[np.ndarray, " person"]) -> Float[np.ndarray, " count"]:
    """Probability of each number of people, where the shares of all of them are uncertain together by SPREAD."""
    node, weight = np.polynomial.hermite_e.hermegauss(NODES)
    inside = np.clip(share, 1e-9, 1 - 1e-9)
    odds = np.log(inside) - np.log1p(-inside)
    found = np.zeros(len(share) + 1)
    for away, part in zip(node, weight / weight.sum(), strict=True):
        shifted = np.where((share <= 0) | (share >= 1), share, 1 / (1 + np.exp(-odds - SPREAD * away)))
        found += part * number_of(shifted)
    return found


def quantiles(probabilities: Float[np.ndarray, " count"]) -> tuple[int, int]:
    """Ends of the predictive interval of a number whose probabilities are given."""
    below = np.cumsum(probabilities)
    low, high = (int(np.searchsorted(below, level)) for level in LEVELS)
    return low, high


def interval_of(share: Float[np.ndarray, " person"]) -> tuple[int, int]:
    """Ends of the interval of how many of these people truly do, posteriors being as good as probabilities.

    Posteriors are many different numbers, so those within half a percent of each other count as their mean.
    """
    index = np.clip((share * BINS).astype(int), 0, BINS - 1)
    count = np.bincount(index, minlength=BINS)
    mean = np.bincount(index, share, minlength=BINS) / np.maximum(count, 1)
    return quantiles(number_of(np.clip(mean[index], 0.0, 1.0)))
