"""Damped Newton over the factor of Gamma, for a batch of trials at once, each with its own status."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from alsight.base.status import Status
from alsight.infer.gaussian.mixed import Point, Statistics, evaluate, lower
from alsight.infer.newton import Ascent, Rules, Surface, climb

RULES = Rules(tolerance=5e-10, limit=60)
"""The deviance is known so exactly that the search goes on to half a billionth."""
FLAT = 1e-4
"""Relative standard deviation (random effect over noise, both in units of the outcome) that counts as zero."""


@dataclass(frozen=True)
class MixedOptimum:
    """Where the search ended: the factor of Gamma in the columns' own units, and the point there."""

    factor: Float[np.ndarray, "trial random random"]
    point: Point
    status: Int[np.ndarray, "*_ trial"]
    steps: Int[np.ndarray, "*_ trial"]

    def take(self, chosen: Int[np.ndarray, "*_ chosen"]) -> MixedOptimum:
        """The same of some trials only."""
        return MixedOptimum(self.factor[chosen], self.point.take(chosen), self.status[chosen], self.steps[chosen])


def search(data: Statistics, *, reml: bool) -> MixedOptimum:
    """The factor of Gamma that minimizes the deviance of each trial.

    Columns are first scaled to unit mean square. A factor whose diagonal went to zero is a variance of zero (or a
    correlation of one): BOUNDARY.

    Args:
        data: sufficient statistics of the trials.
        reml: restricted likelihood.
    """
    sizes = np.sqrt(np.einsum("kkts->tk", data.square) / data.values[:, None])
    sizes = np.where(sizes > 0, sizes, 1.0)
    even = _scaled(data, sizes)
    ended = _descend(even, _start(even, reml=reml), reml=reml)
    factor = _square(ended.point, data.square.shape[0])
    # Whether a flat place matters is seen on the scale of the variances, from their information.
    status = np.where(ended.status == Status.SINGULAR, Status.CONVERGED, ended.status)
    flat = np.abs(np.diagonal(factor, axis1=-2, axis2=-1)).min(axis=-1, initial=np.inf) < FLAT
    status = np.where(flat & (status == Status.CONVERGED), Status.BOUNDARY, status)
    status = np.where(status == Status.NOT_FINITE, Status.SINGULAR, status)
    signs = np.sign(np.diagonal(factor, axis1=-2, axis2=-1))
    factor = factor * np.where(signs == 0, 1.0, signs)[:, None, :] / sizes[:, :, None]
    return MixedOptimum(factor, evaluate(data, factor, reml=reml), status, ended.steps + 1)


def _scaled(data: Statistics, sizes: np.ndarray) -> Statistics:
    size = sizes.T[..., None]
    return Statistics(
        data.square / (size[:, None] * size[None]),
        data.cross / size[:, None],
        data.total,
        data.values,
        data.log_weight,
    )


def _start(data: Statistics, *, reml: bool) -> np.ndarray:
    # One EM step from the identity gives every trial a covariance of the right size.
    eye = np.broadcast_to(np.eye(data.square.shape[0]), (data.square.shape[2], *data.square.shape[:2])).copy()
    if data.square.shape[0] == 0:
        return eye
    point = evaluate(data, eye, reml=reml)
    variance = point.residual / data.values
    people = np.maximum((np.einsum("kkts->ts", data.square) > 0).sum(-1), 1)
    squared = np.einsum("kts,lts->tkl", point.inner, point.inner) / variance[:, None, None]
    left = np.einsum("klts->tkl", point.spread)
    moved = eye + (squared - left) / people[:, None, None]
    values, vectors = np.linalg.eigh(np.where(np.isfinite(moved), moved, eye))
    values = np.maximum(values, 0.02)
    return np.linalg.cholesky(np.einsum("tij,tj,tkj->tik", vectors, values, vectors))


def _descend(data: Statistics, factor: np.ndarray, *, reml: bool) -> Ascent:
    # The log likelihood is climbed by the lower elements of the factor; half the deviance, sign turned.
    rows, columns = lower(factor.shape[1])

    def surface(points: np.ndarray, which: np.ndarray) -> Surface:
        chosen = data if len(which) == len(factor) else data.take(which)
        trial = _square(points, factor.shape[1])
        point = evaluate(chosen, trial, reml=reml)
        gradient = 2 * np.einsum("tik,tkj->tij", point.gradient, trial)[:, rows, columns]
        turn = jacobian(trial)
        hessian = np.einsum("tae,tab,tbf->tef", turn, point.hessian, turn)
        same = columns[:, None] == columns[None]
        hessian = hessian + 2 * point.gradient[:, rows[:, None], rows[None]] * same
        return Surface(-0.5 * point.deviance, -0.5 * gradient, 0.5 * hessian)

    return climb(surface, factor[:, rows, columns], RULES)


def _square(points: np.ndarray, size: int) -> np.ndarray:
    rows, columns = lower(size)
    factor = np.zeros((len(points), size, size))
    factor[:, rows, columns] = points
    return factor


def jacobian(factor: Float[np.ndarray, "trial random random"]) -> Float[np.ndarray, "trial element element"]:
    """Derivative of the lower elements of Gamma = F F' by the lower elements of F."""
    rows, columns = lower(factor.shape[1])
    a, e = np.arange(len(rows))[:, None], np.arange(len(rows))[None]
    k, l, i, j = rows[a], columns[a], rows[e], columns[e]  # noqa: E741 - matrix indices keep their letters
    return (k == i) * factor[:, l, j] + (l == i) * factor[:, k, j]
