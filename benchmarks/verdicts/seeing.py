"""How a person is seen: the rating and its density, death and dropout, and the loop that lives and sees one person."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import numba as nb
import numpy as np
from benchmarks.verdicts import items
from benchmarks.verdicts.core import (
    AROUND,
    DRAWS,
    FAST,
    STICKY_AT,
    born,
    expected,
    further,
    kind_of,
    spreads,
    sticky_drawn,
)
from benchmarks.verdicts.numbers import ITEMS, P
from benchmarks.verdicts.places import BEFORE, BELIEF, DIP, DIP_BEFORE, LEVEL, LEVELS, MU, SIZE, STICKY
from scipy.special import ndtr

from alsight.base.streams_numba import fold, normal, uniform
from alsight.calibrate import ensemble, populations
from alsight.mechanism.latent import source_digest
from alsight.population import spec

_MODEL, _MEMORY, _OUT, _FACTOR = P["model"], P["memory"], P["outliers"], P["outlier_factor"]
_DEATH, _DEATH_LEVEL, _DEATH_RATE = P["death_log_hazard"], P["death_per_level"], P["death_per_rate"]
_DROP, _DROP_LEVEL, _DROP_RATE = P["drop_log_hazard"], P["drop_per_level"], P["drop_per_rate"]
REACH, STEPS = 8.0, 100.0
BELOW: Final = ndtr(np.arange(2 * int(REACH * STEPS) + 2) / STEPS - REACH)
LEVEL_OF_HAZARD: Final = 38.0
RATE_OF_HAZARD: Final = 0.9
FINISHED, DIED, LEFT = 0, 1, 2
"""How a person's follow-up ended."""


@nb.njit(**FAST)
def hazards(s: Any, p: Any) -> tuple[float, float]:
    """Hazard of death and of dropout over the month to come; the rate counts up to 4 points per month."""
    level, rate = s[LEVEL] - LEVEL_OF_HAZARD, min(s[MU], 4.0) - RATE_OF_HAZARD
    death = math.exp(min(p[_DEATH] + p[_DEATH_LEVEL] * level + p[_DEATH_RATE] * rate, 2.0))
    drop = math.exp(min(p[_DROP] + p[_DROP_LEVEL] * level + p[_DROP_RATE] * rate, 2.0))
    return death, drop


@nb.njit(**FAST)
def rated(s: Any, p: Any, key: Any, first: int, fraction: float, gap: float) -> float:
    """A rating at a fraction of the month that was just lived."""
    if p[_MODEL] == ITEMS:
        return items.rated(s, p, key, first, gap)
    if uniform(key, first) >= math.exp(-gap / p[_MEMORY]):
        s[STICKY] = sticky_drawn(key, first + 1)
    sticky, fresh = spreads(s, p)
    wide = p[_FACTOR] if uniform(key, first + 2) < p[_OUT] else 1.0
    latent = s[BEFORE] + fraction * (s[LEVEL] - s[BEFORE]) - (s[DIP_BEFORE] + fraction * (s[DIP] - s[DIP_BEFORE]))
    score = latent + sticky * s[STICKY] + wide * fresh * normal(key, first + 3)
    return min(max(round(score), 0.0), 48.0)


@nb.njit(**FAST)
def below(z: float) -> float:
    """Normal distribution function, between its values at multiples of 0.01; wrong by less than 2e-5."""
    place = min(max((z + REACH) * STEPS, 0.0), 2.0 * REACH * STEPS - 1.0)
    cell = int(place)
    return BELOW[cell] + (place - cell) * (BELOW[cell + 1] - BELOW[cell])


@nb.njit(**FAST)
def density(s: Any, p: Any, fraction: float, gap: float, score: float) -> float:
    """Chance of a rating given the latent course and what is believed of the sticky part, which is learned from it."""
    if p[_MODEL] == ITEMS:
        return items.density(s, p, gap, score)
    sticky, fresh = spreads(s, p)
    latent = s[BEFORE] + fraction * (s[LEVEL] - s[BEFORE]) - (s[DIP_BEFORE] + fraction * (s[DIP] - s[DIP_BEFORE]))
    kept, whole, levels = math.exp(-gap / p[_MEMORY]), 0.0, LEVELS if sticky > 0.0 else 1
    for level in range(levels):
        away = score - latent - sticky * STICKY_AT[level]
        high = REACH if score >= 48.0 else (away + 0.5) / fresh
        low = -REACH if score <= 0.0 else (away - 0.5) / fresh
        found = below(high) - below(low)
        if p[_OUT] > 0.0:
            high = REACH if score >= 48.0 else high / p[_FACTOR]
            low = -REACH if score <= 0.0 else low / p[_FACTOR]
            found = (1.0 - p[_OUT]) * found + p[_OUT] * (below(high) - below(low))
        belief = kept * s[BELIEF + level] + (1.0 - kept) / LEVELS if levels > 1 else 1.0
        s[BELIEF + level] = belief * max(found, 1e-12)
        whole += s[BELIEF + level]
    for level in range(levels):
        s[BELIEF + level] /= whole
    return whole


