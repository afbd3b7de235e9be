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
from alsight.infer.velocity.layout import VelocityLayout
from alsight.infer.velocity.likelihood import blank_memos, score
from alsight.infer.velocity.people import VelocityPeople

APPROACH = 60
"""Most whole steps."""
SETTLE, BRIEF, MANY = 24, 15, 4000
"""Steps that average the draws' noise away; fewer among so many people."""
LONGEST = 0.7
"""Longest step of a working parameter."""
SHORTER = 0.6
LEAST_SHARE = 0.1
"""Least share of the inflated information that each direction keeps."""
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
    kept = (rated > 1) & (squares > 0)
    rate = np.log(np.maximum(slope[kept], 0.05))
    first = batch.score[batch.visit_start[:-1][kept]]
    natural = np.zeros(len(layout.parameters))
    natural[: layout.level] = np.linalg.lstsq(people.level[kept], first, rcond=None)[0]
    natural[layout.level : layout.level + layout.rate] = np.linalg.lstsq(people.rate[kept], rate, rcond=None)[0]
    natural[layout.spreads] = _STARTS
    natural[layout.spreads.start] = max(float(np.std(first)), 0.5)
    natural[layout.slow] = _SLOW_STARTS[: len(layout.parameters) - layout.slow.start]
    return np.clip(layout.working(natural), *layout.limits())


def approach(
    people: VelocityPeople, layout: VelocityLayout, working: Float[np.ndarray, " parameter"], particles: int, root: int
) -> tuple[Float[np.ndarray, " parameter"], int]:
    """Whole steps until the decrement is no more than the draws' noise; where they ended, and how many.

    A step after which the likelihood is lower than the draws explain is halved.
    """
    low, high = layout.limits()
    guesses = blank_memos(people, layout)
    place, best = working, -np.inf
    for taken in range(APPROACH):
        found = score(people, layout, layout.natural(working), particles, root + taken, guesses)
        gradient, reached = found.gradient(), float(found.log_likelihood.sum())
        if not np.isfinite(gradient).all():
            return working, taken
        if reached < best - _LOWER * float(np.sqrt((np.diff(found.halves, axis=1) ** 2).sum())):
            working = 0.5 * (place + working)
            continue
        place, best = working, reached
        inner = _inner(layout, working, gradient)
        move = np.zeros_like(working)
        kept = _definite(found.information(), found.outer(), inner)
        inverse = np.linalg.inv(kept)
        move[inner] = np.linalg.solve(_no_longer(kept, gradient[inner]), gradient[inner])
        noise = 0.5 * (found.scores[0] - found.scores[1]).sum(axis=0)[inner]
        if gradient[inner] @ inverse @ gradient[inner] < 2.0 * (noise @ inverse @ noise) + 0.5:
            return working, taken
        move *= min(1.0, LONGEST / max(float(np.abs(move).max()), 1e-12))
        working = np.where(layout.free, np.clip(working + move, low, high), working)
    return working, APPROACH


def settle(
    people: VelocityPeople,
    layout: VelocityLayout,
    working: Float[np.ndarray, " parameter"],
    particles: int,
    root: int,
    steps: int,
) -> VelocityOptimum:
    """Ever shorter steps with fresh draws; the noise that is left, and the information on the way."""
    low, high = layout.limits()
    size = len(working)
    information, outer, noise = (np.zeros((size, size)) for _ in range(3))
    late, places, counted = np.zeros(size), np.zeros(size), 0
    inner, guesses = layout.free.copy(), blank_memos(people, layout)
    for k in range(1, steps + 1):
        found = score(people, layout, layout.natural(working), particles, root + 1000 + k, guesses)
        gradient = found.gradient()
        if not np.isfinite(gradient).all():
            blank = np.zeros((int(inner.sum()), int(inner.sum())))
            return VelocityOptimum(working, k, Status.NOT_FINITE, inner, blank, blank)
        inner = _inner(layout, working, gradient)
        information, outer = information + found.information(), outer + found.outer()
        half = 0.5 * (found.scores[0] - found.scores[1]).sum(axis=0)
        noise += np.outer(half, half)
        move = np.zeros_like(working)
        kept = _definite(information / k, outer / k, inner)
        move[inner] = np.linalg.solve(_no_longer(kept, gradient[inner]), gradient[inner]) / k**SHORTER
        move *= min(1.0, LONGEST / max(float(np.abs(move).max()), 1e-12))
        working = np.where(layout.free, np.clip(working + move, low, high), working)
        if 3 * k > steps:
            late, places, counted = late + gradient, places + working, counted + 1
    kept = _definite(information / steps, outer / steps, inner)
    inverse = np.linalg.inv(kept)
    spread = (noise / steps)[np.ix_(inner, inner)]
    wobble = inverse @ spread @ inverse / counted
    mean = (late / counted)[inner]
    expected = float(np.trace(inverse @ spread)) / counted
    done = mean @ inverse @ mean < 4.0 * expected + 0.5
    return VelocityOptimum(places / counted, steps, Status.CONVERGED if done else Status.MAX_STEPS, inner, kept, wobble)


def _definite(
    information: Float[np.ndarray, "parameter parameter"],
    outer: Float[np.ndarray, "parameter parameter"],
    inner: Bool[np.ndarray, " parameter"],
) -> Float[np.ndarray, "inner inner"]:
    """The information of inner parameters, no direction below a share of the inflated one."""
    whole = outer[np.ix_(inner, inner)] + 1e-10 * np.eye(int(inner.sum()))
    root = np.linalg.cholesky(whole)
    inverse = np.linalg.inv(root)
    values, vectors = np.linalg.eigh(inverse @ information[np.ix_(inner, inner)] @ inverse.T)
    back = root @ vectors
    return (back * np.clip(values, LEAST_SHARE, None)) @ back.T


def _no_longer(
    information: Float[np.ndarray, "inner inner"], gradient: Float[np.ndarray, " inner"]
) -> Float[np.ndarray, "inner inner"]:
    """The information with enough on its diagonal that no parameter by itself would go further than LONGEST.

    One that the data hardly tell must not shorten the steps of the others; the step still goes uphill.
    """
    lacking = np.maximum(np.abs(gradient) / LONGEST - np.diagonal(information), 0.0)
    return information + np.diag(lacking)


def _inner(
    layout: VelocityLayout, working: Float[np.ndarray, " parameter"], gradient: Float[np.ndarray, " parameter"]
) -> Bool[np.ndarray, " parameter"]:
    """Free parameters that are not held at an end of their range by the gradient."""
    low, high = layout.limits()
    stuck = ((working <= low + _EDGE) & (gradient < 0)) | ((working >= high - _EDGE) & (gradient > 0))
    return layout.free & ~stuck
