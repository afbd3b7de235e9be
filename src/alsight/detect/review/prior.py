"""Prior odds of a mimic: per setting, falling with the months that a mimic has had to be recognized in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import polars as pl
from jaxtyping import Float64
from scipy.special import ndtr

from alsight.base.errors import SpecError
from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort
from alsight.population.mimics import REVISED_LOG_SD, REVISED_MEDIAN_MONTHS

Setting = Literal["register", "referral", "clinic", "trial"]


@dataclass(frozen=True)
class SettingRow:
    """How often a diagnosis of ALS is something else, where a cohort comes from.

    Attributes:
        name: of the setting.
        share: mimics among those diagnosed.
        elapses: whether the share is that at diagnosis and falls from there.
        definite: whether entry itself asked for a probable or definite El Escorial category, so that the recorded
            category must not weigh a second time.
        meaning: who is meant, and how the number came about.
        source: references.
    """

    name: Setting
    share: float
    elapses: bool
    definite: bool
    meaning: str
    source: str


_TRIAL_ODDS: Final = 78 / 911 * (5 / 32) / (218 / 383)

SETTINGS: Final[tuple[SettingRow, ...]] = (
    SettingRow(
        "register",
        78 / 989,
        True,
        False,
        "at registration: 32 of 437 in Ireland and 46 of 552 in Scotland",
        "traynor2000, davenport1996",
    ),
    SettingRow(
        "referral", 20 / 314, True, False, "referred to a specialist clinic as ALS: 20 of 314", "cortesvicente2017"
    ),
    SettingRow(
        "clinic",
        2 / 296,
        False,
        False,
        "left after a specialist clinic's first evaluation: 20 of 314 less the 18 found then",
        "cortesvicente2017",
    ),
    SettingRow(
        "trial",
        _TRIAL_ODDS / (1.0 + _TRIAL_ODDS),
        True,
        True,
        "the register's share among probable and definite: 5 of 32 mimics, 218 of 383 with ALS in a category",
        "traynor2000, traynor2000b",
    ),
)
"""Settings. Where a trial's own screening found mimics is not known, so its share falls from the diagnosis as well."""

NEVER: Final = 0.2
"""Share of mimics that no one recognizes; assumed, as registers only count those recognized."""


def setting_row(setting: str) -> SettingRow:
    """The row of a setting.

    Raises:
        SpecError: no such setting.
    """
    rows = {row.name: row for row in SETTINGS}
    if setting not in rows:
        raise SpecError([("setting", "one of " + ", ".join(get_args(Setting)), setting)])
    return rows[setting]  # type: ignore[index]


def elapsed_months(cohort: Cohort) -> Float64[np.ndarray, " subject"]:
    """Months from the diagnosis (from entry, where it is not recorded) to the last sign of each person; at least 0."""
    last = cohort.visits.group_by("subject").agg(last=pl.col("day").max())
    people = cohort.subjects.select("subject", "diagnosis_day", "last_seen_day")
    joined = people.join(last, on="subject", how="left", maintain_order="left")
    until = pl.max_horizontal("last", "last_seen_day").fill_null(0)
    days = joined.select((until - pl.col("diagnosis_day").fill_null(0)).clip(lower_bound=0).cast(pl.Float64))
    return np.asarray(months_of(days.to_series().to_numpy()), dtype=np.float64)


def unrecognized(months: Float64[np.ndarray, "*batch"]) -> Float64[np.ndarray, "*batch"]:
    """Share of mimics that no one has recognized yet so long after the diagnosis.

    Log-normal with the assumed median and spread of the virtual population's mimics, and a share never recognized.

    Args:
        months: since the diagnosis of ALS, at least 0.
    """
    with np.errstate(divide="ignore"):
        late = (np.log(np.asarray(months, dtype=np.float64)) - np.log(REVISED_MEDIAN_MONTHS)) / REVISED_LOG_SD
    return NEVER + (1.0 - NEVER) * ndtr(-late)


def prior_log_odds(row: SettingRow, months: Float64[np.ndarray, "*batch"]) -> Float64[np.ndarray, "*batch"]:
    """Log odds of a mimic before anything is known of the person but how long ago ALS was diagnosed.

    odds(m) = share / (1 - share) x unrecognized(m): those revised have left the diagnosis. That people with a mimic
    also live longer belongs to the course, not here.

    Source: traynor2000, davenport1996
    """
    odds = np.log(row.share / (1.0 - row.share))
    base = np.full(np.shape(months), odds)
    return base + np.log(unrecognized(months)) if row.elapses else base
