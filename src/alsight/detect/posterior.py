"""The posterior of the true course: smoothed courses of all people, and the odds of a recovery.

All ratings are evaluated with a recovery at an unknown time and without, cheaply at first; those of people who rose and
in whom a recovery is not out of the question again with many more particles.

The frequency of recovery in a cohort is not estimated but integrated out. A person's posterior odds of a recovery are
then, exactly, the Bayes factor times the expected frequency over the expected rest, both given everyone else, so that
no one is assessed by a frequency of their own making.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float
from scipy.special import expit, log_expit, logit, logsumexp

from alsight.base.progress import Progress, silent
from alsight.detect.thresholds import DURATIONS, MOST, PEOPLE_BEHIND, RECOVERY, Thresholds, held_months, tolerated
from alsight.infer.fit import Fit
from alsight.infer.velocity.people import read_people
from alsight.infer.velocity.smooth import Reduction, Smoothed, Spans, smooth_people, weigh

EVALUATIONS: Final = (96, 1024, 8192, 32768)
"""Particles of each half in the first evaluation and the later ones."""
DRAWS: Final = ((0.0, 400), (0.01, 1536), (0.2, 8192))
"""Posteriors of a recovery, and how many courses are drawn from each on; below the second none has a recovery."""
LEAST_RISE: Final = 2.0
"""Rise of a score above an earlier one below which a recovery is ruled out [points]."""
CLEAR_RISE: Final = 4.0
"""Rise from which the first evaluation alone never decides [points]."""
_AGAIN: Final = (-2.0, 4.0, 4.0)
"""Log Bayes factor that must be within reach for a second, a third and a last evaluation."""
_REACH: Final = 3.0
"""Monte Carlo errors within reach. The error is at least a quarter of the change from the evaluation before: a few
heavy particles can make both halves agree by chance."""
_UNSURE: Final = 0.7
"""Monte Carlo error from which the last evaluation is made."""
_ODDS: Final = ("subject", "log_bayes_factor", "prior_log_odds", "posterior_recovery")
"""Columns of the odds of a recovery."""
_LOST_IN_WINDOW: Final = 3.0
"""Loss in a window whose posterior is reported [points]."""
_DIGITS: Final = 9
"""Decimals of a posterior; sums of the draws' weights are equal to fewer than 15."""
LOWEST_ODDS: Final = -24.0
"""Log odds of the lowest frequency of recovery that is evaluated."""
POINTS: Final = 600
"""Frequencies that are evaluated, equally far apart in log odds."""
_TOGETHER: Final = 4096
"""People whose odds are added up at a time."""
_NEGLIGIBLE: Final = 40.0
"""Log weight below the heaviest from which a frequency is not evaluated again."""


@dataclass(frozen=True)
class CohortPosterior:
    """Posterior of the true courses in a cohort.

    Attributes:
        people: one row a subject: `subject`, `log_bayes_factor`, `prior_log_odds`, `posterior_recovery` and the columns
            of `REDUCED`; see `evidence.EVIDENCE`.
        windows: `subject`, `months`, `latest` (whether it stands for the periods that end at the last visit), `start`,
            `end` [months], `visits`, `mean`, `sd`, `low`, `median`, `high` of the loss, and the posteriors `flat`,
            `lost`, `gained`, `losing`.
        courses: `subject`, `months`, `score`, `level`, `level_sd`.
        frequency: share of people with a recovery [0-1].
    """

    people: pl.DataFrame
    windows: pl.DataFrame
    courses: pl.DataFrame
    frequency: float


@dataclass(frozen=True)
class PosteriorOdds:
    """Evidence for a recovery in each person.

    Attributes:
        subjects: the people.
        risen: whether a score rose, so that a recovery is possible.
        log_factor: log Bayes factor of a recovery; nan where it was not evaluated.
    """

    subjects: pl.Series
    risen: Bool[np.ndarray, " person"]
    log_factor: Float[np.ndarray, " person"]

    def probability(self, log_odds: Float[np.ndarray, " person"]) -> Float[np.ndarray, " person"]:
        """Posterior probability of a recovery [0-1]; 0 for those who did not rise or were not evaluated.

        Args:
            log_odds: of a recovery before a person's own scores.
        """
        possible = self.risen & np.isfinite(self.log_factor)
        return np.where(possible, expit(self.log_factor + log_odds), 0.0)


