"""The posterior of the truth: smoothed courses of everybody, and the weight of a recovery against none.

Everybody's ratings are weighed with a recovery at an unknown time and without, cheaply at first; those in whom it is
not out of the question again with many more particles. The frequency of recovery comes from all of them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float
from scipy.special import expit

from alsight.base.progress import Progress, silent
from alsight.detect.thresholds import MOST, PEOPLE_BEHIND, RECOVERY, Thresholds
from alsight.infer.fit import Fit
from alsight.infer.velocity.fit import columns_of
from alsight.infer.velocity.people import People, read_people
from alsight.infer.velocity.smooth import Reduction, Smoothed, Spans, smooth_people, weigh

WEIGHINGS: Final = (96, 1024, 8192)
"""Particles of each half in the first, the second and the third weighing."""
DRAWS, MANY = 400, 1536
"""Courses drawn of people without and with a possible recovery."""
POSSIBLE: Final = 2e-3
"""Probability of a recovery from which courses with one are drawn."""
LEAST_RISE: Final = 2.0
"""Rise of a score above an earlier one below which a recovery is not weighed [points]."""
UNWEIGHED: Final = -3.0
"""Log Bayes factor of those who are not weighed: about what no rise says against a recovery."""
_AGAIN: Final = (-4.0, 1.0)
"""Log Bayes factors from which people are weighed a second and a third time."""
_UNSURE: Final = 0.7
"""Monte Carlo error of a log Bayes factor from which it is weighed again in any case."""


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


def frequency(
    log_factor: Float[np.ndarray, " person"], weighed: Bool[np.ndarray, " person"], thresholds: Thresholds
) -> float:
    """Share of people with a recovery, the prior's where the cohort is too small to tell."""
    share = RECOVERY.prior
    if len(log_factor) < thresholds.cohort:
        return share
    factor = np.where(weighed, log_factor, UNWEIGHED)
    for _ in range(200):
        each = expit(factor + np.log(share) - np.log1p(-share))
        ahead = (RECOVERY.prior * PEOPLE_BEHIND + each.sum()) / (PEOPLE_BEHIND + len(each))
        if abs(ahead - share) < 1e-9:
            break
        share = float(ahead)
    return min(share, MOST)


def posterior(
    fit: Fit,
    visits: pl.DataFrame,
    thresholds: Thresholds,
    *,
    share: float | None = None,
    weighings: tuple[int, ...] = WEIGHINGS,
    windows: bool = True,
    progress: Progress = silent,
) -> Posterior:
    """Weigh recovery and draw courses.

    Args:
        fit: natural history on the scale of the visits.
        visits: `subject`, `months` from any origin of the person, `score`; rows without a score extend a course.
        thresholds: what verdicts ask for.
        share: frequency of recovery; estimated where none is given.
        weighings: particles of each half in each weighing.
        windows: whether to tell the loss in every window.
        progress: told how far the work is.
    """
    model = columns_of(fit)
    people = read_people(visits, model, fit.model, predicting=True)
    risen = rises(people.table) >= LEAST_RISE
    if people.count < thresholds.cohort:
        weighings = weighings[-1:]  # few people: everybody with care at once
    log_factor = _factors(fit, visits, people, risen, weighings, progress)
    common = frequency(log_factor, risen, thresholds) if share is None else share
    chance = np.where(risen, expit(log_factor + np.log(common) - np.log1p(-common)), 0.0)
    possible = chance >= POSSIBLE
    progress("drawing courses", 0, 0)
    parts = [
        _drawn(
            fit, visits, people.subjects.filter(group), thresholds, chance[group], recovery=recovery, windows=windows
        )
        for group, recovery in ((~possible, False), (possible, True)) if group.any()
    ]  # fmt: skip
    weights = pl.DataFrame({
        "subject": people.subjects, "log_factor": np.where(risen, log_factor, np.nan), "chance": chance,
    })  # fmt: skip
    rows = pl.concat([_person_rows(part.reductions) for part in parts], how="diagonal")
    return Posterior(
        people=weights.join(rows, on="subject", how="left", maintain_order="left"),
        windows=pl.concat([part.windows for part in parts]),
        courses=pl.concat([part.courses for part in parts]),
        frequency=common,
    )


def rises(table: pl.DataFrame) -> Float[np.ndarray, " person"]:
    """Largest rise of a score above an earlier one of the same person, 0 for none; persons in order."""
    rise = pl.col("score") - pl.col("score").cum_min().over("subject")
    return table.group_by("subject", maintain_order=True).agg(rise.max().fill_null(0.0))["score"].to_numpy()


def _factors(
    fit: Fit,
    visits: pl.DataFrame,
    people: People,
    risen: Bool[np.ndarray, " person"],
    weighings: tuple[int, ...],
    progress: Progress,
) -> Float[np.ndarray, " person"]:
    """Log Bayes factor of a recovery for those who rose, nan for the others."""
    found, error = np.full(people.count, np.nan), np.zeros(people.count)
    among = risen
    for stage, particles in enumerate(weighings):
        progress("weighing recoveries", stage, len(weighings))
        if stage > 0:
            among = (found > _AGAIN[stage - 1]) | ((error > _UNSURE) & (found > _AGAIN[0]))
        if among.any():
            some = read_people(
                rows_of(visits, people.subjects.filter(among)), columns_of(fit), fit.model, predicting=True
            )
            none, gained, found_error = weigh(fit, some, RECOVERY, particles=particles)
            found[np.flatnonzero(among)], error[np.flatnonzero(among)] = gained - none, found_error
    return found


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
    recovery: bool,
    windows: bool,
) -> Smoothed:
    """Courses of some people, reduced."""
    people = read_people(rows_of(visits, subjects), columns_of(fit), fit.model, predicting=True)
    spans = Spans(flat=thresholds.flat, lost=3.0, gained=thresholds.gain) if windows else None
    return smooth_people(
        fit, people, asked_of(thresholds, recovery=recovery), chance if recovery else 0 * chance,
        recovery=RECOVERY if recovery else None, spans=spans, draws=MANY if recovery else DRAWS,
    )  # fmt: skip


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
            Reduction(kind="gain_lost", name=f"lost_{name}", months=months,
                      at_least=thresholds.given_back * thresholds.gain),
            Reduction(kind="held_from", name=f"from_{name}", months=months),
            Reduction(kind="loss_before", name=f"before_{name}", months=months, at_least=thresholds.documented),
        ]  # fmt: skip
    return asked


def _person_rows(reductions: pl.DataFrame) -> pl.DataFrame:
    """One row a person: for each reduction its 5, 50 and 95 % quantiles and the probability of its threshold."""
    wide = reductions.select("subject", "reduction", p="probability", low="q05", mid="q50", high="q95")
    return wide.pivot(on="reduction", index="subject", values=["p", "low", "mid", "high"], maintain_order=True)
