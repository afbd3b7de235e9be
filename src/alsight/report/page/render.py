"""The report as one HTML file: no script, no request to anywhere, light and dark, screen and paper."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import jinja2
from markupsafe import Markup

from alsight.report.page.blocks import Section
from alsight.report.page.theme import DARK, LIGHT, STAGE_DARK, STAGE_LIGHT, style_sheet


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
    """

    title: str
    eyebrow: str
    lead: str
    figures: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    footer: str
    program: str


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("alsight.report.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def html(page: Page) -> str:
    """The whole page as text; everything that came from a file is escaped."""
    templates = _environment()
    style = templates.get_template("style.css").render(
        day=style_sheet(LIGHT, STAGE_LIGHT), night=style_sheet(DARK, STAGE_DARK)
    )
    return templates.get_template("report.html").render(
        style=Markup(style),  # noqa: S704 - made of our own constants
        title=page.title,
        eyebrow=page.eyebrow,
        lead=page.lead,
        figures=page.figures,
        sections=page.sections,
        footer=page.footer,
        program=page.program,
    )
