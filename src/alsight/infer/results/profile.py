"""Profile-likelihood intervals: values of a coefficient that the likelihood ratio does not refuse.

For each value b of the coefficient all else is estimated anew, by maximum likelihood; the interval holds the b with
2 (l_max - l(b)) below the quantile of chi-square with one degree of freedom.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
from scipy.special import chdtri

from alsight.base.errors import SpecError
from alsight.infer.design import DesignRows
from alsight.infer.fit import Fit
from alsight.infer.gaussian.estimate import fit_rows
from alsight.infer.gaussian.general import fit_linear_general
from alsight.infer.marginal import fit_marginal_rows
from alsight.infer.survival.cox import partial, search
from alsight.infer.survival.risk import risk_sets
from alsight.models.hazards import Cox
from alsight.models.linear import Linear
from alsight.models.marginal import Marginal


def profile_intervals(fit: Fit, rows: DesignRows | None, level: float) -> pl.DataFrame:
    """One row a coefficient: `parameter`, `estimate`, `low`, `high`.

    Args:
        fit: a mixed, repeated-measures or Cox fit.
        rows: the rows that it was made of; None for a Cox fit.
        level: coverage of the interval.

    Raises:
        SpecError: another model.
    """
    if isinstance(fit.model, Cox):
        profile, best = _cox_profile(fit), float(fit.log_likelihood)
        center, errors = fit.estimates, fit.errors()
    elif isinstance(fit.model, (Linear, Marginal)) and rows is not None:
        whole = _refit(fit, rows)
        best, center = float(whole.log_likelihood), whole.estimates[: len(fit.columns.fixed)]
        errors, profile = whole.errors()[: len(center)], _gaussian_profile(fit, rows)
    else:
        raise SpecError([("method", "'wald' for this model", "profile")])
    target = float(chdtri(1, 1 - level))
    ends = [
        [
            _end(lambda b, k=k: 2 * (best - profile(k, b)) - target, float(center[k]), sign * float(errors[k]))
            for sign in (-1, 1)
        ]
        for k in range(len(center))
    ]
    return pl.DataFrame(
        {
            "parameter": list(fit.columns.fixed),
            "estimate": center,
            "low": [end[0] for end in ends],
            "high": [end[1] for end in ends],
        }
    )


def _end(gap: Callable[[float], float], center: float, step: float) -> float:
    from scipy.optimize import brentq  # noqa: PLC0415 - slow to import, for these intervals only

    reach = center + 2 * step
    for _ in range(12):
        value = gap(reach)
        if not np.isfinite(value):
            return float("nan")
        if value > 0:
            return float(brentq(gap, center, reach, xtol=1e-8 * abs(step)))  # type: ignore[arg-type]
        reach = center + 1.6 * (reach - center)
    return float("nan")


def _refit(fit: Fit, rows: DesignRows) -> Fit:
    if isinstance(fit.model, Marginal):
        return fit_marginal_rows(rows, fit.model.structure, "ml")
    if fit.columns.noise or fit.model.noise != "normal":
        return fit_linear_general(rows, fit.model, "ml")
    return fit_rows(rows, fit.model, "ml")


def _gaussian_profile(fit: Fit, rows: DesignRows) -> Callable[[int, float], float]:
    def value(place: int, at: float) -> float:
        names = tuple(name for spot, name in enumerate(rows.columns.fixed) if spot != place)
        left = replace(
            rows,
            outcome=rows.outcome - at * rows.fixed[:, place],
            fixed=np.delete(rows.fixed, place, axis=1),
            columns=replace(rows.columns, fixed=names),
            problems=(),
        )
        return float(_refit(fit, left).log_likelihood)

    return value


def _cox_profile(fit: Fit) -> Callable[[int, float], float]:
    columns, event = fit.arrays["columns"], fit.arrays["event"].astype(bool)
    columns = columns - columns.mean(axis=0)
    weight = fit.arrays.get("weight")
    sets = risk_sets(fit.arrays["time"], event, fit.arrays.get("entry"), fit.arrays.get("stratum"))
    trial = np.zeros(len(event), dtype=int)

    def value(place: int, at: float) -> float:
        offset = at * columns[:, place]
        rest = np.delete(columns, place, axis=1)
        beta = np.zeros((1, rest.shape[1]))
        if rest.shape[1]:
            beta = search(sets, rest, event, trial, 1, fit.model.ties, weight=weight, offset=offset)[0]
        return float(partial(sets, rest, event, trial, beta, fit.model.ties, weight, offset).value[0])

    return value
