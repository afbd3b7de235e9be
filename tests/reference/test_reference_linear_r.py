"""Linear mixed models against lme4, nlme and lmerTest."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from alsight.infer.gaussian.degrees import coefficients
from alsight.infer.linear import fit_linear
from alsight.infer.marginal import fit_marginal

HERE = Path(__file__).parent
R = json.loads((HERE / "values/r_reference_fits.json").read_text())


def sleep() -> pl.DataFrame:
    return pl.read_csv(HERE.parent / "data/mixed/sleepstudy.csv")


def children() -> pl.DataFrame:
    table = pl.read_csv(HERE.parent / "data/mixed/Orthodont.csv")
    return table.with_columns(pl.col("Sex").cast(pl.Enum(["Male", "Female"])))


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_sleepstudy_as_lme4(method: str) -> None:
    theirs = R[f"sleepstudy_lmer_{method.upper()}"]
    fit = fit_linear(sleep(), "Reaction ~ Days", subject="Subject", random="~ Days", method=method).check()
    np.testing.assert_allclose(fit.estimates[:2], list(theirs["fixef"].values()), rtol=1e-4)
    np.testing.assert_allclose(fit.errors()[:2], list(theirs["se"].values()), rtol=1e-4)
    assert fit["sd_intercept"] == pytest.approx(theirs["sd_int"], rel=1e-4)
    assert fit["sd_Days"] == pytest.approx(theirs["sd_slope"], rel=1e-4)
    assert fit["sd_residual"] == pytest.approx(theirs["sd_resid"], rel=1e-4)
    assert fit["corr_intercept_Days"] == pytest.approx(theirs["corr"], abs=1e-4)
    assert float(fit.log_likelihood) == pytest.approx(theirs["logLik"], abs=1e-6)
    np.testing.assert_allclose(fit.arrays["effects"][0], list(theirs["ranef_308"].values()), rtol=1e-4)
    table = coefficients(fit)
    np.testing.assert_allclose(table["degrees"], list(theirs["satterthwaite_df"].values()), rtol=1e-3)
    np.testing.assert_allclose(table["t"], list(theirs["t"].values()), rtol=1e-4)
    np.testing.assert_allclose(table["p"], list(theirs["p"].values()), rtol=3e-3)


def test_likelihood_ratio_of_the_random_slope() -> None:
    theirs = R["sleepstudy_LRT_RI_vs_RS"]
    small = fit_linear(sleep(), "Reaction ~ Days", subject="Subject", random="~ 1", method="ml")
    large = fit_linear(sleep(), "Reaction ~ Days", subject="Subject", random="~ Days", method="ml")
    assert float(small.log_likelihood) == pytest.approx(theirs["logLik0"], abs=1e-6)
    assert 2 * float(large.log_likelihood - small.log_likelihood) == pytest.approx(theirs["chisq"], rel=1e-6)


def test_orthodont_as_nlme() -> None:
    theirs = R["orthodont_lme_age_sex_RS_REML"]
    fit = fit_linear(children(), "distance ~ age * Sex", subject="Subject", random="~ age").check()
    np.testing.assert_allclose(fit.estimates[:4], list(theirs["fixef"].values()), rtol=1e-4)
    np.testing.assert_allclose(fit.errors()[:4], list(theirs["se"].values()), rtol=1e-4)
    assert float(fit.log_likelihood) == pytest.approx(theirs["logLik"], abs=1e-6)
    assert fit["sd_residual"] == pytest.approx(theirs["sigma"], rel=1e-4)
    assert fit["sd_intercept"] == pytest.approx(float(theirs["VarCorr"][0][1]), rel=1e-4)
    assert fit["sd_age"] == pytest.approx(float(theirs["VarCorr"][1][1]), rel=1e-4)
    assert fit["corr_intercept_age"] == pytest.approx(float(theirs["VarCorr"][1][2]), abs=5e-4)


def test_compound_symmetry_is_a_random_intercept() -> None:
    theirs = R["orthodont_gls_CS_REML"]
    table = children().with_columns(eleven=pl.col("age") - 11)
    formula = "distance ~ Sex * eleven"
    marginal = fit_marginal(table, formula, subject="Subject", visit="age", structure="cs").check()
    mixed = fit_linear(table, formula, subject="Subject", random="~ 1").check()
    for fit in (marginal, mixed):
        np.testing.assert_allclose(fit.estimates[:4], list(theirs["coef"].values()), rtol=1e-4)
        np.testing.assert_allclose(fit.errors()[:4], list(theirs["se"].values()), rtol=1e-4)
        assert float(fit.log_likelihood) == pytest.approx(theirs["logLik"], abs=1e-6)
    shared, own = marginal["cov_shared"], marginal["var_residual"]
    assert shared / (shared + own) == pytest.approx(theirs["rho"], rel=1e-4)
    assert np.sqrt(shared + own) == pytest.approx(theirs["sigma"], rel=1e-4)


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_unequal_noise_as_nlme(method: str) -> None:
    theirs = R["orthodont_lme_varIdent"]
    fit = fit_linear(
        children(), "distance ~ age * Sex", subject="Subject", random="~ age", noise="~ Sex", method=method
    ).check()
    np.testing.assert_allclose(fit.estimates[:4], theirs["coef"], rtol=1e-4)
    np.testing.assert_allclose(fit.errors()[:4], theirs[method.upper()]["se"], rtol=1e-4)
    assert float(fit.log_likelihood) == pytest.approx(theirs[method.upper()]["loglik"], abs=1e-6)
