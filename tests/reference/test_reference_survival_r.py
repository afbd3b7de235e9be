"""Cox regression, log-rank tests and restricted means against R's survival."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from alsight.infer.fit import Fit
from alsight.infer.survival.compare import log_rank, restricted_mean
from alsight.infer.survival.cox import fit_cox

HERE = Path(__file__).parent
R = json.loads((HERE / "values/r_reference_fits.json").read_text())


def read(name: str) -> pl.DataFrame:
    return pl.read_csv(HERE.parent / f"data/survival/{name}.csv", null_values=["NA", ""])


def lung() -> pl.DataFrame:
    return read("lung").with_columns(died=pl.col("status") == 2, ecog=pl.col("ph.ecog"))


def numbers(supplied: Any) -> list[float]:
    return list(supplied.values()) if isinstance(supplied, dict) else supplied


def agree(fit: Fit, theirs: dict[str, Any], robust: str = "robust_se") -> None:
    fit.check()
    np.testing.assert_allclose(fit.estimates, numbers(theirs["coef"]), rtol=1e-4, atol=1e-9)
    if "se" in theirs:
        np.testing.assert_allclose(fit.errors(), numbers(theirs["se"]), rtol=1e-4)
    if "loglik" in theirs:
        both = [float(fit.arrays["null_log_likelihood"]), float(fit.log_likelihood)]
        np.testing.assert_allclose(both, theirs["loglik"], rtol=1e-8)
    if robust in theirs:
        np.testing.assert_allclose(fit.errors(robust=True), numbers(theirs[robust]), rtol=1e-4)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_lung(ties: str) -> None:
    agree(fit_cox(lung(), "~ age + sex + ecog", time="time", event="died", ties=ties), R[f"lung_coxph_{ties}"])


def test_lung_stratified_with_robust_errors() -> None:
    fit = fit_cox(lung(), "~ age + ecog", time="time", event="died", strata=["sex"])
    agree(fit, R["lung_coxph_strata_robust"])


def test_veteran() -> None:
    cells = pl.Enum(["squamous", "smallcell", "adeno", "large"])
    table = read("veteran").with_columns(pl.col("celltype").cast(cells))
    formula = "~ trt + celltype + karno + diagtime + age + prior"
    agree(fit_cox(table, formula, time="time", event="status"), R["veteran_coxph"])


def test_pbc() -> None:
    table = read("pbc").with_columns(died=pl.col("status") == 2)
    formula = "~ age + edema + log(bili) + log(protime) + log(albumin)"
    agree(fit_cox(table, formula, time="time", event="died"), R["pbc_coxph_Therneau"])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_heart_with_delayed_entry(ties: str) -> None:
    fit = fit_cox(
        read("heart"),
        "~ age + year + surgery + transplant",
        time="stop",
        event="event",
        entry="start",
        cluster="id",
        ties=ties,
    )
    agree(fit, R["heart_coxph"][ties])


def test_cgd_recurrent_events() -> None:
    theirs = R["cgd_AG_robust"]
    table = read("cgd").with_columns(pl.col("treat").cast(pl.Enum(["placebo", "rIFN-g"])))
    fit = fit_cox(table, "~ treat", time="tstop", event="status", entry="tstart", cluster="id").check()
    assert fit.estimates[0] == pytest.approx(theirs["coef"]["treatrIFN-g"], rel=1e-4)
    assert fit.errors()[0] == pytest.approx(theirs["naive_se"], rel=1e-4)
    assert fit.errors(robust=True)[0] == pytest.approx(theirs["robust_se"], rel=1e-4)


def test_log_rank() -> None:
    table, theirs = lung(), R["lung_logrank"]
    time, event = table["time"].to_numpy().astype(float), table["died"].to_numpy()
    arm = table["sex"].to_numpy() - 1
    found = log_rank(time, event, arm)
    assert found.statistic[0] == pytest.approx(theirs["chisq"], rel=1e-6)
    assert found.p[0] == pytest.approx(theirs["p"], rel=1e-6)
    np.testing.assert_allclose(found.observed[0], theirs["obs"])
    np.testing.assert_allclose(found.expected[0], theirs["exp"], rtol=1e-6)
    assert log_rank(time, event, arm, rho=1.0).statistic[0] == pytest.approx(theirs["peto_rho1_chisq"], rel=1e-6)


def test_stratified_log_rank() -> None:
    table = read("veteran")
    found = log_rank(
        table["time"].to_numpy().astype(float),
        table["status"].to_numpy() == 1,
        table["trt"].to_numpy() - 1,
        stratum=table["celltype"].rank("dense").to_numpy(),
    )
    assert found.statistic[0] == pytest.approx(R["veteran_stratified_logrank"]["chisq"], rel=1e-6)


def test_restricted_mean() -> None:
    table, theirs = lung(), R["lung_rmst_365"]
    mean, error = restricted_mean(
        table["time"].to_numpy().astype(float), table["died"].to_numpy(), 365.0, trial=table["sex"].to_numpy() - 1
    )
    np.testing.assert_allclose(mean, theirs["mean"], atol=5e-4)
    np.testing.assert_allclose(error, theirs["se"], atol=5e-4)
