"""What a column and a table of the data dictionary are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl


@dataclass(frozen=True)
class Column:
    """One column of the data dictionary.

    Attributes:
        name: column name, the unit in it where it could be mistaken.
        dtype: polars type as stored.
        meaning: one line for the dictionary page.
        unit: unit of the values, empty for names and codes.
        low: least value accepted, None for no bound.
        high: greatest value accepted, None for no bound.
        choices: the only values accepted, empty for any.
        required: whether a row without it is refused.
        identifying: whether pseudonymized output must drop or hash it.
    """

    name: str
    dtype: Any
    meaning: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    required: bool = False
    identifying: bool = False


@dataclass(frozen=True)
class Table:
    """One table: its rows are facts, `key` names what one row is about.

    Attributes:
        name: table name, also its file name.
        meaning: what one row is.
        columns: declared columns in their order.
        key: columns that together may occur only once; empty where repeats are allowed.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    by_name: dict[str, Column] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})

    @property
    def schema(self) -> dict[str, Any]:
        """Column name to polars type, in order."""
        return {column.name: column.dtype for column in self.columns}

    def empty(self) -> pl.DataFrame:
        """The table without rows."""
        return pl.DataFrame(schema=self.schema)


DAY: Final = Column("day", pl.Int32, "days since the person's entry (day 0)", "day", -36525, 36525, required=True)
SUBJECT: Final = Column("subject", pl.String, "the person's identifier", required=True, identifying=True)
