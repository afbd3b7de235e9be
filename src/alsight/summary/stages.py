"""King's and MiToS stages of a cohort at entry and over time."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from alsight.base.units import DAYS_PER_MONTH, days_of
from alsight.cohort.cohort import Cohort

STAGINGS: Final = {"kings": "kings_stage", "mitos": "mitos_stage"}
"""Column of each staging system."""

DEAD: Final = 5
"""Stage that stands for death in both systems."""

STEP_MONTHS: Final = 3
WINDOW_DAYS: Final = 45.0
"""A visit counts for the time nearest to it, if within half a step [days]."""


def stages_at_entry(scored: pl.DataFrame) -> pl.DataFrame:
    """Stages at each person's first staged visit.

    Args:
        scored: what `scored_visits` gave.

    Returns:
        `system`, `stage`, `people`, `share` of the people who could be staged.
    """
    parts = [
        scored.filter(pl.col(column).is_not_null())
        .sort("day", maintain_order=True)
        .unique("subject", keep="first", maintain_order=True)
        .group_by(stage=pl.col(column).cast(pl.Int64))
        .agg(people=pl.len().cast(pl.Int64))
        .select(pl.lit(system).alias("system"), "stage", "people", share=pl.col("people") / pl.col("people").sum())
        .sort("stage")
        for system, column in STAGINGS.items()
    ]
    return pl.concat(parts)


def stages_over_time(cohort: Cohort, scored: pl.DataFrame) -> pl.DataFrame:
    """Stages every three months from entry: the visit nearest each time, the dead as stage 5.

    People with no staged visit within 45 days and not known to have died are in `not_seen` and not in `share`, so the
    shares of later times are those of people still followed.

    Returns:
        `system`, `months`, `stage`, `people`, `share` of those staged or dead, `not_seen`.
    """
    death = cohort.events.filter(pl.col("event") == "death").group_by("subject").agg(death=pl.col("day").min())
    people = cohort.subjects.select("subject").join(death, on="subject", how="left")
    last = scored["day"].max()
    most = 0 if not isinstance(last, int) else max(round(last / DAYS_PER_MONTH / STEP_MONTHS), 0)
    times = pl.DataFrame({"months": np.arange(most + 1) * STEP_MONTHS}, schema={"months": pl.Int64})
    died = times.join(people.drop_nulls("death"), how="cross").filter(
        pl.col("death") <= days_of(pl.col("months").cast(pl.Float64))
    )
    died = died.select("months", "subject", stage=pl.lit(DEAD, pl.Int64))
    parts = [_over_time(system, scored, column, died, cohort.size) for system, column in STAGINGS.items()]
    return pl.concat(parts)


def _over_time(system: str, scored: pl.DataFrame, column: str, died: pl.DataFrame, size: int) -> pl.DataFrame:
    step = days_of(float(STEP_MONTHS))
    near = (
        scored.filter(pl.col(column).is_not_null())
        .select(
            "subject",
            months=(pl.col("day") / step).round().cast(pl.Int64) * STEP_MONTHS,
            stage=pl.col(column).cast(pl.Int64),
            off=(pl.col("day") - (pl.col("day") / step).round() * step).abs(),
        )
        .filter((pl.col("off") <= WINDOW_DAYS) & (pl.col("months") >= 0))
        .sort("off", maintain_order=True)
        .unique(["subject", "months"], keep="first", maintain_order=True)
        .join(died, on=["subject", "months"], how="anti")
    )
    staged = pl.concat([near.select("months", "stage"), died.select("months", "stage")])
    counts = staged.group_by("months", "stage").agg(people=pl.len().cast(pl.Int64))
    observed = pl.col("people").sum().over("months")
    return counts.select(
        pl.lit(system).alias("system"),
        "months",
        "stage",
        "people",
        share=pl.col("people") / observed,
        not_seen=size - observed,
    ).sort("months", "stage")
