"""Linear mixed models without a closed form: unequal noise (ML and REML) and Student noise (ML), compiled by JAX."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular

from alsight.base.errors import SpecError
from alsight.base.status import Status
from alsight.infer.design import DesignRows
from alsight.infer.fit import Fit, failed
from alsight.infer.gaussian.estimate import Method, fit_rows
from alsight.infer.maximize import covariances, maximize
from alsight.models.covariance import factor_of
from alsight.models.linear import Linear
from alsight.models.model import Columns, Record, Visits

FIRST_DEGREES = 8.0
"""Degrees of freedom at which the search for Student noise begins."""
MOVES = 8
"""Most times the quadrature nodes are moved to the subjects' new modes."""
STILL = 1e-5
"""Change of the log likelihood by a move of the nodes that no longer matters."""


def fit_linear_general(rows: DesignRows, model: Linear, method: Method) -> Fit:
    """Fit of a linear mixed model whose noise is unequal or heavy-tailed, started from the equal normal one.

    Raises:
        SpecError: restricted likelihood was asked with Student noise, where it is not defined here.
    """
    if model.noise == "student" and method == "reml":
        raise SpecError([("method", "'ml' with Student noise", method)])
    columns, record = rows.columns, rows.record(method)
    fault = rows.fatal
    if fault is None and rows.columns.noise and "Intercept" in rows.columns.noise:
        rows, columns = without_level(rows)
    if fault is not None:
        return failed(fault.status, model.parameters_of(columns), columns, model, record)
    plain = fit_rows(rows, Linear(), method)
    if plain.status not in (Status.CONVERGED, Status.BOUNDARY):
        return failed(Status(int(plain.status)), model.parameters_of(columns), columns, model, record)
    begin = _begin(plain, columns, model)
    fit = (
        _student(rows, columns, model, begin)
        if model.noise == "student"
        else _unequal(rows, columns, model, method, begin)
    )
    return replace(fit, record=record)


def without_level(rows: DesignRows) -> tuple[DesignRows, Columns]:
    """Rows whose noise design has no constant column, since that is `sd_residual` itself."""
    keep = [spot for spot, name in enumerate(rows.columns.noise) if name != "Intercept"]
    columns = replace(rows.columns, noise=tuple(rows.columns.noise[spot] for spot in keep))
    return replace(rows, noise=rows.noise[:, keep], columns=columns), columns


def _begin(plain: Fit, columns: Columns, model: Linear) -> jax.Array:
    values = np.array(plain.estimates)
    fixed, random = len(columns.fixed), len(columns.random)
    end = fixed + random * (random + 1) // 2
    size = values[end]
    values[fixed : fixed + random] = np.maximum(values[fixed : fixed + random], 0.05 * size)
    values[fixed + random : end] = np.clip(np.nan_to_num(values[fixed + random : end]), -0.9, 0.9)
    tail = [FIRST_DEGREES] if model.noise == "student" else []
    natural = np.concatenate([values[: end + 1], np.zeros(len(columns.noise)), tail])
    return model.working(columns, jnp.asarray(natural))


def _density(point: Any, supplied: Any, columns: Columns, model: Linear) -> Any:
    visits, placed = supplied
    return model.log_density(columns, model.natural(columns, point), visits, placed)


def _student(rows: DesignRows, columns: Columns, model: Linear, begin: jax.Array) -> Fit:
    # The quadrature stands still while a search runs and is moved to the new modes between searches.
    density, index = _bound(columns, model, "density"), _bound(columns, model, "nodes")
    point, last = begin, -np.inf
    optimum = maximize(density, point, (rows.visits, index(point, rows.visits)))
    for _ in range(MOVES):
        if abs(float(optimum.value) - last) < STILL or not np.isfinite(float(optimum.value)):
            break
        last, point = float(optimum.value), optimum.point
        optimum = maximize(density, point, (rows.visits, index(point, rows.visits)))
    turn = jax.jacfwd(lambda point: model.natural(columns, point))(optimum.point)
    observed, robust = covariances(optimum, turn)
    return _pack(columns, model, optimum, model.natural(columns, optimum.point), observed, robust)


