"""Linear mixed models in closed form: the profiled (restricted) likelihood with analytic gradient and Hessian.

V_i = sigma^2 H_i with H_i = I + Z_i Gamma Z_i'. Everything a subject contributes is A = Z'Z and B = Z'[X y], so a
step costs a few operations on arrays over (trial, subject), whatever the number of visits. With T = Z'H^-1[X y],
S = Z'H^-1 Z and t = Z'H^-1 r the deviance and its first and second derivatives in Gamma are sums over subjects of
small products (Searle, Casella & McCulloch 1992, chapter 6; the profile over sigma^2 as in Bates et al. 2015).

Source: bates2015
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from alsight.infer.gaussian import small


@dataclass(frozen=True)
class Statistics:
    """All that a linear mixed model needs of its data, for a batch of trials; subjects stand last.

    Attributes:
        square: Z'Z of each subject.
        cross: Z'[X y] of each subject.
        total: [X y]'[X y] of each trial.
        values: number of measured values of each trial.
        log_weight: sum of the log precision weights of each trial.
    """

    square: Float[np.ndarray, "random random trial subject"]
    cross: Float[np.ndarray, "random column trial subject"]
    total: Float[np.ndarray, "trial column column"]
    values: Float[np.ndarray, "*_ trial"]
    log_weight: Float[np.ndarray, "*_ trial"]

    def take(self, chosen: slice | np.ndarray) -> Statistics:
        """The same of some trials only."""
        return Statistics(
            self.square[:, :, chosen],
            self.cross[:, :, chosen],
            self.total[chosen],
            self.values[chosen],
            self.log_weight[chosen],
        )


def statistics_of_rows(
    outcome: Float[np.ndarray, "*_ row"],
    fixed: Float[np.ndarray, "row fixed"],
    random: Float[np.ndarray, "row random"],
    start: Int[np.ndarray, "*_ edge"],
    weight: Float[np.ndarray, "*_ row"] | None = None,
) -> Statistics:
    """Statistics of one trial from rows that stand subject after subject.

    Args:
        outcome: measured values.
        fixed: design of the population's course.
        random: design of the subjects' departures.
        start: first row of each subject and the number of rows.
        weight: precision of each value relative to the others; None for equal precision.
    """
    right = np.vstack([np.ascontiguousarray(fixed.T), outcome[None]])
    left = np.ascontiguousarray(random.T)
    log_weight = 0.0
    if weight is not None:
        root = np.sqrt(weight)
        right, left, log_weight = right * root, left * root, float(np.log(weight).sum())
    q, first = left.shape[0], start[:-1]
    square = np.empty((q, q, 1, len(first)))
    cross = np.empty((q, right.shape[0], 1, len(first)))
    for row in range(q):
        for column in range(row + 1):
            square[row, column, 0] = square[column, row, 0] = np.add.reduceat(left[row] * left[column], first)
        for column in range(right.shape[0]):
            cross[row, column, 0] = np.add.reduceat(left[row] * right[column], first)
    total = (right @ right.T)[None]
    return Statistics(square, cross, total, np.array([float(len(outcome))]), np.array([log_weight]))


def statistics_of_visits(
    outcome: Float[np.ndarray, "trial subject visit"],
    fixed: Float[np.ndarray, "trial subject visit fixed"],
    random: Float[np.ndarray, "trial subject visit random"],
    observed: Float[np.ndarray, "trial subject visit"],
) -> Statistics:
    """Statistics of many trials from padded arrays; unseen visits count for nothing."""
    right = np.concatenate([fixed, outcome[..., None]], axis=-1) * observed[..., None]
    left = np.swapaxes(random * observed[..., None], -1, -2)
    square = left @ np.swapaxes(left, -1, -2)
    cross = left @ right
    flat = right.reshape(right.shape[0], -1, right.shape[-1])
    total = np.swapaxes(flat, -1, -2) @ flat
    front = (2, 3, 0, 1)
    return Statistics(
        np.ascontiguousarray(square.transpose(front)),
        np.ascontiguousarray(cross.transpose(front)),
        total,
        observed.sum(axis=(1, 2)).astype(float),
        np.zeros(right.shape[0]),
    )


@dataclass(frozen=True)
class Point:
    """The deviance of a batch of trials at one Gamma each, with what its derivatives are made of.

    Attributes:
        deviance: minus twice the profiled log likelihood.
        gradient: by the elements of Gamma, as a symmetric matrix G with d deviance = trace(G d Gamma).
        hessian: by the lower elements of Gamma (row after row).
        slack: derivative of the residual sum by the lower elements of Gamma, sign turned.
        beta: coefficients.
        inverse: (X'H^-1 X)^-1.
        residual: y'P y with sigma^2 = 1.
        inner: Z'H^-1 r of each subject.
        spread: Z'H^-1 Z of each subject.
    """

    deviance: Float[np.ndarray, "*_ trial"]
    gradient: Float[np.ndarray, "trial random random"]
    hessian: Float[np.ndarray, "trial element element"]
    slack: Float[np.ndarray, "trial element"]
    beta: Float[np.ndarray, "trial fixed"]
    inverse: Float[np.ndarray, "trial fixed fixed"]
    residual: Float[np.ndarray, "*_ trial"]
    inner: Float[np.ndarray, "random trial subject"]
    spread: Float[np.ndarray, "random random trial subject"]

    def take(self, chosen: Int[np.ndarray, "*_ chosen"]) -> Point:
        """The same of some trials only."""
        return Point(
            self.deviance[chosen],
            self.gradient[chosen],
            self.hessian[chosen],
            self.slack[chosen],
            self.beta[chosen],
            self.inverse[chosen],
            self.residual[chosen],
            self.inner[:, chosen],
            self.spread[:, :, chosen],
        )


def freedom(data: Statistics, *, reml: bool) -> Float[np.ndarray, "*_ trial"]:
    """What the residual sum is divided by: values less coefficients under REML, values under ML."""
    return data.values - (data.cross.shape[1] - 1 if reml else 0)


def evaluate(data: Statistics, factor: Float[np.ndarray, "trial random random"], *, reml: bool) -> Point:
    """The deviance and its derivatives at Gamma = factor factor'.

    Args:
        data: sufficient statistics.
        factor: lower triangular factor of the random effects' covariance relative to the noise.
        reml: restricted likelihood.
    """
    left = np.moveaxis(factor, 0, -1)[..., None]
    q = left.shape[0]
    product = np.einsum("ikts,kjtu->ijts", data.square, left)
    middle = np.einsum("kitu,kjts->ijts", left, product) + np.eye(q)[..., None, None]
    root = small.cholesky(middle)
    half = small.solve_lower(root, np.swapaxes(left, 0, 1))  # half' half = factor middle^-1 factor'
    inner = np.einsum("ijts,jats->iats", half, data.cross)
    reach = np.einsum("ikts,jkts->ijts", data.square, half)
    observed = data.cross - np.einsum("ijts,jats->iats", reach, inner)
    spread = data.square - np.einsum("ikts,jkts->ijts", reach, reach)
    logdet = 2 * np.log(np.einsum("iits->its", root)).sum(axis=(0, 2))
    return _assemble(data, _cross(data.total, inner), observed, spread, logdet, reml=reml)


def _cross(total: np.ndarray, inner: np.ndarray) -> np.ndarray:
    # Batched products of (column, random*subject) matrices: one BLAS call a trial.
    flat = np.ascontiguousarray(inner.transpose(2, 1, 0, 3)).reshape(inner.shape[2], inner.shape[1], -1)
    return total - flat @ np.swapaxes(flat, -1, -2)


def _assemble(
    data: Statistics, whole: np.ndarray, observed: np.ndarray, spread: np.ndarray, logdet: np.ndarray, *, reml: bool
) -> Point:
    p = whole.shape[-1] - 1
    inverse, logdet_fixed, _ = small.inverse(whole[:, :p, :p])
    beta = np.einsum("tab,tb->ta", inverse, whole[:, :p, p])
    residual = whole[:, p, p] - np.einsum("ta,ta->t", beta, whole[:, :p, p])
    nu = freedom(data, reml=reml)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = residual / nu
        deviance = logdet + nu * (np.log(2 * np.pi * variance) + 1) - data.log_weight
    if reml:
        deviance = deviance + logdet_fixed
    error = observed[:, p] - np.einsum("kats,ta->kts", observed[:, :p], beta)
    squared = error[:, None] * error[None, :]
    gradient, hessian, slack = _derivatives(observed[:, :p], spread, error, squared, inverse, (variance, nu), reml=reml)
    return Point(deviance, gradient, hessian, slack, beta, inverse, residual, error, spread)


def _derivatives(
    observed: np.ndarray,
    spread: np.ndarray,
    error: np.ndarray,
    squared: np.ndarray,
    inverse: np.ndarray,
    sizes: tuple[np.ndarray, np.ndarray],
    *,
    reml: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    variance, nu = sizes
    with np.errstate(invalid="ignore"):
        root = small.roots(inverse)
    scaled = np.einsum("kats,tab->kbts", observed, root)
    slack = np.moveaxis(squared.sum(axis=-1), -1, 0)
    gradient = np.moveaxis(spread.sum(axis=-1), -1, 0) - slack / variance[:, None, None]
    weight = squared * (2 / variance)[:, None] - spread
    if reml:
        lever = np.einsum("kbts,lbts->klts", scaled, scaled)
        gradient = gradient - np.moveaxis(lever.sum(axis=-1), -1, 0)
        weight = weight + 2 * lever
    hessian = pairs(np.einsum("nkts,lmts->tnklm", weight, spread))
    turned = elements(np.einsum("kbts,lts->tklb", scaled, error))
    slack = elements(slack)
    hessian = hessian - 2 * np.einsum("tab,tcb->tac", turned, turned) / variance[:, None, None]
    hessian = hessian - np.einsum("ta,tb->tab", slack, slack) / (variance**2 * nu)[:, None, None]
    if reml:
        inside = elements(np.einsum("kbts,lcts->tklbc", scaled, scaled))
        hessian = hessian - np.einsum("tabc,tdbc->tad", inside, inside)
    return gradient, hessian, slack


def lower(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the lower elements of a square matrix, row after row."""
    return np.tril_indices(size)


def elements(square: np.ndarray) -> np.ndarray:
    """Derivatives by matrix entries (axes 1, 2) as derivatives by its lower elements, the matrix being symmetric."""
    rows, columns = lower(square.shape[1])
    half = np.where(rows == columns, 0.5, 1.0).reshape(-1, *([1] * (square.ndim - 3)))
    return (square[:, rows, columns] + square[:, columns, rows]) * half


def pairs(tensor: np.ndarray) -> np.ndarray:
    """trace(X E_a Y E_b) from the tensor X_nk Y_lm, E_a being the derivative of Gamma by its lower element a."""
    rows, columns = lower(tensor.shape[1])
    k, l = rows[:, None], columns[:, None]  # noqa: E741 - matrix indices keep their letters
    m, n = rows[None], columns[None]
    half = np.where(rows == columns, 0.5, 1.0)
    summed = tensor[:, n, k, l, m] + tensor[:, n, l, k, m] + tensor[:, m, k, l, n] + tensor[:, m, l, k, n]
    return summed * (half[:, None] * half[None])
