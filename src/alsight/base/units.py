"""The one place where days become months and years, and where imported units become ours.

Stored times are whole days since a person's entry; computed times are months of 30.4375 days (a twelfth of 365.25).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

DAYS_PER_YEAR: Final = 365.25
DAYS_PER_MONTH: Final = DAYS_PER_YEAR / 12
DAYS_PER_WEEK: Final = 7.0

if TYPE_CHECKING:
    Values = np.ndarray
else:
    Values = np.ndarray | np.generic
"""One value or many: an array, or NumPy's scalar where an array would have no axes."""

Number = TypeVar("Number")
"""A float, an array or a polars expression: whatever multiplies by a float and stays its own kind."""


def months_of(days: Number) -> Number:
    """Months [30.4375 days] in a number of days; works on floats, arrays and polars expressions."""
    return days / DAYS_PER_MONTH  # type: ignore[operator]


def days_of(months: Number) -> Number:
    """Days in a number of months [30.4375 days]; not rounded."""
    return months * DAYS_PER_MONTH  # type: ignore[operator]


def years_of(days: Number) -> Number:
    """Years [365.25 days] in a number of days."""
    return days / DAYS_PER_YEAR  # type: ignore[operator]


CONVERSIONS: Final[dict[tuple[str, str], float]] = {
    ("lb", "kg"): 0.45359237,
    ("in", "cm"): 2.54,
    ("m", "cm"): 100.0,
    ("ml", "l"): 0.001,
    ("g", "kg"): 0.001,
    ("ng/ml", "pg/ml"): 1000.0,
    ("ng/l", "pg/ml"): 1.0,
    ("mg/dl", "umol/l"): 88.42,
    ("lbf", "kg"): 0.45359237,
    ("n", "kg"): 1 / 9.80665,
}
"""Factor from one unit to another (both spelled as in `spelling`); mg/dL to umol/L is for creatinine (113.12 g/mol)."""

_SPELLINGS: Final[dict[str, str]] = {
    "pounds": "lb",
    "pound": "lb",
    "lbs": "lb",
    "lb.": "lb",
    "kgs": "kg",
    "kilograms": "kg",
    "kilogram": "kg",
    "inches": "in",
    "inch": "in",
    "centimeters": "cm",
    "centimetres": "cm",
    "meters": "m",
    "metres": "m",
    "liters": "l",
    "litres": "l",
    "liter": "l",
    "litre": "l",
    "milliliters": "ml",
    "millilitres": "ml",
    "percent": "%",
    "% predicted": "%",
    "pct": "%",
    "pg/ml.": "pg/ml",
    "newton": "n",
    "newtons": "n",
    "µmol/l": "umol/l",
    "μmol/l": "umol/l",
    "years": "year",
    "yrs": "year",
    "y": "year",
    "days": "day",
    "d": "day",
}


def spelling(unit: str) -> str:
    """A unit as this package spells it: lower case, trimmed, synonyms folded ("Pounds" becomes "lb")."""
    plain = " ".join(unit.strip().lower().split())
    return _SPELLINGS.get(plain, plain)


def factor(supplied: str, requested: str) -> float | None:
    """What to multiply by to go from one unit to another; None where no conversion is known."""
    source, target = spelling(supplied), spelling(requested)
    if source == target:
        return 1.0
    if (source, target) in CONVERSIONS:
        return CONVERSIONS[source, target]
    inverse = CONVERSIONS.get((target, source))
    return None if inverse is None else 1.0 / inverse
