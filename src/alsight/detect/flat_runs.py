"""Longest runs of recorded scores without a fall, as the natural-history reference counts them."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import polars as pl
from jaxtyping import Float, Int


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
