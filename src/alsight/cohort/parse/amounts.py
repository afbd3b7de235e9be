"""Numbers as people write them: decimal commas, thousands marks, stray spaces and signs."""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

from alsight.base.units import DAYS_PER_MONTH, DAYS_PER_WEEK, DAYS_PER_YEAR
from alsight.cohort.parse.text import Parsed, Place, blank, tell, words

Decimal = Literal["auto", ".", ","]

DAYS_IN: Final[dict[str, float]] = {
    "day": 1.0, "week": DAYS_PER_WEEK, "month": DAYS_PER_MONTH, "year": DAYS_PER_YEAR,
}  # fmt: skip
"""Days in each unit of time that a file may count in."""

_GROUPED_COMMA: Final = r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"
_GROUPED_POINT: Final = r"^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?$"
_PLAIN: Final = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"
_POINT_DECIMAL: Final = r"\.\d{1,2}$|\.\d{4,}$|,\d{3}\.\d+$|^[+-]?0?\.\d+$"
_COMMA_DECIMAL: Final = r",\d{1,2}$|,\d{4,}$|\.\d{3},\d+$|^[+-]?0?,\d+$"


def numbers(given: pl.Series, place: Place, *, decimal: Decimal = "auto") -> Parsed:
    """Numbers from text or from typed cells.

    The decimal mark is decided once for the column: a comma is decimal where some value can only be read so
    ("3,5", "0,125") and none demands a decimal point; "1,234" alone counts as grouped thousands.

    Args:
        given: cells as text or as numbers.
        place: where they stand.
        decimal: decimal mark, "auto" to decide from the column.

    Returns:
        Values as Float64, null where missing; text that is no finite number is told and missing.
    """
    if given.dtype.is_numeric() or given.dtype == pl.Boolean:
        values = given.cast(pl.Float64)
        bad = values.is_infinite().fill_null(False)
        values = values.fill_nan(None)
        how = "number"
    else:
        text = _signs(words(given))
        empty = blank(text)
        mark = _decimal_mark(text.filter(~empty)) if decimal == "auto" else decimal
        values = _cast(text, mark)
        bad = ~empty & ~values.is_finite().fill_null(False)
        values = values.set(empty, None)
        how = "decimal comma" if mark == "," else "decimal point"
    if bad.any():
        values = values.set(bad, None)
    faults = tell(
        place, bad, given, "not_a_number", "This is not a number.",
        "Write a plain number such as 12 or 3.5, without unit or comparison sign; leave the cell empty if unknown.",
    )  # fmt: skip
    return Parsed(values.alias(given.name), faults, how)


def _signs(text: pl.Series) -> pl.Series:
    # Spaces and apostrophes between digits group thousands; a typographic minus is a minus.
    if not text.str.contains(r"[\u2212\u2013]|\d[ '\u2019]\d|^[+-] |%$").any():
        return text
    return (
        text.str.replace(r"^[\u2212\u2013]\s*", "-")
        .str.replace(r"^([+-]) ", "$1")
        .str.replace(r"\s*%$", "")
        .str.replace(r"^([+-]?\d{1,3})(?:[ '\u2019](\d{3}))(?:[ '\u2019](\d{3}))?", "$1$2$3")
    )


def _decimal_mark(text: pl.Series) -> Decimal:
    if not text.str.contains(",", literal=True).any():
        return "."
    if text.str.contains(_POINT_DECIMAL).any():
        return "."
    return "," if text.str.contains(_COMMA_DECIMAL).any() else "."


def _cast(text: pl.Series, mark: str) -> pl.Series:
    grouped, group = (_GROUPED_COMMA, ",") if mark == "." else (_GROUPED_POINT, ".")
    if text.str.contains(group, literal=True).any():
        whole = text.str.contains(grouped).fill_null(False)
        text = text.zip_with(~whole, text.str.replace_all(group, "", literal=True))
    if mark == ",":
        # A point that does not group thousands is no decimal mark in this column.
        lone = text.str.contains(".", literal=True).fill_null(False)
        text = text.set(lone, None) if lone.any() else text
        text = text.str.replace(",", ".", literal=True)
    return text.set(~text.str.contains(_PLAIN).fill_null(False), None).cast(pl.Float64, strict=False)


def days(given: pl.Series, place: Place, *, unit: str = "day", decimal: Decimal = "auto") -> Parsed:
    """Whole days from a column that counts days, weeks, months [30.4375 days] or years [365.25 days].

    Halves are rounded away from zero. Values beyond a 32-bit day count are told and missing.
    """
    values, faults, how = numbers(given, place, decimal=decimal)
    scaled = (values * DAYS_IN[unit]).round(0, mode="half_away_from_zero")
    bad = (scaled.abs() > 2**31 - 1).fill_null(False)
    told = tell(
        place, bad, given, "not_a_day", "This is not a number of days.",
        "Count days from the person's entry; leave the cell empty if unknown.",
    )  # fmt: skip
    whole = (scaled.set(bad, None) if bad.any() else scaled).cast(pl.Int32)
    return Parsed(whole.alias(given.name), pl.concat([faults, told]), f"{unit}s, {how}")
