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
    "words": pl.String,
}
"""Columns of the table of causes."""

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
    words: pl.Expr,
    items: str = "",
    **said: pl.Series | np.ndarray,
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
        words: sentence, made of `start_day`, `end_day`, `points`, `rule` and whatever `said` brings.
        items: names of the items the rise sits in.
        **said: further columns for the sentence.
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
            **said,
        }
    )
    shown = frame.with_columns(
        pl.lit(items).alias("items"),
        said_points(pl.col("points")).alias("points_said"),
    )
    return shown.with_columns(words.alias("words")).select(pl.col(name).cast(kind) for name, kind in CAUSES.items())


def said_points(points: pl.Expr) -> pl.Expr:
    """A number of points in words: "1 point", "2.5 points"."""
    whole = points.round(1)
    number = (
        pl.when(whole == whole.round(0)).then(whole.cast(pl.Int64).cast(pl.String)).otherwise(whole.cast(pl.String))
    )
    return number + pl.when(whole == 1.0).then(pl.lit(" point")).otherwise(pl.lit(" points"))
