"""A particle filter that keeps whole courses: what a person's truth was, by one who knows the generator exactly.

Particles are people of the generator, with a recovery and without, born around what was seen and weighed back to the
prior; month by month they live on by the generator's own step, are weighed by the chance of the rating, of having
stayed, and of how the follow-up ended, and are drawn again where the weights have become uneven. Each keeps its
E[score] of every month and the particle that it began as; the effective number of beginnings is told.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Final

import numba as nb
import numpy as np
from benchmarks.verdicts.core import DRAWS, FAST, born, expected, further
from benchmarks.verdicts.made import held_gain
from benchmarks.verdicts.numbers import ITEMS, P
from benchmarks.verdicts.seeing import DIED, FINISHED, density, hazards

from alsight.base.streams_numba import mix, uniform

_MODEL = P["model"]
SPREAD: Final = 2.5
"""SD of the proposal of the level around the first rating [points]."""
LOG_SD: Final = 0.7
"""Log SD of the proposal of the rate around the fitted line's."""
VISIT_PLACE: Final = 64
"""First counter of a visit's draws within a month, behind those of the course."""
SPLIT: Final = 100
"""Multiplier that spreads particle numbers over keys."""
P_RECOVERED, LFDR, GAIN_4, GAIN_12, FALSE_12, MEDIAN_6, MEDIAN_12, KEPT, FLAT, LOSING, ESS = (
    0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16,
)  # fmt: skip
WIDTH_OUT: Final = 18
LENGTHS: Final = (12, 18, 24, 36)


@nb.njit(**FAST)
def evened(s: Any, history: Any, weight: Any, root: Any, spare: Any, draw: float, months: int, always: bool) -> float:
    """Normalize the weights and draw particles anew where they are uneven; log of the weights' sum.

    Args:
        s: particles.
        history: their truth so far.
        weight: log weights.
        root: the particle that each began as.
        spare: room like `s`, `history` and `root`.
        draw: one uniform draw.
        months: months of the history so far.
        always: whether only to normalize.
    """
    count, top = weight.shape[0], -math.inf
    for i in range(count):
        top = max(top, weight[i])
    if top == -math.inf:
        return top
    total, squares = 0.0, 0.0
    for i in range(count):
        value = math.exp(weight[i] - top)
        total += value
        squares += value * value
    log_sum = top + math.log(total)
    if always or total * total / squares > 0.5 * count:
        for i in range(count):
            weight[i] -= log_sum
        return log_sum
    place, reached = 0, math.exp(weight[0] - log_sum)
    for i in range(count):
        aim = (i + draw) / count
        while reached < aim and place < count - 1:
            place += 1
            reached += math.exp(weight[place] - log_sum)
        spare[0][i] = s[place]
        spare[1][i, : months + 1] = history[place, : months + 1]
        spare[2][i] = root[place]
    s[:], root[:] = spare[0], spare[2]
    history[:, : months + 1] = spare[1][:, : months + 1]
    weight[:] = -math.log(count)
    return log_sum


@nb.njit(**FAST)
def weigh(s: Any, p: Any, weight: Any, key: Any, month: int, fraction: float, gap: float, score: float) -> None:
    """Weigh every particle by the chance of one rating."""
    for i in range(s.shape[0]):
        own = mix(key + np.uint64(i * SPLIT))
        first = (month + 1) * DRAWS + VISIT_PLACE
        weight[i] += math.log(density(s[i], p, own, first, fraction, gap, score))


@nb.njit(**FAST)
def stayed(s: Any, p: Any, left: bool, reason: float) -> float:
    """Log chance to have stayed a month, or to have left in it as was seen."""
    death, drop = hazards(s, p)
    if not left:
        return -(death + drop)
    return math.log(1.0 - math.exp(-(death + drop))) + math.log((death if reason == DIED else drop) / (death + drop))


@nb.njit(**FAST)
def smooth(
    s: Any, p: Any, sizes: Any, recovers: bool, key: Any, times: Any, scores: Any, end: float, reason: float,
    history: Any, weight: Any, root: Any, spare: Any, rate: float,
) -> float:  # fmt: skip
    """Particles given all that was seen of one person, and the log evidence.

    Args:
        s: room for particles.
        p: the generator's numbers.
        sizes: kinds of gains.
        recovers: whether the particles recover.
        key: root of the draws.
        times: ratings' months, ascending from 0.
        scores: ratings.
        end: month in which the follow-up ended.
        reason: how it did.
        history: room for E[score] month by month.
        weight: room for log weights, normalized in the end.
        root: room for the particles' beginnings.
        spare: room like `s`, `history` and `root`.
        rate: a guess of the rate [points per month].
    """
    count, months = s.shape[0], history.shape[1] - 1
    for i in range(count):
        own = mix(key + np.uint64(i * SPLIT))
        weight[i] = born(s[i], p, sizes, recovers, own, scores[0], SPREAD, rate, LOG_SD) - math.log(count)
        history[i, 0], root[i] = expected(s[i], p), i
    weigh(s, p, weight, key, -1, 1.0, math.inf, scores[0])
    evidence = evened(s, history, weight, root, spare, uniform(key, 1), 0, False)
    visit, last, stay = 1, times[0], 0.5 if p[_MODEL] == ITEMS else 1.0
    until = months if reason == FINISHED else min(int(end) + 1, months)
    for month in range(until):
        left = reason != FINISHED and month == int(end)
        for i in range(count):
            weight[i] += stayed(s[i], p, left, reason)
        if p[_MODEL] == ITEMS and visit < times.shape[0] and times[visit] <= month + stay:
            weigh(s, p, weight, key, month, 1.0, times[visit] - last, scores[visit])
            last, visit = times[visit], visit + 1
        for i in range(count):
            further(s[i], p, mix(key + np.uint64(i * SPLIT)), month)
            history[i, month + 1] = expected(s[i], p)
        while p[_MODEL] != ITEMS and visit < times.shape[0] and times[visit] <= month + stay:
            weigh(s, p, weight, key, month, times[visit] - month, times[visit] - last, scores[visit])
            last, visit = times[visit], visit + 1
        evidence += evened(s, history, weight, root, spare, uniform(key, 2 + month), month + 1, False)
        if evidence == -math.inf:
            return evidence
    while visit < times.shape[0]:
        weigh(s, p, weight, key, until, 1.0, times[visit] - last, scores[visit])
        last, visit = times[visit], visit + 1
    return evidence + evened(s, history, weight, root, spare, 0.5, until, True)


