"""Sensitivity of a verdict to missing visits that were worse than expected by a stated amount.

Missing visits are the middles of gaps longer than one and a half of the person's median interval, and one more an
interval after the last. Each is given the score that is expected there, less the stated points, and the verdict is made
again.
"""

from __future__ import annotations

from typing import Final

import polars as pl

AMOUNTS: Final = (0.0, 4.0, 8.0)
"""Points by which missing visits are taken to lie below what is expected."""
_LONG: Final = 1.5
_INTERVAL: Final = 3.0


def missing_visits(courses: pl.DataFrame) -> pl.DataFrame:
    """`subject`, `months`, `level` at missing visits.

    Args:
        courses: `subject`, `months`, `level` at visits, sorted.
    """
    ahead = courses.with_columns(
        next_months=pl.col("months").shift(-1).over("subject"),
        next_level=pl.col("level").shift(-1).over("subject"),
        interval=pl.col("months").diff().median().over("subject").fill_null(_INTERVAL),
    ).with_columns(gap=pl.col("next_months") - pl.col("months"))
    between = ahead.filter(pl.col("gap") > _LONG * pl.col("interval")).select(
        "subject",
        months=0.5 * (pl.col("months") + pl.col("next_months")),
        level=0.5 * (pl.col("level") + pl.col("next_level")),
    )
    after = ahead.filter(pl.col("next_months").is_null()).select(
        "subject", months=pl.col("months") + pl.col("interval"), level="level"
    )
    return pl.concat([between, after]).sort("subject", "months")


def worse(visits: pl.DataFrame, courses: pl.DataFrame, points: float, best: float) -> pl.DataFrame:
    """The visits of some people with their missing ones added.

    Args:
        visits: `subject`, `months`, `score`.
        courses: smoothed courses of the same people.
        points: how far below what is expected the missing ones lie.
        best: best score of the scale.
    """
    level = (pl.col("level") - points).round(0).clip(0.0, best)
    added = missing_visits(courses).select("subject", "months", score=level)
    return pl.concat([visits.select("subject", "months", "score"), added]).sort("subject", "months")
