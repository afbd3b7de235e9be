"""SPENDING: how much of an error probability may be used by a fraction of the information."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtr, ndtri


@dataclass(frozen=True)
class Spending:
    """One spending function.

    Attributes:
        words: what it is called.
        spent: (fraction of information [0-1], error probability, parameter) to the probability spent by then.
        low: lowest parameter, None where it takes none.
        high: highest parameter.
        source: where it is defined.
    """

    words: str
    spent: Callable[[float, float, float], float]
    low: float | None
    high: float
    source: str


def _obrien_fleming(fraction: float, error: float, _: float) -> float:
    return float(2 * ndtr(ndtri(error / 2) / np.sqrt(fraction)))


def _pocock(fraction: float, error: float, _: float) -> float:
    return float(error * np.log1p((np.e - 1) * fraction))


def _hwang(fraction: float, error: float, gamma: float) -> float:
    return float(error * (fraction if gamma == 0 else np.expm1(-gamma * fraction) / np.expm1(-gamma)))


def _power(fraction: float, error: float, rho: float) -> float:
    return float(error * fraction**rho)


SPENDING: Final[dict[str, Spending]] = {
    "obrien_fleming": Spending("O'Brien-Fleming by Lan and DeMets", _obrien_fleming, None, 0.0, "lan1983"),
    "pocock": Spending("Pocock by Lan and DeMets", _pocock, None, 0.0, "lan1983"),
    "hwang_shih_decani": Spending("Hwang, Shih and DeCani", _hwang, -20.0, 20.0, "hwang1990"),
    "power": Spending("power of the information", _power, 0.1, 20.0, "kim1987"),
}
"""Name of a spending function to what it does."""


def spent_by(name: str, fraction: float, error: float, parameter: float = 0.0) -> float:
    """Error probability spent by a fraction of the information.

    Args:
        name: a key of SPENDING.
        fraction: information at the look over information at the end [0-1].
        error: probability to be spent in all [0-1].
        parameter: gamma or rho, where the function takes one.

    Source: lan1983
    """
    if fraction >= 1:
        return error
    return SPENDING[name].spent(fraction, error, parameter) if fraction > 0 else 0.0
