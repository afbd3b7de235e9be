"""Paths into sheets: one file, a folder of files, a zip of files; the kind of each recognized by its first bytes."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

import polars as pl

from alsight.base.errors import DataError, Fault
from alsight.base.progress import Progress, silent
from alsight.cohort.files.engine import guarded
from alsight.cohort.files.excel import open_document, workbook_sheets
from alsight.cohort.files.packages import package_kinds, refuse_json
from alsight.cohort.files.sheet import Sheet, plain_cells, refuse, unique_headings
from alsight.cohort.files.text import text_sheet

ENDINGS: Final = (
    ".csv",
    ".tsv",
    ".tab",
    ".txt",
    ".psv",
    ".xlsx",
    ".xlsm",
    ".xls",
    ".xlsb",
    ".ods",
    ".parquet",
    ".pq",
    ".sav",
    ".zsav",
    ".dta",
    ".sas7bdat",
    ".xpt",
    ".csv.gz",
    ".tsv.gz",
    ".txt.gz",
)
"""Endings of the files that are read out of a folder or a zip."""

MAX_BYTES: Final = 4_000_000_000
"""Largest file [byte]."""

MAX_UNPACKED: Final = 1_000_000_000
"""Most that a zip or a packed text may unpack to [byte]."""

MAX_FILES: Final = 500
MAX_PARQUET_CELLS: Final = 2_000_000_000


def sheets(path: Path, progress: Progress = silent, encoding: str = "") -> list[Sheet]:
    """Every table found at a path.

    A folder gives the tables of the files in it (not of folders in it); other kinds of files are passed over.

    Raises:
        DataError: nothing is there, nothing there can be read, or it is too large.
    """
    name = path.name or str(path)
    if not _there(path):
        raise refuse(name, "no_such_file", "there is no such file or folder.", "Check the path.")
    if path.is_dir():
        return _folder(path, progress, encoding)
    if not path.is_file():
        raise refuse(name, "not_a_file", "this is neither a file nor a folder.", "Give a file or a folder.")
    if path.stat().st_size > MAX_BYTES:
        raise refuse(name, "too_large", f"the file has {path.stat().st_size / 1e9:.1f} GB.", "Give it as Parquet.")
    progress(f"reading {name}", 0, 0)
    try:
        with path.open("rb") as stream:
            if stream.read(4) == b"PAR1":
                return [_parquet(path, name)]
        return _of_bytes(path.read_bytes(), name, encoding)
    except OSError as error:
        raise refuse(name, "unreadable_file", f"{error.strerror or error}.", "Check its permissions.") from error


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long, a NUL in it
        return False


def _folder(path: Path, progress: Progress, encoding: str) -> list[Sheet]:
    files = sorted(inner for inner in path.iterdir() if _wanted(inner.name) and inner.is_file())
    if not files:
        raise refuse(path.name, "empty_folder", "the folder holds no table.", "Give CSV, Excel or Parquet files.")
    if len(files) > MAX_FILES:
        raise refuse(path.name, "too_many_files", f"{len(files)} files.", f"At most {MAX_FILES} are read.")
    found: list[Sheet] = []
    faults: list[Fault] = []
    for done, inner in enumerate(files):
        progress(f"reading {inner.name}", done, len(files))
        try:
            found += sheets(inner, encoding=encoding)
        except DataError as error:
            faults += error.faults
    if not found:
        raise DataError(faults)
    return [replace(found[0], faults=(*faults, *found[0].faults)), *found[1:]]


def _wanted(name: str) -> bool:
    return name.lower().endswith(ENDINGS) and not name.startswith((".", "~$"))


def _of_bytes(raw: bytes, name: str, encoding: str = "") -> list[Sheet]:
    """The tables in the bytes of one file."""
    for magic, read in _KINDS:
        if raw.startswith(magic):
            return read(raw, name)
    refuse_json(raw, name)
    return [text_sheet(raw, name, encoding)]


def _packed(raw: bytes, name: str) -> list[Sheet]:
    """A zip: a workbook by its parts, else each table in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            parts = package.infolist()
            inner = {part.filename for part in parts}
            if "content.xml" in inner and "mimetype" in inner:
                return open_document(raw, name)
            if "xl/workbook.bin" in inner:
                raise refuse(name, "unread_format", "this kind of workbook is not read.", "Save it as .xlsx or as CSV.")
            if "[Content_Types].xml" in inner:
                return workbook_sheets(raw, name)
            return list(_members(package, [part for part in parts if _wanted(PurePosixPath(part.filename).name)], name))
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, RuntimeError, NotImplementedError) as error:
        raise refuse(
            name, "unreadable_zip", f"the packed file is damaged ({str(error)[:200]}).", "Copy it again."
        ) from None


