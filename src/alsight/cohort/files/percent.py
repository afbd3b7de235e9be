"""Cells that a workbook shows as percent: the file stores 0.92 where the sheet shows 92 %."""

from __future__ import annotations

import re
import zipfile
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

MOST_DIGITS: Final = 10
"""Digits kept after a fraction became a percent, so that 0.92 is 92, not 92.00000000000001."""


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
    return frozenset(place for place, number in enumerate(formats) if int(number) in own | _BUILT_IN)


def as_percent(
    frame: pl.DataFrame, rows: pl.Series, cells: frozenset[tuple[int, int]], source: str
) -> tuple[pl.DataFrame, tuple[Fault, ...]]:
    """A table with the cells that are shown as percent multiplied by 100, and one note a column.

    Args:
        frame: numbers as stored; columns in the order of the sheet, none left out.
        rows: line of each row.
        cells: column (1 is the first of the table) and line of cells that are shown as percent.
        source: the sheet.
    """
    faults: list[Fault] = []
    columns: list[pl.Series] = []
    for place, values in enumerate(frame, start=1):
        lines = [row for column, row in cells if column == place]
        shown = rows.is_in(lines)
        if not lines or not values.dtype.is_float() or not (shown & values.is_not_null()).any():
            columns.append(values)
            continue
        columns.append((values * 100).round(MOST_DIGITS).zip_with(shown, values).alias(values.name))
        faults.append(
            Fault(
                table="file",
                rule="percent_cells",
                severity="note",
                source=source,
                column=values.name,
                value=f"{int((shown & values.is_not_null()).sum())} cells",
                message=f'The cells under "{values.name}" are shown as percent; 0.92 in the file was read as 92.',
                how_to_fix="Nothing, if the sheet shows the percentages that were measured.",
            )
        )
    return pl.DataFrame(columns), tuple(faults)
