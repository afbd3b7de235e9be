"""Symptomatic gains: rises in the items that a recorded treatment eases, measured from before it was started."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from alsight.cohort.cohort import Cohort
from alsight.detect.causes.effect import CAUSES, Effect, declared_causes, effect
from alsight.detect.causes.items import named
from alsight.detect.causes.rules import CauseRules
from alsight.detect.causes.series import Series
from alsight.detect.causes.treatments import RELIEFS, Relief
from alsight.instruments.items import TWELVE

_OPEN: Final = np.iinfo(np.int64).max // 4
"""Day on which a treatment ends that has no recorded end."""


def relief(cohort: Cohort, series: Series, rules: CauseRules) -> Effect:
    """What recorded treatments explain, those of one person added up; two on the same items count once.

    A treatment explains a rise when the sum of its items stands above the last rating before its start within the time
    that relief needs, and that is at least `relief_share` of what the whole score rose by. From then on that sum is
    held at its value before, until the treatment ends. Without a record, or without items, nothing is explained.

    Source: young2022, smith2017, bourke2006, riva2019
    """
    taken = np.zeros((series.ratings.subject.size, len(TWELVE)))
    causes = [pl.DataFrame(schema=CAUSES)]
    for row in RELIEFS:
        spans = _spans(cohort, row)
        if row.items and not spans.is_empty():
            found, line, points = _one(series, rules, row, spans)
            share = points / len(row.items)
            for item in row.items:
                place = TWELVE.index(item)
                taken[line, place] = np.maximum(taken[line, place], share)
            causes.append(found)
    total = taken.sum(axis=1)
    return effect(series, pl.concat(causes), total, ruled=named("symptomatic", total > 0.0))


def _spans(cohort: Cohort, row: Relief) -> pl.DataFrame:
    """Subject, `start` and `end` of every time that a person was on a treatment."""
    name = pl.col("treatment").str.to_lowercase()
    supplied = cohort.doses.filter(
        pl.any_horizontal(pl.lit(False), *(name.str.contains(n, literal=True) for n in row.names))
    )
    supplied = supplied.filter(pl.col("kind").fill_null("") != "placebo").select("subject", start="day", end="end_day")
    event = cohort.events.select("subject", "day", "event")
    stops = event.filter(pl.col("event").is_in(row.stops)).select("subject", end="day").sort("end")
    begun = (
        event.filter(pl.col("event").is_in(row.starts))
        .select("subject", start="day")
        .sort("start")
        .join_asof(
            stops,
            left_on="start",
            right_on="end",
            by="subject",
            strategy="forward",
            coalesce=False,
            check_sortedness=False,
        )
        .select("subject", "start", "end")
    )
    whole = pl.concat([supplied, begun]).with_columns(pl.col("start", "end").cast(pl.Int64)).fill_null(_OPEN)
    return whole.group_by("subject", "start").agg(pl.col("end").max()).sort("subject", "start")


def _one(
    series: Series, rules: CauseRules, row: Relief, spans: pl.DataFrame
) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """Causes of one treatment, the visits it touches and the points it takes there."""
    places = [TWELVE.index(item) for item in row.items]
    asked = pl.DataFrame(
        {
            "place": np.arange(series.ratings.subject.size),
            "subject": series.subjects.gather(series.ratings.subject),
            "day": series.ratings.day,
            "total": series.ratings.total,
            "sum": series.ratings.items[:, places].sum(axis=1),
        }
    ).filter(pl.col("sum").is_not_nan())
    day, start, once = pl.col("day"), pl.col("start"), ["subject", "start"]
    before = (day <= start) & (day >= start - rules.before_days)
    on = asked.join(spans, on="subject", maintain_order="left").with_columns(
        pl.col("day", "sum", "total").filter(before).last().over(once).name.prefix("before_")
    )
    treated = (day > start) & (day <= pl.col("end") + rules.carry_over_days)
    rise = pl.col("sum") - pl.col("before_sum")
    on = on.filter(treated, pl.col("before_sum").is_not_null()).with_columns(rise=rise)
    # The rise sits in these items: others together must not have risen by more.
    sits = rise >= rules.relief_share * (pl.col("total") - pl.col("before_total"))
    soon = pl.col("rise").filter(day <= start + rules.relief_days, sits).max().over(once)
    on = on.filter(soon >= rules.relief_points, pl.col("rise") > 0.0)
    found = (
        on.sort("place", "start")
        .group_by(once, maintain_order=True)
        .agg(start_day=pl.col("before_day").first(), end_day=day.last(), points=pl.col("rise").max())
        .with_columns(
            cause=pl.lit("symptomatic"),
            rule=pl.lit(row.rule),
            items=pl.lit(", ".join(row.items)),
            treatment_day=start,
        )
    )
    causes = declared_causes(found)
    most = on.group_by("place").agg(pl.col("rise").max()).sort("place")
    return causes, most["place"].to_numpy(), most["rise"].to_numpy()
