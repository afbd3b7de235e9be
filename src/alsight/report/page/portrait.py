"""The parts of the report about the people themselves: who they are, their stages, survival and variation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from alsight.report.page import charts
from alsight.report.page.blocks import Block, Figure, Heading, KeyEntry, Pair, Prose, Section, TableView, drawn, table
from alsight.report.page.people import word
from alsight.report.page.theme import STAGES
from alsight.report.page.words import (
    NONE,
    SMALL_CELL,
    cell,
    count,
    hidden,
    interval,
    number,
    opening,
    partition,
    percent,
)

Tables = Mapping[str, pl.DataFrame]

_TRAITS: Final = {
    "sex": "Sex",
    "onset_site": "Region of first symptom",
    "phenotype": "Phenotype",
    "genotype": "Gene",
    "family_history": "Family history",
    "frontotemporal_dementia": "Frontotemporal dementia",
    "el_escorial": "El Escorial category",
    "awaji": "Awaji category",
    "gold_coast": "Gold Coast criteria met",
    "entry": "Day 0 is",
    "study": "Study",
    "arm": "Arm",
    "revised_diagnosis": "Diagnosis revised to",
}
_SHORT: Final = {
    "niv_start": "NIV started",
    "niv_stop": "NIV stopped",
    "hospitalization": "in hospital",
    "permanent_ventilation": "permanent ventilation",
    "lost_to_follow_up": "lost to follow-up",
}
_YES: Final = {"true": "yes", "false": "no"}

LEAST_STAGED: Final = 10
"""Stages are drawn as long as this many people are staged or dead; further on single people would make the picture."""

_SYSTEMS: Final = {"kings": "King's stage", "mitos": "MiToS stage"}
_STAGE_WORDS: Final = {
    "kings": ("0 no region", "1 one region", "2 two", "3 three", "4 nutrition or breathing", "5 death"),
    "mitos": ("0 no domain lost", "1 one lost", "2 two", "3 three", "4 four", "5 death"),
}
_AT_RISK_STEPS: Final = 7


def who(portrait: Tables, *, identified: bool) -> Section:
    """Who is in the cohort: numbers at entry and over follow-up, traits, events, treatments."""
    blocks: list[Block] = [_numbers(portrait["numbers"], identified=identified)]
    onset = portrait["traits"].filter(pl.col("trait") == "onset_site", pl.col("level").is_not_null())
    had = portrait["happenings"]
    left = _bars(onset.select("level", "people", "share"), "Region of first symptom", identified=identified)
    right = _bars(
        had.head(9).select(level="name", people="people", share="share"), "Ever recorded", identified=identified
    )
    blocks += [Pair((left, right))] if left and right else []
    blocks += [_traits(portrait["traits"], identified=identified), _missing(portrait["missingness"])]
    return Section("who", "Who is in the cohort", tuple(blocks))


def _numbers(frame: pl.DataFrame, *, identified: bool) -> TableView:
    rows = [
        (
            f"{opening(row['quantity'])}, {row['unit']}",
            cell(row["people"], identified=identified),
            *(
                (NONE, NONE)
                if hidden(row["people"], identified=identified)
                else (
                    number(row["median"], _digits(row)),
                    f"{number(row['q1'], _digits(row))} to {number(row['q3'], _digits(row))}",
                )
            ),
        )
        for row in frame.iter_rows(named=True)
    ]
    heads = ("", "values", "median", "middle half")
    return table("At entry and over follow-up", heads, rows, (1, 2, 3), caption="At entry and over follow-up")


def _digits(row: dict[str, object]) -> int:
    return 2 if "/" in str(row["unit"]) else 0 if row["unit"] in ("years", "visits", "points") else 1


def _bars(frame: pl.DataFrame, title: str, *, identified: bool) -> Figure | None:
    """Bars with counts beside them; those too small to print are left out."""
    if not frame.height:
        return None
    hide = partition(frame["people"].to_list(), identified=identified)
    seen = frame.filter(~pl.Series(hide, dtype=pl.Boolean))
    if not seen.height:
        return None
    shown = seen.select(
        label=pl.Series([opening(_SHORT.get(level, word(level))) for level in seen["level"]]),
        share="share",
        text=pl.Series(
            [f"{count(n)} ({percent(share)})" for n, share in zip(seen["people"], seen["share"], strict=True)]
        ),
    )
    caption = "Counts too small to print are left out." if any(hide) else ""
    return drawn(lambda width: charts.bars(shown, width - 170, title), f"{title}: people and share", caption, pair=True)


def _traits(frame: pl.DataFrame, *, identified: bool) -> TableView:
    rows: list[tuple[str, ...]] = []
    for trait, title in _TRAITS.items():
        levels = frame.filter(pl.col("trait") == trait)
        if not levels.height or (trait in ("study", "arm") and levels.height == 1):
            continue
        hide = partition(levels["people"].to_list(), identified=identified)
        rows.append((title,))
        for row, closed in zip(levels.iter_rows(named=True), hide, strict=True):
            level = "not recorded" if row["level"] is None else _YES.get(row["level"], word(row["level"]))
            said = ("hidden", NONE) if closed else (count(row["people"]), percent(row["share"]))
            rows.append((opening(level), *said))
    return table("Show all recorded traits", ("trait", "people", "share"), rows, (1, 2), folded=True)


def _missing(frame: pl.DataFrame) -> TableView:
    rows = [
        (row["column"].replace("_", " "), row["table"], count(row["rows"]), percent(row["share"]))
        for row in frame.filter(pl.col("missing") > 0, pl.col("missing") < pl.col("rows")).iter_rows(named=True)
    ]
    return table("Show what is missing", ("column", "table", "rows", "missing"), rows, (2, 3), folded=True)


def stages(over_time: pl.DataFrame, *, identified: bool) -> Section:
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
            blocks.append(_stage_figure(system, title, _filled(frame), identified=identified))
    blocks.append(
        Prose(
            "Those who died stay in the picture, those who left it otherwise do not, so that later shares overstate "
            "death; the survival curve below allows for that.",
            "small",
        )
    )
    return Section("stages", "Stages over time", tuple(blocks))


def _filled(frame: pl.DataFrame) -> pl.DataFrame:
    """Every stage at every time, those without anybody as 0."""
    grid = frame.select("months").unique().join(pl.DataFrame({"stage": range(len(STAGES))}), how="cross")
    return (
        grid.join(frame.select("months", "stage", "people", "share"), on=["months", "stage"], how="left")
        .with_columns(pl.col("people", "share").fill_null(0))
        .sort("months", "stage")
    )


def _stage_figure(system: str, title: str, frame: pl.DataFrame, *, identified: bool) -> Figure:
    wide = frame.pivot("stage", index="months", values="people", sort_columns=False)
    rows = []
    for row in wide.iter_rows():
        hide = partition(list(row[1:]), identified=identified)
        rows.append(
            (count(row[0]), *("hidden" if closed else count(n) for n, closed in zip(row[1:], hide, strict=True)))
        )
    heads = ("months", *(f"stage {stage}" if stage < 5 else "died" for stage in range(len(STAGES))))
    words = _STAGE_WORDS[system]
    return drawn(
        lambda width: charts.stages(frame, width, title),
        f"{title} over time, share of people staged or dead",
        "",
        key=[KeyEntry("block", name, text) for name, text in zip(STAGES, words, strict=True)],
        table=table(f"{title}: the numbers", heads, rows, range(len(heads))),
    )


def survival(portrait: Tables, at_risk: pl.DataFrame, *, identified: bool) -> Section:
    """Kaplan-Meier curve from entry, with the numbers at risk.

    Args:
        portrait: what `describe_cohort` gave.
        at_risk: one row a person at risk: entry and time [months].
        identified: whether small counts may be printed.
    """
    facts = portrait["survival_summary"].filter(pl.col("origin") == "entry", pl.col("endpoint") != "death")
    least = 0 if identified else SMALL_CELL
    curve = portrait["survival"].filter(
        pl.col("origin") == "entry", pl.col("endpoint") != "death", pl.col("at_risk") >= least
    )
    if not facts.height or not at_risk.height or not curve.height:
        return Section(
            "survival", "Survival", (Prose("No follow-up is recorded that survival could be counted from."),)
        )
    known = {row["fact"]: row for row in facts.iter_rows(named=True)}
    meaning, last = facts["meaning"][0], float(at_risk["time"].max() or 0.0)  # type: ignore[arg-type]
    few = hidden(int(known["events"]["value"]), identified=identified)
    step = next((step for step in (3, 6, 12, 24, 60) if last / step <= _AT_RISK_STEPS), 120)
    steps = [float(step * place) for place in range(int(last // step) + 1)]
    rows = [_risk_row(time, at_risk, curve, identified=identified) for time in steps]
    drawn_to = last if identified else float(at_risk["time"].top_k(SMALL_CELL).min() or 0.0)  # type: ignore[arg-type]
    end = pl.DataFrame({"months": [drawn_to]}).join(curve.tail(1).drop("months"), how="cross").select(curve.columns)
    heads = ("months", "at risk", "without the event", "95 % interval")
    figure = drawn(
        lambda width: charts.survival(pl.concat([curve, end]), width, "Share without the event"),
        f"Kaplan-Meier curve of {meaning}, counted from entry, with 95 % interval",
        f"The event is {meaning}. Time counts from entry; the band is the pointwise 95 % interval.",
    )
    said = f"{cell(int(known['events']['value']), identified=identified).capitalize()} of "
    said += f"{count(int(known['people']['value']))} people at risk had the event. {_median(known)}"
    blocks = (Prose(said),) if few else (Prose(said), figure, table("Numbers at risk", heads, rows, (0, 1, 2, 3)))
    return Section("survival", "Survival", blocks)


def _median(known: dict[str, dict[str, float | None]]) -> str:
    row = known["median_months"]
    if row["value"] is None:
        return "The median was not reached."
    high = number(row["high"], 0) if row["high"] is not None else "not reached"
    middle = f"The median time from entry is {number(row['value'], 0)} months"
    return f"{middle} (95 % interval {number(row['low'], 0)} to {high})."


def _risk_row(time: float, at_risk: pl.DataFrame, curve: pl.DataFrame, *, identified: bool) -> tuple[str, ...]:
    n = at_risk.filter(pl.col("entry") <= time, pl.col("time") >= time).height
    now = curve.filter(pl.col("months") <= time).row(-1, named=True)
    closed = hidden(n, identified=identified)
    share = (NONE, NONE) if closed else (percent(now["survival"]), interval(now["low"], now["high"]))
    return (number(time, 0), cell(n, identified=identified), *share)


def variation(portrait: Tables, *, identified: bool) -> Section:
    """Variogram, run lengths and successive slopes, each scale by itself."""
    blocks: list[Block] = [
        Prose(
            "How a person's scores scatter tells where flat stretches come from. Rating noise alone gives a "
            "variogram that is flat from the start; a rate of decline that wanders makes it rise with time; ratings "
            "that repeat themselves make it start low and give long runs of equal scores."
        )
    ]
    for scale, title in (("alsfrs_r", "ALSFRS-R"), ("alsfrs", "Original ALSFRS")):
        parts = {name: portrait[name].filter(pl.col("scale") == scale) for name in _VARIATION}
        if parts["variogram"].filter(pl.col("of") == "own_line", pl.col("people") >= SMALL_CELL).height:
            blocks += [Heading(title), *_variation(parts, identified=identified)]
    if len(blocks) == 1:
        blocks.append(Prose("Too few people have enough visits to tell."))
    return Section("variation", "How scores vary within a person", tuple(blocks))


_VARIATION: Final = ("variogram", "run_lengths", "slope_correlation")


def _variation(parts: Tables, *, identified: bool) -> list[Block]:
    pairs = parts["variogram"].filter(pl.col("of") == "own_line", pl.col("people") >= SMALL_CELL)
    shown = pairs.select(months="lag_months", value="semivariance")
    rows = [
        (count(row["lag_months"]), count(row["pairs"]), number(row["semivariance"]), number(row["sd"]))
        for row in pairs.iter_rows(named=True)
    ]
    first = drawn(
        lambda width: charts.variogram(shown, width),
        "Variogram about each person's own line",
        "Half the mean squared difference of two visits of one person, after each person's own straight line was "
        "taken out.",
        table=table(
            "Variogram: the numbers", ("months apart", "pairs", "points squared", "SD, points"), rows, (0, 1, 2, 3)
        ),
        pair=True,
    )
    runs = parts["run_lengths"].filter(pl.col("visits") <= 8)
    bars = runs.select(
        label=pl.format("{} visit{}", "visits", pl.when(pl.col("visits") > 1).then(pl.lit("s")).otherwise(pl.lit(""))),
        share="share",
        text=pl.Series([percent(share) for share in runs["share"]]),
    )
    second = drawn(
        lambda width: charts.bars(bars, width - 110, "Equal totals in a row"),
        "How many visits in a row have the same total",
        "Share of all runs, by how many visits in a row had the same total.",
        pair=True,
    )
    slopes = [
        (f"{row['gaps_apart']}", count(row["pairs"]), number(row["correlation"], 2), number(row["noise_alone"], 1))
        for row in parts["slope_correlation"].iter_rows(named=True)
        if not hidden(row["people"], identified=identified)
    ]
    heads = ("visits between them", "pairs", "correlation", "if all were noise")
    named = "Correlation of slopes over successive intervals between visits"
    return [Pair((first, second)), table(named, heads, slopes, (0, 1, 2, 3), caption=named)]
