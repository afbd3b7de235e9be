"""Maximum of a log likelihood written in JAX: the search of `infer.newton` as a compiled loop.

Under `jax.vmap` the same program fits many data sets, each ending in its own status.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from alsight.infer.newton import LIMIT, SLACK, TOLERANCE, Rules, ended, next_share, unfinished, uphill, weakest_of

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
    weakest: Array
    share: Array
    steps: Array
    gradient: Array
    square: Array


@partial(jax.jit, static_argnames=("log_density", "curvature", "limit", "scores"))
def maximize(
    log_density: LogDensity,
    start: Float[Array, "*_ parameter"],
    arguments: Any,
    *,
    curvature: Literal["hessian", "scores"] = "hessian",
    limit: int = LIMIT,
    tolerance: float | Float[Array, ""] = TOLERANCE,
    scores: bool = True,
) -> Optimum:
    """Parameters that maximize the sum of the subjects' log densities, by the rules of `infer.newton`.

    Args:
        log_density: one value a subject; must be a function of its arguments alone, for the compiler's cache.
        start: first parameters, on the whole real line.
        arguments: data, any pytree of arrays.
        curvature: "hessian" for Newton, "scores" for the outer product of scores (cheaper for large models).
        limit: most steps.
        tolerance: see `newton.TOLERANCE`.
        scores: whether `outer` is wanted; it costs one gradient a subject.
    """

    def total(point: Array) -> Array:
        return log_density(point, arguments).sum()

    def each(point: Array) -> Array:
        return jax.jacfwd(log_density)(point, arguments)

    rules = Rules(tolerance, limit)
    searching, advance = _loop(total, each if curvature == "scores" else None, rules)
    # The first round only looks around, so that the derivatives are compiled once.
    zero, one, endless = jnp.asarray(0.0), jnp.asarray(1.0), jnp.asarray(jnp.inf)
    nothing, eye = jnp.zeros_like(start), jnp.eye(len(start))
    begin = _State(start, -endless, nothing, endless, zero, one, jnp.asarray(0), nothing, eye)
    last = jax.lax.while_loop(searching, advance, begin)
    information = last.square if curvature == "hessian" else -jax.hessian(total)(last.point)
    weakest = last.weakest if curvature == "hessian" else weakest_of(information, jnp)
    status = ended(last.value, last.promise, weakest, tolerance, last.share, rules.shortest, jnp)
    rows = each(last.point) if scores else jnp.zeros((1, len(start)))
    return Optimum(last.point, last.value, last.gradient, information, rows.T @ rows, status, last.steps)


def _loop(
    total: Callable[[Array], Array], each: Callable[[Array], Array] | None, rules: Rules
) -> tuple[Callable[[_State], Array], Callable[[_State], _State]]:
    def look(point: Array) -> tuple[Any, ...]:
        gradient = jax.grad(total)(point)
        if each is None:
            square = -jax.hessian(total)(point)
        else:
            rows = each(point)
            square = rows.T @ rows
        return (*uphill(gradient, square, xp=jnp), gradient, square)

    def searching(state: _State) -> Array:
        return unfinished(state.promise, state.share, rules) & (state.steps <= rules.limit)

    def advance(state: _State) -> _State:
        point = state.point + state.share * state.step
        value = total(point)
        better = value >= state.value - SLACK
        point = jnp.where(better, point, state.point)
        old = (state.step, state.promise, state.weakest, state.gradient, state.square)
        step, promise, weakest, gradient, square = jax.lax.cond(better, look, lambda _: old, point)
        value = jnp.where(better, value, state.value)
        share = next_share(better, state.share, jnp)
        return _State(point, value, step, promise, weakest, share, state.steps + 1, gradient, square)

    return searching, advance


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
