"""Damped Newton over the factor of Gamma, for a batch of trials at once, each with its own status."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from alsight.base.status import Status
from alsight.infer.gaussian.mixed import Point, Statistics, evaluate, lower
from alsight.infer.gaussian.small import downhill

TOLERANCE = 1e-9
"""Fall of the deviance that the next Newton step still promises, below which the search ends."""
FLAT = 1e-4
"""Relative standard deviation (random effect over noise, both in units of the outcome) that counts as zero."""


@dataclass(frozen=True)
class MixedOptimum:
    """Where the search ended: the factor of Gamma in the columns' own units, and the point there."""

    factor: Float[np.ndarray, "trial random random"]
    point: Point
    status: Int[np.ndarray, "*_ trial"]
    steps: Int[np.ndarray, "*_ trial"]


def search(data: Statistics, *, reml: bool, limit: int = 60) -> MixedOptimum:
    """The factor of Gamma that minimises the deviance of each trial.

    Columns are first scaled to unit mean square. A step that does not lower a trial's deviance is halved for that
    trial alone. A factor whose diagonal went to zero is a variance of zero (or a correlation of one): BOUNDARY.

    Args:
        data: sufficient statistics of the trials.
        reml: restricted likelihood.
        limit: most evaluations.
    """
    sizes = np.sqrt(np.einsum("kkts->tk", data.square) / data.values[:, None])
    sizes = np.where(sizes > 0, sizes, 1.0)
    even = _scaled(data, sizes)
    factor, point, status, steps = _descend(even, _start(even, reml=reml), reml=reml, limit=limit)
    flat = np.abs(np.diagonal(factor, axis1=-2, axis2=-1)).min(axis=-1, initial=np.inf) < FLAT
    status = np.where(flat & (status == Status.CONVERGED), Status.BOUNDARY, status)
    status = np.where(np.isfinite(point.deviance), status, Status.SINGULAR)
    signs = np.sign(np.diagonal(factor, axis1=-2, axis2=-1))
    factor = factor * np.where(signs == 0, 1.0, signs)[:, None, :] / sizes[:, :, None]
    return MixedOptimum(factor, evaluate(data, factor, reml=reml), status, steps)


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


def _descend(
    data: Statistics, factor: np.ndarray, *, reml: bool, limit: int
) -> tuple[np.ndarray, Point, np.ndarray, np.ndarray]:
    trials = len(data.values)
    point = evaluate(data, factor, reml=reml)
    step, promise = _newton(factor, point)
    share, done = np.ones(trials), promise < TOLERANCE
    steps = np.ones(trials, dtype=int)
    for _ in range(limit):
        if done.all():
            break
        trial = factor + np.where(done, 0.0, share)[:, None, None] * step
        moved = evaluate(data, trial, reml=reml)
        better: Bool[np.ndarray, " trial"] = (moved.deviance <= point.deviance + 1e-10) & ~done
        factor = np.where(better[:, None, None], trial, factor)
        point = _pick(better, moved, point)
        fresh, promised = _newton(factor, point)
        step = np.where(better[:, None, None], fresh, step)
        share = np.where(better, 1.0, share * 0.4)
        steps += ~done
        done |= (better & (promised < TOLERANCE)) | (share < 1e-9)
    lost = ~done
    status = np.where(lost, Status.MAX_STEPS, Status.CONVERGED)
    return factor, point, status, steps


def _newton(factor: np.ndarray, point: Point) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = lower(factor.shape[1])
    if not len(rows):
        return np.zeros_like(factor), np.zeros(len(factor))
    gradient = 2 * np.einsum("tik,tkj->tij", point.gradient, factor)[:, rows, columns]
    turn = _jacobian(factor)
    hessian = np.einsum("tae,tab,tbf->tef", turn, point.hessian, turn)
    same = columns[:, None] == columns[None]
    hessian = hessian + 2 * point.gradient[:, rows[:, None], rows[None]] * same
    fine = np.isfinite(gradient).all(-1) & np.isfinite(hessian).all((-2, -1))
    gradient = np.where(fine[:, None], gradient, 0.0)
    hessian = np.where(fine[:, None, None], hessian, np.eye(len(rows)))
    move = downhill(gradient, hessian)
    step = np.zeros_like(factor)
    step[:, rows, columns] = move
    return step, -0.5 * np.einsum("te,te->t", gradient, move)


def _jacobian(factor: np.ndarray) -> np.ndarray:
    # Lower elements of d Gamma = dF F' + F dF' by the lower elements of F.
    rows, columns = lower(factor.shape[1])
    a, e = np.arange(len(rows))[:, None], np.arange(len(rows))[None]
    k, l, i, j = rows[a], columns[a], rows[e], columns[e]  # noqa: E741 - matrix indices keep their letters
    return (k == i) * factor[:, l, j] + (l == i) * factor[:, k, j]


def _pick(better: np.ndarray, moved: Point, point: Point) -> Point:
    def choose(new: np.ndarray, old: np.ndarray, axis: int) -> np.ndarray:
        shape = [1] * new.ndim
        shape[axis] = -1
        return np.where(better.reshape(shape), new, old)

    if better.all():
        return moved
    return Point(
        **{
            name: choose(getattr(moved, name), getattr(point, name), {"inner": 1, "spread": 2}.get(name, 0))
            for name in Point.__dataclass_fields__
        }
    )
