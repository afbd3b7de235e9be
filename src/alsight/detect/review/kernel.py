"""Exact log-likelihood of people's totals under linear-Gaussian courses, by a Kalman filter of three states.

One compiled loop over people and classes, linear in visits; state: level, rate of loss, fluctuation.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from jaxtyping import Float64

from alsight.base.units import DAYS_PER_MONTH
from alsight.cohort.ratings import Ratings
from alsight.detect.review.classes import UNANCHORED_LEVEL
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST

_OPTIONS: Final[Any] = {"error_model": "numpy"}
_LOG_TWO_PI: Final = float(np.log(2.0 * np.pi))
_MEAN, _SPREAD = UNANCHORED_LEVEL
(_PAST, _RATE, _PAST_SD, _RATE_SD, _CORRELATION, _WANDER, _STEPS, _FLUCTUATION, _MEMORY, _NOISE, _HAZARD, _SHAPE) = (
    range(12)
)


@nb.njit(**_OPTIONS)
def _first(row: Any, onset: float, state: Any, spread: Any) -> None:
    """State at the first visit; spread holds the covariance as ll, lr, rr, lf, rf, ff."""
    rate_sd = row[_RATE_SD]
    state[1] = row[_RATE]
    if onset > 0.0:
        state[0] = ALSFRS_R_BEST - row[_PAST] * onset
        spread[0] = (row[_PAST_SD] * onset) ** 2
        spread[1] = -onset * row[_CORRELATION] * row[_PAST_SD] * rate_sd
    else:
        state[0] = _MEAN
        spread[0] = _SPREAD**2
        spread[1] = 0.0
    state[2] = 0.0
    spread[2] = rate_sd**2
    spread[3] = 0.0
    spread[4] = 0.0
    spread[5] = row[_FLUCTUATION] ** 2


@nb.njit(**_OPTIONS)
def _ahead(row: Any, gap: float, state: Any, spread: Any) -> None:
    """State after some months: the level falls by the rate, both wander, the fluctuation fades and is renewed."""
    accepted = np.exp(-gap / row[_MEMORY])
    state[0] -= gap * state[1]
    state[2] *= accepted
    ll, lr, rr, lf, rf, ff = spread[0], spread[1], spread[2], spread[3], spread[4], spread[5]
    wander = row[_WANDER]
    spread[0] = ll - 2.0 * gap * lr + gap * gap * rr + wander * gap**3 / 3.0 + row[_STEPS] * gap
    spread[1] = lr - gap * rr - wander * gap * gap / 2.0
    spread[2] = rr + wander * gap
    spread[3] = accepted * (lf - gap * rf)
    spread[4] = accepted * rf
    spread[5] = accepted * accepted * ff + row[_FLUCTUATION] ** 2 * (1.0 - accepted * accepted)


@nb.njit(**_OPTIONS)
def _take(total: float, noise: float, state: Any, spread: Any) -> float:
    """Learn from one rating; its log density."""
    ll, lr, rr, lf, rf, ff = spread[0], spread[1], spread[2], spread[3], spread[4], spread[5]
    variance = ll + 2.0 * lf + ff + noise * noise
    off = total - state[0] - state[2]
    level, rate, sway = (ll + lf) / variance, (lr + rf) / variance, (lf + ff) / variance
    state[0] += level * off
    state[1] += rate * off
    state[2] += sway * off
    spread[0] = ll - variance * level * level
    spread[1] = lr - variance * level * rate
    spread[2] = rr - variance * rate * rate
    spread[3] = lf - variance * level * sway
    spread[4] = rf - variance * rate * sway
    spread[5] = ff - variance * sway * sway
    return -0.5 * (_LOG_TWO_PI + np.log(variance) + off * off / variance)


@nb.njit(nogil=True, cache=True, **_OPTIONS)
def _filter(starts: Any, months: Any, totals: Any, onset: Any, courses: Any, out: Any) -> None:
    state, spread = np.zeros(3), np.zeros(6)
    for subject in range(starts.size - 1):
        for index in range(courses.shape[0]):
            row = courses[index]
            sum_ = 0.0
            for visit in range(starts[subject], starts[subject + 1]):
                if visit == starts[subject]:
                    _first(row, onset[subject], state, spread)
                else:
                    _ahead(row, months[visit] - months[visit - 1], state, spread)
                sum_ += _take(totals[visit], row[_NOISE], state, spread)
            out[subject, index] = sum_


def log_scores(
    ratings: Ratings,
    onset: Float64[np.ndarray, " subject"],
    courses: Float64[np.ndarray, "course number"],
) -> Float64[np.ndarray, "subject course"]:
    """Exact log-likelihood of every subject's totals under every course.

    Args:
        ratings: ratings with a total [points], each subject on one scale.
        onset: first symptom to first visit [months]; nan where not recorded or not above 0.
        courses: rows of `classes.table`.

    Returns:
        Log densities; 0 for a subject without visits.
    """
    out = np.zeros((onset.size, courses.shape[0]))
    _filter(ratings.offsets, ratings.months, ratings.total, np.nan_to_num(onset, nan=-1.0), courses, out)
    return out


def log_lives(
    observed: Float64[np.ndarray, " subject"],
    died: Float64[np.ndarray, " subject"],
    courses: Float64[np.ndarray, "course number"],
) -> Float64[np.ndarray, "subject course"]:
    """Log-likelihood of being alive at the last visit, or of the recorded death, under every course.

    Args:
        observed: first to last visit [months].
        died: first visit to recorded death [months]; nan where none is recorded.
        courses: rows of `classes.table`.
    """
    hazard, shape = courses[:, _HAZARD], courses[:, _SHAPE]
    dead = np.isfinite(died)
    until = np.maximum(np.where(dead, died, observed), 0.0)[:, None]
    cumulative = hazard * until**shape
    least = 1.0 / DAYS_PER_MONTH
    density = np.log(np.maximum(hazard * shape, 1e-300)) + (shape - 1.0) * np.log(np.maximum(until, least))
    return np.where(dead[:, None], density, 0.0) - cumulative
