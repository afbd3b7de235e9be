"""Cohorts in memory for the tests of re-evaluation, and a slow obvious version of the likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from scipy.stats import multivariate_normal

from alsight.base.units import days_of
from alsight.cohort.cohort import Cohort
from alsight.cohort.endpoints import NO_DAY
from alsight.cohort.ratings import ITEM_BLOCK, NOT_RECORDED, Ratings
from alsight.cohort.schema import Table
from alsight.cohort.tables import DOSES, EVENTS, MEASURES_TABLE, SUBJECTS, VISITS
from alsight.detect.review.classes import UNANCHORED_LEVEL, CourseClass
from alsight.detect.review.rated import Rated
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST


def shaped(table: Table, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in table.schema} for row in rows], schema=table.schema)


def cohort(
    totals: dict[str, list[tuple[int, float]]],
    *,
    people: dict[str, dict[str, Any]] | None = None,
    measures: list[dict[str, Any]] | None = None,
    events: list[dict[str, Any]] | None = None,
    doses: list[dict[str, Any]] | None = None,
    scale: str = "alsfrs_r",
) -> Cohort:
    """A cohort from days and totals, with onset a year before entry unless told."""
    known = people or {}
    subjects = [
        {"subject": name, "entry": "diagnosis", "onset_day": -365, "diagnosis_day": 0, **known.get(name, {})}
        for name in totals
    ]
    column = "alsfrs_r_total" if scale == "alsfrs_r" else "alsfrs_total"
    visits = [
        {"subject": name, "day": day, "scale": scale, column: total}
        for name, rated in totals.items()
        for day, total in rated
    ]
    return Cohort(
        subjects=shaped(SUBJECTS, subjects).sort("subject"),
        visits=shaped(VISITS, visits).sort("subject", "day"),
        measures=shaped(MEASURES_TABLE, measures or []).sort("subject", "day"),
        events=shaped(EVENTS, events or []).sort("subject", "day"),
        doses=shaped(DOSES, doses or []).sort("subject", "day"),
    )


def line(start: float, per_month: float, visits: int = 9, gap: int = 91) -> list[tuple[int, float]]:
    """Whole-point totals on a line."""
    return [(gap * location, float(round(start + per_month * gap * location / 30.4375))) for location in range(visits)]


def moments(one: CourseClass, months: np.ndarray, onset: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the totals of one person under one class, written out."""
    t, s = months[:, None], months[None, :]
    if np.isnan(onset):
        level, level_variance, shared = UNANCHORED_LEVEL[0], UNANCHORED_LEVEL[1] ** 2, 0.0
    else:
        level, level_variance = ALSFRS_R_BEST - one.past * onset, (one.past_sd * onset) ** 2
        shared = onset * one.correlation * one.past_sd * one.rate_sd
    low, high = np.minimum(t, s), np.maximum(t, s)
    covariance = level_variance + (t + s) * shared + t * s * one.rate_sd**2
    covariance = covariance + one.wander * low**2 * (3 * high - low) / 6 + one.steps * low
    covariance = covariance + one.fluctuation**2 * np.exp(-np.abs(t - s) / one.memory)
    return level - one.rate * months, covariance + one.noise**2 * np.eye(months.size)


def slow_log_score(one: CourseClass, months: np.ndarray, totals: np.ndarray, onset: float) -> float:
    return float(multivariate_normal(*moments(one, months, onset), allow_singular=True).logpdf(totals))


def simulated(
    random: np.random.Generator, classes: tuple[CourseClass, ...], which: np.ndarray, gap: float, follow: float
) -> Rated:
    """People of given classes, seen until death or the end of follow-up."""
    people = which.size
    onset = random.lognormal(2.37, 0.768, people)
    onset[::7] = np.nan
    planned = np.arange(0.0, follow + 0.1, gap)
    rows: list[np.ndarray] = []
    died = np.full(people, np.nan)
    count = np.zeros(people, np.int64)
    for person in range(people):
        one = classes[which[person]]
        end = (random.exponential() / one.hazard) ** (1 / one.shape)
        last = planned[planned <= end]
        # Follow-up ends at the last planned visit before death, or at its planned end.
        died[person] = end if end <= planned[-1] else np.nan
        mean, covariance = moments(one, last, onset[person])
        rows.append(random.multivariate_normal(mean, covariance))
        count[person] = last.size
    months = np.concatenate([planned[:size] for size in count])
    observed = np.where(np.isnan(died), planned[-1], planned[count - 1])
    zeros = np.zeros(people, np.int64)
    return Rated(
        ratings=bare(count, months, np.concatenate(rows)),
        onset=onset,
        observed=observed,
        died=died,
        status=zeros,
        rate=np.full(people, np.nan),
        excluded=zeros,
    )


def bare(count: np.ndarray, months: np.ndarray, total: np.ndarray) -> Ratings:
    """ALSFRS-R ratings of which nothing but months and totals is known, so many of each subject."""
    size, people = months.size, count.size
    unknown = np.full(size, NOT_RECORDED)
    return Ratings(
        identifier=np.arange(people)[:, None].astype(">u4").view(np.uint8),
        offsets=np.concatenate([[0], np.cumsum(count)]),
        subject=np.repeat(np.arange(people), count),
        line=np.arange(size),
        day=np.rint(days_of(months)).astype(np.int64),
        months=months,
        months_since_onset=np.full(size, np.nan),
        items=np.full((size, len(ITEM_BLOCK)), np.nan),
        total=total,
        derived=np.zeros(size, bool),
        scale=np.zeros(size, np.int64),
        mode=unknown,
        responder=unknown,
        rater=unknown,
        main_scale=np.zeros(people, np.int64),
        end_day=np.full(people, NO_DAY),
    )
