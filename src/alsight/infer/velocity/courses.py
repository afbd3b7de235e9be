"""Independent courses of one person, weighted by the ratings: for likelihoods and scores with little noise.

Courses are drawn from the normal law that `sketch` fits to the ratings, some from the prior, which bounds their
weights, and each is weighted by its exact density and the ratings' own: importance sampling. Nothing is chosen anew on
the way, so no two courses share a past. A person whose weights are too uneven for that gets the particle filter.

Source: durbin1997
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any, Final

import numba as nb
import numpy as np

from alsight.base.compiled import STRICT, sources_digest
from alsight.base.compiled.numerics import exponential
from alsight.base.streams_numba import fold, normal, uniform
from alsight.infer.filter import numbers as at
from alsight.infer.filter import state as of
from alsight.infer.filter.moving import age, jump_share, rate
from alsight.infer.filter.numbers import source_digest
from alsight.infer.filter.particles import filter_person
from alsight.infer.filter.placing import GUESSES, learn
from alsight.infer.filter.scores import add_scores, make_course
from alsight.infer.filter.state import make_room, person_of
from alsight.infer.filter.weights import total_weight
from alsight.infer.velocity.sketch import APART, HIGHEST, SIZES, make_sketch, sketch_person

FRESH = 8
"""One course of so many is drawn from the prior."""
WIDER = 1.1
"""How many times wider than the normal law courses are drawn."""
LEAST: Final = 0.04
"""Least share of effective draws; below it the particle filter is used."""
_LIGHT = 1e-4
_LOG_ROOT_TAU = 0.9189385332046727


@nb.njit(**STRICT)
def _share_slow(numbers: Any, sketch: Any) -> float:
    """Share of the courses that are drawn from the slow class's law."""
    if numbers.shape[0] == 1:
        return 0.0
    more = sketch.evidence[SIZES + 1] - sketch.evidence[1] + numbers[1][at.LOG_SHARE] - numbers[0][at.LOG_SHARE]
    return min(max(1.0 / (1.0 + math.exp(-min(max(more, -50.0), 50.0))), 0.15), 0.85)


@nb.njit(**STRICT)
def _draw(person: Any, p: Any, q: Any, law: int, fresh: bool, room: Any, i: int, key: Any, sketch: Any) -> Any:
    """Draw a course; log prior density and log density of the normal law, both but for the powers of tau."""
    nodes, count, step, state = person.step.shape[0], room.log_weight.shape[0], sketch.step, room.state
    x, root = sketch.mode[law], sketch.root[law]
    if fresh:
        step[nodes] = person.rate + q[at.SHIFT] + q[at.SD_RATE] * normal(key, nodes * count + i)
        for k in range(nodes):
            keep = exponential(max(-person.step[k] / p[at.MEMORY], -600.0)) if k > 0 else 0.0
            before = step[k - 1] if k > 0 else 0.0
            shock = math.sqrt(max(1.0 - keep * keep, 1e-12)) * normal(key, k * count + i)
            step[k] = keep * before + p[at.SD_PACE] * shock
        square = 0.0
        for c in range(nodes + 1):
            total = 0.0
            for r in range(c, nodes + 1):
                total += root[r, c] * (step[r] - x[r])
            square += (total / WIDER) ** 2
    else:
        square = 0.0
        for back in range(nodes + 1):
            r = nodes - back
            shock = normal(key, r * count + i)
            square += shock * shock
            total = WIDER * shock
            for k in range(r + 1, nodes + 1):
                total -= root[k, r] * step[k]
            step[r] = total / root[r, r]
        for r in range(nodes + 1):
            step[r] += x[r]
    for k in range(nodes):
        room.pace[k, i] = step[k]
    state[of.LOG_RATE, i] = step[nodes]
    away = (step[nodes] - person.rate - q[at.SHIFT]) / q[at.SD_RATE]
    return -0.5 * away * away - math.log(q[at.SD_RATE]), sketch.log_root[law] - (nodes + 1) * math.log(
        WIDER
    ) - 0.5 * square


@nb.njit(**STRICT)
def _by_paces(person: Any, p: Any, room: Any, count: int) -> None:
    """Add each course's log prior density of its departures to its weight."""
    sd = p[at.SD_PACE]
    for i in range(count):
        room.log_weight[i] -= 0.5 * (room.pace[0, i] / sd) ** 2 + math.log(sd)
    for k in range(1, person.step.shape[0]):
        keep = exponential(max(-person.step[k] / p[at.MEMORY], -600.0))
        own = sd * math.sqrt(max(1.0 - keep * keep, 1e-12))
        by, log_own = 1.0 / own, math.log(own)
        for i in range(count):
            away = (room.pace[k, i] - keep * room.pace[k - 1, i]) * by
            room.log_weight[i] -= 0.5 * away * away + log_own


