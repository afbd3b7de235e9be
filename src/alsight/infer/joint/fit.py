"""Fit a joint model from a table of visits and a table of people: Newton steps on the exact information."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import polars as pl
from jaxtyping import Float

from alsight.base.status import Status
from alsight.infer.design import DesignRows, design
from alsight.infer.fit import Fit, failed
from alsight.infer.gaussian.mixed import statistics_of_rows
from alsight.infer.gaussian.search import search
from alsight.infer.joint.arrays import JointData
from alsight.infer.joint.features import JointFrame, course, first_rows, quadrature, times
from alsight.infer.joint.likelihood import JointEvaluation, evaluate
from alsight.infer.joint.parameters import Hazard, JointLayout, JointValues, pack, unpack
from alsight.infer.joint.plan import FollowUp, JointPlan, follow_up
from alsight.infer.joint.report import natural, parameters_of
from alsight.models.joint import Joint, basis_names, inner_knots

MAX_STEPS = 60
TOLERANCE = 1e-8
"""Largest Newton decrement, in units of log likelihood, at which the fit counts as converged."""
LARGEST_MOVE = 2.0
"""Largest step of a log standard deviation or of a Cholesky entry."""
NO_SPREAD = 1e-3
"""A random effect's SD, relative to the residual SD and in the units of the outcome, that counts as zero."""


def fit_joint(
    visits: pl.DataFrame,
    people: pl.DataFrame,
    formula: str,
    *,
    random: str,
    hazard: str = "",
    time: str = "months",
    end: str = "end",
    event: str = "event",
    entry: str = "",
    subject: str = "subject",
    model: Joint | None = None,
) -> Fit:
    """Fit a joint model by maximum likelihood, standard errors from the observed information.

    Args:
        visits: one row a visit; the time column is in the unit of `end`.
        people: one row a person who has at least one visit.
        formula: course, "outcome ~ months + ...".
        random: a person's own departure from it, "~ months".
        hazard: covariates of the hazard, "~ age + bulbar"; empty for none.
        time: time column of the visits.
        end: column of the end of follow-up.
        event: column that says which event ended it: 0 none, 1, 2 ... causes.
        entry: column of the delayed entry; empty where everybody is at risk from 0.
        subject: column that tells people apart, in both tables.
        model: association, baseline and quadrature.

    Returns:
        A fit whose `arrays` hold "working" (the working vector), "knots", "horizon" and "centers".

    Raises:
        DataError: a column is missing, a person has no follow-up, or an end is not above 0.
    """
    chosen = Joint() if model is None else model
    rows = design(visits, formula, subject=subject, random=random)
    follow = follow_up(people, rows, hazard, end=end, event=event, entry=entry)
    plan = JointPlan(rows.encoding.subject, time, hazard, follow.levels, (), end, event, entry)
    return _fit(_frame(chosen, rows, follow, time), rows, follow, plan)


def _fit(frame: JointFrame, rows: DesignRows, follow: FollowUp, plan: JointPlan) -> Fit:
    layout, model = _layout(frame, rows, follow), frame.model
    parameters = parameters_of(layout, frame, rows.columns, follow.names)
    record = rows.record("ml")
    if (fault := rows.fatal) is not None:
        return failed(fault.status, parameters, rows.columns, model, record)
    if not follow.cause.any():
        return failed(Status.NO_EVENTS, parameters, rows.columns, model, record)
    data = joint_data(frame, rows, follow)
    plan = replace(plan, layout=astuple(layout))
    working, found, steps, status = maximize(layout, start(layout, rows, data), data, model.points)
    if _without_spread(layout, working, data):
        status = Status.BOUNDARY
    return _result(
        Fit(
            estimates=working,
            covariance=found.information,
            sandwich=found.scores.T @ found.scores,
            log_likelihood=np.array(found.log_likelihood.sum()),
            status=np.array(int(status)),
            steps=np.array(steps),
            arrays={
                "working": working,
                "knots": np.array(frame.knots),
                "horizon": np.array(frame.horizon),
                "centers": follow.centers,
                "effects": found.modes,
                "plan": plan.bytes(),
            },
            parameters=parameters,
            columns=rows.columns,
            model=model,
            record=record,
        ),
        layout,
    )


def _result(raw: Fit, layout: JointLayout) -> Fit:
    information, meat = raw.covariance, raw.sandwich
    estimates, jacobian = natural(layout, raw.estimates)
    try:
        inverse = np.linalg.inv(information)
        np.linalg.cholesky(inverse)
    except np.linalg.LinAlgError:
        blank = np.full_like(information, np.nan)
        status = np.array(int(Status.SINGULAR)) if raw.status == Status.CONVERGED else raw.status
        return replace(raw, estimates=estimates, covariance=blank, sandwich=blank, status=status)
    covariance = jacobian @ inverse @ jacobian.T
    sandwich = jacobian @ inverse @ meat @ inverse @ jacobian.T
    return replace(raw, estimates=estimates, covariance=covariance, sandwich=sandwich)


