"""Small-sample tests of coefficients: Satterthwaite and Kenward-Roger degrees of freedom for any contrast.

Source: satterthwaite1946, kenward1997, fai1996
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.special import fdtrc, stdtr, stdtrit

from alsight.infer.fit import Fit
from alsight.infer.gaussian.pieces import Pieces, pieces_of
from alsight.infer.gaussian.small import inverse

Rule = Literal["satterthwaite", "kenward_roger", "kenward_roger_linear", "residual", "normal"]
"""Satterthwaite; Kenward & Roger with and without second derivatives of V; values less coefficients; infinite."""
LARGE = 1e10
"""Degrees of freedom that stand for infinitely many."""


Numbers: TypeAlias = np.ndarray | np.float64
"""One number a fit: an array over the batch, or the number of a single fit."""


@dataclass(frozen=True)
class ContrastTest:
    """Test of a contrast of coefficients; every field starts `*batch`.

    Attributes:
        estimate: value of each row of the contrast.
        error: standard error of each row.
        degrees: denominator degrees of freedom.
        statistic: t for one row, F for several.
        p: two-sided p of t, upper tail of F.
    """

    estimate: Float[np.ndarray, "*batch contrast"]
    error: Float[np.ndarray, "*batch contrast"]
    degrees: Float[np.ndarray, "*batch"] | np.float64
    statistic: Float[np.ndarray, "*batch"] | np.float64
    p: Float[np.ndarray, "*batch"] | np.float64


def coefficient_covariance(
    fit: Fit, rule: Rule = "satterthwaite", *, robust: bool = False
) -> Float[np.ndarray, "*batch fixed fixed"]:
    """Covariance of the coefficients that a rule uses: model-based, Kenward-Roger adjusted, or the sandwich.

    Raises:
        KeyError: the fit's engine keeps no such covariance.
    """
    turn = pieces_of(fit.arrays).basis
    return turn @ _covariance(fit, rule, robust=robust) @ np.swapaxes(turn, -1, -2)


def _covariance(fit: Fit, rule: Rule, *, robust: bool) -> Float[np.ndarray, "*batch fixed fixed"]:
    # In the working columns.
    pieces = pieces_of(fit.arrays)
    if robust:
        back = np.linalg.inv(pieces.basis)
        return back @ fit.arrays["sandwich"] @ np.swapaxes(back, -1, -2)
    if rule not in {"kenward_roger", "kenward_roger_linear"}:
        return pieces.inverse
    middle = pieces.bias - (pieces.curved if rule == "kenward_roger" else 0.0)
    return pieces.inverse + 2 * pieces.inverse @ middle @ pieces.inverse


def contrast_test(
    fit: Fit,
    contrast: Float[np.ndarray, "contrast fixed"] | Float[np.ndarray, " fixed"],
    rule: Rule = "satterthwaite",
    *,
    robust: bool = False,
) -> ContrastTest:
    """Test that a contrast of the coefficients is zero.

    Args:
        fit: a linear or marginal fit, single or a batch.
        contrast: one row a comparison, over the fixed coefficients; a vector is one row.
        rule: where the degrees of freedom come from.
        robust: use the sandwich covariance; the degrees of freedom stay those of the model-based one.
    """
    if not fit.arrays:
        fit.check(boundary=True)
    rows = np.atleast_2d(np.asarray(contrast, dtype=float))
    estimate = fit.estimates[..., : rows.shape[1]] @ rows.T
    turned = rows @ pieces_of(fit.arrays).basis
    inside = turned @ _covariance(fit, rule, robust=robust) @ np.swapaxes(turned, -1, -2)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(np.diagonal(inside, axis1=-2, axis2=-1))
        degrees, shrink = _degrees(fit, turned, rule)
        count = rows.shape[0]
        if count == 1:
            statistic = estimate[..., 0] / error[..., 0]
            return ContrastTest(estimate, error, degrees, statistic, 2 * stdtr(degrees, -np.abs(statistic)))
        wald = np.einsum("...i,...ij,...j->...", estimate, inverse(inside)[0], estimate)
        statistic = shrink * wald / count
    return ContrastTest(estimate, error, degrees, statistic, fdtrc(count, degrees, statistic))


def coefficients(fit: Fit, rule: Rule = "satterthwaite", level: float = 0.95, *, robust: bool = False) -> pl.DataFrame:
    """One row a coefficient: estimate, standard error, degrees of freedom, t, p and interval (single fits)."""
    names = fit.columns.fixed
    return contrasts(fit, dict(zip(names, np.eye(len(names)), strict=True)), rule, level, robust=robust)


def contrasts(
    fit: Fit,
    rows: dict[str, Float[np.ndarray, "*_ fixed"]],
    rule: Rule = "satterthwaite",
    level: float = 0.95,
    *,
    robust: bool = False,
) -> pl.DataFrame:
    """One row a named contrast: estimate, standard error, degrees of freedom, t, p and interval (single fits)."""
    tests = [contrast_test(fit, row, rule, robust=robust) for row in rows.values()]
    estimate = np.array([float(each.estimate[0]) for each in tests])
    error = np.array([float(each.error[0]) for each in tests])
    degrees = np.array([float(each.degrees) for each in tests])
    width = stdtrit(degrees, 0.5 + level / 2) * error
    return pl.DataFrame(
        {
            "contrast": list(rows),
            "estimate": estimate,
            "standard_error": error,
            "degrees": degrees,
            "t": estimate / error,
            "p": [float(each.p) for each in tests],
            "low": estimate - width,
            "high": estimate + width,
        }
    )


def _degrees(fit: Fit, rows: np.ndarray, rule: Rule) -> tuple[Numbers, Numbers]:
    shape = fit.estimates.shape[:-1]
    one = np.ones(shape)
    if rule == "normal":
        return one * LARGE, one
    if rule == "residual":
        return one * (fit.record.values - len(fit.columns.fixed)), one
    pieces = pieces_of(fit.arrays)
    # For one row Kenward-Roger's degrees are Satterthwaite's, at a boundary with the other covariance of theta.
    variance = pieces.satterthwaite if rule == "satterthwaite" else pieces.variance
    fine = np.isfinite(variance).all((-2, -1)) & np.isfinite(pieces.inverse).all((-2, -1))
    if rule == "satterthwaite" or rows.shape[-2] == 1:
        return np.where(fine, _satterthwaite(rows, pieces.inverse, _slopes(pieces), variance), np.nan), one
    degrees, shrink = _kenward_roger(rows, pieces)
    return np.where(fine, degrees, np.nan), shrink


def _slopes(pieces: Pieces) -> np.ndarray:
    inverted = pieces.inverse[..., None, :, :]
    return inverted @ pieces.first @ inverted


def _satterthwaite(rows: np.ndarray, covariance: np.ndarray, slopes: np.ndarray, variance: np.ndarray) -> np.ndarray:
    inside = rows @ covariance @ np.swapaxes(rows, -1, -2)
    values, vectors = np.linalg.eigh(np.where(np.isfinite(inside), inside, np.eye(rows.shape[-2])))
    turned = np.swapaxes(vectors, -1, -2) @ rows
    moves = np.einsum("...lp,...apq,...lq->...la", turned, slopes, turned)
    spread = np.einsum("...la,...ab,...lb->...l", moves, variance, moves)
    each = np.minimum(2 * values**2 / spread, LARGE)
    count = rows.shape[-2]
    if count == 1:
        return each[..., 0]
    useful = np.where(each > 2, each / (each - 2), 0.0).sum(axis=-1)
    return np.where(useful > count, 2 * useful / (useful - count), np.nan)


def _kenward_roger(rows: np.ndarray, pieces: Pieces) -> tuple[Numbers, Numbers]:
    count = rows.shape[-2]
    across = np.swapaxes(rows, -1, -2)
    theta = across @ inverse(rows @ pieces.inverse @ across)[0] @ rows
    moved = theta[..., None, :, :] @ _slopes(pieces)
    trace = np.einsum("...aii->...a", moved)
    both = np.einsum("...aij,...bji->...ab", moved, moved)
    first = np.einsum("...ab,...a,...b->...", pieces.variance, trace, trace)
    second = np.einsum("...ab,...ab->...", pieces.variance, both)
    b = (first + 6 * second) / (2 * count)
    g = ((count + 1) * first - (count + 4) * second) / ((count + 2) * second)
    below = 3 * count + 2 * (1 - g)
    c1, c2, c3 = g / below, (count - g) / below, (count + 2 - g) / below
    mean = 1 / (1 - second / count)
    spread = (2 / count) * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
    ratio = spread / (2 * mean**2)
    degrees = 4 + (count + 2) / (count * ratio - 1)
    return degrees, degrees / (mean * (degrees - 2))
