"""Ratings with the noise of each subject, smoothed levels on both sides of a visit, and sums within runs of visits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int, Num

from alsight.cohort.ratings import Ratings, subject_names
from alsight.detect.causes.rules import CauseRules

NOISE_QUANTILE: Final = 0.4
"""Quantile of absolute differences that estimates the noise: below the middle, as a dip or a jump makes large ones."""
QUANTILE_TO_SD: Final = 1.0 / NormalDist().inv_cdf(0.5 + NOISE_QUANTILE / 2.0)
"""SD of a normal variable over that quantile of its absolute value."""

LEAST_NOISE: Final = 0.5
"""Least noise of a subject as a share of the prior's: equal scores do not mean that a rating has no error."""


@dataclass(frozen=True)
class Series:
    """Ratings with a total, every subject on the scale on which they were rated most, and the noise of a rating.

    Attributes:
        ratings: these ratings; `total` is less what earlier rules explained [points].
        subjects: identifiers of the subjects.
        noise: SD of one rating of the rating's subject [points].
    """

    ratings: Ratings
    subjects: pl.Series
    noise: Float[np.ndarray, " visits"]


def series_of(ratings: Ratings, rules: CauseRules, subjects: pl.Series | None = None) -> Series:
    """Ratings with the noise of their subjects.

    The noise is the SD of the differences of successive totals about their typical size over root 2 (from a low
    quantile of their absolute values, so that the few differences beside an outlier, a jump or a dip do not count), its
    variance averaged with the prior's by numbers of visits.

    Args:
        ratings: ratings with a total, each subject on one scale.
        rules: the prior of the noise.
        subjects: identifiers of the subjects, where they are at hand.
    """
    names = subject_names(ratings) if subjects is None else subjects
    return Series(ratings, names, _noise(ratings, rules))


def shifted(ratings: Ratings, step: int) -> tuple[Int[np.ndarray, " visits"], Bool[np.ndarray, " visits"]]:
    """The visit so many visits further on (or back), and whether it is of the same subject."""
    size = ratings.subject.shape[0]
    index = np.arange(size) + step
    inside = (index >= 0) & (index < size)
    index = np.clip(index, 0, max(size - 1, 0))
    return index, inside & (ratings.subject[index] == ratings.subject)


@dataclass(frozen=True)
class Side:
    """The course on one side of each visit, the visit included.

    Attributes:
        months: mean time of the nearest visits.
        score: their mean score.
        count: how many independent ratings they are worth.
        slope: slope of all visits on that side, drawn to the prior, never above 0 [points per month].
        slope_variance: its variance.
    """

    months: Float[np.ndarray, " visits"]
    score: Float[np.ndarray, " visits"]
    count: Float[np.ndarray, " visits"]
    slope: Float[np.ndarray, " visits"]
    slope_variance: Float[np.ndarray, " visits"]

    def at(
        self, index: Int[np.ndarray, " found"], months: Float[np.ndarray, " found"], noise: Float[np.ndarray, " found"]
    ) -> tuple[Float[np.ndarray, " found"], Float[np.ndarray, " found"]]:
        """The course of the side at `index` carried to another time [months], and the variance of that value."""
        away = months - self.months[index]
        variance = noise**2 / self.count[index] + self.slope_variance[index] * away**2
        return self.score[index] + self.slope[index] * away, variance


def common_slope(
    past: Side, before: Int[np.ndarray, " found"], future: Side, after: Int[np.ndarray, " found"], rules: CauseRules
) -> tuple[Float[np.ndarray, " found"], Float[np.ndarray, " found"]]:
    """One slope for both sides, never above 0, and its variance; each side brings the prior, which counts once."""
    left, right, prior = 1.0 / past.slope_variance[before], 1.0 / future.slope_variance[after], rules.slope_sd**-2.0
    precision = left + right - prior
    slope = (left * past.slope[before] + right * future.slope[after] - prior * rules.slope_mean) / precision
    return np.minimum(slope, 0.0), 1.0 / precision


