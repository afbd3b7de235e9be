"""What a table leaves open and its user must say: each question names its cause and the line that answers it.

Some questions all tables answer together: whom a table without identifiers is about, what letters of sex mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import PurePath
from typing import Final

import msgspec
import polars as pl

from alsight.base.errors import Fault, request_field
from alsight.cohort.mapping.families import slot_time
from alsight.cohort.mapping.guess import Guess, identifier_like
from alsight.cohort.mapping.spec import ColumnMap, TableMap, line, unclear
from alsight.cohort.mapping.words import compact
from alsight.cohort.parse import Place, date_order, identifiers, numbers
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


def one_person(pairs: Sequence[tuple[Guess, TableMap]]) -> dict[str, str]:
    """Table to the one person that it is about, in an input without any identifier.

    A single table that rates no day twice is about one person, named by its file, and so are the tables of facts
    beside it. Several tables of scores, one a file or a sheet, are one person each, named by it; then a table of facts
    says nothing of whose facts they are.
    """
    listed = [
        (guess, table)
        for guess, table in pairs
        if "subject" in {column.means for column in table.maps().values()} or table.subject
    ]
    scored = [guess for guess, table in pairs if guess.has_scores() and (guess, table) not in listed]
    if any(guess.has_scores() for guess, _ in listed) or (listed and len(scored) < 2):
        return {}
    if not all(_one_course(guess, alone=len(scored) < 2) for guess in scored):
        return {}
    if len(scored) <= 1:
        name = PurePath(pairs[0][0].sheet.file).stem or "1"
        return {guess.sheet.source: name for guess, _ in pairs}
    files = {guess.sheet.file for guess in scored}
    names = [PurePath(guess.sheet.file).stem if len(files) == len(scored) else guess.sheet.sheet for guess in scored]
    periods = any(re.fullmatch(r"\D*(?:19|20)\d{2}\D*", name) or slot_time(name) for name in names)
    if periods or len(set(names)) < len(names) or not all(names):
        return {}
    known = {name for guess, table in listed for name in _identifiers(guess, table)}
    if listed and not set(names) <= known:
        return {}
    return {guess.sheet.source: name for guess, name in zip(scored, names, strict=True)}


def _one_course(guess: Guess, *, alone: bool) -> bool:
    """Whether a table of scores without an identifier can be about one person: no day twice, nothing that groups rows.

    A column that nothing claims groups rows when its values differ and repeat. The only table of an input may hold
    few such columns; one of several files or sheets, each of which is named by its person, may hold remarks.
    """
    times = guess.of("time")
    rest = [heading for heading, column in guess.columns.items() if column.means == "ignored"]
    rest = [heading for heading in rest if guess.look(heading).distinct > 1]
    if not times or guess.sheet.frame[times[0]].drop_nulls().is_duplicated().any():
        return False
    return not any(identifier_like(heading) for heading in rest) and (len(rest) <= 2 or not alone)


def _identifiers(guess: Guess, table: TableMap) -> list[str]:
    """Identifiers that a table lists."""
    headings = [heading for heading, column in table.maps().items() if column.means == "subject"]
    cells = [
        identifiers(guess.sheet.frame[heading], Place(table="file", column=heading)).values for heading in headings
    ]
    return [name for column in cells for name in column.drop_nulls().unique()] + (
        [table.subject] if table.subject else []
    )
