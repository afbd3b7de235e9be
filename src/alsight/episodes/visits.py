"""Walks over the later visits of each subject, and slopes over some visits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int

from alsight.base.units import DAYS_PER_MONTH
from alsight.cohort.ratings import Ratings


def ahead(
    ratings: Ratings, starts: Int[np.ndarray, " starts"], going: Bool[np.ndarray, " starts"] | None = None
) -> Iterator[tuple[int, Int[np.ndarray, " left"], Int[np.ndarray, " left"]]]:
    """Starts with the visit 1, 2, 3, ... further on, while it is of the same subject and the start is still going.

    Yields the step, the indices in `starts` that still have a visit there, and that visit. The caller may switch starts
    off in `going` between steps.
    """
    index, step, later = np.arange(starts.size), 1, ratings.later
    while True:
        keep = later[starts[index]] >= step
        if going is not None:
            keep &= going[index]
        index = index[keep]
        if not index.size:
            return
        yield step, index, starts[index] + step
        step += 1


def without_overlap(
    ranked: Int[np.ndarray, " found"],
    subject: Int[np.ndarray, " found"],
    start: Int[np.ndarray, " found"],
    end: Int[np.ndarray, " found"],
    *,
    between: int = 0,
) -> Int[np.ndarray, " accepted"]:
    """The spells that remain when each subject's first in rank is accepted, all that overlap it go, and so on.

    One round settles one spell of every subject.

    Args:
        ranked: indices of the spells, subject after subject, each subject's best first.
        subject: subject of each spell.
        start: first visit of each spell.
        end: last visit of each spell.
        between: visits that must lie between two accepted spells.

    Returns:
        Indices of the accepted spells, by subject and start.
    """
    accepted: list[Int[np.ndarray, " accepted"]] = []
    while ranked.size:
        head = np.flatnonzero(np.diff(subject[ranked], prepend=-1))
        best = ranked[head]
        accepted.append(best)
        rival = np.repeat(best, np.diff(np.append(head, ranked.size)))
        overlaps = (start[ranked] <= end[rival] + between) & (end[ranked] >= start[rival] - between)
        ranked = ranked[~overlaps]
    index = np.concatenate(accepted) if accepted else np.zeros(0, dtype=np.int64)
    return index[np.lexsort((start[index], subject[index]))]


def slopes(
    ratings: Ratings, used: Bool[np.ndarray, " visits"]
) -> tuple[Int[np.ndarray, " subject"], Float[np.ndarray, " subject"]]:
    """Visits used and least-squares slope [points per month] of each subject; nan under two days of visits."""
    size, who = ratings.size, ratings.subject[used]
    time, score = ratings.since_first[used].astype(np.float64), ratings.total[used]

    def total(values: Float[np.ndarray, " used"]) -> Float[np.ndarray, " subject"]:
        return np.bincount(who, weights=values, minlength=size).astype(np.float64)

    count = np.bincount(who, minlength=size)
    spread = count * total(time * time) - total(time) ** 2
    shared = count * total(time * score) - total(time) * total(score)
    slope = np.full(size, np.nan)
    np.divide(shared, spread, out=slope, where=spread > 0)
    return count, slope * DAYS_PER_MONTH
