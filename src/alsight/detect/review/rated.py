"""Ratings that a course can be assessed on: visits used and excluded, and why a course is not assessed at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float64, Int64

from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort
from alsight.cohort.endpoints import NO_DAY, first_days
from alsight.cohort.ratings import SCALES, Ratings, chosen, on_main_scale, ratings
from alsight.instruments.alsfrs_r import ALSFRS_BEST, ALSFRS_R_BEST

FLOOR: Final = 4.0
CEILING: Final = 46.0
"""Totals at or under the floor are excluded; equal totals at or above the ceiling are not assessed [points]. There the
scale can hardly fall or rise, whatever the disease does; alsight's own limits, as for every verdict."""
LEAST_VISITS: Final = 3
LEAST_MONTHS: Final = 6.0
LEAST_EQUAL: Final = 5
"""Fewest visits and months that a course is assessed on, and fewest visits where all totals are equal; chosen here."""
SLIP: Final = 12.0
"""A total so far above or below both neighbors, or a last one so far above the one before, is excluded as a likely
slip of the pen [points]; alsight's own: more than twice the smallest detectable change of two ratings."""
RESTORING: Final = (("tofersen", "sod1"),)
"""Treatments after whose start in carriers of a gene a stable or rising total is no sign against ALS.

Source: miller2022
"""

RATED_AFTER_DEATH: Final = "rated_after_death"
COURSE_STATUS: Final = np.array(
    [
        "assessed",
        "few_visits",
        "short_follow_up",
        "few_equal_totals",
        "equal_totals_at_ceiling",
        RATED_AFTER_DEATH,
    ]
)
"""Whether a course was assessed, or why not; the first is that of every assessed course."""


@dataclass(frozen=True)
class Rated:
    """Usable ratings of every subject, on one scale each, and what else the course says.

    Attributes:
        ratings: usable ratings; `total` is of 48 points.
        onset: first symptom to first usable visit [months]; nan where not recorded or not above 0.
        observed: first to last usable visit [months].
        died: first usable visit to death, tracheostomy or permanent ventilation [months]; nan where none.
        status: index in COURSE_STATUS.
        rate: loss from the first symptom to the last usable visit [points/month]; nan where not known.
        excluded: ratings with a total that were not used.
    """

    ratings: Ratings
    onset: Float64[np.ndarray, " subject"]
    observed: Float64[np.ndarray, " subject"]
    died: Float64[np.ndarray, " subject"]
    status: Int64[np.ndarray, " subject"]
    rate: Float64[np.ndarray, " subject"]
    excluded: Int64[np.ndarray, " subject"]


def restoring_days(cohort: Cohort) -> Int64[np.ndarray, " subject"]:
    """First day of a treatment of RESTORING in a carrier of its gene, by subject; NO_DAY for the others."""
    people = cohort.subjects.select("subject", "genotype")
    supplied = pl.DataFrame(RESTORING, schema={"treatment": pl.String, "genotype": pl.String}, orient="row")
    first = (
        cohort.doses.join(people, on="subject")
        .join(supplied, on=["treatment", "genotype"], how="semi")
        .group_by("subject")
        .agg(pl.col("day").min().cast(pl.Int64))
    )
    return people.join(first, on="subject", how="left", maintain_order="left")["day"].fill_null(NO_DAY).to_numpy()


def _slips(source: Ratings) -> Bool[np.ndarray, " visit"]:
    """Totals that stand alone between their neighbors, and unsupported rises at the end."""
    total, size = source.total, source.total.size
    if size == 0:
        return np.zeros(0, bool)
    same_before = np.zeros(size, bool)
    same_before[1:] = source.subject[1:] == source.subject[:-1]
    same_after = np.append(same_before[1:], False)
    up, down = total - np.roll(total, 1), total - np.roll(total, -1)
    between = same_before & same_after & (np.minimum(np.abs(up), np.abs(down)) > SLIP) & (up * down > 0)
    return between | (same_before & ~same_after & (up > SLIP))


def rated(cohort: Cohort) -> Rated:
    """Usable totals of a cohort. Totals of the original ALSFRS are stretched from 40 to 48 points, an approximation."""
    every = on_main_scale(ratings(cohort))
    stretch = np.where(every.scale == SCALES.index("alsfrs"), ALSFRS_R_BEST / ALSFRS_BEST, 1.0)
    every = replace(every, total=every.total * stretch)
    last_day = np.minimum(restoring_days(cohort), every.end_day + 1)
    usable = chosen(every, (every.day < last_day[every.subject]) & (every.total > FLOOR) & ~_slips(every))
    count, some = usable.count, usable.count > 0
    opening, closing = usable.first[some], usable.offsets[1:][some] - 1
    first, last, final = np.full(usable.size, NO_DAY), np.full(usable.size, NO_DAY), np.full(usable.size, np.nan)
    first[some], last[some], final[some] = usable.day[opening], usable.day[closing], usable.total[closing]
    observed = months_of((last - first).astype(np.float64))
    onset = np.full(usable.size, np.nan)
    onset[some] = usable.months_since_onset[opening]
    onset = np.where(onset > 0.0, onset, np.nan)
    ended = some & (usable.end_day < NO_DAY)
    died = np.where(ended, np.maximum(months_of((usable.end_day - first).astype(np.float64)), 0.0), np.nan)
    death = first_days(cohort, ("death",))
    late = np.bincount(every.subject[every.day > death[every.subject]], minlength=every.size) > 0
    return Rated(
        ratings=usable,
        onset=onset,
        observed=observed,
        died=died,
        status=_status(usable, observed, late),
        rate=np.maximum(ALSFRS_R_BEST - final, 0.0) / (onset + observed),
        excluded=every.count - count,
    )


def _status(
    usable: Ratings, observed: Float64[np.ndarray, " subject"], late: Bool[np.ndarray, " subject"]
) -> Int64[np.ndarray, " subject"]:
    count = usable.count
    highest, lowest = np.full(count.size, -np.inf), np.full(count.size, np.inf)
    np.maximum.at(highest, usable.subject, usable.total)
    np.minimum.at(lowest, usable.subject, usable.total)
    equal = highest == lowest
    rules = [
        late,
        count < LEAST_VISITS,
        observed < LEAST_MONTHS,
        equal & (count < LEAST_EQUAL),
        equal & (lowest >= CEILING),
    ]
    return np.select(rules, [5, 1, 2, 3, 4], 0).astype(np.int64)
