"""The default people look like people with ALS: a coarse guard, not the calibration.

The bounds stand around what the calibrated sketch of this model reached (median survival 32 months, slope -0.94 with a
spread of 0.78 between people, residual spread 1.9, capacity falling 2.3 points a month) and are wide enough for a new
calibration to move in.
"""

from __future__ import annotations

import numpy as np
import pytest

from alsight.mechanism.disease.people import Mix
from alsight.mechanism.latent import Latent, simulate_latent

N = 6000


@pytest.fixture(scope="module")
def lives() -> Latent:
    return simulate_latent(n=N, seed=5, mix=Mix(lag_least_months=1.0, lag_scale_months=5.0))


@pytest.fixture(scope="module")
def trial(lives: Latent) -> tuple[np.ndarray, np.ndarray]:
    entry = (lives.trait("delay_months") + lives.trait("lag_months")).astype(int)
    rows = np.flatnonzero((lives.event("onset") >= 0) & (entry < lives.event("last") - 1) & (entry <= 36))
    fit = (lives.capacity[rows, entry[rows]] >= 60) & (lives.score[rows, entry[rows]] >= 20)
    return rows[fit], entry[rows][fit]


def panel(values: np.ndarray, trial: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    observed = values[trial[0][:, None], trial[1][:, None] + np.arange(13)].astype(float)
    return np.where(observed < 0, np.nan, observed)


def slopes(observed: np.ndarray) -> tuple[float, float, float]:
    """Mean slope, spread of true slopes and residual spread of straight lines through at least 4 values."""
    accepted = np.isfinite(observed).sum(1) >= 4
    observed, months = observed[accepted], np.where(np.isfinite(observed[accepted]), np.arange(13.0), np.nan)
    t, y = months - np.nanmean(months, 1)[:, None], observed - np.nanmean(observed, 1)[:, None]
    square = np.nansum(t**2, 1)
    slope = np.nansum(t * y, 1) / square
    residual = np.nansum((y - slope[:, None] * t) ** 2) / (np.isfinite(observed).sum(1) - 2).sum()
    return slope.mean(), np.sqrt(slope.var() - residual * np.mean(1 / square)), np.sqrt(residual)


def test_survival(lives: Latent) -> None:
    have = lives.event("onset") >= 0
    months = np.where(lives.event("death") >= 0, lives.event("death"), np.inf)[have]
    assert 28 <= np.median(months) <= 37
    assert 0.13 <= (months > 60).mean() <= 0.25
    assert 0.03 <= (months > 120).mean() <= 0.10


def test_score_falls_as_in_trials(lives: Latent, trial) -> None:
    mean, spread, residual = slopes(panel(lives.score, trial))
    assert -1.1 <= mean <= -0.78
    assert 0.6 <= spread <= 0.9
    assert 1.5 <= residual <= 2.5


def test_capacity_falls(lives: Latent, trial) -> None:
    mean, _, _ = slopes(panel(lives.capacity, trial))
    assert -3.0 <= mean <= -1.9


def test_entry_looks_like_a_trial(lives: Latent, trial) -> None:
    assert 36 <= lives.score[trial].mean() <= 40
    assert 80 <= lives.capacity[trial].mean() <= 92
    assert 12 <= trial[1].mean() <= 19


def test_people_do_not_live_on_at_zero(lives: Latent) -> None:
    died = np.flatnonzero(lives.event("death") > 3)
    last = lives.score[died, lives.event("death")[died].astype(int) - 1]
    assert (last <= 3).mean() < 0.08
    assert 15 <= last.mean() <= 25


def test_neurofilament_tells_the_rate(lives: Latent, trial) -> None:
    observed = panel(lives.score, trial)
    accepted = np.isfinite(observed[:, 12])
    fall = np.log(np.maximum((observed[:, 0] - observed[:, 12]) / 12, 0.02))[accepted]
    level = np.log(lives.nfl[trial])[accepted]
    assert 0.3 <= np.corrcoef(level, fall)[0, 1] <= 0.7


def test_slow_kinds_are_slow(lives: Latent) -> None:
    last = lives.event("last")
    have = lives.event("onset") >= 0
    usual = np.median(last[have & (lives.trait("phenotype") == 0) & (lives.trait("slow") == 0)])
    for chosen in (lives.trait("phenotype") == 1, lives.trait("phenotype") == 2, lives.trait("slow") == 1):
        assert np.median(last[have & chosen]) > 1.3 * usual
