"""The parts of the report about how a cohort was read and which episodes it holds; each function makes one section."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from alsight.base.units import months_of
from alsight.episodes.rates import rate_spread
from alsight.report.page import charts
from alsight.report.page.blocks import (
    Block,
    Figure,
    Heading,
    KeyEntry,
    Prose,
    Section,
    TableView,
    drawn,
    table,
)
from alsight.report.page.labels import LABELS, source_name
from alsight.report.page.words import NONE, cell, count, hidden, interval, number, opening, partition, people, percent

SAMPLE: Final = 150
"""Courses drawn in the overview; a larger cohort is thinned to this many."""

ROWS_SHOWN: Final = 200
"""Faults listed in the report; all of them are in rejected.csv."""


def reading(rejected: pl.DataFrame, accepted: dict[str, int], *, identified: bool) -> Section:
    """What was read, corrected and left out, by rule."""
    kinds = rejected.group_by("severity").agg(pl.len())
    counts = dict(zip(kinds["severity"], kinds["len"], strict=True))
    rows = [
        (name, cell(size, identified=identified) if name == "subjects" else count(size))
        for name, size in accepted.items()
    ]
    blocks: list[Block] = [
        Prose(
            f"{count(counts.get('rejected', 0))} entries could not be used and were left out, "
            f"{count(counts.get('corrected', 0))} were corrected, {count(counts.get('note', 0))} were kept with a "
            "remark. Every one is listed in rejected.csv with its file, row, column, value, rule and how to fix it."
        ),
        table("Accepted rows", ("table", "rows accepted"), rows, (1,)),
    ]
    if rejected.height:
        blocks += [_by_rule(rejected), _faults(rejected, identified=identified)]
    return Section("reading", "What was read, corrected and left out", tuple(blocks))


def _by_rule(rejected: pl.DataFrame) -> TableView:
    rules = (
        rejected.group_by("severity", "rule", "table", maintain_order=True)
        .agg(pl.len(), pl.col("message").first(), pl.col("how_to_fix").first())
        .sort("severity", "len", descending=[True, True])
    )
    words = {"rejected": "Left out", "corrected": "Corrected", "note": "Kept, with a remark"}
    rows: list[tuple[str, ...]] = []
    for severity in ("rejected", "corrected", "note"):
        part = rules.filter(pl.col("severity") == severity)
        rows += [(words[severity],)] if part.height else []
        rows += [
            (row["rule"].replace("_", " "), row["table"], count(row["len"]), row["how_to_fix"])
            for row in part.iter_rows(named=True)
        ]
    return table("Faults by rule", ("rule", "table", "entries", "what to do"), rows, (2,), caption="Faults by rule")


def _faults(rejected: pl.DataFrame, *, identified: bool) -> TableView:
    columns = ["severity", "table", "row", "column", "rule", "message"]
    names = ("severity", "table", "row", "column", "rule", "what is wrong")
    if identified:
        columns, names = ["source", *columns, "value"], ("file", *names, "value")
    rows = [tuple(str(value) for value in row) for row in rejected.head(ROWS_SHOWN).select(columns).iter_rows()]
    more = f", the first {count(ROWS_SHOWN)} of {count(rejected.height)}" if rejected.height > ROWS_SHOWN else ""
    return table(f"Show the entries{more}", names, rows, (columns.index("row"),), folded=True)


def trajectories(visits: pl.DataFrame, episodes: pl.DataFrame, definitions: Sequence[str]) -> Section:
    """Courses of a sample with plateaus and held gains marked.

    Args:
        visits: scored visits with `subject`, `day` and `total`.
        episodes: what `find_episodes` gave.
        definitions: those whose stretches are marked.
    """
    scored = visits.drop_nulls("total")
    names = scored["subject"].unique(maintain_order=True).sort()
    step = max(1, -(-names.len() // SAMPLE))
    sample = names.gather_every(step)
    spans = episodes.filter(pl.col("definition").is_in(list(definitions)), pl.col("subject").is_in(sample.implode()))
    lines = scored.filter(pl.col("subject").is_in(sample.implode())).select(
        pl.col("subject").rank("dense").alias("person"),
        months_of(pl.col("day").cast(pl.Float64)).alias("months"),
        "total",
    )
    marked = (
        spans.with_row_index("stretch")
        .select("stretch", "subject", "kind", "held_from_day", "end_day")
        .join(scored.select("subject", "day", "total"), on="subject")
        .filter(pl.col("day").is_between("held_from_day", "end_day"))
        .sort("stretch", "day")
        .select("stretch", "kind", "total", months_of(pl.col("day").cast(pl.Float64)).alias("months"))
    )
    shown = f"every {_ordinal(step)} person" if step > 1 else "everybody"
    label = f"ALSFRS-R total over time of {people(sample.len())}, plateaus and held gains marked"
    figure = drawn(
        lambda width: charts.trajectories(lines, marked, width),
        label,
        f"One thin line a person ({shown}, {people(sample.len())}). Marked are stretches under the definitions that "
        "earn a page in this report. Short flat stretches are everywhere; that is what makes single ones hard to "
        "read.",
        key=(
            KeyEntry("thin", "faint", "one person"),
            KeyEntry("circle", "plateau", "long plateau"),
            KeyEntry("triangle", "rise", "held gain"),
        ),
    )
    return Section("courses", "Courses, with episodes marked", (figure,))


def _ordinal(place: int) -> str:
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


GROUPS: Final[tuple[tuple[str, str, int], ...]] = (
    ("plateau", "Plateaus of 6 months", 6),
    ("plateau", "Plateaus of 12 months", 12),
    ("plateau", "Plateaus of 18 months", 18),
    ("reversal", "Rises and held gains", 0),
    ("responder", "Trials' responder rules", 0),
)
"""Groups of definitions in the report: kind, heading, length [months, 0 for any]."""


def group(rates: pl.DataFrame, kind: str, length: int) -> pl.DataFrame:
    """Rates of one group of definitions."""
    chosen = rates.filter(pl.col("kind") == kind)
    return chosen if not length else chosen.filter(pl.col("months").round(0) == length)


def episodes_by_definition(rates: pl.DataFrame, pairs: pl.DataFrame, *, identified: bool) -> Section:
    """How often each published wording is met here, beside what was published, and how far the wordings disagree."""
    blocks: list[Block] = [
        Prose(
            "\u201cPlateau\u201d and \u201creversal\u201d mean what a definition says. Each published wording is "
            "counted by its own rule among the people eligible for it; where a source's exact rule cannot be read, "
            "several readings stand side by side. Bars are 95 % Wilson intervals. Published rates come from other "
            "populations and visit schedules: they are a yardstick, not an expectation for this cohort."
        ),
        Prose(_spread_sentence(rates, identified=identified)),
    ]
    for kind, heading, length in GROUPS:
        rows = group(rates, kind, length)
        if rows.height and rows["eligible"].max():
            blocks += [Heading(heading), _rates_figure(rows, heading, identified=identified)]
    blocks += [
        Heading("How far the definitions agree"),
        Prose(
            "People eligible under both definitions are compared. Kappa is agreement beyond chance: 1 when two "
            "definitions always find the same people, 0 when no more than by chance."
        ),
        *_agreement(pairs, identified=identified),
        _definitions(rates),
    ]
    return Section("episodes", "Episodes by definition", tuple(blocks))


def _spread_sentence(rates: pl.DataFrame, *, identified: bool) -> str:
    seen = [not hidden(found, identified=identified) for found in rates["found"]]
    spread = rate_spread(rates.filter(pl.Series(seen, dtype=pl.Boolean)))
    plateaus = spread.filter(pl.col("kind") == "plateau", pl.col("ratio").is_not_null()).sort("months")
    if not plateaus.height:
        return ""
    row = plateaus.row(min(1, plateaus.height - 1), named=True)
    return (
        f"How much the wording decides: of the {row['definitions']} readings of a {row['months']:.0f}-month plateau "
        f"the strictest finds {percent(row['lowest'])} of eligible people here ({LABELS[row['lowest_definition']]}), "
        f"the most generous {percent(row['highest'])} ({LABELS[row['highest_definition']]})."
    )


def _rates_figure(rows: pl.DataFrame, heading: str, *, identified: bool) -> Figure:
    small = [
        hidden(found, identified=identified) or hidden(eligible, identified=identified)
        for found, eligible in rows.select("found", "eligible").iter_rows()
    ]
    shown = rows.with_columns(
        pl.col("definition").replace(LABELS).alias("label"),
        *(pl.when(pl.Series(small)).then(None).otherwise(pl.col(name)).alias(name) for name in ("rate", "low")),
    )
    cells = [
        (
            opening(LABELS[row["definition"]]),
            cell(row["found"], identified=identified),
            cell(row["eligible"], identified=identified),
            NONE if hide else percent(row["rate"]),
            NONE if hide else interval(row["low"], row["high"]),
            _published(row),
        )
        for row, hide in zip(rows.iter_rows(named=True), small, strict=True)
    ]
    name = f"{heading}: the numbers"
    heads = ("definition", "people", "of", "rate", "95 % interval", "published")
    numbers = table(name, heads, cells, (1, 2, 3, 4))
    kind = rows["kind"][0]
    key = (
        KeyEntry(charts.KEY_SHAPES[kind], charts.EPISODE_COLORS[kind], "this cohort, with 95 % interval"),
        *((KeyEntry("open", "ink", "published rate"),) if rows["published"].drop_nulls().len() else ()),
    )
    unseen = "Rates that rest on fewer than 5 people are not drawn." if any(small) else ""
    return drawn(
        lambda width: charts.rates(shown, width),
        f"{heading}: share of eligible people by definition",
        unseen,
        key=key,
        table=numbers,
    )


def _published(row: dict[str, object]) -> str:
    text = str(row["published_text"] or "")
    return f"{text}, {source_name(str(row['source']))}" if text else NONE


REFERENCES: Final = ("bedlack_visit_12", "bedlack_gain_4_12")
"""Definitions that the others of their kind and length are compared with."""


def _agreement(pairs: pl.DataFrame, *, identified: bool) -> list[Block]:
    """How many of the people found by one definition are found by each other one of its kind and length."""
    blocks: list[Block] = []
    for reference in REFERENCES:
        one = pairs.filter((pl.col("first") == reference) | (pl.col("second") == reference))
        one = one.filter((pl.col("first_months") - pl.col("second_months")).abs() < 0.5)
        turned = pl.col("second") == reference
        other = one.select(
            "both",
            "kappa",
            name=pl.when(turned).then("first").otherwise("second"),
            missed=pl.when(turned).then("only_second").otherwise("only_first"),
            more=pl.when(turned).then("only_first").otherwise("only_second"),
        )
        rows = [
            (
                opening(LABELS[row["name"]]),
                *_hidden([row["both"], row["missed"], row["more"]], identified=identified),
                number(row["kappa"], 2),
            )
            for row in other.iter_rows(named=True)
        ]
        heads = ("another definition", "found by both", "not by this one", "by this one only", "kappa")
        caption = f"Compared with \u201c{LABELS[reference]}\u201d"
        blocks += [table(caption, heads, rows, (1, 2, 3, 4), caption=caption)] if rows else []
    return blocks


def _hidden(parts: list[int], *, identified: bool) -> list[str]:
    hide = partition(parts, identified=identified)
    return ["hidden" if closed else count(part) for part, closed in zip(parts, hide, strict=True)]


def _definitions(rates: pl.DataFrame) -> TableView:
    """The exact wording and estimand of every definition."""
    rows = [
        (
            opening(LABELS[row["definition"]]),
            f"{source_name(row['source'])}: {row['wording']}",
            f"{row['sustained']}. Counted among: {row['denominator']}. Deaths: {row['deaths']}. "
            f"{row['assumed']}".strip(),
            row["published_in"] or NONE,
        )
        for row in rates.iter_rows(named=True)
    ]
    heads = ("definition", "source and its words", "how it is counted here", "published rate is from")
    return table("Show every definition in full", heads, rows, folded=True)
