"""Least-squares means and comparisons of them as rows over the coefficients, and type III hypotheses of the terms.

A reference grid holds every combination of the factors' levels, numbers at their mean (or where they are asked for).
Means average the grid with equal weights, as emmeans and SAS do.

Source: searle1980
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float

from alsight.base.errors import SpecError
from alsight.infer.formulas import LEVELS, Encoding, coded, known, matrix, names_in, products

Rows = dict[tuple[Any, ...], Float[np.ndarray, "*_ fixed"]]
"""Labels of a mean or comparison to its row over the coefficients."""


def choices_of(plan: Encoding, table: pl.DataFrame, at: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Levels of each factor, the mean of each number over the rows that the fit used, or what was asked.

    Raises:
        SpecError: a column of `at` is not in the formula, or a level was never seen.
    """
    named = names_in(plan.fixed)
    used = [name for name in dict.fromkeys([*named, *names_in(plan.outcome), plan.subject, plan.visit]) if name]
    used = [name for name in used if name in table.columns]
    complete = table.filter(pl.all_horizontal(known(table, name) for name in used)) if used else table
    groups = plan.state.get(plan.fixed, {}).get(LEVELS, {})
    if strangers := [name for name in at if name not in named]:
        raise SpecError([(f"at.{name}", f"one of {', '.join(named)}", at[name]) for name in strangers])
    choices: dict[str, list[Any]] = {}
    for name in named:
        levels: list[Any] = list(plan.levels[name]) if name in plan.levels else list(groups.get(name, []))
        if name in at:
            values = at[name]
            asked = list(values) if isinstance(values, (list, tuple)) else [values]
            asked = [str(value) for value in asked] if name in plan.levels else asked
            if levels and (wrong := [value for value in asked if value not in levels]):
                raise SpecError([(f"at.{name}", f"one of {', '.join(map(str, levels))}", wrong[0])])
            choices[name] = asked
        else:
            choices[name] = levels or [float(complete[name].cast(pl.Float64).mean())]  # type: ignore[arg-type]
    return choices


def factors_of(plan: Encoding) -> list[str]:
    """Columns of the formula that are factors."""
    groups = plan.state.get(plan.fixed, {}).get(LEVELS, {})
    return [name for name in names_in(plan.fixed) if name in plan.levels or name in groups]


def rows_of(plan: Encoding, choices: Mapping[str, list[Any]]) -> tuple[pl.DataFrame, Float[np.ndarray, "cell fixed"]]:
    """The reference grid and each cell's row over the coefficients."""
    grid = pl.DataFrame(list(product(*choices.values())), schema=list(choices), orient="row")
    if not choices:
        grid = pl.DataFrame({"": [0]})
    return grid, matrix(coded(grid, plan.levels), plan.fixed, plan.state.get(plan.fixed, {}))[0]


def mean_rows(plan: Encoding, table: pl.DataFrame, by: Sequence[str], at: Mapping[str, Any]) -> Rows:
    """Least-squares means by some columns, the others averaged.

    Raises:
        SpecError: a column of `by` is not in the formula.
    """
    choices = choices_of(plan, table, at)
    if strangers := [name for name in by if name not in choices]:
        raise SpecError([("by", f"among {', '.join(choices)}", name) for name in strangers])
    grid, cells = rows_of(plan, choices)
    labels = grid.select(by).rows() if by else [()] * len(cells)
    unique = list(dict.fromkeys(labels))
    return {key: cells[[spot for spot, label in enumerate(labels) if label == key]].mean(axis=0) for key in unique}


def pairs(means: Rows, place: int, reference: Any = None) -> Rows:
    """Differences of means in one column, within each combination of the other columns.

    Args:
        means: rows of the means.
        place: which label is compared.
        reference: the level that all others are compared with; None for all pairs, later less earlier.

    Raises:
        SpecError: no such level.
    """
    levels = list(dict.fromkeys(key[place] for key in means))
    if reference is not None and reference not in levels:
        raise SpecError([("reference", f"one of {', '.join(map(str, levels))}", reference)])
    found: Rows = {}
    for rest in dict.fromkeys((*key[:place], *key[place + 1 :]) for key in means):
        whole = {level: (*rest[:place], level, *rest[place:]) for level in levels}
        chosen = [
            (first, second)
            for first, second in combinations(levels, 2)
            if whole[first] in means and whole[second] in means
        ]
        if reference is not None:
            chosen = [(reference, level) for level in levels if level != reference and whole[level] in means]
        for base, other in chosen:
            label = (*rest[:place], f"{other} - {base}", *rest[place:])
            found[label] = means[whole[other]] - means[whole[base]]
    return found


def term_rows(plan: Encoding, names: Sequence[str], table: pl.DataFrame) -> dict[str, Float[np.ndarray, "row fixed"]]:
    """Type III hypothesis of each term, as rows over the coefficients.

    A term of factors compares their means, averaged over the other factors with equal weights; one with numbers
    compares slopes; other numbers are held at 0, as SAS and lmerTest hold them.

    Args:
        plan: how the table was coded.
        names: names of the coefficients.
        table: the table of the fit.
    """
    terms = products(plan.fixed)
    factors = factors_of(plan)
    if terms is None or any(not all(name.isidentifier() for name in term) for term in terms):
        return _blocks(names)
    levels = choices_of(plan, table, {})
    found: dict[str, np.ndarray] = {}
    for term in terms:
        if not term:
            continue
        choices = {
            name: levels[name] if name in factors else ([0.0, 1.0] if name in term else [0.0]) for name in levels
        }
        grid, cells = rows_of(plan, choices)
        shape = tuple(len(choices[name]) for name in grid.columns)
        whole = cells.reshape(*shape, -1)
        for axis, name in reversed(list(enumerate(grid.columns))):
            if name in term:
                whole = np.diff(whole, axis=axis) if name not in factors else _against_first(whole, axis)
            else:
                whole = whole.mean(axis=axis, keepdims=True)
        rows = whole.reshape(-1, len(names))
        found[":".join(term)] = rows[np.abs(rows).max(axis=1) > 1e-12]
    return {term: rows for term, rows in found.items() if len(rows)}


def _against_first(whole: np.ndarray, axis: int) -> np.ndarray:
    first = np.take(whole, [0], axis=axis)
    return np.take(whole, range(1, whole.shape[axis]), axis=axis) - first


def _blocks(names: Sequence[str]) -> dict[str, Float[np.ndarray, "row fixed"]]:
    # Formulas with functions: the columns that a term made are tested together.
    eye, found = np.eye(len(names)), {}
    blocks: dict[str, list[int]] = {}
    for spot, name in enumerate(names):
        if name != "Intercept":
            blocks.setdefault(":".join(part.partition("[")[0] for part in name.split(":")), []).append(spot)
    for term, spots in blocks.items():
        found[term] = eye[spots]
    return found
