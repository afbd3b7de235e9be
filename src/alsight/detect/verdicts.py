"""A verdict a person, with its evidence: the whole of `detect` in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import polars as pl

from alsight.base.progress import Progress, silent
from alsight.base.units import days_of, months_of
from alsight.cohort.cohort import Cohort
from alsight.detect.causes.explain import Explained, explain
from alsight.detect.headline import doubted, judged, told
from alsight.detect.own import with_own
from alsight.detect.posterior import WEIGHINGS, Posterior, posterior, rises, rows_of
from alsight.detect.prior import natural_history, on_scale
from alsight.detect.review.review import review
from alsight.detect.sensitivity import AMOUNTS, worse
from alsight.detect.statement.counts import CohortStatement, cohort_statement, first_visits, statement
from alsight.detect.statement.weighed import STATEMENT
from alsight.detect.still import still
from alsight.detect.thresholds import REVIEWED, Thresholds
from alsight.detect.usual import likes, shares
from alsight.infer.fit import Fit

SCALES: Final = ("alsfrs_r", "alsfrs")
FAVOURABLE: Final = (*REVIEWED, "rise, not yet confirmed", "prolonged plateau", "plateau")
"""Verdicts whose dependence on unseen visits is told."""
WINDOWS: Final[dict[str, type[pl.DataType]]] = {
    "subject": pl.String,
    "months": pl.Float64,
    "start_day": pl.Int32,
    "end_day": pl.Int32,
    "visits": pl.Int64,
    "change": pl.Float64,
    "loss": pl.Float64,
    "loss_low": pl.Float64,
    "loss_high": pl.Float64,
    "flat": pl.Float64,
    "lost": pl.Float64,
    "gained": pl.Float64,
    "verdict": pl.String,
}
COURSES: Final[dict[str, type[pl.DataType]]] = {
    "subject": pl.String,
    "day": pl.Int32,
    "score": pl.Float64,
    "level": pl.Float64,
    "level_sd": pl.Float64,
}


@dataclass(frozen=True)
class Verdicts:
    """What is said of a cohort.

    Attributes:
        people: one row a person: `subject`, `verdict` (the strongest ever), `current` (the state now), `start_day`,
            `end_day` (the window it rests on), `months`, `visits`, `false` (local false discovery rate of a held gain,
            null where none was weighed), `chance` (posterior of a recovery), `gain`, `gain_low`, `gain_high` (held gain
            with its 90 % interval), `flat_months` (median length of the longest flat stretch), `flat` (posterior of one
            long enough), `loss`, `loss_low`, `loss_high` (over the follow-up, 90 % interval), `falling` (posterior of a
            true loss), `usual` (share of comparable people in whom natural history shows as much), `cause` (of a rise
            explained otherwise), `reasons` and `settle` (plain words), `review` (whether the diagnosis deserves a
            second look).
        windows: one row a judged window: `subject`, `months`, `start_day`, `end_day`, `visits`, `change` (raw), `loss`,
            `loss_low`, `loss_high`, `flat`, `lost`, `gained` (posteriors), `verdict`.
        courses: one row a visit: `subject`, `day`, `score`, `level`, `level_sd` (smoothed expected score).
        statement: one row a reading of plateau or gain and subgroup (`by`, `subgroup`): `reading`, `kind`,
            `definition`, `months`, `points`, `eligible`, `observed` (with its interval where it is a sum of
            posteriors), `expected`, `low`, `high` (95 % predictive interval under natural history), `surprise`
            (probability of as many), `own` (expected from a fit to the other half of the same cohort).
        sentence: the numbers of the sentence that can be quoted; None where no person was followed for long enough.
        causes: rises explained otherwise, from `detect.causes`.
        review: re-evaluation, from `detect.review`; null where nobody was asked for.
        sensitivity: one row a favourable verdict and amount: `subject`, `worse` (points that unseen visits are taken to
            lie below what is expected), `verdict`.
        evidence: one row a judged person: every posterior and count that its verdict rests on; `p_` columns are
            probabilities, those of flat stretches and gains less the doubt, `low_`, `mid_`, `high_` quantiles at 5, 50
            and 95 %, `raw_` those of scores as recorded.
        thresholds: what the verdicts asked for.
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
    notes: tuple[str, ...]


