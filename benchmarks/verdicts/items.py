"""Twelve items that step down one grade at a time, and their rating: each item one grade off now and then, stickily.

The person's rate is spread over the items that can still fall, domain by domain; a regained point lifts a random item
that is not normal, and is the first to go when the gain is lost.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numba as nb
from benchmarks.verdicts.numbers import P
from benchmarks.verdicts.places import BACK, GRADE, KAPPA, LEVEL, REGAINED, SLIP, STICKY, WEIGHT

from alsight.base.streams_numba import normal, uniform

FAST: Final[Any] = {"error_model": "numpy", "nogil": True}
DOMAIN_LOG_SD: Final = 0.5  # assumed spread of the domains' pace
ONSET_PACE: Final = 2.0  # assumed pace of the domain where it began
_NOISE, _MEMORY = P["noise"], P["memory"]


@nb.njit(**FAST)
def begin(s: Any, key: Any, first: int) -> None:
    """All items normal, then steps down until the sum is the level at entry."""
    onset = int(4.0 * uniform(key, first))
    for domain in range(4):
        s[WEIGHT + domain] = math.exp(DOMAIN_LOG_SD * normal(key, first + 1 + domain))
    s[WEIGHT + onset] *= ONSET_PACE
    for item in range(12):
        s[GRADE + item] = 4.0
    aim, s[LEVEL] = round(s[LEVEL]), 48.0
    for place in range(48 - int(aim)):
        step_down(s, uniform(key, first + 6 + place))


@nb.njit(**FAST)
def step_down(s: Any, draw: float) -> None:
    """One item, chosen by its domain's pace among those above 0, loses a grade."""
    whole = 0.0
    for item in range(12):
        if s[GRADE + item] > 0.0:
            whole += s[WEIGHT + item // 3]
    left = draw * whole
    for item in range(12):
        if s[GRADE + item] > 0.0:
            left -= s[WEIGHT + item // 3]
            if left <= 0.0:
                s[GRADE + item] -= 1.0
                s[BACK + item] = min(s[BACK + item], s[GRADE + item])
                s[LEVEL] -= 1.0
                return


@nb.njit(**FAST)
def lose(s: Any, rate: float, key: Any, first: int) -> None:
    """A month's steps: their number Poisson, less where items have reached 0."""
    whole, able = 0.0, 0.0
    for item in range(12):
        weight = s[WEIGHT + item // 3]
        whole += weight
        able += weight if s[GRADE + item] > 0.0 else 0.0
    term = math.exp(-rate * able / whole)
    reached, draw, count = term, uniform(key, first), 0
    while draw > reached and count < 30:
        count += 1
        term *= rate * able / whole / count
        reached += term
    for place in range(count):
        step_down(s, uniform(key, first + 1 + place))


@nb.njit(**FAST)
def regain(s: Any, gain: float, key: Any, first: int) -> None:
    """Lift or drop single items until the gain there is the one asked for, to the nearest point."""
    aim = float(round(gain))
    for place in range(30):
        if s[REGAINED] == aim:
            return
        up = s[REGAINED] < aim
        able = 0
        for item in range(12):
            able += 1 if (s[GRADE + item] < 4.0 if up else s[BACK + item] > 0.0) else 0
        s[REGAINED] += 1.0 if up else -1.0
        if able == 0:
            continue
        left = int(able * uniform(key, first + place))
        for item in range(12):
            if s[GRADE + item] < 4.0 if up else s[BACK + item] > 0.0:
                if left == 0:
                    change = 1.0 if up else -1.0
                    s[GRADE + item] += change
                    s[BACK + item] += change
                    s[LEVEL] += change
                    break
                left -= 1


@nb.njit(**FAST)
def slip_share(s: Any, p: Any) -> float:
    """Chance that an item is rated one grade off."""
    return min(p[_NOISE] * p[_NOISE] * s[KAPPA] * s[KAPPA] / 12.0, 0.8)


@nb.njit(**FAST)
def expected(s: Any, p: Any) -> float:
    """E[score | grades]: at 4 a slip can only lower, at 0 only raise [points]."""
    edges = 0.0
    for item in range(12):
        edges += 1.0 if s[GRADE + item] <= 0.0 else 0.0
        edges -= 1.0 if s[GRADE + item] >= 4.0 else 0.0
    return s[LEVEL] + 0.5 * slip_share(s, p) * edges


@nb.njit(**FAST)
def rated(s: Any, p: Any, key: Any, first: int, gap: float) -> float:
    """A rating: each item's slip is kept or drawn anew."""
    share, redrawn, score = slip_share(s, p), 1.0 - math.exp(-gap / p[_MEMORY]), 0.0
    for item in range(12):
        if uniform(key, first + 2 * item) < redrawn:
            draw = uniform(key, first + 2 * item + 1)
            s[SLIP + item] = -1.0 if draw < 0.5 * share else (1.0 if draw > 1.0 - 0.5 * share else 0.0)
        score += min(max(s[GRADE + item] + s[SLIP + item], 0.0), 4.0)
    return score


@nb.njit(**FAST)
def density(s: Any, p: Any, gap: float, score: float) -> float:
    """Density of a rating given the grades and the last rating's residual, which is kept in the row.

    The sum of twelve slips is taken as normal, and what is carried over as its regression on the last residual.
    """
    share = slip_share(s, p)
    edge = 0.5 * share * (1.0 - 0.5 * share)
    variance = 0.0
    for item in range(12):
        variance += edge if s[GRADE + item] <= 0.0 or s[GRADE + item] >= 4.0 else share
    kept = math.exp(-gap / p[_MEMORY])
    residual = score - expected(s, p)
    sd = math.sqrt(max(variance * (1.0 - kept * kept), 0.05))
    away = residual - kept * s[STICKY]
    s[STICKY] = residual
    high, low = (away + 0.5) / sd / math.sqrt(2.0), (away - 0.5) / sd / math.sqrt(2.0)
    return max(0.5 * (math.erfc(-high) - math.erfc(-low)), 1e-9)
