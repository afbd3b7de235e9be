"""Fit a joint model from a table of visits and a table of people: Newton steps on the exact information."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Float

from alsight.base.columns import working as working_columns
from alsight.base.status import Status
from alsight.infer.design import DesignRows, design
from alsight.infer.faults import separated
from alsight.infer.fit import CourseFunctions, Fit, failed
from alsight.infer.gaussian.mixed import statistics_of_rows
from alsight.infer.gaussian.search import search as search_mixed
from alsight.infer.joint.arrays import JointData, Times
from alsight.infer.joint.features import JointFrame, course, first_rows, quadrature, times
from alsight.infer.joint.likelihood import JointEvaluation, evaluate
from alsight.infer.joint.parameters import Hazard, JointLayout, JointValues, pack, unpack
from alsight.infer.joint.plan import JointFollowUp, JointPlan, follow_up, refuse_late_visits
from alsight.infer.joint.predict import predict_visits
from alsight.infer.joint.report import JointScale, natural, parameters_of
from alsight.infer.joint.simulate import simulate_visits
from alsight.infer.newton import Direction, Rules, Surface, climb, newton
from alsight.infer.survival.coding import Happened
from alsight.models.latent.joint import Joint, basis_names, inner_knots

MAX_STEPS = 60
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
    happened: Happened = None,
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
        entry: column of the delayed entry; empty where everyone is at risk from 0.
        subject: column that tells people apart, in both tables.
        happened: value of `event` that means it happened, or a tuple with one a cause; all else is none. Without it
            the column must hold 0, 1, 2 ...
        model: association, baseline and quadrature.

    Returns:
        A fit whose `arrays` hold "working" (the working vector), "knots", "horizon" and "centers".

    Raises:
        DataError: a column is missing, a person has no follow-up, or an end is not above 0.
    """
    chosen = Joint() if model is None else model
    rows = design(visits, formula, subject=subject, random=random)
    follow = follow_up(people, rows, hazard, end=end, event=event, entry=entry, happened=happened)
    refuse_late_visits(rows, time, follow.end)
    plan = JointPlan(rows.encoding.subject, time, hazard, follow.levels, (), end, event, entry)
    return _fit(_frame(chosen, rows, follow, time), rows, follow, plan)


def _fit(frame: JointFrame, rows: DesignRows, follow: JointFollowUp, plan: JointPlan) -> Fit:
    layout, model = _layout(frame, rows, follow), frame.model
    parameters = parameters_of(layout, frame, rows.columns, follow.names)
    record = rows.record("ml")
    if (fault := rows.fatal) is not None:
        return failed(fault.status, parameters, rows.columns, model, record, COURSE)
    if not follow.cause.any():
        return failed(Status.NO_EVENTS, parameters, rows.columns, model, record, COURSE)
    rows, scale = _scaled(rows, model)
    data = _turned(joint_data(frame, rows, follow), scale)
    scale = replace(scale, level=_level(layout, data))
    plan = replace(plan, layout=astuple(layout))
    working, found, steps, status = search(layout, start(layout, rows, data), data, model.points)
    if _without_spread(layout, working):
        status = Status.BOUNDARY
    status, notes = _separated(layout, working, found, follow, status)
    record = replace(record, notes=(*record.notes, *notes))
    return _result(
        Fit(
            estimates=working,
            covariance=found.information,
            sandwich=found.scores.T @ found.scores,
            log_likelihood=np.array(found.log_likelihood.sum() - len(rows.outcome) * np.log(scale.size)),
            status=np.array(int(status)),
            steps=np.array(steps),
            arrays={
                "working": pack(layout, scale.values(unpack(layout, working))),
                "knots": np.array(frame.knots),
                "horizon": np.array(frame.horizon),
                "centers": follow.centers,
                "effects": scale.size * found.modes @ scale.random_turn.T,
            },
            parameters=parameters,
            columns=rows.columns,
            model=model,
            record=record,
            plan=plan,
            course=COURSE,
        ),
        layout,
        scale,
    )


def _scaled(rows: DesignRows, model: Joint) -> tuple[DesignRows, JointScale]:
    """The course in working columns, where offsets and units of time and outcome change nothing."""
    even = working_columns(rows.outcome, rows.fixed, rows.random)
    place = rows.columns.fixed.index("Intercept") if "Intercept" in rows.columns.fixed else -1
    mean = float(rows.outcome.mean()) if place >= 0 else 0.0
    size = float(np.sqrt((even.outcome**2).mean())) or 1.0
    value = _place(model, rows.random.shape[1])
    scale = JointScale(even.turn, even.random_turn, mean, size, place, value, np.zeros(0))
    return replace(rows, outcome=(rows.outcome - mean) / size, fixed=even.fixed, random=even.random), scale


def _place(model: Joint, random: int) -> int:
    before = model.association.index("value") if "value" in model.association else -1
    return before + (random - 1 if before > 0 and "shared" in model.association[:before] else 0)


