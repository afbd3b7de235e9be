"""What was read: counts of accepted rows, faults by severity and rule, and the same in words."""

from __future__ import annotations

from typing import Any

import polars as pl

from alsight.cohort.cohort import Cohort
from alsight.report.page.words import joined


def counts(cohort: Cohort) -> dict[str, Any]:
    """Accepted rows by table, and faults by severity."""
    severity = dict(cohort.rejected["severity"].value_counts().iter_rows())
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
        rejected.group_by("severity", "table", "rule")
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
