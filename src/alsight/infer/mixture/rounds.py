"""Rounds of expectation and maximization that bring a mixture near a maximum; Newton steps finish.

Far from a maximum Newton steps may throw a class so far off that no one is left in it; these rounds never do.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from alsight.models.covariance import covariance_of, pairs_below
from alsight.models.latent.mixture import Mixture, MixtureValues, Sums
from alsight.models.model import Columns

ROUNDS = 30
"""Rounds; each raises the likelihood."""
LEAST = 1e-4
"""Least variance of a random effect, relative to the residual variance, so that Newton steps can begin."""


# The same containers hold NumPy arrays here: many small steps, nothing to compile.
_of: Any = MixtureValues
_sums: Any = Sums


def rounds(
    natural: Float[np.ndarray, " parameter"], supplied: Sums, columns: Columns, model: Mixture
) -> Float[np.ndarray, " parameter"]:
    """Natural parameters after a number of rounds; coefficients of membership move by their intercepts only."""
    data = _sums(*(np.asarray(part) for part in supplied))
    values = _of(*(np.array(part) for part in model.values(columns, jnp.asarray(natural))))
    for _ in range(ROUNDS):
        share, mean, spread = _expect(data, values, columns, model)
        values = _maximize(data, values, (share, mean, spread), columns, model)
    return np.asarray(model.vector(columns, _of(*(jnp.asarray(part) for part in values))))


@lru_cache(maxsize=32)
def _shares(columns: Columns, model: Mixture) -> Any:
    # One compiled program a model and design.
    def shares(values: Any, data: Any) -> Any:
        return jax.nn.softmax(model.joint(columns, model.vector(columns, values), data), axis=1)

    return jax.jit(shares)


def _expect(
    data: Any, values: Any, columns: Columns, model: Mixture
) -> tuple[Float[np.ndarray, "kind subject"], list[np.ndarray], list[np.ndarray]]:
    # Probability of each class, and the effects' mean and covariance within it.
    share = np.asarray(_shares(columns, model)(_of(*(jnp.asarray(part) for part in values)), data)).T
    means: list[np.ndarray] = []
    spreads: list[np.ndarray] = []
    for k in range(model.classes):
        prior = np.linalg.inv(np.asarray(covariance_of(jnp.asarray(values.spread[k]), len(columns.random))))
        square = np.linalg.inv(prior + data.zz / values.sd**2)
        pull = (data.zy - data.zx @ values.fixed[k]) / values.sd**2
        means.append(np.einsum("sqr,sr->sq", square, pull))
        spreads.append(square)
    return share, means, spreads


def _maximize(
    data: Any,
    values: Any,
    expected: tuple[Float[np.ndarray, "kind subject"], list[np.ndarray], list[np.ndarray]],
    columns: Columns,
    model: Mixture,
) -> Any:
    share, mean, spread = expected
    fixed = _coefficients(data, share, mean, columns, model)
    weight = share.sum(axis=1)
    moments = [
        np.einsum("s,sqr->qr", share[k], spread[k] + mean[k][:, :, None] * mean[k][:, None, :])
        for k in range(model.classes)
    ]
    if model.spread == "common":
        squares = [sum(moments) / weight.sum()] * model.classes
    else:
        squares = [part / max(size, 1e-9) for part, size in zip(moments, weight, strict=True)]
    residual = 0.0
    for k in range(model.classes):
        beta, away = fixed[k], mean[k]
        left = data.yy - 2 * data.xy @ beta + np.einsum("spq,p,q->s", data.xx, beta, beta)
        left = left - 2 * ((data.zy - data.zx @ beta) * away).sum(axis=1)
        left = left + np.einsum("sqr,sqr->s", data.zz, spread[k] + away[:, :, None] * away[:, None, :])
        residual += float(share[k] @ left)
    sd = np.sqrt(max(residual / float(data.size.sum()), 1e-12))
    logit = values.logit.copy()
    if "Intercept" in columns.noise:
        expects = np.asarray(jax.nn.softmax(data.member @ logit.T, axis=1)).sum(axis=0)
        logit[:, columns.noise.index("Intercept")] += np.log(np.maximum(weight, 1e-9) / expects)
    rows, others = pairs_below(len(columns.random))
    parts: list[np.ndarray] = []
    for square in squares:
        deviations = np.sqrt(np.maximum(np.diagonal(square), LEAST * sd**2))
        half = np.clip((square / np.outer(deviations, deviations))[rows, others], -0.95, 0.95)
        parts.append(np.r_[deviations, half])
    return _of(fixed, np.stack(parts), np.array(sd), logit - logit[:1])


def _coefficients(
    data: Any, share: Float[np.ndarray, "kind subject"], mean: list[np.ndarray], columns: Columns, model: Mixture
) -> Float[np.ndarray, "kind fixed"]:
    # Weighted least squares of what the effects leave, own columns a class and common columns together.
    shared = np.array([name in model.common for name in columns.fixed])
    own, classes = np.flatnonzero(~shared), model.classes
    total = classes * len(own) + int(shared.sum())
    square, right = np.zeros((total, total)), np.zeros(total)
    index = np.empty((classes, len(shared)), dtype=int)
    for k in range(classes):
        index[k, own] = k * len(own) + np.arange(len(own))
        index[k, shared] = classes * len(own) + np.arange(int(shared.sum()))
        square[np.ix_(index[k], index[k])] += np.einsum("s,spq->pq", share[k], data.xx)
        right[index[k]] += share[k] @ (data.xy - np.einsum("sqp,sq->sp", data.zx, mean[k]))
    return np.linalg.lstsq(square, right, rcond=None)[0][index]
