"""Natural parameters of a joint model: standard deviations and correlations in place of Cholesky entries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from alsight.infer.joint.features import JointFrame
from alsight.infer.joint.parameters import Hazard, JointLayout, JointValues, covariance_jacobian, pack, unpack
from alsight.models.latent.joint import basis_names
from alsight.models.model import Columns, Parameter, Scale


def parameters_of(
    layout: JointLayout, frame: JointFrame, columns: Columns, covariates: tuple[str, ...]
) -> tuple[Parameter, ...]:
    """Every parameter in the order of the working vector; correlations stand where off-diagonal entries stood."""
    found = [Parameter(name) for name in columns.fixed]
    for row, name in enumerate(columns.random):
        found += [Parameter(f"corr_{columns.random[column]}_{name}", Scale.ATANH) for column in range(row)]
        found.append(Parameter(f"sd_{name}", Scale.LOG))
    found.append(Parameter("sd_residual", Scale.LOG))
    terms: list[str] = []
    for kind in frame.model.association:
        terms += [f"shared_{name}" for name in columns.random] if kind == "shared" else [kind]
    names = (*basis_names(frame.model, frame.knots), *covariates, *terms)
    for cause in range(layout.causes):
        start = "event" if layout.causes == 1 else f"event{cause + 1}"
        found += [Parameter(f"{start}_{name}") for name in names]
    return tuple(found)


@dataclass(frozen=True)
class JointScale:
    """How the working columns of a fit become those given: X T, Z T_z, and the outcome less its mean over its spread.

    Attributes:
        turn: T.
        random_turn: T_z.
        mean: what was subtracted of the outcome; 0 without an intercept.
        size: what it was divided by.
        intercept: place of the intercept among the fixed effects; -1 for none.
        value: place of the current value among the associations; -1 for none.
        level: coefficients of the log baseline that raise it by one everywhere.
    """

    turn: Float[np.ndarray, "fixed fixed"]
    random_turn: Float[np.ndarray, "random random"]
    mean: float
    size: float
    intercept: int
    value: int
    level: Float[np.ndarray, " basis"]

    def values(self, values: JointValues) -> JointValues:
        """Parameters of the columns as given."""
        fixed = self.size * self.turn @ values.fixed
        if self.intercept >= 0:
            fixed[self.intercept] += self.mean
        upper: Float[np.ndarray, "random random"] = np.asarray(
            np.linalg.qr((self.size * self.random_turn @ values.factor).T, mode="r")
        )
        factor = upper.T
        factor = factor * np.where(np.diagonal(factor) < 0, -1.0, 1.0)
        hazards: list[Hazard] = []
        for hazard in values.hazards:
            association = hazard.association / self.size
            moved = association[self.value] * self.mean if self.value >= 0 else 0.0
            hazards.append(Hazard(hazard.baseline - moved * self.level, hazard.covariates, association))
        return JointValues(fixed, factor, self.size * values.sd, tuple(hazards))


def natural(
    layout: JointLayout, working: Float[np.ndarray, " parameter"], scale: JointScale
) -> tuple[Float[np.ndarray, " parameter"], Float[np.ndarray, "parameter parameter"]]:
    """Natural values in the columns as given, and their derivative by the working vector of the working columns."""
    inner = unpack(layout, working)
    values = scale.values(inner)
    covariance = values.factor @ values.factor.T
    deviations = np.sqrt(np.diagonal(covariance))
    pairs = np.stack(np.tril_indices(layout.random), axis=1)
    estimates = pack(layout, values)
    shape = np.zeros((len(pairs), len(pairs)))
    where = {(int(i), int(j)): index for index, (i, j) in enumerate(pairs)}
    block: list[float] = []
    for row, (i, j) in enumerate(pairs):
        if i == j:
            block.append(float(deviations[i]))
            shape[row, row] = 0.5 / deviations[i]
            continue
        correlation = covariance[i, j] / (deviations[i] * deviations[j])
        block.append(float(correlation))
        shape[row, row] = 1 / (deviations[i] * deviations[j])
        for k in (int(i), int(j)):
            shape[row, where[k, k]] = -0.5 * correlation / covariance[k, k]
    estimates[layout.cholesky] = block
    estimates[layout.log_sd] = values.sd
    jacobian = np.eye(layout.size)
    jacobian[: layout.fixed, : layout.fixed] = scale.size * scale.turn
    turned = shape @ _turned(scale.size * scale.random_turn, pairs) @ covariance_jacobian(layout, inner.factor)
    jacobian[layout.cholesky, layout.cholesky] = turned
    jacobian[layout.log_sd, layout.log_sd] = values.sd
    for cause in range(layout.causes):
        block_of = layout.hazard(cause)
        first = block_of.start + layout.basis + layout.covariates
        places = np.arange(first, block_of.stop)
        jacobian[places, places] = 1 / scale.size
        if scale.value >= 0:
            rows = np.arange(block_of.start, block_of.start + layout.basis)
            jacobian[rows, first + scale.value] = -scale.level * scale.mean / scale.size
    return estimates, jacobian


def _turned(turn: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    # Derivative of the lower elements of T D T' by those of D.
    i, j, k, l = pairs[:, 0, None], pairs[:, 1, None], pairs[None, :, 0], pairs[None, :, 1]  # noqa: E741 - matrix indices
    return turn[i, k] * turn[j, l] + np.where(k == l, 0.0, turn[i, l] * turn[j, k])
