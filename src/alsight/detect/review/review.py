"""Re-evaluation: for each person the posterior of a mimic, its reasons by weight, mimics and examinations.

log odds = prior (setting, months since diagnosis) + course + findings. Every part is a row of `reasons`; what is not
recorded has no row.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import polars as pl
from jaxtyping import Float64
from scipy.special import expit

from alsight.cohort.cohort import Cohort, select
from alsight.cohort.tables import TABLES
from alsight.detect.review.courses import CourseWeights, course_weights
from alsight.detect.review.features import AGE, AGE_SOURCE, Weighed, observed_findings, weigh
from alsight.detect.review.mimics import rank, told
from alsight.detect.review.prior import Setting, SettingRow, elapsed_months, prior_log_odds, setting_row
from alsight.detect.review.rated import COURSE_STATUS, Rated, rated, restoring_days
from alsight.detect.review.rows import FINDINGS

REASON: Final = pl.Struct({"feature": pl.String, "words": pl.String, "weight": pl.Float64, "source": pl.String})
MIMIC: Final = pl.Struct({"mimic": pl.String, "words": pl.String, "share": pl.Float64})

SCHEMA: Final[dict[str, Any]] = {
    "subject": pl.String,
    "prior": pl.Float64,
    "log_lr_course": pl.Float64,
    "log_lr_features": pl.Float64,
    "posterior": pl.Float64,
    "reasons": pl.List(REASON),
    "mimics": pl.List(MIMIC),
    "examination": pl.String,
    "course": pl.String,
    "closest": pl.String,
    "visits": pl.Int64,
    "excluded_visits": pl.Int64,
    "rate_per_month": pl.Float64,
    "revised_diagnosis": pl.String,
}
"""Columns of a review.

`course` says whether the course was assessed, or why not (COURSE_STATUS); `closest` is the course class that fits
best; `visits` and `excluded_visits` count totals that were and were not used."""

BLOCK: Final = 100_000
"""People weighed at once, which bounds memory; nobody's review depends on anyone else."""

COURSE_WORDS: Final[dict[str, str]] = {
    "stable": "the scores hardly change",
    "slowly_progressive": "the scores fall very slowly",
    "fluctuating": "the scores fluctuate",
    "improving": "the scores rise",
    "stepwise": "the scores move by steps",
}
COURSE_SOURCE: Final = "assumed courses of mimics; ALS from the calibrated ensemble"


def review(cohort: Cohort, setting: Setting = "register") -> pl.DataFrame:
    """The posterior of a mimic for everybody.

    The diagnosis that later replaced ALS, where one is recorded, is shown and never weighed.

    Args:
        cohort: a checked cohort.
        setting: where the people come from, a row of `prior.SETTINGS`.

    Returns:
        SCHEMA, one row a person in the cohort's order. Log odds of `posterior` are the sum of the weights of `reasons`,
        which is log odds of `prior` + `log_lr_course` + `log_lr_features`.

    Raises:
        SpecError: no such setting.
    """
    row = setting_row(setting)
    whole = declared(cohort)
    names = whole.subjects["subject"]
    blocks = [names.slice(start, BLOCK) for start in range(0, len(names), BLOCK)]
    if len(blocks) < 2:
        return _reviewed(whole, row) if blocks else pl.DataFrame(schema=SCHEMA)
    return pl.concat([_reviewed(select(whole, block), row) for block in blocks])


