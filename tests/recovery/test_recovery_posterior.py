"""Simulation-based calibration: parameters from their priors, data from them, and their ranks among the draws."""

from __future__ import annotations

import os
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest

from alsight.base.status import Status
from alsight.infer.fit import Fit
from alsight.infer.formulas import Encoding
from alsight.infer.joint.features import JointFrame
from alsight.infer.joint.fit import fit_joint
from alsight.infer.joint.parameters import Hazard, JointValues
from alsight.infer.joint.simulate import simulate_joint
from alsight.infer.posterior.draw import posterior
from alsight.infer.posterior.linear import LinearDensity, linear_density, sample_linear
from alsight.infer.posterior.priors import Arranged, Prior, Priors, arrange, draw_prior
from alsight.models.latent.joint import Joint
from alsight.models.linear import Linear
from alsight.models.model import Columns, Parameter, Scale, Visits
from joint_cohorts import SCHEDULE
from ranks import chi_square, distance

FULL = bool(os.environ.get("ALSIGHT_FULL"))
COLUMNS = Columns("score", ("Intercept", "month"), ("Intercept", "month"))
COURSE = (
    Prior(parameter="Intercept", law="normal", location=38.0, scale=3.0),
    Prior(parameter="month", law="normal", location=-1.0, scale=0.4),
    Prior(parameter="sd_Intercept", law="log_normal", location=float(np.log(4.0)), scale=0.4),
    Prior(parameter="sd_month", law="log_normal", location=float(np.log(0.7)), scale=0.4),
    Prior(parameter="correlations", law="lkj", shape=2.0),
    Prior(parameter="sd_residual", law="log_normal", location=float(np.log(2.0)), scale=0.3),
)
PRIORS = Priors(rows=COURSE)
LEVELS, THIN = 40, 3
"""Ranks run from 0 to 39, among 39 draws that stand 3 apart."""
TOGETHER = 40
"""Data sets sampled in step: every trajectory of such a group waits for its longest."""


def _visits(outcome: jax.Array, people: int, slots: int) -> Visits:
    month = jnp.broadcast_to(3.0 * jnp.arange(slots), (people, slots))
    design = jnp.stack([jnp.ones_like(month), month], axis=-1)
    observed = jnp.arange(slots) < 3 + jnp.arange(people)[:, None] % (slots - 2)
    blank = jnp.zeros((people, slots), dtype=int)
    return Visits(
        outcome, design, design, jnp.zeros((people, slots, 0)), observed, blank, blank[:, 0], jnp.ones((people, slots))
    )


def _linear_ranks(arranged: Arranged, people: int = 20, slots: int = 5) -> Callable[[int, np.ndarray], np.ndarray]:
    """What ranks every parameter, and the log likelihood, in many simulated data sets under the priors believed."""
    density = linear_density(Linear(), COLUMNS, arranged)

    def one(key: jax.Array, numbers: jax.Array) -> jax.Array:
        for_truth, for_visits, for_draws = jax.random.split(key, 3)
        truth = draw_prior(for_truth, arranged)
        empty = _visits(jnp.zeros((people, slots)), people, slots)
        drawn = density.model.simulate(COLUMNS, for_visits, truth, empty)
        visits = _visits(jnp.where(empty.observed, drawn, 0.0), people, slots)
        supplied = (visits, numbers, None)
        begin = density.model.working(COLUMNS, jnp.array([38.0, -1.0, 4.0, 0.7, 0.0, 2.0]))
        found = sample_linear(density, supplied, begin, for_draws, chains=1, draws=THIN * (LEVELS - 1), warmup=100)
        accepted = jax.vmap(density.natural)(found.working[0, THIN - 1 :: THIN])
        return _ranked(density, visits, truth, accepted)

    many = jax.jit(jax.vmap(one, (0, None)))

    def ranks(sets: int, believed: np.ndarray) -> np.ndarray:
        keys = jax.random.split(jax.random.key(20261122), sets).reshape(-1, TOGETHER)
        return np.concatenate([np.asarray(many(some, jnp.asarray(believed))) for some in keys])

    return ranks


def _ranked(density: LinearDensity, visits: Visits, truth: jax.Array, accepted: jax.Array) -> jax.Array:
    def likelihood(natural: jax.Array) -> jax.Array:
        return density.model.log_density(COLUMNS, natural, visits).sum()

    below = (accepted < truth).sum(axis=0)
    return jnp.append(below, (jax.vmap(likelihood)(accepted) < likelihood(truth)).sum())


def _check(ranks: np.ndarray, names: tuple[str, ...], cells: int) -> None:
    for name, column in zip((*names, "log likelihood"), ranks.T, strict=True):
        for found, most in (chi_square(column, LEVELS, cells), distance(column, LEVELS)):
            assert found < most, (name, found, most)


