"""Delimited text into a sheet: encoding, delimiter and quoting found out, every line that does not fit told."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from typing import Final

import polars as pl

from alsight.base.errors import Fault, request_field
from alsight.cohort.files.above import with_facts
from alsight.cohort.files.sheet import (
    HEADING_LINES,
    Sheet,
    drop_empty,
    heading_line,
    is_word,
    joined_headings,
    refuse,
    repeated_fault,
    unique_headings,
)

DELIMITERS: Final = (",", ";", "\t", "|")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL: Final = re.compile(rb"[\x01-\x08\x0e-\x1f]")
_BLANK_LINES: Final = re.compile(rb"(?:[ \t]*\n)*")
EAST_ASIAN: Final = ("gb18030", "cp949", "shift_jis", "big5")
"""Encodings that are asked about where a text is neither UTF-8 nor Western European."""

_HIGH: Final = re.compile(rb"[\x81-\xfe]+")
_SLOW_LIMIT: Final = 300_000_000
"""Largest file [byte] whose irregular lines are taken one by one."""

MAX_COLUMNS: Final = 20_000


def text_sheet(raw: bytes, file: str, encoding: str = "") -> Sheet:
    """The table of a delimited text file.

    Encodings: UTF-8 with or without mark, UTF-16 and UTF-32 with mark, UTF-16 without, else Windows-1252, else
    Latin-1. Delimiters: comma, semicolon, tab, bar. Lines above the headings are passed over. A line with too many
    cells is rejected, one with too few is reported; lines count as an editor counts them, also inside quoted cells.

    Raises:
        DataError: the file is empty, binary, or a quotation mark never closes.
    """
    body, faults = _decode(raw, file, encoding)
    if not body.strip():
        raise refuse(file, "empty_file", "the file is empty.", "Give a file with a line of headings and rows below it.")
    lead = _BLANK_LINES.match(body)
    above = lead.end() if lead else 0
    top = _first_lines(body[above : above + 1_000_000])
    delimiter, start = _delimiter(top, file)
    top = top[start:]
    cells = [_split(line, delimiter) for line in top]
    location = heading_line(cells)
    first = body.count(b"\n", 0, above) + start + location
    headings, repeated = unique_headings(joined_headings(cells, location))
    while headings and cells[location] and len(headings) > 1 and not (cells[location][len(headings) - 1] or "").strip():
        if any(len(line) >= len(headings) and line[len(headings) - 1].strip() for line in cells[location + 1 :]):
            break
        headings.pop()
    if len(headings) > MAX_COLUMNS:
        raise refuse(file, "too_wide", f"{len(headings):,} columns.", f"At most {MAX_COLUMNS:,} columns are read.")
    if not any(is_word(cell.strip()) for cell in cells[location]):
        raise refuse(
            file,
            "no_headings",
            f"line {first + 1} should hold the headings, but it holds no words.",
            "Add a first line that names the columns.",
            first + 1,
        )
    frame, rows, uneven = _table(body, delimiter, first, headings, len(cells[location]), file)
    frame, rows = drop_empty(frame, rows)
    frame = with_facts(frame, cells[:location])
    return Sheet(
        file=file,
        frame=frame,
        rows=rows,
        heading=first + 1,
        faults=(*faults, *repeated_fault(file, first + 1, repeated), *uneven),
    )


def _decode(raw: bytes, file: str, encoding: str) -> tuple[bytes, list[Fault]]:
    """The text as UTF-8 with one kind of line end, without NUL bytes; binary files are refused."""
    text = _stated(raw, file, encoding) if encoding else _utf8(raw, file)
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    head = text[:65536]
    if len(_CONTROL.findall(head)) > 0.01 * len(head) or head.count(b"\0") > 0.05 * len(head):
        raise refuse(
            file,
            "binary_file",
            "this is not a text file (it holds control characters).",
            "Give delimited text, an Excel workbook (.xlsx) or Parquet.",
        )
    faults: list[Fault] = []
    if b"\0" in text:
        lines = {text.count(b"\n", 0, match.start()) + 1 for match in _some(re.finditer(rb"\0", text))}
        faults = [
            Fault(
                table="file",
                rule="nul_byte",
                severity="corrected",
                source=file,
                row=line,
                message="The line holds NUL bytes, which were taken out: the file was damaged on its way.",
                how_to_fix="Export the file again, and compare this line with the original.",
            )
            for line in sorted(lines)
        ]
        text = text.replace(b"\0", b"")
    return text, faults


def _some(found: Iterator[re.Match[bytes]]) -> Iterator[re.Match[bytes]]:
    for _, match in zip(range(1000), found, strict=False):
        yield match


def _utf8(raw: bytes, file: str) -> bytes:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            if encoding == "utf-8":
                return _utf8(raw[len(mark) :], file)
            try:
                return raw.decode(encoding).encode("utf-8", errors="replace")
            except UnicodeDecodeError as error:
                raise refuse(
                    file,
                    "bad_encoding",
                    f"it is marked {encoding.upper()}, but breaks off at byte {error.start}.",
                    "Export the file again, as UTF-8.",
                ) from error
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        if raw.count(b"\0", 0, 65536) <= 0.2 * min(len(raw), 65536):
            return raw
    head = raw[:65536]
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if head[offset::2].count(0) > 0.6 * len(head[offset::2]):
            return raw[: len(raw) // 2 * 2].decode(encoding, errors="replace").encode("utf-8", errors="replace")
    _refuse_east_asian(raw, file)
    try:
        return raw.decode("cp1252").encode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1").encode("utf-8")


def _stated(raw: bytes, file: str, encoding: str) -> bytes:
    try:
        return raw.decode(encoding).encode("utf-8")
    except (LookupError, UnicodeDecodeError) as error:
        raise refuse(
            file,
            "bad_encoding",
            f"it cannot be read as {encoding}.",
            f"State another {request_field('encoding')}, or export as UTF-8.",
        ) from error


def _refuse_east_asian(raw: bytes, file: str) -> None:
    """Ask for the encoding where letters beyond ASCII stand in pairs, as in Chinese, Japanese and Korean encodings."""
    runs = [len(run) for run in _HIGH.findall(raw[:65536])]
    if not runs or sum(run % 2 == 0 for run in runs) < 0.9 * len(runs):
        return
    fits = [encoding for encoding in EAST_ASIAN if _decodes(raw, encoding)]
    if fits:
        raise refuse(
            file,
            "unknown_encoding",
            f"its letters are neither UTF-8 nor Western European; {', '.join(fits)} would fit.",
            f"Export it as UTF-8, or state the encoding: {request_field('encoding', fits[0])}.",
        )


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _first_lines(body: bytes) -> list[str]:
    lines = body.decode("utf-8", errors="replace").split("\n")
    return lines[: HEADING_LINES + 20]


def _delimiter(lines: list[str], file: str) -> tuple[str, int]:
    """The mark between cells, and how many lines to pass over because they only name it ("sep=;")."""
    if match := re.match(r"^\"?sep=(.)\"?$", lines[0].strip()):
        return match[1], 1
    sample = [line for line in lines if line.strip()]
    if len(sample) > 1 and lines[-1].strip():
        sample = sample[:-1]

    def fit(delimiter: str) -> tuple[float, int]:
        counts = [len(_split(line, delimiter)) for line in sample]
        usual = max(set(counts), key=lambda count: (counts.count(count) * (count > 1), count))
        return (counts.count(usual) / len(counts) if usual > 1 else 0.0), usual

    best = max(DELIMITERS, key=lambda delimiter: (fit(delimiter)[0] >= 0.7, fit(delimiter)[1], fit(delimiter)[0]))
    if fit(best)[1] < 2:
        raise refuse(
            file,
            "one_column",
            "no delimiter was found: each line holds one cell.",
            "Separate the columns with commas, semicolons, tabs or bars.",
        )
    return best, 0


def _split(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _table(
    body: bytes, delimiter: str, first: int, headings: list[str], width: int, file: str
) -> tuple[pl.DataFrame, pl.Series, list[Fault]]:
    """Cells below the headings with their lines; the quick way where every line fits, else line by line."""
    start = 0
    for _ in range(first + 1):
        start = body.find(b"\n", start) + 1
        if start == 0:
            start = len(body)
    below = body[start:].rstrip(b"\n")
    if not below:
        empty = pl.DataFrame(schema=dict.fromkeys(headings, pl.String))
        return empty, pl.Series([], dtype=pl.UInt32), []
    lines = below.count(b"\n") + 1
    blank = below.count(b"\n\n")
    mark = delimiter.encode()
    if (
        below.count(mark) == (width - 1) * (lines - blank)
        and (frame := _quickly(below, delimiter, width, lines)) is not None
    ):
        rows = pl.int_range(first + 2, first + 2 + lines, eager=True, dtype=pl.UInt32)
        frame = frame.select(frame.columns[: len(headings)])
        frame.columns = headings
        return frame, rows, []
    if len(below) > _SLOW_LIMIT:
        raise refuse(
            file,
            "uneven_lines",
            "its lines do not all have the same number of cells, and it is too large to fix.",
            "Export the table again with every cell quoted, or as Parquet.",
        )
    return _line_by_line(body, delimiter, first, headings, file)


def _quickly(below: bytes, delimiter: str, width: int, lines: int) -> pl.DataFrame | None:
    if b'"' in below and not _quotes_are_tame(below, delimiter.encode()):
        return None
    try:
        frame = pl.read_csv(
            below,
            has_header=False,
            separator=delimiter,
            infer_schema=False,
            new_columns=[str(location) for location in range(width)],
            truncate_ragged_lines=False,
        )
    except (pl.exceptions.PolarsError, OSError, ValueError):
        return None
    return frame if frame.shape == (lines, width) else None


def _quotes_are_tame(below: bytes, mark: bytes) -> bool:
    # Quotes only around whole cells: as many as the quotes that stand at an edge of a cell.
    edge = rb"(?:^|(?<=[\n" + re.escape(mark) + rb']))"|"(?=[\n' + re.escape(mark) + rb"]|$)"
    return len(re.findall(edge, below)) == below.count(b'"') and below.count(b'"') % 2 == 0


def _line_by_line(
    body: bytes, delimiter: str, first: int, headings: list[str], file: str
) -> tuple[pl.DataFrame, pl.Series, list[Fault]]:
    """Every record by the csv module, which knows quoted line ends; short and long records are reported."""
    text = body.decode("utf-8", errors="replace")
    width = len(headings)
    accepted: list[list[str | None]] = []
    rows: list[int] = []
    faults: list[Fault] = []
    for line, last, cells in _records(text, delimiter, first, file):
        if not any(cell.strip() for cell in cells):
            continue
        fault = _misfit(cells, width, line, file, cut=last and not text.endswith("\n"))
        if fault is not None:
            faults.append(fault)
            if fault.severity == "rejected":
                continue
        accepted.append([*cells[:width], *([None] * (width - len(cells)))])
        rows.append(line)
    columns = list(zip(*accepted, strict=True)) if accepted else [()] * width
    frame = pl.DataFrame(
        [pl.Series(name, cells, dtype=pl.String) for name, cells in zip(headings, columns, strict=True)]
    )
    return frame.with_columns(pl.col(pl.String).replace("", None)), pl.Series(rows, dtype=pl.UInt32), faults


def _records(text: str, delimiter: str, first: int, file: str) -> Iterator[tuple[int, bool, list[str]]]:
    lines = text.split("\n")
    while lines and not lines[-1]:
        lines.pop()
    body = lines[first + 1 :]
    strict = _reads_strictly(body, delimiter, first, file)
    reader = csv.reader((f"{line}\n" for line in body), delimiter=delimiter, strict=strict)
    begun = 0
    try:
        for cells in reader:
            yield first + 2 + begun, reader.line_num == len(body), cells
            begun = reader.line_num
    except csv.Error as error:
        raise refuse(
            file,
            "unreadable_line",
            f"line {first + 2 + begun} cannot be read ({error}).",
            "Check the quotation marks on this line.",
            first + 2 + begun,
        ) from error


def _reads_strictly(body: list[str], delimiter: str, first: int, file: str) -> bool:
    reader = csv.reader((f"{line}\n" for line in body), delimiter=delimiter, strict=True)
    begun = 0
    try:
        for _ in reader:
            begun = reader.line_num
    except csv.Error as error:
        if "end of data" in str(error):
            raise refuse(
                file,
                "open_quotation",
                f"a quotation mark opened on line {first + 2 + begun} never closes.",
                "Close it, or take it out.",
                first + 2 + begun,
            ) from error
        return False
    return True


def _misfit(cells: list[str], width: int, line: int, file: str, *, cut: bool) -> Fault | None:
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        return Fault(
            table="file",
            rule="too_many_cells",
            source=file,
            row=line,
            value=" | ".join(cells[width:])[:200],
            message=f"The line has {len(cells)} cells, the table has {width} columns; the line was excluded.",
            how_to_fix="Quote cells that hold the delimiter (a decimal comma in a comma-separated file?).",
        )
    if len(cells) < width and cut:
        return Fault(
            table="file",
            rule="cut_off_line",
            source=file,
            row=line,
            value=" | ".join(cells)[-200:],
            message=f"The last line breaks off after {len(cells)} of {width} cells; it was excluded.",
            how_to_fix="The file was probably cut short: export or copy it again.",
        )
    if len(cells) < width:
        return Fault(
            table="file",
            rule="too_few_cells",
            severity="corrected",
            source=file,
            row=line,
            message=f"The line has {len(cells)} of {width} cells; the others were taken as empty.",
            how_to_fix="Check that no delimiter is missing on this line.",
        )
    return None
