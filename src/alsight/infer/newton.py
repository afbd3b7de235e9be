"""Damped Newton and scoring: the loop, the repair of curvature, the step control and how a search ends, once for all.

A model gives its surface (log likelihood, gradient, information); `climb` walks up it for one fit or for a batch, in
NumPy. `infer.maximize` runs the same small functions as a compiled JAX loop. With gradient g and information H

    step = H⁻¹ g,   promise = g · step / 2

where the promise is the rise of the log likelihood that the step would bring on a quadratic surface.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from alsight.base.status import Status

TOLERANCE = 1e-8
"""Rise of the log likelihood that the next step still promises, below which a search ends."""
WEAK = 1e-8
"""Least eigenvalue of the information, in the coordinates of its metric, that counts as positive (64-bit rounding)."""
SLACK = 1e-9
"""Fall of the log likelihood that counts as rounding."""
NEGLIGIBLE = 1e-4
"""Promise below which a search that cannot rise any more has converged: far below what matters for an estimate."""
SHORTEST = 1e-8
"""Share of a step below which a search cannot rise any more."""
LIMIT = 100
"""Most evaluations after the first."""


class Surface(NamedTuple):
    """The log likelihoods of a batch of fits about one point each.

    Attributes:
        value: log likelihood.
        gradient: its gradient.
        information: observed information, or what stands for it.
        metric: positive definite matrix that has the scale of the information, as the people's scores give it; None for
            the diagonal of the information.
        slack: fall of the value that is noise of its own draws.
    """

    value: Float[np.ndarray, "*_ fit"]
    gradient: Float[np.ndarray, "fit parameter"]
    information: Float[np.ndarray, "fit parameter parameter"]
    metric: Float[np.ndarray, "fit parameter parameter"] | None = None
    slack: float = SLACK

    def take(self, chosen: np.ndarray) -> Surface:
        """The same of some fits only."""
        metric = None if self.metric is None else self.metric[chosen]
        return Surface(self.value[chosen], self.gradient[chosen], self.information[chosen], metric, self.slack)

    def replaced(self, chosen: np.ndarray, other: Surface) -> Surface:
        """The same with other surfaces for some fits."""
        if len(chosen) == len(self.value):
            return other

        def merged(old: np.ndarray, new: np.ndarray) -> np.ndarray:
            whole = old.copy()
            whole[chosen] = new
            return whole

        metric = None if self.metric is None or other.metric is None else merged(self.metric, other.metric)
        value, gradient = merged(self.value, other.value), merged(self.gradient, other.gradient)
        return Surface(value, gradient, merged(self.information, other.information), metric, other.slack)


class Direction(NamedTuple):
    """Where a search goes next.

    Attributes:
        step: change of the parameters.
        promise: rise of the log likelihood that it promises.
        weakest: least eigenvalue of the information scaled to unit diagonal.
    """

    step: Float[np.ndarray, "fit parameter"]
    promise: Float[np.ndarray, "*_ fit"]
    weakest: Float[np.ndarray, "*_ fit"]


class Ascent(NamedTuple):
    """Where a search ended.

    Attributes:
        point: parameters of each fit.
        surface: there.
        status: a `Status` value for each fit.
        steps: evaluations after the first.
        promise: rise of the log likelihood that one more step promises.
    """

    point: Float[np.ndarray, "fit parameter"]
    surface: Surface
    status: Int[np.ndarray, "*_ fit"]
    steps: Int[np.ndarray, "*_ fit"]
    promise: Float[np.ndarray, "*_ fit"]


@dataclass(frozen=True)
class Rules:
    """When a search ends.

    Attributes:
        tolerance: a number, also a traced one; see `TOLERANCE`.
        limit: see `LIMIT`.
        shortest: see `SHORTEST`.
    """

    tolerance: Any = TOLERANCE
    limit: int = LIMIT
    shortest: float = SHORTEST


def uphill(gradient: Any, information: Any, metric: Any = None, xp: Any = np, least: float | None = None) -> Direction:
    """Newton step towards a maximum, with what is not positive in the information repaired.

    In the coordinates in which the metric is the identity, an eigenvalue of the information above WEAK is taken as it
    is, however small: the step goes as far as the data say. One that is not positive says nothing of a maximum; there
    the metric itself is taken, or the eigenvalue's size where that is more. A step never goes downhill.

    Args:
        gradient: of the log likelihood; leading axes are fits.
        information: of each fit.
        metric: see `Surface`.
        xp: `numpy` or `jax.numpy`.
        least: where the information comes from few draws, the least share of the metric that it is taken for.
    """
    fine = xp.isfinite(information).all((-2, -1)) & xp.isfinite(gradient).all(-1)
    way, parts = _ways(information, metric, fine, xp)
    inside = xp.einsum("...ij,...i->...j", way, xp.where(fine[..., None], gradient, 0.0))
    repaired = _repaired(parts, xp) if least is None else xp.maximum(xp.abs(parts), least)
    step = xp.einsum("...ij,...j->...i", way, inside / repaired)
    promise = xp.where(fine, 0.5 * (inside**2 / repaired).sum(-1), xp.nan)
    return Direction(step, promise, parts[..., 0] if metric is None else weakest_of(information, xp))


def definite(information: np.ndarray, metric: np.ndarray | None = None, least: float | None = None) -> np.ndarray:
    """The information with the repair that `uphill` makes; unchanged where it is positive definite.

    Args:
        information: of each fit.
        metric: see `Surface`.
        least: where the information comes from few draws, the least share of the metric that it is taken for.
    """
    fine = np.isfinite(information).all((-2, -1))
    way, parts = _ways(information, metric, fine, np)
    back = np.linalg.inv(way)
    repaired = _repaired(parts, np) if least is None else np.maximum(parts, least)
    return np.swapaxes(back, -1, -2) @ (repaired[..., None] * back)


def least_part(information: np.ndarray, metric: np.ndarray) -> float:
    """The least share of the metric that the information is, over all directions."""
    return float(_ways(information, metric, np.isfinite(information).all((-2, -1)), np)[1][..., 0])


def _repaired(parts: Any, xp: Any) -> Any:
    return xp.where(parts > WEAK, parts, xp.maximum(xp.abs(parts), 1.0))


def _ways(information: Any, metric: Any, fine: Any, xp: Any) -> tuple[Any, Any]:
    # Directions (columns) in which metric and information are both diagonal, and what the information is along them.
    size = _sizes(information if metric is None else metric, xp)
    even = _even(information, size, fine, xp)
    half = xp.eye(even.shape[-1])
    if metric is not None:
        values, vectors = xp.linalg.eigh(_even(metric, size, fine, xp))
        half = vectors / xp.sqrt(xp.maximum(values, WEAK * values[..., -1:]))[..., None, :]
    parts, turned = xp.linalg.eigh(xp.swapaxes(half, -1, -2) @ even @ half)
    return (half @ turned) / size[..., :, None], parts


def weakest_of(information: Any, xp: Any = np) -> Any:
    """Least eigenvalue of the information scaled to unit diagonal; nan where it is not finite."""
    fine = xp.isfinite(information).all((-2, -1))
    least = xp.linalg.eigvalsh(_even(information, _sizes(information, xp), fine, xp))[..., 0]
    return xp.where(fine, least, xp.nan)


def _sizes(square: Any, xp: Any) -> Any:
    size = xp.sqrt(xp.abs(xp.diagonal(square, axis1=-2, axis2=-1)))
    return xp.where((size > 0) & xp.isfinite(size), size, 1.0)


def _even(square: Any, size: Any, fine: Any, xp: Any) -> Any:
    even = square / (size[..., :, None] * size[..., None, :])
    return xp.where(fine[..., None, None] & xp.isfinite(even), even, xp.eye(square.shape[-1]))


def next_share(better: Any, share: Any, xp: Any = np) -> Any:
    """Share of the next step: twice the last that was taken, at most the whole; half of one that was refused."""
    return xp.where(better, xp.minimum(1.0, 2 * share), 0.5 * share)


def unfinished(promise: Any, share: Any, rules: Rules) -> Any:
    """Whether another step is worth an evaluation; not where nothing finite is known."""
    return (promise >= rules.tolerance) & (share >= rules.shortest)


def ended(value: Any, promise: Any, weakest: Any, tolerance: Any, share: Any, shortest: float, xp: Any = np) -> Any:
    """How a search ended, as `Status` values.

    CONVERGED: the next step promises less than the tolerance, or NEGLIGIBLE where no share of it rises. SINGULAR: it
    does, but the information is not positive there. NOT_FINITE: likelihood or derivatives are not finite. MAX_STEPS:
    anything else.
    """
    done = (promise < tolerance) | ((share < shortest) & (promise < NEGLIGIBLE))
    status = xp.where(done, int(Status.CONVERGED), int(Status.MAX_STEPS))
    status = xp.where(done & (weakest < WEAK), int(Status.SINGULAR), status)
    finite = xp.isfinite(value) & xp.isfinite(promise) & xp.isfinite(weakest)
    return xp.where(finite, status, int(Status.NOT_FINITE))


Evaluate = Callable[[np.ndarray, np.ndarray], Surface]
"""(points of some fits, which fits these are) to their surfaces."""


def newton(surface: Surface, point: Float[np.ndarray, "fit parameter"]) -> Direction:
    """The plain direction: `uphill`, wherever the point is."""
    del point
    return uphill(surface.gradient, surface.information, surface.metric)


def add(point: np.ndarray, change: np.ndarray) -> np.ndarray:
    """The plain move: parameters on the whole real line."""
    return point + change


def climb(
    evaluate: Evaluate,
    start: Float[np.ndarray, "fit parameter"],
    rules: Rules,
    *,
    direction: Callable[[Surface, np.ndarray], Direction] = newton,
    move: Callable[[np.ndarray, np.ndarray], np.ndarray] = add,
) -> Ascent:
    """Steps up the surfaces of a batch of fits; one that does not rise is halved for its fit alone.

    Args:
        evaluate: surfaces of the fits that still search; the last call of a fit need not be at its best point.
        start: first parameters of each fit.
        rules: when to end.
        direction: where to go from some points, `uphill` for most.
        move: a change applied to some points, where parameters have limits.
    """
    point = np.array(start, dtype=float)
    surface = evaluate(point, np.arange(len(point)))
    step, promise, weakest = (np.array(part) for part in direction(surface, point))
    share, steps = np.ones(len(point)), np.zeros(len(point), dtype=int)
    for _ in range(rules.limit):
        going = np.flatnonzero(unfinished(promise, share, rules))
        if not len(going):
            break
        trial = move(point[going], share[going, None] * step[going])
        there = evaluate(trial, going)
        with np.errstate(invalid="ignore"):
            better = there.value >= surface.value[going] - there.slack
        won = going[better]
        if len(won):
            point[won] = trial[better]
            gained = there if better.all() else there.take(better)
            surface = surface.replaced(won, gained)
            step[won], promise[won], weakest[won] = direction(gained, trial[better])
        share[going] = next_share(better, share[going])
        steps[going] += 1
    status = ended(surface.value, promise, weakest, rules.tolerance, share, rules.shortest)
    return Ascent(point, surface, status, steps, promise)
