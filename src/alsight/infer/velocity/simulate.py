"""Draw people from the velocity model, with the truth behind their scores."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from jaxtyping import Bool, Float
from scipy.special import ndtr

from alsight.base.streams import Stream, subject_key
from alsight.base.streams_numba import normals, uniforms
from alsight.infer.fit import Fit
from alsight.infer.velocity.layout import VelocityLayout, make_layout
from alsight.infer.velocity.people import VelocityColumns, VelocityPeople, read_people
from alsight.models.latent.velocity import SPREADS, Velocity


def simulate_velocity(
    visits: pl.DataFrame, columns: VelocityColumns, model: Velocity, values: dict[str, float], seed: int
) -> pl.DataFrame:
    """Scores of people who are seen at the times of a table.

    Args:
        visits: subject, time and covariates; an outcome, where there is one, is not read.
        columns: which columns mean what.
        model: scale, distance of nodes, classes.
        values: every parameter by its name.
        seed: root of the random numbers; a person's numbers depend on the person's place in the table alone.

    Returns:
        The complete rows, sorted by person and time, with the drawn outcome and `truth`, the expected score.

    Raises:
        DataError: a column is missing.
        KeyError: a parameter has no value.
    """
    blank = visits.with_columns(pl.lit(model.low + model.high).mul(0.5).alias(columns.outcome))
    people = read_people(blank, columns, model)
    layout = make_layout(model, *people.names)
    natural = np.array([values[parameter.name] for parameter in layout.parameters], dtype=float)
    return _drawn(people, layout, natural, columns, seed)


def simulate_fit(fit: Fit, visits: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Scores of people drawn at a fit's estimates, with `truth`; see `simulate_velocity`."""
    columns = fit.plan
    values = dict(zip(fit.names, fit.estimates.tolist(), strict=True))
    return simulate_velocity(visits, columns, fit.model, values, seed)


def wander(
    gap: Float[np.ndarray, " point"],
    opens: Bool[np.ndarray, " point"],
    memory: float,
    fresh: Float[np.ndarray, " point"],
) -> Float[np.ndarray, " point"]:
    """A stationary process with unit variance at points that follow one another, starting anew where one opens."""
    keep = np.where(opens, 0.0, np.exp(-gap / memory))
    scaled = np.sqrt(1 - keep**2) * fresh
    made = np.empty(len(gap))
    now = 0.0
    for index, (share, new) in enumerate(zip(keep.tolist(), scaled.tolist(), strict=True)):
        now = share * now + new
        made[index] = now
    return made


def _drawn(
    people: VelocityPeople,
    layout: VelocityLayout,
    natural: Float[np.ndarray, " parameter"],
    columns: VelocityColumns,
    seed: int,
) -> pl.DataFrame:
    model, batch = layout.model, people.batch
    named = dict(zip([parameter.name for parameter in SPREADS], natural[layout.spreads].tolist(), strict=True))
    luck = uniforms(subject_key(seed, Stream.PERSON, batch.number), 1)[:, 0]
    own = normals(subject_key(seed, Stream.PERSON, batch.number), 3, 1)
    level = people.level @ natural[: layout.level] + named["sd_level"] * own[:, 0]
    corr = named["corr_level_log_rate"]
    away = corr * own[:, 0] + math.sqrt(1 - corr**2) * own[:, 1]
    rate = people.rate @ natural[layout.level : layout.level + layout.rate]
    if model.classes == 2:
        odds, slower, spread = natural[layout.slow]
        slow = luck < odds / (1 + odds)
        rate = rate + np.where(slow, spread * away - slower, named["sd_log_rate"] * away)
    else:
        rate = rate + named["sd_log_rate"] * away
    size = np.exp(named["sd_log_size"] * own[:, 2])
    latent = _levels(people, level, rate, named, seed)
    center = latent + 0.0
    owner = np.repeat(np.arange(people.count), np.diff(batch.visit_start))
    opens = np.diff(owner, prepend=-1) != 0
    slot = np.arange(len(owner)) - batch.visit_start[owner]
    width = people.widths[1]
    keys = subject_key(seed, Stream.RATING, batch.number)
    sticky, fresh = (normals(keys, width, start)[owner, slot] for start in (0, width))
    chance = uniforms(keys, width, 2 * width)[owner, slot]
    p_out = named["odds_outlier"] / (1 + named["odds_outlier"])
    noise = named["sd_sticky"] * wander(batch.gap, opens, named["stickiness"], sticky)
    noise += named["sd_noise"] * fresh * np.where(chance < p_out, named["times_outlier"], 1.0)
    score = center[batch.node_start[owner] + batch.node] + size[owner] * noise
    if model.grid > 0:
        score = model.low + model.grid * np.rint((score - model.low) / model.grid)
    drawn = np.clip(score, model.low, model.high)
    heavy = 1 + p_out * (named["times_outlier"] ** 2 - 1)
    total = np.sqrt(named["sd_sticky"] ** 2 + named["sd_noise"] ** 2 * heavy)
    each = np.repeat(np.arange(people.count), np.diff(batch.node_start))
    truth = expected(latent, size[each] * total, model.low, model.high)
    return people.table.with_columns(pl.Series(columns.outcome, drawn), pl.Series("truth", truth[people.row_node]))


def _levels(
    people: VelocityPeople,
    level: Float[np.ndarray, " subject"],
    rate: Float[np.ndarray, " subject"],
    named: dict[str, float],
    seed: int,
) -> Float[np.ndarray, " node"]:
    """Latent level at every node."""
    batch = people.batch
    owner = np.repeat(np.arange(people.count), np.diff(batch.node_start))
    opens = np.diff(owner, prepend=-1) != 0
    slot = np.arange(len(owner)) - batch.node_start[owner]
    fresh = normals(subject_key(seed, Stream.COURSE, batch.number), people.widths[0])[owner, slot]
    pace = named["sd_pace"] * wander(batch.step, opens, named["memory"], fresh)
    speed = np.exp(rate[owner] - 0.5 * named["sd_pace"] ** 2 + pace)
    lost = np.cumsum(np.where(opens, 0.0, 0.5 * batch.step * (speed + np.roll(speed, 1))))
    return level[owner] - (lost - lost[batch.node_start[:-1]][owner])


def expected(
    level: Float[np.ndarray, "*shape"], spread: Float[np.ndarray, "*shape"], low: float, high: float
) -> Float[np.ndarray, "*shape"]:
    """Mean of a score cut to its range, for normal noise of this spread about the latent level."""
    spread = np.maximum(spread, 1e-12)
    a, b = (low - level) / spread, (high - level) / spread
    inside = ndtr(b) - ndtr(a)
    edges = (np.exp(-0.5 * a**2) - np.exp(-0.5 * b**2)) / math.sqrt(2 * math.pi)
    return low * ndtr(a) + high * ndtr(-b) + level * inside + spread * edges
