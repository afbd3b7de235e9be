"""The array programs that find spells in ratings: one a method, loops over visits ahead only, never over subjects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int

from alsight.base.units import DAYS_PER_MONTH, days_of
from alsight.cohort.endpoints import NO_DAY
from alsight.cohort.ratings import Ratings
from alsight.episodes.definition import Definition, Method
from alsight.episodes.visits import ahead, slopes

EQUAL: Final = 1e-9
"""Scores and slopes closer than this are the same number."""


@dataclass(frozen=True)
class Spells:
    """What one method found.

    Attributes:
        eligible: who is in the denominator.
        start: visit at which each spell starts, or that a gain is measured from.
        held: visit from which on the spell holds; the start itself but for held gains.
        end: last visit of the spell.
        size: the quantity that was compared with the definition's `points`.
    """

    eligible: Bool[np.ndarray, " subject"]
    start: Int[np.ndarray, " spells"]
    held: Int[np.ndarray, " spells"]
    end: Int[np.ndarray, " spells"]
    size: Float[np.ndarray, " spells"]


def _reaches(size: Float[np.ndarray, " *any"], rule: Definition) -> Bool[np.ndarray, " *any"]:
    """Whether a change is large enough under the rule."""
    return size > rule.points + EQUAL if rule.strict else size >= rule.points - EQUAL


def _spanning(ratings: Ratings, rule: Definition) -> Bool[np.ndarray, " subject"]:
    """Whose visits span the length, up to the window."""
    rated = ratings.count > 0
    span = np.zeros(ratings.size)
    last = ratings.first + ratings.count - 1
    span[rated] = ratings.day[last[rated]] - ratings.day[ratings.first[rated]]
    return rated & (span >= days_of(rule.months) - rule.window_days)


def _nearest(
    ratings: Ratings, after_days: float, window: float
) -> tuple[Bool[np.ndarray, " subject"], Int[np.ndarray, " subject"]]:
    """Who has a visit within the window of a day after their first, and the one nearest to it, the earlier of two."""
    distance = np.abs(ratings.since_first - after_days)
    distance[ratings.since_first == 0] = np.inf
    rated = ratings.count > 0
    least = np.full(ratings.size, np.inf)
    if distance.size:
        least[rated] = np.minimum.reduceat(distance, ratings.first[rated])
    hits = np.flatnonzero(distance == least[ratings.subject])[::-1]
    visit = np.zeros(ratings.size, dtype=np.int64)
    visit[ratings.subject[hits]] = hits
    return least <= window, visit


def epoch_visit(ratings: Ratings, rule: Definition) -> Spells:
    """First visit against the visit nearest the epoch's end."""
    days = days_of(rule.months)
    eligible, visit = _nearest(ratings, days, rule.window_days)
    change = np.full(ratings.size, -np.inf)
    change[eligible] = ratings.total[visit[eligible]] - ratings.total[ratings.first[eligible]]
    found = np.flatnonzero(eligible & _reaches(change, rule))
    if rule.deaths_decline:
        rated = ratings.count > 0
        died = np.zeros_like(eligible)
        gone = ratings.end_day < NO_DAY
        died[rated] = gone[rated] & (ratings.end_day[rated] - ratings.day[ratings.first[rated]] <= days)
        eligible = eligible | died
    return Spells(eligible, ratings.first[found], ratings.first[found], visit[found], change[found])


def _epoch(
    ratings: Ratings, rule: Definition
) -> tuple[Bool[np.ndarray, " visits"], Bool[np.ndarray, " subject"], Int[np.ndarray, " subject"]]:
    """Visits of the epoch that starts at the first visit, whose visits span it, and its last visit."""
    days = days_of(rule.months)
    inside = ratings.since_first <= days + rule.window_days
    count = np.bincount(ratings.subject[inside], minlength=ratings.size)
    last = ratings.first + np.maximum(count, 1) - 1
    span = np.full(count.size, -np.inf)
    rated = count > 0
    span[rated] = ratings.since_first[last[rated]]
    return inside, (span >= days - rule.window_days) & (count >= rule.least_visits), last


def epoch_slope(ratings: Ratings, rule: Definition) -> Spells:
    """Least-squares slope over the visits of the first epoch."""
    inside, eligible, last = _epoch(ratings, rule)
    _, slope = slopes(ratings, inside)
    found = np.flatnonzero(eligible & _reaches(np.nan_to_num(slope, nan=-np.inf), rule))
    return Spells(eligible, ratings.first[found], ratings.first[found], last[found], slope[found])


