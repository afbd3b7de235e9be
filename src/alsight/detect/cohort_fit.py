"""Cohort estimates: noise of the ratings and rates of loss by partial pooling towards the reference.

The estimates maximize the likelihood of a cohort's visits times a prior about the reference, from one person on: a few
people move it little, many move it as far as they ask. Visits under a therapy on trial do not inform it, nor do people
who seem to have gained. Where the estimates lie outside what the prior makes plausible, the rates of the reference
stand, and its noise too where that of the cohort is not plausible either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import msgspec
import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.stats import chi2

from alsight.detect.posterior import frequency, posterior_odds, rows_of
from alsight.detect.prior import some_of
from alsight.infer.fit import Fit
from alsight.infer.velocity.layout import VelocityLayout, make_layout
from alsight.infer.velocity.likelihood import blank_memos, score
from alsight.infer.velocity.people import VelocityPeople, read_people

PRIOR: Final[dict[str, float]] = {
    "level_mean": 4.0,
    "log_rate_mean": 0.5,
    "sd_level": 0.3,
    "sd_log_rate": 0.6,
    "corr_level_log_rate": 0.3,
    "sd_pace": 0.4,
    "sd_noise": 0.7,
    "sd_sticky": 0.5,
    "sd_log_size": 0.5,
}
"""SD of each estimate of a cohort about the reference: of logs, but of points for the level and of the arc hyperbolic
tangent for the correlation; all else is held. Assumed."""
NOISE: Final = ("sd_noise", "sd_sticky", "sd_log_size")
"""Estimates that remain the cohort's where its courses are not plausible: visits under any therapy inform them."""
ENOUGH: Final = 400
"""Most people from whom a cohort's parameters are estimated, spread over all of them; assumed."""
LIKELY: Final = 0.3
"""Posterior of a recovery above which a person does not inform the cohort's parameters; assumed."""
STEPS: Final = (8, 12)
"""Steps of the estimate, before and after those who gained are found with it."""
PARTICLES: Final = 64
AVERAGED: Final = 5
"""Last steps that are averaged, so that the draws' noise averages out."""
LONGEST: Final = 0.5
"""Longest step, in SDs of the prior."""
EVALUATIONS: Final = (256, 1024)
PLAUSIBLE: Final = 0.95
"""Probability of the region about the reference in which a cohort's estimates are plausible."""


class FitSource(StrEnum):
    """Where rates of loss and the noise of ratings come from."""

    REFERENCE = "reference"
    IMPLAUSIBLE = "reference, the cohort's estimates were not plausible"
    NOISE = "rates of the reference, noise of the cohort pooled with the reference"
    TREATED = "reference, hardly any visit was untreated"
    POOLED = "cohort, pooled with the reference"


@dataclass(frozen=True)
class CohortFit:
    """A fit with the parameters that a cohort determines.

    Attributes:
        fit: the fit, all other parameters as shipped.
        source: where its parameters come from.
        people: people of the cohort who inform it.
        departure: squared distance from the reference in SDs of what is plausible; nan where nothing was estimated.
        limit: the distance above which the reference stands.
    """

    fit: Fit
    source: FitSource
    people: int
    departure: float = float("nan")
    limit: float = float("nan")


def fit_to_cohort(fit: Fit, visits: pl.DataFrame) -> CohortFit:
    """The fit with the parameters that a cohort determines, all else as shipped.

    Args:
        fit: natural history on the scale of the visits.
        visits: `subject`, `months`, `score` of visits that may inform natural history, without missing scores.
    """
    some = some_of(visits, ENOUGH)
    if some.is_empty():
        return CohortFit(fit, FitSource.TREATED if len(visits) else FitSource.REFERENCE, 0)
    pooled, accepted = fit, some
    departure = limit = float("nan")
    for steps in STEPS:
        accepted = _without_gains(pooled, some)
        if accepted.is_empty():
            return CohortFit(fit, FitSource.IMPLAUSIBLE, 0)
        pooled, departure, limit = _pooled(fit, accepted, steps, tuple(PRIOR))
    people = accepted["subject"].n_unique()
    if departure <= limit:
        return CohortFit(pooled, FitSource.POOLED, people, departure, limit)
    pooled, by_noise, noise_limit = _pooled(fit, accepted, STEPS[-1], NOISE)
    if by_noise <= noise_limit:
        return CohortFit(pooled, FitSource.NOISE, people, departure, limit)
    return CohortFit(fit, FitSource.IMPLAUSIBLE, people, departure, limit)


def _without_gains(fit: Fit, visits: pl.DataFrame) -> pl.DataFrame:
    """The visits of those in whom a recovery is not LIKELY."""
    odds = posterior_odds(fit, visits, EVALUATIONS)
    recovery = odds.probability(frequency(odds.log_factor).log_odds)
    return rows_of(visits, odds.subjects.filter(recovery <= LIKELY))


def _pooled(fit: Fit, visits: pl.DataFrame, steps: int, estimated: tuple[str, ...]) -> tuple[Fit, float, float]:
    """The mode of the posterior of the parameters, how far it lies from the reference, and how far it may.

    The squared distance is counted in SDs of the prior. Were the parameters of a cohort drawn from the prior, their
    estimate would vary less than they do, so that the chi-squared limit is passed by at most 5 % of cohorts.
    """
    people = read_people(visits, fit.plan, fit.model, predicting=True)
    layout = make_layout(fit.model, *people.names)
    names = [parameter.name for parameter in layout.parameters]
    free = np.array([name in estimated for name in names])
    model = msgspec.structs.replace(fit.model, held={name: 0.0 for name in names if name not in estimated})
    layout = replace(layout, model=model)
    center = make_layout(msgspec.structs.replace(fit.model, held={}), *people.names).working(fit.estimates)
    spread = np.array([PRIOR[name] for name in names if name in estimated])
    working = _climb(people, layout, center, free, spread, steps, fit.model.seed)
    away = (working - center)[free]
    departure = float(((away / spread) ** 2).sum())
    pooled = replace(fit, estimates=layout.natural(working))
    return pooled, departure, float(chi2.ppf(PLAUSIBLE, len(spread)))


def _climb(
    people: VelocityPeople,
    layout: VelocityLayout,
    center: Float[np.ndarray, " parameter"],
    free: np.ndarray,
    spread: Float[np.ndarray, " free"],
    steps: int,
    root: int,
) -> Float[np.ndarray, " parameter"]:
    """Steps to the mode with fresh draws each time; the last are averaged."""
    working, memos = center.copy(), blank_memos(people, layout)
    places: list[np.ndarray] = []
    square = np.zeros((len(spread), len(spread)))
    low, high = layout.limits()
    for step in range(steps):
        found = score(people, layout, layout.natural(working), PARTICLES, root + step, memos)
        gradient = found.gradient()[free] - (working - center)[free] / spread**2
        square += found.outer()[np.ix_(free, free)]
        change = np.linalg.solve(square / (step + 1) + np.diag(1.0 / spread**2), gradient)
        change *= min(1.0, LONGEST / max(float(np.abs(change / spread).max()), 1e-12))
        working[free] += change
        working = np.clip(working, low, high)
        places.append(working.copy())
    return np.mean(places[-AVERAGED:], axis=0)
