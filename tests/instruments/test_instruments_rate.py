"""Rates: signs, windows, edges; slopes against NumPy's own least squares."""

from __future__ import annotations

import numpy as np

from alsight.instruments.alsfrs_r import ALSFRS_BEST
from alsight.instruments.rate import delta_fs, two_point_change, window_slope

NAN = np.nan


def test_delta_fs_counts_loss_as_positive() -> None:
    np.testing.assert_allclose(delta_fs(np.array([36.0, 48.0]), np.array([12.0, 5.0])), [1.0, 0.0])
    np.testing.assert_allclose(delta_fs(np.array([30.0]), np.array([10.0]), best=ALSFRS_BEST), [1.0])


def test_delta_fs_is_missing_at_and_before_onset() -> None:
    rates = delta_fs(np.array([36.0, 36.0, NAN, 36.0]), np.array([0.0, -3.0, 12.0, NAN]))
    assert np.isnan(rates).all()


def test_slope_equals_numpy_for_many_people() -> None:
    rng = np.random.default_rng(3)
    months = np.sort(rng.uniform(0, 24, (50, 7)), axis=-1)
    scores = 45 - months + rng.normal(0, 2, months.shape)
    scores[rng.random(scores.shape) < 0.2] = NAN
    found = window_slope(months, scores, start=2.0, end=20.0)
    for person in range(50):
        used = (months[person] >= 2) & (months[person] <= 20) & ~np.isnan(scores[person])
        assert found.visits[person] == used.sum()
        if used.sum() < 3:
            continue
        (slope, intercept), (squares, *_), *_ = np.polyfit(months[person][used], scores[person][used], 1, full=True)
        np.testing.assert_allclose(found.per_month[person], slope, rtol=1e-9)
        np.testing.assert_allclose(found.at_start[person], intercept + 2 * slope, rtol=1e-9)
        np.testing.assert_allclose(found.residual_sd[person], np.sqrt(squares / (used.sum() - 2)), rtol=1e-7)
        np.testing.assert_allclose(found.span_months[person], np.ptp(months[person][used]))


def test_slope_needs_two_different_times() -> None:
    months = np.array([[1.0, 1.0, NAN], [1.0, NAN, NAN], [NAN, NAN, NAN], [1.0, 4.0, NAN]])
    scores = np.array([[40.0, 38.0, 30.0], [40.0, 39.0, NAN], [NAN, NAN, NAN], [40.0, 37.0, NAN]])
    found = window_slope(months, scores)
    np.testing.assert_array_equal(np.isnan(found.per_month), [True, True, True, False])
    np.testing.assert_array_equal(found.visits, [2, 1, 0, 2])
    np.testing.assert_allclose(found.per_month[3], -1.0)
    assert np.isnan(found.residual_sd).all()
    np.testing.assert_array_equal(found.span_months, [0, 0, NAN, 3])


def test_windows_may_differ_between_people_and_include_their_ends() -> None:
    months = np.tile([0.0, 3.0, 6.0, 9.0], (2, 1))
    scores = np.array([[40.0, 39.0, 20.0, 10.0], [40.0, 39.0, 20.0, 10.0]])
    found = window_slope(months, scores, start=np.array([0.0, 6.0]), end=np.array([3.0, 9.0]))
    np.testing.assert_allclose(found.per_month, [-1 / 3, -10 / 3])
    np.testing.assert_allclose(found.at_start, [40, 20])


def test_a_person_without_visits() -> None:
    found = window_slope(np.zeros((2, 0)), np.zeros((2, 0)))
    assert np.isnan(found.per_month).all()
    assert found.visits.tolist() == [0, 0]


def test_two_point_change_keeps_the_sign() -> None:
    change = two_point_change(np.array([40.0, 40.0, NAN]), np.array([34.0, 42.0, 30.0]), np.array([6.0, 4.0, 3.0]))
    np.testing.assert_allclose(change, [-1.0, 0.5, NAN])
    assert np.isnan(two_point_change(np.array([40.0]), np.array([34.0]), np.array([0.0])))