def verdicts(
    cohort: Cohort,
    asked: Thresholds | None = None,
    *,
    setting: str = "register",
    unseen: bool = True,
    stated: bool = True,
    progress: Progress = silent,
) -> Verdicts:
    """Judge everybody in a cohort.

    Args:
        cohort: a checked cohort; people are judged on the scale that they were rated on most.
        asked: thresholds of the verdicts.
        setting: where the people come from, for the prior of a mimic; see `review.prior.SETTINGS`.
        unseen: whether to ask what worse unseen visits would change.
        stated: whether to compare the cohort with natural history.
        progress: told how far the work is.

    Raises:
        SpecError: no such setting.
    """
    chosen = Thresholds() if asked is None else asked
    progress("explaining rises", 0, 0)
    explained = explain(cohort)
    judged_scales = (_on_one_scale(cohort, explained, scale, chosen, unseen, progress) for scale in SCALES)
    parts = [part for part in judged_scales if part is not None]
    progress("comparing with natural history", 0, 0)
    evidence = pl.concat([part.evidence for part in parts], how="diagonal_relaxed") if parts else pl.DataFrame()
    said = statement(cohort, evidence if parts else None, chosen) if stated else pl.DataFrame(schema=STATEMENT)
    progress("reviewing diagnoses", 0, 0)
    people = _everybody(cohort, [part.people for part in parts])
    return Verdicts(
        people=people,
        windows=pl.concat([pl.DataFrame(schema=WINDOWS), *(part.windows for part in parts)]),
        courses=pl.concat([pl.DataFrame(schema=COURSES), *(part.courses for part in parts)]),
        statement=said,
        sentence=cohort_statement(said),
        causes=explained.causes,
        review=review(cohort, setting),  # type: ignore[arg-type]
        sensitivity=pl.concat([pl.DataFrame(schema=_SENSITIVITY), *(part.sensitivity for part in parts)]),
        evidence=_as_told(evidence, chosen),
        thresholds=chosen,
        notes=_notes(parts),
    )


def _as_told(evidence: pl.DataFrame, asked: Thresholds) -> pl.DataFrame:
    """Posteriors of flat stretches and of gains less the doubt; those of no gain and of loss as they are."""
    lessened = [name for name in evidence.columns if name.removeprefix("raw_").startswith(("p_flat", "p_gain_"))]
    kept = [name for name in lessened if not name.endswith("_from")]
    return evidence.with_columns(doubted(pl.col(name), asked) for name in kept)


_SENSITIVITY: Final[dict[str, type[pl.DataType]]] = {
    "subject": pl.String,
    "worse": pl.Float64,
    "verdict": pl.String,
}


@dataclass(frozen=True)
class _Part:
    """What is said of the people of one scale."""

    people: pl.DataFrame
    windows: pl.DataFrame
    courses: pl.DataFrame
    sensitivity: pl.DataFrame
    evidence: pl.DataFrame
    notes: tuple[str, ...]
    scale: str


def _notes(parts: list[_Part]) -> tuple[str, ...]:
    """What a reader must know, once: a note of one scale among two says which it is of."""
    if len(parts) < 2:
        return tuple(note for part in parts for note in part.notes)
    shared = [note for note in parts[0].notes if all(note in part.notes for part in parts)]
    names = {"alsfrs_r": "ALSFRS-R", "alsfrs": "ALSFRS"}
    apart = [f"{names[part.scale]}: {note}" for part in parts for note in part.notes if note not in shared]
    return (*shared, *apart)


def _on_one_scale(
    cohort: Cohort, explained: Explained, scale: str, asked: Thresholds, unseen: bool, progress: Progress
) -> _Part | None:
    """Verdicts of those who were rated on a scale; None where nobody was."""
    rows = explained.adjusted.filter(pl.col("scale") == scale, pl.col("score").is_not_null())
    own = ~pl.col("rule").fill_null("").str.contains("other_scale", literal=True)
    rows = (
        rows.filter(own)
        .sort("subject", "day")
        .with_columns(months=months_of((pl.col("day") - pl.col("day").min().over("subject")).cast(pl.Float64)))
    )
    if rows.is_empty():
        return None
    recorded = rows.select("subject", "months", "score")
    adjusted = rows.filter(pl.col("adjusted").is_not_null()).select("subject", "months", score="adjusted")
    touched = rows.filter(pl.col("rule").is_not_null())["subject"].unique()
    fit, notes = on_scale(natural_history(), scale), ["The reference natural history gives rates and noise."]
    if adjusted["subject"].n_unique() >= asked.cohort:
        progress("estimating the noise", 0, 0)
        fit, words = with_own(fit, adjusted, asked)
        notes = [words]
    else:
        notes.append(f"Under {asked.cohort} people: posteriors only, no error rate of a cohort.")
    if scale != "alsfrs_r":
        notes.append("People rated on the original ALSFRS are judged by the same natural history, scaled to 40 points.")
    found = posterior(fit, adjusted, asked, progress=progress)
    raw = (
        posterior(fit, rows_of(recorded, touched), asked, before=found.people, windows=False, progress=progress)
        if len(touched)
        else None
    )
    notes.append(f"Frequency of recovery taken: {100 * found.frequency:.2g} %.")
    facts = facts_of(rows, adjusted, found, raw, explained, cohort)
    # The ceiling lies as far below the best score of this scale.
    asked = msgspec.structs.replace(asked, ceiling=asked.ceiling - (natural_history().model.high - fit.model.high))
    people = told(judged(facts, asked), asked)
    progress("asking what unseen visits would change", 0, 0)
    doubted = people.filter(pl.col("verdict").is_in(list(FAVOURABLE))) if unseen else people.clear()
    changed = _sensitivity(fit, adjusted, found, facts, doubted, asked)
    return _Part(
        people, _windows(found, rows, facts, asked), _courses(found, facts), changed, facts, tuple(notes), scale
    )


