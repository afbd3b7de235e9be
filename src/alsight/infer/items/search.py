"""Newton steps towards the maximum of the items model's likelihood, first with few draws and few people."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from alsight.base.status import Status
from alsight.infer.items.likelihood import ItemsEvaluation, Placed, assess, draws_of, placed_at
from alsight.infer.items.responses import Responses
from alsight.infer.newton import Direction, Rules, Surface, climb, least_part, uphill

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
FAINT = (0.02, 0.2)
"""Least share of the scores' products that the information of the draws is taken for: on one trait, and on several,
where few draws say little of the covariance of the effects."""
TIMES = (1, 4, 16)
"""Draws of the last climb, in those that are asked for; more than once those only where they are too few."""
SINGULAR_SHARE = 0.01
"""Share of an effect's variance that the others do not explain below which their covariance is singular."""
FIRST_SLOPE = 1.7
"""Discrimination at which the search begins: about that of a probit item of slope 1."""


@dataclass(frozen=True)
class ItemsOptimum:
    """Where a search ended.

    Attributes:
        working: parameters.
        evaluation: there.
        status: how it ended.
        steps: steps taken.
        placed: where the draws stand.
        definite: whether the draws' information is more than its least share in every direction.
    """

    working: Float[np.ndarray, " parameter"]
    evaluation: ItemsEvaluation
    status: Status
    steps: int
    placed: Placed
    definite: bool


def search(responses: Responses, working: Float[np.ndarray, " parameter"]) -> ItemsOptimum:
    """Climb with half of the draws until close, then with all; with more where their information is not positive."""
    model, effects = responses.layout.model, 2 * responses.layout.traits
    near = np.zeros((responses.people, effects))
    drawn = draws_of(responses.people, max(model.draws // 2, 8), effects, model.seed)
    ended = ascend(responses, working, drawn, near, ROUGH)
    steps = ended.steps
    for times in TIMES:
        if ended.status in (Status.CONVERGED, Status.SINGULAR):
            working, near = ended.working, ended.placed.center
        drawn = draws_of(responses.people, times * model.draws, effects, model.seed)
        ended = ascend(responses, working, drawn, near, CLOSE)
        steps += ended.steps
        if ended.definite:
            break
    return replace(ended, steps=steps)


def ascend(
    responses: Responses,
    working: Float[np.ndarray, " parameter"],
    drawn: Float[np.ndarray, "subject draw effect"],
    near: Float[np.ndarray, "subject effect"],
    close: float,
) -> ItemsOptimum:
    """Newton steps to the root of the score; one that lowers the likelihood clearly is shortened.

    The draws move to the new modes with every step: where they stood still, the search would fit their gaps.
    """
    latest = [placed_at(responses, working, near)]
    tried: dict[bytes, tuple[ItemsEvaluation, Placed]] = {}
    last, calm = np.inf, 1.0
    faint = FAINT[int(responses.layout.traits > 1)]

    def surface(points: np.ndarray, _: np.ndarray) -> Surface:
        placed = placed_at(responses, points[0], latest[0].center)
        here = assess(responses, points[0], drawn, placed)
        tried[points.tobytes()] = here, placed
        total = np.array([here.log_likelihood.sum()])
        products = (here.scores.T @ here.scores)[None]
        return Surface(total, here.scores.sum(axis=0)[None], here.information[None], products, slack=SLACK)

    def direction(here: Surface, point: np.ndarray) -> Direction:
        nonlocal last, calm
        latest[0] = tried[point.tobytes()][1]
        step, promise, weakest = uphill(here.gradient, here.information, here.metric, least=faint)
        if responses.layout.unexplained_share(point[0]).min() < SINGULAR_SHARE:
            return Direction(step, np.zeros(1), weakest)
        calm, last = (max(0.5 * calm, CALMEST) if promise[0] > 0.5 * last else calm), promise[0]
        share = min(_allowed(responses, point[0], step[0]), calm if promise[0] < 10 * ROUGH else 1.0)
        return Direction(share * step, promise, weakest)

    found = climb(surface, working[None], Rules(close, STEPS), direction=direction)
    evaluation, placed = tried[found.point.tobytes()]
    status = Status(int(found.status[0]))
    if responses.layout.unexplained_share(found.point[0]).min() < SINGULAR_SHARE and status != Status.NOT_FINITE:
        status = Status.BOUNDARY
    definite = least_part(evaluation.information, evaluation.scores.T @ evaluation.scores) > faint
    return ItemsOptimum(found.point[0], evaluation, status, int(found.steps[0]), placed, definite)


def _allowed(responses: Responses, working: np.ndarray, step: np.ndarray) -> float:
    # Discriminations stay above 0 and steps in their order; each may lose most of what it has in one step.
    layout = responses.layout
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


def begin(responses: Responses) -> Float[np.ndarray, " parameter"]:
    """First parameters: steps from how often each score is reached, rates from the slopes of the traits' means."""
    layout = responses.layout
    working = np.zeros(layout.size)
    middle = float(responses.time.mean())
    means, spread = _slopes(responses)
    for item, start in enumerate(layout.first[:-1]):
        mine = responses.item == item
        working[start] = FIRST_SLOPE
        for step in range(layout.cuts[item]):
            reached = (responses.index[mine] > step).sum() + 0.5
            share = reached / (mine.sum() + 1.0)
            drift = FIRST_SLOPE * means[layout.trait[item]] * middle
            working[start + 1 + step] = drift - 1.5 * np.log(share / (1 - share))
        part = working[start + 1 : start + 1 + layout.cuts[item]]
        part[:] = np.maximum.accumulate(part + 1e-3 * np.arange(len(part)))
    rate = int(layout.first[-1]) + layout.traits * len(layout.level)
    inner = responses.rate.shape[1]
    level = np.linalg.lstsq(responses.rate, np.ones(responses.people), rcond=None)[0]
    for d in range(layout.traits):
        working[rate + d * inner : rate + (d + 1) * inner] = means[d] * level
    index = layout.spread.start
    for row in range(2 * layout.traits):
        if row >= layout.traits:
            working[index + row] = np.log(spread[row - layout.traits])
        index += row + (row >= layout.traits)
    return working


def _slopes(responses: Responses) -> tuple[np.ndarray, np.ndarray]:
    # Slope of each trait's standardized scores on time, over all people within people, and a guess of its spread.
    layout, traits = responses.layout, responses.layout.traits
    owner = np.repeat(np.arange(responses.people), np.diff(responses.start))
    trait = layout.trait[responses.item]
    means = np.empty(traits)
    for d in range(traits):
        mine = trait == d
        who, time, share = owner[mine], responses.time[mine], responses.index[mine] / layout.cuts[responses.item[mine]]
        count = np.maximum(np.bincount(who, minlength=responses.people), 1)
        away = time - (np.bincount(who, time, responses.people) / count)[who]
        size = max(float(share.std()), 1e-3)
        means[d] = (away @ share) / max(float(away @ away), 1e-12) / size
    return means, np.maximum(np.abs(means), 0.01 / max(float(np.ptp(responses.time)), 1e-12))
