"""Lines through everybody at once agree with one at a time, and their moments recover what made the values."""

import numpy as np
import pytest

from alsight.calibrate.lines import lines
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
    seen = np.isfinite(values)
    alone = [np.polyfit(time[k][seen[k]], values[k][seen[k]], 1)[0] for k in np.flatnonzero(found.kept)]
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
    truth = truth[found.kept]
    assert np.mean((found.shrunken() - truth) ** 2) < np.mean((found.slope - truth) ** 2)


def test_too_few_or_too_near_values_are_left_out() -> None:
    time = np.array([[0.0, 1.0, 5.0], [0.0, 0.5, 1.0], [0.0, 3.0, 6.0]])
    values = np.array([[40.0, np.nan, 39.0], [40.0, 40.0, 40.0], [40.0, 39.0, 38.0]])
    assert lines(time, values).kept.tolist() == [False, False, True]