@nb.njit(**STRICT)
def _by_jumps(person: Any, p: Any, room: Any, count: int) -> None:
    """Log ratio of the prior of every course with jumps to that without, in the last row of `work`."""
    more = room.work[3]
    more[:count] = 0.0
    if p[at.JUMPS] == 0.0:
        return
    for k in range(1, person.step.shape[0]):
        keep = exponential(max(-person.step[k] / p[at.MEMORY], -600.0))
        own = p[at.SD_PACE] * math.sqrt(max(1.0 - keep * keep, 1e-12))
        jumps = jump_share(p, person.step[k])
        for i in range(count):
            away = (room.pace[k, i] - keep * room.pace[k - 1, i]) / own
            anew = (room.pace[k, i] - p[at.JUMP_MEAN]) / p[at.JUMP_SD]
            apart = min(max(0.5 * (away * away - anew * anew), -600.0), 600.0)
            more[i] += math.log(1.0 - jumps + jumps * own / p[at.JUMP_SD] * math.exp(apart))


@nb.njit(**STRICT)
def _begin(person: Any, numbers: Any, memo: Any, sketch: Any, room: Any, key: Any, count: int) -> None:
    """Draw every course, its class and noise size, with its weight before any rating."""
    state, p = room.state, numbers[0]
    slow = round(_share_slow(numbers, sketch) * count)
    _draw_all(person, numbers, memo, slow, room, key, count, sketch)
    _by_paces(person, p, room, count)
    _by_jumps(person, p, room, count)
    for i in range(count):
        kind = int(state[of.KIND, i])
        q = numbers[kind]
        ratio = (FRESH - 1.0) * math.exp(min(room.other[0, i] - room.log_weight[i], 600.0)) + 1.0
        room.log_weight[i] = q[at.LOG_SHARE] - math.log(ratio / FRESH) - math.log(slow if kind == 1 else count - slow)
        room.log_weight[i] += room.work[3, i]
        away = (state[of.LOG_RATE, i] - person.rate - q[at.SHIFT]) / q[at.SD_RATE]
        state[of.MIDDLE, i] = state[of.LOG_RATE, i] - 0.5 * p[at.SD_PACE] ** 2
        state[of.PACE, i] = room.pace[0, i]
        state[of.SPEED, i] = exponential(min(state[of.MIDDLE, i] + state[of.PACE, i], HIGHEST))
        state[of.LEVEL, i] = person.level + p[at.CORRELATION] * p[at.SD_LEVEL] * away
        state[of.VAR_LEVEL, i] = p[at.SD_LEVEL] ** 2 * (1.0 - p[at.CORRELATION] ** 2)
        state[of.LOSS, i] = state[of.STICKY, i] = state[of.BOTH, i] = state[of.GAIN, i] = 0.0
        state[of.VAR_STICKY, i] = (state[of.SIZE, i] * p[at.SD_STICKY]) ** 2
        state[of.START, i] = state[of.HELD, i] = math.inf
        for k in range(person.step.shape[0]):
            room.origin[k, i] = i


@nb.njit(**STRICT)
def _draw_all(person: Any, numbers: Any, memo: Any, slow: int, room: Any, key: Any, count: int, sketch: Any) -> None:
    """Draw class, noise size and course of each; logs of prior and of the law drawn from, but for powers of tau."""
    shocks, sizes, p, known = fold(key, np.uint64(2)), fold(key, np.uint64(1)), numbers[0], not math.isnan(memo[0])
    middle, spread = memo[2] if known else 0.0, memo[3] if known else p[at.SD_SIZE]
    for i in range(count):
        kind, fresh, shock = 1 if i < slow else 0, i % FRESH == 0, normal(sizes, i)
        log_size = p[at.SD_SIZE] * shock if fresh else middle + spread * shock
        away = (log_size - middle) / spread
        law = kind * SIZES + (0 if away < -0.5 * APART else (2 if away > 0.5 * APART else 1))
        prior, guessed = _draw(person, p, numbers[kind], law, fresh, room, i, shocks, sketch)
        room.log_weight[i] = prior - 0.5 * (log_size / p[at.SD_SIZE]) ** 2 - math.log(p[at.SD_SIZE])
        room.other[0, i] = guessed - 0.5 * away * away - math.log(spread)
        room.state[of.SIZE, i], room.state[of.KIND, i], room.other[1, i] = math.exp(log_size), kind, law


