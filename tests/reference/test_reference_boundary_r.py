"""Where a variance is estimated as zero: estimates, errors and degrees of freedom of lmerTest and pbkrtest.

`values/boundary_degrees.R` made the values, by R 4.2.2, lme4 1.1.31, lmerTest 3.1.3, pbkrtest 0.5.2.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from alsight.base.status import Status
from alsight.infer.gaussian.degrees import coefficients, contrast_test
from alsight.infer.linear import fit_linear

HERE = Path(__file__).parent
PEOPLE = pl.read_csv(HERE.parent / "data/mixed/boundary.csv")
R = pl.read_csv(HERE / "values/boundary_degrees.csv")
BOTH = np.array([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])


@pytest.mark.parametrize("number", R["set"].unique().sort().to_list())
def test_degrees_of_freedom_at_a_variance_of_zero(number: int) -> None:
    table, theirs = PEOPLE.filter(pl.col("set") == number), R.filter(pl.col("set") == number)
    random = "~ 1" if theirs["random"][0] == "intercept" else "~ months"
    fit = fit_linear(table, "y ~ months * arm", subject="id", random=random)
    assert fit.status == Status.BOUNDARY
    assert float(fit.log_likelihood) == pytest.approx(theirs["log_likelihood"][0], abs=1e-6)
    ours, kenward = coefficients(fit), coefficients(fit, "kenward_roger")
    np.testing.assert_allclose(ours["estimate"], theirs["estimate"], rtol=1e-5)
    np.testing.assert_allclose(ours["standard_error"], theirs["error"], rtol=1e-5)
    np.testing.assert_allclose(ours["degrees"], theirs["df"], rtol=1e-4)
    np.testing.assert_allclose(kenward["standard_error"], theirs["kr_error"], rtol=1e-5)
    np.testing.assert_allclose(kenward["degrees"], theirs["kr_df"], rtol=1e-4)
    for rule, statistic, degrees in (("satterthwaite", "f", "f_df"), ("kenward_roger", "kr_f", "kr_f_df")):
        both = contrast_test(fit, BOTH, rule)
        assert float(both.degrees) == pytest.approx(theirs[degrees][0], rel=1e-4)
        # lmerTest prints Kenward and Roger's F with its scaling.
        assert float(both.statistic) == pytest.approx(theirs[statistic][0], rel=1e-4)


def test_a_random_intercept_of_nothing_as_lmer_test() -> None:
    table = pl.read_csv(HERE.parent / "data/mixed/zero_intercept_variance.csv")
    fit = fit_linear(table, "y ~ v * arm", subject="id", random="~ 1")
    np.testing.assert_allclose(coefficients(fit)["degrees"], 72.0, rtol=1e-6)
    kenward = coefficients(fit, "kenward_roger")
    np.testing.assert_allclose(kenward["degrees"], [72, 54, 54, 54, 72, 54, 54, 54], rtol=1e-6)
    assert kenward["p"][7] == pytest.approx(3.112272e-02, rel=1e-5)
