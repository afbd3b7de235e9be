"""Group-sequential boundaries against rpact 3.3.4 (tests/data/rpact) and against multivariate normal integrals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import multivariate_normal

from alsight.trial.looks.boundaries import Looks, efficacy_bounds, futility_bounds, needed_drift
from alsight.trial.looks.crossing import crossing

DESIGNS = pl.read_csv(
    Path(__file__).parents[1] / "data" / "rpact" / "designs.csv", null_values="NA", infer_schema_length=None
)
KINDS = {
    "asOF": "obrien_fleming",
    "asP": "pocock",
    "asHSD": "hwang_shih_decani",
    "asKD": "power",
    "HP": "haybittle_peto",
    "asUser": "table",
    "bsOF": "obrien_fleming",
    "bsP": "pocock",
    "bsHSD": "hwang_shih_decani",
    "none": "none",
}


def _looks(design: pl.DataFrame) -> Looks:
    row = design.row(0, named=True)
    kind = KINDS[row["type"]]
    more: dict[str, Any] = {}
    if kind == "table":
        more["alpha_spent"] = tuple(float(one) for one in row["parameter"].split())
    elif row["parameter"] is not None:
        more["parameter"] = float(row["parameter"])
    if row["futility"] != "none":
        more |= {"futility": KINDS[row["futility"]], "beta": row["beta"], "futility_parameter": row["gamma_futility"]}
    thirds = np.array([1 / 3, 2 / 3])
    information = [
        next((float(third) for third in thirds if abs(third - one) < 1e-9), one) for one in design["information"]
    ]
    return Looks(information=(*information[:-1], 1), alpha=row["alpha"], sides=row["sided"], efficacy=kind, **more)


@pytest.mark.parametrize("number", range(1, 33))
def test_boundaries_are_those_of_rpact(number: int) -> None:
    design = DESIGNS.filter(pl.col("design") == number)
    looks = _looks(design)
    np.testing.assert_allclose(efficacy_bounds(looks), design["z"], atol=1e-6)
    if looks.futility != "none":
        drift = needed_drift(looks)
        assert drift == pytest.approx(design["drift"][0], abs=1e-6)
        np.testing.assert_allclose(futility_bounds(looks, drift)[:-1], design["futility_z"][:-1], atol=1e-6)


@pytest.mark.parametrize("drift", [0.0, 2.5])
def test_crossing_probabilities_are_those_of_the_multivariate_normal(drift: float) -> None:
    fractions, upper, lower = np.array([0.3, 0.6, 1.0]), np.array([2.8, 2.4, 2.0]), np.array([-0.5, 0.4, 2.0])
    covariance = np.sqrt(np.minimum.outer(fractions, fractions) / np.maximum.outer(fractions, fractions))
    mean = drift * np.sqrt(fractions)
    up, down = crossing(fractions, upper, lower, drift)

    def between(count: int, last: tuple[float, float]) -> float:
        law = multivariate_normal(mean[:count], covariance[:count, :count], seed=1, abseps=1e-9, releps=1e-9)
        top, bottom = np.append(upper[: count - 1], last[1]), np.append(lower[: count - 1], last[0])
        return float(law.cdf(top, lower_limit=bottom))

    for look in range(3):
        assert up[look] == pytest.approx(between(look + 1, (upper[look], np.inf)), abs=1e-5)
        assert down[look] == pytest.approx(between(look + 1, (-np.inf, lower[look])), abs=1e-5)
    assert up.sum() + down.sum() == pytest.approx(1.0, abs=1e-9)
