"""How many people each verdict was given to, and what each means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import polars as pl

from alsight.detect.thresholds import Thresholds
from alsight.report.disclosure.nodes import Breakdown, Computed, Disclosure, Headcount, ShareOf
from alsight.report.page import charts
from alsight.report.page.blocks import Block, Figure, KeyEntry, Prose, Section, TableView, table
from alsight.report.page.words import NONE, count, opening, percent
from alsight.report.verdicts.counts import VerdictCounts
from alsight.report.verdicts.criteria import meaning
from alsight.report.verdicts.words import tone

KEY: Final = (
    KeyEntry("square-filled", "rise", "gains"),
    KeyEntry("square-filled", "other", "rises with another explanation"),
    KeyEntry("square-filled", "plateau", "plateaus"),
    KeyEntry("square-filled", "muted", "progressing, or no verdict"),
)

OMITTED: Final = "Bars are missing where a count is too small to print or would reveal one."

_LABELS_WIDTH: Final = 240
"""For names and numbers beside the bars [px]."""


def verdict_section(counts: VerdictCounts, thresholds: Thresholds) -> Section:
    """The count of people by headline verdict, and by their state now."""
    blocks: list[Block] = [
        Prose(
            "Each person has one headline verdict, the strongest that any period of the record supports. The state now "
            "can differ from it. A verdict is a statement of probability about a record. It is given only where "
            "follow-up and visits suffice: no verdict is given where the data do not support one."
        ),
    ]
    blocks += [_figure(counts), _nothing_drawn(counts)] if counts.everyone.size else []
    blocks += [_table(counts, thresholds)]
    return Section("verdicts", "Verdicts", tuple(blocks))


def _printed(counts: VerdictCounts, shown: Disclosure) -> list[tuple[str, int]]:
    return [(verdict, one.size) for verdict, one in counts.headline.items() if one.size and shown.shows(one)]


def _nothing_drawn(counts: VerdictCounts) -> Prose:
    said = "Each of these counts is too small to print."
    people = tuple(counts.headline.values())
    return Prose(Computed(lambda shown: "" if _printed(counts, shown) else said, people))


def _figure(counts: VerdictCounts) -> Figure:
    people = tuple(counts.headline.values())

    def draw(shown: Disclosure) -> Callable[[int], Any] | None:
        printed, whole = _printed(counts, shown), counts.everyone.size
        if not printed:
            return None
        bars = pl.DataFrame(
            {
                "label": [opening(verdict) for verdict, _ in printed],
                "share": [size / whole for _, size in printed],
                "tone": [tone(verdict) for verdict, _ in printed],
                "text": [f"{count(size)} ({percent(size / whole)})" for _, size in printed],
            }
        )
        return lambda width: charts.bars(bars, width - _LABELS_WIDTH, "")

    return Figure(
        draw,
        "People by headline verdict",
        Computed(
            lambda shown: f"People by headline verdict, the most striking first. {omitted(people, shown)}".strip()
        ),
        KEY,
        people=people,
    )


def omitted(people: tuple[Headcount, ...], shown: Disclosure) -> str:
    """The caption of a chart in which bars are missing."""
    return "" if shown.shows(*(one for one in people if one.size)) else OMITTED


def _table(counts: VerdictCounts, thresholds: Thresholds) -> TableView:
    rows = [
        (
            opening(verdict),
            people,
            ShareOf(people, counts.everyone),
            counts.current.get(verdict, NONE),
            opening(meaning(verdict, thresholds)),
        )
        for verdict, people in counts.headline.items()
    ]
    heads = ("verdict", "people", "share", "people now", "what it means")
    sums: tuple[Breakdown, ...] = counts.sums
    return table("Show what each verdict means, and the state now", heads, rows, (1, 2, 3), folded=True, sums=sums)
