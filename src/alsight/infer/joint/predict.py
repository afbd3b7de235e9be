"""Dynamic prediction from a joint fit: a person's course and survival from what was seen so far.

    P(T > u | T > t, y) = ∫ exp(-∫_t^u h(s | b) ds) p(b | T > t, y) db

Source: rizopoulos2012
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from jaxtyping import Float, Int
from scipy.special import ndtri

from alsight.base.errors import DataError, Fault
from alsight.infer.design import DesignRows, encode
from alsight.infer.fit import Fit
from alsight.infer.formulas import names_in
from alsight.infer.joint.arrays import JointData
from alsight.infer.joint.features import JointFrame, course, designs, first_rows, quadrature, times
from alsight.infer.joint.likelihood import EffectsPosterior, posterior
from alsight.infer.joint.parameters import JointValues, unpack
from alsight.infer.joint.plan import JointPlan, layout_of

POINTS = 9
"""Gauss-Hermite nodes for each random effect; prediction needs tails that a fit does not."""
RANGE = ("mean", "low", "high", "low_seen", "high_seen")
"""Columns of a prediction, in their order."""


@dataclass(frozen=True)
class _People:
    """What prediction needs of some people, in one order."""

    frame: JointFrame
    data: JointData
    landmark: Float[np.ndarray, " subject"]
    names: pl.Series


def predict_joint(
    fit: Fit, visits: pl.DataFrame, people: pl.DataFrame, horizons: list[float], level: float = 0.9
) -> pl.DataFrame:
    """Course and survival of people who were alive at a landmark, from their visits up to it.

    Args:
        fit: what `fit_joint` returned.
        visits: their visits, with the columns of the fit's formulas.
        people: one row a person with the hazard's covariates and the column `landmark`, the time at which each was
            last known to be alive [unit of the fit].
        horizons: times after the landmark to predict at [unit of the fit, above 0].
        level: coverage of the interval of the course.

    Returns:
        One row a person and horizon: `after`, `time`, `mean`, `low`, `high` of the latent course as it would be
        were the person alive, and `survival` up to then.

    Raises:
        DataError: a column is missing or a level was never seen.
    """
    plan, layout = fit.plan, layout_of(fit)
    working = fit.arrays["working"]
    someone = _people(fit, plan, visits, people)
    found = posterior(layout, working, someone.data, POINTS)
    after = np.asarray(sorted(horizons), dtype=float)
    values = unpack(layout, working)
    when = someone.landmark[:, None] + after
    mean, spread = _course(someone, found, values, when)
    survival = _survival(someone, found, values, when)
    width = float(ndtri(0.5 + level / 2))
    count = len(someone.names)
    return pl.DataFrame(
        {
            plan.subject: someone.names.gather(np.repeat(np.arange(count), len(after))),
            "after": np.tile(after, count),
            "time": (someone.landmark[:, None] + after).ravel(),
            "mean": mean.ravel(),
            "low": (mean - width * spread).ravel(),
            "high": (mean + width * spread).ravel(),
            "survival": survival.ravel(),
        }
    )


def likelihood_at_landmark(fit: Fit, visits: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Log likelihood of each person's values and of being event-free at the landmark, at the estimates.

    Args:
        fit: what `fit_joint` returned.
        visits: their visits up to the landmark.
        people: one row a person with the hazard's covariates and the column `landmark`.

    Returns:
        The subject column and `log_likelihood`.
    """
    someone = _people(fit, fit.plan, visits, people)
    found = posterior(layout_of(fit), fit.arrays["working"], someone.data, POINTS)
    return pl.DataFrame({fit.plan.subject: someone.names, "log_likelihood": found.log_likelihood})


