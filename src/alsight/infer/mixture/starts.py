"""Where the search of a mixture begins: people grouped by their own courses, in several ways."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from alsight.base.streams import Stream, subject_key, uniform
from alsight.infer.fit import Fit
from alsight.models.latent.mixture import Mixture
from alsight.models.model import Columns

ROUNDS = 25
"""Rounds of Lloyd's algorithm that group people."""
SHRINK = 0.6
"""Spread within a group relative to the spread of all, at the start."""


def starts(
    single: Fit, effects: Float[np.ndarray, "subject random"], columns: Columns, model: Mixture
) -> Float[np.ndarray, "start parameter"]:
    """Natural parameters to begin from: a fit of one class, its people grouped by their predicted random effects.

    The first start groups by quantiles of the effect that orders the classes; the others begin Lloyd's algorithm at
    random people.

    Args:
        single: the one-class fit by maximum likelihood.
        effects: its people's random effects.
        columns: names of the designs.
        model: number of classes and starts.
    """
    found = [_vector(single, effects, _quantiles(effects, columns, model), columns, model)]
    scaled = effects / np.maximum(effects.std(axis=0), 1e-12)
    for number in range(1, model.starts):
        groups = _grouped(scaled, model, number)
        found.append(_vector(single, effects, groups, columns, model))
    return np.stack(found)


def _quantiles(effects: Float[np.ndarray, "subject random"], columns: Columns, model: Mixture) -> Int[np.ndarray, "*_"]:
    place = columns.random.index(model.time) if model.time in columns.random else 0
    rank = np.argsort(np.argsort(effects[:, place], kind="stable"))
    return rank * model.classes // len(effects)


def _grouped(scaled: Float[np.ndarray, "subject random"], model: Mixture, number: int) -> Int[np.ndarray, "*_"]:
    keys = subject_key(model.seed, Stream.FIT, np.arange(model.classes, dtype=np.uint64))
    drawn = uniform(keys, np.full(model.classes, number, dtype=np.uint64))
    centers = scaled[(drawn * len(scaled)).astype(int)]
    groups = np.zeros(len(scaled), dtype=int)
    for _ in range(ROUNDS):
        groups = ((scaled[:, None] - centers) ** 2).sum(axis=-1).argmin(axis=1)
        inside = groups[:, None] == np.arange(model.classes)
        sizes = inside.sum(axis=0)
        moved = (inside.T.astype(float) @ scaled) / np.maximum(sizes, 1)[:, None]
        centers = np.where(sizes[:, None] > 0, moved, centers)
    return groups


def _vector(
    single: Fit,
    effects: Float[np.ndarray, "subject random"],
    groups: Int[np.ndarray, "*_"],
    columns: Columns,
    model: Mixture,
) -> Float[np.ndarray, "*_ parameter"]:
    # Each class takes the one-class course, moved by its people's mean effects where an effect has a fixed twin.
    count, random = model.classes, len(columns.random)
    fixed = np.tile(single.estimates[: len(columns.fixed)], (count, 1))
    inside = groups[:, None] == np.arange(count)
    shift = (inside.T.astype(float) @ effects) / np.maximum(inside.sum(axis=0), 1)[:, None]
    twins = {("intercept" if name == "Intercept" else name): spot for spot, name in enumerate(columns.fixed)}
    for place, name in enumerate(columns.random):
        if name in twins and columns.fixed[twins[name]] not in model.common:
            fixed[:, twins[name]] += shift[:, place]
    size = random * (random + 1) // 2
    spread = single.estimates[len(columns.fixed) : len(columns.fixed) + size].copy()
    sd = float(single.estimates[len(columns.fixed) + size])
    spread[:random] = np.maximum(SHRINK * spread[:random], 0.02 * sd)
    spread[random:] = np.clip(np.nan_to_num(spread[random:]), -0.8, 0.8)
    share = np.log(np.maximum(inside.sum(axis=0), 1.0))
    logit = np.zeros((count, len(columns.noise)))
    if "Intercept" in columns.noise:
        logit[:, columns.noise.index("Intercept")] = share - share[0]
    own = np.array([name not in model.common for name in columns.fixed])
    blocks = count if model.spread == "own" else 1
    parts = (fixed[:, own].ravel(), fixed[0, ~own], np.tile(spread, blocks), [sd], logit[1:].ravel())
    return np.concatenate(parts)
