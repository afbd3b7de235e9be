"""From a table of visits to the arrays of the kernels: nodes at visits and between them where visits are far apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from alsight.base.errors import DataError, Fault
from alsight.base.status import Status
from alsight.infer.faults import DesignProblem, problems_of
from alsight.infer.filter.state import Batch
from alsight.infer.formulas import coded, levels_of, matrix, names_in
from alsight.models.latent.velocity import Velocity

SHORTEST = 1e-4
"""Least time between nodes [months]; visits of the same moment count as this far apart."""


@dataclass(frozen=True)
class VelocityColumns:
    """Which columns of a table mean what, and how text columns are coded.

    Attributes:
        time: months since any origin.
        outcome: the score.
        subject: identifiers.
        level: formula of the level at a person's first visit.
        rate: formula of the log rate.
        levels: categories of text columns, the reference first.
    """

    time: str
    outcome: str
    subject: str
    level: str
    rate: str
    levels: dict[str, list[str]]


@dataclass(frozen=True)
class VelocityPeople:
    """The persons of a table.

    Attributes:
        batch: ratings and nodes.
        level: design of the level, one row a person.
        rate: design of the log rate.
        names: names of the columns of both designs.
        subjects: identifiers.
        origin: time of each person's first row [months].
        row_node: node of each row of `table`, counted over all persons.
        table: the rows in their order, sorted by person and time.
        dropped: rows excluded because a value was missing.
        problems: faults of the table.
    """

    batch: Batch
    level: Float[np.ndarray, "subject level"]
    rate: Float[np.ndarray, "subject rate"]
    names: tuple[tuple[str, ...], tuple[str, ...]]
    subjects: pl.Series
    origin: Float[np.ndarray, " subject"]
    row_node: Int[np.ndarray, " row"]
    table: pl.DataFrame
    dropped: int
    problems: tuple[DesignProblem, ...]

    @property
    def count(self) -> int:
        """Number of persons."""
        return len(self.subjects)

    @property
    def widths(self) -> tuple[int, int]:
        """Most nodes and most ratings of a person."""
        batch = self.batch
        most = [int(np.diff(start).max(initial=1)) for start in (batch.node_start, batch.visit_start)]
        return most[0], max(most[1], 1)


def read_people(
    visits: pl.DataFrame, columns: VelocityColumns, model: Velocity, *, predicting: bool = False
) -> VelocityPeople:
    """Arrays of a table, one row a visit.

    Args:
        visits: with the columns named; rows without a time or a covariate are excluded and counted.
        columns: which mean what; `levels` are taken from the table where none are given.
        model: bounds, grid and distance of nodes.
        predicting: keep rows without an outcome, as times at which nothing was rated.

    Raises:
        DataError: a column is missing or no number, or a score lies outside the scale.
    """
    covariates = sorted({*names_in(columns.level), *names_in(columns.rate)})
    used = [columns.subject, columns.time, columns.outcome, *covariates]
    whole = _columns(visits, columns, used, predicting)
    needed = [name for name in used if not (predicting and name == columns.outcome)]
    accepted = whole.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in needed))
    accepted = accepted.sort(columns.subject, columns.time, maintain_order=True)
    score = accepted[columns.outcome].to_numpy().astype(float)
    _refuse_outside(score, columns, model)
    starts = accepted.select(pl.col(columns.subject).rle_id().alias("run"))["run"].to_numpy()
    first = np.flatnonzero(np.r_[True, np.diff(starts.astype(np.int64)) != 0]) if accepted.height else np.empty(0, int)
    batch, row_node = _batch(accepted[columns.time].to_numpy().astype(float), score, first, model)
    people = accepted[first]
    levels = columns.levels or levels_of(people, set(covariates))
    ready = coded(people, levels)
    level, level_names, _ = matrix(ready, columns.level, {})
    rate, rate_names, _ = matrix(ready, columns.rate, {})
    problems = _problems(whole, accepted, batch, (level, rate), (level_names, rate_names), columns)
    return VelocityPeople(
        batch,
        level,
        rate,
        (level_names, rate_names),
        people[columns.subject],
        people[columns.time].to_numpy().astype(float),
        row_node,
        accepted,
        whole.height - accepted.height,
        problems,
    )


def _columns(visits: pl.DataFrame, columns: VelocityColumns, used: list[str], predicting: bool) -> pl.DataFrame:
    if predicting and columns.outcome not in visits.columns:
        visits = visits.with_columns(pl.lit(None, dtype=pl.Float64).alias(columns.outcome))
    faults = [
        _fault("no_column", name, f"There is no column {name}.", f"Name one of {', '.join(visits.columns[:20])}.")
        for name in used
        if name not in visits.columns
    ]
    faults += [
        _fault("not_numeric", name, f"{name} is no number.", "Give a numeric column.")
        for name in (columns.time, columns.outcome)
        if name in visits.columns and not (visits.schema[name].is_numeric() or visits.schema[name] == pl.Null)
    ]
    if faults:
        raise DataError(faults)
    floats = [name for name in used if visits.schema[name].is_float()]
    numbers = [pl.col(name).cast(pl.Float64).fill_nan(None) for name in {columns.time, columns.outcome, *floats}]
    whole = visits.select(list(dict.fromkeys(used))).with_columns(numbers)
    endless = [name for name in {columns.time, *floats} - {columns.outcome} if whole[name].is_infinite().any()]
    if endless:
        how_to_fix = "Correct it or leave it empty."
        raise DataError(
            [_fault("not_finite", name, _infinite(whole, name, columns), how_to_fix) for name in sorted(endless)]
        )
    return whole


def _infinite(whole: pl.DataFrame, name: str, columns: VelocityColumns) -> str:
    who = whole.filter(pl.col(name).is_infinite())[columns.subject][0]
    return f"{name} is infinite for subject {who}."


def _refuse_outside(score: Float[np.ndarray, " row"], columns: VelocityColumns, model: Velocity) -> None:
    outside = (score < model.low) | (score > model.high)
    if outside.any():
        message = f"{int(outside.sum())} values of {columns.outcome} lie outside {model.low:g} to {model.high:g}."
        raise DataError([_fault("out_of_range", columns.outcome, message, "Correct them, or name the scale's bounds.")])


def _batch(
    time: Float[np.ndarray, " row"],
    score: Float[np.ndarray, " row"],
    first: Int[np.ndarray, " subject"],
    model: Velocity,
) -> tuple[Batch, Int[np.ndarray, " row"]]:
    rows, count = len(time), len(first)
    opening = np.zeros(rows, bool)
    opening[first] = True
    owner = np.cumsum(opening) - 1
    apart = np.where(opening, 0.0, np.maximum(np.diff(time, prepend=0.0), SHORTEST))
    pieces = np.where(opening, 1, np.maximum(np.ceil(apart / model.step - 1e-6), 1)).astype(np.int64)
    step = np.repeat(apart / pieces, pieces)
    row_node = np.cumsum(pieces) - 1
    node_start = np.r_[row_node[first], len(step)].astype(np.int64)
    observed = np.isfinite(score)
    seen_owner = owner[observed]
    visit_start = np.searchsorted(seen_owner, np.arange(count + 1)).astype(np.int64)
    when = np.cumsum(apart)[observed]
    gap = np.where(np.diff(seen_owner, prepend=-1) != 0, 0.0, np.diff(when, prepend=0.0))
    rated = score[observed]
    bound = np.where(rated <= model.low, -1, np.where(rated >= model.high, 1, 0)).astype(np.int64)
    node = (row_node[observed] - node_start[seen_owner]).astype(np.int64)
    number = np.arange(count, dtype=np.uint64)
    return Batch(node_start, visit_start, step, node, gap, rated, bound, number), row_node


def _problems(
    whole: pl.DataFrame,
    accepted: pl.DataFrame,
    batch: Batch,
    designs: tuple[np.ndarray, np.ndarray],
    names: tuple[tuple[str, ...], tuple[str, ...]],
    columns: VelocityColumns,
) -> tuple[DesignProblem, ...]:
    people, values = len(batch.node_start) - 1, len(batch.score)
    found: list[DesignProblem] = []
    lost = whole[columns.subject].drop_nulls().n_unique() - accepted[columns.subject].n_unique()
    if lost:
        gone = whole.filter(~pl.col(columns.subject).is_in(accepted[columns.subject].unique().implode()))
        named = ", ".join(str(name) for name in gone[columns.subject].drop_nulls().unique().sort().head(5))
        message = f"{lost} subjects have no complete row with {columns.outcome} and were excluded: {named}."
        found.append(DesignProblem(Status.TOO_FEW_DATA, message, fatal=False))
    several = int((np.diff(batch.visit_start) > 2).sum())
    if several < 10:
        message = f"{several} subjects have three or more visits: too few to tell pace, noise and rate apart."
        found.append(DesignProblem(Status.TOO_FEW_DATA, message))
    elif values and np.ptp(batch.score) == 0:
        found.append(DesignProblem(Status.CONSTANT, f"{columns.outcome} has the same value everywhere."))
    spans = (
        accepted.filter(pl.col(columns.outcome).is_not_null())
        .group_by(columns.subject)
        .agg(pl.col(columns.time).max() - pl.col(columns.time).min())
    )
    if spans.height and not (spans[columns.time] > 0).any():
        message = f"{columns.time} never changes within a subject: no rate can be seen."
        found.append(DesignProblem(Status.SINGULAR, message))
    for design, called in zip(designs, names, strict=True):
        found += _useless(design, called, people)
    return tuple(found)


def _useless(design: np.ndarray, called: tuple[str, ...], people: int) -> list[DesignProblem]:
    if design.shape[1] >= max(people, 1):
        return [DesignProblem(Status.TOO_FEW_DATA, f"{people} subjects cannot determine {', '.join(called)}.")]
    numbers, edges = np.arange(people, dtype=float), np.arange(people + 1)
    return list(problems_of(numbers, design, design[:, :0], edges, ("people", called, ())))


def _fault(rule: str, column: str, message: str, how_to_fix: str) -> Fault:
    return Fault(table="visits", rule=rule, column=column, message=message, how_to_fix=how_to_fix)
