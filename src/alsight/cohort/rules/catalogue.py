"""RULES: every rule of the check in one table, in the order in which they are assessed."""

from __future__ import annotations

from typing import Final

from alsight.cohort.rules.persons import DEATH_RULES, PERSON_RULES
from alsight.cohort.rules.repeats import REPEAT_RULES
from alsight.cohort.rules.rule import Rule
from alsight.cohort.rules.totals import TOTAL_RULES
from alsight.cohort.rules.values import ROW_RULES, VALUE_RULES
from alsight.cohort.tables import TABLES

WRONG_TYPE = Rule(
    name="wrong_type",
    tables=tuple(TABLES),
    effect="value",
    severity="rejected",
    message="The value is of another kind than the column holds; the cell counts as missing.",
    how_to_fix="Write a value of the kind that the data dictionary states for this column.",
)
UNKNOWN_COLUMN = Rule(
    name="unknown_column",
    tables=tuple(TABLES),
    effect="note",
    severity="note",
    message="The data dictionary has no such column in this table; it is not used.",
    how_to_fix="Rename the column to a name of the dictionary, or leave it out.",
)
UNKNOWN_PERSON = Rule(
    name="unknown_person",
    tables=("subjects",),
    effect="note",
    severity="corrected",
    message="The person has rows in other tables but none in subjects; one was made, with the identifier alone.",
    how_to_fix="Add the person to the subjects table, or correct a mistyped identifier.",
)

RULES: Final[tuple[Rule, ...]] = (
    UNKNOWN_COLUMN,
    WRONG_TYPE,
    *VALUE_RULES,
    *ROW_RULES,
    *REPEAT_RULES,
    UNKNOWN_PERSON,
    *DEATH_RULES,
    *PERSON_RULES,
    *TOTAL_RULES,
)

RULES_BY_NAME: Final[dict[str, Rule]] = {rule.name: rule for rule in RULES}
