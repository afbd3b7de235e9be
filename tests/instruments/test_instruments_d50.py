"""D50: exact curves come back, each way of failing has its status."""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares

from alsight.base.status import Status
from alsight.instruments.d50 import aggressiveness, expected_score, fit_d50, local_loss

NAN = np.nan


def curves(people: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    d50 = rng.uniform(10, 80, people)
    dx = d50 * rng.uniform(0.15, 0.35, people)
    months = rng.uniform(3, 12, people)[:, None] + 3.0 * np.arange(8)
    return months, expected_score(months, d50[:, None], dx[:, None]), d50, dx


def test_exact_points_are_recovered() -> None:
    months, scores, d50, dx = curves(400)
    fit = fit_d50(months, scores)
    enough = (scores >= 1).sum(axis=-1) >= 3
    assert (fit.status[enough] == Status.CONVERGED).all()
    assert (fit.status[~enough] == Status.TOO_FEW_DATA).all()
    np.testing.assert_allclose(fit.d50_months[enough], d50[enough], rtol=1e-6)
    np.testing.assert_allclose(fit.dx_months[enough], dx[enough], rtol=1e-6)
    assert np.nanmax(fit.residual_sd) < 1e-5


def test_never_worse_than_a_general_optimizer() -> None:
    months, scores, *_ = curves(25, seed=6)
    scores = np.clip(np.round(scores + np.random.default_rng(7).normal(0, 1.5, scores.shape)), 0, 48)
    fit = fit_d50(months, scores)
    fitted = np.flatnonzero(fit.status == Status.CONVERGED)
    assert len(fitted) >= 20
    for person in fitted:
        used = scores[person] >= 1
        t, y = months[person][used], scores[person][used]

        def miss(theta: np.ndarray, t: np.ndarray = t, y: np.ndarray = y) -> np.ndarray:
            return y - expected_score(t, np.exp(theta[0]), np.exp(theta[1]))

        starts = [(d50, dx) for d50 in (5, 20, 80) for dx in (2, 8)]
        best = min(2 * least_squares(miss, np.log(start)).cost for start in starts)
        assert fit.residual_sd[person] ** 2 * (used.sum() - 2) <= best * (1 + 1e-6) + 1e-9


def test_each_failure_has_its_status() -> None:
    months = np.tile([3.0, 6.0, 9.0, 12.0], (6, 1))
    months[1] = 3.0
    scores = np.array(
        [
            [40.0, 38.0, NAN, NAN],
            [40.0, 38.0, 36.0, 34.0],
            [40.0, 40.0, 40.0, 40.0],
            [30.0, 34.0, 38.0, 42.0],
            [0.0, 0.0, 20.0, 10.0],
            [46.0, 40.0, 30.0, 18.0],
        ]
    )
    fit = fit_d50(months, scores)
    assert fit.status.tolist() == [
        Status.TOO_FEW_DATA,
        Status.TOO_FEW_DATA,
        Status.CONSTANT,
        Status.BOUNDARY,
        Status.TOO_FEW_DATA,
        Status.CONVERGED,
    ]
    assert np.isnan(fit.d50_months[:5]).all()
    assert np.isfinite(fit.d50_months[5])
    assert fit.scores.tolist() == [2, 4, 4, 4, 2, 4]


def test_visits_before_onset_do_not_enter() -> None:
    months, scores, d50, _ = curves(1)
    months = np.concatenate([[[-6.0]], months], axis=-1)
    scores = np.concatenate([[[20.0]], scores], axis=-1)
    np.testing.assert_allclose(fit_d50(months, scores).d50_months, d50, rtol=1e-6)


def test_leading_shapes() -> None:
    months, scores, *_ = curves(6)
    assert fit_d50(months.reshape(2, 3, 8), scores.reshape(2, 3, 8)).d50_months.shape == (2, 3)
    assert fit_d50(np.zeros((0, 8)), np.zeros((0, 8))).status.shape == (0,)
    assert fit_d50(np.zeros((2, 0)), np.zeros((2, 0))).status.tolist() == [Status.TOO_FEW_DATA] * 2


def test_loss_is_the_negative_derivative_and_peaks_at_d50() -> None:
    t, d50, dx = np.linspace(0, 80, 17), np.float64(30.0), np.float64(7.0)
    numeric = -(expected_score(t + 1e-5, d50, dx) - expected_score(t - 1e-5, d50, dx)) / 2e-5
    np.testing.assert_allclose(local_loss(t, d50, dx), numeric, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(local_loss(d50, d50, dx), 12 / dx)
    np.testing.assert_allclose(expected_score(d50, d50, dx), 24)


def test_groups_of_aggressiveness() -> None:
    groups = aggressiveness(np.array([5.0, 20.0, 39.9, 40.0, 400.0, NAN]))
    assert groups.tolist() == ["high", "intermediate", "intermediate", "low", "low", ""]
