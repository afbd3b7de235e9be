"""How common recovery is in a cohort, and the odds that everybody else gives a person before their own scores.

The frequency is not estimated but integrated out. A person's posterior odds of a recovery are then, exactly, the Bayes
factor times the expected frequency over the expected rest, both given everybody else, so that nobody is judged by a
frequency of their own making.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.special import expit, log_expit, logit, logsumexp

from alsight.detect.thresholds import MOST, PEOPLE_BEHIND, RECOVERY, Thresholds

LOWEST_ODDS: Final = -24.0
"""Log odds of the lowest frequency that is looked at."""
POINTS: Final = 600
"""Frequencies that are looked at, equally far apart in log odds."""
_TOGETHER: Final = 4096
"""People whose odds are added up at a time."""
_NEGLIGIBLE: Final = 40.0
"""Log weight below the heaviest from which a frequency is not looked at again."""


@dataclass(frozen=True)
class Frequency:
    """How common recovery is.

    Attributes:
        share: expected share of people with a recovery, from everybody.
        log_odds: of a recovery before a person's own scores, from everybody else.
    """

    share: float
    log_odds: Float[np.ndarray, " person"]


def frequency(log_factor: Float[np.ndarray, " person"], thresholds: Thresholds) -> Frequency:
    """How common recovery is by everybody's scores; the prior's where the cohort is too small to tell.

    Args:
        log_factor: log Bayes factors of a recovery.
        thresholds: fewest people of a cohort.
    """
    if len(log_factor) < thresholds.cohort:
        return Frequency(RECOVERY.prior, np.full(len(log_factor), logit(RECOVERY.prior)))
    odds = np.linspace(LOWEST_ODDS, logit(MOST), POINTS)
    held, missed = log_expit(odds), log_expit(-odds)  # log of the frequency, and of what is left of one
    told = np.zeros(len(odds))
    parts = np.array_split(log_factor, len(log_factor) // _TOGETHER + 1)
    for some in parts:
        told += np.logaddexp(missed, some[:, None] + held).sum(axis=0)
    weight = told + PEOPLE_BEHIND * (RECOVERY.prior * held + (1 - RECOVERY.prior) * missed)
    keep = weight > weight.max() - _NEGLIGIBLE
    weight, held, missed = weight[keep], held[keep], missed[keep]
    before = []
    for some in parts:
        others = weight - np.logaddexp(missed, some[:, None] + held)
        before.append(logsumexp(others + held, axis=1) - logsumexp(others + missed, axis=1))
    share = np.exp(logsumexp(weight + held) - logsumexp(weight))
    return Frequency(float(share), np.concatenate(before))


def given(before: pl.DataFrame, subjects: pl.Series) -> Frequency:
    """What was found before of these people, the prior for whom it lacks.

    Args:
        before: `subject`, `log_odds`; as `Posterior.people` has them.
        subjects: of whom.
    """
    told = before.select("subject", "log_odds")
    rows = subjects.to_frame("subject").join(told, on="subject", how="left", maintain_order="left")
    log_odds = rows["log_odds"].fill_null(float(logit(RECOVERY.prior))).to_numpy()
    return Frequency(float(expit(log_odds).mean()), log_odds)