def posterior_odds(
    fit: Fit,
    visits: pl.DataFrame,
    evaluations: tuple[int, ...] = EVALUATIONS,
    *,
    progress: Progress = silent,
) -> PosteriorOdds:
    """Evaluate a recovery against none, with ever more particles for those who rose while it is not ruled out.

    Those who did not rise are evaluated too, once and never in favor: the frequency of recovery rests on them as well.

    Args:
        fit: natural history on the scale of the visits.
        visits: `subject`, `months`, `score`.
        evaluations: particles of each half in each evaluation.
        progress: called with how far the work is.
    """
    people = read_people(visits, fit.plan, fit.model, predicting=True)
    rise = rises(people.table)
    risen = rise >= LEAST_RISE
    log_factor, error = np.full(people.count, np.nan), np.zeros(people.count)
    among = np.ones(people.count, bool)
    for stage, particles in enumerate(evaluations):
        progress("evaluating recoveries", stage, len(evaluations))
        if stage > 0:
            among = risen & (log_factor + _REACH * error > _AGAIN[stage - 1])
        if stage == 1:
            among |= rise >= CLEAR_RISE
        if particles >= EVALUATIONS[-1]:
            among &= error > _UNSURE
        if among.any():
            rows = rows_of(visits, people.subjects.filter(among))
            some = read_people(rows, fit.plan, fit.model, predicting=True)
            none, gained, halves = weigh(fit, some, RECOVERY, particles=particles)
            changed = np.abs(gained - none - log_factor[among]) / 4
            error[among], log_factor[among] = np.fmax(halves, changed), gained - none
    return PosteriorOdds(people.subjects, risen, np.where(risen, log_factor, np.minimum(log_factor, 0.0)))


def posterior(
    fit: Fit,
    visits: pl.DataFrame,
    thresholds: Thresholds,
    *,
    before: pl.DataFrame | None = None,
    evaluations: tuple[int, ...] = EVALUATIONS,
    windows: bool = True,
    progress: Progress = silent,
) -> CohortPosterior:
    """Evaluate recoveries and draw courses.

    Args:
        fit: natural history on the scale of the visits.
        visits: `subject`, `months` from any origin of the person, `score`; rows without a score extend a course.
        thresholds: thresholds of the verdicts.
        before: `subject`, `prior_log_odds` of a recovery before a person's own scores, the prior's for whom it lacks;
            from everyone else where none is given.
        evaluations: particles of each half in each evaluation.
        windows: whether to reduce the loss in every window.
        progress: called with how far the work is.
    """
    odds = posterior_odds(fit, visits, evaluations, progress=progress)
    subjects = odds.subjects
    common = frequency(odds.log_factor) if before is None else known_frequency(before, subjects)
    recovery = odds.probability(common.log_odds)
    progress("drawing courses", 0, 0)
    edges = [*(least for least, _ in DRAWS[1:]), np.inf]
    tier = np.searchsorted(edges, recovery, side="right")
    parts = [
        _drawn(
            fit, rows_of(visits, subjects.filter(tier == index)), thresholds, recovery[tier == index], index, windows
        )
        for index in range(len(DRAWS))
        if (tier == index).any()
    ]
    columns = (subjects, odds.log_factor, common.log_odds, recovery)
    weights = pl.DataFrame(dict(zip(_ODDS, columns, strict=True)))
    rows = pl.concat([_person_rows(part.reductions) for part in parts], how="diagonal")
    return CohortPosterior(
        people=weights.join(rows, on="subject", how="left", maintain_order="left"),
        windows=pl.concat([part.windows for part in parts])
        .with_columns(pl.col(pl.Float64).fill_nan(None))
        .with_columns(share(pl.col("flat", "lost", "gained", "losing"))),
        courses=pl.concat([part.courses for part in parts]).with_columns(pl.col(pl.Float64).fill_nan(None)),
        frequency=common.share,
    )


