"""From node to node and from rating to rating: rates are drawn, level and sticky noise are carried exactly.

Every loop over particles reads and writes a few rows only and has no branch, so that eight particles run as one.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from alsight.base.compiled import STRICT
from alsight.base.compiled.numerics import exponential, logarithm
from alsight.base.streams_numba import fold, normal, uniform
from alsight.infer.filter import numbers as at
from alsight.infer.filter import state as of
from alsight.infer.filter.normal import beyond, log_tail
from alsight.infer.filter.state import gain_share

_ROUNDS = 3
_LOOSER = 1.2
_LOG_ROOT_TAU = 0.9189385332046727


@nb.njit(**STRICT)
def lost_at(state: Any, count: int, p: Any, now: float, out: Any) -> None:
    """Loss less gain of every particle at a time [points]."""
    loss, gain, start, held = state[of.LOSS], state[of.GAIN], state[of.START], state[of.HELD]
    by = 1.0 / p[at.RISE]
    for i in range(count):
        out[i] = loss[i] - gain[i] * gain_share(now - start[i], held[i], by)


@nb.njit(**STRICT)
def _active(state: Any, count: int, p: Any, now: float, out: Any) -> None:
    """Factor that a recovery puts on the rate of every particle."""
    start, held, factor = state[of.START], state[of.HELD], p[at.FACTOR]
    for i in range(count):
        since = now - start[i]
        out[i] = factor if (since > 0.0) & (since < held[i]) else 1.0


@nb.njit(**STRICT)
def _lose(state: Any, count: int, half: float, active: Any, speed: Any) -> None:
    """Rates at a node whose departures stand in the state, and the loss until then by the trapezoid rule."""
    middle, pace, before, loss = state[of.MIDDLE], state[of.PACE], state[of.SPEED], state[of.LOSS]
    for i in range(count):
        speed[i] = active[i] * exponential(min(max(middle[i] + pace[i], -600.0), 50.0))
    for i in range(count):
        loss[i] += half * (before[i] + speed[i])
    for i in range(count):
        before[i] = speed[i]


@nb.njit(**STRICT)
def jump_share(p: Any, step: float) -> float:
    """Probability that the log rate jumps within a step."""
    return 1.0 - math.exp(-step * p[at.JUMPS])


@nb.njit(**STRICT)
def _plain(
    count: int, p: Any, keep: float, fresh: float, jumps: float, key: Any, first: int, pace: Any, out: Any
) -> None:
    """Departures after a step by the prior: carried on, or after a jump drawn anew."""
    for i in range(count):
        out[i] = keep * pace[i] + fresh * normal(key, first + i)
    if jumps > 0.0:
        coins, anew = fold(key, np.uint64(2)), fold(key, np.uint64(3))
        for i in range(count):
            jumped = p[at.JUMP_MEAN] + p[at.JUMP_SD] * normal(anew, first + i)
            out[i] = jumped if uniform(coins, first + i) < jumps else out[i]


@nb.njit(**STRICT)
def move(room: Any, count: int, p: Any, step: float, key: Any, first: int, now: float) -> None:
    """Carry every particle to a node without a rating; the rate is integrated by the trapezoid rule."""
    keep = math.exp(-step / p[at.MEMORY])
    fresh, pace = p[at.SD_PACE] * math.sqrt(1.0 - keep * keep), room.state[of.PACE]
    _plain(count, p, keep, fresh, jump_share(p, step), key, first, pace, pace)
    _active(room.state, count, p, now, room.work[0])
    _lose(room.state, count, 0.5 * step, room.work[0], room.work[1])


@nb.njit(**STRICT)
def _aim(count: int, keep: float, fresh: float, half: float, bound: int, state: Any, work: Any) -> None:
    """Mean and SD of the departure of the log rate given its past and the next rating, by Gauss-Newton steps.

    Args:
        count: particles.
        keep: share of the departure that is left.
        fresh: its SD given its past.
        half: months for which this node's rate counts.
        bound: whether the rating lies at an end of the scale; one that is beyond it anyway guides nothing.
        state: of the particles.
        work: rating less its mean without this node's part of the loss [points], which becomes the mean; the
            variance of the rating given the course, which becomes the SD; the factors on the rate.
    """
    away, var, active, pace, middle = work[0], work[1], work[2], state[of.PACE], state[of.MIDDLE]
    prior = 1.0 / (fresh * fresh)
    free = _LOOSER / fresh
    for i in range(count):
        mean = keep * pace[i]
        x, precision, by = mean, prior, 1.0 / var[i]
        for _ in range(_ROUNDS):
            part = half * active[i] * exponential(min(max(middle[i] + x, -600.0), 50.0))
            precision = prior + part * part * by
            step = (prior * (mean - x) - part * (away[i] + part) * by) / precision
            x += min(max(step, -1.0), 1.0)
        guided = (active[i] > 0.0) & (bound * away[i] >= 0.0)
        away[i] = x if guided else mean
        var[i] = _LOOSER / math.sqrt(precision if guided else free * free)


@nb.njit(**STRICT)
def _before(room: Any, count: int, p: Any, score: float, half: float, now: float) -> None:
    """Rating less its mean without the next node's part of the loss, its variance, and the factors on the rates."""
    state, away, var = room.state, room.work[0], room.work[1]
    speed, level, sticky, size = state[of.SPEED], state[of.LEVEL], state[of.STICKY], state[of.SIZE]
    var_level, both, var_sticky = state[of.VAR_LEVEL], state[of.BOTH], state[of.VAR_STICKY]
    lost_at(state, count, p, now, away)
    for i in range(count):
        away[i] = score + away[i] + half * speed[i] - level[i] - sticky[i]
    sd, rounding = p[at.SD_NOISE], p[at.ROUNDING]
    for i in range(count):
        own = size[i] * sd
        var[i] = var_level[i] + 2.0 * both[i] + var_sticky[i] + own * own + rounding
    _active(state, count, p, now, room.work[2])


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
    _before(room, count, p, score if bound == 0 else (p[at.HIGH_CUT] if bound > 0 else p[at.LOW_CUT]), half, now)
    _aim(count, keep, fresh, half, bound, state, room.work)
    x, spread, moved, pace, log_weight = room.work[0], room.work[1], room.work[3], state[of.PACE], room.log_weight
    jumps = jump_share(p, step)
    _plain(count, p, keep, fresh, jumps, keys, first, pace, moved)
    for i in range(count):
        aimed = x[i] + spread[i] * normal(keys, first + i)
        moved[i] = aimed if uniform(coins, first + i) < 0.5 else moved[i]
    by = 1.0 / fresh
    if jumps > 0.0:
        wide = 1.0 / p[at.JUMP_SD]
        for i in range(count):
            prior, aimed = (moved[i] - keep * pace[i]) * by, (moved[i] - x[i]) / spread[i]
            anew = (moved[i] - p[at.JUMP_MEAN]) * wide
            least = min(0.5 * prior * prior, 0.5 * anew * anew)
            carried = (1.0 - jumps) * by * exponential(max(least - 0.5 * prior * prior, -600.0))
            both = carried + jumps * wide * exponential(max(least - 0.5 * anew * anew, -600.0))
            apart = min(max(least - 0.5 * aimed * aimed, -600.0), 600.0)
            log_weight[i] -= logarithm(0.5 + 0.5 / (spread[i] * both) * exponential(apart))
    else:
        for i in range(count):
            prior, aimed = (moved[i] - keep * pace[i]) * by, (moved[i] - x[i]) / spread[i]
            apart = min(max(0.5 * (prior * prior - aimed * aimed), -600.0), 600.0)
            log_weight[i] -= logarithm(0.5 + 0.5 * fresh / spread[i] * exponential(apart))
    for i in range(count):
        pace[i] = moved[i]
    _lose(state, count, half, room.work[2], moved)


