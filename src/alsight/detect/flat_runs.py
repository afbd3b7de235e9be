"""Longest runs of recorded scores without a fall, and largest held rises, as the reference counts them."""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
import polars as pl
from jaxtyping import Float, Int

from alsight.detect.thresholds import Thresholds, tolerated


@nb.njit(nogil=True)
def _fill(start: Any, months: Any, score: Any, longest: Any) -> None:
    for person in range(start.shape[0] - 1):
        for i in range(start[person], start[person + 1]):
            above = True
            for j in range(i + 1, start[person + 1]):
                length = months[j] - months[i]
                above = above and score[j] >= score[i]
                if above:
                    longest[person, 0] = max(longest[person, 0], length)
                if score[j] >= score[i]:
                    longest[person, 1] = max(longest[person, 1], length)


def flat_runs(visits: pl.DataFrame) -> pl.DataFrame:
    """Longest times without a fall of recorded scores.

    Args:
        visits: `subject`, `months`, `score`, sorted by person and time, no score missing.

    Returns:
        `subject`, `flat_run_months` (longest run of visits of which none is below its first [months]) and
        `not_lower_months` (longest time from a visit to a later one that is not lower, whatever lies between [months]);
        0 for none.
    """
    heads = visits.group_by("subject", maintain_order=True).len()
    start: Int[np.ndarray, " edge"] = np.r_[0, np.cumsum(heads["len"].to_numpy())].astype(np.int64)
    longest: Float[np.ndarray, "person two"] = np.zeros((heads.height, 2))
    _fill(start, visits["months"].to_numpy().astype(float), visits["score"].to_numpy().astype(float), longest)
    return heads.select("subject", flat_run_months=longest[:, 0], not_lower_months=longest[:, 1])


@nb.njit(nogil=True)
def _held(start: Any, months: Any, score: Any, long: float, largest: Any) -> None:
    for person in range(start.shape[0] - 1):
        first, after = start[person], start[person + 1]
        for i in range(first + 1, after):
            lowest, least = score[first:i].min(), score[i]
            for j in range(i + 1, after):
                least = min(least, score[j])
                if months[j] - months[i] >= long:
                    largest[person] = max(largest[person], least - lowest)
                    break


HELD_MONTHS: Final = 6.0
"""How long a rise of recorded scores is held in the reference [months]."""


def held_rises(visits: pl.DataFrame) -> Float[np.ndarray, " person"]:
    """Largest rise above an earlier score of which every visit of `HELD_MONTHS` keeps as much [points], 0 for none.

    Args:
        visits: `subject`, `months`, `score`, sorted by person and time, no score missing; people in order.
    """
    heads = visits.group_by("subject", maintain_order=True).len()
    start: Int[np.ndarray, " edge"] = np.r_[0, np.cumsum(heads["len"].to_numpy())].astype(np.int64)
    largest: Float[np.ndarray, " person"] = np.zeros(heads.height)
    months, score = (visits[name].to_numpy().astype(float) for name in ("months", "score"))
    _held(start, months, score, tolerated(HELD_MONTHS, Thresholds()), largest)
    return largest
