"""Kaplan-Meier with delayed entry: curve, limits, quantiles and restricted mean, in numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from alsight.base.errors import DataError, Fault

Limits = Literal["log_log", "log", "plain"]

LEVEL: Final = 0.95
"""Coverage of the limits when none is asked for."""


@dataclass(frozen=True)
class SurvivalCurve:
    """A Kaplan-Meier curve at its event times.

    Attributes:
        time: distinct event times, ascending.
        at_risk: people under observation just before each.
        events: events at each.
        survival: share still free of the event just after each [0-1].
        error: Greenwood's standard error of `survival`.
        low: lower confidence limit, nan where survival is 0.
        high: upper confidence limit, nan where survival is 0.
        last: last time anybody was observed.
        people: people counted.
    """

    time: Float[np.ndarray, " times"]
    at_risk: Int[np.ndarray, " times"]
    events: Int[np.ndarray, " times"]
    survival: Float[np.ndarray, " times"]
    error: Float[np.ndarray, " times"]
    low: Float[np.ndarray, " times"]
    high: Float[np.ndarray, " times"]
    last: float
    people: int


def kaplan_meier(
    time: Float[np.ndarray, " people"],
    event: Bool[np.ndarray, " people"],
    entry: Float[np.ndarray, " people"] | None = None,
    *,
    limits: Limits = "log_log",
    level: float = LEVEL,
) -> SurvivalCurve:
    """Kaplan-Meier estimate of staying free of an event, people coming under observation late where told.

    S(t) = prod over event times s <= t of 1 - d(s)/n(s), where n(s) counts entry < s <= time.

    Args:
        time: event or censoring.
        event: whether the event happened.
        entry: time from which the person was under observation; from the start when not given. People whose time is
            not after their entry are excluded.
        limits: scale on which the confidence limits are symmetric.
        level: coverage [0-1].

    Returns:
        The curve; without events it is empty and survival is 1 throughout.

    Raises:
        DataError: a time or an entry is missing.

    Source: kaplan1958
    """
    stop, begin, happened = _observed(time, event, entry)
    _refuse_missing(stop, begin)
    moment, events = np.unique(stop[happened], return_counts=True)
    at_risk = np.searchsorted(np.sort(begin), moment, side="left") - np.searchsorted(np.sort(stop), moment, side="left")
    survival = product_limit(events, at_risk)
    with np.errstate(divide="ignore"):
        variance = np.cumsum(events / (at_risk * (at_risk - events).astype(np.float64)))
    z = NormalDist().inv_cdf(0.5 + level / 2)
    low, high = LIMITS[limits](survival, np.sqrt(variance), z)
    with np.errstate(invalid="ignore"):
        error = survival * np.sqrt(variance)
    return SurvivalCurve(
        time=moment,
        at_risk=at_risk,
        events=events,
        survival=survival,
        error=error,
        low=low,
        high=high,
        last=float(stop.max()) if stop.size else 0.0,
        people=stop.size,
    )


def _observed(
    time: Float[np.ndarray, " people"], event: Bool[np.ndarray, " people"], entry: Float[np.ndarray, " people"] | None
) -> tuple[Float[np.ndarray, " observed"], Float[np.ndarray, " observed"], Bool[np.ndarray, " observed"]]:
    """End, begin and event of the people who were under observation for any time, or from the start."""
    stop, happened = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=bool)
    if entry is None:
        return stop, np.full(stop.size, -np.inf), happened
    begin = np.asarray(entry, dtype=np.float64)
    observed = (stop > begin) | np.isnan(stop) | np.isnan(begin)
    return stop[observed], begin[observed], happened[observed]


_Pair = tuple[Float[np.ndarray, " times"], Float[np.ndarray, " times"]]


def _log_log(survival: Float[np.ndarray, " times"], error: Float[np.ndarray, " times"], z: float) -> _Pair:
    """Limits symmetric on log(-log S); `error` is the standard error of log S."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(survival)
        wide = z * error / log
        return np.exp(log * np.exp(-wide)), np.exp(log * np.exp(wide))


def _log(survival: Float[np.ndarray, " times"], error: Float[np.ndarray, " times"], z: float) -> _Pair:
    """Limits symmetric on log S, the upper one cut at 1."""
    with np.errstate(invalid="ignore"):
        low = np.where(survival > 0, survival * np.exp(-z * error), np.nan)
        return low, np.where(survival > 0, np.minimum(survival * np.exp(z * error), 1.0), np.nan)


def _plain(survival: Float[np.ndarray, " times"], error: Float[np.ndarray, " times"], z: float) -> _Pair:
    """Limits symmetric on S, cut at 0 and 1."""
    with np.errstate(invalid="ignore"):
        return np.maximum(survival * (1 - z * error), 0.0), np.minimum(survival * (1 + z * error), 1.0)


LIMITS: Final[dict[Limits, Callable[[Float[np.ndarray, " times"], Float[np.ndarray, " times"], float], _Pair]]] = {
    "log_log": _log_log,
    "log": _log,
    "plain": _plain,
}
"""Scales on which confidence limits can be symmetric."""


