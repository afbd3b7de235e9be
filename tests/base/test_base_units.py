"""Days, months and imported units."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alsight.base.units import CONVERSIONS, days_of, factor, months_of, spelling, years_of


@given(st.floats(-1e5, 1e5))
def test_days_and_months_are_inverse(days: float) -> None:
    assert days_of(months_of(days)) == pytest.approx(days, abs=1e-9)


def test_a_year_is_twelve_months() -> None:
    assert months_of(365.25) == 12.0
    assert years_of(365.25) == 1.0


def test_expressions_convert_too() -> None:
    assert pl.select(months_of(pl.lit(60.875))).item() == 2.0


@pytest.mark.parametrize(("given_unit", "wanted"), CONVERSIONS)
def test_conversions_invert(given_unit: str, wanted: str) -> None:
    forth, back = factor(given_unit, wanted), factor(wanted, given_unit)
    assert forth is not None
    assert back is not None
    assert math.isclose(forth * back, 1.0)


def test_spellings_fold_and_unknown_units_are_not_guessed() -> None:
    assert spelling(" Pounds ") == "lb"
    assert factor("Inches", "cm") == 2.54
    assert factor("stone", "kg") is None
