"""What each source of variation leaves in the tables of variation: simulated people, one source at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from alsight.cohort.cohort import Cohort
from alsight.cohort.ratings import Ratings, on_scale, ratings
from alsight.cohort.tables import VISITS as VISITS_TABLE
from alsight.summary.variation import run_lengths, slope_correlation, variogram

PEOPLE, VISITS, GAP_DAYS = 4000, 9, 91
MONTHS = GAP_DAYS / (365.25 / 12)

Scores = np.ndarray


def schedule(scores: Scores) -> Ratings:
    """Ratings of people seen every 91 days, from a table of scores, people by visits."""
    people, visits = scores.shape
    names = pl.Series("subject", [f"s{number:06d}" for number in range(people)])
    rows = pl.DataFrame(
        {
            "subject": names.gather(np.repeat(np.arange(people), visits)),
            "day": np.tile(np.arange(visits) * GAP_DAYS, people),
            "scale": pl.repeat("alsfrs_r", people * visits, eager=True),
            "alsfrs_r_total": scores.ravel(),
        }
    )
    absent = (pl.lit(None, kind).alias(name) for name, kind in VISITS_TABLE.schema.items() if name not in rows.columns)
    return on_scale(ratings(Cohort(subjects=names.to_frame(), visits=rows.with_columns(absent))), "alsfrs_r")


def steady(generator: np.random.Generator) -> Scores:
    """Straight decline at a personal rate, gamma with mean 0.9 and coefficient of variation 0.7."""
    rate = generator.gamma(0.7**-2, 0.9 * 0.7**2, (PEOPLE, 1))
    return 40 - rate * np.arange(VISITS) * MONTHS


def wandering(generator: np.random.Generator) -> Scores:
    """The same mean rates, whose logarithm wanders (SD 1, forgotten over 12 months)."""
    mean = generator.gamma(0.7**-2, 0.9 * 0.7**2, (PEOPLE, 1))
    memory = np.exp(-MONTHS / 12)
    log = np.empty((PEOPLE, VISITS - 1))
    log[:, 0] = generator.standard_normal(PEOPLE)
    for visit in range(1, VISITS - 1):
        log[:, visit] = memory * log[:, visit - 1] + np.sqrt(1 - memory**2) * generator.standard_normal(PEOPLE)
    lost = np.cumsum(mean * np.exp(log - 0.5) * MONTHS, axis=1)
    return 40 - np.concatenate([np.zeros((PEOPLE, 1)), lost], axis=1)


def noise(generator: np.random.Generator, size: float) -> Scores:
    return size * generator.standard_normal((PEOPLE, VISITS))


def sticky(generator: np.random.Generator) -> Scores:
    """A steady course rated with an error of SD 1.8; the last rating is kept until off by 2.5 points or more."""
    felt = steady(generator) + noise(generator, 1.8)
    supplied = np.rint(felt)
    for visit in range(1, VISITS):
        moved = np.abs(felt[:, visit] - supplied[:, visit - 1]) >= 2.5
        supplied[:, visit] = np.where(moved, np.rint(felt[:, visit]), supplied[:, visit - 1])
    return supplied


SOURCES: dict[str, Callable[[np.random.Generator], Scores]] = {
    "steady rates, rounding only": lambda g: np.rint(steady(g)),
    "independent noise, SD 1.8": lambda g: np.rint(steady(g) + noise(g, 1.8)),
    "sticky ratings": sticky,
    "wandering rate, rounding only": lambda g: np.rint(wandering(g)),
    "wandering rate and noise, SD 1.8": lambda g: np.rint(wandering(g) + noise(g, 1.8)),
}
"""One source of variation each, scores rounded to whole points."""


def marks(source: str) -> list[float]:
    """SD about the own line at 3, 12, 24 months; how often a run goes on after 1 and 3 visits; slope correlations."""
    course = schedule(SOURCES[source](np.random.default_rng(2016)))
    line = variogram(course).filter(of="own_line")
    runs = run_lengths(course)
    slopes = slope_correlation(course)["correlation"]
    sd = [line.filter(lag_months=lag)["sd"][0] for lag in (3, 12, 24)]
    return [*sd, runs.filter(visits=1)["goes_on"][0], runs.filter(visits=3)["goes_on"][0], slopes[0], slopes[1]]
