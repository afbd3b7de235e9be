"""Maximum of a log likelihood written in JAX: damped Newton, or steps by the outer product of subjects' scores.

The loop is written once; under `jax.vmap` the same program fits many data sets, each ending in its own status.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from alsight.base.status import Status

TOLERANCE = 1e-8
"""Rise of the log likelihood that the next step still promises, below which the search ends."""
WEAK = 1e-8
"""Least eigenvalue of the information, scaled to unit diagonal, that counts as identified."""

LogDensity = Callable[[Any, Any], Any]
"""(parameters, data) to one log density a subject."""


class Optimum(NamedTuple):
    """Where a search ended; a pytree, so that a batch has leading axes.

    Attributes:
        point: parameters.
        value: log likelihood.
        gradient: its gradient.
        information: its second derivative, sign turned.
        outer: sum over subjects of the outer products of their scores.
        status: a `Status` value.
        steps: steps taken.
    """

    point: Float[Array, "*batch parameter"]
    value: Float[Array, "*batch"]
    gradient: Float[Array, "*batch parameter"]
    information: Float[Array, "*batch parameter parameter"]
    outer: Float[Array, "*batch parameter parameter"]
    status: Int[Array, "*batch"]
    steps: Int[Array, "*batch"]


class _State(NamedTuple):
    point: Array
    value: Array
    step: Array
    promise: Array
    share: Array
    steps: Array
    gradient: Array
    square: Array


@partial(jax.jit, static_argnames=("log_density", "curvature", "limit", "scores"))
def maximise(
    log_density: LogDensity,
    start: Float[Array, "*_ parameter"],
    given: Any,
    *,
    curvature: Literal["hessian", "scores"] = "hessian",
    limit: int = 100,
    tolerance: float = TOLERANCE,
    scores: bool = True,
) -> Optimum:
    """Parameters that maximise the sum of the subjects' log densities.

    A step that does not raise the sum is halved. Where the curvature is indefinite its eigenvalues are taken
    absolute, so that every direction climbs.

    Args:
        log_density: one value a subject; must be a function of its arguments alone, for the compiler's cache.
        start: first parameters, on the whole real line.
        given: data, any pytree of arrays.
        curvature: "hessian" for Newton, "scores" for the outer product of scores (cheaper for large models).
        limit: most steps.
        tolerance: see `TOLERANCE`.
        scores: whether `outer` is wanted; it costs one gradient a subject.
    """

    def total(point: Array) -> Array:
        return log_density(point, given).sum()

    def each(point: Array) -> Array:
        return jax.jacfwd(log_density)(point, given)

    unfinished, advance = _loop(total, each if curvature == "scores" else None, limit, tolerance)
    # The first round only looks around, so that the derivatives are compiled once.
    eye, nothing = jnp.eye(len(start)), jnp.zeros_like(start)
    begin = _State(
        start, jnp.asarray(-jnp.inf), nothing, jnp.asarray(jnp.inf), jnp.asarray(1.0), jnp.asarray(0), nothing, eye
    )
    last = jax.lax.while_loop(unfinished, advance, begin)
    information = last.square if curvature == "hessian" else -jax.hessian(total)(last.point)
    rows = each(last.point) if scores else jnp.zeros((1, len(start)))
    status = _status(last, information, limit)
    return Optimum(last.point, last.value, last.gradient, information, rows.T @ rows, status, last.steps)


def _loop(
    total: Callable[[Array], Array], each: Callable[[Array], Array] | None, limit: int, tolerance: float
) -> tuple[Callable[[_State], Array], Callable[[_State], _State]]:
    def look(point: Array) -> tuple[Array, Array, Array, Array]:
        gradient = jax.grad(total)(point)
        if each is None:
            square = -jax.hessian(total)(point)
        else:
            rows = each(point)
            square = rows.T @ rows
        step = uphill(gradient, square)
        return step, 0.5 * gradient @ step, gradient, square

    def unfinished(state: _State) -> Array:
        return (state.promise > tolerance) & (state.share > 1e-10) & (state.steps <= limit)

    def advance(state: _State) -> _State:
        point = state.point + state.share * state.step
        value = total(point)
        better = value >= state.value - 1e-10
        point = jnp.where(better, point, state.point)
        old = (state.step, state.promise, state.gradient, state.square)
        step, promise, gradient, square = jax.lax.cond(better, look, lambda _: old, point)
        share = jnp.where(better, jnp.minimum(1.0, 2 * state.share), 0.4 * state.share)
        value = jnp.where(better, value, state.value)
        return _State(point, value, step, promise, share, state.steps + 1, gradient, square)

    return unfinished, advance


def _status(last: _State, information: Array, limit: int) -> Array:
    size = jnp.sqrt(jnp.abs(jnp.diagonal(information)))
    size = jnp.where(size > 0, size, 1.0)
    even = information / jnp.outer(size, size)
    finite = jnp.isfinite(even).all() & jnp.isfinite(last.value)
    weakest = jnp.linalg.eigvalsh(jnp.where(finite, even, jnp.eye(len(size))))[0]
    ended = jnp.where((last.steps > limit) | (last.share <= 1e-10), int(Status.MAX_STEPS), int(Status.CONVERGED))
    ended = jnp.where(weakest < WEAK, int(Status.SINGULAR), ended)
    return jnp.where(finite, ended, int(Status.NOT_FINITE))


def uphill(
    gradient: Float[Array, "*_ parameter"], square: Float[Array, "parameter parameter"]
) -> Float[Array, "*_ parameter"]:
    """Newton step towards a maximum; `square` is scaled to unit diagonal and its eigenvalues are taken absolute."""
    size = jnp.sqrt(jnp.abs(jnp.diagonal(square)))
    size = jnp.where((size > 0) & jnp.isfinite(size), size, 1.0)
    even = square / jnp.outer(size, size)
    even = jnp.where(jnp.isfinite(even).all(), even, jnp.eye(len(gradient)))
    values, vectors = jnp.linalg.eigh(even)
    values = jnp.maximum(jnp.abs(values), 1e-6)
    return vectors @ ((vectors.T @ (gradient / size)) / values) / size


def covariances(
    optimum: Optimum, turn: Float[Array, "natural parameter"]
) -> tuple[Float[Array, "natural natural"], Float[Array, "natural natural"]]:
    """Covariance from the observed information, and the sandwich, carried over to natural parameters.

    Args:
        optimum: where the search ended.
        turn: Jacobian of the natural parameters by the searched ones.
    """
    inverse = jnp.linalg.pinv(optimum.information, hermitian=True)
    model = turn @ inverse @ turn.T
    return model, turn @ inverse @ optimum.outer @ inverse @ turn.T