def _frame(model: Joint, rows: DesignRows, follow: FollowUp, time: str) -> JointFrame:
    knots = inner_knots(model, follow.end, follow.cause) if follow.cause.any() else ()
    return JointFrame(model, rows.encoding, time, first_rows(rows), knots, float(follow.end.max(initial=1.0)))


def _layout(frame: JointFrame, rows: DesignRows, follow: FollowUp) -> JointLayout:
    fixed, random = rows.fixed.shape[1], rows.random.shape[1]
    terms = sum(random if kind == "shared" else 1 for kind in frame.model.association)
    return JointLayout(
        fixed, random, len(basis_names(frame.model, frame.knots)), len(follow.names), terms, follow.causes
    )


def joint_data(frame: JointFrame, rows: DesignRows, follow: FollowUp) -> JointData:
    """The arrays that one evaluation reads."""
    causes = np.arange(1, follow.causes + 1)
    late = bool((follow.entry > 0).any())
    return JointData(
        course(rows),
        (follow.cause[:, None] == causes).astype(float),
        follow.covariates,
        times(frame, follow.end[:, None], np.zeros((len(follow.end), 1))),
        times(frame, *quadrature(frame, follow.end)),
        times(frame, *quadrature(frame, follow.entry)) if late else None,
    )


def start(layout: JointLayout, rows: DesignRows, data: JointData) -> Float[np.ndarray, " parameter"]:
    """Starting values: the course's own mixed model, hazards from its absence: constant, without association."""
    statistics = statistics_of_rows(rows.outcome, rows.fixed, rows.random, rows.start)
    found = search(statistics, reml=False)
    sd = float(np.sqrt(found.point.residual[0] / statistics.values[0]))
    factor = sd * np.tril(found.factor[0])
    floor = 1e-3 * sd / np.sqrt(np.maximum(np.diagonal(data.course.zz.mean(axis=0)), 1e-12))
    np.fill_diagonal(factor, np.maximum(np.abs(np.diagonal(factor)), floor))
    weight = np.exp(data.exposure.log_weight)
    first = np.eye(layout.basis)[0]
    level = np.ones(layout.basis) if np.allclose(data.end.basis.sum(axis=-1), 1) else first
    hazards = tuple(
        Hazard(
            np.log(max(float(data.happened[:, cause].sum() / weight.sum()), 1e-12)) * level,
            np.zeros(layout.covariates),
            np.zeros(layout.terms),
        )
        for cause in range(layout.causes)
    )
    return pack(layout, JointValues(found.point.beta[0], factor, sd, hazards))


def maximize(
    layout: JointLayout, working: Float[np.ndarray, " parameter"], data: JointData, points: int
) -> tuple[Float[np.ndarray, " parameter"], JointEvaluation, int, Status]:
    """Newton steps on the exact information, on the scores' outer product where that is not positive definite."""
    now = evaluate(layout, working, data, points)
    for step in range(MAX_STEPS):
        gradient = now.scores.sum(axis=0)
        if not np.isfinite(gradient).all():
            return working, now, step, Status.NOT_FINITE
        move = _direction(now, gradient)
        move *= min(1.0, LARGEST_MOVE / max(np.abs(move[layout.fixed : layout.log_sd + 1]).max(), 1e-300))
        decrement = float(gradient @ move)
        if decrement < TOLERANCE:
            return working, now, step, Status.CONVERGED
        total, share = now.log_likelihood.sum(), 1.0
        while True:
            ahead = evaluate(layout, working + share * move, data, points, now.modes)
            value = ahead.log_likelihood.sum()
            if np.isfinite(value) and value >= total + 1e-4 * share * decrement:
                break
            share /= 2
            if share < 1e-6:
                status = Status.CONVERGED if decrement < 1e-4 else Status.MAX_STEPS
                return working, now, step, status
        working, now = working + share * move, ahead
    return working, now, MAX_STEPS, Status.MAX_STEPS


def _without_spread(layout: JointLayout, working: Float[np.ndarray, " parameter"], data: JointData) -> bool:
    values = unpack(layout, working)
    size = np.sqrt(np.diagonal(data.course.zz.sum(axis=0)) / data.course.count.sum())
    return bool((np.diagonal(values.factor) * size < NO_SPREAD * values.sd).any())


def _direction(now: JointEvaluation, gradient: Float[np.ndarray, " parameter"]) -> Float[np.ndarray, " parameter"]:
    try:
        np.linalg.cholesky(now.information)
        return np.linalg.solve(now.information, gradient)
    except np.linalg.LinAlgError:
        outer = now.scores.T @ now.scores
        ridge = 1e-6 * np.diag(np.diagonal(outer) + 1e-12)
        return np.linalg.solve(outer + ridge, gradient)