def _reviewed(whole: Cohort, row: SettingRow) -> pl.DataFrame:
    """The review of one block of people."""
    course_data = rated(whole)
    prior = prior_log_odds(row, elapsed_months(whole))
    course = course_weights(course_data)
    observed = observed_findings(whole, restoring_days(whole))
    found = weigh(observed, course_data.rate, ("low_certainty",) if row.definite else ())
    log_odds = prior + course.total + found.total
    chances = rank(course.log_mimics, observed)
    frame = pl.DataFrame(
        {
            "subject": whole.subjects["subject"],
            "prior": expit(prior),
            "log_lr_course": course.total,
            "log_lr_features": found.total,
            "posterior": expit(log_odds),
            "reasons": reasons(row, prior, course, found, course_data),
            **told(chances).to_dict(),
            "course": pl.Series(COURSE_STATUS).gather(course_data.status),
            "closest": pl.Series(course.names).gather(course.closest),
            "visits": course_data.ratings.count,
            "excluded_visits": course_data.excluded,
            "rate_per_month": pl.Series(course_data.rate).fill_nan(None),
            "revised_diagnosis": whole.subjects["revised_diagnosis"],
        }
    )
    assessed = pl.col("course") == COURSE_STATUS[0]
    return frame.with_columns(closest=pl.when(assessed).then(pl.col("closest"))).select(
        pl.col(name).cast(kind) for name, kind in SCHEMA.items()
    )


def declared(cohort: Cohort) -> Cohort:
    """The cohort with every declared column; one that is missing is empty, which says nothing."""
    frames = {
        name: frame.with_columns(
            pl.lit(None, dtype=column.dtype).alias(column.name)
            for column in TABLES[name].columns
            if column.name not in frame.columns
        ).select(list(TABLES[name].schema))
        for name, frame in cohort.frames().items()
    }
    return replace(cohort, **frames)


def reasons(
    row: SettingRow, prior: Float64[np.ndarray, " subject"], course: CourseWeights, found: Weighed, course_data: Rated
) -> pl.Series:
    """Every part of the log odds of everybody, the weightiest first; the prior among them."""
    people = np.arange(prior.size)
    weighed = np.flatnonzero(course.total != 0.0)
    elapsed = "falling with the months since diagnosis" if row.elapses else "as left after a first evaluation"
    words = [COURSE_WORDS.get(name, "the scores fall as in ALS") for name in course.names]
    ended = np.where(np.isfinite(course_data.died), "death or permanent ventilation", "alive at the last visit")
    parts = [
        _part(people, "prior", f"{row.name}: {row.meaning}; {elapsed}", prior, row.source),
        _part(
            weighed, "course", pl.Series(words).gather(course.closest[weighed]), course.scores[weighed], COURSE_SOURCE
        ),
        _part(weighed, "survival", pl.Series(ended[weighed], dtype=pl.String), course.life[weighed], COURSE_SOURCE),
    ]
    for place, name in enumerate(found.names):
        counted = np.flatnonzero(found.weights[:, place] != 0.0)
        values = found.observed[counted, place]
        if name == AGE:
            said = pl.Series(values).round(0).cast(pl.Int64).cast(pl.String)
            text = "onset at " + said + " years"
            source = AGE_SOURCE
        else:
            finding = FINDINGS[place]
            text = pl.Series(np.where(values == 1, finding.there, finding.absent), dtype=pl.String)
            source = ", ".join(dict.fromkeys((finding.mimic_source, finding.als_source)))
        parts.append(_part(counted, name, text, found.weights[counted, place], source))
    rows = pl.concat(parts).with_columns(size=pl.col("weight").abs())
    ranked = rows.sort("person", "size", "feature", descending=[False, True, False])
    grouped = ranked.group_by("person", maintain_order=True).agg(
        reasons=pl.struct("feature", "words", "weight", "source")
    )
    return grouped["reasons"].cast(pl.List(REASON))


def _part(people: np.ndarray, feature: str, words: str | pl.Series, weight: np.ndarray, source: str) -> pl.DataFrame:
    frame = pl.DataFrame({"person": people, "weight": weight}, schema={"person": pl.Int64, "weight": pl.Float64})
    text = pl.lit(words) if isinstance(words, str) else words.alias("words")
    return frame.with_columns(text.alias("words"), feature=pl.lit(feature), source=pl.lit(str(source))).select(
        "person", "feature", "words", "weight", "source"
    )