def _members(package: zipfile.ZipFile, parts: list[zipfile.ZipInfo], name: str) -> Iterator[Sheet]:
    if not parts:
        raise refuse(name, "empty_zip", "the zip holds no table.", "Pack CSV, Excel or Parquet files.")
    if len(parts) > MAX_FILES:
        raise refuse(name, "too_many_files", f"{len(parts)} files.", f"At most {MAX_FILES} are read.")
    left = MAX_UNPACKED
    bare = Counter(PurePosixPath(part.filename).name for part in parts)
    for part in parts:
        if part.flag_bits & 1:
            raise refuse(name, "protected", "the zip is protected by a password.", "Unpack it first.")
        with package.open(part) as stream:
            raw = stream.read(left + 1)
        left -= len(raw)
        if left < 0:
            raise refuse(
                name, "too_large", f"the zip unpacks to more than {MAX_UNPACKED / 1e9:.0f} GB.", "Unpack it first."
            )
        inner = PurePosixPath(part.filename).name
        inner = inner if bare[inner] == 1 else part.filename
        if raw.startswith(b"PK") and not inner.lower().endswith((".xlsx", ".xlsm", ".xlsb", ".ods")):
            raise refuse(name, "nested_zip", f"{inner} is a zip within the zip.", "Unpack it first.")
        yield from _of_bytes(raw, inner)


def _old_workbook(raw: bytes, name: str) -> list[Sheet]:
    """Refused: a damaged file of this format can make the engine fill the memory, and cannot be known beforehand."""
    if b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e" in raw:
        raise refuse(name, "protected", "the workbook is protected by a password.", "Save it without a password.")
    raise refuse(name, "unread_format", "workbooks of Excel 97-2003 (.xls) are not read.", "Save it as .xlsx or CSV.")


def _gzip(raw: bytes, name: str) -> list[Sheet]:
    try:
        with gzip.open(io.BytesIO(raw)) as stream:
            inner = stream.read(MAX_UNPACKED + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise refuse(
            name, "unreadable_zip", f"the packed file is damaged ({str(error)[:200]}).", "Copy it again."
        ) from None
    if len(inner) > MAX_UNPACKED:
        raise refuse(name, "too_large", f"it unpacks to more than {MAX_UNPACKED / 1e9:.0f} GB.", "Unpack it first.")
    return [text_sheet(inner, name)]


def _parquet(location: Path | bytes, name: str) -> Sheet:
    """The table of a Parquet file; columns of lists, records and bytes are excluded and reported."""
    how_to_fix = "Write it again, or give the table as CSV."
    frame, left = guarded(
        lambda: _parquet_cells(location, name), name, "unreadable_parquet", "the Parquet file", how_to_fix
    )
    left_out = tuple(
        Fault(
            table="file",
            rule="nested_column",
            severity="note",
            source=name,
            column=column,
            message=f'The column "{column}" holds lists, records or bytes and was excluded.',
            how_to_fix="Write one value a cell.",
        )
        for column in left
    )
    frame.columns = unique_headings(frame.columns)[0]
    rows = pl.int_range(2, 2 + frame.height, eager=True, dtype=pl.UInt32)
    return Sheet(file=name, frame=frame, rows=rows, faults=left_out)


def _parquet_cells(location: Path | bytes, name: str) -> tuple[pl.DataFrame, list[str]]:
    def stream() -> Path | io.BytesIO:
        return location if isinstance(location, Path) else io.BytesIO(location)

    schema = pl.read_parquet_schema(stream())
    odd = (pl.Object, pl.Binary)
    left = [column for column, dtype in schema.items() if dtype.is_nested() or isinstance(dtype, odd)]
    accepted = [column for column in schema if column not in left]
    height = pl.scan_parquet(stream()).select(pl.len()).collect().item()
    if height * len(accepted) > MAX_PARQUET_CELLS:
        raise refuse(name, "too_large", f"{height:,} rows of {len(accepted)} columns.", "Give it in parts.")
    return plain_cells(pl.read_parquet(stream(), columns=accepted)), left


def _parquet_sheets(raw: bytes, name: str) -> list[Sheet]:
    return [_parquet(raw, name)]


_KINDS: Final[tuple[tuple[bytes, Callable[[bytes, str], list[Sheet]]], ...]] = (
    (b"PAR1", _parquet_sheets),
    (b"PK\x03\x04", _packed),
    (b"PK\x05\x06", _packed),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _old_workbook),
    (b"\x1f\x8b", _gzip),
    *package_kinds(),
)
"""First bytes of a file, and how such a file is read; anything else is taken for text."""
