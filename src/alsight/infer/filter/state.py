"""What the compiled loops work on: people, one person, and the particles of a thread."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np

from alsight.base.compiled import STRICT

PACE, MIDDLE, SPEED, LOSS, SIZE, LEVEL, STICKY, VAR_LEVEL, BOTH, VAR_STICKY = range(10)
GAIN, START, HELD, KIND, LOG_RATE = range(10, 15)
"""Rows of a particle's state: departure of the log rate, its middle, rate now [points per month], loss so far, noise
size, mean and covariance of level and sticky noise, gain [points], its start and how long it is held [months], class,
personal log rate."""
FIELDS: Final = 15
WORK: Final = 4
"""Rows of working memory."""


class Batch(NamedTuple):
    """Ratings and nodes of many people, one after the other.

    Attributes:
        node_start: first node of each person, and the number of nodes.
        visit_start: first rating of each person, and the number of ratings.
        step: time since the node before [months].
        node: node of each rating, counted within its person.
        gap: time since the rating before [months].
        score: ratings.
        bound: -1, 0 or 1: lowest possible, between, highest possible.
        number: running number of each person, for the random numbers.
    """

    node_start: Any
    visit_start: Any
    step: Any
    node: Any
    gap: Any
    score: Any
    bound: Any
    number: Any


class Person(NamedTuple):
    """One person's slice of a batch, with its linear predictors and the possible starts of a recovery.

    Attributes:
        step: as in `Batch`.
        node: as in `Batch`.
        gap: as in `Batch`.
        score: as in `Batch`.
        bound: as in `Batch`.
        level: linear predictor of the level [points].
        rate: linear predictor of the log rate.
        starts: how many starts a recovery may have; 0 for none.
        every: time between starts [months].
        held: for how long it may be held [months]; inf for good.
    """

    step: Any
    node: Any
    gap: Any
    score: Any
    bound: Any
    level: float
    rate: float
    starts: int
    every: float
    held: Any


class Room(NamedTuple):
    """Working memory of one thread.

    Attributes:
        state: one column a particle.
        other: its copy while particles are chosen.
        log_weight: of each particle.
        origin: where each particle came from at each node.
        pace: departures of the log rate at each node.
        lost: loss, less gain, at each node [points].
        outlier: whether each rating was taken for an outlier.
        rating: each rating, drawn where it lies beyond a bound.
        chosen: numbers of particles.
        work: rows for what a step needs of each particle meanwhile.
    """

    state: Any
    other: Any
    log_weight: Any
    origin: Any
    pace: Any
    lost: Any
    outlier: Any
    rating: Any
    chosen: Any
    work: Any


@nb.njit(**STRICT)
def make_room(nodes: int, visits: int, particles: int) -> Any:
    """Working memory for people with up to so many nodes and ratings."""
    return Room(
        np.empty((FIELDS, particles)),
        np.empty((FIELDS, particles)),
        np.empty(particles),
        np.empty((nodes, particles), np.int32),
        np.empty((nodes, particles)),
        np.empty((nodes, particles)),
        np.empty((visits, particles), np.int8),
        np.empty((visits, particles)),
        np.empty(particles, np.int32),
        np.empty((WORK, particles)),
    )


@nb.njit(**STRICT)
def person_of(batch: Any, i: int, level: float, rate: float, every: float, held: Any) -> Any:
    """Person number i of a batch; a recovery may start every so many months before the last node, or never at 0."""
    a, b = batch.node_start[i], batch.node_start[i + 1]
    c, d = batch.visit_start[i], batch.visit_start[i + 1]
    starts = 0
    if every > 0.0:
        starts = math.ceil(batch.step[a:b].sum() / every - 1e-9)
    return Person(
        batch.step[a:b],
        batch.node[c:d],
        batch.gap[c:d],
        batch.score[c:d],
        batch.bound[c:d],
        level,
        rate,
        starts,
        every,
        held,
    )


@nb.njit(**STRICT)
def gain_share(since: float, held: float, by: float) -> float:
    """Share of a gain that is there so long after its start [months]; it comes, and goes, by so much a month."""
    return max(min(max(since * by, 0.0), 1.0) - max(since - held, 0.0) * by, 0.0)
