"""Linear mixed models: a dense second version, batches, and data that cannot be fitted."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import polars as pl
import pytest

from alsight.base.errors import DataError, NotConverged
from alsight.base.status import Status
from alsight.infer.degrees import coefficient_covariance, coefficients, contrast_test
from alsight.infer.engines import load
from alsight.infer.linear import fit_linear, fit_trials
from alsight.models.model import Columns
from infer.slow_linear import dense, random_slope_pieces
from infer.trials import simulate, table_of

DATA = simulate(20261122, 3, 40)
TABLE = table_of(DATA, 0)


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("random", ["~ 1", "~ month", "~ month + square"])
def test_same_as_dense_matrices(method: str, random: str) -> None:
    small = TABLE.filter(pl.col("subject") < 14)
    table = small.with_columns(square=pl.col("month") ** 2 / 50, arm=pl.col("subject") % 2)
    fit = fit_linear(table, "score ~ month * arm", random=random, method=method)
    q = len(fit.columns.random)
    deviation, correlation = fit.estimates[4 : 4 + q], fit.estimates[4 + q : -1]
    half = np.eye(q)
    rows, columns = np.triu_indices(q, 1)[::-1]
    half[rows, columns] = half[columns, rows] = correlation
    square = np.outer(deviation, deviation) * half
    theta = np.r_[square[np.tril_indices(q)], fit.estimates[-1] ** 2]
    month = table["month"].to_numpy()
    design = np.column_stack([np.ones_like(month), month, table["square"].to_numpy()])[:, :q]
    fixed = np.column_stack([np.ones_like(month), month, table["arm"], month * table["arm"].to_numpy()])
    pieces = random_slope_pieces(table["subject"].to_numpy(), design)
    slow = dense(table["score"].to_numpy(), fixed, pieces, theta, reml=method == "reml")
    assert float(fit.log_likelihood) == pytest.approx(slow.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(fit.estimates[:4], slow.beta, rtol=1e-8)
    np.testing.assert_allclose(fit.covariance[:4, :4], slow.covariance, rtol=1e-8)
    if fit.status == Status.BOUNDARY:  # better values lie outside the covariances only
        return
    np.testing.assert_allclose(coefficient_covariance(fit, "kenward_roger"), slow.adjusted, rtol=2e-5)
    for moved in (1.001, 0.999):  # the variances found are the best ones
        for location in range(len(theta)):
            other = theta.copy()
            other[location] *= moved
            there = dense(table["score"].to_numpy(), fixed, pieces, other, reml=method == "reml")
            assert there.log_likelihood <= slow.log_likelihood + 1e-7


def test_density_of_the_model_is_the_maximized_likelihood() -> None:
    from alsight.infer.design import design

    rows = design(TABLE, "score ~ month", random="~ month")
    fit = fit_linear(TABLE, "score ~ month", random="~ month", method="ml")
    total = fit.model.log_density(fit.columns, np.asarray(fit.estimates), rows.visits).sum()
    assert float(total) == pytest.approx(float(fit.log_likelihood), abs=1e-8)
    working = fit.model.working(fit.columns, np.asarray(fit.estimates))
    np.testing.assert_allclose(fit.model.natural(fit.columns, working), fit.estimates, rtol=1e-10)


def test_batch_equals_single_fits() -> None:
    columns = Columns("score", ("Intercept", "month"), ("intercept", "month"))
    batch = fit_trials(DATA.outcome, DATA.design, DATA.design, DATA.observed, columns)
    for trial in range(3):
        one = fit_linear(table_of(DATA, trial), "score ~ month", random="~ month")
        np.testing.assert_allclose(batch.estimates[trial], one.estimates, rtol=1e-5)
        np.testing.assert_allclose(batch.covariance[trial], one.covariance, rtol=1e-4, atol=1e-9)
        contrast = np.array([0.0, 1.0])
        np.testing.assert_allclose(
            contrast_test(batch, contrast).degrees[trial], contrast_test(one, contrast).degrees, rtol=1e-4
        )
    assert batch.table()["fit"].n_unique() == 3


def test_one_bad_trial_harms_no_other() -> None:
    outcome, observed = DATA.outcome.copy(), DATA.observed.copy()
    observed[1] = False
    observed[1, :2, 0] = True
    columns = Columns("score", ("Intercept", "month"), ("intercept", "month"))
    with np.errstate(all="ignore"):
        batch = fit_trials(outcome, DATA.design, DATA.design, observed, columns)
    alone = fit_trials(DATA.outcome[[0, 2]], DATA.design[[0, 2]], DATA.design[[0, 2]], DATA.observed[[0, 2]], columns)
    assert batch.status[1] != Status.CONVERGED
    assert (batch.status[[0, 2]] == Status.CONVERGED).all()
    np.testing.assert_allclose(batch.estimates[[0, 2]], alone.estimates, rtol=1e-9)
    with pytest.raises(NotConverged, match="1 of 3 fits"):
        batch.check()


def test_no_spread_is_a_boundary() -> None:
    rng = np.random.default_rng(5)
    table = pl.DataFrame({"subject": np.repeat(np.arange(30), 4), "month": np.tile(np.arange(4.0), 30)})
    noise = rng.normal(size=(30, 4))
    table = table.with_columns(score=pl.Series((noise - noise.mean(1, keepdims=True)).ravel()))
    fit = fit_linear(table, "score ~ month", random="~ 1")
    assert fit.status == Status.BOUNDARY
    assert fit["sd_intercept"] == pytest.approx(0.0, abs=1e-3)
    assert np.isfinite(fit.errors()[:2]).all()
    fit.check(boundary=True)
    with pytest.raises(NotConverged, match="variance went to zero"):
        fit.check()


@pytest.mark.parametrize(
    ("change", "formula", "random", "status", "named"),
    [
        ({"same": pl.lit(3.0)}, "score ~ month + same", "~ month", Status.CONSTANT, "same"),
        ({"twice": pl.col("month") * 2}, "score ~ month + twice", "~ month", Status.COLLINEAR, "twice"),
        ({"month": pl.lit(1.0) * pl.col("subject")}, "score ~ 1", "~ month", Status.SINGULAR, "month never changes"),
        ({"score": pl.lit(2.0)}, "score ~ month", "~ month", Status.CONSTANT, "score"),
        ({"month": pl.col("month") * float("inf")}, "score ~ month", "~ 1", Status.NOT_FINITE, "month"),
        ({"subject": pl.int_range(pl.len())}, "score ~ month", "~ 1", Status.TOO_FEW_DATA, "more than one visit"),
    ],
)
def test_faulty_designs_are_named(
    change: dict[str, pl.Expr], formula: str, random: str, status: Status, named: str
) -> None:
    fit = fit_linear(TABLE.with_columns(**change), formula, random=random)
    assert fit.status == status
    assert np.isnan(fit.estimates).all()
    assert any(named in note for note in fit.record.notes)
    with pytest.raises(NotConverged, match=named):
        fit.check()


def test_missing_rows_and_silent_subjects_are_told() -> None:
    silent = pl.when(pl.col("subject") == 7).then(None).otherwise(pl.col("score"))
    fit = fit_linear(TABLE.with_columns(score=silent), "score ~ month", random="~ month")
    without = fit_linear(TABLE.filter(pl.col("subject") != 7), "score ~ month", random="~ month")
    np.testing.assert_array_equal(fit.estimates, without.estimates)
    assert fit.record.dropped == TABLE.filter(pl.col("subject") == 7).height
    assert any("excluded: 7." in note for note in fit.record.notes)


def test_row_order_does_not_matter() -> None:
    mixed = TABLE.sample(fraction=1.0, shuffle=True, seed=3)
    ours = fit_linear(mixed, "score ~ month", random="~ month")
    np.testing.assert_allclose(
        ours.estimates, fit_linear(TABLE, "score ~ month", random="~ month").estimates, rtol=1e-8
    )


def test_unknown_column_and_bad_formula_are_data_errors() -> None:
    with pytest.raises(DataError, match="no column age"):
        fit_linear(TABLE, "score ~ age")
    with pytest.raises(DataError, match="outcome"):
        fit_linear(TABLE, "month")


def test_equal_weights_change_nothing_but_the_scale() -> None:
    table = TABLE.with_columns(weight=pl.lit(4.0))
    plain = fit_linear(table, "score ~ month", random="~ month")
    weighted = fit_linear(table, "score ~ month", random="~ month", weight="weight")
    np.testing.assert_allclose(weighted.estimates[:-1], plain.estimates[:-1], rtol=1e-6)
    assert weighted["sd_residual"] == pytest.approx(2 * plain["sd_residual"], rel=1e-6)
    assert float(weighted.log_likelihood) == pytest.approx(float(plain.log_likelihood), abs=1e-7)


def test_saved_fit_predicts_as_before(tmp_path: Path) -> None:
    table = TABLE.with_columns(arm=pl.when(pl.col("subject") % 2 == 0).then(pl.lit("a")).otherwise(pl.lit("b")))
    fit = fit_linear(table, "score ~ bs(month, df=4) + arm", random="~ month")
    again = load(fit.save(tmp_path / "fit.npz"))
    new = pl.DataFrame(
        {"subject": ["x", "x", "x"], "month": [0.5, 3.0, 6.0], "arm": ["b"] * 3, "score": [40.0, 37.0, None]}
    )
    ours, theirs = fit.predict(new), again.predict(new)
    assert ours.equals(theirs)
    assert again.record == fit.record
    assert again.table().equals(fit.table())
    observed, unseen = ours["high"] - ours["low"], ours["high_seen"] - ours["low_seen"]
    assert (unseen > observed).all()
    with pytest.raises(DataError, match="never saw"):
        fit.predict(new.with_columns(arm=pl.lit("c")))


def test_not_a_saved_fit(tmp_path: Path) -> None:
    location = tmp_path / "note.npz"
    location.write_text("nothing")
    with pytest.raises(DataError, match="no saved fit"):
        load(location)


def test_simulated_outcomes_have_the_models_moments() -> None:
    fit = fit_linear(TABLE, "score ~ month", random="~ month")
    people = 20_000
    grid = pl.DataFrame({"subject": np.repeat(np.arange(people), 2), "month": np.tile([0.0, 6.0], people)})
    drawn = fit.simulate(jax.random.key(1), grid)["score"].to_numpy().reshape(people, 2)
    first, second = fit["sd_intercept"], fit["sd_month"]
    spread = first**2 + fit["sd_residual"] ** 2
    assert drawn[:, 0].mean() == pytest.approx(fit["Intercept"], abs=4 * np.sqrt(spread / people))
    later = first**2 + 36 * second**2 + 12 * fit["corr_intercept_month"] * first * second + fit["sd_residual"] ** 2
    assert drawn[:, 1].var() == pytest.approx(later, abs=4 * later * np.sqrt(2 / people))


def test_coefficient_table_has_one_row_each() -> None:
    fit = fit_linear(TABLE, "score ~ month", random="~ month")
    table = coefficients(fit, "kenward_roger")
    assert table["contrast"].to_list() == ["Intercept", "month"]
    assert (table["low"] < table["estimate"]).all()
