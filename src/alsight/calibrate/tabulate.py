"""What the natural-history reference counts: who reaches which threshold, by rate and level at the first visit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64

from alsight.base.units import DAYS_PER_MONTH
from alsight.calibrate.populations import rated
from alsight.calibrate.reference import LEVELS, RATES, Quantity
from alsight.calibrate.summaries import at_month
from alsight.episodes.definition import Definition
from alsight.episodes.definitions import DEFINITIONS
from alsight.episodes.find import Judged, judge
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.population.frames import Group
from alsight.population.recruit import entry_month
from alsight.population.spec import FollowUp, Population, Recruit, Schedule

REFERENCE: Final = Population(
    name="reference",
    recruit=Recruit(kind="trial", lag_months=0.0, lag_spread_months=8.0),
    follow_up=FollowUp(months=36.0, dropout_per_month=0.0, schedule=Schedule(rating=3, capacity=0, weight=0)),
)
"""Everyone some months after diagnosis, without entry rules, therapies, mimics or withdrawal."""

_RULES: Final[dict[str, Definition]] = {one.name: one for one in DEFINITIONS}
RUNS: Final[dict[Quantity, Definition]] = {
    "run_floor": _RULES["bedlack_ever_floor_6"],
    "run_within_1": _RULES["vasta_within_1_6"],
    "run_exact": _RULES["vasta_exact_6"],
}
GAINS: Final[dict[Quantity, Definition]] = {
    "gain_held_6": _RULES["alsight_gain_4_6"],
    "gain_held_12": _RULES["bedlack_gain_4_12"],
}
LENGTHS: Final = (6.0, 9.0, 12.0, 15.0, 18.0, 24.0, 30.0, 36.0)
"""Lengths of spells [months]."""
POINTS: Final = (2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)

Reached = tuple[str, float, Bool[np.ndarray, " subject"]]


def longest(assessed: Judged) -> Float64[np.ndarray, " people"]:
    """Longest spell of each person [days]; 0 for none."""
    rated, spells = assessed.ratings, assessed.spells
    found = np.zeros(rated.size)
    np.maximum.at(found, rated.subject[spells.end], (rated.day[spells.end] - rated.day[spells.held]).astype(float))
    return found


def counted(group: Group, follow: float) -> Iterator[Reached]:
    """Who reaches each threshold of each quantity within a follow-up."""
    first, end = at_month(group, 0.0), at_month(group, follow)
    yield "no_decline", follow, end >= first
    cohort = rated(group, follow)
    rules = [
        replace(rule, months=LENGTHS[0], stop_at_tracheostomy=False, scales=("alsfrs_r",)) for rule in RUNS.values()
    ]
    for quantity, assessed in zip(RUNS, judge(cohort, rules), strict=True):
        days = longest(assessed)
        for months in LENGTHS:
            if months <= follow:
                yield quantity, months, days >= months * DAYS_PER_MONTH - assessed.rule.window_days
    gains = [
        (quantity, replace(rule, points=points, scales=("alsfrs_r",)))
        for quantity, rule in GAINS.items()
        if rule.months <= follow
        for points in POINTS
    ]
    for (quantity, rule), assessed in zip(gains, judge(cohort, [rule for _, rule in gains]), strict=True):
        yield quantity, rule.points, longest(assessed) > 0.0


def strata(group: Group) -> tuple[np.ndarray, np.ndarray]:
    """Place of each person among the rates and the levels."""
    level = at_month(group, 0.0)
    rate = (ALSFRS_R_BEST - level) / entry_month(group.traits)
    return np.searchsorted(RATES, rate, side="right") - 1, np.searchsorted(LEVELS, level, side="right") - 1
