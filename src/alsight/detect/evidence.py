"""The evidence of a verdict: every column declared once, and one checked row a subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from alsight.cohort.cohort import Cohort
from alsight.detect.base_rate import base_rates, reference_keys
from alsight.detect.causes.explain import Explained
from alsight.detect.findings.periods import periods
from alsight.detect.findings.stable_rates import stable_rates
from alsight.detect.flat_runs import flat_runs, held_rises
from alsight.detect.posterior import CohortPosterior, rises
from alsight.detect.statement.counts import first_visits
from alsight.detect.thresholds import DURATIONS, Duration, Thresholds

RECORDED: Final = "recorded_"
"""Prefix of posteriors of the scores as recorded, before explained rises are taken out."""


@dataclass(frozen=True)
class EvidenceColumn:
    """One column of the evidence.

    Attributes:
        name: column name, the unit in it where it could be mistaken.
        dtype: polars type as stored.
        unit: unit of the values; empty for names and counts, [0-1] for probabilities and shares.
        meaning: one line for the dictionary page.
        filled_by: which part of the program fills it.
    """

    name: str
    dtype: Any
    unit: str
    meaning: str
    filled_by: str


SHARE: Final = "[0-1]"
_HELD: Final[dict[Duration, str]] = {
    "any": "at any time",
    "hold": "for `hold` months",
    "remission": "for `remission` months",
}


def _number(name: str, unit: str, meaning: str, filled_by: str) -> EvidenceColumn:
    return EvidenceColumn(name, pl.Float64, unit, meaning, filled_by)


def _with_interval(name: str, unit: str, meaning: str, filled_by: str, suffix: str = "") -> tuple[EvidenceColumn, ...]:
    """A median with the ends of its 90 % interval."""
    return (
        _number(f"{name}{suffix}", unit, f"{meaning}, median", filled_by),
        _number(f"{name}_low{suffix}", unit, f"{meaning}, 5 % quantile", filled_by),
        _number(f"{name}_high{suffix}", unit, f"{meaning}, 95 % quantile", filled_by),
    )


def _gain_columns(duration: Duration, prefix: str) -> tuple[EvidenceColumn, ...]:
    """What the model says of the largest gain held so long."""
    scores = "scores as recorded" if prefix else "scores without explained rises"
    by, end = f"posterior, {scores}", f"_{duration}"
    gain = f"largest true gain held {_HELD[duration]}"
    there = f"{gain}, if it is at least `none` points"
    return (
        _number(f"{prefix}posterior_some_gain{end}", SHARE, f"{gain} is at least `none` points", by),
        _number(f"{prefix}posterior_gain{end}", SHARE, f"{gain} is at least `gain` points", by),
        *_with_interval(f"{prefix}gain_points", "points", there, by, end),
        _number(
            f"{prefix}posterior_lost_gain{end}",
            SHARE,
            f"{gain} is at least `none` points, and `given_back` of it or more is gone by the last visit",
            by,
        ),
        *_with_interval(f"{prefix}lost_points", "points", f"{there}: loss after it", by, end),
        *_with_interval(f"{prefix}gain_start_months", "months", f"{there}: its start after the first visit", by, end),
        _number(
            f"{prefix}posterior_earlier_loss{end}", SHARE, f"{there}: `documented` points or more were lost before", by
        ),
        *_with_interval(f"{prefix}earlier_loss_points", "points", f"{there}: loss before it", by, end),
    )


def _period(name: str, what: str, event: str, filled_by: str) -> tuple[EvidenceColumn, ...]:
    """Ends, visits and loss of a named period, and the posterior of its event."""
    return (
        _number(f"{name}_start_months", "months", f"{what}: start after the first visit", filled_by),
        _number(f"{name}_end_months", "months", f"{what}: end", filled_by),
        EvidenceColumn(f"{name}_visits", pl.Int64, "", f"{what}: visits", filled_by),
        _number(f"posterior_{name}_period", SHARE, f"{what}: {event}", filled_by),
        _number(f"{name}_loss_points", "points", f"{what}: true loss, median", filled_by),
        _number(f"{name}_loss_low", "points", f"{what}: true loss, 5 % quantile", filled_by),
        _number(f"{name}_loss_high", "points", f"{what}: true loss, 95 % quantile", filled_by),
    )


_VISITS, _CAUSES, _MODEL = "visits", "causes", "posterior, scores without explained rises"
_REFERENCE, _REVIEW = "base rate", "review"

EVIDENCE: Final[tuple[EvidenceColumn, ...]] = (
    EvidenceColumn("subject", pl.String, "", "the person's identifier", _VISITS),
    EvidenceColumn("first_day", pl.Int32, "days", "first rated visit, days from entry", _VISITS),
    _number("first_score", "points", "total at the first rated visit", _VISITS),
    _number("months_since_onset", "months", "first symptom to the first rated visit, null where not known", _VISITS),
    _number("visit_interval_months", "months", "median time between rated visits", _VISITS),
    EvidenceColumn("genotype_class", pl.String, "", "class of genotype that the base rate is matched on", _VISITS),
    EvidenceColumn("visits", pl.Int64, "", "rated visits that count, after excluded ones", _VISITS),
    _number("first_visit_months", "months", "first visit that counts, from the first rated visit", _VISITS),
    _number("last_visit_months", "months", "last visit that counts, from the first rated visit", _VISITS),
    _number("follow_up_months", "months", "first to last visit that counts", _VISITS),
    _number("lowest_score", "points", "lowest total, without explained rises", _VISITS),
    _number("highest_score", "points", "highest total, without explained rises", _VISITS),
    _number("late_rise_points", "points", "rise of the lower of the last two totals above the lowest before", _VISITS),
    _number("recorded_gain_points", "points", "largest rise of recorded totals held `hold` months", _VISITS),
    _number("recorded_rise_points", "points", "largest rise of a recorded total above an earlier one", _VISITS),
    _number("flat_run_months", "months", "longest run of visits of which none is below its first", _VISITS),
    _number("not_lower_months", "months", "longest time from a visit to a later one that is not lower", _VISITS),
    EvidenceColumn("cause", pl.String, "", "kind of the cause that explains most points of a rise", _CAUSES),
    _number("cause_points", "points", "points that this cause explains", _CAUSES),
    _number("log_bayes_factor", "log", "evidence for a recovery against none, null where not evaluated", _MODEL),
    _number("prior_log_odds", "log odds", "of a recovery, from all other people", _MODEL),
    _number("posterior_recovery", SHARE, "a recovery", _MODEL),
    _number("posterior_stable", SHARE, "some stable period of `flat_months` or more, no held gain", _MODEL),
    *_with_interval("longest_stable_months", "months", "longest period with a true loss under `flat` points", _MODEL),
    _number("posterior_progressing", SHARE, "a true loss of `loss_points` or more over follow-up", _MODEL),
    *_with_interval("loss_points", "points", "true loss over follow-up", _MODEL),
    _number("lowest_level", "points", "lowest level of the smoothed course", _MODEL),
    _number("highest_level", "points", "highest level of the smoothed course", _MODEL),
    *_period("stable", "most certain stable period", "a true loss under `flat` points", _MODEL),
    *_period("current_stable", "stable period up to the last visit", "a true loss under `flat` points", _MODEL),
    *_period("recent", "last `flat_months` or so", "a true loss of `loss_points` or more", _MODEL),
    *(column for duration in DURATIONS for column in _gain_columns(duration, "")),
    *(column for duration in DURATIONS for column in _gain_columns(duration, RECORDED)),
    _number("posterior_mimic", SHARE, "a disease that mimics ALS", _REVIEW),
    _number(
        "base_rate_stable",
        SHARE,
        "comparable people whose natural history shows so long a stable period, upper limit",
        _REFERENCE,
    ),
    _number(
        "base_rate_gain",
        SHARE,
        "comparable people whose natural history shows such a recorded gain, held 6 months",
        _REFERENCE,
    ),
)
"""Every column of the evidence; names in backticks are fields of `Thresholds`."""

SCHEMA: Final[dict[str, Any]] = {column.name: column.dtype for column in EVIDENCE}
_NEEDED: Final = ("subject", "visits", "follow_up_months")


def evidence_table(rows: pl.DataFrame) -> pl.DataFrame:
    """The declared table (EVIDENCE): columns in order, of their types, nan as null, what no one has as null.

    Args:
        rows: one row a subject; any of the declared columns, `subject`, `visits` and `follow_up_months` among them.

    Raises:
        ValueError: a column is not declared, a needed one is missing, or a subject has two rows.
    """
    unknown = [name for name in rows.columns if name not in SCHEMA]
    missing = [name for name in _NEEDED if name not in rows.columns or rows[name].null_count()]
    if unknown or missing:
        raise ValueError(f"evidence: columns not declared: {unknown}; needed and missing: {missing}")
    if rows["subject"].n_unique() < rows.height:
        raise ValueError("evidence: a subject has more than one row")
    typed = rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in SCHEMA.items()
    )
    return typed.with_columns(pl.col(pl.Float64).fill_nan(None))


def no_evidence(subjects: pl.DataFrame, mimics: pl.DataFrame) -> pl.DataFrame:
    """The evidence of people without a rated visit.

    Args:
        subjects: `subject`.
        mimics: `subject`, `posterior_mimic`.
    """
    rows = subjects.select("subject", visits=pl.lit(0), follow_up_months=pl.lit(0.0))
    return evidence_table(rows.join(mimics, on="subject", how="left", maintain_order="left"))


def evidence_of(
    rows: pl.DataFrame,
    adjusted: pl.DataFrame,
    posterior: CohortPosterior,
    recorded: CohortPosterior | None,
    explained: Explained,
    cohort: Cohort,
    thresholds: Thresholds,
    mimics: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The evidence of people who are rated on one scale (EVIDENCE).

    Args:
        rows: `subject`, `day`, `months`, `score` as recorded.
        adjusted: `subject`, `months`, `score` without explained rises and excluded visits.
        posterior: of the adjusted scores.
        recorded: of the scores as recorded, of people in whom they differ; None where they differ in none.
        explained: causes.
        cohort: the people.
        thresholds: thresholds of the verdicts, on the scale of the rows.
        mimics: `subject`, `posterior` of a mimic; None where it was not reviewed.
    """
    first = first_visits(rows.select("subject", "day", "score"), cohort.subjects)
    gathered = first.select("subject", "first_day", "score", "onset_months", "interval", "genes")
    parts = (
        _counted(adjusted),
        _recorded_rises(rows),
        flat_runs(adjusted),
        _largest(explained.causes),
        posterior.people,
        _as_recorded(posterior, recorded),
        _levels(posterior.courses),
        periods(posterior.windows, posterior.courses, posterior.people, thresholds),
        *([] if mimics is None else [mimics.select("subject", posterior_mimic="posterior")]),
    )
    for part in parts:
        gathered = gathered.join(part, on="subject", how="left", maintain_order="left")
    gathered = gathered.with_columns(pl.col("visits", "follow_up_months").fill_null(0)).sort("subject")
    named = {"score": "first_score", "onset_months": "months_since_onset", "interval": "visit_interval_months"}
    return _with_base_rates(evidence_table(gathered.rename({**named, "genes": "genotype_class"})), thresholds)