def epoch_floor(ratings: Ratings, rule: Definition) -> Spells:
    """Lowest visit of the first epoch against the first visit."""
    inside, eligible, last = _epoch(ratings, rule)
    rated = ratings.count > 0
    drop = np.full(ratings.size, -np.inf)
    if ratings.total.size:
        lowest = np.minimum.reduceat(np.where(inside, ratings.total, np.inf), ratings.first[rated])
        drop[rated] = lowest - ratings.total[ratings.first[rated]]
    found = np.flatnonzero(eligible & _reaches(drop, rule))
    return Spells(eligible, ratings.first[found], ratings.first[found], last[found], drop[found])


def _pairs(ratings: Ratings, rule: Definition, most_days: float) -> Spells:
    """Two visits so far apart, the later higher enough; for each start the latest such end."""
    least_days = days_of(rule.months) - rule.window_days
    starts = np.arange(ratings.day.size)
    end = np.full(starts.size, -1)
    for _, index, visit in ahead(ratings, starts):
        gap = ratings.day[visit] - ratings.day[index]
        change = ratings.total[visit] - ratings.total[index]
        fits = (gap >= least_days) & (gap <= most_days) & _reaches(change, rule)
        end[index[fits]] = visit[fits]
    found = np.flatnonzero(end >= 0)
    size = ratings.total[end[found]] - ratings.total[found]
    return Spells(_spanning(ratings, rule), found, found, end[found], size)


def pair_apart(ratings: Ratings, rule: Definition) -> Spells:
    """Two visits at least the length apart."""
    return _pairs(ratings, rule, np.inf)


def pair_about(ratings: Ratings, rule: Definition) -> Spells:
    """Two visits about the length apart."""
    return _pairs(ratings, rule, days_of(rule.months) + rule.window_days)


def _runs(
    ratings: Ratings,
    rule: Definition,
    holds: Callable[
        [Float[np.ndarray, " n"], Float[np.ndarray, " n"], Float[np.ndarray, " n"]], Bool[np.ndarray, " n"]
    ],
) -> tuple[Int[np.ndarray, " runs"], Int[np.ndarray, " runs"], Float[np.ndarray, " runs"], Float[np.ndarray, " runs"]]:
    """From every visit the longest run of visits that holds: start, end, lowest and highest score, long enough ones."""
    starts = np.arange(ratings.day.size)
    end, low, high = starts.copy(), ratings.total.copy(), ratings.total.copy()
    going = np.ones(starts.size, dtype=bool)
    for _, index, visit in ahead(ratings, starts, going):
        lower, higher = np.minimum(low[index], ratings.total[visit]), np.maximum(high[index], ratings.total[visit])
        fits = holds(ratings.total[index], lower, higher)
        going[index[~fits]] = False
        through = index[fits]
        end[through], low[through], high[through] = visit[fits], lower[fits], higher[fits]
    long = ratings.day[end] - ratings.day >= days_of(rule.months) - rule.window_days
    runs = np.flatnonzero(long & (end > starts))
    return runs, end[runs], low[runs], high[runs]


def run_flat(ratings: Ratings, rule: Definition) -> Spells:
    """Runs of visits whose scores all lie within `points` of each other; every subject with a rating is eligible."""
    start, end, low, high = _runs(ratings, rule, lambda _, low, high: high - low <= rule.points + EQUAL)
    return Spells(ratings.count > 0, start, start, end, high - low)


def run_floor(ratings: Ratings, rule: Definition) -> Spells:
    """Runs of visits none of which is below the run's first by more than the rule tolerates."""
    start, end, low, _ = _runs(ratings, rule, lambda first, low, _: low - first >= rule.points - EQUAL)
    return Spells(_spanning(ratings, rule), start, start, end, low - ratings.total[start])


def rising_slope(ratings: Ratings, rule: Definition) -> Spells:
    """Intervals of about the length over whose visits the least-squares slope is high enough; the longest a start."""
    days = days_of(rule.months)
    starts = np.arange(ratings.day.size)
    end, best = np.full(starts.size, -1), np.full(starts.size, np.nan)
    going = np.ones(starts.size, dtype=bool)
    sums = np.stack([np.zeros(starts.size), ratings.total, np.zeros(starts.size), np.zeros(starts.size)])
    for step, index, visit in ahead(ratings, starts, going):
        gap = (ratings.day[visit] - ratings.day[index]).astype(np.float64)
        near = gap <= days + rule.window_days
        going[index[~near]] = False
        run, gap, score = index[near], gap[near], ratings.total[visit[near]]
        sums[:, run] += np.stack([gap, score, gap * gap, gap * score])
        time, total, squares, products = sums[:, run]
        spread = (step + 1) * squares - time * time
        slope = ((step + 1) * products - time * total) / spread * DAYS_PER_MONTH
        fits = (gap >= days - rule.window_days) & (step + 1 >= rule.least_visits) & _reaches(slope, rule)
        end[run[fits]], best[run[fits]] = visit[near][fits], slope[fits]
    found = np.flatnonzero(end >= 0)
    return Spells(_spanning(ratings, rule), found, found, end[found], best[found])


