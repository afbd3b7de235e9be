"""What a table leaves open and its user must say: each question names its cause and the line that answers it.

Some questions all tables answer together: what the letters of sex mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

import msgspec
import polars as pl

from alsight.base.errors import Fault, request_field
from alsight.cohort.mapping.guess import Guess
from alsight.cohort.mapping.spec import ColumnMap, TableMap, line, unclear
from alsight.cohort.mapping.words import compact
from alsight.cohort.parse import Place, date_order, numbers
from alsight.cohort.parse.calendar import EXCEL_ORIGIN, LATEST_SHORT, SAS_ORIGIN

EARLIEST_VISIT: Final = date(1985, 1, 1)
"""Functional rating scales of ALS are younger than this; a visit dated before it is counted from another day."""

_DOCS: Final = "`docs/meanings.md` lists the meanings"


def nothing(guesses: Sequence[tuple[Guess, TableMap]]) -> Fault:
    """No column of any table is of use."""
    guess = guesses[0][0]
    unused = ", ".join(_unused(guess)[:12])
    return unclear(
        guess.sheet.source,
        "",
        f"no column was recognised as an ALSFRS-R item or total. Not used: {unused}.",
        f"Say in a mapping what the columns mean; {_DOCS}.",
    )


def no_scores(pairs: Sequence[tuple[Guess, TableMap]]) -> Fault:
    """No table holds items or totals."""
    guess = pairs[0][0]
    misfit = next((reported for reported in guess.misfits.values() if reported[0] == "score"), None)
    listed = ", ".join(f'"{name}"' for name in _unused(guess)[:12])
    cause = f" {misfit[1]}" if misfit else f" Not used: {listed}." if listed else ""
    return unclear(
        guess.sheet.source,
        "",
        f"no column was recognised as an ALSFRS-R item or total.{cause}",
        'Say in the mapping which column holds them, as `means = "alsfrs_r_total"` or one of the items '
        f"`q1_speech` ... `q12_respiratory_insufficiency`; {_DOCS}.",
    )


def no_subject(guess: Guess) -> Fault:
    """No column holds the person's identifier."""
    listed = ", ".join(f'"{name}"' for name in _unused(guess)[:8])
    hint = f" Not used: {listed}." if listed else ""
    return unclear(
        guess.sheet.source,
        "",
        f"no column was recognised as the person's identifier.{hint}",
        'Say in the mapping which column holds it, as `means = "subject"`; for a table about one person write '
        '`subject = "..."` with the identifier under [[tables]].',
    )


def no_time(guess: Guess) -> Fault:
    """No column holds the time of the visit: because none is headed so, or because its cells are no times."""
    times = [reported for reported in guess.misfits.values() if reported[0] == "time"]
    visit = next((name for name in guess.of("visit") if guess.look(name).distinct > 1), "")
    if visit and not times:
        labels = guess.look(visit).examples[:2]
        cause = f'"{visit}" numbers the visits ({", ".join(labels)} ...), but nothing states when they took place.'
        schedule = line(visit, means="time", unit="month", values=dict.fromkeys(labels, "..."))
        how_to_fix = f"Add their dates; or give their schedule in the mapping, each ... a number: `{schedule}`."
    elif times:
        cause, how_to_fix = times[0][1], "Write dates as 2019-03-31, or give a column that counts days or months."
    else:
        listed = ", ".join(f'"{name}"' for name in _unused(guess)[:8])
        cause = f"no column was recognised as the time of the visit.{f' Not used: {listed}.' if listed else ''}"
        how_to_fix = (
            'Say in the mapping which column holds it, as `means = "time"` with its unit; for a table about one visit '
            'write `at = ...` with its month and `at_unit = "month"` under [[tables]].'
        )
    return unclear(guess.sheet.source, "", cause, how_to_fix)


