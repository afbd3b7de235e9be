"""The people of a cohort: numbers at entry and over follow-up, traits, events, treatments, missing values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import polars as pl

from alsight.report.disclosure.nodes import Breakdown, Computed, Disclosure, Headcount, OnlyWith, ShareOf, Text, Who
from alsight.report.page import charts
from alsight.report.page.blocks import Block, Figure, Pair, Section, TableView, table
from alsight.report.page.people import word
from alsight.report.page.words import count, number, opening, percent

Tables = Mapping[str, pl.DataFrame]
Listed = Mapping[Who, int]

OMITTED: Final = "Bars are missing where a count is too small to print or would reveal one."

_EVENTS_DRAWN: Final = 9
"""Most frequent events and treatments in the chart."""

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


def who(portrait: Tables, size: int, listed: Listed) -> Section:
    """The people in the cohort: numbers at entry and over follow-up, traits, events, treatments.

    Args:
        portrait: what `describe_cohort` gave.
        size: people in the cohort.
        listed: how many people with a trait or an event the report lists one by one.
    """
    everyone = Headcount(size, ("cohort",), open=True)
    traits, had = trait_counts(portrait["traits"], listed), event_counts(portrait["happenings"], listed)
    regions = [(level, one) for (trait, level), one in traits.items() if trait == "onset_site" and level is not None]
    blocks: list[Block] = [_numbers(portrait["numbers"], portrait["missingness"], everyone)]
    left = _bars(regions, everyone, "Region of first symptom")
    right = _bars(
        [(name, one) for (_, name), one in had.items()][:_EVENTS_DRAWN],
        everyone,
        "Ever recorded",
        _rows_of_events(portrait["happenings"], had),
    )
    blocks += [Pair((left, right))] if left and right else []
    blocks += [_traits(traits, everyone), _missing(portrait["missingness"], traits, everyone)]
    return Section("who", "People in the cohort", tuple(blocks))


def trait_counts(frame: pl.DataFrame, listed: Listed) -> dict[tuple[str, str | None], Headcount]:
    """People by trait and level; those with no value recorded describe the record and need no protection."""
    return {
        (row["trait"], row["level"]): Headcount(
            row["people"],
            ("trait", row["trait"], row["level"]),
            listed.get(("trait", row["trait"], row["level"]), 0),
            sensitive=row["level"] is not None,
        )
        for row in frame.iter_rows(named=True)
    }


def event_counts(frame: pl.DataFrame, listed: Listed) -> dict[tuple[str, str], Headcount]:
    """People by event or treatment that was ever recorded of them."""
    return {
        (row["table"], row["name"]): Headcount(
            row["people"],
            ("event", row["table"], row["name"]),
            listed.get(("event", row["table"], row["name"]), 0),
            # The dead stand in the table of stages as well.
            spared=row["name"] == "death",
            implied=index >= _EVENTS_DRAWN,
        )
        for index, row in enumerate(frame.iter_rows(named=True))
    }


_COLUMNS: Final = {
    "age at onset": "age_at_onset_years",
    "age at entry": "age_at_entry_years",
    "onset to entry": "onset_day",
}
"""Quantity to the column that it comes from alone: people with the one are people with the other."""


def _rows_of_events(frame: pl.DataFrame, had: dict[tuple[str, str], Headcount]) -> tuple[Breakdown, ...]:
    """Rows of events and of treatments add up over what was recorded, as a reader of both numbers knows."""
    rows = frame.group_by("table", maintain_order=True).agg(pl.col("rows").sum())
    return tuple(
        Breakdown(
            Headcount(total, ("rows", table_name), open=True, sensitive=False),
            tuple(one for (of, _), one in had.items() if of == table_name),
        )
        for table_name, total in rows.iter_rows()
    )


_RATED: Final = {
    f"{quantity} {scale}{end}": scale
    for scale in ("ALSFRS-R", "ALSFRS")
    for quantity, end in (("first", " total"), ("visits rated on", ""), ("follow-up on", ""))
}
"""Quantity to the scale that its people were rated on."""


def _numbers(frame: pl.DataFrame, missing: pl.DataFrame, everyone: Headcount) -> TableView:
    gaps = missing.filter(pl.col("table") == "subjects").select("column", recorded=pl.col("rows") - pl.col("missing"))
    recorded = dict(gaps.iter_rows())
    rows: list[tuple[Text, ...]] = []
    rated: dict[str, Headcount] = {}
    for row in frame.iter_rows(named=True):
        column = _COLUMNS.get(row["quantity"])
        same = column is not None and recorded.get(column) == row["people"]
        known = Headcount(row["people"], ("recorded", column) if same else ("values", row["quantity"]))
        if scale := _RATED.get(row["quantity"]):
            known = rated[scale] = Headcount(row["people"], ("rated", scale))
        middle = f"{number(row['q1'], _digits(row))} to {number(row['q3'], _digits(row))}"
        median = OnlyWith(number(row["median"], _digits(row)), (known,))
        rows.append((f"{opening(row['quantity'])}, {row['unit']}", known, median, OnlyWith(middle, (known,))))
    heads = ("quantity", "values", "median", "middle half")
    name, sums = "At entry and over follow-up", (Breakdown(everyone, tuple(rated.values())),)
    return table(name, heads, rows, (1, 2, 3), caption=name, sums=sums)


def _digits(row: dict[str, object]) -> int:
    return 2 if "/" in str(row["unit"]) else 0 if row["unit"] in ("years", "visits", "points") else 1


def _bars(
    counts: list[tuple[str, Headcount]], everyone: Headcount, title: str, sums: tuple[Breakdown, ...] = ()
) -> Figure | None:
    """Bars with counts beside them, without those that are not printed."""
    if not counts:
        return None
    people = tuple(one for _, one in counts)

    def draw(shown: Disclosure) -> Callable[[int], Any] | None:
        printed = [(level, one.size, one.size / everyone.size) for level, one in counts if shown.shows(one)]
        if not printed:
            return None
        bars = pl.DataFrame(
            {
                "label": [opening(_SHORT.get(level, word(level))) for level, _, _ in printed],
                "share": [share for _, _, share in printed],
                "text": [f"{count(size)} ({percent(share)})" for _, size, share in printed],
            }
        )
        return lambda width: charts.bars(bars, width - 170, title)

    missing = Computed(lambda shown: "" if shown.shows(*people) else OMITTED, people)
    return Figure(draw, f"{title}: people and share", missing, pair=True, people=people, sums=sums)


def _traits(counts: dict[tuple[str, str | None], Headcount], everyone: Headcount) -> TableView:
    rows: list[tuple[Text, ...]] = []
    sums: list[Breakdown] = []
    for trait, title in _TRAITS.items():
        levels = {level: one for (name, level), one in counts.items() if name == trait}
        if not levels:
            continue
        sums.append(Breakdown(everyone, tuple(levels.values())))
        if trait in ("study", "arm") and len(levels) == 1:
            continue
        rows.append((title,))
        for level, one in levels.items():
            said = "not recorded" if level is None else _YES.get(level, word(level))
            rows.append((opening(said), one, ShareOf(one, everyone)))
    name = "Show all recorded traits"
    return table(name, ("trait", "people", "share"), rows, (1, 2), folded=True, sums=tuple(sums))


def _missing(frame: pl.DataFrame, traits: dict[tuple[str, str | None], Headcount], everyone: Headcount) -> TableView:
    """Empty cells by column; how many people have a value is a count of people like any other."""
    rows: list[tuple[Text, ...]] = []
    sums: list[Breakdown] = []
    for row in frame.filter(pl.col("missing") > 0, pl.col("missing") < pl.col("rows")).iter_rows(named=True):
        share: Text = percent(row["share"])
        if row["table"] == "subjects":
            who = ("trait", row["column"], None)
            without = traits.get((row["column"], None), Headcount(row["missing"], who, sensitive=False))
            recorded = Headcount(everyone.size - without.size, ("recorded", row["column"]), implied=True)
            sums.append(Breakdown(everyone, (without, recorded)))
            share = ShareOf(without, everyone)
        rows.append((row["column"].replace("_", " "), row["table"], count(row["rows"]), share))
    heads = ("column", "table", "rows", "missing")
    return table("Show missing values", heads, rows, (2, 3), folded=True, sums=tuple(sums))
