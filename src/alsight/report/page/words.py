"""Numbers as a reader wants them: rounded, with their unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

_SPACE: Final = "\u00a0"
"""Between a number and its sign, so that no line breaks there."""

NONE: Final = "\u2013"
"""What stands where nothing is known."""

_NEARLY_ALL: Final = 0.9995
_ALMOST: Final = 0.99


def count(number: int | None) -> str:
    """A whole number with thin separators of thousands."""
    return NONE if number is None else f"{number:,}"


def number(value: float | None, digits: int = 1) -> str:
    """A decimal number; a dash where it is missing."""
    if value is None or not math.isfinite(value):
        return NONE
    shown = f"{value:,.{digits}f}"
    return shown.lstrip("-") if not shown.strip("-0.,") else shown.replace("-", "\u2212")


def percent(share: float | None) -> str:
    """A share [0-1] in percent: one decimal below ten, none above."""
    if share is None or not math.isfinite(share):
        return NONE
    value = 100.0 * share
    if 0.0 < value < 0.05:
        return f"under 0.1{_SPACE}%"
    return f"{value:.0f}{_SPACE}%" if value >= 9.95 or value == 0.0 else f"{value:.1f}{_SPACE}%"


def interval(low: float | None, high: float | None) -> str:
    """Two shares as an interval in percent."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return NONE
    digits = 0 if 100.0 * high >= 9.95 else 1
    return f"{100.0 * low:.{digits}f} to {100.0 * high:.{digits}f}{_SPACE}%"


def months(value: float | None) -> str:
    """A time in whole months, or in half ones below six."""
    if value is None or not math.isfinite(value):
        return NONE
    shown = f"{value:.0f}" if abs(value) >= 6 else f"{round(2 * value) / 2:g}"
    return f"{shown.replace('-', chr(0x2212))} month" + ("" if shown == "1" else "s")


def signed(value: float, digits: int = 0) -> str:
    """A change with its sign."""
    shown = f"{value:+.{digits}f}".replace("-", "\u2212")
    return "0" if not shown.strip("+\u22120.") else shown


def opening(text: str) -> str:
    """A text with its first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def joined(parts: Sequence[str]) -> str:
    """Words as a list in a sentence: a, b and c."""
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else ""


def sure(share: float | None) -> str:
    """A posterior in percent that never reads as certain, neither way."""
    if share is None or not math.isfinite(share):
        return NONE
    if share <= 0.0:
        return "under 0.1\u00a0%"
    if share > _NEARLY_ALL:
        return "over 99.9\u00a0%"
    return f"{100.0 * share:.1f}\u00a0%" if share > _ALMOST else percent(share)


def spread(middle: float | None, low: float | None, high: float | None, digits: int = 1) -> str:
    """A number with its interval."""
    if middle is None or not math.isfinite(middle):
        return NONE
    if low is None or high is None:
        return number(middle, digits)
    return f"{number(middle, digits)} ({number(low, digits)} to {number(high, digits)})"
