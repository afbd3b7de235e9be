"""Rules about one value or one row alone: range, choices, required columns, fractions, items of another scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from alsight.cohort.measures import MEASURES
from alsight.cohort.parse.calendar import SENTINELS, YEARS
from alsight.cohort.rules.rule import Case, Rule
from alsight.cohort.schema import Column, Table
from alsight.cohort.tables import TABLES, VISITS
from alsight.instruments.items import CUTTING, ITEM_NAMES, ITEMS

EVERY: Final = tuple(TABLES)


def _among(table: Table, filled: frozenset[str], *, required: bool) -> Iterable[Column]:
    # A person without a stated entry is kept, so `entry` is judged as if it were optional.
    for column in table.columns:
        if column.name in filled and (column.required and column.name != "entry") == required:
            yield column


def _range(column: Column) -> Case | None:
    if column.low is None and column.high is None:
        return None
    value = pl.col(column.name)
    tests: list[pl.Expr] = []
    if column.low is not None:
        tests.append(value < column.low)
    if column.high is not None:
        tests.append(value > column.high)
    else:
        tests.append(value.is_infinite())
    bounds = " to ".join("any" if bound is None else f"{bound:g}" for bound in (column.low, column.high))
    return Case(column.name, pl.any_horizontal(tests), f"Allowed: {bounds} {column.unit}".rstrip() + ".")


def _choice(column: Column) -> Case | None:
    if not column.choices:
        return None
    words = ", ".join(column.choices)
    detail = f"Allowed: {words}." if len(words) < 300 else f"Lawful: {words[:300]} ..."
    return Case(column.name, ~pl.col(column.name).is_in(list(column.choices)), detail)


def range_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Optional values beyond the dictionary's range."""
    return [case for column in _among(table, filled, required=False) if (case := _range(column))]


def choice_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Optional words that are none of the dictionary's choices."""
    return [case for column in _among(table, filled, required=False) if (case := _choice(column))]


def required_range_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Required values beyond the dictionary's range, and measures beyond their own."""
    cases = [case for column in _among(table, filled, required=True) if (case := _range(column))]
    if table.name == "measures":
        low = {measure.name: measure.low for measure in MEASURES}
        high = {measure.name: measure.high for measure in MEASURES}
        least, most = (
            pl.col("measure").replace_strict(bounds, default=None, return_dtype=pl.Float64) for bounds in (low, high)
        )
        outside = (pl.col("value") < least) | (pl.col("value") > most)
        cases.append(Case("value", outside, "Allowed ranges stand in the data dictionary."))
    return cases


def required_choice_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Required words that are none of the dictionary's choices."""
    return [case for column in _among(table, filled, required=True) if (case := _choice(column))]


def missing_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Required values that are missing; an empty identifier is missing too."""
    del filled
    cases: list[Case] = []
    for column in table.columns:
        if column.required and column.name != "entry":
            absent = pl.col(column.name).is_null()
            cases.append(Case(column.name, absent | (pl.col(column.name) == "") if _text(column) else absent))
    return cases


def _text(column: Column) -> bool:
    return column.dtype == pl.String


def entry_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """People whose day 0 is not said."""
    del table, filled
    return [Case("entry", pl.col("entry").is_null())]


def date_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Calendar dates that stand for "none" or that no living person's record can carry."""
    cases: list[Case] = []
    for column in table.columns:
        if column.dtype == pl.Date and column.name in filled:
            value = pl.col(column.name)
            cases.append(Case(column.name, value.is_in(list(SENTINELS)) | ~value.dt.year().is_between(*YEARS)))
    return cases


def _items(filled: frozenset[str]) -> list[str]:
    return [name for name in ITEM_NAMES if name in filled]


def fraction_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Item scores that are no multiple of a half."""
    del table
    return [Case(name, (doubled := pl.col(name) * 2) != doubled.round()) for name in _items(filled)]


def half_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Item scores that lie halfway between two grades."""
    del table
    return [Case(name, pl.col(name) != pl.col(name).round()) for name in _items(filled)]


def other_scale_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Items and totals that the row's scale does not have."""
    del table
    foreign = {item.name: item.scales[0] for item in ITEMS if len(item.scales) == 1}
    foreign |= {"alsfrs_r_total": "alsfrs_r", "alsfrs_total": "alsfrs"}
    return [
        Case(name, pl.col(name).is_not_null() & (pl.col("scale") != scale))
        for name, scale in foreign.items()
        if name in filled
    ]


