"""A verdict a person, with its evidence: the whole of `detect` in one call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec
import polars as pl

from alsight.base.progress import Progress, silent
from alsight.base.units import days_of, months_of
from alsight.cohort.cohort import Cohort
from alsight.cohort.schema import SUBJECT, Column
from alsight.detect.causes.explain import Explained, explain
from alsight.detect.causes.treatments import untreated
from alsight.detect.cohort_fit import CohortFit, FitSource, fit_to_cohort
from alsight.detect.decide import PEOPLE, decide, window_verdict, with_verdicts
from alsight.detect.evidence import SCHEMA, evidence_of, no_evidence, replaced
from alsight.detect.findings.periods import in_scale_windows
from alsight.detect.kinds import FAVORABLE, GAINS, Certainty, Kind, certainty
from alsight.detect.posterior import EVALUATIONS, CohortPosterior, posterior, rows_of
from alsight.detect.prior import natural_history, on_scale
from alsight.detect.review.review import review
from alsight.detect.sensitivity import AMOUNTS, worse
from alsight.detect.statement.counts import CohortStatement, cohort_statement, statement
from alsight.detect.statement.model_count import STATEMENT
from alsight.detect.thresholds import Thresholds
from alsight.infer.fit import Fit

SCALES: Final = ("alsfrs_r", "alsfrs")
SMALL: Final = 50
"""People below whom the error rate of a cohort's verdicts is not stated."""
WINDOW_COLUMNS: Final = (
    SUBJECT,
    Column("months", pl.Float64, "nominal length of the window", "month"),
    Column("start_day", pl.Int32, "first day, from entry", "day"),
    Column("end_day", pl.Int32, "last day, from entry", "day"),
    Column("visits", pl.Int64, "visits in the window"),
    Column("change", pl.Float64, "change of the recorded score", "point"),
    Column("loss_points", pl.Float64, "true loss, posterior mean", "point"),
    Column("loss_low", pl.Float64, "true loss, 5 % quantile", "point"),
    Column("loss_high", pl.Float64, "true loss, 95 % quantile", "point"),
    Column("posterior_stable", pl.Float64, "a true loss under `flat` points", "", 0.0, 1.0),
    Column("posterior_lost", pl.Float64, "a true loss of 3 points or more", "", 0.0, 1.0),
    Column("posterior_gained", pl.Float64, "a true gain of `gain` points or more", "", 0.0, 1.0),
    Column("posterior_progressing", pl.Float64, "a true loss of `loss_points` or more", "", 0.0, 1.0),
    Column("verdict", pl.String, "kind of what the window shows", choices=tuple(one.value for one in Kind)),
    Column("certainty", pl.String, "its certainty; null for none", choices=tuple(one.value for one in Certainty)),
)
"""Columns of the windows, one row a window; names in backticks are fields of `Thresholds`."""
COURSE_COLUMNS: Final = (
    SUBJECT,
    Column("day", pl.Int32, "visit, days from entry", "day"),
    Column("score", pl.Float64, "total without explained rises", "point"),
    Column("level", pl.Float64, "smoothed expected score", "point"),
    Column("level_sd", pl.Float64, "its posterior standard deviation", "point"),
)
"""Columns of the smoothed courses, one row a visit."""
SENSITIVITY_COLUMNS: Final = (
    SUBJECT,
    Column("worse", pl.Float64, "how far missing visits are taken to lie below their expected score", "point"),
    Column("verdict", pl.String, "verdict with these missing visits"),
)
"""Columns of the sensitivity to missing visits, one row a favorable verdict and amount."""
WINDOWS, COURSES, SENSITIVITY = (
    {column.name: column.dtype for column in columns}
    for columns in (WINDOW_COLUMNS, COURSE_COLUMNS, SENSITIVITY_COLUMNS)
)


class NoteCode(StrEnum):
    """What a reader must know of how verdicts were made."""

    FIT = "fit"
    SMALL_COHORT = "small_cohort"
    ORIGINAL_SCALE = "original_scale"
    PRIOR_OF_RECOVERY = "prior_of_recovery"


