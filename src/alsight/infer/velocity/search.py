"""The outer search: steps of stochastic approximation by the scores and the information in their products.

The first steps go all the way; once the decrement is no more than the draws' own noise, step number k goes k^-0.6 of
the way, with fresh draws each time, and the mean of the later places is taken, which averages that noise away.

Source: polyak1992, berndt1974
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from alsight.base.status import Status
from alsight.infer.newton import Direction, Rules, Surface, climb, definite
from alsight.infer.velocity.layout import VelocityLayout
from alsight.infer.velocity.likelihood import VelocityScores, blank_memos, score
from alsight.infer.velocity.people import VelocityPeople

APPROACH = 60
"""Most whole steps."""
SETTLE, BRIEF, MANY = 24, 15, 4000
"""Steps that average the draws' noise away; fewer among so many people."""
LONGEST = 0.7
"""Longest step of a working parameter."""
SHORTER = 0.6
LEAST_SHARE = 0.1
"""Least share of the scores' products that the information of few draws is taken for, in every direction."""
_EDGE = 1e-6
_LOWER = 4.0


@dataclass(frozen=True)
class VelocityOptimum:
    """Where a search ended.

    Attributes:
        working: working parameters.
        steps: steps taken.
        status: how it ended.
        inner: parameters that are estimated and not at an end of their range.
        information: of the inner parameters.
        wobble: covariance that the draws' noise leaves in the inner working parameters.
    """

    working: Float[np.ndarray, " parameter"]
    steps: int
    status: Status
    inner: Bool[np.ndarray, " parameter"]
    information: Float[np.ndarray, "inner inner"]
    wobble: Float[np.ndarray, "inner inner"]


# Where the search begins; nothing depends on it but the number of steps.
_STARTS = (5.0, 0.7, 0.0, 12.0, 0.6, 1.2, 1.0, 6.0, 0.3, 0.05, 3.0)
_SLOW_STARTS = (0.15, 1.5, 0.5)


def start(layout: VelocityLayout, people: VelocityPeople) -> Float[np.ndarray, " parameter"]:
    """Starting values: first scores, and each person's least-squares slope."""
    batch = people.batch
    rated = np.diff(batch.visit_start)
    owner = np.repeat(np.arange(people.count), rated)
    counts = np.maximum(rated, 1)
    when = np.cumsum(batch.gap)
    away = when - (np.bincount(owner, when, people.count) / counts)[owner]
    squares = np.bincount(owner, away**2, people.count)
    slope = -np.bincount(owner, away * batch.score, people.count) / np.maximum(squares, 1e-9)
    accepted = (rated > 1) & (squares > 0)
    rate = np.log(np.maximum(slope[accepted], 0.05))
    first = batch.score[batch.visit_start[:-1][accepted]]
    natural = np.zeros(len(layout.parameters))
    natural[: layout.level] = np.linalg.lstsq(people.level[accepted], first, rcond=None)[0]
    natural[layout.level : layout.level + layout.rate] = np.linalg.lstsq(people.rate[accepted], rate, rcond=None)[0]
    natural[layout.spreads] = _STARTS
    natural[layout.spreads.start] = max(float(np.std(first)), 0.5)
    natural[layout.slow] = _SLOW_STARTS[: len(layout.parameters) - layout.slow.start]
    return np.clip(layout.working(natural), *layout.limits())


def approach(
    people: VelocityPeople,
    layout: VelocityLayout,
    working: Float[np.ndarray, " parameter"],
    particles: int,
    root: int,
) -> tuple[Float[np.ndarray, " parameter"], int]:
    """Whole steps until the decrement is no more than the draws' noise; where they ended, and how many.

    A step after which the likelihood is lower than the draws explain is halved.
    """
    scores: list[VelocityScores] = []
    memos = blank_memos(people, layout)

    def surface(points: np.ndarray, _: np.ndarray) -> Surface:
        natural = layout.natural(points[0])
        latest = score(people, layout, natural, particles, root + len(scores), memos)
        scores.append(latest)
        noise = float(np.sqrt((np.diff(latest.halves, axis=1) ** 2).sum()))
        total, gradient = np.array([latest.log_likelihood.sum()]), latest.gradient()[None]
        return Surface(total, gradient, latest.information()[None], latest.outer()[None], _LOWER * noise)

    def direction(here: Surface, point: np.ndarray) -> Direction:
        gradient = here.gradient[0]
        inner = _inner(layout, point[0], gradient)
        square = _definite(here.information[0], scores[-1].outer(), inner)
        inverse = np.linalg.inv(square)
        noise = _half(scores[-1])[inner]
        beyond = gradient[inner] @ inverse @ gradient[inner] - 2.0 * (noise @ inverse @ noise) - 0.5
        step = _step(square, gradient, inner)
        return Direction(step[None], np.array([0.5 * beyond]), np.linalg.eigvalsh(square)[:1])

    rules = Rules(tolerance=0.0, limit=APPROACH - 1)
    ended = climb(surface, working[None], rules, direction=direction, move=lambda at, by: _within(layout, at, by))
    return ended.point[0], len(scores)


