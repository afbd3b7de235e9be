"""Workbooks into sheets: cells as the workbook stores them, formulas without a value told, bombs refused."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final, TypeVar

import fastexcel
import polars as pl

from alsight.base.errors import DataError, Fault
from alsight.cohort.files.above import with_facts
from alsight.cohort.files.engine import guarded
from alsight.cohort.files.marks import (
    Marks,
    as_percent,
    column_number,
    filled_down,
    marks,
    open_marks,
    percent_styles,
)
from alsight.cohort.files.sheet import (
    HEADING_LINES,
    Sheet,
    drop_empty,
    heading_line,
    is_word,
    joined_headings,
    plain_cells,
    refuse,
    repeated_fault,
    unique_headings,
)

MAX_UNPACKED: Final = 1_500_000_000
"""Largest workbook when unpacked [byte]."""

MAX_CELLS: Final = 40_000_000
"""Largest rectangle of cells of one worksheet: a stray cell in the far corner would fill the memory."""

MAX_MARKED: Final = 200_000_000
"""Largest worksheet [byte] whose merged cells and percent formats are looked for."""

MAX_SHEETS: Final = 200

MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 16_384
"""What a worksheet can hold at all; a cell beyond is damage, and the engine would work on it for ever."""

_PIECE: Final = 1 << 20
_ROW: Final = re.compile(rb'<(?:\w+:)?(?:row|c)\b[^>]{0,200}?\br="[A-Z]{0,4}(\d{1,20})"')
_WIDE: Final = re.compile(rb'\br="([A-Z]{2,5})\d{1,20}"')
_FORMULA: Final = re.compile(
    rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]{0,200}><f(?:/>|[^>]{0,200}>[^<]{0,9000}(?:</f>)?)(?:<v\s*/>|<v>\s*</v>)?</c>'
)
Result = TypeVar("Result")

# The engine logs each column whose type it cannot tell; the reader copes with those.
for _logger in ("fastexcel", "calamine"):
    logging.getLogger(_logger).addHandler(logging.NullHandler())


def workbook_sheets(raw: bytes, file: str) -> list[Sheet]:
    """Every worksheet of an Excel workbook (.xlsx, .xlsm) that holds a table.

    Raises:
        DataError: the workbook is damaged, protected by a password, or too large when unpacked.
    """
    return _sheets(raw, file, *_inspect(raw, file))


def open_document(raw: bytes, file: str) -> list[Sheet]:
    """Every worksheet of an OpenDocument workbook (.ods) that holds a table.

    Raises:
        DataError: the workbook is damaged, protected by a password, or too large when unpacked.
    """
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        content = package.getinfo("content.xml")
        listed = "META-INF/manifest.xml" in package.namelist()
        manifest = package.read("META-INF/manifest.xml") if listed else b""
        if content.flag_bits & 1 or b"encryption-data" in manifest[:_PIECE]:
            raise refuse(file, "protected", "the workbook is protected by a password.", "Save it without one.")
        if content.file_size > MAX_UNPACKED:
            raise refuse(file, "too_large", "the workbook is too large when unpacked.", "Give the table as CSV.")
        # A row or cell may be repeated a million times by one attribute.
        text = package.read("content.xml")
        repeated = re.findall(rb'number-(rows|columns)-repeated="(\d{1,9})"', text)
        if sum(int(count) for kind, count in repeated if kind == b"columns") > MAX_CELLS:
            raise refuse(file, "too_large", "a worksheet spans too many cells.", "Give the table as CSV.")
    how_to_fix = "Save it as .xlsx or as CSV."
    guarded(lambda: fastexcel.read_excel(raw), file, "unreadable_workbook", "the workbook", how_to_fix)
    return _sheets(raw, file, {}, open_marks(text) if len(text) <= MAX_MARKED else {})


def _sheets(
    raw: bytes,
    file: str,
    bare: dict[str, list[tuple[str, int]]],
    marked: dict[str, Marks],
) -> list[Sheet]:
    reader = _guarded(file, lambda: fastexcel.read_excel(raw))
    names = [str(name) for name in reader.sheet_names]
    if len(names) > MAX_SHEETS:
        raise refuse(file, "too_many_sheets", f"{len(names)} worksheets.", f"At most {MAX_SHEETS} are read.")
    sheets: list[Sheet] = []
    faults: list[Fault] = []
    for index, name in enumerate(names):
        try:
            part = f"sheet{index + 1}"
            sheet = _sheet(reader, (index, name), file, bare.get(part, []), marked.get(part, Marks()))
        except DataError as error:
            faults += error.faults
        else:
            sheets += [] if sheet is None else [sheet]
    if sheets:
        return [replace(sheets[0], faults=(*faults, *sheets[0].faults)), *sheets[1:]]
    if faults:
        raise DataError(faults)
    raise refuse(file, "empty_file", "the workbook holds no table.", "Give a sheet with headings and rows below.")


def _guarded(file: str, call: Callable[[], Result]) -> Result:
    how_to_fix = "Open it in a spreadsheet program and save it again as .xlsx, or as CSV."
    return guarded(call, file, "unreadable_workbook", "the workbook", how_to_fix)


def _sheet(reader: Any, which: tuple[int, str], file: str, bare: list[tuple[str, int]], marked: Marks) -> Sheet | None:
    index, name = which

    def load(**options: Any) -> pl.DataFrame:
        return _guarded(file, lambda: reader.load_sheet(index, header_row=None, **options).to_polars())

    plain = load(skip_rows=0, dtypes="string")
    lines = [[cell or "" for cell in line] for line in plain.head(HEADING_LINES).rows()]
    if not any(cell.strip() for line in lines for cell in line):
        return None
    source = f"{file} [{name}]"
    first = heading_line(lines)
    cells = lines[first]
    if not any(is_word(cell.strip()) for cell in cells):
        raise refuse(
            source,
            "no_headings",
            f"line {first + 1} should hold the headings, but it holds no words.",
            "Add a first line that names the columns.",
            first + 1,
        )
    headings, repeated = unique_headings(joined_headings(lines, first))
    # Typed cells keep every digit, which the text of a cell does not.
    if plain.height > first + 1:
        below = load(skip_rows=first + 1, schema_sample_rows=None)
    else:
        below = pl.DataFrame(schema=dict.fromkeys(headings, pl.String))
    below.columns = headings[: below.width]
    named = [name for name, cell in zip(headings, cells, strict=True) if cell.strip()]
    filled = [name for name in below.columns if name in named or below[name].null_count() < below.height]
    rows = pl.int_range(first + 2, first + 2 + below.height, eager=True, dtype=pl.UInt32)
    below, merged = filled_down(below, rows, marked.merged, source) if marked.merged else (below, ())
    below, shown = as_percent(below, rows, marked.percent, source) if marked.percent else (below, ())
    frame, rows = drop_empty(plain_cells(below.select(filled)), rows)
    frame = with_facts(frame, lines[:first])
    faults = (*repeated_fault(source, first + 1, repeated), *_bare_faults(source, bare), *merged, *shown)
    return Sheet(file=file, sheet=name, frame=frame, rows=rows, heading=first + 1, faults=faults)


def _bare_faults(source: str, bare: list[tuple[str, int]]) -> Iterator[Fault]:
    for column, row in bare:
        yield Fault(
            table="file",
            rule="formula_without_value",
            source=source,
            row=row,
            column=column,
            severity="rejected",
            message=f"Cell {column}{row} holds a formula whose value was never computed; it was read as empty.",
            how_to_fix="Open the workbook in a spreadsheet program and save it, or paste the values over the formulas.",
        )


def _inspect(raw: bytes, file: str) -> tuple[dict[str, list[tuple[str, int]]], dict[str, Marks]]:
    """Unpack every part once, to be sure of its size: cells of formulas without a value, and marks of cells."""
    bare: dict[str, list[tuple[str, int]]] = {}
    marked: dict[str, Marks] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            total, styles = 0, percent_styles(package)
            for part in package.infolist():
                if part.flag_bits & 1:
                    raise refuse(file, "protected", "the workbook is protected by a password.", "Save it without one.")
                worksheet = re.search(r"worksheets/(sheet\d+)\.xml$", part.filename)
                with package.open(part) as stream:
                    size, found = _scan(stream, file, MAX_UNPACKED - total, cells=worksheet is not None)
                total += size
                if worksheet and size <= MAX_MARKED:
                    marked[worksheet[1]] = marks(package.read(part), styles)
                if worksheet and found:
                    bare[worksheet[1]] = found
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged archive can fail in many ways
        raise refuse(
            file,
            "unreadable_workbook",
            f"the workbook is damaged ({str(error)[:200]}).",
            "Copy or export it again.",
        ) from None
    return bare, marked


def _scan(stream: Any, file: str, left: int, *, cells: bool) -> tuple[int, list[tuple[str, int]]]:
    size = rows = width = 0
    found: list[tuple[str, int]] = []
    tail = b""
    while piece := stream.read(_PIECE):
        size += len(piece)
        if size > left:
            raise refuse(
                file,
                "too_large",
                f"the workbook unpacks to more than {MAX_UNPACKED / 1e9:.1f} GB.",
                "Delete what is not needed, or give the table as CSV or Parquet.",
            )
        if not cells:
            continue
        text = tail + piece
        rows = max(rows, *map(int, set(_ROW.findall(text))), 0)
        width = max(width, 26, *(column_number(name) for name in set(_WIDE.findall(text))))
        if rows * width > MAX_CELLS or width > MOST_COLUMNS or rows > MOST_ROWS:
            raise refuse(
                file,
                "too_large",
                f"a worksheet spans {rows:,} rows and {width:,} columns.",
                "Delete stray cells far from the table, or give the table as CSV or Parquet.",
            )
        if b"<f" in text:
            found += [(column.decode(), int(row)) for column, row in _FORMULA.findall(text)]
        # A cell may stand across the border of two pieces: keep its beginning.
        cut = text.rfind(b"<c ")
        tail = text[cut:] if cut >= 0 and len(text) - cut < _PIECE else b""
    return size, sorted(set(found), key=lambda cell: (cell[1], cell[0]))[:1000]
