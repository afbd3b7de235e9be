"""Newton and Fisher scoring over variance parameters in their own units, for a batch of trials at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from alsight.base.status import Status
from alsight.infer.gaussian.patterns import Built, Level, Patterned, evaluate
from alsight.infer.newton import Rules, Surface, climb
from alsight.models.structures import STRUCTURES

RULES = Rules(tolerance=5e-11)
"""The deviance is known so exactly that the search goes on to a twentieth of a billionth."""


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
        observed = data.count[..., None] * data.mask
        overall = squares.sum((1, 2)) / observed.sum((1, 2))
        parts: list[np.ndarray] = []
        for group in range(int(data.group.max(initial=0)) + 1):
            mine = (data.group == group)[None, :, None]
            by_visit = (squares * mine).sum(1) / (observed * mine).sum(1)
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

    Where the Hessian is not positive, the expected information takes its place. A step out of the positive
    definite matrices, or one that does not lower the deviance, is halved for that trial alone.
    """

    def surface(points: np.ndarray, which: np.ndarray) -> Surface:
        chosen = data if len(which) == len(theta) else data.take(which)
        level = evaluate(chosen, build, points, reml=reml)
        expected = np.where(np.isfinite(level.expected), level.expected, np.eye(points.shape[1]))
        return Surface(-0.5 * level.deviance, -0.5 * level.gradient, 0.5 * level.hessian, 0.5 * expected)

    ended = climb(surface, theta, replace(RULES, limit=limit))
    status = np.where(ended.status == Status.NOT_FINITE, Status.SINGULAR, ended.status)
    return ended.point, evaluate(data, build, ended.point, reml=reml), status, ended.steps + 1


def feasible(
    data: Patterned,
    build: Callable[[np.ndarray], Built],
    supplied: Float[np.ndarray, "trial theta"],
    plain: Float[np.ndarray, "trial theta"],
    *,
    reml: bool,
) -> Float[np.ndarray, "trial theta"]:
    """Start values as given, moved towards plain ones by halves until the covariance is positive definite."""
    theta = np.array(supplied, dtype=float)
    bad = np.ones(len(theta), dtype=bool)
    for _ in range(30):
        bad = ~np.isfinite(evaluate(data, build, theta, reml=reml).deviance)
        if not bad.any():
            return theta
        theta = np.where(bad[:, None], 0.5 * (np.nan_to_num(theta) + plain), theta)
    return np.where(bad[:, None], plain, theta)
