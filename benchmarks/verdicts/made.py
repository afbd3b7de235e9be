"""A drawn cohort with its truth: visits, E[score] month by month, planted recoveries, and the gains that held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba as nb
import numpy as np
import polars as pl
from jaxtyping import Float64

from alsight.base.units import DAYS_PER_MONTH
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.raw import RawTables

SCHEDULES: Final = ("monthly", "quarterly", "irregular")
"""Visits every month, every three months, or with gaps of a month and an exponential time of 2.6 months more."""
MISSED: Final = 0.05
JITTER_DAYS: Final = 4.0
LEAST_GAP: Final = 1.0
MEAN_MORE: Final = 2.6
HELD: Final = (3, 6, 12)
"""Months for which a gain's holding is told."""
RECORDED: Final = 0.5
"""Share of dips whose illness is in the records; assumed."""
ENDS: Final = ("finished", "death", "withdrawal")


@dataclass(frozen=True)
class Made:
    """One cohort whose truth is known.

    Attributes:
        generator: name of the generator.
        schedule: name of the schedule.
        prevalence: share of people with a planted recovery of any size.
        seed: root of everything random.
        times: visits [months from entry], nan after the last and where missed.
        scores: ratings [points, 0-48], nan where there is none.
        truth: E[score] at months 0, 1, ..., also after the end of follow-up.
        people: one row a person: `subject`, `kind` of planted gain (null for none), `start`, `rise`, `end` (inf for
            good), `size`, `loss`, `rate`, `level`, `onset_months`, `ended`, `reason`, `visits`, `last_visit`, and
            `held_3`, `held_6`, `held_12`: the largest rise of the truth above its lowest earlier level that stayed
            so many months, between the first and the last visit.
        dips: `subject`, `month`, `depth`, `recorded`.
    """

    generator: str
    schedule: str
    prevalence: float
    seed: int
    times: Float64[np.ndarray, "subject visit"]
    scores: Float64[np.ndarray, "subject visit"]
    truth: Float64[np.ndarray, "subject month"]
    people: pl.DataFrame
    dips: pl.DataFrame

    @property
    def visits(self) -> pl.DataFrame:
        """`subject`, `months`, `score`, one row a rating."""
        person, visit = np.nonzero(np.isfinite(self.scores))
        return pl.DataFrame(
            {
                "subject": self.people["subject"].gather(person),
                "months": self.times[person, visit],
                "score": self.scores[person, visit].astype(np.int32),
            }
        )

    @property
    def truth_frame(self) -> pl.DataFrame:
        """`subject`, `month`, `truth`, one row a month of follow-up."""
        watched = np.arange(self.truth.shape[1])[None] <= self.people["last_visit"].to_numpy()[:, None]
        person, month = np.nonzero(watched)
        return pl.DataFrame(
            {"subject": self.people["subject"].gather(person), "month": month, "truth": self.truth[person, month]}
        )


def named(count: int, prefix: str) -> pl.Series:
    """Identifiers of some people."""
    return pl.Series("subject", np.arange(count)).cast(pl.String).str.zfill(7).str.replace("^", prefix)


