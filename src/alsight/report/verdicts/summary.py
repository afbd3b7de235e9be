"""How many people each verdict was given to, and what each means."""

from __future__ import annotations

from typing import Final

import polars as pl

from alsight.detect.verdicts import Verdicts
from alsight.report.page import charts
from alsight.report.page.blocks import Block, Figure, KeyEntry, Prose, Section, TableView, drawn, table
from alsight.report.page.words import NONE, count, opening, partition, percent
from alsight.report.verdicts.criteria import meaning
from alsight.report.verdicts.tables import counted
from alsight.report.verdicts.words import tone

KEY: Final = (
    KeyEntry("square-filled", "rise", "gains"),
    KeyEntry("square-filled", "other", "rises explained otherwise"),
    KeyEntry("square-filled", "plateau", "plateaus"),
    KeyEntry("square-filled", "muted", "progressing, or cannot tell"),
)

_ROOM: Final = 240
"""For names and numbers beside the bars [px]."""


def verdict_section(judged: Verdicts, *, identified: bool) -> Section:
    """The count of people by headline verdict, and by their state now."""
    said = counted(judged)
    ever, now = said["headline"], said["current"]
    hide = dict(zip(ever, partition(list(ever.values()), identified=identified), strict=True))
    blocks: list[Block] = [
        Prose(
            "Everybody has one headline verdict, the strongest that any stretch of their record supports; where they "
            "stand now can differ. A verdict is a statement of probability about a record, given only where follow-up "
            "and visits suffice. No verdict is given where the data do not support one."
        ),
    ]
    figure = _figure(ever, hide)
    listed = _table(judged, ever, now, identified=identified)
    if figure:
        blocks += [figure]
    elif any(ever.values()):
        blocks += [Prose("Each of these counts is too small to print.")]
    blocks += [listed]
    return Section("verdicts", "Verdicts", tuple(blocks))


def _figure(ever: dict[str, int], hide: dict[str, bool]) -> Figure | None:
    whole = sum(ever.values())
    seen = [verdict for verdict, size in ever.items() if size and not hide[verdict]]
    if not seen:
        return None
    bars = pl.DataFrame(
        {
            "label": [opening(verdict) for verdict in seen],
            "share": [ever[verdict] / whole for verdict in seen],
            "tone": [tone(verdict) for verdict in seen],
            "text": [f"{count(ever[verdict])} ({percent(ever[verdict] / whole)})" for verdict in seen],
        }
    )
    caption = "People by headline verdict, the most striking first."
    return drawn(
        lambda width: charts.bars(bars, width - _ROOM, ""),
        "People by headline verdict",
        caption + (" Counts too small to print are left out." if any(hide.values()) else ""),
        key=KEY,
    )


def _table(judged: Verdicts, ever: dict[str, int], now: dict[str, int], *, identified: bool) -> TableView:
    whole = sum(ever.values())
    cells = {name: _cells(numbers, identified=identified) for name, numbers in (("people", ever), ("people now", now))}
    rows = [
        (
            opening(verdict),
            cells["people"][verdict],
            NONE if not whole or cells["people"][verdict] == "hidden" else percent(ever[verdict] / whole),
            cells["people now"].get(verdict, NONE),
            opening(meaning(verdict, judged.thresholds)),
        )
        for verdict in ever
    ]
    heads = ("verdict", "people", "share", "people now", "what it means")
    return table("Show what each verdict means, and the state now", heads, rows, (1, 2, 3), folded=True)


def _cells(numbers: dict[str, int], *, identified: bool) -> dict[str, str]:
    hide = partition(list(numbers.values()), identified=identified)
    return {
        verdict: "hidden" if closed else count(size)
        for (verdict, size), closed in zip(numbers.items(), hide, strict=True)
    }
