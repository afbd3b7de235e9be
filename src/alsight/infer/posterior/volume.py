"""Volume of the change from the working to the natural scale of a covariance, in closed form.

With the factor's row i written d_i (c_i1, ..., c_i,i-1, 1), the SD of effect i is d_i (1 + |c_i|²)^½ and the
correlations are products of rows of unit length. Row i gives (i + 1)/2 powers of 1 + |c_i|² by being brought to unit
length and (q - i)/2 by the correlations below it, so that for q effects

    log |∂(SDs, correlations) / ∂(log d, c)| = Σ_i log SD_i - (q + 1)/2 Σ_i log(1 + |c_i|²).

Source: lewandowski2009
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from alsight.models.covariance import pairs_below


def spread_volume(working: Float[Array, "*_ element"], size: int) -> Float[Array, ""]:
    """Log volume for `models.covariance.to_working`: log diagonal first, then each row's share of its diagonal.

    Args:
        working: log d of each effect, then c by `pairs_below`.
        size: number of effects.
    """
    if not size:
        return jnp.asarray(0.0)
    rows, columns = pairs_below(size)
    share = jnp.zeros((size, size)).at[rows, columns].set(working[size:])
    return _volume(working[:size], share)


def factor_volume(working: Float[Array, "*_ element"], size: int) -> Float[Array, ""]:
    """Log volume for joint models: rows of the lower triangle of the factor itself, its diagonal as logs.

    Args:
        working: entries of the lower triangle, row after row.
        size: number of effects.
    """
    rows, columns = np.tril_indices(size)
    factor = jnp.zeros((size, size)).at[rows, columns].set(working)
    logs = jnp.diagonal(factor)
    share = jnp.tril(factor, -1) * jnp.exp(-logs)[:, None]
    return _volume(logs, share) - (jnp.arange(size) * logs).sum()


def _volume(logs: Array, share: Array) -> Array:
    longer = jnp.log1p((share**2).sum(axis=1))
    return (logs + 0.5 * longer).sum() - 0.5 * (len(logs) + 1) * longer.sum()