def predict_visits(
    fit: Fit, visits: pl.DataFrame, level: float = 0.95, *, people: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Course and survival at each row of a table of visits, from everything that was measured of the person.

    Args:
        fit: what `fit_joint` returned.
        visits: rows with an outcome inform their person; rows without are only predicted.
        level: coverage of the intervals.
        people: one row a person with the hazard's covariates and, where wanted, `landmark`, when the person was last
            known to be alive; without it covariates are read from each person's first visit. No one's landmark is
            before the last measurement; it is 0 where nothing was measured.

    Returns:
        The rows with `mean`, `low`, `high` of the course as it would be were the person alive, `low_seen` and
        `high_seen` of a new measurement, and `survival` from the landmark to the row; 1 before it.

    Raises:
        DataError: a column is missing or a level was never seen.
    """
    plan, layout, working = fit.plan, layout_of(fit), fit.arrays["working"]
    rows = encode(fit.record.encoding, visits)
    if not len(rows.subjects):
        return rows.table.with_columns(pl.lit(0.0).alias(name) for name in (*RANGE, "survival"))
    when, index = padded_times(rows, plan)
    last = np.zeros(len(rows.subjects))
    np.maximum.at(last, rows.owner[rows.observed], rows.table[plan.time].to_numpy().astype(float)[rows.observed])
    someone = _people(fit, plan, rows.table, with_landmark(rows, plan, last, people))
    found, values = posterior(layout, working, someone.data, POINTS), unpack(layout, working)
    mean, spread = _course(someone, found, values, when)
    survival = _survival(someone, found, values, np.maximum(when, someone.landmark[:, None]))
    reported = rows.unpad({"mean": mean, "sd_course": spread, "sd_seen": np.sqrt(spread**2 + values.sd**2)}, level)
    return reported.with_columns(survival=pl.Series(survival[rows.owner, index]))


def padded_times(
    rows: DesignRows, plan: JointPlan
) -> tuple[Float[np.ndarray, "subject time"], Int[np.ndarray, "*_ row"]]:
    """Times of each person's rows, the last repeated to one width, and each row's place among its person's."""
    index = np.arange(len(rows.owner)) - rows.start[rows.owner]
    taken = np.minimum(rows.start[:-1, None] + np.arange(int(index.max(initial=0)) + 1), rows.start[1:, None] - 1)
    return rows.table[plan.time].to_numpy().astype(float)[taken], index


def with_landmark(
    rows: DesignRows, plan: JointPlan, last: Float[np.ndarray, " subject"], people: pl.DataFrame | None
) -> pl.DataFrame:
    """One row a person of a table of visits, with covariates of the hazard and a landmark no earlier than `last`.

    Raises:
        DataError: a column is missing, or a person or a covariate.
    """
    named = names_in(plan.hazard) if plan.hazard else []
    table = rows.table[rows.start[:-1]] if people is None else people
    missing = [name for name in (plan.subject, *named) if name not in table.columns]
    if missing:
        raise DataError([_fault(name, f"There is no column {name} of people.") for name in missing])
    own = ["landmark"] if people is not None and "landmark" in people.columns else []
    accepted = table.select(list(dict.fromkeys([plan.subject, *named, *own]))).unique(plan.subject, keep="first")
    joined = pl.DataFrame({plan.subject: rows.subjects}).join(
        accepted, on=plan.subject, how="left", maintain_order="left"
    )
    holes = [name for name in named if joined[name].null_count()]
    if holes:
        who = {name: joined.filter(pl.col(name).is_null())[plan.subject].head(5).to_list() for name in holes}
        raise DataError([_fault(n, f"{n} is missing for {', '.join(map(str, some))}.") for n, some in who.items()])
    known = joined["landmark"].cast(pl.Float64).fill_null(0.0).to_numpy() if own else np.zeros(len(last))
    return joined.with_columns(landmark=pl.Series(np.maximum(known, last)))


def _fault(column: str, message: str) -> Fault:
    how_to_fix = "Give one row a person with the covariates of the hazard."
    return Fault(table="people", rule="no_value", column=column, message=message, how_to_fix=how_to_fix)


def _people(fit: Fit, plan: JointPlan, visits: pl.DataFrame, people: pl.DataFrame) -> _People:
    rows = encode(fit.record.encoding, visits)
    names = rows.subjects
    joined = pl.DataFrame({plan.subject: names}).join(people, on=plan.subject, how="left", maintain_order="left")
    landmark = joined["landmark"].cast(pl.Float64).to_numpy()
    knots = tuple(float(knot) for knot in fit.arrays["knots"])
    frame = JointFrame(fit.model, rows.encoding, plan.time, first_rows(rows), knots, float(fit.arrays["horizon"]))
    causes = layout_of(fit).causes
    data = JointData(
        course(rows),
        np.zeros((len(names), causes)),
        plan.covariates(joined) - fit.arrays["centers"],
        times(frame, landmark[:, None], np.zeros((len(names), 1))),
        times(frame, *quadrature(frame, landmark)),
    )
    return _People(frame, data, landmark, names)


def _course(
    someone: _People, found: EffectsPosterior, values: JointValues, when: Float[np.ndarray, "subject horizon"]
) -> tuple[Float[np.ndarray, "subject horizon"], Float[np.ndarray, "subject horizon"]]:
    fixed, random = designs(someone.frame, when)
    mean_effects = np.einsum("nk,nkq->nq", found.weights, found.effects)
    away = found.effects - mean_effects[:, None, :]
    covariance = np.einsum("nk,nkq,nkr->nqr", found.weights, away, away, optimize=True)
    mean = fixed @ values.fixed + np.einsum("nhq,nq->nh", random, mean_effects)
    variance = np.einsum("nhq,nqr,nhr->nh", random, covariance, random, optimize=True)
    return mean, np.sqrt(np.maximum(variance, 0.0))


def _survival(
    someone: _People, found: EffectsPosterior, values: JointValues, when: Float[np.ndarray, "subject horizon"]
) -> Float[np.ndarray, "subject horizon"]:
    now = _cumulative(someone, found, values, someone.landmark)
    columns = [
        (found.weights * np.exp(now - _cumulative(someone, found, values, column))).sum(axis=1) for column in when.T
    ]
    return np.stack(columns, axis=1)


def _cumulative(
    someone: _People, found: EffectsPosterior, values: JointValues, until: Float[np.ndarray, " subject"]
) -> Float[np.ndarray, "subject node"]:
    """Cumulative hazard of all causes from 0 to a time, at every node."""
    long = replace(someone.frame, horizon=max(someone.frame.horizon, float(until.max(initial=0.0))))
    exposure = times(replace(long, horizon=someone.frame.horizon), *quadrature(long, until))
    total = np.zeros(found.weights.shape)
    for hazard in values.hazards:
        level = exposure.basis @ hazard.baseline + exposure.log_weight
        level = level + (someone.data.covariates @ hazard.covariates)[:, None]
        level = level + np.einsum("k,ntkp,p->nt", hazard.association, exposure.fixed, values.fixed, optimize=True)
        slope = np.einsum("k,ntkq->ntq", hazard.association, exposure.random)
        total += np.exp(level[:, None, :] + found.effects @ np.swapaxes(slope, 1, 2)).sum(axis=2)
    return total
