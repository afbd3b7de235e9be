"""Natural parameters of a joint model: standard deviations and correlations in place of Cholesky entries."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from alsight.infer.joint.features import JointFrame
from alsight.infer.joint.parameters import JointLayout, covariance_jacobian, unpack
from alsight.models.joint import basis_names
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


def natural(
    layout: JointLayout, working: Float[np.ndarray, " parameter"]
) -> tuple[Float[np.ndarray, " parameter"], Float[np.ndarray, "parameter parameter"]]:
    """Natural values and their derivative by the working ones."""
    values = unpack(layout, working)
    covariance = values.factor @ values.factor.T
    deviations = np.sqrt(np.diagonal(covariance))
    pairs = np.stack(np.tril_indices(layout.random), axis=1)
    estimates = working.copy()
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
    jacobian[layout.cholesky, layout.cholesky] = shape @ covariance_jacobian(layout, values.factor)
    jacobian[layout.log_sd, layout.log_sd] = values.sd
    return estimates, jacobian
