"""How often natural history shows a true stable period as long: the model's own answer, to 15 years.

People of the reference natural history are drawn month by month: backwards from the first visit to the onset, where
48 points are reached, and forwards to the end of a follow-up. Of each is known what a reader knows, the rate since
onset and the level at the first visit, and the longest true stable period up to each follow-up. The share is counted
among people of the same rate and level who are still above the floor at the end, cells of few people with their
neighbors, and its upper limit is reported.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Final

import numba as nb
import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.stats import beta

from alsight.base.compiled import STRICT
from alsight.base.streams import Stream, stream_key
from alsight.base.streams_numba import fold, normal, uniform
from alsight.calibrate.reference import LEVELS, RATES
from alsight.detect.prior import natural_history
from alsight.detect.thresholds import Thresholds
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST

PEOPLE: Final = 60_000
"""People who are drawn."""
FOLLOW_UPS: Final = (12, 18, 24, 36, 60, 84, 120, 180)
"""Follow-ups up to which stable periods are counted [months]."""
EARLIEST: Final = 240
"""Longest time since onset that is drawn [months]."""
FEWEST: Final = 400
"""People below whom a cell is counted with its neighbors: with fewer, no share can be shown to lie under 1 %."""
LIMIT: Final = 0.95
"""Probability that the share lies below the limit that is reported."""
SEED: Final = 4711


@nb.njit(**STRICT)
def _speed(pace: Any, middle: float) -> float:
    return math.exp(min(middle + pace, 5.0))


@nb.njit(**STRICT)
def _next(pace: float, keep: float, numbers: Any, key: Any, counter: int) -> float:
    if uniform(key, 2 * counter) < numbers[1]:
        return numbers[2] + numbers[3] * normal(key, 2 * counter + 1)
    return keep * pace + numbers[0] * math.sqrt(1.0 - keep * keep) * normal(key, 2 * counter + 1)


@nb.njit(cache=True, **STRICT)
def _draw(person: Any, numbers: Any, follow: Any, ends: Any, root: Any, out: Any) -> None:
    """Rate since onset, and the longest stable period and whether above the floor at each follow-up, of everyone.

    Args:
        person: level and log rate of each.
        numbers: SD of the pace, jumps a month, mean and SD after a jump, share of the pace kept over a month.
        follow: follow-ups [months].
        ends: floor, ceiling, best score, and loss that counts as stable.
        root: of the random numbers.
        out: one row a person.
    """
    months, course = follow[-1], np.empty(follow[-1] + 1)
    for i in range(person.shape[0]):
        key = fold(root, np.uint64(i))
        first = numbers[0] * normal(key, 0)
        level, middle, pace = person[i, 0], person[i, 1] - 0.5 * numbers[0] ** 2, first
        before, since = level, 0
        while before < ends[2] and since < EARLIEST:
            since += 1
            pace = _next(pace, numbers[4], numbers, fold(key, np.uint64(1)), since)
            before += _speed(pace, middle)
        out[i, 0] = (ends[2] - level) / max(since, 1)
        course[0], pace = level, first
        for month in range(1, months + 1):
            pace = _next(pace, numbers[4], numbers, fold(key, np.uint64(2)), month)
            course[month] = max(course[month - 1] - _speed(pace, middle), 0.0)
        start, longest, at = 0, 0.0, 0
        for month in range(months + 1):
            while course[start] - course[month] >= ends[3] or (course[start] <= ends[0] and start < month):
                start += 1
            if course[month] < ends[1] and course[start] > ends[0]:
                longest = max(longest, float(month - start))
            if month == follow[at]:
                out[i, 1 + 2 * at], out[i, 2 + 2 * at] = longest, 1.0 if course[month] > ends[0] else 0.0
                at += 1


@cache
def drawn(flat: float, floor: float, ceiling: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cell of rate and of level of each virtual person, and the longest stable periods up to each follow-up [months].

    A period is nan where the person has reached the floor by then.

    Args:
        flat: loss below which a period is stable [points].
        floor: level at or below which nothing is assessed [points].
        ceiling: level at or above which nothing is assessed [points].
    """
    fit = natural_history()
    known = {name: float(fit[name]) for name in fit.names}
    rng = np.random.default_rng(SEED)
    one, other = rng.normal(size=(2, PEOPLE))
    corr = known["corr_level_log_rate"]
    level = np.clip(known["level_mean"] + known["sd_level"] * one, floor, ALSFRS_R_BEST - 0.5)
    rate = known["log_rate_mean"] + known["sd_log_rate"] * (corr * one + math.sqrt(1 - corr**2) * other)
    model = fit.model
    jumps = -math.expm1(-model.jumps_per_year / 12.0)
    numbers = np.array([known["sd_pace"], jumps, model.jump_mean, model.jump_sd, math.exp(-1.0 / known["memory"])])
    out = np.empty((PEOPLE, 1 + 2 * len(FOLLOW_UPS)))
    ends = np.array([floor, ceiling, ALSFRS_R_BEST, flat])
    root = np.uint64(stream_key(SEED, Stream.PERSON))
    _draw(np.stack([level, rate], axis=1), numbers, np.array(FOLLOW_UPS), ends, root, out)
    longest = np.where(out[:, 2::2] > 0, out[:, 1::2], np.nan)
    return _cell(out[:, 0], RATES), _cell(level, LEVELS), longest


