"""The general maximizer: a known maximum, batches, and the ways a search can fail."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from alsight.base.status import Status
from alsight.infer.maximize import covariances, maximize

X = np.random.default_rng(2).normal(size=(400, 2))
Y = (np.random.default_rng(3).random(400) < 1 / (1 + np.exp(-(X @ [0.8, -0.5])))).astype(float)


def logistic(point: jax.Array, supplied: tuple[jax.Array, jax.Array]) -> jax.Array:
    linear = supplied[0] @ point
    return supplied[1] * linear - jnp.logaddexp(0.0, linear)


def flat(point: jax.Array, supplied: jax.Array) -> jax.Array:
    return -((supplied - point[0] - point[1]) ** 2)


def nowhere(point: jax.Array, supplied: jax.Array) -> jax.Array:
    return jnp.log(supplied) * point[0]


@pytest.mark.parametrize("curvature", ["hessian", "scores"])
def test_logistic_regression(curvature: str) -> None:
    found = maximize(logistic, jnp.zeros(2), (jnp.asarray(X), jnp.asarray(Y)), curvature=curvature)
    assert int(found.status) == Status.CONVERGED
    chance = 1 / (1 + np.exp(-X @ np.asarray(found.point)))
    np.testing.assert_allclose(X.T @ (Y - chance), 0.0, atol=1e-3)
    information = X.T @ (X * (chance * (1 - chance))[:, None])
    np.testing.assert_allclose(found.information, information, rtol=1e-6)
    np.testing.assert_allclose(found.outer, (X * (Y - chance)[:, None]).T @ (X * (Y - chance)[:, None]), rtol=1e-6)
    model, sandwich = covariances(found, jnp.eye(2))
    np.testing.assert_allclose(model, np.linalg.inv(information), rtol=1e-6)
    np.testing.assert_allclose(sandwich, model @ found.outer @ model, rtol=1e-6)


def test_batch_equals_single_searches() -> None:
    halves = (jnp.asarray(X.reshape(2, 200, 2)), jnp.asarray(Y.reshape(2, 200)))
    batch = jax.vmap(lambda x, y: maximize(logistic, jnp.zeros(2), (x, y)))(*halves)
    for half in range(2):
        one = maximize(logistic, jnp.zeros(2), (halves[0][half], halves[1][half]))
        np.testing.assert_allclose(batch.point[half], one.point, rtol=1e-8)


def test_unidentified_and_infinite_are_statuses() -> None:
    assert int(maximize(flat, jnp.zeros(2), jnp.arange(5.0)).status) == Status.SINGULAR
    assert int(maximize(nowhere, jnp.ones(1), jnp.array([0.0, -1.0])).status) == Status.NOT_FINITE
