"""The random-number contract of `streams` for numba kernels: scalar functions that inline into the caller's loop."""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from jaxtyping import Float64, UInt64

from alsight.base import streams

_G: Final = np.uint64(streams.GOLDEN)
_M1: Final = np.uint64(streams.FIRST)
_M2: Final = np.uint64(streams.SECOND)
_U1: Final = np.uint64(1)
_U12: Final = np.uint64(12)
_U27: Final = np.uint64(27)
_U30: Final = np.uint64(30)
_U31: Final = np.uint64(31)
_SHIFT: Final = np.uint64(streams.SHIFT)
_LOW: Final = np.uint64(streams.SHIFT - streams.FRACTION_BITS)
_MASK: Final = np.uint64(2**streams.FRACTION_BITS - 1)
_FIRST_CELL: Final = np.uint64(streams.FIRST_CELL)
_KNOTS, _SLOPES = streams.quantile_table()
_KNOT_OF: Final = np.array(_KNOTS)
_SLOPE_OF: Final = np.array(_SLOPES)


@nb.njit
def mix(word: Any) -> Any:
    """The finalizer of splitmix64; words wrap around."""
    word = (word ^ (word >> _U30)) * _M1
    word = (word ^ (word >> _U27)) * _M2
    return word ^ (word >> _U31)


@nb.njit
def fold(stream_key: Any, subject: Any) -> Any:
    """Key of a person from `streams.stream_key` and the person's running number, both unsigned 64-bit."""
    return mix(stream_key + np.uint64(subject) * _G)


@nb.njit
def bits(key: Any, counter: Any) -> Any:
    """64 random bits for a key and a counter."""
    return mix(key + (np.uint64(counter) + _U1) * _G)


@nb.njit
def uniform(key: Any, counter: Any) -> float:
    """One uniform draw in (0, 1)."""
    return (np.float64(bits(key, counter) >> _U12) + 0.5) * 2.220446049250313e-16


@nb.njit
def normal(key: Any, counter: Any) -> float:
    """One standard normal draw."""
    word = bits(key, counter)
    pattern = np.float64((np.float64(word >> _U12) + 0.5) * 1.1102230246251565e-16).view(np.uint64)
    cell = (pattern >> _SHIFT) - _FIRST_CELL
    fraction = np.float64((pattern >> _LOW) & _MASK) + 0.5
    magnitude = _KNOT_OF[cell] + fraction * _SLOPE_OF[cell]
    return magnitude if word & _U1 else -magnitude


@nb.njit(nogil=True)
def _fill(keys: Any, first: int, uniforms: Any, normals: Any) -> None:
    for row in range(keys.shape[0]):
        for column in range(uniforms.shape[1]):
            uniforms[row, column] = uniform(keys[row], first + column)
        for column in range(normals.shape[1]):
            normals[row, column] = normal(keys[row], first + column)


def normals(keys: UInt64[np.ndarray, " subject"], count: int, first: int = 0) -> Float64[np.ndarray, "subject draw"]:
    """A row of normal draws for each key: counters `first` to `first + count - 1`."""
    drawn = np.empty((keys.shape[0], count))
    _fill(keys, first, np.empty((keys.shape[0], 0)), drawn)
    return drawn


def uniforms(keys: UInt64[np.ndarray, " subject"], count: int, first: int = 0) -> Float64[np.ndarray, "subject draw"]:
    """A row of uniform draws for each key: counters `first` to `first + count - 1`."""
    drawn = np.empty((keys.shape[0], count))
    _fill(keys, first, drawn, np.empty((keys.shape[0], 0)))
    return drawn
