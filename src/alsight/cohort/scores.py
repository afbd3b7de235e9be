"""Visits with everything that one visit's scores say: item 5 as one, domains, rate since onset, King's and MiToS."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Float

from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort
from alsight.instruments.alsfrs_r import FOUR_DOMAINS, domain_scores
from alsight.instruments.items import CUTTING, TEN, TWELVE
from alsight.instruments.kings import kings_stage
from alsight.instruments.mitos import mitos_stage
from alsight.instruments.rate import delta_fs

SCORED: Final[dict[str, type[pl.DataType]]] = {
    "months": pl.Float64,
    "months_since_onset": pl.Float64,
    "items_missing": pl.UInt8,
    **dict.fromkeys(FOUR_DOMAINS.names, pl.Float32),
    "delta_fs": pl.Float64,
    "kings_stage": pl.Float32,
    "mitos_stage": pl.Float32,
}
"""Columns that `scored_visits` puts beside the visits, with their types."""

_REVISED: Final = pl.col("scale") == "alsfrs_r"


def item_matrix(visits: pl.DataFrame) -> Float[np.ndarray, "visit 12"]:
    """The twelve items of each visit, item 5 being whichever was rated; nan where missing or on the original ALSFRS."""
    return visits.select(
        pl.when(_REVISED).then(_item(name)).cast(pl.Float64).fill_null(float("nan")).alias(name) for name in TWELVE
    ).to_numpy()


def scored_visits(cohort: Cohort) -> pl.DataFrame:
    """Every visit of a cohort with its computed scores, one row a visit, in the cohort's order.

    `months` counts from entry, `months_since_onset` from the first symptom [months of 30.4375 days]. On rows of the
    original ALSFRS the domains, ΔFS and both stages are missing: they are defined on the ALSFRS-R, and scales are never
    mixed. A gastrostomy counts for King's stage from its recorded day on, or where item 5b is rated; non-invasive
    ventilation from its start to its stop; permanent ventilation from its start.

    Returns:
        The columns of VISITS, `q5_cutting` being the coalesced item, and those of SCORED.

    Source: balendra2014
    """
    visits = cohort.visits
    if visits.is_empty():
        return visits.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in SCORED.items())
    items = item_matrix(visits)
    beside = visits.select(
        months_since_onset=months_of(pl.col("day") - onset_days(cohort)),
        total=pl.when(_REVISED).then(pl.col("alsfrs_r_total")).cast(pl.Float64).fill_null(float("nan")),
    )
    since = beside["months_since_onset"]
    domains = domain_scores(items)
    tube, ventilated = _gastrostomy(cohort), _ventilated(cohort)
    computed = {
        "delta_fs": delta_fs(beside["total"].to_numpy(), since.fill_null(float("nan")).to_numpy()),
        "kings_stage": kings_stage(items, tube, ventilated),
        "mitos_stage": mitos_stage(items),
        **{name: domains[:, index] for index, name in enumerate(FOUR_DOMAINS.names)},
    }
    return visits.with_columns(
        _item("q5_cutting").alias("q5_cutting"),
        months=months_of(pl.col("day")),
        months_since_onset=since,
        items_missing=_missing(TWELVE, TEN),
        **{name: pl.Series(values).fill_nan(None) for name, values in computed.items()},
    ).select(*visits.columns, *(pl.col(name).cast(dtype) for name, dtype in SCORED.items()))


def onset_days(cohort: Cohort) -> pl.Series:
    """Day of the first symptom of each visit's person, null where not recorded."""
    onset = cohort.subjects.select("subject", "onset_day")
    return cohort.visits.select("subject").join(onset, on="subject", how="left", maintain_order="left")["onset_day"]


def _item(name: str) -> pl.Expr:
    # The three ways to record item 5 exclude each other in a checked cohort.
    return pl.coalesce(CUTTING) if name == "q5_cutting" else pl.col(name)


def _missing(revised: tuple[str, ...], original: tuple[str, ...]) -> pl.Expr:
    count = [pl.sum_horizontal(_item(name).is_null() for name in names) for names in (revised, original)]
    return pl.when(_REVISED).then(count[0]).otherwise(count[1])


def _gastrostomy(cohort: Cohort) -> np.ndarray:
    placed = cohort.events.filter(pl.col("event") == "gastrostomy").group_by("subject").agg(placed=pl.col("day").min())
    return (
        cohort.visits.select("subject", "day", CUTTING[1])
        .join(placed, on="subject", how="left", maintain_order="left")
        .select((pl.col("placed") <= pl.col("day")).fill_null(False) | pl.col(CUTTING[1]).is_not_null())
        .to_series()
        .to_numpy()
    )


def _ventilated(cohort: Cohort) -> np.ndarray:
    # The last change on or before the visit decides; a stop on the day of a start comes after it.
    changes = (
        cohort.events.filter(pl.col("event").is_in(["niv_start", "niv_stop", "permanent_ventilation"]))
        .sort("day", "event")
        .select("subject", "day", on=pl.col("event") != "niv_stop")
    )
    lines = cohort.visits.select("subject", "day").with_row_index("line").sort("day")
    found = lines.join_asof(changes, on="day", by="subject", strategy="backward", check_sortedness=False).sort("line")
    return found["on"].fill_null(False).to_numpy()
