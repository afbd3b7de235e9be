"""Rules about item 5, which is rated without (5a) or with gastrostomy (5b), never both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from alsight.cohort.rules.rule import Case, Rule
from alsight.cohort.schema import Table
from alsight.instruments.items import CUTTING

ALWAYS_BOTH: Final = 0.8
"""Share of the ratings in which 5a and 5b are both filled from which on a form is taken to ask for both."""


def not_applicable() -> pl.Expr:
    """Ratings of a form that always fills both, in which one is 0 and the other is not: 0 means "does not apply".

    A form is known by its file: there nearly every rating of item 5 has both, and never two different scores above 0.
    """
    without, tube = pl.col(CUTTING[0]), pl.col(CUTTING[1])
    both, rated = without.is_not_null() & tube.is_not_null(), without.is_not_null() | tube.is_not_null()
    share = both.sum().over("source") >= ALWAYS_BOTH * rated.sum().over("source")
    differing = (both & (without > 0) & (tube > 0)).any().over("source")
    return (both & share & ~differing & ((without == 0) != (tube == 0))).fill_null(False)


def not_applicable_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """The 0 of the form of item 5 that does not apply."""
    del table
    if not set(CUTTING[:2]) <= filled:
        return []
    return [Case(name, not_applicable() & (pl.col(name) == 0)) for name in CUTTING[:2]]


def both_cutting_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Item 5 rated both without and with gastrostomy: a recorded gastrostomy decides, else equal scores count once."""
    del table
    without, tube = CUTTING[0], CUTTING[1]
    if without not in filled or tube not in filled:
        return []
    both = pl.col(without).is_not_null() & pl.col(tube).is_not_null()
    both &= ~not_applicable()
    recorded = pl.col("fact_gastrostomy").is_not_null()
    fed = (pl.col("fact_gastrostomy") <= pl.col("day")).fill_null(False)
    unsettled = both & ~recorded & (pl.col(without) != pl.col(tube))
    alike = both & ~recorded & (pl.col(without) == pl.col(tube))
    return [
        Case(tube, both & recorded & ~fed, "The gastrostomy is recorded later, so 5a counts."),
        Case(without, both & fed, "A gastrostomy is recorded by that day, so 5b counts."),
        Case(tube, alike, "The scores are equal and no gastrostomy is recorded, so 5a counts."),
        Case(tube, unsettled, "The scores differ and no gastrostomy is recorded, so neither counts."),
        Case(without, unsettled, "The scores differ and no gastrostomy is recorded, so neither counts."),
    ]


def gastrostomy_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """First rating of 5b of a person without a gastrostomy recorded by that day."""
    del table
    tube = CUTTING[1]
    if tube not in filled:
        return []
    idle = not_applicable() & (pl.col(tube) == 0) if CUTTING[0] in filled else pl.lit(False)
    unfounded = pl.col(tube).is_not_null() & ~idle & ~(pl.col("fact_gastrostomy") <= pl.col("day")).fill_null(False)
    return [Case(tube, unfounded & (unfounded.cast(pl.UInt32).cum_sum().over("subject") == 1))]


CUTTING_RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="cutting_not_applicable",
        tables=("visits",),
        effect="value",
        severity="corrected",
        cases=not_applicable_cases,
        message="The form always fills both 5a and 5b; the 0 beside a score above 0 was taken as: does not apply.",
        how_to_fix="Leave the one that does not apply empty.",
    ),
    Rule(
        name="cutting_rated_twice",
        tables=("visits",),
        effect="value",
        severity="rejected",
        cases=both_cutting_cases,
        message="Item 5 is rated both without (5a) and with gastrostomy (5b); only one can hold.",
        how_to_fix="Keep 5a before and 5b after the gastrostomy.",
    ),
    Rule(
        name="gastrostomy_not_recorded",
        tables=("visits",),
        effect="note",
        severity="note",
        cases=gastrostomy_cases,
        message="Item 5b (with gastrostomy) is rated from here on, but no gastrostomy is recorded by that day.",
        how_to_fix="Record the gastrostomy as an event, or rate 5a.",
    ),
)
"""Rules about item 5."""
