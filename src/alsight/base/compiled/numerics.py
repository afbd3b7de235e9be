"""Exponential and logarithm without branches, for kernels that run in lanes."""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np

from alsight.base.compiled import STRICT

_LOG2_E: Final = 1.4426950408889634
_LN2: Final = 0.6931471805599453
_SHIFTER: Final = 6755399441055744.0  # 1.5 x 2^52: adding it rounds to whole numbers and leaves them in the low bits
_EXPONENT: Final = np.uint64(52)


@nb.njit(**STRICT)
def exponential(x: Any) -> Any:
    """The exponential function without branches, so that eight lanes run as one; relative error below 2e-14.

    Args:
        x: exponent [-700 to 700].
    """
    scaled = x * _LOG2_E
    shifted = scaled + _SHIFTER
    rest = (scaled - (shifted - _SHIFTER)) * _LN2
    square = rest * rest
    fourth = square * square
    low = (1.0 + rest) + square * (0.5 + rest * (1 / 6))
    middle = (1 / 24 + rest * (1 / 120)) + square * (1 / 720 + rest * (1 / 5040))
    high = (1 / 40320 + rest * (1 / 362880)) + square * (1 / 3628800 + rest * (1 / 39916800))
    series = low + fourth * (middle + fourth * high)
    pattern = np.float64(series).view(np.uint64) + (np.float64(shifted).view(np.uint64) << _EXPONENT)
    return np.uint64(pattern).view(np.float64)


_ROOT_HALF_BITS: Final = np.int64(0x3FE6A09E667F3BCD)
_MANTISSA: Final = np.int64(52)


@nb.njit(**STRICT)
def logarithm(x: Any) -> Any:
    """The natural logarithm without branches, so that eight lanes run as one; absolute error below 1e-14.

    Args:
        x: a positive normal number.
    """
    pattern = np.float64(x).view(np.int64)
    exponent = (pattern - _ROOT_HALF_BITS) >> _MANTISSA
    whole = np.int64(pattern - (exponent << _MANTISSA)).view(np.float64)  # between the root of 1/2 and that of 2
    ratio = (whole - 1.0) / (whole + 1.0)
    z = ratio * ratio
    w = z * z
    odd = z * ((2 / 3 + w * (2 / 7)) + w * w * (2 / 11 + w * (2 / 15 + w * (2 / 19))))
    even = w * ((2 / 5 + w * (2 / 9)) + w * w * (2 / 13 + w * (2 / 17)))
    return np.float64(exponent) * _LN2 + (2.0 * ratio + ratio * (odd + even))
