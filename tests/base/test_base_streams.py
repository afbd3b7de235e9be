"""The random-number contract: three versions, the same bits; and the numbers are as random as they must be."""

from __future__ import annotations

import math
from statistics import NormalDist

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from alsight.base import streams, streams_jax, streams_numba
from alsight.base.streams import Stream
from montecarlo import tolerance

N = 200_000
KEYS = streams.subject_key(20_240_601, Stream.TEST, np.arange(N, dtype=np.uint64))


def test_reference_words_of_splitmix64() -> None:
    # The published generator seeded with 1234567 gives these words (Steele, Lea and Flood 2014; Vigna's C code).
    drawn = streams.bits(np.uint64(1234567), np.arange(3, dtype=np.uint64))
    assert drawn.tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@pytest.mark.parametrize("root", [0, 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("stream", [Stream.PERSON, Stream.TEST])
def test_keys_agree_bit_for_bit(root: int, stream: Stream) -> None:
    subject = np.array([0, 1, 2, 77, 2**40, 2**64 - 1], np.uint64)
    ours = streams.subject_key(root, stream, subject)
    start = np.uint64(streams.stream_key(root, stream))
    assert [int(streams_numba.fold(start, word)) for word in subject] == ours.tolist()
    assert np.asarray(streams_jax.subject_key(root, stream, jnp.asarray(subject))).tolist() == ours.tolist()


def test_uniforms_agree_bit_for_bit() -> None:
    ours = streams.uniform(KEYS[:, None], np.arange(4, dtype=np.uint64))
    assert np.array_equal(ours, streams_numba.uniforms(KEYS, 4))
    theirs = jax.jit(streams_jax.uniform)(jnp.asarray(KEYS)[:, None], jnp.arange(4, dtype=jnp.uint64))
    assert np.array_equal(ours, np.asarray(theirs))


def test_normals_agree_bit_for_bit() -> None:
    ours = streams.normal(KEYS[:, None], np.arange(4, dtype=np.uint64))
    assert np.array_equal(ours, streams_numba.normals(KEYS, 4))
    theirs = jax.jit(streams_jax.normal)(jnp.asarray(KEYS)[:, None], jnp.arange(4, dtype=jnp.uint64))
    assert np.array_equal(ours, np.asarray(theirs))


def test_quantile_table_is_close_to_the_quantile_everywhere() -> None:
    knots, slopes = streams.quantile_table()
    cell = np.arange(knots.size)
    quantile = NormalDist().inv_cdf
    for part in (0.25, 0.5, 0.75):
        p = 2.0 ** (cell // 128 - streams.DEEPEST) * (1 + (cell % 128 + part) / 128)
        exact = np.array([-quantile(value) for value in p])
        assert np.abs(knots + part * 2**26 * slopes - exact).max() < 1e-5
    assert np.all(slopes < 0)


def test_quantile_products_are_exact() -> None:
    _, slopes = streams.quantile_table()
    for slope in slopes[::97].tolist():
        mantissa, _ = math.frexp(slope)
        assert (mantissa * 2**26).is_integer()


def test_uniforms_never_reach_the_ends() -> None:
    drawn = streams.uniform(KEYS, np.uint64(0))
    assert drawn.min() > 0.0
    assert drawn.max() < 1.0
    top = (float(2**52 - 1) + 0.5) * 2.0**-52
    assert top < 1.0


@pytest.mark.parametrize("counter", [0, 1, 1000])
def test_uniforms_are_uniform(counter: int) -> None:
    drawn = streams.uniform(KEYS, np.uint64(counter))
    assert abs(drawn.mean() - 0.5) < tolerance(math.sqrt(1 / 12), N)
    assert stats.kstest(drawn, "uniform").pvalue > 1e-4
    counts = np.bincount((drawn * 1000).astype(int), minlength=1000)
    assert abs(stats.chisquare(counts).statistic - 999) < tolerance(math.sqrt(2 * 999), 1)


def test_normals_are_normal() -> None:
    drawn = streams_numba.normals(KEYS, 5).ravel()
    n = drawn.size
    assert abs(drawn.mean()) < tolerance(1.0, n)
    assert abs(np.mean(drawn**2) - 1) < tolerance(math.sqrt(2), n)
    assert abs(np.mean(drawn**3)) < tolerance(math.sqrt(15), n)
    assert abs(np.mean(drawn**4) - 3) < tolerance(math.sqrt(96), n)
    assert stats.kstest(drawn, "norm").pvalue > 1e-4
    beyond = np.mean(np.abs(drawn) > 4)
    rate = 2 * stats.norm.sf(4)
    assert abs(beyond - rate) < tolerance(math.sqrt(rate), n)


def test_streams_subjects_and_counters_are_uncorrelated() -> None:
    def correlation(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.corrcoef(a, b)[0, 1])

    first = streams.normal(KEYS, np.uint64(0))
    other = streams.subject_key(20_240_601, Stream.PERSON, np.arange(N, dtype=np.uint64))
    next_root = streams.subject_key(20_240_602, Stream.TEST, np.arange(N, dtype=np.uint64))
    for second in (
        streams.normal(KEYS, np.uint64(1)),
        streams.normal(other, np.uint64(0)),
        streams.normal(next_root, np.uint64(0)),
        np.roll(first, 1),
    ):
        assert abs(correlation(first, second)) < tolerance(1.0, N)
        assert abs(correlation(first**2, second**2)) < tolerance(1.0, N)


def test_keys_do_not_collide() -> None:
    keys = np.concatenate(
        [streams.subject_key(root, stream, np.arange(20_000, dtype=np.uint64)) for root in (0, 1) for stream in Stream]
    )
    assert np.unique(keys).size == keys.size


def test_root_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="root seed"):
        streams.stream_key(-1, Stream.TEST)
