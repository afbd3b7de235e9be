"""Dips: sudden falls beyond the running course that are regained, as infections, fractures and moods make them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Int

from alsight.cohort.cohort import Cohort
from alsight.detect.causes.changes import CIRCUMSTANCES, clear_jumps
from alsight.detect.causes.effect import DIPS, Effect, effect, rows
from alsight.detect.causes.excursion import Stretches, clearest, stretches
from alsight.detect.causes.items import named
from alsight.detect.causes.rules import CauseRules
from alsight.detect.causes.series import Series, shifted, side

ILLNESSES: Final = ("infection", "fracture", "hospitalization", "mood_episode", "intercurrent_illness")
"""Recorded events that may make a dip."""

_LONGEST: Final = 12
"""Most visits inside a dip: a year of monthly ones."""


def dips(cohort: Cohort, series: Series, rules: CauseRules) -> Effect:
    """Every dip, what its rebound explains, and the table of DIPS.

    A dip lies between two visits at most `dip_days` apart, below the course before it and the course after it, at least
    `dip_return` of the fall regained. Without a record it must lie within `dip_brief_days`, after `dip_before` visits,
    and the fall must be sudden (its first visit shows `dip_sudden` of the depth, after a gap of at most `dip_gap_days`)
    and at least `dip_return` of the rise, so that a gain after a steeper period is no dip; where a change of rater
    explains both the fall and the return, it is left to that rule. An illness recorded to begin with
    the fall makes smaller and longer ones credible. The rise back to the level before is explained; what stands above
    it is not.
    """
    found = stretches(series, rules, -1, _LONGEST, rules.dip_days, rules.dip_recorded_points)
    found = found.chosen(found.errors >= rules.dip_recorded_errors)
    recorded = _recorded(cohort, series, rules, found)
    keep = _credible(series, rules, found, recorded != "") & ((recorded != "") | ~_framed(series, rules, found))
    found, recorded = found.chosen(keep), recorded[keep]
    best = clearest(series, found)
    recorded = _matched(found, recorded, best)
    return _effect(series, rules, best, recorded)


def _credible(
    series: Series, rules: CauseRules, found: Stretches, recorded: Bool[np.ndarray, " found"]
) -> Bool[np.ndarray, " found"]:
    previous, _ = shifted(series.ratings, -1)
    after, _ = shifted(series.ratings, 1)
    regained = found.back >= rules.dip_return * found.away
    first = found.before - series.ratings.total[found.first]
    sudden = (first >= rules.dip_sudden * found.away) & (
        series.ratings.day[found.first] - series.ratings.day[previous[found.first]] <= rules.dip_gap_days
    )
    _, known = shifted(series.ratings, -rules.dip_before)
    brief = series.ratings.day[after[found.last]] - series.ratings.day[previous[found.first]] <= rules.dip_brief_days
    deep = (
        brief
        & known[found.first]
        & (np.minimum(found.away, found.back) >= rules.dip_points)
        & (found.errors >= rules.dip_errors)
    )
    # The score itself must rise again; to lose less than the running course is no rebound.
    rises = series.ratings.total[after[found.last]] > series.ratings.total[found.last]
    beyond = found.away >= rules.dip_return * found.back
    return regained & rises & (recorded | (sudden & deep & beyond))


def _framed(series: Series, rules: CauseRules, found: Stretches) -> Bool[np.ndarray, " found"]:
    """Whether a change of rater clearly lowers the level at the start and raises it at the end.

    A brief fall at a visit by telephone, or one that a caregiver answers, is what an illness makes too, while telephone
    ratings differ little from others (kaufmann2007).
    """
    steps = clear_jumps(series, rules)[:, CIRCUMSTANCES.index("rater")]
    after, _ = shifted(series.ratings, 1)
    return (steps[found.first] < 0.0) & (steps[after[found.last]] > 0.0)


def _recorded(cohort: Cohort, series: Series, rules: CauseRules, found: Stretches) -> np.ndarray:
    """The last illness that began between the visit before each period and its first visit, empty for none."""
    ill = (
        cohort.events.filter(pl.col("event").is_in(ILLNESSES))
        .select("subject", "event", begun=pl.col("day").cast(pl.Int64))
        .sort("begun", "event")
    )
    previous, _ = shifted(series.ratings, -1)
    asked = pl.DataFrame(
        {
            "row": np.arange(found.first.size),
            "subject": series.subjects.gather(series.ratings.subject[found.first]),
            "from": series.ratings.day[previous[found.first]] - rules.illness_lag_days,
            "to": series.ratings.day[found.first] + rules.illness_lag_days,
        }
    ).sort("to")
    hits = asked.join_asof(
        ill, left_on="to", right_on="begun", by="subject", strategy="backward", check_sortedness=False
    ).sort("row")
    return (
        hits.select(pl.when(pl.col("begun") >= pl.col("from")).then("event").otherwise(pl.lit("")).fill_null(""))
        .to_series()
        .to_numpy()
    )


def _matched(found: Stretches, recorded: np.ndarray, best: Stretches) -> np.ndarray:
    """What was recorded for the chosen periods."""
    size = int(max(found.last.max(initial=0), best.last.max(initial=0))) + 1
    keys, requested = found.first * size + found.last, best.first * size + best.last
    order = np.argsort(keys, kind="stable")
    return recorded[order[np.searchsorted(keys[order], requested)]] if keys.size else recorded[:0]


def _effect(series: Series, rules: CauseRules, best: Stretches, recorded: np.ndarray) -> Effect:
    previous, _ = shifted(series.ratings, -1)
    after, _ = shifted(series.ratings, 1)
    nadir = _nadir(series, best.first, best.last)
    start, end = series.ratings.day[previous[best.first]], series.ratings.day[after[best.last]]
    past = side(series, rules, -1)
    level, _ = past.at(previous[best.first], series.ratings.months[previous[best.first]], series.noise[best.first])
    expected, _ = past.at(previous[best.first], series.ratings.months[nadir], series.noise[best.first])
    depth = expected - series.ratings.total[nadir]
    points = np.minimum(series.ratings.total[after[best.last]], level) - series.ratings.total[nadir]
    known = pl.Series(recorded.astype(object), dtype=pl.String).replace("", None)
    found = rows(
        series,
        nadir,
        cause="dip",
        rule=known.fill_null("pattern"),
        start=start,
        end=end,
        points=np.maximum(points, 0.0),
        depth_points=depth,
    )
    table = pl.DataFrame(
        {
            "subject": series.subjects.gather(series.ratings.subject[nadir]),
            "start_day": start,
            "nadir_day": series.ratings.day[nadir],
            "end_day": end,
            "visits": best.last - best.first + 1,
            "level": level,
            "nadir": series.ratings.total[nadir],
            "depth": depth,
            "regained": best.back,
            "recorded": known,
        },
        schema_overrides=DIPS,
    )
    dropped = np.zeros(series.ratings.subject.size + 1, dtype=np.int64)
    np.add.at(dropped, best.first, 1)
    np.add.at(dropped, best.last + 1, -1)
    inside = np.cumsum(dropped[:-1]) > 0
    return replace(effect(series, found, dropped=inside, ruled=named("dip", inside)), dips=table)


def _nadir(series: Series, first: Int[np.ndarray, " dips"], last: Int[np.ndarray, " dips"]) -> Int[np.ndarray, " dips"]:
    """The lowest visit of each dip, the earliest of equal ones."""
    length = last - first + 1
    dip = np.repeat(np.arange(first.size), length)
    place = np.arange(dip.size) - np.repeat(np.cumsum(length) - length, length) + np.repeat(first, length)
    order = np.lexsort((place, series.ratings.total[place], dip))
    head = np.diff(dip[order], prepend=-1) != 0
    return place[order[head]]
