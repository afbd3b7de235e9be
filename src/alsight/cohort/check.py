"""The check: raw tables in, a cohort out, every fault listed with its row. Nothing is lost silently."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import polars as pl

from alsight.cohort.cohort import Cohort, fault_frame
from alsight.cohort.raw import RawTables
from alsight.cohort.rules.catalogue import UNKNOWN_COLUMN, UNKNOWN_PERSON, WRONG_TYPE
from alsight.cohort.rules.judge import BOOKKEEPING, Desk, describe, judge, shown
from alsight.cohort.rules.persons import DEATH_RULES, PERSON_RULES
from alsight.cohort.rules.repeats import settle_deaths, settle_repeats
from alsight.cohort.rules.totals import settle_totals
from alsight.cohort.rules.values import ROW_RULES, VALUE_RULES
from alsight.cohort.schema import Column, Table
from alsight.cohort.tables import REJECTED, TABLES


def check(raw: RawTables) -> Cohort:
    """Judge every row and every value; keep what can be kept and tell the rest.

    The order is: types, single values, single rows, repeats, unknown people, deaths, contradictions across tables,
    totals. Rules of one step see the values as the step before left them, so one slip is reported once.

    Args:
        raw: tables of a reader.

    Returns:
        Accepted rows, sorted, and `rejected` with one row a fault; each row of `raw` is either among the accepted
        ones, merged into one of them, or named in `rejected` by a rule whose effect is "row".
    """
    desk = settle_repeats(judge(judge(_desk(raw), VALUE_RULES), ROW_RULES))
    desk = _known(_entered(desk))
    desk = judge(desk, DEATH_RULES, _facts(desk))
    desk = settle_deaths(desk, _facts(desk))
    desk = settle_totals(judge(desk, PERSON_RULES, _facts(desk)))
    reported = [fault_frame(raw.faults), raw.found.select(list(REJECTED.schema)), *desk.reported]
    frames = {name: frame.select(list(TABLES[name].schema)) for name, frame in desk.frames.items()}
    return Cohort(**frames, rejected=sorted_faults(reported), provenance=raw.provenance)


def sorted_faults(reported: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Faults in the order in which their user meets them: table, file, line, column."""
    faults = pl.concat(reported)
    index = pl.col("table").replace_strict({name: index for index, name in enumerate(TABLES)}, default=-1)
    return faults.sort(index, "source", "row", "column", "rule", "value", maintain_order=True)


def _desk(raw: RawTables) -> Desk:
    frames: dict[str, pl.DataFrame] = {}
    filled: dict[str, frozenset[str]] = {}
    reported: list[pl.DataFrame] = []
    for name, table in TABLES.items():
        supplied = raw.frames.get(name)
        frame, faults = _conformed(supplied if supplied is not None else table.empty(), table, raw)
        nulls = frame.null_count().row(0, named=True)
        filled[name] = frozenset(column for column in table.schema if nulls[column] < frame.height)
        frames[name] = frame.sort(_order(table, filled[name]), maintain_order=True)
        reported += faults
    calendar = frames["subjects"].select("subject", "entry_date").drop_nulls().unique()
    calendar = calendar.filter(pl.col("subject").is_unique())
    return Desk(frames=frames, filled=filled, headings=raw.headings, calendar=calendar, reported=tuple(reported))


def _order(table: Table, filled: frozenset[str]) -> list[str]:
    # Tables with a key are sorted by it; in the others every column counts, so that row order never shows.
    names = table.key or tuple(table.schema)
    return [name for name in names if name in filled] or ["subject"]


