"""What a worksheet says of its cells beside their values: shown as percent (0.92 stands for 92 %), merged cells."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from typing import Final

import polars as pl

from alsight.base.errors import Fault

_BUILT_IN: Final = frozenset({9, 10})
"""Numbers of the built-in formats 0% and 0.00%."""

_FORMAT: Final = re.compile(rb'<numFmt\b[^>]*?numFmtId="(\d+)"[^>]*?formatCode="([^"]*)"')
_FORMAT_SWAPPED: Final = re.compile(rb'<numFmt\b[^>]*?formatCode="([^"]*)"[^>]*?numFmtId="(\d+)"')
_CELL_FORMATS: Final = re.compile(rb"<cellXfs\b.*?</cellXfs>", re.DOTALL)
_CELL_FORMAT: Final = re.compile(rb'<xf\b[^>]*?numFmtId="(\d+)"')
CELL: Final = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]{0,100}?\bs="(\d{1,5})"')
"""Column, row and style of a cell in the text of a worksheet."""

FILLED: Final = re.compile(rb'<c r="([A-Z]{1,3})\d{1,7}"[^>]{0,100}>(?=<[vif])')
"""Column of a cell that holds anything."""

MERGED: Final = re.compile(rb'<mergeCell ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
"""First and last cell of merged cells."""

MOST_REPEATED: Final = 100
"""Equal percent cells beside each other that an OpenDocument workbook may write as one."""

MOST_DIGITS: Final = 10
"""Digits kept after a fraction became a percent, so that 0.92 is 92, not 92.00000000000001."""


@dataclass(frozen=True)
class Marks:
    """Marks of one worksheet; columns are counted from the first that holds anything, which is 1.

    Attributes:
        percent: column and line of cells that are shown as percent.
        merged: column, first and last line of cells that are merged downwards.
    """

    percent: frozenset[tuple[int, int]] = frozenset()
    merged: tuple[tuple[int, int, int], ...] = ()


def marks(text: bytes, styles: frozenset[int]) -> Marks:
    """Marks in the text of a worksheet.

    Args:
        text: the worksheet's part of the workbook.
        styles: styles that show a number as percent.
    """
    first = min((column_number(column) for column in set(FILLED.findall(text))), default=1)
    styled = [(column, row) for column, row, style in CELL.findall(text) if int(style) in styles] if styles else []
    merged = [
        (column_number(left) - first + 1, int(top), int(bottom))
        for left, top, right, bottom in MERGED.findall(text)
        if left == right and int(bottom) > int(top)
    ]
    percent = frozenset((column_number(column) - first + 1, int(row)) for column, row in styled)
    return Marks(percent=percent, merged=tuple(merged))


_OPEN: Final = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*)>")
_REPEATED: Final = re.compile(rb'number-(?:rows|columns)-repeated="(\d{1,9})"')
_SPANNED: Final = re.compile(rb'number-rows-spanned="(\d{1,7})"')


def open_marks(text: bytes) -> dict[str, Marks]:
    """Marks of every sheet of an OpenDocument workbook, by "sheet1", "sheet2" ...

    Args:
        text: the content of the workbook.
    """
    found: dict[str, Marks] = {}
    percent: set[tuple[int, int]] = set()
    merged: list[tuple[int, int, int]] = []
    row = column = sheet = step = 0
    first = 0
    for kind, said in _OPEN.findall(text):
        times = int(match[1]) if (match := _REPEATED.search(said)) else 1
        if kind == b"table":
            found |= {f"sheet{sheet}": _shifted(percent, merged, first)} if sheet else {}
            percent, merged, sheet, row, step, first = set(), [], sheet + 1, 0, 0, 0
        elif kind == b"table-row":
            row, step, column = row + max(step, 1) if step else row + 1, times, 0
        else:
            if b"office:value-type" in said:
                first = min(first or column + 1, column + 1)
            if b'office:value-type="percentage"' in said:
                percent |= {(column + 1 + place, row) for place in range(min(times, MOST_REPEATED))}
            if (spanned := _SPANNED.search(said)) and int(spanned[1]) > 1 and b'columns-spanned="1"' in said:
                merged.append((column + 1, row, row + int(spanned[1]) - 1))
            column += times
    return found | ({f"sheet{sheet}": _shifted(percent, merged, first)} if sheet else {})


def _shifted(percent: set[tuple[int, int]], merged: list[tuple[int, int, int]], first: int) -> Marks:
    """Marks with columns counted from the first that holds anything."""
    before = max(first, 1) - 1
    return Marks(
        percent=frozenset((column - before, row) for column, row in percent),
        merged=tuple((column - before, top, bottom) for column, top, bottom in merged),
    )


def filled_down(
    frame: pl.DataFrame, rows: pl.Series, merged: tuple[tuple[int, int, int], ...], source: str
) -> tuple[pl.DataFrame, tuple[Fault, ...]]:
    """A table with the value of merged cells in each of their rows, and one note a column."""
    faults: list[Fault] = []
    columns = frame.get_columns()
    start = int(rows[0]) if len(rows) else 0
    for index in sorted({column for column, _, _ in merged if 1 <= column <= len(columns)}):
        values = columns[index - 1]
        spans = [(max(top - start, 0), bottom - start) for column, top, bottom in merged if column == index]
        spans = [(top, min(bottom, len(values) - 1)) for top, bottom in spans if top < len(values) and bottom >= 0]
        cells = values.to_list()
        for top, bottom in spans:
            cells[top : bottom + 1] = [cells[top]] * (bottom - top + 1)
        columns[index - 1] = pl.Series(values.name, cells, dtype=values.dtype)
        if spans:
            faults.append(
                Fault(
                    table="file",
                    rule="merged_cells",
                    severity="note",
                    source=source,
                    column=values.name,
                    value=f"{len(spans)} merged",
                    message=f'Merged cells under "{values.name}" hold for each of their rows.',
                    how_to_fix="Nothing, if the cells were merged for all these rows.",
                )
            )
    return pl.DataFrame(columns), tuple(faults)


def column_number(name: bytes) -> int:
    """Number of a column by its letters: A is 1."""
    number = 0
    for letter in name:
        number = number * 26 + letter - 64
    return number


def percent_styles(package: zipfile.ZipFile) -> frozenset[int]:
    """Styles of a workbook that show a number as percent."""
    name = next((part.filename for part in package.infolist() if part.filename.endswith("xl/styles.xml")), "")
    if not name:
        return frozenset()
    text = package.read(name)
    own = {int(number) for number, code in _FORMAT.findall(text) if b"%" in code}
    own |= {int(number) for code, number in _FORMAT_SWAPPED.findall(text) if b"%" in code}
    block = _CELL_FORMATS.search(text)
    formats = _CELL_FORMAT.findall(block[0]) if block else []
    return frozenset(index for index, number in enumerate(formats) if int(number) in own | _BUILT_IN)


def as_percent(
    frame: pl.DataFrame, rows: pl.Series, cells: frozenset[tuple[int, int]], source: str
) -> tuple[pl.DataFrame, tuple[Fault, ...]]:
    """A table with the cells that are shown as percent multiplied by 100, and one note a column.

    Args:
        frame: numbers as stored; columns in the order of the sheet, none excluded.
        rows: line of each row.
        cells: column (1 is the first of the table) and line of cells that are shown as percent.
        source: the sheet.
    """
    faults: list[Fault] = []
    columns: list[pl.Series] = []
    for index, values in enumerate(frame, start=1):
        lines = [row for column, row in cells if column == index]
        shown = rows.is_in(lines)
        numbers = values.cast(pl.Float64, strict=False) if lines and values.dtype == pl.String else values
        shown &= numbers.is_not_null()
        if not lines or not numbers.dtype.is_float() or not shown.any():
            columns.append(values)
            continue
        percents = (numbers * 100).round(MOST_DIGITS)
        columns.append(percents.cast(values.dtype).zip_with(shown, values).alias(values.name))
        faults.append(
            Fault(
                table="file",
                rule="percent_cells",
                severity="note",
                source=source,
                column=values.name,
                value=f"{int(shown.sum())} cells",
                message=f'The cells under "{values.name}" are shown as percent; 0.92 in the file was read as 92.',
                how_to_fix="Nothing, if the sheet shows the percentages that were measured.",
            )
        )
    return pl.DataFrame(columns), tuple(faults)
