"""What a Cox fit is asked next: survival curves, concordance, tests of proportional hazards, residuals.

Source: grambsch1994
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.special import chdtrc, ndtri

from alsight.base.errors import SpecError
from alsight.infer.fit import Fit
from alsight.infer.formulas import coded, matrix, parse_encoding
from alsight.infer.gaussian.small import inverse
from alsight.infer.survival.risk import RiskSets, at_risk, risk_sets
from alsight.summary.survival import kaplan_meier

CoxResidual = Literal["martingale", "deviance", "score", "schoenfeld", "scaled_schoenfeld"]
Transform = Literal["km", "identity", "rank", "log"]


def _sets(fit: Fit) -> RiskSets:
    arrays = fit.arrays
    return risk_sets(arrays["time"], arrays["event"].astype(bool), arrays.get("entry"), arrays.get("stratum"))


def _weight(fit: Fit) -> Float[np.ndarray, " row"]:
    return fit.arrays["weight"] if "weight" in fit.arrays else np.ones(len(fit.arrays["time"]))


def covariates_of(fit: Fit, people: pl.DataFrame) -> Float[np.ndarray, "person column"]:
    """The covariates of new people, coded as the fit's.

    Raises:
        DataError: a column is missing or a level was never seen.
    """
    plan = parse_encoding(fit.record.encoding)
    design, names, _ = matrix(coded(people, plan.levels), plan.fixed, plan.state.get(plan.fixed, {}))
    return design[:, [spot for spot, name in enumerate(names) if name != "Intercept"]]


def _pieces(fit: Fit, center: Float[np.ndarray, " column"]) -> tuple[RiskSets, np.ndarray, np.ndarray, np.ndarray]:
    # At each tied event: mean covariates of the risk set, what is left of it, and its share of the jump.
    columns, sets = fit.arrays["columns"] - center, _sets(fit)
    weight = _weight(fit)
    size = weight * np.exp(columns @ fit.estimates)
    share = sets.share if fit.model.ties == "efron" else np.zeros(len(sets.tied))
    count = len(sets.events)
    total, moment = at_risk(sets, size), at_risk(sets, size[:, None] * columns)
    tied_total = np.bincount(sets.spot, size[sets.tied], count)
    tied_moment = np.zeros((count, columns.shape[1]))
    np.add.at(tied_moment, sets.spot, (size[:, None] * columns)[sets.tied])
    left = total[sets.spot] - share * tied_total[sets.spot]
    mean = (moment[sets.spot] - share[:, None] * tied_moment[sets.spot]) / left[:, None]
    pulse = (np.bincount(sets.spot, weight[sets.tied], count) / sets.number)[sets.spot]
    return sets, mean, left, pulse


def survival_curves(fit: Fit, people: pl.DataFrame, level: float = 0.95) -> pl.DataFrame:
    """Survival of people with some covariates, as R's survfit gives it: with the variance of baseline and coefficients.

    Args:
        fit: a converged Cox fit without strata.
        people: one row a person, with the covariates.
        level: coverage of the limits, which are symmetric on the logarithm.

    Returns:
        One row a person (counted from 1) and event time: `time`, `survival`, `standard_error` of the cumulative hazard,
        `low`, `high`.

    Raises:
        SpecError: a fit with strata.
    """
    if "stratum" in fit.arrays:
        raise SpecError([("strata", "a fit without strata", "strata")])
    fit.check()
    center = fit.arrays["columns"].mean(axis=0)
    sets, mean, left, pulse = _pieces(fit, center)
    count = len(sets.events)
    jump = np.bincount(sets.spot, pulse / left, count)
    square = np.bincount(sets.spot, pulse / left**2, count)
    drawn = np.stack([np.bincount(sets.spot, pulse / left * column, count) for column in mean.T], axis=1)
    hazard, variance, reach = np.cumsum(jump), np.cumsum(square), np.cumsum(drawn, axis=0)
    width = float(ndtri(0.5 + level / 2))
    parts: list[pl.DataFrame] = []
    for number, row in enumerate(covariates_of(fit, people) - center):
        risk = float(np.exp(row @ fit.estimates))
        side = hazard[:, None] * row - reach
        error = risk * np.sqrt(variance + np.einsum("ea,ab,eb->e", side, fit.covariance, side))
        survival = np.exp(-risk * hazard)
        parts.append(
            pl.DataFrame(
                {
                    "person": np.full(count, number + 1),
                    "time": sets.time,
                    "survival": survival,
                    "standard_error": error,
                    "low": survival * np.exp(-width * error),
                    "high": np.minimum(survival * np.exp(width * error), 1.0),
                }
            )
        )
    return pl.concat(parts)


def concordance(fit: Fit) -> float:
    """Share of comparable pairs in which the person with the higher risk had the event first; ties of risk count half.

    Pairs are comparable within a stratum, where the earlier of two times is an event; a censoring at the time of an
    event is later.
    """
    risk = fit.arrays["columns"] @ fit.estimates
    time, event = fit.arrays["time"], fit.arrays["event"].astype(bool)
    entry = fit.arrays.get("entry", np.full(len(time), -np.inf))
    stratum = fit.arrays.get("stratum", np.zeros(len(time)))
    weight = _weight(fit)
    agree = total = 0.0
    for row in np.flatnonzero(event):
        later = (time > time[row]) | ((time == time[row]) & ~event)
        later &= (entry < time[row]) & (stratum == stratum[row])
        pair = weight[row] * weight[later]
        total += float(pair.sum())
        agree += float((pair * ((risk[later] < risk[row]) + 0.5 * (risk[later] == risk[row]))).sum())
    return agree / total if total else float("nan")


def _transformed(fit: Fit, sets: RiskSets, transform: Transform) -> Float[np.ndarray, " event"]:
    time = sets.time
    if transform == "identity":
        return time
    if transform == "log":
        return np.log(time)
    if transform == "rank":
        return np.searchsorted(np.sort(time[sets.spot]), time) + 1.0
    if transform == "km":
        curve = kaplan_meier(fit.arrays["time"], fit.arrays["event"].astype(bool), fit.arrays.get("entry"))
        before = np.concatenate([[1.0], curve.survival])
        return 1 - before[np.searchsorted(curve.time, time, side="left")]
    raise SpecError([("transform", "'km', 'identity', 'rank' or 'log'", transform)])


def proportional_hazards(fit: Fit, transform: Transform = "km") -> pl.DataFrame:
    """Score test that each log hazard ratio does not change with time, and of all together, as R's cox.zph.

    Args:
        fit: a converged Cox fit.
        transform: of time: "km" (one less the Kaplan-Meier curve), "identity", "rank" or "log".

    Returns:
        `parameter`, `chi_square`, `degrees`, `p`; the last row is "global".

    Source: grambsch1994
    """
    fit.check()
    sets, mean, left, pulse = _pieces(fit, fit.arrays["columns"].mean(axis=0))
    columns = fit.arrays["columns"] - fit.arrays["columns"].mean(axis=0)
    weight = _weight(fit)
    size = weight * np.exp(columns @ fit.estimates)
    share = sets.share if fit.model.ties == "efron" else np.zeros(len(sets.tied))
    outer = size[:, None, None] * columns[:, :, None] * columns[:, None, :]
    whole = at_risk(sets, outer)
    tied = np.zeros((len(sets.events), *outer.shape[1:]))
    np.add.at(tied, sets.spot, outer[sets.tied])
    second = (whole[sets.spot] - share[:, None, None] * tied[sets.spot]) / left[:, None, None]
    spread = pulse[:, None, None] * (second - mean[:, :, None] * mean[:, None, :])
    when = _transformed(fit, sets, transform)[sets.spot]
    when = when - np.average(when, weights=pulse)
    gap = weight[sets.tied][:, None] * columns[sets.tied] - pulse[:, None] * mean
    score = (when[:, None] * gap).sum(axis=0)
    own, cross = spread.sum(axis=0), (when[:, None, None] * spread).sum(axis=0)
    square = (when[:, None, None] ** 2 * spread).sum(axis=0)
    bread = inverse(own)[0]
    names = list(fit.columns.fixed)
    rows = [(name, [spot]) for spot, name in enumerate(names)] + [("global", list(range(len(names))))]
    listed: list[dict[str, object]] = []
    for name, spots in rows:
        inside = square[np.ix_(spots, spots)] - cross[spots] @ bread @ cross[:, spots]
        statistic = float(score[spots] @ inverse(inside)[0] @ score[spots])
        p = float(chdtrc(len(spots), statistic))
        listed.append({"parameter": name, "chi_square": statistic, "degrees": len(spots), "p": p})
    return pl.DataFrame(listed)


def cox_residuals(fit: Fit, kind: CoxResidual) -> pl.DataFrame:
    """Residuals of a Cox fit: one row a row of the table, for Schoenfeld's one a tied event with its `time`.

    Raises:
        SpecError: another kind.
    """
    martingale, names = fit.arrays["martingale"], list(fit.columns.fixed)
    if kind == "martingale":
        return pl.DataFrame({"residual": martingale})
    if kind == "deviance":
        event = fit.arrays["event"].astype(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            inner = martingale + np.where(event > 0, event * np.log(event - martingale), 0.0)
        return pl.DataFrame({"residual": np.sign(martingale) * np.sqrt(np.maximum(-2 * inner, 0.0))})
    if kind == "score":
        return pl.DataFrame(dict(zip(names, fit.arrays["scores"].T, strict=True)))
    if kind not in {"schoenfeld", "scaled_schoenfeld"}:
        allowed = "'martingale', 'deviance', 'score', 'schoenfeld' or 'scaled_schoenfeld'"
        raise SpecError([("kind", allowed, kind)])
    center = fit.arrays["columns"].mean(axis=0)
    sets, mean, _, _ = _pieces(fit, center)
    count = len(sets.events)
    shared = np.stack([np.bincount(sets.spot, column, count) for column in mean.T], axis=1) / sets.number[:, None]
    gap = fit.arrays["columns"][sets.tied] - center - shared[sets.spot]
    if kind == "scaled_schoenfeld":
        gap = fit.estimates + len(gap) * gap @ fit.covariance
    return pl.DataFrame({"time": sets.time[sets.spot], **dict(zip(names, gap.T, strict=True))})
