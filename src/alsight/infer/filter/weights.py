"""Weights of particles: their sum, choosing by them, and choosing anew when they have become uneven."""

from __future__ import annotations

import math
from typing import Any

import numba as nb

from alsight.base.compiled import STRICT
from alsight.base.compiled.numerics import exponential
from alsight.base.streams_numba import uniform
from alsight.infer.filter.state import FIELDS


@nb.njit(**STRICT)
def total_weight(log_weight: Any, count: int, work: Any) -> Any:
    """Log of the summed weights, the effective number of particles, and the sum of what is left in `work`.

    That is the weights as shares of the largest.
    """
    high = -math.inf
    for i in range(count):
        high = max(high, log_weight[i])
    if high == -math.inf:
        return high, 0.0, 0.0
    for i in range(count):
        work[i] = exponential(max(log_weight[i] - high, -600.0))
    total, second = 0.0, 0.0
    for i in range(count):
        total += work[i]
        second += work[i] * work[i]
    return high + math.log(total), total * total / second, total


@nb.njit(**STRICT)
def systematic(weight: Any, total: float, count: int, requested: int, chance: float, chosen: Any) -> None:
    """Choose particles in proportion to their weights, which sum to a total, evenly spaced."""
    reached, i = weight[0], 0
    for k in range(requested):
        aim = total * (k + chance) / requested
        while reached < aim and i < count - 1:
            i += 1
            reached += weight[i]
        chosen[k] = i


@nb.njit(**STRICT)
def renew(room: Any, count: int, k: int, key: Any) -> None:
    """Replace particles whose weights have become uneven by equally weighted ones."""
    log_total, effective, total = total_weight(room.log_weight, count, room.work[0])
    if effective >= 0.5 * count or log_total == -math.inf:
        return
    chosen = room.chosen
    systematic(room.work[0], total, count, count, uniform(key, k), chosen)
    for field in range(FIELDS):
        here, there = room.state[field], room.other[field]
        for i in range(count):
            there[i] = here[chosen[i]]
    for i in range(count):
        room.origin[k, i] = chosen[i]
        room.log_weight[i] = log_total - math.log(float(count))
    room.state[:, :count] = room.other[:, :count]
