"""The scores of everybody as flat arrays in the order of person and day, with each person's slope and noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort
from alsight.detect.causes.rules import CauseRules
from alsight.episodes.courses import TOTALS, courses
from alsight.instruments.items import CUTTING, TWELVE

MAD_TO_SD: Final = 1.4826
"""SD of a normal variable over its median absolute deviation."""


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
        slope: slope of the visit's person, never above 0 [points per month].
        noise: SD of one rating of that person [points].
    """

    subjects: pl.Series
    line: Int[np.ndarray, " visits"]
    person: Int[np.ndarray, " visits"]
    day: Int[np.ndarray, " visits"]
    months: Float[np.ndarray, " visits"]
    score: Float[np.ndarray, " visits"]
    items: Float[np.ndarray, "visits 12"]
    slope: Float[np.ndarray, " visits"]
    noise: Float[np.ndarray, " visits"]

    @property
    def level(self) -> Float[np.ndarray, " visits"]:
        """Scores with the person's own slope taken out: flat, but for what is not the running course."""
        return self.score - self.slope * self.months


def lay_out(cohort: Cohort, rules: CauseRules) -> Series:
    """The series of a cohort; visits without a total, and on the scale a person was rated on less often, stay out."""
    chosen = courses(cohort, tuple(TOTALS))
    people = pl.DataFrame({"subject": chosen.subjects, "used": chosen.scale}).with_row_index("person")
    score = pl.coalesce(pl.when(pl.col("scale") == scale).then(pl.col(name)) for scale, name in TOTALS.items())
    items = [pl.coalesce(CUTTING) if name == "q5_cutting" else pl.col(name) for name in TWELVE]
    visits = (
        cohort.visits.with_row_index("line")
        .select(
            "line", "subject", "day", "scale", score=score.cast(pl.Float64).fill_nan(None),
            **{f"i_{name}": item.cast(pl.Float64) for name, item in zip(TWELVE, items, strict=True)},
        )
        .join(people, on="subject", maintain_order="left")
        .filter(pl.col("scale") == pl.col("used"), pl.col("score").is_not_null())
        .sort("person", "day")
    )  # fmt: skip
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
        slope=np.zeros(size),
        noise=np.full(size, rules.noise_sd),
    )
    return described(bare, rules)


def described(series: Series, rules: CauseRules) -> Series:
    """The series with slopes and noise of its people.

    The slope is the least-squares one, drawn to the prior by its own standard error, and never above 0. The noise is
    the SD of a rating about the line through its neighbors (median absolute deviation, so that single outliers do not
    count), its variance averaged with the prior's by numbers of visits.
    """
    noise = _noise(series, rules)
    size = len(series.subjects)
    who, months = series.person, series.months

    def mean(values: Float[np.ndarray, " visits"]) -> Float[np.ndarray, " visits"]:
        return (np.bincount(who, values, size) / np.maximum(np.bincount(who, minlength=size), 1))[who]

    away = months - mean(months)
    spread = np.bincount(who, away * away, size)[who]
    shared = np.bincount(who, away * series.score, size)[who]
    trust = 1.0 / (noise**2 * rules.slope_sd**-2.0 + spread)
    slope = (shared + noise**2 * rules.slope_sd**-2.0 * rules.slope_mean) * trust
    return replace(series, slope=np.minimum(slope, 0.0), noise=noise)


def kept(series: Series, keep: Bool[np.ndarray, " visits"]) -> Series:
    """Some visits of a series."""
    names = ("line", "person", "day", "months", "score", "items", "slope", "noise")
    return replace(series, **{name: getattr(series, name)[keep] for name in names})


def shifted(series: Series, step: int) -> tuple[Int[np.ndarray, " visits"], Bool[np.ndarray, " visits"]]:
    """The visit so many places further on (or back), and whether it is of the same person."""
    size = series.person.size
    place = np.arange(size) + step
    inside = (place >= 0) & (place < size)
    place = np.clip(place, 0, max(size - 1, 0))
    return place, inside & (series.person[place] == series.person)


def side(
    series: Series, rules: CauseRules, step: int, group: Int[np.ndarray, " visits"] | None = None
) -> tuple[Float[np.ndarray, " visits"], Float[np.ndarray, " visits"]]:
    """Smoothed level at each visit from itself and the next visits in one direction, and how many made it.

    Args:
        series: the visits.
        rules: how many neighbors, and how far.
        step: 1 for the visits that follow, -1 for those before.
        group: visits of another group are not used.
    """
    level = series.level
    total, count = level.copy(), np.ones(level.size)
    for far in range(1, rules.neighbors):
        place, same = shifted(series, step * far)
        same &= np.abs(series.day[place] - series.day) <= rules.neighbor_days
        if group is not None:
            same &= group[place] == group
        total += np.where(same, level[place], 0.0)
        count += same
    return total / count, count


def _noise(series: Series, rules: CauseRules) -> Float[np.ndarray, " visits"]:
    before, has_before = shifted(series, -1)
    after, has_after = shifted(series, 1)
    months, score = series.months, series.score
    between = has_before & has_after & (series.day[after] > series.day[before])
    gap = np.where(between, months[after] - months[before], 1.0)
    part = (months - months[before]) / gap
    off = (score - (1.0 - part) * score[before] - part * score[after]) / np.sqrt(1.0 + part**2 + (1.0 - part) ** 2)
    own = (
        pl.DataFrame({"person": series.person[between], "off": np.abs(off[between])})
        .group_by("person")
        .agg(sd=pl.col("off").median() * MAD_TO_SD, count=pl.len())
    )
    size = len(series.subjects)
    sd, count = np.zeros(size), np.zeros(size)
    sd[own["person"].to_numpy()], count[own["person"].to_numpy()] = own["sd"].to_numpy(), own["count"].to_numpy()
    weight = rules.noise_visits + count
    variance = (rules.noise_visits * rules.noise_sd**2 + count * sd**2) / np.maximum(weight, 1e-9)
    floor = np.where(weight > 0.0, variance, rules.noise_sd**2)
    return np.sqrt(np.maximum(floor, (0.25 * rules.noise_sd) ** 2))[series.person]
