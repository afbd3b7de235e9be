"""Rows of MEASURES from one form of PRO-ACT: units converted, values outside the measure's bounds rejected."""

from __future__ import annotations

from typing import Final

import polars as pl

from alsight.base.units import factor, spelling
from alsight.cohort.measures import MEASURES_BY_NAME
from alsight.cohort.parse.text import words
from alsight.cohort.proact.sheet import FormSheet, Told
from alsight.cohort.tables import MEASURES_TABLE

TABLE: Final = MEASURES_TABLE.name

COLUMNS: Final = {
    "subject": pl.String,
    "day": pl.Int32,
    "measure": pl.String,
    "value": pl.Float64,
    "side": pl.String,
    "part": pl.String,
    "method": pl.String,
    "source": pl.String,
    "row": pl.UInt32,
}


UNIT_WORDS: Final[dict[str, str]] = {
    "iu/l": "u/l",
    "units/l": "u/l",
    "unit/l": "u/l",
    "mcmol/l": "umol/l",
    "micromol/l": "umol/l",
    "umoles/l": "umol/l",
    "mg/100ml": "mg/dl",
    "mg%": "mg/dl",
    "lbs": "lb",
    "kilogram force": "kg",
    "kgf": "kg",
}
"""Units of PRO-ACT, in lower case, beyond the spellings that `base.units` folds."""


def measure_rows(
    sheet: FormSheet, measure: str | pl.Series, value: pl.Series, when: pl.Series, **more: pl.Series
) -> pl.DataFrame:
    """Rows of MEASURES of one form, those without a value excluded."""
    named = measure if isinstance(measure, pl.Series) else pl.Series("measure", [measure]).new_from_index(0, len(value))
    frame = sheet.frame.select("subject", "row").with_columns(
        when.alias("day"), named.alias("measure"), value.alias("value"), source=pl.lit(sheet.source)
    )
    frame = frame.with_columns(column.alias(name) for name, column in more.items())
    return frame.filter(pl.col("value").is_not_null()).select(
        pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind).alias(name)
        for name, kind in COLUMNS.items()
    )


def factors(supplied: pl.Series, requested: str) -> tuple[pl.Series, pl.Series]:
    """Factor from each row's unit to the wanted one (missing where there is none), and the unit in one spelling."""
    text = words(supplied).str.to_lowercase()
    reported: list[str] = text.drop_nulls().unique().to_list()
    spelled = {word: spelling(UNIT_WORDS.get(word, word)) for word in reported}
    spelled = {word: UNIT_WORDS.get(unit, unit) for word, unit in spelled.items()}
    known = {word: found for word, unit in spelled.items() if (found := factor(unit, requested)) is not None}
    return (
        text.replace_strict(known, default=None, return_dtype=pl.Float64),
        text.replace_strict(spelled, default=None, return_dtype=pl.String),
    )


def within(
    sheet: FormSheet, name: str, measure: str, value: pl.Series, reported: Told, least: float | None = None
) -> pl.Series:
    """Values within the bounds of a measure; those outside are noted and count as missing."""
    bounds = MEASURES_BY_NAME[measure]
    low = bounds.low if least is None else least
    bad = ~value.is_between(low, bounds.high).fill_null(True)
    reported.mark(
        sheet,
        name,
        TABLE,
        bad,
        "out_of_range",
        f"The value lies outside {low:g} to {bounds.high:g} {bounds.unit}; it counts as missing.",
        "Correct the value or its unit.",
        "rejected",
    )
    return value.set(bad, None)
