"""Files of a PRO-ACT release, in a folder or a zip archive, as frames of text with the line of every row."""

from __future__ import annotations

import io
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import fastexcel
import polars as pl

from alsight.base.errors import Fault

DEPTH: Final = 4
"""Folders below the given one that are looked into."""
MANY: Final = 5000
"""Files looked at before a folder counts as no release."""
LINE: Final = "(line)"
"""Column that holds the line of the file; no heading is spelled so."""
LONGEST: Final = 2000
"""Letters of a list of columns or tests in what is reported of a file."""
TEXTS: Final = frozenset({".csv", ".txt", ".tsv"})
WORKBOOKS: Final = frozenset({".xlsx", ".xls", ".xlsm"})
_BROKEN: Final = (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error, EOFError, ValueError)


@dataclass(frozen=True)
class File:
    """One file of a release: its name inside the folder or archive, and how to get its bytes."""

    name: str
    load: Callable[[int], bytes]

    @property
    def suffix(self) -> str:
        """Ending in lower case, with its dot."""
        return Path(self.name).suffix.lower()

    @property
    def folder(self) -> str:
        """Folder inside the release."""
        return self.name.rpartition("/")[0]


class Unreadable(Exception):  # noqa: N818 - says what the file is
    """A file whose content cannot be had; the message says why."""


def find_files(path: Path) -> list[File]:
    """Every file in a folder (a few levels deep), in a zip archive, or the one file itself; hidden ones excluded.

    Raises:
        Unreadable: the path cannot be opened.
    """
    try:
        if path.is_dir():
            return _in_folder(path)
        if path.suffix.lower() == ".zip" or (path.suffix.lower() not in TEXTS | WORKBOOKS and zipfile.is_zipfile(path)):
            return _in_archive(path)
        if path.is_file():
            return [File(path.name, _loader(path))]
    except _BROKEN as error:
        raise Unreadable(str(error) or type(error).__name__) from error
    raise Unreadable("there is no such file or folder")


def _in_folder(path: Path) -> list[File]:
    files: list[File] = []
    for index, folders, names in os.walk(path):
        inside = Path(index).relative_to(path)
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        if len(inside.parts) >= DEPTH:
            folders.clear()
        requested = sorted(name for name in names if not name.startswith((".", "~$")))
        files += [File((inside / name).as_posix(), _loader(Path(index) / name)) for name in requested]
        if len(files) > MANY:
            break
    return files


def _loader(path: Path) -> Callable[[int], bytes]:
    def load(most: int) -> bytes:
        with path.open("rb") as stream:
            return stream.read(most)

    return load


def _in_archive(path: Path) -> list[File]:
    def loader(name: str) -> Callable[[int], bytes]:
        def load(most: int) -> bytes:
            with zipfile.ZipFile(path) as bundle, bundle.open(name) as stream:
                return stream.read(most)

        return load

    with zipfile.ZipFile(path) as bundle:
        names = sorted({entry.filename for entry in bundle.infolist() if not entry.is_dir()})
    hidden = re.compile(r"(?:^|/)(?:\.|__|~\$)")
    return [File(name, loader(name)) for name in names if not hidden.search(name)]


def content(file: File, most: int = -1) -> bytes:
    """The bytes of a file, all or the first `most`.

    Raises:
        Unreadable: the file or archive is damaged, locked or gone.
    """
    try:
        return file.load(most)
    except (*_BROKEN, KeyError) as error:
        raise Unreadable(str(error).strip("'") or type(error).__name__) from error


def note(file: str, rule: str, message: str, how_to_fix: str, **more: str | int) -> Fault:
    """Something said of a whole file, once."""
    return Fault(
        table="file",
        rule=rule,
        message=message,
        how_to_fix=how_to_fix,
        severity="note",
        source=file,
        column=str(more.get("column", "")),
        value=str(more.get("value", ""))[:LONGEST],
        row=int(more.get("row", 0)),
    )


