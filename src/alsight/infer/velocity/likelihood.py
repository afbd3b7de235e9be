"""Log likelihood and scores of every person for given parameters; the number of threads changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit

from alsight.base.compiled import on_threads
from alsight.base.streams import Stream, stream_key
from alsight.infer.filter import numbers as at
from alsight.infer.filter.kernel import measure
from alsight.infer.filter.placing import GUESSES
from alsight.infer.velocity.courses import measure_courses
from alsight.infer.velocity.layout import VelocityLayout, kernel_numbers
from alsight.infer.velocity.people import VelocityPeople
from alsight.infer.velocity.sketch import MEMO, SIZES
from alsight.models.latent.velocity import SLOW, SPREADS, Recovery

CHUNK = 128
"""Most people whose arrays one task handles."""
_TASKS = 4
"""Tasks of each thread at least, so that few people too are shared out evenly."""


@dataclass(frozen=True)
class VelocityEvaluation:
    """What one evaluation returns, person by person, from two independent halves.

    Attributes:
        log_likelihood: log of the mean of the halves' likelihoods, less its bias of the order 1 / particles.
        halves: log likelihood in each half.
    """

    log_likelihood: Float[np.ndarray, " subject"]
    halves: Float[np.ndarray, "subject half"]

    def error(self) -> Float[np.ndarray, " subject"]:
        """Monte Carlo standard error of each person's log likelihood."""
        return 0.5 * np.abs(self.halves[:, 1] - self.halves[:, 0])


@dataclass(frozen=True)
class VelocityScores(VelocityEvaluation):
    """An evaluation with scores.

    Attributes:
        scores: derivatives by the working parameters in each half; unbiased but for terms of the order 1 / particles.
    """

    scores: Float[np.ndarray, "half subject parameter"]

    def information(self) -> Float[np.ndarray, "parameter parameter"]:
        """Sum over people of products of the scores' halves, each about its mean: the draws' noise has no part in it.

        Away from the best place, where the mean is not 0, this keeps steps from being too short.
        """
        first, second = self.scores - self.scores.mean(axis=1, keepdims=True)
        product = first.T @ second
        return 0.5 * (product + product.T)

    def outer(self) -> Float[np.ndarray, "parameter parameter"]:
        """Sum over people of the scores' outer products about their mean, which the noise of the draws inflates."""
        mean = self.scores.mean(axis=0)
        away = mean - mean.mean(axis=0)
        return away.T @ away

    def gradient(self) -> Float[np.ndarray, " parameter"]:
        """Derivatives of the whole log likelihood, without their bias of the order 1 / particles.

        Twice the mean of the halves' scores by their likelihoods, which is what twice the particles would give, less
        their plain mean.
        """
        share = expit(self.halves[:, 0] - self.halves[:, 1])[:, None]
        both = share * self.scores[0] + (1 - share) * self.scores[1]
        return (2 * both - self.scores.mean(axis=0)).sum(axis=0)


def evaluate(
    people: VelocityPeople,
    layout: VelocityLayout,
    natural: Float[np.ndarray, " parameter"],
    particles: int,
    root: int,
    *,
    recovery: Recovery | None = None,
    stream: Stream = Stream.FIT,
    guesses: Float[np.ndarray, "subject number"] | None = None,
) -> VelocityEvaluation:
    """Log likelihoods at natural values by the particle filter.

    Args:
        people: whose ratings.
        layout: where parameters lie.
        natural: their values.
        particles: particles in each half.
        root: root of the random numbers.
        recovery: let everyone have one recovery, with this law; its `prior` is not read.
        stream: what the random numbers are for.
        guesses: where earlier evaluations placed each person's particles, from `blank_guesses`; updated.
    """
    numbers = kernel_numbers(layout, natural, recovery)
    level, rate = predictors(people, layout, natural)
    value, sizes = np.empty((people.count, 2)), (*people.widths, particles)
    every, held = possible(recovery)
    placed = blank_guesses(people, recovery) if guesses is None else guesses
    key = np.uint64(stream_key(root, stream))

    def task(first: int, last: int) -> None:
        measure(people.batch, level, rate, every, held, numbers, key, sizes, placed, first, last, value)

    spread(task, people.count)
    return VelocityEvaluation(_unbiased(value), value)


