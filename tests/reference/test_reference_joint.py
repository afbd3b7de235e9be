"""Joint models of two public data sets against R's JM 1.5-2 (values/r_joint_model_reference_fits.json).

JM uses pseudo-adaptive quadrature, centered once at the mixed model's fit; ours is centered anew at each step. The log
likelihoods agree within 0.5 and the estimates within 0.1 standard error, and ours does not move as nodes are added.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from alsight.infer.fit import Fit
from alsight.infer.joint.fit import fit_joint
from alsight.models.latent.joint import Joint

HERE = Path(__file__).parent
REFERENCE = json.loads((HERE / "values" / "r_joint_model_reference_fits.json").read_text())
DATA = HERE.parent / "data" / "joint_models"
PBC_KNOTS = tuple(REFERENCE["pbc2_JM_piecewisePH"]["knots"])


def _aids(model: Joint) -> Fit:
    table = pl.read_csv(DATA / "aids.csv")
    return fit_joint(
        table,
        table,
        "CD4 ~ obstime + obstime:drug",
        random="~ obstime",
        hazard="~ drug",
        time="obstime",
        end="Time",
        event="death",
        subject="patient",
        model=model,
    )


def _pbc(model: Joint) -> Fit:
    table = pl.read_csv(DATA / "pbc2.csv", null_values=["NA", ""])
    table = table.with_columns(pl.col("drug").cast(pl.Enum(["placebo", "D-penicil"])))
    return fit_joint(
        table,
        table,
        "log(serBilir) ~ drug*year",
        random="~ year",
        hazard="~ drug",
        time="year",
        end="years",
        event="status2",
        subject="id",
        model=model,
    )


def _aids_knots() -> tuple[float, ...]:
    people = pl.read_csv(DATA / "aids.csv").unique("patient")
    return tuple(float(people["Time"].quantile(location / 7, "linear") or 0) for location in range(1, 7))


CASES = {
    "aids_JM_weibullPH_CD4": lambda points: _aids(Joint(baseline="weibull", points=points)),
    "aids_JM_piecewise_CD4": lambda points: _aids(Joint(baseline="piecewise", knots=_aids_knots(), points=points)),
    "pbc2_JM_piecewisePH": lambda points: _pbc(Joint(baseline="piecewise", knots=PBC_KNOTS, points=points)),
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_jm(name: str) -> None:
    expected, fit = REFERENCE[name], CASES[name](5)
    assert float(fit.log_likelihood) == pytest.approx(expected["logLik"], abs=0.5)
    rows = {
        row["_row"].replace("drug", "drug[T.", 1) + "]" if row["_row"].startswith("drug") else row["_row"]: row
        for row in expected["event"]
    }
    ours = dict(zip(fit.names, zip(fit.estimates, fit.errors(), strict=True), strict=True))
    pairs = [("event_value", rows["Assoct"])]
    pairs += [(f"event_{name}", row) for name, row in rows.items() if name.startswith("drug")]
    pairs += [(f"event_log_hazard_{k}", rows[f"log(xi.{k})"]) for k in range(1, 8) if f"log(xi.{k})" in rows]
    course = [row["Value"] for row in expected["longitudinal"]]
    errors = [row["Std.Err"] for row in expected["longitudinal"]]
    np.testing.assert_array_less(np.abs(fit.estimates[: len(course)] - course) / errors, 0.1)
    np.testing.assert_allclose(fit.errors()[: len(course)], errors, rtol=0.02)
    centers = dict(zip((n for n, _ in pairs if "drug" in n), fit.arrays["centers"], strict=True))
    for parameter, row in pairs:
        estimate, error = ours[parameter]
        if "log_hazard" in parameter:  # our covariates are centered, which moves the level of the log hazard
            estimate -= sum(ours[covariate][0] * center for covariate, center in centers.items())
            assert abs(estimate - row["Value"]) < 0.1 * row["Std.Err"] + 1e-9, parameter
            continue
        assert abs(estimate - row["Value"]) < 0.1 * row["Std.Err"], parameter
        assert error == pytest.approx(row["Std.Err"], rel=0.03), parameter
    assert fit["sd_residual"] == pytest.approx(expected["sigma"], rel=2e-3)


@pytest.mark.parametrize("name", CASES)
def test_nodes_have_converged(name: str) -> None:
    few, many = CASES[name](5), CASES[name](13)
    assert float(few.log_likelihood) == pytest.approx(float(many.log_likelihood), abs=0.01)
    np.testing.assert_array_less(np.abs(few.estimates - many.estimates) / many.errors(), 0.02)
