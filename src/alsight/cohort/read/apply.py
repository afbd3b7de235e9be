"""A sheet and its mapping into typed columns: each cell parsed by what its column means, visits stacked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import polars as pl

from alsight.base.errors import Fault
from alsight.base.units import factor
from alsight.cohort.files.sheet import Sheet
from alsight.cohort.mapping.meanings import BEST_OF, IS_ITEM, Meaning, meaning_of
from alsight.cohort.mapping.spec import ColumnMap, TableMap, line, unclear
from alsight.cohort.parse import (
    Parsed,
    Place,
    blank,
    booleans,
    choices,
    dates,
    days,
    identifiers,
    numbers,
    words,
)
from alsight.cohort.parse import (
    partial as partial_dates,
)
from alsight.cohort.parse.amounts import DAYS_IN
from alsight.cohort.parse.calendar import EXCEL_ORIGIN, SAS_ORIGIN
from alsight.cohort.parse.labels import scored, sited
from alsight.cohort.parse.text import tell
from alsight.cohort.read.cells import (
    declared,
    included,
    is_float,
    labeled,
    living,
    middled,
    out_of,
    status,
    unit_of,
    unmapped,
)

FEW: Final = 5000
"""Columns up to this length are parsed cell by cell; in longer ones each distinct text is parsed once."""

COUNTED: Final = ("day", "week", "month", "year")

FARTHEST: Final = 10_000_000
"""Counts of days beyond this are excluded before they are added to anything; the dictionary's range is narrower."""

EXACT: Final = ("entry_date", "baseline", "randomization", "enrollment")
"""Moments that day 0 may be, which must be known to the day."""

_TABLE_OF: Final = {
    "visits": "visits",
    "person": "subjects",
    "moment": "subjects",
    "event": "events",
    "measure": "measures",
    "measures": "measures",
    "events": "events",
    "doses": "doses",
    "key": "visits",
    "aside": "measures",
}


@dataclass(frozen=True)
class Rows:
    """One table, parsed.

    Attributes:
        table: how it was read.
        frame: `row`, `subject` and one typed column a meaning. Times are named with their form: `time@date`,
            `onset@day` (whole days from `origins`), `death@age` (years), `niv_start@flag`.
        origins: name of a counted time to what it counts from.
        headings: column of `frame` to the heading in the file.
        whole_years: ages that are written in whole years, too coarse for days.
        slotted: whether visits stood side by side, so that other columns are about the person.
        outside: people whose rows are all excluded here.
        found: faults of single cells.
        faults: faults of the table.
    """

    table: TableMap
    frame: pl.DataFrame
    origins: dict[str, str] = field(default_factory=dict[str, str])
    headings: dict[str, str] = field(default_factory=dict[str, str])
    whole_years: frozenset[str] = frozenset()
    slotted: bool = False
    outside: frozenset[str] = frozenset()
    found: tuple[pl.DataFrame, ...] = ()
    faults: tuple[Fault, ...] = ()

    def has(self, *names: str) -> list[str]:
        """Those of some columns that there are."""
        return [name for name in names if name in self.frame.columns]


def apply(sheet: Sheet, table: TableMap) -> Rows:
    """Parse a sheet as its mapping says; cells that cannot be read are reported and missing."""
    maps = {heading: column for heading, column in table.maps().items() if heading in sheet.frame.columns}
    sheet, left_out, outside = included(sheet, maps)
    maps = {heading: column for heading, column in maps.items() if column.means != "ignored"}
    reader = _Reader(sheet, table, maps)
    reader.found += left_out
    columns = [heading for heading, column in maps.items() if column.means != "subject" and not column.of]
    plain = [heading for heading in columns if not maps[heading].slot]
    slotted = [heading for heading in columns if maps[heading].slot]
    frame = reader.base.with_columns(reader.gathered(plain)) if plain else reader.base
    if table.at is not None:
        frame = frame.with_columns(
            pl.lit(round(table.at * DAYS_IN[table.at_unit or "day"]), pl.Int32).alias("time@day")
        )
        reader.origins.setdefault("time@day", "entry")
    if slotted:
        frame = _stacked(reader, frame, slotted)
    return Rows(
        table=table,
        frame=frame,
        origins=reader.origins,
        headings=reader.headings,
        whole_years=frozenset(reader.whole_years),
        slotted=bool(slotted),
        outside=outside,
        found=tuple(reader.found),
        faults=tuple(reader.faults),
    )