def replaced(evidence: pl.DataFrame, posterior: CohortPosterior, thresholds: Thresholds) -> pl.DataFrame:
    """The evidence of some people with other posteriors; what these lack is null."""
    modeled = [column.name for column in EVIDENCE if column.filled_by == _MODEL]
    again = evidence.drop(modeled)
    named = periods(posterior.windows, posterior.courses, posterior.people, thresholds)
    for part in (posterior.people, _levels(posterior.courses), named):
        again = again.join(part, on="subject", how="left", maintain_order="left")
    return evidence_table(again)


def _counted(adjusted: pl.DataFrame) -> pl.DataFrame:
    """Visits and follow-up that count."""
    first, last = pl.col("months").first(), pl.col("months").last()
    return adjusted.group_by("subject", maintain_order=True).agg(
        visits=pl.len().cast(pl.Int64),
        first_visit_months=first,
        last_visit_months=last,
        follow_up_months=last - first,
        lowest_score=pl.col("score").min(),
        highest_score=pl.col("score").max(),
        late_rise_points=pl.col("score").tail(2).min() - pl.col("score").head(pl.len() - 2).min(),
    )


def _recorded_rises(rows: pl.DataFrame) -> pl.DataFrame:
    recorded = rows.select("subject", "months", "score")
    names = recorded.select("subject").unique(maintain_order=True)
    return names.with_columns(recorded_rise_points=rises(recorded), recorded_gain_points=held_rises(recorded))


