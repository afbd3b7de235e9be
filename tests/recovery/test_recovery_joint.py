"""Joint model: simulate, fit, recover. 95 % intervals cover 95 %, and late entry is allowed for."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from alsight.base.status import Status
from alsight.infer.joint.fit import fit_joint
from alsight.models.latent.joint import Joint
from joint_cohorts import cohort, truth
from montecarlo import proportion_tolerance

SETS = 1000 if os.environ.get("ALSIGHT_FULL") else 100
MODEL = Joint(baseline="weibull")
WORD = "score ~ months"


def _natural(centers: np.ndarray) -> np.ndarray:
    values = truth()
    covariance = values.factor @ values.factor.T
    deviations = np.sqrt(np.diagonal(covariance))
    hazard = values.hazards[0]
    level = hazard.baseline[0] + float(hazard.covariates[0]) * centers.mean()
    return np.array(
        [
            *values.fixed,
            deviations[0],
            covariance[1, 0] / deviations.prod(),
            deviations[1],
            values.sd,
            level,
            hazard.baseline[1],
            *hazard.covariates,
            *hazard.association,
        ]
    )


@pytest.mark.slow
def test_intervals_cover(record_property: Callable[[str, object], None]) -> None:
    fits = []
    for seed in range(SETS):
        made = cohort(10_000 + seed, 250, truth())
        fits.append(fit_joint(made.visits, made.people, WORD, random="~ months", hazard="~ bulbar", model=MODEL))
    assert all(fit.status == Status.CONVERGED for fit in fits)
    centers = np.array([fit.arrays["centers"][0] for fit in fits])
    values = np.stack([_natural(center) for center in centers[:, None]])
    tables = [fit.table() for fit in fits]
    low = np.array([table["low"].to_numpy() for table in tables])
    high = np.array([table["high"].to_numpy() for table in tables])
    covered = ((low <= values) & (values <= high)).mean(axis=0)
    record_property("coverage", dict(zip(fits[0].names, covered.tolist(), strict=True)))
    np.testing.assert_array_less(np.abs(covered - 0.95), proportion_tolerance(0.95, SETS))


@pytest.mark.slow
def test_late_entry_is_allowed_for() -> None:
    """People seen only if alive at 6 months: ignoring it biases the hazard's level, conditioning on it does not."""
    sets = SETS // 5
    level, naive = [], []
    for seed in range(sets):
        made = cohort(50_000 + seed, 500, truth())
        people = made.people.filter(pl.col("end") > 6).with_columns(entry=pl.lit(6.0))
        visits = made.visits.filter(pl.col("subject").is_in(people["subject"].implode()) & (pl.col("months") >= 6))
        fits = [
            fit_joint(visits, people, WORD, random="~ months", hazard="~ bulbar", entry=entry, model=MODEL)
            for entry in ("entry", "")
        ]
        shift = float(truth().hazards[0].covariates[0]) * fits[0].arrays["centers"][0]
        level.append(fits[0]["event_log_hazard"] - shift)
        naive.append(fits[1]["event_log_hazard"] - shift)
    expected = float(truth().hazards[0].baseline[0])
    spread = float(np.std(level)) / np.sqrt(sets)
    assert abs(np.mean(level) - expected) < 4 * spread
    assert np.mean(naive) < expected - 4 * float(np.std(naive)) / np.sqrt(sets)
