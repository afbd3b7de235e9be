"""The parts of the report about how a cohort was read and which episodes it holds; each function makes one section."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from alsight.base.units import months_of
from alsight.episodes.rates import rate_spread
from alsight.report.disclosure.nodes import (
    Breakdown,
    Computed,
    Disclosure,
    Headcount,
    OnlyWith,
    ShareOf,
    Text,
    Who,
)
from alsight.report.page import charts
from alsight.report.page.blocks import Block, Figure, Heading, KeyEntry, Prose, Section, TableView, drawn, table
from alsight.report.page.labels import LABELS, source_name
from alsight.report.page.words import NONE, count, interval, number, opening, percent

SAMPLE: Final = 150
"""Courses drawn in the overview; a larger cohort is thinned to this many."""

ROWS_SHOWN: Final = 200
"""Faults listed in the report; all of them are in rejected.csv."""


def reading(rejected: pl.DataFrame, accepted: dict[str, int]) -> Section:
    """What was read, corrected and excluded, by rule."""
    kinds = rejected.group_by("severity").agg(pl.len())
    counts = dict(zip(kinds["severity"], kinds["len"], strict=True))
    rows: list[tuple[Text, ...]] = [
        (name, Headcount(size, ("cohort",), open=True) if name == "subjects" else count(size))
        for name, size in accepted.items()
    ]
    excluded, corrected, noted = (counts.get(name, 0) for name in ("rejected", "corrected", "note"))
    blocks: list[Block] = [
        Prose(
            "No entry was excluded, corrected or kept with a remark."
            if not rejected.height
            else f"{_entries(excluded)} could not be used and {_were(excluded)} excluded, {count(corrected)} "
            f"{_were(corrected)} corrected, and {count(noted)} {_were(noted)} kept with a remark. Each one is listed "
            "in rejected.csv with its file, row, column, value, rule and how to fix it."
        ),
        table("Accepted rows", ("table", "rows accepted"), rows, (1,)),
    ]
    if rejected.height:
        blocks += [_by_rule(rejected), _faults(rejected)]
    return Section("reading", "Data read, corrected and excluded", tuple(blocks))


def _entries(size: int) -> str:
    return f"{count(size)} {'entry' if size == 1 else 'entries'}"


def _were(size: int) -> str:
    return "was" if size == 1 else "were"


def _by_rule(rejected: pl.DataFrame) -> TableView:
    rules = (
        rejected.group_by("severity", "rule", "table", maintain_order=True)
        .agg(pl.len(), pl.col("message").first(), pl.col("how_to_fix").first())
        .sort("severity", "len", descending=[True, True])
    )
    words = {"rejected": "Excluded", "corrected": "Corrected", "note": "Kept, with a remark"}
    rows: list[tuple[str, ...]] = []
    for severity in ("rejected", "corrected", "note"):
        part = rules.filter(pl.col("severity") == severity)
        rows += [(words[severity],)] if part.height else []
        rows += [
            (row["rule"].replace("_", " "), row["table"], count(row["len"]), row["how_to_fix"])
            for row in part.iter_rows(named=True)
        ]
    return table("Faults by rule", ("rule", "table", "entries", "how to fix it"), rows, (2,), caption="Faults by rule")


def _faults(rejected: pl.DataFrame) -> TableView:
    columns = ("source", "severity", "table", "row", "column", "rule", "message", "value")
    names = ("file", "severity", "table", "row", "column", "rule", "what is wrong", "value")
    rows = [tuple(str(value) for value in row) for row in rejected.head(ROWS_SHOWN).select(columns).iter_rows()]
    more = f", the first {count(ROWS_SHOWN)} of {count(rejected.height)}" if rejected.height > ROWS_SHOWN else ""
    # Names of files and cells as they stood in them may name people.
    private = (columns.index("source"), columns.index("value"))
    flush = (columns.index("row"),)
    return table(f"Show the entries{more}", names, rows, flush, folded=True, identifying=private)


def trajectories(visits: pl.DataFrame, episodes: pl.DataFrame, definitions: Sequence[str]) -> Section:
    """Courses of a sample with plateaus and held gains marked; each line is a person, so the sample is no secret.

    Args:
        visits: scored visits with `subject`, `day` and `total`.
        episodes: what `find_episodes` gave.
        definitions: those whose periods are marked.
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
        spans.with_row_index("period")
        .select("period", "subject", "kind", "held_from_day", "end_day")
        .join(scored.select("subject", "day", "total"), on="subject")
        .filter(pl.col("day").is_between("held_from_day", "end_day"))
        .sort("period", "day")
        .select("period", "kind", "total", months_of(pl.col("day").cast(pl.Float64)).alias("months"))
    )
    size = f"{count(sample.len())} {'person' if sample.len() == 1 else 'people'}"
    shown = f"every {_ordinal(step)} person, {size}" if step > 1 else size
    label = f"ALSFRS-R total over time of {size}, plateaus and held gains marked"
    figure = drawn(
        lambda width: charts.trajectories(lines, marked, width),
        label,
        f"One thin line a person ({shown}). Marked are periods that meet one of the definitions used to choose people "
        "for a page in this report. Short flat periods are common, so that a single one is weak evidence.",
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


@dataclass(frozen=True)
class DefinitionCounts:
    """People by published definition.

    Attributes:
        eligible: definition to those who could meet it.
        found: definition to those who did.
        pairs: first and second definition to those found by both, by the first only and by the second only.
        sums: how they add up.
    """

    eligible: dict[str, Headcount]
    found: dict[str, Headcount]
    pairs: dict[tuple[str, str], tuple[Headcount, Headcount, Headcount]]
    sums: tuple[Breakdown, ...]


def definition_counts(rates: pl.DataFrame, pairs: pl.DataFrame, listed: Mapping[Who, int]) -> DefinitionCounts:
    """People who could meet each definition, who did, and who met two of those that are compared.

    Args:
        rates: what `rate_frame` gave.
        pairs: what `disagreement_frame` gave.
        listed: how many of those found have a page, which names every definition that they met.
    """
    people = definition_people(rates, listed)
    eligible, found = ({name: pair[place] for name, pair in people.items()} for place in (0, 1))
    both: dict[tuple[str, str], tuple[Headcount, Headcount, Headcount]] = {}
    sums: list[Breakdown] = []
    for row in compared(pairs).iter_rows(named=True):
        first, second = row["first"], row["second"]
        one, other = found[first], found[second]
        shared = Headcount(
            row["both"], ("found by both", first, second), listed.get(("found by both", first, second), 0)
        )
        only_first = Headcount(row["only_first"], ("only by", first, second), _public(one, row["only_first"]))
        only_second = Headcount(row["only_second"], ("only by", second, first), _public(other, row["only_second"]))
        both[first, second] = shared, only_first, only_second
        gaps = (eligible[name].size - row["both_eligible"] for name in (first, second))
        whole = ((one, only_first), (other, only_second))
        sums += [_eligible_under_both(met, shared, only, gap) for (met, only), gap in zip(whole, gaps, strict=True)]
    return DefinitionCounts(eligible, found, both, tuple(sums))


def _eligible_under_both(met: Headcount, both: Headcount, only: Headcount, gap: int) -> Breakdown:
    """People found by one definition: by another too, not by it though eligible, and those not eligible under it."""
    if not gap:
        return Breakdown(met, (both, only))
    others = met.size - both.size - only.size
    rest = Headcount(others, ("not eligible", *only.who), sensitive=False, implied=True, most=gap)
    return Breakdown(met, (both, only, rest))


def definition_people(rates: pl.DataFrame, listed: Mapping[Who, int]) -> dict[str, tuple[Headcount, Headcount]]:
    """Definition to the people who could meet it and to those who did."""
    return {
        name: (
            Headcount(size, ("eligible by", name)),
            Headcount(met, ("found by", name), listed.get(("found by", name), 0)),
        )
        for name, size, met in rates.select("definition", "eligible", "found").iter_rows()
    }


def _public(whole: Headcount, part: int) -> int:
    """Part of a group that is listed: all of it where the whole group is, else none that a reader could know of."""
    return part if whole.size and whole.listed >= whole.size else 0


def compared(pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs of definitions that the report compares: each of `REFERENCES` with the others of its kind and length."""
    either = pl.col("first").is_in(REFERENCES) | pl.col("second").is_in(REFERENCES)
    return pairs.filter(either, (pl.col("first_months") - pl.col("second_months")).abs() < 0.5)


def episodes_by_definition(rates: pl.DataFrame, pairs: pl.DataFrame, counts: DefinitionCounts) -> Section:
    """How often each published definition is met here, beside what was published, and how far definitions disagree."""
    blocks: list[Block] = [
        Prose(
            "\u201cPlateau\u201d and \u201creversal\u201d mean what a definition says. Each published definition is "
            "counted by its own rule among the people eligible for it. Where the exact rule of a source is not "
            "stated, several versions stand side by side. Bars are 95 % Wilson intervals. Published rates come from "
            "other populations and visit schedules: they are a comparison, not an expectation for this cohort."
        ),
        Prose(Computed(lambda shown: _spread_sentence(rates, counts, shown), tuple(counts.found.values()))),
    ]
    for kind, heading, length in GROUPS:
        rows = group(rates, kind, length)
        if rows.height and rows["eligible"].max():
            blocks += [Heading(heading), _rates_figure(rows, heading, counts)]
    blocks += [
        Heading("Agreement of the definitions"),
        Prose(
            "People eligible under both definitions are compared. Kappa is agreement beyond chance: 1 when two "
            "definitions always find the same people, 0 when no more than by chance."
        ),
        *_agreement(pairs, counts),
        _definitions(rates),
    ]
    return Section("episodes", "Episodes by definition", tuple(blocks))


def _spread_sentence(rates: pl.DataFrame, counts: DefinitionCounts, shown: Disclosure) -> str:
    printed = [shown.shows(counts.found[name], counts.eligible[name]) for name in rates["definition"]]
    spread = rate_spread(rates.filter(pl.Series(printed, dtype=pl.Boolean)))
    plateaus = spread.filter(pl.col("kind") == "plateau", pl.col("ratio").is_not_null()).sort("months")
    if not plateaus.height:
        return ""
    row = plateaus.row(min(1, plateaus.height - 1), named=True)
    return (
        f"The definition matters: of {row['definitions']} definitions of a {row['months']:.0f}-month plateau, the "
        f"strictest finds {percent(row['lowest'])} of eligible people here ({LABELS[row['lowest_definition']]}), the "
        f"most generous {percent(row['highest'])} ({LABELS[row['highest_definition']]})."
    )


def _rates_figure(rows: pl.DataFrame, heading: str, counts: DefinitionCounts) -> Figure:
    cells = []
    for row in rows.iter_rows(named=True):
        found, eligible = counts.found[row["definition"]], counts.eligible[row["definition"]]
        band = OnlyWith(interval(row["low"], row["high"]), (found, eligible))
        name = opening(LABELS[row["definition"]])
        cells.append((name, found, eligible, ShareOf(found, eligible), band, _published(row)))
    heads = ("definition", "people", "of", "rate", "95 % interval", "published")
    kind = rows["kind"][0]
    key = (
        KeyEntry(charts.KEY_SHAPES[kind], charts.EPISODE_COLORS[kind], "this cohort, with 95 % interval"),
        *((KeyEntry("open", "ink", "published rate"),) if rows["published"].drop_nulls().len() else ()),
    )

    def hidden(shown: Disclosure) -> pl.Series:
        names = rows["definition"]
        return pl.Series(
            [not shown.shows(counts.found[name], counts.eligible[name]) for name in names], dtype=pl.Boolean
        )

    def draw(shown: Disclosure) -> Callable[[int], Any]:
        closed = hidden(shown)
        printed = rows.with_columns(
            pl.col("definition").replace(LABELS).alias("label"),
            *(pl.when(closed).then(None).otherwise(pl.col(name)).alias(name) for name in ("rate", "low", "high")),
        )
        return lambda width: charts.rates(printed, width)

    people = tuple(counts.found[name] for name in rows["definition"])
    unseen = "Rates are missing where a count is too small to print or would reveal one."
    return Figure(
        draw,
        f"{heading}: share of eligible people by definition",
        Computed(lambda shown: unseen if hidden(shown).any() else "", people),
        key,
        table(f"{heading}: the numbers", heads, cells, (1, 2, 3, 4)),
        people=people,
        sums=counts.sums,
    )


def _published(row: dict[str, object]) -> str:
    text = str(row["published_text"] or "")
    return f"{text}, {source_name(str(row['source']))}" if text else NONE


REFERENCES: Final = ("bedlack_visit_12", "bedlack_gain_4_12")
"""Definitions that the others of their kind and length are compared with."""


def _agreement(pairs: pl.DataFrame, counts: DefinitionCounts) -> list[Block]:
    """How many of the people found by one definition are found by each other one of its kind and length."""
    blocks: list[Block] = []
    for reference in REFERENCES:
        rows: list[tuple[Text, ...]] = []
        for row in compared(pairs).iter_rows(named=True):
            if reference not in (row["first"], row["second"]):
                continue
            both, only_first, only_second = counts.pairs[row["first"], row["second"]]
            turned = row["second"] == reference
            missed, more = (only_second, only_first) if turned else (only_first, only_second)
            kappa = OnlyWith(number(row["kappa"], 2), (both, missed, more))
            rows.append((opening(LABELS[row["first" if turned else "second"]]), both, missed, more, kappa))
        heads = ("another definition", "found by both", "not by this one", "by this one only", "kappa")
        caption = f"Compared with \u201c{LABELS[reference]}\u201d"
        blocks += [table(caption, heads, rows, (1, 2, 3, 4), caption=caption)] if rows else []
    return blocks


def _definitions(rates: pl.DataFrame) -> TableView:
    """The exact definition and estimand of every definition."""
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
    heads = ("definition", "source and its words", "how it is counted here", "source of the published rate")
    return table("Show every definition in full", heads, rows, folded=True)
