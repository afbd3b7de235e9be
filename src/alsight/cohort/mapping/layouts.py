"""LAYOUTS: the columns of known registers and studies, one row a column, read from the crosswalk beside this module.

A layout is recognised by its key columns: every column of one key group must stand in one table. It then holds for
all tables of the same input. Column names were gathered from public data dictionaries and reader code; the meaning of
a code that no source states is left to the user.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from alsight.cohort.mapping.spec import ColumnMap
from alsight.cohort.mapping.words import compact

TITLES: Final[dict[str, str]] = {
    "answer_als": "Answer ALS and NATHIST (NeuroBANK tables)",
    "all_als": "ALL ALS, ASSESS",
    "ceftriaxone": "Ceftriaxone trial (NINDS archive)",
    "emory": "Clinic sheet counted in days from onset",
    "facpatid": "Registry keyed by FACPATID",
    "precision_als": "Precision ALS, extant data",
    "wknnmi": "Register visits in months (wkNNMI)",
}
"""Layout to what it is called."""


@dataclass(frozen=True)
class LayoutColumn:
    """One column of one layout: its heading, its meaning, and the key group it belongs to (empty: none)."""

    layout: str
    column: str
    meaning: ColumnMap
    key: str


@cache
def layouts() -> dict[str, tuple[LayoutColumn, ...]]:
    """Every known layout."""
    text = files("alsight.cohort.mapping").joinpath("layouts.csv").read_text(encoding="utf-8")
    found: dict[str, list[LayoutColumn]] = {}
    for row in csv.DictReader(text.splitlines()):
        values = dict(pair.split("=", 1) for pair in row["values"].split(";") if pair)
        fields: dict[str, Any] = {
            "means": row["means"],
            "unit": row["unit"],
            "origin": row["from"],
            "yes": row["yes"],
            "of": row["of"],
            "values": values,
            "why": f"layout: {TITLES[row['layout']]}",
        }
        found.setdefault(row["layout"], []).append(
            LayoutColumn(row["layout"], row["column"], ColumnMap(**fields), row["key"])
        )
    return {name: tuple(rows) for name, rows in found.items()}


def recognized(tables: Iterable[Collection[str]]) -> str:
    """The layout that tables with these headings follow; empty when none, or when two fit equally well."""
    shapes = [{compact(heading) for heading in headings} for headings in tables]
    scores: dict[str, int] = {}
    for name, rows in layouts().items():
        groups: dict[str, set[str]] = {}
        for row in rows:
            if row.key:
                groups.setdefault(row.key, set()).add(compact(row.column))
        if any(group <= shape for group in groups.values() for shape in shapes):
            known = {compact(row.column) for row in rows}
            scores[name] = sum(len(known & shape) for shape in shapes)
    best = [name for name, score in scores.items() if score == max(scores.values())]
    return best[0] if len(best) == 1 else ""


def laid_out(layout: str, heading: str) -> ColumnMap | None:
    """What a layout says of a heading; None where it says nothing."""
    return _by_heading(layout).get(compact(heading))


@cache
def _by_heading(layout: str) -> dict[str, ColumnMap]:
    return {compact(row.column): row.meaning for row in layouts().get(layout, ())}
