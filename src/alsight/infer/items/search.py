"""Newton steps towards the maximum of the items model's likelihood, first with few draws and few people."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from alsight.base.status import Status
from alsight.infer.items.likelihood import Evaluation, Placed, assess, draws_of, place
from alsight.infer.items.responses import Responses

CLOSE = 5e-3
"""Newton decrement at which a search has converged, in units of the log likelihood."""
ROUGH = 0.5
"""Decrement at which the draws are doubled."""
CALMEST = 0.5
"""Least share of a step near the end, where steps are halved as long as they do not halve the decrement."""
STEPS = 60
"""Most Newton steps with one number of draws."""
SLACK = 0.5
"""Fall of the simulated log likelihood that a step may bring: the draws move with it, and their error too."""
SHORTEST = 1e-6
"""Share of a step below which nothing is gained any more."""
WEAK = 1e-8
"""Least eigenvalue of the information, scaled to unit diagonal, that counts as identified."""
FAINT = 0.2
"""Least part of the information of people's scores that the observed information is taken for."""
TIMES = (1, 4, 16)
"""Draws of the last climb, in those that are asked for; more than once those only where they are too few."""
OWN = 0.01
"""Share of an effect's variance that the others do not explain below which their covariance is singular."""
LEAST = 1e-6
"""Least eigenvalue of the scores' information, of the largest, that is inverted."""
FIRST_SLOPE = 1.7
"""Discrimination at which the search begins: about that of a probit item of slope 1."""


@dataclass(frozen=True)
class Found:
    """Where a search ended.

    Attributes:
        working: parameters.
        evaluation: there.
        status: how it ended.
        steps: steps taken.
        placed: where the draws stand.
        faintest: least part of the scores' information that the draws' information is.
    """

    working: Float[np.ndarray, " parameter"]
    evaluation: Evaluation
    status: Status
    steps: int
    placed: Placed
    faintest: float