def _as_recorded(posterior: CohortPosterior, recorded: CohortPosterior | None) -> pl.DataFrame:
    """Posteriors of the scores as recorded; the same as the others for people whose scores are the same."""
    people = posterior.people
    if recorded is not None:
        same = people.filter(~pl.col("subject").is_in(recorded.people["subject"].implode()))
        people = pl.concat([same, recorded.people], how="diagonal")
    gains = [name for name in people.columns if f"{RECORDED}{name}" in SCHEMA]
    return people.select("subject", *(pl.col(name).alias(f"{RECORDED}{name}") for name in gains))


def _levels(courses: pl.DataFrame) -> pl.DataFrame:
    """Lowest and highest level of each smoothed course."""
    return courses.group_by("subject", maintain_order=True).agg(
        lowest_level=pl.col("level").min(), highest_level=pl.col("level").max()
    )


def _largest(causes: pl.DataFrame) -> pl.DataFrame:
    """The cause that explains most points of each person's rises."""
    return largest_causes(causes).select("subject", "cause", cause_points="points")


def largest_causes(causes: pl.DataFrame) -> pl.DataFrame:
    """The row of the cause that explains most points of each person's rises.

    Args:
        causes: what `causes.explain` found.
    """
    some = causes.filter(pl.col("points") > 0).sort("points", descending=True, maintain_order=True)
    return some.unique("subject", keep="first", maintain_order=True)


def _with_base_rates(evidence: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """Add how often natural history shows as much in comparable people."""
    first = evidence.select(
        score="first_score",
        onset_months="months_since_onset",
        interval="visit_interval_months",
        follow=pl.col("follow_up_months") + 0.5,  # a last visit may come somewhat early
        genes="genotype_class",
    )
    named = evidence.with_columns(months=pl.col("stable_end_months") - pl.col("stable_start_months"))
    held = base_rates(reference_keys(first), "gain_held_6", evidence["recorded_gain_points"])
    return evidence.with_columns(
        base_rate_stable=pl.Series(stable_rates(named, thresholds)).fill_nan(None),
        base_rate_gain=pl.Series(held).fill_nan(None),
    )
