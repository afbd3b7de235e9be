"""Marginal models: structures' derivatives, the density, batches, odd starts and faulty data."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from alsight.base.errors import SpecError
from alsight.base.status import Status
from alsight.infer.design import design
from alsight.infer.gaussian.degrees import contrast_test
from alsight.infer.marginal import fit_marginal, fit_marginal_trials
from alsight.models.model import Columns
from alsight.models.structures import STRUCTURES, covariance_matrix, structure_parameters
from infer.trials import simulate, table_of

DATA = simulate(7, 3, 60, visits=4)
ARM = np.arange(60) % 2
TABLE = table_of(DATA, 0, arm=ARM)
VALUES = {"variance": 1.4, "covariance": 0.1, "correlation": 0.3, "range": 1.3}
SIMPLE = [name for name, row in STRUCTURES.items() if not row.spatial]


@pytest.mark.parametrize("name", list(STRUCTURES))
def test_derivatives_of_structures(name: str) -> None:
    rng = np.random.default_rng(0)
    row, visits = STRUCTURES[name], 4
    places = rng.normal(size=(visits, 2))
    distance = np.sqrt(((places[:, None] - places) ** 2).sum(-1))
    theta = np.array([VALUES[kind] for kind in row.kinds(visits)]) * rng.uniform(0.8, 1.2, len(row.kinds(visits)))
    _, first, second = row.build(theta, visits, distance)
    step = 1e-5
    for index in range(len(theta)):
        move = step * np.eye(len(theta))[index]
        up, down = row.build(theta + move, visits, distance), row.build(theta - move, visits, distance)
        np.testing.assert_allclose(first[index], (up[0] - down[0]) / (2 * step), atol=1e-8)
        bend = np.zeros_like(first) if second is None else second[index]
        np.testing.assert_allclose(bend, (up[1] - down[1]) / (2 * step), atol=1e-8)
    labels = tuple("abcd")
    assert len(structure_parameters(name, labels, ("x", "y"))) == 2 * len(theta)


@pytest.mark.parametrize("structure", SIMPLE)
def test_density_of_the_model_is_the_maximized_likelihood(structure: str) -> None:
    fit = fit_marginal(TABLE, "score ~ month", visit="visit", structure=structure, method="ml", group="arm").check()
    rows = design(TABLE, "score ~ month", visit="visit", group="arm")
    total = fit.model.log_density(fit.columns, np.asarray(fit.estimates), rows.visits).sum()
    assert float(total) == pytest.approx(float(fit.log_likelihood), abs=1e-7)


@pytest.mark.parametrize("structure", SIMPLE)
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_estimates_are_a_maximum(structure: str, method: str) -> None:
    from alsight.infer.marginal import likelihood_at

    fit = fit_marginal(TABLE, "score ~ month", visit="visit", structure=structure, method=method).check()
    rows = design(TABLE, "score ~ month", visit="visit")
    theta = fit.estimates[2:]
    best = float(fit.log_likelihood)
    errors = fit.errors()[2:]
    for index in range(len(theta)):
        rises = []
        for side in (0.05, -0.05):
            moved = theta.copy()
            moved[index] += side * errors[index]
            rises.append(likelihood_at(rows, fit.model, moved, reml=method == "reml") - best)
        assert max(rises) < 1e-7


def test_batch_equals_single_fits() -> None:
    fixed = np.stack([np.ones_like(DATA.month), DATA.month], axis=-1)
    columns = Columns("score", ("Intercept", "month"), slots=("0", "1", "2", "3"))
    batch = fit_marginal_trials(DATA.outcome, fixed, DATA.observed, columns)
    for trial in range(3):
        one = fit_marginal(table_of(DATA, trial), "score ~ month", visit="visit")
        np.testing.assert_allclose(batch.estimates[trial], one.estimates, rtol=1e-5, atol=1e-6)
        ours = contrast_test(batch, np.array([0.0, 1.0]), "kenward_roger")
        theirs = contrast_test(one, np.array([0.0, 1.0]), "kenward_roger")
        np.testing.assert_allclose(ours.error[trial], theirs.error, rtol=1e-6)
        np.testing.assert_allclose(ours.degrees[trial], theirs.degrees, rtol=1e-4)


def test_starts_that_are_no_covariance_are_mended() -> None:
    start = [1.0, 9.0, 1.0, 9.0, 9.0, 1.0, 9.0, 9.0, 9.0, 1.0]
    odd = fit_marginal(TABLE, "score ~ month", visit="visit", start=start).check()
    plain = fit_marginal(TABLE, "score ~ month", visit="visit")
    np.testing.assert_allclose(odd.estimates, plain.estimates, rtol=1e-5)


def test_scale_of_weights_does_not_touch_the_test() -> None:
    table = TABLE.with_columns(weight=pl.col("subject") % 3 + 1.0).with_columns(double=pl.col("weight") * 2)
    one = fit_marginal(table, "score ~ month", visit="visit", weight="weight")
    two = fit_marginal(table, "score ~ month", visit="visit", weight="double")
    ours, theirs = (contrast_test(fit, np.array([0.0, 1.0])) for fit in (one, two))
    assert float(ours.degrees) == pytest.approx(float(theirs.degrees), rel=1e-5)
    assert float(ours.error[0]) == pytest.approx(float(theirs.error[0]), rel=1e-6)
    np.testing.assert_allclose(two.estimates[2:], 2 * one.estimates[2:], rtol=1e-5)


def test_prediction_is_the_conditional_mean() -> None:
    fit = fit_marginal(TABLE, "score ~ month", visit="visit")
    new = pl.DataFrame(
        {"subject": [1, 1, 1], "visit": [0, 1, 3], "month": [0.0, 2.0, 6.0], "score": [40.0, 37.0, None]}
    )
    square = covariance_matrix("us", fit.estimates[2:], 4)
    mean = fit["Intercept"] + fit["month"] * np.array([0.0, 2.0, 6.0])
    gain = square[3, :2] @ np.linalg.inv(square[:2, :2])
    found = fit.predict(new)
    assert found["mean"][2] == pytest.approx(mean[2] + gain @ (np.array([40.0, 37.0]) - mean[:2]), rel=1e-9)
    assert found["high"][0] == pytest.approx(40.0)


def test_faults() -> None:
    twice = fit_marginal(pl.concat([TABLE, TABLE.head(1)]), "score ~ month", visit="visit")
    assert twice.status == Status.SINGULAR
    assert "Subject 0 has more than one row at visit 0." in twice.record.notes
    few = fit_marginal(TABLE.filter(pl.col("subject") < 3), "score ~ month", visit="visit")
    assert few.status != Status.CONVERGED
    with pytest.raises(SpecError, match="structure"):
        fit_marginal(TABLE, "score ~ month", visit="visit", structure="odd")
    with pytest.raises(SpecError, match="coordinates"):
        fit_marginal(TABLE, "score ~ month", visit="visit", structure="sp_exp")
