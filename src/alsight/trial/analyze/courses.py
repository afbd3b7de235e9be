"""Analyses of the course of function: slope, one visit, all visits, and function with survival."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from typing import Any, Final

import numpy as np
import polars as pl

from alsight.base.errors import DataError
from alsight.base.status import ADVICE, Status
from alsight.infer.fit import Fit
from alsight.infer.gaussian.degrees import contrasts
from alsight.infer.joint.fit import fit_joint
from alsight.infer.linear import fit_linear
from alsight.infer.marginal import fit_marginal, means
from alsight.trial.analyze.estimate import Estimate
from alsight.trial.analyze.people import TrialPeople
from alsight.trial.analyze.plan import AnalysisPlan

USABLE: Final = (Status.CONVERGED, Status.BOUNDARY)
FEWEST: Final = 3
"""People of an arm under whom no model is fitted; assumed."""


def _coded(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with the therapy as 0 or 1."""
    return rows.with_columns(therapy=pl.col("treated").cast(pl.Float64))


def _rows(trial: TrialPeople) -> pl.DataFrame:
    return trial.ratings.with_columns(treated=pl.col("arm") != trial.control)


def _covariates(plan: AnalysisPlan, *, times: str = "") -> str:
    """Terms of the covariates; with their product with time where a slope is estimated."""
    return "".join(f" + {name}" + (f" + {name}:{times}" if times else "") for name in plan.covariates)


def _counts(rows: pl.DataFrame) -> dict[str, Any]:
    people = rows.unique("subject")
    on = int(people["treated"].sum())
    return {"people_therapy": on, "people_control": people.height - on}


def _refused(name: str, arm: str, quantity: str, reason: str, **more: Any) -> Estimate:
    return Estimate(analysis=name, arm=arm, quantity=quantity, status="not estimable", reason=reason, **more)


def _too_few(counts: dict[str, Any]) -> str:
    least = min(counts.values())
    people = "no one" if least == 0 else "1 person" if least == 1 else f"{least} people"
    return f"An arm has {people} with ratings; at least {FEWEST} are needed." if least < FEWEST else ""


def _fitted(fit: Fit) -> tuple[str, str]:
    """Status and reason of a fit: how it ended, in words."""
    status = Status(int(fit.status))
    if status == Status.CONVERGED:
        return "estimated", ""
    return ("approximate" if status in USABLE else "not estimable"), ADVICE[status]


def _tested(
    fit: Fit, column: str, plan: AnalysisPlan, name: str, arm: str, quantity: str, unit: str, counts: dict[str, Any]
) -> Estimate:
    """The estimate of one coefficient with its test."""
    state, reason = _fitted(fit)
    if state == "not estimable":
        return _refused(name, arm, quantity, reason, unit=unit, **counts)
    row = np.array([float(each == column) for each in fit.columns.fixed])
    result = contrasts(fit, {column: row}, plan.degrees, plan.level).row(0, named=True)
    numbers = {key: result[key] for key in ("estimate", "low", "high", "standard_error", "p")}
    return Estimate(
        analysis=name, arm=arm, quantity=quantity, unit=unit, status=state, reason=reason, **numbers, **counts
    )


def slope(trial: TrialPeople, plan: AnalysisPlan) -> Sequence[Estimate]:
    """Difference of mean slopes by a mixed model with a random intercept and slope.

    Source: laird1982, kenward1997
    """
    name, arm, quantity = "slope", trial.arms[0], "difference of slopes"
    rows = _coded(_rows(trial))
    counts = _counts(rows)
    if reason := _too_few(counts):
        return [_refused(name, arm, quantity, reason, **counts)]
    formula = "total ~ months + therapy + therapy:months" + _covariates(plan, times="months")
    fit = fit_linear(rows, formula, random="~ months")
    return [_tested(fit, "therapy:months", plan, name, arm, quantity, "points/month", counts)]


def one_visit(trial: TrialPeople, plan: AnalysisPlan) -> Sequence[Estimate]:
    """Difference of changes at the last planned visit, adjusted for baseline (ANCOVA), among those rated then."""
    name, arm, quantity = "ancova", trial.arms[0], "difference of changes at the last visit"
    rows = _coded(_rows(trial)).filter(pl.col("visit") == (trial.visits[-1] if trial.visits else None))
    counts = _counts(rows)
    if reason := _too_few(counts):
        return [_refused(name, arm, quantity, reason, **counts)]
    fit = fit_marginal(
        rows.with_columns(slot=pl.lit("last")), f"change ~ baseline + therapy{_covariates(plan)}", visit="slot"
    )
    return [_tested(fit, "therapy", plan, name, arm, quantity, "points", counts)]


