"""Why a statistic lies outside its published interval; a test refuses a miss without a reason and a reason too many."""

from __future__ import annotations

from typing import Final

_EARLY: Final = (
    "too few stay level under this reading, whose published rule was not readable; seen quarterly somewhat more do; "
    "rating noise was not raised to get there"
)
_FLAIL: Final = "dies too early: the rate of the flail phenotypes is an assumed multiplier that the fit does not move"
_LONG: Final = "too few: longer runs of equal totals ask for less rating noise or more slow people; noise was not moved"

MISSES: Final[dict[str, str]] = {
    "trial_slope": "a little slow, just outside an assumed band: traded against survival and plateaus, which ask for "
    "slower people; one kind of trial stands for many",
    "bedlack_visit_6": _EARLY,
    "bedlack_visit_12": _EARLY,
    "bedlack_visit_18": _EARLY,
    "bedlack_rising_180": "too many rise: the more often people are seen, the more intervals there are; seen "
    "quarterly half as many do, 17 %; the published schedules were not readable",
    "vasta_exact_6": "too many short runs of equal totals beside too few long ones: noise was not moved",
    "vasta_exact_18": _LONG,
    "median_limb": "dies a few months too early: traded against the rates of decline (1a, 2); Melbourne printed 31",
    "median_flail_arm": _FLAIL,
    "median_flail_leg": _FLAIL,
    "hazard_per_point": "steeper than published: death here follows capacity and bulbar strength closely, and a Cox "
    "regression on the latest total is not the current value of a joint model",
}
"""Statistic to reason."""
