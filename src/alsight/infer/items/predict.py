"""Traits and totals of people from what was seen of them, and new scores, by a fit of the items model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.special import ndtri

from alsight.infer.fit import Fit
from alsight.infer.items.kernel import weigh
from alsight.infer.items.layout import ItemsValues
from alsight.infer.items.likelihood import draws_of, means, placed_at, spots
from alsight.infer.items.responses import Responses, read_responses
from alsight.models.latent.items import moments, simulate_scores

BLOCK = 2000
"""Rows whose draws stand in memory at once."""


@dataclass(frozen=True)
class _Known:
    """People of a table, and draws of their effects given what was seen."""

    found: Responses
    values: ItemsValues
    effects: Float[np.ndarray, "subject draw effect"]
    weight: Float[np.ndarray, "subject draw"]


def predict_items(fit: Fit, visits: pl.DataFrame, level: float = 0.95) -> pl.DataFrame:
    """Expected total of the items at each row, from everything that was seen of the person.

    Args:
        fit: what `fit_items` returned.
        visits: rows with items inform their person; rows without are only predicted.
        level: coverage of the intervals.

    Returns:
        The rows sorted by person and time with `mean`, `low`, `high` (true course) and `low_seen`, `high_seen` (a new
        total of all items), normal intervals cut at the ends of the scale. Uncertainty of the estimates is not added.

    Raises:
        DataError: a column is missing, or a score or level was never seen.
    """
    known = _known(fit, visits)
    found = known.found
    mean, course, spread = _totals(known)
    width = float(ndtri(0.5 + level / 2))
    least, most = (sum(part[end] for part in found.layout.scores) for end in (0, -1))
    table: dict[str, Any] = {"mean": mean}
    for name, sd in (("", course), ("_seen", np.sqrt(course**2 + spread))):
        table[f"low{name}"] = np.clip(mean - width * sd, least, most)
        table[f"high{name}"] = np.clip(mean + width * sd, least, most)
    return found.table.with_columns(**{name: pl.Series(value) for name, value in table.items()})


def predict_traits(fit: Fit, visits: pl.DataFrame) -> pl.DataFrame:
    """Posterior mean and SD of each person's level and rate of each trait, one row a person and trait.

    Levels are in SDs between people at time 0, rates in these per month.

    Raises:
        DataError: a column is missing, or a score or level was never seen.
        NotConverged: the fit ended neither converged nor at a boundary.
    """
    known = _known(fit.check(boundary=True), visits)
    traits = known.found.layout.traits
    mean = np.einsum("is,ise->ie", known.weight, known.effects)
    sd = np.sqrt(np.einsum("is,ise->ie", known.weight, (known.effects - mean[:, None]) ** 2))
    people = known.found.people
    names = [trait.name for trait in known.found.layout.model.traits]
    return pl.DataFrame(
        {
            known.found.plan.subject: known.found.subjects.gather(np.repeat(np.arange(people), traits)),
            "trait": names * people,
            "level": mean[:, :traits].ravel(),
            "level_sd": sd[:, :traits].ravel(),
            "rate": mean[:, traits:].ravel(),
            "rate_sd": sd[:, traits:].ravel(),
        }
    )


def simulate_items(fit: Fit, key: jax.Array, visits: pl.DataFrame) -> pl.DataFrame:
    """New scores of every item at each row of a table, from new people with the same covariates.

    Raises:
        DataError: a column is missing or a level was never seen.
    """
    found = read_responses(visits.drop(fit.model.items, strict=False), fit.plan, fit.model, predicting=True)
    values, traits = found.layout.values(fit.arrays["working"]), found.layout.traits
    for_effects, *keys = jax.random.split(key, len(found.layout.cuts) + 1)
    drawn = np.asarray(jax.random.normal(for_effects, (found.people, 2 * traits)))
    effects = means(found, values) + drawn @ values.root.T
    time = found.table[found.plan.time].to_numpy().astype(float)
    columns: dict[str, pl.Series] = {}
    for item, name in enumerate(found.layout.model.items):
        d, cuts = found.layout.trait[item], found.layout.cuts[item]
        trait = effects[found.owner, d] + effects[found.owner, traits + d] * time
        scores = np.array(found.layout.scores[item])
        slope, steps = float(values.discrimination[item]), values.steps[item, :cuts]
        columns[name] = pl.Series(name, simulate_scores(keys[item], trait, slope, steps, scores))
    return found.table.with_columns(**columns)


def _known(fit: Fit, visits: pl.DataFrame) -> _Known:
    found = read_responses(visits, fit.plan, fit.model, predicting=True)
    working, layout = fit.arrays["working"], found.layout
    values = layout.values(working)
    effects = 2 * layout.traits
    placed = placed_at(found, working, np.zeros((found.people, effects)))
    drawn = draws_of(found.people, fit.model.draws, effects, fit.model.seed)
    law = (means(found, values), np.linalg.inv(values.root @ values.root.T))
    rows = (found.time, found.item, found.index)
    return _Known(found, values, *weigh(found.start, rows, spots(layout, values), law, placed, drawn, layout.first))


def _totals(known: _Known) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # Mean total of each row, its SD over a person's draws, and the mean variance of the items' scores.
    found, values, layout = known.found, known.values, known.found.layout
    time = found.table[found.plan.time].to_numpy().astype(float)
    parts: list[np.ndarray] = []
    for first in range(0, len(time), BLOCK):
        who, when = found.owner[first : first + BLOCK], time[first : first + BLOCK, None]
        total, spread = np.zeros((len(who), known.weight.shape[1])), np.zeros((len(who), known.weight.shape[1]))
        for item in range(len(layout.cuts)):
            d = layout.trait[item]
            trait = known.effects[who, :, d] + known.effects[who, :, layout.traits + d] * when
            slope, steps = float(values.discrimination[item]), values.steps[item, : layout.cuts[item]]
            mean, variance = moments(trait, slope, steps, np.array(layout.scores[item]))
            total, spread = total + mean, spread + variance
        weight = known.weight[who]
        mean = (weight * total).sum(axis=1)
        sd = np.sqrt((weight * (total - mean[:, None]) ** 2).sum(axis=1))
        parts.append(np.stack([mean, sd, (weight * spread).sum(axis=1)]))
    whole = np.concatenate(parts, axis=1) if parts else np.zeros((3, 0))
    return whole[0], whole[1], whole[2]
