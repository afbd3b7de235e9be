"""A sheet: one table as a file holds it, cells untouched, each row knowing its line."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from alsight.base.errors import DataError, Fault
from alsight.cohort.files.above import fact

HEADING_LINES = 30
"""How many lines at the top of a file may stand above the headings."""

MORE_LINES = 4
"""Lines that a table with two lines of headings has at least: both, and two rows."""

_NUMBER = re.compile(r"^[+-]?[\d.,]+(?:[eE][+-]?\d+)?%?$")
_DATE = re.compile(r"^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[ T].*)?$")


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One table of one file.

    Attributes:
        file: file name without its folder.
        sheet: worksheet of a workbook, empty elsewhere.
        frame: cells as text, or typed where the file stores types; columns are the headings, made unique.
        rows: line of each row in the file, the first line being 1.
        heading: line of the headings.
        faults: what was wrong with the shape of the file.
    """

    file: str
    sheet: str = ""
    frame: pl.DataFrame
    rows: pl.Series
    heading: int = 1
    faults: tuple[Fault, ...] = ()

    @property
    def source(self) -> str:
        """How faults name this table: the file, and the worksheet in brackets."""
        return f"{self.file} [{self.sheet}]" if self.sheet else self.file


def refuse(source: str, rule: str, message: str, how_to_fix: str, row: int = 0) -> DataError:
    """The error for a file that cannot be used at all."""
    return DataError(
        [Fault(table="file", rule=rule, message=f"{source}: {message}", how_to_fix=how_to_fix, source=source, row=row)]
    )


def heading_line(lines: Sequence[Sequence[str]]) -> int:
    """Which of the first lines holds the headings: the first that is as wide as the table and is mostly words.

    Titles and remarks above a table are narrower than it; rows of the table hold numbers. Returns the place in
    `lines`, 0 when no line stands out.
    """
    filled = [sum(bool(cell.strip()) for cell in line) for line in lines]
    width = max(filled, default=0)
    for index, line in enumerate(lines):
        if fact(line) is not None and index + 1 < len(lines):
            continue
        cells = [cell.strip() for cell in line if cell.strip()]
        if len(cells) >= max(1, 0.6 * width) and sum(map(is_word, cells)) >= 0.5 * len(cells):
            return index + 1 if _is_second(lines[index:]) else index
    return 0


def _is_second(lines: Sequence[Sequence[str]]) -> bool:
    """Whether the headings have a second line: words that repeat, over columns without any word."""
    if len(lines) < MORE_LINES:
        return False
    second = [cell.strip() for cell in lines[1]]
    repeated = [index for index, cell in enumerate(second) if cell and second.count(cell) > 1]
    if not repeated or not all(is_word(cell) for cell in second if cell):
        return False
    below = [line[index].strip() for line in lines[2:] for index in repeated if index < len(line)]
    below = [cell for cell in below if cell]
    return bool(below) and not any(map(is_word, below))


def is_word(cell: str) -> bool:
    """Whether a cell could be a heading: neither a number nor a date nor empty."""
    return bool(cell) and not _NUMBER.match(cell) and not _DATE.match(cell)


def joined_headings(lines: Sequence[Sequence[str]], index: int) -> list[str]:
    """The headings of a table; where they repeat under a line of groups ("Baseline", "Month 3"), each with its group.

    Args:
        lines: the first lines of the file.
        index: which of them holds the headings.
    """
    cells = [cell.strip() for cell in lines[index]]
    named = [cell for cell in cells if cell]
    if index == 0 or len(set(named)) == len(named):
        return list(lines[index])
    above = [cell.strip() for cell in lines[index - 1]][: len(cells)]
    groups = [cell for cell in above if cell]
    if len(set(groups)) < 2 or not all(map(is_word, groups)):
        return list(lines[index])
    joined: list[str] = []
    group = ""
    for column, cell in enumerate(cells):
        group = above[column] if column < len(above) and above[column] else group
        joined.append(f"{group} {cell}".strip() if cell and cells.count(cell) > 1 else cell)
    return joined


def unique_headings(cells: Sequence[str | None]) -> tuple[list[str], list[str]]:
    """Headings without stray space, empty ones named by their place, repeats numbered.

    Returns:
        The headings, and those that occurred more than once.
    """
    plain = [_clean(cell or "") or f"column {index}" for index, cell in enumerate(cells, start=1)]
    counts = Counter(plain)
    observed: Counter[str] = Counter()
    names: list[str] = []
    for name in plain:
        observed[name] += 1
        names.append(name if observed[name] == 1 else f"{name} ({observed[name]})")
    taken = Counter(names)
    names = [name if taken[name] == 1 else f"{name} [column {index}]" for index, name in enumerate(names, start=1)]
    return names, [name for name, count in counts.items() if count > 1]


def repeated_fault(source: str, line: int, repeated: Sequence[str]) -> tuple[Fault, ...]:
    """The note that headings occur twice."""
    return tuple(
        Fault(
            table="file",
            rule="repeated_heading",
            severity="note",
            message=f'The heading "{name}" stands over more than one column; the later ones were numbered.',
            how_to_fix="Give each column its own heading, or name the column to use in the mapping.",
            source=source,
            row=line,
            column=name,
        )
        for name in repeated
    )


def drop_empty(frame: pl.DataFrame, rows: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
    """A table without the rows in which every cell is empty, and the lines of those that stay."""
    if frame.width == 0:
        return frame, rows.head(frame.height)
    empty = pl.all_horizontal(
        (pl.col(name).is_null() | (pl.col(name).str.strip_chars() == ""))
        if dtype == pl.String
        else pl.col(name).is_null()
        for name, dtype in frame.schema.items()
    )
    accepted = ~frame.select(empty.alias("empty")).to_series()
    return (frame, rows) if accepted.all() else (frame.filter(accepted), rows.filter(accepted))


def _clean(cell: str) -> str:
    text = unicodedata.normalize("NFKC", cell)
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())[:200]


def plain_cells(frame: pl.DataFrame) -> pl.DataFrame:
    """A table whose cells are text, numbers, truth values or dates; rarer types become the one they are like."""
    casts: list[pl.Expr] = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.Categorical | pl.Enum | pl.Null):
            casts.append(column.cast(pl.String))
        elif isinstance(dtype, pl.Duration):
            casts.append(column.dt.to_string("iso"))
        elif isinstance(dtype, pl.Time):
            casts.append(column.dt.to_string("%H:%M:%S"))
        elif isinstance(dtype, pl.Decimal | pl.UInt64 | pl.Int128):
            casts.append(column.cast(pl.Float64))
    return frame.with_columns(casts) if casts else frame
