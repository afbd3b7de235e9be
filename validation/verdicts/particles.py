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

from alsight.base.streams_numba import mix, uniform
from fixtures.verdicts.core import AROUND, BENDS, FAST, GOOD, KINDS, born, expected, further, kind_of
from fixtures.verdicts.made import held_gain
from fixtures.verdicts.numbers import BENT, ITEMS, P
from fixtures.verdicts.places import END, KAPPA, MU, OWN, SIZE, START
from fixtures.verdicts.seeing import DIED, FINISHED, density, hazards

_MODEL = P["model"]
SPREAD: Final = 2.5
"""SD of the proposal of the level around the first rating [points]."""
LOG_SD: Final = 0.7
"""Log SD of the proposal of the rate around the fitted line's."""
LEAST: Final = (0.6, 0.2, 0.2, 1.0, 0.15)
"""Least spreads of a second proposal: level [points], log rate, log size of noise, start [months], bend."""
SPLIT: Final = 100
"""Multiplier that spreads particle numbers over keys."""
P_RECOVERED, LFDR, GAIN_4, GAIN_12, FALSE_12, MEDIAN_6, MEDIAN_12, KEPT, FLAT, LOSING, ESS = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    12,
    16,
)
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
    index, reached = 0, math.exp(weight[0] - log_sum)
    for i in range(count):
        aim = (i + draw) / count
        while reached < aim and index < count - 1:
            index += 1
            reached += math.exp(weight[index] - log_sum)
        spare[0][i] = s[index]
        spare[1][i, : months + 1] = history[index, : months + 1]
        spare[2][i] = root[index]
    s[:], root[:] = spare[0], spare[2]
    history[:, : months + 1] = spare[1][:, : months + 1]
    weight[:] = -math.log(count)
    return log_sum


@nb.njit(**FAST)
def weigh(s: Any, p: Any, weight: Any, fraction: float, gap: float, score: float) -> None:
    """Weigh every particle by the chance of one rating."""
    for i in range(s.shape[0]):
        weight[i] += math.log(density(s[i], p, fraction, gap, score))


@nb.njit(**FAST)
def stayed(s: Any, p: Any, left: bool, reason: float) -> float:
    """Log chance to have stayed a month, or to have left in it as was seen."""
    death, drop = hazards(s, p)
    if not left:
        return -(death + drop)
    return math.log(1.0 - math.exp(-(death + drop))) + math.log((death if reason == DIED else drop) / (death + drop))


@nb.njit(**FAST)
def smooth(
    s: Any,
    p: Any,
    sizes: Any,
    recovers: bool,
    key: Any,
    times: Any,
    scores: Any,
    end: float,
    reason: float,
    history: Any,
    weight: Any,
    root: Any,
    spare: Any,
    around: Any,
) -> float:
    """Particles given all that was seen of one person, and the log evidence.

    Args:
        s: room for particles.
        p: the generator's numbers.
        sizes: kinds of gains.
        recovers: whether the particles recover.
        key: root of the draws.
        times, scores: ratings and their months, ascending from 0.
        end: month in which the follow-up ended.
        reason: how it did.
        history: room for E[score] month by month.
        weight: room for log weights, normalized in the end.
        root: room for the particles' beginnings.
        spare: room like `s`, `history` and `root`.
        around: what to propose around, as in `born`.
    """
    count, months = s.shape[0], history.shape[1] - 1
    for i in range(count):
        own = mix(key + np.uint64(i * SPLIT))
        weight[i] = born(s[i], p, sizes, recovers, own, around) - math.log(count)
        history[i, 0], root[i] = expected(s[i], p), i
    weigh(s, p, weight, 1.0, math.inf, scores[0])
    evidence = evened(s, history, weight, root, spare, uniform(key, 1), 0, False)
    visit, last, stay = 1, times[0], 0.5 if p[_MODEL] == ITEMS else 1.0
    until = months if reason == FINISHED else min(int(end) + 1, months)
    for month in range(until):
        left = reason != FINISHED and month == int(end)
        for i in range(count):
            weight[i] += stayed(s[i], p, left, reason)
        if p[_MODEL] == ITEMS and visit < times.shape[0] and times[visit] <= month + stay:
            weigh(s, p, weight, 1.0, times[visit] - last, scores[visit])
            last, visit = times[visit], visit + 1
        for i in range(count):
            further(s[i], p, mix(key + np.uint64(i * SPLIT)), month)
            history[i, month + 1] = expected(s[i], p)
        while p[_MODEL] != ITEMS and visit < times.shape[0] and times[visit] <= month + stay:
            weigh(s, p, weight, times[visit] - month, times[visit] - last, scores[visit])
            last, visit = times[visit], visit + 1
        evidence += evened(s, history, weight, root, spare, uniform(key, 2 + month), month + 1, False)
        if evidence == -math.inf:
            return evidence
    while visit < times.shape[0]:
        weigh(s, p, weight, 1.0, times[visit] - last, scores[visit])
        last, visit = times[visit], visit + 1
    return evidence + evened(s, history, weight, root, spare, 0.5, until, True)