def settle(
    people: VelocityPeople,
    layout: VelocityLayout,
    working: Float[np.ndarray, " parameter"],
    particles: int,
    root: int,
    steps: int,
) -> VelocityOptimum:
    """Ever shorter steps with fresh draws; the noise that is left, and the information on the way."""
    size = len(working)
    information, outer, noise = (np.zeros((size, size)) for _ in range(3))
    late, places, counted, taken = np.zeros(size), np.zeros(size), 0, 0
    inner, memos = layout.free.copy(), blank_memos(people, layout)

    def surface(points: np.ndarray, _: np.ndarray) -> Surface:
        nonlocal information, outer, noise, taken
        taken += 1
        latest = score(people, layout, layout.natural(points[0]), particles, root + 1000 + taken, memos)
        information, outer = information + latest.information(), outer + latest.outer()
        noise += np.outer(_half(latest), _half(latest))
        total = np.array([latest.log_likelihood.sum()])
        # Every step is taken: whether one rises is lost in the draws' noise.
        return Surface(total, latest.gradient()[None], information[None] / taken, outer[None] / taken, np.inf)

    def direction(here: Surface, point: np.ndarray) -> Direction:
        nonlocal inner, late, places, counted
        gradient = here.gradient[0]
        if not np.isfinite(gradient).all():
            return Direction(np.zeros((1, size)), np.array([np.nan]), np.array([np.nan]))
        inner = _inner(layout, point[0], gradient)
        square = _definite(information / taken, outer / taken, inner)
        step = _step(square, gradient, inner, taken**SHORTER)
        if 3 * taken > steps:
            late, places, counted = late + gradient, places + _within(layout, point, step[None])[0], counted + 1
        return Direction(step[None], np.ones(1), np.ones(1))

    rules = Rules(limit=steps - 1)
    ended = climb(surface, working[None], rules, direction=direction, move=lambda at, by: _within(layout, at, by))
    if ended.status[0] == Status.NOT_FINITE:
        blank = np.zeros((int(inner.sum()), int(inner.sum())))
        return VelocityOptimum(ended.point[0], taken, Status.NOT_FINITE, inner, blank, blank)
    accepted = _definite(information / steps, outer / steps, inner)
    inverse = np.linalg.inv(accepted)
    spread = (noise / steps)[np.ix_(inner, inner)]
    mean = (late / counted)[inner]
    expected = float(np.trace(inverse @ spread)) / counted
    done = mean @ inverse @ mean < 4.0 * expected + 0.5
    status = Status.CONVERGED if done else Status.MAX_STEPS
    return VelocityOptimum(places / counted, steps, status, inner, accepted, inverse @ spread @ inverse / counted)


def _half(scores: VelocityScores) -> Float[np.ndarray, " parameter"]:
    """Half the difference of the two halves' gradients: the draws' noise in it."""
    return 0.5 * (scores.scores[0] - scores.scores[1]).sum(axis=0)


def _within(layout: VelocityLayout, point: np.ndarray, change: np.ndarray) -> np.ndarray:
    """The points after a change, free parameters kept in their ranges."""
    return np.where(layout.free, np.clip(point + change, *layout.limits()), point)


def _definite(
    information: Float[np.ndarray, "parameter parameter"],
    outer: Float[np.ndarray, "parameter parameter"],
    inner: Bool[np.ndarray, " parameter"],
) -> Float[np.ndarray, "inner inner"]:
    """The information of inner parameters, repaired in the metric of the scores' products."""
    some = np.ix_(inner, inner)
    return definite(information[some], outer[some], LEAST_SHARE)


def _step(
    square: Float[np.ndarray, "inner inner"],
    gradient: Float[np.ndarray, " parameter"],
    inner: Bool[np.ndarray, " parameter"],
    shorter: float = 1.0,
) -> Float[np.ndarray, " parameter"]:
    """The step of inner parameters, its share 1 / shorter, at most LONGEST.

    The information gets enough on its diagonal that no parameter by itself would go further than LONGEST: one that the
    data hardly identify must not shorten the steps of the others. The step still goes uphill.
    """
    lacking = np.maximum(np.abs(gradient[inner]) / LONGEST - np.diagonal(square), 0.0)
    step = np.zeros_like(gradient)
    step[inner] = np.linalg.solve(square + np.diag(lacking), gradient[inner]) / shorter
    return step * min(1.0, LONGEST / max(float(np.abs(step).max()), 1e-12))


def _inner(
    layout: VelocityLayout, working: Float[np.ndarray, " parameter"], gradient: Float[np.ndarray, " parameter"]
) -> Bool[np.ndarray, " parameter"]:
    """Free parameters that are not held at an end of their range by the gradient."""
    low, high = layout.limits()
    stuck = ((working <= low + _EDGE) & (gradient < 0)) | ((working >= high - _EDGE) & (gradient > 0))
    return layout.free & ~stuck
