"""Rises that come with a change of how, by whom or of whom the rating was taken."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

from alsight.cohort.cohort import Cohort
from alsight.cohort.ratings import NOT_RECORDED, Ratings
from alsight.detect.causes.effect import Effect, effect, rows
from alsight.detect.causes.items import named
from alsight.detect.causes.rules import CauseRules
from alsight.detect.causes.series import Series, common_slope, cumulated, shifted, side

CIRCUMSTANCES: Final = ("mode", "responder", "rater")
"""What may change between two visits."""


AGREEMENT: Final = 1.64
"""How far the changes of one kind may scatter, in standard deviations: the 95 % point of a normal variable."""


def changes(cohort: Cohort, series: Series, rules: CauseRules) -> Effect:
    """Jumps of the smoothed level where mode, responder or rater change.

    The level of each side, none beyond another change of that kind, with one slope for both. One person's changes
    between the same two values are taken together, a change back with its sign turned, so that a person who changes
    often shows the same jump each time or none. A jump that is large, clear and sudden is subtracted while the higher
    value lasts. A value that is missing on one side is no change.

    Source: kaufmann2007
    """
    del cohort
    previous, _ = shifted(series.ratings, -1)
    taken, parts = np.zeros(series.ratings.subject.size), []
    steps = clear_jumps(series, rules)
    for index, name in enumerate(CIRCUMSTANCES):
        taken = np.maximum(taken, np.maximum(cumulated(series.ratings.subject, steps[:, index]), 0.0))
        up = np.flatnonzero((steps[:, index] > 0.0) & (series.ratings.total > series.ratings.total[previous]))
        parts.append(_causes(series, up, previous, steps[up, index], name))
    # A visit that a shift would take below 0 has lost nothing it did not have.
    taken = np.round(np.minimum(taken, series.ratings.total), 9)
    return effect(series, pl.concat(parts), taken, ruled=named("change", taken > 0.0))


def clear_jumps(series: Series, rules: CauseRules) -> Float[np.ndarray, "visits circumstances"]:
    """Points by which the level jumps at each visit with a change of each kind; 0 where no jump is clear."""
    codes, changed = changed_since(series.ratings)
    previous, same = shifted(series.ratings, -1)
    step = series.ratings.total - series.ratings.total[previous]
    steps = np.zeros(changed.shape)
    for place in range(len(CIRCUMSTANCES)):
        there = np.flatnonzero(changed[:, place])
        jump, weight = _jumps(series, rules, np.cumsum(changed[:, place] | ~same))
        pair = codes[previous[there], place], codes[there, place]
        pooled, errors, agree = _pooled(series.ratings.subject[there], pair, jump[there], weight[there])
        clear = agree & (np.abs(errors) >= rules.change_errors) & (np.abs(pooled) >= rules.change_points)
        clear &= np.sign(pooled) * step[there] >= rules.change_sudden * np.abs(pooled)
        steps[there[clear], place] = pooled[clear]
    return steps


def changed_since(
    ratings: Ratings,
) -> tuple[Int[np.ndarray, "visits circumstances"], Bool[np.ndarray, "visits circumstances"]]:
    """Numbers of the circumstances of each visit, and whether they differ from those of the subject's visit before."""
    codes = np.stack([np.asarray(getattr(ratings, name)) for name in CIRCUMSTANCES], axis=1)
    recorded = codes != NOT_RECORDED
    previous, same = shifted(ratings, -1)
    return codes, (codes != codes[previous]) & recorded & recorded[previous] & same[:, None]


def _jumps(
    series: Series, rules: CauseRules, run: Int[np.ndarray, " visits"]
) -> tuple[Float[np.ndarray, " visits"], Float[np.ndarray, " visits"]]:
    """Jump of the level between each visit and the one before, and its precision."""
    past, future = side(series, rules, -1, run), side(series, rules, 1, run)
    previous, _ = shifted(series.ratings, -1)
    slope, slope_variance = common_slope(past, previous, future, np.arange(run.size), rules)
    apart = future.months - past.months[previous]
    jump = future.score - past.score[previous] - slope * apart
    variance = series.noise**2 * (1.0 / future.count + 1.0 / past.count[previous]) + slope_variance * apart**2
    return jump, 1.0 / variance


def _pooled(
    person: Int[np.ndarray, " changes"],
    pair: tuple[Int[np.ndarray, " changes"], Int[np.ndarray, " changes"]],
    jump: Float[np.ndarray, " changes"],
    weight: Float[np.ndarray, " changes"],
) -> tuple[Float[np.ndarray, " changes"], Float[np.ndarray, " changes"], Bool[np.ndarray, " changes"]]:
    """Mean jump over a person's changes between the same two values, turned as each change goes, and it in errors.

    Last, whether these changes agree: their scatter about the mean in squared errors is at most its expectation plus
    AGREEMENT of its standard deviations (chi-squared). A true rise at one of several changes does not.
    """
    low, high = np.minimum(*pair), np.maximum(*pair)
    turned = np.where(pair[0] < pair[1], 1.0, -1.0)
    width = int(high.max(initial=0)) + 1
    _, key = np.unique((person * width + low) * width + high, return_inverse=True)

    def total(values: Float[np.ndarray, " changes"]) -> Float[np.ndarray, " pairs"]:
        return np.bincount(key, values).astype(np.float64)

    precision = total(weight)
    mean = total(weight * turned * jump) / precision
    scatter, free = total(weight * (turned * jump - mean[key]) ** 2), total(np.ones(key.size)) - 1.0
    agree = scatter <= free + AGREEMENT * np.sqrt(2.0 * free) + 1e-9
    # Rounded, so that a jump at the very edge of a rule does not depend on the day that time is counted from.
    pooled, errors = np.round(mean, 9), np.round(mean * np.sqrt(precision), 9)
    return turned * pooled[key], turned * errors[key], agree[key]


def _causes(
    series: Series,
    there: Int[np.ndarray, " found"],
    previous: Int[np.ndarray, " visits"],
    jump: Float[np.ndarray, " found"],
    name: str,
) -> pl.DataFrame:
    days = series.ratings.day
    return rows(series, there, cause="artefact", rule=name, start=days[previous[there]], end=days[there], points=jump)
