"""Mixtures of classes: the likelihood against dense matrices, one class against the linear model, bad data."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest
from scipy import stats

from alsight.base.errors import NotConverged, SpecError
from alsight.base.status import Status
from alsight.infer.design import design
from alsight.infer.engines import load
from alsight.infer.fit import Fit
from alsight.infer.linear import fit_linear
from alsight.infer.mixture.fit import compare, fit_mixture, posterior_classes
from alsight.models.latent.mixture import Mixture
from infer.mixture_people import TRUTH, mixture_people
from montecarlo import tolerance

TABLE = mixture_people(20261122, 150)
WORD = "score ~ months"


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fit_mixture(TABLE, WORD, member="~ bulbar", model=Mixture(starts=4))


def _slow(table: pl.DataFrame, values: np.ndarray) -> np.ndarray:
    """The obvious way: one person and one class after another, with the whole covariance matrix of the values."""
    first, second, corr, size = values[4:8]
    spread = np.array([[first**2, corr * first * second], [corr * first * second, second**2]])
    found = []
    for _, rows in table.group_by("subject", maintain_order=True):
        x = np.column_stack([np.ones(rows.height), rows["months"]])
        square = x @ spread @ x.T + size**2 * np.eye(rows.height)
        odds = np.exp(values[8] + values[9] * rows["bulbar"][0])
        parts = [
            np.log(share) + stats.multivariate_normal(x @ beta, square).logpdf(rows["score"].to_numpy())
            for share, beta in ((1 / (1 + odds), values[:2]), (odds / (1 + odds), values[2:4]))
        ]
        found.append(parts)
    return np.array(found)


def test_log_density_equals_dense_matrices() -> None:
    rows = design(TABLE, WORD, random="~ months", noise="~ bulbar")
    values = np.array(list(TRUTH.values()))
    slow = _slow(TABLE, values)
    ours = Mixture().log_density(rows.columns, jnp.asarray(values), rows.visits)
    np.testing.assert_allclose(ours, np.logaddexp(*slow.T), rtol=1e-9)
    share = Mixture().posterior(rows.columns, values, rows.visits)
    np.testing.assert_allclose(share, np.exp(slow - np.logaddexp(*slow.T)[:, None]), atol=1e-10)
    for spread in ("common", "own"):
        model = Mixture(spread=spread, classes=3)  # pyright: ignore[reportArgumentType]
        natural = np.linspace(0.2, 0.4, len(model.parameters_of(rows.columns)))
        again = model.natural(rows.columns, model.working(rows.columns, jnp.asarray(natural)))
        np.testing.assert_allclose(again, natural, rtol=1e-9)
        np.testing.assert_allclose(
            model.vector(rows.columns, model.values(rows.columns, jnp.asarray(natural))), natural
        )


def test_fit_is_the_maximum_and_is_kept(fit: Fit, tmp_path: Path) -> None:
    fit.check()
    assert fit.names == tuple(TRUTH)
    truth = np.array(list(TRUTH.values()))
    assert (np.abs((fit.estimates - truth) / fit.errors()) < 4).all()

    def total(values: np.ndarray) -> float:
        return float(np.logaddexp(*_slow(TABLE, values).T).sum())

    here = total(fit.estimates)
    assert here == pytest.approx(float(fit.log_likelihood), abs=1e-6)
    assert float(fit.arrays["bic"]) == pytest.approx(-2 * here + 10 * np.log(150), abs=1e-5)
    for index in range(len(truth)):
        step = np.zeros(len(truth))
        step[index] = 0.02 * fit.errors()[index]
        assert max(total(fit.estimates + step), total(fit.estimates - step)) < here
        curve = -(total(fit.estimates + step) - 2 * here + total(fit.estimates - step)) / step[index] ** 2
        assert curve == pytest.approx(np.linalg.inv(fit.covariance)[index, index], rel=0.02)
    again = load(fit.save(tmp_path / "fit.npz"))
    assert again.table().equals(fit.table())
    assert again.predict(TABLE).equals(fit.predict(TABLE))


def test_classes_are_found_and_probabilities_mean_what_they_say(fit: Fit) -> None:
    share = posterior_classes(fit, TABLE)
    slow = TABLE.group_by("subject", maintain_order=True).first()["slow"].to_numpy()
    expected, variance = share["class2"].sum(), (share["class2"] * (1 - share["class2"])).sum()
    assert abs(slow.sum() - expected) < 4 * np.sqrt(variance) + 1
    assert ((share["likeliest"] == 2).to_numpy() == slow).mean() > 0.9
    unseen = posterior_classes(fit, TABLE.group_by("subject", maintain_order=True).first().drop("score"))
    odds = np.exp(fit["class2_logit_Intercept"])
    assert unseen["class2"][0] == pytest.approx(odds / (1 + odds))


def test_one_class_is_the_linear_model(fit: Fit) -> None:
    single = fit_mixture(TABLE, WORD, model=Mixture(classes=1, starts=1))
    linear = fit_linear(TABLE, WORD, random="~ months", method="ml")
    assert float(single.log_likelihood) == pytest.approx(float(linear.log_likelihood), abs=1e-6)
    np.testing.assert_allclose(single.estimates, linear.estimates, rtol=1e-4)
    table = compare([single, fit])
    assert table["bic"][1] < table["bic"][0]
    assert 0.5 < table["entropy"][1] < 1


def test_simulation_and_mean_agree(fit: Fit) -> None:
    people = 20_000
    grid = pl.DataFrame(
        {
            "subject": np.repeat(np.arange(people), 2),
            "months": np.tile([0.0, 10.0], people),
            "bulbar": np.ones(2 * people),
        }
    )
    drawn = fit.simulate(jax.random.key(2), grid)["score"].to_numpy().reshape(people, 2)
    rows = design(
        grid.head(20).with_columns(score=pl.Series(np.arange(20.0))), WORD, random="~ months", noise="~ bulbar"
    )
    mean = np.asarray(fit.model.mean(fit.columns, fit.estimates, rows.visits))[0]
    room = np.array([tolerance(sd, people) for sd in drawn.std(axis=0)])
    np.testing.assert_array_less(np.abs(drawn.mean(axis=0) - mean), room)
    last = pl.col("months") > 9
    hidden = TABLE.with_columns(score=pl.when(last).then(None).otherwise(pl.col("score")))
    ahead, truth = fit.predict(hidden).filter(last), TABLE.filter(last)["score"].to_numpy()
    inside = (ahead["low_seen"].to_numpy() <= truth) & (truth <= ahead["high_seen"].to_numpy())
    assert abs(inside.mean() - 0.95) < tolerance(np.sqrt(0.95 * 0.05), len(truth))


@pytest.mark.parametrize(
    ("change", "member", "status", "named"),
    [
        ({"same": pl.lit(3.0)}, "~ same", Status.CONSTANT, "same"),
        ({"twice": pl.col("bulbar") * 2}, "~ bulbar + twice", Status.COLLINEAR, "twice"),
        ({"months": pl.lit(1.0) * pl.col("subject")}, "~ 1", Status.SINGULAR, "months never changes"),
        ({"score": pl.lit(2.0)}, "~ 1", Status.CONSTANT, "score"),
        ({"bulbar": pl.lit(float("inf"))}, "~ bulbar", Status.NOT_FINITE, "bulbar"),
        ({"subject": pl.int_range(pl.len()) // 100}, "~ 1", Status.TOO_FEW_DATA, "9 subjects"),
    ],
)
def test_faulty_data_are_named(change: dict[str, pl.Expr], member: str, status: Status, named: str) -> None:
    fit = fit_mixture(TABLE.with_columns(**change), WORD, member=member)
    assert fit.status == status
    assert np.isnan(fit.estimates).all()
    with pytest.raises(NotConverged, match=named):
        fit.check()


def test_the_ordering_column_must_be_there() -> None:
    with pytest.raises(SpecError, match="time"):
        fit_mixture(TABLE, "score ~ 1")
