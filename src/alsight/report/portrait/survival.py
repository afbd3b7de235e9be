"""Survival of a cohort: the Kaplan-Meier curve with the numbers at risk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import polars as pl

from alsight.report.disclosure.nodes import Disclosure, Headcount, OnlyWith, Text, WithNoun, phrase
from alsight.report.page import charts
from alsight.report.page.blocks import Figure, Prose, Section, table
from alsight.report.page.words import interval, number, percent

Tables = Mapping[str, pl.DataFrame]

_AT_RISK_STEPS: Final = 7
"""Most rows of the table of numbers at risk."""


def survival(portrait: Tables, at_risk: pl.DataFrame) -> Section:
    """Kaplan-Meier curve from entry, with the numbers at risk.

    Args:
        portrait: what `describe_cohort` gave.
        at_risk: one row a person at risk: entry and time [months].
    """
    facts = portrait["survival_summary"].filter(pl.col("origin") == "entry", pl.col("endpoint") != "death")
    curve = portrait["survival"].filter(pl.col("origin") == "entry", pl.col("endpoint") != "death")
    if not facts.height or not at_risk.height or not curve.height:
        return Section("survival", "Survival", (Prose("No follow-up is recorded from which to estimate survival."),))
    known = {row["fact"]: row for row in facts.iter_rows(named=True)}
    meaning, last = facts["meaning"][0], float(at_risk["time"].max() or 0.0)  # type: ignore[arg-type]
    events, people = survival_counts(portrait["survival_summary"])
    step = next((step for step in (3, 6, 12, 24, 60) if last / step <= _AT_RISK_STEPS), 120)
    steps = [float(step * index) for index in range(int(last // step) + 1)]
    rows = [_risk_row(time, at_risk, curve, events) for time in steps]

    def draw(shown: Disclosure) -> Callable[[int], Any] | None:
        followed = curve.filter(pl.col("at_risk") >= shown.least)
        if not shown.shows(events) or not followed.height:
            return None
        to = float(at_risk["time"].top_k(shown.least).min() or 0.0)  # type: ignore[arg-type]
        end = pl.DataFrame({"months": [to]}).join(followed.tail(1).drop("months"), how="cross").select(curve.columns)
        return lambda width: charts.survival(pl.concat([followed, end]), width, "Share without the event")

    heads = ("months", "at risk", "without the event", "95 % interval")
    figure = Figure(
        draw,
        f"Kaplan-Meier curve of {meaning}, counted from entry, with 95 % interval",
        f"The event is {meaning}. Time counts from entry; the band is the pointwise 95 % interval. People still "
        "followed without the event are censored: their time counts up to the last day on which anything was recorded.",
        people=(events,),
    )
    said = phrase(
        "Of ", WithNoun(people), " at risk, ", events, " had the event.", OnlyWith(f" {_median(known)}", (events,), "")
    )
    return Section("survival", "Survival", (Prose(said), figure, table("Numbers at risk", heads, rows, (0, 1, 2, 3))))


def survival_counts(summary: pl.DataFrame) -> tuple[Headcount, Headcount]:
    """People who died or were permanently ventilated after entry, and people at risk of it."""
    facts = summary.filter(pl.col("origin") == "entry", pl.col("endpoint") != "death")
    known = {
        row["fact"]: int(row["value"]) for row in facts.iter_rows(named=True) if row["fact"] in ("events", "people")
    }
    return Headcount(known["events"], ("endpoint",)), Headcount(known["people"], ("at risk of the endpoint",))


def _median(known: dict[str, dict[str, Any]]) -> str:
    row = known["median_months"]
    if row["value"] is None:
        return "The median was not reached."
    high = number(row["high"], 0) if row["high"] is not None else "not reached"
    middle = f"The median time from entry is {number(row['value'], 0)} months"
    return f"{middle} (95 % interval {number(row['low'], 0)} to {high})."


def _risk_row(time: float, at_risk: pl.DataFrame, curve: pl.DataFrame, events: Headcount) -> tuple[Text, ...]:
    n = at_risk.filter(pl.col("entry") <= time, pl.col("time") >= time).height
    now = curve.filter(pl.col("months") <= time).row(-1, named=True)
    left = Headcount(n, ("at risk", time))
    share, band = percent(now["survival"]), interval(now["low"], now["high"])
    return (number(time, 0), left, OnlyWith(share, (left, events)), OnlyWith(band, (left, events)))
