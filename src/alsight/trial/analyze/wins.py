"""Win statistics of two arms: win probability, odds and ratio, net benefit, mean ranks, with intervals and tests.

Standard errors come from the projection of the U-statistic on each person: the shares of the other arm that a
person wins and loses against have a variance in each arm, and those of the two means are added. The interval of the
win probability p is Wilson's with the effective number p (1 - p) / variance. The test is of Finkelstein and
Schoenfeld: the sum of the treated people's scores over its SD under all allocations,
sqrt(n1 n0 sum(score^2) / (n (n - 1))).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Final

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import ndtr, ndtri

from alsight.trial.analyze.pairs import compare_pairs, ranks

EXACT: Final = 50_000
"""Allocations up to which a permutation test visits all of them."""


@dataclass(frozen=True)
class WinStatistics:
    """Comparison of two arms in each trial; nan where an arm is empty or a statistic is undefined.

    Attributes:
        wins: pairs in which the treated person did better.
        losses: pairs in which the control did better.
        ties: pairs in which neither did.
        win_probability: of a treated person against a control, a tie counting half [0-1].
        win_probability_low: lower end of Wilson's interval with the effective number of people.
        win_probability_high: its upper end.
        net_benefit: (wins - losses) / pairs [-1 to 1].
        net_benefit_error: its standard error.
        log_win_ratio: log of wins / losses.
        log_win_ratio_error: its standard error.
        mean_rank_difference: treated minus control.
        z: test of no difference whatever, by the variance over all allocations.
        p: two-sided p value of `z`.
    """

    wins: Float[np.ndarray, " trial"]
    losses: Float[np.ndarray, " trial"]
    ties: Float[np.ndarray, " trial"]
    win_probability: Float[np.ndarray, " trial"]
    win_probability_low: Float[np.ndarray, " trial"]
    win_probability_high: Float[np.ndarray, " trial"]
    net_benefit: Float[np.ndarray, " trial"]
    net_benefit_error: Float[np.ndarray, " trial"]
    log_win_ratio: Float[np.ndarray, " trial"]
    log_win_ratio_error: Float[np.ndarray, " trial"]
    mean_rank_difference: Float[np.ndarray, " trial"]
    z: Float[np.ndarray, " trial"]
    p: Float[np.ndarray, " trial"]


def _variance(share: Float[np.ndarray, "trial subject"], who: Bool[np.ndarray, "trial subject"]) -> np.ndarray:
    """Variance of the mean of a share among some people, nan under two."""
    count = who.sum(axis=1)
    mean = np.where(who, share, 0).sum(axis=1) / count
    squares = np.where(who, (share - mean[:, None]) ** 2, 0).sum(axis=1)
    return np.where(count > 1, squares / (count * (count - 1.0)), np.nan)


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def win_statistics(
    change: Float[np.ndarray, "trial subject visit"],
    time: Float[np.ndarray, "trial subject"],
    died: Bool[np.ndarray, "trial subject"],
    treated: Bool[np.ndarray, "trial subject"],
    *,
    present: Bool[np.ndarray, "trial subject"] | None = None,
    threshold: float = 0.0,
    level: float = 0.95,
) -> WinStatistics:
    """Compare two arms pair by pair; see `compare_pairs` for the rules.

    Args:
        change: change from baseline [points].
        time: time of death, or to the end of follow-up.
        died: whether `time` is a death.
        treated: arm.
        present: who counts.
        threshold: smallest difference that counts [points].
        level: of the interval [0-1].

    Source: finkelstein1999, bebu2016
    """
    whole = np.ones(time.shape, bool) if present is None else present
    score, wins, losses = compare_pairs(change, time, died, treated, present=whole, threshold=threshold)
    active, control = whole & treated, whole & ~treated
    many, few = (arm.sum(axis=1).astype(float) for arm in (active, control))
    pairs = np.where(many * few > 0, many * few, np.nan)
    won, lost = (np.where(active, one, 0).sum(axis=1) for one in (wins, losses))
    win, loss = (one / np.where(active, few[:, None], many[:, None]) for one in (wins, losses))
    benefit = _variance(win - loss, active) + _variance(win - loss, control)
    ratio = _log_ratio_variance(win, loss, active, control, won / pairs, lost / pairs)
    low, high = _wilson((1 + (won - lost) / pairs) / 2, benefit / 4, level)
    rank, z = _rank_test(score, active, control)
    log_ratio = np.where((won > 0) & (lost > 0), np.log(won / lost), np.nan)
    return WinStatistics(
        wins=won,
        losses=lost,
        ties=many * few - won - lost,
        win_probability=(1 + (won - lost) / pairs) / 2,
        win_probability_low=low,
        win_probability_high=high,
        net_benefit=(won - lost) / pairs,
        net_benefit_error=np.sqrt(benefit),
        log_win_ratio=log_ratio,
        log_win_ratio_error=np.where(np.isfinite(log_ratio), np.sqrt(ratio), np.nan),
        mean_rank_difference=rank,
        z=z,
        p=2 * ndtr(-np.abs(z)),
    )


def _rank_test(
    score: np.ndarray, active: np.ndarray, control: np.ndarray
) -> tuple[Float[np.ndarray, " trial"], Float[np.ndarray, " trial"]]:
    """Difference of mean ranks, and the summed score of the treated over its SD under all allocations."""
    many, few = active.sum(axis=1), control.sum(axis=1)
    people = many + few
    rank = ranks(score, people)
    mean = [np.where(arm, rank, 0).sum(axis=1) / arm.sum(axis=1) for arm in (active, control)]
    null = many * few * (np.where(active | control, score, 0) ** 2).sum(axis=1) / (people * (people - 1.0))
    z = np.where(active, score, 0).sum(axis=1) / np.sqrt(null)
    return mean[0] - mean[1], np.where(np.isfinite(z), z, np.nan)


def _log_ratio_variance(
    win: np.ndarray, loss: np.ndarray, active: np.ndarray, control: np.ndarray, won: np.ndarray, lost: np.ndarray
) -> np.ndarray:
    """Variance of the log of wins over losses, by the projection of both together."""
    treated = _variance(win / won[:, None] - loss / lost[:, None], active)
    return treated + _variance(win / lost[:, None] - loss / won[:, None], control)


def _wilson(chance: np.ndarray, variance: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Ends of Wilson's interval with the effective number chance (1 - chance) / variance; nan where that is none."""
    z2 = ndtri((1 + level) / 2) ** 2
    number = chance * (1 - chance) / variance
    middle = (chance + z2 / (2 * number)) / (1 + z2 / number)
    half = np.sqrt(z2 * (chance * (1 - chance) / number + z2 / (4 * number**2))) / (1 + z2 / number)
    usable = np.isfinite(number) & (number > 0)
    return np.where(usable, middle - half, np.nan), np.where(usable, middle + half, np.nan)