def _cell(values: Float[np.ndarray, " person"], edges: tuple[float, ...]) -> np.ndarray:
    return np.clip(np.searchsorted(np.array(edges), values, side="right") - 1, 0, len(edges) - 2)


def stable_rates(people: pl.DataFrame, thresholds: Thresholds) -> Float[np.ndarray, " person"]:
    """Upper limit of the share of comparable people with a stable period as long [0-1]; nan where none is named.

    Args:
        people: `first_score`, `months_since_onset`, `follow_up_months`, and `months` of the stable period.
        thresholds: what is stable, and the ends of the scale.
    """
    rate_cell, level_cell, longest = drawn(thresholds.flat, thresholds.floor, thresholds.ceiling)
    score, onset, follow, months = (
        people[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for name in ("first_score", "months_since_onset", "follow_up_months", "months")
    )
    rate = np.maximum(ALSFRS_R_BEST - score, 0.0) / np.maximum(onset, 0.5)
    at = np.clip(np.searchsorted(np.array(FOLLOW_UPS), follow - 1.0), 0, len(FOLLOW_UPS) - 1)
    rates = np.where(np.isfinite(rate), _cell(np.nan_to_num(rate), RATES), -1)
    levels = _cell(np.nan_to_num(score), LEVELS)
    found = np.full(people.height, np.nan)
    named = np.isfinite(months) & np.isfinite(score)
    cells = np.stack([rates, levels, at], axis=1)
    for cell in np.unique(cells[named], axis=0):
        among = named & (cells == cell).all(axis=1)
        periods = _comparable(rate_cell, level_cell, longest[:, cell[2]], int(cell[0]), int(cell[1]))
        reached = len(periods) - np.searchsorted(periods, months[among] - 0.5)
        found[among] = beta.ppf(LIMIT, reached + 1, np.maximum(len(periods) - reached, 1e-9))
    return found


def _comparable(
    rate_cell: np.ndarray, level_cell: np.ndarray, longest: Float[np.ndarray, " person"], rate: int, level: int
) -> Float[np.ndarray, " some"]:
    """Longest stable periods of comparable people in order: of one level, of neighbors, then of any level."""
    some = longest[:0]
    alike = np.isfinite(longest) & ((rate_cell == rate) | (rate < 0))
    for reach in range(len(LEVELS)):
        some = longest[alike & (np.abs(level_cell - level) <= reach)]
        if len(some) >= FEWEST:
            break
    return np.sort(some)
