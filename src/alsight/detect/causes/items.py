"""Rises of two items that follow care, not function: item 5 at a gastrostomy, item 12 when ventilation changes."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Int

from alsight.cohort.cohort import Cohort
from alsight.detect.causes.effect import Effect, effect, rows
from alsight.detect.causes.rules import CauseRules
from alsight.detect.causes.series import Series, cumulated
from alsight.instruments.items import CUTTING, TWELVE

FIVE: Final = TWELVE.index("q5_cutting")
R3: Final = TWELVE.index("q12_respiratory_insufficiency")


def item_5(cohort: Cohort, series: Series, rules: CauseRules) -> Effect:
    """Item 5 asks for cutting food without a gastrostomy (5a) and for fasteners with one (5b): two questions.

    The change of the item at each switch is taken out by chaining: from the switch on, the points gained there are
    subtracted until a switch back loses them. What changes between switches stays. Where it is not said which of the
    two was rated, a recorded gastrostomy decides.

    Source: cedarbaum1999
    """
    fed = _fed(cohort, series)
    known = np.flatnonzero((fed >= 0) & np.isfinite(series.ratings.items[:, FIVE]))
    who, grade, state = series.ratings.subject[known], series.ratings.items[known, FIVE], fed[known]
    same = np.diff(who, prepend=-1) == 0
    switch = same & (np.diff(state, prepend=0) != 0)
    change = np.where(switch, np.diff(grade, prepend=0.0), 0.0)
    gained = np.minimum(np.maximum(cumulated(who, change), 0.0), grade)
    taken = np.zeros(series.ratings.subject.size)
    taken[known] = gained
    there = np.flatnonzero(change >= rules.item_points)
    found = rows(
        series,
        known[there],
        cause="artefact",
        rule="item_5",
        start=series.ratings.day[known[there - 1]],
        end=series.ratings.day[known[there]],
        points=change[there],
        items="q5_cutting",
        from_value=np.where(state[there] == 1, "5a", "5b"),
        to_value=np.where(state[there] == 1, "5b", "5a"),
    )
    return effect(series, found, taken, ruled=named("item_5", taken > 0))


def item_12(cohort: Cohort, series: Series, rules: CauseRules) -> Effect:
    """Item 12 records which ventilation is used, so a rise means less use, or another rule of scoring.

    It is held at its lowest grade so far; a recorded stop of ventilation between the two visits is named.

    Source: cedarbaum1999
    """
    known = np.flatnonzero(np.isfinite(series.ratings.items[:, R3]))
    who, grade = series.ratings.subject[known], series.ratings.items[known, R3]
    lowest = (
        pl.DataFrame({"who": who, "grade": grade}).select(pl.col("grade").cum_min().over("who"))["grade"].to_numpy()
    )
    taken = np.zeros(series.ratings.subject.size)
    taken[known] = grade - lowest
    rise = np.where(np.diff(who, prepend=-1) == 0, np.diff(grade, prepend=0.0), 0.0)
    there = np.flatnonzero(rise >= rules.item_points)
    stopped = _stopped(cohort, series, known[there - 1], known[there])
    found = rows(
        series,
        known[there],
        cause="artefact",
        rule=pl.Series(np.where(stopped, "ventilation_stopped", "item_12")),
        start=series.ratings.day[known[there - 1]],
        end=series.ratings.day[known[there]],
        points=rise[there],
        items="q12_respiratory_insufficiency",
    )
    return effect(series, found, taken, ruled=named("item_12", taken > 0))


def named(rule: str, where: Bool[np.ndarray, " visits"]) -> pl.Series:
    """The rule's name at some visits, empty at the others."""
    return pl.Series(np.where(where, rule, ""), dtype=pl.String)


def _fed(cohort: Cohort, series: Series) -> Int[np.ndarray, " visits"]:
    """1 where item 5 was rated with, 0 without a gastrostomy, -1 where nothing is recorded."""
    placed = cohort.events.filter(pl.col("event") == "gastrostomy").group_by("subject").agg(placed=pl.col("day").min())
    without, tube, unstated = (pl.col(name).is_not_null() for name in CUTTING)
    state = (
        cohort.visits.select("subject", "day", *CUTTING)
        .join(placed, on="subject", how="left", maintain_order="left")
        .select(
            pl.when(tube)
            .then(1)
            .when(without)
            .then(0)
            .when(unstated & pl.col("placed").is_not_null())
            .then((pl.col("placed") <= pl.col("day")).cast(pl.Int32))
            .otherwise(-1)
            .alias("state")
        )["state"]
        .to_numpy()
    )
    return state[series.ratings.line].astype(np.int64)


def _stopped(
    cohort: Cohort, series: Series, before: Int[np.ndarray, " found"], after: Int[np.ndarray, " found"]
) -> Bool[np.ndarray, " found"]:
    stops = cohort.events.filter(pl.col("event") == "niv_stop").select("subject", stop=pl.col("day").cast(pl.Int64))
    pairs = pl.DataFrame(
        {
            "row": np.arange(after.size),
            "subject": series.subjects.gather(series.ratings.subject[after]),
            "from": series.ratings.day[before],
            "to": series.ratings.day[after],
        }
    )
    hits = pairs.join(stops, on="subject").filter(pl.col("stop") > pl.col("from"), pl.col("stop") <= pl.col("to"))
    stopped = np.zeros(after.size, dtype=bool)
    stopped[hits["row"].to_numpy()] = True
    return stopped
