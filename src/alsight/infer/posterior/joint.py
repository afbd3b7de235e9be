"""What is sampled for joint models: the likelihood of `infer.joint` with its exact scores, called from the sampler."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from alsight.infer.joint.arrays import JointData
from alsight.infer.joint.likelihood import evaluate
from alsight.infer.joint.parameters import JointLayout
from alsight.infer.posterior.priors import Arranged, log_prior
from alsight.infer.posterior.sample import Draws, root_of, sample
from alsight.infer.posterior.volume import factor_volume

_HELD: dict[int, tuple[JointData, np.ndarray]] = {}
"""Data that a running sampler reads, by number: programs are compiled once a layout, whatever the data."""
_NUMBERS = count()


@contextmanager
def holding(data: JointData, modes: Float[np.ndarray, "subject random"]) -> Generator[Array]:
    """Keep data at hand for a sampler while it runs.

    Args:
        data: arrays of the joint likelihood.
        modes: where each subject's search for its mode begins; always the same, so that the density is a function.

    Yields:
        Their number.
    """
    number = next(_NUMBERS)
    _HELD[number] = (data, modes)
    try:
        yield jnp.asarray(number)
    finally:
        del _HELD[number]


@dataclass(frozen=True)
class JointDensity:
    """Log posterior on the working scale; comparable, so that programs are compiled once a layout.

    Attributes:
        layout: where each block of the working vector lies.
        points: Gauss-Hermite nodes for each random effect.
        spread: places of the correlations.
    """

    layout: JointLayout
    points: int
    spread: tuple[int, ...]

    def __call__(self, working: Float[Array, "*_ free"], supplied: Any) -> Float[Array, ""]:
        """Likelihood times prior times the volume of the change of scale, as a log."""
        number, numbers = supplied
        return _likelihood(self.layout, self.points, working, number) + self.prior(working, numbers)

    def prior(self, working: Float[Array, "*_ free"], numbers: Float[Array, "parameter number"]) -> Float[Array, ""]:
        """Log prior of working values."""
        natural = self.natural(working)
        return log_prior(self.spread, numbers, natural) + self.volume(working)

    def volume(self, working: Float[Array, "*_ free"]) -> Float[Array, ""]:
        """Log volume of the change from the working to the natural scale."""
        return factor_volume(working[self.layout.cholesky], self.layout.random) + working[self.layout.log_sd]

    def natural(self, working: Float[Array, "*_ free"]) -> Float[Array, "*_ parameter"]:
        """Working values as natural ones: standard deviations and correlations in place of Cholesky entries."""
        layout = self.layout
        rows, columns = np.tril_indices(layout.random)
        factor = jnp.zeros((layout.random, layout.random)).at[rows, columns].set(working[layout.cholesky])
        diagonal = jnp.diag_indices(layout.random)
        factor = factor.at[diagonal].set(jnp.exp(jnp.diagonal(factor)))
        covariance = factor @ factor.T
        deviations = jnp.sqrt(jnp.diagonal(covariance))
        scaled = covariance[rows, columns] / (deviations[rows] * deviations[columns])
        block = jnp.where(rows == columns, deviations[rows], scaled)
        natural = working.at[layout.cholesky].set(block)
        return natural.at[layout.log_sd].set(jnp.exp(working[layout.log_sd]))


@cache
def _made(layout: JointLayout, points: int, spread: tuple[int, ...]) -> JointDensity:
    return JointDensity(layout, points, spread)


def joint_density(layout: JointLayout, points: int, arranged: Arranged) -> JointDensity:
    """The log posterior of a joint model under some priors; one object a layout, for the compiler's cache."""
    return _made(layout, points, arranged.spread)


@jax.custom_vjp
def _known(value: Array, gradient: Array, working: Array) -> Array:
    # The value of a density whose gradient by `working` is already known.
    del gradient, working
    return value


def _forward(value: Array, gradient: Array, working: Array) -> tuple[Array, Array]:
    del working
    return value, gradient


def _backward(gradient: Array, up: Array) -> tuple[Array, Array, Array]:
    return jnp.zeros_like(up), jnp.zeros_like(gradient), up * gradient


_known.defvjp(_forward, _backward)


def _likelihood(layout: JointLayout, points: int, working: Array, number: Array) -> Array:
    def look(number: Any, working: Any) -> tuple[np.ndarray, np.ndarray]:
        data, modes = _HELD[int(number)]
        nothing = np.asarray(-np.inf), np.zeros(layout.size)
        try:
            with np.errstate(all="ignore"):
                found = evaluate(layout, np.asarray(working), data, points, modes, curvature=False)
        except ArithmeticError:  # an SD so small that its square is no number
            return nothing
        value, gradient = found.log_likelihood.sum(), found.scores.sum(axis=0)
        return (np.asarray(value), gradient) if np.isfinite(value) and np.isfinite(gradient).all() else nothing

    shapes = (jax.ShapeDtypeStruct((), np.float64), jax.ShapeDtypeStruct((layout.size,), np.float64))
    still = jax.lax.stop_gradient(working)
    value, gradient = jax.pure_callback(look, shapes, number, still, vmap_method="sequential")
    return _known(value, gradient, working)


def sample_joint(
    density: JointDensity,
    data: JointData,
    numbers: Float[np.ndarray, "parameter number"],
    start: Float[np.ndarray, " free"],
    key: Array,
    *,
    chains: int,
    draws: int,
    warmup: int,
) -> Draws:
    """Draws for one data set, in coordinates given by the exact information at `start`.

    Args:
        density: what to sample.
        data: arrays of the joint likelihood.
        numbers: numbers of the priors.
        start: working values of largest likelihood, or near them.
        key: decides every draw.
        chains: independent chains.
        draws: kept draws a chain.
        warmup: draws a chain before them.
    """
    here = evaluate(density.layout, start, data, density.points)
    bend = jax.hessian(density.prior)(jnp.asarray(start), jnp.asarray(numbers))
    root = root_of(jnp.asarray(here.information) - bend)
    with holding(data, here.modes) as number:
        supplied = (number, jnp.asarray(numbers))
        found = sample(
            density, supplied, jnp.asarray(start), root, key, chains=chains, draws=draws, warmup=warmup, apart=True
        )
        return jax.block_until_ready(found)
