"""A person's visits: each measure on its own schedule, seen through its own noise.

A visit that is due may be missed (more often by the disabled) or taken by telephone, when only what can be asked is
recorded. Between two recorded months the course is interpolated; care is as it was at the earlier one.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numba as nb

from alsight.base.compiled import STRICT
from alsight.base.streams_numba import normal, uniform
from alsight.base.units import DAYS_PER_MONTH
from alsight.mechanism import layout as at
from alsight.mechanism.draws import MEASURED, VISITED, width
from alsight.mechanism.measure import rating as rated
from alsight.mechanism.measure.machines import (
    blood,
    capacity,
    electrophysiology,
    quality,
    strength,
    upper_signs,
    weight,
)
from alsight.mechanism.parameters import INDEX

GROUPS: Final = (
    "rating",
    "capacity",
    "strength",
    "electrophysiology",
    "umn",
    "neurofilament",
    "creatinine",
    "weight",
    "quality",
)
"""What has a schedule of its own."""

(
    RATING,
    CAPACITY,
    STRENGTH,
    ELECTROPHYSIOLOGY,
    UMN,
    NEUROFILAMENT,
    CREATININE,
    WEIGHT,
    QUALITY,
) = range(9)

DAY, REMOTE, FED, RATER, MEASURES = 12, 13, 14, 15, 16
"""Columns after the twelve items: day from entry, whether by telephone, whether a gastrostomy is in place, the number
of the rater at the person's site; values."""

COLUMNS: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("fvc_pct", "", "", ""),
    ("svc_pct", "", "", ""),
    ("grip_kg", "left", "", ""),
    ("grip_kg", "right", "", ""),
    ("hhd_kg", "left", "elbow_flexion", ""),
    ("hhd_kg", "right", "elbow_flexion", ""),
    ("hhd_kg", "left", "knee_extension", ""),
    ("hhd_kg", "right", "knee_extension", ""),
    ("munix", "right", "abductor_digiti_minimi", ""),
    ("munix", "right", "tibialis_anterior", ""),
    ("cmap_mv", "right", "abductor_digiti_minimi", ""),
    ("cmap_mv", "right", "tibialis_anterior", ""),
    ("fasciculation", "right", "biceps", ""),
    ("fasciculation", "right", "quadriceps", ""),
    ("umn_score", "", "", "penn"),
    ("nfl_pg_ml", "", "", "plasma"),
    ("creatinine_umol_l", "", "", ""),
    ("weight_kg", "", "", ""),
    ("alsaq5_total", "", "", ""),
)
"""Measure, side, part and method of each value, in the kernel's order."""

WIDTH: Final = MEASURES + len(COLUMNS)
JITTER, MISS, MISS_DISABLED, TELEPHONE, TELEPHONE_DISABLED, RATER_CHANGE = range(6)
"""How visits go: spread of the day [day], chance to miss, more when fully disabled, chance of a call, more then; chance
that a person else rates than at the visit before."""
HISTORY: Final = 1 << 20
"""First running number of the ratings before the first visit."""

DRAWS: Final = width(MEASURED)
_VISIT: Final = width(VISITED)
_DAY_DRAW, _MISS_DRAW = VISITED["day"].start, VISITED["missed"].start
_CALL_DRAW, _RATER_DRAW = VISITED["telephone"].start, VISITED["rater"].start
_T_REMOTE, _T_DELAY, _T_LAG = at.T["remote_shift"], at.T["delay_months"], at.T["lag_months"]
_T_SITE, _KNOWN = at.T["site"], INDEX["known_rating_months"]
_V_LAST, _V_DEATH = at.V["last"], at.V["death"]


@nb.njit(**STRICT)
def between(course: Any, last: int, month: float, observed: Any) -> None:
    """The course at any time: straight lines between months for what is continuous, the earlier month for the rest."""
    floor = min(int(month), last - 1)
    part = month - floor if floor + 1 < last else 0.0
    early = course[floor]
    late = course[floor + 1] if floor + 1 < last else early
    for index in range(at.C_NIV):
        observed[index] = early[index] + part * (late[index] - early[index])
    for index in range(at.C_NIV, at.COURSE_WIDTH):
        observed[index] = early[index]


@nb.njit(**STRICT)
def due(schedule: Any, month: float, group: int) -> bool:
    """Whether a group is to be measured at a scheduled time [months from entry]; 0 months between is never."""
    every = schedule[group]
    if every <= 0.0:
        return False
    return month < 0.0 or abs(month / every - round(month / every)) < 1e-6


@nb.njit(**STRICT)
def measure(
    observed: Any, traits: Any, p: Any, key: Any, first: int, schedule: Any, month: float, remote: bool, row: Any
) -> None:
    """Everything due at this visit but the rating; only what can be asked over a telephone where it was one."""
    if due(schedule, month, QUALITY):
        row[MEASURES + 18] = quality(observed, traits, p, key, first)
    if remote:
        return
    if due(schedule, month, CAPACITY):
        capacity(observed, p, key, first, row, MEASURES)
    if due(schedule, month, STRENGTH):
        strength(observed, traits, p, key, first, row, MEASURES + 2)
    if due(schedule, month, ELECTROPHYSIOLOGY):
        electrophysiology(observed, p, key, first, row, MEASURES + 8)
    if due(schedule, month, UMN):
        row[MEASURES + 14] = upper_signs(observed, p, key, first)
    if due(schedule, month, NEUROFILAMENT):
        row[MEASURES + 15] = blood(observed, traits, p, key, first, True)
    if due(schedule, month, CREATININE):
        row[MEASURES + 16] = blood(observed, traits, p, key, first, False)
    if due(schedule, month, WEIGHT):
        row[MEASURES + 17] = weight(observed, traits, p, key, first)


