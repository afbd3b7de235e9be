"""The marginal model for repeated measures (MMRM): a mean for every visit and a free covariance between visits."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from alsight.base.spec import Spec
from alsight.models.model import Columns, Parameter, Scale, Visits
from alsight.models.structures import STRUCTURES, covariance_matrix, structure_parameters


class Marginal(Spec, frozen=True):
    """y_i = X_i beta + e_i, e_i ~ N(0, S), S the part of the structured covariance at the visits that were seen.

    Parameters, in order: beta; the structure's parameters, stratum after stratum.

    Attributes:
        structure: a name of `models.structures.STRUCTURES`.

    Source: mallinckrodt2008
    """

    structure: str = "us"

    def parameters_of(self, columns: Columns) -> tuple[Parameter, ...]:
        """Coefficients, then variances, covariances or correlations."""
        fixed = tuple(Parameter(name) for name in columns.fixed)
        return (*fixed, *structure_parameters(self.structure, columns.slots, columns.groups))

    def _scales(self, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        scales = [parameter.scale for parameter in self.parameters_of(columns)]
        return np.array([s == Scale.LOG for s in scales]), np.array([s == Scale.ATANH for s in scales])

    def working(self, columns: Columns, parameters: Float[Array, "*_ parameter"]) -> Float[Array, "*_ free"]:
        """Logs of variances and ranges, inverse hyperbolic tangents of correlations, the rest as it is."""
        log, arc = self._scales(columns)
        safe = jnp.where(log, jnp.abs(parameters), 1.0), jnp.where(arc, parameters, 0.0)
        return jnp.where(log, jnp.log(safe[0]), jnp.where(arc, jnp.arctanh(safe[1]), parameters))

    def natural(self, columns: Columns, working: Float[Array, "*_ free"]) -> Float[Array, "*_ parameter"]:
        """The inverse of `working`."""
        log, arc = self._scales(columns)
        return jnp.where(log, jnp.exp(jnp.where(log, working, 0.0)), jnp.where(arc, jnp.tanh(working), working))

    def mean(
        self, columns: Columns, parameters: Float[Array, "*_ parameter"], visits: Visits
    ) -> Float[Array, "subject visit"]:
        """X beta of each visit."""
        return visits.fixed @ parameters[: len(columns.fixed)]

    def covariance(
        self, columns: Columns, parameters: Float[Array, "*_ parameter"], visits: Visits
    ) -> Float[Array, "subject visit visit"]:
        """Covariance of each subject's visits, of seen and unseen ones alike, weights taken into account.

        Raises:
            ValueError: the structure reads distances, which `Visits` does not hold.
        """
        row = STRUCTURES[self.structure]
        if row.spatial:
            raise ValueError(f"{self.structure} depends on distances between visits, which are not kept with visits")
        count = len(columns.slots)
        each = len(row.kinds(count))
        theta = parameters[len(columns.fixed) :].reshape(-1, each)
        slot = jnp.maximum(visits.slot, 0)
        matrix = covariance_matrix(self.structure, theta, count)[visits.group]
        chosen = jax.vmap(lambda square, index: square[index][:, index])(matrix, slot)
        root = 1 / jnp.sqrt(visits.weight)
        return chosen * root[:, :, None] * root[:, None, :]

    def log_density(
        self, columns: Columns, parameters: Float[Array, "*_ parameter"], visits: Visits
    ) -> Float[Array, "*_ subject"]:
        """Log density of each subject's values."""
        error = jnp.where(visits.observed, visits.outcome - self.mean(columns, parameters, visits), 0.0)
        both = visits.observed[:, :, None] & visits.observed[:, None, :]
        square = jnp.where(both, self.covariance(columns, parameters, visits), jnp.eye(error.shape[1]))
        lower = jnp.linalg.cholesky(square)
        white = jax.vmap(lambda root, each: solve_triangular(root, each, lower=True))(lower, error)
        logdet = 2 * jnp.log(jnp.diagonal(lower, axis1=-2, axis2=-1)).sum(-1)
        return -0.5 * (visits.observed.sum(-1) * jnp.log(2 * jnp.pi) + logdet + (white**2).sum(-1))

    def predict(
        self, columns: Columns, parameters: Float[np.ndarray, "*_ parameter"], visits: Visits
    ) -> tuple[Float[Array, "subject visit"], Float[Array, "subject visit"], Float[Array, "subject visit"]]:
        """Mean of each visit given the seen ones, with its SD; a seen visit is its own prediction, SD 0.

        The model does not tell truth from noise, so the SD of a new measurement is the same.
        """
        supplied = jnp.asarray(parameters)
        square = self.covariance(columns, supplied, visits)
        error = jnp.where(visits.observed, visits.outcome - self.mean(columns, supplied, visits), 0.0)
        both = visits.observed[:, :, None] & visits.observed[:, None, :]
        inner = jnp.where(both, square, jnp.eye(error.shape[1]))
        reach = square * visits.observed[:, None, :]
        gain = jnp.swapaxes(jnp.linalg.solve(inner, jnp.swapaxes(reach, -1, -2)), -1, -2)
        mean = self.mean(columns, supplied, visits) + jnp.einsum("sij,sj->si", gain, error)
        left = jnp.diagonal(square - gain @ jnp.swapaxes(reach, -1, -2), axis1=-2, axis2=-1)
        spread = jnp.sqrt(jnp.where(visits.observed, 0.0, jnp.maximum(left, 0.0)))
        return mean, spread, spread

    def simulate(
        self, columns: Columns, key: Array, parameters: Float[np.ndarray, "*_ parameter"], visits: Visits
    ) -> Float[Array, "subject visit"]:
        """New values at every visit."""
        supplied = jnp.asarray(parameters)
        padding = jnp.eye(visits.slot.shape[1]) * (visits.slot < 0)[:, :, None]
        lower = jnp.linalg.cholesky(
            jnp.where(
                (visits.slot >= 0)[:, :, None] & (visits.slot >= 0)[:, None, :],
                self.covariance(columns, supplied, visits),
                padding,
            )
        )
        noise = jax.random.normal(key, visits.outcome.shape)
        return self.mean(columns, supplied, visits) + jnp.einsum("sij,sj->si", lower, noise)
