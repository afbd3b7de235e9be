"""Comparisons that a fit is asked for: means against each other, type III tests, fits side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.special import chdtrc

from alsight.base.errors import SpecError
from alsight.infer.fit import Fit
from alsight.infer.formulas import Encoding
from alsight.infer.gaussian.degrees import Rule, coefficient_covariance, contrast_test
from alsight.infer.gaussian.grid import Rows, mean_rows, pairs, term_rows
from alsight.infer.results.multiplicity import Adjust, adjusted, together
from alsight.models.linear import Linear
from alsight.models.marginal import Marginal


def compared_means(
    plan: Encoding,
    table: pl.DataFrame,
    names: list[str],
    compare: str,
    reference: Any,
    at: Mapping[str, Any],
    adjust: Adjust,
) -> Rows:
    """Rows of the differences between means of one column within each combination of the others.

    Args:
        plan: how the table was coded.
        table: the table of the fit.
        names: columns of the means.
        compare: which of them is compared; empty for the first.
        reference: level that all others are compared with; None for all pairs.
        at: values at which columns are held.
        adjust: Dunnett's comparisons take the first level where no reference is named.

    Raises:
        SpecError: a column or level that is not there.
    """
    if not names:
        raise SpecError([("by", "columns of the formula", "nothing")])
    if compare and compare not in names:
        raise SpecError([("compare", f"one of {', '.join(names)}", compare)])
    place = names.index(compare) if compare else 0
    means = mean_rows(plan, table, names, at)
    if adjust == "dunnett" and reference is None:
        reference = next(iter(means))[place]
    found = pairs(means, place, reference)
    if not found:
        raise SpecError([("by", "a column with two levels or more", names[place])])
    return found


def named_row(fit: Fit, name: str, weights: Mapping[str, float] | Sequence[float]) -> Float[np.ndarray, " fixed"]:
    """A combination of coefficients as a row.

    Raises:
        SpecError: a coefficient that the fit does not have.
    """
    names = fit.columns.fixed
    if not isinstance(weights, Mapping):
        row = np.asarray(weights, dtype=float)
        if row.shape != (len(names),):
            raise SpecError([(f"named.{name}", f"{len(names)} weights", f"{row.size}")])
        return row
    if strangers := [key for key in weights if key not in names]:
        raise SpecError([(f"named.{name}", f"coefficients among {', '.join(names)}", strangers[0])])
    return np.array([float(weights.get(key, 0.0)) for key in names])


def tested_terms(fit: Fit, plan: Encoding, table: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """Type III test of each term: `term`, `degrees_numerator`, `degrees`, `f`, `p`."""
    listed: list[dict[str, Any]] = []
    for term, rows in term_rows(plan, fit.columns.fixed, table).items():
        test = contrast_test(fit, rows, rule)
        statistic = float(test.statistic) ** 2 if len(rows) == 1 else float(test.statistic)
        listed.append(
            {
                "term": term,
                "degrees_numerator": len(rows),
                "degrees": float(test.degrees),
                "f": statistic,
                "p": float(test.p),
            }
        )
    return pl.DataFrame(listed)


def side_by_side(fits: Sequence[Any]) -> pl.DataFrame:
    """Fits of the same values, fewest parameters first, each tested against the one before by the likelihood ratio.

    Raises:
        SpecError: fits of other values, or restricted likelihoods of different coefficients.
    """
    fits = sorted(fits, key=lambda one: (len(one.fit.parameters), one.log_likelihood))
    values = {one.fit.record.values for one in fits}
    if len(values) > 1:
        raise SpecError([("others", "fits of the same values", f"{sorted(values)} values")])
    methods = {one.fit.record.method for one in fits}
    fixed = {one.fit.columns.fixed for one in fits if isinstance(one.fit.model, (Linear, Marginal))}
    if "reml" in methods and (len(fixed) > 1 or len(methods) > 1):
        raise SpecError([("method", "'ml' for fits that differ in their coefficients", "reml")])
    listed: list[dict[str, Any]] = []
    for spot, one in enumerate(fits):
        row: dict[str, Any] = {"model": one.call, "parameters": len(one.fit.parameters)}
        row |= {"log_likelihood": one.log_likelihood, "aic": one.aic, "bic": one.bic}
        row |= {"chi_square": None, "degrees": None, "p": None}
        more = len(one.fit.parameters) - len(fits[spot - 1].fit.parameters) if spot else 0
        if more > 0:
            ratio = max(2 * (one.log_likelihood - fits[spot - 1].log_likelihood), 0.0)
            row |= {"chi_square": ratio, "degrees": more, "p": float(chdtrc(more, ratio))}
        listed.append(row)
    return pl.DataFrame(listed, infer_schema_length=None)


def with_adjustment(
    fit: Fit, found: pl.DataFrame, rows: np.ndarray, adjust: Adjust, level: float, rule: Rule
) -> pl.DataFrame:
    """The table of contrasts with `p_adjusted`, and intervals that hold together under the multivariate t.

    Raises:
        SpecError: no such adjustment.
    """
    if adjust == "none":
        return found
    if adjust in {"holm", "bonferroni"}:
        return found.with_columns(p_adjusted=pl.Series(adjusted(found["p"].to_numpy(), adjust)))
    if adjust not in {"mvt", "tukey", "dunnett"}:
        raise SpecError([("adjust", "'none', 'holm', 'bonferroni', 'tukey', 'dunnett' or 'mvt'", adjust)])
    square = rows @ coefficient_covariance(fit, rule) @ rows.T
    size = np.sqrt(np.diagonal(square))
    correlation = square / np.outer(size, size)
    p, width = together(found["t"].to_numpy(), correlation, found["degrees"].to_numpy(), level)
    reach = width * found["standard_error"].to_numpy()
    return found.with_columns(p_adjusted=pl.Series(p), low=pl.col("estimate") - reach, high=pl.col("estimate") + reach)
