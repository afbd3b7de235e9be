"""Linear, marginal and Cox fits find the truth they were given, and their 95 % intervals cover it 95 times in 100."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import jax
import numpy as np
import pytest

from alsight.base.status import Status
from alsight.infer.fit import Fit, intervals
from alsight.infer.gaussian.degrees import contrast_test
from alsight.infer.linear import fit_linear, fit_trials
from alsight.infer.marginal import fit_marginal_trials
from alsight.infer.survival.cox import fit_cox_trials
from alsight.models.model import Columns
from alsight.models.structures import covariance_matrix
from infer.trials import TRUTH, simulate, table_of
from montecarlo import proportion_tolerance, tolerance

SETS = 1000
WRITE = Callable[[str, object], None]
"""pytest's `record_property`: coverages stand in the report that `--junitxml` writes."""


def covered(fit: Fit, truth: np.ndarray) -> np.ndarray:
    low, high = intervals(fit.estimates, fit.errors(), [parameter.scale for parameter in fit.parameters], 0.95)
    return ((low <= truth) & (truth <= high)).mean(axis=0)


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_linear_intervals_cover(method: str, record_property: WRITE) -> None:
    trials = simulate(20261122, SETS, 200)
    columns = Columns("score", ("Intercept", "month"), ("intercept", "month"))
    fit = fit_trials(trials.outcome, trials.design, trials.design, trials.observed, columns, method=method)
    assert (fit.status == Status.CONVERGED).all()
    truth = np.array(list(TRUTH.values()))
    rates = covered(fit, truth)
    record_property("coverage", dict(zip(fit.names, rates.tolist(), strict=True)))
    assert np.abs(rates - 0.95).max() < proportion_tolerance(0.95, SETS), dict(zip(fit.names, rates, strict=True))
    if method == "reml":  # nearly unbiased
        bias = fit.estimates.mean(axis=0) - truth
        assert (np.abs(bias) < tolerance(1.0, SETS) * fit.estimates.std(axis=0) + 0.002 * np.abs(truth)).all()


def test_small_samples_need_kenward_roger() -> None:
    trials = simulate(5, SETS, 12)
    columns = Columns("score", ("Intercept", "month"), ("intercept", "month"))
    fit = fit_trials(trials.outcome, trials.design, trials.design, trials.observed, columns)
    fine = np.isin(fit.status, (Status.CONVERGED, Status.BOUNDARY))
    assert fine.mean() > 0.99
    moved = fit_trials(
        trials.outcome - TRUTH["month"] * trials.month, trials.design, trials.design, trials.observed, columns
    )
    used = moved.status == Status.CONVERGED
    wrong = (contrast_test(moved, np.array([0.0, 1.0]), "kenward_roger").p < 0.05)[used].mean()
    normal = (contrast_test(moved, np.array([0.0, 1.0]), "normal").p < 0.05)[used].mean()
    assert abs(wrong - 0.05) < proportion_tolerance(0.05, int(used.sum()))
    assert normal > wrong


@pytest.mark.parametrize("structure", ["us", "ar1h", "toeph", "adh", "cs"])
def test_marginal_intervals_cover(structure: str, record_property: WRITE) -> None:
    rng = np.random.default_rng(17)
    people, slots = 150, 4
    theta = {
        "us": [30.0, 18.0, 34.0, 14.0, 20.0, 40.0, 10.0, 15.0, 22.0, 48.0],
        "ar1h": [30.0, 34.0, 40.0, 48.0, 0.6],
        "toeph": [30.0, 34.0, 40.0, 48.0, 0.6, 0.4, 0.3],
        "adh": [30.0, 34.0, 40.0, 48.0, 0.6, 0.5, 0.7],
        "cs": [20.0, 16.0],
    }[structure]
    square = covariance_matrix(structure, np.array(theta), slots)
    fixed = np.zeros((SETS, people, slots, 8))
    arm = np.arange(people) % 2
    fixed[:, :, np.arange(slots), np.arange(slots)] = 1.0
    fixed[:, :, np.arange(slots), slots + np.arange(slots)] = arm[:, None]
    beta = np.array([-1.0, -2.0, -3.0, -4.0, 0.0, 0.5, 1.0, 1.5])
    outcome = fixed @ beta + rng.multivariate_normal(np.zeros(slots), square, (SETS, people))
    observed = (
        np.arange(slots) < rng.integers(1, slots + 1, (SETS, people, 1)) + (rng.random((SETS, people, 1)) < 0.6) * 2
    )
    columns = Columns("change", tuple(f"b{k}" for k in range(8)), slots=tuple("0123"))
    fit = fit_marginal_trials(outcome, fixed, observed, columns, structure)
    assert (fit.status == Status.CONVERGED).mean() > 0.995
    rates = covered(fit, np.r_[beta, theta])
    record_property("coverage", dict(zip(fit.names, rates.tolist(), strict=True)))
    # Wald intervals of variances and covariances are asymptotic: half a point is allowed beyond Monte Carlo error.
    room = proportion_tolerance(0.95, SETS) + np.where(np.arange(len(rates)) < 8, 0.0, 0.005)
    assert (np.abs(rates - 0.95) < room).all(), dict(zip(fit.names, rates, strict=True))


def test_cox_intervals_cover(record_property: WRITE) -> None:
    rng = np.random.default_rng(23)
    people, truth = 150, np.array([0.5, -0.7])
    x = np.stack([rng.normal(size=(SETS, people)), rng.random((SETS, people)) < 0.5], axis=-1)
    entry = rng.uniform(0, 0.3, (SETS, people))
    time = entry + rng.exponential(1.0, (SETS, people)) * np.exp(-(x @ truth))
    cut = np.minimum(time, 2.5)
    fit = fit_cox_trials(x, cut, time <= 2.5, ("age", "arm"), entry=entry)
    assert (fit.status == Status.CONVERGED).all()
    rates = covered(fit, truth)
    record_property("coverage", dict(zip(fit.names, rates.tolist(), strict=True)))
    assert np.abs(rates - 0.95).max() < proportion_tolerance(0.95, SETS)


@pytest.mark.slow
def test_student_noise_is_recovered(record_property: WRITE) -> None:
    sets = 1000 if os.environ.get("ALSIGHT_FULL") else 24
    trials = simulate(41, sets, 120)
    columns = ("Intercept", "month", "sd_intercept", "sd_month", "corr_intercept_month", "sd_residual")
    truth = np.array([*(TRUTH[name] for name in columns), 4.0])
    start = fit_linear(table_of(trials, 0), "score ~ month", random="~ month", tail="student", method="ml")
    hits = np.zeros(len(truth))
    made = 0
    for number in range(sets):
        table = table_of(trials, number)
        # The first set has normal noise, whose degrees of freedom have no end: the truth stands in place of the
        # estimates, in the columns as given.
        model = replace(start, estimates=truth, status=np.array(int(Status.CONVERGED)), arrays={})
        fit = fit_linear(
            model.simulate(jax.random.key(number), table),
            "score ~ month",
            random="~ month",
            tail="student",
            method="ml",
        )
        if fit.status != Status.CONVERGED:
            continue
        made += 1
        low, high = intervals(fit.estimates, fit.errors(), [p.scale for p in fit.parameters], 0.95)
        hits += (low <= truth) & (truth <= high)
    record_property("coverage", dict(zip((*columns, "degrees"), (hits / made).tolist(), strict=True)))
    assert made >= 0.95 * sets
    assert np.abs(hits / made - 0.95).max() < proportion_tolerance(0.95, made)
