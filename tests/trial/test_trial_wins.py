"""Pairwise comparison: against a plain version, against simulated trials, and by hand."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from alsight.trial.analyze.pairs import compare_pairs, ranks
from alsight.trial.analyze.wins import permutation_p, win_statistics
from montecarlo import proportion_tolerance, tolerance

Trial = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _trials(random: np.random.Generator, trials: int, people: int, visits: int = 6, effect: float = 0.0) -> Trial:
    """Cohorts with ties, gaps, censoring and deaths."""
    treated = np.broadcast_to(np.arange(people) % 2 == 0, (trials, people)).copy()
    loss = random.gamma(1.5, 1.0, (trials, people, 1)) * (1 - effect * treated[..., None])
    change = np.round(-loss * np.arange(1, visits + 1) + random.normal(0, 1.5, (trials, people, visits)))
    change[random.random(change.shape) < 0.25] = np.nan
    return change, np.round(random.exponential(8, (trials, people))), random.random((trials, people)) < 0.35, treated


def _plainly(change: np.ndarray, time: np.ndarray, died: np.ndarray, one: int, two: int, threshold: float) -> int:
    """The rules of one pair, word by word."""
    if died[one] and died[two]:
        return int(np.sign(time[one] - time[two]))
    if died[one] and time[two] >= time[one]:
        return -1
    if died[two] and time[one] >= time[two]:
        return 1
    common = [visit for visit in range(change.shape[1]) if not np.isnan(change[[one, two], visit]).any()]
    if not common:
        return 0
    gap = change[one, common[-1]] - change[two, common[-1]]
    return int(np.sign(gap)) if abs(gap) >= threshold else 0


def test_scores_equal_those_of_the_plain_version_on_random_cohorts() -> None:
    random = np.random.default_rng(11)
    for number in range(1000):
        people, threshold = int(random.integers(2, 12)), float(number % 3)
        data = _trials(random, 1, people, int(random.integers(1, 6)))
        score, wins, losses = (one[0] for one in compare_pairs(*data, threshold=threshold))
        change, time, died, treated = (one[0] for one in data)
        expected = np.zeros((3, people))
        for one in range(people):
            for two in range(people):
                result = 0 if one == two else _plainly(change, time, died, one, two, threshold)
                expected[0, one] += result
                if treated[one] != treated[two]:
                    expected[1, one] += result > 0
                    expected[2, one] += result < 0
        np.testing.assert_array_equal([score, wins, losses], expected)


def test_people_who_do_not_count_change_nothing() -> None:
    change, time, died, treated = _trials(np.random.default_rng(2), 3, 12)
    present = np.random.default_rng(3).random((3, 12)) < 0.7
    whole = win_statistics(change, time, died, treated, present=present)
    for trial in range(3):
        some = present[trial]
        alone = win_statistics(*(one[trial : trial + 1][:, some] for one in (change, time, died, treated)))
        assert whole.net_benefit[trial] == pytest.approx(alone.net_benefit[0])
        assert whole.z[trial] == pytest.approx(alone.z[0])


def test_intervals_cover_and_the_test_keeps_its_level() -> None:
    random = np.random.default_rng(5)
    null = win_statistics(*_trials(random, 4000, 40))
    rejected = (null.p < 0.05).mean()
    assert rejected == pytest.approx(0.05, abs=proportion_tolerance(0.05, 4000) + 0.004)
    truth = float(win_statistics(*_trials(random, 1, 6000, effect=0.4)).win_probability[0])
    some = win_statistics(*_trials(random, 2000, 60, effect=0.4))
    covered = ((some.win_probability_low <= truth) & (truth <= some.win_probability_high)).mean()
    assert covered == pytest.approx(0.95, abs=proportion_tolerance(0.95, 2000) + 0.01)
    spread = some.log_win_ratio.std()
    assert np.sqrt((some.log_win_ratio_error**2).mean()) == pytest.approx(spread, rel=0.1)
    assert some.win_probability.mean() == pytest.approx(truth, abs=tolerance(0.07, 2000) + 0.01)


def test_net_benefit_mean_ranks_and_win_probability_say_the_same() -> None:
    result = win_statistics(*_trials(np.random.default_rng(9), 5, 30))
    np.testing.assert_allclose(result.net_benefit, 2 * result.win_probability - 1)
    np.testing.assert_allclose(result.wins + result.losses + result.ties, 15 * 15)
    score, _, _ = compare_pairs(*_trials(np.random.default_rng(9), 5, 30))
    np.testing.assert_allclose(ranks(score, np.full(5, 30)).sum(axis=1), 30 * 31 / 2)


def test_the_permutation_test_visits_every_allocation() -> None:
    change, time, died, treated = (one[0] for one in _trials(np.random.default_rng(4), 1, 9))
    score = compare_pairs(change[None], time[None], died[None], treated[None])[0][0]
    sums = [score[list(some)].sum() for some in combinations(range(9), int(treated.sum()))]
    expected = np.mean([abs(one) >= abs(score[treated].sum()) - 1e-9 for one in sums])
    assert permutation_p(score, treated, key=1) == pytest.approx(expected)
    assert np.isnan(permutation_p(score, np.zeros(9, bool), key=1))


def test_an_empty_arm_gives_nothing() -> None:
    change, time, died, _ = _trials(np.random.default_rng(4), 1, 5)
    result = win_statistics(change, time, died, np.zeros((1, 5), bool))
    assert np.isnan(result.net_benefit[0])
    assert np.isnan(result.p[0])


def test_too_many_visits_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 63 visits"):
        compare_pairs(np.zeros((1, 2, 64)), np.ones((1, 2)), np.zeros((1, 2), bool), np.array([[True, False]]))
