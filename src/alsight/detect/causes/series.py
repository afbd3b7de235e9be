"""The scores of everybody as flat arrays in the order of person and day, with the noise of each person."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort
from alsight.detect.causes.rules import CauseRules
from alsight.episodes.courses import TOTALS, courses
from alsight.instruments.items import CUTTING, TWELVE

NOISE_QUANTILE: Final = 0.4
"""Quantile of absolute differences that tells the noise: below the middle, as a dip or a jump makes large ones."""
QUANTILE_TO_SD: Final = 1.0 / NormalDist().inv_cdf(0.5 + NOISE_QUANTILE / 2.0)
"""SD of a normal variable over that quantile of its absolute value."""

LEAST_NOISE: Final = 0.5
"""Least noise of a person as a share of the prior's: equal scores do not mean that a rating has no error."""


@dataclass(frozen=True)
class Series:
    """Rated visits, every person on the scale they were rated on more often.

    Attributes:
        subjects: people, in the order of the cohort.
        line: row of the visit in the cohort's visits.
        person: position of its person among the subjects, never falling.
        day: day of the visit.
        months: the same [months].
        score: total, less what earlier rules explained [points].
        items: the twelve items, nan where not rated.
        noise: SD of one rating of that person [points].
    """

    subjects: pl.Series
    line: Int[np.ndarray, " visits"]
    person: Int[np.ndarray, " visits"]
    day: Int[np.ndarray, " visits"]
    months: Float[np.ndarray, " visits"]
    score: Float[np.ndarray, " visits"]
    items: Float[np.ndarray, "visits 12"]
    noise: Float[np.ndarray, " visits"]


def lay_out(cohort: Cohort, rules: CauseRules) -> Series:
    """The series of a cohort; visits without a total, and on the scale a person was rated on less often, stay out."""
    chosen = courses(cohort, tuple(TOTALS))
    people = pl.DataFrame({"subject": chosen.subjects, "used": chosen.scale}).with_row_index("person")
    score = pl.coalesce(pl.when(pl.col("scale") == scale).then(pl.col(name)) for scale, name in TOTALS.items())
    items = [pl.coalesce(CUTTING) if name == "q5_cutting" else pl.col(name) for name in TWELVE]
    visits = (
        cohort.visits.with_row_index("line")
        .select(
            "line",
            "subject",
            "day",
            "scale",
            score=score.cast(pl.Float64).fill_nan(None),
            **{f"i_{name}": item.cast(pl.Float64) for name, item in zip(TWELVE, items, strict=True)},
        )
        .join(people, on="subject", maintain_order="left")
        .filter(pl.col("scale") == pl.col("used"), pl.col("score").is_not_null())
        .sort("person", "day")
    )
    graded = visits.select(f"i_{name}" for name in TWELVE).fill_null(float("nan")).to_numpy()
    whole = graded.sum(axis=1)
    total = visits["score"].to_numpy()
    # Where all twelve items stand, their sum is the total, whatever was written.
    total = np.where(np.isfinite(whole) & (visits["scale"] == "alsfrs_r").to_numpy(), whole, total)
    day = visits["day"].to_numpy().astype(np.int64)
    size = day.size
    bare = Series(
        subjects=people["subject"],
        line=visits["line"].to_numpy().astype(np.int64),
        person=visits["person"].to_numpy().astype(np.int64),
        day=day,
        months=months_of(day.astype(np.float64)),
        score=total,
        items=graded,
        noise=np.full(size, rules.noise_sd),
    )
    return described(bare, rules)


def described(series: Series, rules: CauseRules) -> Series:
    """The series with the noise of its people.

    The noise is the SD of the differences of successive totals about their usual size over root 2 (from a
    low quantile of their absolute values, so that the few differences beside an outlier, a jump or a dip do not count),
    its variance averaged with the prior's by numbers of visits.
    """
    return replace(series, noise=_noise(series, rules))


def kept(series: Series, keep: Bool[np.ndarray, " visits"]) -> Series:
    """Some visits of a series."""
    names = ("line", "person", "day", "months", "score", "items", "noise")
    return replace(series, **{name: getattr(series, name)[keep] for name in names})


def shifted(series: Series, step: int) -> tuple[Int[np.ndarray, " visits"], Bool[np.ndarray, " visits"]]:
    """The visit so many places further on (or back), and whether it is of the same person."""
    size = series.person.size
    place = np.arange(size) + step
    inside = (place >= 0) & (place < size)
    place = np.clip(place, 0, max(size - 1, 0))
    return place, inside & (series.person[place] == series.person)


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
        self, place: Int[np.ndarray, " found"], months: Float[np.ndarray, " found"], noise: Float[np.ndarray, " found"]
    ) -> tuple[Float[np.ndarray, " found"], Float[np.ndarray, " found"]]:
        """The course of the side at `place` carried to another time [months], and the variance of that value."""
        away = months - self.months[place]
        variance = noise**2 / self.count[place] + self.slope_variance[place] * away**2
        return self.score[place] + self.slope[place] * away, variance


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
    run = series.person if group is None else group
    months, score, count = series.months.copy(), series.score.copy(), np.ones(series.person.size)
    span = np.zeros(series.person.size)
    for far in range(1, rules.neighbors):
        place, same = shifted(series, step * far)
        same &= (run[place] == run) & (np.abs(series.day[place] - series.day) <= rules.neighbor_days)
        months += np.where(same, series.months[place], 0.0)
        score += np.where(same, series.score[place], 0.0)
        count += same
        span = np.where(same, np.abs(series.day[place] - series.day), span)
    slope, variance = _slopes(series, rules, step, run)
    return Side(months / count, score / count, independent(count, span, rules), slope, variance)


def independent(
    count: Float[np.ndarray, "*batch"], days: Float[np.ndarray, "*batch"], rules: CauseRules
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
    # Sums over a person's own time and score from the first visit on keep their digits.
    head = np.maximum.accumulate(np.where(np.diff(run, prepend=-1) != 0, np.arange(run.size), 0))
    x, y = series.months - series.months[head], series.score - series.score[head]
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


def _noise(series: Series, rules: CauseRules) -> Float[np.ndarray, " visits"]:
    before, same = shifted(series, -1)
    same &= series.day > series.day[before]
    gap = series.months - series.months[before]
    step = (series.score - series.score[before])[same]
    steps = pl.DataFrame({"person": series.person[same], "gap": gap[same], "step": step})
    usual = (pl.col("step") / pl.col("gap")).median().over("person") * pl.col("gap")
    own = (
        steps.with_columns(off=(pl.col("step") - usual).abs() / math.sqrt(2.0))
        .group_by("person")
        .agg(sd=pl.col("off").quantile(NOISE_QUANTILE, "linear") * QUANTILE_TO_SD, count=pl.len())
    )
    size = len(series.subjects)
    sd, count = np.zeros(size), np.zeros(size)
    # The first two differences fix the usual step.
    place, seen = own["person"].to_numpy(), np.maximum(own["count"].to_numpy().astype(np.float64) - 2.0, 0.0)
    sd[place], count[place] = own["sd"].to_numpy(), seen
    weight = rules.noise_visits + count
    variance = (rules.noise_visits * rules.noise_sd**2 + count * sd**2) / weight
    return np.sqrt(np.maximum(variance, (LEAST_NOISE * rules.noise_sd) ** 2))[series.person]
