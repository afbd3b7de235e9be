"""Raw tables from a few plain rows, for the tests of the cohort."""

from __future__ import annotations

from typing import Any

import polars as pl

from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.raw import RawTables
from alsight.cohort.tables import TABLES
from alsight.instruments.items import TWELVE

Row = dict[str, Any]


def raw(**tables: list[Row]) -> RawTables:
    """RawTables whose rows stand on lines 2, 3, ... of a file named after their table."""
    frames: dict[str, pl.DataFrame] = {}
    for name, rows in tables.items():
        if not rows:
            frames[name] = TABLES[name].empty().with_columns(source=pl.lit(""), row=pl.lit(0, pl.UInt32))
            continue
        columns = list(dict.fromkeys(column for row in rows for column in row))
        schema = {column: TABLES[name].schema.get(column) for column in columns}
        frame = pl.DataFrame([[row.get(column) for column in columns] for row in rows], schema=schema, orient="row")
        lines = pl.int_range(2, pl.len() + 2, dtype=pl.UInt32)
        frames[name] = frame.with_columns(source=pl.lit(f"{name}.csv"), row=lines)
    return RawTables(frames=frames)


def checked(**tables: list[Row]) -> Cohort:
    return check(raw(**tables))


def person(subject: str = "a", **values: Any) -> Row:
    return {"subject": subject, "entry": "first_visit", **values}


def rating(subject: str = "a", day: int | None = 0, score: float = 3, **values: Any) -> Row:
    """An ALSFRS-R visit with every item at one score, item 5 as 5a."""
    items = {name: float(score) for name in TWELVE if name != "q5_cutting"}
    items["q5a_cutting_without_gastrostomy"] = float(score)
    return {"subject": subject, "day": day, "scale": "alsfrs_r", **items, **values}


def event(kind: str, day: int | None, subject: str = "a", **values: Any) -> Row:
    return {"subject": subject, "day": day, "event": kind, **values}


def reported(cohort: Cohort) -> set[tuple[str, str, int, str, str]]:
    """Faults as (rule, table, row, column, value)."""
    return set(cohort.rejected.select("rule", "table", "row", "column", "value").rows())


def rules(cohort: Cohort) -> set[str]:
    return set(cohort.rejected["rule"])
