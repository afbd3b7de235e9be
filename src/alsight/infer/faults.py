"""Faults of a design that would make a fit impossible or doubtful, each with its column or subject named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from alsight.base.status import Status
from alsight.models.columns import determined

NEAR_ZERO = 1e-10
"""Share of a column's size below which what the others leave of it counts as nothing (64-bit rounding, with room)."""


RUNAWAY = 20.0
"""A log hazard ratio this large between the two ends of a column means that it separates events from the others."""
FAR = 8.0
"""The same, where its standard error is larger still: a search may stop on its way to infinity."""


def separated(
    estimates: Float[np.ndarray, "*batch column"],
    errors: Float[np.ndarray, "*batch column"],
    spread: Float[np.ndarray, " column"],
) -> Bool[np.ndarray, "*batch column"]:
    """Whether columns separate events from non-events, so that their coefficients have no finite estimate.

    Args:
        estimates: log hazard ratios or log odds ratios.
        errors: their standard errors.
        spread: largest less least value of each column.
    """
    far = np.abs(estimates) * spread
    return (far > RUNAWAY) | ((far > FAR) & ~(errors < np.abs(estimates)))


@dataclass(frozen=True)
class DesignProblem:
    """One fault of a design, and whether a fit can still be made."""

    status: Status
    message: str
    fatal: bool = True


def fatal_of(problems: Sequence[DesignProblem]) -> DesignProblem | None:
    """The first problem with which no fit can be made."""
    return next((problem for problem in problems if problem.fatal), None)


def notes_of(problems: Sequence[DesignProblem], left_out: str) -> tuple[str, ...]:
    """What a fit's record says of them, after how many rows were excluded; that is empty where none was."""
    said = f"{left_out} rows were excluded: a value is missing."
    return (*((said,) if left_out else ()), *(problem.message for problem in problems))


def problems_of(
    outcome: Float[np.ndarray, "*_ row"],
    fixed: Float[np.ndarray, "row fixed"],
    random: Float[np.ndarray, "row random"],
    start: Int[np.ndarray, "*_ edge"],
    names: tuple[str, tuple[str, ...], tuple[str, ...]],
) -> tuple[DesignProblem, ...]:
    """Every fault of a design: too little data, infinite, constant or collinear columns, times that never change.

    Args:
        outcome: measured values.
        fixed: design of the population's course.
        random: design of the subjects' departures.
        start: first row of each subject and the number of rows.
        names: name of the outcome, of the fixed columns and of the random effects.
    """
    called, fixed_names, random_names = names
    values, people = len(outcome), len(start) - 1
    if values <= fixed.shape[1]:
        message = f"{values} values of {called} cannot determine {fixed.shape[1]} coefficients."
        return (DesignProblem(Status.TOO_FEW_DATA, message),)
    found = [*_infinite(outcome[:, None], (called,)), *_infinite(fixed, fixed_names), *_infinite(random, random_names)]
    if found:
        return tuple(found)
    found += _useless(fixed, fixed_names)
    if np.ptp(outcome) == 0:
        found.append(DesignProblem(Status.CONSTANT, f"{called} has the same value everywhere."))
    if random.shape[1]:
        found += _unidentified(random, random_names, start, people, values)
    return tuple(found)


def _infinite(columns: Float[np.ndarray, "row column"], names: tuple[str, ...]) -> list[DesignProblem]:
    bad: Bool[np.ndarray, " column"] = np.logical_not(np.isfinite(columns).all(axis=0))
    return [
        DesignProblem(Status.NOT_FINITE, f"{name} holds a value that is infinite.")
        for name, wrong in zip(names, bad, strict=True)
        if wrong
    ]


def _useless(fixed: Float[np.ndarray, "row fixed"], names: tuple[str, ...]) -> list[DesignProblem]:
    sizes = np.sqrt((fixed**2).sum(axis=0))
    found = [
        DesignProblem(Status.CONSTANT, f"{name} is zero everywhere.")
        for name, size in zip(names, sizes, strict=True)
        if size == 0
    ]
    if found:
        return found
    lengths = np.where(sizes > 0, sizes, 1.0)
    for place, weights in determined(fixed):
        relative = weights * lengths[:place] / lengths[place]
        others = [names[k] for k in range(place) if abs(relative[k]) > np.sqrt(NEAR_ZERO)]
        if others == ["Intercept"]:
            found.append(DesignProblem(Status.CONSTANT, f"{names[place]} has the same value in every row."))
        else:
            found.append(DesignProblem(Status.COLLINEAR, f"{names[place]} is determined by {', '.join(others)}."))
    return found


def _unidentified(
    random: Float[np.ndarray, "row random"],
    names: tuple[str, ...],
    start: Int[np.ndarray, "*_ edge"],
    people: int,
    values: int,
) -> list[DesignProblem]:
    if people <= random.shape[1]:
        message = f"{people} subjects cannot determine the spread of {len(names)} random effects ({', '.join(names)})."
        return [DesignProblem(Status.TOO_FEW_DATA, message)]
    if values <= people:
        return [
            DesignProblem(
                Status.TOO_FEW_DATA, "No subject has more than one visit: noise and spread cannot be distinguished."
            )
        ]
    found: list[DesignProblem] = []
    first = np.repeat(random[start[:-1]], np.diff(start), axis=0)
    still: Bool[np.ndarray, " random"] = np.all(random == first, axis=0)
    if "intercept" in names:
        found += [
            DesignProblem(
                Status.SINGULAR, f"{name} never changes within a subject: its random slope cannot be estimated."
            )
            for name, never in zip(names, still, strict=True)
            if never and name != "intercept"
        ]
    most = int(np.diff(start).max())
    if most < random.shape[1]:
        message = f"No subject has more than {most} visits, too few for {len(names)} random effects."
        found.append(DesignProblem(Status.TOO_FEW_DATA, message))
    return found
