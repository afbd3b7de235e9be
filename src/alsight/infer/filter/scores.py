"""Derivatives of the log likelihood by Fisher's identity: those of the complete density, averaged over drawn courses.

Given a course of rates and the ratings' noise, level and sticky noise are drawn from their joint normal law by a
backward pass. Everything is then known, and the complete density is a product of normal densities.

Source: cappe2005
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba as nb
import numpy as np

from alsight.base.streams_numba import normal
from alsight.infer.filter import numbers as at
from alsight.infer.filter import state as of
from alsight.mechanism.numerics import STRICT


class Course(NamedTuple):
    """One drawn course of a person.

    Attributes:
        pace: departure of the log rate at each node.
        lost: loss less gain at each node [points].
        outlier: whether each rating was taken for an outlier.
        rating: each rating, drawn where it lies beyond a bound.
        sticky: sticky noise at each rating [points].
        mean: filtered mean of the sticky noise.
        var: filtered variance of the sticky noise.
    """

    pace: Any
    lost: Any
    outlier: Any
    rating: Any
    sticky: Any
    mean: Any
    var: Any


@nb.njit(**STRICT)
def make_course(nodes: int, visits: int) -> Any:
    """Room for one course."""
    return Course(
        np.empty(nodes), np.empty(nodes), np.empty(visits, np.int8), np.empty(visits), np.empty(visits),
        np.empty(visits), np.empty(visits),
    )  # fmt: skip


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
def draw_noise(person: Any, p: Any, course: Any, state: Any, last: int, key: Any, first: int) -> float:
    """Draw the level and the sticky noise of a course from their joint law; the level."""
    level = state[of.LEVEL, last] + math.sqrt(max(state[of.VAR_LEVEL, last], 0.0)) * normal(key, first)
    visits, size = person.score.shape[0], state[of.SIZE, last]
    # Given the level, the ratings are sticky noise and fresh noise alone: a scalar filter and its backward pass.
    base = (size * p[at.SD_STICKY]) ** 2
    mean, var = 0.0, base
    for j in range(visits):
        keep = math.exp(-person.gap[j] / p[at.STICKINESS]) if j > 0 else 0.0
        mean, var = keep * mean, keep * keep * var + (1.0 - keep * keep) * base
        whole = var + noise_variance(person, p, course, size, j)
        away = course.rating[j] + course.lost[person.node[j]] - level - mean
        mean += var / whole * away
        var -= var * var / whole
        course.mean[j], course.var[j] = mean, var
    for back in range(visits):
        j = visits - 1 - back
        mean, var = course.mean[j], course.var[j]
        if back > 0:
            keep = math.exp(-person.gap[j + 1] / p[at.STICKINESS])
            ahead = keep * keep * var + (1.0 - keep * keep) * base
            pull = keep * var / ahead
            mean += pull * (course.sticky[j + 1] - keep * mean)
            var -= pull * keep * var
        course.sticky[j] = mean + math.sqrt(max(var, 0.0)) * normal(key, first + 1 + j)
    return level


@nb.njit(**STRICT)
def _by_person(person: Any, numbers: Any, state: Any, last: int, level: float, out: Any) -> None:
    """Level, log rate, noise size and class."""
    kind = int(state[of.KIND, last])
    p = numbers[kind]
    corr, own = p[at.CORRELATION], (1.0 - p[at.CORRELATION] ** 2)
    a = (level - person.level) / p[at.SD_LEVEL]
    b = (state[of.LOG_RATE, last] - person.rate - p[at.SHIFT]) / p[at.SD_RATE]
    by_a, by_b = (a - corr * b) / own, (b - corr * a) / own
    out[at.ON_LEVEL] += by_a / p[at.SD_LEVEL]
    out[at.ON_RATE] += by_b / p[at.SD_RATE]
    out[at.ON_SPREADS + at.SD_LEVEL] += a * by_a - 1.0
    out[at.ON_SPREADS + at.CORRELATION] += corr + (a * b * (1.0 + corr * corr) - corr * (a * a + b * b)) / own
    size = math.log(state[of.SIZE, last]) / p[at.SD_SIZE]
    out[at.ON_SPREADS + at.SD_SIZE] += size * size - 1.0
    if kind == 0:
        out[at.ON_SPREADS + at.SD_RATE] += b * by_b - 1.0
    else:
        out[at.ON_SLOW + 1] += by_b / p[at.SD_RATE] * p[at.SHIFT]  # the shift is minus `slower`, whose log moves
        out[at.ON_SLOW + 2] += b * by_b - 1.0
    out[at.ON_SLOW] += kind - math.exp(numbers[numbers.shape[0] - 1][at.LOG_SHARE])


@nb.njit(**STRICT)
def _by_wander(departure: Any, sd: float, months: float, by_gap: Any) -> Any:
    """Derivatives by the log SD and the log correlation time of a stationary process, and by its mean."""
    on_sd = (departure[0] / sd) ** 2 - 1.0
    on_time, on_mean = 0.0, departure[0] / (sd * sd)
    for k in range(1, departure.shape[0]):
        keep = math.exp(-by_gap[k] / months)
        own = max(1.0 - keep * keep, 1e-12)
        fresh = departure[k] - keep * departure[k - 1]
        var = sd * sd * own
        on_sd += fresh * fresh / var - 1.0
        on_mean += fresh * (1.0 - keep) / var
        by_keep = keep / own + fresh * departure[k - 1] / var - fresh * fresh * keep / (var * own)
        on_time += by_keep * keep * by_gap[k] / months
    return on_sd, on_time, on_mean


@nb.njit(**STRICT)
def _by_ratings(person: Any, p: Any, course: Any, size: float, level: float, out: Any) -> None:
    """Fresh noise and outliers; whether a rating is one is averaged over, given all else."""
    p_out = p[at.ODDS_OUTLIER] / (1.0 + p[at.ODDS_OUTLIER])
    own, wide = (size * p[at.SD_NOISE]) ** 2, p[at.TIMES_OUTLIER] ** 2
    for j in range(person.score.shape[0]):
        away = course.rating[j] + course.lost[person.node[j]] - level - course.sticky[j]
        rounding = p[at.ROUNDING] if person.bound[j] == 0 else 0.0
        var, more = own + rounding, own * wide + rounding
        ratio = 0.5 * away * away * (1.0 / var - 1.0 / more)
        odds = p[at.ODDS_OUTLIER] * math.sqrt(var / more) * math.exp(min(ratio, 600.0))
        share = odds / (1.0 + odds)
        wild = share * (away * away / more - 1.0) * own * wide / more
        out[at.ON_SPREADS + at.SD_NOISE] += (1.0 - share) * (away * away / var - 1.0) * own / var + wild
        out[at.ON_SPREADS + at.ODDS_OUTLIER] += share - p_out
        out[at.ON_SPREADS + at.TIMES_OUTLIER] += wild


@nb.njit(**STRICT)
def add_scores(person: Any, numbers: Any, room: Any, last: int, course: Any, key: Any, first: int, out: Any) -> None:
    """Add one course's derivatives by the two linear predictors and the working parameters."""
    p, state = numbers[0], room.state
    trace(person, room, last, course)
    level = draw_noise(person, p, course, state, last, key, first)
    size, visits = state[of.SIZE, last], person.score.shape[0]
    _by_person(person, numbers, state, last, level, out)
    nodes = person.step.shape[0]
    on_sd, on_time, on_mean = _by_wander(
        course.pace[:nodes], p[at.SD_PACE], p[at.MEMORY], person.step
    )  # fmt: skip
    # The middle of the log rate lies below the personal one by half the variance, so the SD moves it too.
    out[at.ON_SPREADS + at.SD_PACE] += on_sd - on_mean * p[at.SD_PACE] ** 2
    out[at.ON_SPREADS + at.MEMORY] += on_time
    if visits > 0:
        sd = size * p[at.SD_STICKY]
        on_sd, on_time, on_mean = _by_wander(course.sticky[:visits], sd, p[at.STICKINESS], person.gap)
        out[at.ON_SPREADS + at.SD_STICKY] += on_sd
        out[at.ON_SPREADS + at.STICKINESS] += on_time
        _by_ratings(person, p, course, size, level, out)
