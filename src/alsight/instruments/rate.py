"""Rates of decline: since onset, over a window by least squares, between two visits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from alsight.base.units import Values
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST


def delta_fs(
    total: Float[Values, "*#batch"], months_since_onset: Float[Values, "*#batch"], best: float = ALSFRS_R_BEST
) -> Float[Values, "*batch"]:
    """Mean rate of decline from symptom onset to one visit (ΔFS).

    ΔFS = (best - total) / months since onset

    Args:
        total: ALSFRS-R total [points, 0-48].
        months_since_onset: first symptom to this visit [months, above 0].
        best: total without any loss [points]; 40 for the original ALSFRS, whose rates are not comparable.

    Returns:
        Decline [points per month, at least 0]; nan where the visit is not after onset or the total is missing.

    Source: kimura2006
    """
    months = np.asarray(months_since_onset, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = (best - np.asarray(total, dtype=np.float64)) / months
    return np.where(months > 0, rate, np.nan)


class Slope(NamedTuple):
    """Straight line through the visits of a window.

    Attributes:
        per_month: change [points per month], negative for decline.
        at_start: fitted value at the start of the window, or at month 0 where it has none [points].
        residual_sd: standard deviation about the line on visits - 2 degrees of freedom [points]; nan below 3 visits.
        visits: how many visits entered.
        span_months: first to last of them [months].
    """

    per_month: Float[Values, "*#batch"]
    at_start: Float[Values, "*#batch"]
    residual_sd: Float[Values, "*#batch"]
    visits: Int[Values, "*#batch"]
    span_months: Float[Values, "*#batch"]


def window_slope(
    months: Float[Values, "*#batch visit"],
    scores: Float[Values, "*#batch visit"],
    start: float | Float[Values, "*#batch"] = -np.inf,
    end: float | Float[Values, "*#batch"] = np.inf,
) -> Slope:
    """Least-squares slope of a score over the visits of a window, many people at once.

    Args:
        months: time of each visit [months]; padding is nan.
        scores: score at each visit [points]; missing is nan.
        start: first month of the window, included.
        end: last month of the window, included.

    Returns:
        The line; its slope is nan where fewer than two different times remain.
    """
    times, values = np.asarray(months, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    first, last = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    inside = (times >= first[..., None]) & (times <= last[..., None]) & ~np.isnan(values)
    visits = inside.sum(axis=-1)
    count = np.maximum(visits, 1)
    times, values = np.where(inside, times, 0.0), np.where(inside, values, 0.0)
    time_mean, value_mean = times.sum(axis=-1) / count, values.sum(axis=-1) / count
    time_off = np.where(inside, times - time_mean[..., None], 0.0)
    value_off = np.where(inside, values - value_mean[..., None], 0.0)
    spread = (time_off**2).sum(axis=-1)
    # Days differ by at least 1/31 of a month: a smaller spread is rounding of equal times.
    usable = spread > 1e-9
    slope = np.where(usable, (time_off * value_off).sum(axis=-1) / np.where(usable, spread, 1.0), np.nan)
    squares = ((value_off - np.where(usable, slope, 0.0)[..., None] * time_off) ** 2).sum(axis=-1)
    residual = np.where(usable & (visits > 2), np.sqrt(squares / np.maximum(visits - 2, 1)), np.nan)
    origin = np.where(np.isfinite(first), first, 0.0)
    span = np.where(inside, times, -np.inf).max(axis=-1, initial=-np.inf) - np.where(inside, times, np.inf).min(
        axis=-1, initial=np.inf
    )
    return Slope(slope, value_mean + slope * (origin - time_mean), residual, visits, np.where(visits > 0, span, np.nan))


def two_point_change(
    first: Float[Values, "*#batch"], last: Float[Values, "*#batch"], months_between: Float[Values, "*#batch"]
) -> Float[Values, "*batch"]:
    """Change between two visits per month [points per month], negative for decline.

    Args:
        first: score at the earlier visit [points].
        last: score at the later visit [points].
        months_between: time between them [months, above 0].

    Returns:
        The change; nan where the visits are not apart or a score is missing.
    """
    months = np.asarray(months_between, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = (np.asarray(last, dtype=np.float64) - np.asarray(first, dtype=np.float64)) / months
    return np.where(months > 0, change, np.nan)
