"""Vital capacity against reference equations: groups, gaps, edges."""

from __future__ import annotations

import numpy as np
import pytest

from alsight.base.errors import SpecError
from alsight.instruments.lung import EQUATIONS, lung_function

NAN = np.nan
MAN = {"male": np.array([1.0]), "age_years": np.array([60.0]), "height_cm": np.array([175.0])}


@pytest.mark.parametrize("name", EQUATIONS)
def test_predicted_is_one_hundred_percent_and_zero_z(name: str) -> None:
    group = "caucasian" if EQUATIONS[name].groups else None
    predicted = lung_function(np.array([NAN]), **MAN, equation=name, group=group).predicted_l
    found = lung_function(predicted, **MAN, equation=name, group=group)
    np.testing.assert_allclose(found.pct, 100.0)
    np.testing.assert_allclose(found.z, 0.0, atol=1e-7)
    at_limit = lung_function(found.lower_limit_l, **MAN, equation=name, group=group)
    np.testing.assert_allclose(at_limit.z, -1.645, atol=1e-4)


@pytest.mark.parametrize("name", EQUATIONS)
def test_missing_and_uncovered_people_are_nan(name: str) -> None:
    liters = np.full(6, 3.0)
    male = np.array([1.0, NAN, 0.5, 1.0, 1.0, 1.0])
    age = np.array([60.0, 60.0, 60.0, NAN, 101.0, 60.0])
    height = np.array([175.0, 175.0, 175.0, 175.0, 175.0, NAN])
    group = "caucasian" if EQUATIONS[name].groups else None
    found = lung_function(liters, male=male, age_years=age, height_cm=height, equation=name, group=group)
    for part in found:
        np.testing.assert_array_equal(np.isnan(part), [False, True, True, True, True, True])


def test_nobody_known_and_nobody_at_all() -> None:
    nothing = np.full((2, 3), NAN)
    found = lung_function(nothing, male=nothing, age_years=nothing, height_cm=nothing)
    assert found.pct.shape == (2, 3)
    assert np.isnan(found.predicted_l).all()
    empty = np.zeros(0)
    assert lung_function(empty, male=empty, age_years=empty, height_cm=empty).z.shape == (0,)


def test_missing_liters_leave_the_prediction() -> None:
    found = lung_function(np.array([NAN]), **MAN)
    assert np.isfinite(found.predicted_l).all()
    assert np.isnan(found.pct).all()
    assert np.isnan(found.z).all()


def test_groups_may_differ_and_be_missing() -> None:
    three = {name: np.repeat(value, 3) for name, value in MAN.items()}
    group = np.array(["caucasian", "african_american", ""])
    found = lung_function(np.full(3, 3.0), **three, equation="gli_2012", group=group)
    assert found.predicted_l[0] > found.predicted_l[1]
    assert np.isnan(found.predicted_l[2])


def test_short_men_lie_outside_nhanes_unless_extrapolated() -> None:
    short = {**MAN, "height_cm": np.array([150.0])}
    asked = {"equation": "nhanes_3", "group": "caucasian"}
    assert np.isnan(lung_function(np.array([3.0]), **short, **asked).z).all()
    found = lung_function(np.array([3.0]), **short, **asked, extrapolate=True)
    # The published polynomial for white men of 20 and over.
    np.testing.assert_allclose(found.predicted_l, -0.1933 + 0.00064 * 60 - 0.000269 * 60**2 + 0.00018642 * 150**2)


def test_faulty_requests_are_explained() -> None:
    with pytest.raises(SpecError, match="gli_global_2022"):
        lung_function(np.array([3.0]), **MAN, equation="knudson")
    with pytest.raises(SpecError, match="group"):
        lung_function(np.array([3.0]), **MAN, equation="gli_2012")
    with pytest.raises(SpecError, match="martian"):
        lung_function(np.array([3.0]), **MAN, equation="gli_2012", group="martian")
