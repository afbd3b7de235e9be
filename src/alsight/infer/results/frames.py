"""Tables of any library as polars: polars, pandas, Arrow, and columns by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from alsight.base.errors import SpecError


def as_frame(data: Any, field: str = "data") -> pl.DataFrame:
    """A table as polars.

    Pandas' ordered categories become an Enum in their order; its missing values become null. Anything with the Arrow
    interface is taken too (`__arrow_c_stream__`: pyarrow, DuckDB, ...), and columns by name.

    Args:
        data: the table.
        field: how it is called in the request.

    Raises:
        SpecError: it is no table.
    """
    if isinstance(data, pl.DataFrame):
        return data
    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if type(data).__module__.partition(".")[0] == "pandas":
        return _from_pandas(data, field)
    try:
        if isinstance(data, Mapping) or hasattr(data, "__arrow_c_stream__"):
            return pl.DataFrame(data)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise SpecError([(field, f"columns of equal length ({error})", type(data).__name__)]) from error
    allowed = "a polars or pandas table, an Arrow table, or columns by name"
    raise SpecError([(field, allowed, type(data).__name__)])


def _from_pandas(data: Any, field: str) -> pl.DataFrame:
    if not hasattr(data, "columns"):
        raise SpecError([(field, "a table; a pandas Series is one column", type(data).__name__)])
    columns: list[pl.Series] = []
    for name in data.columns:
        column = data[name]
        if not hasattr(column, "dtype"):
            raise SpecError([(field, "one column of each name", f"two columns {name}")])
        if type(column.dtype).__name__ == "CategoricalDtype":
            values = [None if value != value else str(value) for value in column]  # noqa: PLR0124 - nan is no value
            categories = [str(level) for level in column.cat.categories]
            columns.append(pl.Series(str(name), values, dtype=pl.Enum(categories)))
            continue
        try:
            columns.append(pl.from_pandas(column, nan_to_null=True).alias(str(name)))
        except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
            found = sorted({type(value).__name__ for value in column})
            raise SpecError([(f"{field}.{name}", "values of one kind", ", ".join(found))]) from error
    return pl.DataFrame(columns)
