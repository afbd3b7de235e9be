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
from alsight.detect.review.features import AGE_SOURCE, Weighed, observed_findings, weigh
from alsight.detect.review.mimics import listed, rank
from alsight.detect.review.prior import SettingRow, elapsed_months, prior_log_odds, setting_row
from alsight.detect.review.rated import COURSE_STATUS, Rated, rated, restoring_days
from alsight.detect.review.rows import FINDINGS

REASON: Final = pl.Struct(
    {"feature": pl.String, "code": pl.String, "value": pl.Float64, "weight": pl.Float64, "source": pl.String}
)
"""One part of the log odds. `code`: the setting of the prior, the closest class of the course, `ended` or `alive` for
survival; `value`: 1 or 0 for a finding that is present or absent, the age at onset [years]."""
MIMIC: Final = pl.Struct({"mimic": pl.String, "share": pl.Float64})

SCHEMA: Final[dict[str, Any]] = {
    "subject": pl.String,
    "prior": pl.Float64,
    "log_lr_course": pl.Float64,
    "log_lr_features": pl.Float64,
    "posterior": pl.Float64,
    "reasons": pl.List(REASON),
    "mimics": pl.List(MIMIC),
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
"""People evaluated at once, which bounds memory; no one's review depends on anyone else."""

COURSE_SOURCE: Final = "assumed courses of mimics; ALS from the calibrated ensemble"


def review(cohort: Cohort, setting: str = "register") -> pl.DataFrame:
    """The posterior of a mimic for everyone.

    The diagnosis that later replaced ALS, where one is recorded, is shown and never used as evidence.

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
            "mimics": listed(chances),
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
    """Every part of the log odds of everyone, the weightiest first; the prior among them."""
    subjects = np.arange(prior.size)
    counted = np.flatnonzero(course.total != 0.0)
    closest = pl.Series(course.names).gather(course.closest[counted])
    ended = pl.Series(np.where(np.isfinite(course_data.died), "ended", "alive")[counted], dtype=pl.String)
    parts = [
        _part(subjects, "prior", prior, row.source, code=row.name),
        _part(counted, "course", course.scores[counted], COURSE_SOURCE, code=closest),
        _part(counted, "survival", course.life[counted], COURSE_SOURCE, code=ended),
    ]
    sources = [", ".join(dict.fromkeys((one.mimic_source, one.als_source))) for one in FINDINGS]
    for index, (name, source) in enumerate(zip(found.names, [*sources, AGE_SOURCE], strict=True)):
        some = np.flatnonzero(found.weights[:, index] != 0.0)
        parts.append(_part(some, name, found.weights[some, index], source, value=found.observed[some, index]))
    rows = pl.concat(parts).with_columns(size=pl.col("weight").abs())
    ranked = rows.sort("index", "size", "feature", descending=[False, True, False])
    grouped = ranked.group_by("index", maintain_order=True).agg(
        reasons=pl.struct("feature", "code", "value", "weight", "source")
    )
    return grouped["reasons"].cast(pl.List(REASON))


def _part(
    index: np.ndarray,
    feature: str,
    weight: np.ndarray,
    source: str,
    *,
    code: str | pl.Series | None = None,
    value: np.ndarray | None = None,
) -> pl.DataFrame:
    frame = pl.DataFrame({"index": index, "weight": weight}, schema={"index": pl.Int64, "weight": pl.Float64})
    return frame.select(
        "index",
        pl.lit(feature).alias("feature"),
        (code if isinstance(code, pl.Series) else pl.lit(code, pl.String)).alias("code"),
        (pl.lit(None, pl.Float64) if value is None else pl.Series(value, dtype=pl.Float64)).alias("value"),
        "weight",
        pl.lit(str(source)).alias("source"),
    )
