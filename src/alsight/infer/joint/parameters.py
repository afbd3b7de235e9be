"""Parameters of a joint model as one vector: where each block lies, and the covariance of the random effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class JointLayout:
    """Sizes of the blocks of the working vector.

    Order: fixed effects β; Cholesky factor of the random effects' covariance, rows of its lower triangle with log
    diagonal; log residual SD; then for each cause log-baseline coefficients, covariate coefficients, associations.
    """

    fixed: int
    random: int
    basis: int
    covariates: int
    terms: int
    causes: int = 1

    @property
    def cholesky(self) -> slice:
        """The Cholesky factor's block."""
        return slice(self.fixed, self.fixed + self.random * (self.random + 1) // 2)

    @property
    def log_sd(self) -> int:
        """Position of the log residual SD."""
        return self.cholesky.stop

    @property
    def per_cause(self) -> int:
        """Parameters of one cause's hazard."""
        return self.basis + self.covariates + self.terms

    @property
    def size(self) -> int:
        """Number of parameters."""
        return self.log_sd + 1 + self.causes * self.per_cause

    def hazard(self, cause: int) -> slice:
        """One cause's block: baseline, covariates, associations."""
        start = self.log_sd + 1 + cause * self.per_cause
        return slice(start, start + self.per_cause)


@dataclass(frozen=True)
class Hazard:
    """One cause's coefficients: log baseline, covariates, association terms."""

    baseline: Float[np.ndarray, " basis"]
    covariates: Float[np.ndarray, " covariate"]
    association: Float[np.ndarray, " term"]


@dataclass(frozen=True)
class JointValues:
    """The working vector taken apart.

    Attributes:
        fixed: β.
        factor: lower Cholesky factor L of the random effects' covariance D = L L'.
        sd: residual SD.
        hazards: one a cause.
    """

    fixed: Float[np.ndarray, " fixed"]
    factor: Float[np.ndarray, "random random"]
    sd: float
    hazards: tuple[Hazard, ...]


def unpack(layout: JointLayout, working: Float[np.ndarray, " parameter"]) -> JointValues:
    """The working vector as named values."""
    factor = np.zeros((layout.random, layout.random))
    factor[np.tril_indices(layout.random)] = working[layout.cholesky]
    np.fill_diagonal(factor, np.exp(np.diagonal(factor)))
    hazards: list[Hazard] = []
    for cause in range(layout.causes):
        block = working[layout.hazard(cause)]
        first, second = layout.basis, layout.basis + layout.covariates
        hazards.append(Hazard(block[:first], block[first:second], block[second:]))
    return JointValues(working[: layout.fixed], factor, float(np.exp(working[layout.log_sd])), tuple(hazards))


def pack(layout: JointLayout, values: JointValues) -> Float[np.ndarray, " parameter"]:
    """The working vector of named values; inverse of `unpack`."""
    factor = values.factor.copy()
    np.fill_diagonal(factor, np.log(np.diagonal(factor)))
    parts = [values.fixed, factor[np.tril_indices(layout.random)], np.array([np.log(values.sd)])]
    for hazard in values.hazards:
        parts += [hazard.baseline, hazard.covariates, hazard.association]
    return np.concatenate(parts)


def covariance_jacobian(
    layout: JointLayout, factor: Float[np.ndarray, "random random"]
) -> Float[np.ndarray, "entry free"]:
    """Derivative of the lower triangle of D = L L' by the working entries of L, for delta-method errors."""
    size = layout.random
    pairs = np.stack(np.tril_indices(size), axis=1)
    jacobian = np.zeros((len(pairs), len(pairs)))
    for column, (i, j) in enumerate(pairs):
        change = np.zeros((size, size))
        change[i, j] = factor[i, j] if i == j else 1.0
        moved = change @ factor.T + factor @ change.T
        jacobian[:, column] = moved[pairs[:, 0], pairs[:, 1]]
    return jacobian
