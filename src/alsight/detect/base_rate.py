"""Base rate of a verdict: how often the shipped natural history shows as much in comparable people."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Float

from alsight.calibrate.reference import FOLLOW_UPS, GENES, INTERVALS, LEVELS, RATES, Genes, Quantity, reference
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST

_LATER: Final = 1e6
SLOW: Final = ("p.Asp91Ala", "p.Asp90Ala", "Asp91Ala", "Asp90Ala", "D91A", "D90A")
"""How the variant of SOD1 that is slow by nature is written, with and without the first methionine."""
_ANY: Final[Genes] = "any"
_SLOW: Final[Genes] = "sod1_slow"


def base_rates(matched: pl.DataFrame, quantity: Quantity, reached: pl.Series) -> Float[np.ndarray, " person"]:
    """Share of comparable people in whom natural history reaches so much [0-1]; nan where none are comparable.

    Args:
        matched: what `reference_keys` gave.
        quantity: what is counted.
        reached: months or points, as the quantity asks; rounded down to a tabled threshold.
    """
    rows = pl.concat([reference(genes).with_columns(genes=pl.lit(genes)) for genes in GENES])
    rows = rows.filter(pl.col("quantity") == quantity)
    steps = rows["threshold"].unique().sort().to_numpy()
    index = np.searchsorted(steps, reached.fill_null(-1.0).to_numpy() + 1e-9, side="right") - 1
    threshold = np.where(index >= 0, steps[np.clip(index, 0, None)], np.nan)
    sought = matched.with_columns(threshold=pl.Series(threshold))
    # What lies between two schedules that are tabled lies between their shares.
    low, high = (_shares(sought.with_columns(interval_months=name), rows) for name in ("interval_low", "interval_high"))
    by = matched["interval_share"].to_numpy()
    return np.where(by <= 0, low, np.where(by >= 1, high, (1 - by) * low + by * high))


def _shares(sought: pl.DataFrame, rows: pl.DataFrame) -> Float[np.ndarray, " person"]:
    """Share of the comparable people who reach the threshold, on a schedule that is tabled; nan for none."""
    keys = ["rate_low", "level_low", "interval_months", "follow_up_months", "threshold", "genes"]
    whole = rows.group_by(keys).agg(pl.col("reached").sum(), pl.col("people").sum())
    # Where the rate since onset is not known, everyone of that level, schedule and follow-up is comparable.
    any_rate = rows.group_by(keys[1:]).agg(known_reached=pl.col("reached").sum(), known_people=pl.col("people").sum())
    joined = sought.join(whole, on=keys, how="left", maintain_order="left")
    joined = joined.join(any_rate, on=keys[1:], how="left", maintain_order="left")
    known = pl.col("rate_low").is_not_null()
    share = (
        pl.when(known)
        .then(pl.col("reached") / pl.col("people"))
        .otherwise(pl.col("known_reached") / pl.col("known_people"))
    )
    return joined.select(share.fill_null(np.nan))["reached"].to_numpy()


def reference_keys(first: pl.DataFrame) -> pl.DataFrame:
    """Keys of the reference for each person.

    Args:
        first: `score` and `onset_months` (months from onset, null where not known) at the first visit, `interval`
            [months, the median], `follow` [months], and `genes` from `genes_of`, where there is such a column.

    Returns:
        `rate_low` (null where not known), `level_low`, `interval_months` (the nearest that is tabled), those on both
        sides, `interval_low` and `interval_high`, and how far towards the latter, `interval_share` [0-1],
        `follow_up_months` (null under six months), `genes`.
    """
    rate = (ALSFRS_R_BEST - pl.col("score")) / pl.col("onset_months").clip(0.5, _LATER)
    frame = first.with_columns(rate=rate.clip(0.0, None))
    middles = (np.array(INTERVALS[1:]) + np.array(INTERVALS[:-1])) / 2
    months = frame["interval"].fill_null(3.0).to_numpy()
    steps = np.array(INTERVALS)
    at = np.clip(np.searchsorted(steps, months, side="right") - 1, 0, len(steps) - 2)
    by = np.clip(np.log(np.maximum(months, 0.1) / steps[at]) / np.log(steps[at + 1] / steps[at]), 0.0, 1.0)
    interval = steps[np.searchsorted(middles, months)]
    return pl.DataFrame(
        {
            "rate_low": _lower(frame["rate"], RATES[:-1]),
            "level_low": _lower(frame["score"], LEVELS[:-1]),
            "interval_months": interval,
            "interval_low": steps[at],
            "interval_high": steps[at + 1],
            "interval_share": by,
            "follow_up_months": _lower(frame["follow"], FOLLOW_UPS),
            "genes": first["genes"].fill_null(_ANY)
            if "genes" in first.columns
            else pl.Series([_ANY]).new_from_index(0, first.height),
        }
    )


def genes_of(subjects: pl.DataFrame) -> pl.DataFrame:
    """`subject`, `onset_day` and `genes`: the kind of people of the reference that each is held against.

    Args:
        subjects: the cohort's, with the variant as recorded where there is one.
    """
    if "genotype_variant" not in subjects.columns:
        return subjects.select("subject", "onset_day", genes=pl.lit(_ANY))
    slow = pl.col("genotype_variant").str.contains_any(list(SLOW), ascii_case_insensitive=True).fill_null(value=False)
    sod1 = pl.col("genotype").is_null() | (pl.col("genotype") == "sod1")
    return subjects.select(
        "subject", "onset_day", genes=pl.when(slow & sod1).then(pl.lit(_SLOW)).otherwise(pl.lit(_ANY))
    )


def _lower(values: pl.Series, edges: tuple[float, ...]) -> pl.Series:
    """The highest edge not above each value, null below the first or where there is none."""
    numbers = values.cast(pl.Float64).fill_null(np.nan).to_numpy()
    index = np.searchsorted(np.array(edges), numbers, side="right") - 1
    fine = (index >= 0) & np.isfinite(numbers)
    return pl.Series(np.where(fine, np.array(edges)[np.clip(index, 0, None)], np.nan)).fill_nan(None)
