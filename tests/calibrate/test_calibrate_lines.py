"""Lines through everybody at once agree with one at a time, and their moments recover what made the values."""

import numpy as np
import pytest

from alsight.calibrate.lines import curve, lines
from montecarlo import tolerance


def made(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    time = np.tile(np.arange(0.0, 25.0, 3.0), (n, 1))
    slope = -0.9 + 0.6 * rng.standard_normal(n)
    values = 40.0 + slope[:, None] * time + 2.0 * rng.standard_normal(time.shape)
    values[rng.random(values.shape) < 0.2] = np.nan
    return time, values, slope


def test_each_line_is_the_least_squares_line() -> None:
    time, values, _ = made(40, np.random.default_rng(1))
    found = lines(time, values)
    observed = np.isfinite(values)
    alone = [np.polyfit(time[k][observed[k]], values[k][observed[k]], 1)[0] for k in np.flatnonzero(found.accepted)]
    assert found.slope == pytest.approx(np.array(alone), abs=1e-10)


def test_moments_recover_the_truth() -> None:
    n = 4000
    found = lines(*made(n, np.random.default_rng(2))[:2])
    assert found.mean == pytest.approx(-0.9, abs=tolerance(0.65, n))
    assert found.between_sd == pytest.approx(0.6, abs=tolerance(0.65 / np.sqrt(2.0), n) * 1.5)
    assert found.residual_sd == pytest.approx(2.0, abs=tolerance(2.0 / np.sqrt(2.0 * 5.0), n))


def test_shrinking_predicts_better_than_the_lines() -> None:
    time, values, truth = made(3000, np.random.default_rng(3))
    found = lines(time, values)
    truth = truth[found.accepted]
    assert np.mean((found.shrunken() - truth) ** 2) < np.mean((found.slope - truth) ** 2)


def test_too_few_or_too_near_values_are_left_out() -> None:
    time = np.array([[0.0, 1.0, 5.0], [0.0, 0.5, 1.0], [0.0, 3.0, 6.0]])
    values = np.array([[40.0, np.nan, 39.0], [40.0, 40.0, 40.0], [40.0, 39.0, 38.0]])
    assert lines(time, values).accepted.tolist() == [False, False, True]


def test_curve_recovers_a_parabola_though_the_fast_are_lost() -> None:
    draw, people, time = np.random.default_rng(8), 4000, np.arange(0.0, 19.0, 3.0)
    own = draw.multivariate_normal([0.0, 0.0], [[20.0, 0.6], [0.6, 0.4]], people)
    values = 38.0 - 0.8 * time - 0.01 * time**2 + own[:, :1] + own[:, 1:] * time
    values += draw.normal(0.0, 1.5, values.shape)
    gone = np.minimum.accumulate(values, axis=1)[:, :-1] < 28.0  # leaving depends on what was seen
    values[:, 1:][gone] = np.nan
    found = curve(time, values)
    errors = np.sqrt(np.diag(found.errors))
    assert np.isnan(values).mean() > 0.15
    assert (np.abs(found.mean - np.array([38.0, -0.8, -0.01])) < 4.0 * errors).all()
    ratio, error = found.ratio(3.0, 9.0)
    assert ratio == pytest.approx(0.98 / 0.86, abs=4.0 * error)
    assert 0.005 < error < 0.05
