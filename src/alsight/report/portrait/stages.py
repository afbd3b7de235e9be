"""King's and MiToS stages of a cohort over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import polars as pl

from alsight.report.disclosure.nodes import Breakdown, Computed, Disclosure, Headcount, Hidden
from alsight.report.page import charts
from alsight.report.page.blocks import Block, Figure, KeyEntry, Prose, Section, table
from alsight.report.page.theme import STAGES
from alsight.report.page.words import count

_SMALL_DRAWN: Final = 2.5
"""People as which a hidden small count is drawn: the middle of 1 to 4."""

LEAST_STAGED: Final = 10
"""Stages are drawn as long as this many people are staged or dead; further on single people would make the picture."""

_SYSTEMS: Final = {"kings": "King's stage", "mitos": "MiToS stage"}
_STAGE_WORDS: Final = {
    "kings": ("0 no region", "1 one region", "2 two", "3 three", "4 nutrition or breathing", "5 death"),
    "mitos": ("0 no domain lost", "1 one lost", "2 two", "3 three", "4 four", "5 death"),
}


def stages(over_time: pl.DataFrame) -> Section:
    """King's and MiToS stages from entry on."""
    blocks: list[Block] = [
        Prose(
            "King's stage counts the regions reached (mouth and throat, arms, legs) until eating or breathing needs "
            "help; MiToS counts the abilities lost (moving, swallowing, communicating, breathing). Both are "
            "estimated from the items of the ALSFRS-R."
        )
    ]
    for system, title in _SYSTEMS.items():
        frame = over_time.filter(pl.col("system") == system)
        staged = frame.group_by("months").agg(pl.col("people").sum()).filter(pl.col("people") >= LEAST_STAGED)
        frame = frame.join(staged.select("months"), on="months", how="semi")
        if frame["months"].n_unique() > 1:
            blocks.append(_stage_figure(system, title, _filled(frame)))
    blocks.append(
        Prose(
            "People who died stay in the picture, and people who left for another reason do not. Later shares "
            "therefore overstate death; the survival curve below allows for this.",
            "small",
        )
    )
    return Section("stages", "Stages over time", tuple(blocks))


def _filled(frame: pl.DataFrame) -> pl.DataFrame:
    """Every stage at every time, stages without people as 0."""
    grid = frame.select("months").unique().join(pl.DataFrame({"stage": range(len(STAGES))}), how="cross")
    return (
        grid.join(frame.select("months", "stage", "people"), on=["months", "stage"], how="left")
        .with_columns(pl.col("people").fill_null(0))
        .sort("months", "stage")
    )


def _stage_figure(system: str, title: str, frame: pl.DataFrame) -> Figure:
    wide = frame.pivot("stage", index="months", values="people", sort_columns=False)
    times: dict[int, tuple[Headcount, tuple[Headcount, ...]]] = {}
    for month, *sizes in wide.iter_rows():
        # The dead are the same people in both systems, and at all later times: never hidden for the sake of others.
        parts = [Headcount(size, ("stage", system, month, stage)) for stage, size in enumerate(sizes[:-1])]
        dead = Headcount(sizes[-1], ("dead", month), spared=True)
        times[month] = Headcount(sum(sizes), ("staged", system, month)), (*parts, dead)
    heads = ("months", *(f"stage {stage}" if stage < 5 else "died" for stage in range(len(STAGES))))
    sums = tuple(Breakdown(*time) for time in times.values())
    rows = [(count(month), *parts) for month, (_, parts) in times.items()]

    def draw(shown: Disclosure) -> Callable[[int], Any] | None:
        drawn_shares = stage_shares(times, shown)
        return (lambda width: charts.stages(drawn_shares, width, title)) if drawn_shares.height else None

    people = tuple(part for _, parts in times.values() for part in parts)
    merged = "Where a count is not printed its area is drawn as 2.5 people, and the rest of the sum where it belongs."
    return Figure(
        draw,
        f"{title} over time, share of people staged or dead",
        Computed(lambda shown: "" if shown.shows(*people) else merged, people),
        tuple(KeyEntry("block", name, text) for name, text in zip(STAGES, _STAGE_WORDS[system], strict=True)),
        table(f"{title}: the numbers", heads, rows, range(len(heads)), sums=sums),
        people=tuple(total for total, _ in times.values()),
    )


def stage_shares(times: Mapping[int, tuple[Headcount, tuple[Headcount, ...]]], shown: Disclosure) -> pl.DataFrame:
    """Shares of stages as they may be drawn.

    A hidden small count is drawn as 2.5 people whatever it is, and what is left of the sum of hidden counts is divided
    equally among the other hidden ones: the picture says no more than the sum. A time whose sum is hidden is missing.

    Args:
        times: month to the people staged or dead, and to those of each stage.
        shown: what is printed.
    """
    rows: list[tuple[int, int, float]] = []
    for month, (total, parts) in times.items():
        if not shown.shows(total):
            continue
        small = [part for part in parts if shown.hidden.get(part.who) is Hidden.SMALL]
        others = [part for part in parts if not shown.shows(part) and part not in small]
        left = sum(part.size for part in (*small, *others))
        each = _SMALL_DRAWN if others else left / max(len(small), 1)
        rest = (left - each * len(small)) / max(len(others), 1)
        for stage, part in enumerate(parts):
            size = part.size if shown.shows(part) else each if part in small else rest
            rows.append((month, stage, size / total.size))
    schema = {"months": pl.Int64, "stage": pl.Int64, "share": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")
