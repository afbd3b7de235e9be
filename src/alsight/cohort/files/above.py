"""Facts that stand above a table, one a line: the person's name, sex and dates over that person's visits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import polars as pl

LONGEST: Final = 40
"""Letters of a name or value above a table; longer texts are titles and remarks."""

WIDE: Final = 4
"""Columns of a table that a line of two cells cannot be a row of."""

_ONE_CELL: Final = re.compile(rf"^\s*([^:]{{2,{LONGEST}}}?)\s*:\s*([^:]{{1,{LONGEST}}}?)\s*$")


def fact(line: Sequence[str], width: int = 0) -> tuple[str, str] | None:
    """Name and value of a line that states a fact; None for any other line.

    Args:
        line: its cells.
        width: columns of the table below; in wide ones the name needs no colon.
    """
    cells = [cell.strip() for cell in line]
    filled = [cell for cell in cells if cell]
    if len(filled) == 1 and (match := _ONE_CELL.match(filled[0])):
        return match[1], match[2]
    if not 1 <= len(filled) <= 2 or cells[0] != filled[0] or len(filled[0]) > LONGEST + 1:
        return None
    if not filled[0].endswith(":") and (width < WIDE or len(filled) == 1):
        return None
    return filled[0].rstrip(": "), filled[1] if len(filled) == 2 else ""


def with_facts(frame: pl.DataFrame, lines: Sequence[Sequence[str]]) -> pl.DataFrame:
    """A table with a column for each fact in the lines above its headings, the same in every row."""
    width = frame.width
    found = dict(pair for line in lines if (pair := fact(line, width)) is not None)
    new = {name: value for name, value in found.items() if value and name not in frame.columns}
    return frame.with_columns(pl.lit(value).alias(name) for name, value in new.items()) if frame.height else frame