def survival_at(
    curve: SurvivalCurve, times: Float[np.ndarray, " asked"]
) -> tuple[Float[np.ndarray, " asked"], Float[np.ndarray, " asked"], Float[np.ndarray, " asked"]]:
    """Survival with limits at given times; nan after the last observation, 1 (limits 1) before the first event."""
    index = np.searchsorted(curve.time, times, side="right")
    known = np.asarray(times) <= curve.last

    def at(values: Float[np.ndarray, " times"]) -> Float[np.ndarray, " asked"]:
        return np.where(known, np.concatenate([[1.0], values])[index], np.nan)

    return at(curve.survival), at(curve.low), at(curve.high)


def quantile(curve: SurvivalCurve, share: float = 0.5) -> tuple[float, float, float]:
    """Time by which a share of people had the event, with limits where the confidence band crosses.

    Where survival runs level at exactly the wanted value, the middle of that period is taken.

    Returns:
        Time, lower and upper limit; nan where the curve or the band does not come down so far.

    Source: brookmeyer1982
    """
    target = 1.0 - share
    return tuple(_crossing(curve.time, values, target) for values in (curve.survival, curve.low, curve.high))  # type: ignore[return-value]


def _crossing(time: Float[np.ndarray, " times"], values: Float[np.ndarray, " times"], target: float) -> float:
    """First time at which a falling step function is at or below a value; the middle where it runs level there."""
    filled = np.where(np.isnan(values), 0.0, values)
    below = np.flatnonzero(filled <= target + 1e-12)
    if not below.size or np.isnan(values[below[0]]):
        return float("nan")
    first = below[0]
    if abs(filled[first] - target) <= 1e-12 and first + 1 < time.size:
        return float((time[first] + time[first + 1]) / 2)
    return float(time[first])


def restricted_mean(curve: SurvivalCurve, horizon: float) -> tuple[float, float]:
    """Mean time free of the event up to a horizon, with its standard error.

    After the last observation the curve is held level.

    Source: kaplan1958
    """
    inside = curve.time < horizon
    owner = np.zeros(int(inside.sum()), dtype=int)
    mean, error = restricted_means(curve.time[inside], curve.events[inside], curve.at_risk[inside], owner, 1, horizon)
    return float(mean[0]), float(error[0])


def restricted_means(
    time: Float[np.ndarray, " event"],
    events: Float[np.ndarray, " event"] | Int[np.ndarray, " event"],
    at_risk: Float[np.ndarray, " event"] | Int[np.ndarray, " event"],
    owner: Int[np.ndarray, " event"],
    curves: int,
    horizon: float,
) -> tuple[Float[np.ndarray, " curve"], Float[np.ndarray, " curve"]]:
    """Restricted means of many Kaplan-Meier curves up to a horizon, with their standard errors.

    RMST = integral of S from 0 to the horizon; its variance is the sum over event times of (area to the right)² d / (n
    (n - d)).

    Args:
        time: distinct event times below the horizon, curve after curve, ascending in each.
        events: events at each.
        at_risk: people under observation just before each.
        owner: curve of each, counted from 0.
        curves: number of curves; one without events stays at 1.
        horizon: end of the area, in the unit of `time`.

    Source: kaplan1958, royston2013
    """
    if not len(owner):
        return np.full(curves, float(horizon)), np.zeros(curves)
    first = np.searchsorted(owner, owner)
    survival = product_limit(events, at_risk, owner)
    last = np.append(owner[1:] != owner[:-1], True)
    following = np.where(last, horizon, np.append(time[1:], horizon))
    area = survival * (following - time)
    total = np.bincount(owner, area, curves)
    summed = np.cumsum(area)
    right = total[owner] - (summed - (summed[first] - area[first])) + area  # area from this event on
    left = at_risk - events
    weight = np.divide(events, at_risk * left, out=np.zeros(len(owner)), where=left > 0)
    variance = np.bincount(owner, right**2 * weight, curves)
    start = np.full(curves, float(horizon))
    np.minimum.at(start, owner, time)
    return start + total, np.sqrt(variance)


def product_limit(
    events: Float[np.ndarray, " event"] | Int[np.ndarray, " event"],
    at_risk: Float[np.ndarray, " event"] | Int[np.ndarray, " event"],
    owner: Int[np.ndarray, " event"] | None = None,
) -> Float[np.ndarray, " event"]:
    """Kaplan-Meier survival just after each event time, of one curve or of many.

    Args:
        events: events at each time, curve after curve.
        at_risk: people under observation just before it.
        owner: curve of each time, counted from 0; None for one curve.
    """
    factor = 1.0 - events / at_risk
    if owner is None:
        return np.cumprod(factor)
    first = np.searchsorted(owner, owner)
    with np.errstate(divide="ignore"):
        logs = np.log(factor)
    # A survival of zero stays zero until the next curve.
    gone = np.cumsum(np.isneginf(logs))
    summed = np.cumsum(np.where(np.isneginf(logs), 0.0, logs))
    before = np.where(first > 0, summed[first - 1], 0.0)
    dead = gone - np.where(first > 0, gone[first - 1], 0)
    return np.where(dead > 0, 0.0, np.exp(summed - before))


def _refuse_missing(stop: Float[np.ndarray, " people"], begin: Float[np.ndarray, " people"]) -> None:
    for name, values in (("time", stop), ("entry", begin)):
        missing = np.isnan(values)
        if missing.any():
            message = (
                f"{name} is missing for {int(missing.sum())} people; the first is row {int(missing.argmax()) + 1}."
            )
            fault = Fault(
                table="survival",
                rule="no_value",
                column=name,
                message=message,
                how_to_fix="Exclude these rows, or give the time.",
            )
            raise DataError([fault])
