"""Working columns: a design whose columns are uncorrelated and of unit size, so that offsets and units do not matter.

X_w = X T with T upper triangular and X_w'X_w = N I, and y_w = y - X b with b the least-squares coefficients. A time in
calendar days or a biomarker in picograms then gives the same numbers as a centered and scaled one. Estimates are mapped
back by T; tests of contrasts are made in the working columns, where nothing cancels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

DETERMINED = 1e-9
"""Share of a column's length below which what the columns before it leave of it is rounding."""


@dataclass(frozen=True)
class Working:
    """A design in working columns; fields start `*batch`.

    Attributes:
        outcome: residuals of the least-squares fit, 0 where not seen.
        fixed: working columns of the population's course.
        random: working columns of the subjects' departures.
        turn: T, from the columns as given to the working ones.
        random_turn: the same of the random effects.
        least_squares: coefficients of the working columns that were taken from the outcome.
    """

    outcome: Float[np.ndarray, "*batch row"]
    fixed: Float[np.ndarray, "*batch row fixed"]
    random: Float[np.ndarray, "*batch row random"]
    turn: Float[np.ndarray, "*batch fixed fixed"]
    random_turn: Float[np.ndarray, "*batch random random"]
    least_squares: Float[np.ndarray, "*batch fixed"]

    @property
    def log_size(self) -> Float[np.ndarray, "*batch"]:
        """Logarithm of |det T|: how far a restricted log likelihood moves with the change of columns."""
        return np.asarray(np.log(np.abs(np.diagonal(self.turn, axis1=-2, axis2=-1))).sum(axis=-1))


def working(
    outcome: Float[np.ndarray, "*batch row"],
    fixed: Float[np.ndarray, "*batch row fixed"],
    random: Float[np.ndarray, "*batch row random"],
) -> Working:
    """The design in working columns; rows that were not seen must be zero.

    Args:
        outcome: measured values.
        fixed: design of the population's course.
        random: design of the subjects' departures.
    """
    even, turn = uncorrelated(fixed)
    departures, random_turn = uncorrelated(random)
    left, shares = outcome, np.zeros((*outcome.shape[:-1], fixed.shape[-1]))
    squares = np.maximum((even**2).sum(axis=-2), np.finfo(float).tiny)
    for _ in range(2):  # the second round takes what rounding left in the first
        share = np.einsum("...rc,...r->...c", even, left) / squares
        left = left - np.einsum("...rc,...c->...r", even, share)
        shares = shares + share
    return Working(left, even, departures, turn, random_turn, shares)


def uncorrelated(
    design: Float[np.ndarray, "*batch row column"],
) -> tuple[Float[np.ndarray, "*batch row column"], Float[np.ndarray, "*batch column column"]]:
    """Columns without correlation and of unit mean square, and the matrix that makes them; by Gram-Schmidt, twice.

    A column that the ones before it determine is only scaled. All columns of a batch have its number of rows.
    """
    even = np.array(np.swapaxes(design, -1, -2), dtype=float, order="C")  # a copy: it is changed below
    count, rows = even.shape[-2], max(even.shape[-1], 1)
    turn = np.zeros((*even.shape[:-2], count, count))
    for column in range(count):
        values = even[..., column, :]
        size = _size(values)
        moved, shares = values / size[..., None], np.zeros((*even.shape[:-2], column))
        before = even[..., :column, :]
        for _ in range(2 if column else 0):
            share = np.einsum("...cr,...r->...c", before, moved) / rows
            moved = moved - np.einsum("...cr,...c->...r", before, share)
            shares = shares + share
        left = np.sqrt((moved**2).mean(axis=-1)) if even.shape[-1] else np.ones(size.shape)
        useful = left > DETERMINED
        scale = np.where(useful, left, 1.0)
        even[..., column, :] = np.where(useful[..., None], moved / scale[..., None], values / size[..., None])
        above = np.einsum("...ic,...c->...i", turn[..., :column, :column], shares)
        turn[..., :column, column] = np.where(useful[..., None], -above / scale[..., None], 0.0)
        turn[..., column, column] = 1 / (size * scale)
    return np.swapaxes(even, -1, -2), turn


def determined(design: Float[np.ndarray, "row column"]) -> list[tuple[int, Float[np.ndarray, " before"]]]:
    """Columns that the ones before them determine, each with the shares of those, all columns of unit length.

    Args:
        design: finite columns, none of them zero everywhere.
    """
    even, turn = uncorrelated(design)
    found: list[tuple[int, np.ndarray]] = []
    for column in range(1, design.shape[1]):
        if np.abs(turn[:column, column]).any():
            continue
        size = np.maximum(_size(design.T), np.finfo(float).tiny)
        scaled = design / size
        shares = np.linalg.lstsq(even[:, :column], scaled[:, column], rcond=None)[0]
        if np.sqrt(((scaled[:, column] - even[:, :column] @ shares) ** 2).mean()) <= DETERMINED:
            weights = turn[:column, :column] @ shares * size[:column]
            found.append((column, weights))
    return found


def _size(values: np.ndarray) -> np.ndarray:
    # Root mean square, in two steps so that squares neither overflow nor vanish; 1 for a column of zeros.
    if not values.shape[-1]:
        return np.ones(values.shape[:-1])
    most = np.abs(values).max(axis=-1)
    most = np.where((most > 0) & np.isfinite(most), most, 1.0)
    with np.errstate(invalid="ignore"):
        size = most * np.sqrt(((values / most[..., None]) ** 2).mean(axis=-1))
    return np.where((size > 0) & np.isfinite(size), size, 1.0)
