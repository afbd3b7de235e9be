"""How columns of a table say when follow-up ended and by what; a coding that is not clear is refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from jaxtyping import Bool, Float

from alsight.base.errors import DataError, Fault

Happened = str | int | float | bool | Sequence[str | int | float] | None
"""Value of an event's column that means it happened, or one a cause; None where it is coded 0, 1, 2 ..."""


def numbers(table: pl.DataFrame, name: str, called: str = "survival") -> Float[np.ndarray, " row"]:
    """A column of times as numbers.

    Raises:
        DataError: it is no number, or infinite in a row.
    """
    column = table[name]
    if not column.dtype.is_numeric():
        raise DataError([_fault("not_numeric", name, f"{name} is no number.", "Give a numeric column.", called)])
    values = column.cast(pl.Float64).to_numpy()
    if (wrong := np.isinf(values)).any():
        row = int(np.argmax(wrong)) + 1
        message = f"{name} is infinite in row {row}."
        raise DataError([_fault("not_finite", name, message, "Correct it or leave it empty.", called, row)])
    return values


def events_of(column: pl.Series, happened: Happened = None) -> Bool[np.ndarray, " row"]:
    """Whether each row ended with the event.

    Raises:
        DataError: the column is neither true and false nor 0 and 1, and it was not said what means an event.
    """
    cause = causes_of(column, happened)
    if cause.max(initial=0) > 1:
        raise _unclear(column, "the event was coded by more than one value")
    return cause == 1


def causes_of(column: pl.Series, happened: Happened = None) -> Float[np.ndarray, " row"]:
    """0 for no event, and 1, 2 ... for the causes.

    Raises:
        DataError: text, negative or broken numbers, or numbers without a 0, and it was not said what means an event.
    """
    if happened is not None:
        chosen = [happened] if isinstance(happened, (str, int, float, bool)) else list(happened)
        cause = np.zeros(len(column))
        for number, value in enumerate(chosen):
            cause[_same(column, value)] = number + 1
        return cause
    if column.dtype == pl.Boolean:
        return column.cast(pl.Float64).to_numpy()
    if not column.dtype.is_numeric():
        raise _unclear(column, "they are text")
    values = column.cast(pl.Float64).to_numpy()
    if not ((values >= 0) & (values == np.round(values))).all():
        raise _unclear(column, "events are 0, 1, 2 ...")
    if values.max(initial=0) > 1 and not (values == 0).any():
        raise _unclear(column, "no row is 0, so 1 may mean an event or none")
    return values


def _same(column: pl.Series, value: object) -> Bool[np.ndarray, " row"]:
    if column.dtype == pl.Boolean or isinstance(value, bool):
        return (column.cast(pl.Float64) == float(bool(value))).to_numpy()
    if column.dtype.is_numeric() and isinstance(value, (int, float)):
        return (column.cast(pl.Float64) == float(value)).to_numpy()
    return (column.cast(pl.String) == str(value)).to_numpy()


def _unclear(column: pl.Series, why: str) -> DataError:
    seen = column.unique().sort().head(5).to_list()
    shown = ", ".join(f"{value:g}" if isinstance(value, float) else repr(value) for value in seen)
    message = f"{column.name} holds {shown}: {why}."
    how_to_fix = f"Code 1 for an event and 0 for none, or say which value is the event, happened={seen[-1]!r}."
    return DataError([_fault("bad_event", column.name, message, how_to_fix)])


def _fault(rule: str, column: str, message: str, how_to_fix: str, table: str = "survival", row: int = 0) -> Fault:
    return Fault(table=table, rule=rule, column=column, row=row, message=message, how_to_fix=how_to_fix)
