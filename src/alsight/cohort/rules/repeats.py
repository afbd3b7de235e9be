"""Rows that stand twice: kept once where they agree, excluded or emptied where they contradict each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from alsight.cohort.rules.judge import Desk, tell_value
from alsight.cohort.rules.rule import Case, Rule
from alsight.cohort.schema import Table
from alsight.cohort.tables import SUBJECTS, TABLES, VISITS
from alsight.instruments.items import ITEM_NAMES

SCORES: Final = (*ITEM_NAMES, "alsfrs_r_total", "alsfrs_total", "total_recorded")
"""Columns in which two ratings of one day may contradict each other; mode, rater and label never do."""

REPEATED: Final = Rule(
    name="repeated_row",
    tables=tuple(TABLES),
    effect="row",
    severity="corrected",
    message="The row says the same as another one, or adds to it; the two are kept as one.",
    how_to_fix="Delete one of the rows.",
)
CONTRADICTING: Final = Rule(
    name="contradicting_visits",
    tables=("visits",),
    effect="row",
    severity="rejected",
    message="Two rows rate the same person on the same day and scale differently; both are excluded.",
    how_to_fix="Keep the right row, correct a day, or give two people two identifiers.",
)
TWO_PEOPLE: Final = Rule(
    name="contradicting_person",
    tables=("subjects",),
    effect="value",
    severity="rejected",
    message="Rows about the same person contradict each other here; the value counts as missing.",
    how_to_fix="Keep the right value in every row of the person, or give two people two identifiers.",
)
TWO_DEATHS: Final = Rule(
    name="second_death",
    tables=("events",),
    effect="row",
    severity="rejected",
    message="The person has two days of death; the earliest that no rating contradicts is kept, this one excluded.",
    how_to_fix="Keep the right day of death.",
)
REPEAT_RULES: Final = (REPEATED, CONTRADICTING, TWO_PEOPLE, TWO_DEATHS)


def settle_repeats(desk: Desk) -> Desk:
    """Every table with each row once."""
    for name in TABLES:
        desk = _persons(desk) if name == "subjects" else _visits(desk) if name == "visits" else _others(desk, name)
    return desk


def _with(desk: Desk, name: str, frame: pl.DataFrame, *reported: pl.DataFrame) -> Desk:
    return replace(desk, frames={**desk.frames, name: frame}, reported=(*desk.reported, *reported))


def _row_fault(desk: Desk, faulty: pl.DataFrame, rule: Rule, name: str, column: str) -> pl.DataFrame:
    return tell_value(desk, faulty, rule, name, Case(column, pl.lit(True)))


def _repeated(frame: pl.DataFrame, key: list[str]) -> pl.Series:
    # The frame is sorted by its key, so a repeat stands beside its twin.
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in key)
    marks = frame.lazy().select(same=same & (pl.int_range(pl.len()) > 0)).collect()["same"]
    return marks | marks.shift(-1, fill_value=False)


def _merged(frame: pl.DataFrame, table: Table, key: list[str]) -> pl.DataFrame:
    # A cell of the merged row is the one value filled, or the least where labels differ: never a matter of row order.
    cells = [pl.col(column.name).drop_nulls().min() for column in table.columns if column.name not in key]
    return frame.group_by(key, maintain_order=True).agg(*cells, pl.col("source").first(), pl.col("row").min())


def _persons(desk: Desk) -> Desk:
    frame, key = desk.frames["subjects"], ["subject"]
    twice = _repeated(frame, key)
    if not twice.any():
        return desk
    copies = frame.filter(twice)
    assessed = [name for name in desk.filled["subjects"] if name not in ("subject", "last_seen_day")]
    clash = copies.select(
        (pl.col(name).drop_nulls().n_unique().over("subject") > 1).alias(name) for name in sorted(assessed)
    )
    reported = [
        _row_fault(desk, copies.filter(clash[name] & copies[name].is_not_null()), TWO_PEOPLE, "subjects", name)
        for name in clash.columns
    ]
    emptied = copies.with_columns(
        pl.when(clash[name]).then(None).otherwise(pl.col(name)).alias(name) for name in clash.columns
    )
    one = _merged(emptied, SUBJECTS, key)
    one = one.join(copies.group_by("subject").agg(pl.col("last_seen_day").max()), on="subject").select(
        pl.col("last_seen_day_right").alias(name) if name == "last_seen_day" else name for name in frame.columns
    )
    spare = copies.filter(pl.int_range(pl.len()).over("subject") > 0)
    reported.append(_row_fault(desk, spare, REPEATED, "subjects", "subject"))
    return _with(desk, "subjects", pl.concat([frame.filter(~twice), one]).sort("subject"), *reported)


def _visits(desk: Desk) -> Desk:
    frame, key = desk.frames["visits"], list(VISITS.key)
    twice = _repeated(frame, key)
    if not twice.any():
        return desk
    copies = frame.filter(twice)
    scores = [name for name in SCORES if name in desk.filled["visits"]]
    differs = [pl.col(name).drop_nulls().n_unique().over(key) > 1 for name in scores] or [pl.lit(False)]
    clash = copies.select(clash=pl.any_horizontal(differs))["clash"]
    agreeing = copies.filter(~clash)
    one = _merged(agreeing, VISITS, key).select(frame.columns)
    spare = agreeing.filter(pl.int_range(pl.len()).over(key) > 0)
    reported = (
        _row_fault(desk, copies.filter(clash), CONTRADICTING, "visits", "day"),
        _row_fault(desk, spare, REPEATED, "visits", "day"),
    )
    return _with(desk, "visits", pl.concat([frame.filter(~twice), one]).sort(key), *reported)


def _others(desk: Desk, name: str) -> Desk:
    frame = desk.frames[name]
    if frame.is_empty():
        return desk
    again = _repeated(frame, [column.name for column in TABLES[name].columns])
    if not again.any():
        return desk
    first = frame.select(pl.struct(list(TABLES[name].schema)).is_first_distinct()).to_series()
    return _with(desk, name, frame.filter(first), _row_fault(desk, frame.filter(~first), REPEATED, name, "day"))


def settle_deaths(desk: Desk, facts: pl.DataFrame) -> Desk:
    """The events with one death a person: the earliest that no rating contradicts, else the earliest."""
    frame = desk.frames["events"]
    deaths = frame.filter(pl.col("event") == "death")
    if not deaths["subject"].is_duplicated().any():
        return desk
    ranked = deaths.join(facts, on="subject", how="left", maintain_order="left").sort(
        "subject", (pl.col("day") < pl.col("fact_last_rating")).fill_null(False), "day", maintain_order=True
    )
    accepted = ranked.unique("subject", keep="first", maintain_order=True).select(frame.columns)
    spare = ranked.filter(pl.col("subject").is_duplicated() & ~pl.col("subject").is_first_distinct())
    whole = pl.concat([frame.filter(pl.col("event") != "death"), accepted]).sort("subject", "day", "event")
    same = spare.join(accepted.select("subject", kept_day="day"), on="subject", how="left", maintain_order="left")
    again, other = (same.filter(test).drop("kept_day") for test in (_same_day(), ~_same_day()))
    reported = (
        _row_fault(desk, again, REPEATED, "events", "day"),
        _row_fault(desk, other, TWO_DEATHS, "events", "day"),
    )
    return _with(desk, "events", whole, *reported)


def _same_day() -> pl.Expr:
    return pl.col("day") == pl.col("kept_day")
