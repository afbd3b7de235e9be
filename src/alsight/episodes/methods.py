"""The array programs that find spells in courses: one a method, loops over visits ahead only, never over people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int

from alsight.base.units import DAYS_PER_MONTH, days_of
from alsight.episodes.courses import NO_DAY, Courses, ahead, slopes
from alsight.episodes.definition import Definition, Method

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

    eligible: Bool[np.ndarray, " people"]
    start: Int[np.ndarray, " spells"]
    held: Int[np.ndarray, " spells"]
    end: Int[np.ndarray, " spells"]
    size: Float[np.ndarray, " spells"]


def _reaches(size: Float[np.ndarray, " *any"], rule: Definition) -> Bool[np.ndarray, " *any"]:
    """Whether a change is large enough under the rule."""
    return size > rule.points + EQUAL if rule.strict else size >= rule.points - EQUAL


def _spanning(courses: Courses, rule: Definition) -> Bool[np.ndarray, " people"]:
    """Whose visits span the length, up to the window."""
    rated = courses.count > 0
    span = np.zeros(courses.count.size)
    last = courses.first + courses.count - 1
    span[rated] = courses.day[last[rated]] - courses.day[courses.first[rated]]
    return rated & (span >= days_of(rule.months) - rule.window_days)


def _nearest(
    courses: Courses, after_days: float, window: float
) -> tuple[Bool[np.ndarray, " people"], Int[np.ndarray, " people"]]:
    """Who has a visit within the window of a day after their first, and the one nearest to it, the earlier of two."""
    distance = np.abs(courses.since_first - after_days)
    distance[courses.since_first == 0] = np.inf
    rated = courses.count > 0
    least = np.full(courses.count.size, np.inf)
    if distance.size:
        least[rated] = np.minimum.reduceat(distance, courses.first[rated])
    hits = np.flatnonzero(distance == least[courses.person])[::-1]
    visit = np.zeros(courses.count.size, dtype=np.int64)
    visit[courses.person[hits]] = hits
    return least <= window, visit


def epoch_visit(courses: Courses, rule: Definition) -> Spells:
    """First visit against the visit nearest the epoch's end."""
    days = days_of(rule.months)
    eligible, visit = _nearest(courses, days, rule.window_days)
    change = np.full(courses.count.size, -np.inf)
    change[eligible] = courses.score[visit[eligible]] - courses.score[courses.first[eligible]]
    found = np.flatnonzero(eligible & _reaches(change, rule))
    if rule.deaths_decline:
        rated = courses.count > 0
        died = np.zeros_like(eligible)
        gone = courses.end_day < NO_DAY
        died[rated] = gone[rated] & (courses.end_day[rated] - courses.day[courses.first[rated]] <= days)
        eligible = eligible | died
    return Spells(eligible, courses.first[found], courses.first[found], visit[found], change[found])


def _epoch(
    courses: Courses, rule: Definition
) -> tuple[Bool[np.ndarray, " visits"], Bool[np.ndarray, " people"], Int[np.ndarray, " people"]]:
    """Visits of the epoch that starts at the first visit, whose visits span it, and its last visit."""
    days = days_of(rule.months)
    inside = courses.since_first <= days + rule.window_days
    count = np.bincount(courses.person[inside], minlength=courses.count.size)
    last = courses.first + np.maximum(count, 1) - 1
    span = np.full(count.size, -np.inf)
    rated = count > 0
    span[rated] = courses.since_first[last[rated]]
    return inside, (span >= days - rule.window_days) & (count >= rule.least_visits), last


def epoch_slope(courses: Courses, rule: Definition) -> Spells:
    """Least-squares slope over the visits of the first epoch."""
    inside, eligible, last = _epoch(courses, rule)
    _, slope = slopes(courses, inside)
    found = np.flatnonzero(eligible & _reaches(np.nan_to_num(slope, nan=-np.inf), rule))
    return Spells(eligible, courses.first[found], courses.first[found], last[found], slope[found])


