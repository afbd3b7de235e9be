"""Criteria for each verdict, sensitivity to missing visits, and notes on how the verdicts were made."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from alsight.detect.thresholds import Thresholds
from alsight.detect.verdicts import Verdicts
from alsight.report.disclosure.nodes import Breakdown, Headcount, Text
from alsight.report.page.blocks import Block, Heading, Prose, Section, TableView, table
from alsight.report.page.words import NONE, number, opening, percent
from alsight.report.verdicts.counts import VerdictCounts
from alsight.report.verdicts.words import RANK

ASKED: Final[dict[str, tuple[str, str]]] = {
    "loss": ("progressing: posterior of a true loss, at least", "share"),
    "loss_points": ("progressing: what counts as a true loss, at least", "points"),
    "false": ("a called gain: local false discovery rate, at most", "share"),
    "none": ("a true held gain below this counts as none", "points"),
    "gain": ("a called gain: median size, at least", "points"),
    "hold": ("reversal: held for at least", "months"),
    "remission": ("remission-like: held for at least", "months"),
    "documented": ("remission-like: documented loss before, at least", "points"),
    "given_back": ("lost gain: share of the gain that is lost again, at least", "share"),
    "doubt": ("flat stretches and gains: share in which the model is taken to be wrong, lessening posteriors", "share"),
    "plateau": ("plateau: posterior of a flat stretch, at least", "share"),
    "flat": ("plateau: a loss below this counts as flat", "points"),
    "flat_months": ("plateau: shortest length", "months"),
    "prolonged": ("prolonged plateau: share of comparable people with so long a one, at most", "share"),
    "floor": ("not judged: level at or under", "points"),
    "ceiling": ("not judged: level at or over", "points"),
    "visits": ("fewest visits", ""),
    "plateau_visits": ("fewest visits in a plateau", ""),
    "months": ("shortest follow-up", "months"),
    "cohort": ("fewest people from whom noise and the frequency of recovery are estimated", "people"),
}
"""Field of `Thresholds` to what it asks for and its unit."""


def asked_section(judged: Verdicts, counts: VerdictCounts) -> Section:
    """Thresholds, sensitivity to missing visits, and notes."""
    blocks: list[Block] = [
        Prose(
            "Every threshold of every verdict, as used in this report. The defaults were fixed before any record was "
            "read. The documentation states which of them have a published source and which are assumed."
        ),
        thresholds_table(judged.thresholds),
    ]
    if judged.sensitivity.height:
        blocks += [
            Heading("Sensitivity to missing visits"),
            Prose(
                "People miss visits when they are worse. Below, missing visits are assumed to lie a stated number of "
                "points under their expected score, and the favorable verdicts are given again. The table counts the "
                "people who keep their verdict. The result for each person is in sensitivity.parquet."
            ),
            sensitivity_table(judged, counts),
        ]
    if judged.notes:
        blocks += [Heading("Notes on the verdicts"), *(Prose(note) for note in judged.notes)]
    return Section("asked", "Criteria for each verdict", tuple(blocks))


def thresholds_table(thresholds: Thresholds) -> TableView:
    """Every threshold in words, with its value."""
    rows = [(opening(words), _value(getattr(thresholds, name), unit)) for name, (words, unit) in ASKED.items()]
    return table("Thresholds", ("threshold", "value"), rows, (1,))


def _value(value: Any, unit: str) -> str:
    if unit == "share":
        return percent(value)
    shown = number(float(value), 0 if float(value).is_integer() else 1)
    return f"{shown} {unit.removesuffix('s') if shown == '1' else unit}".strip()


def sensitivity_table(judged: Verdicts, counts: VerdictCounts) -> TableView:
    """How many people keep each favorable verdict, by how much worse missing visits are assumed to be."""
    first = judged.people.select("subject", given="verdict")
    both = judged.sensitivity.filter(pl.col("worse") > 0.0).join(first, on="subject")
    amounts = both["worse"].unique().sort().to_list()
    kept = both.group_by("given", "worse").agg(people=pl.len(), kept=(pl.col("verdict") == pl.col("given")).sum())
    found = {(row["given"], row["worse"]): row for row in kept.iter_rows(named=True)}
    rows: list[tuple[Text, ...]] = []
    sums: list[Breakdown] = []
    for verdict in sorted(both["given"].unique().to_list(), key=lambda name: RANK.get(name, len(RANK))):
        size = max(found[verdict, worse]["people"] for worse in amounts if (verdict, worse) in found)
        whole = counts.headline[verdict]
        given = whole if whole.size == size else Headcount(size, ("with amounts", verdict))
        sums += [] if given is whole else [Breakdown(whole, (given,))]
        cells: list[Text] = [given]
        for worse in amounts:
            row = found.get((verdict, worse))
            kept_here = None if row is None else Headcount(row["kept"], ("kept", verdict, worse))
            cells.append(NONE if kept_here is None else kept_here)
            if kept_here is not None:
                lost = Headcount(size - kept_here.size, ("not kept", verdict, worse), implied=True)
                sums.append(Breakdown(given, (kept_here, lost)))
        rows.append((opening(verdict), *cells))
    heads = ("verdict", "people", *(f"kept at {_points(worse)}" for worse in amounts))
    name = "People who keep their verdict if missing visits were worse"
    return table(name, heads, rows, tuple(range(1, len(heads))), sums=tuple(sums))


def _points(worse: float) -> str:
    shown = number(worse, 0)
    return f"{shown} point" if shown == "1" else f"{shown} points"
