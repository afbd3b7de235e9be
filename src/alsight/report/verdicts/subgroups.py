"""The statement by subgroup: which readings are told, and what is hidden so that no small group can be worked out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import polars as pl

from alsight.detect.statement.groups import PARTITIONS
from alsight.report.page.blocks import TableView, table
from alsight.report.page.words import hidden, opening, partition
from alsight.report.verdicts.words import reading_label

MODEL: Final = "By the model of this report (sum of posteriors)"
"""Above the readings by the model."""
TOLD: Final = (
    ("bedlack_ever_floor_6", 12.0, None),
    ("vasta_within_1_6", 12.0, None),
    ("bedlack_gain_4_12", 12.0, 4.0),
    ("model_flat", 12.0, None),
    ("model_gain_12", 12.0, 4.0),
)
"""Readings that are told by subgroup: definition, months, points; the first is drawn. All are in statement.csv."""


def masked(stated: pl.DataFrame, *, identified: bool) -> pl.DataFrame:
    """The rows with `few` (too few people to tell anything of) and `closed` (the observed number is not told).

    A sum of posteriors is no count of people and is told wherever there are enough people.
    """
    few = [hidden(size, identified=identified) for size in stated["eligible"]]
    small = [
        row["observed_low"] is None and hidden(round(row["observed"] or 0.0), identified=identified)
        for row in stated.iter_rows(named=True)
    ]
    return stated.with_columns(few=pl.Series(few, dtype=pl.Boolean), closed=pl.Series(small, dtype=pl.Boolean))


def subgroup_rows(stated: pl.DataFrame, *, identified: bool) -> pl.DataFrame:
    """The readings told by subgroup, reading by reading, with what is hidden.

    Where everybody is in one group only, a group that could be had by subtraction is hidden with the small one.
    """
    parts = [
        stated.filter(
            pl.col("definition") == name,
            pl.col("months") == months,
            pl.lit(value=True) if points is None else pl.col("points") == points,
        )
        for name, months, points in TOLD
    ]
    rows = masked(pl.concat(parts), identified=identified) if parts else masked(stated, identified=identified)
    if rows.is_empty() or identified:
        return rows
    numbered = rows.with_row_index("line")
    closed = rows["closed"].to_list()
    for _, group in numbered.group_by("definition", "by", maintain_order=True):
        if group["by"][0] not in PARTITIONS or group["observed_low"][0] is not None:
            continue
        hide = partition([round(seen) for seen in group["observed"]], identified=identified)
        for line, shut in zip(group["line"], hide, strict=True):
            closed[line] = closed[line] or shut
    return rows.with_columns(closed=pl.Series(closed, dtype=pl.Boolean))


def by_subgroup(
    rows: pl.DataFrame,
    heads: Sequence[str],
    numeric: Sequence[int],
    line: Callable[[dict[str, Any], str], tuple[str, ...]],
) -> TableView:
    """Each subgroup under its name, with the readings that are told."""
    lines: list[tuple[str, ...]] = []
    for (by, subgroup), part in rows.group_by("by", "subgroup", maintain_order=True):
        lines.append((opening(f"{by}: {subgroup}" if by else str(subgroup)),))
        lines += [line(row, reading_label(row)) for row in part.iter_rows(named=True)]
    return table("Show the same by subgroup", heads, lines, numeric, folded=True)
