"""Looks: what the boundaries spend, what a look says of the end, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from alsight.base.errors import SpecError
from alsight.trial.looks.boundaries import Looks, boundary_table, efficacy_bounds, needed_drift
from alsight.trial.looks.prediction import conditional_power, predictive_power
from montecarlo import proportion_tolerance

HALVES = Looks(information=(0.5, 1), efficacy="obrien_fleming")


def _paths(information: tuple[float, ...], drift: float, count: int = 200_000) -> np.ndarray:
    steps = np.diff((0.0, *information))
    noise = np.random.default_rng(3).normal(size=(count, len(steps))) * np.sqrt(steps)
    return np.cumsum(noise + drift * steps, axis=1) / np.sqrt(information)


@pytest.mark.parametrize("efficacy", ["obrien_fleming", "pocock", "wang_tsiatis", "haybittle_peto", "power"])
def test_every_boundary_spends_alpha_in_simulated_trials(efficacy: str) -> None:
    looks = Looks(information=(0.3, 0.6, 1), efficacy=efficacy)  # type: ignore[arg-type]
    z = _paths((0.3, 0.6, 1.0), 0.0)
    crossed = (z >= efficacy_bounds(looks)).any(axis=1).mean()
    assert crossed == pytest.approx(0.025, abs=proportion_tolerance(0.025, len(z)))


def test_the_needed_drift_gives_the_power_with_and_without_looks() -> None:
    single = Looks(information=(1,), beta=0.1)
    assert needed_drift(single) == pytest.approx(norm.ppf(0.975) + norm.ppf(0.9), abs=1e-9)
    looks = Looks(information=(0.5, 1), beta=0.1, futility="table", futility_z=(0.0,))
    drift = needed_drift(looks)
    z = _paths((0.5, 1.0), drift)
    upper = efficacy_bounds(looks)
    success = (z[:, 0] >= upper[0]) | ((z[:, 0] >= 0.0) & (z[:, 1] >= upper[1]))
    assert success.mean() == pytest.approx(0.9, abs=proportion_tolerance(0.9, len(z)))


def test_the_table_shows_z_p_and_effect_that_belong_together() -> None:
    table = boundary_table(HALVES, standard_error=0.1, higher_is_better=False)
    np.testing.assert_allclose(table["efficacy_p"], norm.sf(table["efficacy_z"]))
    error = 0.1 / np.sqrt(table["information"])
    np.testing.assert_allclose(table["efficacy_effect"], -table["efficacy_z"] * error)
    assert table["alpha_spent"][-1] == pytest.approx(0.025, abs=1e-9)
    assert table["futility_z"].to_list()[0] is None


def test_conditional_power_is_what_simulated_ends_give() -> None:
    z, fraction, drift = 1.2, 0.5, 2.8
    rest = np.random.default_rng(5).normal(drift * 0.5, np.sqrt(0.5), 200_000)
    ends = z * np.sqrt(fraction) + rest
    expected = (ends >= efficacy_bounds(HALVES)[1]).mean()
    assert conditional_power(HALVES, 1, z, drift) == pytest.approx(
        expected, abs=proportion_tolerance(expected, 200_000)
    )
    assert conditional_power(HALVES, 2, 1.9) == 0.0
    assert conditional_power(HALVES, 2, 2.0) == 1.0
    with pytest.raises(IndexError, match="look 3 of 2"):
        conditional_power(HALVES, 3, 1.0)


def test_predictive_power_averages_conditional_power_over_the_posterior() -> None:
    draws = np.random.default_rng(7).normal(1.2 / np.sqrt(0.5), 1 / np.sqrt(0.5), 400)
    averaged = np.mean([conditional_power(HALVES, 1, 1.2, float(drift)) for drift in draws])
    assert predictive_power(HALVES, 1, 1.2) == pytest.approx(averaged, abs=4 * 0.5 / np.sqrt(400))
    certain = predictive_power(HALVES, 1, 1.2, prior=(2.8, 1e-6))
    assert certain == pytest.approx(conditional_power(HALVES, 1, 1.2, 2.8), abs=1e-5)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"information": (0.5, 0.4, 1)}, "information"),
        ({"information": (0.5,)}, "information"),
        ({"efficacy": "table", "alpha_spent": (0.02, 0.03), "information": (0.5, 1)}, "alpha_spent"),
        ({"efficacy": "table", "alpha_spent": (0.02,), "information": (0.5, 1)}, "alpha_spent"),
        ({"alpha_spent": (0.02,)}, "alpha_spent"),
        ({"parameter": 1.0}, "parameter"),
        ({"efficacy": "power", "parameter": -1.0}, "parameter"),
        ({"efficacy": "power", "parameter": float("nan")}, "parameter"),
        ({"futility": "table", "futility_z": (), "information": (0.5, 1)}, "futility_z"),
        ({"futility": "pocock", "sides": 2}, "futility"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_field(fields: dict[str, object], path: str) -> None:
    with pytest.raises(SpecError) as raised:
        Looks(**fields)  # type: ignore[arg-type]
    assert path in [fault[0] for fault in raised.value.faults]


def test_a_haybittle_peto_boundary_that_spends_alpha_early_is_refused() -> None:
    with pytest.raises(SpecError, match="parameter"):
        efficacy_bounds(Looks(information=(0.5, 1), efficacy="haybittle_peto", parameter=1.5))