@nb.njit(**STRICT)
def age(state: Any, count: int, p: Any, gap: float) -> None:
    """Carry the sticky noise of every particle to the next rating."""
    keep = math.exp(-gap / p[at.STICKINESS])
    fresh = (1.0 - keep * keep) * p[at.SD_STICKY] ** 2
    sticky, both, var, size = state[of.STICKY], state[of.BOTH], state[of.VAR_STICKY], state[of.SIZE]
    for i in range(count):
        sticky[i] *= keep
    for i in range(count):
        both[i] *= keep
    for i in range(count):
        var[i] = keep * keep * var[i] + fresh * (size[i] * size[i])


@nb.njit(**STRICT)
def _inside(room: Any, count: int, p: Any, visit: Any, key: Any) -> None:
    """Weigh by a rating within the scale as a mixture of two normals, draw which, and fill its variance."""
    log_weight, outlier = room.log_weight, room.outlier[visit]
    away, var, noise, share = room.work[0], room.work[1], room.work[2], room.work[3]
    p_out, more = p[at.ODDS_OUTLIER] / (1.0 + p[at.ODDS_OUTLIER]), p[at.TIMES_OUTLIER] ** 2 - 1.0
    base = (0.0 if p[at.ROUNDING] == 0.0 else 0.5 * math.log(12.0 * p[at.ROUNDING])) - _LOG_ROOT_TAU
    log_in, log_out = math.log1p(-p_out) + base, math.log(p_out) + base
    for i in range(count):
        square, wider = away[i] * away[i], var[i] + more * noise[i]
        plain = log_in - 0.5 * (square / var[i] + logarithm(var[i]))
        wild = log_out - 0.5 * (square / wider + logarithm(wider))
        high = max(plain, wild)
        total = high + logarithm(1.0 + exponential(max(min(plain, wild) - high, -600.0)))
        log_weight[i] += total
        share[i] = exponential(max(plain - total, -600.0))
    for i in range(count):
        share[i] = 1.0 if uniform(key, visit * count + i) > share[i] else 0.0
    for i in range(count):
        var[i] += more * noise[i] * share[i]
    for i in range(count):
        outlier[i] = np.int8(share[i])


