"""Courses of new or known people by a fitted velocity model, with intervals, and new ratings of new people."""

from __future__ import annotations

import math

import jax
import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.special import betaincinv

from alsight.infer.fit import Fit
from alsight.infer.velocity.layout import make_layout
from alsight.infer.velocity.people import read_people
from alsight.infer.velocity.simulate import expected, simulate_fit
from alsight.infer.velocity.smooth import smooth_people
from alsight.models.latent.velocity import SPREADS

DRAWS = 1000
"""Courses drawn for each person."""
HALVINGS = 50
"""Halvings by which the latent level behind an expected score is found."""
WIDEST = 10.0
"""How many SDs of a rating beyond the scale the latent level is looked for."""
MOST = 0.999
"""Largest variance of a score on a bounded scale, as a share of what its mean allows."""


def predict_velocity(fit: Fit, visits: pl.DataFrame, level: float = 0.95) -> pl.DataFrame:
    """Expected score at each row, from everything that was rated of the person.

    Args:
        fit: what `fit_velocity` returned.
        visits: rows with an outcome inform their person; rows without are only predicted.
        level: coverage of the intervals.

    Returns:
        The rows sorted by person and time with `mean`, `low`, `high` (true course) and `low_seen`, `high_seen` (a new
        rating). Intervals are those of a beta law on the scale with the draws' mean and SD; the noise of a new rating
        is that of the average person, and what sticks of earlier errors is not followed.

    Raises:
        DataError: a column is missing, or a score lies outside the scale.
    """
    columns, model = fit.plan, fit.model
    people = read_people(visits, columns, model, predicting=True)
    rows = _kept(visits, [name for name in people.table.columns if name != columns.outcome], columns.time)
    rows = rows.sort(columns.subject, columns.time, maintain_order=True)
    if people.count:
        courses = smooth_people(fit, people, [], np.zeros(people.count), draws=DRAWS).courses
        mean, sd = courses["level"].to_numpy(), courses["level_sd"].to_numpy()
    else:
        mean, sd = np.zeros(0), np.zeros(0)
    noise = _noise(mean, _rating_sd(fit, people.names), model.low, model.high)
    low = high = center = np.clip(mean, model.low, model.high)
    table = {"mean": center}
    for name, variance in (("", sd**2), ("_seen", sd**2 + noise)):
        ends = _beta_ends(center, variance, (model.low, model.high), level)
        # Near a bound a law can be so skewed that its middle part excludes its mean, or a narrower law's end.
        low, high = np.minimum(low, ends[0]), np.maximum(high, ends[1])
        table |= {f"low{name}": low, f"high{name}": high}
    return rows.with_columns(pl.Series(name, values) for name, values in table.items())


def simulate_rows(fit: Fit, key: jax.Array, visits: pl.DataFrame) -> pl.DataFrame:
    """New ratings at each row of a table from new people, with `truth`, the expected score.

    Raises:
        DataError: a column is missing.
    """
    seed = int(jax.random.randint(key, (), 0, np.iinfo(np.int32).max))
    return simulate_fit(fit, visits, seed)


def _kept(visits: pl.DataFrame, needed: list[str], time: str) -> pl.DataFrame:
    # The rows that `read_people` keeps, with all their columns.
    known = [pl.col(name).is_not_null() for name in needed]
    return visits.filter(pl.all_horizontal(known) & pl.col(time).cast(pl.Float64).is_not_nan())


def _rating_sd(fit: Fit, names: tuple[tuple[str, ...], tuple[str, ...]]) -> float:
    """Spread of a rating about its latent level over people and moments [points]."""
    layout = make_layout(fit.model, *names)
    spreads = fit.estimates[layout.spreads].tolist()
    named = dict(zip([parameter.name for parameter in SPREADS], spreads, strict=True))
    share = named["odds_outlier"] / (1 + named["odds_outlier"])
    heavy = 1 + share * (named["times_outlier"] ** 2 - 1)
    size = math.exp(2 * named["sd_log_size"] ** 2)  # mean of a squared log-normal size
    own = size * (named["sd_sticky"] ** 2 + heavy * named["sd_noise"] ** 2)
    return math.sqrt(own + fit.model.grid**2 / 12)


def _noise(mean: Float[np.ndarray, " row"], sd: float, low: float, high: float) -> Float[np.ndarray, " row"]:
    """Variance of a rating cut to its scale whose expected value is given; it shrinks towards the bounds."""
    below, above = np.full(mean.shape, low - WIDEST * sd), np.full(mean.shape, high + WIDEST * sd)
    size = np.full(mean.shape, sd)
    for _ in range(HALVINGS):
        middle = 0.5 * (below + above)
        under = expected(middle, size, low, high) < mean
        below, above = np.where(under, middle, below), np.where(under, above, middle)
    latent = 0.5 * (below + above)
    node, weight = np.polynomial.hermite_e.hermegauss(21)
    scores = np.clip(latent[:, None] + sd * node, low, high)
    share = weight / weight.sum()
    return (scores**2) @ share - (scores @ share) ** 2


def _beta_ends(
    mean: Float[np.ndarray, " row"], variance: Float[np.ndarray, " row"], bounds: tuple[float, float], level: float
) -> tuple[Float[np.ndarray, " row"], Float[np.ndarray, " row"]]:
    """Ends of the middle part of the beta law on a bounded scale with a mean and a variance."""
    low, high = bounds
    share = np.clip((mean - low) / (high - low), 1e-9, 1 - 1e-9)
    most = share * (1 - share)
    spread = np.clip(variance / (high - low) ** 2, 1e-12, MOST * most)
    size = most / spread - 1
    tails = (0.5 - level / 2, 0.5 + level / 2)
    ends = [low + (high - low) * betaincinv(share * size, (1 - share) * size, tail) for tail in tails]
    return ends[0], ends[1]
