"""Kaplan-Meier against lifelines and a plain loop; R's numbers are in the reference tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from alsight.summary.survival import kaplan_meier, quantile, restricted_mean, survival_at

LUNG = pl.read_csv(Path(__file__).parents[1] / "data" / "survival" / "lung.csv")


@pytest.mark.parametrize("sex", [1, 2])
def test_lung_as_in_lifelines(sex: int) -> None:
    people = LUNG.filter(sex=sex)
    time, died = people["time"].cast(pl.Float64).to_numpy(), (people["status"] == 2).to_numpy()
    curve, fitter = kaplan_meier(time, died), KaplanMeierFitter().fit(time, died)
    other = fitter.survival_function_.loc[curve.time].to_numpy().ravel()
    np.testing.assert_allclose(curve.survival, other, rtol=1e-12)
    limits = fitter.confidence_interval_.loc[curve.time].to_numpy()
    alive = curve.survival > 0
    np.testing.assert_allclose(np.column_stack([curve.low, curve.high])[alive], limits[alive], rtol=1e-9)
    assert quantile(curve)[0] == fitter.median_survival_time_


def test_delayed_entry_as_in_lifelines() -> None:
    generator = np.random.default_rng(7)
    entry = np.round(generator.uniform(0, 5, 400), 3)
    time = np.round(entry + generator.exponential(6, 400), 3) + 0.0005
    event = generator.random(400) < 0.7
    curve = kaplan_meier(time, event, entry)
    other = KaplanMeierFitter().fit(time, event, entry=entry).survival_function_.loc[curve.time].to_numpy().ravel()
    np.testing.assert_allclose(curve.survival, other, rtol=1e-10)


@st.composite
def _people(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = draw(st.lists(st.tuples(st.integers(0, 8), st.integers(-2, 12), st.booleans()), max_size=25))
    entry, length, event = (np.array([row[index] for row in rows]) for index in range(3))
    return entry.astype(float), (entry + length).astype(float), event.astype(bool)


@settings(deadline=None)
@given(_people())
def test_curve_is_the_product_of_a_plain_loop(people: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    entry, time, event = people
    accepted = [row for row in zip(entry, time, event, strict=True) if row[1] > row[0]]
    curve = kaplan_meier(time, event, entry)
    survival, variance, rows = 1.0, 0.0, []
    for moment in sorted({stop for _, stop, died in accepted if died}):
        risk = sum(start < moment <= stop for start, stop, _ in accepted)
        deaths = sum(died and stop == moment for _, stop, died in accepted)
        survival *= 1 - deaths / risk
        variance += deaths / (risk * (risk - deaths)) if risk > deaths else np.inf
        rows.append((moment, risk, deaths, survival, survival * np.sqrt(variance) if survival > 0 else np.nan))
    got = np.column_stack([curve.time, curve.at_risk, curve.events, curve.survival, curve.error])
    np.testing.assert_allclose(got, np.array(rows).reshape(-1, 5), rtol=1e-12)
    assert curve.people == len(accepted)


@settings(deadline=None)
@given(_people())
def test_curve_falls_within_its_limits(people: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    entry, time, event = people
    curve = kaplan_meier(time, event, entry)
    assert (np.diff(curve.survival) <= 0).all()
    alive = curve.survival > 0
    # Once nobody is left at risk the curve stays at zero, where no limit is defined.
    assert (curve.low[alive] <= curve.survival[alive] + 1e-12).all()
    assert (curve.high[alive] >= curve.survival[alive] - 1e-12).all()


def test_nobody_and_no_events() -> None:
    nobody = kaplan_meier(np.array([]), np.array([], dtype=bool))
    assert nobody.time.size == 0
    assert np.isnan(quantile(nobody)[0])
    alive = kaplan_meier(np.array([3.0, 5.0]), np.array([False, False]))
    assert restricted_mean(alive, 4.0) == (4.0, 0.0)
    survival, low, high = survival_at(alive, np.array([1.0, 5.0, 6.0]))
    np.testing.assert_array_equal(survival, [1.0, 1.0, np.nan])
    np.testing.assert_array_equal((low, high), [[1.0, 1.0, np.nan]] * 2)


def test_death_on_day_zero_counts_without_late_entry() -> None:
    curve = kaplan_meier(np.array([0.0, 2.0]), np.array([True, True]))
    assert curve.at_risk.tolist() == [2, 1]
    assert curve.survival.tolist() == [0.5, 0.0]


def test_median_in_the_middle_of_a_level_stretch() -> None:
    curve = kaplan_meier(np.array([1.0, 2.0, 5.0, 9.0]), np.ones(4, dtype=bool))
    assert quantile(curve)[0] == 3.5
