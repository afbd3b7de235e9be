"""A person's verdict in words: finding with certainty and period, current state, the main reason, and the next step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from alsight.base.units import months_of
from alsight.detect.kinds import VERDICTS, Kind, Verdict
from alsight.detect.thresholds import Thresholds
from alsight.report.page.words import NONE, months, number, opening, sure
from alsight.report.verdicts.reasons import cause_words, explanation, next_step

READABLE: Final = ("person", "finding", "in_short", "period", "current_state", "why", "next_step")
"""Columns of the table of people as a reader wants it."""


def named(verdict: str | None, certainty: str | None, posterior: float | None) -> str:
    """A finding or state with its certainty: "Stable, probable (84 %)"."""
    if verdict is None:
        return NONE
    if certainty is None:
        return opening(verdict)
    share = "" if posterior is None else f" ({sure(posterior)})"
    return f"{opening(verdict)}, {certainty}{share}"


def period(start_day: int | None, end_day: int | None) -> str:
    """A period by its first and last month from entry, with its length."""
    if start_day is None or end_day is None:
        return NONE
    first, last = (round(float(months_of(day))) for day in (start_day, end_day))
    return f"month {first} to {last} ({months(float(months_of(end_day - start_day)))})"


def _points(row: Mapping[str, Any], name: str) -> str:
    """Points with their 90 % interval; `name` is the beginning of the columns' names."""
    middle = number(row[f"{name}_points"])
    low, high = number(row[f"{name}_low"]), number(row[f"{name}_high"])
    return f"{middle} point{'' if middle == '1.0' else 's'} (90 % interval {low} to {high})"


def in_short(row: Mapping[str, Any], cause: str | None) -> str:
    """The finding in one sentence of numbers.

    Args:
        row: the person's row of the verdicts, `decide.PEOPLE`.
        cause: what explains most points of a rise, in words.
    """
    kind, length = Kind(row["kind"]), months(row["months"])
    if kind in (Kind.IMPROVED, Kind.LOST_GAIN) and row["held_gain_points"] is not None:
        return f"Gained {_points(row, 'held_gain')}" + (", then lost it." if kind == Kind.LOST_GAIN else ".")
    if kind == Kind.EXPLAINED_RISE:
        return opening(cause or "a recorded cause explains the rise.")
    if kind == Kind.STABLE and row["stable_loss_points"] is not None:
        return f"Lost {_points(row, 'stable_loss')} in {length}."
    if row["loss_points"] is not None and kind != Kind.INSUFFICIENT_DATA:
        return f"Lost {_points(row, 'loss')} in {length}."
    visits = row["visits"] or 0
    return f"{visits} visit{'' if visits == 1 else 's'} that count."


def in_words(row: Mapping[str, Any], thresholds: Thresholds, cause: str | None) -> dict[str, str]:
    """One person as a row of READABLE.

    Args:
        row: the person's row of the verdicts, `decide.PEOPLE`.
        thresholds: thresholds of the verdicts.
        cause: what explains most points of a rise, in words.
    """
    return {
        "person": row["subject"],
        "finding": named(row["verdict"], row["certainty"], row["posterior"]),
        "in_short": in_short(row, cause),
        "period": period(row["start_day"], row["end_day"]),
        "current_state": named(row["current"], row["current_certainty"], row["current_posterior"]),
        "why": " ".join(explanation(row, thresholds, cause)),
        "next_step": next_step(row, thresholds),
    }


def people_in_words(people: pl.DataFrame, causes: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """Everyone as a row of READABLE, the most striking finding first, within it the most certain.

    Args:
        people: `decide.PEOPLE`.
        causes: what `causes.explain` found.
        thresholds: thresholds of the verdicts.
    """
    rank = {verdict.value: index for index, verdict in enumerate(VERDICTS)}
    order = pl.col("verdict").replace_strict(rank, default=len(Verdict), return_dtype=pl.Int64)
    known = cause_words(causes)
    ordered = people.sort(order, pl.col("posterior"), "subject", descending=[False, True, False], nulls_last=True)
    rows = [in_words(row, thresholds, known.get(row["subject"])) for row in ordered.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=dict.fromkeys(READABLE, pl.String))
