"""ENCALS and TRICALS: what is lacking, what is clamped, conditional survival, quantiles, the spline's tail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from alsight.instruments.encals import (
    COEFFICIENT_SETS,
    ENCALS,
    KNOTS,
    TRICALS,
    Predictors,
    clamped,
    linear_predictor,
    log_odds,
    not_computable,
    survival,
    survival_quantile,
    tricals_risk_profile,
    within_window,
)

NAN = np.nan


def person(**changes: Any) -> Predictors:
    values: dict[str, Any] = {
        "progression_rate": 0.6,
        "delay_months": 11,
        "age_at_onset_years": 65,
        "fvc_pct": 90,
        "bulbar_onset": 0,
        "definite_el_escorial": 0,
        "frontotemporal_dementia": 0,
        "c9orf72": 0,
    }
    values.update(changes)
    return Predictors(**{name: np.asarray(value, dtype=float) for name, value in values.items()})


def test_each_lacking_predictor_is_named_and_nothing_is_imputed() -> None:
    for name in ENCALS.weights:
        assert np.isnan(linear_predictor(person(**{name: NAN})))
        assert str(not_computable(person(**{name: NAN}))).startswith("lacks ")
    assert str(not_computable(person(frontotemporal_dementia=NAN))) == "lacks FTD status"
    assert str(not_computable(person())) == ""


def test_several_reasons_per_person() -> None:
    people = person(frontotemporal_dementia=[0, NAN, NAN], c9orf72=[NAN, NAN, 0], fvc_pct=[90, 90, 0])
    assert not_computable(people).tolist() == [
        "lacks C9orf72 status",
        "lacks FTD status, C9orf72 status",
        "lacks vital capacity in percent of predicted, FTD status",
    ]
    assert not_computable(people, TRICALS).tolist() == [
        "",
        "lacks FTD status",
        "lacks vital capacity in percent of predicted, FTD status",
    ]
    np.testing.assert_array_equal(np.isnan(linear_predictor(people)), [True, True, True])
    np.testing.assert_array_equal(np.isnan(tricals_risk_profile(people)), [False, True, True])


def test_tricals_does_not_ask_for_c9orf72() -> None:
    assert tricals_risk_profile(person(c9orf72=NAN)) == tricals_risk_profile(person(c9orf72=1))


def test_impossible_rates_and_delays_are_clamped_and_marked() -> None:
    people = person(progression_rate=[-0.3, 0.0, 0.6], delay_months=[11, 0.0, 11])
    np.testing.assert_array_equal(clamped(people), [True, True, False])
    scores = linear_predictor(people)
    assert np.isfinite(scores).all()
    assert scores[0] == linear_predictor(person(progression_rate=0.0))
    assert scores[1] == linear_predictor(person(progression_rate=0.0, delay_months=0.5))


@pytest.mark.parametrize("name", ["age_at_onset_years", "fvc_pct"])
@pytest.mark.parametrize("value", [0.0, -5.0])
def test_impossible_age_and_capacity_are_not_computable(name: str, value: float) -> None:
    assert np.isnan(linear_predictor(person(**{name: value})))


def test_survival_starts_at_one_and_falls() -> None:
    months = np.array([0.0, 1.0, 12.0, 24.0, 60.0, 400.0, 4000.0])
    chance = survival(months, np.float64(-4.0))
    assert chance[0] == 1
    assert (np.diff(chance) < 0).all()
    assert (chance > 0).all()


def test_survival_given_alive_at_a_visit() -> None:
    score, visit = np.array([-4.0, -2.0, NAN]), 20.0
    expected = survival(np.float64(36.0), score) / survival(np.float64(20.0), score)
    np.testing.assert_allclose(survival(np.float64(36.0), score, visit), expected, rtol=1e-12)
    np.testing.assert_array_equal(survival(np.float64(12.0), score, visit), [1, 1, NAN])


def test_conditioning_is_stable_in_the_far_tail() -> None:
    chance = survival(np.float64(60.0), np.float64(900.0), 30.0)
    expected = np.exp(log_odds(np.float64(30.0)) - log_odds(np.float64(60.0)))
    np.testing.assert_allclose(chance, expected, rtol=1e-9)


@pytest.mark.parametrize("alive", [0.0, 0.5, 18.0, 120.0])
def test_quantiles_invert_survival(alive: float) -> None:
    score = np.linspace(-11, 2, 40)[:, None]
    share = np.array([0.01, 0.25, 0.5, 0.75, 0.99])
    months = survival_quantile(score, share, alive)
    assert (months >= alive).all()
    np.testing.assert_allclose(survival(months, score, alive), np.broadcast_to(share, months.shape), rtol=1e-9)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.5, NAN])
def test_quantile_of_no_probability_is_missing(share: float) -> None:
    assert np.isnan(survival_quantile(np.float64(-4.0), share))


def test_quantile_of_a_missing_score_is_missing() -> None:
    assert np.isnan(survival_quantile(np.array([NAN]))).all()


def test_spline_is_linear_beyond_its_last_knot() -> None:
    log_months = KNOTS[-1] + np.array([0.0, 0.5, 1.0, 1.5, 2.0])
    steps = np.diff(log_odds(np.exp(log_months)))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-9)


def test_window_excludes_its_bounds_and_the_missing() -> None:
    inside = within_window(np.array([-6.0, -5.9, -4.0, -2.0, NAN]))
    assert inside.tolist() == [False, True, True, False, False]


def test_worse_predictors_mean_a_worse_score() -> None:
    base = linear_predictor(person())
    for worse in (
        {"progression_rate": 1.2},
        {"delay_months": 6},
        {"age_at_onset_years": 75},
        {"fvc_pct": 60},
        {"bulbar_onset": 1},
        {"definite_el_escorial": 1},
        {"frontotemporal_dementia": 1},
        {"c9orf72": 1},
    ):
        assert linear_predictor(person(**worse)) > base
    assert set(COEFFICIENT_SETS) == {"encals", "tricals"}
