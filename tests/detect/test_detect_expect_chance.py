"""The chance of k or more of n: exact beta-binomials, laws, and picking."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom, binom

from alsight.detect.expect.chance import at_least, best_of, nodes_of, share_interval, spread
from alsight.detect.expect.picking import by_groups, gained_by_trying, steps
from montecarlo import proportion_tolerance

COUNTS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 400)).filter(lambda pair: sum(pair) >= 5), min_size=1, max_size=5
)


def nodes(pairs: list[tuple[int, int]]) -> np.ndarray:
    found = np.array([one for one, _ in pairs])
    return nodes_of(found, found + np.array([other for _, other in pairs]))


@pytest.mark.parametrize(("found", "eligible"), [(0, 200), (3, 60), (80, 500), (500, 500)])
@pytest.mark.parametrize(("k", "n"), [(1, 1), (3, 10), (0, 10), (25, 100)])
def test_one_set_is_a_beta_binomial(found: int, eligible: int, k: int, n: int) -> None:
    exact = betabinom.sf(k - 1, n, found + 0.5, eligible - found + 0.5)
    shares = nodes_of(np.array([found]), np.array([eligible]))
    assert at_least(shares, k, n).mean() == pytest.approx(exact, abs=2e-3)


def test_sets_are_weighted_alike() -> None:
    shares = nodes_of(np.array([10_000, 300_000]), np.array([1_000_000, 1_000_000]))
    exact = 0.5 * (binom.sf(2, 10, 0.01) + binom.sf(2, 10, 0.3))
    assert at_least(shares, 3, 10).mean() == pytest.approx(exact, rel=1e-3)


@given(pairs=COUNTS, n=st.integers(1, 60))
def test_more_is_never_likelier(pairs: list[tuple[int, int]], n: int) -> None:
    shares = nodes(pairs)
    chances = np.array([at_least(shares, k, n).mean() for k in range(n + 1)])
    assert chances[0] == 1.0
    assert (np.diff(chances) <= 1e-12).all()


@given(pairs=COUNTS)
def test_one_person_meets_it_with_the_share(pairs: list[tuple[int, int]]) -> None:
    shares = nodes(pairs)
    assert at_least(shares, 1, 1).mean() == pytest.approx(shares.mean())


@given(pairs=COUNTS, n=st.integers(1, 40), data=st.data())
def test_picking_never_makes_it_less_likely(pairs: list[tuple[int, int]], n: int, data: st.DataObject) -> None:
    k, groups = data.draw(st.integers(0, n)), data.draw(st.integers(1, 10_000))
    shares = nodes(pairs)
    wide = nodes([(one + data.draw(st.integers(0, other)), 0) for one, other in pairs])
    wide = np.maximum(shares, wide)
    gained = np.array([data.draw(st.floats(0.0, 1.0)) for _ in pairs])
    table, single = steps([("one", shares), ("any window", wide)], gained, k, n, groups)
    assert (np.diff(table["chance"]) >= -1e-12).all()
    assert ((single >= 0.0) & (single <= 1.0)).all()
    assert (np.diff(by_groups(single, groups)["chance"]) >= -1e-12).all()


def test_the_best_of_groups_shares_what_is_not_known() -> None:
    shares = np.array([0.0, 1.0])
    assert best_of(at_least(shares, 3, 10), 1000) == 0.5
    known = np.array([0.2])
    single = at_least(known, 3, 10)
    assert best_of(single, 7) == pytest.approx(1.0 - (1.0 - float(single[0])) ** 7)
    assert best_of(np.array([1e-20]), 100) == pytest.approx(1e-18)


@given(pairs=COUNTS, n=st.integers(1, 80))
def test_the_predictive_distribution_adds_up(pairs: list[tuple[int, int]], n: int) -> None:
    shares = nodes(pairs)
    numbers = spread(shares, n)
    assert numbers.chances.sum() == pytest.approx(1.0)
    assert numbers.chances @ np.arange(n + 1) == pytest.approx(numbers.mean)
    assert 0 <= numbers.low <= numbers.median <= numbers.high <= n
    assert numbers.chances[numbers.low : numbers.high + 1].sum() >= 0.95 - 1e-9
    k = numbers.median
    assert numbers.chances[k:].sum() == pytest.approx(at_least(shares, k, n).mean())


def test_groups_drawn_at_random_show_it_as_often() -> None:
    rng = np.random.default_rng(11)
    shares = nodes([(80, 420), (120, 400)])
    groups = 40_000
    count = rng.binomial(10, rng.choice(shares, groups))
    exact = float(at_least(shares, 3, 10).mean())
    assert abs(np.mean(count >= 3) - exact) <= proportion_tolerance(exact, groups)
    many = rng.binomial(10, np.repeat(rng.choice(shares, 8000)[:, None], 6, axis=1)).max(axis=1)
    best = best_of(at_least(shares, 3, 10), 6)
    assert abs(np.mean(many >= 3) - best) <= proportion_tolerance(best, 8000)


def test_trying_rules_adds_what_they_find_in_other_people() -> None:
    people = np.arange(20_000)
    first, same, other = people % 5 == 0, people % 5 == 0, people % 5 == 1
    assert gained_by_trying([np.stack([first, same])], 3, 10, 1)[0] == 0.0
    gained = gained_by_trying([np.stack([first, other])], 3, 10, 1)[0]
    rng = np.random.default_rng(5)
    counts = rng.multinomial(10, (0.2, 0.2, 0.6), size=200_000)
    requested = np.mean((counts[:, :2] >= 3).any(axis=1)) - np.mean(counts[:, 0] >= 3)
    assert abs(gained - requested) <= proportion_tolerance(float(requested), 4000)


def test_interval_of_an_observed_share() -> None:
    low, high = share_interval(3, 10)
    assert 0.05 < low < 0.3 < high < 0.65
    assert share_interval(0, 10)[0] == 0.0
    assert share_interval(10, 10)[1] == 1.0