def share(weighted: pl.Expr) -> pl.Expr:
    """Posteriors without the rounding of summed weights, which would decide between equally probable periods."""
    return weighted.clip(0.0, 1.0).round(_DIGITS)


def rises(table: pl.DataFrame) -> Float[np.ndarray, " person"]:
    """Largest rise of a score above an earlier one of the same person [points], 0 for none; people in order."""
    rise = pl.col("score") - pl.col("score").cum_min().over("subject")
    return table.group_by("subject", maintain_order=True).agg(rise.max().fill_null(0.0))["score"].to_numpy()


def rows_of(visits: pl.DataFrame, subjects: pl.Series) -> pl.DataFrame:
    """The rows of some people."""
    return visits.filter(pl.col("subject").is_in(subjects.implode()))


def _drawn(
    fit: Fit,
    visits: pl.DataFrame,
    thresholds: Thresholds,
    probability: Float[np.ndarray, " person"],
    tier: int,
    windows: bool,
) -> Smoothed:
    """Courses of the people of one tier of DRAWS, reduced; in the first none has a recovery."""
    recovery = tier > 0
    people = read_people(visits, fit.plan, fit.model, predicting=True)
    spans = Spans(
        flat=thresholds.flat,
        lost=_LOST_IN_WINDOW,
        gained=thresholds.gain,
        none=thresholds.none,
        losing=thresholds.loss_points,
        latest=tolerated(thresholds.months, thresholds),
    )
    return smooth_people(
        fit,
        people,
        reductions(thresholds, recovery=recovery),
        probability if recovery else 0 * probability,
        recovery=RECOVERY if recovery else None,
        spans=spans if windows else None,
        draws=DRAWS[tier][1],
    )


def reductions(thresholds: Thresholds, *, recovery: bool) -> list[Reduction]:
    """What each drawn course is reduced to."""
    flat = tolerated(thresholds.flat_months, thresholds)
    months = held_months("hold", thresholds)
    ends = {"floor": thresholds.floor, "ceiling": thresholds.ceiling}
    period = {"points": thresholds.flat, "months": months, "given": thresholds.none, **ends}
    found = [
        Reduction(kind="flat_months", name="flat", at_least=flat, **period),
        Reduction(kind="whole_loss", name="loss", at_least=thresholds.loss_points),
    ]
    if not recovery:
        return found
    for duration in DURATIONS:
        months, given = held_months(duration, thresholds), thresholds.none
        found += [
            Reduction(kind="held_gain", name=f"none_{duration}", months=months, at_least=given),
            Reduction(kind="held_gain", name=f"gain_{duration}", months=months, given=given, at_least=thresholds.gain),
            Reduction(kind="gain_lost", name=f"lost_{duration}", months=months, given=given),
            Reduction(
                kind="gain_lost_share",
                name=f"share_{duration}",
                months=months,
                given=given,
                at_least=thresholds.given_back,
            ),
            Reduction(kind="held_from", name=f"from_{duration}", months=months, given=given),
            Reduction(
                kind="loss_before",
                name=f"before_{duration}",
                months=months,
                given=given,
                at_least=thresholds.documented,
            ),
        ]
    return found


def _columns(reduction: str, quantity: str, event: str = "", *, suffix: str = "") -> dict[str, str]:
    """Statistics of a reduction to columns: median and ends of the 90 % interval, and the posterior of its event."""
    ends = {"mid": "", "low": "_low", "high": "_high"}
    columns = {f"{stat}_{reduction}": f"{quantity}{end}{suffix}" for stat, end in ends.items()} if quantity else {}
    return columns | ({f"p_{reduction}": f"{event}{suffix}"} if event else {})


