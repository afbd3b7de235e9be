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

EXCEL_ORIGIN: Final = date(1899, 12, 30)
"""Day 0 of Excel's day numbers."""

SAS_ORIGIN: Final = date(1960, 1, 1)
"""Day 0 of the day numbers of SAS and Stata."""

LATEST_SHORT: Final = 30
"""Years of two digits up to this are of the 2000s, later ones of the 1900s."""

_NUMERIC: Final = r"^(\d{1,2})([./-])(\d{1,2})[./-](\d{4})"
_SHORT: Final = r"^(\d{1,2})([./-])(\d{1,2})[./-](\d{2})$"
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
    "juin": 6,
    "juil": 7,
    "aou": 8,
    "maa": 3,
    "mrt": 3,
    "mei": 5,
    "maj": 5,
}
"""First three letters of month names in English, German, Italian, French, Spanish, Portuguese and Dutch; four, where
three do not decide (juin, juillet)."""


def date_order(columns: Iterable[pl.Series]) -> Order:
    """Day first or month first, decided over all date columns of a file; "auto" when nothing states."""
    first = second = False
    for column in columns:
        if column.dtype != pl.String:
            continue
        for pattern in (_NUMERIC, _SHORT):
            parts = words(column).str.extract_groups(pattern)
            slashed = parts.struct.field("2").is_in(["/", "-"])
            first |= bool((slashed & (parts.struct.field("1").cast(pl.Int32, strict=False) > 12)).any())
            second |= bool((slashed & (parts.struct.field("3").cast(pl.Int32, strict=False) > 12)).any())
    if first == second:
        return "auto" if not first else "dmy"
    return "dmy" if first else "mdy"


def dates(supplied: pl.Series, location: Place, *, order: Order = "auto", origin: date = EXCEL_ORIGIN) -> Parsed:
    """Dates from text, typed cells or day numbers (Excel's, days since 1899-12-30, unless another origin is stated).

    Text may be 2019-03-31, 20190331, 31.03.2019, 31/03/2019, 03/31/2019, 31-Mar-2019, March 31, 2019, each with or
    without a time of day, Mon Jan 13 2020, 2020. 1. 13. or 2020\u5e741\u670813\u65e5. Points mean day first. Where
    slashes leave day and month undecided in the whole column, the day is taken to come first and that is listed once.
    Years of two digits are read only where the order is stated, 00 to 30 as 2000 to 2030.

    Returns:
        Values as Date; sentinel dates (9999-12-30, 1900-01-01, ...) and unreadable text are listed and missing. A date
        of which only the month or the year is known is no date here (`partial` reads those).
    """
    how = "date"
    ambiguous = False
    if supplied.dtype == pl.Date:
        values, empty = supplied, supplied.is_null()
    elif isinstance(supplied.dtype, pl.Datetime):
        values, empty = supplied.cast(pl.Date), supplied.is_null()
    elif supplied.dtype.is_numeric():
        number = supplied.cast(pl.Float64).fill_nan(None)
        values, empty, how = _serials(number, origin), number.is_null(), "day number"
    else:
        text = words(supplied)
        empty = blank(text)
        found = date_order([text]) if order == "auto" else order
        values = _read(text, "dmy" if found == "auto" else found, origin, short=order != "auto")
        ambiguous = found == "auto" and bool(text.str.contains(r"^\d{1,2}[/-]\d{1,2}[/-]\d{4}").any())
        how = "month first" if found == "mdy" else "day first"
    unread = values.is_null() & ~empty
    coarse = partial(supplied)[1].is_not_null() if unread.any() else unread
    faults = [_unread(location, unread & ~coarse, supplied), _coarse(location, unread & coarse, supplied)]
    sentinel = values.is_in(list(SENTINELS)).fill_null(False)
    outside = ~values.dt.year().is_between(*YEARS).fill_null(True) & ~sentinel
    faults += [_sentinel(location, sentinel, supplied), _outside(location, outside, supplied)]
    wrong = sentinel | outside
    if ambiguous:
        faults.append(_undecided(location, supplied))
    return Parsed((values.set(wrong, None) if wrong.any() else values).alias(supplied.name), pl.concat(faults), how)