def facts_of(
    rows: pl.DataFrame,
    adjusted: pl.DataFrame,
    found: Posterior,
    raw: Posterior | None,
    explained: Explained,
    cohort: Cohort,
) -> pl.DataFrame:
    """One row a person: counts of the scores, posteriors, causes and base rates."""
    scores = rows.select("subject", "day", score="score")
    first = first_visits(scores, cohort.subjects)
    kept = adjusted.group_by("subject", maintain_order=True).agg(
        visits=pl.len(),
        first_month=pl.col("months").first(),
        last_month=pl.col("months").last(),
        follow=pl.col("months").last() - pl.col("months").first(),
        middle=pl.col("score").median(),
    )
    recorded = rows.select("subject", "months", "score")
    rise = recorded.select("subject").unique(maintain_order=True).with_columns(raw_rise=rises(recorded))
    facts = first.select("subject", "first_day", "score", "onset_months", "interval", "genes").join(
        kept, on="subject", how="left"
    )
    facts = facts.with_columns(pl.col("visits", "follow").fill_null(0))
    for more in (rise, still(adjusted), _largest(explained.causes), found.people, _renamed(found, raw)):
        facts = facts.join(more, on="subject", how="left", maintain_order="left")
    facts = _with_missing(facts)
    level = found.courses.select("subject", pl.col("months").alias("mid_flat_from"), flat_level="level")
    facts = (
        facts.sort("mid_flat_from")
        .join_asof(
            level.sort("mid_flat_from"), on="mid_flat_from", by="subject", strategy="nearest", check_sortedness=False
        )
        .sort("subject")
    )
    like = likes(facts.with_columns(follow=pl.col("follow") + 0.5))
    return facts.with_columns(
        flat_start="mid_flat_from",
        flat_length="mid_flat",
        flat_usual=pl.Series(shares(like, "run_floor", facts["run_months"])),
        gain_usual=pl.Series(shares(like, "gain_held_6", facts["mid_gain_hold"])),
    )


_ASKED: Final = tuple(
    f"{kind}_{name}_{held}"
    for kind in ("p", "low", "mid", "high")
    for name in ("none", "gain", "lost", "from", "before")
    for held in ("0", "hold", "remission")
)


def _with_missing(facts: pl.DataFrame) -> pl.DataFrame:
    """Columns of recoveries that nobody in the cohort has, as missing."""
    wanted = [name for name in (*_ASKED, *(f"raw_{name}" for name in _ASKED)) if name not in facts.columns]
    return facts.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in wanted)


def _renamed(found: Posterior, raw: Posterior | None) -> pl.DataFrame:
    """The posteriors of scores as recorded under `raw_` names; those of people whose scores are the same."""
    own = (
        found.people
        if raw is None
        else pl.concat(
            [found.people.filter(~pl.col("subject").is_in(raw.people["subject"].implode())), raw.people], how="diagonal"
        )
    )
    kept = [name for name in own.columns if name in _ASKED]
    return own.select("subject", *(pl.col(name).alias(f"raw_{name}") for name in kept))


def _largest(causes: pl.DataFrame) -> pl.DataFrame:
    """The cause that explains most points of each person's rises."""
    some = causes.filter(pl.col("points") > 0).sort("points", descending=True)
    return some.unique("subject", keep="first", maintain_order=True).select(
        "subject", "cause", cause_points="points", cause_words="words"
    )


