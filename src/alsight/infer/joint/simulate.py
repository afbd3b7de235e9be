"""Simulate visits and events from a joint model: event times by inversion of the cumulative hazard on a fine grid."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np
import polars as pl
from jaxtyping import Float

from alsight.infer.design import encode
from alsight.infer.fit import Fit
from alsight.infer.joint.features import JointFrame, designs, first_rows, times
from alsight.infer.joint.parameters import JointValues, unpack
from alsight.infer.joint.plan import layout_of
from alsight.infer.joint.predict import padded_times, with_landmark

GRID = 400
"""Steps into which the follow-up is cut to invert the cumulative hazard; linear in between."""
SHORTEST = 1e-9
"""Least follow-up of a person whose only visit is at time 0, as a share of the longest."""


@dataclass(frozen=True)
class Simulated:
    """What a simulation returns.

    Attributes:
        visits: the planned visits of each person until the end of follow-up, with the outcome.
        people: the people with `end` and `event` (0 none, 1 ... cause).
        effects: random effects, the hidden truth.
    """

    visits: pl.DataFrame
    people: pl.DataFrame
    effects: Float[np.ndarray, "subject random"]


def simulate_joint(
    key: jax.Array,
    frame: JointFrame,
    values: JointValues,
    covariates: Float[np.ndarray, "subject covariate"],
    schedule: Float[np.ndarray, " visit"],
    censored: Float[np.ndarray, " subject"],
) -> Simulated:
    """Draw courses, events and measured values for the people of a frame.

    Args:
        key: decides every number.
        frame: model, formulas and people (one row each, with a `subject` column).
        values: parameters.
        covariates: the hazards' covariates, as the fit codes them.
        schedule: planned visit times.
        censored: time at which each person's follow-up ends if nothing happens [above 0].
    """
    effect_key, event_key, cause_key, noise_key = jax.random.split(key, 4)
    count, size = frame.people.height, values.factor.shape[0]
    effects = np.asarray(jax.random.normal(effect_key, (count, size))) @ values.factor.T
    end, cause = _events(event_key, cause_key, frame, values, covariates, effects, censored)
    when = np.broadcast_to(schedule, (count, len(schedule)))
    fixed, random = designs(frame, when)
    mean = fixed @ values.fixed + np.einsum("ntq,nq->nt", random, effects)
    outcome = mean + values.sd * np.asarray(jax.random.normal(noise_key, mean.shape))
    people = frame.people.with_columns(pl.Series("end", end), pl.Series("event", cause))
    index = np.repeat(np.arange(count), len(schedule))
    visits = people[index].with_columns(
        pl.Series(frame.time, when.ravel()), pl.Series(frame.encoding.outcome, outcome.ravel())
    )
    return Simulated(visits.filter(pl.col(frame.time) <= pl.col("end")), people, effects)


def simulate_visits(
    fit: Fit, key: jax.Array, visits: pl.DataFrame, *, people: pl.DataFrame | None = None
) -> pl.DataFrame:
    """New outcomes at the rows of a table from new people, and when and by what each one's follow-up ended.

    Args:
        fit: what `fit_joint` returned.
        key: decides every number.
        visits: planned visits; no one is followed beyond the last of them.
        people: one row a person with the hazard's covariates; without it they are read from each first visit.

    Returns:
        The rows with the outcome, null after the event, and the fit's columns of the end of follow-up and of the event.

    Raises:
        DataError: a column is missing or a level was never seen.
    """
    plan, layout = fit.plan, layout_of(fit)
    rows = encode(fit.record.encoding, visits)
    if not len(rows.subjects):
        return rows.table.with_columns(pl.lit(0.0).alias(plan.end), pl.lit(0.0).alias(plan.event))
    when, place = padded_times(rows, plan)
    count = len(when)
    covariates = plan.covariates(with_landmark(rows, plan, np.zeros(count), people)) - fit.arrays["centers"]
    knots, horizon = tuple(float(knot) for knot in fit.arrays["knots"]), float(fit.arrays["horizon"])
    frame = JointFrame(fit.model, rows.encoding, plan.time, first_rows(rows), knots, horizon)
    values, last = unpack(layout, fit.arrays["working"]), np.maximum(when.max(axis=1), SHORTEST * horizon)
    effect_key, event_key, cause_key, noise_key = jax.random.split(key, 4)
    effects = np.asarray(jax.random.normal(effect_key, (count, layout.random))) @ values.factor.T
    end, cause = _events(event_key, cause_key, frame, values, covariates, effects, last)
    fixed, random = designs(frame, when)
    drawn = fixed @ values.fixed + np.einsum("ntq,nq->nt", random, effects)
    drawn = drawn + values.sd * np.asarray(jax.random.normal(noise_key, drawn.shape))
    outcome = np.where(when <= end[:, None], drawn, np.nan)[rows.owner, place]
    return rows.table.with_columns(
        pl.Series(plan.end, end[rows.owner]),
        pl.Series(plan.event, cause[rows.owner]),
        pl.Series(rows.encoding.outcome, outcome).fill_nan(None),
    )


def _events(
    event_key: jax.Array,
    cause_key: jax.Array,
    frame: JointFrame,
    values: JointValues,
    covariates: Float[np.ndarray, "subject covariate"],
    effects: Float[np.ndarray, "subject random"],
    censored: Float[np.ndarray, " subject"],
) -> tuple[Float[np.ndarray, " subject"], Float[np.ndarray, " subject"]]:
    count = len(censored)
    step = float(censored.max()) / GRID
    middle = np.broadcast_to((np.arange(GRID) + 0.5) * step, (count, GRID))
    at = times(frame, middle, np.full((count, GRID), np.log(step)))
    rates: list[np.ndarray] = []
    for hazard in values.hazards:
        course = at.fixed @ values.fixed + np.einsum("ntkq,nq->ntk", at.random, effects)
        level = at.basis @ hazard.baseline + course @ hazard.association + (covariates @ hazard.covariates)[:, None]
        rates.append(np.exp(level + at.log_weight))
    total = np.cumsum(np.sum(rates, axis=0), axis=1)
    target = np.asarray(jax.random.exponential(event_key, (count,)))
    place = (total < target[:, None]).sum(axis=1)
    reached = np.minimum(place, GRID - 1)
    before = np.where(reached > 0, total[np.arange(count), reached - 1], 0.0)
    inside = (target - before) / np.maximum(total[np.arange(count), reached] - before, 1e-300)
    died = np.where(place < GRID, (reached + inside) * step, np.inf)
    shares = np.stack([rate[np.arange(count), reached] for rate in rates], axis=1)
    drawn = np.asarray(jax.random.uniform(cause_key, (count, 1)))
    which = 1 + (np.cumsum(shares, axis=1) / shares.sum(axis=1, keepdims=True) < drawn).sum(axis=1)
    return np.minimum(died, censored), np.where(died <= censored, which, 0).astype(float)
