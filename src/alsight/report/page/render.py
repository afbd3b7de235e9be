"""The report as one HTML file: no script, no request to anywhere, light and dark, screen and paper.

What a page holds about people becomes text here and only here, after the policy has decided what is printed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any, Final

import jinja2
from markupsafe import Markup

from alsight.report.disclosure.nodes import (
    SMALL_CELL,
    ByPolicy,
    Computed,
    Disclosure,
    Headcount,
    Hidden,
    Identifier,
    Node,
    OnlyWith,
    Phrase,
    ShareOf,
    Text,
    WithNoun,
)
from alsight.report.disclosure.policy import Policy
from alsight.report.page.blocks import Drawing, Figure, Pair, Prose, Section, TableView
from alsight.report.page.theme import DARK, LIGHT, STAGE_DARK, STAGE_LIGHT, style_sheet
from alsight.report.page.words import NONE, count, percent

HIDDEN: Final = "hidden"
FEWER: Final = f"fewer than {SMALL_CELL}"
"""What stands in place of a small count, and of one that would give a small one away."""

UNSTATED: Final = "a hidden number"
"""The latter in a sentence."""


@dataclass(frozen=True)
class Page:
    """A report ready to be laid out.

    Attributes:
        title: heading of the page.
        eyebrow: small line above it.
        lead: the summary in one paragraph.
        figures: key numbers, name and value.
        sections: in reading order.
        footer: last line.
        program: name and version of what made it.
        size: people in the cohort, None for a page about no cohort.
        short: whether it is about one person, and prints on one page.
        beside: counts and breakdowns of the files beside the page, which are decided together with it.
    """

    title: Text
    eyebrow: Text
    lead: Text
    figures: tuple[tuple[str, Text], ...]
    sections: tuple[Section, ...]
    footer: str
    program: str
    size: int | None = None
    beside: tuple[Any, ...] = ()
    short: bool = False


def decide(page: Page, policy: Policy) -> Disclosure:
    """What is printed of a page and of the files beside it."""
    return policy.decide(page.size, page)


def count_text(people: Headcount, shown: Disclosure) -> str:
    """A count of people as a number, or as what stands in its place."""
    why = shown.hidden.get(people.who)
    return count(people.size) if why is None else FEWER if why is Hidden.SMALL else HIDDEN


def text(value: Text, shown: Disclosure) -> str:
    """Words for a reader from a value of a page."""
    match value:
        case str():
            return value
        case Headcount():
            return count_text(value, shown)
        case WithNoun():
            return _with_noun(value, shown)
        case ShareOf(part, whole):
            return percent(part.size / whole.size) if whole.size and shown.shows(part, whole) else NONE
        case OnlyWith(said, people, instead):
            return said if shown.shows(*people) else instead
        case Phrase(parts):
            return "".join(_in_sentence(part, shown) for part in parts)
        case Computed(make):
            return make(shown)
        case Identifier(said, instead):
            return said if shown.identified else instead
        case ByPolicy():
            kinds = {"identified": value.identified, "sent": value.sent, "not anonymous": value.not_anonymous}
            return kinds[shown.kind]


def _with_noun(value: WithNoun, shown: Disclosure) -> str:
    """A count with its noun in the right number."""
    said = count_text(value.people, shown)
    if said == HIDDEN:
        return f"{UNSTATED} of {value.many}"
    return f"{said} {value.one if value.people.size == 1 and shown.shows(value.people) else value.many}"


def _in_sentence(value: Text, shown: Disclosure) -> str:
    said = text(value, shown)
    return UNSTATED if isinstance(value, Headcount) and said == HIDDEN else said


def settled(value: Any, shown: Disclosure) -> Any:
    """A page with every value turned into text and every chart drawn; what is not printed is gone from it."""
    if isinstance(value, Node):
        return text(value, shown)
    if isinstance(value, Figure):
        return _settled_figure(value, shown)
    if isinstance(value, Pair):
        figures = tuple(one for one in (settled(figure, shown) for figure in value.figures) if one is not None)
        return Pair(figures) if figures else None
    if isinstance(value, TableView):
        return _settled_table(value, shown)
    if isinstance(value, Prose):
        said = text(value.text, shown)
        return replace(value, text=said) if said else None
    if isinstance(value, tuple):
        return tuple(part for part in (settled(part, shown) for part in value) if part is not None)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: settled(getattr(value, field.name), shown) for field in fields(value)})
    return value


def _settled_figure(figure: Figure, shown: Disclosure) -> Any:
    """A chart drawn from what is printed, else the sentence that stands in its place, else nothing."""
    chart = figure.draw(shown)
    numbers = None if figure.table is None else _settled_table(figure.table, shown)
    if chart is None:
        return numbers
    return Drawing.of(
        chart, text(figure.label, shown), text(figure.caption, shown), figure.key, numbers, pair=figure.pair
    )


def _settled_table(view: TableView, shown: Disclosure) -> TableView:
    """A table without the columns and rows that only an identified report has."""
    keep = [shown.identified or index not in view.identifying for index in range(len(view.heads))]
    rows = []
    for row in view.rows:
        cells = tuple(text(cell, shown) for cell in row)
        if len(cells) > 1:
            cells = tuple(cell for cell, accepted in zip(cells, keep, strict=True) if accepted)
        if len(cells) < 2 or all(cells[1:]) or not view.sparse:
            rows.append(cells)
    chosen = [index for index, accepted in enumerate(keep) if accepted]
    return replace(
        view,
        heads=tuple(view.heads[index] for index in chosen),
        numeric=tuple(view.numeric[index] for index in chosen),
        rows=tuple(rows),
        identifying=(),
        sums=(),
    )


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("alsight.report.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def html(page: Page, shown: Disclosure | None = None) -> str:
    """The whole page as text; everything that came from a file is escaped.

    Args:
        page: what to lay out.
        shown: what is printed; without it, what the policy of a report that is sent decides.
    """
    decided = decide(page, Policy()) if shown is None else shown
    templates = _environment()
    style = templates.get_template("style.css").render(
        day=style_sheet(LIGHT, STAGE_LIGHT), night=style_sheet(DARK, STAGE_DARK)
    )
    return templates.get_template("report.html").render(
        style=Markup(style),  # noqa: S704 - made of our own constants
        title=text(page.title, decided),
        eyebrow=text(page.eyebrow, decided),
        lead=text(page.lead, decided),
        figures=settled(page.figures, decided),
        sections=settled(page.sections, decided),
        short=page.short,
        footer=page.footer,
        program=page.program,
    )
