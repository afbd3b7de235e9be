"""From node to node and from rating to rating: rates are drawn, level and sticky noise are carried exactly."""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from alsight.base.streams_numba import fold, normal, uniform
from alsight.infer.filter import numbers as at
from alsight.infer.filter import state as of
from alsight.infer.filter.normal import beyond, log_tail
from alsight.infer.filter.state import spell
from alsight.mechanism.numerics import STRICT, exponential

_ROUNDS = 3
_LOOSER = 1.2
_LOG_ROOT_TAU = 0.9189385332046727


@nb.njit(**STRICT)
def move(state: Any, count: int, p: Any, step: float, key: Any, first: int, now: float) -> None:
    """Carry every particle to a node without a rating; the rate is integrated by the trapezoid rule."""
    keep = math.exp(-step / p[at.MEMORY])
    fresh, half = p[at.SD_PACE] * math.sqrt(1.0 - keep * keep), 0.5 * step
    for i in range(count):
        state[of.PACE, i] = keep * state[of.PACE, i] + fresh * normal(key, first + i)
    for i in range(count):
        speed = exponential(min(state[of.MIDDLE, i] + state[of.PACE, i], 50.0))
        if state[of.START, i] < now:
            speed *= spell(now, state[of.START, i], state[of.HELD, i], p[at.RISE], p[at.FACTOR])[1]
        state[of.LOSS, i] += half * (state[of.SPEED, i] + speed)
        state[of.SPEED, i] = speed


@nb.njit(**STRICT)
def _aim(away: float, var: float, mean: float, fresh: float, middle: float, half: float) -> Any:
    """Mean and SD of the departure of the log rate given its past and the next rating, by Gauss-Newton steps.

    Args:
        away: rating less its mean without this node's part of the loss [points].
        var: variance of the rating given the course.
        mean: mean of the departure given its past.
        fresh: its SD given its past.
        middle: middle of the log rate.
        half: months for which this node's rate counts.
    """
    x, prior = mean, 1.0 / (fresh * fresh)
    precision = prior
    for _ in range(_ROUNDS):
        part = half * exponential(min(middle + x, 50.0))
        precision = prior + part * part / var
        step = (prior * (mean - x) - part * (away + part) / var) / precision
        x += min(max(step, -1.0), 1.0)
    return x, _LOOSER / math.sqrt(precision)


@nb.njit(**STRICT)
def move_guided(
    room: Any, count: int, p: Any, step: float, score: float, bound: int, keys: Any, first: int, now: float
) -> None:
    """Carry every particle to a node with a rating, half of them guided by it; weights make up for that.

    Which half is drawn anew each time: were it a matter of a particle's number, the weights of several steps, and of
    where the particles were placed, would not be independent, and their product not 1 on average.
    """
    coins = fold(keys, np.uint64(1))
    state, keep, half = room.state, math.exp(-step / p[at.MEMORY]), 0.5 * step
    fresh = p[at.SD_PACE] * math.sqrt(1.0 - keep * keep)
    wanted = score if bound == 0 else (p[at.HIGH_CUT] if bound > 0 else p[at.LOW_CUT])
    for i in range(count):
        mean, active = keep * state[of.PACE, i], 1.0
        if state[of.START, i] < now:
            active = spell(now, state[of.START, i], state[of.HELD, i], p[at.RISE], p[at.FACTOR])[1]
        away = wanted + lost_at(state, i, p, now) + half * state[of.SPEED, i] - state[of.LEVEL, i] - state[of.STICKY, i]
        var = state[of.VAR_LEVEL, i] + 2.0 * state[of.BOTH, i] + state[of.VAR_STICKY, i]
        var += (state[of.SIZE, i] * p[at.SD_NOISE]) ** 2 + p[at.ROUNDING]
        x, spread = mean, fresh
        if active > 0.0 and not (bound != 0 and bound * away < 0.0):
            x, spread = _aim(away, var, mean, fresh, state[of.MIDDLE, i], half * active)
        shock = normal(keys, first + i)
        pace = x + spread * shock if uniform(coins, first + i) < 0.5 else mean + fresh * shock
        prior, aimed = (pace - mean) / fresh, (pace - x) / spread
        ratio = fresh / spread * exponential(min(max(0.5 * (prior * prior - aimed * aimed), -600.0), 600.0))
        room.log_weight[i] -= math.log(0.5 + 0.5 * ratio)
        speed = active * exponential(min(state[of.MIDDLE, i] + pace, 50.0))
        state[of.PACE, i] = pace
        state[of.LOSS, i] += half * (state[of.SPEED, i] + speed)
        state[of.SPEED, i] = speed


