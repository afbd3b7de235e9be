"""Derivatives of the log likelihood by Fisher's identity: those of the complete density, averaged over courses.

Given a course of rates, which ratings are outliers and the noise size, level and sticky noise are jointly normal: the
mean of the complete density's derivatives over them is taken exactly, and so is that over each rating being an outlier
given all else. Only courses, sizes and the other ratings' outliers are left to chance.

Source: cappe2005
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba as nb
import numpy as np

from alsight.base.compiled import STRICT
from alsight.base.compiled.numerics import exponential
from alsight.infer.filter import numbers as at
from alsight.infer.filter import state as of
from alsight.infer.filter.moving import jump_share


class ScoredCourse(NamedTuple):
    """One course of a person, and what the ratings tell of the sticky noise along it.

    Attributes:
        pace: departure of the log rate at each node.
        lost: loss less gain at each node [points].
        outlier: whether each rating was taken for an outlier.
        rating: each rating, drawn where it lies beyond a bound.
        mean: mean of the sticky noise at each rating were the level 0 [points].
        pull: its change by the level.
        var: its variance given the level.
        both: its covariance with that at the rating before, given the level.
    """

    pace: Any
    lost: Any
    outlier: Any
    rating: Any
    mean: Any
    pull: Any
    var: Any
    both: Any


@nb.njit(**STRICT)
def make_course(nodes: int, visits: int) -> Any:
    """Room for one course."""
    return ScoredCourse(
        np.empty(nodes),
        np.empty(nodes),
        np.empty(visits, np.int8),
        np.empty(visits),
        np.empty(visits),
        np.empty(visits),
        np.empty(visits),
        np.empty(visits),
    )


@nb.njit(**STRICT)
def trace(person: Any, room: Any, last: int, course: Any) -> None:
    """Follow a particle back to the first node."""
    i, j = last, person.score.shape[0] - 1
    for back in range(person.step.shape[0]):
        k = person.step.shape[0] - 1 - back
        course.pace[k], course.lost[k] = room.pace[k, i], room.lost[k, i]
        while j >= 0 and person.node[j] == k:
            course.outlier[j], course.rating[j] = room.outlier[j, i], room.rating[j, i]
            j -= 1
        i = room.origin[k, i]


@nb.njit(**STRICT)
def noise_variance(person: Any, p: Any, course: Any, size: float, j: int) -> float:
    """Variance of the fresh noise of a rating, rounding included."""
    own = (size * p[at.SD_NOISE]) ** 2
    if course.outlier[j]:
        own *= p[at.TIMES_OUTLIER] ** 2
    return own + (p[at.ROUNDING] if person.bound[j] == 0 else 0.0)


@nb.njit(**STRICT)
def smooth_noise(person: Any, p: Any, course: Any, size: float) -> None:
    """Sticky noise at every rating, given the level and all ratings: a scalar filter and its backward pass."""
    visits, base = person.score.shape[0], (size * p[at.SD_STICKY]) ** 2
    mean, pull, var = 0.0, 0.0, base
    for j in range(visits):
        keep = exponential(max(-person.gap[j] / p[at.STICKINESS], -600.0)) if j > 0 else 0.0
        mean, pull, var = keep * mean, keep * pull, keep * keep * var + (1.0 - keep * keep) * base
        gain = var / (var + noise_variance(person, p, course, size, j))
        mean += gain * (course.rating[j] + course.lost[person.node[j]] - mean)
        pull += gain * (-1.0 - pull)
        var -= gain * var
        course.mean[j], course.pull[j], course.var[j] = mean, pull, var
    for back in range(1, visits):
        j = visits - 1 - back
        keep = exponential(max(-person.gap[j + 1] / p[at.STICKINESS], -600.0))
        ahead = keep * keep * course.var[j] + (1.0 - keep * keep) * base
        share = keep * course.var[j] / ahead
        course.both[j + 1] = share * course.var[j + 1]
        course.var[j] += share * share * (course.var[j + 1] - ahead)
        course.mean[j] += share * (course.mean[j + 1] - keep * course.mean[j])
        course.pull[j] += share * (course.pull[j + 1] - keep * course.pull[j])


@nb.njit(**STRICT)
def _by_person(person: Any, numbers: Any, state: Any, last: int, out: Any) -> None:
    """Level, log rate, noise size and class."""
    kind = int(state[of.KIND, last])
    p = numbers[kind]
    corr, own = p[at.CORRELATION], (1.0 - p[at.CORRELATION] ** 2)
    a = (state[of.LEVEL, last] - person.level) / p[at.SD_LEVEL]
    square = a * a + max(state[of.VAR_LEVEL, last], 0.0) / p[at.SD_LEVEL] ** 2
    b = (state[of.LOG_RATE, last] - person.rate - p[at.SHIFT]) / p[at.SD_RATE]
    by_b = (b - corr * a) / own
    out[at.ON_LEVEL] += (a - corr * b) / own / p[at.SD_LEVEL]
    out[at.ON_RATE] += by_b / p[at.SD_RATE]
    out[at.ON_SPREADS + at.SD_LEVEL] += (square - corr * a * b) / own - 1.0
    out[at.ON_SPREADS + at.CORRELATION] += corr + (a * b * (1.0 + corr * corr) - corr * (square + b * b)) / own
    size = math.log(state[of.SIZE, last]) / p[at.SD_SIZE]
    out[at.ON_SPREADS + at.SD_SIZE] += size * size - 1.0
    if kind == 0:
        out[at.ON_SPREADS + at.SD_RATE] += b * by_b - 1.0
    else:
        out[at.ON_SLOW + 1] += by_b / p[at.SD_RATE] * p[at.SHIFT]  # the shift is minus `slower`, whose log moves
        out[at.ON_SLOW + 2] += b * by_b - 1.0
    if numbers.shape[0] > 1:
        out[at.ON_SLOW] += kind - math.exp(numbers[1][at.LOG_SHARE])


@nb.njit(**STRICT)
def _by_transition(keep: float, sd: float, square: float, cross: float, before: float) -> Any:
    """Derivatives by the log SD and by the share kept of one step of a stationary process, and the step's variance.

    Args:
        keep: share kept.
        sd: stationary SD.
        square: mean square after the step.
        cross: mean product with what was before.
        before: mean square before.
    """
    own = max(1.0 - keep * keep, 1e-12)
    var = sd * sd * own
    fresh = square - 2.0 * keep * cross + keep * keep * before
    by_keep = keep / own + (cross - keep * before) / var - fresh * keep / (var * own)
    return fresh / var - 1.0, by_keep, var


@nb.njit(**STRICT)
def _carried(p: Any, step: float, now: float, mean: float, var: float) -> float:
    """Probability that the log rate was carried on over a step and did not jump."""
    jumps = jump_share(p, step)
    if jumps == 0.0:
        return 1.0
    anew = (now - p[at.JUMP_MEAN]) / p[at.JUMP_SD]
    apart = 0.5 * ((now - mean) ** 2 / var - anew * anew)
    odds = jumps / (1.0 - jumps) * math.sqrt(var) / p[at.JUMP_SD] * exponential(min(max(apart, -600.0), 600.0))
    return 1.0 / (1.0 + odds)


@nb.njit(**STRICT)
def _by_pace(person: Any, p: Any, pace: Any, out: Any) -> None:
    """Departures of the log rate: their SD and memory."""
    sd, months = p[at.SD_PACE], p[at.MEMORY]
    on_sd, on_time, on_mean = (pace[0] / sd) ** 2 - 1.0, 0.0, pace[0] / (sd * sd)
    for k in range(1, person.step.shape[0]):
        keep = exponential(max(-person.step[k] / months, -600.0))
        by_sd, by_keep, var = _by_transition(keep, sd, pace[k] ** 2, pace[k] * pace[k - 1], pace[k - 1] ** 2)
        share = _carried(p, person.step[k], pace[k], keep * pace[k - 1], var)
        on_sd += share * by_sd
        on_mean += share * (pace[k] - keep * pace[k - 1]) * (1.0 - keep) / var
        on_mean += (1.0 - share) * (pace[k] - p[at.JUMP_MEAN]) / max(p[at.JUMP_SD] ** 2, 1e-12)
        on_time += share * by_keep * keep * person.step[k] / months
    # The middle of the log rate lies below the personal one by half the variance, so the SD moves it too.
    out[at.ON_SPREADS + at.SD_PACE] += on_sd - on_mean * sd * sd
    out[at.ON_SPREADS + at.MEMORY] += on_time


@nb.njit(**STRICT)
def _by_sticky(person: Any, p: Any, course: Any, size: float, level: float, var: float, out: Any) -> None:
    """Sticky noise: its SD and how long it sticks, averaged over level and noise."""
    sd = size * p[at.SD_STICKY]
    before = course.mean[0] + course.pull[0] * level
    before_square = before * before + course.var[0] + course.pull[0] ** 2 * var
    on_sd, on_time = before_square / (sd * sd) - 1.0, 0.0
    for j in range(1, person.score.shape[0]):
        mean = course.mean[j] + course.pull[j] * level
        square = mean * mean + course.var[j] + course.pull[j] ** 2 * var
        cross = mean * before + course.both[j] + course.pull[j] * course.pull[j - 1] * var
        keep = exponential(max(-person.gap[j] / p[at.STICKINESS], -600.0))
        by_sd, by_keep, _ = _by_transition(keep, sd, square, cross, before_square)
        on_sd += by_sd
        on_time += by_keep * keep * person.gap[j] / p[at.STICKINESS]
        before, before_square = mean, square
    out[at.ON_SPREADS + at.SD_STICKY] += on_sd
    out[at.ON_SPREADS + at.STICKINESS] += on_time


@nb.njit(**STRICT)
def _by_ratings(person: Any, p: Any, course: Any, size: float, level: float, var: float, out: Any) -> None:
    """Fresh noise and outliers: whether a rating is one, and its noise, are averaged over given all other ratings."""
    own, wide = (size * p[at.SD_NOISE]) ** 2, p[at.TIMES_OUTLIER] ** 2
    on_noise, on_odds, on_times = 0.0, 0.0, 0.0
    for j in range(person.score.shape[0]):
        rounding = p[at.ROUNDING] if person.bound[j] == 0 else 0.0
        plain, wild = own + rounding, own * wide + rounding
        used = wild if course.outlier[j] else plain
        away = course.rating[j] + course.lost[person.node[j]] - level - course.mean[j] - course.pull[j] * level
        left = course.var[j] + (1.0 + course.pull[j]) ** 2 * var
        # Without this rating its center would have this variance, and be this far away.
        open_ = left * used / max(used - left, 1e-9 * used)
        away *= (open_ + used) / used
        near, far = open_ + plain, open_ + wild
        ratio = 0.5 * away * away * (1.0 / near - 1.0 / far)
        odds = p[at.ODDS_OUTLIER] * math.sqrt(near / far) * exponential(min(ratio, 600.0))
        share = odds / (1.0 + odds)
        # Mean squares of the noise, as shares of its variance, were it an outlier and were it none.
        as_plain = plain / near * (away * away / near) + open_ / near
        as_wild = wild / far * (away * away / far) + open_ / far
        part = share * (as_wild - 1.0) * own * wide / wild
        on_noise += (1.0 - share) * (as_plain - 1.0) * own / plain + part
        on_odds += share
        on_times += part
    p_out = p[at.ODDS_OUTLIER] / (1.0 + p[at.ODDS_OUTLIER])
    out[at.ON_SPREADS + at.SD_NOISE] += on_noise
    out[at.ON_SPREADS + at.ODDS_OUTLIER] += on_odds - person.score.shape[0] * p_out
    out[at.ON_SPREADS + at.TIMES_OUTLIER] += on_times


@nb.njit(**STRICT)
def add_scores(person: Any, numbers: Any, room: Any, last: int, course: Any, out: Any) -> None:
    """Add one course's derivatives by the two linear predictors and the working parameters."""
    p, state = numbers[0], room.state
    trace(person, room, last, course)
    size, level, var = state[of.SIZE, last], state[of.LEVEL, last], max(state[of.VAR_LEVEL, last], 0.0)
    _by_person(person, numbers, state, last, out)
    _by_pace(person, p, course.pace, out)
    if person.score.shape[0] > 0:
        smooth_noise(person, p, course, size)
        _by_sticky(person, p, course, size, level, var, out)
        _by_ratings(person, p, course, size, level, var, out)
