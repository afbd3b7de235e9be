"""Whatever a cohort holds, each written format gives it back."""

from __future__ import annotations

import tempfile
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsight.cohort.cohort import Cohort
from alsight.cohort.read.native import read_cohort
from alsight.cohort.schema import Column, Table
from alsight.cohort.tables import REJECTED, TABLES
from alsight.cohort.write.folder import FORMATS, write_cohort

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(
    [
        "007",
        "=1",
        "+",
        "-1",
        "@",
        "'",
        "''=",
        "NA",
        "null",
        "1.0",
        "true",
        "\r\n",
        '"',
        ",",
        "\x00",
        "_x0041_",
        " ",
        "é",
        "患者",
    ]
)


def values(column: Column) -> st.SearchStrategy[Any]:
    if column.dtype == pl.Boolean:
        return st.booleans()
    if column.dtype == pl.Date:
        return st.dates(date(1900, 3, 1), date(2100, 1, 1))
    if column.dtype == pl.Float32:
        return st.floats(width=32, allow_nan=False, allow_infinity=False)
    if column.dtype == pl.Float64:
        return st.floats(allow_nan=False, allow_infinity=False)
    if column.dtype in (pl.Int32, pl.Int64):
        return st.integers(-(2**31), 2**31 - 1)
    return TEXT


def frames(table: Table) -> st.SearchStrategy[pl.DataFrame]:
    # Faults carry empty text where something is not known, other tables carry nothing.
    empty = st.just("") if table is REJECTED else st.none()
    row = st.tuples(*(values(column) | (empty if column.dtype == pl.String else st.none()) for column in table.columns))
    return st.lists(row, max_size=4).map(lambda rows: pl.DataFrame(rows, schema=table.schema, orient="row"))


COHORTS = st.builds(Cohort, **{name: frames(table) for name, table in TABLES.items()}, rejected=frames(REJECTED))


@pytest.mark.parametrize("form", FORMATS)
@settings(deadline=None, max_examples=40, derandomize=True)
@given(cohort=COHORTS)
def test_round_trip(form: str, cohort: Cohort) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_cohort(cohort, folder, form)
        found = read_cohort(folder)
    for name, frame in {**cohort.frames(), "rejected": cohort.rejected}.items():
        other = found.rejected if name == "rejected" else found.frames()[name]
        assert other.schema == frame.schema
        assert other.equals(frame), (name, frame.rows(), other.rows())