def _turned(data: JointData, scale: JointScale) -> JointData:
    def moved(part: Times) -> Times:
        return replace(part, fixed=part.fixed @ scale.turn, random=part.random @ scale.random_turn)

    entry = None if data.entry is None else moved(data.entry)
    return replace(data, end=moved(data.end), exposure=moved(data.exposure), entry=entry)


def _level(layout: JointLayout, data: JointData) -> Float[np.ndarray, " basis"]:
    # Coefficients of the log baseline that make it one everywhere.
    constant = np.allclose(data.end.basis.sum(axis=-1), 1)
    return np.ones(layout.basis) if constant else np.eye(layout.basis)[0]


def _result(raw: Fit, layout: JointLayout, scale: JointScale) -> Fit:
    information, meat = raw.covariance, raw.sandwich
    estimates, jacobian = natural(layout, raw.estimates, scale)
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


def _frame(model: Joint, rows: DesignRows, follow: JointFollowUp, time: str) -> JointFrame:
    knots = inner_knots(model, follow.end, follow.cause) if follow.cause.any() else ()
    return JointFrame(model, rows.encoding, time, first_rows(rows), knots, float(follow.end.max(initial=1.0)))


def _layout(frame: JointFrame, rows: DesignRows, follow: JointFollowUp) -> JointLayout:
    fixed, random = rows.fixed.shape[1], rows.random.shape[1]
    terms = sum(random if kind == "shared" else 1 for kind in frame.model.association)
    return JointLayout(
        fixed, random, len(basis_names(frame.model, frame.knots)), len(follow.names), terms, follow.causes
    )


def joint_data(frame: JointFrame, rows: DesignRows, follow: JointFollowUp) -> JointData:
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
    found = search_mixed(statistics, reml=False)
    sd = float(np.sqrt(found.point.residual[0] / statistics.values[0]))
    factor = sd * np.tril(found.factor[0])
    floor = 1e-3 * sd / np.sqrt(np.maximum(np.diagonal(data.course.zz.mean(axis=0)), 1e-12))
    np.fill_diagonal(factor, np.maximum(np.abs(np.diagonal(factor)), floor))
    weight = np.exp(data.exposure.log_weight)
    level = _level(layout, data)
    hazards = tuple(
        Hazard(
            np.log(max(float(data.happened[:, cause].sum() / weight.sum()), 1e-12)) * level,
            np.zeros(layout.covariates),
            np.zeros(layout.terms),
        )
        for cause in range(layout.causes)
    )
    return pack(layout, JointValues(found.point.beta[0], factor, sd, hazards))


def search(
    layout: JointLayout, working: Float[np.ndarray, " parameter"], data: JointData, points: int
) -> tuple[Float[np.ndarray, " parameter"], JointEvaluation, int, Status]:
    """Newton steps on the exact information, none of them longer than LARGEST_MOVE."""
    best: JointEvaluation | None = None
    latest: JointEvaluation | None = None

    def surface(point: np.ndarray, _: np.ndarray) -> Surface:
        nonlocal latest
        latest = evaluate(layout, point[0], data, points, None if best is None else best.modes)
        gradient, metric = latest.scores.sum(axis=0), latest.scores.T @ latest.scores
        total = np.array([latest.log_likelihood.sum()])
        return Surface(total, gradient[None], latest.information[None], metric[None])

    def direction(here: Surface, point: np.ndarray) -> Direction:
        nonlocal best
        best = latest
        step, promise, weakest = newton(here, point)
        longest = np.abs(step[0, layout.fixed : layout.log_sd + 1]).max()
        return Direction(step * min(1.0, LARGEST_MOVE / max(longest, 1e-300)), promise, weakest)

    found = climb(surface, working[None], Rules(limit=MAX_STEPS), direction=direction)
    assert best is not None  # the first direction is always asked for
    return found.point[0], best, int(found.steps[0]), Status(int(found.status[0]))


def _without_spread(layout: JointLayout, working: Float[np.ndarray, " parameter"]) -> bool:
    # The working columns of the random effects have unit size.
    values = unpack(layout, working)
    return bool((np.diagonal(values.factor) < NO_SPREAD * values.sd).any())


def _separated(
    layout: JointLayout,
    working: Float[np.ndarray, " parameter"],
    found: JointEvaluation,
    follow: JointFollowUp,
    status: Status,
) -> tuple[Status, tuple[str, ...]]:
    if status not in {Status.CONVERGED, Status.SINGULAR, Status.MAX_STEPS} or not len(follow.names):
        return status, ()
    errors = np.sqrt(np.abs(np.diagonal(np.linalg.pinv(found.information, hermitian=True))))
    spread = np.ptp(follow.covariates, axis=0)
    names: list[str] = []
    for cause in range(layout.causes):
        block = layout.hazard(cause)
        some = slice(block.start + layout.basis, block.start + layout.basis + layout.covariates)
        apart = separated(working[some], errors[some], spread)
        names += [name for name, far in zip(follow.names, apart, strict=True) if far]
    if not names:
        return status, ()
    return Status.SEPARATION, (f"{', '.join(dict.fromkeys(names))} tells events from the others without exception.",)


COURSE: Final = CourseFunctions(predict_visits, simulate_visits, people=True)
"""What joint fits predict and simulate."""
