"""The linear mixed model: y = (b0 + u0) + (b1 + u1) t + e, with any design, unequal noise and heavy tails.

It cannot have plateaus unless a slope is zero or better for ever; the velocity model can.
"""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from alsight.base.spec import Spec
from alsight.models.covariance import factor_of, from_working, spread_names, to_working
from alsight.models.model import Columns, Parameter, Scale, Visits
from alsight.models.student import student_effects, student_log_density, student_nodes


class Linear(Spec, frozen=True):
    """y_ij = x_ij'beta + z_ij'u_i + e_ij, u_i ~ N(0, G), e_ij ~ N(0, s_ij^2), log s_ij = log s + n_ij'gamma.

    Parameters, in order: beta; the SDs of u; their correlations; s; gamma; with Student noise the degrees of freedom.

    Attributes:
        noise: law of e_ij; "student" is s_ij times a Student t, so that single wild visits pull less.

    Source: laird1982
    """

    noise: Literal["normal", "student"] = "normal"

    def parameters_of(self, columns: Columns) -> tuple[Parameter, ...]:
        """Coefficients, spread of the random effects, noise."""
        fixed = tuple(Parameter(name) for name in columns.fixed)
        tail = (Parameter("degrees", Scale.LOG),) if self.noise == "student" else ()
        gamma = tuple(Parameter(f"log_sd_{name}") for name in columns.noise)
        return (*fixed, *spread_names(columns.random), Parameter("sd_residual", Scale.LOG), *gamma, *tail)

    def working(self, columns: Columns, parameters: Float[Array, "*_ parameter"]) -> Float[Array, "*_ free"]:
        """Natural values as unconstrained ones: log-Cholesky for G, logs for s and the degrees of freedom."""
        beta, spread, rest = _parts(columns, parameters)
        size, gamma, tail = rest[:1], rest[1 : 1 + len(columns.noise)], rest[1 + len(columns.noise) :]
        return jnp.concatenate([beta, to_working(spread, len(columns.random)), jnp.log(size), gamma, jnp.log(tail)])

    def natural(self, columns: Columns, working: Float[Array, "*_ free"]) -> Float[Array, "*_ parameter"]:
        """Unconstrained values as natural ones."""
        beta, spread, rest = _parts(columns, working)
        size, gamma, tail = rest[:1], rest[1 : 1 + len(columns.noise)], rest[1 + len(columns.noise) :]
        return jnp.concatenate([beta, from_working(spread, len(columns.random)), jnp.exp(size), gamma, jnp.exp(tail)])

    def mean(
        self, columns: Columns, parameters: Float[Array, "*_ parameter"], visits: Visits
    ) -> Float[Array, "subject visit"]:
        """Population course x'beta of each visit."""
        return visits.fixed @ parameters[: len(columns.fixed)]

    def log_density(
        self,
        columns: Columns,
        parameters: Float[Array, "*_ parameter"],
        visits: Visits,
        placed: tuple[Float[Array, "subject random"], Float[Array, "subject random random"]] | None = None,
    ) -> Float[Array, "*_ subject"]:
        """Log density of each subject's values, the random effects integrated out.

        Normal noise in closed form; Student noise by Gauss-Hermite quadrature centered on each subject's own mode, or
        where `placed` (from `nodes`) says.
        """
        beta, spread, _ = _parts(columns, parameters)
        root = factor_of(spread, len(columns.random))
        size = self.noise_sd(columns, parameters, visits)
        error = visits.outcome - visits.fixed @ beta
        if self.noise == "normal":
            return jax.vmap(_normal, (None, 0, 0, 0, 0))(root, error, visits.random, size, visits.observed)
        return student_log_density(root, error, visits, size, parameters[-1], placed)

    def nodes(
        self, columns: Columns, parameters: Float[Array, "*_ parameter"], visits: Visits
    ) -> tuple[Float[Array, "subject random"], Float[Array, "subject random random"]]:
        """Where the quadrature of Student noise stands for each subject."""
        beta, spread, _ = _parts(columns, parameters)
        root = factor_of(spread, len(columns.random))
        error = visits.outcome - visits.fixed @ beta
        return student_nodes(root, error, visits, self.noise_sd(columns, parameters, visits), parameters[-1])

    def noise_sd(
        self, columns: Columns, parameters: Float[Array, "*_ parameter"], visits: Visits
    ) -> Float[Array, "subject visit"]:
        """Residual scale s_ij of each visit, in the outcome's unit."""
        rest = _parts(columns, parameters)[2]
        return rest[0] * jnp.exp(visits.noise @ rest[1 : 1 + len(columns.noise)]) / jnp.sqrt(visits.weight)

    def effects(
        self, columns: Columns, parameters: Float[Array, "*_ parameter"], visits: Visits
    ) -> tuple[Float[Array, "subject random"], Float[Array, "subject random random"]]:
        """Mean and covariance of each subject's random effects given what was seen; their mode with Student noise."""
        beta, spread, _ = _parts(columns, parameters)
        root = factor_of(spread, len(columns.random))
        size = self.noise_sd(columns, parameters, visits)
        error = visits.outcome - visits.fixed @ beta
        if self.noise == "student":
            return student_effects(root, error, visits, size, parameters[-1])
        return jax.vmap(_effects, (None, 0, 0, 0, 0))(root, error, visits.random, size, visits.observed)

    def predict(
        self, columns: Columns, parameters: Float[np.ndarray, "*_ parameter"], visits: Visits
    ) -> tuple[Float[Array, "subject visit"], Float[Array, "subject visit"], Float[Array, "subject visit"]]:
        """Each subject's true course given what was seen, its SD, and the SD of a new measurement."""
        supplied = jnp.asarray(parameters)
        mean, covariance = self.effects(columns, supplied, visits)
        course = self.mean(columns, supplied, visits) + jnp.einsum("svq,sq->sv", visits.random, mean)
        variance = jnp.einsum("svq,sqr,svr->sv", visits.random, covariance, visits.random)
        size = self.noise_sd(columns, supplied, visits)
        spread = size**2 if self.noise == "normal" else size**2 * supplied[-1] / jnp.maximum(supplied[-1] - 2, 1e-3)
        return course, jnp.sqrt(variance), jnp.sqrt(variance + spread)

    def simulate(
        self, columns: Columns, key: Array, parameters: Float[np.ndarray, "*_ parameter"], visits: Visits
    ) -> Float[Array, "subject visit"]:
        """New values at every visit, from new subjects with the same design."""
        supplied = jnp.asarray(parameters)
        root = factor_of(_parts(columns, supplied)[1], len(columns.random))
        for_effects, for_noise = jax.random.split(key)
        people, width = visits.outcome.shape
        effects = jax.random.normal(for_effects, (people, len(columns.random))) @ root.T
        if self.noise == "normal":
            noise = jax.random.normal(for_noise, (people, width))
        else:
            noise = jax.random.t(for_noise, supplied[-1], (people, width))
        course = self.mean(columns, supplied, visits) + jnp.einsum("svq,sq->sv", visits.random, effects)
        return course + self.noise_sd(columns, supplied, visits) * noise


