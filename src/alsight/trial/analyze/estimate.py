"""Estimate: what an analysis says of one arm against the control, and the table of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Final

import polars as pl

ESTIMATES: Final = {
    "analysis": pl.String,
    "arm": pl.String,
    "quantity": pl.String,
    "unit": pl.String,
    "estimate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "standard_error": pl.Float64,
    "p": pl.Float64,
    "no_effect": pl.Float64,
    "favors_therapy": pl.String,
    "people_therapy": pl.Int64,
    "people_control": pl.Int64,
    "events_therapy": pl.Int64,
    "events_control": pl.Int64,
    "status": pl.String,
    "reason": pl.String,
}
"""Columns of the table of estimates, one row an analysis, arm and quantity; null where undefined."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One quantity of one analysis.

    Attributes:
        analysis: name of the row of ANALYSES.
        arm: arm that is compared with the control.
        quantity: what is estimated.
        unit: its unit.
        estimate: its value.
        low: lower end of the interval.
        high: upper end of the interval.
        standard_error: of the estimate.
        p: two-sided p value.
        no_effect: value without an effect: 0, or 1 for ratios.
        favors_therapy: whether "higher" or "lower" values favor the therapy.
        people_therapy: people of the arm who counted.
        people_control: controls who counted.
        events_therapy: their events of the endpoint.
        events_control: the controls' events.
        status: "estimated", "approximate", or "not estimable".
        reason: why, where it is not plainly estimated.
    """

    analysis: str
    arm: str
    quantity: str
    unit: str = ""
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    standard_error: float | None = None
    p: float | None = None
    no_effect: float = 0.0
    favors_therapy: str = "higher"
    people_therapy: int = 0
    people_control: int = 0
    events_therapy: int | None = None
    events_control: int | None = None
    status: str = "estimated"
    reason: str = ""


def estimate_table(estimates: Sequence[Estimate]) -> pl.DataFrame:
    """Estimates as a table; what is not finite becomes null, and an estimate without a value is not estimable."""
    rows = [{name: _finite(value) for name, value in asdict(one).items()} for one in estimates]
    frame = pl.DataFrame(rows, schema=ESTIMATES)
    lacking = pl.col("estimate").is_null() & (pl.col("status") == "estimated")
    return frame.with_columns(
        status=pl.when(lacking).then(pl.lit("not estimable")).otherwise("status"),
        reason=pl.when(lacking & (pl.col("reason") == ""))
        .then(pl.lit("The data do not determine it."))
        .otherwise("reason"),
    )


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not isfinite(value) else value
