"""One evaluation of the items model: log likelihood, each person's score, and the observed information.

Scores are means of complete-data scores over importance draws (Fisher's identity); the information is the mean
complete-data information less the variance of the scores (Louis's identity).

Source: louis1982
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri
from scipy.stats.qmc import Sobol

from alsight.base.streams import Stream, subject_key, uniform
from alsight.infer.items.kernel import evaluate, modes
from alsight.infer.items.law import EffectsLaw, anchored
from alsight.infer.items.layout import ItemsLayout, ItemsValues
from alsight.infer.items.responses import Responses

_EDGE = 1e-12


class Placed(NamedTuple):
    """Where the importance draws of each person stand.

    Attributes:
        center: center of the draws.
        lower: lower factor of the inverse of their covariance.
    """

    center: Float[np.ndarray, "subject effect"]
    lower: Float[np.ndarray, "subject effect effect"]


@dataclass(frozen=True)
class ItemsEvaluation:
    """What one evaluation gives.

    Attributes:
        log_likelihood: of each person.
        scores: of each person, by the searched parameters.
        information: observed information.
        effective: effective importance draws of each person.
        away: posterior mean of each person's effects less their prior mean.
    """

    log_likelihood: Float[np.ndarray, " subject"]
    scores: Float[np.ndarray, "subject parameter"]
    information: Float[np.ndarray, "parameter parameter"]
    effective: Float[np.ndarray, " subject"]
    away: Float[np.ndarray, "subject effect"]


def draws_of(people: int, draws: int, effects: int, seed: int) -> Float[np.ndarray, "subject draw effect"]:
    """Standard normal draws that fill space evenly: Sobol's points, shifted by chance for each person.

    A person's shift does not depend on who else is there.
    """
    keys = subject_key(seed, Stream.FIT, np.arange(people, dtype=np.uint64))
    shift = uniform(keys[:, None], np.arange(effects, dtype=np.uint64))
    even = Sobol(effects, scramble=False).random_base2((draws - 1).bit_length())[:draws]
    return ndtri(np.clip((even + shift[:, None, :]) % 1.0, _EDGE, 1.0 - _EDGE))


def means(found: Responses, values: ItemsValues) -> Float[np.ndarray, "subject effect"]:
    """Mean of each person's effects given the covariates."""
    return np.concatenate([found.level @ values.level.T, found.rate @ values.rate.T], axis=1)


def spots(layout: ItemsLayout, values: ItemsValues) -> tuple[np.ndarray, ...]:
    """The items as the kernels take them."""
    return np.ascontiguousarray(values.discrimination), values.steps, layout.cuts, layout.trait


def placed_at(
    found: Responses, working: Float[np.ndarray, " parameter"], near: Float[np.ndarray, "subject effect"]
) -> Placed:
    """Each person's mode and curvature, where the draws are to stand; `near` is where the search begins."""
    values = found.layout.values(working)
    precision = np.linalg.inv(values.root @ values.root.T)
    center = near.copy()
    lower = modes(
        found.start,
        (found.time, found.item, found.index),
        spots(found.layout, values),
        means(found, values),
        precision,
        center,
    )
    return Placed(center, lower)


def assess(
    found: Responses,
    working: Float[np.ndarray, " parameter"],
    drawn: Float[np.ndarray, "subject draw effect"],
    placed: Placed,
) -> ItemsEvaluation:
    """Evaluate at a point; while the draws stand still, scores and information are exact derivatives.

    Args:
        found: the responses.
        working: parameters.
        drawn: standard normal draws.
        placed: where they stand.
    """
    layout = found.layout
    values = layout.values(working)
    precision = np.linalg.inv(values.root @ values.root.T)
    law = EffectsLaw(found, working)
    turn = law.covariance_turn()
    expected = 0.5 * np.einsum("pab,ab->p", turn, precision)
    value, scores, effective, missing, curved, away, second = evaluate(
        found.start,
        (found.time, found.item, found.index),
        spots(layout, values),
        (means(found, values), precision),
        placed,
        drawn,
        layout.first,
        (law.level, found.rate),
        turn.reshape(len(turn), -1),
        expected,
    )
    gaps, counts = _gaps(found, working)
    value = value + 0.5 * np.linalg.slogdet(precision)[1]
    value = value + np.where(counts > 0, counts * np.log1p(-np.exp(-gaps)), 0.0).sum(axis=1)
    pull, end = counts / np.expm1(gaps), int(layout.first[-1])
    scores[:, :end] -= pull
    scores[:, 1:end] += pull[:, :-1]
    information = -missing
    information[:end, :end] += _items_information(layout, curved, gaps, counts.sum(axis=0))
    information[end:, end:] += law.information(away, second)
    carry = anchored(layout, working)
    return ItemsEvaluation(value, scores @ carry, carry.T @ information @ carry, effective, away)


def _gaps(found: Responses, working: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Distance from each step to the next, and how often each person scored between the two; 1 and 0 elsewhere.
    layout = found.layout
    end = int(layout.first[-1])
    inside = (found.index > 0) & (found.index < layout.cuts[found.item])
    spot = layout.first[found.item] + found.index
    owner = np.repeat(np.arange(found.people), np.diff(found.start))
    counts = np.zeros((found.people, end))
    np.add.at(counts, (owner[inside], spot[inside]), 1.0)
    gaps = np.append(np.diff(working[:end]), 1.0)
    last = np.r_[layout.first[1:] - 1, layout.first[:-1]]
    gaps[last] = 1.0
    return gaps, counts


def _items_information(layout: ItemsLayout, curved: np.ndarray, gaps: np.ndarray, counts: np.ndarray) -> np.ndarray:
    square = np.diag(curved[:, 0])
    for item, start in enumerate(layout.first[:-1]):
        for step in range(start + 1, start + 1 + layout.cuts[item]):
            square[start, step] = square[step, start] = curved[step, 1]
    pull = 1 / np.expm1(gaps)
    bend = counts * (pull + pull**2)
    index = np.arange(len(bend) - 1)
    square[index, index] += bend[:-1]
    square[index + 1, index + 1] += bend[:-1]
    square[index, index + 1] -= bend[:-1]
    square[index + 1, index] -= bend[:-1]
    return square
