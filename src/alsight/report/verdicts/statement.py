"""The cohort beside natural history: how many met each reading of plateau or gain, and how many were to be expected."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import polars as pl

from alsight.detect.statement.model_count import QUANTITIES
from alsight.detect.verdicts import Verdicts
from alsight.report.page import charts
from alsight.report.page.blocks import Block, Figure, Heading, KeyEntry, Prose, Section, TableView, drawn, table
from alsight.report.page.charts import KEY_SHAPES, WIDE, rows
from alsight.report.page.theme import color
from alsight.report.page.words import NONE, SMALL_CELL, count, number, opening
from alsight.report.verdicts.subgroups import MODEL, by_subgroup, masked, subgroup_rows
from alsight.report.verdicts.words import reading_family, reading_label, reading_size, sure

WHOLE: Final = ("", "everyone")
"""Names of the whole cohort among subgroups."""

OWN: Final = "own cohort: internal consistency, not an untreated comparison"
"""Heading of what a fit to the cohort itself expects."""

HEADS: Final = ("reading", "of", "observed", "expected, 95 % predictive", "chance of as many or more", OWN)
NUMERIC: Final = (1, 2, 3, 4, 5)

MODELLED: Final = frozenset(one.name for one in QUANTITIES.values())
"""Names of the readings by the model."""

_WHOLE_FROM: Final = 9.95


def statement_section(judged: Verdicts, *, identified: bool) -> Section:
    """Observed numbers beside those that natural history predicts at the very same visits."""
    stated = judged.statement.with_columns(pl.col("subgroup").fill_null("").cast(pl.String))
    whole = masked(stated.filter(pl.col("subgroup").is_in(WHOLE), pl.col("eligible") > 0), identified=identified)
    rest = stated.filter(~pl.col("subgroup").is_in(WHOLE), pl.col("eligible") > 0)
    blocks: list[Block] = [
        Prose(
            "Each row is one reading of plateau or gain: a published wording, or the model of this report. Expected is "
            "what the external natural-history reference gives for these people at these visits, with a 95 % "
            "predictive interval: a number inside it needs no other explanation. A reading by the model is the sum of "
            "everybody's posteriors, with the 95 % interval of how many truly do; it is expected from virtual people "
            "who were weighed by the same model. Own cohort is expected from fits to this cohort itself: each half is "
            "predicted by a fit to the other, without people under a drug on trial."
        )
    ]
    if not whole.height:
        blocks.append(Prose("Nobody could be counted: there are too few visits for any reading."))
        return Section("statement", "Beside natural history", tuple(blocks))
    if whole["cross_fit_expected"].null_count() == whole.height:
        blocks.append(Prose("This cohort is too small for a fit to each half: nothing is expected from itself."))
    blocks += [_figure(whole, [reading_label(row) for row in whole.iter_rows(named=True)]), _table(whole)]
    chosen = subgroup_rows(rest, identified=identified)
    if chosen.height:
        drawn_rows = chosen.filter(pl.col("definition") == chosen["definition"][0])
        labels = [f"{opening(row['by'])}: {row['subgroup']}" for row in drawn_rows.iter_rows(named=True)]
        blocks += [
            Heading("By subgroup"),
            Prose(f"{opening(reading_label(drawn_rows.row(0, named=True)))}, in groups of 20 people or more."),
            _figure(drawn_rows, labels, subgroup=True),
            by_subgroup(chosen, HEADS, NUMERIC, _row),
        ]
    return Section("statement", "Beside natural history", tuple(blocks))


def _figure(stated: pl.DataFrame, labels: list[str], *, subgroup: bool = False) -> Figure:
    shares = _shares(stated, labels)
    kinds = [name for name in KEY_SHAPES if name in shares["kind"].to_list()]
    names = {"plateau": "observed, plateau", "reversal": "observed, rise", "responder": "observed, other"}
    key = [KeyEntry(KEY_SHAPES[name], charts.EPISODE_COLORS[name], names[name]) for name in kinds]
    key.append(KeyEntry("line", "faint", "natural history, 95 % predictive"))
    key += [KeyEntry("open", "ink", OWN)] if shares["own"].drop_nulls().len() else []
    what = "subgroup" if subgroup else "reading of plateau and gain"
    return drawn(
        lambda width: statement_chart(shares, width),
        f"Observed and expected share of people by {what}",
        "Share of the people who could be counted. Bars are the range that natural history predicts for these people "
        "at these visits; a mark inside its bar is no surprise."
        + (
            " Lines through a mark are the interval of a number that only the model can tell."
            if shares["seen_low"].drop_nulls().len()
            else ""
        )
        + (" Of many subgroups some lie outside by chance." if subgroup else ""),
        key=key,
    )


def _shares(stated: pl.DataFrame, labels: list[str]) -> pl.DataFrame:
    """Shares of those eligible; what is too small to be printed is not drawn either."""
    eligible = pl.col("eligible").cast(pl.Float64)
    known = pl.col("kind").is_in(list(KEY_SHAPES))
    told = pl.when(~pl.col("closed"))
    return stated.select(
        label=pl.Series(labels, dtype=pl.String),
        kind=pl.when(known)
        .then("kind")
        .otherwise(pl.when(pl.col("kind") == "gain").then(pl.lit("reversal")).otherwise(pl.lit("responder"))),
        rate=told.then(pl.col("observed") / eligible),
        seen_low=told.then(pl.col("observed_low") / eligible),
        seen_high=told.then(pl.col("observed_high") / eligible),
        low=pl.col("expected_low") / eligible,
        high=pl.col("expected_high") / eligible,
        expected=pl.col("expected") / eligible,
        own=told.then(pl.col("cross_fit_expected") / eligible),
    ).unique("label", keep="first", maintain_order=True)


def statement_chart(shares: pl.DataFrame, width: int) -> alt.TopLevelMixin:
    """Observed shares as marks on the bars that natural history predicts, one line a reading.

    Args:
        shares: one row a reading: label, kind, rate (null where hidden), seen_low and seen_high (where it has an
            interval), low, high, expected, own [0-1].
        width: of the drawing area [px].
    """
    wide = width >= WIDE
    top = shares.select(pl.max_horizontal(pl.col("rate", "high", "own", "seen_high").max())).item()
    reach = alt.Scale(domain=[0, max(float(top or 0.0), 0.02)])
    share: dict[str, Any] = {"title": None, "axis": alt.Axis(format="~%", tickCount=5, grid=True), "scale": reach}
    axis = alt.Axis(labels=wide, labelLimit=400, grid=False, labelColor=color("ink"))
    y = alt.Y("label:N", scale=alt.Scale(domain=shares["label"].to_list()), axis=axis)
    base = alt.Chart(rows(shares)).encode(y=y)
    seen = alt.Chart(rows(shares.drop_nulls("rate"))).encode(y=y)
    own = alt.Chart(rows(shares.drop_nulls("own"))).encode(y=y)
    sums = alt.Chart(rows(shares.drop_nulls(["rate", "seen_low"]))).encode(y=y)
    parts: list[Any] = [
        base.mark_bar(height=11, color=color("faint"), opacity=0.75).encode(x=alt.X("low:Q", **share), x2="high:Q"),
        base.mark_tick(thickness=2, size=15, color=color("muted")).encode(x=alt.X("expected:Q", **share)),
        sums.mark_rule(strokeWidth=2).encode(
            x=alt.X("seen_low:Q", **share), x2="seen_high:Q", color=alt.Color("kind:N", scale=charts.kinds())
        ),
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


def _table(stated: pl.DataFrame) -> TableView:
    """Observed and expected numbers of everybody; readings of one wording stand together under it."""
    lines: list[tuple[str, ...]] = []
    family = ""
    for row in stated.iter_rows(named=True):
        of = MODEL if row["definition"] in MODELLED else reading_family(row)
        lines += [(of,)] if of and of != family else []
        family = of
        lines.append(_row(row, reading_size(row) if of and of != MODEL else reading_label(row)))
    name = "Observed, and expected under natural history"
    return table(name, HEADS, lines, NUMERIC, caption=name)


def _row(row: dict[str, Any], name: str) -> tuple[str, ...]:
    """One reading; where the observed number is not told, nothing is that gives it away."""
    hide = row["few"]
    expected, observed = NONE, NONE
    if row["expected"] is not None and not hide:
        expected = _people(row["expected"])
        if row["expected_low"] is not None and row["expected_high"] is not None:
            expected += f" ({_people(row['expected_low'])} to {_people(row['expected_high'])})"
    if row["observed"] is not None and not hide:
        observed = f"under {SMALL_CELL}" if row["closed"] and row["observed"] < SMALL_CELL else _people(row["observed"])
        observed = "hidden" if row["closed"] and row["observed"] >= SMALL_CELL else observed
        if row["observed_low"] is not None:
            observed += f" ({count(round(row['observed_low']))} to {count(round(row['observed_high']))})"
    told = not (hide or row["closed"])
    return (
        name,
        f"under {SMALL_CELL}" if hide else count(row["eligible"]),
        observed,
        expected,
        sure(row["upper_tail_probability"]) if told else NONE,
        _people(row["cross_fit_expected"]) if told else NONE,
    )


def _people(value: float | None) -> str:
    """A number of people: whole from ten on, and where it is whole."""
    whole = value is None or value >= _WHOLE_FROM or float(value).is_integer()
    return number(value, 0 if whole else 1)