@nb.njit(**FAST)
def follow(
    s: Any,
    p: Any,
    sizes: Any,
    recovers: bool,
    keys: Any,
    times: Any,
    truth: Any,
    scores: Any,
    ends: Any,
    facts: Any,
    dips: Any,
) -> None:
    """Live and see one person.

    Args:
        s: room for the person.
        p: the generator's numbers.
        sizes: kinds of gains.
        recovers: whether a recovery is planted.
        keys: the person's keys for the course, the rating and the end.
        times: planned visits [months], ascending from 0, nan after the last.
        truth: room for E[score] at months 0, 1, ...
        scores: room for ratings, nan where there is none.
        ends: room for the month in which it ended and how.
        facts: room for kind, start, rise, end, size and loss of a recovery, the rate and the level at entry.
        dips: room for the depth of a dip that began in each month.
    """
    born(s, p, sizes, recovers, keys[0], np.zeros(AROUND))
    if recovers:
        facts[0] = kind_of(sizes, s[SIZE])
    facts[1:6] = s[8:13]
    facts[6], facts[7] = s[MU], s[LEVEL]
    months = truth.shape[0] - 1
    ends[0], ends[1] = months, FINISHED
    truth[0] = expected(s, p)
    scores[0] = rated(s, p, keys[1], 0, 1.0, math.inf)
    visit, last = 1, 0.0
    for month in range(months):
        death, drop = hazards(s, p)
        if ends[1] == FINISHED and uniform(keys[2], 3 * month) < 1.0 - math.exp(-(death + drop)):
            ends[0] = month + uniform(keys[2], 3 * month + 1)
            ends[1] = DIED if uniform(keys[2], 3 * month + 2) * (death + drop) < death else LEFT
        if p[_MODEL] == ITEMS:
            visit, last = look(s, p, keys[1], times, scores, ends[0], visit, last, month, month + 0.5)
        further(s, p, keys[0], month)
        truth[month + 1] = expected(s, p)
        dips[month] = max(s[DIP] - s[DIP_BEFORE], 0.0)
        if p[_MODEL] != ITEMS:
            visit, last = look(s, p, keys[1], times, scores, ends[0], visit, last, month, month + 1.0)
    look(s, p, keys[1], times, scores, ends[0], visit, last, months, float(months))


@nb.njit(**FAST)
def look(
    s: Any, p: Any, key: Any, times: Any, scores: Any, end: float, visit: int, last: float, month: int, until: float
) -> tuple[int, float]:
    """Rate the visits up to a time: curves as then, items as now; next visit and time of the last."""
    while visit < times.shape[0] and times[visit] <= until:
        if times[visit] <= end:
            scores[visit] = rated(s, p, key, visit * DRAWS, times[visit] - month, times[visit] - last)
            last = times[visit]
        visit += 1
    return visit, last


MADE_OF: Final = ("numbers", "places", "items", "core", "seeing", "made", "mechanism", "generators", "particles")
"""Modules of the bench that decide what is drawn."""


@cache
def digest() -> int:
    """A number that changes with what cohorts are made of; methods have versions of their own."""
    here = Path(__file__).resolve().parent
    files = [here / f"{name}.py" for name in MADE_OF]
    files += [*sorted(Path(str(spec.__file__)).parent.glob("*.py")), ensemble.FILE, Path(str(populations.__file__))]
    return source_digest() ^ crc32(b"".join(file.read_bytes() for file in files))


@cache
def kernel(source: int) -> Any:
    """The compiled loop over people; compiled code is kept on disk for one state of the sources."""

    @nb.njit(nogil=True, cache=True, error_model="numpy")
    def run(
        p: Any,
        sizes: Any,
        recovers: Any,
        streams: Any,
        times: Any,
        truth: Any,
        scores: Any,
        ends: Any,
        facts: Any,
        dips: Any,
        width: int,
    ) -> int:
        s, keys = np.empty(width), np.empty(streams.shape[0], np.uint64)
        for person in range(times.shape[0]):
            for place in range(streams.shape[0]):
                keys[place] = fold(streams[place], person)
            follow(
                s,
                p,
                sizes,
                recovers[person],
                keys,
                times[person],
                truth[person],
                scores[person],
                ends[person],
                facts[person],
                dips[person],
            )
        return source

    return run
