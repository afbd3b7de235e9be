"""A table of follow-up as arrays of a Cox regression; what is missing is excluded and counted, the rest is checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

from alsight.base.columns import determined
from alsight.base.errors import DataError, Fault
from alsight.base.status import Status
from alsight.infer.design import refuse_weights
from alsight.infer.faults import DesignProblem, notes_of
from alsight.infer.formulas import Encoding, coded, known, levels_of, matrix, names_in
from alsight.infer.survival.coding import Happened, events_of, numbers
from alsight.models.model import Record


@dataclass(frozen=True)
class CoxColumns:
    """Which columns of a table say what; empty where there is none.

    Attributes:
        time: end of follow-up.
        event: whether it ended with the event.
        entry: start of follow-up.
        strata: columns whose combinations have baseline hazards of their own.
        cluster: whose rows belong together.
        weight: case weights.
    """

    time: str
    event: str
    entry: str = ""
    strata: tuple[str, ...] = ()
    cluster: str = ""
    weight: str = ""


@dataclass(frozen=True)
class CoxRows:
    """The rows of a table that have every value.

    Attributes:
        columns: design without an intercept.
        names: its columns' names.
        time: end of follow-up.
        event: whether it ended with the event.
        entry: start of follow-up; None where everyone was there from the start.
        stratum: baseline hazard of each row, counted from 1; None for one.
        cluster: whose row it is, counted from 1; None for each on its own.
        weight: case weights; None for none.
        record: counts and notes.
        fault: what forbids a fit.
    """

    columns: Float[np.ndarray, "row column"]
    names: tuple[str, ...]
    time: Float[np.ndarray, "*_ row"]
    event: Bool[np.ndarray, "*_ row"]
    entry: Float[np.ndarray, "*_ row"] | None
    stratum: Int[np.ndarray, "*_ row"] | None
    cluster: Int[np.ndarray, "*_ row"] | None
    weight: Float[np.ndarray, "*_ row"] | None
    record: Record
    fault: DesignProblem | None


def read_cox(table: pl.DataFrame, formula: str, asked: CoxColumns, happened: Happened = None) -> CoxRows:
    """The rows of a table that have every value, as arrays.

    Args:
        table: one row a person or interval.
        formula: covariates.
        asked: which columns say what.
        happened: value of the event's column that means it happened.

    Raises:
        DataError: a column is missing, the coding of the event is not clear, or a row ends before it begins.
    """
    right = formula.partition("~")[2] if "~" in formula else formula
    used = [*names_in(right), asked.time, asked.event, *asked.strata, asked.entry, asked.cluster, asked.weight]
    used = [name for name in dict.fromkeys(used) if name]
    _refuse_strangers(table, used)
    numbered = table.with_row_index(ROW)
    whole = numbered.filter(pl.all_horizontal(known(table, name) for name in used))
    time = numbers(whole, asked.time)
    entry = numbers(whole, asked.entry) if asked.entry else None
    if entry is not None and (backwards := entry >= time).any():
        raise _backwards(whole, asked, int(np.argmax(backwards)))
    event = events_of(whole[asked.event], happened)
    if asked.weight:
        refuse_weights(whole, asked.weight)
    levels = levels_of(whole, set(names_in(right)))
    columns, names, state = matrix(coded(whole, levels), right, {})
    keep = [spot for spot, name in enumerate(names) if name != "Intercept"]
    columns, names = columns[:, keep], tuple(names[spot] for spot in keep)
    fault = _fault(columns, names, event, asked.event)
    gone = table.height - whole.height
    notes = notes_of([fault] if fault else [], f"{gone} of {table.height}" if gone else "")
    encoding = Encoding(asked.time, right, levels=levels, state={right: state}).dump()
    return CoxRows(
        columns,
        names,
        time,
        event,
        entry,
        _ranked(whole, asked.strata) if asked.strata else None,
        _ranked(whole, [asked.cluster]) if asked.cluster else None,
        whole[asked.weight].cast(pl.Float64).to_numpy() if asked.weight else None,
        Record("ml", whole.height, whole.height, gone, notes, encoding),
        fault,
    )


ROW = "row of the table"


def _refuse_strangers(table: pl.DataFrame, used: Sequence[str]) -> None:
    how_to_fix = f"Name one of {', '.join(table.columns[:20])}."
    if missing := [name for name in used if name not in table.columns]:
        raise DataError(
            [
                Fault(
                    table="survival",
                    rule="no_column",
                    column=name,
                    message=f"There is no column {name}.",
                    how_to_fix=how_to_fix,
                )
                for name in missing
            ]
        )


def _ranked(whole: pl.DataFrame, names: Sequence[str]) -> Int[np.ndarray, "*_ row"]:
    return whole.select(pl.struct(names).rank("dense")).to_series().to_numpy().astype(int)


def _fault(columns: np.ndarray, names: tuple[str, ...], event: np.ndarray, called: str) -> DesignProblem | None:
    if len(event) == 0:
        return DesignProblem(Status.TOO_FEW_DATA, "No row has every value.")
    if not event.any():
        return DesignProblem(Status.NO_EVENTS, f"{called} is never 1: no event was observed.")
    for name, column in zip(names, columns.T, strict=True):
        if not np.isfinite(column).all():
            return DesignProblem(Status.NOT_FINITE, f"{name} holds a value that is infinite.")
        if np.ptp(column) == 0:
            return DesignProblem(Status.CONSTANT, f"{name} has the same value in every row.")
    whole = np.column_stack([np.ones(len(columns)), columns])
    for place, weights in determined(whole):
        others = [name for name, weight in zip(names, weights[1:], strict=False) if abs(weight) > 0]
        return DesignProblem(Status.COLLINEAR, f"{names[place - 1]} is determined by {', '.join(others)}.")
    return None


def _backwards(whole: pl.DataFrame, asked: CoxColumns, spot: int) -> DataError:
    row = int(whole[ROW][spot]) + 1
    value = f"{whole[asked.entry][spot]} to {whole[asked.time][spot]}"
    fault = Fault(
        table="survival",
        rule="ends_before_it_begins",
        row=row,
        column=asked.time,
        value=value,
        message=f"Row {row} runs from {value}.",
        how_to_fix=f"{asked.time} must be later than {asked.entry}.",
    )
    return DataError([fault])