def _read(text: pl.Series, order: Order, origin: date, *, short: bool) -> pl.Series:
    cells = _plain(text).to_frame("text")
    numeric = pl.col("text").str.extract_groups(_NUMERIC + _CLOCK)
    left, mark, right, year = (numeric.struct.field(str(location)) for location in (1, 2, 3, 4))
    swap = (mark != ".") & pl.lit(order == "mdy")
    day = pl.when(swap).then(right).otherwise(left)
    month = pl.when(swap).then(left).otherwise(right)
    iso = pl.col("text").str.extract_groups(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _CLOCK)
    packed = pl.col("text").str.extract_groups(r"^((?:19|20|99)\d{2})(\d{2})(\d{2})$")
    named = pl.col("text").str.extract_groups(
        r"^(\d{1,2})[-. ]*(?:de )?(\p{L}{3,4})\p{L}*[-., ]*(?:de )?(\d{4})" + _CLOCK
    )
    led = pl.col("text").str.extract_groups(r"^(\p{L}{3,4})\p{L}*[. ]*(\d{1,2})(?:st|nd|rd|th)?[, ]+(\d{4})" + _CLOCK)
    serial = pl.col("text").str.extract(
        r"^(-?\d{1,5}(?:\.\d+)?)$" if origin != EXCEL_ORIGIN else r"^(\d{5}(?:\.\d+)?)$"
    )
    brief = pl.col("text").str.extract_groups(_SHORT)
    ways = [_date(*_brief(brief, order))] if short else []
    return cells.select(
        pl.coalesce(
            _date(iso.struct.field("1"), iso.struct.field("2"), iso.struct.field("3")),
            _date(year, month, day),
            _date(packed.struct.field("1"), packed.struct.field("2"), packed.struct.field("3")),
            _date(named.struct.field("3"), _month(named.struct.field("2")), named.struct.field("1")),
            _date(led.struct.field("3"), _month(led.struct.field("1")), led.struct.field("2")),
            *ways,
            pl.lit(origin) + pl.duration(days=serial.cast(pl.Float64).floor().cast(pl.Int64)),
        ).cast(pl.Date)
    ).to_series()


def _brief(parts: pl.Expr, order: Order) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Year, month and day of a date whose year has two digits."""
    left, mark, right, year = (parts.struct.field(str(location)) for location in (1, 2, 3, 4))
    swap = (mark != ".") & pl.lit(order == "mdy")
    century = pl.when(year.cast(pl.Int32) <= LATEST_SHORT).then(pl.lit("20")).otherwise(pl.lit("19"))
    day, month = pl.when(swap).then(right).otherwise(left), pl.when(swap).then(left).otherwise(right)
    return pl.concat_str(century, year), month, day


def _plain(text: pl.Series) -> pl.Series:
    """Dates in East Asian order and with a day of the week, in the forms that are read."""
    if text.str.contains(r"[^\x00-\x7f]").any():
        text = text.str.replace(
            r"^(\d{4})\s*[\x{5e74}\x{b144}]\s*(\d{1,2})\s*[\x{6708}\x{c6d4}]\s*(\d{1,2})\s*[\x{65e5}\x{c77c}]",
            "$1-$2-$3",
        )
    text = text.str.replace(r"^(\d{4})\. (\d{1,2})\. (\d{1,2})\.?$", "$1-$2-$3")
    return text.str.replace(
        r"^(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? +(?i)([a-z]{3,9}) +(\d{1,2}),? +(\d{4})", "$1 $2, $3"
    )


_MONTH_FIRST: Final = r"^(\d{1,2})[/.-](\d{4})$"
_YEAR_FIRST: Final = r"^(\d{4})[/.-](\d{1,2})$"
_NAMED_MONTH: Final = r"^(?:\d{4}[-. ]+)?(\p{L}{3,4})\p{L}*[-., ]*(?:de )?(?:\d{4})?$"
_YEAR: Final = r"\b((?:19|20)\d{2})(?:\.0)?\b"
_UNKNOWN_PART: Final = r"(?i)\b(?:nd|un|unk|uk|xx|\?\?|99|00)\b[-/. ]?|[-/. ]?\b(?:nd|un|unk|uk|xx|\?\?|99|00)\b"


def partial(supplied: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Dates of which only the month or the year is known: 2019-05, 05/2019, May 2019, ND/05/2019, 2018-UN-UN, 2019.

    Returns:
        The middle of the month or year as Date, and "month" or "year"; both null for anything else.
    """
    if supplied.dtype.is_numeric():
        text = supplied.cast(pl.Float64).fill_nan(None).cast(pl.String).str.replace(r"\.0$", "")
    elif supplied.dtype == pl.String:
        text = words(supplied)
    else:
        return pl.repeat(None, len(supplied), dtype=pl.Date, eager=True), pl.repeat(
            None, len(supplied), dtype=pl.String, eager=True
        )
    stripped = pl.col("text").str.replace_all(_UNKNOWN_PART, "").str.strip_chars("-/. ")
    cell = pl.col("cell")
    first, second = cell.str.extract_groups(_MONTH_FIRST), cell.str.extract_groups(_YEAR_FIRST)
    named = _month(cell.str.extract(_NAMED_MONTH))
    year = pl.when(
        cell.str.contains(
            r"^\D*(?:19|20)\d{2}(?:\.0)?$|^(?:19|20)\d{2}\D*$|^\d{1,2}[/.-](?:19|20)\d{2}$|^(?:19|20)\d{2}[/.-]\d{1,2}$"
        )
    ).then(cell.str.extract(_YEAR))
    month = pl.coalesce(first.struct.field("1").cast(pl.Int32), second.struct.field("2").cast(pl.Int32), named)
    whole = cell.str.contains(r"^(?:19|20)\d{2}$")
    read = (
        text.to_frame("text")
        .with_columns(cell=stripped)
        .select(year=year, month=month, whole=whole)
        .with_columns(month=pl.when(pl.col("month").is_between(1, 12)).then("month"))
        .select(
            middle=pl.when(pl.col("month").is_not_null())
            .then(_date(pl.col("year"), pl.col("month"), pl.lit(15)))
            .when(pl.col("whole"))
            .then(_date(pl.col("year"), pl.lit(7), pl.lit(1))),
            precision=pl.when(pl.col("month").is_not_null()).then(pl.lit("month")).when("whole").then(pl.lit("year")),
        )
        .with_columns(precision=pl.when(pl.col("middle").is_not_null()).then("precision"))
    )
    return read["middle"].alias(supplied.name), read["precision"]