def as_utf8(raw: bytes, name: str) -> tuple[bytes, list[Fault]]:
    """Text as UTF-8 without mark and NUL bytes; what had to be done is reported."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace").lstrip("\ufeff").replace("\0", "").encode(), []
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    reported: list[Fault] = []
    if b"\0" in raw:
        raw = raw.replace(b"\0", b"")
        reported.append(
            note(name, "nul_bytes", "The file holds NUL bytes; they are passed over.", "Export the file anew.")
        )
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        reported.append(
            note(
                name,
                "not_utf8",
                "The file is not UTF-8; it is read as Western European (Windows-1252).",
                "Export the file as UTF-8 if letters look wrong.",
                row=raw.count(b"\n", 0, error.start) + 1,
            )
        )
        raw = raw.decode("cp1252", errors="replace").encode()
    return raw, reported


def separator(line: str) -> str:
    """The mark that parts the columns of a heading line: comma, semicolon, tab or bar."""
    return max(",;\t|", key=line.count)


def heading_of(file: File) -> list[str]:
    """Headings of a text file or of the first sheet of a workbook, from its beginning; empty where it has none.

    Raises:
        Unreadable: the file is damaged, locked or gone.
    """
    if file.suffix in WORKBOOKS:
        return workbook_frame(content(file), head=True).columns
    raw, _ = as_utf8(content(file, 65_536), file.name)
    lines = [line for line in raw.decode(errors="replace").splitlines()[:20] if line.strip()]
    return [cell.strip().strip('"') for cell in lines[0].split(separator(lines[0]))] if lines else []


def text_frame(raw: bytes, name: str) -> tuple[pl.DataFrame, list[Fault]]:
    """A text table as frame of texts with its headings, and LINE, the line of each row in the file.

    Short rows are filled with missing values; cells beyond the headings are excluded and reported; a table whose quotes
    do not match is read without quotes and that is reported.

    Raises:
        Unreadable: no table at all.
    """
    utf8, reported = as_utf8(raw, name)
    start = len(utf8) - len(utf8.lstrip(b"\r\n \t"))
    skipped = utf8[:start].count(b"\n")
    utf8 = utf8[start:].replace(b"\r\n", b"\n") if b"\r" in utf8 else utf8[start:]
    utf8 = utf8.replace(b"\r", b"\n") if b"\r" in utf8 else utf8
    mark = separator(utf8[:65_536].partition(b"\n")[0].decode(errors="replace"))
    quote = None if mark == "|" else '"'
    attempts: tuple[tuple[bool, str | None], ...] = ((False, quote), (True, quote), (True, None))
    problem = ""
    for ragged, quoting in attempts:
        try:
            frame = _parsed(utf8, mark, quoting, ragged=ragged)
        except pl.exceptions.NoDataError:
            raise Unreadable("it is empty") from None
        except (pl.exceptions.PolarsError, ValueError, UnicodeError) as error:
            problem = str(error).partition("\n")[0]
            continue
        if quoting != quote:
            reported.append(_unquoted(name))
        elif ragged:
            reported.append(_ragged(name))
        return _numbered(frame, skipped), reported
    raise Unreadable(problem or "it is no table")


def _parsed(utf8: bytes, mark: str, quote: str | None, *, ragged: bool) -> pl.DataFrame:
    return pl.read_csv(
        io.BytesIO(utf8),
        separator=mark,
        quote_char=quote,
        infer_schema=False,
        truncate_ragged_lines=ragged,
        encoding="utf8",
    )


def _numbered(frame: pl.DataFrame, skipped: int) -> pl.DataFrame:
    texts = frame.columns
    line = pl.int_range(2 + skipped, pl.len() + 2 + skipped, dtype=pl.UInt32)
    if not texts:
        return frame.with_columns(line.alias(LINE))
    broken = [name for name in texts if frame[name].str.contains("\n", literal=True).any()]
    if broken:  # a cell that spans lines moves all rows below it
        extra = pl.sum_horizontal(pl.col(name).str.count_matches("\n", literal=True).fill_null(0) for name in broken)
        line = line + extra.cum_sum().shift(1, fill_value=0).cast(pl.UInt32)
    return frame.with_columns(line.alias(LINE)).filter(pl.any_horizontal(pl.col(texts).is_not_null()))


def _ragged(name: str) -> Fault:
    return note(
        name,
        "more_cells_than_headings",
        "Some lines have more cells than there are headings; those beyond are excluded.",
        "Quote cells that contain the separator, and export the file anew.",
    )


def _unquoted(name: str) -> Fault:
    return note(
        name,
        "quotes_do_not_match",
        "The quotation marks of the file do not match; it is read without heeding them.",
        "Export the file anew; cells with separators in them may have been cut.",
    )


def workbook_frame(raw: bytes, *, head: bool = False) -> pl.DataFrame:
    """The first sheet of a workbook as frame of texts with LINE; only its headings when `head`.

    Raises:
        Unreadable: no workbook, or one without a sheet.
    """
    try:
        book = fastexcel.read_excel(raw)
        sheet = book.load_sheet(0, dtypes="string", n_rows=0 if head else None)
        frame = sheet.to_polars()
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError, IndexError, ValueError) as error:
        raise Unreadable(f"it is no workbook that can be read: {str(error).partition(chr(10))[0]}") from error
    return frame if head else _numbered(frame, 0)


def folders_ranked(files: Sequence[File], forms: Callable[[str], object | None]) -> list[str]:
    """Folders of a release, the one with the most forms first."""
    counts: dict[str, int] = {}
    for file in files:
        if forms(file.name) is not None:
            counts[file.folder] = counts.get(file.folder, 0) + 1
    return sorted(counts, key=lambda folder: (-counts[folder], folder))
