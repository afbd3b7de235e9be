"""The posterior of the truth: smoothed courses of everybody, and the weight of a recovery against none.

Everybody's ratings are weighed with a recovery at an unknown time and without, cheaply at first; those who rose and in
whom it is not out of the question again with many more particles. The frequency of recovery comes from all together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float
from scipy.special import expit

from alsight.base.progress import Progress, silent
from alsight.detect.frequency import frequency, given
from alsight.detect.thresholds import RECOVERY, Thresholds
from alsight.infer.fit import Fit
from alsight.infer.velocity.people import read_people
from alsight.infer.velocity.smooth import Reduction, Smoothed, Spans, smooth_people, weigh

WEIGHINGS: Final = (96, 1024, 8192, 32768)
"""Particles of each half in the first weighing and the later ones."""
FEW: Final = 2
"""The weighing that few people, or one, begin with."""
DRAWS: Final = ((0.0, 400), (0.01, 1536), (0.2, 8192))
"""Probabilities of a recovery, and how many courses are drawn from each on; below the second none has a recovery."""
LEAST_RISE: Final = 2.0
"""Rise of a score above an earlier one below which nobody is said to have gained [points]."""
CLEAR_RISE: Final = 4.0
"""Rise from which nobody is judged by the first weighing alone [points]."""
_AGAIN: Final = (-2.0, 4.0, 4.0)
"""Log Bayes factor that must be within reach for a second, a third and a last weighing."""
_REACH: Final = 3.0
"""How many Monte Carlo errors are within reach. The error is at least a quarter of the change from the weighing before:
a few heavy particles can make both halves agree by chance."""
_UNSURE: Final = 0.7
"""Monte Carlo error from which the last weighing is made."""


@dataclass(frozen=True)
class Posterior:
    """What the model says of everybody.

    Attributes:
        people: one row a person: see `_person_row`.
        windows: `subject`, `months`, `start`, `end` [months], `visits`, `mean`, `sd`, `low`, `median`, `high` of the
            loss, and the posteriors `flat`, `lost`, `gained`.
        courses: `subject`, `months`, `score`, `level`, `level_sd`.
        frequency: share of people with a recovery.
    """

    people: pl.DataFrame
    windows: pl.DataFrame
    courses: pl.DataFrame
    frequency: float


@dataclass(frozen=True)
class Weighed:
    """How much speaks for a recovery.

    Attributes:
        subjects: everybody.
        risen: whether a score rose, so that a recovery is possible.
        log_factor: log Bayes factor of a recovery; nan where nobody was weighed.
    """

    subjects: pl.Series
    risen: Bool[np.ndarray, " person"]
    log_factor: Float[np.ndarray, " person"]

    def chance(self, log_odds: Float[np.ndarray, " person"]) -> Float[np.ndarray, " person"]:
        """Posterior probability of a recovery; 0 for those who did not rise or were not weighed.

        Args:
            log_odds: of a recovery before a person's own scores.
        """
        told = self.risen & np.isfinite(self.log_factor)
        return np.where(told, expit(self.log_factor + log_odds), 0.0)


def weighed(
    fit: Fit, visits: pl.DataFrame, weighings: tuple[int, ...] = WEIGHINGS, first: int = 0, progress: Progress = silent
) -> Weighed:
    """Weigh a recovery against none, with ever more particles for those who rose while it is not out of the question.

    Those who did not rise are weighed too, once and never in favor: how common recovery is comes from them as well.

    Args:
        fit: natural history on the scale of the visits.
        visits: `subject`, `months`, `score`.
        weighings: particles of each half in each weighing.
        first: the weighing that everybody begins with.
        progress: told how far the work is.
    """
    people = read_people(visits, fit.plan, fit.model, predicting=True)
    rise = rises(people.table)
    risen = rise >= LEAST_RISE
    found, error = np.full(people.count, np.nan), np.zeros(people.count)
    among = np.ones(people.count, bool)
    for stage, particles in enumerate(weighings[first:], first):
        progress("weighing recoveries", stage, len(weighings))
        if stage > first:
            among = risen & (found + _REACH * error > _AGAIN[stage - 1])
        if stage == first + 1:
            among |= rise >= CLEAR_RISE
        if particles >= WEIGHINGS[-1]:
            among &= error > _UNSURE
        if among.any():
            rows = rows_of(visits, people.subjects.filter(among))
            some = read_people(rows, fit.plan, fit.model, predicting=True)
            none, gained, doubt = weigh(fit, some, RECOVERY, particles=particles)
            changed = np.abs(gained - none - found[among]) / 4
            error[among], found[among] = np.fmax(doubt, changed), gained - none
    return Weighed(people.subjects, risen, np.where(risen, found, np.minimum(found, 0.0)))


def posterior(
    fit: Fit,
    visits: pl.DataFrame,
    thresholds: Thresholds,
    *,
    before: pl.DataFrame | None = None,
    weighings: tuple[int, ...] = WEIGHINGS,
    windows: bool = True,
    progress: Progress = silent,
) -> Posterior:
    """Weigh recovery and draw courses.

    Args:
        fit: natural history on the scale of the visits.
        visits: `subject`, `months` from any origin of the person, `score`; rows without a score extend a course.
        thresholds: what verdicts ask for.
        before: `subject`, `log_odds` of a recovery before a person's own scores, the prior's for whom it lacks; told by
            everybody else where none is given.
        weighings: particles of each half in each weighing.
        windows: whether to tell the loss in every window.
        progress: told how far the work is.
    """
    first = max(min(FEW, len(weighings) - 1), 0) if visits["subject"].n_unique() < thresholds.cohort else 0
    found = weighed(fit, visits, weighings, first, progress)
    subjects = found.subjects
    common = frequency(found.log_factor, thresholds) if before is None else given(before, subjects)
    chance = found.chance(common.log_odds)
    progress("drawing courses", 0, 0)
    edges = [*(least for least, _ in DRAWS[1:]), np.inf]
    tier = np.searchsorted(edges, chance, side="right")
    parts = [
        _drawn(
            fit,
            visits,
            subjects.filter(tier == place),
            thresholds,
            chance[tier == place],
            draws=draws,
            recovery=place > 0,
            windows=windows,
        )
        for place, (_, draws) in enumerate(DRAWS)
        if (tier == place).any()
    ]
    weights = pl.DataFrame(
        {
            "subject": subjects,
            "log_factor": found.log_factor,
            "log_odds": common.log_odds,
            "chance": chance,
        }
    )
    rows = pl.concat([_person_rows(part.reductions) for part in parts], how="diagonal")
    return Posterior(
        people=weights.join(rows, on="subject", how="left", maintain_order="left"),
        windows=pl.concat([part.windows for part in parts]),
        courses=pl.concat([part.courses for part in parts]),
        frequency=common.share,
    )


def rises(table: pl.DataFrame) -> Float[np.ndarray, " person"]:
    """Largest rise of a score above an earlier one of the same person, 0 for none; persons in order."""
    rise = pl.col("score") - pl.col("score").cum_min().over("subject")
    return table.group_by("subject", maintain_order=True).agg(rise.max().fill_null(0.0))["score"].to_numpy()


def rows_of(visits: pl.DataFrame, subjects: pl.Series) -> pl.DataFrame:
    """The rows of some people."""
    return visits.filter(pl.col("subject").is_in(subjects.implode()))


def _drawn(
    fit: Fit,
    visits: pl.DataFrame,
    subjects: pl.Series,
    thresholds: Thresholds,
    chance: Float[np.ndarray, " person"],
    *,
    draws: int,
    recovery: bool,
    windows: bool,
) -> Smoothed:
    """Courses of some people, reduced."""
    people = read_people(rows_of(visits, subjects), fit.plan, fit.model, predicting=True)
    spans = Spans(flat=thresholds.flat, lost=3.0, gained=thresholds.gain) if windows else None
    return smooth_people(
        fit,
        people,
        asked_of(thresholds, recovery=recovery),
        chance if recovery else 0 * chance,
        recovery=RECOVERY if recovery else None,
        spans=spans,
        draws=draws,
    )


def asked_of(thresholds: Thresholds, *, recovery: bool) -> list[Reduction]:
    """What is asked of each course."""
    asked = [
        Reduction(kind="flat_months", name="flat", points=thresholds.flat, at_least=thresholds.flat_months),
        Reduction(kind="flat_from", points=thresholds.flat),
        Reduction(kind="whole_loss", name="loss", at_least=thresholds.loss_points),
        Reduction(kind="late_loss", name="late", months=thresholds.flat_months, at_least=thresholds.loss_points),
    ]
    if not recovery:
        return asked
    for name, months in (("0", 0.0), ("hold", thresholds.hold), ("remission", thresholds.remission)):
        asked += [
            Reduction(kind="held_gain", name=f"none_{name}", months=months, at_least=thresholds.none),
            Reduction(kind="held_gain", name=f"gain_{name}", months=months, at_least=thresholds.gain),
            Reduction(
                kind="gain_lost", name=f"lost_{name}", months=months, at_least=thresholds.given_back * thresholds.gain
            ),
            Reduction(kind="held_from", name=f"from_{name}", months=months),
            Reduction(kind="loss_before", name=f"before_{name}", months=months, at_least=thresholds.documented),
        ]
    return asked


def _person_rows(reductions: pl.DataFrame) -> pl.DataFrame:
    """One row a person: for each reduction its 5, 50 and 95 % quantiles and the probability of its threshold."""
    wide = reductions.select("subject", "reduction", p="probability", low="q05", mid="q50", high="q95")
    return wide.pivot(on="reduction", index="subject", values=["p", "low", "mid", "high"], maintain_order=True)
