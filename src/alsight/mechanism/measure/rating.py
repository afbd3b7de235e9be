"""The ALSFRS-R as a rater scores it: twelve ordinal items with lasting shifts, sticky noise and anchoring.

able_j = sum_r C_jr S_r + shift_j - dip + relief_j + noise; a grade falls when able_j is below its threshold by more
than the anchoring, and rises when it is above the next one by more than that. Visit noise carries over from month to
month (the same rater remembers), and its size is the person's own. Three items follow care rather than strength: item
3 after a gastrostomy is at most 1, item 5 becomes 5b, and item 12 says which ventilation there is.

Source: cedarbaum1999
"""

from __future__ import annotations

import math
from typing import Any, Final

import numba as nb
import numpy as np

from alsight.base.compiled import STRICT
from alsight.base.compiled.numerics import exponential
from alsight.base.streams_numba import normal
from alsight.mechanism import anatomy
from alsight.mechanism import layout as at
from alsight.mechanism.draws import RATED, width
from alsight.mechanism.parameters import INDEX

LANES: Final = 16
"""Twelve items, padded so that a register holds them."""
ABLE, NOISE, GRADE = 0, LANES, 2 * LANES
DAY_NOISE, LAST_TIME, FORGETTING = 3 * LANES, 3 * LANES + 1, 3 * LANES + 2
MEMORY_SIZE: Final = 3 * LANES + 8
"""One person's rating so far: ability and noise of each item, grades, the day's noise, month of the last visit
(-1 none, -2 none of this rater), rate at which noise is forgotten."""

DRAWS: Final = width(RATED)
"""Numbers of the stream excluded for one visit."""
_ITEM_DRAW, _DAY_DRAW = RATED["item"].start, RATED["day"].start

SALIVA, SWALLOWING, CUTTING, TURNING, CLIMBING, DYSPNEA, ORTHOPNEA, VENTILATION = 1, 2, 4, 6, 8, 9, 10, 11

_SCALE, _HYS, _STICK = INDEX["threshold_scale"], INDEX["anchoring"], INDEX["stickiness"]
_DAY, _ITEM = INDEX["day_sd"], INDEX["item_sd"]
_SALIVA, _SPASM, _NIV, _FASTEN = (
    INDEX["saliva_relief"],
    INDEX["spasticity_relief"],
    INDEX["niv_relief"],
    INDEX["fasteners_relief"],
)
_T_NOISE: Final = at.T["noise"]


def tables() -> tuple[Any, Any]:
    """Loadings [pool x item] and thresholds [grade x item] as the kernel wants them, items in lanes."""
    loadings = np.zeros((at.LANES, LANES))
    loadings[:, :12] = anatomy.loadings().T
    thresholds = np.full((4, LANES), -1.0)
    thresholds[:, :12] = anatomy.thresholds().T
    return loadings, thresholds


@nb.njit(**STRICT)
def forget(rating: Any, p: Any) -> None:
    """A person whom no one has rated yet: all items at 4, no noise."""
    rating[:] = 0.0
    rating[GRADE : GRADE + LANES] = 4.0
    rating[LAST_TIME] = -1.0
    rating[FORGETTING] = -math.log(max(p[_STICK], 1e-300))


@nb.njit(**STRICT)
def stranger(rating: Any) -> None:
    """A person else rates from now on, who neither remembers the last grades nor shares the last rater's moods."""
    rating[LAST_TIME] = -2.0