def search(found: Responses, working: Float[np.ndarray, " parameter"]) -> Found:
    """Climb with half of the draws until close, then with all; with more where they do not tell the information."""
    model, effects = found.layout.model, 2 * found.layout.traits
    near = np.zeros((found.people, effects))
    drawn = draws_of(found.people, max(model.draws // 2, 8), effects, model.seed)
    ended = climb(found, working, drawn, near, ROUGH)
    steps = ended.steps
    for times in TIMES:
        if ended.status in (Status.CONVERGED, Status.SINGULAR):
            working, near = ended.working, ended.placed.centre
        drawn = draws_of(found.people, times * model.draws, effects, model.seed)
        ended = climb(found, working, drawn, near, CLOSE)
        steps += ended.steps
        if ended.faintest > FAINT:
            break
    return replace(ended, steps=steps)


def climb(
    found: Responses,
    working: Float[np.ndarray, " parameter"],
    drawn: Float[np.ndarray, "subject draw effect"],
    near: Float[np.ndarray, "subject effect"],
    close: float,
) -> Found:
    """Newton steps to the root of the score; one that lowers the likelihood clearly is shortened.

    The draws move to the new modes with every step: where they stood still, the search would fit their gaps.
    """
    placed = place(found, working, near)
    here = assess(found, working, drawn, placed)
    status, steps, calm, last, faintest = Status.MAX_STEPS, 0, 1.0, np.inf, 0.0
    while steps < STEPS:
        if not np.isfinite(here.log_likelihood.sum()) or not np.isfinite(here.information).all():
            return Found(working, here, Status.NOT_FINITE, steps, placed, faintest)
        step, weakest, faintest = uphill(here.scores, here.information)
        promise = float(0.5 * here.scores.sum(axis=0) @ step)
        if found.layout.own_share(working).min() < OWN:
            status = Status.BOUNDARY
            break
        if promise < close:
            status = Status.CONVERGED if weakest > WEAK else Status.SINGULAR
            break
        calm, last = (max(0.5 * calm, CALMEST) if promise > 0.5 * last else calm), promise
        share = min(_allowed(found, working, step), calm if promise < 10 * ROUGH else 1.0)
        while share > SHORTEST:
            there = place(found, working + share * step, placed.centre)
            moved = assess(found, working + share * step, drawn, there)
            if moved.log_likelihood.sum() >= here.log_likelihood.sum() - SLACK:
                working, here, placed = working + share * step, moved, there
                break
            share *= 0.4
        steps += 1
        if share <= SHORTEST:
            break
    return Found(working, here, status, steps, placed, faintest)


def uphill(
    scores: Float[np.ndarray, "subject parameter"], information: Float[np.ndarray, "parameter parameter"]
) -> tuple[Float[np.ndarray, " parameter"], float, float]:
    """Newton step; least eigenvalue of the information scaled to unit diagonal; its least part of the scores' own.

    The information comes from draws and is poor where it is small; the people's scores tell the same with other errors.
    Where it says less than FAINT of what they say, that much is taken.
    """
    size = np.sqrt(np.abs(np.diagonal(information)))
    size = np.where(size > 0, size, 1.0)
    spread, scaled = scores / size, information / np.outer(size, size)
    values, vectors = np.linalg.eigh(spread.T @ spread)
    half = vectors / np.sqrt(np.maximum(values, LEAST * values[-1]))
    parts, turned = np.linalg.eigh(half.T @ scaled @ half)
    way = half @ turned
    step = way @ ((way.T @ spread.sum(axis=0)) / np.maximum(np.abs(parts), FAINT)) / size
    return step, float(np.linalg.eigvalsh(scaled)[0]), float(parts[0])


def _allowed(found: Responses, working: np.ndarray, step: np.ndarray) -> float:
    # Discriminations stay above 0 and steps in their order; each may lose most of what it has in one step.
    layout = found.layout
    end = int(layout.first[-1])
    have = np.append(np.diff(working[:end]), 1.0)
    change = np.append(np.diff(step[:end]), 0.0)
    last = layout.first[1:] - 1
    have[last], change[last] = 1.0, 0.0
    starts = layout.first[:-1]
    have[starts], change[starts] = working[starts], step[starts]
    falling = change < 0
    room = np.min(0.8 * have[falling] / -change[falling], initial=1.0)
    rates = np.abs(step[layout.spread])
    return float(min(1.0, room, 1.5 / max(float(rates.max(initial=0.0)), 1e-12)))


def begin(found: Responses) -> Float[np.ndarray, " parameter"]:
    """First parameters: steps from how often each score is reached, rates from the slopes of the traits' means."""
    layout = found.layout
    working = np.zeros(layout.size)
    middle = float(found.time.mean())
    means, spread = _slopes(found)
    for item, start in enumerate(layout.first[:-1]):
        mine = found.item == item
        working[start] = FIRST_SLOPE
        for step in range(layout.cuts[item]):
            reached = (found.place[mine] > step).sum() + 0.5
            share = reached / (mine.sum() + 1.0)
            drift = FIRST_SLOPE * means[layout.trait[item]] * middle
            working[start + 1 + step] = drift - 1.5 * np.log(share / (1 - share))
        part = working[start + 1 : start + 1 + layout.cuts[item]]
        part[:] = np.maximum.accumulate(part + 1e-3 * np.arange(len(part)))
    rate = int(layout.first[-1]) + layout.traits * len(layout.level)
    inner = found.rate.shape[1]
    level = np.linalg.lstsq(found.rate, np.ones(found.people), rcond=None)[0]
    for d in range(layout.traits):
        working[rate + d * inner : rate + (d + 1) * inner] = means[d] * level
    place = layout.spread.start
    for row in range(2 * layout.traits):
        if row >= layout.traits:
            working[place + row] = np.log(spread[row - layout.traits])
        place += row + (row >= layout.traits)
    return working


def _slopes(found: Responses) -> tuple[np.ndarray, np.ndarray]:
    # Slope of each trait's standardised scores on time, over all people within people, and a guess of its spread.
    layout, traits = found.layout, found.layout.traits
    owner = np.repeat(np.arange(found.people), np.diff(found.start))
    trait = layout.trait[found.item]
    means = np.empty(traits)
    for d in range(traits):
        mine = trait == d
        who, time, share = owner[mine], found.time[mine], found.place[mine] / layout.cuts[found.item[mine]]
        count = np.maximum(np.bincount(who, minlength=found.people), 1)
        away = time - (np.bincount(who, time, found.people) / count)[who]
        size = max(float(share.std()), 1e-3)
        means[d] = (away @ share) / max(float(away @ away), 1e-12) / size
    return means, np.maximum(np.abs(means), 0.01 / max(float(np.ptp(found.time)), 1e-12))
