"""Newton and Fisher scoring over variance parameters in their own units, for a batch of trials at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from alsight.base.status import Status
from alsight.infer.gaussian.patterns import Built, Level, Patterned, evaluate
from alsight.models.structures import STRUCTURES

TOLERANCE = 1e-10
"""Fall of the deviance that the next step still promises, below which the search ends."""
WEAK = 1e-7
"""Least eigenvalue of the Hessian, scaled to unit diagonal, that counts as curved."""


def start_values(data: Patterned, structure: str) -> Float[np.ndarray, "trial theta"]:
    """Variances of the least-squares residuals by visit and stratum, no correlation; ranges the median distance."""
    row = STRUCTURES[structure]
    trials, visits, width = len(data.values), data.mask.shape[1], data.width
    products = data.products.reshape(trials, len(data.mask), visits, visits, width, width)
    own = np.einsum("tsjjab->tsjab", products)
    total = own.sum((1, 2))
    with np.errstate(all="ignore"):
        beta = np.einsum("tab,tb->ta", np.linalg.pinv(total[:, :-1, :-1]), total[:, :-1, -1])
        turn = np.concatenate([-beta, np.ones((trials, 1))], axis=1)
        squares = np.einsum("tsjab,ta,tb->tsj", own, turn, turn)
        seen = data.count[..., None] * data.mask
        overall = squares.sum((1, 2)) / seen.sum((1, 2))
        parts: list[np.ndarray] = []
        for group in range(int(data.group.max(initial=0)) + 1):
            mine = (data.group == group)[None, :, None]
            by_visit = (squares * mine).sum(1) / (seen * mine).sum(1)
            by_visit = np.where(np.isfinite(by_visit) & (by_visit > 0), by_visit, overall[:, None])
            parts.append(_start(data, row.kinds(visits), by_visit))
    return np.concatenate(parts, axis=1)


def _start(data: Patterned, kinds: tuple[str, ...], by_visit: np.ndarray) -> np.ndarray:
    visits = by_visit.shape[1]
    theta = np.zeros((len(by_visit), len(kinds)))
    variances = [spot for spot, kind in enumerate(kinds) if kind == "variance"]
    theta[:, variances] = by_visit if len(variances) == visits else by_visit.mean(1, keepdims=True)
    if "range" in kinds:
        distance = np.ones((1, 1, 1)) if data.distance is None else data.distance
        theta[:, kinds.index("range")] = np.median(distance[distance > 0])
    return theta


def score(
    data: Patterned,
    build: Callable[[np.ndarray], Built],
    theta: Float[np.ndarray, "trial theta"],
    *,
    reml: bool,
    limit: int = 100,
) -> tuple[Float[np.ndarray, "trial theta"], Level, Int[np.ndarray, "*_ trial"], Int[np.ndarray, "*_ trial"]]:
    """Variance parameters that minimise the deviance, the level there, each trial's status and steps.

    Where the Hessian is not positive definite, the expected information takes its place. A step out of the positive
    definite matrices, or one that does not lower the deviance, is halved for that trial alone.
    """
    theta = np.array(theta, dtype=float)
    level = evaluate(data, build, theta, reml=reml)
    step, promise = _step(level)
    done = ~np.isfinite(level.deviance)
    share = np.ones(len(theta))
    steps = np.ones(len(theta), dtype=int)
    stuck = np.zeros(len(theta), dtype=bool)
    done |= promise < TOLERANCE
    for _ in range(limit):
        going = np.flatnonzero(~done)
        if not len(going):
            break
        trial = theta[going] + share[going, None] * step[going]
        moved = evaluate(data.take(going), build, trial, reml=reml)
        with np.errstate(invalid="ignore"):
            better = moved.deviance <= level.deviance[going] + 1e-9
        won = going[better]
        theta[won] = trial[better]
        level = _placed(level, won, moved, better)
        fresh, promised = _step(moved)
        step[won], promise[won] = fresh[better], promised[better]
        share[going] = np.where(better, np.minimum(1.0, 2 * share[going]), 0.4 * share[going])
        steps[going] += 1
        stuck |= share < 1e-10
        done[won] = promise[won] < TOLERANCE
        done |= stuck
    status = np.where(done & ~stuck, Status.CONVERGED, Status.MAX_STEPS)
    status = np.where(np.isfinite(level.deviance), status, Status.SINGULAR)
    weak = _weakest(level.hessian) < WEAK
    return theta, level, np.where((status == Status.CONVERGED) & weak, Status.SINGULAR, status), steps


def feasible(
    data: Patterned,
    build: Callable[[np.ndarray], Built],
    given: Float[np.ndarray, "trial theta"],
    plain: Float[np.ndarray, "trial theta"],
    *,
    reml: bool,
) -> Float[np.ndarray, "trial theta"]:
    """Start values as given, moved towards plain ones by halves until the covariance is positive definite."""
    theta = np.array(given, dtype=float)
    bad = np.ones(len(theta), dtype=bool)
    for _ in range(30):
        bad = ~np.isfinite(evaluate(data, build, theta, reml=reml).deviance)
        if not bad.any():
            return theta
        theta = np.where(bad[:, None], 0.5 * (np.nan_to_num(theta) + plain), theta)
    return np.where(bad[:, None], plain, theta)


def _placed(level: Level, won: np.ndarray, moved: Level, better: np.ndarray) -> Level:
    # The trials that gained take their new level; the others keep theirs.
    if len(won) == len(level.deviance):
        return moved

    def place(old: np.ndarray, new: np.ndarray) -> np.ndarray:
        whole = old.copy() if old.flags.writeable else np.array(old)
        whole[won] = new[better]
        return whole

    arrays = {
        name: place(getattr(level, name), getattr(moved, name))
        for name in Level.__dataclass_fields__
        if name != "built"
    }
    matrix, first, second = level.built
    there, slope, bend = moved.built
    together = None if second is None or bend is None else place(second, bend)
    return Level(**arrays, built=(place(matrix, there), place(first, slope), together))


def _scaled(square: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    size = np.sqrt(np.abs(np.diagonal(square, axis1=-2, axis2=-1)))
    size = np.where(np.isfinite(size) & (size > 0), size, 1.0)
    even = square / (size[..., :, None] * size[..., None, :])
    return np.where(np.isfinite(even), even, np.eye(square.shape[-1])), size


def _weakest(hessian: np.ndarray) -> np.ndarray:
    return np.linalg.eigvalsh(_scaled(hessian)[0])[..., 0]


def _step(level: Level) -> tuple[np.ndarray, np.ndarray]:
    curved = _weakest(level.hessian) > WEAK
    square, size = _scaled(np.where(curved[:, None, None], level.hessian, level.expected))
    values, vectors = np.linalg.eigh(square)
    values = np.maximum(values, WEAK)
    gradient = np.nan_to_num(level.gradient) / size
    inside = np.einsum("tji,tj->ti", vectors, gradient) / values
    move = -np.einsum("tij,tj->ti", vectors, inside)
    return move / size, -0.5 * np.einsum("ta,ta->t", gradient, move)
