"""The chart of one person: the total with its episodes, what happened when, and small courses of domains and measures.

A report draws up to a hundred of these, so that they are written as Vega-Lite specifications directly and kept to three
views each: a view costs far more time than the marks in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from alsight.report.page.charts import EPISODE_COLORS
from alsight.report.page.theme import color

WIDTH: Final = 430
PANELS: Final = 4
"""Small courses side by side."""

_GAP, _ROW, _HEIGHT = 0.16, 84.0, 40.0
"""Between small courses [of their width], from one row of them to the next and of one of them [px]."""

Spec = dict[str, Any]

_KINDS: Final[Spec] = {"domain": list(EPISODE_COLORS), "range": [color(name) for name in EPISODE_COLORS.values()]}

SPAN: Final = {"start": pl.Float64, "end": pl.Float64, "kind": pl.String}
BAND: Final = {"months": pl.Float64, "level": pl.Float64, "low": pl.Float64, "high": pl.Float64}
"""Columns of a period and of a smoothed course."""


@dataclass(frozen=True, kw_only=True)
class PersonCourse:
    """What one person's chart shows; times are months since entry.

    Attributes:
        visits: months, total; one row a visit.
        spans: start, end, kind (plateau or reversal); one row an episode.
        events: label, months, end (null for a single day); one row an event or treatment.
        small: name, months, value, low, high (the limits of its scale), kind (of the episode a visit is part of, null
            outside); domains, then measures.
        window: start, end, kind of the period that a verdict rests on; at most one row.
        band: months, level, low, high of the smoothed course; one row a visit, none where no course was fitted.
    """

    visits: pl.DataFrame
    spans: pl.DataFrame
    events: pl.DataFrame
    small: pl.DataFrame
    window: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SPAN))
    band: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BAND))


def timeline(course: PersonCourse) -> Spec:
    """All of one person on one time axis, as a Vega-Lite specification."""
    reach = _reach(course)
    parts = [_total(course, reach)]
    if course.events.height:
        parts.append(_strip(course.events, reach))
    if course.small.height:
        parts.append(small_multiples(course.small, reach, WIDTH, PANELS))
    return {"vconcat": parts, "spacing": 12}


def _values(frame: pl.DataFrame) -> Spec:
    return {"values": frame.with_columns(pl.col(pl.Float32, pl.Float64).cast(pl.Float64).round(2)).to_dicts()}


def _exact(frame: pl.DataFrame) -> Spec:
    return {"values": frame.to_dicts()}


def _reach(course: PersonCourse) -> tuple[float, float]:
    parts = (course.visits["months"], course.events["months"], course.small["months"], course.spans["end"])
    ends = pl.concat([part.cast(pl.Float64) for part in parts]).drop_nulls()
    low, high = (float(ends.min()), float(ends.max())) if ends.len() else (0.0, 12.0)  # type: ignore[arg-type]
    return min(low, 0.0), max(high, low + 1.0)


def _months(reach: tuple[float, float], title: bool) -> Spec:
    """The time axis, with labels and a title only where it is the last one."""
    span = reach[1] - reach[0]
    step = next((step for step in (3, 6, 12, 24, 48, 60, 120) if span / step <= 9), 240)
    ticks = [step * count for count in range(int(reach[0] // step), int(reach[1] // step) + 1)]
    axis = {"values": ticks, "labels": title, "ticks": title, "title": "months since entry" if title else None}
    return {"field": "months", "type": "quantitative", "scale": {"domain": list(reach)}, "axis": axis}


def _total(course: PersonCourse, reach: tuple[float, float]) -> Spec:
    x = _months(reach, title=not course.events.height)
    y = {
        "field": "total",
        "type": "quantitative",
        "scale": {"domain": [0, 48]},
        "axis": {"values": [0, 12, 24, 36, 48]},
    }
    visits = _values(course.visits.drop_nulls("total"))
    single = _values(course.events.filter(pl.col("end").is_null()))
    dashed = {"type": "rule", "strokeWidth": 1, "strokeDash": [2, 3], "color": color("faint")}
    return {
        "title": "ALSFRS-R total",
        "width": WIDTH,
        "height": 170,
        "layer": [
            *_periods(course, x),
            {"data": single, "mark": dashed, "encoding": {"x": x}},
            *_smoothed(course.band, x, y),
            {
                "data": visits,
                "mark": {
                    "type": "line",
                    "strokeWidth": 0.7 if course.band.height else 1.8,
                    "color": color("ink"),
                    "point": {"size": 26, "filled": True, "color": color("ink")},
                },
                "encoding": {"x": x, "y": y},
            },
        ],
    }


def _periods(course: PersonCourse, x: Spec) -> list[Spec]:
    """The window of the verdict behind the course, observed episodes as bars above it."""
    tone = {"field": "kind", "type": "nominal", "scale": _KINDS}
    window = _values(course.window.rename({"start": "months"}))
    spans = _values(course.spans.rename({"start": "months"}))
    end = {"field": "end"}
    return [
        {"data": window, "mark": {"type": "rect", "opacity": 0.15}, "encoding": {"x": x, "x2": end, "color": tone}},
        {
            "data": spans,
            "mark": {"type": "rule", "strokeWidth": 3},
            "encoding": {"x": x, "x2": end, "color": tone, "y": {"value": 1.5}},
        },
    ]


def _smoothed(band: pl.DataFrame, x: Spec, y: Spec) -> list[Spec]:
    """The smoothed course with its interval, nothing where none was fitted."""
    if not band.height:
        return []
    level, area = {"type": "line", "strokeWidth": 1.8}, {"type": "area", "opacity": 0.25}
    data = _values(band)
    low, high = {**y, "field": "low"}, {"field": "high"}
    return [
        {"data": data, "mark": {**area, "color": color("main")}, "encoding": {"x": x, "y": low, "y2": high}},
        {"data": data, "mark": {**level, "color": color("main")}, "encoding": {"x": x, "y": {**y, "field": "level"}}},
    ]


def _strip(events: pl.DataFrame, reach: tuple[float, float]) -> Spec:
    """Events as diamonds and lasting ones as bars, one line a kind, the name beside the first."""
    x = _months(reach, title=True)
    order = events.sort("months", maintain_order=True)["label"].unique(maintain_order=True).to_list()
    y = {"field": "label", "type": "nominal", "sort": order, "axis": {"grid": False, "labels": False}}
    lasting, single = events.filter(pl.col("end").is_not_null()), events.filter(pl.col("end").is_null())
    early = pl.col("months") < (reach[0] + reach[1]) / 2
    first = events.group_by("label", maintain_order=True).agg(pl.col("months").min(), pl.col("end").max())
    encoding = {"x": x, "y": y}
    bar = {"type": "bar", "height": 4, "color": color("other"), "yOffset": 6}
    point = {"type": "point", "shape": "diamond", "filled": True, "size": 46, "opacity": 1, "color": color("event")}
    layers = [
        {"data": _values(lasting), "mark": bar, "encoding": {**encoding, "x2": {"field": "end"}}},
        {"data": _values(single), "mark": point, "encoding": encoding},
    ]
    for chosen, align, offset in ((early, "left", 8), (~early, "right", -8)):
        bars = first.filter(chosen, pl.col("end").is_not_null())
        points = first.filter(chosen, pl.col("end").is_null())
        for names, shift in ((bars, 0), (points, offset)):
            text = {"type": "text", "align": align, "dx": shift, "dy": -1, "fontSize": 11}
            shown = {**encoding, "text": {"field": "label"}}
            layers += [{"data": _values(names), "mark": text, "encoding": shown}] if names.height else []
    return {"width": WIDTH, "height": {"step": 21}, "layer": layers}


def small_multiples(small: pl.DataFrame, reach: tuple[float, float], width: int, panels: int) -> Spec:
    """Small courses in one view, each scaled into its own place, its first and last value written out.

    Args:
        small: as in `PersonCourse`.
        reach: first and last month of every small course.
        width: of the whole [px].
        panels: side by side.
    """
    names = small["name"].unique(maintain_order=True).to_list()
    wide = 1.0 / panels
    location = small.join(pl.DataFrame({"name": names, "order": range(len(names))}), on="name", how="left")
    low, high = pl.col("low"), pl.col("high")
    level = pl.when(high > low).then((pl.col("value") - low) / (high - low)).otherwise(0.5)
    column, row = pl.col("order") % panels, pl.col("order") // panels
    left = column * wide
    across = (pl.col("months") - reach[0]) / (reach[1] - reach[0]) * wide * (1 - _GAP)
    marks = location.with_columns(
        x=left + across, y=row * _ROW + (_ROW - _HEIGHT) - 16 + (1 - level) * _HEIGHT, left=left, top=row * _ROW
    ).sort("order", "months")
    ends = marks.group_by("name", maintain_order=True).agg(
        pl.col("left", "top").first(), first=pl.col("value").first(), last=pl.col("value").last()
    )
    said = ends.with_columns(
        text=pl.format("{} \u2192 {}", _short("first"), _short("last")),
        base=pl.col("top") + _ROW - 16,
        right=pl.col("left") + wide * (1 - _GAP),
    )
    height = _ROW * ((len(names) - 1) // panels + 1) - 10
    return {"width": width, "height": height, "layer": _small_layers(marks, said, height)}


def _small_layers(marks: pl.DataFrame, said: pl.DataFrame, height: float) -> list[Spec]:
    scale = {"scale": {"domain": [0, 1]}, "axis": None, "type": "quantitative"}
    down = {"scale": {"domain": [0, height], "reverse": True}, "axis": None, "type": "quantitative"}
    line = {"type": "line", "strokeWidth": 1.5, "color": color("main")}
    name = {"type": "text", "align": "left", "fontSize": 11, "fontWeight": 600, "baseline": "top"}
    ends = {"type": "text", "align": "left", "fontSize": 11, "color": color("muted"), "baseline": "top", "dy": 14}
    foot = {"type": "rule", "color": color("faint"), "strokeWidth": 1}
    data = _exact(said)
    at = {"x": {"field": "left", **scale}, "y": {"field": "top", **down}}
    points = marks.select("x", "y", "name", "kind").with_columns(pl.col("x", "y").round(3))
    inside = points.drop_nulls("kind")
    tone = {"field": "kind", "type": "nominal", "scale": _KINDS}
    course = {"x": {"field": "x", **scale}, "y": {"field": "y", **down}}
    return [
        {
            "data": data,
            "mark": foot,
            "encoding": {"x": at["x"], "x2": {"field": "right"}, "y": {"field": "base", **down}},
        },
        {
            "data": _exact(points.drop("kind")),
            "mark": line,
            "encoding": {**course, "detail": {"field": "name"}},
        },
        *(
            [
                {
                    "data": _exact(inside),
                    "mark": {"type": "line", "strokeWidth": 2.4},
                    "encoding": {**course, "detail": {"field": "name"}, "color": tone},
                }
            ]
            if inside.height
            else []
        ),
        {"data": data, "mark": name, "encoding": {**at, "text": {"field": "name"}}},
        {"data": data, "mark": ends, "encoding": {**at, "text": {"field": "text"}}},
    ]


def _short(column: str) -> pl.Expr:
    """A number with as many digits as its size deserves."""
    value = pl.col(column)
    plain = pl.when(value.abs() >= 20).then(value.round(0).cast(pl.Int64).cast(pl.String))
    return plain.otherwise(value.round(1).cast(pl.String).str.strip_suffix(".0"))
