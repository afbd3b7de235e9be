"""How scores vary within a person: variogram, runs of equal totals, successive slopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from alsight.report.disclosure.nodes import SMALL_CELL, Headcount, OnlyWith, Text
from alsight.report.page import charts
from alsight.report.page.blocks import Block, Heading, Pair, Prose, Section, drawn, table
from alsight.report.page.words import count, number, percent

Tables = Mapping[str, pl.DataFrame]


def variation(portrait: Tables) -> Section:
    """Variogram, run lengths and successive slopes, each scale by itself."""
    blocks: list[Block] = [
        Prose(
            "The scatter of a person's scores shows where flat periods come from. Rating noise alone gives a "
            "variogram that is flat from the start. A changing rate of decline makes it rise with time. Ratings that "
            "are copied from the visit before make it start low and give long runs of equal scores."
        )
    ]
    for scale, title in (("alsfrs_r", "ALSFRS-R"), ("alsfrs", "Original ALSFRS")):
        parts = {name: portrait[name].filter(pl.col("scale") == scale) for name in _VARIATION}
        if parts["variogram"].filter(pl.col("of") == "own_line", pl.col("people") >= SMALL_CELL).height:
            blocks += [Heading(title), *_variation(parts)]
    if len(blocks) == 1:
        blocks.append(Prose("Too few people have enough visits to estimate the variation."))
    return Section("variation", "Variation of scores within a person", tuple(blocks))


_VARIATION: Final = ("variogram", "run_lengths", "slope_correlation")


def _variation(parts: Tables) -> list[Block]:
    pairs = parts["variogram"].filter(pl.col("of") == "own_line", pl.col("people") >= SMALL_CELL)
    shown = pairs.select(months="lag_months", value="semivariance")
    rows = [
        (count(row["lag_months"]), count(row["pairs"]), number(row["semivariance"]), number(row["sd"]))
        for row in pairs.iter_rows(named=True)
    ]
    first = drawn(
        lambda width: charts.variogram(shown, width),
        "Variogram about the straight line of each person",
        "Half the mean squared difference of two visits of one person, after the straight line of that person was "
        "subtracted.",
        table=table(
            "Variogram: the numbers", ("months apart", "pairs", "points squared", "SD, points"), rows, (0, 1, 2, 3)
        ),
        pair=True,
    )
    runs = parts["run_lengths"].filter(pl.col("visits") <= 8)
    bars = runs.select(
        label=pl.format("{} visit{}", "visits", pl.when(pl.col("visits") > 1).then(pl.lit("s")).otherwise(pl.lit(""))),
        share="share",
        text=pl.Series([percent(share) for share in runs["share"]]),
    )
    second = drawn(
        lambda width: charts.bars(bars, width - 110, "Equal totals in a row"),
        "How many visits in a row have the same total",
        "Share of all runs, by how many visits in a row had the same total.",
        pair=True,
    )
    slopes: list[tuple[Text, ...]] = []
    for row in parts["slope_correlation"].iter_rows(named=True):
        behind = (Headcount(row["people"], ("slopes", row["scale"], row["gaps_apart"])),)
        slopes.append(
            (
                f"{row['gaps_apart']}",
                OnlyWith(count(row["pairs"]), behind),
                OnlyWith(number(row["correlation"], 2), behind),
                number(row["noise_alone"], 1),
            )
        )
    heads = ("visits between them", "pairs", "correlation", "if all were noise")
    named = "Correlation of slopes over successive intervals between visits"
    return [Pair((first, second)), table(named, heads, slopes, (0, 1, 2, 3), caption=named)]
