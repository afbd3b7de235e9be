"""Rules on raw scores, as methods: what is used where no model is."""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
import polars as pl

from alsight.base.units import DAYS_PER_MONTH
from fixtures.verdicts.made import Made
from validation.verdicts.method import WINDOWS, Info, Method, Padded, answer, padded

GAIN: Final = 4.0
"""Points above the lowest earlier score. Source: bedlack2016"""
SLOPE_MONTHS: Final = 180.0 / DAYS_PER_MONTH
"""Window of the slope rule [months]. Source: bedlack2016"""
LEAST_VISITS: Final = 3
"""Fewest visits in it; assumed."""
NEAR: Final = 1.0
"""How far from its month the visit of a fixed epoch may be [months]; assumed."""


@nb.njit
def gained(months: Any, score: Any, longest: Any, twice: Any) -> None:
    """Longest time at 4 points above the lowest earlier score [months], and whether for two visits running."""
    for person in range(months.shape[0]):
        lowest = score[person, 0]
        longest[person], twice[person] = -1.0, False
        for first in range(1, months.shape[1]):
            if np.isnan(score[person, first]):
                break
            visit = first
            while visit < months.shape[1] and score[person, visit] >= lowest + GAIN:
                longest[person] = max(longest[person], months[person, visit] - months[person, first])
                twice[person] = twice[person] or visit > first
                visit += 1
            lowest = min(lowest, score[person, first])


@nb.njit
def rising(months: Any, score: Any, window: float, least: int, found: Any) -> None:
    """Whether some window has a least-squares slope of 0 or more; whole windows only."""
    for person in range(months.shape[0]):
        found[person] = False
        for first in range(months.shape[1]):
            n, t, y, tt, ty, beyond = 0, 0.0, 0.0, 0.0, 0.0, False
            for visit in range(first, months.shape[1]):
                if np.isnan(score[person, visit]):
                    break
                since = months[person, visit] - months[person, first]
                beyond = since >= window - 0.5
                if since <= window + 0.5:
                    n, t, y, tt = n + 1, t + since, y + score[person, visit], tt + since * since
                    ty += since * score[person, visit]
                if beyond:
                    break
            if beyond and n >= least and n * ty - t * y >= 0.0:
                found[person] = True
                break


@nb.njit
def line_loss(months: Any, score: Any, window: float, found: Any) -> None:
    """Loss over the last so many months by least squares [points]; nan where followed for less or under 3 visits."""
    for person in range(months.shape[0]):
        last = 0
        while last + 1 < months.shape[1] and not np.isnan(score[person, last + 1]):
            last += 1
        n, t, y, tt, ty = 0, 0.0, 0.0, 0.0, 0.0
        for visit in range(last + 1):
            since = months[person, visit] - months[person, last]
            if since >= -window - 0.5:
                n, t, y, tt = n + 1, t + since, y + score[person, visit], tt + since * since
                ty += since * score[person, visit]
        found[person] = np.nan
        if n >= 3 and months[person, last] - months[person, 0] >= window - 0.5:
            found[person] = -(n * ty - t * y) / (n * tt - t * t) * window


def lines(people: Padded) -> dict[str, np.ndarray]:
    """`p_flat_*` of the naive methods: minus the fitted loss. A statistic to rank by, no probability."""
    found = {}
    for months in WINDOWS:
        loss = np.empty(people.subject.len())
        line_loss(people.months, people.score, float(months), loss)
        found[f"p_flat_{months}"] = -loss
    return found


def _gain_rule(visits: pl.DataFrame, months: float, word: str) -> pl.DataFrame:
    people = padded(visits)
    longest, twice = np.empty(people.subject.len()), np.empty(people.subject.len(), bool)
    gained(people.months, people.score, longest, twice)
    meets = twice if months == 0.0 else longest >= months
    return answer(people.subject, np.where(meets, word, "none"))


def raw_twice(visits: pl.DataFrame, _: Info) -> pl.DataFrame:
    """4 points above the lowest earlier score at two visits running."""
    return _gain_rule(visits, 0.0, "reversal")


def raw_6(visits: pl.DataFrame, _: Info) -> pl.DataFrame:
    """4 points above the lowest earlier score at every visit of at least 6 months."""
    return _gain_rule(visits, 6.0, "reversal")


def raw_12(visits: pl.DataFrame, _: Info) -> pl.DataFrame:
    """The same for 12 months."""
    return _gain_rule(visits, 12.0, "remission-like")


def slope_180(visits: pl.DataFrame, _: Info) -> pl.DataFrame:
    """A least-squares slope of 0 or more over some 180 days."""
    people = padded(visits)
    found = np.empty(people.subject.len(), bool)
    rising(people.months, people.score, SLOPE_MONTHS, LEAST_VISITS, found)
    return answer(people.subject, np.where(found, "reversal", "none"))


def fitted_line(visits: pl.DataFrame, _: Info) -> pl.DataFrame:
    """Nobody is called; plateaus are ranked by the least-squares loss over the window."""
    people = padded(visits)
    return answer(people.subject, np.full(people.subject.len(), "none"), **lines(people))


NAIVE: Final[dict[str, Method]] = {
    "raw +4 twice": raw_twice,
    "raw +4 for 6 months": raw_6,
    "raw +4 for 12 months": raw_12,
    "slope 180 days": slope_180,
    "line": fitted_line,
}


def no_decline(made: Made, months: int) -> pl.DataFrame:
    """The rule "no decline from the first visit" at a fixed epoch, beside the truth over the same time.

    Returns:
        `generator`, `schedule`, `months`, `seen` (people with a visit then), `called`, and of the called the number
        that truly lost under 1, 1 to 3 and 3 points or more.
    """
    near = np.abs(np.where(np.isfinite(made.scores), made.times, -99.0) - months)
    visit, rows = near.argmin(axis=1), np.arange(near.shape[0])
    seen = near[rows, visit] <= NEAR
    called = seen & (made.scores[rows, visit] >= made.scores[:, 0])
    lost = (made.truth[:, 0] - made.truth[:, months])[called]
    return pl.DataFrame(
        {
            "generator": [made.generator],
            "schedule": [made.schedule],
            "months": [months],
            "seen": [int(seen.sum())],
            "called": [int(called.sum())],
            "under 1": [int((lost < 1).sum())],
            "1 to 3": [int(((lost >= 1) & (lost < 3)).sum())],
            "3 or more": [int((lost >= 3).sum())],
        }
    )