def held_gain(ratings: Ratings, rule: Definition) -> Spells:
    """Runs of visits all of which are higher than a reference visit by `points` or more, held for the length."""
    reference = _lowest_before(ratings) if rule.reference == "any" else ratings.first[ratings.subject]
    starts = np.flatnonzero(np.arange(ratings.day.size) > ratings.first[ratings.subject])
    base = ratings.total[reference[starts]]
    improvement = ratings.total[starts] - base
    going = _reaches(improvement, rule)
    starts, base, improvement = starts[going], base[going], improvement[going]
    end, going = starts.copy(), np.ones(starts.size, dtype=bool)
    for _, index, visit in ahead(ratings, starts, going):
        above = ratings.total[visit] - base[index]
        fits = _reaches(above, rule)
        going[index[~fits]] = False
        end[index[fits]] = visit[fits]
        improvement[index[fits]] = np.minimum(improvement[index[fits]], above[fits])
    long = np.flatnonzero(ratings.day[end] - ratings.day[starts] >= days_of(rule.months) - rule.window_days)
    return Spells(_spanning(ratings, rule), reference[starts[long]], starts[long], end[long], improvement[long])


def _lowest_before(ratings: Ratings) -> Int[np.ndarray, " visits"]:
    """For each visit the latest of the subject's lowest earlier visits; for a first visit that visit itself.

    Scores are ranked, so that one running minimum over whole numbers serves all subjects, whose keys fall.
    """
    size = ratings.total.size
    values, rank = np.unique(ratings.total, return_inverse=True)
    index = np.arange(size)
    key = (rank - ratings.subject * (values.size + 1)) * size + (size - 1 - index)
    lowest = size - 1 - np.minimum.accumulate(key) % max(size, 1)
    before = np.maximum(index - 1, 0)
    return np.where(index > ratings.first[ratings.subject], lowest[before], index)


def slope_change(ratings: Ratings, rule: Definition) -> Spells:
    """Slope after a lead-in against the slope during it; the visit between belongs to both."""
    has, pivot = _nearest(ratings, days_of(rule.lead_in_months), rule.window_days)
    since = ratings.since_first
    turn = np.where(has, since[pivot] if since.size else 0, -1)
    until = turn + days_of(rule.months)
    before = since <= turn[ratings.subject]
    after = (since >= turn[ratings.subject]) & (since <= until[ratings.subject] + rule.window_days)
    count_before, slope_before = slopes(ratings, before)
    count_after, slope_after = slopes(ratings, after)
    end = np.where(has, pivot + count_after - 1, 0)
    span = np.where(has, (since[end] if since.size else 0) - turn, -np.inf)
    eligible = has & (count_before >= 2) & (count_after >= 2) & (span >= days_of(rule.months) - rule.window_days)
    if rule.lead_in_loss is not None:
        lost = np.zeros(has.size)
        lost[has] = ratings.total[ratings.first[has]] - ratings.total[pivot[has]]
        eligible &= lost >= rule.lead_in_loss - EQUAL
    if rule.relative:
        eligible &= np.nan_to_num(slope_before) < -EQUAL
        gain = 1.0 - np.divide(slope_after, slope_before, out=np.ones(has.size), where=eligible)
    else:
        gain = slope_after - slope_before
    found = np.flatnonzero(eligible & _reaches(np.nan_to_num(gain, nan=-np.inf), rule))
    return Spells(eligible, pivot[found], pivot[found], end[found], gain[found])


METHODS: Final[dict[Method, Callable[[Ratings, Definition], Spells]]] = {
    "epoch_visit": epoch_visit,
    "epoch_slope": epoch_slope,
    "epoch_floor": epoch_floor,
    "pair_apart": pair_apart,
    "pair_about": pair_about,
    "run_flat": run_flat,
    "run_floor": run_floor,
    "rising_slope": rising_slope,
    "held_gain": held_gain,
    "slope_change": slope_change,
}
"""Array program of each method."""
