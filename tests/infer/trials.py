"""Simulated longitudinal data with known truth, as arrays over (trial, subject, visit)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import polars as pl

TRUTH = {
    "Intercept": 38.0,
    "month": -1.0,
    "sd_intercept": 5.0,
    "sd_month": 0.8,
    "corr_intercept_month": 0.2,
    "sd_residual": 2.0,
}


class Trials(NamedTuple):
    """Padded arrays of simulated trials."""

    outcome: np.ndarray
    month: np.ndarray
    design: np.ndarray
    observed: np.ndarray


def simulate(key: int, trials: int, subjects: int, visits: int = 7, truth: dict[str, float] = TRUTH) -> Trials:
    """Random intercepts and slopes, jittered visits every two months, dropout unrelated to the score."""
    rng = np.random.default_rng(key)
    month = np.arange(visits) * 2.0 + rng.uniform(-0.3, 0.3, (trials, subjects, visits))
    covariance = truth["corr_intercept_month"] * truth["sd_intercept"] * truth["sd_month"]
    square = [[truth["sd_intercept"] ** 2, covariance], [covariance, truth["sd_month"] ** 2]]
    effects = rng.multivariate_normal([0, 0], square, (trials, subjects))
    course = (truth["Intercept"] + effects[..., :1]) + (truth["month"] + effects[..., 1:]) * month
    outcome = course + truth["sd_residual"] * rng.normal(size=month.shape)
    last = rng.integers(2, visits + 1, (trials, subjects, 1))
    design = np.stack([np.ones_like(month), month], axis=-1)
    return Trials(outcome, month, design, np.arange(visits) < last)


def table_of(trials: Trials, trial: int, **columns: Any) -> pl.DataFrame:
    """One trial as a long table."""
    observed = trials.observed[trial]
    subject, visit = np.nonzero(observed)
    frame = pl.DataFrame(
        {
            "subject": subject,
            "visit": visit,
            "month": trials.month[trial][observed],
            "score": trials.outcome[trial][observed],
        }
    )
    return frame.with_columns(**{name: pl.Series(np.asarray(value)[subject]) for name, value in columns.items()})
