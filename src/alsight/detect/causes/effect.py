"""What one rule found: rows of the table of causes, and what it takes from which visits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

from alsight.detect.causes.series import Series

Kind = Literal["artefact", "symptomatic", "dip"]

CAUSES: Final = {
    "subject": pl.String,
    "cause": pl.String,
    "rule": pl.String,
    "start_day": pl.Int32,
    "end_day": pl.Int32,
    "points": pl.Float64,
    "items": pl.String,
    "depth_points": pl.Float64,
    "recorded_total": pl.Float64,
    "expected_total": pl.Float64,
    "from_value": pl.String,
    "to_value": pl.String,
    "treatment_day": pl.Int32,
    "faults": pl.Int32,
    "file_row": pl.Int32,
    "message": pl.String,
}
"""Columns of the table of causes; those after `items` are values of some rules, null for the others.

`depth_points` of a dip; `recorded_total` as written and `expected_total`, of a slip of digits or a total that does
not equal its items; `from_value` and `to_value`: versions of item 5, scales, or labels of two visits; `treatment_day`
on which a treatment of symptoms began; `faults` of the file under one rule, the first in `file_row`, its `message`."""

DIPS: Final = {
    "subject": pl.String,
    "start_day": pl.Int32,
    "nadir_day": pl.Int32,
    "end_day": pl.Int32,
    "visits": pl.Int32,
    "level": pl.Float64,
    "nadir": pl.Float64,
    "depth": pl.Float64,
    "regained": pl.Float64,
    "recorded": pl.String,
}
"""Columns of the table of dips."""


@dataclass(frozen=True)
class Effect:
    """What one rule found in a series.

    Attributes:
        causes: rows of CAUSES.
        taken: points that the rule takes from each visit.
        dropped: visits that do not count at all.
        ruled: name of the rule that touched the visit, empty for none.
        dips: rows of DIPS.
    """

    causes: pl.DataFrame
    taken: Float[np.ndarray, " visits"]
    dropped: Bool[np.ndarray, " visits"]
    ruled: pl.Series = field(repr=False)
    dips: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DIPS))


def effect(
    series: Series,
    causes: pl.DataFrame,
    taken: Float[np.ndarray, " visits"] | None = None,
    dropped: Bool[np.ndarray, " visits"] | None = None,
    ruled: pl.Series | None = None,
) -> Effect:
    """An effect with nothing taken and nothing dropped where not said."""
    size = series.ratings.subject.size
    return Effect(
        causes=causes,
        taken=np.zeros(size) if taken is None else taken,
        dropped=np.zeros(size, dtype=bool) if dropped is None else dropped,
        ruled=pl.repeat("", size, eager=True) if ruled is None else ruled,
    )


def rows(
    series: Series,
    found: Int[np.ndarray, " found"],
    *,
    cause: Kind,
    rule: str | pl.Series,
    start: Int[np.ndarray, " found"],
    end: Int[np.ndarray, " found"],
    points: Float[np.ndarray, " found"],
    items: str = "",
    **values: pl.Series | np.ndarray,
) -> pl.DataFrame:
    """Rows of CAUSES for some visits of a series.

    Args:
        series: the visits.
        found: the visit each row is about.
        cause: kind of cause.
        rule: name of the rule, one or one a row.
        start: first day.
        end: last day.
        points: points of rise explained.
        items: names of the items the rise sits in.
        **values: columns of CAUSES that the rule fills.
    """
    names = pl.repeat(rule, found.size, dtype=pl.String, eager=True) if isinstance(rule, str) else rule
    frame = pl.DataFrame(
        {
            "subject": series.subjects.gather(series.ratings.subject[found]),
            "cause": pl.repeat(cause, found.size, dtype=pl.String, eager=True),
            "rule": names,
            "start_day": np.asarray(start, dtype=np.int32),
            "end_day": np.asarray(end, dtype=np.int32),
            "points": np.round(np.asarray(points, dtype=np.float64), 2),
            **values,
        }
    )
    return declared_causes(frame.with_columns(pl.lit(items).alias("items")))


def declared_causes(found: pl.DataFrame) -> pl.DataFrame:
    """Exactly the columns of CAUSES, absent ones null."""
    return found.select(
        (pl.col(name) if name in found.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in CAUSES.items()
    )