@nb.njit(**FAST)
def learned(s: Any, sizes: Any, history: Any, weight: Any, recovers: bool, bends: bool, around: Any) -> None:
    """What to propose around next: where the particles ended up, half as wide again and never narrow."""
    around[:] = 0.0
    for index in range(5):
        total, squares = 0.0, 0.0
        for i in range(weight.shape[0]):
            value = history[i, 0] if index == 0 else s[i, START] if index == 3 else s[i, OWN]
            if index in (1, 2):
                value = math.log(s[i, MU] if index == 1 else s[i, KAPPA])
            total += math.exp(weight[i]) * value
            squares += math.exp(weight[i]) * value * value
        first = BENDS if index == 4 else 2 * index
        if (index == 3 and not recovers) or (index == 4 and not bends):
            continue
        around[first] = total
        around[first + 1] = max(1.5 * math.sqrt(max(squares - total * total, 0.0)), LEAST[index])
    for i in range(weight.shape[0] if recovers else 0):
        around[KINDS + kind_of(sizes, s[i, SIZE])] += math.exp(weight[i])
        around[GOOD] += math.exp(weight[i]) if s[i, END] == math.inf else 0.0
    around[GOOD] = min(max(around[GOOD], 0.02), 0.98) if recovers else 0.0


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
    for index in range(4):
        months = LENGTHS[index]
        if last < months:
            out[FLAT + index] = out[LOSING + index] = math.nan
            continue
        for i in range(weight.shape[0]):
            lost = history[i, last - months] - history[i, last]
            part = share * math.exp(weight[i])
            out[FLAT + index] += part if lost < 1.0 else 0.0
            out[LOSING + index] += part if lost >= 3.0 else 0.0


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


@nb.njit(**FAST)
def twice(
    rooms: Any,
    p: Any,
    sizes: Any,
    recovers: bool,
    key: Any,
    times: Any,
    scores: Any,
    finish: Any,
    rate: float,
    pilot: int,
) -> float:
    """Two pilots of few particles, then all, each proposed around where the last ones ended up; log evidence."""
    s, history, weight, root, room = rooms
    spare = (room[0][: s.shape[0]], room[1][: s.shape[0]], room[2][: s.shape[0]])
    around = np.zeros(AROUND)
    around[0], around[1], around[2], around[3] = scores[0], SPREAD, math.log(rate), LOG_SD
    for index in range(2):
        found = smooth(
            s[:pilot],
            p,
            sizes,
            recovers,
            mix(key + np.uint64(index)),
            times,
            scores,
            finish[0],
            finish[1],
            history[:pilot],
            weight[:pilot],
            root[:pilot],
            (spare[0][:pilot], spare[1][:pilot], spare[2][:pilot]),
            around,
        )
        if found > -math.inf:
            learned(s[:pilot], sizes, history[:pilot], weight[:pilot], recovers, p[_MODEL] == BENT, around)
    return smooth(s, p, sizes, recovers, key, times, scores, finish[0], finish[1], history, weight, root, spare, around)


@cache
def kernel(source: int) -> Any:
    """The compiled loop over people."""

    @nb.njit(nogil=True, cache=True, error_model="numpy")
    def run(
        p: Any,
        sizes: Any,
        prevalence: float,
        keys: Any,
        times: Any,
        scores: Any,
        counts: Any,
        ends: Any,
        rates: Any,
        months: int,
        particles: int,
        width: int,
        out: Any,
    ) -> int:
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
                    # A course with a recovery has more to be found, so it gets three times the particles.
                    n_way = particles if way == 1 else particles // 3
                    rooms = (s[way, :n_way], history[way, :n_way], weight[way, :n_way], root[way, :n_way], spare)
                    key = mix(keys[k] + np.uint64(way + 1))
                    evidence[way] = math.log(share) + twice(
                        rooms, p, sizes, way == 1, key, times[k, :n], scores[k, :n], ends[k], rates[k], n_way // 4
                    )
            few = particles // 3
            two = ((history[0, :few], history[1]), (weight[0, :few], weight[1]), (root[0, :few], root[1]))
            reported(evidence, two[0], two[1], two[2], min(round(times[k, n - 1]), months), row)
        return source

    return run


@nb.njit(**FAST)
def reported(evidence: Any, history: Any, weight: Any, root: Any, last: int, row: Any) -> None:
    """One person's row out of both kinds of particles."""
    top = max(evidence[0], evidence[1])
    if top == -math.inf:
        row[:] = math.nan
        return
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
    for index in (LFDR, GAIN_4, GAIN_12, FALSE_12, FLAT, FLAT + 1, FLAT + 2, FLAT + 3):
        row[index] = min(row[index], 1.0)  # Sums of weights; nan stays.
