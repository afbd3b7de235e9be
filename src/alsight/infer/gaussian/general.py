"""Linear mixed models without a closed form: unequal noise (ML and REML) and Student noise (ML), compiled by JAX."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular

from alsight.base.columns import Working, working
from alsight.base.errors import SpecError
from alsight.base.status import Status
from alsight.infer.design import DesignRows
from alsight.infer.fit import Fit, failed
from alsight.infer.gaussian.estimate import Method, fit_rows
from alsight.infer.maximize import covariances, maximize
from alsight.models.covariance import covariance_of, factor_of, pairs_below
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
    frame = _frame(rows)
    plain = fit_rows(frame.rows, Linear(), method)
    if plain.status not in (Status.CONVERGED, Status.BOUNDARY):
        return failed(Status(int(plain.status)), model.parameters_of(columns), columns, model, record)
    begin = _begin(plain, columns, model)
    fit = (
        _student(frame, columns, model, begin)
        if model.noise == "student"
        else _unequal(frame, columns, model, method, begin)
    )
    free = len(rows.outcome) - (len(columns.fixed) if method == "reml" else 0)
    shift = -free * np.log(frame.size) + (frame.even.log_size if method == "reml" else 0.0)
    return replace(fit, record=record, log_likelihood=fit.log_likelihood + shift)


@dataclass(frozen=True)
class _Frame:
    """The rows in working columns, the outcome in units of its residual spread, the noise columns standardized.

    Attributes:
        rows: them.
        even: how columns as given become working ones.
        size: residual spread of the outcome.
        noise_center: means of the noise columns.
        noise_size: their standard deviations.
    """

    rows: DesignRows
    even: Working
    size: float
    noise_center: np.ndarray
    noise_size: np.ndarray

    def natural(self, columns: Columns, values: Any) -> tuple[Any, Any]:
        """Parameters of the columns as given, and those of the working columns in the outcome's unit."""
        fixed, random, noise = len(columns.fixed), len(columns.random), len(columns.noise)
        end = fixed + random * (random + 1) // 2
        beta = self.size * values[:fixed] + self.even.least_squares
        spread = values[fixed:end].at[:random].multiply(self.size)
        turned = self.even.random_turn @ covariance_of(spread, random) @ self.even.random_turn.T
        deviations = jnp.sqrt(jnp.diagonal(turned))
        below = pairs_below(random)
        correlations = (turned / jnp.outer(deviations, deviations))[below]
        gamma = values[end + 1 : end + 1 + noise] / self.noise_size
        sd = self.size * values[end] * jnp.exp(-gamma @ self.noise_center)
        rest = jnp.concatenate([sd[None], gamma, values[end + 1 + noise :]])
        return (
            jnp.concatenate([self.even.turn @ beta, deviations, correlations, rest]),
            jnp.concatenate([beta, spread, rest]),
        )


def _frame(rows: DesignRows) -> _Frame:
    even = working(rows.outcome, rows.fixed, rows.random)
    size = float(np.sqrt((even.outcome**2).mean())) or 1.0
    center, spread = rows.noise.mean(axis=0), rows.noise.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    noise = (rows.noise - center) / spread
    moved = replace(rows, outcome=even.outcome / size, fixed=even.fixed, random=even.random, noise=noise)
    return _Frame(moved, even, size, center, spread)


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


def _student(frame: _Frame, columns: Columns, model: Linear, begin: jax.Array) -> Fit:
    # The quadrature stands still while a search runs and is moved to the new modes between searches.
    density, index = _bound(columns, model, "density"), _bound(columns, model, "nodes")
    point, last, visits = begin, -np.inf, frame.rows.visits
    optimum = maximize(density, point, (visits, index(point, visits)))
    for _ in range(MOVES):
        if abs(float(optimum.value) - last) < STILL or not np.isfinite(float(optimum.value)):
            break
        last, point = float(optimum.value), optimum.point
        optimum = maximize(density, point, (visits, index(point, visits)))
    turn = jax.jacfwd(lambda point: frame.natural(columns, model.natural(columns, point))[0])(optimum.point)
    observed, robust = covariances(optimum, turn)
    return _pack(frame, columns, model, optimum, model.natural(columns, optimum.point), (observed, robust))


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


def _unequal(frame: _Frame, columns: Columns, model: Linear, method: Method, begin: jax.Array) -> Fit:
    fixed, visits = len(columns.fixed), frame.rows.visits
    optimum = maximize(_bound(columns, model, method), begin[fixed:], visits, scores=False)
    _, beta, inverse = _profile(optimum.point, visits, columns, model, method == "reml")
    whole = jnp.concatenate([beta, optimum.point])
    natural = model.natural(columns, whole)
    turn = jax.jacfwd(lambda point: model.natural(columns, point))(whole)[fixed:, fixed:]
    observed, _ = covariances(optimum, turn)
    square = jnp.zeros((len(natural), len(natural))).at[:fixed, :fixed].set(inverse).at[fixed:, fixed:].set(observed)
    back = jax.jacfwd(lambda values: frame.natural(columns, values)[0])(natural)
    scores = jax.jacfwd(lambda point: model.log_density(columns, jnp.concatenate([point, natural[fixed:]]), visits))(
        beta
    )
    bread = back[:fixed, :fixed] @ inverse
    robust = jnp.full_like(square, jnp.nan).at[:fixed, :fixed].set(bread @ scores.T @ scores @ bread.T)
    return _pack(frame, columns, model, optimum, natural, (back @ square @ back.T, robust))


def _pack(frame: _Frame, columns: Columns, model: Linear, optimum: Any, values: Any, squares: tuple[Any, Any]) -> Fit:
    natural, evenly = frame.natural(columns, values)
    return Fit(
        estimates=np.asarray(natural),
        covariance=np.asarray(squares[0]),
        sandwich=np.asarray(squares[1]),
        log_likelihood=np.asarray(optimum.value),
        status=np.asarray(optimum.status),
        steps=np.asarray(optimum.steps),
        arrays={
            "working_estimates": np.asarray(evenly),
            "working_fixed": frame.even.turn,
            "working_random": frame.even.random_turn,
        },
        parameters=model.parameters_of(columns),
        columns=columns,
        model=model,
        record=Record("ml"),
    )
