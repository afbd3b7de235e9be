"""Files of statistics packages (SPSS, Stata, SAS) into sheets, and files whose kind is named when they are refused."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import polars as pl

from alsight.cohort.files.engine import guarded
from alsight.cohort.files.sheet import Sheet, drop_empty, plain_cells, refuse, unique_headings

_SAS: Final = b"\0" * 12 + b"\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92\x08\x00\x09\xc7\x31\x8c\x18\x1f\x10\x11"

_READERS: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"$FL2", "read_sav", "an SPSS file"),
    (b"$FL3", "read_sav", "an SPSS file"),
    (b"<stata_dta>", "read_dta", "a Stata file"),
    (b"HEADER RECORD*******LIB", "read_xport", "a SAS transport file"),
    (_SAS, "read_sas7bdat", "a SAS file"),
    *((bytes([release, order, 1, 0]), "read_dta", "a Stata file") for release in range(108, 116) for order in (1, 2)),
)
"""First bytes of a file, the function of pyreadstat that reads it, and what it is."""


def package_kinds() -> tuple[tuple[bytes, Callable[[bytes, str], list[Sheet]]], ...]:
    """First bytes of the files of statistics packages, and how each is read."""

    def reader(function: str, what: str) -> Callable[[bytes, str], list[Sheet]]:
        return lambda raw, name: [_read(raw, name, function, what)]

    return tuple((magic, reader(function, what)) for magic, function, what in _READERS)


def _read(raw: bytes, name: str, function: str, what: str) -> Sheet:
    """The table of a file of a statistics package; codes become their labels, dates become dates."""
    how_to_fix = "Write it again, or export the table as CSV."
    columns = guarded(lambda: _columns(raw, name, function), name, "unreadable_package", what, how_to_fix)
    if not columns:
        raise refuse(name, "empty_file", f"{what} without a column.", how_to_fix)
    headings = unique_headings(list(columns))[0]
    cells = [_series(heading, values) for heading, values in zip(headings, columns.values(), strict=True)]
    rows = pl.int_range(2, 2 + len(cells[0]), eager=True, dtype=pl.UInt32)
    frame, rows = drop_empty(plain_cells(pl.DataFrame(cells)), rows)
    return Sheet(file=name, frame=frame, rows=rows)


def _columns(raw: bytes, name: str, function: str) -> dict[str, list[Any]]:
    import pyreadstat  # noqa: PLC0415 - heavy, and needed for these files alone

    with tempfile.TemporaryDirectory() as folder:
        location = Path(folder) / f"table{Path(name).suffix or '.bin'}"
        location.write_bytes(raw)
        table, facts = getattr(pyreadstat, function)(str(location), output_format="dict")
    labels = getattr(facts, "variable_value_labels", None) or {}
    return {column: _labeled(list(values), labels.get(column, {})) for column, values in table.items()}


def _labeled(values: list[Any], labels: dict[Any, str]) -> list[Any]:
    """Codes replaced by their labels; the scores 0 to 4 of an item stay numbers."""
    if not labels or set(labels) <= {0, 1, 2, 3, 4} or not {value for value in values if value in labels}:
        return values
    return [labels.get(value, value) for value in values]


def _series(name: str, values: Any) -> pl.Series:
    cells = [None if value is None or value != value or value == "" else value for value in list(values)]  # noqa: PLR0124
    try:
        return pl.Series(name, cells)
    except (TypeError, pl.exceptions.PolarsError):
        return pl.Series(name, [None if cell is None else str(cell) for cell in cells], dtype=pl.String)


def refuse_json(raw: bytes, name: str) -> None:
    """Refuse a JSON file by what it is.

    Raises:
        DataError: the file is JSON, Dataset-JSON or FHIR.
    """
    head = raw[:4000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not (head.startswith((b"{", b"[{", b"[ {", b"[\n")) and (b'"' in head[:200])):
        return
    what, way = "a JSON file", "Export the table as CSV, Excel or Parquet."
    if b'"datasetJSON' in head or b'"itemGroupOID"' in head:
        what, way = "a CDISC Dataset-JSON file", "Export the data set as CSV or as SAS transport (.xpt)."
    elif b'"resourceType"' in head:
        what, way = "a bundle of FHIR resources (JSON)", "Export the answers as a table: one row a rating, as CSV."
    raise refuse(name, "unread_format", f"this is {what}, which is not read.", way)
