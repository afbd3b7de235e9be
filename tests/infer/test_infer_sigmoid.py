"""Sigmoid courses: the likelihood against a dense grid, moments against draws, and data that cannot be fitted."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest
from scipy import stats

from alsight.base.errors import DataError, NotConverged
from alsight.base.status import Status
from alsight.infer.design import design
from alsight.infer.engines import load
from alsight.infer.fit import Fit
from alsight.infer.sigmoid import fit_sigmoid, predict_curves
from alsight.models.latent.sigmoid import Sigmoid
from infer.sigmoid_people import TRUTH, sigmoid_people
from montecarlo import tolerance

TABLE = sigmoid_people(20261122, 80)
WORD = "alsfrs_r_total ~ bulbar"


def _slow(table: pl.DataFrame, values: np.ndarray, degrees: float) -> np.ndarray:
    """The obvious way: one person after another, both integrals as sums over a fine grid."""
    first, second, corr, size = values[3:7]
    square = np.array([[first**2, corr * first * second], [corr * first * second, second**2]])
    axes = [np.linspace(-7, 7, 401) * sd for sd in (first, second)]
    u, v = np.meshgrid(*axes, indexing="ij")
    prior = stats.multivariate_normal([0, 0], square).logpdf(np.stack([u, v], axis=-1))
    area = (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0])
    found = []
    for _, rows in table.group_by("subject", maintain_order=True):
        total = prior
        for time, score, bulbar in rows.select("months_since_onset", "alsfrs_r_total", "bulbar").iter_rows():
            d50 = np.exp(values[0] + values[1] * bulbar + u)
            mean = 48 / (1 + np.exp(np.clip((time - d50) / np.exp(values[2] + v), -700, 700)))
            law = stats.norm(mean, size) if np.isinf(degrees) else stats.t(degrees, mean, size)
            total = total + law.logpdf(score)
        found.append(np.log(np.exp(total - total.max()).sum() * area) + total.max())
    return np.array(found)


@pytest.mark.parametrize("degrees", [np.inf, 4.0])
def test_log_density_equals_a_dense_grid(degrees: float) -> None:
    table = TABLE.filter(pl.col("subject") < 10)
    rows = design(table, WORD, random="~ 0 + months_since_onset", noise="~ 1")
    tail = [] if np.isinf(degrees) else [degrees]
    values = np.array([*TRUTH.values(), *tail])
    model = Sigmoid(noise="student" if tail else "normal", points=25)
    ours = jax.jit(model.log_density, static_argnums=0)(rows.columns, jnp.asarray(values), rows.visits)
    np.testing.assert_allclose(ours, _slow(table, values, degrees), atol=1e-2)
    again = model.natural(rows.columns, model.working(rows.columns, jnp.asarray(values)))
    np.testing.assert_allclose(again, values, rtol=1e-10)


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fit_sigmoid(TABLE, d50="~ bulbar")


def test_fit_is_the_maximum_and_is_kept(fit: Fit, tmp_path: Path) -> None:
    fit.check()
    assert fit.names == tuple(TRUTH)
    far = np.abs((fit.estimates - np.array(list(TRUTH.values()))) / fit.errors())
    assert (far < 4).all()
    rows = design(TABLE, WORD, random="~ 0 + months_since_onset", noise="~ 1")
    density = jax.jit(Sigmoid(points=15).log_density, static_argnums=0)  # compiled once, looked at many times

    def total(values: np.ndarray) -> float:
        return float(density(rows.columns, jnp.asarray(values), rows.visits).sum())

    here = total(fit.estimates)
    assert here == pytest.approx(float(fit.log_likelihood), abs=0.05)
    # One conditional standard error to both sides costs half a unit each: the information is that of the likelihood.
    for index, curvature in enumerate(np.diagonal(np.linalg.inv(fit.covariance))):
        step = np.eye(len(TRUTH))[index] / np.sqrt(curvature)
        cost = 2 * here - total(fit.estimates + step) - total(fit.estimates - step)
        assert cost == pytest.approx(1.0, abs=0.1), fit.names[index]
    for index in range(len(TRUTH)):
        for side in (-0.5, 0.5):
            moved = fit.estimates.copy()
            moved[index] += side * fit.errors()[index]
            assert total(moved) < here
    again = load(fit.save(tmp_path / "fit.npz"))
    assert again.table().equals(fit.table())
    assert again.predict(TABLE).equals(fit.predict(TABLE))
    assert again.model == Sigmoid()


def test_mean_and_simulation_agree(fit: Fit) -> None:
    people = 20_000
    grid = pl.DataFrame(
        {
            "subject": np.repeat(np.arange(people), 2),
            "months_since_onset": np.tile([12.0, 36.0], people),
            "bulbar": np.ones(2 * people),
        }
    )
    drawn = fit.simulate(jax.random.key(3), grid)["alsfrs_r_total"].to_numpy().reshape(people, 2)
    rows = design(
        grid.head(2).with_columns(alsfrs_r_total=pl.Series([1.0, 2.0])),
        WORD,
        random="~ 0 + months_since_onset",
        noise="~ 1",
    )
    mean = np.asarray(fit.model.mean(fit.columns, jnp.asarray(fit.estimates), rows.visits))[0]
    room = np.array([tolerance(sd, people) for sd in drawn.std(axis=0)])
    np.testing.assert_array_less(np.abs(drawn.mean(axis=0) - mean), room)


def test_prediction_knows_more_when_more_was_seen(fit: Fit) -> None:
    last = pl.col("months_since_onset") == pl.col("months_since_onset").max().over("subject")
    hidden = TABLE.with_columns(alsfrs_r_total=pl.when(last).then(None).otherwise(pl.col("alsfrs_r_total")))
    ahead = fit.predict(hidden).filter(last)
    truth = TABLE.filter(last)["alsfrs_r_total"].to_numpy()
    inside = (ahead["low_seen"].to_numpy() <= truth) & (truth <= ahead["high_seen"].to_numpy())
    assert abs(inside.mean() - 0.95) < tolerance(np.sqrt(0.95 * 0.05), 80)
    whole = fit.predict(TABLE).filter(last)
    assert (whole["high"] - whole["low"]).mean() < 0.9 * (ahead["high"] - ahead["low"]).mean()
    curves = predict_curves(fit, TABLE)
    known = TABLE.group_by("subject", maintain_order=True).first()["d50"].to_numpy()
    covered = (curves["d50_months_low"].to_numpy() < known) & (known < curves["d50_months_high"].to_numpy())
    assert abs(covered.mean() - 0.95) < tolerance(np.sqrt(0.95 * 0.05), 80)


@pytest.mark.parametrize(
    ("change", "d50", "status", "named"),
    [
        ({"same": pl.lit(3.0)}, "~ same", Status.CONSTANT, "same"),
        ({"twice": pl.col("bulbar") * 2}, "~ bulbar + twice", Status.COLLINEAR, "twice"),
        ({"months_since_onset": pl.lit(1.0) * pl.col("subject")}, "~ 1", Status.SINGULAR, "months_since_onset never"),
        ({"alsfrs_r_total": pl.lit(20.0)}, "~ 1", Status.CONSTANT, "alsfrs_r_total"),
        ({"bulbar": pl.col("bulbar") / 0.0}, "~ bulbar", Status.NOT_FINITE, "bulbar"),
        ({"subject": pl.int_range(pl.len()) // 2}, "~ 1", Status.TOO_FEW_DATA, "more than 2 visits"),
        ({"subject": pl.int_range(pl.len()) // 200}, "~ 1", Status.TOO_FEW_DATA, "3 subjects"),
    ],
)
def test_faulty_data_are_named(change: dict[str, pl.Expr], d50: str, status: Status, named: str) -> None:
    table = TABLE.with_columns(pl.col("bulbar").cast(pl.Float64)).with_columns(**change)
    if status == Status.NOT_FINITE:
        table = table.filter(pl.col("bulbar").is_not_nan())
    fit = fit_sigmoid(table, d50=d50)
    assert fit.status == status
    assert np.isnan(fit.estimates).all()
    with pytest.raises(NotConverged, match=named):
        fit.check()


def test_silent_people_and_single_times_are_told() -> None:
    silent = pl.when(pl.col("subject") == 7).then(None).otherwise(pl.col("alsfrs_r_total"))
    still = pl.when(pl.col("subject") == 9).then(10.0).otherwise(pl.col("months_since_onset"))
    fit = fit_sigmoid(TABLE.with_columns(alsfrs_r_total=silent, months_since_onset=still))
    assert fit.status == Status.CONVERGED
    assert any("excluded: 7." in note for note in fit.record.notes)
    assert any("at one time: 9." in note for note in fit.record.notes)


def test_people_alike_are_a_boundary() -> None:
    alike = sigmoid_people(4, 80, truth=TRUTH | {"sd_log_dx": 0.0, "corr_log_d50_log_dx": 0.0})
    fit = fit_sigmoid(alike)
    if fit["sd_log_dx"] < 0.01:
        assert fit.status == Status.BOUNDARY
    assert np.isfinite(fit.errors()[:2]).all()


def test_another_scale_is_refused() -> None:
    with pytest.raises(DataError, match="outside 0 to 10"):
        fit_sigmoid(TABLE, model=Sigmoid(best=10.0))
    with pytest.raises(DataError, match="no column months_since_onset"):
        fit_sigmoid(TABLE.drop("months_since_onset"))
