"""Letters of sex that languages use differently: M is a man, but mujer beside the H of hombre."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import polars as pl

from alsight.cohort.mapping.spec import ColumnMap, TableMap
from alsight.cohort.mapping.words import compact


def lettered(frames: Sequence[pl.DataFrame], tables: Sequence[TableMap]) -> list[TableMap]:
    """Tables whose columns of sex say what each letter means, where the letters of all tables decide it.

    Under a Spanish heading M alone could be mujer or masculino: it then counts as missing.

    Args:
        frames: cells of each table.
        tables: how each is read.
    """
    pairs = list(zip(frames, tables, strict=True))
    letters = {letter for frame, table in pairs for heading in _sexes(table) for letter in _letters(frame, heading)}
    if letters == {"h", "m"}:
        values = {"h": "male", "m": "female"}
    elif letters == {"m"} and any(compact(name) in ("sexo", "genero") for table in tables for name in _sexes(table)):
        values = {"m": ""}
    else:
        return list(tables)
    return [_said(table, values) for table in tables]


def _sexes(table: TableMap) -> list[str]:
    return [heading for heading, column in table.maps().items() if column.means == "sex" and not column.values]


def _letters(frame: pl.DataFrame, heading: str) -> set[str]:
    if heading not in frame.columns or frame[heading].dtype != pl.String:
        return set()
    cells = frame[heading].drop_nulls().unique().str.strip_chars().str.to_lowercase()
    return set(cells.filter(cells.str.contains(r"^[a-z]$")))


def _said(table: TableMap, values: dict[str, str]) -> TableMap:
    columns: dict[str, ColumnMap | str] = dict(table.maps())
    for heading in _sexes(table):
        why = "letters of sex in Spanish"
        columns[heading] = msgspec.structs.replace(table.maps()[heading], values=values, why=why)
    return msgspec.structs.replace(table, columns=columns)