@nb.njit(**STRICT)
def rate(
    n: int,
    rating: Any,
    observed: Any,
    traits: Any,
    p: Any,
    loadings: Any,
    thresholds: Any,
    key: Any,
    visit: int,
    month: float,
    shift: float,
) -> None:
    """Score one visit into `rating[GRADE:]`.

    Args:
        n: number of lanes, LANES.
        rating: the person's rating so far.
        observed: the course at this time, as one recorded month.
        traits: the person's traits.
        p: the mechanism's numbers.
        loadings: loadings from `tables`.
        thresholds: thresholds from `tables`.
        key: the person's key for ratings.
        visit: running number of the visit, which chooses its draws.
        month: months since onset.
        shift: what this visit's mode and expectation add to every item.
    """
    strange = rating[LAST_TIME] <= -2.0
    apart = month - rating[LAST_TIME] if rating[LAST_TIME] >= 0.0 else 1000.0
    keep = exponential(-min(apart * rating[FORGETTING], 700.0))
    stir = math.sqrt(1.0 - keep * keep) * traits[_T_NOISE]
    rating[LAST_TIME] = month
    counter = visit * DRAWS
    day = keep * rating[DAY_NOISE] + stir * p[_DAY] * normal(key, counter + _DAY_DRAW)
    rating[DAY_NOISE] = day
    common = shift + day - observed[at.C_DIP]
    spread = stir * p[_ITEM]
    for j in range(n):
        rating[NOISE + j] = keep * rating[NOISE + j] + spread * normal(key, counter + _ITEM_DRAW + j)
    s0, s1, s2, s3, s4, s5, s6 = (
        observed[0],
        observed[1],
        observed[2],
        observed[3],
        observed[4],
        observed[5],
        observed[6],
    )
    for j in range(n):
        asked = (loadings[0, j] * s0 + loadings[1, j] * s1) + (loadings[2, j] * s2 + loadings[3, j] * s3)
        asked += (loadings[4, j] * s4 + loadings[5, j] * s5) + loadings[6, j] * s6
        rating[ABLE + j] = asked + common + rating[NOISE + j]
    for j in range(12):
        rating[ABLE + j] += traits[at.T_SHIFT + j]
    relieve(rating, observed, p)
    scale, slack = p[_SCALE], 0.0 if strange else p[_HYS]
    for j in range(n):
        able = rating[ABLE + j]
        high, low = (able - slack) / scale, (able + slack) / scale
        e0, e1, e2, e3 = thresholds[0, j], thresholds[1, j], thresholds[2, j], thresholds[3, j]
        least = (1.0 if high > e0 else 0.0) + (1.0 if high > e1 else 0.0)
        least += (1.0 if high > e2 else 0.0) + (1.0 if high > e3 else 0.0)
        most = (1.0 if low >= e0 else 0.0) + (1.0 if low >= e1 else 0.0)
        most += (1.0 if low >= e2 else 0.0) + (1.0 if low >= e3 else 0.0)
        rating[GRADE + j] = min(max(rating[GRADE + j], least), most)


@nb.njit(**STRICT)
def relieve(rating: Any, observed: Any, p: Any) -> None:
    """What symptomatic care adds to the ability behind the items that it helps."""
    if observed[at.C_SALIVA] > 0.0:
        rating[ABLE + SALIVA] += p[_SALIVA]
    if observed[at.C_SPASTICITY] > 0.0:
        lost = 1.0 - 0.5 * (observed[at.UMN_UNITS + 4] + observed[at.UMN_UNITS + 5])
        for j in range(TURNING, CLIMBING + 1):
            rating[ABLE + j] += p[_SPASM] * lost
    if observed[at.C_NIV] > 0.0:
        rating[ABLE + DYSPNEA] += p[_NIV]
        rating[ABLE + ORTHOPNEA] += p[_NIV]
    if observed[at.C_GASTROSTOMY] > 0.0:
        rating[ABLE + CUTTING] += p[_FASTEN]


@nb.njit(**STRICT)
def graded(rating: Any, observed: Any, item: int) -> float:
    """The grade that is written down: the rated one, unless care decides it."""
    grade = rating[GRADE + item]
    if item == SWALLOWING and observed[at.C_GASTROSTOMY] > 0.0:
        return min(grade, 1.0)
    if item == VENTILATION:
        if observed[at.C_TRACHEOSTOMY] > 0.0:
            return 0.0
        if observed[at.C_NIV] >= 2.0:
            return 1.0
        if observed[at.C_NIV] >= 1.0:
            return 3.0 if grade >= 3.0 else 2.0
        return 4.0
    return grade


@nb.njit(**STRICT)
def total(rating: Any, observed: Any) -> float:
    """ALSFRS-R total [0-48] as written down."""
    score = 0.0
    for item in range(12):
        score += graded(rating, observed, item)
    return score
