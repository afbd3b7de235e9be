"""Why a statistic lies outside its published interval; the table refuses a miss without a reason."""

from __future__ import annotations

from typing import Final

MISSES: Final[dict[str, str]] = {}
"""Statistic to reason."""
