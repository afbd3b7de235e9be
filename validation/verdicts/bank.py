"""The oracle of the mechanism: a bank of its people, with and without recoveries, weighed by what was seen.

Known exactly: the parameter set, the prevalence, how recoveries come. Approximated: the density of a rating given the
course, as normal about E[score] with an SD that is the person's noise times a measured curve of the level, carried
over as the mechanism carries it, a share of outliers standing for dips; survival is not used. Calibration on the
mechanism's own people says how much that costs.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Final

import numba as nb
import numpy as np

from alsight.base.streams_numba import mix, uniform
from alsight.mechanism.parameters import INDEX
from alsight.mechanism.parameters import vector as numbers_of_mechanism
from fixtures.verdicts.core import AROUND, FAST, recovery_drawn, share_of_gain
from fixtures.verdicts.made import plan
from fixtures.verdicts.mechanism import held_up, lived, parameters
from fixtures.verdicts.numbers import SIZES
from fixtures.verdicts.places import CURVE, SIZE
from validation.verdicts.particles import ESS, reported

PEOPLE: Final = 12_000
"""People in the bank."""
KEPT: Final = 1500
"""Courses drawn from the weights, of which the answer is made."""
ELSEWHERE: Final = 1_000_003
"""Added to a cohort's seed for the bank's."""
OUTLIERS, WIDER = 0.04, 3.0
"""Share of ratings taken to be off (dips), and by how many times the SD; near what the mechanism's dips do."""
HOPELESS: Final = 40.0
"""Log density below the best so far at which a course is given up."""
EDGES: Final = np.arange(0.0, 49.0, 4.0)


@cache
def bank(member: int, noise: float | None, autocorrelation: float | None, horizon: int) -> tuple[np.ndarray, ...]:
    """Truth of many people month by month, size of their noise, SD per size at levels 0, 4, ..., and the stickiness."""
    seed = member + ELSEWHERE
    times = plan("quarterly", PEOPLE, horizon, np.random.default_rng(seed))
    truth, scores, _, _, _, size = lived(
        times, np.zeros(PEOPLE, bool), seed, noise, autocorrelation, None, SIZES, horizon, member
    )
    person, visit = np.nonzero(np.isfinite(scores))
    at, month = times[person, visit], np.minimum(times[person, visit].astype(int), horizon - 1)
    then = truth[person, month] + (at - month) * (truth[person, month + 1] - truth[person, month])
    unit = np.abs(scores[person, visit] - then) / size[person]
    cell = np.minimum(np.rint(then / 4.0).astype(int), EDGES.size - 1)
    # The middle of absolute residuals is hardly moved by dips; 0.6745 makes it an SD. Rounding widens small ones.
    spread = np.array(
        [np.median(unit[cell == c]) / 0.6745 if (cell == c).sum() > 50 else np.nan for c in range(EDGES.size)]
    )
    known = np.isfinite(spread)
    spread = np.interp(EDGES, EDGES[known], spread[known])
    stickiness = numbers_of_mechanism(parameters(member, noise, autocorrelation))[INDEX["stickiness"]]
    return truth, size, spread, np.array([max(stickiness, 1e-6)])


@nb.njit(**FAST)
def at_time(truth: Any, s: Any, q: Any, month: float) -> float:
    """E[score] of a bank's person with a recovery at a time from entry [points]."""
    now = month - held_up(s, month)
    floor = min(int(now), truth.shape[0] - 2)
    base = truth[floor] + (now - floor) * (truth[floor + 1] - truth[floor])
    return min(base + s[SIZE] * share_of_gain(s, q, month), 48.0)


