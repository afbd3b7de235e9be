"""Cohort estimates: the noise of the ratings and the rates of loss of a cohort, without people who seem to gain.

Neither can train the null of a reversal, which is that a rate of loss is never negative. Base rates come from the
external reference alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec
import numpy as np
import polars as pl

from alsight.detect.posterior import frequency, posterior_odds, rows_of
from alsight.detect.prior import every_so_many, usable
from alsight.detect.thresholds import Thresholds
from alsight.infer.fit import Fit
from alsight.infer.velocity.fit import fit_velocity
from alsight.models.latent.velocity import Velocity

NOISE: Final = ("sd_noise", "sd_sticky", "sd_log_size", "odds_outlier")
"""Parameters of the noise."""
COURSE: Final = ("level_mean", "log_rate_mean", "sd_level", "sd_log_rate", "corr_level_log_rate", "sd_pace", "memory")
"""Parameters of the courses; with them comes a slow class."""
SLOW: Final = ("odds_slow", "slower")
SLOW_SPREAD: Final = {"sd_log_rate_slow": 0.5}
"""Held: a few hundred people hardly determine it, and where it may fall to nothing the slow class can become one that
never loses at all. Assumed; estimates in virtual cohorts lie about it."""
ENOUGH: Final = 400
"""Most people from whom a cohort's parameters are estimated, spread over all of them; assumed."""
MANY: Final = 200
"""Fewest people from whom rates of loss are estimated, not only the noise; assumed."""
ROUNDS: Final = 3
"""Fits, each without those to whom the one before gives a posterior of recovery over LIKELY."""
LIKELY: Final = 0.3
"""Posterior of a recovery above which a person does not inform the cohort's parameters; assumed."""
PARTICLES: Final = (32, 64)
"""Of the fits on the way, and of the last."""
EVALUATIONS: Final = (256, 1024)


class FitSource(StrEnum):
    """Where rates of loss and the noise of ratings come from."""

    REFERENCE = "reference"
    REFERENCE_NOT_USABLE = "reference, the cohort's fit was not usable"
    NOISE = "noise from the cohort"
    COHORT = "rates and noise from the cohort"
    COHORT_SLOW_CLASS = "rates and noise from the cohort, with a slow class"


@dataclass(frozen=True)
class CohortFit:
    """A fit with the parameters that a cohort determines.

    Attributes:
        fit: the fit, all other parameters as shipped.
        source: where its parameters come from.
        people: people of the cohort who inform it.
    """

    fit: Fit
    source: FitSource
    people: int


def fit_to_cohort(fit: Fit, visits: pl.DataFrame, thresholds: Thresholds) -> CohortFit:
    """The fit with the parameters that a cohort determines, all else as shipped.

    Args:
        fit: natural history on the scale of the visits.
        visits: `subject`, `months`, `score` without missing scores.
        thresholds: fewest people of a cohort.
    """
    some = every_so_many(visits, ENOUGH)
    people = some["subject"].n_unique()
    free = (*NOISE, *COURSE) if people >= MANY else NOISE
    estimated, accepted = fit, some
    for _ in range(ROUNDS):
        estimated = fit_velocity(accepted, model=_with_free(fit, free, PARTICLES[0]))
        if not usable(estimated):
            return CohortFit(fit, FitSource.REFERENCE_NOT_USABLE, people)
        accepted = _without_gains(estimated, some, thresholds)
    estimated = fit_velocity(accepted, model=_with_free(fit, free, PARTICLES[1]))
    if people < MANY:
        return CohortFit(estimated, FitSource.NOISE, people)
    slow = fit_velocity(accepted, model=_with_free(fit, (*free, *SLOW), PARTICLES[1]))
    worth = float(slow.log_likelihood - estimated.log_likelihood) > 0.5 * len(SLOW) * np.log(people)
    if worth and usable(slow):
        return CohortFit(slow, FitSource.COHORT_SLOW_CLASS, people)
    return CohortFit(estimated, FitSource.COHORT, people)


def _with_free(fit: Fit, free: tuple[str, ...], particles: int) -> Velocity:
    """The model with all parameters held at the fit's values but some; with a slow class if that is among them."""
    held = {name: float(value) for name, value in zip(fit.names, fit.estimates, strict=True) if name not in free}
    if SLOW[0] not in free:
        return msgspec.structs.replace(fit.model, held=held, particles=particles, classes=1)
    return msgspec.structs.replace(fit.model, held=held | SLOW_SPREAD, particles=particles, classes=2)


def _without_gains(fit: Fit, visits: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """The visits of those in whom a recovery is not LIKELY."""
    odds = posterior_odds(fit, visits, EVALUATIONS)
    recovery = odds.probability(frequency(odds.log_factor, thresholds).log_odds)
    return rows_of(visits, odds.subjects.filter(recovery <= LIKELY))
