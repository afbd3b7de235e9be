"""What a judged method is: visits and what is known about them in, one row of calls a person out.

    def judge_me(visits: pl.DataFrame, info: Info) -> pl.DataFrame: ...

`visits` has `subject`, `months` and `score`. The answer has `subject` and `called`, and where the method knows them
`lfdr` (probability that no gain of 1 point held 6 months), `gain_median` [points held 6 months], `p_gain_4` (that 4
points held 6 months), `p_gain_12` (that 4 points held 12 months) and `p_flat_12` ... `p_flat_36` (that under 1 point
was lost over the last so many months of follow-up). People left out count as not called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Float64

from alsight.cohort.cohort import Cohort
from fixtures.verdicts.made import Made, cohort_of

CALLED: Final = ("none", "rise", "reversal", "lost gain", "remission-like")
"""What a person may be called; the last three say that a gain was held."""
HELD_CALLS: Final = ("reversal", "lost gain", "remission-like")
WINDOWS: Final = (12, 18, 24, 36)
"""Lengths of the windows of plateaus [months]."""
NUMBERS: Final = ("lfdr", "gain_median", "p_gain_4", "p_gain_12", *(f"p_flat_{months}" for months in WINDOWS))


@dataclass(frozen=True)
class Info:
    """What may be known beside the visits.

    Attributes:
        schedule: name of the schedule.
        made: the cohort with its truth: for oracles only; `noise`, `autocorrelation`, `loss` say how it was made.
        requested: people whose calls are asked for; others may be answered too.
    """

    schedule: str
    made: Made
    requested: pl.Series
    noise: float | None = None
    autocorrelation: float | None = None
    loss: float | None = None

    @cached_property
    def cohort(self) -> Cohort:
        """The people as a checked cohort, with onset, deaths, withdrawals and half of the dips on record."""
        return cohort_of(self.made)


Method = Callable[[pl.DataFrame, Info], pl.DataFrame]


@dataclass(frozen=True)
class Padded:
    """Visits as arrays, one row a person; nan after the last."""

    subject: pl.Series
    months: Float64[np.ndarray, "subject visit"]
    score: Float64[np.ndarray, "subject visit"]


def padded(visits: pl.DataFrame) -> Padded:
    """Visits as arrays, in the order of subject and time."""
    rows = visits.sort("subject", "months")
    subject = rows["subject"].unique(maintain_order=True)
    person = rows["subject"].rle_id().to_numpy().astype(np.int64)
    count = np.bincount(person, minlength=subject.len())
    index = np.arange(person.size) - np.repeat(np.cumsum(count) - count, count)
    months, score = (np.full((subject.len(), int(count.max(initial=0))), np.nan) for _ in range(2))
    months[person, index], score[person, index] = rows["months"].to_numpy(), rows["score"].to_numpy()
    return Padded(subject, months, score)


def answer(subject: pl.Series, called: np.ndarray, **numbers: np.ndarray) -> pl.DataFrame:
    """A frame of calls; numbers that are not given are null."""
    frame = pl.DataFrame({"subject": subject, "called": pl.Series(called.tolist(), dtype=pl.String), **numbers})
    absent = [pl.lit(None, pl.Float64).alias(name) for name in NUMBERS if name not in numbers]
    return frame.with_columns(absent).select("subject", "called", *NUMBERS)