@dataclass(frozen=True)
class Note:
    """A fact of how the verdicts were made, as code and values.

    Attributes:
        code: what it is about.
        source: where rates of loss and noise come from, for FIT.
        value: people who inform the fit for FIT, a probability [0-1] for PRIOR_OF_RECOVERY.
        scale: the scale whose people it is about, None where it is about all.
    """

    code: NoteCode
    source: FitSource | None = None
    value: float | None = None
    scale: str | None = None


@dataclass(frozen=True)
class Verdicts:
    """Verdicts on a cohort and what they rest on.

    Attributes:
        people: one row a subject: the decision (`decide.DECISION`).
        windows: one row a window (WINDOW_COLUMNS).
        courses: one row a visit (COURSE_COLUMNS).
        statement: one row a definition of plateau or gain and subgroup (`statement.model_count.STATEMENT`).
        sentence: the numbers of the sentence that can be quoted; None where no person was followed for long enough.
        causes: rises explained otherwise, from `detect.causes`.
        review: re-evaluation, from `detect.review`; null where there was nothing to review.
        sensitivity: one row a favorable verdict and amount (SENSITIVITY_COLUMNS).
        evidence: one row a subject with a rated visit: everything that its verdict rests on (`evidence.EVIDENCE`).
        thresholds: thresholds of the verdicts.
        notes: what a reader must know of how they were made.
    """

    people: pl.DataFrame
    windows: pl.DataFrame
    courses: pl.DataFrame
    statement: pl.DataFrame
    sentence: CohortStatement | None
    causes: pl.DataFrame
    review: pl.DataFrame
    sensitivity: pl.DataFrame
    evidence: pl.DataFrame
    thresholds: Thresholds
    notes: tuple[Note, ...]


def verdicts(
    cohort: Cohort,
    thresholds: Thresholds | None = None,
    *,
    setting: str = "register",
    unseen: bool = True,
    stated: bool = True,
    progress: Progress = silent,
) -> Verdicts:
    """A verdict for each person of a cohort.

    Args:
        cohort: a checked cohort; people are assessed on the scale that they were rated on most.
        thresholds: thresholds of the verdicts.
        setting: where the people come from, for the prior of a mimic; see `review.prior.SETTINGS`.
        unseen: whether to evaluate what worse missing visits would change.
        stated: whether to compare the cohort with natural history.
        progress: called with how far the work is.

    Raises:
        SpecError: no such setting.
    """
    chosen = Thresholds() if thresholds is None else thresholds
    progress("reviewing diagnoses", 0, 0)
    reviewed = review(cohort, setting)
    progress("explaining rises", 0, 0)
    explained = explain(cohort)
    by_scale = (_on_one_scale(cohort, explained, reviewed, scale, chosen, unseen, progress) for scale in SCALES)
    parts = [part for part in by_scale if part is not None]
    progress("comparing with natural history", 0, 0)
    model = pl.concat([part.model for part in parts], how="diagonal_relaxed") if parts else None
    said = statement(cohort, model, chosen) if stated else pl.DataFrame(schema=STATEMENT)
    return Verdicts(
        people=_all_people(cohort, [part.people for part in parts], reviewed, chosen),
        windows=pl.concat([pl.DataFrame(schema=WINDOWS), *(part.windows for part in parts)]),
        courses=pl.concat([pl.DataFrame(schema=COURSES), *(part.courses for part in parts)]),
        statement=said,
        sentence=cohort_statement(said),
        causes=explained.causes,
        review=reviewed,
        sensitivity=pl.concat([pl.DataFrame(schema=SENSITIVITY), *(part.sensitivity for part in parts)]),
        evidence=pl.concat([pl.DataFrame(schema=SCHEMA), *(part.evidence for part in parts)]),
        thresholds=chosen,
        notes=_notes(parts),
    )


