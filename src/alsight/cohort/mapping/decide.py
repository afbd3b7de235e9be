"""A whole input into a mapping: each table guessed, then what only all can tell: scale, dates, units, day 0."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import PurePath
from typing import Any, Final

import msgspec
import polars as pl

from alsight.base.errors import Fault, MappingError, request_field
from alsight.cohort.files.sheet import Sheet
from alsight.cohort.mapping.families import slot_time
from alsight.cohort.mapping.guess import Guess, guess_table
from alsight.cohort.mapping.layouts import recognized
from alsight.cohort.mapping.meanings import IS_ITEM, meaning_of
from alsight.cohort.mapping.questions import (
    lettered,
    no_scores,
    no_subject,
    no_time,
    nothing,
    one_person,
    short_years,
    which_origin,
)
from alsight.cohort.mapping.spec import ColumnMap, Mapping, TableMap, line, unclear
from alsight.cohort.parse import Place, date_order, numbers
from alsight.instruments.alsfrs_r import ALSFRS_BEST, ALSFRS_R_BEST
from alsight.instruments.items import TWELVE

MONTH_STEPS: Final = 3.0
LONG_DAYS: Final = 400.0
"""A whole count above this can only be days: as weeks or months it would outlast any follow-up on record."""

MOST: Final = {r"/\s*48$": "alsfrs_r", r"/\s*40$": "alsfrs"}
"""How totals may say their scale by the most they could be ("44/48")."""

_R_ITEMS: Final = TWELVE[9:]
_USED: Final = frozenset({"visits", "person", "moment", "event", "measure", "measures", "events", "doses"})


def decide(sheets: Sequence[Sheet], supplied: Mapping, asked: Mapping) -> Mapping:
    """The mapping of an input.

    Args:
        sheets: its tables.
        supplied: mapping that the user corrected; its columns and settings are taken as they are. A table of it holds
            for the sheet of that name, else for a sheet that has all its columns.
        asked: settings of the request that hold for every table (entry, and one table with scale, dates, decimal,
            unit of time in a column named "").

    Raises:
        MappingError: what could not be told, all of it, each with the line of TOML that settles it, and with the
            mapping as far as it goes.
    """
    layout = recognized([sheet.frame.columns for sheet in sheets])
    everywhere = asked.tables[0] if asked.tables else TableMap()
    guesses: list[tuple[Guess, TableMap]] = []
    for sheet in sheets:
        known = _given(sheet, supplied) or TableMap()
        if not known.use:
            guesses.append((Guess(sheet), known))
            continue
        context = sheet.sheet or PurePath(sheet.file).stem
        guess = guess_table(sheet, known.maps(), known.layout or layout, context)
        guesses.append((guess, known))
    tables = [_table(guess, known, everywhere, layout) for guess, known in guesses]
    faults = [fault for guess, known in guesses if known.use for fault in guess.faults]
    pairs = [(guess, table) for (guess, _), table in zip(guesses, tables, strict=True) if table.use]
    if not pairs:
        raise MappingError(
            faults or [nothing(guesses)], Mapping(entry=supplied.entry or asked.entry, tables=tuple(tables))
        )
    named = one_person(pairs)
    pairs = _pooled(pairs)
    settled: list[TableMap] = []
    for guess, table in pairs:
        accepted, reported = _settled(guess, table, everywhere, named.get(guess.sheet.source, ""))
        settled.append(accepted)
        faults += reported
    if not any(guess.has_scores() for guess, _ in pairs):
        faults.append(no_scores(pairs))
    settled = lettered([guess.sheet.frame for guess, _ in pairs], settled)
    by_source = {table.source: table for table in settled}
    whole = tuple(by_source.get(table.source, table) for table in tables)
    if faults:
        raise MappingError(faults, Mapping(entry=supplied.entry or asked.entry, tables=whole))
    return Mapping(entry=supplied.entry or asked.entry or _entry(settled), tables=whole)


def _pooled(pairs: Sequence[tuple[Guess, TableMap]]) -> list[tuple[Guess, TableMap]]:
    """Tables of one input, those that say nothing of order or scale with what the others of the same columns say."""
    orders: dict[frozenset[str], set[str]] = defaultdict(set)
    scales: dict[frozenset[str], set[str]] = defaultdict(set)
    for guess, table in pairs:
        columns, alike = table.maps(), frozenset(guess.sheet.frame.columns)
        order, undecided = _dates(guess, columns, table)
        orders[alike] |= set() if undecided or order not in ("dmy", "mdy") else {order}
        accepted, undecided = _scale(guess, columns, table)
        known = {column.means.removesuffix("_total") for column in accepted.values() if column.means.endswith("_total")}
        scales[alike] |= set() if undecided else known
    pooled: list[tuple[Guess, TableMap]] = []
    for guess, table in pairs:
        alike = frozenset(guess.sheet.frame.columns)
        order = table.dates or (next(iter(orders[alike])) if len(orders[alike]) == 1 else "")
        scale = table.scale or (next(iter(scales[alike])) if len(scales[alike]) == 1 else "")
        changed: dict[str, Any] = {}
        if _dates(guess, table.maps(), table)[1]:
            changed["dates"] = order
        if _scale(guess, table.maps(), table)[1]:
            changed["scale"] = scale
        pooled.append((guess, msgspec.structs.replace(table, **changed) if changed else table))
    return pooled


def _given(sheet: Sheet, supplied: Mapping) -> TableMap | None:
    for table in supplied.tables:
        if (table.file, table.sheet) == (sheet.file, sheet.sheet):
            return table
    for table in supplied.tables:
        named = [heading for heading, column in table.maps().items() if column.means != "ignored"]
        if table.use and named and set(named) <= set(sheet.frame.columns):
            return table
    return None


def _table(guess: Guess, known: TableMap, everywhere: TableMap, layout: str) -> TableMap:
    """The table's settings: the user's where given; none when nothing in it is of use."""
    sheet = guess.sheet
    fields: dict[str, Any] = {"file": sheet.file, "sheet": sheet.sheet}
    if not known.use:
        return msgspec.structs.replace(known, **fields)
    columns: dict[str, ColumnMap | str] = dict(guess.columns)
    used = any((found := meaning_of(column.means)) and found.part in _USED for column in guess.columns.values())
    laid = any(column.why.startswith("layout:") for column in guess.columns.values())
    return msgspec.structs.replace(
        known,
        **fields,
        columns=columns,
        use=used,
        layout=known.layout or (layout if laid else ""),
        scale=known.scale or everywhere.scale,
        dates=known.dates or everywhere.dates,
        decimal=known.decimal or everywhere.decimal,
        missing=known.missing or everywhere.missing,
    )


def _settled(guess: Guess, table: TableMap, everywhere: TableMap, one_person: str) -> tuple[TableMap, list[Fault]]:
    """A table with subject, units of time, dates and scale settled, and what could not be."""
    faults: list[Fault] = []
    columns = table.maps()
    table = _timed_by_name(guess, table)
    if "subject" not in _means(columns) and not table.subject:
        if one_person:
            table = msgspec.structs.replace(table, subject=one_person)
        elif guess.has_scores():
            faults.append(no_subject(guess))
        else:
            return msgspec.structs.replace(table, use=False), faults
    wide = any(column.slot for column in columns.values())
    if guess.has_scores() and "time" not in _means(columns) and not wide and table.at is None:
        faults.append(no_time(guess))
    faults += [*short_years(guess, columns, table.dates), *which_origin(guess, columns)]
    columns, reported = _time_units(guess, columns, everywhere)
    faults += reported
    columns, reported = _slots(guess, columns)
    faults += reported
    order, reported = _dates(guess, columns, table)
    faults += reported
    columns, reported = _scale(guess, columns, table)
    faults += reported
    whole: dict[str, ColumnMap | str] = dict(columns)
    return msgspec.structs.replace(table, columns=whole, dates=order), faults


def _timed_by_name(guess: Guess, table: TableMap) -> TableMap:
    """A table of scores without a time, whose sheet or file is named by the time of its visit ("Month 3")."""
    columns = table.maps()
    timed = table.at is not None or "time" in _means(columns) or any(column.slot for column in columns.values())
    if timed or not guess.has_scores():
        return table
    at = slot_time(guess.sheet.sheet or PurePath(guess.sheet.file).stem)
    return table if at is None else msgspec.structs.replace(table, at=at[0], at_unit=at[1])


def _means(columns: dict[str, ColumnMap]) -> set[str]:
    return {column.means for column in columns.values()}


def _time_units(
    guess: Guess, columns: dict[str, ColumnMap], everywhere: TableMap
) -> tuple[dict[str, ColumnMap], list[Fault]]:
    """Counts of time without a unit: the request's, that of the row's time, or days where only days can be."""
    faults: list[Fault] = []
    asked = everywhere.maps().get("", ColumnMap(means="time")).unit
    rows = next((column.unit for column in columns.values() if column.means == "time" and column.unit), "")
    settled: dict[str, ColumnMap] = {}
    for heading, column in columns.items():
        meaning = meaning_of(column.means)
        if meaning is None or meaning.kind != "time" or column.unit:
            settled[heading] = column
            continue
        unit = asked or (rows if rows in ("day", "week", "month", "year") else "")
        if not unit and column.means == "time" and guess.look(heading).whole > 0.99:
            values = numbers(guess.sheet.frame[heading], Place(table="file", column=heading)).values
            if float(values.max() or 0.0) > LONG_DAYS:  # type: ignore[arg-type]
                unit = "day"
        if not unit and column.means == "time":
            faults.append(
                unclear(
                    guess.sheet.source,
                    heading,
                    f'nothing states if "{heading}" counts days, weeks, months or years.',
                    f"Name it with {request_field('time_unit')}, or in the mapping: "
                    f"`{line(heading, means='time', unit='month')}`.",
                )
            )
        elif not unit:
            why = f"read as {column.means}, but nothing states its unit of time"
            settled[heading] = ColumnMap(means="ignored", why=why, examples=column.examples)
            continue
        settled[heading] = msgspec.structs.replace(column, unit=unit) if unit else column
    return settled, faults


def _slots(guess: Guess, columns: dict[str, ColumnMap]) -> tuple[dict[str, ColumnMap], list[Fault]]:
    """Visits side by side: plain numbers are months where they step by three from 0, else they must be timed."""
    slots = {heading: column for heading, column in columns.items() if column.slot}
    if not slots or any(column.means == "time" for column in slots.values()):
        return columns, []
    open_slots = {heading: column for heading, column in slots.items() if column.at is None or not column.at_unit}
    open_slots = {heading: column for heading, column in open_slots.items() if column.at != 0}
    if not open_slots:
        return columns, []
    numbers_seen = sorted({column.at for column in slots.values() if column.at is not None})
    bare_numbers = all(column.at is not None for column in open_slots.values())
    if bare_numbers and _steps_like_months(numbers_seen):
        why = "the numbers step by three from 0: months"
        return {
            heading: msgspec.structs.replace(column, at_unit="month", confidence=0.6, why=why)
            if heading in open_slots
            else column
            for heading, column in columns.items()
        }, []
    first = next(iter(open_slots))
    example = line(first, means=open_slots[first].means, at="...", at_unit="month").replace('"..."', "...")
    return columns, [
        unclear(
            guess.sheet.source,
            first,
            f'nothing states when the visits of "{first}" and its neighbours took place.',
            f"Give each such column its months in the mapping: `{example}`, or add columns with the visits' dates.",
        )
    ]


def _steps_like_months(numbers_seen: Sequence[float]) -> bool:
    # Every third month from 0; steps of twelve alone could as well be weeks.
    threes = numbers_seen[0] == 0 and all(number % MONTH_STEPS == 0 for number in numbers_seen)
    return threes and numbers_seen[-1] <= 120 and not all(number % 4 == 0 for number in numbers_seen)


def _dates(guess: Guess, columns: dict[str, ColumnMap], table: TableMap) -> tuple[Any, list[Fault]]:
    """Day or month first, over all dates of a table; refused where nothing states."""
    dated = [heading for heading, column in columns.items() if column.unit == "date"]
    series = [guess.sheet.frame[heading] for heading in dated]
    slashed = [
        (heading, values)
        for heading, values in zip(dated, series, strict=True)
        if values.dtype == pl.String and values.str.contains(r"^\s*\d{1,2}[/-]\d{1,2}[/-]\d{4}").any()
    ]
    if table.dates or not slashed:
        return table.dates, []
    order = date_order(series)
    if order != "auto":
        return order, []
    heading = slashed[0][0]
    example = guess.look(heading).examples[:1]
    return "", [
        unclear(
            guess.sheet.source,
            heading,
            f'nothing states whether the day or the month comes first in "{heading}".',
            f"State it: {request_field('dates', 'dmy')} (day first) or {request_field('dates', 'mdy')}, or under "
            '[[tables]] in the mapping `dates = "dmy"`.',
            ", ".join(example),
        )
    ]


def _scale(guess: Guess, columns: dict[str, ColumnMap], table: TableMap) -> tuple[dict[str, ColumnMap], list[Fault]]:
    """Totals of an unnamed scale: by the items beside them, by a second total, or by values above 40."""
    open_totals = [heading for heading, column in columns.items() if column.means == "total"]
    if not open_totals:
        return columns, []
    means = _means(columns)
    scale = table.scale
    if not scale and "alsfrs_r_total" in means:
        scale = "alsfrs"
    if not scale and set(_R_ITEMS) & means:
        scale = "alsfrs_r"
    if not scale and "q10_respiratory" in means:
        scale = "alsfrs"
    if not scale:
        for heading in open_totals:
            cells = guess.sheet.frame[heading]
            said = [name for mark, name in MOST.items() if cells.cast(pl.String, strict=False).str.contains(mark).any()]
            values = numbers(cells, Place(table="file", column=heading)).values
            if ((values > ALSFRS_BEST) & (values <= ALSFRS_R_BEST)).any() or said == ["alsfrs_r"]:
                scale = "alsfrs_r"
            elif said == ["alsfrs"]:
                scale = "alsfrs"
    if not scale and "scale" in means:
        return columns, []
    if not scale:
        return columns, [
            unclear(
                guess.sheet.source,
                open_totals[0],
                f'nothing states whether "{open_totals[0]}" is the ALSFRS-R (0-48) or the original ALSFRS (0-40).',
                f"State it: {request_field('scale', 'alsfrs_r')} (or alsfrs), or under [[tables]] in the mapping "
                '`scale = "alsfrs_r"`.',
            )
        ]
    name = f"{scale}_total"
    return {
        heading: msgspec.structs.replace(column, means=name) if column.means == "total" else column
        for heading, column in columns.items()
    }, []


def _entry(tables: Collection[TableMap]) -> Any:
    """What day 0 is when no one says: the first visit, a stated randomisation, or the source's own day 0."""
    columns = [column for table in tables for column in table.maps().values()]
    scored = [
        table
        for table in tables
        if any(column.means in IS_ITEM or column.means.endswith("total") for column in table.maps().values())
    ]
    times = [column for table in scored for column in table.maps().values() if column.means == "time"]
    counted = any(
        column.unit in ("day", "week", "month", "year") and column.origin in ("", "entry") for column in times
    )
    slotted = any(column.at is not None for column in columns)
    if any(column.means == "entry" for column in columns):
        return ""
    if any(column.means == "randomization" and column.unit == "date" for column in columns) and not counted:
        return "randomization"
    named = any(table.at is not None for table in tables)
    counted |= any(column.unit == "label" for column in times)
    return "stated" if counted or ((slotted or named) and not times) else "first_visit"