_BOUND: dict[tuple[Columns, Linear, str], Any] = {}


def _bound(columns: Columns, model: Linear, kind: Literal["density", "nodes", "reml", "ml"]) -> Any:
    # One function object a model and design: the compiler's cache is keyed by it.
    key = (columns, model, kind)
    if key not in _BOUND:
        if kind == "density":
            _BOUND[key] = lambda point, supplied: _density(point, supplied, columns, model)
        elif kind == "nodes":
            _BOUND[key] = jax.jit(lambda point, visits: model.nodes(columns, model.natural(columns, point), visits))
        else:
            _BOUND[key] = lambda point, visits: -0.5 * _profile(point, visits, columns, model, kind == "reml")[0][None]
    return _BOUND[key]


def _profile(point: Any, visits: Visits, columns: Columns, model: Linear, reml: bool) -> tuple[Any, Any, Any]:
    # Deviance with the coefficients at their generalised least-squares values.
    fixed, random = len(columns.fixed), len(columns.random)
    natural = model.natural(columns, jnp.concatenate([jnp.zeros(fixed), point]))
    root = factor_of(natural[fixed : fixed + random * (random + 1) // 2], random)
    size = model.noise_sd(columns, natural, visits)
    right = jnp.concatenate([visits.fixed, visits.outcome[..., None]], axis=-1)

    def one(right: Any, design: Any, size: Any, seen: Any) -> tuple[Any, Any]:
        weight = jnp.where(seen, 1 / size**2, 0.0)[:, None]
        reach = design @ root
        lower = jnp.linalg.cholesky(jnp.eye(random) + reach.T @ (weight * reach))
        inner = solve_triangular(lower, reach.T @ (weight * right), lower=True)
        logdet = 2 * jnp.log(jnp.diagonal(lower)).sum() + jnp.where(seen, 2 * jnp.log(size), 0.0).sum()
        return right.T @ (weight * right) - inner.T @ inner, logdet

    squares, logdets = jax.vmap(one)(right, visits.random, size, visits.observed)
    whole = squares.sum(0)
    inverse = jnp.linalg.inv(whole[:fixed, :fixed])
    beta = inverse @ whole[:fixed, fixed]
    residual = whole[fixed, fixed] - beta @ whole[:fixed, fixed]
    free = visits.observed.sum() - (fixed if reml else 0)
    deviance = logdets.sum() + residual + free * jnp.log(2 * jnp.pi)
    if reml:
        deviance = deviance - jnp.linalg.slogdet(inverse)[1]
    return deviance, beta, inverse


def _unequal(rows: DesignRows, columns: Columns, model: Linear, method: Method, begin: jax.Array) -> Fit:
    fixed = len(columns.fixed)
    optimum = maximize(_bound(columns, model, method), begin[fixed:], rows.visits, scores=False)
    _, beta, inverse = _profile(optimum.point, rows.visits, columns, model, method == "reml")
    whole = jnp.concatenate([beta, optimum.point])
    natural = model.natural(columns, whole)
    turn = jax.jacfwd(lambda point: model.natural(columns, point))(whole)[fixed:, fixed:]
    observed, _ = covariances(optimum, turn)
    square = jnp.zeros((len(natural), len(natural))).at[:fixed, :fixed].set(inverse).at[fixed:, fixed:].set(observed)
    scores = jax.jacfwd(
        lambda point: model.log_density(columns, jnp.concatenate([point, natural[fixed:]]), rows.visits)
    )(beta)
    robust = jnp.full_like(square, jnp.nan).at[:fixed, :fixed].set(inverse @ scores.T @ scores @ inverse)
    return _pack(columns, model, optimum, natural, square, robust)


def _pack(columns: Columns, model: Linear, optimum: Any, natural: Any, observed: Any, robust: Any) -> Fit:
    return Fit(
        estimates=np.asarray(natural),
        covariance=np.asarray(observed),
        sandwich=np.asarray(robust),
        log_likelihood=np.asarray(optimum.value),
        status=np.asarray(optimum.status),
        steps=np.asarray(optimum.steps),
        parameters=model.parameters_of(columns),
        columns=columns,
        model=model,
        record=Record("ml"),
    )
