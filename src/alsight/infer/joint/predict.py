"""Dynamic prediction from a joint fit: a person's course and survival from what was seen so far.

    P(T > u | T > t, y) = ∫ exp(-∫_t^u h(s | b) ds) p(b | T > t, y) db

Source: rizopoulos2012
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.special import ndtri

from alsight.infer.design import encode
from alsight.infer.fit import Fit
from alsight.infer.joint.arrays import JointData
from alsight.infer.joint.features import Frame, course, designs, first_rows, quadrature, times
from alsight.infer.joint.likelihood import Posterior, posterior
from alsight.infer.joint.parameters import Values, unpack
from alsight.infer.joint.plan import Plan, layout_of, read_plan

POINTS = 9
"""Gauss-Hermite nodes for each random effect; prediction needs tails that a fit does not."""


@dataclass(frozen=True)
class _People:
    """What prediction needs of some people, in one order."""

    frame: Frame
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
    plan, layout = read_plan(fit), layout_of(fit)
    working = fit.arrays["working"]
    someone = _people(fit, plan, visits, people)
    found = posterior(layout, working, someone.data, POINTS)
    after = np.asarray(sorted(horizons), dtype=float)
    values = unpack(layout, working)
    mean, spread = _course(someone, found, values, after)
    survival = _survival(someone, found, values, after)
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


def _people(fit: Fit, plan: Plan, visits: pl.DataFrame, people: pl.DataFrame) -> _People:
    rows = encode(fit.record.encoding, visits)
    names = rows.subjects
    joined = pl.DataFrame({plan.subject: names}).join(people, on=plan.subject, how="left", maintain_order="left")
    landmark = joined["landmark"].cast(pl.Float64).to_numpy()
    knots = tuple(float(knot) for knot in fit.arrays["knots"])
    frame = Frame(fit.model, rows.encoding, plan.time, first_rows(rows), knots, float(fit.arrays["horizon"]))
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
    someone: _People, found: Posterior, values: Values, after: Float[np.ndarray, " horizon"]
) -> tuple[Float[np.ndarray, "subject horizon"], Float[np.ndarray, "subject horizon"]]:
    fixed, random = designs(someone.frame, someone.landmark[:, None] + after)
    mean_effects = np.einsum("nk,nkq->nq", found.weights, found.effects)
    away = found.effects - mean_effects[:, None, :]
    covariance = np.einsum("nk,nkq,nkr->nqr", found.weights, away, away, optimize=True)
    mean = fixed @ values.fixed + np.einsum("nhq,nq->nh", random, mean_effects)
    variance = np.einsum("nhq,nqr,nhr->nh", random, covariance, random, optimize=True)
    return mean, np.sqrt(np.maximum(variance, 0.0))


def _survival(
    someone: _People, found: Posterior, values: Values, after: Float[np.ndarray, " horizon"]
) -> Float[np.ndarray, "subject horizon"]:
    now = _cumulative(someone, found, values, someone.landmark)
    columns = [
        (found.weights * np.exp(now - _cumulative(someone, found, values, someone.landmark + step))).sum(axis=1)
        for step in after
    ]
    return np.stack(columns, axis=1)


def _cumulative(
    someone: _People, found: Posterior, values: Values, until: Float[np.ndarray, " subject"]
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
