"""Draws from any log density by the no-U-turn sampler of blackjax, in coordinates where its mode is round.

The density is moved to z = root⁻¹ (working - start), with start its mode and root root' the inverse of its curvature
there, so that a sampler that knows nothing begins with nearly unit variance in every direction. Step size and the
variances of z are then adapted as in Stan while warming up. Under `jax.vmap` the same program serves many data sets.

Source: hoffman2014, cabezas2024
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import blackjax
import jax
import jax.numpy as jnp
from blackjax.adaptation.base import get_filter_adapt_info_fn
from jaxtyping import Array, Bool, Float, Int

LogDensity = Callable[[Any, Any], Any]
"""(working parameters, data) to the log density, up to a constant."""
ACCEPT = 0.8
"""Mean acceptance that the step size is adapted to."""
APART = 1.0
"""Standard deviations of the starting points about the mode: as far apart as draws, where the density is finite."""


class Draws(NamedTuple):
    """What a run of the sampler gives; a pytree, so that a batch has leading axes.

    Attributes:
        working: draws on the working scale.
        log_density: at each draw, up to a constant.
        divergent: whether the trajectory to this draw diverged.
        leaps: leapfrog steps of the trajectory.
        step: adapted step size of each chain, in standard deviations.
    """

    working: Float[Array, "*batch chain draw free"]
    log_density: Float[Array, "*batch chain draw"]
    divergent: Bool[Array, "*batch chain draw"]
    leaps: Int[Array, "*batch chain draw"]
    step: Float[Array, "*batch chain"]


@partial(jax.jit, static_argnames=("log_density", "chains", "draws", "warmup", "apart"))
def sample(
    log_density: LogDensity,
    supplied: Any,
    start: Float[Array, "*_ free"],
    root: Float[Array, "free free"],
    key: Array,
    *,
    chains: int,
    draws: int,
    warmup: int,
    apart: bool = False,
) -> Draws:
    """Chains of draws; the key decides every number.

    Args:
        log_density: must be a function of its arguments alone and comparable, for the compiler's cache.
        supplied: data, any pytree of arrays.
        start: mode of the density, or near it.
        root: factor of the covariance about it.
        key: of the whole run.
        chains: independent chains.
        draws: kept draws a chain.
        warmup: draws a chain before them, for adaptation.
        apart: run one chain after the other, for densities that do not gain from being evaluated together.
    """

    def moved(index: Array) -> Array:
        value = log_density(start + root @ index, supplied)
        return jnp.where(jnp.isfinite(value), value, -jnp.inf)

    def one(key: Array) -> Draws:
        for_start, for_warmup, for_draws = jax.random.split(key, 3)
        begin = APART * jax.random.normal(for_start, start.shape)
        adapt = blackjax.window_adaptation(
            blackjax.nuts, moved, target_acceptance_rate=ACCEPT, adaptation_info_fn=get_filter_adapt_info_fn()
        )
        (state, adapted), _ = adapt.run(for_warmup, begin, warmup)  # pyright: ignore[reportCallIssue]
        kernel = blackjax.nuts(moved, adapted["step_size"], adapted["inverse_mass_matrix"])

        def advance(state: Any, key: Array) -> tuple[Any, tuple[Array, ...]]:
            state, step = kernel.step(key, state)
            info: Any = step
            return state, (state.position, state.logdensity, info.is_divergent, info.num_integration_steps)

        _, (places, values, divergent, leaps) = jax.lax.scan(advance, state, jax.random.split(for_draws, draws))
        return Draws(start + places @ root.T, values, divergent, leaps, adapted["step_size"])

    keys = jax.random.split(key, chains)
    return jax.lax.map(one, keys) if apart else jax.vmap(one)(keys)


def root_of(curvature: Float[Array, "free free"]) -> Float[Array, "free free"]:
    """Factor of the inverse of a curvature, its eigenvalues taken absolute and away from 0.

    Not at a mode, or where the data say nothing of a direction, the curvature is no covariance's inverse; any factor
    of the right size serves, since draws stay exact whatever it is.
    """
    size = jnp.sqrt(jnp.abs(jnp.diagonal(curvature)))
    size = jnp.where((size > 0) & jnp.isfinite(size), size, 1.0)
    even = curvature / jnp.outer(size, size)
    even = jnp.where(jnp.isfinite(even).all(), even, jnp.eye(len(size)))
    values, vectors = jnp.linalg.eigh(even)
    return vectors / jnp.sqrt(jnp.maximum(jnp.abs(values), 1e-6)) / size[:, None]
