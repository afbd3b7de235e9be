"""What a report is made of: prose, notices, tables, figures, people; plain values that the templates lay out.

Wherever a text may say something of people it is a `Text`: words, or counts that the policy has not decided upon yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup

from alsight.report.disclosure.nodes import Breakdown, Disclosure, Headcount, Text
from alsight.report.page.charts import NARROW, WIDE
from alsight.report.page.theme import svg


@dataclass(frozen=True)
class Prose:
    """One paragraph; `tone` is a class of the style sheet, such as "small"."""

    text: Text
    tone: str = ""
    kind: Literal["prose"] = "prose"


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Notice:
    """Something that no reader may overlook; empty texts are not printed."""

    texts: tuple[Text, ...]
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
        sums: how the counts in it add up.
        identifying: columns that name people, places or files, counted from 0; only an identified report has them.
        sparse: whether a row with an empty cell is not printed.
    """

    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    numeric: tuple[bool, ...]
    caption: str = ""
    folded: bool = False
    sums: tuple[Breakdown, ...] = ()
    identifying: tuple[int, ...] = ()
    sparse: bool = False
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class KeyEntry:
    """One entry of a figure's key: a shape, a named color, words."""

    shape: str
    color: str
    text: str


@dataclass(frozen=True)
class Figure:
    """A chart that is drawn once the policy has decided, with key, caption and the numbers behind it.

    Attributes:
        draw: function from what is printed to a chart as a function of its width [px]; None where nothing may be drawn.
        label: what the chart shows, for readers by ear.
        caption: what to see in it, for everyone.
        key: entries of its key.
        table: the numbers behind it.
        pair: whether it stands beside another one, so that the narrow drawing serves both layouts.
        people: counts that can be read off the chart.
        sums: how they add up.
    """

    draw: Callable[[Disclosure], Callable[[int], Any] | None]
    label: Text
    caption: Text
    key: tuple[KeyEntry, ...] = ()
    table: TableView | None = None
    pair: bool = False
    people: tuple[Headcount, ...] = ()
    sums: tuple[Breakdown, ...] = ()


@dataclass(frozen=True)
class Drawing:
    """A chart in its two layouts, with key, caption and the numbers behind it."""

    wide: Markup
    narrow: Markup
    caption: str
    key: tuple[KeyEntry, ...] = ()
    table: TableView | None = None
    kind: Literal["figure"] = "figure"

    @staticmethod
    def of(
        chart: Callable[[int], Any],
        label: str,
        caption: str,
        key: tuple[KeyEntry, ...],
        numbers: TableView | None,
        *,
        pair: bool,
    ) -> Drawing:
        """A chart drawn once for each layout, or once for both."""
        if pair:
            return Drawing(svg(chart(NARROW), label, "both"), Markup(), caption, key, numbers)
        return Drawing(svg(chart(WIDE), label, "wide"), svg(chart(NARROW), label, "narrow"), caption, key, numbers)


@dataclass(frozen=True)
class Pair:
    """Figures side by side where there is room."""

    figures: tuple[Figure | Drawing, ...]
    kind: Literal["pair"] = "pair"


@dataclass(frozen=True)
class Part:
    """Sentences under a heading on the page of one person, and the numbers behind them."""

    title: str
    said: tuple[Text, ...]
    table: TableView | None = None


@dataclass(frozen=True)
class PersonPage:
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
        parts: what is reported of it, in reading order.
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


@dataclass(frozen=True)
class Card:
    """One person at a glance.

    Attributes:
        name: identifier, a link where the person has a page.
        finding: the finding with its certainty.
        tone: named color of the finding.
        said: what was seen, the state now and what to do next, a sentence each.
        chart: the small course.
    """

    name: str | Markup
    finding: str
    tone: str
    said: tuple[str, ...]
    chart: Markup


@dataclass(frozen=True)
class Cards:
    """People at a glance, side by side where there is room."""

    cards: tuple[Card, ...]
    kind: Literal["cards"] = "cards"


Block = Prose | Heading | Notice | TableView | Figure | Pair | Cards


@dataclass(frozen=True)
class Section:
    """One section of the report.

    Attributes:
        anchor: name of its place.
        title: heading.
        blocks: what stands in it.
        people: pages of single people at its end.
        folded: whether it is closed until a reader opens it, and not printed while it is.
    """

    anchor: str
    title: str
    blocks: tuple[Block | Drawing, ...]
    people: tuple[PersonPage, ...] = ()
    folded: bool = False


def drawn(chart: Callable[[int], Any], label: Text, caption: Text, **more: Any) -> Figure:
    """A figure that shows no count of people that could be hidden.

    Args:
        chart: function from a width [px] to a chart.
        label: what the chart shows, for readers by ear.
        caption: what to see in it, for everyone.
        more: other fields of `Figure`.
    """
    return Figure(lambda _: chart, label, caption, **more)


def table(
    name: str, heads: Sequence[str], rows: Iterable[Sequence[Text]], numeric: Sequence[int] = (), **more: Any
) -> TableView:
    """A table view; `numeric` counts the columns set flush right, from 0."""
    flush = tuple(index in numeric for index in range(len(heads)))
    return TableView(name, tuple(heads), tuple(tuple(row) for row in rows), flush, **more)
