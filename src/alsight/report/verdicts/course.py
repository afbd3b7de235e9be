"""The course of one person with its uncertainty drawn: smoothed level, interval, and the window of the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import polars as pl

from alsight.base.units import months_of
from alsight.detect.kinds import GAINS, PLATEAUS
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.report.page.timeline import SPAN, PersonCourse
from alsight.report.verdicts.words import RISES_EXPLAINED, kind

WIDTH_90: Final = 1.645
"""Standard deviations to each side that hold 90 % of a normal distribution."""


def drawn_course(course: PersonCourse, row: dict[str, Any], smoothed: pl.DataFrame) -> PersonCourse:
    """A recorded course with its smoothed level and the window of the verdict.

    Args:
        course: what was recorded.
        row: the person's row of the verdicts.
        smoothed: `day`, `level` and `level_sd`, one row a visit; visits without a level are excluded.
    """
    known = smoothed.filter(pl.col("level").is_finite(), pl.col("level_sd").is_finite()).sort("day")
    level, half = pl.col("level"), WIDTH_90 * pl.col("level_sd")
    band = known.select(
        months=months_of(pl.col("day").cast(pl.Float64)),
        level=level.clip(0.0, ALSFRS_R_BEST),
        low=(level - half).clip(0.0, ALSFRS_R_BEST),
        high=(level + half).clip(0.0, ALSFRS_R_BEST),
    )
    start, end = row["start_day"], row["end_day"]
    reported = start is not None and end is not None and row["verdict"] in GAINS | PLATEAUS | RISES_EXPLAINED
    window = pl.DataFrame(
        {
            "start": [months_of(float(start or 0))] if reported else [],
            "end": [months_of(float(end or 0))] if reported else [],
            "kind": [kind(row["verdict"])] if reported else [],
        },
        schema=SPAN,
    )
    return replace(course, band=band, window=window)
