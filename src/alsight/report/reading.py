"""What was read: counts of accepted rows, faults by severity and rule, and the same in words."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from alsight.cohort.cohort import Cohort
from alsight.report.page.words import joined

SEVERITIES: Final = ("rejected", "corrected", "note")
"""What a fault costs, the most first."""

_CELL: Final = ("source", "row", "column")


def by_cell(rejected: pl.DataFrame) -> pl.DataFrame:
    """Faults with each cause of a cell once, however many tables the cell went into.

    A cell that cannot be read counts as unreadable, not as missing too; the row that it costs is said with the cause.
    """
    cell = (pl.col("row") > 0) & (pl.col("column") != "")
    lacks = cell & (pl.col("rule") == "missing")
    caused = (cell & (pl.col("rule") != "missing") & (pl.col("severity") == "rejected")).any().over(_CELL)
    costs = (lacks & (pl.col("severity") == "rejected")).any().over(_CELL) & cell & (pl.col("severity") == "rejected")
    told = pl.when(costs & caused & ~lacks).then(pl.format("{} The row is excluded.", "message")).otherwise("message")
    kept = rejected.with_columns(message=told).filter(~(lacks & caused))
    first = pl.struct(*_CELL, "rule", "value").is_first_distinct()
    return kept.filter(~cell | first)


def by_severity(rejected: pl.DataFrame) -> dict[str, int]:
    """Number of places of the file by the worst fault of each: cells once, faults of whole rows and tables each."""
    order = pl.col("severity").replace_strict(
        {name: rank for rank, name in enumerate(SEVERITIES)}, return_dtype=pl.Int8
    )
    cell = (pl.col("row") > 0) & (pl.col("column") != "")
    faults = by_cell(rejected).sort(order, maintain_order=True)
    places = faults.filter(~cell | pl.struct(*_CELL).is_first_distinct())
    return dict(places["severity"].value_counts().iter_rows())


def counts(cohort: Cohort) -> dict[str, Any]:
    """Accepted rows by table, and faulty places of the file by severity."""
    severity = by_severity(cohort.rejected)
    return counts_of({name: frame.height for name, frame in cohort.frames().items()}, severity)


def counts_of(heights: dict[str, int], severity: dict[str, int]) -> dict[str, Any]:
    """Accepted rows by table, and faults by severity, from the numbers of each.

    Args:
        heights: accepted rows of each table.
        severity: faults of each severity.
    """
    return {
        "people": heights["subjects"],
        **{name: height for name, height in heights.items() if name != "subjects"},
        "rejected": severity.get("rejected", 0),
        "corrected": severity.get("corrected", 0),
        "notes": severity.get("note", 0),
    }


def by_rule(rejected: pl.DataFrame) -> pl.DataFrame:
    """Faults counted by rule, those that cost rows first, each with how to fix it."""
    order = pl.col("severity").replace_strict({"rejected": 0, "corrected": 1, "note": 2}, return_dtype=pl.Int8)
    return (
        by_cell(rejected)
        .group_by("severity", "table", "rule")
        .agg(entries=pl.len(), first_row=pl.col("row").first(), how_to_fix=pl.col("how_to_fix").first())
        .sort(order, "entries", "table", "rule", descending=[False, True, False, False])
    )


def sentences(summary: dict[str, Any]) -> tuple[str, ...]:
    """What was read, in words."""
    sizes = [("people", "person"), ("visits", "visit"), ("measures", "measurement")]
    numbers = [f"{summary[name]:,} {one if summary[name] == 1 else _many(one)}" for name, one in sizes]
    accepted = f"{joined(numbers)} accepted."
    if not any(summary[name] for name in ("rejected", "corrected", "notes")):
        return (accepted, "Nothing was rejected or changed.")
    entries = "entry" if summary["rejected"] == 1 else "entries"
    changed = (
        f"{summary['rejected']:,} {entries} excluded, {summary['corrected']:,} corrected, {summary['notes']:,} kept "
        "with a remark."
    )
    return (accepted, changed)


def _many(one: str) -> str:
    return "people" if one == "person" else f"{one}s"
