"""Stretches in which recorded scores did not fall, as the episodes of the natural-history reference count them."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import polars as pl
from jaxtyping import Float, Int


@nb.njit(nogil=True)
def _longest(start: Any, months: Any, score: Any, found: Any) -> None:
    for person in range(start.shape[0] - 1):
        for i in range(start[person], start[person + 1]):
            above = True
            for j in range(i + 1, start[person + 1]):
                length = months[j] - months[i]
                above = above and score[j] >= score[i]
                if above:
                    found[person, 0] = max(found[person, 0], length)
                if score[j] >= score[i]:
                    found[person, 1] = max(found[person, 1], length)


def still(visits: pl.DataFrame) -> pl.DataFrame:
    """Longest times without a fall.

    Args:
        visits: `subject`, `months`, `score`, sorted by person and time, no score missing.

    Returns:
        `subject`, `run_months` (longest spell of which no visit is below its first [months]) and `still_months`
        (longest time from a visit to a later one that is not lower [months]); 0 for none.
    """
    heads = visits.group_by("subject", maintain_order=True).len()
    start: Int[np.ndarray, " edge"] = np.r_[0, np.cumsum(heads["len"].to_numpy())].astype(np.int64)
    found: Float[np.ndarray, "person two"] = np.zeros((heads.height, 2))
    _longest(start, visits["months"].to_numpy().astype(float), visits["score"].to_numpy().astype(float), found)
    return heads.select("subject", run_months=found[:, 0], still_months=found[:, 1])