def epoch_floor(courses: Courses, rule: Definition) -> Spells:
    """Lowest visit of the first epoch against the first visit."""
    inside, eligible, last = _epoch(courses, rule)
    rated = courses.count > 0
    drop = np.full(courses.count.size, -np.inf)
    if courses.score.size:
        lowest = np.minimum.reduceat(np.where(inside, courses.score, np.inf), courses.first[rated])
        drop[rated] = lowest - courses.score[courses.first[rated]]
    found = np.flatnonzero(eligible & _reaches(drop, rule))
    return Spells(eligible, courses.first[found], courses.first[found], last[found], drop[found])


def _pairs(courses: Courses, rule: Definition, most_days: float) -> Spells:
    """Two visits so far apart, the later higher enough; for each start the latest such end."""
    least_days = days_of(rule.months) - rule.window_days
    starts = np.arange(courses.day.size)
    end = np.full(starts.size, -1)
    for _, places, visit in ahead(courses, starts):
        gap = courses.day[visit] - courses.day[places]
        rise = courses.score[visit] - courses.score[places]
        fits = (gap >= least_days) & (gap <= most_days) & _reaches(rise, rule)
        end[places[fits]] = visit[fits]
    found = np.flatnonzero(end >= 0)
    size = courses.score[end[found]] - courses.score[found]
    return Spells(_spanning(courses, rule), found, found, end[found], size)


def pair_apart(courses: Courses, rule: Definition) -> Spells:
    """Two visits at least the length apart."""
    return _pairs(courses, rule, np.inf)


def pair_about(courses: Courses, rule: Definition) -> Spells:
    """Two visits about the length apart."""
    return _pairs(courses, rule, days_of(rule.months) + rule.window_days)


def _runs(
    courses: Courses,
    rule: Definition,
    holds: Callable[
        [Float[np.ndarray, " n"], Float[np.ndarray, " n"], Float[np.ndarray, " n"]], Bool[np.ndarray, " n"]
    ],
) -> tuple[Int[np.ndarray, " runs"], Int[np.ndarray, " runs"], Float[np.ndarray, " runs"], Float[np.ndarray, " runs"]]:
    """From every visit the longest run of visits that holds: start, end, lowest and highest score, long enough ones."""
    starts = np.arange(courses.day.size)
    end, low, high = starts.copy(), courses.score.copy(), courses.score.copy()
    going = np.ones(starts.size, dtype=bool)
    for _, kept, visit in ahead(courses, starts, going):
        lower, higher = np.minimum(low[kept], courses.score[visit]), np.maximum(high[kept], courses.score[visit])
        fits = holds(courses.score[kept], lower, higher)
        going[kept[~fits]] = False
        through = kept[fits]
        end[through], low[through], high[through] = visit[fits], lower[fits], higher[fits]
    long = courses.day[end] - courses.day >= days_of(rule.months) - rule.window_days
    runs = np.flatnonzero(long & (end > starts))
    return runs, end[runs], low[runs], high[runs]


def run_flat(courses: Courses, rule: Definition) -> Spells:
    """Runs of visits whose scores all lie within `points` of each other; everybody rated is eligible."""
    start, end, low, high = _runs(courses, rule, lambda _, low, high: high - low <= rule.points + EQUAL)
    return Spells(courses.count > 0, start, start, end, high - low)


def run_floor(courses: Courses, rule: Definition) -> Spells:
    """Runs of visits none of which is below the run's first by more than the rule tolerates."""
    start, end, low, _ = _runs(courses, rule, lambda first, low, _: low - first >= rule.points - EQUAL)
    return Spells(_spanning(courses, rule), start, start, end, low - courses.score[start])


