"""Log-rank tests and restricted mean survival of several arms, for one cohort or a batch of trials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Integer
from scipy.special import chdtrc

from alsight.infer.survival.risk import at_risk, risk_sets
from alsight.summary.survival import product_limit, restricted_means


@dataclass(frozen=True)
class LogRank:
    """Result of a log-rank test of each trial.

    Attributes:
        statistic: chi-square.
        p: its upper tail, with one degree of freedom less than there are arms.
        observed: events of each arm.
        expected: events expected of each arm if hazards were equal.
    """

    statistic: Float[np.ndarray, "*_ trial"]
    p: Float[np.ndarray, "*_ trial"]
    observed: Float[np.ndarray, "trial arm"]
    expected: Float[np.ndarray, "trial arm"]


def log_rank(
    time: Float[np.ndarray, "*_ row"],
    event: Bool[np.ndarray, "*_ row"],
    arm: Integer[np.ndarray, "*_ row"],
    *,
    entry: Float[np.ndarray, "*_ row"] | None = None,
    stratum: Integer[np.ndarray, "*_ row"] | None = None,
    trial: Integer[np.ndarray, "*_ row"] | None = None,
    rho: float = 0.0,
) -> LogRank:
    """Log-rank test that hazards are equal between arms, stratified where asked.

    Args:
        time: end of follow-up.
        event: whether it ended with the event.
        arm: arm of each row, counted from 0.
        entry: start of follow-up, None for none delayed.
        stratum: strata within which arms are compared.
        trial: trial of each row, counted from 0.
        rho: weight S(t-)^rho of each event time (0 log-rank, 1 Peto and Peto).

    Source: harrington1982
    """
    study = np.zeros(len(time), dtype=int) if trial is None else np.asarray(trial)
    trials, arms = int(study.max()) + 1, int(arm.max()) + 1
    sets = risk_sets(time, event, entry, stratum, study)
    member = (arm[:, None] == np.arange(arms)).astype(float)
    risk = at_risk(sets, member)
    everyone, number = risk.sum(axis=1), sets.number
    died = np.zeros((len(number), arms))
    np.add.at(died, sets.spot, member[sets.tied])
    share = risk / everyone[:, None]
    weight = _weights(sets.events, number / everyone, rho, time)
    tie = np.where(everyone > 1, (everyone - number) / np.maximum(everyone - 1, 1), 0.0)
    variance = share[:, :, None] * (np.eye(arms) - share[:, None, :]) * (weight**2 * number * tie)[:, None, None]
    observed, expected = np.zeros((trials, arms)), np.zeros((trials, arms))
    np.add.at(observed, sets.owner, weight[:, None] * died)
    np.add.at(expected, sets.owner, (weight * number)[:, None] * share)
    whole = np.zeros((trials, arms, arms))
    np.add.at(whole, sets.owner, variance)
    gap = (observed - expected)[:, 1:]
    statistic = np.einsum("ta,tab,tb->t", gap, np.linalg.pinv(whole[:, 1:, 1:], hermitian=True), gap)
    return LogRank(statistic, chdtrc(arms - 1, statistic), observed, expected)


def _weights(keys: np.ndarray, hazard: np.ndarray, rho: float, time: np.ndarray) -> np.ndarray:
    # S(t-)^rho of each event's trial and stratum.
    if rho == 0:
        return np.ones(len(keys))
    block = keys // (len(np.unique(time)) + 2)
    _, owner = np.unique(block, return_inverse=True)
    after = product_limit(hazard, np.ones(len(hazard)), owner)
    first = np.searchsorted(owner, owner) == np.arange(len(owner))
    before = np.where(first, 1.0, np.append(1.0, after[:-1]))
    return before**rho


def restricted_mean(
    time: Float[np.ndarray, "*_ row"],
    event: Bool[np.ndarray, "*_ row"],
    horizon: float,
    *,
    entry: Float[np.ndarray, "*_ row"] | None = None,
    trial: Integer[np.ndarray, "*_ row"] | None = None,
) -> tuple[Float[np.ndarray, "*_ trial"], Float[np.ndarray, "*_ trial"]]:
    """Restricted mean survival time up to a horizon and its standard error, of each trial (or arm).

    Args:
        time: end of follow-up.
        event: whether it ended with the event.
        horizon: end of the area, in the unit of `time`.
        entry: start of follow-up, None for none delayed.
        trial: trial (or trial and arm) of each row, counted from 0.

    Source: royston2013
    """
    study = np.zeros(len(time), dtype=int) if trial is None else np.asarray(trial)
    trials = int(study.max()) + 1
    sets = risk_sets(time, event & (time < horizon), entry, None, study)
    return restricted_means(sets.time, sets.number, at_risk(sets, np.ones(len(time))), sets.owner, trials, horizon)
