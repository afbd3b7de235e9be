"""What one drawn course is reduced to: levels, losses, held gains and flat periods."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np

from alsight.base.compiled import STRICT

_SLIGHT = 1e-9

KINDS: Final[dict[str, int]] = {
    "level": 0,
    "loss": 1,
    "held_gain": 2,
    "gain_lost": 3,
    "held_from": 4,
    "loss_before": 5,
    "flat_months": 6,
    "flat_from": 7,
    "whole_loss": 8,
    "late_loss": 9,
    "gain_lost_share": 10,
}
"""Reductions: score at a time; loss from a time to another; the largest gain held for so many months, how much of it
was lost again by the end, when it began to be held, and how much had been lost before it; the longest time within so
many points, and when it began; loss from the first to the last node, and over so many months before the last; the share
of the held gain that was lost again by the end. Values of a gain under `given` points are excluded."""


class Asked(NamedTuple):
    """Reductions of a path, one row each.

    Attributes:
        kind: a value of KINDS.
        start: time [months, in the table's].
        end: time [months].
        months: how long a gain must be held [months].
        points: loss that still counts as flat [points].
        given: gain under which nothing is reported of it; gain, held for `months`, from which no period is flat.
        floor: a flat period that begins at this level or below does not count [points].
        ceiling: a flat period that ends at this level or above does not count [points].
    """

    kind: Any
    start: Any
    end: Any
    months: Any
    points: Any
    given: Any
    floor: Any
    ceiling: Any


@nb.njit(**STRICT)
def _at_time(now: Any, score: Any, time: float) -> float:
    last = now.shape[0] - 1
    if time < now[0] - _SLIGHT or time > now[last] + _SLIGHT:
        return math.nan
    for k in range(1, last + 1):
        if time <= now[k]:
            share = (time - now[k - 1]) / (now[k] - now[k - 1])
            return score[k - 1] + max(share, 0.0) * (score[k] - score[k - 1])
    return score[last]


@nb.njit(**STRICT)
def _held_gain(now: Any, score: Any, months: float, out: Any) -> None:
    """Largest rise above the lowest score so far that was not lost again for so many months.

    Filled with the rise, how much of it was lost by the end, when it began to be held, and the loss before it.
    """
    out[:] = math.nan
    lowest, highest, before, k, last = math.inf, -math.inf, 0.0, 0, now.shape[0] - 1
    latest = now[last] - months
    for s in range(now.shape[0]):
        if now[s] > latest and s > 0 and now[s - 1] < latest - _SLIGHT:
            # The latest start that can still hold so long lies between two nodes.
            share = (latest - now[s - 1]) / (now[s] - now[s - 1])
            least = score[s - 1] + share * (score[s] - score[s - 1])
            lowest = min(lowest, least)
            for j in range(s, last + 1):
                least = min(least, score[j])
            if not out[0] >= least - lowest:
                out[0], out[1], out[2], out[3] = least - lowest, least - score[last], latest, before
            break
        highest = max(highest, score[s])
        if score[s] < lowest:
            lowest, before = score[s], highest - score[s]
        if now[s] + months > now[last] + _SLIGHT:
            break
        least, k = score[s], s
        while now[k] < now[s] + months - _SLIGHT:
            k += 1
            least = min(least, score[k])
        if not out[0] >= least - lowest:
            out[0], out[1], out[2], out[3] = least - lowest, least - score[last], now[s], before


@nb.njit(**STRICT)
def _flat(now: Any, score: Any, points: float, floor: float, ceiling: float) -> Any:
    """Longest time from a node on during which no more than so many points are lost, and when it began.

    What begins at the floor or below, or stays at the ceiling or above, can hardly be seen to fall and does not count.
    """
    best, begin = 0.0, now[0]
    for s in range(now.shape[0]):
        if score[s] <= floor:
            continue
        least, length, final = score[s] - points, 0.0, score[s]
        for k in range(s + 1, now.shape[0]):
            if score[k] < least:
                share = (score[k - 1] - least) / (score[k - 1] - score[k])
                length, final = now[k - 1] + share * (now[k] - now[k - 1]) - now[s], least
                break
            length, final = now[k] - now[s], score[k]
        if length > best and final < ceiling:
            best, begin = length, now[s]
    return best, begin


@nb.njit(**STRICT)
def _about_gain(kind: int, gain: Any, given: float) -> float:
    """One number of a held gain; nan where it is smaller than `given`."""
    if not gain[0] >= given:
        return math.nan
    if kind == 10:
        return gain[1] / max(gain[0], _SLIGHT)
    return gain[kind - 2]


@nb.njit(**STRICT)
def reduce_path(now: Any, score: Any, asked: Any, out: Any) -> None:
    """Every reduction of one path; rows that ask for the same gain or period share its search."""
    gain, held, within, length, begin = np.empty(4), -1.0, -1.0, 0.0, 0.0
    for r in range(asked.kind.shape[0]):
        kind = asked.kind[r]
        if (2 <= kind < 8 or kind == 10) and asked.months[r] != held:
            held = asked.months[r]
            _held_gain(now, score, held, gain)
        if kind == 0:
            out[r] = _at_time(now, score, asked.start[r])
        elif kind == 1:
            out[r] = _at_time(now, score, asked.start[r]) - _at_time(now, score, asked.end[r])
        elif kind < 6 or kind == 10:
            out[r] = _about_gain(kind, gain, asked.given[r])
        elif kind < 8:
            if asked.points[r] != within:
                within = asked.points[r]
                length, begin = _flat(now, score, within, asked.floor[r], asked.ceiling[r])
            out[r] = length if kind == 6 else begin
            if kind == 6 and gain[0] >= asked.given[r]:
                out[r] = 0.0
        elif kind == 8:
            out[r] = score[0] - score[-1]
        else:
            out[r] = _at_time(now, score, max(now[-1] - asked.months[r], now[0])) - score[-1]
