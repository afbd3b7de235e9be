"""Robust covariance of the coefficients with a small-sample correction (CR2), and its degrees of freedom.

With the working covariance V_i of person i, W_i = V_i^-1 and M = (X'WX)^-1:

    V_CR2 = M (sum_i X_i'W_i A_i e_i e_i'A_i'W_i X_i) M,   A_i = D_i'B_i^(-1/2) D_i,   B_i = D_i (V_i - X_i M X_i') D_i'

with D_i'D_i = V_i, which is unbiased where the working covariance is right. Degrees of freedom are Satterthwaite's.

Source: pustejovsky2018
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.special import stdtr, stdtrit

from alsight.infer.design import DesignRows
from alsight.infer.fit import Fit
from alsight.infer.results.people import covariances_of, working_rows


def cr2(
    fit: Fit, rows: DesignRows, contrasts: dict[str, Float[np.ndarray, " fixed"]], level: float = 0.95
) -> pl.DataFrame:
    """Contrasts of the coefficients with CR2 errors, degrees of freedom, t, p and interval.

    Args:
        fit: a mixed or repeated-measures fit.
        rows: the rows that it was made of.
        contrasts: rows over the coefficients, by name.
        level: coverage of the interval.
    """
    design, turn, residuals = working_rows(fit, rows)
    squares = covariances_of(fit, rows)
    parts = [slice(int(a), int(b)) for a, b in zip(rows.start[:-1], rows.start[1:], strict=True)]
    weights = [np.linalg.inv(square) for square in squares]
    bread = np.linalg.inv(
        sum(design[part].T @ weight @ design[part] for part, weight in zip(parts, weights, strict=True))
    )
    pulled: list[np.ndarray] = []  # A_i'W_i X_i M, one row a value
    scores: list[np.ndarray] = []
    for part, square, weight in zip(parts, squares, weights, strict=True):
        root = np.linalg.cholesky(square).T
        inner = root @ (square - design[part] @ bread @ design[part].T) @ root.T
        values, vectors = np.linalg.eigh(0.5 * (inner + inner.T))
        shares = np.where(values > 1e-12 * max(values.max(initial=0.0), 1e-300), values, np.inf) ** -0.5
        moved = root.T @ (vectors * shares) @ vectors.T @ root @ weight @ design[part] @ bread
        pulled.append(moved)
        scores.append(residuals[part] @ moved)
    meat = np.stack(scores)
    covariance = meat.T @ meat
    named: list[dict[str, Any]] = []
    for name, contrast in contrasts.items():
        row = contrast @ turn
        estimate = float(contrast @ fit.estimates[: len(contrast)])
        error = float(np.sqrt(row @ covariance @ row))
        degrees = _degrees(row, pulled, squares, [design[part] for part in parts], bread)
        width = float(stdtrit(degrees, 0.5 + level / 2)) * error
        t = estimate / error
        p = float(2 * stdtr(degrees, -abs(t)))
        named.append(
            {
                "contrast": name,
                "estimate": estimate,
                "standard_error": error,
                "degrees": degrees,
                "t": t,
                "p": p,
                "low": estimate - width,
                "high": estimate + width,
            }
        )
    return pl.DataFrame(named)


def _degrees(
    row: np.ndarray, pulled: list[np.ndarray], squares: list[np.ndarray], designs: list[np.ndarray], bread: np.ndarray
) -> float:
    # p_i'V p_j = [i = j] g_i'V_i g_i - g_i'X_i M X_j'g_j with g_i = A_i'W_i X_i M c.
    sides = [moved @ row for moved in pulled]
    own = np.array([side @ square @ side for side, square in zip(sides, squares, strict=True)])
    reach = np.stack([design.T @ side for design, side in zip(designs, sides, strict=True)])
    products = np.diag(own) - reach @ bread @ reach.T
    return float(np.trace(products) ** 2 / (products**2).sum())
