"""The page of `analyze`: the primary result in a sentence, all estimates in a table and a figure, with estimands."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, Final

import altair as alt
import polars as pl

from alsight.base.provenance import Provenance
from alsight.report.page import charts
from alsight.report.page.blocks import Block, Notice, Prose, Section, drawn, table
from alsight.report.page.charts import WIDE
from alsight.report.page.labels import RULES, label
from alsight.report.page.render import Page
from alsight.report.page.theme import color
from alsight.report.page.words import NONE, number
from alsight.report.texts import NO_ADVICE
from alsight.trial.analyze.catalogue import ANALYSES
from alsight.trial.analyze.people import TrialPeople
from alsight.trial.analyze.plan import AnalysisPlan

LABEL: Final = 300
"""Room for the name of an estimate beside the figure [px]."""
LINE: Final = 48
"""Characters of one of its lines."""
CLEAR: Final = 1.96
"""Standard errors from no effect at which a two-sided test of 5 % rejects."""


def _quantity(row: dict[str, Any]) -> str:
    """What is estimated, with its unit; a definition by its words."""
    *before, last = row["quantity"].split(" ")
    said = " ".join([*before, f'"{label(RULES[last])}"' if last in RULES else last])
    return said + (f" [{row['unit']}]" if row["unit"] else "")


def _people(row: dict[str, Any]) -> str:
    """Who counted, on the therapy and on the control."""
    return f"{row['people_therapy']:,} v {row['people_control']:,}"


def _p(value: float | None) -> str:
    if value is None:
        return NONE
    return "under 0.0001" if value < 1e-4 else f"{value:.4f}" if value < 0.01 else f"{value:.2f}"


def _interval(row: dict[str, Any]) -> str:
    return NONE if row["low"] is None else f"{number(row['low'], 2)} to {number(row['high'], 2)}"


def shown_table(estimates: pl.DataFrame) -> pl.DataFrame:
    """The estimates as a reader wants them in a terminal: one line each, as text."""
    rows = [
        {
            "analysis": ANALYSES[row["analysis"]].title,
            "arm": row["arm"],
            "quantity": _quantity(row),
            "estimate": number(row["estimate"], 2),
            "interval": _interval(row),
            "p": _p(row["p"]),
            "people": _people(row),
        }
        for row in estimates.iter_rows(named=True)
    ]
    return pl.DataFrame(rows)


def said(estimates: pl.DataFrame, trial: TrialPeople, plan: AnalysisPlan) -> tuple[str, ...]:
    """The sentences to quote: the primary analysis of each arm first, then what was assumed."""
    sentences: list[str] = []
    for arm in trial.arms:
        primary = estimates.filter((pl.col("analysis") == plan.primary) & (pl.col("arm") == arm))
        sentences.append(_primary(primary.row(0, named=True), trial, plan))
    lost = estimates.filter((pl.col("status") == "not estimable") & (pl.col("analysis") != plan.primary))
    for (arm, reason), rows in lost.group_by("arm", "reason", maintain_order=True):
        titles = "; ".join(ANALYSES[name].title for name in rows["analysis"].unique(maintain_order=True))
        sentences.append(f"Not estimable for {arm}: {titles}. {reason}")
    return (*sentences, *trial.notes)


def _primary(row: dict[str, Any], trial: TrialPeople, plan: AnalysisPlan) -> str:
    start = f"Primary analysis ({ANALYSES[plan.primary].title}), {row['arm']} against {trial.control}"
    if row["estimate"] is None:
        return f"{start}: not estimable. {row['reason']}"
    unit = f" {row['unit']}" if row["unit"] else ""
    between = "" if row["low"] is None else f" ({100 * plan.level:g} % interval {_interval(row)})"
    verdict = _direction(row, plan)
    return f"{start}: {row['quantity']} {number(row['estimate'], 2)}{unit}{between}, p {_p(row['p'])}. {verdict}"


def _direction(row: dict[str, Any], plan: AnalysisPlan) -> str:
    p = row["p"]
    if p is None or p > 1 - plan.level:
        return "The data are compatible with no difference."
    better = (row["estimate"] > row["no_effect"]) == (row["favors_therapy"] == "higher")
    return "The difference favors the therapy." if better else "The difference favors the control."


def page(
    estimates: pl.DataFrame, trial: TrialPeople, plan: AnalysisPlan, sentences: Sequence[str], record: Provenance
) -> Page:
    """The whole page.

    Args:
        estimates: table of estimates.
        trial: the trial as it was read.
        plan: the plan.
        sentences: sentences to quote, the primary analysis first.
        record: how it was made.
    """
    people = [(arm, f"{(trial.people['arm'] == arm).sum():,} people") for arm in (trial.control, *trial.arms)]
    return Page(
        title=f"Trial analysis: {', '.join(trial.arms)} against {trial.control}",
        eyebrow=f"{record.program} \u00b7 one trial, several analyses",
        lead=sentences[0],
        figures=(*people, ("horizon", f"{trial.horizon:.1f} months")),
        sections=(_estimates(estimates, trial), _estimands(plan), _assumed(sentences, plan)),
        footer=f"Made by {record.program}. Nothing in this file loads anything from anywhere.",
        program=record.program,
    )


def _estimates(estimates: pl.DataFrame, trial: TrialPeople) -> Section:
    blocks: list[Block] = []
    for arm in trial.arms:
        rows = estimates.filter(pl.col("arm") == arm)
        cells = [
            (
                ANALYSES[row["analysis"]].title,
                _quantity(row),
                number(row["estimate"], 2),
                _interval(row),
                _p(row["p"]),
                _people(row),
                NONE if row["events_therapy"] is None else f"{row['events_therapy']:,} v {row['events_control']:,}",
                row["reason"] or row["status"],
            )
            for row in rows.iter_rows(named=True)
        ]
        heads = ("analysis", "quantity", "estimate", "interval", "p", "people", "events", "remark")
        view = table(f"Estimates, {arm} against {trial.control}", heads, cells, (2, 3, 4, 5, 6))
        blocks += [*_figure(rows, arm), view]
    return Section("estimates", "Estimates", tuple(blocks))


def _figure(rows: pl.DataFrame, arm: str) -> list[Block]:
    """Estimates in standard errors of no effect, by their p values, to the right where the therapy is better."""
    better = (pl.col("estimate") > pl.col("no_effect")) == (pl.col("favors_therapy") == "higher")
    drawable = rows.filter(pl.col("p").is_not_null()).unique(["analysis", "quantity"], maintain_order=True)
    if drawable.is_empty():
        return []
    normal = pl.col("p").clip(1e-12, 1.0).map_elements(_z, return_dtype=pl.Float64)
    names = [f"{ANALYSES[row['analysis']].title}: {_quantity(row)}" for row in drawable.iter_rows(named=True)]
    points = drawable.select(
        label=pl.Series(names),
        lines=pl.Series(["|".join(textwrap.wrap(name, LINE)) for name in names]),
        z=pl.when(better).then(normal).otherwise(-normal),
    ).with_columns(low=pl.col("z") - CLEAR, high=pl.col("z") + CLEAR)
    title = f"Evidence for {arm}, in standard errors"
    words = "Each point is an estimate in standard errors, with 1.96 to each side. Right of 0 favors the therapy."
    return [drawn(lambda width: _forest(points, width), title, words)]


def _z(p: float) -> float:
    return -NormalDist().inv_cdf(p / 2)


def _forest(points: pl.DataFrame, width: int) -> alt.TopLevelMixin:
    wide = width >= WIDE
    axis = alt.Axis(labels=wide, labelLimit=1000, labelExpr="split(datum.label, '|')", labelLineHeight=13, grid=False)
    name = "lines" if wide else "label"
    y = alt.Y(f"{name}:N", scale=alt.Scale(domain=points[name].to_list()), title=None, axis=axis)
    base = alt.Chart(charts.rows(points)).encode(y=y)
    lines = base.mark_rule(color=color("muted")).encode(x=alt.X("low:Q", title="standard errors"), x2="high:Q")
    dots = base.mark_point(filled=True, size=45, color=color("main")).encode(x="z:Q")
    zero = alt.Chart(charts.rows(pl.DataFrame({"z": [0.0]}))).mark_rule(strokeDash=[3, 3]).encode(x="z:Q")
    names = [] if wide else charts.names_above(points, y)
    size = {"width": width - LABEL - 20, "height": alt.Step(44)} if wide else {"width": width, "height": alt.Step(56)}
    return alt.layer(lines, dots, zero, *names).properties(**size)


def _estimands(plan: AnalysisPlan) -> Section:
    cells = [
        (
            ANALYSES[name].title + (" (primary)" if name == plan.primary else ""),
            ANALYSES[name].estimand,
            ANALYSES[name].deaths,
        )
        for name in plan.analyses or ANALYSES
    ]
    text = "The analyses answer different questions. A trial names its primary analysis before the data are seen."
    view = table("What each analysis estimates", ("analysis", "estimand", "deaths"), cells, ())
    return Section("estimands", "Estimands", (Prose(text), view))


def _assumed(sentences: Sequence[str], plan: AnalysisPlan) -> Section:
    texts = [*sentences[1:], f"Endpoint of survival: {plan.endpoint.replace('_', ' ')}."]
    return Section(
        "assumptions", "Assumptions and exclusions", (*(Prose(text) for text in texts), Notice((NO_ADVICE,)))
    )