def _windows(found: Posterior, rows: pl.DataFrame, facts: pl.DataFrame, asked: Thresholds) -> pl.DataFrame:
    """Every judged window, on days."""
    first = facts.select("subject", "first_day")
    scores = rows.select("subject", "day", "score").unique(["subject", "day"], keep="first")
    told_windows = found.windows.join(first, on="subject", how="left", maintain_order="left").with_columns(
        flat=doubted(pl.col("flat"), asked)
    )
    for name in ("start", "end"):
        day = (pl.col("first_day") + days_of(pl.col(name))).round(0).cast(scores.schema["day"])
        at = scores.select("subject", pl.col("day").alias(f"{name}_day"), pl.col("score").alias(f"{name}_score"))
        told_windows = told_windows.with_columns(day.alias(f"{name}_day")).join(
            at, on=["subject", f"{name}_day"], how="left", maintain_order="left"
        )
    enough = pl.col("visits") >= 3
    verdict = (
        pl.when(enough & (pl.col("gained") >= 1 - asked.false))
        .then(pl.lit("gain"))
        .when(enough & (pl.col("flat") >= asked.plateau))
        .then(pl.lit("plateau"))
        .when(enough & (pl.col("low") >= asked.loss_points))
        .then(pl.lit("progressing"))
        .when(enough & (pl.col("end_score") >= pl.col("start_score")))
        .then(pl.lit("apparent plateau"))
        .otherwise(pl.lit("cannot tell"))
    )
    return told_windows.with_columns(
        change=pl.col("end_score") - pl.col("start_score"),
        loss="mean",
        loss_low="low",
        loss_high="high",
        gained=doubted(pl.col("gained"), asked),
        verdict=verdict,
    ).select(pl.col(name).cast(kind) for name, kind in WINDOWS.items())


def _courses(found: Posterior, facts: pl.DataFrame) -> pl.DataFrame:
    first = facts.select("subject", "first_day")
    joined = found.courses.join(first, on="subject", how="left", maintain_order="left")
    return joined.with_columns(day=(pl.col("first_day") + days_of(pl.col("months"))).round(0)).select(
        pl.col(name).cast(kind) for name, kind in COURSES.items()
    )


def _sensitivity(
    fit: Fit, adjusted: pl.DataFrame, found: Posterior, facts: pl.DataFrame, doubted: pl.DataFrame, asked: Thresholds
) -> pl.DataFrame:
    """The verdicts of some people, had their unseen visits been worse.

    Recoveries are weighed again in those who are said to have gained; in others lower scores can make none.
    """
    parts = [pl.DataFrame(schema=_SENSITIVITY)]
    dropped = [name for name in found.people.columns if name != "subject"]
    gained = pl.col("verdict").is_in([*REVIEWED, "rise, not yet confirmed"])
    for some, weighings in ((doubted.filter(gained), WEIGHINGS[:2]), (doubted.filter(~gained), ())):
        if some.is_empty():
            continue
        kept = rows_of(facts, some["subject"]).drop(dropped, strict=False)
        seen, courses = rows_of(adjusted, some["subject"]), rows_of(found.courses, some["subject"])
        for points in AMOUNTS:
            unlucky = worse(seen, courses, points, fit.model.high)
            again = posterior(fit, unlucky, asked, before=found.people, weighings=weighings, windows=False)
            rows = kept.join(again.people, on="subject", how="left", maintain_order="left")
            changed = judged(_with_missing(rows), asked)
            parts.append(changed.select("subject", pl.lit(points).alias("worse"), "verdict"))
    return pl.concat(parts).sort("subject", "worse")


def _everybody(cohort: Cohort, parts: list[pl.DataFrame]) -> pl.DataFrame:
    """One row a subject of the cohort; those without a rated visit cannot be told."""
    subjects = cohort.subjects.select("subject")
    blank = told(judged(_with_missing(_nothing(subjects)), Thresholds()), Thresholds())
    judged_people = pl.concat([blank.clear(), *parts]).unique("subject", keep="first", maintain_order=True)
    without = blank.filter(~pl.col("subject").is_in(judged_people["subject"].implode()))
    whole = pl.concat([judged_people, without])
    return subjects.join(whole, on="subject", how="left", maintain_order="left")


def _nothing(subjects: pl.DataFrame) -> pl.DataFrame:
    """Facts of people of whom nothing is known."""
    numbers = (
        "raw_rise",
        "cause_points",
        "p_flat",
        "p_loss",
        "p_late",
        "low_loss",
        "mid_loss",
        "high_loss",
        "mid_flat",
        "flat_usual",
        "gain_usual",
        "still_months",
        "run_months",
        "flat_level",
        "middle",
        "flat_start",
        "flat_length",
        "first_day",
        "first_month",
        "last_month",
        "chance",
    )
    return subjects.with_columns(
        *(pl.lit(None, dtype=pl.Float64).alias(name) for name in numbers),
        visits=pl.lit(0),
        follow=pl.lit(0.0),
        cause=pl.lit(None, dtype=pl.String),
        cause_words=pl.lit(None, dtype=pl.String),
    )
