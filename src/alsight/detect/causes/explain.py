"""Explain the rises of everyone: what each rule names, and the scores with it taken out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float

from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort
from alsight.cohort.ratings import Ratings, chosen, on_main_scale, ratings
from alsight.detect.causes.changes import changes
from alsight.detect.causes.dips import dips
from alsight.detect.causes.effect import CAUSES, Effect
from alsight.detect.causes.items import item_5, item_12
from alsight.detect.causes.relief import relief
from alsight.detect.causes.rules import DEFAULT, CauseRules
from alsight.detect.causes.series import Series, series_of
from alsight.detect.causes.visits import exchanged_dates, faults, other_scale, outliers, totals_off

ADJUSTED: Final = {
    "subject": pl.String,
    "day": pl.Int32,
    "scale": pl.String,
    "main_scale": pl.Boolean,
    "months": pl.Float64,
    "score": pl.Float64,
    "adjusted": pl.Float64,
    "rule": pl.String,
}
"""Columns of the adjusted scores, one row a visit in the cohort's order."""


@dataclass(frozen=True)
class Explained:
    """Rises that have an explanation other than recovery.

    Attributes:
        causes: one row a cause (CAUSES). `cause` is artefact, symptomatic or dip; `start_day` the last visit before the
            rise (for a treatment, before its start; for a dip, before its fall), `end_day` the visit at which the
            points stood (for a treatment the last such visit); `points` of the rise explained, 0 for faults of the file
            that were settled before; `items` it sits in, empty for the total.
        adjusted: one row a visit (ADJUSTED), in the cohort's order. `main_scale` says whether the visit has a
            total on the scale that its subject was rated on most; `score` is the total on the visit's own scale;
            `adjusted` the same less what is explained, missing at visits that do not count: outliers, slips, exchanged
            dates, visits inside a dip, visits on the scale a person was rated on less often. `rule` names what touched
            the visit (item_5, item_12, symptomatic, exchanged_dates, outlying_visit, data_slip, dip, change,
            other_scale), several joined by a comma, missing where nothing did.
        dips: one row a dip (DIPS): `level` is the smoothed level before it at `start_day`, `depth` how far the nadir
            lies below that level and the running course, `regained` the mean rise to the level after.
    """

    causes: pl.DataFrame
    adjusted: pl.DataFrame
    dips: pl.DataFrame


def explain(cohort: Cohort, rules: CauseRules = DEFAULT) -> Explained:
    """Name every rise that care, rating, recording or illness explains, and take it out of the scores.

    Order: items that follow care; treatments of symptoms; exchanged dates; outliers and slips; dips; changes of mode,
    responder and rater. Each rule sees the scores as the rules before left them. Every person is assessed by their own
    visits alone, so the result does not depend on who else is in the cohort.
    """
    everything = ratings(cohort)
    whole = series_of(on_main_scale(everything), rules)
    total = np.zeros(whole.noise.size)
    done: list[tuple[Series, Effect]] = []
    for rule in (item_5, item_12, relief):
        found = rule(cohort, whole, rules)
        total += found.taken
        done.append((whole, found))
    series = _without(whole, total, np.zeros(total.size, dtype=bool), rules)
    done.append((series, totals_off(cohort, series)))
    done.append((series, other_scale(everything, series)))
    for rule in (exchanged_dates, outliers, dips, changes):
        found = rule(cohort, series, rules)
        done.append((series, found))
        series = _without(series, found.taken, found.dropped, rules)
    causes = pl.concat([*(found.causes for _, found in done), faults(cohort)])
    causes = causes.select(pl.col(name).cast(kind) for name, kind in CAUSES.items())
    order = ["subject", "start_day", "end_day", "cause", "rule", "items"]
    return Explained(
        causes=causes.sort(order, nulls_last=True),
        adjusted=_adjusted(cohort, everything, whole, done),
        dips=pl.concat([found.dips for _, found in done]).sort("subject", "start_day"),
    )


def _without(
    series: Series, taken: Float[np.ndarray, " visits"], dropped: Bool[np.ndarray, " visits"], rules: CauseRules
) -> Series:
    """The series less some points, and without some visits."""
    less = replace(series.ratings, total=np.maximum(series.ratings.total - taken, 0.0))
    return series_of(chosen(less, ~dropped), rules, series.subjects)


def _adjusted(cohort: Cohort, everything: Ratings, whole: Series, done: list[tuple[Series, Effect]]) -> pl.DataFrame:
    """The scores of every visit as recorded and as adjusted."""
    size = cohort.visits.height
    taken, dropped = np.zeros(size), np.ones(size, dtype=bool)
    dropped[whole.ratings.line] = False
    score = np.full(size, np.nan)
    score[everything.line] = everything.total
    # Rules are numbered as they were applied, so that a visit's names stand in that order.
    names: list[pl.DataFrame] = []
    for step, (series, found) in enumerate(done):
        taken[series.ratings.line] += found.taken
        dropped[series.ratings.line[found.dropped]] = True
        touched = (found.ruled != "").to_numpy()
        names.append(
            pl.DataFrame(
                {
                    "line": series.ratings.line[touched],
                    "step": np.full(touched.sum(), step),
                    "rule": found.ruled.filter(touched),
                },
                schema_overrides={"rule": pl.String},
            )
        )
    ruled = pl.concat(names).sort("line", "step").group_by("line").agg(pl.col("rule").str.join(", "))
    counted = np.zeros(size, dtype=bool)
    counted[whole.ratings.line] = True
    frame = cohort.visits.select(
        "subject",
        "day",
        "scale",
        months=months_of(pl.col("day")),
        main_scale=pl.Series(counted),
        score=pl.Series(score).fill_nan(None),
    )
    return (
        frame.with_columns(line=pl.int_range(pl.len(), dtype=pl.Int64))
        .join(ruled, on="line", how="left", maintain_order="left")
        .with_columns(
            adjusted=pl.when(~pl.Series("dropped", dropped)).then(
                pl.max_horizontal(pl.col("score") - pl.Series("taken", taken), 0.0)
            ),
            rule=pl.when(~pl.col("main_scale") & pl.col("score").is_not_null())
            .then(pl.lit("other_scale"))
            .otherwise("rule"),
        )
        .select(pl.col(name).cast(kind) for name, kind in ADJUSTED.items())
    )
