"""The normal law in compiled code: quantiles, tails, draws beyond a cut, and the mean of a score cut to its range."""

from __future__ import annotations

import math
from typing import Any

import numba as nb

from alsight.base.compiled import STRICT
from alsight.base.compiled.numerics import logarithm

_ROOT_HALF = math.sqrt(0.5)
_ROOT_TAU = math.sqrt(2.0 * math.pi)
_TINY = 1e-300


@nb.njit(**STRICT)
def normal_quantile(p: float) -> float:
    """Quantile of the standard normal law, algorithm AS 241 in its short form: relative error below 1e-7.

    Source: wichura1988
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = ((5.9109374720e01 * r + 1.5929113202e02) * r + 5.0434271938e01) * r + 3.3871327179e00
        return q * top / (((6.7187563600e01 * r + 7.8757757664e01) * r + 1.7895169469e01) * r + 1.0)
    r = math.sqrt(-math.log(max(min(p, 1.0 - p), _TINY)))
    if r <= 5.0:
        r -= 1.6
        top = ((1.7023821103e-01 * r + 1.3067284816e00) * r + 2.7568153900e00) * r + 1.4234372777e00
        value = top / ((1.2021132975e-01 * r + 7.3700164250e-01) * r + 1.0)
    else:
        r -= 5.0
        top = ((1.7337203997e-02 * r + 4.2868294337e-01) * r + 3.0812263860e00) * r + 6.6579051150e00
        value = top / ((1.2258202635e-02 * r + 2.4197894225e-01) * r + 1.0)
    return -value if q < 0.0 else value


@nb.njit(**STRICT)
def normal_quantiles(p: Any, count: int, out: Any) -> None:
    """`normal_quantile` of many probabilities from 1e-12 to 1 - 1e-12; without branches, so that eight run as one."""
    for i in range(count):
        q = p[i] - 0.5
        r = 0.180625 - q * q
        top = ((5.9109374720e01 * r + 1.5929113202e02) * r + 5.0434271938e01) * r + 3.3871327179e00
        middle = q * top / (((6.7187563600e01 * r + 7.8757757664e01) * r + 1.7895169469e01) * r + 1.0)
        far = math.sqrt(-logarithm(max(min(p[i], 1.0 - p[i]), 1e-13)))
        near = far - 1.6
        top = ((1.7023821103e-01 * near + 1.3067284816e00) * near + 2.7568153900e00) * near + 1.4234372777e00
        tail = top / ((1.2021132975e-01 * near + 7.3700164250e-01) * near + 1.0)
        out_there = far - 5.0
        top = (1.7337203997e-02 * out_there + 4.2868294337e-01) * out_there + 3.0812263860e00
        top = top * out_there + 6.6579051150e00
        end = top / ((1.2258202635e-02 * out_there + 2.4197894225e-01) * out_there + 1.0)
        outside = tail if far <= 5.0 else end
        outside = -outside if q < 0.0 else outside
        out[i] = middle if abs(q) <= 0.425 else outside


@nb.njit(**STRICT)
def log_tail(x: float) -> float:
    """Log probability that a standard normal exceeds x; far out by the first terms of its expansion."""
    if x < 25.0:
        return math.log(0.5 * math.erfc(x * _ROOT_HALF))
    return -0.5 * x * x - math.log(x * _ROOT_TAU) + math.log1p(-1.0 / (x * x))


@nb.njit(**STRICT)
def beyond(x: float, chance: float) -> float:
    """A standard normal given that it exceeds x, from a uniform number."""
    if x < 25.0:
        return max(-normal_quantile(chance * 0.5 * math.erfc(x * _ROOT_HALF)), x)
    return x - math.log(chance) / x


@nb.njit(**STRICT)
def expected_cut_score(level: float, spread: float, low: float, high: float) -> float:
    """Mean of a score cut to its range, for normal noise of this spread about the latent level."""
    if spread <= 0.0:
        return min(max(level, low), high)
    a, b = (low - level) / spread, (high - level) / spread
    if a < -5.5 and b > 5.5:
        return level
    below, above = 0.5 * math.erfc(-a * _ROOT_HALF), 0.5 * math.erfc(b * _ROOT_HALF)
    first, last = math.exp(-0.5 * a * a), math.exp(-0.5 * b * b)
    return low * below + high * above + level * (1.0 - below - above) + spread * (first - last) / _ROOT_TAU