def short_years(guess: Guess, columns: Mapping[str, ColumnMap], order: str) -> list[Fault]:
    """Dates whose years have two digits: they are read only where the user states the order."""
    if order:
        return []
    faults: list[Fault] = []
    for heading, column in columns.items():
        if column.unit != "date" or guess.look(heading).short < 0.5:
            continue
        example = guess.look(heading).examples[0]
        found = date_order([guess.sheet.frame[heading]])
        hint = {"mdy": " The month seems to come first.", "dmy": " The day seems to come first."}.get(found, "")
        faults.append(
            unclear(
                guess.sheet.source,
                heading,
                f'"{heading}" holds years of two digits ({example}).{hint}',
                f"Export the dates with four digits; or state the order, {request_field('dates', 'mdy')} or "
                f"{request_field('dates', 'dmy')}: years 00 to "
                f"{LATEST_SHORT} are then of the 2000s, later ones of the 1900s.",
                example,
            )
        )
    return faults


def which_origin(guess: Guess, columns: Mapping[str, ColumnMap]) -> list[Fault]:
    """Day numbers of dates that cannot be Excel's: the visits would lie before the scale was made."""
    faults: list[Fault] = []
    for heading, column in columns.items():
        shape = guess.look(heading)
        if column.means != "time" or column.unit not in ("date", "excel_date") or shape.number < 0.9:
            continue
        values = numbers(guess.sheet.frame[heading], Place(table="file", column=heading)).values.drop_nulls()
        if values.is_empty():
            continue
        middle = float(values.median() or 0.0)  # type: ignore[arg-type]
        if not 1 <= middle <= 60_000 or EXCEL_ORIGIN + timedelta(days=middle) >= EARLIEST_VISIT:
            continue
        first = values[0]
        sas, excel = (f"{origin + timedelta(days=first):%Y-%m-%d}" for origin in (SAS_ORIGIN, EXCEL_ORIGIN))
        others = [name for name, other in columns.items() if other.unit == "date" and name != heading]
        others += [name for name, (kind, _) in guess.misfits.items() if kind == "time"]
        more = f" The same holds for {', '.join(others)}." if others else ""
        faults.append(
            unclear(
                guess.sheet.source,
                heading,
                f'"{heading}" holds day numbers such as {first:g}: counted as SAS and Stata do this is {sas}, as Excel '
                f"does {excel}.{more}",
                f"If SAS or Stata wrote them, say in the mapping: `{line(heading, means='time', unit='sas_date')}`, "
                "and so for the other dates; or export the dates as text.",
                f"{first:g}",
            )
        )
    return faults


def _unused(guess: Guess) -> list[str]:
    if not guess.columns:
        return list(guess.sheet.frame.columns)
    return [heading for heading, column in guess.columns.items() if column.means == "ignored"]


def lettered(frames: Sequence[pl.DataFrame], tables: Sequence[TableMap]) -> list[TableMap]:
    """Tables whose columns of sex say what each letter means, where the letters of all tables decide it.

    Under a Spanish heading M alone could be mujer or masculino: it then counts as missing.

    Args:
        frames: cells of each table.
        tables: how each is read.
    """
    pairs = list(zip(frames, tables, strict=True))
    letters = {letter for frame, table in pairs for heading in _sexes(table) for letter in _letters(frame, heading)}
    if letters == {"h", "m"}:
        values = {"h": "male", "m": "female"}
    elif letters == {"m"} and any(compact(name) in ("sexo", "genero") for table in tables for name in _sexes(table)):
        values = {"m": ""}
    else:
        return list(tables)
    return [_said(table, values) for table in tables]


def _sexes(table: TableMap) -> list[str]:
    return [heading for heading, column in table.maps().items() if column.means == "sex" and not column.values]


def _letters(frame: pl.DataFrame, heading: str) -> set[str]:
    if heading not in frame.columns or frame[heading].dtype != pl.String:
        return set()
    cells = frame[heading].drop_nulls().unique().str.strip_chars().str.to_lowercase()
    return set(cells.filter(cells.str.contains(r"^[a-z]$")))


def _said(table: TableMap, values: dict[str, str]) -> TableMap:
    columns: dict[str, ColumnMap | str] = dict(table.maps())
    for heading in _sexes(table):
        why = "letters of sex in Spanish"
        columns[heading] = msgspec.structs.replace(table.maps()[heading], values=values, why=why)
    return msgspec.structs.replace(table, columns=columns)
