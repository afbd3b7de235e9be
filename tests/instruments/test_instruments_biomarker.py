"""Neurofilament against its limit: bands, edges, coverage."""

from __future__ import annotations

import numpy as np

from alsight.instruments.biomarker import nfl_limit_pg_ml, nfl_times_limit

NAN = np.nan


def test_limit_by_decade() -> None:
    age = np.array([19.9, 20.0, 29.9, 30.0, 45.0, 59.0, 65.0, 70.0, 80.0, 95.0, 95.1, NAN])
    expected = [NAN, 8.4, 8.4, 11.4, 15.4, 20.8, 28.0, 37.9, 51.2, 51.2, NAN, NAN]
    np.testing.assert_array_equal(nfl_limit_pg_ml(age), expected)


def test_multiple_of_the_limit() -> None:
    found = nfl_times_limit(np.array([56.0, 14.0, NAN, 50.0]), np.array([62.0, 62.0, 62.0, 10.0]))
    np.testing.assert_allclose(found, [2.0, 0.5, NAN, NAN])
