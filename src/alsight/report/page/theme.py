"""How charts look, and how a Vega-Lite chart becomes a small SVG that follows the page's light or dark colors.

Colors are named, never literal: a chart says `var(--plateau)`, the page's style sheet says what that is by day, by
night and on paper. The palette is Okabe and Ito's, which people with any color vision can tell apart; every mark that a
color tells apart is also distinguished by shape, dash or a label beside it.

Source: okabe2008
"""

from __future__ import annotations

import re
from typing import Any, Final

import altair as alt
import vl_convert
from markupsafe import Markup, escape

VEGA_LITE: Final = "6.4"

LIGHT: Final[dict[str, str]] = {
    "ink": "#1f2933",
    "muted": "#5b6875",
    "faint": "#b9c1c9",
    "grid": "#e7e9ec",
    "paper": "#ffffff",
    "main": "#0072b2",
    "plateau": "#007a5a",
    "rise": "#c44e00",
    "other": "#9b4f84",
    "event": "#1f2933",
}
"""Named colors by day, darkened from Okabe and Ito's where needed for a contrast of 3 to 1 on white."""

DARK: Final[dict[str, str]] = {
    "ink": "#e6e9ec",
    "muted": "#a3adb8",
    "faint": "#56616c",
    "grid": "#2b333b",
    "paper": "#161b20",
    "main": "#56b4e9",
    "plateau": "#2fc493",
    "rise": "#f28c38",
    "other": "#d997c0",
    "event": "#e6e9ec",
}
"""The same by night."""

STAGES: Final[tuple[str, ...]] = ("stage-0", "stage-1", "stage-2", "stage-3", "stage-4", "stage-5")
"""Named colors of stages 0 to 4 and death: one ramp from light to dark, death in gray."""

STAGE_LIGHT: Final = ("#e3f0f7", "#b3d7ea", "#74b4d6", "#2f88b8", "#0a5580", "#8a929a")
STAGE_DARK: Final = ("#dcecf5", "#a5d0e6", "#63abd2", "#2e82b3", "#175a86", "#5f6870")

_FONT: Final = "inherit"
_SIZE: Final = 12


def color(name: str) -> str:
    """The page's color of this name, as a chart may use it."""
    return f"var(--{name})"


def style_sheet(names: dict[str, str], ramp: tuple[str, ...]) -> str:
    """Named colors as declarations of a style sheet."""
    pairs = [*names.items(), *zip(STAGES, ramp, strict=True)]
    return "".join(f"--{name}:{value};" for name, value in pairs)


def config() -> dict[str, Any]:
    """Vega-Lite configuration shared by every chart: thin lines, quiet axes, no frame."""
    text = {"labelColor": color("muted"), "titleColor": color("muted"), "labelFontSize": _SIZE, "titleFontSize": _SIZE}
    return {
        "aria": False,
        "background": None,
        "font": "Helvetica",
        "padding": 2,
        "view": {"stroke": None},
        "axis": {
            **text,
            "titleFontWeight": "normal",
            "grid": False,
            "domain": False,
            "ticks": False,
            "labelPadding": 6,
            "titlePadding": 8,
            "labelFlush": False,
            "gridColor": color("grid"),
        },
        "axisX": {
            "domain": True,
            "domainColor": color("faint"),
            "ticks": True,
            "tickColor": color("faint"),
            "tickSize": 4,
        },
        "axisY": {"grid": True, "title": None},
        "text": {"color": color("ink"), "fontSize": _SIZE},
        "title": {
            "color": color("ink"),
            "fontSize": _SIZE,
            "fontWeight": 600,
            "anchor": "start",
            "frame": "group",
            "offset": 10,
        },
        "header": {"labelColor": color("ink"), "labelFontSize": _SIZE, "labelFontWeight": 600, "title": None},
        "legend": {"disable": True},
    }


_DROPPED: Final = re.compile(
    r' (?:class="[^"]*"|role="[^"]*"|aria-[a-z]+="[^"]*"|pointer-events="[^"]*"|font-family="[^"]*"|opacity="1"|'
    r'stroke-miterlimit="10"|font-weight="normal"|fill-opacity="1"|stroke-opacity="1"|version="1.1"|xmlns:xlink="[^"]*")'
)
_EMPTY_PATH: Final = re.compile(r'<path d="M0(?:\.5)?,0(?:\.5)?h[\d.]*v[\d.]*h-?[\d.]*Z"(?: display="none")?/>')
_EMPTY_GROUP: Final = re.compile(r"<g(?: transform=\"translate\(0,0\)\")?(?:/>|></g>)")
_LONG_NUMBER: Final = re.compile(r"(\d+\.\d)\d+")


def svg(chart: alt.TopLevelMixin | dict[str, Any], label: str, kind: str = "") -> Markup:
    """A chart as an SVG element for the page: no script, no style of its own, colors by name.

    Args:
        chart: the chart, or its Vega-Lite specification.
        label: what the chart shows, read out in its place.
        kind: class of the element, such as "wide" or "narrow".
    """
    drawn = vl_convert.vegalite_to_svg(specification(chart), vl_version=VEGA_LITE)
    drawn = _LONG_NUMBER.sub(r"\1", _DROPPED.sub("", drawn))
    while (smaller := _EMPTY_GROUP.sub("", _EMPTY_PATH.sub("", drawn))) != drawn:
        drawn = smaller
    opening = re.match(r'<svg[^>]*width="(\d+)[^>]*viewBox="([^"]*)"[^>]*>', drawn)
    if opening is None:
        raise ValueError("the chart was not drawn as an SVG")
    width, box = opening.groups()
    named = f'role="img" aria-label="{escape(label)}" class="{escape(kind)}"'
    head = f'<svg {named} viewBox="{box}" style="max-width:{width}px">'
    return Markup(head + drawn[opening.end() :])  # noqa: S704 - text inside the drawing was escaped by Vega


def specification(chart: alt.TopLevelMixin | dict[str, Any]) -> dict[str, Any]:
    """The Vega-Lite specification of a chart with the shared configuration."""
    plain = chart if isinstance(chart, dict) else chart.to_dict(validate=False)
    return {**plain, "config": config()}


def png(chart: alt.TopLevelMixin | dict[str, Any], scale: float = 2.0) -> bytes:
    """A chart as a PNG by day, for places that show no SVG."""
    return vl_convert.vegalite_to_png(_literal(specification(chart)), vl_version=VEGA_LITE, scale=scale)


def _literal(value: Any) -> Any:
    """A specification with named colors replaced by what they are by day."""
    day = {color(name): code for name, code in (*LIGHT.items(), *zip(STAGES, STAGE_LIGHT, strict=True))}
    if isinstance(value, dict):
        return {key: _literal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_literal(inner) for inner in value]
    return day.get(value, value) if isinstance(value, str) else value
