"""What a verdict asked for, how it would change were the unseen visits worse, and what a reader must know."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from alsight.detect.thresholds import Thresholds
from alsight.detect.verdicts import Verdicts
from alsight.report.page.blocks import Block, Heading, Prose, Section, TableView, table
from alsight.report.page.words import NONE, count, number, opening, partition, percent
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


def asked_section(judged: Verdicts, *, identified: bool) -> Section:
    """Thresholds, sensitivity to what was not seen, and notes."""
    blocks: list[Block] = [
        Prose(
            "Every threshold of every verdict, as used in this report. They were set before any record was seen; "
            "their sources and those that are alsight's own stand in the documentation."
        ),
        thresholds_table(judged.thresholds),
    ]
    if judged.sensitivity.height:
        blocks += [
            Heading("If what was not seen were worse"),
            Prose(
                "People miss visits when they are worse. Below, the visits that were not seen are taken to lie so many "
                "points under what is expected of them, and the favorable verdicts are given again; counted are those "
                "who keep theirs. Everybody's are in sensitivity.parquet."
            ),
            sensitivity_table(judged, identified=identified),
        ]
    if judged.notes:
        blocks += [Heading("How the verdicts were made"), *(Prose(note) for note in judged.notes)]
    return Section("asked", "What a verdict asks for", tuple(blocks))


def thresholds_table(thresholds: Thresholds) -> TableView:
    """Every threshold in words, with its value."""
    rows = [(opening(words), _value(getattr(thresholds, name), unit)) for name, (words, unit) in ASKED.items()]
    return table("Thresholds", ("threshold", "value"), rows, (1,))


def _value(value: Any, unit: str) -> str:
    if unit == "share":
        return percent(value)
    shown = number(float(value), 0 if float(value).is_integer() else 1)
    return f"{shown} {unit.removesuffix('s') if shown == '1' else unit}".strip()


def sensitivity_table(judged: Verdicts, *, identified: bool) -> TableView:
    """How many of each favorable verdict stand, by how much worse the unseen visits were."""
    first = judged.people.select("subject", given="verdict")
    both = judged.sensitivity.filter(pl.col("worse") > 0.0).join(first, on="subject")
    amounts = both["worse"].unique().sort().to_list()
    kept = both.group_by("given", "worse").agg(people=pl.len(), kept=(pl.col("verdict") == pl.col("given")).sum())
    found = {(row["given"], row["worse"]): row for row in kept.iter_rows(named=True)}
    rows: list[tuple[str, ...]] = []
    for verdict in sorted(both["given"].unique().to_list(), key=lambda name: RANK.get(name, len(RANK))):
        given = max(found[verdict, worse]["people"] for worse in amounts if (verdict, worse) in found)
        numbers = [found[verdict, worse]["kept"] if (verdict, worse) in found else None for worse in amounts]
        rows.append((opening(verdict), *_cells(given, numbers, identified=identified)))
    heads = ("verdict", "people", *(f"kept at {number(worse, 0)} points" for worse in amounts))
    return table("Verdicts if unseen visits were worse", heads, rows, tuple(range(1, len(heads))))


def _cells(given: int, numbers: list[int | None], *, identified: bool) -> list[str]:
    """The people and those who keep their verdict; neither the kept nor the lost may be few."""
    if any(partition([given, 0], identified=identified)):
        return ["hidden"] * (1 + len(numbers))
    shown = [count(given)]
    for kept in numbers:
        if kept is None:
            shown.append(NONE)
        else:
            shown.append("hidden" if any(partition([kept, given - kept], identified=identified)) else count(kept))
    return shown
