"""Closed-form fits of the linear mixed model: one design, or many trials of equal shape as one program."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from alsight.base.status import Status
from alsight.infer.design import DesignRows
from alsight.infer.fit import Fit, failed, join
from alsight.infer.gaussian.mixed import Statistics, freedom, lower, statistics_of_rows, statistics_of_visits
from alsight.infer.gaussian.pieces import mixed_pieces, profile_information
from alsight.infer.gaussian.search import MixedOptimum, search
from alsight.infer.gaussian.small import inverse
from alsight.models.columns import Working, working
from alsight.models.covariance import pairs_below
from alsight.models.linear import Linear
from alsight.models.model import Columns, Record

Method = Literal["reml", "ml"]
CHUNK = 40_000
"""Subjects worked on at once in a batch of trials, so that the arrays stay in the processor's cache."""


def fit_rows(rows: DesignRows, model: Linear, method: Method) -> Fit:
    """The closed-form fit of a design that is already made."""
    record = rows.record(method)
    if problem := rows.fatal:
        return failed(problem.status, model.parameters_of(rows.columns), rows.columns, model, record)
    weight = rows.weight if rows.encoding.weight else None
    even = working(rows.outcome, rows.fixed, rows.random)
    statistics = statistics_of_rows(even.outcome, even.fixed, even.random, rows.start, weight)
    fit, found = _fit(statistics, _stacked(even), rows.columns, model, method, record)
    sandwich = _sandwich(rows, even, found)
    square = np.full_like(fit.covariance, np.nan)
    p = len(rows.columns.fixed)
    square[..., :p, :p] = sandwich
    arrays = {name: value[0] for name, value in fit.arrays.items()}
    arrays |= {"effects": _effects(found)[0] @ even.random_turn.T, "sandwich": sandwich}
    return replace(
        fit,
        estimates=fit.estimates[0],
        covariance=fit.covariance[0],
        sandwich=square[0],
        log_likelihood=np.asarray(fit.log_likelihood)[0],
        status=np.asarray(fit.status)[0],
        steps=np.asarray(fit.steps)[0],
        arrays=arrays,
    )


