"""Fits the linear mixed model: closed form where noise is normal and equal, the general engine elsewhere."""

from __future__ import annotations

from typing import Literal

import polars as pl

from alsight.infer.design import design
from alsight.infer.fit import Fit
from alsight.infer.gaussian.estimate import Method, fit_rows
from alsight.infer.gaussian.estimate import fit_trials as fit_trials
from alsight.infer.gaussian.general import fit_linear_general
from alsight.models.linear import Linear


def fit_linear(
    table: pl.DataFrame,
    formula: str,
    *,
    subject: str = "subject",
    random: str = "~ 1",
    noise: str = "",
    weight: str = "",
    tail: Literal["normal", "student"] = "normal",
    method: Method = "reml",
) -> Fit:
    """Linear mixed model of any numeric outcome, by (restricted) maximum likelihood.

    Args:
        table: one row a visit.
        formula: "alsfrs_r_total ~ months * arm".
        subject: column that tells people apart.
        random: formula of the random effects ("~ months": intercept and slope).
        noise: formula of the log residual SD, its intercept being `sd_residual` ("~ arm").
        weight: column of precision weights [above 0].
        tail: law of the noise; Student noise is fitted by maximum likelihood only.
        method: "reml" or "ml".

    Returns:
        The fit; its status says why where the data do not allow one, and every number is then nan.

    Raises:
        DataError: a column is missing or of the wrong kind.
    """
    rows = design(table, formula, subject=subject, random=random, noise=noise, weight=weight)
    model = Linear(noise=tail)
    if noise or tail != "normal":
        return fit_linear_general(rows, model, method)
    return fit_rows(rows, model, method)
