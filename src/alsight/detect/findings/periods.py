"""Periods that verdicts name: the stable period of the record, and that of the current state."""

from __future__ import annotations

import polars as pl

from alsight.detect.kinds import Certainty
from alsight.detect.thresholds import Thresholds, tolerated

_LOSS = {"median": "loss_points", "low": "loss_low", "high": "loss_high"}


def periods(windows: pl.DataFrame, courses: pl.DataFrame, rows: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """The named periods of each person.

    The stable period of the record is the longest window from visit to visit whose own posterior is as certain as that
    of some stable period, or the most probable window where none is. The current stable period is the longest that
    ends at the last visit and is probable, else possible. The recent one is the longest that ends there within
    `flat_months`, else the shortest.

    Args:
        windows: `CohortPosterior.windows`.
        courses: `CohortPosterior.courses`.
        rows: `subject`, `posterior_stable`.
        thresholds: thresholds of the verdicts.

    Returns:
        `subject`, and of the `stable`, `current_stable` and `recent` period: `_start_months`, `_end_months`, `_visits`,
        `_loss_points`, `_loss_low`, `_loss_high` and the posterior that it is stable (`recent`: progressing).
    """
    assessed = in_scale_windows(windows, courses, thresholds).filter("assessable")
    length = pl.col("end") - pl.col("start")
    flat_months = tolerated(thresholds.flat_months, thresholds)
    whole = _longest(assessed.filter(length >= flat_months), rows, thresholds)
    latest = assessed.filter("latest", pl.col("visits") >= thresholds.visits)
    ending = _ending(latest, thresholds)
    within = length <= 2 * thresholds.flat_months - flat_months
    recent = latest.with_columns(within=within, length=pl.when(within).then(length).otherwise(-length))
    recent = recent.sort("within", "length", descending=True, maintain_order=True).unique("subject", keep="first")
    parts = [
        _named(whole, "stable", "flat"),
        _named(ending, "current_stable", "flat"),
        _named(recent, "recent", "losing"),
    ]
    found = rows.select("subject")
    for part in parts:
        found = found.join(part, on="subject", how="left", maintain_order="left")
    return found


def in_scale_windows(windows: pl.DataFrame, courses: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """The windows with `assessable`: whether level and score lie between the ends of the scale at some time in each."""
    level = courses.select("subject", pl.col("months").round(6), "level", "score").unique(
        ["subject", "months"], keep="first", maintain_order=True
    )
    for name in ("start", "end"):
        windows = windows.with_columns(at=pl.col(name).round(6)).join(
            level.rename({"months": "at", "level": f"{name}_level", "score": f"{name}_rated"}),
            on=["subject", "at"],
            how="left",
            maintain_order="left",
        )
    levels, rated = (pl.max_horizontal(f"start_{name}", f"end_{name}") for name in ("level", "rated"))
    lowest, low_rated = (pl.min_horizontal(f"start_{name}", f"end_{name}") for name in ("level", "rated"))
    inside = (pl.min_horizontal(levels, rated) > thresholds.floor) & (
        pl.max_horizontal(lowest, low_rated) < thresholds.ceiling
    )
    return windows.drop("at").with_columns(assessable=inside.fill_null(value=True))


def _longest(long: pl.DataFrame, rows: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """The longest window as certain as some period is, or the most probable one."""
    some = long.join(rows.select("subject", "posterior_stable"), on="subject", how="left", maintain_order="left")
    least = pl.coalesce(
        *(
            pl.when(pl.col("posterior_stable") >= getattr(thresholds, one.value)).then(
                pl.lit(getattr(thresholds, one.value))
            )
            for one in Certainty
        ),
        pl.lit(1.0),
    )
    # Times are sums of days over a month's length: equal lengths differ in their last digits.
    some = some.with_columns(certain=pl.col("flat") >= least, length=(pl.col("end") - pl.col("start")).round(6))
    some = some.with_columns(order=pl.when("certain").then(pl.col("length")).otherwise(pl.col("flat")))
    ordered = some.sort("subject", "certain", "order", "start", "end", descending=[False, True, True, False, True])
    return ordered.unique("subject", keep="first", maintain_order=True)


def _ending(latest: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """The longest period that ends at the last visit and is probable, else possible."""
    band = pl.when(pl.col("flat") >= thresholds.probable).then(2).when(pl.col("flat") >= thresholds.possible).then(1)
    some = latest.with_columns(band=band).drop_nulls("band")
    return some.sort("subject", "band", "start", descending=[False, True, False]).unique(
        "subject", keep="first", maintain_order=True
    )


def _named(rows: pl.DataFrame, name: str, event: str) -> pl.DataFrame:
    loss = {f"{name}_{said}": pl.col(column) for column, said in _LOSS.items()}
    return rows.select(
        "subject",
        pl.col("start").alias(f"{name}_start_months"),
        pl.col("end").alias(f"{name}_end_months"),
        pl.col("visits").cast(pl.Int64).alias(f"{name}_visits"),
        pl.col(event).alias(f"posterior_{name}_period"),
        **loss,
    )