@nb.njit(**FAST)
def chance(
    truth: Any, size: float, spread: Any, stickiness: float, s: Any, q: Any, times: Any, scores: Any, least: float
) -> float:
    """Log density of somebody's ratings given a course; -inf once it is below `least`."""
    total, before, last = 0.0, 0.0, -math.inf
    for visit in range(times.shape[0]):
        mean = at_time(truth, s, q, times[visit])
        cell = min(int(mean / 4.0), spread.shape[0] - 2)
        part = mean / 4.0 - cell
        sd = size * (spread[cell] + part * (spread[cell + 1] - spread[cell]))
        accepted = stickiness ** (times[visit] - last)
        away = scores[visit] - mean
        fresh = math.sqrt(sd * sd * (1.0 - accepted * accepted) + 1.0 / 12.0)
        z = (away - accepted * before) / fresh
        usual = (1.0 - OUTLIERS) * math.exp(-0.5 * z * z)
        total += math.log((usual + OUTLIERS / WIDER * math.exp(-0.5 * (z / WIDER) ** 2)) / fresh + 1e-12)
        if total < least:
            return -math.inf
        before, last = min(max(away, -3.0 * sd), 3.0 * sd), times[visit]
    return total


@nb.njit(**FAST)
def weighed(
    banked: Any,
    q: Any,
    sizes: Any,
    recovers: bool,
    key: Any,
    times: Any,
    scores: Any,
    draws: int,
    weight: Any,
    history: Any,
    s: Any,
    none: Any,
) -> tuple[float, float]:
    """Weigh courses, draw some by their weights into `history`; log evidence and effective number."""
    truth, size, spread, stickiness = banked
    people, top = truth.shape[0], -math.inf
    for i in range(draws):
        s[:] = 0.0
        s[8], s[10], s[12] = math.inf, math.inf, 1.0
        if recovers:
            recovery_drawn(s, q, sizes, none, mix(key + np.uint64(i)), 0)
        b = i % people
        weight[i] = chance(truth[b], size[b], spread, stickiness[0], s, q, times, scores, top - HOPELESS)
        top = max(top, weight[i])
    if top == -math.inf:
        return top, 0.0
    total, squares = 0.0, 0.0
    for i in range(draws):
        value = math.exp(weight[i] - top)
        total, squares = total + value, squares + value * value
    index, reached, accepted = 0, math.exp(weight[0] - top) / total, history.shape[0]
    for j in range(accepted):
        while reached < (j + uniform(key, 1)) / accepted and index < draws - 1:
            index += 1
            reached += math.exp(weight[index] - top) / total
        s[:] = 0.0
        s[8], s[10], s[12] = math.inf, math.inf, 1.0
        if recovers:
            recovery_drawn(s, q, sizes, none, mix(key + np.uint64(index)), 0)
        for month in range(history.shape[1]):
            history[j, month] = at_time(truth[index % people], s, q, float(month))
    return top + math.log(total / draws), total * total / squares


@nb.njit(nogil=True, error_model="numpy")
def run(
    banked: Any,
    q: Any,
    sizes: Any,
    prevalence: float,
    keys: Any,
    times: Any,
    scores: Any,
    counts: Any,
    months: int,
    draws: int,
    out: Any,
) -> None:
    """One row a person, columns as in `particles`; three recoveries of everybody for each course without."""
    weight, history = np.empty(draws), np.empty((2, KEPT, months + 1))
    equal, root = np.full((2, KEPT), -math.log(KEPT)), np.zeros((2, KEPT), np.int64)
    evidence, effective, s, none = np.empty(2), np.zeros(2), np.empty(CURVE), np.zeros(AROUND)
    for k in range(counts.shape[0]):
        n, row = counts[k], out[k]
        row[:] = 0.0
        for way in range(2):
            share = prevalence if way == 1 else 1.0 - prevalence
            evidence[way] = -math.inf
            if share > 0.0:
                count = draws if way == 1 else min(banked[0].shape[0], draws)
                found, effective[way] = weighed(
                    banked,
                    q,
                    sizes,
                    way == 1,
                    keys[k],
                    times[k, :n],
                    scores[k, :n],
                    count,
                    weight,
                    history[way],
                    s,
                    none,
                )
                evidence[way] = found + math.log(share)
        reported(evidence, history, equal, root, min(round(times[k, n - 1]), months), row)
        row[ESS], row[ESS + 1] = effective[0], effective[1]