def unstated_cutting_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Item 5 given once with and once without saying whether there is a gastrostomy."""
    del table
    stated = [name for name in CUTTING[:2] if name in filled]
    if CUTTING[2] not in filled or not stated:
        return []
    both = pl.col(CUTTING[2]).is_not_null() & pl.any_horizontal(pl.col(stated).is_not_null())
    return [Case(CUTTING[2], both)]


def unrated_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Visits with neither an item nor a total."""
    del table
    scores = [name for name in (*ITEM_NAMES, "alsfrs_r_total", "alsfrs_total", "total_recorded") if name in filled]
    nothing = pl.all_horizontal(pl.col(scores).is_null()) if scores else pl.col("scale").is_not_null()
    return [Case("scale", nothing, shown=pl.lit(""))]


VALUE_RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="out_of_range",
        tables=EVERY,
        effect="value",
        severity="rejected",
        cases=range_cases,
        message="The value lies outside the allowed range; the cell counts as missing, the rest of the row is kept.",
        how_to_fix="Correct the value (a slip of the keyboard? another unit?), or leave the cell empty if unknown.",
    ),
    Rule(
        name="not_a_choice",
        tables=EVERY,
        effect="value",
        severity="rejected",
        cases=choice_cases,
        message="The word is none of the allowed ones; the cell counts as missing, the rest of the row is kept.",
        how_to_fix="Write one of the allowed words, or map the file's own code to one of them.",
    ),
    Rule(
        name="impossible_date",
        tables=EVERY,
        effect="value",
        severity="rejected",
        cases=date_cases,
        message="The date stands for 'none' or lies outside the years of living people; the cell counts as missing.",
        how_to_fix="Correct the date, or leave the cell empty if it is unknown.",
    ),
    Rule(
        name="not_a_score",
        tables=(VISITS.name,),
        effect="value",
        severity="rejected",
        cases=fraction_cases,
        message="An item is scored in whole points (half points are let pass); the cell counts as missing.",
        how_to_fix="Write the score as rated: 0, 1, 2, 3 or 4.",
    ),
    Rule(
        name="half_point",
        tables=(VISITS.name,),
        effect="note",
        severity="note",
        cases=half_cases,
        message="The item is scored halfway between two grades; it is kept as it is.",
        how_to_fix="Nothing, if the rater meant it; else write the whole grade.",
    ),
    Rule(
        name="item_of_other_scale",
        tables=(VISITS.name,),
        effect="value",
        severity="corrected",
        cases=other_scale_cases,
        message="The row is on a scale that has no such item or total; the cell counts as missing.",
        how_to_fix="Put the score under the scale it was rated on; ALSFRS and ALSFRS-R are never mixed.",
    ),
    Rule(
        name="cutting_stated_twice",
        tables=(VISITS.name,),
        effect="value",
        severity="corrected",
        cases=unstated_cutting_cases,
        message="Item 5 stands both as 5a or 5b and without saying which; the one that says which is kept.",
        how_to_fix="Fill one of the columns for item 5.",
    ),
    Rule(
        name="entry_not_stated",
        tables=("subjects",),
        effect="note",
        severity="corrected",
        cases=entry_cases,
        message="What day 0 is for this person is not said; it is set to 'stated'.",
        how_to_fix="Say what day 0 is: first_visit, randomization, enrollment, diagnosis or symptom_onset.",
    ),
)
"""Rules about one value, assessed first."""

ROW_RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="missing",
        tables=EVERY,
        effect="row",
        severity="rejected",
        cases=missing_cases,
        message="A value that every row needs is missing or unreadable; the row is excluded.",
        how_to_fix="Fill the cell.",
    ),
    Rule(
        name="required_out_of_range",
        tables=EVERY,
        effect="row",
        severity="rejected",
        cases=required_range_cases,
        message="A value that the row cannot do without lies outside the allowed range; the row is excluded.",
        how_to_fix="Correct the value; check its unit and, for days, the date it was counted from.",
    ),
    Rule(
        name="required_not_a_choice",
        tables=EVERY,
        effect="row",
        severity="rejected",
        cases=required_choice_cases,
        message="A word that the row cannot do without is none of the allowed ones; the row is excluded.",
        how_to_fix="Write one of the allowed words, or map the file's own code to one of them.",
    ),
    Rule(
        name="nothing_rated",
        tables=(VISITS.name,),
        effect="note",
        severity="note",
        cases=unrated_cases,
        message="The visit has neither an item nor a total; it is kept as a day on which the person was seen.",
        how_to_fix="Fill the scores, or leave it so if nothing was rated.",
    ),
)
"""Rules about one row, assessed when its values have been."""
