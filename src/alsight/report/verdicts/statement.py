"""The cohort beside natural history: how many met each reading of plateau or gain, and how many were to be expected."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import polars as pl

from alsight.detect.verdicts import Verdicts
from alsight.report.page import charts
from alsight.report.page.blocks import Block, Figure, KeyEntry, Prose, Section, TableView, drawn, table
from alsight.report.page.charts import KEY_SHAPES, WIDE, rows
from alsight.report.page.theme import color
from alsight.report.page.words import NONE, cell, count, hidden, number, opening
from alsight.report.verdicts.words import reading_family, reading_label, reading_size, sure

WHOLE: Final = ("", "everyone")
"""Names of the whole cohort among subgroups."""

OWN: Final = "own cohort: internal consistency, not an untreated comparison"
"""Heading of what a fit to the cohort itself expects."""

HEADS: Final = ("reading", "of", "observed", "expected, 95 % predictive", "chance of as many or more", OWN)
NUMERIC: Final = (1, 2, 3, 4, 5)

_WHOLE_FROM: Final = 9.95


def statement_section(judged: Verdicts, *, identified: bool) -> Section:
    """Observed numbers beside those that natural history predicts at the very same visits."""
    stated = judged.statement.with_columns(pl.col("subgroup").fill_null("").cast(pl.String))
    whole = stated.filter(pl.col("subgroup").is_in(WHOLE), pl.col("eligible") > 0)
    rest = stated.filter(~pl.col("subgroup").is_in(WHOLE), pl.col("eligible") > 0)
    blocks: list[Block] = [
        Prose(
            "Each row is one reading of plateau or gain: a published wording, or the model of this report. Expected is "
            "what the external natural-history reference gives for these people at these visits, with a 95 % "
            "predictive interval: a number inside it needs no other explanation. Own cohort is expected from a fit to "
            "this cohort itself, each person predicted by a fit to the others."
        )
    ]
    if not whole.height:
        blocks.append(Prose("Nobody could be counted: there are too few visits for any reading."))
        return Section("statement", "Beside natural history", tuple(blocks))
    blocks += [_figure(whole, identified=identified), _table(whole, identified=identified)]
    blocks += [_by_subgroup(rest, identified=identified)] if rest.height else []
    return Section("statement", "Beside natural history", tuple(blocks))


def _figure(whole: pl.DataFrame, *, identified: bool) -> Figure:
    shares = _shares(whole, identified=identified)
    kinds = [name for name in KEY_SHAPES if name in shares["kind"].to_list()]
    names = {"plateau": "observed, plateau", "reversal": "observed, rise", "responder": "observed, other"}
    key = [KeyEntry(KEY_SHAPES[name], charts.EPISODE_COLORS[name], names[name]) for name in kinds]
    key.append(KeyEntry("line", "faint", "natural history, 95 % predictive"))
    key += [KeyEntry("open", "ink", OWN)] if shares["own"].drop_nulls().len() else []
    return drawn(
        lambda width: statement_chart(shares, width),
        "Observed and expected share of people by reading of plateau and gain",
        "Share of the people who could be counted. Bars are the range that natural history predicts for these people "
        "at these visits; a mark inside its bar is no surprise.",
        key=key,
    )


def _shares(whole: pl.DataFrame, *, identified: bool) -> pl.DataFrame:
    """Shares of those eligible; what is too small to be printed is not drawn either."""
    eligible = pl.col("eligible").cast(pl.Float64)
    small = pl.Series(
        [
            hidden(row["observed"] or 0, identified=identified) or hidden(row["eligible"], identified=identified)
            for row in whole.iter_rows(named=True)
        ],
        dtype=pl.Boolean,
    )
    labels = pl.Series([reading_label(row) for row in whole.iter_rows(named=True)], dtype=pl.String)
    known = pl.col("kind").is_in(list(KEY_SHAPES))
    return whole.select(
        label=labels,
        kind=pl.when(known).then("kind").otherwise(
            pl.when(pl.col("kind") == "gain").then(pl.lit("reversal")).otherwise(pl.lit("responder"))
        ),
        rate=pl.when(~small).then(pl.col("observed") / eligible),
        low=pl.col("low") / eligible,
        high=pl.col("high") / eligible,
        expected=pl.col("expected") / eligible,
        own=pl.when(~small).then(pl.col("own") / eligible),
    ).unique("label", keep="first", maintain_order=True)  # fmt: skip


def statement_chart(shares: pl.DataFrame, width: int) -> alt.TopLevelMixin:
    """Observed shares as marks on the bars that natural history predicts, one line a reading.

    Args:
        shares: one row a reading: label, kind, rate (null where hidden), low, high, expected, own [0-1].
        width: of the drawing area [px].
    """
    wide = width >= WIDE
    top = shares.select(pl.max_horizontal(pl.col("rate", "high", "own").max())).item()
    reach = alt.Scale(domain=[0, max(float(top or 0.0), 0.02)])
    share: dict[str, Any] = {"title": None, "axis": alt.Axis(format="~%", tickCount=5, grid=True), "scale": reach}
    axis = alt.Axis(labels=wide, labelLimit=400, grid=False, labelColor=color("ink"))
    y = alt.Y("label:N", scale=alt.Scale(domain=shares["label"].to_list()), axis=axis)
    base = alt.Chart(rows(shares)).encode(y=y)
    seen = alt.Chart(rows(shares.drop_nulls("rate"))).encode(y=y)
    own = alt.Chart(rows(shares.drop_nulls("own"))).encode(y=y)
    parts: list[Any] = [
        base.mark_bar(height=11, color=color("faint"), opacity=0.75).encode(x=alt.X("low:Q", **share), x2="high:Q"),
        base.mark_tick(thickness=2, size=15, color=color("muted")).encode(x=alt.X("expected:Q", **share)),
        own.mark_point(size=70, shape="diamond", strokeWidth=1.6, color=color("ink")).encode(x=alt.X("own:Q", **share)),
        seen.mark_point(size=64, filled=True, opacity=1).encode(
            x=alt.X("rate:Q", **share),
            color=alt.Color("kind:N", scale=charts.kinds()),
            shape=alt.Shape("kind:N", scale=charts.shapes()),
        ),
    ]
    parts += [] if wide else charts.names_above(shares, y)
    size = {"width": width - 340, "height": alt.Step(26)} if wide else {"width": width, "height": alt.Step(56)}
    return alt.layer(*parts).properties(**size)


def _table(stated: pl.DataFrame, *, identified: bool) -> TableView:
    """Observed and expected numbers of everybody; readings of one wording stand together under it."""
    lines: list[tuple[str, ...]] = []
    family = ""
    for row in stated.iter_rows(named=True):
        of = reading_family(row)
        lines += [(of,)] if of and of != family else []
        family = of
        lines.append(_row(row, reading_size(row) if of else reading_label(row), identified=identified))
    name = "Observed, and expected under natural history"
    return table(name, HEADS, lines, NUMERIC, caption=name)


def _by_subgroup(stated: pl.DataFrame, *, identified: bool) -> TableView:
    """The same by subgroup, each under its name."""
    lines: list[tuple[str, ...]] = []
    for subgroup, part in stated.group_by("subgroup", maintain_order=True):
        lines.append((opening(str(subgroup[0])),))
        lines += [_row(row, reading_label(row), identified=identified) for row in part.iter_rows(named=True)]
    return table("Show the same by subgroup", HEADS, lines, NUMERIC, folded=True)


def _row(row: dict[str, Any], name: str, *, identified: bool) -> tuple[str, ...]:
    """One reading; where the observed number is not told, nothing is that gives it away."""
    closed = hidden(row["eligible"], identified=identified)
    told = not (closed or hidden(row["observed"] or 0, identified=identified))
    expected = NONE
    if row["expected"] is not None and not closed:
        expected = _people(row["expected"])
        if row["low"] is not None and row["high"] is not None:
            expected += f" ({count(round(row['low']))} to {count(round(row['high']))})"
    return (
        name,
        cell(row["eligible"], identified=identified),
        NONE if closed or row["observed"] is None else cell(row["observed"], identified=identified),
        expected,
        sure(row["surprise"]) if told else NONE,
        _people(row["own"]) if told else NONE,
    )


def _people(value: float | None) -> str:
    """An expected number of people: whole from ten on."""
    return number(value, 0 if value is None or value >= _WHOLE_FROM else 1)