def side(series: Series, rules: CauseRules, step: int, group: Int[np.ndarray, " visits"] | None = None) -> Side:
    """The course before (`step` -1) or after (1) each visit, that visit included.

    The level is the mean of up to `neighbors` visits within `neighbor_days`; the slope is the least-squares one of all
    visits on that side, averaged with its prior by precision, so that with few visits the prior speaks.

    Args:
        series: the visits.
        rules: how many neighbors, how far, and the prior.
        step: direction.
        group: running numbers; visits of another number are not used.
    """
    run = series.ratings.subject if group is None else group
    months, score, count = (
        series.ratings.months.copy(),
        series.ratings.total.copy(),
        np.ones(series.ratings.subject.size),
    )
    span = np.zeros(series.ratings.subject.size)
    for far in range(1, rules.neighbors):
        index, same = shifted(series.ratings, step * far)
        same &= (run[index] == run) & (np.abs(series.ratings.day[index] - series.ratings.day) <= rules.neighbor_days)
        months += np.where(same, series.ratings.months[index], 0.0)
        score += np.where(same, series.ratings.total[index], 0.0)
        count += same
        span = np.where(same, np.abs(series.ratings.day[index] - series.ratings.day), span)
    slope, variance = _slopes(series, rules, step, run)
    return Side(months / count, score / count, independent(count, span, rules), slope, variance)


def independent(
    count: Float[np.ndarray, "*batch"], days: Num[np.ndarray, "*batch"], rules: CauseRules
) -> Float[np.ndarray, "*batch"]:
    """How many independent ratings so many visits in so many days are worth, noise being carried over between them.

    1 + (n - 1) (1 - r) / (1 + r), r = exp(-gap / `noise_days`): exact for one visit, and as n grows.
    """
    gap = days / np.maximum(count - 1.0, 1.0)
    carried = np.exp(-gap / rules.noise_days)
    return 1.0 + (count - 1.0) * (1.0 - carried) / (1.0 + carried)


def _slopes(
    series: Series, rules: CauseRules, step: int, run: Int[np.ndarray, " visits"]
) -> tuple[Float[np.ndarray, " visits"], Float[np.ndarray, " visits"]]:
    """Slope of all visits of a run up to each visit, or from it on, and its variance."""
    # Sums over a subject's time and score from the first visit on keep their digits.
    head = np.maximum.accumulate(np.where(np.diff(run, prepend=-1) != 0, np.arange(run.size), 0))
    x, y = series.ratings.months - series.ratings.months[head], series.ratings.total - series.ratings.total[head]
    order = slice(None) if step < 0 else slice(None, None, -1)
    parts = [cumulated(run[order], values[order])[order] for values in (np.ones(x.size), x, y, x * x, x * y)]
    count, sum_x, sum_y, sum_xx, sum_xy = parts
    spread, shared = sum_xx - sum_x**2 / count, sum_xy - sum_x * sum_y / count
    ridge = series.noise**2 / rules.slope_sd**2
    slope = (shared + ridge * rules.slope_mean) / (spread + ridge)
    return np.minimum(slope, 0.0), series.noise**2 / (spread + ridge)


def cumulated(run: Int[np.ndarray, " visits"], values: Float[np.ndarray, " visits"]) -> Float[np.ndarray, " visits"]:
    """Running sum of values within each run of equal numbers."""
    total = np.cumsum(values)
    first = np.diff(run, prepend=-1) != 0
    before = np.where(first, total - values, 0.0)
    return total - before[np.maximum.accumulate(np.where(first, np.arange(values.size), 0))]


def _noise(ratings: Ratings, rules: CauseRules) -> Float[np.ndarray, " visits"]:
    before, same = shifted(ratings, -1)
    same &= ratings.day > ratings.day[before]
    gap = ratings.months - ratings.months[before]
    step = (ratings.total - ratings.total[before])[same]
    steps = pl.DataFrame({"subject": ratings.subject[same], "gap": gap[same], "step": step})
    typical = (pl.col("step") / pl.col("gap")).median().over("subject") * pl.col("gap")
    by_subject = (
        steps.with_columns(off=(pl.col("step") - typical).abs() / math.sqrt(2.0))
        .group_by("subject")
        .agg(sd=pl.col("off").quantile(NOISE_QUANTILE, "linear") * QUANTILE_TO_SD, count=pl.len())
    )
    size = ratings.size
    sd, count = np.zeros(size), np.zeros(size)
    # The first two differences fix the typical step.
    index, observed = (
        by_subject["subject"].to_numpy(),
        np.maximum(by_subject["count"].to_numpy().astype(np.float64) - 2.0, 0.0),
    )
    sd[index], count[index] = by_subject["sd"].to_numpy(), observed
    weight = rules.noise_visits + count
    variance = (rules.noise_visits * rules.noise_sd**2 + count * sd**2) / weight
    return np.sqrt(np.maximum(variance, (LEAST_NOISE * rules.noise_sd) ** 2))[ratings.subject]
