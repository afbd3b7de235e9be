"""The cohort as one Excel workbook, a sheet a table; text stays text, numbers keep every digit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

import polars as pl
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from alsight.base.errors import SpecError

ROW_LIMIT: Final = 1_048_575
"""Rows that a sheet holds below its heading."""

TEXT_LIMIT: Final = 32_767
"""Characters that a cell holds."""


MADE: Final = datetime(2000, 1, 1)
"""Time of making that every workbook states, so that equal tables give equal bytes."""


class _Sheet(Worksheet):
    """A sheet that writes numbers with all their digits, where Excel's writer stops at 16."""

    def _xml_number_element(self, number: float, attributes: Any = ()) -> None:
        marks = "".join(f' {name}="{value}"' for name, value in attributes)
        self.fh.write(f"<c{marks}><v>{number!r}</v></c>")


def write_workbook(frames: Mapping[str, pl.DataFrame], path: Path) -> None:
    """Write each frame as a sheet.

    Raises:
        SpecError: a table has more rows, or a text more characters, than Excel can hold.
    """
    _refuse(frames)
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": MADE})
        heading = book.add_format({"bold": True, "bottom": 1})
        dated = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, frame in frames.items():
            sheet = cast("_Sheet", book.add_worksheet(name, worksheet_class=_Sheet))
            sheet.freeze_panes(1, 0)
            for index, column in enumerate(frame.columns):
                sheet.write_string(0, index, column, heading)
                sheet.set_column(index, index, max(9, min(len(column) + 1, 24)))
                _fill(sheet, index, frame[column], dated)


def _fill(sheet: _Sheet, index: int, values: pl.Series, dated: Any) -> None:
    write: Callable[..., Any] = sheet.write_number
    if values.dtype == pl.String:
        write = sheet.write_string
    elif values.dtype == pl.Boolean:
        write = sheet.write_boolean
    elif values.dtype == pl.Date:
        sheet.set_column(index, index, 12, dated)
        write = sheet.write_datetime
    extra = (dated,) if values.dtype == pl.Date else ()
    for line, value in enumerate(values, start=1):
        if value is not None:
            write(line, index, value, *extra)


def _refuse(frames: Mapping[str, pl.DataFrame]) -> None:
    faults: list[tuple[str, str, Any]] = []
    for name, frame in frames.items():
        if frame.height > ROW_LIMIT:
            faults.append(("format", f"parquet or csv for a table of more than {ROW_LIMIT:,} rows", name))
        longest = frame.select(pl.col(pl.String).str.len_chars().max()).row(0, named=True)
        faults += [
            ("format", f"parquet or csv for text of more than {TEXT_LIMIT:,} characters", f"{name}.{column}")
            for column, size in longest.items()
            if (size or 0) > TEXT_LIMIT
        ]
    if faults:
        raise SpecError(faults)
