"""The kernel does what the plain second version does, and nothing depends on how people are dealt out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from alsight.base.compiled.numerics import exponential, logarithm
from alsight.mechanism import layout as at
from alsight.mechanism.latent import simulate_latent
from alsight.mechanism.parameters import vector
from mechanism.reference import lives

MONTHS, PEOPLE, SEED = 80, 400, 11


@pytest.fixture(scope="module")
def ours():
    return simulate_latent({"dip_per_month": 0.05}, n=PEOPLE, seed=SEED, months=MONTHS, accepted=True)


@pytest.fixture(scope="module")
def plain(ours):
    p = vector({"dip_per_month": 0.05})
    return lives(p, SEED, np.arange(PEOPLE, dtype=np.uint64), ours.traits, MONTHS)


def test_onset_and_death_agree(ours, plain) -> None:
    assert np.array_equal(ours.event("onset"), plain["onset"])
    assert np.allclose(ours.event("death"), plain["death"], rtol=0, atol=1e-9)
    assert (plain["death"] > 0).sum() > PEOPLE / 3


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("strength", at.STRENGTH),
        ("units", at.UNITS),
        ("fibers", at.FIBERS),
        ("upper", at.UMN_UNITS),
        ("sick", at.SICK),
        ("wasted", at.ATROPHY),
    ],
)
def test_courses_of_pools_agree(ours, plain, name: str, row: int) -> None:
    np.testing.assert_allclose(ours.courses[:, :, row : row + 7], plain[name], rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "column"), [("breath", at.C_BREATH), ("nfl", at.C_NFL), ("dip", at.C_DIP), ("niv", at.C_NIV)]
)
def test_courses_of_the_person_agree(ours, plain, name: str, column: int) -> None:
    np.testing.assert_allclose(ours.courses[:, :, column], plain[name], rtol=1e-9, atol=1e-9)


def test_any_dealing_out_gives_the_same_bits() -> None:
    whole = simulate_latent(n=60, seed=3, months=60)
    parts = [simulate_latent(n=count, seed=3, months=60, first=first) for first, count in ((0, 7), (7, 33), (40, 20))]
    for name in ("score", "capacity", "nfl", "events", "traits"):
        pieces = np.concatenate([getattr(part, name) for part in parts])
        assert getattr(whole, name).tobytes() == pieces.tobytes()


def test_another_seed_gives_other_people() -> None:
    one, two = simulate_latent(n=20, seed=1), simulate_latent(n=20, seed=2)
    assert not np.array_equal(one.traits, two.traits)


def test_exponential_is_accurate() -> None:
    for x in np.linspace(-50, 20, 2001).tolist():
        assert exponential(x) == pytest.approx(math.exp(x), rel=2e-14)


def test_logarithm_is_accurate() -> None:
    for x in (*np.geomspace(1e-300, 1e300, 1001), *np.linspace(0.5, 2.0, 1001)):
        assert logarithm(x) == pytest.approx(math.log(x), rel=1e-15, abs=1e-15)
