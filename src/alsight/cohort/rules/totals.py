"""Totals: computed from the items where they are complete, taken as recorded where they are not, never both unsaid."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from alsight.cohort.rules.judge import Desk, describe, shown
from alsight.cohort.rules.rule import Rule
from alsight.instruments.items import CUTTING, TEN, TWELVE

DIFFERING: Final = Rule(
    name="total_differs",
    tables=("visits",),
    effect="note",
    severity="note",
    message="The recorded total differs from the sum of the items; the sum is used, the recorded total kept beside it.",
    how_to_fix="Correct the total or the item that was mistyped.",
)
IMPOSSIBLE: Final = Rule(
    name="total_impossible",
    tables=("visits",),
    effect="value",
    severity="rejected",
    message="No scores of the missing items could give this total with the items present; the total is not used.",
    how_to_fix="Correct the total or the items; leave the total empty if it was computed from wrong items.",
)
PARTIAL: Final = Rule(
    name="total_of_some_items",
    tables=("visits",),
    effect="value",
    severity="rejected",
    message="The recorded total is the sum of the items that are filled, as if the empty ones were 0; it is not used.",
    how_to_fix="Fill the empty items from the form, or leave the total empty; write 0 in an item that was scored 0.",
)
TOTAL_RULES: Final = (DIFFERING, IMPOSSIBLE, PARTIAL)

_SCALES: Final = (("alsfrs_r", "alsfrs_r_total", TWELVE), ("alsfrs", "alsfrs_total", TEN))
_TOP: Final = 4.0


def settle_totals(desk: Desk) -> Desk:
    """The visits with both totals and the recorded one settled."""
    frame = desk.frames["visits"]
    if frame.is_empty():
        return desk
    assessed = _judged(frame)
    reported: list[pl.DataFrame] = []
    for rule, mark in ((DIFFERING, "differs"), (IMPOSSIBLE, "impossible"), (PARTIAL, "partial")):
        if assessed[mark].any():
            reported += [
                describe(part, rule, "visits", _heading(desk, total), shown(pl.col("recorded")))
                for scale, total, _ in _SCALES
                if (part := assessed.filter(pl.col(mark) & (pl.col("scale") == scale))).height
            ]
    settled = assessed.with_columns(
        *(
            pl.when(pl.col("scale") == scale)
            .then(pl.coalesce("sum", pl.when(~pl.col("impossible") & ~pl.col("partial")).then(pl.col("recorded"))))
            .alias(total)
            for scale, total, _ in _SCALES
        ),
        pl.col("recorded").alias("total_recorded"),
    )
    return replace(
        desk, frames={**desk.frames, "visits": settled.select(frame.columns)}, reported=(*desk.reported, *reported)
    )


def _heading(desk: Desk, total: str) -> str:
    headings = desk.headings.get("visits", {})
    return headings.get(total, headings.get("total_recorded", total))


def _judged(frame: pl.DataFrame) -> pl.DataFrame:
    cutting = pl.coalesce(CUTTING)
    whole = pl.lit(None, pl.Float32)
    present = pl.lit(None, pl.Float32)
    absent = pl.lit(None, pl.Float32)
    rated = pl.lit(False)
    own = pl.lit(None, pl.Float32)
    for scale, total, names in _SCALES:
        items = [cutting if name == "q5_cutting" else pl.col(name) for name in names]
        here = pl.col("scale") == scale
        whole = pl.when(here).then(_added(items)).otherwise(whole)
        present = pl.when(here).then(pl.sum_horizontal(items)).otherwise(present)
        missing = pl.sum_horizontal(item.is_null().cast(pl.Float32) for item in items)
        absent = pl.when(here).then(missing).otherwise(absent)
        rated = pl.when(here).then(missing < len(items)).otherwise(rated)
        own = pl.when(here).then(pl.col(total)).otherwise(own)
    recorded = pl.coalesce("total_recorded", own)
    return (
        frame.lazy()
        .with_columns(whole.alias("sum"), present.alias("present"), absent.alias("absent"), recorded.alias("recorded"))
        .with_columns(
            differs=(pl.col("sum") != pl.col("recorded")).fill_null(False),
            impossible=(
                pl.col("sum").is_null()
                & ~pl.col("recorded").is_between(pl.col("present"), pl.col("present") + _TOP * pl.col("absent"))
            ).fill_null(False),
            partial=(
                pl.col("sum").is_null() & rated & (pl.col("absent") > 0) & (pl.col("recorded") == pl.col("present"))
            ).fill_null(False),
        )
        .collect()
    )


def _added(items: list[pl.Expr]) -> pl.Expr:
    # Addition, unlike sum_horizontal, is missing as soon as one item is.
    whole = items[0]
    for item in items[1:]:
        whole = whole + item
    return whole