@nb.njit(**STRICT)
def _at_bound(room: Any, count: int, p: Any, visit: Any, sign: float, key: Any) -> None:
    """Weigh by a rating at an end of the scale, draw which normal it is of and where it lies beyond the cut."""
    p_out, wilder = p[at.ODDS_OUTLIER] / (1.0 + p[at.ODDS_OUTLIER]), p[at.TIMES_OUTLIER] ** 2
    for i in range(count):
        away, var, noise = room.work[0, i], room.work[1, i], room.work[2, i]
        more = var + (wilder - 1.0) * noise
        plain = log_tail(sign * away / math.sqrt(var)) + math.log1p(-p_out)
        wild = log_tail(sign * away / math.sqrt(more)) + math.log(p_out)
        high = max(plain, wild)
        total = high + math.log(math.exp(plain - high) + math.exp(wild - high))
        share, chance = math.exp(plain - total), uniform(key, visit * count + i)
        outlier = chance >= share
        left = (chance - share) / (1.0 - share) if outlier else chance / share
        spread = math.sqrt(more if outlier else var)
        room.work[0, i] = sign * spread * beyond(sign * away / spread, min(max(left, 1e-12), 1.0 - 1e-12))
        room.work[1, i] = more if outlier else var
        room.outlier[visit, i] = outlier
        room.log_weight[i] += total


@nb.njit(**STRICT)
def rate(room: Any, count: int, p: Any, visit: Any, score: float, bound: int, key: Any, now: float) -> None:
    """Weigh every particle by a rating, choose its noise, and update level and sticky noise."""
    state, away, var, noise, mean = room.state, room.work[0], room.work[1], room.work[2], room.work[3]
    level, sticky, size, rating = state[of.LEVEL], state[of.STICKY], state[of.SIZE], room.rating[visit]
    var_level, both, var_sticky = state[of.VAR_LEVEL], state[of.BOTH], state[of.VAR_STICKY]
    sd, rounding = p[at.SD_NOISE], p[at.ROUNDING] if bound == 0 else 0.0
    requested = score if bound == 0 else (p[at.HIGH_CUT] if bound > 0 else p[at.LOW_CUT])
    lost_at(state, count, p, now, mean)
    for i in range(count):
        mean[i] = level[i] + sticky[i] - mean[i]
    for i in range(count):
        away[i] = requested - mean[i]
    for i in range(count):
        noise[i] = (size[i] * sd) ** 2
    for i in range(count):
        var[i] = var_level[i] + 2.0 * both[i] + var_sticky[i] + noise[i] + rounding
    if bound == 0:
        rating[:count] = score
        _inside(room, count, p, visit, key)
    else:
        rating[:count] = mean[:count]
        _at_bound(room, count, p, visit, float(bound), key)
        for i in range(count):
            rating[i] += away[i]
    _learn(state, count, away, var, room.work[2], room.work[3])


@nb.njit(**STRICT)
def _learn(state: Any, count: int, away: Any, var: Any, by_level: Any, by_sticky: Any) -> None:
    """Level and sticky noise given a rating this far from its mean, of this variance."""
    level, sticky = state[of.LEVEL], state[of.STICKY]
    var_level, both, var_sticky = state[of.VAR_LEVEL], state[of.BOTH], state[of.VAR_STICKY]
    for i in range(count):
        var[i] = 1.0 / var[i]
    for i in range(count):
        by_level[i] = var_level[i] + both[i]
    for i in range(count):
        by_sticky[i] = both[i] + var_sticky[i]
    for i in range(count):
        level[i] += by_level[i] * away[i] * var[i]
    for i in range(count):
        sticky[i] += by_sticky[i] * away[i] * var[i]
    for i in range(count):
        var_level[i] -= by_level[i] * by_level[i] * var[i]
    for i in range(count):
        both[i] -= by_level[i] * by_sticky[i] * var[i]
    for i in range(count):
        var_sticky[i] -= by_sticky[i] * by_sticky[i] * var[i]
