"""Stretches of a few visits that leave the running course and come back to it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from alsight.detect.causes.rules import CauseRules
from alsight.detect.causes.series import Series, Side, common_slope, independent, shifted, side
from alsight.episodes.visits import without_overlap


@dataclass(frozen=True)
class Stretches:
    """Candidate periods; places count in the series they were found in.

    Attributes:
        first, last: first and last visit inside.
        away: mean departure from the course before, in the direction asked for [points].
        back: mean departure from the course after [points].
        errors: departure from both courses together, in standard errors.
        before: course before, carried to the first visit inside [points].
    """

    first: Int[np.ndarray, " periods"]
    last: Int[np.ndarray, " periods"]
    away: Float[np.ndarray, " periods"]
    back: Float[np.ndarray, " periods"]
    errors: Float[np.ndarray, " periods"]
    before: Float[np.ndarray, " periods"]

    def chosen(self, which: Bool[np.ndarray, " periods"] | Int[np.ndarray, " chosen"]) -> Stretches:
        """Some of the periods."""
        return Stretches(*(getattr(self, field.name)[which] for field in fields(self)))


def stretches(
    series: Series, rules: CauseRules, direction: Literal[1, -1], longest: int, days: int, least: float
) -> Stretches:
    """All periods of up to so many visits that depart from the course before and from the course after.

    Each course is the smoothed level next to the period, carried on by the slope of that side alone. Evidence is the
    departure from both levels together with one slope for both, so that the error of the slope largely cancels; its
    standard error counts the visits inside, those of the levels, and the slope. Where the level after lies beyond the
    course carried on from before, on the far side of the period, the carried course stands in for it: a lasting rise
    is no evidence that the visits before it were a dip.

    Args:
        series: the visits.
        rules: how courses are smoothed.
        direction: 1 for above, -1 for below.
        longest: most visits inside.
        days: longest time from the visit before to the visit after.
        least: least departure on both sides to be kept [points].
    """
    past, future = side(series, rules, -1), side(series, rules, 1)
    scores, times = (
        np.concatenate([[0.0], np.cumsum(values)]) for values in (series.ratings.total, series.ratings.months)
    )
    before, has_before = shifted(series.ratings, -1)
    nothing = np.zeros(0, dtype=np.int64)
    parts = [Stretches(nothing, nothing, *(np.zeros(0) for _ in range(4)))]
    for inside in range(1, longest + 1):
        last, same = shifted(series.ratings, inside - 1)
        after, has_after = shifted(series.ratings, inside)
        first = np.flatnonzero(
            has_before & same & has_after & (series.ratings.day[after] - series.ratings.day[before] <= days)
        )
        if first.size == 0:
            break
        end, noise = last[first], series.noise[first]
        score, months = ((sums[end + 1] - sums[first]) / inside for sums in (scores, times))
        left, _ = past.at(before[first], months, noise)
        right, _ = future.at(after[first], months, noise)
        away, back = direction * (score - left), direction * (score - right)
        off, error = _off_chord(past, before[first], future, after[first], (score, months), rules, noise, direction)
        worth = independent(
            np.full(first.size, float(inside)), series.ratings.day[end] - series.ratings.day[first], rules
        )
        errors = off / np.sqrt(noise**2 / worth + error)
        start, _ = past.at(before[first], series.ratings.months[first], noise)
        enough = np.minimum(away, back) >= least
        parts.append(Stretches(first, end, away, back, errors, start).chosen(enough))
    return Stretches(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Stretches)))


def _off_chord(
    past: Side,
    before: Int[np.ndarray, " found"],
    future: Side,
    after: Int[np.ndarray, " found"],
    at: tuple[Float[np.ndarray, " found"], Float[np.ndarray, " found"]],
    rules: CauseRules,
    noise: Float[np.ndarray, " found"],
    direction: Literal[1, -1],
) -> tuple[Float[np.ndarray, " found"], Float[np.ndarray, " found"]]:
    """Departure of a mean score from the course through the levels on both sides, and the variance of that course."""
    score, months = at
    slope, variance = common_slope(past, before, future, after, rules)
    left, right = past.count[before], future.count[after]
    carried = past.score[before] + slope * (future.months[after] - past.months[before])
    beyond = direction * np.maximum(direction * carried, direction * future.score[after])
    level = (left * past.score[before] + right * beyond) / (left + right)
    lever = months - (left * past.months[before] + right * future.months[after]) / (left + right)
    return direction * (score - level - slope * lever), noise**2 / (left + right) + variance * lever**2


def clearest(series: Series, found: Stretches) -> Stretches:
    """The clearest period of each subject, then the clearest of those a visit or more apart from it, and so on."""
    subject = series.ratings.subject[found.first]
    ranked = np.lexsort((found.first, found.last - found.first, -found.errors, subject))
    return found.chosen(without_overlap(ranked, subject, found.first, found.last, between=1))
