"""Charts of a whole cohort: each takes a small frame and a width, and returns a Vega-Lite chart.

Widths are those of the page's two layouts; axes, labels and marks are set for both, never scaled down to be unreadable.
"""

from __future__ import annotations

import textwrap
from typing import Any, Final

import altair as alt
import polars as pl

from alsight.report.page.theme import STAGES, color

WIDE: Final = 700
NARROW: Final = 290

EPISODE_COLORS: Final = {"plateau": "plateau", "reversal": "rise", "responder": "other"}
EPISODE_SHAPES: Final = {"plateau": "circle", "reversal": "triangle-up", "responder": "square"}
KEY_SHAPES: Final = {"plateau": "circle", "reversal": "triangle", "responder": "square"}
"""Kind of episode to its color, its shape in charts and its shape in keys."""


def rows(frame: pl.DataFrame) -> alt.Data:
    """A frame's rows as chart data, numbers cut to what a screen can show."""
    short = frame.with_columns(pl.col(pl.Float32, pl.Float64).cast(pl.Float64).round(3))
    return alt.Data(values=short.to_dicts())


def months_axis(low: float, high: float, width: int, title: str = "months since entry", labels: bool = True) -> alt.X:
    """A time axis [months] with ticks at whole years, half years or quarters, as the width allows."""
    requested = max((high - low) / max(width / 55, 2), 1e-9)
    step = next((step for step in (1, 2, 3, 6, 12, 24, 48, 60, 120) if step >= requested), 240)
    ticks = [step * count for count in range(int(low // step), int(high // step) + 1) if step * count >= low]
    axis = alt.Axis(values=ticks, labels=labels, ticks=labels)
    return alt.X("months", type="quantitative", title=title or None, axis=axis, scale=alt.Scale(domain=[low, high]))


def kinds() -> alt.Scale:
    """Colors of the two kinds of episode."""
    return alt.Scale(domain=list(EPISODE_COLORS), range=[color(name) for name in EPISODE_COLORS.values()])


def shapes() -> alt.Scale:
    """Shapes of the two kinds of episode, for readers who tell no color."""
    return alt.Scale(domain=list(EPISODE_SHAPES), range=list(EPISODE_SHAPES.values()))


def _percent(title: str | None = None) -> dict[str, Any]:
    axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1])
    return {"title": title, "axis": axis, "scale": alt.Scale(domain=[0, 1])}


def _reach(frame: pl.DataFrame) -> tuple[float, float]:
    """Least and greatest month of a frame, at least one month apart."""
    if not frame.height:
        return 0.0, 12.0
    low, high = float(frame["months"].min() or 0.0), float(frame["months"].max() or 0.0)  # type: ignore[arg-type]
    return min(low, 0.0), max(high, low + 1.0)


def trajectories(lines: pl.DataFrame, marked: pl.DataFrame, width: int) -> alt.TopLevelMixin:
    """Courses of a sample of people as thin lines, periods inside an episode drawn over them.

    Args:
        lines: one row a visit: person, months, total.
        marked: one row a visit inside an episode: period (its own key), months, total, kind (plateau or reversal).
        width: of the drawing area [px].
    """
    low, high = _reach(lines)
    scale, axis = alt.Scale(domain=[0, 48]), alt.Axis(values=[0, 12, 24, 36, 48])
    total = alt.Y("total", type="quantitative", axis=axis, scale=scale)
    base = alt.Chart(rows(lines), title="ALSFRS-R total").encode(
        x=months_axis(low, high, width), y=total, detail="person:N"
    )
    over = alt.Chart(rows(marked)).encode(
        x=months_axis(low, high, width), y=total, detail="period:N", color=alt.Color("kind:N", scale=kinds())
    )
    return alt.layer(
        base.mark_line(strokeWidth=0.8, color=color("faint"), opacity=0.7),
        over.mark_line(strokeWidth=1.8),
        over.mark_point(size=14, filled=True, opacity=1).encode(shape=alt.Shape("kind:N", scale=shapes())),
    ).properties(width=width, height=round(min(330, 0.8 * width)))


def stages(shares: pl.DataFrame, width: int, title: str) -> alt.TopLevelMixin:
    """Share of people in each stage over time, stacked, stage 0 at the foot and death at the top.

    Args:
        shares: one row a month and stage: months, stage (0 to 5), share [0-1].
        width: of the drawing area [px].
        title: above the chart.
    """
    ramp = alt.Scale(domain=list(range(len(STAGES))), range=[color(name) for name in STAGES])
    return (
        alt.Chart(rows(shares), title=title)
        .mark_area(stroke=color("paper"), strokeWidth=1)
        .encode(
            x=months_axis(*_reach(shares), width),
            y=alt.Y("share:Q", stack="zero", **_percent()),
            color=alt.Color("stage:O", scale=ramp),
            order=alt.Order("stage:O", sort="ascending"),
        )
        .properties(width=width, height=190)
    )


def survival(curve: pl.DataFrame, width: int, title: str) -> alt.TopLevelMixin:
    """Kaplan-Meier curve with its pointwise 95 % interval.

    Args:
        curve: one row a step: months, survival, low, high [0-1].
        width: of the drawing area [px].
        title: above the chart, what is survived.
    """
    base = alt.Chart(rows(curve), title=title).encode(x=months_axis(*_reach(curve), width))
    band = base.mark_area(interpolate="step-after", color=color("main"), opacity=0.18)
    line = base.mark_line(interpolate="step-after", color=color("main"), strokeWidth=2)
    return alt.layer(
        band.encode(y=alt.Y("low:Q", **_percent()), y2="high:Q"), line.encode(y=alt.Y("survival:Q", **_percent()))
    ).properties(width=width, height=230)


def rates(found: pl.DataFrame, width: int) -> alt.TopLevelMixin:
    """Share of people with an episode by each definition, with Wilson intervals and published rates as open diamonds.

    In the wide layout the definitions stand left of their marks, in the narrow one above them.

    Args:
        found: one row a definition: label, kind, rate, low, high (null where hidden), published (or null) [0-1].
        width: of the drawing area [px].
    """
    wide = width >= WIDE
    top = found.select(pl.max_horizontal(pl.col("high", "published").max())).item()
    reach = alt.Scale(domain=[0, max(float(top or 0.0), 0.02)])
    share: dict[str, Any] = {"title": None, "axis": alt.Axis(format="~%", tickCount=5, grid=True), "scale": reach}
    order = alt.Scale(domain=found["label"].to_list())
    axis = alt.Axis(labels=wide, labelLimit=400, grid=False, labelColor=color("ink"))
    y = alt.Y("label:N", scale=order, axis=axis)
    base = alt.Chart(rows(found.drop_nulls("rate"))).encode(y=y, color=alt.Color("kind:N", scale=kinds()))
    published = alt.Chart(rows(found.drop_nulls("published"))).encode(x=alt.X("published:Q", **share), y=y)
    parts = [
        base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", **share), x2="high:Q"),
        base.mark_point(size=60, filled=True, opacity=1).encode(
            x=alt.X("rate:Q", **share), shape=alt.Shape("kind:N", scale=shapes())
        ),
        published.mark_point(size=70, shape="diamond", strokeWidth=1.6, color=color("ink")),
    ]
    parts += [] if wide else names_above(found, y)
    size = {"width": width - 340, "height": alt.Step(26)} if wide else {"width": width, "height": alt.Step(56)}
    return alt.layer(*parts).properties(**size)


def names_above(found: pl.DataFrame, y: alt.Y) -> list[alt.Chart]:
    """Labels of one or two lines above their marks, for the narrow layout."""
    lines = [textwrap.wrap(text, 46)[:2] for text in found["label"]]
    parts: list[alt.Chart] = []
    for size in (1, 2):
        chosen = found.select("label", text=pl.Series(["|".join(line) for line in lines])).filter(
            pl.Series([len(line) == size for line in lines], dtype=pl.Boolean)
        )
        mark = alt.Chart(rows(chosen)).mark_text(
            align="left", dy=2 - 13 * size, lineBreak="|", lineHeight=13, baseline="bottom", fontSize=11.5
        )
        parts.append(mark.encode(x=alt.value(0), y=y, text="text:N"))
    return parts


def variogram(pairs: pl.DataFrame, width: int) -> alt.TopLevelMixin:
    """Half the mean squared difference of two residuals of one person, against the time between them.

    Args:
        pairs: one row a lag: months, value [points squared], low and high where known.
        width: of the drawing area [px].
    """
    _, high = _reach(pairs)
    x = months_axis(0.0, high, width, "months between two visits")
    y = alt.Y("value:Q", scale=alt.Scale(domainMin=0, nice=True))
    base = alt.Chart(rows(pairs), title="Variogram [points squared]").encode(x=x, y=y)
    return alt.layer(
        base.mark_line(color=color("main"), strokeWidth=2),
        base.mark_point(color=color("main"), filled=True, size=36, opacity=1),
    ).properties(width=width, height=180)


def bars(counts: pl.DataFrame, width: int, title: str, name: str = "main") -> alt.TopLevelMixin:
    """Plain horizontal bars with their numbers written beside them.

    Args:
        counts: one row a bar: label, share [0-1], text, and tone (a named color) where bars differ in color.
        width: of the drawing area [px].
        title: above the chart.
        name: color of bars that have no tone.
    """
    order = counts["label"].to_list()
    toned = counts.with_columns(tone=pl.format("var(--{})", "tone" if "tone" in counts.columns else pl.lit(name)))
    base = alt.Chart(rows(toned), title=title).encode(
        x=alt.X("share:Q", axis=None, scale=alt.Scale(domainMin=0)),
        y=alt.Y("label:N", sort=order, axis=alt.Axis(grid=False, labelLimit=170, labelColor=color("ink"))),
    )
    return alt.layer(
        base.mark_bar(height=13).encode(color=alt.Color("tone:N", scale=None)),
        base.mark_text(align="left", dx=5, color=color("muted")).encode(text="text:N"),
    ).properties(width=width, height=alt.Step(22))


def histogram(bins: pl.DataFrame, width: int, title: str, axis_title: str) -> alt.TopLevelMixin:
    """Counts over equal intervals.

    Args:
        bins: one row an interval: start, end, share [0-1].
        width: of the drawing area [px].
        title: above the chart.
        axis_title: what is counted, with its unit.
    """
    return (
        alt.Chart(rows(bins), title=title)
        .mark_bar(color=color("main"), binSpacing=1)
        .encode(
            x=alt.X("start:Q", bin="binned", title=axis_title, axis=alt.Axis(tickCount=6, format="d")),
            x2="end:Q",
            y=alt.Y("share:Q", axis=alt.Axis(format="~%", tickCount=4)),
        )
        .properties(width=width, height=130)
    )