@nb.njit(**STRICT)
def _rate(room: Any, count: int, p: Any, visit: int, score: float, shares: Any, key: Any) -> None:
    """Weigh every course by a rating inside the scale; outliers are drawn by what all ratings tell."""
    state = room.state
    p_out = p[at.ODDS_OUTLIER] / (1.0 + p[at.ODDS_OUTLIER])
    wider, rounding = p[at.TIMES_OUTLIER] ** 2, p[at.ROUNDING]
    base = -_LOG_ROOT_TAU + (0.0 if rounding == 0.0 else 0.5 * math.log(12.0 * rounding))
    for i in range(count):
        share = shares[int(room.other[1, i]), visit]
        by_level = state[of.VAR_LEVEL, i] + state[of.BOTH, i]
        by_sticky = state[of.BOTH, i] + state[of.VAR_STICKY, i]
        noise = (state[of.SIZE, i] * p[at.SD_NOISE]) ** 2
        outlier = uniform(key, visit * count + i) < share
        whole = by_level + by_sticky + (noise * wider if outlier else noise) + rounding
        away = score + state[of.LOSS, i] - state[of.LEVEL, i] - state[of.STICKY, i]
        chance = p_out / share if outlier else (1.0 - p_out) / (1.0 - share)
        room.log_weight[i] += base - 0.5 * away * away / whole + math.log(chance / math.sqrt(whole))
        room.outlier[visit, i], room.rating[visit, i] = outlier, score
        by_level /= whole
        by_sticky /= whole
        state[of.LEVEL, i] += by_level * away
        state[of.STICKY, i] += by_sticky * away
        state[of.VAR_LEVEL, i] -= by_level * by_level * whole
        state[of.BOTH, i] -= by_level * by_sticky * whole
        state[of.VAR_STICKY, i] -= by_sticky * by_sticky * whole


@nb.njit(**STRICT)
def weigh_courses(person: Any, numbers: Any, memo: Any, sketch: Any, room: Any, key: Any, count: int) -> Any:
    """Draw courses and weigh them by a person's ratings: the log likelihood, and the share of effective draws."""
    p, state = numbers[0], room.state
    _begin(person, numbers, memo, sketch, room, key, count)
    chances, now, j = fold(key, np.uint64(3)), 0.0, 0
    for k in range(person.step.shape[0]):
        if k > 0:
            now += person.step[k]
            half = 0.5 * person.step[k]
            for i in range(count):
                speed = exponential(min(state[of.MIDDLE, i] + room.pace[k, i], HIGHEST))
                state[of.LOSS, i] += half * (state[of.SPEED, i] + speed)
                state[of.SPEED, i] = speed
        while j < person.score.shape[0] and person.node[j] == k:
            if j > 0:
                age(state, count, p, person.gap[j])
            if person.bound[j] == 0:
                _rate(room, count, p, j, person.score[j], sketch.share, chances)
            else:
                rate(room, count, p, j, person.score[j], person.bound[j], chances, now)
            j += 1
        for i in range(count):
            room.lost[k, i] = state[of.LOSS, i]
    total, effective, _ = total_weight(room.log_weight, count, room.work[0])
    return total, effective / count


@nb.njit(**STRICT)
def _add_all(person: Any, numbers: Any, room: Any, total: float, course: Any, part: Any, out: Any, count: int) -> None:
    """Derivatives, averaged over all courses by their weights."""
    out[:] = 0.0
    for i in range(count):
        weight = math.exp(room.log_weight[i] - total)
        if weight * count > _LIGHT:
            part[:] = 0.0
            add_scores(person, numbers, room, i, course, part)
            out += weight * part


@cache
def _kernel(digest: int) -> Any:
    @nb.njit(nogil=True, cache=True, **STRICT)
    def run(
        batch: Any,
        level: Any,
        rate_: Any,
        numbers: Any,
        root: Any,
        sizes: Any,
        memos: Any,
        first: int,
        last: int,
        value: Any,
        scores: Any,
    ) -> int:
        count, held = sizes[2], np.empty(0)
        room, course, part = make_room(sizes[0], sizes[1], count), make_course(sizes[0], sizes[1]), np.empty(at.SCORES)
        sketch = make_sketch(sizes[0], sizes[1], numbers.shape[0])
        for i in range(first, last):
            person, memo = person_of(batch, i, level[i], rate_[i], 0.0, held), memos[i]
            key = fold(root, batch.number[i])
            fresh = math.isnan(memo[0])
            sketch_person(person, numbers, memo, sketch)
            if fresh:
                few = max(count // 2, 16)
                memo[GUESSES] = weigh_courses(person, numbers, memo, sketch, room, fold(key, np.uint64(9)), few)[1]
                learn(person, numbers, room, few, memo)
                sketch_person(person, numbers, memo, sketch)
            good = memo[GUESSES] >= LEAST
            for half in range(value.shape[1]):
                own = fold(key, np.uint64(half))
                if good:
                    value[i, half], share = weigh_courses(person, numbers, memo, sketch, room, own, count)
                    memo[GUESSES] = min(memo[GUESSES], 2.0 * share)
                else:
                    value[i, half] = filter_person(person, numbers, memo, room, own, count)
                _add_all(person, numbers, room, value[i, half], course, part, scores[i, half], count)
            learn(person, numbers, room, count, memo)
        return digest

    return run


@cache
def _digest() -> int:
    here = Path(__file__).parent
    return sources_digest(here / "sketch.py", here / "courses.py") ^ source_digest()


def measure_courses(*supplied: Any) -> None:
    """Fill log likelihoods and scores of a range of people, and what was learned of each for the next time."""
    _kernel(_digest())(*supplied)
