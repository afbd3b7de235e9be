"""Covariance of a few random effects: as printed (SDs and correlations), as a factor, and on the whole real line."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from alsight.models.model import Parameter, Scale


def spread_names(effects: tuple[str, ...]) -> tuple[Parameter, ...]:
    """SDs, then correlations column by column ("corr_intercept_month")."""
    deviations = tuple(Parameter(f"sd_{name}", Scale.LOG) for name in effects)
    rows, columns = pairs_below(len(effects))
    return (
        *deviations,
        *(Parameter(f"corr_{effects[j]}_{effects[i]}", Scale.ATANH) for i, j in zip(rows, columns, strict=True)),
    )


def pairs_below(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the elements below the diagonal, column by column."""
    columns, rows = np.triu_indices(size, 1)
    return rows, columns


def covariance_of(spread: Float[Array, "*_ element"], size: int) -> Float[Array, "random random"]:
    """Covariance matrix from SDs and correlations."""
    rows, columns = pairs_below(size)
    half = jnp.zeros((size, size)).at[rows, columns].set(spread[size:])
    return jnp.outer(spread[:size], spread[:size]) * (half + half.T + jnp.eye(size))


def factor_of(spread: Float[Array, "*_ element"], size: int) -> Float[Array, "random random"]:
    """Lower triangular factor of the covariance."""
    return jnp.linalg.cholesky(covariance_of(spread, size)) if size else jnp.zeros((0, 0))


def to_working(spread: Float[Array, "*_ element"], size: int) -> Float[Array, "*_ element"]:
    """SDs and correlations as the log diagonal of the factor and, below it, each row's share of that row's SD."""
    if not size:
        return spread
    rows, columns = pairs_below(size)
    root = factor_of(spread, size)
    return jnp.concatenate([jnp.log(jnp.diagonal(root)), (root / jnp.diagonal(root)[:, None])[rows, columns]])


def from_working(working: Float[Array, "*_ element"], size: int) -> Float[Array, "*_ element"]:
    """The inverse of `to_working`."""
    if not size:
        return working
    rows, columns = pairs_below(size)
    unit = jnp.eye(size).at[rows, columns].set(working[size:])
    root = jnp.exp(working[:size])[:, None] * unit
    square = root @ root.T
    deviations = jnp.sqrt(jnp.diagonal(square))
    return jnp.concatenate([deviations, (square / jnp.outer(deviations, deviations))[rows, columns]])