def permutation_p(
    score: Float[np.ndarray, " subject"], treated: Bool[np.ndarray, " subject"], key: int, draws: int = 10_000
) -> float:
    """Two-sided p value of the treated people's summed score over allocations of the same sizes.

    Scores do not depend on the allocation, so that all allocations are visited where there are at most 50,000, else
    `draws` random ones with the observed one among them.

    Args:
        score: wins minus losses of each person among all.
        treated: arm.
        key: seed of the random allocations.
        draws: random allocations.

    Returns:
        p [0-1]; nan where an arm is empty.

    Source: finkelstein1999
    """
    people, many = len(score), int(treated.sum())
    if many in (0, people):
        return float("nan")
    observed = abs(score[treated].sum()) - 1e-9
    if comb(people, many) <= EXACT:
        return float((np.abs(_all_sums(score, many)) >= observed).mean())
    random = np.random.default_rng(key)
    sums = np.array([score[random.permutation(people)[:many]].sum() for _ in range(draws)])
    return float((1 + (np.abs(sums) >= observed).sum()) / (1 + draws))


def _all_sums(score: np.ndarray, many: int) -> np.ndarray:
    """Sum of every choice of `many` of the scores."""
    sums: list[np.ndarray] = [np.zeros(1), *(np.zeros(0) for _ in range(many))]
    for one in score:
        for size in range(many, 0, -1):
            sums[size] = np.concatenate([sums[size], sums[size - 1] + one])
    return sums[many]
