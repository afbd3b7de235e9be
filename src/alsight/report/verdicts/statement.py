"""The cohort beside natural history: how many people met each definition, and how many were to be expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import altair as alt
import polars as pl

from alsight.detect.statement.counts import CohortStatement
from alsight.detect.statement.model_count import QUANTITIES
from alsight.detect.verdicts import Verdicts
from alsight.report.disclosure.nodes import Disclosure, OnlyWith, Text, WithNoun, phrase
from alsight.report.page import charts
from alsight.report.page.blocks import Block, Figure, Heading, KeyEntry, Prose, Section, TableView, table
from alsight.report.page.charts import KEY_SHAPES, WIDE, rows
from alsight.report.page.theme import color
from alsight.report.page.words import NONE, count, number, opening, sure
from alsight.report.verdicts.counts import sentence_counts, stated_counts, statement_sums
from alsight.report.verdicts.words import reading_family, reading_label, reading_size

WHOLE: Final = ("", "everyone")
"""Names of the whole cohort among subgroups."""

OWN: Final = "estimated from this cohort"
"""Heading of what a fit to the cohort itself expects."""

OWN_KEY: Final = f"{OWN}: internal consistency, not an untreated comparison"
"""The same in the key of the chart."""

HEADS: Final = ("definition", "of", "observed", "expected, 95 % predictive", "probability of as many or more", OWN)
NUMERIC: Final = (1, 2, 3, 4, 5)

MODEL: Final = "By the model of this report (sum of posterior probabilities)"
"""Above the rows by the model."""

MODEL_ROWS: Final = (
    "A row by the model is the sum of all posterior probabilities, with a 95 % interval of the true number. It is "
    "compared with virtual people to whom the same model was fitted."
)
OWN_COLUMN: Final = (
    " The estimates from this cohort come from fits to its halves: a fit to one half predicts the other, without "
    "people who take an investigational drug. They show internal consistency and are not an untreated comparison."
)
MODELLED: Final = frozenset(one.name for one in QUANTITIES.values())
"""Names of the rows by the model."""

REPORTED: Final = (
    ("bedlack_ever_floor_6", 12.0, None),
    ("vasta_within_1_6", 12.0, None),
    ("bedlack_gain_4_12", 12.0, 4.0),
    ("model_flat", 12.0, None),
    ("model_gain_12", 12.0, 4.0),
)
"""What is reported by subgroup: definition, months, points; the first is drawn. All are in statement.csv."""

_WHOLE_FROM: Final = 9.95


def cohort_sentence(found: CohortStatement | None) -> Text:
    """The sentence that can be quoted: what the cohort shows beside natural history, over a year.

    The comparison in words stands only where the observed number is printed, since "fewer than expected" would narrow
    it down.
    """
    if found is None:
        return "No one was followed for long enough to compare the cohort with natural history."
    eligible, observed = sentence_counts(found)
    many = "more than" if observed.size > found.high else "fewer than" if observed.size < found.low else "as many as"
    expected = f"{found.expected:,.0f} (95 % predictive interval {found.low:,.0f} to {found.high:,.0f})"
    compared = OnlyWith(f": {many} expected.", (eligible, observed), ".")
    return phrase(
        "Of ",
        WithNoun(eligible),
        f" followed for {found.months:.0f} months or longer, ",
        observed,
        f" had a period of {found.months:.0f} months without a score below its first. At these visits natural history "
        f"alone predicts {expected}",
        compared,
    )


def statement_section(assessed: Verdicts) -> Section:
    """Observed numbers beside those that natural history predicts at the very same visits."""
    stated = assessed.statement.with_columns(pl.col("subgroup").fill_null("").cast(pl.String))
    whole = stated.filter(pl.col("subgroup").is_in(WHOLE), pl.col("eligible") > 0)
    rest = stated.filter(~pl.col("subgroup").is_in(WHOLE), pl.col("eligible") > 0)
    blocks: list[Block] = [
        Prose(
            "Each row is one definition of a plateau or a gain: a published definition, or the model of this report. "
            "Natural history is the course of ALS without effective treatment. The expected number is what the "
            "external natural-history reference predicts for these people at these visits, with a 95 % predictive "
            "interval: an observed number inside it needs no other explanation."
        ),
    ]
    if not whole.height:
        blocks.append(Prose("No one could be counted: there are too few visits for any definition."))
        return Section("statement", "Comparison with natural history", tuple(blocks))
    small = whole["cross_fit_expected"].null_count() == whole.height
    blocks += [
        _figure(whole, [reading_label(row) for row in whole.iter_rows(named=True)]),
        Prose(MODEL_ROWS + ("" if small else OWN_COLUMN), "small"),
        _table(whole, stated),
    ]
    chosen = _reported(rest)
    if chosen.height:
        drawn_rows = chosen.filter(pl.col("definition") == chosen["definition"][0])
        labels = [f"{opening(row['by'])}: {row['subgroup']}" for row in drawn_rows.iter_rows(named=True)]
        blocks += [
            Heading("By subgroup"),
            Prose(f"{opening(reading_label(drawn_rows.row(0, named=True)))}, in groups of 20 people or more."),
            _figure(drawn_rows, labels, subgroup=True),
            _by_subgroup(chosen),
        ]
    return Section("statement", "Comparison with natural history", tuple(blocks))


def _reported(stated: pl.DataFrame) -> pl.DataFrame:
    """The rows that are reported by subgroup, definition by definition."""
    return pl.concat(
        stated.filter(
            pl.col("definition") == name,
            pl.col("months") == months,
            pl.lit(value=True) if points is None else pl.col("points") == points,
        )
        for name, months, points in REPORTED
    )


def _by_subgroup(chosen: pl.DataFrame) -> TableView:
    """Each subgroup under its name, with what is reported of it."""
    lines: list[tuple[Text, ...]] = []
    for (by, subgroup), part in chosen.group_by("by", "subgroup", maintain_order=True):
        lines.append((opening(f"{by}: {subgroup}" if by else str(subgroup)),))
        lines += [_row(row, reading_label(row)) for row in part.iter_rows(named=True)]
    return table("Show the same by subgroup", HEADS, lines, NUMERIC, folded=True)


def _figure(stated: pl.DataFrame, labels: list[str], *, subgroup: bool = False) -> Figure:
    shares = _shares(stated, labels, None)
    kinds = [name for name in KEY_SHAPES if name in shares["kind"].to_list()]
    names = {"plateau": "observed, plateau", "reversal": "observed, gain", "responder": "observed, other"}
    key = [KeyEntry(KEY_SHAPES[name], charts.EPISODE_COLORS[name], names[name]) for name in kinds]
    key.append(KeyEntry("line", "faint", "natural history, 95 % predictive"))
    key += [KeyEntry("open", "ink", OWN_KEY)] if shares["own"].drop_nulls().len() else []
    what = "subgroup" if subgroup else "definition of a plateau or a gain"

    def draw(shown: Disclosure) -> Callable[[int], Any] | None:
        printed = _shares(stated, labels, shown)
        return lambda width: statement_chart(printed, width)

    return Figure(
        draw,
        f"Observed and expected share of people by {what}",
        "Share of the people who could be counted. A bar is the range that natural history predicts for these people "
        "at these visits; a mark inside its bar is no surprise."
        + (
            " A line through a mark is the interval of a number that the model estimates."
            if shares["seen_low"].drop_nulls().len()
            else ""
        )
        + (" Of many subgroups some lie outside their bar by chance." if subgroup else ""),
        tuple(key),
        people=tuple(one for row in stated.iter_rows(named=True) for one in stated_counts(row) if one is not None),
    )


def _shares(stated: pl.DataFrame, labels: list[str], shown: Disclosure | None) -> pl.DataFrame:
    """Shares of those eligible; what is not printed is not drawn either."""
    pairs = [stated_counts(row) for row in stated.iter_rows(named=True)]
    reported = pl.Series(
        [shown is None or shown.shows(*(one for one in pair if one)) for pair in pairs], dtype=pl.Boolean
    )
    enough = pl.Series([shown is None or shown.shows(pair[0]) for pair in pairs], dtype=pl.Boolean)
    eligible = pl.col("eligible").cast(pl.Float64)
    known = pl.col("kind").is_in(list(KEY_SHAPES))
    printed, expected = pl.when(pl.lit(reported)), pl.when(pl.lit(enough))
    return stated.select(
        label=pl.Series(labels, dtype=pl.String),
        kind=pl.when(known)
        .then("kind")
        .otherwise(pl.when(pl.col("kind") == "gain").then(pl.lit("reversal")).otherwise(pl.lit("responder"))),
        rate=printed.then(pl.col("observed") / eligible),
        seen_low=printed.then(pl.col("observed_low") / eligible),
        seen_high=printed.then(pl.col("observed_high") / eligible),
        low=expected.then(pl.col("expected_low") / eligible),
        high=expected.then(pl.col("expected_high") / eligible),
        expected=expected.then(pl.col("expected") / eligible),
        own=printed.then(pl.col("cross_fit_expected") / eligible),
    ).unique("label", keep="first", maintain_order=True)


def statement_chart(shares: pl.DataFrame, width: int) -> alt.TopLevelMixin:
    """Observed shares as marks on the bars that natural history predicts, one line a definition.

    Args:
        shares: one row a definition: label, kind, rate (null where hidden), seen_low and seen_high (where it has an
            interval), low, high, expected, own [0-1].
        width: of the drawing area [px].
    """
    wide = width >= WIDE
    top = shares.select(pl.max_horizontal(pl.col("rate", "high", "own", "seen_high").max())).item()
    reach = alt.Scale(domain=[0, max(float(top or 0.0), 0.02)])
    share: dict[str, Any] = {"title": None, "axis": alt.Axis(format="~%", tickCount=5, grid=True), "scale": reach}
    axis = alt.Axis(labels=wide, labelLimit=400, grid=False, labelColor=color("ink"))
    y = alt.Y("label:N", scale=alt.Scale(domain=shares["label"].to_list()), axis=axis)
    base = alt.Chart(rows(shares.drop_nulls("low"))).encode(y=y)
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


def _table(whole: pl.DataFrame, stated: pl.DataFrame) -> TableView:
    """Observed and expected numbers of the whole cohort; rows of one definition stand together under it."""
    lines: list[tuple[Text, ...]] = []
    family = ""
    for row in whole.iter_rows(named=True):
        of = MODEL if row["definition"] in MODELLED else reading_family(row)
        lines += [(of,)] if of and of != family else []
        family = of
        lines.append(_row(row, reading_size(row) if of and of != MODEL else reading_label(row)))
    name = "Observed and expected numbers of people"
    return table(name, HEADS, lines, NUMERIC, folded=True, sums=statement_sums(stated))


def _row(row: dict[str, Any], name: str) -> tuple[Text, ...]:
    """One row; where the observed number is not printed, nothing is that gives it away."""
    eligible, observed = stated_counts(row)
    both = (eligible,) if observed is None else (eligible, observed)
    expected, seen = NONE, NONE
    if row["expected"] is not None:
        expected = _people(row["expected"])
        if row["expected_low"] is not None and row["expected_high"] is not None:
            expected += f" ({_people(row['expected_low'])} to {_people(row['expected_high'])})"
    if row["observed"] is not None and observed is None:
        seen = (
            f"{_people(row['observed'])} ({count(round(row['observed_low']))} to {count(round(row['observed_high']))})"
        )
    return (
        name,
        eligible,
        OnlyWith(seen, both) if observed is None else observed,
        OnlyWith(expected, (eligible,)),
        OnlyWith(sure(row["upper_tail_probability"]), both),
        OnlyWith(_people(row["cross_fit_expected"]), both),
    )


def _people(value: float | None) -> str:
    """A number of people: whole from ten on, and where it is whole."""
    whole = value is None or value >= _WHOLE_FROM or float(value).is_integer()
    return number(value, 0 if whole else 1)