@nb.njit(**FAST)
def beginnings(weight: Any, root: Any) -> float:
    """Effective number of particles, those of one beginning counted as one."""
    sums = np.zeros(weight.shape[0])
    for i in range(weight.shape[0]):
        sums[root[i]] += math.exp(weight[i])
    return 1.0 / max(np.sum(sums * sums), 1e-300)


@nb.njit(**FAST)
def losses(history: Any, weight: Any, last: int, share: float, out: Any) -> None:
    """Add chances of a loss under 1 and of 3 or more over the last months; nan where followed for less."""
    for place in range(4):
        months = LENGTHS[place]
        if last < months:
            out[FLAT + place] = out[LOSING + place] = math.nan
            continue
        for i in range(weight.shape[0]):
            lost = history[i, last - months] - history[i, last]
            part = share * math.exp(weight[i])
            out[FLAT + place] += part if lost < 1.0 else 0.0
            out[LOSING + place] += part if lost >= 3.0 else 0.0


@nb.njit(**FAST)
def middle(values: Any, part: Any, rest: float) -> float:
    """Median of values with these weights and `rest` of the weight at 0."""
    reached = rest
    if reached >= 0.5:
        return 0.0
    for i in np.argsort(values):
        reached += part[i]
        if reached >= 0.5:
            return values[i]
    return 0.0


@nb.njit(**FAST)
def held(history: Any, weight: Any, last: int, share: float, out: Any) -> None:
    """Chances and medians of what was gained and held; without a recovery nothing is."""
    count = weight.shape[0]
    six, twelve, part = np.empty(count), np.empty(count), np.empty(count)
    out[LFDR], out[FALSE_12] = 1.0 - share, 1.0 - share
    for i in range(count):
        six[i], twelve[i] = held_gain(history[i], last, 6), held_gain(history[i], last, 12)
        part[i] = share * math.exp(weight[i])
        out[LFDR] += part[i] if six[i] < 1.0 else 0.0
        out[FALSE_12] += part[i] if twelve[i] < 1.0 else 0.0
        out[GAIN_4] += part[i] if six[i] >= 4.0 else 0.0
        out[GAIN_12] += part[i] if twelve[i] >= 4.0 else 0.0
        now = history[i, last] - np.min(history[i, : last + 1])
        out[KEPT] += part[i] if six[i] >= 1.0 and now >= 0.5 * six[i] else 0.0
    out[MEDIAN_6], out[MEDIAN_12] = middle(six, part, 1.0 - share), middle(twelve, part, 1.0 - share)


@cache
def kernel(source: int) -> Any:
    """The compiled loop over people."""

    @nb.njit(nogil=True, cache=True, error_model="numpy")
    def run(
        p: Any, sizes: Any, prevalence: float, keys: Any, times: Any, scores: Any, counts: Any, ends: Any, rates: Any,
        months: int, particles: int, width: int, out: Any,
    ) -> int:  # fmt: skip
        s, weight = np.empty((2, particles, width)), np.empty((2, particles))
        history, root = np.empty((2, particles, months + 1)), np.empty((2, particles), np.int64)
        spare = (np.empty((particles, width)), np.empty((particles, months + 1)), np.empty(particles, np.int64))
        evidence = np.empty(2)
        for k in range(counts.shape[0]):
            n, row = counts[k], out[k]
            row[:] = 0.0
            for way in range(2):
                share = prevalence if way == 1 else 1.0 - prevalence
                evidence[way] = -math.inf
                if share > 0.0:
                    evidence[way] = math.log(share) + smooth(
                        s[way], p, sizes, way == 1, mix(keys[k] + np.uint64(way)), times[k, :n], scores[k, :n],
                        ends[k, 0], ends[k, 1], history[way], weight[way], root[way], spare, rates[k],
                    )  # fmt: skip
            last = min(round(times[k, n - 1]), months)
            top = max(evidence[0], evidence[1])
            if top == -math.inf:
                row[:] = math.nan
                continue
            odds = math.exp(evidence[1] - top)
            chance = odds / (odds + math.exp(evidence[0] - top))
            row[P_RECOVERED] = chance
            if evidence[1] > -math.inf:
                held(history[1], weight[1], last, chance, row)
                losses(history[1], weight[1], last, chance, row)
                row[ESS + 1] = beginnings(weight[1], root[1])
            else:
                row[LFDR], row[FALSE_12] = 1.0, 1.0
            if evidence[0] > -math.inf:
                losses(history[0], weight[0], last, 1.0 - chance, row)
                row[ESS] = beginnings(weight[0], root[0])
        return source

    return run