def evaluate_placed(
    people: VelocityPeople,
    layout: VelocityLayout,
    natural: Float[np.ndarray, " parameter"],
    particles: int,
    root: int,
    *,
    recovery: Recovery | None = None,
) -> VelocityEvaluation:
    """`evaluate` for a prediction, after a pilot with a quarter of the particles that places them."""
    guesses = blank_guesses(people, recovery)
    for count in (max(particles // 4, 16), particles):
        found = evaluate(
            people, layout, natural, count, root + count, recovery=recovery, stream=Stream.PREDICT, guesses=guesses
        )
    return found


def score(
    people: VelocityPeople,
    layout: VelocityLayout,
    natural: Float[np.ndarray, " parameter"],
    courses: int,
    root: int,
    memos: Float[np.ndarray, "subject number"] | None = None,
) -> VelocityScores:
    """Log likelihoods and scores at natural values by independent courses.

    Args:
        people: whose ratings.
        layout: where parameters lie.
        natural: their values.
        courses: courses in each half.
        root: root of the random numbers.
        memos: what earlier evaluations learned of each person, from `blank_memos`; updated.
    """
    numbers = kernel_numbers(layout, natural)
    level, rate = predictors(people, layout, natural)
    value, raw = np.empty((people.count, 2)), np.empty((people.count, 2, at.SCORES))
    learned, sizes = blank_memos(people, layout) if memos is None else memos, (*people.widths, courses)
    key = np.uint64(stream_key(root, Stream.FIT))

    def task(first: int, last: int) -> None:
        measure_courses(people.batch, level, rate, numbers, key, sizes, learned, first, last, value, raw)

    spread(task, people.count)
    return VelocityScores(_unbiased(value), value, _scores(people, layout, raw))


def _unbiased(halves: Float[np.ndarray, "subject half"]) -> Float[np.ndarray, " subject"]:
    both = np.logaddexp(halves[:, 0], halves[:, 1]) - np.log(2.0)
    return 2 * both - halves.mean(axis=1)


def predictors(
    people: VelocityPeople, layout: VelocityLayout, natural: Float[np.ndarray, " parameter"]
) -> tuple[Float[np.ndarray, " subject"], Float[np.ndarray, " subject"]]:
    """Linear predictors of the level and of the log rate."""
    rate = natural[layout.level : layout.level + layout.rate]
    return people.level @ natural[: layout.level], people.rate @ rate


def possible(recovery: Recovery | None) -> tuple[float, Float[np.ndarray, " time"]]:
    """Distance between possible starts [months], 0 for none, and how long a recovery may be held [months]."""
    if recovery is None:
        return 0.0, np.array([np.inf])
    return recovery.every, np.array([np.inf if months == 0 else months for months in recovery.held])


def blank_guesses(people: VelocityPeople, recovery: Recovery | None = None) -> Float[np.ndarray, "subject number"]:
    """Room for what is learned of each person; nan where nothing is known yet."""
    every, held = possible(recovery)
    batch = people.batch
    longest = float(np.add.reduceat(batch.step, batch.node_start[:-1]).max()) if people.count else 0.0
    spells = 0 if every == 0 else (int(np.ceil(longest / every)) + 1) * len(held)
    return np.full((people.count, GUESSES + spells), np.nan)


def blank_memos(people: VelocityPeople, layout: VelocityLayout) -> Float[np.ndarray, "subject number"]:
    """Room for what `score` learns of each person; nan where nothing is known yet."""
    return np.full((people.count, MEMO + layout.model.classes * SIZES * (people.widths[0] + 1)), np.nan)


def _scores(
    people: VelocityPeople, layout: VelocityLayout, raw: Float[np.ndarray, "subject half number"]
) -> Float[np.ndarray, "half subject parameter"]:
    """From the kernels' derivatives to those of the working vector."""
    halves = raw.transpose(1, 0, 2)
    parts = [halves[:, :, [at.ON_LEVEL]] * people.level, halves[:, :, [at.ON_RATE]] * people.rate]
    parts.append(halves[:, :, at.ON_SPREADS : at.ON_SPREADS + len(SPREADS)])
    if layout.model.classes == 2:
        parts.append(halves[:, :, at.ON_SLOW : at.ON_SLOW + len(SLOW)])
    return np.concatenate(parts, axis=2) * layout.free


def threads() -> int:
    """Threads to use: those of the machine, or NUMBA_NUM_THREADS where a worker has pinned them."""
    return int(os.environ.get("NUMBA_NUM_THREADS", os.cpu_count() or 1))


def spread(task: Callable[[int, int], None], count: int, chunk: int = 0) -> None:
    """Run a task over ranges of a count on the machine's threads."""
    size = max(min(chunk or CHUNK, -(-count // (_TASKS * threads()))), 1)
    starts: Int[np.ndarray, " range"] = np.arange(0, count, size)
    if len(starts) < 2 or threads() < 2:
        task(0, count)
        return
    task(0, 0)  # compiles, once
    on_threads(lambda first: task(first, min(first + size, count)), starts.tolist(), threads())