def _conformed(supplied: pl.DataFrame, table: Table, raw: RawTables) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    headings = raw.headings.get(table.name, {})
    known = set(table.schema) | set(BOOKKEEPING)
    typed = {
        column.name: _typed(supplied[column.name], column)
        for column in table.columns
        if column.name in supplied.columns
    }
    source = pl.col("source").cast(pl.String).fill_null("") if "source" in supplied.columns else pl.lit("")
    row = pl.col("row").cast(pl.Int64).fill_null(0) if "row" in supplied.columns else pl.lit(0, pl.Int64)
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in table.schema.items() if name not in typed]
    frame = supplied.with_columns(*typed.values(), *absent, source=source, row=row).select(*table.schema, *BOOKKEEPING)
    reported: list[pl.DataFrame] = []
    for name in supplied.columns:
        heading = headings.get(name, name)
        if name not in known:
            once = frame.head(1).with_columns(subject=pl.lit(""), row=pl.lit(0, pl.Int64))
            reported.append(describe(once, UNKNOWN_COLUMN, table.name, heading, pl.lit("")))
        elif (
            name in typed and typed[name].dtype != pl.String and supplied[name].null_count() < typed[name].null_count()
        ):
            reported.append(_unlike(frame, supplied[name], typed[name], table, heading))
    return frame, reported


def _typed(values: pl.Series, column: Column) -> pl.Series:
    if values.dtype.is_float():
        if values.is_nan().any():
            values = values.fill_nan(None)
        if column.dtype == pl.Int32:
            values = values.round(0, mode="half_away_from_zero")
    typed = values.cast(column.dtype, strict=False) if values.dtype != column.dtype else values
    if typed.dtype == pl.String and (typed == "").any():
        typed = typed.replace("", None)
    return typed


def _unlike(frame: pl.DataFrame, supplied: pl.Series, typed: pl.Series, table: Table, heading: str) -> pl.DataFrame:
    lost = typed.is_null() & supplied.is_not_null()
    if supplied.dtype.is_float():
        lost &= ~supplied.is_nan().fill_null(False)
    value = supplied.cast(pl.String, strict=False).alias("value")
    faulty = frame.select("source", "row", "subject").with_columns(value).filter(lost)
    return describe(faulty, WRONG_TYPE, table.name, heading, shown(pl.col("value")))


def _entered(desk: Desk) -> Desk:
    people = desk.frames["subjects"].with_columns(pl.col("entry").fill_null("stated"))
    return replace(desk, frames={**desk.frames, "subjects": people})


def _known(desk: Desk) -> Desk:
    people = desk.frames["subjects"]
    observed = pl.concat(
        [desk.frames[name].select("subject", *BOOKKEEPING) for name in TABLES if name != "subjects"]
    ).unique("subject", keep="first", maintain_order=True)
    strangers = observed.join(people.select("subject"), on="subject", how="anti")
    if strangers.is_empty():
        return desk
    reported = describe(strangers, UNKNOWN_PERSON, "subjects", "subject", pl.col("subject"))
    made = strangers.with_columns(entry=pl.lit("stated"))
    people = pl.concat([people, made], how="diagonal").select(people.columns).sort("subject")
    filled = {**desk.filled, "subjects": desk.filled["subjects"] | {"subject", "entry"}}
    return replace(desk, frames={**desk.frames, "subjects": people}, filled=filled, reported=(*desk.reported, reported))


def _facts(desk: Desk) -> pl.DataFrame:
    events = desk.frames["events"].lazy()
    ratings = desk.frames["visits"].lazy().group_by("subject")
    records = pl.concat([desk.frames[name].lazy().select("subject", "day") for name in TABLES if name != "subjects"])
    facts = desk.frames["subjects"].lazy().select("subject", fact_entry="entry")
    for part in (
        ratings.agg(fact_first_rating=pl.col("day").min(), fact_last_rating=pl.col("day").max()),
        _day_of(events, "death", "fact_death"),
        _day_of(events, "gastrostomy", "fact_gastrostomy"),
        records.group_by("subject").agg(fact_last_record=pl.col("day").max()),
    ):
        facts = facts.join(part, on="subject", how="left")
    return facts.collect()


def _day_of(events: pl.LazyFrame, event: str, name: str) -> pl.LazyFrame:
    return events.filter(pl.col("event") == event).group_by("subject").agg(pl.col("day").min().alias(name))
