"""How a verdict changes if the visits that nobody saw were worse than expected by a stated amount.

Unseen visits are the middles of gaps longer than one and a half usual intervals, and one more an interval after the
last. Each is given the score that is expected there, less the stated points, and the verdict is made again.
"""

from __future__ import annotations

from typing import Final

import polars as pl

AMOUNTS: Final = (0.0, 4.0, 8.0)
"""Points by which unseen visits are taken to lie below what is expected."""
_LONG: Final = 1.5
_USUAL: Final = 3.0


def unseen(courses: pl.DataFrame) -> pl.DataFrame:
    """`subject`, `months`, `level` at visits that nobody saw.

    Args:
        courses: `subject`, `months`, `level` at visits, sorted.
    """
    ahead = courses.with_columns(
        next_months=pl.col("months").shift(-1).over("subject"),
        next_level=pl.col("level").shift(-1).over("subject"),
        usual=pl.col("months").diff().median().over("subject").fill_null(_USUAL),
    ).with_columns(gap=pl.col("next_months") - pl.col("months"))
    between = ahead.filter(pl.col("gap") > _LONG * pl.col("usual")).select(
        "subject",
        months=0.5 * (pl.col("months") + pl.col("next_months")),
        level=0.5 * (pl.col("level") + pl.col("next_level")),
    )
    after = ahead.filter(pl.col("next_months").is_null()).select(
        "subject", months=pl.col("months") + pl.col("usual"), level="level"
    )
    return pl.concat([between, after]).sort("subject", "months")


def worse(visits: pl.DataFrame, courses: pl.DataFrame, points: float, best: float) -> pl.DataFrame:
    """The visits of some people with their unseen ones added.

    Args:
        visits: `subject`, `months`, `score`.
        courses: smoothed courses of the same people.
        points: how far below what is expected the unseen ones lie.
        best: best score of the scale.
    """
    level = (pl.col("level") - points).round(0).clip(0.0, best)
    added = unseen(courses).select("subject", "months", score=level)
    return pl.concat([visits.select("subject", "months", "score"), added]).sort("subject", "months")