def _arranged() -> tuple[Arranged, tuple[str, ...]]:
    parameters = Linear().parameters_of(COLUMNS)
    return arrange(PRIORS, parameters), tuple(parameter.name for parameter in parameters)


def test_posterior_of_the_linear_model_is_calibrated() -> None:
    """80 data sets of 20 people; and the same test refuses a posterior that believes in a wrong prior."""
    arranged, names = _arranged()
    rank = _linear_ranks(arranged)
    _check(rank(80, arranged.numbers), names, 8)
    wrong = arranged.numbers.copy()
    wrong[-1, 1] += 0.6  # two prior standard deviations of the log residual SD
    wrong[-1, 2] = 0.05
    ranks = rank(80, wrong)[:, names.index("sd_residual")]
    found, most = distance(ranks, LEVELS)
    assert found > most


@pytest.mark.slow
def test_posterior_of_the_linear_model_is_calibrated_at_length() -> None:
    arranged, names = _arranged()
    _check(_linear_ranks(arranged)(1000 if FULL else 240, arranged.numbers), names, 20)


JOINT = Joint(baseline="weibull")
EVENTS = (
    Prior(parameter="event_log_hazard", law="normal", location=0.4, scale=0.5),
    Prior(parameter="event_log_time", law="normal", location=0.3, scale=0.2),
    Prior(parameter="event_bulbar", law="normal", location=0.4, scale=0.5),
    Prior(parameter="event_value", law="normal", location=-0.1, scale=0.02),
)


def _named(rows: tuple[Prior, ...]) -> Priors:
    words = {"month": "months", "sd_Intercept": "sd_intercept", "sd_month": "sd_months"}
    return Priors(
        rows=tuple(
            Prior(
                **{
                    **{f: getattr(row, f) for f in row.__struct_fields__},
                    "parameter": words.get(row.parameter, row.parameter),
                }
            )
            for row in rows
        )
    )


def _joint_set(number: int, people: int, arranged: Arranged) -> tuple[np.ndarray, Fit, pl.DataFrame, pl.DataFrame]:
    """Truth on the natural scale, then a data set made from it and its fit."""
    for_truth, for_cover, for_rest, for_end = jax.random.split(jax.random.key(7_000 + number), 4)
    truth = np.asarray(draw_prior(for_truth, arranged))
    b0, b1, sd0, corr, sd1, sd, level, shape, gamma, alpha = truth
    factor = np.array([[sd0, 0.0], [corr * sd1, np.sqrt(1 - corr**2) * sd1]])
    values = JointValues(
        np.array([b0, b1]), factor, sd, (Hazard(np.array([level, shape]), np.array([gamma]), np.array([alpha])),)
    )
    bulbar = np.asarray(jax.random.bernoulli(for_cover, 0.3, (people,))).astype(float)
    bulbar -= bulbar.mean()  # so that the fit's centering changes nothing
    table = pl.DataFrame({"subject": np.arange(people), "bulbar": bulbar})
    frame = JointFrame(JOINT, Encoding("score", "months", "months"), "months", table, (), 18.0)
    censored = np.asarray(jax.random.uniform(for_end, (people,), minval=8.0, maxval=18.0))
    made = simulate_joint(for_rest, frame, values, bulbar[:, None], SCHEDULE, censored)
    fit = fit_joint(made.visits, made.people, "score ~ months", random="~ months", hazard="~ bulbar", model=JOINT)
    return truth, fit, made.visits, made.people


@pytest.mark.slow
@pytest.mark.skipif(not FULL, reason="many minutes of sampling: run with ALSIGHT_FULL=1")
def test_posterior_of_the_joint_model_is_calibrated() -> None:
    sets, people = 200, 80
    names = (
        "Intercept",
        "months",
        "sd_intercept",
        "corr_intercept_months",
        "sd_months",
        "sd_residual",
        *(row.parameter for row in EVENTS),
    )
    scale = {"corr_intercept_months": Scale.ATANH} | {name: Scale.LOG for name in names if name.startswith("sd_")}
    priors = _named((*COURSE, *EVENTS))
    arranged = arrange(priors, tuple(Parameter(name, scale.get(name, Scale.IDENTITY)) for name in names))
    ranks = []
    for number in range(sets):
        truth, fit, visits, persons = _joint_set(number, people, arranged)
        assert fit.names == names
        assert fit.status in (Status.CONVERGED, Status.BOUNDARY)
        found = posterior(
            fit, visits, persons, priors=priors, chains=1, draws=THIN * (LEVELS - 1), warmup=100, seed=number
        )
        ranks.append((found.draws[0, THIN - 1 :: THIN] < truth).sum(axis=0))
    for name, column in zip(names, np.array(ranks).T, strict=True):
        for observed, most in (chi_square(column, LEVELS, 20), distance(column, LEVELS)):
            assert observed < most, (name, observed, most)
