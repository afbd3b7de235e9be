"""D50: a sigmoid course from symptom onset fitted to each person's scores."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from alsight.base.status import Status
from alsight.base.units import Values
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST

FEWEST_SCORES: Final = 3
"""Scores that a fit needs, the rule of the public fit of the model (ufela_d50)."""

LEAST_SCORE: Final = 1.0
"""Lowest total that enters a fit [points]; the model reaches 0 only at infinity (ufela_d50)."""

D50_STARTS: Final = (3.0, 120.0)
"""Range of starting values for D50 [months] (ufela_d50)."""

DX_STARTS: Final = (1.0, 10.0)
"""Range of starting values for dx [months] (ufela_d50)."""

AGGRESSIVENESS: Final[dict[str, tuple[float, float]]] = {
    "high": (0.0, 20.0),
    "intermediate": (20.0, 40.0),
    "low": (40.0, np.inf),
}
"""Groups of D50 [months], lower bound included; people at exactly 40 are counted as low (dreger2021)."""

_D50_GRID: Final = np.geomspace(*D50_STARTS, 14)
_DX_GRID: Final = np.geomspace(*DX_STARTS, 6)
# Beyond these the data say only "hardly any slope" or "a step": numerical limits, far outside any course.
_LEAST: Final = np.log((0.5, 0.05))
_MOST: Final = np.log((1200.0, 600.0))
_STEPS: Final = 100


class D50Fit(NamedTuple):
    """A fitted sigmoid course per person; the estimates are nan unless the status is CONVERGED.

    Attributes:
        d50_months: symptom onset to a score of 24 [months].
        dx_months: how drawn out the course is; the steepest loss is 12/dx points per month [months].
        residual_sd: standard deviation about the curve on scores - 2 degrees of freedom [points].
        scores: how many scores entered.
        status: how the fit ended, values of `base.status.Status`.
    """

    d50_months: Float[Values, "*#batch"]
    dx_months: Float[Values, "*#batch"]
    residual_sd: Float[Values, "*#batch"]
    scores: Int[Values, "*#batch"]
    status: Int[Values, "*#batch"]


def expected_score(
    months_since_onset: Float[Values, "*#batch"],
    d50_months: Float[Values, "*#batch"],
    dx_months: Float[Values, "*#batch"],
) -> Float[Values, "*batch"]:
    """ALSFRS-R total on the sigmoid course: 48 / (1 + exp((t - D50) / dx)) [points, 0-48].

    Source: stubendorff2017
    """
    return ALSFRS_R_BEST / (1.0 + np.exp(np.clip((months_since_onset - d50_months) / dx_months, -700.0, 700.0)))


def local_loss(
    months_since_onset: Float[Values, "*#batch"],
    d50_months: Float[Values, "*#batch"],
    dx_months: Float[Values, "*#batch"],
) -> Float[Values, "*batch"]:
    """Rate of loss on the sigmoid course at a time [points per month, at least 0]; at D50 it is 12/dx, its greatest.

    The negative derivative of the curve: s (1 - s/48) / dx, with s the expected score.

    Source: stubendorff2017
    """
    score = expected_score(months_since_onset, d50_months, dx_months)
    return score * (1.0 - score / ALSFRS_R_BEST) / dx_months


def aggressiveness(d50_months: Float[Values, "*#batch"]) -> Values:
    """Group of D50 as text: "high", "intermediate", "low", and "" where D50 is missing.

    Source: dreger2021
    """
    group = np.full(np.shape(d50_months), "", dtype="U12")
    for name, (low, high) in AGGRESSIVENESS.items():
        group[(d50_months >= low) & (d50_months < high)] = name
    return group


def fit_d50(months_since_onset: Float[Values, "*#batch visit"], totals: Float[Values, "*#batch visit"]) -> D50Fit:
    """Least-squares fit of the sigmoid course to each person's ALSFRS-R totals, all people at once.

    Starts at the best point of a grid, then damped Gauss-Newton steps (Levenberg-Marquardt) on the logarithms of D50
    and dx. Totals below 1 and visits before onset do not enter.

    Args:
        months_since_onset: time of each visit since symptom onset [months]; padding is nan.
        totals: ALSFRS-R total [points, 0-48]; missing is nan.

    Returns:
        The estimates; TOO_FEW_DATA below three scores or two different times, CONSTANT where all scores are equal,
        BOUNDARY where the course shows no bend that places D50, MAX_STEPS where the steps did not settle.

    Source: stubendorff2017
    """
    times, values = (np.asarray(part, dtype=np.float64) for part in (months_since_onset, totals))
    batch, visits = times.shape[:-1], times.shape[-1]
    people = int(np.prod(batch))
    times, values = times.reshape(people, visits), values.reshape(people, visits)
    used = (times >= 0) & (values >= LEAST_SCORE) & (values <= ALSFRS_R_BEST)
    status, scores = _judge(times, values, used)
    weight = used.astype(np.float64)
    times, values = np.where(used, times, 0.0), np.where(used, values, 0.0)
    found = np.full((times.shape[0], 2), np.nan)
    squares = np.full(times.shape[0], np.nan)
    able = np.flatnonzero(status == Status.CONVERGED)
    if able.size:
        found[able], squares[able], status[able] = _descend(times[able], values[able], weight[able])
    good = status == Status.CONVERGED
    estimates = np.where(good[:, None], np.exp(found), np.nan)
    residual = np.where(good, np.sqrt(squares / np.maximum(scores - 2, 1)), np.nan)
    return D50Fit(
        estimates[:, 0].reshape(batch),
        estimates[:, 1].reshape(batch),
        residual.reshape(batch),
        scores.reshape(batch),
        status.reshape(batch),
    )


def _judge(times: Values, values: Values, used: Values) -> tuple[Values, np.ndarray]:
    """Who can be fitted at all, before any step, and how many scores each has."""

    def spread(part: Values) -> Values:
        highest = np.where(used, part, -np.inf).max(axis=-1, initial=-np.inf)
        return highest - np.where(used, part, np.inf).min(axis=-1, initial=np.inf)

    scores = used.sum(axis=-1)
    status = np.full(len(scores), int(Status.CONVERGED))
    status[spread(values) <= 0] = Status.CONSTANT
    status[(scores < FEWEST_SCORES) | (spread(times) <= 0)] = Status.TOO_FEW_DATA
    return status, scores


def _sum_of_squares(times: Values, values: Values, weight: Values, theta: Values) -> Values:
    natural = np.exp(theta)
    return (weight * (values - expected_score(times, natural[:, :1], natural[:, 1:])) ** 2).sum(axis=-1)


def _descend(times: Values, values: Values, weight: Values) -> tuple[Values, np.ndarray, np.ndarray]:
    """Levenberg-Marquardt on log D50 and log dx; two parameters, so each step is a closed 2 x 2 solution."""
    theta, best = _start(times, values, weight)
    damping = np.full(len(theta), 1e-3)
    settled = np.zeros(len(theta), dtype=bool)
    for _ in range(_STEPS):
        step = _step(times, values, weight, theta, damping)
        proposal = np.clip(theta + step, _LEAST, _MOST)
        squares = _sum_of_squares(times, values, weight, proposal)
        better = squares <= best
        moved = np.abs(proposal - theta).max(axis=-1)
        settled |= (better & (moved < 1e-9)) | (damping > 1e12)
        theta = np.where((better & ~settled)[:, None], proposal, theta)
        best = np.where(better & ~settled, squares, best)
        damping = np.where(better, np.maximum(damping * 0.2, 1e-12), damping * 5.0)
        if settled.all():
            break
    status = np.where(settled, int(Status.CONVERGED), int(Status.MAX_STEPS))
    at_edge = ((theta <= _LEAST + 1e-6) | (theta >= _MOST - 1e-6)).any(axis=-1)
    return theta, best, np.where(at_edge, int(Status.BOUNDARY), status)


def _start(times: Values, values: Values, weight: Values) -> tuple[Values, np.ndarray]:
    """The best point of the starting grid for each person, with its sum of squares."""
    theta = np.empty((len(times), 2))
    best = np.full(len(times), np.inf)
    for d50 in _D50_GRID:
        for dx in _DX_GRID:
            squares = (weight * (values - expected_score(times, d50, dx)) ** 2).sum(axis=-1)
            better = squares < best
            theta[better] = np.log((d50, dx))
            best = np.where(better, squares, best)
    return theta, best


def _step(times: Values, values: Values, weight: Values, theta: Values, damping: Values) -> Values:
    d50, dx = np.exp(theta[:, :1]), np.exp(theta[:, 1:])
    score = expected_score(times, d50, dx)
    loss = score * (1.0 - score / ALSFRS_R_BEST)
    by_d50, by_dx = weight * loss * d50 / dx, weight * loss * (times - d50) / dx
    miss = weight * (values - score)
    a, b, d = (by_d50**2).sum(axis=-1), (by_d50 * by_dx).sum(axis=-1), (by_dx**2).sum(axis=-1)
    p, q = (by_d50 * miss).sum(axis=-1), (by_dx * miss).sum(axis=-1)
    a, d = a * (1.0 + damping) + 1e-12, d * (1.0 + damping) + 1e-12
    determinant = np.maximum(a * d - b * b, 1e-300)
    step = np.stack([(d * p - b * q) / determinant, (a * q - b * p) / determinant], axis=-1)
    return np.clip(step, -1.0, 1.0)