@dataclass(frozen=True)
class _Part:
    """Verdicts of the people of one scale; `model` are their posteriors."""

    people: pl.DataFrame
    windows: pl.DataFrame
    courses: pl.DataFrame
    sensitivity: pl.DataFrame
    evidence: pl.DataFrame
    model: pl.DataFrame
    notes: tuple[Note, ...]
    scale: str


def _notes(parts: list[_Part]) -> tuple[Note, ...]:
    """Each note once; a note of one scale among two names it."""
    if len(parts) < 2:
        return tuple(note for part in parts for note in part.notes)
    shared = [note for note in parts[0].notes if all(note in part.notes for part in parts)]
    apart = [
        Note(note.code, note.source, note.value, part.scale)
        for part in parts
        for note in part.notes
        if note not in shared
    ]
    return (*shared, *apart)


def _rows_on_scale(explained: Explained, scale: str) -> pl.DataFrame:
    """The scored visits of those who are assessed on a scale, with months from their first."""
    rows = explained.adjusted.filter(pl.col("scale") == scale, "main_scale")
    since_first = (pl.col("day") - pl.col("day").min().over("subject")).cast(pl.Float64)
    return rows.sort("subject", "day").with_columns(months=months_of(since_first))


def _fit_for(rows: pl.DataFrame, cohort: Cohort, scale: str, progress: Progress) -> CohortFit:
    """Natural history on the scale, pooled with what untreated visits of the cohort show."""
    progress("estimating noise and rates", 0, 0)
    informing = untreated(rows.filter(pl.col("adjusted").is_not_null()), cohort)
    scores = informing.select("subject", "months", score="adjusted")
    return fit_to_cohort(on_scale(natural_history(), scale), scores)


def _on_one_scale(
    cohort: Cohort,
    explained: Explained,
    reviewed: pl.DataFrame,
    scale: str,
    thresholds: Thresholds,
    unseen: bool,
    progress: Progress,
) -> _Part | None:
    """Verdicts of those who were rated on a scale; None where there are none."""
    rows = _rows_on_scale(explained, scale)
    if rows.is_empty():
        return None
    adjusted = rows.filter(pl.col("adjusted").is_not_null()).select("subject", "months", score="adjusted")
    touched = rows.filter(pl.col("rule").is_not_null())["subject"].unique()
    cohort_fit = _fit_for(rows, cohort, scale, progress)
    fit = cohort_fit.fit
    # The ceiling lies as far below the best score of this scale.
    lower = natural_history().model.high - fit.model.high
    scaled = msgspec.structs.replace(thresholds, ceiling=thresholds.ceiling - lower)
    found = posterior(fit, adjusted, scaled, progress=progress)
    recorded = (
        posterior(
            fit,
            rows_of(rows.select("subject", "months", "score"), touched),
            scaled,
            before=found.people,
            windows=False,
            progress=progress,
        )
        if len(touched)
        else None
    )
    evidence = evidence_of(rows, adjusted, found, recorded, explained, cohort, scaled, reviewed)
    people = decide(evidence, scaled)
    progress("evaluating missing visits", 0, 0)
    favorable = people.filter(pl.col("verdict").is_in([one.value for one in FAVORABLE]))
    return _Part(
        people=people,
        windows=_windows(found, rows, evidence, scaled),
        courses=_courses(found, evidence),
        sensitivity=_sensitivity(fit, adjusted, found, evidence, favorable if unseen else people.clear(), scaled),
        evidence=evidence,
        model=found.people,
        notes=tuple(_notes_of(cohort_fit, scale, found)),
        scale=scale,
    )


def _notes_of(cohort_fit: CohortFit, scale: str, found: CohortPosterior) -> list[Note]:
    notes = [Note(NoteCode.FIT, cohort_fit.source, cohort_fit.people)]
    if len(found.people) < SMALL:
        notes.append(Note(NoteCode.SMALL_COHORT))
    if scale != SCALES[0]:
        notes.append(Note(NoteCode.ORIGINAL_SCALE))
    return [*notes, Note(NoteCode.PRIOR_OF_RECOVERY, value=found.frequency)]


