"""Subgroups of the statement: what a clinician asks for, where the cohort records it."""

from __future__ import annotations

from typing import Final

import polars as pl

from alsight.cohort.cohort import Cohort

EVERYONE: Final = ("", "everyone")
"""The whole cohort among the subgroups: what they are defined by, and its name."""
UNKNOWN: Final = "not recorded"

REGIONS: Final[dict[str, str]] = {
    "bulbar": "bulbar",
    "upper_limb": "limb",
    "lower_limb": "limb",
    "limb": "limb",
    "trunk": "other",
    "respiratory": "other",
    "generalized": "other",
    "other": "other",
}
"""Site of onset to the region that is reported."""
PACES: Final = ((0.0, "under 0.5 a month"), (0.5, "0.5 to 1 a month"), (1.0, "1 or more a month"))
"""Lower edge of the loss since onset [points per month], an edge of the reference, and its name."""
LEVELS: Final = ((0.0, "under 30"), (30.0, "30 to 39"), (40.0, "40 or more"))
"""Lower edge of the first total [points], an edge of the reference, and its name."""
SCHEDULES: Final = {1.0: "about monthly", 3.0: "about every 3 months", 6.0: "about every 6 months"}
"""Interval of the reference [months] to its name."""
PARTITIONS: Final = ("onset region", "loss since onset", "first total", "visits", "arm")
"""What defines subgroups of which each person is in one only."""
TREATMENT_KINDS: Final = ("disease_modifying", "investigational")
"""Kinds of treatment whose takers are a subgroup."""


def subgroups(cohort: Cohort, first: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """`by`, `subgroup` and `subject`, the whole cohort first.

    A treatment is a subgroup of those in whom it is recorded at any time: exposure is reported, not compared.
    Treatments that no person has, and partitions into one group, are excluded.

    Args:
        cohort: the people.
        first: their first visits, one row each.
        keys: their keys of the reference, in the same order.
    """
    people = first.select("subject", slow_gene=pl.col("genes") == "sod1_slow").with_columns(
        rate=keys["rate_low"], level=keys["level_low"], interval=keys["interval_months"]
    )
    people = people.join(cohort.subjects.select("subject", "onset_site", "arm"), on="subject", how="left")
    parts = [
        people.select(pl.lit(EVERYONE[0]).alias("by"), pl.lit(EVERYONE[1]).alias("subgroup"), "subject"),
        _partition(people, "onset region", pl.col("onset_site").replace_strict(REGIONS, default=None)),
        _partition(people, "loss since onset", _band("rate", PACES)),
        _partition(people, "first total", _band("level", LEVELS)),
        _partition(people, "visits", pl.col("interval").replace_strict(SCHEDULES, default=None)),
        _partition(people, "arm", pl.col("arm")),
        _some(people.filter("slow_gene"), "genes", pl.lit("slow SOD1 mutation")),
        _some(_takers(cohort, people), "treatment recorded", pl.col("treatment")),
    ]
    return pl.concat(parts)


def _partition(people: pl.DataFrame, by: str, group: pl.Expr) -> pl.DataFrame:
    """Everyone's group, those without one as not recorded; nothing where all are in one group."""
    found = people.select(pl.lit(by).alias("by"), subgroup=group.fill_null(UNKNOWN), subject="subject")
    if found["subgroup"].n_unique() < 2:
        return found.clear()
    order = found["subgroup"].unique().sort().to_list()
    first = [name for _, name in (*PACES, *LEVELS)] + [*REGIONS.values(), *SCHEDULES.values()]
    rank = {name: first.index(name) if name in first else len(first) + (name == UNKNOWN) for name in order}
    return found.sort(pl.col("subgroup").replace_strict(rank, return_dtype=pl.Int32), "subgroup", maintain_order=True)


def _some(people: pl.DataFrame, by: str, group: pl.Expr) -> pl.DataFrame:
    return people.select(pl.lit(by).alias("by"), subgroup=group, subject="subject").sort("subgroup", "subject")


def _band(column: str, edges: tuple[tuple[float, str], ...]) -> pl.Expr:
    """Name of the band in which an edge of the reference lies."""
    found = pl.when(pl.col(column) >= edges[0][0]).then(pl.lit(edges[0][1]))
    for low, name in edges[1:]:
        found = pl.when(pl.col(column) >= low).then(pl.lit(name)).otherwise(found)
    return found


def _takers(cohort: Cohort, people: pl.DataFrame) -> pl.DataFrame:
    taken = cohort.doses.filter(pl.col("kind").is_in(TREATMENT_KINDS)).select("subject", "treatment").unique()
    return taken.join(people.select("subject"), on="subject", how="semi")
