"""The chance of k or more of n, averaged over what is not known of the probability, alone and after picking.

Each parameter set has a Beta distribution for the share of eligible people who meet the rule (its Monte Carlo error);
the sets are weighted alike (what calibration left open). Both are laid out as nodes: equally likely values of the
share. Every chance is a mean over nodes, taken last: a share that no one knows is the same one for all groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64
from scipy.special import betaincinv
from scipy.stats import binom

NODES: Final = 41
"""Equally likely values that stand for one set's distribution."""
JEFFREYS: Final = 0.5
"""Both parameters of the prior of a share."""
LEVEL: Final = 0.95
"""Coverage of every interval."""

Nodes = Float64[np.ndarray, " node"]


def nodes_of(found: Int64[np.ndarray, " set"], eligible: Int64[np.ndarray, " set"]) -> Nodes:
    """Equally likely shares: midpoint quantiles of each set's Beta(found + 1/2, eligible - found + 1/2).

    Source: brown2001
    """
    middle = (np.arange(NODES) + 0.5) / NODES
    first = np.asarray(found, float)[:, None] + JEFFREYS
    second = np.asarray(eligible - found, float)[:, None] + JEFFREYS
    return betaincinv(first, second, middle).ravel()


def at_least(nodes: Nodes, found: int, of: int) -> Nodes:
    """P(K >= k) for K binomial with n people, at each share."""
    return np.asarray(binom.sf(found - 1, of, nodes), float)


def best_of(single: Nodes, groups: int) -> float:
    """Chance that at least one of so many groups shows it: 1 - (1 - P)^N, averaged over nodes at the end."""
    with np.errstate(divide="ignore"):
        return float(np.mean(-np.expm1(groups * np.log1p(-np.minimum(single, 1.0)))))


@dataclass(frozen=True)
class Spread:
    """How many of n natural history gives.

    Attributes:
        mean: expected number.
        median: the middle of its distribution.
        low, high: 95 % predictive interval.
        chances: P(K = j) for j = 0 ... n.
    """

    mean: float
    median: int
    low: int
    high: int
    chances: Float64[np.ndarray, " number"]


def spread(nodes: Nodes, of: int) -> Spread:
    """The predictive distribution of the number among n: a mixture of binomials."""
    chances = np.zeros(of + 1)
    numbers = np.arange(of + 1)
    for some in np.array_split(nodes, max(1, nodes.size * (of + 1) // 1_000_000)):
        chances += binom.pmf(numbers, of, some[:, None]).sum(axis=0)
    chances /= nodes.size
    below = np.cumsum(chances)
    tail = (1.0 - LEVEL) / 2.0
    low, median, high = (int(np.searchsorted(below, level)) for level in (tail, 0.5, 1.0 - tail))
    return Spread(float(of * nodes.mean()), median, low, min(high, of), chances)


def share_interval(found: int, of: int) -> tuple[float, float]:
    """95 % interval of an observed share, by Jeffreys' prior.

    Source: brown2001
    """
    tail = (1.0 - LEVEL) / 2.0
    first, second = found + JEFFREYS, of - found + JEFFREYS
    low = 0.0 if found == 0 else float(betaincinv(first, second, tail))
    return low, 1.0 if found == of else float(betaincinv(first, second, 1.0 - tail))
