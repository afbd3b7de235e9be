"""Where each number of the velocity model stands in the kernels' arrays, and the kernels' compiler options."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from alsight.base.compiled import sources_digest

SD_LEVEL, SD_RATE, CORRELATION, MEMORY, SD_PACE, SD_NOISE, SD_STICKY, STICKINESS, SD_SIZE = range(9)
"""Parameters of the population in the order of `models.velocity.SPREADS`."""
ODDS_OUTLIER, TIMES_OUTLIER = 9, 10
SHIFT, LOG_SHARE, GAIN_LOG_MEAN, GAIN_LOG_SD, RISE, FACTOR, LOW, HIGH, LOW_CUT, HIGH_CUT, ROUNDING = range(11, 22)
HELD_LOG_SD = 22
"""Shift of the log rate and log probability of a class, law of a recovery, bounds of the score, rounding's variance."""
JUMPS, JUMP_MEAN, JUMP_SD = 23, 24, 25
"""Jumps of the log rate a month, and where they lead: mean and SD of the departure after one."""
NUMBERS: Final = 26

SCORES: Final = 16
"""Derivatives that the kernel returns: two linear predictors, eleven spreads, three of the slow class."""
ON_LEVEL, ON_RATE, ON_SPREADS, ON_SLOW = 0, 1, 2, 13


@cache
def source_digest() -> int:
    """A number that changes with any file of the kernels, for the cache of compiled programs."""
    return sources_digest(Path(__file__).parent)