def all_visits(trial: TrialPeople, plan: AnalysisPlan) -> Sequence[Estimate]:
    """Difference of changes at the last planned visit by a model of all visits with unstructured covariance (MMRM).

    Source: mallinckrodt2008, kenward1997
    """
    name, arm, quantity = "mmrm", trial.arms[0], "difference of changes at the last visit"
    rows = _rows(trial).drop_nulls("visit")
    counts = _counts(rows)
    if reason := _too_few(counts):
        return [_refused(name, arm, quantity, reason, **counts)]
    labels = {visit: f"m{index:03d}" for index, visit in enumerate(trial.visits)}
    present = [labels[one] for one in trial.visits if one in set(rows["visit"].to_list())]
    rows = rows.with_columns(
        slot=pl.col("visit").replace_strict(labels, return_dtype=pl.String).cast(pl.Enum(present)),
        group=pl.when("treated")
        .then(pl.lit("b_therapy"))
        .otherwise(pl.lit("a_control"))
        .cast(pl.Enum(["a_control", "b_therapy"])),
    )
    fit = fit_marginal(rows, f"change ~ baseline + group * slot{_covariates(plan)}", visit="slot")
    state, reason = _fitted(fit)
    if state == "not estimable":
        return [_refused(name, arm, quantity, reason, unit="points", **counts)]
    rule = plan.degrees
    table = means(fit, rows, ("slot", "group"), differences="group", rule=rule, level=plan.level)
    last = table.filter(pl.col("slot").cast(pl.String) == present[-1]).row(0, named=True)
    numbers = {key: last[key] for key in ("estimate", "low", "high", "standard_error", "p")}
    return [
        Estimate(
            analysis=name, arm=arm, quantity=quantity, unit="points", status=state, reason=reason, **numbers, **counts
        )
    ]


def _followed(trial: TrialPeople) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Ratings while followed, and people with their end of follow-up and status, of those who have both."""
    rows = _coded(_rows(trial))
    people = trial.people.with_columns(
        therapy=(pl.col("arm") != trial.control).cast(pl.Float64), end="months", status=pl.col("event").cast(pl.Int64)
    ).filter(pl.col("end") > 0)
    # Who is rated after the horizon, within the window of the last visit, is followed until then.
    people = people.join(rows.group_by("subject").agg(last=pl.col("months").max()), on="subject", how="inner")
    alive = pl.col("status") == 0
    people = people.with_columns(end=pl.when(alive).then(pl.max_horizontal("end", "last")).otherwise("end"))
    rows = rows.join(people.select("subject", "end"), on="subject", how="inner")
    rows = rows.filter(pl.col("months") <= pl.col("end")).drop("end")
    return rows, people


def joint(trial: TrialPeople, plan: AnalysisPlan) -> Sequence[Estimate]:
    """Difference of slopes and direct hazard ratio by a joint model of function and survival.

    Source: rizopoulos2012
    """
    name, arm = "joint", trial.arms[0]
    rows, people = _followed(trial)
    counts = _counts(rows)
    events = _events(people)
    reason = _too_few(counts) or ("" if sum(events.values()) else "No one reached the endpoint.")
    quantities = (("difference of slopes", "points/month"), ("hazard ratio at equal function", ""))
    if reason:
        return [_refused(name, arm, one, reason, unit=unit, **counts, **events) for one, unit in quantities]
    formula = "total ~ months + therapy + therapy:months" + _covariates(plan, times="months")
    hazard = "~ therapy" + _covariates(plan)
    try:
        fit = fit_joint(rows, people, formula, random="~ months", hazard=hazard, event="status")
    except DataError as error:
        return [_refused(name, arm, one, str(error), unit=unit, **counts, **events) for one, unit in quantities]
    state, reason = _fitted(fit)
    if state == "not estimable":
        return [_refused(name, arm, one, reason, unit=unit, **counts, **events) for one, unit in quantities]
    table = {row["parameter"]: row for row in fit.table(plan.level).iter_rows(named=True)}
    effect = table["therapy:months"]
    ratio = table["event_therapy"]
    shared: dict[str, Any] = {"analysis": name, "arm": arm, "status": state, "reason": reason, **counts, **events}
    return [
        Estimate(
            quantity=quantities[0][0],
            unit=quantities[0][1],
            **{key: effect[key] for key in ("estimate", "low", "high", "standard_error", "p")},
            **shared,
        ),
        Estimate(
            quantity=quantities[1][0],
            estimate=exp(ratio["estimate"]),
            low=exp(ratio["low"]),
            high=exp(ratio["high"]),
            p=ratio["p"],
            no_effect=1.0,
            favors_therapy="lower",
            **shared,
        ),
    ]


def _events(people: pl.DataFrame) -> dict[str, int]:
    on = people.filter(pl.col("therapy") == 1)
    off = people.filter(pl.col("therapy") == 0)
    return {"events_therapy": int(on["event"].sum()), "events_control": int(off["event"].sum())}
