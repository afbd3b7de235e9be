"""What a report is made of: prose, notices, tables, figures, people; plain values that the templates lay out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup

from alsight.report.page.charts import NARROW, WIDE
from alsight.report.page.theme import svg


@dataclass(frozen=True)
class Prose:
    """One paragraph; `tone` is a class of the style sheet, such as "small"."""

    text: str | Markup
    tone: str = ""
    kind: Literal["prose"] = "prose"


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Notice:
    """Something nobody may overlook."""

    texts: tuple[str, ...]
    kind: Literal["notice"] = "notice"


@dataclass(frozen=True)
class TableView:
    """A table as text, ready to be laid out.

    Attributes:
        name: what it is, for the line that unfolds it and for readers by ear.
        heads: column headings.
        rows: cells as text; a row of a single cell is a heading inside the table.
        numeric: which columns are set flush right.
        caption: shown above the table, empty for none.
        folded: whether the reader has to unfold it.
    """

    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str | Markup, ...], ...]
    numeric: tuple[bool, ...]
    caption: str = ""
    folded: bool = False
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class KeyEntry:
    """One entry of a figure's key: a shape, a named color, words."""

    shape: str
    color: str
    text: str


@dataclass(frozen=True)
class Figure:
    """A chart in its two layouts, with key, caption and the numbers behind it."""

    wide: Markup
    narrow: Markup
    caption: str
    key: tuple[KeyEntry, ...] = ()
    table: TableView | None = None
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True)
class Pair:
    """Two figures side by side where there is room."""

    figures: tuple[Figure, Figure]
    kind: Literal["pair"] = "pair"


@dataclass(frozen=True)
class Part:
    """Sentences under a heading on the page of one person, and the numbers behind them."""

    title: str
    said: tuple[str | Markup, ...]
    table: TableView | None = None


@dataclass(frozen=True)
class Person:
    """The page of one person.

    Attributes:
        anchor: name of its place.
        title: heading.
        verdict: headline verdict.
        tone: named color of the verdict.
        reason: the window, in a sentence.
        evidence: numbers behind the verdict, name and value.
        facts: who the person is, name and value.
        chart: the course.
        key: entries of its key.
        parts: what is told of it, in reading order.
        fired: every published definition that was met.
    """

    anchor: str
    title: str
    verdict: str
    tone: str
    reason: str
    evidence: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    chart: Markup
    key: tuple[KeyEntry, ...]
    parts: tuple[Part, ...]
    fired: TableView


Block = Prose | Heading | Notice | TableView | Figure | Pair


@dataclass(frozen=True)
class Section:
    """One section of the report."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    people: tuple[Person, ...] = ()


def drawn(
    chart: Any,
    label: str,
    caption: str,
    *,
    key: Sequence[KeyEntry] = (),
    table: TableView | None = None,
    pair: bool = False,
) -> Figure:
    """A figure from a function of a width, drawn once for each layout.

    Args:
        chart: function from a width [px] to a chart.
        label: what the chart shows, for readers by ear.
        caption: what to see in it, for everybody.
        key: entries of its key.
        table: the numbers behind it.
        pair: whether it stands beside another one, so that the narrow drawing serves both layouts.
    """
    if pair:
        return Figure(svg(chart(NARROW), label, "both"), Markup(), caption, tuple(key), table)
    return Figure(svg(chart(WIDE), label, "wide"), svg(chart(NARROW), label, "narrow"), caption, tuple(key), table)


def table(
    name: str, heads: Sequence[str], rows: Iterable[Sequence[str | Markup]], numeric: Sequence[int] = (), **more: Any
) -> TableView:
    """A table view; `numeric` counts the columns set flush right, from 0."""
    flush = tuple(place in numeric for place in range(len(heads)))
    return TableView(name, tuple(heads), tuple(tuple(row) for row in rows), flush, **more)