def fit_trials(
    outcome: Float[np.ndarray, "trial subject visit"],
    fixed: Float[np.ndarray, "trial subject visit fixed"],
    random: Float[np.ndarray, "trial subject visit random"],
    observed: Bool[np.ndarray, "trial subject visit"],
    columns: Columns,
    method: Method = "reml",
) -> Fit:
    """Many trials of equal shape as one program; each has its own status, and one that fails harms no other.

    Args:
        outcome: measured values; anything where not seen.
        fixed: design of the population's course.
        random: design of the subjects' departures.
        observed: which visits took place; a subject without any is as if absent.
        columns: names of the design's columns.
        method: "reml" or "ml".

    Returns:
        One fit whose fields start with the trial axis.
    """
    model = Linear()
    size = max(1, CHUNK // max(1, outcome.shape[1]))
    parts: list[Fit] = []
    for first in range(0, len(outcome), size):
        some = slice(first, first + size)
        known = observed[some]
        shape = known.shape
        values = np.where(known, outcome[some], 0.0).reshape(shape[0], -1)
        designs = [np.where(known[..., None], each[some], 0.0) for each in (fixed, random)]
        even = working(values, *(each.reshape(shape[0], -1, each.shape[-1]) for each in designs))
        again = (even.outcome.reshape(shape), even.fixed.reshape(*shape, -1), even.random.reshape(*shape, -1))
        statistics = statistics_of_visits(*again, known.astype(float))
        parts.append(_fit(statistics, even, columns, model, method, Record(method, outcome.shape[1]))[0])
    return join(parts)


def _stacked(even: Working) -> Working:
    return Working(*(getattr(even, name)[None] for name in Working.__dataclass_fields__))


def _fit(
    statistics: Statistics, even: Working, columns: Columns, model: Linear, method: Method, record: Record
) -> tuple[Fit, MixedOptimum]:
    reml = method == "reml"
    found = search(statistics, reml=reml)
    estimates, turn = _natural(statistics, found, even, reml=reml)
    p = len(columns.fixed)
    spread, _, fine = inverse(profile_information(statistics, found, reml=reml))
    flat = found.status == Status.BOUNDARY
    status = np.where((found.status == Status.CONVERGED) & ~fine, Status.SINGULAR, found.status)
    pieces = mixed_pieces(statistics, found, even.turn, reml=reml)
    covariance = np.zeros((len(estimates), estimates.shape[1], estimates.shape[1]))
    covariance[:, :p, :p] = even.turn @ pieces.inverse @ np.swapaxes(even.turn, -1, -2)
    covariance[:, p:, p:] = turn @ spread @ np.swapaxes(turn, -1, -2)
    covariance[:, p:, p:] = np.where(flat[:, None, None], np.nan, covariance[:, p:, p:])
    fit = Fit(
        estimates=estimates,
        covariance=covariance,
        sandwich=np.full_like(covariance, np.nan),
        log_likelihood=-0.5 * found.point.deviance + (even.log_size if reml else 0.0),
        status=status,
        steps=found.steps,
        arrays=pieces.arrays() | _as_working(statistics, found, even, reml=reml),
        parameters=model.parameters_of(columns),
        columns=columns,
        model=model,
        record=record,
    )
    return fit, found


def _as_working(statistics: Statistics, found: MixedOptimum, even: Working, *, reml: bool) -> dict[str, np.ndarray]:
    # What predictions are made from: parameters of the working columns, and what makes these.
    sigma = np.sqrt(found.point.residual / freedom(statistics, reml=reml))
    gamma = found.factor @ np.swapaxes(found.factor, -1, -2)
    spread, _ = _printed(gamma, sigma)
    beta = found.point.beta + even.least_squares
    return {
        "working_estimates": np.concatenate([beta, spread, sigma[:, None]], axis=1),
        "working_fixed": even.turn,
        "working_random": even.random_turn,
    }


def _natural(
    statistics: Statistics, found: MixedOptimum, even: Working, *, reml: bool
) -> tuple[np.ndarray, np.ndarray]:
    # Coefficients, SDs, correlations, residual SD in the columns as given; and the Jacobian of the last three by the
    # working (Gamma, sigma^2).
    sigma = np.sqrt(found.point.residual / freedom(statistics, reml=reml))
    root = even.random_turn @ found.factor
    gamma = root @ np.swapaxes(root, -1, -2)
    spread, turn = _printed(gamma, sigma)
    rows, columns = lower(gamma.shape[-1])
    i, j, k, l = rows[:, None], columns[:, None], rows[None], columns[None]  # noqa: E741 - matrix indices keep their letters
    t = even.random_turn
    inner = np.zeros_like(turn)
    inner[:, :-1, :-1] = t[:, i, k] * t[:, j, l] + np.where(k == l, 0.0, t[:, i, l] * t[:, j, k])
    inner[:, -1, -1] = 1.0
    beta = np.einsum("tab,tb->ta", even.turn, found.point.beta + even.least_squares)
    return np.concatenate([beta, spread, sigma[:, None]], axis=1), turn @ inner


def _printed(gamma: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # SDs and correlations, and their Jacobian, with sigma's, by (lower elements of Gamma, sigma^2).
    q = gamma.shape[-1]
    rows, columns = lower(q)
    index = {(int(i), int(j)): spot for spot, (i, j) in enumerate(zip(rows, columns, strict=True))}
    below = list(zip(*pairs_below(q), strict=True))
    count = len(rows) + 1
    turn = np.zeros((len(sigma), count, count))
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.diagonal(gamma, axis1=-2, axis2=-1))
        deviations = root * sigma[:, None]
        for k in range(q):
            turn[:, k, index[k, k]] = 0.5 * sigma / root[:, k]
            turn[:, k, -1] = 0.5 * root[:, k] / sigma
        correlations = np.empty((len(sigma), len(below)))
        for spot, (i, j) in enumerate(below):
            product = root[:, i] * root[:, j]
            correlation = gamma[:, i, j] / product
            correlations[:, spot] = correlation
            turn[:, q + spot, index[int(i), int(j)]] = 1 / product
            turn[:, q + spot, index[int(i), int(i)]] = -0.5 * correlation / gamma[:, i, i]
            turn[:, q + spot, index[int(j), int(j)]] = -0.5 * correlation / gamma[:, j, j]
    turn[:, -1, -1] = 0.5 / sigma
    return np.concatenate([deviations, correlations], axis=1), turn


def _effects(found: MixedOptimum) -> Float[np.ndarray, "trial subject random"]:
    gamma = found.factor @ np.swapaxes(found.factor, -1, -2)
    return np.einsum("tij,jts->tsi", gamma, found.point.inner)


def _sandwich(rows: DesignRows, even: Working, found: MixedOptimum) -> Float[np.ndarray, "fixed fixed"]:
    # Scores of the coefficients, summed within subjects: X'V^-1 r (Liang & Zeger 1986).
    error = even.outcome - even.fixed @ found.point.beta[0]
    gamma = found.factor[0] @ found.factor[0].T
    pull = gamma @ found.point.inner[:, 0]
    inside = error - np.einsum("rq,qr->r", even.random, np.repeat(pull, np.diff(rows.start), axis=1))
    inside = inside * rows.weight if rows.encoding.weight else inside
    scores = np.add.reduceat(even.fixed * inside[:, None], rows.start[:-1], axis=0)
    bread = even.turn @ found.point.inverse[0]
    return bread @ (scores.T @ scores) @ bread.T
