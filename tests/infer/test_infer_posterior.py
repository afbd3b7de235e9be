"""The posterior: exact answers where they are known, diagnostics of known value, priors, files and failures."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest
from scipy.stats import norm, rankdata

from alsight.base.errors import DataError, NotConverged, SpecError
from alsight.base.status import Status
from alsight.infer.fit import Fit
from alsight.infer.joint.fit import fit_joint
from alsight.infer.linear import fit_linear
from alsight.infer.posterior.draw import default_priors, posterior
from alsight.infer.posterior.posterior import Posterior, diagnose, load_posterior
from alsight.infer.posterior.priors import Prior, Priors, arrange, draw_prior
from alsight.infer.posterior.volume import factor_volume, spread_volume
from alsight.models.covariance import from_working
from alsight.models.latent.joint import Joint
from alsight.models.model import Parameter, Scale
from infer.trials import simulate, table_of
from joint_cohorts import cohort, truth
from montecarlo import tolerance


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return table_of(simulate(3, 1, 12, visits=4), 0)


@pytest.fixture(scope="module")
def fit(table: pl.DataFrame) -> Fit:
    return fit_linear(table, "score ~ month", random="~ 1", method="ml").check()


@pytest.fixture(scope="module")
def drawn(fit: Fit, table: pl.DataFrame) -> Posterior:
    return posterior(fit, table, seed=5, draws=400, warmup=200)


def _normal_log(y: np.ndarray, mean: np.ndarray, square: np.ndarray) -> float:
    error = y - mean
    return float(-0.5 * (np.linalg.slogdet(2 * np.pi * square)[1] + error @ np.linalg.solve(square, error)))


def _dense(table: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    same = table["subject"].to_numpy()[:, None] == table["subject"].to_numpy()[None]
    design = np.column_stack([np.ones(table.height), table["month"].to_numpy()])
    return table["score"].to_numpy(), design, same.astype(float)


def test_draws_agree_with_the_posterior_on_a_grid(fit: Fit, table: pl.DataFrame, drawn: Posterior) -> None:
    """The obvious way: coefficients by the conjugate formula at each pair of SDs, the two SDs on a fine grid."""
    y, design, same = _dense(table)
    rows = {row.parameter: row for row in drawn.priors.rows}
    center = np.array([rows["Intercept"].location, rows["month"].location])
    before = np.diag([rows["Intercept"].scale ** 2, rows["month"].scale ** 2])
    grid = [np.exp(np.linspace(np.log(fit[name]) - 1.6, np.log(fit[name]) + 1.6, 61)) for name in fit.names[2:]]
    logs, means, squares = [], [], []
    for between, within in product(*grid):
        square = between**2 * same + within**2 * np.eye(len(y))
        log = _normal_log(y, design @ center, square + design @ before @ design.T)
        log -= between / rows["sd_intercept"].scale + within / rows["sd_residual"].scale
        logs.append(log + np.log(between * within))  # equal steps of the logs
        precision = design.T @ np.linalg.solve(square, design) + np.linalg.inv(before)
        after = np.linalg.inv(precision)
        mean = after @ (design.T @ np.linalg.solve(square, y) + np.linalg.solve(before, center))
        means.append([*mean, between, within])
        squares.append([*(np.diag(after) + mean**2), between**2, within**2])
    weights = np.exp(np.array(logs) - max(logs))
    weights /= weights.sum()
    mean = weights @ np.array(means)
    sd = np.sqrt(weights @ np.array(squares) - mean**2)
    found = drawn.table()
    effective = found["ess_bulk"].to_numpy()
    errors = np.array([tolerance(s, int(n)) for s, n in zip(sd, effective, strict=True)])
    assert (np.abs(found["mean"].to_numpy() - mean) < errors).all()
    # The SD of an SD's draws is near sd / sqrt(2 n) for a normal, and heavier tails are allowed for.
    assert (np.abs(found["sd"].to_numpy() / sd - 1) < 2 * tolerance(np.sqrt(0.5), 1) / np.sqrt(effective)).all()


def test_known_spreads_leave_the_conjugate_normal(fit: Fit, table: pl.DataFrame) -> None:
    y, design, same = _dense(table)
    pinned = {"sd_intercept": 4.0, "sd_residual": 2.0}
    priors = Priors(
        rows=(
            Prior(parameter="Intercept", law="normal", location=36.0, scale=2.0),
            Prior(parameter="month", law="normal", location=-0.5, scale=0.2),
            *(Prior(parameter=k, law="log_normal", location=float(np.log(v)), scale=1e-3) for k, v in pinned.items()),
        )
    )
    found = posterior(fit, table, priors=priors, seed=2, draws=400, warmup=200).check()
    square, before = 16.0 * same + 4.0 * np.eye(len(y)), np.diag([4.0, 0.04])
    after = np.linalg.inv(design.T @ np.linalg.solve(square, design) + np.linalg.inv(before))
    mean = after @ (design.T @ np.linalg.solve(square, y) + np.linalg.solve(before, [36.0, -0.5]))
    flat = found.draws[..., :2].reshape(-1, 2)
    effective = found.table()["ess_bulk"].to_numpy()[:2]
    assert (np.abs(flat.mean(axis=0) - mean) < 4 * np.sqrt(np.diag(after) / effective)).all()
    moved = np.cov(flat.T) / np.sqrt(np.outer(np.diag(after), np.diag(after)))
    scaled = after / np.sqrt(np.outer(np.diag(after), np.diag(after)))
    assert np.abs(moved - scaled).max() < tolerance(np.sqrt(2), int(effective.min()))


def test_the_seed_decides_every_draw(fit: Fit, table: pl.DataFrame, drawn: Posterior) -> None:
    again = posterior(fit, table, seed=5, draws=400, warmup=200)
    np.testing.assert_array_equal(again.draws, drawn.draws)
    assert (posterior(fit, table, seed=6, draws=400, warmup=200).draws != drawn.draws).any()


def test_a_good_run_passes_and_survives_a_file(drawn: Posterior, tmp_path) -> None:
    assert drawn.check() is drawn
    assert drawn.status == Status.CONVERGED
    again = load_posterior(drawn.save(tmp_path / "posterior.npz"))
    np.testing.assert_array_equal(again.draws, drawn.draws)
    assert again.table().equals(drawn.table())
    assert again.priors == drawn.priors
    assert again.model == drawn.model
    (tmp_path / "other.npz").write_bytes(b"nothing")
    with pytest.raises(DataError, match="no saved posterior"):
        load_posterior(tmp_path / "other.npz")


def _autoregressive(key: int, chains: int, draws: int, correlation: float) -> np.ndarray:
    noise = np.random.default_rng(key).normal(size=(chains, draws)) * np.sqrt(1 - correlation**2)
    values = np.zeros((chains, draws))
    values[:, 0] = noise[:, 0] / np.sqrt(1 - correlation**2)
    for index in range(1, draws):
        values[:, index] = correlation * values[:, index - 1] + noise[:, index]
    return values


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_effective_sizes_are_those_of_an_autoregression(correlation: float) -> None:
    """n values of a first-order autoregression are worth n (1 - r) / (1 + r) independent ones."""
    values = np.stack([_autoregressive(seed, 4, 5000, correlation) for seed in range(12)], axis=-1)
    found = diagnose(values)
    expected = 20_000 * (1 - correlation) / (1 + correlation)
    spread = found["ess_bulk"].std(ddof=1)
    assert abs(found["ess_bulk"].mean() - expected) < tolerance(spread, 12) + 0.02 * expected
    assert (found["rhat"] < 1.05).all()


def test_rhat_is_the_definition() -> None:
    """Written out: halves of chains, normal scores of joint ranks, also of the distance from the median."""
    values = _autoregressive(1, 4, 200, 0.3)
    values[0] += 0.5
    values[1] *= 1.8
    halves = values.reshape(8, 100)
    highest = []
    for each in (halves, np.abs(halves - np.median(halves))):
        scores = norm.ppf((rankdata(each).reshape(each.shape) - 0.375) / (each.size + 0.25))
        within, between = scores.var(axis=1, ddof=1).mean(), 100 * scores.mean(axis=1).var(ddof=1)
        highest.append(np.sqrt((99 / 100 * within + between / 100) / within))
    assert diagnose(values[..., None])["rhat"][0] == pytest.approx(max(highest), rel=1e-9)


def test_check_names_every_problem(drawn: Posterior) -> None:
    apart = drawn.draws.copy()
    apart[0, :, 1] += 3 * apart[..., 1].std()
    diverged = drawn.divergent.copy()
    diverged[2, :7] = True
    bad = replace(drawn, draws=apart, divergent=diverged)
    assert set(bad.problems()) == {Status.DIVERGENT, Status.NOT_MIXED, Status.FEW_DRAWS}
    assert bad.status == Status.DIVERGENT
    with pytest.raises(NotConverged, match=r"7 of 1600 trajectories[\s\S]*R-hat is [\d.]+ for month"):
        bad.check()
    some = ("draws", "log_density", "divergent", "leaps")
    short = replace(drawn, **{name: getattr(drawn, name)[:, :50] for name in some})
    assert list(short.problems())[-1] == Status.FEW_DRAWS
    blank = drawn.draws.copy()
    blank[1, 2, 0] = np.inf
    assert list(replace(drawn, draws=blank).problems()) == [Status.NOT_FINITE]


def test_a_failed_fit_gives_its_status(table: pl.DataFrame) -> None:
    fit = fit_linear(table.with_columns(twice=2 * pl.col("month")), "score ~ month + twice", random="~ 1")
    found = posterior(fit, table)
    assert found.status == fit.status == Status.COLLINEAR
    assert np.isnan(found.draws).all()
    with pytest.raises(NotConverged, match="collinear"):
        found.check()


def test_requests_that_make_no_sense_are_told_at_once(fit: Fit, table: pl.DataFrame) -> None:
    with pytest.raises(SpecError) as caught:
        posterior(fit, table, chains=0, draws=2, warmup=3)
    assert {fault[0] for fault in caught.value.faults} == {"chains", "draws", "warmup"}
    rows = default_priors(fit, table).rows
    wrong = Priors(
        rows=(*rows[1:-1], Prior(parameter="sd_residual", law="normal"), Prior(parameter="age", law="normal"))
    )
    with pytest.raises(SpecError) as caught:
        posterior(fit, table, priors=wrong)
    assert {fault[0] for fault in caught.value.faults} == {"Intercept", "sd_residual", "age"}
    with pytest.raises(DataError, match="not those of the fit"):
        posterior(fit, table.with_columns(month=pl.col("month").cast(pl.Int64).cast(pl.String)))


def test_every_default_prior_has_a_source(fit: Fit, table: pl.DataFrame) -> None:
    rows = default_priors(fit, table).rows
    assert [row.parameter for row in rows] == list(fit.names)
    changed = Priors(rows=rows).having(Prior(parameter="month", law="student", scale=0.5, shape=3.0))
    assert [row.parameter for row in changed.rows] == list(fit.names)
    assert changed.rows[1].law == "student"


def test_unit_of_the_outcome_moves_the_default_priors(fit: Fit, table: pl.DataFrame) -> None:
    tenfold = table.with_columns(score=10 * pl.col("score"))
    for one, other in zip(default_priors(fit, table).rows, default_priors(fit, tenfold).rows, strict=True):
        assert other.scale == pytest.approx(10 * one.scale)
        assert other.location == pytest.approx(10 * one.location)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_volumes_are_the_determinants(size: int) -> None:
    working = jnp.asarray(np.random.default_rng(size).normal(size=size * (size + 1) // 2))
    turn = jax.jacfwd(lambda supplied: from_working(supplied, size))(working)
    assert spread_volume(working, size) == pytest.approx(float(jnp.linalg.slogdet(turn)[1]), abs=1e-10)

    def natural(supplied: jax.Array) -> jax.Array:
        rows, columns = np.tril_indices(size)
        root = jnp.zeros((size, size)).at[rows, columns].set(supplied)
        root = jnp.tril(root, -1) + jnp.diag(jnp.exp(jnp.diagonal(root)))
        square = root @ root.T
        sd = jnp.sqrt(jnp.diagonal(square))
        return jnp.where(rows == columns, sd[rows], square[rows, columns] / (sd[rows] * sd[columns]))

    turn = jax.jacfwd(natural)(working)
    assert factor_volume(working, size) == pytest.approx(float(jnp.linalg.slogdet(turn)[1]), abs=1e-10)


def test_priors_are_drawn_as_they_are_weighed() -> None:
    """Correlations of three effects under an LKJ law of shape 2: each (r + 1)/2 is Beta(5/2, 5/2), SD of r 6^-1/2."""
    laws = {"a": "normal", "b": "half_normal", "c": "exponential", "d": "log_normal", "e": "gamma"}
    pairs = ("corr_1_2", "corr_1_3", "corr_2_3")
    scales = [Scale.IDENTITY, *[Scale.LOG] * 4, *[Scale.ATANH] * 3]
    parameters = tuple(Parameter(name, scale) for name, scale in zip((*laws, *pairs), scales, strict=True))
    rows = [Prior(parameter=name, law=law, scale=0.5, shape=2.0) for name, law in laws.items()]  # pyright: ignore
    arranged = arrange(Priors(rows=(*rows, Prior(parameter="correlations", law="lkj", shape=2.0))), parameters)
    count = 20_000
    drawn = np.asarray(jax.vmap(lambda key: draw_prior(key, arranged))(jax.random.split(jax.random.key(1), count)))
    means = np.array([0.0, 0.5 * np.sqrt(2 / np.pi), 0.5, np.exp(0.125), 1.0, 0.0, 0.0, 0.0])
    for column, mean in zip(drawn.T, means, strict=True):
        assert abs(column.mean() - mean) < tolerance(float(column.std()), count)
    assert np.abs(drawn[:, 5:].var(axis=0) - 1 / 6).max() < tolerance(
        float((drawn[:, 5:] ** 2).std(axis=0).max()), count
    )


@pytest.fixture(scope="module")
def joint() -> tuple[Fit, pl.DataFrame, pl.DataFrame]:
    made = cohort(5, 60, truth(1, 2), ("value", "slope"))
    model = Joint(association=("value", "slope"), baseline="weibull", points=3)
    fit = fit_joint(made.visits, made.people, "score ~ months", random="~ months", hazard="~ bulbar", model=model)
    return fit, made.visits, made.people


def test_the_joint_density_is_the_likelihood_and_its_slope(joint: tuple[Fit, pl.DataFrame, pl.DataFrame]) -> None:
    from alsight.infer.joint.likelihood import evaluate
    from alsight.infer.joint.report import JointScale, natural
    from alsight.infer.posterior.draw import joint_target
    from alsight.infer.posterior.joint import holding

    density, data, arranged = joint_target(*joint, None)[1:]
    working = jnp.asarray(joint[0].arrays["working"]) + 0.02
    here = evaluate(density.layout, np.asarray(working), data, density.points)
    layout = density.layout
    as_given = JointScale(np.eye(layout.fixed), np.eye(layout.random), 0.0, 1.0, -1, -1, np.zeros(layout.basis))
    values, _ = natural(layout, np.asarray(working), as_given)
    np.testing.assert_allclose(density.natural(working), values, rtol=1e-12)
    numbers, modes = jnp.asarray(arranged.numbers), here.modes
    here = evaluate(density.layout, np.asarray(working), data, density.points, modes)
    with holding(data, modes) as number:
        look = jax.jit(jax.value_and_grad(lambda point: density(point, (number, numbers))))
        value, slope = look(working)
        prior, tilt = jax.value_and_grad(density.prior)(working, numbers)
        assert value == pytest.approx(float(prior) + here.log_likelihood.sum(), rel=1e-9)
        np.testing.assert_allclose(slope - tilt, here.scores.sum(axis=0), rtol=1e-6, atol=1e-6)
        far, push = look(working.at[density.layout.log_sd].set(-400.0))
        assert not np.isfinite(far)
        assert np.isfinite(push).all()


def test_a_joint_posterior_stands_where_its_likelihood_does() -> None:
    made = cohort(5, 60, truth())
    visits, people, model = made.visits, made.people, Joint(baseline="weibull", points=3)
    fit = fit_joint(visits, people, "score ~ months", random="~ months", hazard="~ bulbar", model=model)
    found = posterior(fit, visits, people, chains=2, draws=250, warmup=120, seed=1)
    table = found.table()
    assert table["parameter"].to_list() == list(fit.names)
    assert (table["rhat"] < 1.05).all()
    # 60 people leave the posterior skewed, so its means may stand off the estimates, by less than a standard error.
    assert (np.abs(table["mean"].to_numpy() - fit.estimates) < fit.errors()).all()
    with pytest.raises(SpecError, match="people"):
        posterior(fit, visits)
