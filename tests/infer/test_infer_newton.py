"""The one search: steps, the repair of curvature, limits, batches, and how searches end."""

from __future__ import annotations

import numpy as np
import pytest

from alsight.base.status import Status
from alsight.infer.newton import Rules, Surface, climb, definite, next_share, uphill


def bowl(center: np.ndarray, square: np.ndarray) -> object:
    """Quadratic surfaces, one a fit, with a maximum of 0 at the centers."""

    def surface(points: np.ndarray, which: np.ndarray) -> Surface:
        away = points - center[which]
        pull = np.einsum("fij,fj->fi", square[which], away)
        return Surface(-0.5 * np.einsum("fi,fi->f", away, pull), -pull, square[which])

    return surface


def test_a_quadratic_surface_takes_one_step_however_small_its_information_is() -> None:
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    square = np.stack([turn @ np.diag([1.0, 1e-3, 1e-6]) @ turn.T, np.diag([4.0, 1e-12, 3e5])])
    center = np.array([[1.0, -2.0, 3.0], [0.5, 7.0, -1e-3]])
    metric = np.stack([turn @ np.diag([1.0, 1.0, 1.0]) @ turn.T, np.diag([4.0, 1e-9, 3e5])])
    for some in (None, metric):
        step = uphill(np.einsum("fij,fj->fi", square, center), square, some).step
        np.testing.assert_allclose(step, center, rtol=1e-5)
    found = climb(bowl(center, square), np.zeros((2, 3)), Rules(1e-12))
    assert (found.status == Status.CONVERGED).all()
    assert (found.steps <= 2).all()
    np.testing.assert_allclose(found.point, center, rtol=1e-4)


def test_only_what_is_not_positive_is_repaired() -> None:
    information, gradient = np.diag([2.0, -3.0, 0.0])[None], np.array([[1.0, 1.0, 1.0]])
    direction = uphill(gradient, information)
    # In the coordinates of the diagonal: 1 and -1; the last has no scale but its own.
    np.testing.assert_allclose(direction.step, [[0.5, 1 / 3, 1.0]])
    assert (direction.step * gradient > 0).all()
    assert direction.weakest[0] == pytest.approx(-1.0)
    metric = np.diag([8.0, 1.0, 5.0])[None]
    np.testing.assert_allclose(uphill(gradient, information, metric).step, [[0.5, 1 / 3, 0.2]], rtol=1e-6)
    np.testing.assert_allclose(definite(information, metric)[0], np.diag([2.0, 3.0, 5.0]), atol=1e-6)
    positive = np.array([[2.0, 0.3], [0.3, 1e-5 + 0.045]])
    np.testing.assert_allclose(definite(positive, np.eye(2)), positive, rtol=1e-9)


def test_fits_of_a_batch_end_each_in_their_own_way() -> None:
    def surface(points: np.ndarray, which: np.ndarray) -> Surface:
        x = points[:, 0]
        with np.errstate(invalid="ignore", over="ignore"):
            values = np.stack([-np.cosh(x - 2), np.zeros_like(x), np.log(x - 9), x])[which, np.arange(len(x))]
            slopes = np.stack([-np.sinh(x - 2), np.zeros_like(x), 1 / (x - 9), np.ones_like(x)])
            curves = np.stack([np.cosh(x - 2), np.zeros_like(x), (x - 9) ** -2.0, np.full_like(x, 0.5)])
        row = np.arange(len(x))
        return Surface(values, slopes[which, row][:, None], curves[which, row][:, None, None])

    found = climb(surface, np.zeros((4, 1)), Rules(limit=30))
    assert found.status.tolist() == [Status.CONVERGED, Status.SINGULAR, Status.NOT_FINITE, Status.MAX_STEPS]
    assert found.point[0, 0] == pytest.approx(2.0, abs=1e-4)
    alone = climb(lambda points, _: surface(points, np.zeros(1, dtype=int)), np.zeros((1, 1)), Rules(limit=30))
    assert alone.point[0, 0] == found.point[0, 0]


def test_a_step_that_falls_is_halved_and_grows_again() -> None:
    def surface(points: np.ndarray, _: np.ndarray) -> Surface:
        # Too little information is claimed, so that whole steps go three times too far.
        return Surface(-0.5 * points[:, 0] ** 2, -points, np.full((1, 1, 1), 0.3))

    found = climb(surface, np.ones((1, 1)), Rules(1e-8, 200))
    assert found.status[0] == Status.CONVERGED
    assert abs(found.point[0, 0]) < 1e-4
    assert next_share(np.array([True, False, True]), np.array([0.25, 0.5, 1.0])).tolist() == [0.5, 0.25, 1.0]


def test_limits_hold_through_the_move() -> None:
    surface = bowl(np.array([[5.0]]), np.ones((1, 1, 1)))
    found = climb(surface, np.zeros((1, 1)), Rules(), move=lambda points, change: np.minimum(points + change, 3.0))
    assert found.point[0, 0] == 3.0