def _parts(columns: Columns, vector: Array) -> tuple[Array, Array, Array]:
    fixed, random = len(columns.fixed), len(columns.random)
    end = fixed + random * (random + 1) // 2
    return vector[:fixed], vector[fixed:end], vector[end:]


def _normal(root: Array, error: Array, random: Array, size: Array, observed: Array) -> Array:
    precision = jnp.where(observed, 1 / size**2, 0.0)
    reach = random @ root
    middle = jnp.eye(root.shape[0]) + reach.T @ (precision[:, None] * reach)
    lower = jnp.linalg.cholesky(middle)
    inner = solve_triangular(lower, reach.T @ (precision * error), lower=True)
    logdet = 2 * jnp.log(jnp.diagonal(lower)).sum() + jnp.where(observed, 2 * jnp.log(size), 0.0).sum()
    square = (precision * error**2).sum() - inner @ inner
    return -0.5 * (observed.sum() * jnp.log(2 * jnp.pi) + logdet + square)


def _effects(root: Array, error: Array, random: Array, size: Array, observed: Array) -> tuple[Array, Array]:
    precision = jnp.where(observed, 1 / size**2, 0.0)
    reach = random @ root
    middle = jnp.eye(root.shape[0]) + reach.T @ (precision[:, None] * reach)
    covariance = root @ jnp.linalg.solve(middle, root.T)
    return covariance @ (random.T @ (precision * error)), covariance