def plan(schedule: str, people: int, horizon: int, rng: np.random.Generator) -> Float64[np.ndarray, "subject visit"]:
    """Visits that happen if nobody leaves [months], whole days, ascending; nan after the last.

    Raises:
        ValueError: an unknown schedule.
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule: expected one of {', '.join(SCHEDULES)}, got {schedule}")
    if schedule == "irregular":
        count = int(horizon / LEAST_GAP) + 1
        gaps = LEAST_GAP + rng.exponential(MEAN_MORE, (people, count))
        times = np.cumsum(gaps, axis=1) - gaps[:, :1]
        missed = np.zeros(times.shape, bool)
    else:
        base = np.arange(0.0, horizon + 1e-9, 1.0 if schedule == "monthly" else 3.0)
        spread = np.clip(rng.normal(0.0, JITTER_DAYS, (people, base.size)), -10.0, 10.0) / DAYS_PER_MONTH
        times = base + np.where(base > 0.0, spread, 0.0)
        missed = (rng.random(times.shape) < MISSED) & (base > 0.0)
    times = np.rint(times * DAYS_PER_MONTH) / DAYS_PER_MONTH
    times = np.sort(np.where(missed | (times > horizon), np.nan, times), axis=1)
    return times[:, : max(int(np.isfinite(times).sum(axis=1).max()), 1)]


@nb.njit
def held_gain(truth: np.ndarray, last: int, months: int) -> float:
    """Largest rise above the lowest earlier level that stayed so many months, up to month `last` [points]."""
    best, lowest = 0.0, truth[0]
    for start in range(1, last - months + 1):
        kept = truth[start]
        for month in range(start + 1, start + months + 1):
            kept = min(kept, truth[month])
        best = max(best, kept - lowest)
        lowest = min(lowest, truth[start])
    return best


@nb.njit
def held_gains(truth: np.ndarray, last: np.ndarray, months: int) -> np.ndarray:
    """`held_gain` of everybody."""
    found = np.empty(truth.shape[0])
    for person in range(truth.shape[0]):
        found[person] = held_gain(truth[person], last[person], months)
    return found


def watched(last_visit: Float64[np.ndarray, " subject"], months: int) -> np.ndarray:
    """Last month of the truth that counts as followed: the last visit, to the nearest month."""
    return np.clip(np.rint(last_visit), 0, months).astype(np.int64)


def gains(
    truth: Float64[np.ndarray, "subject month"], last_visit: Float64[np.ndarray, " subject"]
) -> dict[str, np.ndarray]:
    """Columns `held_3`, `held_6`, `held_12`."""
    last = watched(last_visit, truth.shape[1] - 1)
    return {f"held_{months}": held_gains(truth, last, months) for months in HELD}


def true_loss(made: Made, months: int) -> Float64[np.ndarray, " subject"]:
    """Loss of the truth over the last so many months of follow-up [points]; nan where followed for less."""
    last = watched(made.people["last_visit"].to_numpy(), made.truth.shape[1] - 1)
    rows = np.arange(last.size)
    lost = made.truth[rows, np.maximum(last - months, 0)] - made.truth[rows, last]
    return np.where(last >= months, lost, np.nan)


def cohort_of(made: Made) -> Cohort:
    """The cohort as a file of totals would bring it, checked; half of the dips are on record."""
    people, visits = made.people, made.visits
    day = (pl.col("months") * DAYS_PER_MONTH).round().cast(pl.Int32)
    ended = (pl.col("ended") * DAYS_PER_MONTH).round().cast(pl.Int32).alias("day")
    events = people.filter(pl.col("reason") != "finished").select("subject", ended, pl.col("reason").alias("event"))
    begins = (pl.col("month") * DAYS_PER_MONTH).round().cast(pl.Int32).alias("day")
    ill = made.dips.filter(pl.col("recorded")).select("subject", begins, pl.lit("infection").alias("event"))
    last = people.select("subject", (pl.col("last_visit") * DAYS_PER_MONTH).round().cast(pl.Int32).alias("last"))
    seen = ill.join(last, on="subject").filter(pl.col("day") <= pl.col("last")).drop("last")
    frames = {
        "subjects": people.select(
            "subject",
            pl.lit("enrollment").alias("entry"),
            (-pl.col("onset_months") * DAYS_PER_MONTH).round().cast(pl.Int32).alias("onset_day"),
        ),
        "visits": visits.select(
            "subject", day.alias("day"), pl.lit("alsfrs_r").alias("scale"), pl.col("score").alias("alsfrs_r_total")
        ),
        "events": pl.concat([events, seen]),
    }
    return check(RawTables(frames={name: _numbered(frame, name) for name, frame in frames.items()}))


def _numbered(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    rows = pl.int_range(2, pl.len() + 2, dtype=pl.Int64)
    return frame.with_columns(row=rows, source=pl.lit(f"{name}.csv"))
