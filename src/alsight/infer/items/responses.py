"""From a table of visits to the responses of the kernels; every fault is found and named here."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from alsight.base.errors import DataError, Fault
from alsight.base.status import Status
from alsight.infer.faults import DesignProblem, problems_of
from alsight.infer.formulas import coded, levels_of, matrix, names_in
from alsight.infer.items.layout import ItemsLayout
from alsight.models.latent.items import MOST_SCORES, Items


@dataclass(frozen=True)
class ItemsPlan:
    """Which columns of a table mean what, and how they are coded; kept with a fit.

    Attributes:
        time: months since any origin; levels are those at 0.
        subject: identifiers.
        level: formula of the levels.
        rate: formula of the rates.
        scores: scores of each item, lowest first; empty before they are known.
        levels: categories of text columns, the reference first.
    """

    time: str
    subject: str
    level: str
    rate: str
    scores: list[list[float]]
    levels: dict[str, list[str]]


@dataclass(frozen=True)
class Responses:
    """The scores of a table, one entry an item that was scored, person after person.

    Attributes:
        start: first response of each person, and the end.
        time: time of each response.
        item: its item, counted over all traits.
        index: its score's place among the item's scores, counted from 0.
        row: its row of `table`.
        level: design of the levels, one row a person.
        rate: design of the rates.
        owner: person of each row of `table`.
        subjects: identifiers.
        table: the rows in their order, sorted by person.
        layout: parameters.
        plan: how it was read.
        dropped: rows excluded because a value was missing.
        problems: faults of the table.
    """

    start: Int[np.ndarray, " edge"]
    time: Float[np.ndarray, " response"]
    item: Int[np.ndarray, " response"]
    index: Int[np.ndarray, " response"]
    row: Int[np.ndarray, " response"]
    level: Float[np.ndarray, "subject level"]
    rate: Float[np.ndarray, "subject rate"]
    owner: Int[np.ndarray, " row"]
    subjects: pl.Series
    table: pl.DataFrame
    layout: ItemsLayout
    plan: ItemsPlan
    dropped: int
    problems: tuple[DesignProblem, ...]

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.subjects)


def read_responses(visits: pl.DataFrame, plan: ItemsPlan, model: Items, *, predicting: bool = False) -> Responses:
    """Responses of a table, one row a visit.

    Args:
        visits: with the columns of the plan and the items; rows without a time or a covariate are excluded, and,
            unless `predicting`, rows without any item.
        plan: what the columns mean; scores and categories are taken from the table where none are given.
        model: traits and items.
        predicting: keep rows that nothing was scored at; items that are absent count as not scored.

    Raises:
        DataError: a column is missing or no number, or a score was not seen when the model was fitted.
    """
    needed = [plan.subject, plan.time, *sorted({*names_in(plan.level), *names_in(plan.rate)})]
    whole = _columns(visits, needed, plan, model, predicting)
    accepted = whole.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in needed))
    if not predicting:
        accepted = accepted.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in model.items))
    accepted = accepted.sort(plan.subject, plan.time, maintain_order=True)
    runs = accepted.select(pl.col(plan.subject).rle_id().alias("run"))["run"].to_numpy().astype(np.int64)
    first = np.flatnonzero(np.diff(runs, prepend=-1) != 0)
    people = accepted[first]
    requested = set(needed[2:])
    plan = replace(plan, levels=plan.levels or levels_of(people, requested))
    table = accepted.select(model.items).cast(pl.Float64).to_numpy().reshape(-1, len(model.items))
    if not plan.scores:
        columns = [table[:, k][np.isfinite(table[:, k])] for k in range(len(model.items))]
        plan = replace(plan, scores=[sorted({float(value) for value in column}) for column in columns])
    designs = [matrix(coded(people, plan.levels), part, {})[:2] for part in (plan.level, plan.rate)]
    level, names = _without_intercept(*designs[0])
    layout = ItemsLayout(model, tuple(tuple(part) for part in plan.scores), names, designs[1][1])
    row, item = np.nonzero(np.isfinite(table))
    found = Responses(
        np.searchsorted(runs[row], np.arange(len(first) + 1)),
        accepted[plan.time].to_numpy().astype(float)[row],
        item,
        _places(table[row, item], item, plan, model),
        row,
        level,
        designs[1][0],
        runs,
        people[plan.subject],
        accepted,
        layout,
        plan,
        whole.height - accepted.height,
        (),
    )
    return found if predicting else replace(found, problems=tuple(_problems(found, whole)))


def _without_intercept(
    design: Float[np.ndarray, "subject column"], names: tuple[str, ...]
) -> tuple[Float[np.ndarray, "subject level"], tuple[str, ...]]:
    # The mean level is 0 where covariates are: the steps of the items carry it.
    keep = [index for index, name in enumerate(names) if name != "Intercept"]
    return np.ascontiguousarray(design[:, keep]), tuple(names[index] for index in keep)


def _columns(visits: pl.DataFrame, needed: list[str], plan: ItemsPlan, model: Items, predicting: bool) -> pl.DataFrame:
    if predicting:
        absent = [name for name in model.items if name not in visits.columns]
        visits = visits.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in absent)
    used = [*needed, *model.items]
    faults = [
        _fault("no_column", name, f"There is no column {name}.", f"Name one of {', '.join(visits.columns[:20])}.")
        for name in used
        if name not in visits.columns
    ]
    numbers = [name for name in (plan.time, *model.items) if name in visits.columns]
    faults += [
        _fault("not_numeric", name, f"{name} is no number.", "Give a numeric column.")
        for name in numbers
        if not (visits.schema[name].is_numeric() or visits.schema[name] == pl.Null)
    ]
    if faults:
        raise DataError(faults)
    numbers += [name for name in needed[2:] if visits.schema[name].is_float()]
    whole = visits.with_columns(pl.col(name).cast(pl.Float64).fill_nan(None) for name in dict.fromkeys(numbers))
    if endless := [name for name in model.items if whole[name].is_infinite().any()]:
        raise DataError([_fault("not_finite", n, _infinite(whole, n, plan), "Correct or empty it.") for n in endless])
    many = [name for name in model.items if whole[name].n_unique() > MOST_SCORES + 1]
    if many:
        how_to_fix = "Give items scored in a few ordered categories."
        raise DataError(
            [_fault("not_ordinal", n, f"{n} has more than {MOST_SCORES} scores.", how_to_fix) for n in many]
        )
    return whole if predicting else whole.select(list(dict.fromkeys(used)))


def _infinite(whole: pl.DataFrame, name: str, plan: ItemsPlan) -> str:
    return f"{name} is infinite for subject {whole.filter(pl.col(name).is_infinite())[plan.subject][0]}."


def _places(
    values: Float[np.ndarray, " response"], item: Int[np.ndarray, " response"], plan: ItemsPlan, model: Items
) -> Int[np.ndarray, " response"]:
    index = np.zeros(len(values), dtype=np.int64)
    faults: list[Fault] = []
    for k, (name, scores) in enumerate(zip(model.items, plan.scores, strict=True)):
        mine = item == k
        found = np.searchsorted(np.array(scores), values[mine])
        known = np.isin(values[mine], scores)
        if not known.all():
            listed = ", ".join(f"{value:g}" for value in scores)
            message = f"{name} holds {values[mine][~known][0]:g}, which the fit never saw."
            faults.append(_fault("unknown_level", name, message, f"Use one of {listed}."))
        index[mine] = np.minimum(found, max(len(scores) - 1, 0))
    if faults:
        raise DataError(faults)
    return index


def _problems(found: Responses, whole: pl.DataFrame) -> list[DesignProblem]:
    plan, layout = found.plan, found.layout
    problems: list[DesignProblem] = []
    lost = whole.filter(~pl.col(plan.subject).is_in(found.subjects.implode()))
    gone = lost[plan.subject].drop_nulls().unique().sort()
    if len(gone):
        named = ", ".join(str(name) for name in gone.head(5))
        message = f"{len(gone)} subjects have no complete row with an item and were excluded: {named}."
        problems.append(DesignProblem(Status.TOO_FEW_DATA, message, fatal=False))
    for name, scores in zip(layout.model.items, layout.scores, strict=True):
        if not scores:
            problems.append(DesignProblem(Status.TOO_FEW_DATA, f"{name} was never scored."))
        elif len(scores) == 1:
            problems.append(DesignProblem(Status.CONSTANT, f"{name} has the same score everywhere."))
        elif gaps := [f"{s:g}" for s in np.arange(scores[0], scores[-1]) if s not in scores]:
            message = f"{name} was never scored {', '.join(gaps)}: there the threshold is that of the next score."
            problems.append(DesignProblem(Status.CONVERGED, message, fatal=False))
    need = layout.spread.stop - int(layout.first[-1])
    if found.people <= need:
        message = f"{found.people} subjects cannot determine {need} means, SDs and correlations of levels and rates."
        problems.append(DesignProblem(Status.TOO_FEW_DATA, message))
        return problems
    if not np.isfinite(found.time).all():
        problems.append(DesignProblem(Status.NOT_FINITE, f"{plan.time} holds a value that is infinite."))
        return problems
    time = found.table[plan.time].to_numpy()
    first = np.flatnonzero(np.diff(found.owner, prepend=-1) != 0)
    if not (np.maximum.reduceat(time, first) > np.minimum.reduceat(time, first)).any():
        problems.append(
            DesignProblem(Status.SINGULAR, f"{plan.time} never changes within a subject: no rate can be seen.")
        )
    edges, numbers = np.arange(found.people + 1), np.arange(found.people, dtype=float)
    whole_level = np.column_stack([np.ones(found.people), found.level])
    for design, names in ((whole_level, ("Intercept", *layout.level)), (found.rate, layout.rate)):
        problems += problems_of(numbers, design, design[:, :0], edges, ("people", names, ()))
    return problems


def _fault(rule: str, column: str, message: str, how_to_fix: str) -> Fault:
    return Fault(table="visits", rule=rule, column=column, message=message, how_to_fix=how_to_fix)
