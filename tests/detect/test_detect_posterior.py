"""How common recovery is: the closed integral, its limits, and what nobody may bring about alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from scipy.integrate import quad
from scipy.special import expit, logit

from alsight.detect.posterior import frequency, known_frequency
from alsight.detect.thresholds import MOST, PEOPLE_BEHIND, RECOVERY


def test_one_person_takes_the_prior_and_a_few_move_it_little() -> None:
    found = frequency(np.array([9.0]))
    np.testing.assert_allclose(expit(found.log_odds), RECOVERY.prior, rtol=0.01)
    few = frequency(np.r_[9.0, np.zeros(20)])
    assert RECOVERY.prior < few.share < 5 * RECOVERY.prior
    assert len(frequency(np.empty(0)).log_odds) == 0


def test_a_cohort_that_tells_nothing_is_near_the_prior() -> None:
    found = frequency(np.zeros(200))
    assert found.share == pytest.approx(RECOVERY.prior, rel=0.01)
    np.testing.assert_allclose(expit(found.log_odds), RECOVERY.prior, rtol=0.01)


def test_frequency_grows_with_evidence() -> None:
    found = [frequency(np.r_[np.full(k, 8.0), np.full(1000 - k, -4.0)]).share for k in (0, 10, 50, 400)]
    assert found == sorted(found)
    assert found[0] < RECOVERY.prior < found[1]
    assert found[2] == pytest.approx(50 / 1000, abs=0.01)
    assert 0.97 * MOST < found[3] <= MOST


def test_posteriors_equal_the_integral_over_all_frequencies() -> None:
    """Adaptive quadrature of the definition: a person's own recovery, averaged over the frequency given everybody."""
    factor = np.random.default_rng(3).normal(-1.0, 2.5, 60)
    factor[0] = 7.0

    def weight(odds: float) -> float:
        share = expit(odds)
        prior = PEOPLE_BEHIND * (RECOVERY.prior * np.log(share) + (1 - RECOVERY.prior) * np.log1p(-share))
        return float(np.exp(prior + np.log1p(share * np.expm1(factor)).sum()))

    def average(what: Callable[[float], float]) -> float:
        ends = -24.0, float(logit(MOST))
        whole = quad(weight, *ends, epsabs=0, epsrel=1e-9, limit=400)[0]
        return (
            quad(lambda odds: weight(odds) * what(float(expit(odds))), *ends, epsabs=0, epsrel=1e-9, limit=400)[0]
            / whole
        )

    found = frequency(factor)
    assert found.share == pytest.approx(average(lambda share: share), rel=1e-3)
    for one in (0, 1, 30):
        own = float(np.exp(factor[one]))
        right = average(lambda share, own=own: share * own / (1 - share + share * own))
        assert expit(factor[one] + found.log_odds[one]) == pytest.approx(right, rel=1e-3)


@pytest.mark.parametrize("people", [50, 250, 3000])
def test_nobody_makes_recovery_common_alone(people: int) -> None:
    """The odds of one striking person are those of the others, who tell that recovery is rare."""
    factor = np.full(people, -1.0)
    without = frequency(factor)
    factor[0] = 50.0
    found = frequency(factor)
    assert found.log_odds[0] == pytest.approx(without.log_odds[0], abs=0.02)
    assert expit(found.log_odds[0]) < RECOVERY.prior
    assert (found.log_odds[1:] > found.log_odds[0]).all()


def test_many_people_are_added_up_in_parts() -> None:
    factor = np.random.default_rng(4).normal(-3.0, 3.0, 10_000)
    found = frequency(factor)
    order = np.random.default_rng(5).permutation(len(factor))
    np.testing.assert_allclose(frequency(factor[order]).log_odds, found.log_odds[order], rtol=1e-10)


def test_what_was_found_before_is_given_again() -> None:
    before = pl.DataFrame({"subject": ["a", "b"], "prior_log_odds": [-3.0, -4.0]})
    found = known_frequency(before, pl.Series(["b", "new", "a"]))
    np.testing.assert_allclose(found.log_odds, [-4.0, logit(RECOVERY.prior), -3.0])