class _Reader:
    """Parses the columns of one sheet, keeping what it finds wrong."""

    def __init__(self, sheet: Sheet, table: TableMap, maps: dict[str, ColumnMap]) -> None:
        self.sheet, self.table, self.maps = sheet, table, maps
        self.found: list[pl.DataFrame] = []
        self.faults: list[Fault] = []
        self.origins: dict[str, str] = {}
        self.headings: dict[str, str] = {}
        self.whole_years: set[str] = set()
        self.subjects = self._subjects()
        self.base = pl.DataFrame([sheet.rows.alias("row"), self.subjects.alias("subject")])

    def _subjects(self) -> pl.Series:
        size = self.sheet.frame.height
        heading = next((name for name, column in self.maps.items() if column.means == "subject"), None)
        if heading is None:
            return pl.repeat(self.table.subject or None, size, dtype=pl.String, eager=True).alias("subject")
        self.headings["subject"] = heading
        location = Place(table="visits", column=heading, source=self.sheet.source, rows=self.sheet.rows)
        return self._kept(identifiers(self.sheet.frame[heading], location)).alias("subject")

    def _kept(self, parsed: Parsed) -> pl.Series:
        if parsed.faults.height:
            self.found.append(parsed.faults)
        return parsed.values

    def _read(self, parse: Callable[[pl.Series, Place], Parsed], supplied: pl.Series, location: Place) -> pl.Series:
        """Parse text by its distinct values where all of them can be read; else cell by cell, to tell each fault."""
        if supplied.dtype == pl.String and len(supplied) > FEW:
            distinct = supplied.drop_nulls().unique()
            if 4 * len(distinct) < len(supplied):
                parsed = parse(distinct, Place(table=location.table, column=location.column))
                if parsed.faults.is_empty():
                    known = pl.DataFrame([distinct.alias("cell"), parsed.values.alias("value")])
                    cells = supplied.alias("cell").to_frame()
                    return cells.join(known, on="cell", how="left", maintain_order="left")["value"].alias(supplied.name)
        return self._kept(parse(supplied, location))

    def gathered(self, headings: Sequence[str]) -> list[pl.Series]:
        """Parsed columns, those that mean the same brought together."""
        parts: dict[str, list[tuple[str, pl.Series]]] = {}
        for heading in headings:
            for name, values in self.parsed(heading):
                parts.setdefault(name, []).append((heading, values))
                self.headings.setdefault(name, heading)
        return [self._together(name, columns).alias(name) for name, columns in parts.items()]

    def _together(self, name: str, columns: Sequence[tuple[str, pl.Series]]) -> pl.Series:
        if len(columns) == 1:
            return columns[0][1]
        frame = pl.DataFrame([values.alias(str(location)) for location, (_, values) in enumerate(columns)])
        if name in BEST_OF:
            return frame.max_horizontal()
        first = frame.select(pl.coalesce(pl.all())).to_series()
        clash = frame.select(pl.any_horizontal((pl.all() != first).fill_null(False))).to_series()
        if clash.any():
            location = self._place(columns[0][0], name)
            self.found.append(
                tell(
                    location,
                    clash,
                    first,
                    "columns_disagree",
                    f"Several columns tell {name}, and they differ here.",
                    "Keep the right one, or name it in the mapping.",
                )
            )
            first = first.set(clash, None)
        return first

    def _place(self, heading: str, name: str) -> Place:
        meaning = meaning_of(name.partition("@")[0])
        part = "doses" if name.startswith(("on:", "off:")) else _TABLE_OF[meaning.part if meaning else "key"]
        return Place(table=part, column=heading, source=self.sheet.source, rows=self.sheet.rows, subjects=self.subjects)

    def parsed(self, heading: str) -> Iterable[tuple[str, pl.Series]]:
        """What one column holds, under the name of its meaning."""
        column = self.maps[heading]
        meaning = meaning_of(column.means)
        if meaning is None:
            return
        supplied = self._cells(heading, column)
        location = self._place(heading, column.means)
        if meaning.kind == "time":
            yield self._time(column, supplied, location)
            if column.unit == "date" and meaning.part in ("moment", "event") and column.means not in EXACT:
                yield from self._precision(column, supplied)
        elif column.yes:
            flags = self._read(booleans, supplied, location)
            yield column.means, pl.select(pl.when(flags).then(pl.lit(column.yes))).to_series()
            if column.means == "genotype":
                yield f"{column.yes}@found", flags
        else:
            yield column.means, self._value(meaning, column, supplied, location)

    def _cells(self, heading: str, column: ColumnMap) -> pl.Series:
        """Cells with the file's own markers of nothing and its own codes replaced."""
        supplied = self.sheet.frame[heading]
        if self.table.missing and supplied.dtype == pl.String:
            supplied = supplied.set(
                words(supplied).str.to_lowercase().is_in([mark.lower() for mark in self.table.missing]), None
            )
        elif self.table.missing and supplied.dtype.is_numeric():
            marks = [float(mark) for mark in self.table.missing if is_float(mark)]
            supplied = supplied.set(supplied.cast(pl.Float64).is_in(marks), None)
        if not column.values:
            return supplied
        text = identifiers(supplied, Place(table="file", column=heading)).values.str.to_lowercase()
        coding = {cell.strip().lower(): meant or None for cell, meant in column.values.items()}
        accepted = supplied.cast(pl.String, strict=False) if supplied.dtype != pl.String else supplied
        known = text.is_in(list(coding)).fill_null(False)
        return accepted.zip_with(~known, text.replace_strict(coding, default=None, return_dtype=pl.String))

    def _precision(self, column: ColumnMap, supplied: pl.Series) -> Iterable[tuple[str, pl.Series]]:
        """Whether only the month or the year of a date is known."""
        precision = partial_dates(supplied)[1]
        if precision.is_not_null().any():
            yield f"{column.means}@precision", precision

    def _time(self, column: ColumnMap, supplied: pl.Series, location: Place) -> tuple[str, pl.Series]:
        decimal: Any = self.table.decimal or "auto"
        if column.unit == "flag":
            return f"{column.means}@flag", self._read(booleans, supplied, location)
        if column.unit == "status":
            return f"{column.means}@flag", self._read(status, supplied, location)
        if column.unit == "alive":
            return f"{column.means}@flag", self._read(living, supplied, location)
        if column.unit == "label":
            self.origins[f"{column.means}@day"] = "entry"
            return f"{column.means}@day", self._read(labeled, supplied, location)
        if column.unit == "age":
            years = self._read(partial(numbers, decimal=decimal), supplied, location)
            if (years.drop_nulls() == years.drop_nulls().round()).all():
                self.whole_years.add(f"{column.means}@age")
            return f"{column.means}@age", years
        if column.unit in COUNTED:
            self.origins[f"{column.means}@day"] = column.origin or "entry"
            counted = self._read(partial(days, unit=column.unit, decimal=decimal), supplied, location)
            far = (counted.abs() > FARTHEST).fill_null(False)
            self.found.append(
                tell(
                    location,
                    far,
                    supplied,
                    "not_a_day",
                    "No one is followed for so long.",
                    "Correct the value or its unit.",
                )
            )
            return f"{column.means}@day", counted.set(far, None)
        order: Any = self.table.dates or "auto"
        origin = SAS_ORIGIN if column.unit == "sas_date" else EXCEL_ORIGIN
        exact = partial(dates, order=order, origin=origin)
        meaning = meaning_of(column.means)
        coarse = meaning is not None and meaning.part in ("moment", "event") and column.means not in EXACT
        return f"{column.means}@date", self._read(partial(middled, exact) if coarse else exact, supplied, location)

    def _value(self, meaning: Meaning, column: ColumnMap, supplied: pl.Series, location: Place) -> pl.Series:
        decimal: Any = self.table.decimal or "auto"
        if meaning.kind == "score":
            cells = out_of(scored(supplied, meaning.name) if meaning.name in IS_ITEM else supplied)
            return self._read(partial(numbers, decimal=decimal), cells, location)
        if meaning.kind == "number":
            values = self._read(partial(numbers, decimal=decimal), supplied, location)
            return self._converted(meaning.name, column, values, location)
        if meaning.kind == "boolean":
            return self._read(booleans, supplied, location)
        if meaning.kind == "choice":
            return self._choice(meaning, supplied, location)
        text = words(supplied)
        return text.set(blank(text), None)

    def _choice(self, meaning: Meaning, supplied: pl.Series, location: Place) -> pl.Series:
        column = declared(meaning.name)
        cells = sited(supplied) if meaning.name == "onset_site" else supplied
        coded = identifiers(cells, location).values
        code = coded.str.contains(r"^\d{1,2}$").fill_null(False)
        if code.any():
            cells = cells.cast(pl.String, strict=False).set(code, None)
            self.faults += unmapped(location, meaning.name, coded.filter(code), column.choices)
        return self._read(partial(choices, allowed=column.choices, column=meaning.name), cells, location)

    def _converted(self, name: str, column: ColumnMap, values: pl.Series, location: Place) -> pl.Series:
        requested = unit_of(name)
        if not requested:
            return values
        beside = next(
            (other for other, map_ in self.maps.items() if map_.means == "unit" and map_.of == location.column), None
        )
        if beside is not None:
            return self._converted_by(values, beside, requested, location)
        if column.unit == "fraction" and requested == "%":
            return values * 100
        if not column.unit or (ratio := factor(column.unit, requested)) == 1.0:
            return values
        if ratio is None:
            self.faults.append(
                unclear(
                    location.source,
                    location.column,
                    f'"{column.unit}" cannot be turned into {requested}; it was excluded.',
                    f"Name its unit in the mapping: `{line(location.column, means=name, unit=requested)}`.",
                )
            )
            return values.set(values.is_not_null(), None)
        return values * ratio

    def _converted_by(self, values: pl.Series, beside: str, requested: str, location: Place) -> pl.Series:
        """Values in the unit that another column states, row by row."""
        units = self._cells(beside, self.maps[beside])
        units = identifiers(units, location).values
        ratios = {unit: factor(unit, requested) for unit in units.drop_nulls().unique()}
        known = {unit: ratio for unit, ratio in ratios.items() if ratio is not None}
        ratio = units.replace_strict(known, default=None, return_dtype=pl.Float64)
        lost = values.is_not_null() & ratio.is_null()
        self.found.append(
            tell(
                location,
                lost,
                units,
                "unknown_unit",
                f'The unit under "{beside}" is missing or unknown.',
                f'Write the unit, or say in the mapping what the code means: values = {{ "1" = "{requested}" }}.',
            )
        )
        return values * ratio


def _stacked(reader: _Reader, base: pl.DataFrame, headings: Sequence[str]) -> pl.DataFrame:
    """Visits side by side one below the other; a visit at which nothing was recorded is no row."""
    slots: dict[str, list[str]] = {}
    for heading in headings:
        slots.setdefault(reader.maps[heading].slot, []).append(heading)
    pieces: list[pl.DataFrame] = []
    for members in slots.values():
        columns = reader.gathered(members)
        piece = base.with_columns(columns)
        reported = [values.name for values in columns if not values.name.startswith("time@")]
        first = reader.maps[members[0]]
        if first.at is not None and not any(values.name.startswith("time@") for values in columns):
            at = round(first.at * DAYS_IN[first.at_unit or "day"])
            piece = piece.with_columns(pl.lit(at, pl.Int32).alias("time@day"))
            reader.origins.setdefault("time@day", "entry")
        if reported:
            piece = piece.filter(pl.any_horizontal(pl.col(reported).is_not_null()))
        pieces.append(piece)
    return pl.concat(pieces, how="diagonal_relaxed").sort("row", maintain_order=True)
