"""Rules about what one person's rows say of each other: onset, diagnosis, death, gastrostomy, treatments.

Every expression may use the person's facts, joined beside each row under these names: `fact_entry`,
`fact_first_rating`, `fact_last_rating`, `fact_death`, `fact_gastrostomy`, `fact_last_record` (days), null where
nothing is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from alsight.base.units import DAYS_PER_YEAR
from alsight.cohort.rules.cutting import CUTTING_RULES
from alsight.cohort.rules.rule import Case, Rule
from alsight.cohort.schema import Table

AFTERWARDS: Final = ("death", "withdrawal", "lost_to_follow_up", "diagnosis_revised")
"""Events that may lawfully be recorded after a death, besides the death itself."""

AGE_TOLERANCE_YEARS: Final = 2.0
"""Both ages rounded to whole years disagree by up to one year, and onset known to the month adds to that."""

_DEATH: Final = pl.col("event") == "death"
_DATED_ENTRY: Final = pl.col("fact_entry") != "stated"


def early_death_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Deaths before the person entered, or before every rating."""
    del table, filled
    early = (_DATED_ENTRY & (pl.col("day") < 0)) | (pl.col("day") < pl.col("fact_first_rating"))
    return [Case("day", _DEATH & early)]


def late_onset_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """First symptoms after entry or after the first rating."""
    del table, filled
    late = (_DATED_ENTRY & (pl.col("onset_day") > 0)) | (pl.col("onset_day") > pl.col("fact_first_rating"))
    return [Case("onset_day", late)]


def diagnosis_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Diagnoses before the first symptom: which of the two days is wrong cannot be known."""
    del table, filled
    wrong = pl.col("diagnosis_day") < pl.col("onset_day")
    return [Case("diagnosis_day", wrong), Case("onset_day", wrong)]


def entry_day_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """People counted from diagnosis or onset for whom that day is not 0."""
    del table, filled
    return [
        Case(column, (pl.col("entry") == entry) & (pl.col(column) != 0))
        for column, entry in (("diagnosis_day", "diagnosis"), ("onset_day", "symptom_onset"))
    ]


def age_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Ages at onset a year or more above the age at entry: which of the two is wrong cannot be known."""
    del table, filled
    wrong = pl.col("age_at_onset_years") >= pl.col("age_at_entry_years") + 1
    return [Case("age_at_onset_years", wrong), Case("age_at_entry_years", wrong)]


def age_span_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Ages that disagree with the days from onset to entry by more than rounding to whole years explains."""
    del table, filled
    span = pl.col("age_at_entry_years") - pl.col("age_at_onset_years")
    return [Case("age_at_onset_years", (span + pl.col("onset_day") / DAYS_PER_YEAR).abs() > AGE_TOLERANCE_YEARS)]


def last_seen_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """People last seen after their death."""
    del table, filled
    return [Case("last_seen_day", pl.col("last_seen_day") > pl.col("fact_death"))]


def seen_later_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """People with records after the day they are said to have been seen last."""
    del table, filled
    return [Case("last_seen_day", pl.col("last_seen_day") < pl.col("fact_last_record"))]


def after_death_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Ratings, measurements, events and treatment starts after the person's death."""
    del filled
    after = pl.col("day") > pl.col("fact_death")
    return [Case("day", after & ~pl.col("event").is_in(list(AFTERWARDS)) if table.name == "events" else after)]


def end_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Episodes and treatments that end before they start."""
    del table
    return [Case("end_day", pl.col("end_day") < pl.col("day"))] if "end_day" in filled else []


def end_after_death_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Treatments that end after the person's death."""
    del table
    return [Case("end_day", pl.col("end_day") > pl.col("fact_death"))] if "end_day" in filled else []


def mixed_scale_cases(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """First visit of a person on another scale than at the first visit."""
    del table, filled
    other = pl.col("scale") != pl.col("scale").first().over("subject")
    return [Case("scale", other & (other.cast(pl.UInt32).cum_sum().over("subject") == 1))]


_CONTRADICTION: Final = "Find out which of the two is wrong and correct it; empty the one that is unknown."

DEATH_RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="death_before_entry",
        tables=("events",),
        effect="row",
        severity="rejected",
        cases=early_death_cases,
        message="The death lies before the person's entry or first rating; it is excluded.",
        how_to_fix="Correct the date of death or of entry.",
    ),
)
"""Rules about deaths that contradict everything else, assessed before deaths judge other rows."""

PERSON_RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="onset_after_entry",
        tables=("subjects",),
        effect="value",
        severity="rejected",
        cases=late_onset_cases,
        message="The first symptom lies after the person's entry or first rating; the cell counts as missing.",
        how_to_fix="Correct the day of onset; days before entry are negative.",
    ),
    Rule(
        name="diagnosis_before_onset",
        tables=("subjects",),
        effect="value",
        severity="rejected",
        cases=diagnosis_cases,
        message="The diagnosis lies before the first symptom; both days count as missing.",
        how_to_fix=_CONTRADICTION,
    ),
    Rule(
        name="entry_not_day_zero",
        tables=("subjects",),
        effect="note",
        severity="note",
        cases=entry_day_cases,
        message="Days are said to count from this moment, yet it is not day 0; it is kept as it is.",
        how_to_fix="State another entry, or count days from this moment.",
    ),
    Rule(
        name="onset_age_above_entry_age",
        tables=("subjects",),
        effect="value",
        severity="rejected",
        cases=age_cases,
        message="The age at onset is above the age at entry; both ages count as missing.",
        how_to_fix=_CONTRADICTION,
    ),
    Rule(
        name="ages_disagree_with_days",
        tables=("subjects",),
        effect="note",
        severity="note",
        cases=age_span_cases,
        message="The ages at onset and entry disagree with the days between them by more than two years.",
        how_to_fix=_CONTRADICTION,
    ),
    Rule(
        name="seen_after_death",
        tables=("subjects",),
        effect="value",
        severity="rejected",
        cases=last_seen_cases,
        message="The person is said to be last seen after the death; the cell counts as missing.",
        how_to_fix="Correct the day of death or the day last seen.",
    ),
    Rule(
        name="seen_after_last_seen",
        tables=("subjects",),
        effect="note",
        severity="note",
        cases=seen_later_cases,
        message="The person has records after the day last seen; follow-up ends with the last record.",
        how_to_fix="Correct the day last seen, or leave it empty.",
    ),
    Rule(
        name="after_death",
        tables=("visits", "measures", "events", "doses"),
        effect="row",
        severity="rejected",
        cases=after_death_cases,
        message="The row lies after the person's death; it is excluded.",
        how_to_fix="Correct the day of the row or of the death.",
    ),
    Rule(
        name="end_before_start",
        tables=("events", "doses"),
        effect="value",
        severity="rejected",
        cases=end_cases,
        message="It ends before it starts; the end counts as unknown.",
        how_to_fix="Correct the start or the end.",
    ),
    Rule(
        name="end_after_death",
        tables=("doses",),
        effect="value",
        severity="rejected",
        cases=end_after_death_cases,
        message="The treatment ends after the person's death; the end counts as unknown.",
        how_to_fix="Correct the end or the day of death.",
    ),
    *CUTTING_RULES,
    Rule(
        name="mixed_scales",
        tables=("visits",),
        effect="note",
        severity="note",
        cases=mixed_scale_cases,
        message="The person's scale changes here; ratings on ALSFRS and ALSFRS-R are kept apart and never compared.",
        how_to_fix="Nothing, if both scales were used; else correct the scale.",
    ),
)
"""Rules across tables, assessed when repeats and deaths are settled."""