@nb.njit(**STRICT)
def remember(
    lanes: int,
    rating: Any,
    observed: Any,
    traits: Any,
    p: Any,
    tables: Any,
    key: Any,
    course: Any,
    last: int,
    first: float,
) -> None:
    """Ratings before the first visit, evenly back to onset: what its rater knows of the person.

    Without them the first visit would lean on a healthy person's grades and be the most lenient of all.
    """
    every = p[_KNOWN]
    if every <= 0.0:
        return
    count = int(first / every)
    for index in range(count):
        month = first - every * (count - index)
        between(course, last, month, observed)
        shift = observed[at.C_EXPECTATION]
        rated.rate(lanes, rating, observed, traits, p, tables[0], tables[1], key, HISTORY + index, month, shift)


@nb.njit(**STRICT)
def day_of(planned: float, style: Any, key: Any, visit: int) -> float:
    """Day from entry of a visit; entry and screening are on their day."""
    day = planned * DAYS_PER_MONTH
    if planned > 0.0:
        day += style[JITTER] * normal(key, _VISIT * visit + _DAY_DRAW)
    return day


@nb.njit(**STRICT)
def happens(style: Any, key: Any, draw: int, kind: int, observed: Any) -> bool:
    """Whether a visit is missed or a call: a chance, and the more of the next one the more strength is lost."""
    worst = (
        1.0 - (observed[0] + observed[1] + observed[2] + observed[3] + observed[4] + observed[5] + observed[6]) / 7.0
    )
    return uniform(key, draw) < style[kind] + style[kind + 1] * worst


@nb.njit(**STRICT)
def score(
    lanes: int,
    rating: Any,
    observed: Any,
    traits: Any,
    p: Any,
    tables: Any,
    key: Any,
    visit: int,
    month: float,
    severity: float,
    remote: bool,
    row: Any,
) -> None:
    """The twelve items of one visit, through its rater and its mode."""
    shift = observed[at.C_EXPECTATION] + severity + (traits[_T_REMOTE] if remote else 0.0)
    rated.rate(lanes, rating, observed, traits, p, tables[0], tables[1], key, visit, month, shift)
    for item in range(12):
        row[item] = rated.graded(rating, observed, item)


@nb.njit(**STRICT)
def follow(
    lanes: int,
    traits: Any,
    p: Any,
    rate_key: Any,
    key: Any,
    visit_key: Any,
    tables: Any,
    course: Any,
    events: Any,
    planned: Any,
    schedule: Any,
    style: Any,
    raters: Any,
    until: float,
    rating: Any,
    observed: Any,
    out: Any,
) -> None:
    """Fill one row a planned visit; nan where nothing was taken.

    Args:
        lanes: number of item lanes.
        traits: the person's traits.
        p: the mechanism's numbers.
        rate_key: key of rating noise.
        key: key of the other measures.
        visit_key: key of when and how visits happen.
        tables: loadings and thresholds of the items.
        course: the person's recorded months.
        events: the person's milestones.
        planned: scheduled times [months from entry], ascending.
        schedule: months between measurements of each group.
        style: how visits go.
        raters: lasting shift of every rater [site x rater].
        until: last month with visits [months from entry].
        rating: room for the person's rating so far.
        observed: room for one month of the course.
        out: rows to fill.
    """
    rated.forget(rating, p)
    entry = traits[_T_DELAY] + traits[_T_LAG]
    last = int(events[_V_LAST])
    end = events[_V_DEATH] if events[_V_DEATH] >= 0.0 else float(last - 1)
    remember(lanes, rating, observed, traits, p, tables, rate_key, course, last, min(entry + planned[0], end))
    severity = raters[int(traits[_T_SITE])]
    rater = 0
    for visit in range(planned.shape[0]):
        out[visit, :] = math.nan
        day = day_of(planned[visit], style, visit_key, visit)
        month = entry + day / DAYS_PER_MONTH
        if month < 0.0 or month > end or planned[visit] > until:
            continue
        between(course, last, month, observed)
        if planned[visit] > 0.0 and happens(style, visit_key, _VISIT * visit + _MISS_DRAW, MISS, observed):
            continue
        remote = planned[visit] > 0.0 and happens(style, visit_key, _VISIT * visit + _CALL_DRAW, TELEPHONE, observed)
        row = out[visit]
        if severity.shape[0] > 1 and uniform(visit_key, _VISIT * visit + _RATER_DRAW) < style[RATER_CHANGE]:
            rater = (rater + 1) % severity.shape[0]
            rated.stranger(rating)
        row[DAY], row[REMOTE], row[FED], row[RATER] = day, 1.0 if remote else 0.0, observed[at.C_GASTROSTOMY], rater
        if due(schedule, planned[visit], RATING):
            score(lanes, rating, observed, traits, p, tables, rate_key, visit, month, severity[rater], remote, row)
        measure(observed, traits, p, key, visit * DRAWS, schedule, planned[visit], remote, row)
