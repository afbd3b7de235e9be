"""Many small matrices at once: the matrix indices stand first, so that every operation runs along all subjects.

A stack has shape (row, column, *batch). For the two or three random effects of a subject this is several times
faster than a stack of LAPACK calls.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

LEAST = 1e-14
"""Least share of a variance that the others may leave of it; below, 64-bit rounding decides."""


def cholesky(square: Float[np.ndarray, "size size *batch"]) -> Float[np.ndarray, "size size *batch"]:
    """Lower triangular factor of each symmetric matrix; nan where one is not positive definite."""
    size = square.shape[0]
    factor = np.zeros_like(square)
    with np.errstate(invalid="ignore", divide="ignore"):
        for column in range(size):
            pivot = square[column, column] - np.sum(factor[column, :column] ** 2, axis=0)
            factor[column, column] = np.sqrt(pivot)
            for row in range(column + 1, size):
                inner = np.sum(factor[row, :column] * factor[column, :column], axis=0)
                factor[row, column] = (square[row, column] - inner) / factor[column, column]
    return factor


def solve_lower(
    factor: Float[np.ndarray, "size size *#batch"], right: Float[np.ndarray, "size column *#batch"]
) -> Float[np.ndarray, "size column *#batch"]:
    """Solution x of factor x = right, the factor lower triangular; batch axes broadcast."""
    size = factor.shape[0]
    solved = np.empty(np.broadcast_shapes(right.shape, (size, right.shape[1], *factor.shape[2:])))
    for row in range(size):
        value = right[row]
        for before in range(row):
            value = value - factor[row, before] * solved[before]
        solved[row] = value / factor[row, row]
    return solved


def inverse(
    square: Float[np.ndarray, "*batch size size"],
) -> tuple[Float[np.ndarray, "*batch size size"], Float[np.ndarray, "*batch"], Bool[np.ndarray, "*batch"]]:
    """Inverse and log determinant of symmetric matrices (indices last), and whether each is positive definite.

    A matrix whose columns, each scaled to unit size, are determined by the others but for rounding is not positive
    definite. Where one is not, its inverse and log determinant are nan and the others are unharmed.
    """
    scale = np.sqrt(np.abs(np.diagonal(square, axis1=-2, axis2=-1)))
    fine = np.all(np.isfinite(square), axis=(-2, -1)) & np.all(np.isfinite(scale) & (scale > 0), axis=-1)
    scale = np.where(fine[..., None], scale, 1.0)
    size = square.shape[-1]
    even = np.where(fine[..., None, None], square / scale[..., :, None] / scale[..., None, :], np.eye(size))
    factor, definite = _factors(even)
    fine &= definite
    factor = np.where(fine[..., None, None], factor, np.eye(size))
    logdet = 2 * (np.log(np.diagonal(factor, axis1=-2, axis2=-1)) + np.log(scale)).sum(-1)
    fine = np.asarray(fine)
    half = np.linalg.inv(factor) / scale[..., None, :]
    inverted = np.swapaxes(half, -1, -2) @ half
    return np.where(fine[..., None, None], inverted, np.nan), np.where(fine, logdet, np.nan), fine


def roots(square: Float[np.ndarray, "*batch size size"]) -> Float[np.ndarray, "*batch size size"]:
    """Lower triangular factor of symmetric matrices (indices last); nan where one is not positive definite."""
    fine = np.all(np.isfinite(square), axis=(-2, -1))
    factor, definite = _factors(np.where(fine[..., None, None], square, np.eye(square.shape[-1])), least=0.0)
    return np.where((fine & definite)[..., None, None], factor, np.nan)


def _factors(even: np.ndarray, least: float = LEAST) -> tuple[np.ndarray, np.ndarray | np.bool_]:
    # LAPACK refuses a whole stack for one matrix; then every matrix is factored column by column.
    try:
        factor = np.linalg.cholesky(even)
    except np.linalg.LinAlgError:
        factor = np.moveaxis(cholesky(np.moveaxis(even, (-2, -1), (0, 1))), (0, 1), (-2, -1))
    pivots = np.diagonal(factor, axis1=-2, axis2=-1)
    if not even.shape[-1]:
        return factor, np.ones(even.shape[:-2], dtype=bool)
    with np.errstate(invalid="ignore"):
        definite = np.isfinite(factor).all(axis=(-2, -1)) & (pivots.min(axis=-1) ** 2 > least * even.shape[-1])
    return factor, definite
