"""What a person's totals can be weighed on: visits kept and left out, and why a course is not judged at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float64, Int64

from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort
from alsight.detect.review.classes import BEST
from alsight.episodes.courses import NO_DAY, TOTALS, Courses, courses
from alsight.instruments.items import Scale

FLOOR: Final = 4.0
CEILING: Final = 46.0
"""Totals at or under the floor are left out; equal totals at or above the ceiling are not judged [points]. There the
scale can hardly fall or rise, whatever the disease does; alsight's own limits, as for every verdict."""
LEAST_VISITS: Final = 3
LEAST_MONTHS: Final = 6.0
LEAST_EQUAL: Final = 5
"""Fewest visits and months that a course is judged on, and fewest visits where all totals are equal; alsight's own."""
SLIP: Final = 12.0
"""A total so far above or below both neighbors, or a last one so far above the one before, is left out as a likely
slip of the pen [points]; alsight's own: more than twice the smallest detectable change of two ratings."""
MENDING: Final = (("tofersen", "sod1"),)
"""Treatments after whose start in carriers of a gene a stable or rising total is no sign against ALS.

Source: miller2022
"""

SEEN_DEAD: Final = "seen after the recorded death"
JUDGED: Final = np.array(
    [
        "judged",
        "fewer than 3 usable visits",
        "under 6 months of usable visits",
        "equal totals at fewer than 5 visits",
        "equal totals at the ceiling of the scale",
        SEEN_DEAD,
    ]
)
"""How a person's course was taken; the first stands for all who are judged."""


@dataclass(frozen=True)
class Rated:
    """Usable totals of everybody, each person on one scale, and what else the course says.

    Attributes:
        subjects: people, in the order of the cohort.
        starts: where each person's usable visits begin, and after the last person their number.
        months: of each usable visit since the person's first usable one.
        totals: of each usable visit [points of 48].
        onset: first symptom to first usable visit [months]; nan where not recorded or not above 0.
        seen: first to last usable visit [months].
        died: first usable visit to death, tracheostomy or permanent ventilation [months]; nan where none.
        judged: place in JUDGED.
        rate: loss from the first symptom to the last usable visit [points/month]; nan where not known.
        first_day: day of the first usable visit; NO_DAY where there is none.
        left_out: visits with a total that were not used.
    """

    subjects: pl.Series
    starts: Int64[np.ndarray, " bound"]
    months: Float64[np.ndarray, " visit"]
    totals: Float64[np.ndarray, " visit"]
    onset: Float64[np.ndarray, " subject"]
    seen: Float64[np.ndarray, " subject"]
    died: Float64[np.ndarray, " subject"]
    judged: Int64[np.ndarray, " subject"]
    rate: Float64[np.ndarray, " subject"]
    first_day: Int64[np.ndarray, " subject"]
    left_out: Int64[np.ndarray, " subject"]


def mending_days(cohort: Cohort) -> Int64[np.ndarray, " subject"]:
    """First day of a treatment of MENDING in a carrier of its gene, by person; NO_DAY for the others."""
    people = cohort.subjects.select("subject", "genotype")
    given = pl.DataFrame(MENDING, schema={"treatment": pl.String, "genotype": pl.String}, orient="row")
    first = (
        cohort.doses.join(people, on="subject")
        .join(given, on=["treatment", "genotype"], how="semi")
        .group_by("subject")
        .agg(pl.col("day").min().cast(pl.Int64))
    )
    return people.join(first, on="subject", how="left", maintain_order="left")["day"].fill_null(NO_DAY).to_numpy()


def _death_days(cohort: Cohort) -> Int64[np.ndarray, " subject"]:
    first = cohort.events.filter(pl.col("event") == "death").group_by("subject").agg(pl.col("day").min().cast(pl.Int64))
    joined = cohort.subjects.select("subject").join(first, on="subject", how="left", maintain_order="left")
    return joined["day"].fill_null(NO_DAY).to_numpy()


def _slips(whole: Courses, score: Float64[np.ndarray, " visit"]) -> Bool[np.ndarray, " visit"]:
    """Totals that stand alone between their neighbors, and unsupported rises at the end."""
    size = score.size
    if size == 0:
        return np.zeros(0, bool)
    same_before = np.zeros(size, bool)
    same_before[1:] = whole.person[1:] == whole.person[:-1]
    same_after = np.append(same_before[1:], False)
    up, down = score - np.roll(score, 1), score - np.roll(score, -1)
    between = same_before & same_after & (np.minimum(np.abs(up), np.abs(down)) > SLIP) & (up * down > 0)
    return between | (same_before & ~same_after & (up > SLIP))


def rated(cohort: Cohort) -> Rated:
    """Usable totals of a cohort. Totals of the original ALSFRS are stretched from 40 to 48 points, an approximation."""
    scales: tuple[Scale, ...] = tuple(TOTALS)
    whole = courses(cohort, scales)
    people = whole.count.size
    stretch = np.where((whole.scale == "alsfrs").fill_null(False).to_numpy(), BEST / 40.0, 1.0)
    score = whole.score * stretch[whole.person]
    death, last_day = _death_days(cohort), np.minimum(mending_days(cohort), whole.end_day + 1)
    kept = (whole.day < last_day[whole.person]) & (score > FLOOR) & ~_slips(whole, score)
    person, day, totals = whole.person[kept], whole.day[kept], score[kept]
    count = np.bincount(person, minlength=people)
    starts = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    some = count > 0
    first, last = np.full(people, NO_DAY), np.full(people, NO_DAY)
    first[some], last[some] = day[starts[:-1][some]], day[starts[1:][some] - 1]
    seen = months_of((last - first).astype(np.float64))
    onset_day = cohort.subjects["onset_day"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    onset = np.where(some, months_of(first - onset_day), np.nan)
    onset = np.where(onset > 0.0, onset, np.nan)
    ended = some & (whole.end_day < NO_DAY)
    died = np.where(ended, np.maximum(months_of((whole.end_day - first).astype(np.float64)), 0.0), np.nan)
    late = np.bincount(whole.person[whole.day > death[whole.person]], minlength=people) > 0
    closing = np.full(people, np.nan)
    closing[some] = totals[starts[1:][some] - 1]
    return Rated(
        subjects=whole.subjects,
        starts=starts,
        months=months_of((day - first[person]).astype(np.float64)),
        totals=totals,
        onset=onset,
        seen=seen,
        died=died,
        judged=_judged(count, seen, person, totals, late),
        rate=np.maximum(BEST - closing, 0.0) / (onset + seen),
        first_day=first,
        left_out=whole.count - count,
    )


def _judged(
    count: Int64[np.ndarray, " subject"],
    seen: Float64[np.ndarray, " subject"],
    person: Int64[np.ndarray, " visit"],
    totals: Float64[np.ndarray, " visit"],
    late: Bool[np.ndarray, " subject"],
) -> Int64[np.ndarray, " subject"]:
    highest, lowest = np.full(count.size, -np.inf), np.full(count.size, np.inf)
    np.maximum.at(highest, person, totals)
    np.minimum.at(lowest, person, totals)
    equal = highest == lowest
    rules = [
        late,
        count < LEAST_VISITS,
        seen < LEAST_MONTHS,
        equal & (count < LEAST_EQUAL),
        equal & (lowest >= CEILING),
    ]
    return np.select(rules, [5, 1, 2, 3, 4], 0).astype(np.int64)
