"""Who is in a cohort: traits, numbers, measures, events, treatments, and what is missing."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from alsight.base.units import DAYS_PER_MONTH
from alsight.cohort.cohort import Cohort
from alsight.cohort.ratings import TOTALS, Ratings, on_scale, ratings
from alsight.cohort.tables import TABLES
from alsight.episodes.visits import slopes
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.instruments.items import CUTTING, ITEMS, Scale

TRAITS: Final = (
    "sex",
    "onset_site",
    "phenotype",
    "genotype",
    "family_history",
    "frontotemporal_dementia",
    "el_escorial",
    "awaji",
    "gold_coast",
    "entry",
    "study",
    "arm",
    "revised_diagnosis",
)
"""Columns of SUBJECTS that are counted by level, in the order of reports; none of them identifies anybody."""

SCALE_NAMES: Final[dict[Scale, str]] = {"alsfrs_r": "ALSFRS-R", "alsfrs": "ALSFRS"}
"""Scales as papers write them."""

LEAST_VISITS_FOR_RATE: Final = 3
LEAST_MONTHS_FOR_RATE: Final = 3.0
"""Visits and months [months] that a rate over follow-up needs; less gives mostly noise."""


def traits(cohort: Cohort) -> pl.DataFrame:
    """People by level of each recorded trait.

    Returns:
        `trait`, `level` (null: not recorded), `people`, `share` of everyone. Traits recorded for no one are excluded.
    """
    recorded = [name for name in TRAITS if cohort.subjects[name].null_count() < cohort.size]
    parts = [
        cohort.subjects.group_by(level=pl.col(name).cast(pl.String))
        .agg(people=pl.len().cast(pl.Int64))
        .sort(pl.col("level").is_null(), -pl.col("people"), "level")
        .select(pl.lit(name).alias("trait"), "level", "people", share=pl.col("people") / cohort.size)
        for name in recorded
    ]
    shape = {"trait": pl.String, "level": pl.String, "people": pl.Int64, "share": pl.Float64}
    return pl.concat(parts) if parts else pl.DataFrame(schema=shape)


def numbers(cohort: Cohort) -> pl.DataFrame:
    """Numbers of people at entry and over follow-up, summarized over the people who have them.

    Rates are least-squares slopes over all visits of people with at least 3 visits that span 3 months; the rate before
    entry is (48 - first ALSFRS-R total) over the months from onset to that visit.

    Returns:
        `quantity`, `unit`, `people`, `mean`, `sd`, `p2_5`, `q1`, `median`, `q3`, `p97_5`; rows without anybody are
        excluded.

    Source: kimura2006
    """
    subjects = cohort.subjects
    onset, diagnosis = subjects["onset_day"], subjects["diagnosis_day"]
    columns: list[tuple[str, str, pl.Series]] = [
        ("age at onset", "years", subjects["age_at_onset_years"]),
        ("age at entry", "years", subjects["age_at_entry_years"]),
        ("onset to diagnosis", "months", (diagnosis - onset) / DAYS_PER_MONTH),
        ("onset to entry", "months", -onset / DAYS_PER_MONTH),
    ]
    whole = ratings(cohort)
    for scale, name in SCALE_NAMES.items():
        columns += _followed(on_scale(whole, scale), name, before_entry=scale == "alsfrs_r")
    return pl.concat([_summary(quantity, unit, values) for quantity, unit, values in columns])


def _followed(ratings: Ratings, name: str, *, before_entry: bool) -> list[tuple[str, str, pl.Series]]:
    """First score, visits, follow-up, gaps and rate of the people rated on one scale."""
    rated = ratings.count > 0
    first, last = ratings.first[rated], (ratings.first + ratings.count - 1)[rated]
    months = (ratings.day[last] - ratings.day[first]) / DAYS_PER_MONTH
    count, slope = slopes(ratings, np.ones(ratings.day.size, dtype=bool))
    steady = (count[rated] >= LEAST_VISITS_FOR_RATE) & (months >= LEAST_MONTHS_FOR_RATE)
    gaps = np.diff(ratings.day)[np.diff(ratings.subject) == 0] / DAYS_PER_MONTH
    rows = [
        (f"first {name} total", "points", pl.Series(ratings.total[first])),
        (f"visits rated on {name}", "visits", pl.Series(ratings.count[rated].astype(np.float64))),
        (f"follow-up on {name}", "months", pl.Series(months)),
        (f"time between visits on {name}", "months", pl.Series(gaps)),
        (f"change of {name} over follow-up", "points/month", pl.Series(slope[rated][steady])),
    ]
    if before_entry:
        since = ratings.months_since_onset[first]
        with np.errstate(invalid="ignore", divide="ignore"):
            before = np.where(since > 0, (ALSFRS_R_BEST - ratings.total[first]) / since, np.nan)
        rows.append((f"loss of {name} from onset to the first visit", "points/month", pl.Series(before)))
    return rows


def _summary(quantity: str, unit: str, values: pl.Series) -> pl.DataFrame:
    frame = values.cast(pl.Float64).fill_nan(None).drop_nulls().alias("value").to_frame()
    value = pl.col("value")
    shares = {"p2_5": 0.025, "q1": 0.25, "median": 0.5, "q3": 0.75, "p97_5": 0.975}
    return frame.select(
        pl.lit(quantity).alias("quantity"),
        pl.lit(unit).alias("unit"),
        people=pl.len().cast(pl.Int64),
        mean=value.mean(),
        sd=value.std(),
        **{name: value.quantile(share, "linear") for name, share in shares.items()},
    ).filter(pl.col("people") > 0)


def measures(cohort: Cohort) -> pl.DataFrame:
    """Which measures were taken: people, readings, and the first reading of each subject.

    Returns:
        `measure`, `people`, `share` of everyone, `readings`, `median`, `q1`, `q3` of people's first readings
        (the mean of all sides and parts measured on the first day).
    """
    opening = pl.col("day") == pl.col("day").min()
    first = cohort.measures.group_by("measure", "subject").agg(
        readings=pl.len(), value=pl.col("value").filter(opening).mean()
    )
    return (
        first.group_by("measure")
        .agg(
            people=pl.len().cast(pl.Int64),
            share=pl.len() / max(cohort.size, 1),
            readings=pl.col("readings").sum().cast(pl.Int64),
            median=pl.col("value").median(),
            q1=pl.col("value").quantile(0.25, "linear"),
            q3=pl.col("value").quantile(0.75, "linear"),
        )
        .sort("measure")
    )


def happenings(cohort: Cohort) -> pl.DataFrame:
    """Events and treatments by how many people ever had them.

    Returns:
        `table` ("events" or "doses"), `name`, `people`, `share` of everyone, `rows`.
    """
    named = [
        frame.select(pl.lit(table).alias("table"), "subject", name=pl.col(column))
        for table, frame, column in (("events", cohort.events, "event"), ("doses", cohort.doses, "treatment"))
    ]
    return (
        pl.concat(named)
        .group_by("table", "name")
        .agg(
            people=pl.col("subject").n_unique().cast(pl.Int64),
            share=pl.col("subject").n_unique() / max(cohort.size, 1),
            rows=pl.len().cast(pl.Int64),
        )
        .sort(pl.col("table") == "doses", -pl.col("people"), "name")
    )


def missingness(cohort: Cohort) -> pl.DataFrame:
    """Empty cells by table and column.

    An item counts as missing only on visits rated on a scale that has it; the three ways to record item 5 count as one
    column, `q5_cutting`; a total only on its own scale.

    Returns:
        `table`, `column`, `rows`, `missing`, `share`; columns without any row are excluded.
    """
    parts = [_item_gaps(cohort.visits)]
    skipped = {item.name for item in ITEMS} | set(TOTALS.values())
    for name, frame in cohort.frames().items():
        columns = [column for column in TABLES[name].schema if not (name == "visits" and column in skipped)]
        counts = frame.select(columns).null_count().row(0)
        parts.append(_gaps(name, columns, [frame.height] * len(columns), list(counts)))
    order = pl.col("table").replace_strict({name: index for index, name in enumerate(TABLES)}, return_dtype=pl.Int8)
    return pl.concat(parts).filter(pl.col("rows") > 0).sort(order, maintain_order=True)


def _item_gaps(visits: pl.DataFrame) -> pl.DataFrame:
    """Empty cells of items and totals among the visits rated on their scales."""
    columns = {item.name: item.scales for item in ITEMS if item.name not in CUTTING}
    columns |= {"q5_cutting": ("alsfrs_r", "alsfrs")} | {total: (scale,) for scale, total in TOTALS.items()}
    exprs = [
        expr
        for name, scales in columns.items()
        for expr in (
            pl.col("scale").is_in(scales).sum().alias(f"{name} rows"),
            (pl.col("scale").is_in(scales) & (pl.coalesce(CUTTING) if name == "q5_cutting" else pl.col(name)).is_null())
            .sum()
            .alias(f"{name} missing"),
        )
    ]
    row = visits.select(exprs).row(0, named=True)
    names = list(columns)
    return _gaps("visits", names, [row[f"{name} rows"] for name in names], [row[f"{name} missing"] for name in names])


def _gaps(table: str, columns: list[str], rows: list[int], missing: list[int]) -> pl.DataFrame:
    frame = pl.DataFrame(
        {"table": [table] * len(columns), "column": columns, "rows": rows, "missing": missing},
        schema={"table": pl.String, "column": pl.String, "rows": pl.Int64, "missing": pl.Int64},
    )
    return frame.with_columns(share=pl.col("missing") / pl.col("rows"))
