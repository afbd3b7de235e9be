"""The random-number contract of `streams` for JAX; needs 64-bit words, which importing this module turns on."""

from __future__ import annotations

from typing import Final

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float64, UInt64

from alsight.base import streams

jax.config.update("jax_enable_x64", True)

_KNOTS, _SLOPES = streams.quantile_table()
_U1: Final = jnp.uint64(1)
_U12: Final = jnp.uint64(12)


def mix(word: UInt64[Array, "*#batch"]) -> UInt64[Array, "*batch"]:
    """The finalizer of splitmix64; words wrap around."""
    word = (word ^ (word >> jnp.uint64(30))) * jnp.uint64(streams.FIRST)
    word = (word ^ (word >> jnp.uint64(27))) * jnp.uint64(streams.SECOND)
    return word ^ (word >> jnp.uint64(31))


def subject_key(root: int, stream: streams.Stream, subject: UInt64[Array, "*#batch"]) -> UInt64[Array, "*batch"]:
    """Key of one person's draws for one purpose; `subject` may be traced, root and stream may not."""
    start = jnp.uint64(streams.stream_key(root, stream))
    return mix(start + jnp.asarray(subject, jnp.uint64) * jnp.uint64(streams.GOLDEN))


def bits(key: UInt64[Array, "*#batch"], counter: UInt64[Array, "*#batch"]) -> UInt64[Array, "*batch"]:
    """64 random bits for each key and counter, broadcast against each other."""
    step = (jnp.asarray(counter, jnp.uint64) + _U1) * jnp.uint64(streams.GOLDEN)
    return mix(jnp.asarray(key, jnp.uint64) + step)


def uniform(key: UInt64[Array, "*#batch"], counter: UInt64[Array, "*#batch"]) -> Float64[Array, "*batch"]:
    """Uniform draws in (0, 1)."""
    return ((bits(key, counter) >> _U12).astype(jnp.float64) + 0.5) * 2.0**-52


def normal(key: UInt64[Array, "*#batch"], counter: UInt64[Array, "*#batch"]) -> Float64[Array, "*batch"]:
    """Standard normal draws."""
    words = bits(key, counter)
    tail = ((words >> _U12).astype(jnp.float64) + 0.5) * 2.0**-53
    pattern = jax.lax.bitcast_convert_type(tail, jnp.uint64)
    cell = (pattern >> jnp.uint64(streams.SHIFT)).astype(jnp.int64) - streams.FIRST_CELL
    low = pattern >> jnp.uint64(streams.SHIFT - streams.FRACTION_BITS)
    fraction = (low & jnp.uint64(2**streams.FRACTION_BITS - 1)).astype(jnp.float64)
    magnitude = jnp.asarray(_KNOTS)[cell] + (fraction + 0.5) * jnp.asarray(_SLOPES)[cell]
    return jnp.where((words & _U1).astype(bool), magnitude, -magnitude)