def _reduced() -> dict[str, str]:
    columns = {
        **_columns("flat", "longest_stable_months", "posterior_stable"),
        **_columns("loss", "loss_points", "posterior_progressing"),
    }
    for duration in DURATIONS:
        suffix = f"_{duration}"
        columns |= {
            **_columns(f"none{suffix}", "", "posterior_some_gain", suffix=suffix),
            **_columns(f"gain{suffix}", "gain_points", "posterior_gain", suffix=suffix),
            **_columns(f"lost{suffix}", "lost_points", suffix=suffix),
            **_columns(f"share{suffix}", "", "posterior_lost_gain", suffix=suffix),
            **_columns(f"from{suffix}", "gain_start_months", suffix=suffix),
            **_columns(f"before{suffix}", "earlier_loss_points", "posterior_earlier_loss", suffix=suffix),
        }
    return columns


REDUCED: Final = _reduced()
"""Statistic and reduction to the column of a subject's row that it fills."""


def _person_rows(reduced: pl.DataFrame) -> pl.DataFrame:
    """One row a subject: medians, ends of 90 % intervals and posteriors under the names of REDUCED."""
    wide = reduced.select("subject", "reduction", p="probability", low="q05", mid="q50", high="q95")
    wide = wide.with_columns(pl.col(pl.Float64).fill_nan(None)).with_columns(share(pl.col("p")))
    rows = wide.pivot(on="reduction", index="subject", values=["p", "low", "mid", "high"], maintain_order=True)
    named = rows.select("subject", *(pl.col(old).alias(new) for old, new in REDUCED.items() if old in rows.columns))
    # What was drawn given a gain, times the posterior of the gain.
    joint = [
        (pl.col(f"posterior_some_gain_{duration}") * pl.col(name).fill_null(0.0)).alias(name)
        for duration in DURATIONS
        for name in (f"posterior_gain_{duration}", f"posterior_lost_gain_{duration}")
        if name in named.columns
    ]
    return named.with_columns(joint)


@dataclass(frozen=True)
class Frequency:
    """How common recovery is.

    Attributes:
        share: expected share of people with a recovery, from everyone [0-1].
        log_odds: of a recovery before a person's own scores, from everyone else.
    """

    share: float
    log_odds: Float[np.ndarray, " person"]


def frequency(log_factor: Float[np.ndarray, " person"]) -> Frequency:
    """How common recovery is by the scores of all people; of one person alone it is the prior's.

    Args:
        log_factor: log Bayes factors of a recovery; their order changes nothing.
    """
    if not len(log_factor):
        return Frequency(RECOVERY.prior, log_factor)
    order = np.argsort(log_factor, kind="stable")
    log_factor = log_factor[order]
    odds = np.linspace(LOWEST_ODDS, logit(MOST), POINTS)
    held, missed = log_expit(odds), log_expit(-odds)  # log of the frequency, and of what is left of one
    likelihood = np.zeros(len(odds))
    parts = np.array_split(log_factor, len(log_factor) // _TOGETHER + 1)
    for some in parts:
        likelihood += np.logaddexp(missed, some[:, None] + held).sum(axis=0)
    weight = likelihood + PEOPLE_BEHIND * (RECOVERY.prior * held + (1 - RECOVERY.prior) * missed)
    keep = weight > weight.max() - _NEGLIGIBLE
    weight, held, missed = weight[keep], held[keep], missed[keep]
    before = np.empty(len(order))
    expected = []
    for some in parts:
        others = weight - np.logaddexp(missed, some[:, None] + held)
        with_one, without = (np.asarray(logsumexp(others + part, axis=1)) for part in (held, missed))
        expected.append(with_one - without)
    before[order] = np.concatenate(expected)
    share = np.exp(np.asarray(logsumexp(weight + held)) - np.asarray(logsumexp(weight)))
    return Frequency(float(share), before)


def known_frequency(before: pl.DataFrame, subjects: pl.Series) -> Frequency:
    """The odds that were estimated before for these people, the prior for whom they lack.

    Args:
        before: `subject`, `prior_log_odds`; as `CohortPosterior.people` has them.
        subjects: the people.
    """
    known = before.select("subject", "prior_log_odds")
    rows = subjects.to_frame("subject").join(known, on="subject", how="left", maintain_order="left")
    log_odds = rows["prior_log_odds"].fill_null(float(logit(RECOVERY.prior))).to_numpy()
    return Frequency(float(expit(log_odds).mean()), log_odds)
