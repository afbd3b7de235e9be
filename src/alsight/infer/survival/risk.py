"""Risk sets by sorting: who is at risk at each event time, for many trials and strata in one pass.

Every (trial, stratum, time) becomes one integer key. Sums over a risk set are then differences of two running sums:
rows that end at or after the event, less rows that enter at or after it. Delayed entry costs nothing extra.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Integer


@dataclass(frozen=True)
class RiskSets:
    """Order of the rows and of the event times.

    Attributes:
        end: key of each row's end.
        begin: key of each row's entry; below every event key of its stratum where it was there from the start.
        by_end: rows in the order of their end.
        by_begin: rows in the order of their entry.
        events: keys of the distinct event times.
        time: time of each distinct event.
        owner: trial of each distinct event.
        ended: first position in `by_end` at or after each event.
        entered: first position in `by_begin` at or after each event.
        tied: rows with an event, in the order of their keys.
        spot: distinct event of each tied row.
        share: position of each tied row among the events of its time, as a fraction of their number (Efron).
        number: events at each distinct time.
    """

    end: Int[np.ndarray, "*_ row"]
    begin: Int[np.ndarray, "*_ row"]
    by_end: Int[np.ndarray, "*_ row"]
    by_begin: Int[np.ndarray, "*_ row"]
    events: Int[np.ndarray, "*_ event"]
    time: Float[np.ndarray, "*_ event"]
    owner: Int[np.ndarray, "*_ event"]
    ended: Int[np.ndarray, "*_ event"]
    entered: Int[np.ndarray, "*_ event"]
    tied: Int[np.ndarray, "*_ tied"]
    spot: Int[np.ndarray, "*_ tied"]
    share: Float[np.ndarray, "*_ tied"]
    number: Float[np.ndarray, "*_ event"]


def risk_sets(
    time: Float[np.ndarray, "*_ row"],
    event: Bool[np.ndarray, "*_ row"],
    entry: Float[np.ndarray, "*_ row"] | None = None,
    stratum: Integer[np.ndarray, "*_ row"] | None = None,
    trial: Integer[np.ndarray, "*_ row"] | None = None,
) -> RiskSets:
    """The order of rows and events.

    Args:
        time: end of follow-up.
        event: whether it ended with the event.
        entry: start of follow-up; None where everyone was there from the start.
        stratum: baseline hazard each row follows.
        trial: trial of each row, counted from 0.
    """
    nobody = np.zeros(len(time), dtype=np.int64)
    level = nobody if stratum is None else np.asarray(stratum, dtype=np.int64)
    study = nobody if trial is None else np.asarray(trial, dtype=np.int64)
    block = study * (int(level.max(initial=0)) + 1) + level
    distinct, rank = np.unique(time, return_inverse=True)
    width = len(distinct) + 2
    end = block * width + rank + 1
    begin = block * width
    if entry is not None:  # entering at t is to be at risk after t
        begin = begin + np.searchsorted(distinct, entry, side="right")
    by_end, by_begin = np.argsort(end, kind="stable"), np.argsort(begin, kind="stable")
    tied = by_end[event[by_end]]
    events, first, spot, number = np.unique(end[tied], return_index=True, return_inverse=True, return_counts=True)
    share = (np.arange(len(tied)) - first[spot]) / number[spot]
    return RiskSets(
        end,
        begin,
        by_end,
        by_begin,
        events,
        time[tied[first]],
        study[tied[first]],
        np.searchsorted(end[by_end], events),
        np.searchsorted(begin[by_begin], events),
        tied,
        spot,
        share,
        number.astype(float),
    )


def at_risk(sets: RiskSets, values: Float[np.ndarray, "row ..."]) -> Float[np.ndarray, "event ..."]:
    """Sum of a value over the risk set of each event."""
    return _from(values[sets.by_end])[sets.ended] - _from(values[sets.by_begin])[sets.entered]


def _from(ordered: np.ndarray) -> np.ndarray:
    # Sum from each position to the end, with a zero after the last.
    summed = np.zeros((len(ordered) + 1, *ordered.shape[1:]))
    summed[:-1] = np.cumsum(ordered[::-1], axis=0)[::-1]
    return summed


def until(sets: RiskSets, jumps: Float[np.ndarray, "event ..."]) -> Float[np.ndarray, "row ..."]:
    """Sum of the jumps at the events that each row was at risk for."""
    summed = np.concatenate([np.zeros((1, *jumps.shape[1:])), np.cumsum(jumps, axis=0)])
    last = np.searchsorted(sets.events, sets.end, side="right")
    return summed[last] - summed[np.searchsorted(sets.events, sets.begin, side="right")]