def _windows(
    found: CohortPosterior, rows: pl.DataFrame, evidence: pl.DataFrame, thresholds: Thresholds
) -> pl.DataFrame:
    """Every window, on days."""
    first = evidence.select("subject", "first_day")
    scores = rows.select("subject", "day", "score").unique(["subject", "day"], keep="first")
    windows = in_scale_windows(found.windows.filter(~pl.col("latest")), found.courses, thresholds)
    windows = windows.join(first, on="subject", how="left", maintain_order="left")
    for name in ("start", "end"):
        day = (pl.col("first_day") + days_of(pl.col(name))).round(0).cast(scores.schema["day"])
        at = scores.select("subject", pl.col("day").alias(f"{name}_day"), pl.col("score").alias(f"{name}_score"))
        windows = windows.with_columns(day.alias(f"{name}_day")).join(
            at, on=["subject", f"{name}_day"], how="left", maintain_order="left"
        )
    windows = windows.with_columns(
        change=pl.col("end_score") - pl.col("start_score"),
        loss_points="mean",
        loss_low="low",
        loss_high="high",
        posterior_gained="gained",
        posterior_stable="flat",
        posterior_lost="lost",
        posterior_progressing="losing",
    )
    kind, event = window_verdict(thresholds)
    windows = windows.with_columns(verdict=kind, certainty=certainty(event, thresholds))
    return windows.select(pl.col(name).cast(dtype) for name, dtype in WINDOWS.items())


def _courses(found: CohortPosterior, evidence: pl.DataFrame) -> pl.DataFrame:
    first = evidence.select("subject", "first_day")
    joined = found.courses.join(first, on="subject", how="left", maintain_order="left")
    return joined.with_columns(day=(pl.col("first_day") + days_of(pl.col("months"))).round(0)).select(
        pl.col(name).cast(dtype) for name, dtype in COURSES.items()
    )


def _sensitivity(
    fit: Fit,
    adjusted: pl.DataFrame,
    found: CohortPosterior,
    evidence: pl.DataFrame,
    favorable: pl.DataFrame,
    thresholds: Thresholds,
) -> pl.DataFrame:
    """The favorable verdicts, had the missing visits been worse.

    Recoveries are evaluated again in those with a gain; in others lower scores can make none.
    """
    parts = [pl.DataFrame(schema=SENSITIVITY)]
    gained = pl.col("verdict").is_in([one.value for one in GAINS])
    for some, evaluations in ((favorable.filter(gained), EVALUATIONS[:2]), (favorable.filter(~gained), ())):
        if some.is_empty():
            continue
        before = rows_of(evidence, some["subject"])
        visits, courses = rows_of(adjusted, some["subject"]), rows_of(found.courses, some["subject"])
        for points in AMOUNTS:
            unlucky = worse(visits, courses, points, fit.model.high)
            again = posterior(fit, unlucky, thresholds, before=found.people, evaluations=evaluations)
            changed = with_verdicts(replaced(before, again, thresholds), thresholds)
            parts.append(changed.select("subject", pl.lit(points).alias("worse"), "verdict"))
    return pl.concat(parts).sort("subject", "worse")


def _all_people(
    cohort: Cohort, parts: list[pl.DataFrame], reviewed: pl.DataFrame, thresholds: Thresholds
) -> pl.DataFrame:
    """One row a subject of the cohort; there is no evidence for those without a rated visit."""
    subjects = cohort.subjects.select("subject")
    empty: dict[str, Any] = PEOPLE
    assessed = pl.concat([pl.DataFrame(schema=empty), *parts]).unique("subject", keep="first", maintain_order=True)
    without = subjects.filter(~pl.col("subject").is_in(assessed["subject"].implode()))
    blank = no_evidence(without, reviewed.select("subject", posterior_mimic="posterior"))
    whole = pl.concat([assessed, decide(blank, thresholds)])
    return subjects.join(whole, on="subject", how="left", maintain_order="left")