def rising_slope(courses: Courses, rule: Definition) -> Spells:
    """Intervals of about the length over whose visits the least-squares slope is high enough; the longest a start."""
    days = days_of(rule.months)
    starts = np.arange(courses.day.size)
    end, best = np.full(starts.size, -1), np.full(starts.size, np.nan)
    going = np.ones(starts.size, dtype=bool)
    sums = np.stack([np.zeros(starts.size), courses.score, np.zeros(starts.size), np.zeros(starts.size)])
    for step, places, visit in ahead(courses, starts, going):
        gap = (courses.day[visit] - courses.day[places]).astype(np.float64)
        near = gap <= days + rule.window_days
        going[places[~near]] = False
        place, gap, score = places[near], gap[near], courses.score[visit[near]]
        sums[:, place] += np.stack([gap, score, gap * gap, gap * score])
        time, total, squares, products = sums[:, place]
        spread = (step + 1) * squares - time * time
        slope = ((step + 1) * products - time * total) / spread * DAYS_PER_MONTH
        fits = (gap >= days - rule.window_days) & (step + 1 >= rule.least_visits) & _reaches(slope, rule)
        end[place[fits]], best[place[fits]] = visit[near][fits], slope[fits]
    found = np.flatnonzero(end >= 0)
    return Spells(_spanning(courses, rule), found, found, end[found], best[found])


def held_gain(courses: Courses, rule: Definition) -> Spells:
    """Runs of visits all of which are higher than a reference visit by `points` or more, held for the length."""
    reference = _lowest_before(courses) if rule.reference == "any" else courses.first[courses.person]
    starts = np.flatnonzero(np.arange(courses.day.size) > courses.first[courses.person])
    base = courses.score[reference[starts]]
    rise = courses.score[starts] - base
    going = _reaches(rise, rule)
    starts, base, rise = starts[going], base[going], rise[going]
    end, going = starts.copy(), np.ones(starts.size, dtype=bool)
    for _, kept, visit in ahead(courses, starts, going):
        above = courses.score[visit] - base[kept]
        fits = _reaches(above, rule)
        going[kept[~fits]] = False
        end[kept[fits]] = visit[fits]
        rise[kept[fits]] = np.minimum(rise[kept[fits]], above[fits])
    long = np.flatnonzero(courses.day[end] - courses.day[starts] >= days_of(rule.months) - rule.window_days)
    return Spells(_spanning(courses, rule), reference[starts[long]], starts[long], end[long], rise[long])


def _lowest_before(courses: Courses) -> Int[np.ndarray, " visits"]:
    """For each visit the latest of the person's lowest earlier visits; for a first visit that visit itself.

    Scores are ranked, so that one running minimum over whole numbers serves all people: later people's keys are lower.
    """
    size = courses.score.size
    values, rank = np.unique(courses.score, return_inverse=True)
    place = np.arange(size)
    key = (rank - courses.person * (values.size + 1)) * size + (size - 1 - place)
    lowest = size - 1 - np.minimum.accumulate(key) % max(size, 1)
    before = np.maximum(place - 1, 0)
    return np.where(place > courses.first[courses.person], lowest[before], place)


def slope_change(courses: Courses, rule: Definition) -> Spells:
    """Slope after a lead-in against the slope during it; the visit between belongs to both."""
    has, pivot = _nearest(courses, days_of(rule.lead_in_months), rule.window_days)
    since = courses.since_first
    turn = np.where(has, since[pivot] if since.size else 0, -1)
    until = turn + days_of(rule.months)
    before = since <= turn[courses.person]
    after = (since >= turn[courses.person]) & (since <= until[courses.person] + rule.window_days)
    count_before, slope_before = slopes(courses, before)
    count_after, slope_after = slopes(courses, after)
    end = np.where(has, pivot + count_after - 1, 0)
    span = np.where(has, (since[end] if since.size else 0) - turn, -np.inf)
    eligible = has & (count_before >= 2) & (count_after >= 2) & (span >= days_of(rule.months) - rule.window_days)
    if rule.lead_in_loss is not None:
        lost = np.zeros(has.size)
        lost[has] = courses.score[courses.first[has]] - courses.score[pivot[has]]
        eligible &= lost >= rule.lead_in_loss - EQUAL
    if rule.relative:
        eligible &= np.nan_to_num(slope_before) < -EQUAL
        gain = 1.0 - np.divide(slope_after, slope_before, out=np.ones(has.size), where=eligible)
    else:
        gain = slope_after - slope_before
    found = np.flatnonzero(eligible & _reaches(np.nan_to_num(gain, nan=-np.inf), rule))
    return Spells(eligible, pivot[found], pivot[found], end[found], gain[found])


METHODS: Final[dict[Method, Callable[[Courses, Definition], Spells]]] = {
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
