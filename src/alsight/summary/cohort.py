"""Describe a cohort: who is in it, how they were followed, how they fared, and how their scores vary."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from alsight.base.units import DAYS_PER_MONTH
from alsight.cohort.cohort import Cohort
from alsight.cohort.endpoints import DEFAULT, ENDPOINTS, Origin, endpoints
from alsight.cohort.ratings import SCALES, TOTALS, on_scale, ratings
from alsight.cohort.scores import scored_visits
from alsight.summary.characteristics import happenings, measures, missingness, numbers, traits
from alsight.summary.stages import stages_at_entry, stages_over_time
from alsight.summary.survival import SurvivalCurve, kaplan_meier, quantile, restricted_mean, survival_at
from alsight.summary.variation import run_lengths, slope_correlation, variogram

ORIGINS: Final[tuple[Origin, ...]] = ("entry", "onset")
"""Times that survival is counted from; from onset people come under observation late."""

SHOWN_MONTHS: Final = (6.0, 12.0, 24.0, 36.0, 60.0)
"""Times at which survival is printed [months]."""


def describe_cohort(cohort: Cohort, scored: pl.DataFrame | None = None) -> dict[str, pl.DataFrame]:
    """Everything that describes a cohort, as named tables.

    Args:
        cohort: a checked cohort.
        scored: what `scored_visits` gave for it, if at hand.

    Returns:
        `counts` (people, rows of each table), `traits`, `numbers`, `measures`, `happenings`, `missingness`,
        `stages_at_entry`, `stages_over_time`, `survival` (curves), `survival_summary`, `variogram`, `run_lengths`,
        `slope_correlation`; the last three by `scale`.
    """
    visits = scored_visits(cohort) if scored is None else scored
    curves = {(DEFAULT, origin): survival_curve(cohort, DEFAULT, origin) for origin in ORIGINS}
    curves["death", "entry"] = survival_curve(cohort, "death", "entry")
    return {
        "counts": _counts(cohort),
        "traits": traits(cohort),
        "numbers": numbers(cohort),
        "measures": measures(cohort),
        "happenings": happenings(cohort),
        "missingness": missingness(cohort),
        "stages_at_entry": stages_at_entry(visits),
        "stages_over_time": stages_over_time(cohort, visits),
        "survival": pl.concat([_curve_frame(*key, curve) for key, curve in curves.items()]),
        "survival_summary": pl.concat([_summary(*key, curve) for key, curve in curves.items()]),
        **describe_variation(cohort),
    }


def describe_variation(cohort: Cohort) -> dict[str, pl.DataFrame]:
    """How scores vary within people, each scale by itself: `variogram`, `run_lengths`, `slope_correlation`."""
    whole = ratings(cohort)
    selections = {scale: on_scale(whole, scale) for scale in SCALES}
    used = {scale: rated for scale, rated in selections.items() if rated.total.size or scale == SCALES[0]}
    tables = {"variogram": variogram, "run_lengths": run_lengths, "slope_correlation": slope_correlation}
    return {
        name: pl.concat([make(rated).select(pl.lit(scale).alias("scale"), pl.all()) for scale, rated in used.items()])
        for name, make in tables.items()
    }


def survival_curve(cohort: Cohort, endpoint: str = DEFAULT, origin: Origin = "entry") -> SurvivalCurve:
    """Kaplan-Meier curve of an endpoint from an origin [months], late entry allowed for.

    People who are not at risk (origin not recorded, no follow-up, event before observation) are excluded.

    Source: kaplan1958
    """
    observed = endpoints(cohort, endpoint, origin=origin).filter("at_risk")
    time, entry = (observed[name].cast(pl.Float64).to_numpy() / DAYS_PER_MONTH for name in ("time_day", "entry_day"))
    return kaplan_meier(time, observed["event"].to_numpy(), entry)


def _counts(cohort: Cohort) -> pl.DataFrame:
    """People and rows of each table, and visits by scale."""
    rows = [(name, frame.height, frame["subject"].n_unique()) for name, frame in cohort.frames().items()]
    for scale, total in TOTALS.items():
        rated = cohort.visits.filter((pl.col("scale") == scale) & pl.col(total).is_not_null())
        rows.append((f"visits with an {scale} total", rated.height, rated["subject"].n_unique()))
    schema = {"of": pl.String, "rows": pl.Int64, "people": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _curve_frame(endpoint: str, origin: str, curve: SurvivalCurve) -> pl.DataFrame:
    """A curve as rows, starting at time 0 with survival 1."""
    start = {"months": 0.0, "at_risk": curve.people, "events": 0, "survival": 1.0, "low": 1.0, "high": 1.0}
    columns = {
        "months": curve.time,
        "at_risk": curve.at_risk,
        "events": curve.events,
        "survival": curve.survival,
        "low": curve.low,
        "high": curve.high,
    }
    frame = pl.DataFrame({name: np.concatenate([[start[name]], values]) for name, values in columns.items()})
    return frame.select(
        pl.lit(endpoint).alias("endpoint"),
        pl.lit(origin).alias("origin"),
        pl.col("months"),
        pl.col("at_risk", "events").cast(pl.Int64),
        pl.col("survival", "low", "high").fill_nan(None),
    )


def _summary(endpoint: str, origin: str, curve: SurvivalCurve) -> pl.DataFrame:
    """Median, mean up to the last observation, and survival at fixed times, one fact a row."""
    median = quantile(curve)
    mean, error = restricted_mean(curve, curve.last) if curve.people else (float("nan"), float("nan"))
    shares = survival_at(curve, np.array(SHOWN_MONTHS))
    facts = [
        "people",
        "events",
        "median_months",
        "mean_months_to_last",
        *(f"survival_{t:.0f}_months" for t in SHOWN_MONTHS),
    ]
    nan = float("nan")
    values = [float(curve.people), float(curve.events.sum()), median[0], mean, *shares[0]]
    low = [nan, nan, median[1], mean - 1.96 * error, *shares[1]]
    high = [nan, nan, median[2], mean + 1.96 * error, *shares[2]]
    frame = pl.DataFrame({"fact": facts, "value": values, "low": low, "high": high})
    return frame.select(
        pl.lit(endpoint).alias("endpoint"),
        pl.lit(origin).alias("origin"),
        pl.lit(ENDPOINTS[endpoint].meaning).alias("meaning"),
        "fact",
        pl.col("value", "low", "high").fill_nan(None),
    )
