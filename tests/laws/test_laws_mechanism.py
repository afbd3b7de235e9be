"""What must always hold of the disease acted out, whatever the numbers and the treatments."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsight.mechanism import layout as at
from alsight.mechanism.classes import GENES
from alsight.mechanism.disease.people import Mix
from alsight.mechanism.latent import Latent, simulate_latent
from alsight.mechanism.parameters import PARAMETERS, vector
from alsight.mechanism.therapy.act import Act, Therapy, compiled, received
from alsight.mechanism.therapy.catalog import THERAPIES
from alsight.mechanism.therapy.levels import CHANNELS

N, MONTHS = 40, 60
SOD1 = Mix(genes=tuple(float(gene.genotype == "sod1") for gene in GENES))
SEEDS = st.integers(0, 2**32)
SLOW_SETTINGS = settings(deadline=None, max_examples=12, derandomize=True)
ROWS = {row.name: row for row in PARAMETERS}


def run(seed: int, therapies: tuple[Therapy, ...] = (), overrides: dict[str, float] | None = None, **more) -> Latent:
    natural = simulate_latent(overrides, n=N, seed=seed, months=1, every=0, **more)
    acts = compiled(therapies, vector(overrides))
    scale = received(therapies, seed, np.arange(N, dtype=np.uint64), natural.traits)
    return simulate_latent(overrides, n=N, seed=seed, months=MONTHS, accepted=True, acts=acts, scale=scale, **more)


def pools(lives: Latent, row: int) -> np.ndarray:
    return lives.courses[:, :, row : row + 7]


def overridden(name: str) -> st.SearchStrategy[float]:
    return st.floats(ROWS[name].low, ROWS[name].high)


@SLOW_SETTINGS
@given(
    SEEDS,
    st.fixed_dictionaries(
        {
            name: overridden(name)
            for name in ("loss_per_month", "enlargement_limit", "reinnervation_per_month", "umn_to_lmn")
        }
    ),
)
def test_neurons_never_return_without_replacement(seed: int, overrides: dict[str, float]) -> None:
    lives = run(seed, (THERAPIES["halt"].therapy, THERAPIES["muscle_activator"].therapy), overrides)
    for row in (at.UNITS, at.UMN_UNITS):
        change = np.diff(pools(lives, row), axis=1)
        assert not (change[np.isfinite(change)] > 1e-12).any()


@SLOW_SETTINGS
@given(SEEDS)
def test_fractions_stay_fractions_and_wasting_is_for_good(seed: int) -> None:
    lives = run(seed, (THERAPIES["reverse"].therapy,))
    for row in (at.STRENGTH, at.UNITS, at.FIBERS, at.UMN_UNITS, at.SICK, at.ATROPHY):
        values = pools(lives, row)
        values = values[np.isfinite(values)]
        assert values.min() >= 0.0
        assert values.max() <= 1.0 + 1e-12
    wasted = np.diff(pools(lives, at.ATROPHY), axis=1)
    assert not (wasted[np.isfinite(wasted)] < 0.0).any()
    together = pools(lives, at.FIBERS) + pools(lives, at.ATROPHY)
    assert np.nanmax(together) <= 1.0 + 1e-12


@SLOW_SETTINGS
@given(SEEDS, st.floats(0.0, 0.9), st.floats(0.0, 0.9))
def test_more_loss_never_means_more_strength(seed: int, one: float, two: float) -> None:
    def with_strength(strength: float) -> Latent:
        act = Act(channel="loss", strength=strength)
        return run(seed, (Therapy(name="study", acts=(act,), origin="onset"),))

    more, less = with_strength(min(one, two)), with_strength(max(one, two))
    both = np.isfinite(pools(more, 0)) & np.isfinite(pools(less, 0))
    assert (pools(more, at.UNITS)[both] <= pools(less, at.UNITS)[both] + 1e-12).all()
    assert (pools(more, at.STRENGTH)[both] <= pools(less, at.STRENGTH)[both] + 1e-12).all()
    died = more.event("death")
    died_less = less.event("death")
    assert ((died_less < 0) | ((died >= 0) & (died <= died_less + 1e-9))).all()


@pytest.mark.parametrize("channel", CHANNELS)
@settings(deadline=None, max_examples=4, derandomize=True)
@given(seed=SEEDS)
def test_a_therapy_of_strength_zero_changes_no_bit(channel: str, seed: int) -> None:
    nothing = Therapy(name="nothing", origin="onset", acts=(Act(channel=channel, strength=0.0, lag_months=1.0),))
    with_it, without = run(seed, (nothing,)), run(seed)
    for name in ("score", "capacity", "units", "fibers", "nfl", "courses", "events", "traits"):
        assert getattr(with_it, name).tobytes() == getattr(without, name).tobytes()


@pytest.mark.parametrize("name", sorted(THERAPIES))
def test_nobody_outside_the_gate_or_before_the_start_is_touched(name: str) -> None:
    therapy = THERAPIES[name].therapy
    treated, natural = run(9, (therapy,)), run(9)
    entry = treated.trait("delay_months") + treated.trait("lag_months")
    months = np.arange(MONTHS)
    before = months[None, :] <= entry[:, None]
    same = (treated.courses == natural.courses) | (np.isnan(treated.courses) & np.isnan(natural.courses))
    assert same[before].all()
    if therapy.genotypes:
        genes = np.array([gene.name in therapy.genotypes or gene.genotype in therapy.genotypes for gene in GENES])
        outside = ~genes[treated.trait("genotype").astype(int)]
        assert outside.any()
        assert same[outside].all()


def test_arms_share_every_random_number() -> None:
    treated, natural = run(4, (THERAPIES["slow"].therapy,)), run(4)
    assert np.array_equal(treated.traits, natural.traits)
    assert np.array_equal(treated.event("onset"), natural.event("onset"))
    change = treated.courses[:, :, at.C_MULTIPLIER] - natural.courses[:, :, at.C_MULTIPLIER]
    assert np.nanmax(np.abs(change)) == 0.0


def test_pairing_makes_a_difference_precise() -> None:
    slow = Therapy(name="slow", origin="onset", acts=(Act(channel="loss", strength=0.2),))
    treated, natural = run(4, (slow,)), run(4)
    other = run(5)
    month = 24
    strength = lambda lives: pools(lives, at.UNITS)[:, month].mean(axis=1)  # noqa: E731
    paired, apart = strength(treated) - strength(natural), strength(treated) - strength(other)
    assert np.nanvar(paired) < np.nanvar(apart) / 5


@SLOW_SETTINGS
@given(SEEDS, st.floats(0.0, 0.2), st.floats(0.0, 1.0))
def test_replacement_is_bounded(seed: int, rate: float, limit: float) -> None:
    act = Act(channel="replacement", strength=rate, limit=limit, axons=False)
    treated, natural = run(seed, (Therapy(name="graft", acts=(act,), origin="onset"),)), run(seed)
    gained = np.diff(pools(treated, at.UNITS), axis=1)
    gained = np.where(np.isfinite(gained), np.maximum(gained, 0.0), 0.0).sum(axis=1)
    assert (gained <= limit + 1e-9).all()
    both = np.isfinite(pools(treated, 0)) & np.isfinite(pools(natural, 0))
    assert (pools(treated, at.UNITS)[both] >= pools(natural, at.UNITS)[both] - 1e-9).all()


def test_complete_halt_keeps_every_healthy_neuron() -> None:
    therapy = Therapy(
        name="halt", origin="onset", acts=(Act(channel="loss", strength=1.0), Act(channel="committed", strength=1.0))
    )
    units = pools(run(8, (therapy,)), at.UNITS)[:, 1:]
    change = np.diff(units, axis=1)
    assert np.nanmax(np.abs(change)) < 1e-12


def test_no_hazard_nothing_happens() -> None:
    lives = simulate_latent({"loss_per_month": 0.0, "item_shift_sd": 0.0}, n=20, seed=2)
    assert (lives.event("onset") < 0).all()
