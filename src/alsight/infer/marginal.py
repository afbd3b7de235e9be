"""Fits marginal models for repeated measures (MMRM), and least-squares means from them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np
import polars as pl
from jaxtyping import Bool, Float

from alsight.base.errors import DataError, Fault, SpecError
from alsight.base.status import Status
from alsight.infer.design import DesignRows, design
from alsight.infer.faults import DesignProblem
from alsight.infer.fit import Fit, failed, join
from alsight.infer.formulas import parse_encoding
from alsight.infer.gaussian.degrees import Rule, contrasts
from alsight.infer.gaussian.grid import mean_rows
from alsight.infer.gaussian.patterns import Level, Patterned, builder, evaluate, marginal_pieces, patterned
from alsight.infer.gaussian.scoring import feasible, score, start_values
from alsight.models.columns import Working, working
from alsight.models.marginal import Marginal
from alsight.models.model import Columns, Record
from alsight.models.structures import STRUCTURES

Method = Literal["reml", "ml"]
LABEL: Final = re.compile(r"(.*?)(\d+(?:\.\d+)?)(\D*)")
"""Words, a number, words: a label of a visit."""
CHUNK = 2_000_000
"""Cells of summed products worked on at once in a batch of trials."""


def fit_marginal(
    table: pl.DataFrame,
    formula: str,
    *,
    visit: str,
    subject: str = "subject",
    structure: str = "us",
    group: str = "",
    weight: str = "",
    coordinates: Sequence[str] = (),
    method: Method = "reml",
    start: Sequence[float] | None = None,
) -> Fit:
    """Marginal model of any numeric outcome at planned visits, by (restricted) maximum likelihood.

    Args:
        table: one row a visit.
        formula: "change ~ baseline + arm * visit".
        visit: column of planned visits; its categories' order is the order in time.
        subject: column that tells people apart.
        structure: a name of `models.structures.STRUCTURES`.
        group: column whose levels have covariances of their own.
        weight: column of precision weights [above 0].
        coordinates: columns whose Euclidean distances a spatial structure reads.
        method: "reml" or "ml".
        start: first variance parameters; corrected where they are not positive definite.

    Returns:
        The fit; its status says why where the data do not allow one, and every number is then nan.

    Raises:
        SpecError: no such structure, or a spatial structure without coordinates.
        DataError: a column is missing or of the wrong kind.
    """
    _refuse(structure, coordinates)
    refuse_unknown_order(table, visit, structure)
    rows = design(table, formula, subject=subject, visit=visit, group=group, weight=weight, further=coordinates)
    return fit_marginal_rows(rows, structure, method, coordinates=coordinates, start=start)


def fit_marginal_rows(
    rows: DesignRows,
    structure: str,
    method: Method,
    *,
    coordinates: Sequence[str] = (),
    start: Sequence[float] | None = None,
) -> Fit:
    """The fit of a design that is already made.

    Args:
        rows: the design.
        structure: a name of `models.structures.STRUCTURES`.
        method: "reml" or "ml".
        coordinates: columns of the rows whose distances a spatial structure reads.
        start: first variance parameters.
    """
    model = Marginal(structure=structure)
    record = rows.record(method)
    fault = rows.fatal or _repeated(rows)
    if fault:
        noted = replace(record, notes=(*record.notes, *([] if fault is rows.fatal else [fault.message])))
        return failed(fault.status, model.parameters_of(rows.columns), rows.columns, model, noted)
    right, observed, weights = _by_slot(rows)
    right, even = _even(right)
    distance = _distance(rows, coordinates) if coordinates else None
    data, pattern = patterned(right, observed, rows.group[None], distance, weights)
    supplied = None if start is None else np.asarray(start, dtype=float)[None]
    fit, level = _fit(data, even, rows.columns, model, method, record, supplied)
    robust = _sandwich(right, pattern, level, observed, weights)
    return _single(fit, even.turn[0] @ robust @ even.turn[0].T)


def fit_marginal_trials(
    outcome: Float[np.ndarray, "trial subject slot"],
    fixed: Float[np.ndarray, "trial subject slot fixed"],
    observed: Bool[np.ndarray, "trial subject slot"],
    columns: Columns,
    structure: str = "us",
    method: Method = "reml",
) -> Fit:
    """Many trials of equal shape as one program; each has its own status, and one that fails harms no other.

    Args:
        outcome: measured value at each planned visit; anything finite where not seen.
        fixed: design.
        observed: which visits took place.
        columns: names; `slots` names the planned visits.
        structure: a name of `models.structures.STRUCTURES`.
        method: "reml" or "ml".
    """
    model, record = Marginal(structure=structure), Record(method, outcome.shape[1])
    right = np.concatenate([fixed, outcome[..., None]], axis=-1)
    right = np.where(observed[..., None], right, 0.0)
    patterns = 1 + len(np.unique(observed.reshape(-1, observed.shape[-1]), axis=0))
    size = max(1, CHUNK // (patterns * (right.shape[2] * right.shape[3]) ** 2))
    parts: list[Fit] = []
    for first in range(0, len(outcome), size):
        some = slice(first, first + size)
        group = np.zeros(observed[some].shape[:2], dtype=int)
        ready, even = _even(right[some])
        data, _ = patterned(ready, observed[some], group)
        parts.append(_fit(data, even, columns, model, method, record, None)[0])
    return parts[0] if len(parts) == 1 else join(parts)


def _even(right: Float[np.ndarray, "trial subject slot column"]) -> tuple[np.ndarray, Working]:
    # [X y] with X in working columns and y its least-squares residuals.
    shape = right.shape
    flat = right.reshape(shape[0], -1, shape[-1])
    even = working(flat[..., -1], flat[..., :-1], np.zeros((*flat.shape[:2], 0)))
    return np.concatenate([even.fixed, even.outcome[..., None]], axis=-1).reshape(shape), even


def _fit(
    data: Patterned,
    even: Working,
    columns: Columns,
    model: Marginal,
    method: Method,
    record: Record,
    supplied: np.ndarray | None,
) -> tuple[Fit, Level]:
    reml = method == "reml"
    build = builder(data, model.structure)
    begin = start_values(data, model.structure)
    if supplied is not None:
        begin = feasible(data, build, supplied, begin, reml=reml)
    theta, level, status, steps = score(data, build, begin, reml=reml)
    pieces = marginal_pieces(data, level, even.turn)
    p = level.beta.shape[1]
    beta = level.beta + even.least_squares
    estimates = np.concatenate([np.einsum("tab,tb->ta", even.turn, beta), theta], axis=1)
    covariance = np.zeros((*estimates.shape, estimates.shape[1]))
    covariance[:, :p, :p] = even.turn @ pieces.inverse @ np.swapaxes(even.turn, -1, -2)
    covariance[:, p:, p:] = pieces.variance
    fit = Fit(
        estimates=estimates,
        covariance=covariance,
        sandwich=np.full_like(covariance, np.nan),
        log_likelihood=-0.5 * level.deviance + (even.log_size if reml else 0.0),
        status=status,
        steps=steps,
        arrays=pieces.arrays()
        | {"working_estimates": np.concatenate([beta, theta], axis=1), "working_fixed": even.turn},
        parameters=model.parameters_of(columns),
        columns=columns,
        model=model,
        record=record,
    )
    return fit, level


def _single(fit: Fit, robust: Float[np.ndarray, "fixed fixed"]) -> Fit:
    square = np.full_like(fit.covariance[0], np.nan)
    p = len(robust)
    square[:p, :p] = robust
    arrays = {name: value[0] for name, value in fit.arrays.items()} | {"sandwich": robust}
    return replace(
        fit,
        estimates=fit.estimates[0],
        covariance=fit.covariance[0],
        sandwich=square,
        log_likelihood=np.asarray(fit.log_likelihood)[0],
        status=np.asarray(fit.status)[0],
        steps=np.asarray(fit.steps)[0],
        arrays=arrays,
    )


def _refuse(structure: str, coordinates: Sequence[str]) -> None:
    if structure not in STRUCTURES:
        raise SpecError([("structure", "one of " + ", ".join(STRUCTURES), structure)])
    if STRUCTURES[structure].spatial and not coordinates:
        raise SpecError([("coordinates", "columns of numbers, for a spatial structure", "nothing")])


def refuse_unknown_order(table: pl.DataFrame, visit: str, structure: str) -> None:
    """Stops where a structure follows the order of the visits and their labels are text in no certain order.

    Text is sorted by its characters, so that "Month 12" stands before "Month 3". It is taken where this is the order of
    its numbers.

    Raises:
        DataError: with what to do.
    """
    if visit not in table.columns or not STRUCTURES[structure].ordered:
        return
    column = table[visit]
    if not isinstance(column.dtype, (pl.String, pl.Categorical)):
        return
    labels = sorted(str(label) for label in column.drop_nulls().unique())
    parts = [LABEL.fullmatch(label) for label in labels]
    words = {(part[1], part[3]) for part in parts if part}
    order = [float(part[2]) for part in parts if part]
    if len(order) == len(labels) and len(words) <= 1 and order == sorted(order):
        return
    shown = ", ".join(labels[:6])
    fault = Fault(
        table="visits",
        rule="unknown_order",
        column=visit,
        value=labels[0],
        message=f"Structure {structure} follows the order of the visits, and {visit} is text: {shown}.",
        how_to_fix="Give numbers, or a polars Enum or ordered pandas categories in the order of time.",
    )
    raise DataError([fault])


def _repeated(rows: DesignRows) -> DesignProblem | None:
    key = rows.owner * (len(rows.columns.slots) + 1) + rows.slot
    values, counts = np.unique(key, return_counts=True)
    if counts.max(initial=1) == 1:
        return None
    subject, slot = divmod(int(values[np.argmax(counts)]), len(rows.columns.slots) + 1)
    message = f"Subject {rows.subjects[subject]} has more than one row at visit {rows.columns.slots[slot]}."
    return DesignProblem(Status.SINGULAR, message)


def _by_slot(rows: DesignRows) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    shape = (1, len(rows.subjects), len(rows.columns.slots))
    right = np.zeros((*shape, rows.fixed.shape[1] + 1))
    right[0, rows.owner, rows.slot, :-1] = rows.fixed
    right[0, rows.owner, rows.slot, -1] = rows.outcome
    observed = np.zeros(shape, dtype=bool)
    observed[0, rows.owner, rows.slot] = True
    if not rows.encoding.weight:
        return right, observed, None
    weight = np.ones(shape)
    weight[0, rows.owner, rows.slot] = rows.weight
    return right, observed, weight


def _distance(rows: DesignRows, coordinates: Sequence[str]) -> Float[np.ndarray, "subject slot slot"]:
    points = np.zeros((len(rows.subjects), len(rows.columns.slots), len(coordinates)))
    points[rows.owner, rows.slot] = rows.table.select(coordinates).cast(pl.Float64).to_numpy()
    return np.sqrt(((points[:, :, None] - points[:, None]) ** 2).sum(-1))


def _sandwich(
    right: np.ndarray, pattern: np.ndarray, level: Level, observed: np.ndarray, weight: np.ndarray | None
) -> Float[np.ndarray, "fixed fixed"]:
    root = observed.astype(float) if weight is None else np.sqrt(weight) * observed
    used = (right * root[..., None])[0]
    error = used[..., -1] - used[..., :-1] @ level.beta[0]
    pulled = np.einsum("sij,sj->si", level.precision[0][pattern[0]], error)
    scores = np.einsum("sip,si->sp", used[..., :-1], pulled)
    return level.inverse[0] @ (scores.T @ scores) @ level.inverse[0]


def means(
    fit: Fit,
    table: pl.DataFrame,
    by: Sequence[str],
    *,
    differences: str = "",
    at: Mapping[str, Any] | None = None,
    rule: Rule = "satterthwaite",
    level: float = 0.95,
) -> pl.DataFrame:
    """Least-squares means by some factors, others averaged with equal weight and numbers held at their mean.

    Args:
        fit: a single marginal or linear fit.
        table: the table it was fitted to, for the means of numeric covariates (over complete rows).
        by: factors whose combinations are wanted.
        differences: factor of `by` whose levels are compared with its first level; empty for the means themselves.
        rule: where the degrees of freedom come from.
        at: values at which columns are held instead, one or several each.
        level: coverage of the interval.

    Raises:
        SpecError: a factor of `by` is not in the formula.
        NotConverged: the fit has no estimates.
    """
    plan = parse_encoding(fit.record.encoding)
    if differences and differences not in by:
        raise SpecError([("differences", f"one of {', '.join(by)}", differences)])
    rows = mean_rows(plan, table, by, at or {})
    if differences:
        place = list(by).index(differences)
        base = next(iter(rows))[place]
        rows = {
            key: row - rows[(*key[:place], base, *key[place + 1 :])] for key, row in rows.items() if key[place] != base
        }
    found = contrasts(fit, {str(key): row for key, row in rows.items()}, rule, level)
    front = pl.DataFrame(list(rows), schema=list(by), orient="row") if by else pl.DataFrame()
    return pl.concat([front, found.drop("contrast")], how="horizontal")


def likelihood_at(
    rows: DesignRows, model: Marginal, theta: Sequence[float] | Float[np.ndarray, " theta"], *, reml: bool
) -> float:
    """Log likelihood of a design at given variance parameters, the coefficients at their best."""
    right, observed, weights = _by_slot(rows)
    data, _ = patterned(right, observed, rows.group[None], None, weights)
    return float(-0.5 * evaluate(data, builder(data, model.structure), np.asarray(theta)[None], reml=reml).deviance[0])