@nb.njit(**STRICT)
def lost_at(state: Any, i: int, p: Any, now: float) -> float:
    """Loss less gain of one particle at a time [points]."""
    if state[of.START, i] < now:
        return (
            state[of.LOSS, i]
            - state[of.GAIN, i] * spell(now, state[of.START, i], state[of.HELD, i], p[at.RISE], p[at.FACTOR])[0]
        )
    return state[of.LOSS, i]


@nb.njit(**STRICT)
def age(state: Any, count: int, p: Any, gap: float) -> None:
    """Carry the sticky noise of every particle to the next rating."""
    keep = math.exp(-gap / p[at.STICKINESS])
    fresh = (1.0 - keep * keep) * p[at.SD_STICKY] ** 2
    for i in range(count):
        state[of.STICKY, i] *= keep
        state[of.BOTH, i] *= keep
        state[of.VAR_STICKY, i] = keep * keep * state[of.VAR_STICKY, i] + fresh * state[of.SIZE, i] ** 2


@nb.njit(**STRICT)
def _inside(away: float, var: float, more: float, p_out: float, chance: float) -> Any:
    """Log density of a rating this far from its mean as a mixture of two normals, and which of them."""
    plain = -0.5 * (away * away / var + math.log(var)) + math.log1p(-p_out)
    wild = -0.5 * (away * away / more + math.log(more)) + math.log(p_out)
    high = max(plain, wild)
    total = high + math.log(math.exp(plain - high) + math.exp(wild - high))
    return total - _LOG_ROOT_TAU, math.log(chance) > plain - total


@nb.njit(**STRICT)
def _at_bound(sign: float, away: float, var: float, more: float, p_out: float, chance: float) -> Any:
    """Log probability of a rating at a bound, which normal, and a departure from the mean beyond the cut."""
    plain = log_tail(sign * away / math.sqrt(var)) + math.log1p(-p_out)
    wild = log_tail(sign * away / math.sqrt(more)) + math.log(p_out)
    high = max(plain, wild)
    total = high + math.log(math.exp(plain - high) + math.exp(wild - high))
    share = math.exp(plain - total)
    outlier = chance >= share
    left = (chance - share) / (1.0 - share) if outlier else chance / share
    spread = math.sqrt(more if outlier else var)
    drawn = sign * spread * beyond(sign * away / spread, min(max(left, 1e-12), 1.0 - 1e-12))
    return total, outlier, drawn


@nb.njit(**STRICT)
def rate(room: Any, count: int, p: Any, visit: Any, score: float, bound: int, key: Any, now: float) -> None:
    """Weigh every particle by a rating, choose its noise, and update level and sticky noise."""
    state = room.state
    p_out = p[at.ODDS_OUTLIER] / (1.0 + p[at.ODDS_OUTLIER])
    wilder = p[at.TIMES_OUTLIER] ** 2
    rounding = p[at.ROUNDING] if bound == 0 else 0.0
    cut = p[at.HIGH_CUT] if bound > 0 else p[at.LOW_CUT]
    log_grid = 0.0 if p[at.ROUNDING] == 0.0 else 0.5 * math.log(12.0 * p[at.ROUNDING])
    for i in range(count):
        by_level = state[of.VAR_LEVEL, i] + state[of.BOTH, i]
        by_sticky = state[of.BOTH, i] + state[of.VAR_STICKY, i]
        noise = (state[of.SIZE, i] * p[at.SD_NOISE]) ** 2
        var = by_level + by_sticky + noise + rounding
        more = by_level + by_sticky + noise * wilder + rounding
        mean = state[of.LEVEL, i] + state[of.STICKY, i] - lost_at(state, i, p, now)
        chance = uniform(key, visit * count + i)
        if bound == 0:
            away = score - mean
            weight, outlier = _inside(away, var, more, p_out, chance)
            weight += log_grid
        else:
            weight, outlier, away = _at_bound(float(bound), cut - mean, var, more, p_out, chance)
        room.log_weight[i] += weight
        room.outlier[visit, i] = outlier
        room.rating[visit, i] = mean + away
        whole = more if outlier else var
        state[of.LEVEL, i] += by_level * away / whole
        state[of.STICKY, i] += by_sticky * away / whole
        state[of.VAR_LEVEL, i] -= by_level * by_level / whole
        state[of.BOTH, i] -= by_level * by_sticky / whole
        state[of.VAR_STICKY, i] -= by_sticky * by_sticky / whole
