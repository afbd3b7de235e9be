"""Analyses of survival: log-rank test, hazard ratio, restricted mean, and the share alive at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import exp, sqrt
from typing import Any

import numpy as np
import polars as pl
from scipy.special import ndtr, ndtri

from alsight.base.status import ADVICE, Status
from alsight.infer.survival.compare import log_rank as compare
from alsight.infer.survival.cox import fit_cox
from alsight.summary.survival import kaplan_meier, restricted_mean, survival_at
from alsight.trial.analyze.estimate import Estimate
from alsight.trial.analyze.people import TrialPeople
from alsight.trial.analyze.plan import AnalysisPlan


def _arms(trial: TrialPeople) -> tuple[pl.DataFrame, dict[str, Any]]:
    """People at risk with their arm as 0 or 1, and what every row of a survival analysis carries."""
    people = trial.people.filter(pl.col("months") > 0).with_columns(
        therapy=(pl.col("arm") != trial.control).cast(pl.Float64)
    )
    on, off = (people.filter(pl.col("therapy") == one) for one in (1, 0))
    return people, {
        "arm": trial.arms[0],
        "people_therapy": on.height,
        "people_control": off.height,
        "events_therapy": int(on["event"].sum()),
        "events_control": int(off["event"].sum()),
    }


def _lacking(shared: dict[str, Any]) -> str:
    if not shared["people_therapy"] or not shared["people_control"]:
        return "An arm has no one with follow-up."
    if not shared["events_therapy"] + shared["events_control"]:
        return "No one reached the endpoint."
    return ""


def _refused(name: str, quantity: str, reason: str, shared: dict[str, Any], **more: Any) -> list[Estimate]:
    return [Estimate(analysis=name, quantity=quantity, status="not estimable", reason=reason, **shared, **more)]


def log_rank(trial: TrialPeople, _: AnalysisPlan) -> Sequence[Estimate]:
    """Log-rank test; the events beyond those expected under equal hazards are the estimate.

    Source: harrington1982
    """
    people, shared = _arms(trial)
    name, quantity = "log_rank", "events on the therapy minus expected"
    if reason := _lacking(shared):
        return _refused(name, quantity, reason, shared, unit="people", favors_therapy="lower")
    test = compare(people["months"].to_numpy(), people["event"].to_numpy(), people["therapy"].cast(pl.Int64).to_numpy())
    gap = float(test.observed[0, 1] - test.expected[0, 1])
    return [
        Estimate(
            analysis=name,
            quantity=quantity,
            unit="people",
            estimate=gap,
            p=float(test.p[0]),
            favors_therapy="lower",
            **shared,
        )
    ]


def cox(trial: TrialPeople, plan: AnalysisPlan) -> Sequence[Estimate]:
    """Hazard ratio by Cox regression.

    Source: cox1972
    """
    people, shared = _arms(trial)
    name, more = "cox", {"no_effect": 1.0, "favors_therapy": "lower"}
    if reason := _lacking(shared):
        return _refused(name, "hazard ratio", reason, shared, **more)
    formula = "~ therapy" + "".join(f" + {one}" for one in plan.covariates)
    fit = fit_cox(people, formula, time="months", event="event")
    status = Status(int(fit.status))
    row = next(
        (one for one in fit.table(plan.level).iter_rows(named=True) if one["parameter"].endswith("therapy")), None
    )
    if status != Status.CONVERGED or row is None:
        return _refused(name, "hazard ratio", ADVICE[status], shared, **more)
    return [
        Estimate(
            analysis=name,
            quantity="hazard ratio",
            estimate=exp(row["estimate"]),
            low=exp(row["low"]),
            high=exp(row["high"]),
            p=row["p"],
            **more,
            **shared,
        )
    ]


def _difference(
    name: str,
    quantity: str,
    unit: str,
    values: Sequence[tuple[float, float]],
    plan: AnalysisPlan,
    shared: dict[str, Any],
) -> list[Estimate]:
    """A difference of two independent estimates (therapy, control), each with its standard error."""
    (on, on_error), (off, off_error) = values
    gap, error = on - off, sqrt(on_error**2 + off_error**2)
    half = float(ndtri((1 + plan.level) / 2)) * error
    p = float(2 * ndtr(-abs(gap) / error)) if error > 0 else None
    return [
        Estimate(
            analysis=name,
            quantity=quantity,
            unit=unit,
            estimate=gap,
            low=gap - half,
            high=gap + half,
            standard_error=error,
            p=p,
            **shared,
        )
    ]


def restricted_means(trial: TrialPeople, plan: AnalysisPlan) -> Sequence[Estimate]:
    """Difference of the mean months free of the endpoint up to the horizon.

    The horizon is drawn in to the shorter of the two arms' longest follow-up.

    Source: royston2013
    """
    people, shared = _arms(trial)
    name, quantity, unit = "rmst", "difference of months free of the endpoint", "months"
    if reason := _lacking(shared):
        return _refused(name, quantity, reason, shared, unit=unit)
    curves = [_curve(people, one) for one in (1, 0)]
    horizon = min(trial.horizon, *(curve.last for curve in curves))
    result = _difference(name, quantity, unit, [restricted_mean(curve, horizon) for curve in curves], plan, shared)
    return [_named(result[0], f"{quantity}, to month {horizon:.1f}")]


def alive_at_end(trial: TrialPeople, plan: AnalysisPlan) -> Sequence[Estimate]:
    """Difference of the shares free of the endpoint at the horizon, by Kaplan-Meier.

    Source: kaplan1958
    """
    people, shared = _arms(trial)
    name, quantity = "kaplan_meier", "difference of shares free of the endpoint"
    if reason := _lacking(shared):
        return _refused(name, quantity, reason, shared)
    curves = [_curve(people, one) for one in (1, 0)]
    horizon = min(trial.horizon, *(curve.last for curve in curves))
    values: list[tuple[float, float]] = []
    for curve in curves:
        before = np.searchsorted(curve.time, horizon, side="right") - 1
        error = float(curve.error[before]) if before >= 0 else 0.0
        values.append((float(survival_at(curve, np.array([horizon], float))[0][0]), 0.0 if np.isnan(error) else error))
    result = _difference(name, quantity, "", values, plan, shared)
    return [_named(result[0], f"{quantity} at month {horizon:.1f}")]


def _curve(people: pl.DataFrame, therapy: int) -> Any:
    some = people.filter(pl.col("therapy") == therapy)
    return kaplan_meier(some["months"].to_numpy(), some["event"].to_numpy())


def _named(estimate: Estimate, quantity: str) -> Estimate:
    return replace(estimate, quantity=quantity)
