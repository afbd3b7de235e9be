"""Calendar dates as people write them: ISO, day first, month first, month names, Excel serials; sentinel dates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final, Literal

import polars as pl

from alsight.cohort.parse.text import Parsed, Place, blank, tell, words

Order = Literal["auto", "dmy", "mdy"]

SENTINELS: Final[tuple[date, ...]] = (
    date(9999, 12, 30),
    date(9999, 12, 31),
    date(9999, 9, 9),
    date(8888, 8, 8),
    date(2999, 12, 31),
    date(2099, 12, 31),
    date(1900, 1, 1),
    date(1899, 12, 30),
    date(1899, 12, 31),
    date(1901, 1, 1),
    date(1111, 11, 11),
    date(1800, 1, 1),
    date(1753, 1, 1),
    date(1, 1, 1),
)
"""Dates that databases write for "none" or "not yet"."""

YEARS: Final = (1900, 2100)
"""Years a record about a living person can carry."""

_NUMERIC: Final = r"^(\d{1,2})([./-])(\d{1,2})[./-](\d{4})"
_CLOCK: Final = r"(?:[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[AaPp][Mm])?(?:Z|[+-]\d{2}:?\d{2})?)?$"
_MONTHS: Final[dict[str, int]] = {
    "jan": 1,
    "feb": 2,
    "mar": 3,
    "apr": 4,
    "may": 5,
    "jun": 6,
    "jul": 7,
    "aug": 8,
    "sep": 9,
    "oct": 10,
    "nov": 11,
    "dec": 12,
    "mär": 3,
    "mrz": 3,
    "mai": 5,
    "okt": 10,
    "dez": 12,
    "gen": 1,
    "mag": 5,
    "giu": 6,
    "lug": 7,
    "ago": 8,
    "set": 9,
    "ott": 10,
    "dic": 12,
    "fév": 2,
    "fev": 2,
    "avr": 4,
    "aoû": 8,
    "déc": 12,
    "ene": 1,
    "abr": 4,
    "out": 10,
}
"""First three letters of month names in English, German, Italian, French, Spanish and Portuguese, where they decide."""


def date_order(columns: Iterable[pl.Series]) -> Order:
    """Day first or month first, decided over all date columns of a file; "auto" when nothing tells."""
    first = second = False
    for column in columns:
        if column.dtype != pl.String:
            continue
        parts = words(column).str.extract_groups(_NUMERIC)
        slashed = parts.struct.field("2").is_in(["/", "-"])
        first |= bool((slashed & (parts.struct.field("1").cast(pl.Int32, strict=False) > 12)).any())
        second |= bool((slashed & (parts.struct.field("3").cast(pl.Int32, strict=False) > 12)).any())
    if first == second:
        return "auto" if not first else "dmy"
    return "dmy" if first else "mdy"


def dates(given: pl.Series, place: Place, *, order: Order = "auto") -> Parsed:
    """Dates from text, typed cells or Excel serial numbers (days since 1899-12-30).

    Text may be 2019-03-31, 20190331, 31.03.2019, 31/03/2019, 03/31/2019, 31-Mar-2019, March 31, 2019, each with or
    without a time of day. Points mean day first. Where slashes leave day and month undecided in the whole column,
    the day is taken to come first and that is told once. Years of two digits are refused.

    Returns:
        Values as Date; sentinel dates (9999-12-30, 1900-01-01, ...) and unreadable text are told and missing.
    """
    how = "date"
    ambiguous = False
    if given.dtype == pl.Date:
        values, empty = given, given.is_null()
    elif isinstance(given.dtype, pl.Datetime):
        values, empty = given.cast(pl.Date), given.is_null()
    elif given.dtype.is_numeric():
        number = given.cast(pl.Float64).fill_nan(None)
        values, empty, how = _serials(number), number.is_null(), "Excel serial"
    else:
        text = words(given)
        empty = blank(text)
        found = date_order([text]) if order == "auto" else order
        values = _read(text, "dmy" if found == "auto" else found)
        ambiguous = found == "auto" and bool(text.str.contains(r"^\d{1,2}[/-]\d{1,2}[/-]\d{4}").any())
        how = "month first" if found == "mdy" else "day first"
    faults = [_unread(place, values.is_null() & ~empty, given)]
    sentinel = values.is_in(list(SENTINELS)).fill_null(False)
    outside = ~values.dt.year().is_between(*YEARS).fill_null(True) & ~sentinel
    faults += [_sentinel(place, sentinel, given), _outside(place, outside, given)]
    wrong = sentinel | outside
    if ambiguous:
        faults.append(_undecided(place, given))
    return Parsed((values.set(wrong, None) if wrong.any() else values).alias(given.name), pl.concat(faults), how)


def _read(text: pl.Series, order: Order) -> pl.Series:
    cells = text.to_frame("text")
    numeric = pl.col("text").str.extract_groups(_NUMERIC + _CLOCK)
    left, mark, right, year = (numeric.struct.field(str(place)) for place in (1, 2, 3, 4))
    swap = (mark != ".") & pl.lit(order == "mdy")
    day = pl.when(swap).then(right).otherwise(left)
    month = pl.when(swap).then(left).otherwise(right)
    iso = pl.col("text").str.extract_groups(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _CLOCK)
    packed = pl.col("text").str.extract_groups(r"^((?:19|20|99)\d{2})(\d{2})(\d{2})$")
    named = pl.col("text").str.extract_groups(r"^(\d{1,2})[-. ]*(\p{L}{3})\p{L}*[-., ]*(\d{4})" + _CLOCK)
    led = pl.col("text").str.extract_groups(r"^(\p{L}{3})\p{L}*[. ]*(\d{1,2})(?:st|nd|rd|th)?[, ]+(\d{4})" + _CLOCK)
    serial = pl.col("text").str.extract(r"^(\d{5}(?:\.\d+)?)$").cast(pl.Float64)
    return cells.select(
        pl.coalesce(
            _date(iso.struct.field("1"), iso.struct.field("2"), iso.struct.field("3")),
            _date(year, month, day),
            _date(packed.struct.field("1"), packed.struct.field("2"), packed.struct.field("3")),
            _date(named.struct.field("3"), _month(named.struct.field("2")), named.struct.field("1")),
            _date(led.struct.field("3"), _month(led.struct.field("1")), led.struct.field("2")),
            pl.lit(date(1899, 12, 30)) + pl.duration(days=serial.cast(pl.Int64)),
        ).cast(pl.Date)
    ).to_series()


def _date(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    # Through text, since an impossible date (31 February) must become missing, not an error.
    padded = [part.cast(pl.String).str.zfill(width) for part, width in ((year, 4), (month, 2), (day, 2))]
    return pl.concat_str(padded, separator="-").str.to_date("%Y-%m-%d", strict=False)


def _month(name: pl.Expr) -> pl.Expr:
    return name.str.to_lowercase().replace_strict(_MONTHS, default=None, return_dtype=pl.Int32)


def _serials(number: pl.Series) -> pl.Series:
    lawful = number.is_between(1, 80_000).fill_null(False)
    whole = number.set(~lawful, None).floor().cast(pl.Int32)
    # A date is stored as days since 1970-01-01, which is serial number 25569.
    return (whole - 25_569).cast(pl.Date)


def _unread(place: Place, bad: pl.Series, given: pl.Series) -> pl.DataFrame:
    return tell(
        place,
        bad,
        given,
        "not_a_date",
        "This is not a date.",
        "Write the day as year-month-day with four digits for the year (2019-03-31), or leave the cell empty.",
    )


def _sentinel(place: Place, bad: pl.Series, given: pl.Series) -> pl.DataFrame:
    return tell(
        place,
        bad,
        given,
        "sentinel_date",
        "This date stands for 'none' in some databases; no event can carry it.",
        "Leave the cell empty when the event has not happened or its day is unknown.",
    )


def _outside(place: Place, bad: pl.Series, given: pl.Series) -> pl.DataFrame:
    return tell(
        place,
        bad,
        given,
        "impossible_date",
        f"The year lies outside {YEARS[0]} to {YEARS[1]}.",
        "Correct the year, or leave the cell empty.",
    )


def _undecided(place: Place, given: pl.Series) -> pl.DataFrame:
    once = Place(table=place.table, column=place.column, source=place.source, rows=pl.Series([0]))
    example = given.drop_nulls().head(1)
    return tell(
        once,
        pl.Series([True]),
        example,
        "date_order_undecided",
        "Nothing in this column tells whether the day or the month comes first; the day was taken to come first.",
        "Write dates as 2019-03-31, or state the order.",
        "note",
    )
