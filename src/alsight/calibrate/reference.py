"""The natural-history reference: how often natural history alone shows something, by rate, level and schedule.

The table is made from the ensemble by `alsight.make` and shipped. It conditions on what a reader knows of
a person: the rate of decline since onset and the total at the first visit, how often they were seen, and that they
were still seen at the end of the follow-up. It holds observed scores, noise and all; nothing of the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import polars as pl

from alsight.base.errors import SpecError
from alsight.calibrate.ensemble import VERSION
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST

FILE: Final = Path(__file__).parent / "reference.parquet"
RATES: Final = (0.0, 0.25, 0.5, 1.0, 1.5, float("inf"))
"""Edges of the decline from onset to the first visit [points per month]."""
LEVELS: Final = (0.0, 30.0, 36.0, 40.0, 44.0, 48.5)
"""Edges of the total at the first visit [points]."""
INTERVALS: Final = (1.0, 3.0, 6.0)
"""Months between visits."""
FOLLOW_UPS: Final = (6.0, 12.0, 18.0, 24.0, 36.0)
"""Months from the first to the last visit."""
Quantity = Literal["no_decline", "run_floor", "run_within_1", "run_exact", "gain_held_6", "gain_held_12"]
QUANTITIES: Final[dict[Quantity, str]] = {
    "no_decline": "total at the end of the follow-up not below the first; threshold: months",
    "run_floor": "some spell so long of which no visit is below its first; threshold: months",
    "run_within_1": "some spell so long within 1 point; threshold: months",
    "run_exact": "some spell so long of equal totals; threshold: months",
    "gain_held_6": "so many points above an earlier visit, held 6 months; threshold: points",
    "gain_held_12": "so many points above an earlier visit, held 12 months; threshold: points",
}
"""What is counted, and what its threshold is."""


@dataclass(frozen=True)
class Expected:
    """What natural history shows in people like one.

    Attributes:
        probability: share of them who reach the threshold.
        people: virtual people it was counted in.
        reached: how many of them reached it.
    """

    probability: float
    people: int
    reached: int


Genes = Literal["any", "sod1_slow"]
GENES: Final[dict[Genes, str]] = {
    "any": "people as they come, carriers in their usual share",
    "sod1_slow": "carriers of a slow SOD1 mutation, p.Asp91Ala for one",
}
"""Who is counted."""


@cache
def reference(genes: str = "any") -> pl.DataFrame:
    """The whole table of one kind of people.

    Args:
        genes: which people, a row of `GENES`.

    Returns:
        `rate_low`, `rate_high`, `level_low`, `level_high`, `interval_months`, `follow_up_months`, `quantity`,
        `threshold`, `reached`, `people`, `version`; provenance is in `provenance`.
    """
    return pl.read_parquet(FILE).filter(pl.col("genes") == genes).drop("genes")


def provenance() -> dict[str, str]:
    """What the shipped table was made of and by."""
    return {key: value for key, value in pl.read_parquet_metadata(FILE).items() if key.startswith("alsight_")}


def _refuse(level: float, follow_up_months: float, quantity: str, genes: str) -> None:
    """Every fault of a question at once."""
    faults: list[tuple[str, str, object]] = []
    if quantity not in QUANTITIES:
        faults.append(("quantity", "one of " + ", ".join(QUANTITIES), quantity))
    if genes not in GENES:
        faults.append(("genes", "one of " + ", ".join(GENES), genes))
    if not 0.0 <= level <= ALSFRS_R_BEST:
        faults.append(("level", f"0 to {ALSFRS_R_BEST:g}", level))
    if follow_up_months < FOLLOW_UPS[0]:
        faults.append(("follow_up_months", f"at least {FOLLOW_UPS[0]:g}", follow_up_months))
    if faults:
        raise SpecError(faults)


def expected(
    rate: float,
    level: float,
    interval_months: float,
    follow_up_months: float,
    quantity: str,
    threshold: float,
    genes: str = "any",
) -> Expected:
    """How often natural history alone reaches a threshold in people like one, seen like them.

    The nearest interval is taken and the longest follow-up not above the person's, so that nothing is promised beyond
    what was seen; a follow-up under six months has no row.

    Args:
        rate: decline from onset to the first visit [points per month].
        level: total at the first visit [points, 0-48].
        interval_months: usual months between visits.
        follow_up_months: months from the first to the last visit.
        quantity: what is counted.
        threshold: months or points, as the quantity asks.
        genes: a carrier of a slow SOD1 mutation is to be held against carriers, not against everyone.

    Raises:
        SpecError: an unknown quantity or kind of people, a level outside the scale, too short a follow-up or no such
            threshold.
    """
    _refuse(level, follow_up_months, quantity, genes)
    interval = min(INTERVALS, key=lambda one: abs(one - interval_months))
    follow = max(one for one in FOLLOW_UPS if one <= follow_up_months)
    rows = reference(genes).filter(
        (pl.col("rate_low") <= max(rate, 0.0)) & (pl.col("rate_high") > max(rate, 0.0)),
        (pl.col("level_low") <= level) & (pl.col("level_high") > level),
        (pl.col("interval_months") == interval) & (pl.col("follow_up_months") == follow),
        (pl.col("quantity") == quantity) & (pl.col("threshold") == threshold),
    )
    if rows.is_empty():
        within = reference(genes).filter(pl.col("quantity") == quantity, pl.col("follow_up_months") == follow)
        known = ", ".join(f"{one:g}" for one in within["threshold"].unique().sort())
        raise SpecError([("threshold", f"one of {known} at {follow:g} months of follow-up", threshold)])
    reached, people = int(rows["reached"].sum()), int(rows["people"].sum())
    return Expected(reached / people if people else float("nan"), people, reached)


__all__ = [
    "FILE",
    "GENES",
    "QUANTITIES",
    "VERSION",
    "Expected",
    "Genes",
    "Quantity",
    "expected",
    "provenance",
    "reference",
]
