"""Numbers as people write them: decimal commas, thousands marks, stray spaces and signs."""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

from alsight.base.units import DAYS_PER_MONTH, DAYS_PER_WEEK, DAYS_PER_YEAR
from alsight.cohort.parse.text import Parsed, Place, blank, tell, words

Decimal = Literal["auto", ".", ","]

DAYS_IN: Final[dict[str, float]] = {
    "day": 1.0,
    "week": DAYS_PER_WEEK,
    "month": DAYS_PER_MONTH,
    "year": DAYS_PER_YEAR,
}
"""Days in each unit of time that a file may count in."""

_GROUPED_COMMA: Final = r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"
_GROUPED_POINT: Final = r"^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?$"
_EITHER: Final = r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$"
_PLAIN: Final = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"
_POINT_DECIMAL: Final = r"\.\d{1,2}$|\.\d{4,}$|,\d{3}\.\d+$|^[+-]?0?\.\d+$"
_COMMA_DECIMAL: Final = r",\d{1,2}$|,\d{4,}$|\.\d{3},\d+$|^[+-]?0?,\d+$"


def numbers(supplied: pl.Series, index: Place, *, decimal: Decimal = "auto") -> Parsed:
    """Numbers from text or from typed cells.

    A value that can only be read one way is read so ("3,5", "0,125", "1.234,5"). One that could be either ("1,234")
    goes with the rest of the column, counts as grouped thousands where nothing states, and is refused where the rest
    disagrees.

    Args:
        supplied: cells as text or as numbers.
        index: where they stand.
        decimal: decimal mark, "auto" to decide from the column.

    Returns:
        Values as Float64, null where missing; text that is no finite number is reported and missing.
    """
    if supplied.dtype.is_numeric() or supplied.dtype == pl.Boolean:
        values = supplied.cast(pl.Float64)
        bad = values.is_infinite().fill_null(False)
        values = values.fill_nan(None)
        how = "number"
    else:
        text = _signs(words(supplied))
        empty = blank(text)
        mark = _decimal_mark(text.filter(~empty)) if decimal == "auto" else decimal
        values = _cast(text, mark)
        bad = ~empty & ~values.is_finite().fill_null(False)
        values = values.set(empty, None)
        how = {",": "decimal comma", ".": "decimal point"}.get(mark, "decimal comma and point")
    if bad.any():
        values = values.set(bad, None)
    faults = tell(
        index,
        bad,
        supplied,
        "not_a_number",
        "This is not a number.",
        "Write a plain number such as 12 or 3.5, without unit or comparison sign; leave the cell empty if unknown.",
    )
    return Parsed(values.alias(supplied.name), faults, how)


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


def _decimal_mark(text: pl.Series) -> str:
    # "both" where some values demand a point and others a comma: then a value that could be either is refused.
    if not text.str.contains(",", literal=True).any():
        return "."
    point, comma = bool(text.str.contains(_POINT_DECIMAL).any()), bool(text.str.contains(_COMMA_DECIMAL).any())
    if point and comma:
        return "both"
    return "," if comma else "."


def _cast(text: pl.Series, mark: str) -> pl.Series:
    if mark == "both":
        either = text.str.contains(_EITHER).fill_null(False)
        text = text.set(either, None) if either.any() else text
    # Each value is read by the mark that it demands; the column's mark decides where a value demands none.
    own = text.str.contains(_COMMA_DECIMAL).fill_null(False)
    if mark == ",":
        own |= ~text.str.contains(_POINT_DECIMAL).fill_null(False)
    if not own.any():
        return _plain(text, ",", _GROUPED_COMMA)
    swapped = _plain(text.set(~own, None), ".", _GROUPED_POINT, decimal=",")
    return swapped.zip_with(own, _plain(text.set(own, None), ",", _GROUPED_COMMA))


def _plain(text: pl.Series, group: str, grouped: str, decimal: str = ".") -> pl.Series:
    if text.str.contains(group, literal=True).any():
        whole = text.str.contains(grouped).fill_null(False)
        text = text.zip_with(~whole, text.str.replace_all(group, "", literal=True))
        text = text.set(text.str.contains(group, literal=True).fill_null(False), None)
    text = text if decimal == "." else text.str.replace(decimal, ".", literal=True)
    return text.set(~text.str.contains(_PLAIN).fill_null(False), None).cast(pl.Float64, strict=False)


def days(supplied: pl.Series, index: Place, *, unit: str = "day", decimal: Decimal = "auto") -> Parsed:
    """Whole days from a column that counts days, weeks, months [30.4375 days] or years [365.25 days].

    Halves are rounded away from zero. Values beyond a 32-bit day count are reported and missing.
    """
    values, faults, how = numbers(supplied, index, decimal=decimal)
    scaled = (values * DAYS_IN[unit]).round(0, mode="half_away_from_zero")
    bad = (scaled.abs() > 2**31 - 1).fill_null(False)
    reported = tell(
        index,
        bad,
        supplied,
        "not_a_day",
        "This is not a number of days.",
        "Count days from the person's entry; leave the cell empty if unknown.",
    )
    whole = (scaled.set(bad, None) if bad.any() else scaled).cast(pl.Int32)
    return Parsed(whole.alias(supplied.name), pl.concat([faults, reported]), f"{unit}s, {how}")
