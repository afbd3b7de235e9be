"""Weights of particles: their sum, choosing by them, and choosing anew when they have become uneven."""

from __future__ import annotations

import math
from typing import Any

import numba as nb

from alsight.base.streams_numba import uniform
from alsight.infer.filter.state import FIELDS
from alsight.mechanism.numerics import STRICT


@nb.njit(**STRICT)
def total_weight(log_weight: Any, count: int) -> Any:
    """Log of the summed weights, and the effective number of particles."""
    high = -math.inf
    for i in range(count):
        high = max(high, log_weight[i])
    if high == -math.inf:
        return high, 0.0
    total, second = 0.0, 0.0
    for i in range(count):
        weight = math.exp(log_weight[i] - high)
        total += weight
        second += weight * weight
    return high + math.log(total), total * total / second


@nb.njit(**STRICT)
def systematic(log_weight: Any, total: float, count: int, wanted: int, chance: float, chosen: Any) -> None:
    """Choose particles in proportion to their weights, evenly spaced."""
    reached, i = math.exp(log_weight[0] - total), 0
    for k in range(wanted):
        aim = (k + chance) / wanted
        while reached < aim and i < count - 1:
            i += 1
            reached += math.exp(log_weight[i] - total)
        chosen[k] = i


@nb.njit(**STRICT)
def renew(room: Any, count: int, k: int, key: Any) -> None:
    """Replace particles whose weights have become uneven by equally weighted ones."""
    total, effective = total_weight(room.log_weight, count)
    if effective >= 0.5 * count or total == -math.inf:
        return
    systematic(room.log_weight, total, count, count, uniform(key, k), room.chosen)
    for field in range(FIELDS):
        for i in range(count):
            room.other[field, i] = room.state[field, room.chosen[i]]
    for i in range(count):
        room.origin[k, i] = room.chosen[i]
        room.log_weight[i] = total - math.log(float(count))
    room.state[:, :count] = room.other[:, :count]
