"""What a cohort tells of itself: the noise of its ratings, and how its people lose, without those who seem to gain.

Neither can train the null of a reversal, which is that a rate of loss is never negative. What counts as usual comes
from the external reference alone.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import polars as pl

from alsight.detect.frequency import frequency
from alsight.detect.posterior import rows_of, weighed
from alsight.detect.prior import every_so_many, usable
from alsight.detect.thresholds import Thresholds
from alsight.infer.fit import Fit
from alsight.infer.velocity.fit import fit_velocity
from alsight.models.velocity import Velocity

NOISE: Final = ("sd_noise", "sd_sticky", "sd_log_size", "odds_outlier")
"""Parameters of the noise."""
COURSE: Final = ("level_mean", "log_rate_mean", "sd_level", "sd_log_rate", "corr_level_log_rate", "sd_pace", "memory")
"""Parameters of the courses; with them comes a slow class."""
SLOW: Final = ("odds_slow", "slower")
SLOW_SPREAD: Final = {"sd_log_rate_slow": 0.5}
"""Held: a few hundred people hardly tell it, and where it may fall to nothing the slow class can become one that never
loses at all. Assumed; estimates in virtual cohorts lie about it."""
ENOUGH: Final = 400
"""Most people from whom a cohort's own numbers are estimated, spread over all of them; assumed."""
MANY: Final = 200
"""Fewest people who tell how a cohort loses, not only of its noise; assumed."""
ROUNDS: Final = 3
"""Fits, each without those to whom the one before gives a chance of recovery over LIKELY."""
LIKELY: Final = 0.3
"""Chance of a recovery from which somebody does not inform the cohort's own numbers; assumed."""
PARTICLES: Final = (32, 64)
"""Of the fits on the way, and of the last."""
WEIGHINGS: Final = (256, 1024)


def with_own(fit: Fit, visits: pl.DataFrame, asked: Thresholds) -> tuple[Fit, str]:
    """The fit with what a cohort tells of itself, all else as shipped, and what was done in words.

    Args:
        fit: natural history on the scale of the visits.
        visits: `subject`, `months`, `score` without missing scores.
        asked: thresholds.
    """
    some = every_so_many(visits, ENOUGH)
    people = some["subject"].n_unique()
    free = (*NOISE, *COURSE) if people >= MANY else NOISE
    own, kept = fit, some
    for _ in range(ROUNDS):
        own = fit_velocity(kept, model=_with_free(fit, free, PARTICLES[0]))
        if not usable(own):
            return fit, f"The reference gives rates and noise: {people} people did not tell the cohort's own."
        kept = _without_gains(own, some, asked)
    own = fit_velocity(kept, model=_with_free(fit, free, PARTICLES[1]))
    if people < MANY:
        return own, f"The noise of ratings comes from {people:,} people of this cohort; all else is the reference."
    slow = fit_velocity(kept, model=_with_free(fit, (*free, *SLOW), PARTICLES[1]))
    worth = float(slow.log_likelihood - own.log_likelihood) > 0.5 * len(SLOW) * np.log(people)
    if worth and usable(slow):
        own = slow
    told = "with" if own is slow else "without"
    return own, (
        f"How people lose and the noise of ratings are estimated from {people:,} people of this cohort, {told} a slow "
        "class; all else is the reference."
    )


def _with_free(fit: Fit, free: tuple[str, ...], particles: int) -> Velocity:
    """The model with all parameters held at the fit's values but some; with a slow class if that is among them."""
    held = {name: float(value) for name, value in zip(fit.names, fit.estimates, strict=True) if name not in free}
    if SLOW[0] not in free:
        return msgspec.structs.replace(fit.model, held=held, particles=particles, classes=1)
    return msgspec.structs.replace(fit.model, held=held | SLOW_SPREAD, particles=particles, classes=2)


def _without_gains(fit: Fit, visits: pl.DataFrame, asked: Thresholds) -> pl.DataFrame:
    """The visits of those in whom a recovery is not LIKELY."""
    found = weighed(fit, visits, WEIGHINGS)
    chance = found.chance(frequency(found.log_factor, asked).log_odds)
    return rows_of(visits, found.subjects.filter(chance <= LIKELY))
