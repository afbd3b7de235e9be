"""Applying rules to a table: find what breaks them, tell it, exclude rows or values. All of it is polars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from alsight.cohort.rules.rule import Case, Rule
from alsight.cohort.tables import REJECTED, TABLES

BOOKKEEPING = ("source", "row")
"""Columns beside the dictionary's while a table is being checked."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Tables under check.

    Attributes:
        frames: every table with the dictionary's columns and BOOKKEEPING, sorted.
        filled: table to its columns that hold any value; the others need no look.
        headings: table to column to the heading in the user's file.
        calendar: `subject` and `entry_date` of people whose day 0 has a date, so that days are reported as dates too.
        reported: faults so far (REJECTED), in pieces.
    """

    frames: Mapping[str, pl.DataFrame]
    filled: Mapping[str, frozenset[str]]
    headings: Mapping[str, Mapping[str, str]]
    calendar: pl.DataFrame
    reported: tuple[pl.DataFrame, ...] = field(default=())


def shown(value: pl.Expr) -> pl.Expr:
    """A value as its user would write it: 5.0 as 5."""
    return value.cast(pl.String).str.strip_suffix(".0").fill_null("").str.slice(0, 200)


def tell_value(desk: Desk, faulty: pl.DataFrame, rule: Rule, table: str, case: Case) -> pl.DataFrame:
    """Rows that break a rule in one column, reported under the user's heading, days with their date if known."""
    heading = desk.headings.get(table, {}).get(case.column, case.column)
    value = shown(pl.col(case.column) if case.shown is None else case.shown)
    if TABLES[table].by_name[case.column].unit == "day" and not desk.calendar.is_empty():
        faulty = faulty.join(desk.calendar, on="subject", how="left", maintain_order="left", suffix="_known")
        known = pl.col("entry_date_known" if "entry_date_known" in faulty.columns else "entry_date")
        date = known.cast(pl.Int32) + pl.col(case.column)
        # Days beyond the calendar's four-digit years are reported as days alone.
        lawful = date.is_between(-700_000, 2_900_000)
        dated = pl.format("{} (day {})", pl.when(lawful).then(date).cast(pl.Date), value)
        value = pl.coalesce(dated, value)
    return describe(faulty, rule, table, heading, value, case.detail)


def describe(
    faulty: pl.DataFrame, rule: Rule, table: str, heading: str, value: pl.Expr, detail: str = ""
) -> pl.DataFrame:
    """Rows that break a rule, as rows of the REJECTED table."""
    reported = {
        "severity": rule.severity,
        "table": table,
        "column": heading,
        "rule": rule.name,
        "message": f"{rule.message} {detail}".strip(),
        "how_to_fix": rule.how_to_fix,
    }
    return faulty.select(
        "source",
        "row",
        pl.col("subject").fill_null(""),
        value.alias("value"),
        *(pl.lit(text).alias(name) for name, text in reported.items()),
    ).select(pl.col(name).cast(dtype) for name, dtype in REJECTED.schema.items())


def judge(desk: Desk, rules: Sequence[Rule], facts: pl.DataFrame | None = None) -> Desk:
    """The tables after some rules, assessed side by side: every rule sees the values as they were before.

    Args:
        desk: tables under check.
        rules: rules to apply.
        facts: one row a person, joined beside each row for rules that look across tables.
    """
    frames = dict(desk.frames)
    reported = list(desk.reported)
    for name, frame in desk.frames.items():
        table = TABLES[name]
        cases = [(rule, case) for rule in rules if name in rule.tables for case in rule.cases(table, desk.filled[name])]
        if not cases or frame.is_empty():
            continue
        beside = frame if facts is None else frame.join(facts, on="subject", how="left", maintain_order="left")
        broken = _broken(beside, cases)
        if not broken:
            continue
        reported += [tell_value(desk, beside.filter(case.when), rule, name, case) for rule, case in broken]
        frames[name] = _mended(beside, broken).select(frame.columns)
    return replace(desk, frames=frames, reported=tuple(reported))


def _broken(frame: pl.DataFrame, cases: Sequence[tuple[Rule, Case]]) -> list[tuple[Rule, Case]]:
    # One pass over the table says which cases occur at all; on clean tables nothing else is done.
    observed = (
        frame.lazy().select(case.when.any().alias(str(location)) for location, (_, case) in enumerate(cases)).collect()
    )
    return [case for case, occurs in zip(cases, observed.row(0), strict=True) if occurs]


def _mended(frame: pl.DataFrame, broken: Iterable[tuple[Rule, Case]]) -> pl.DataFrame:
    blanks: dict[str, list[pl.Expr]] = {}
    rows: list[pl.Expr] = []
    for rule, case in broken:
        if rule.effect == "value":
            blanks.setdefault(case.column, []).append(case.when)
        elif rule.effect == "row":
            rows.append(case.when)
    left_out = pl.any_horizontal(rows).fill_null(False) if rows else pl.lit(False)
    cleared = [
        pl.when(pl.any_horizontal(whens).fill_null(False)).then(None).otherwise(pl.col(column)).alias(column)
        for column, whens in blanks.items()
    ]
    accepted = frame.with_columns(left_out.alias("left_out"), *cleared)
    return accepted.filter(~pl.col("left_out")) if rows else accepted
