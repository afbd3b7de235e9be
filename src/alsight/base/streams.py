"""Random numbers as a pure function of who, what for and how many: the one contract, and its NumPy version.

A draw is a hash of (key, counter); a key is a hash of (root, stream, subject). Nothing is kept between draws, so any
order, any sharding and any number of workers give the same numbers, and the arms of a trial share theirs.

The contract, which `streams_numba` and `streams_jax` repeat bit for bit:

1. mix(x): the finalizer of splitmix64 on 64-bit words that wrap around.
2. subject_key(root, stream, subject) = mix(mix(mix(root + G) + stream * G) + subject * G).
3. bits(key, counter) = mix(key + (counter + 1) * G): the splitmix64 sequence that starts at key.
4. uniform = (bits >> 12 + 1/2) / 2^52, in (0, 1) and never 0 or 1; every operation is exact.
5. normal: bit 0 is the sign; p = (bits >> 12 + 1/2) / 2^53 in (0, 1/2); the exponent of p and its first 7 fraction
   bits choose a cell of a table of the normal quantile function, the next 26 bits interpolate in it. Knots and
   slopes are rounded so that the product is exact: fused and separate multiply-add agree, hence all versions do.

Source: steele2014
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from statistics import NormalDist
from typing import Final

import numpy as np
from jaxtyping import Float64, UInt64

from alsight.base.units import Values

GOLDEN: Final = 0x9E3779B97F4A7C15
FIRST: Final = 0xBF58476D1CE4E5B9
SECOND: Final = 0x94D049BB133111EB
WORD: Final = 0xFFFFFFFFFFFFFFFF

CELL_BITS: Final = 7
"""Cells per octave of tail probability: 2^7; the quantile is wrong by less than 1e-5 standard deviations."""
FRACTION_BITS: Final = 26
SHIFT: Final = 52 - CELL_BITS
DEEPEST: Final = 54
"""The least p is 2^-54, so 53 octaves lie below one half."""
FIRST_CELL: Final = (1023 - DEEPEST) << CELL_BITS
"""Index that the bits of p = 2^-54 shift to."""


class Stream(IntEnum):
    """What a draw is for; one row a use, so that adding a use moves no other. Values are part of the contract."""

    PERSON = 1
    COURSE = 2
    SEEDING = 3
    DEATH = 4
    DIP = 5
    RATING = 6
    MEASURE = 7
    CARE = 8
    RECRUIT = 9
    VISIT = 10
    DROPOUT = 11
    ARM = 12
    THERAPY = 13
    MIMIC = 14
    QUIESCENCE = 15
    FIT = 32
    POSTERIOR = 33
    PREDICT = 34
    NULL = 35
    BOOTSTRAP = 36
    TRIAL = 48
    ANALYSIS = 49
    EXAMPLE = 64
    TEST = 65


def mix_word(word: int) -> int:
    """The finalizer of splitmix64 on one Python integer [0, 2^64)."""
    word = ((word ^ (word >> 30)) * FIRST) & WORD
    word = ((word ^ (word >> 27)) * SECOND) & WORD
    return word ^ (word >> 31)


def stream_key(root: int, stream: Stream) -> int:
    """Key of one stream under one root seed, before the subject is hashed in.

    Raises:
        ValueError: the root is not in [0, 2^64).
    """
    if not 0 <= root <= WORD:
        raise ValueError(f"root seed: expected 0 to {WORD}, got {root}")
    return mix_word((mix_word((root + GOLDEN) & WORD) + int(stream) * GOLDEN) & WORD)


@np.errstate(over="ignore")  # words wrap around, as the contract says
def mix(word: UInt64[Values, "*#batch"]) -> UInt64[Values, "*batch"]:
    """The finalizer of splitmix64; words wrap around."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(FIRST)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(SECOND)
    return word ^ (word >> np.uint64(31))


@np.errstate(over="ignore")  # words wrap around, as the contract says
def subject_key(root: int, stream: Stream, subject: UInt64[Values, "*#batch"]) -> UInt64[Values, "*batch"]:
    """Key of one person's draws for one purpose.

    Args:
        root: root seed of the run [0, 2^64).
        stream: what the draws are for.
        subject: running number of the person, or of any other unit that draws.

    Returns:
        One 64-bit key a person.
    """
    return mix(np.uint64(stream_key(root, stream)) + np.asarray(subject, np.uint64) * np.uint64(GOLDEN))


@np.errstate(over="ignore")  # words wrap around, as the contract says
def bits(key: UInt64[Values, "*#batch"], counter: UInt64[Values, "*#batch"]) -> UInt64[Values, "*batch"]:
    """64 random bits for each key and counter, broadcast against each other."""
    return mix(np.asarray(key, np.uint64) + (np.asarray(counter, np.uint64) + np.uint64(1)) * np.uint64(GOLDEN))


def uniform(key: UInt64[Values, "*#batch"], counter: UInt64[Values, "*#batch"]) -> Float64[Values, "*batch"]:
    """Uniform draws in (0, 1), multiples of 2^-53 that are never 0 or 1."""
    return ((bits(key, counter) >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def normal(key: UInt64[Values, "*#batch"], counter: UInt64[Values, "*#batch"]) -> Float64[Values, "*batch"]:
    """Standard normal draws by the inverse of the distribution function, largest magnitude about 8.3."""
    knots, slopes = quantile_table()
    words = np.asarray(bits(key, counter))
    tail = ((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-53
    pattern = tail.view(np.uint64)
    cell = (pattern >> np.uint64(SHIFT)).astype(np.int64) - FIRST_CELL
    fraction = (pattern >> np.uint64(SHIFT - FRACTION_BITS)) & np.uint64(2**FRACTION_BITS - 1)
    magnitude = knots[cell] + (fraction.astype(np.float64) + 0.5) * slopes[cell]
    return np.where((words & np.uint64(1)).astype(bool), magnitude, -magnitude)


@cache
def quantile_table() -> tuple[Float64[np.ndarray, " cell"], Float64[np.ndarray, " cell"]]:
    """Knots and slopes of minus the normal quantile over p in [2^-54, 1/2), 128 cells an octave.

    Knots are multiples of 2^-40. Slopes are per 2^-26 of a cell and have 26 significant bits, so that a 27-bit
    fraction times a slope has no rounding error.
    """
    quantile = NormalDist().inv_cdf
    edges = [
        2.0**octave * (1.0 + step / 2**CELL_BITS) for octave in range(-DEEPEST, -1) for step in range(2**CELL_BITS)
    ]
    values = np.array([-quantile(edge) for edge in edges] + [0.0])
    values = np.rint(values * 2.0**40) * 2.0**-40
    mantissa, exponent = np.frexp(np.diff(values))
    slopes = np.ldexp(np.rint(mantissa * 2.0**26), exponent - 26 - FRACTION_BITS)
    knots = values[:-1].copy()
    for table in (knots, slopes):
        table.flags.writeable = False
    return knots, slopes