def _date(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    # Through text, since an impossible date (31 February) must become missing, not an error.
    padded = [part.cast(pl.String).str.zfill(width) for part, width in ((year, 4), (month, 2), (day, 2))]
    return pl.concat_str(padded, separator="-").str.to_date("%Y-%m-%d", strict=False)


def _month(name: pl.Expr) -> pl.Expr:
    lower = name.str.to_lowercase()
    known = [part.replace_strict(_MONTHS, default=None, return_dtype=pl.Int32) for part in (lower, lower.str.head(3))]
    return pl.coalesce(known)


def _serials(number: pl.Series, origin: date) -> pl.Series:
    lawful = number.is_between(1 if origin == EXCEL_ORIGIN else -40_000, 80_000).fill_null(False)
    if origin == EXCEL_ORIGIN:
        # 1905 to 1909 as a day number would be a year of our time.
        lawful &= ~(number.is_between(*YEARS) & (number == number.floor())).fill_null(False)
    whole = number.set(~lawful, None).floor().cast(pl.Int32)
    # A date is stored as days since 1970-01-01.
    return (whole + (origin - date(1970, 1, 1)).days).cast(pl.Date)


def _unread(location: Place, bad: pl.Series, supplied: pl.Series) -> pl.DataFrame:
    return tell(
        location,
        bad,
        supplied,
        "not_a_date",
        "This is not a date.",
        "Write the day as year-month-day with four digits for the year (2019-03-31), or leave the cell empty.",
    )


def _coarse(location: Place, bad: pl.Series, supplied: pl.Series) -> pl.DataFrame:
    return tell(
        location,
        bad,
        supplied,
        "date_without_day",
        "Only the month or the year of this date is known.",
        "Write the day (2019-03-31), or leave the cell empty.",
    )


def _sentinel(location: Place, bad: pl.Series, supplied: pl.Series) -> pl.DataFrame:
    return tell(
        location,
        bad,
        supplied,
        "sentinel_date",
        "This date stands for 'none' in some databases; no event can carry it.",
        "Leave the cell empty when the event has not happened or its day is unknown.",
    )


def _outside(location: Place, bad: pl.Series, supplied: pl.Series) -> pl.DataFrame:
    return tell(
        location,
        bad,
        supplied,
        "impossible_date",
        f"The year lies outside {YEARS[0]} to {YEARS[1]}.",
        "Correct the year, or leave the cell empty.",
    )


def _undecided(location: Place, supplied: pl.Series) -> pl.DataFrame:
    once = Place(table=location.table, column=location.column, source=location.source, rows=pl.Series([0]))
    example = supplied.drop_nulls().head(1)
    return tell(
        once,
        pl.Series([True]),
        example,
        "date_order_undecided",
        "Nothing in this column tells whether the day or the month comes first; the day was taken to come first.",
        "Write dates as 2019-03-31, or state the order.",
        "note",
    )
