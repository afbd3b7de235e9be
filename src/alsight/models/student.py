"""Student noise: the random effects are integrated by Gauss-Hermite quadrature centered on each subject's mode."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln, logsumexp
from jaxtyping import Array, Float

from alsight.models.model import Visits

NODES = 9
"""Nodes a random effect; doubling them moves the log density of a subject by less than 1e-4 in the tests."""
ROUNDS = 12
"""Reweighting rounds towards a subject's mode."""


def student_log_density(
    root: Float[Array, "random random"],
    error: Float[Array, "subject visit"],
    visits: Visits,
    size: Float[Array, "subject visit"],
    degrees: Float[Array, ""],
    placed: tuple[Float[Array, "subject random"], Float[Array, "subject random random"]] | None = None,
    nodes: int = NODES,
) -> Float[Array, "*_ subject"]:
    """Log density of each subject's values under y = x'beta + z'u + size * t(degrees).

    Args:
        root: factor of the random effects' covariance.
        error: outcome less x'beta.
        visits: the rest of the data.
        size: scale of each visit's noise.
        degrees: degrees of freedom of the noise.
        placed: where each subject's nodes stand, from `student_nodes`; None to place them here. While a search runs
            they must stay where they are, or value and gradient do not belong together.
        nodes: quadrature nodes a random effect.
    """
    grid, weight = _grid(root.shape[0], nodes)

    centers, halves = student_nodes(root, error, visits, size, degrees) if placed is None else placed

    def one(error: Array, random: Array, size: Array, observed: Array, center: Array, half: Array) -> Array:
        reach = random @ root  # the effects are root @ v, v standard normal
        points = center + grid @ half.T
        left = (error - points @ reach.T) / size
        density = jnp.where(observed, _student(left, degrees) - jnp.log(size), 0.0).sum(axis=1)
        prior = -0.5 * (points**2).sum(axis=1)
        lift = 0.5 * (grid**2).sum(axis=1) + jnp.log(jnp.diagonal(half)).sum()
        return logsumexp(density + prior + lift + weight)

    return jax.vmap(one)(error, visits.random, size, visits.observed, centers, halves)


def student_nodes(
    root: Float[Array, "random random"],
    error: Float[Array, "subject visit"],
    visits: Visits,
    size: Float[Array, "subject visit"],
    degrees: Float[Array, ""],
) -> tuple[Float[Array, "subject random"], Float[Array, "subject random random"]]:
    """Mode of each subject's standardized effects and a factor of their covariance; no gradient flows through."""

    def one(error: Array, random: Array, size: Array, observed: Array) -> tuple[Array, Array]:
        return _mode(error, random @ root, size, observed, degrees)

    return jax.lax.stop_gradient(jax.vmap(one)(error, visits.random, size, visits.observed))


def student_effects(
    root: Float[Array, "random random"],
    error: Float[Array, "subject visit"],
    visits: Visits,
    size: Float[Array, "subject visit"],
    degrees: Float[Array, ""],
) -> tuple[Float[Array, "subject random"], Float[Array, "subject random random"]]:
    """Mode of each subject's random effects, and the covariance of the normal law that fits there."""

    def one(error: Array, random: Array, size: Array, observed: Array) -> tuple[Array, Array]:
        center, half = _mode(error, random @ root, size, observed, degrees)
        spread = root @ half
        return root @ center, spread @ spread.T

    return jax.vmap(one)(error, visits.random, size, visits.observed)


def _grid(size: int, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    # Probabilists' Hermite rule for a standard normal, as points and log weights.
    point, weight = np.polynomial.hermite_e.hermegauss(nodes)
    log_weight = np.log(weight) - 0.5 * np.log(2 * np.pi)
    points = np.stack(np.meshgrid(*[point] * size, indexing="ij"), -1).reshape(-1, size)
    sums = np.sum(np.meshgrid(*[log_weight] * size, indexing="ij"), axis=0).reshape(-1) if size else np.zeros(1)
    return points, sums


def _student(left: Array, degrees: Array) -> Array:
    half = 0.5 * (degrees + 1)
    constant = gammaln(half) - gammaln(0.5 * degrees) - 0.5 * jnp.log(jnp.pi * degrees)
    return constant - half * jnp.log1p(left**2 / degrees)


def _mode(error: Array, reach: Array, size: Array, observed: Array, degrees: Array) -> tuple[Array, Array]:
    # Iteratively reweighted least squares: a visit's weight falls with its squared standardized error.
    eye = jnp.eye(reach.shape[1])

    def weighted(center: Array) -> Array:
        left = (error - reach @ center) / size
        return jnp.where(observed, (degrees + 1) / (degrees + left**2) / size**2, 0.0)

    def round_(center: Array, _: None) -> tuple[Array, None]:
        weight = weighted(center)
        return jnp.linalg.solve(eye + reach.T @ (weight[:, None] * reach), reach.T @ (weight * error)), None

    center, _ = jax.lax.scan(round_, jnp.zeros(reach.shape[1]), None, length=ROUNDS)
    weight = weighted(center)
    precision = eye + reach.T @ (weight[:, None] * reach)
    return center, jnp.linalg.cholesky(jnp.linalg.inv(precision))
