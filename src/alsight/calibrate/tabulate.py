"""Makes the natural-history reference: `python -m alsight.calibrate.tabulate` writes the shipped table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import polars as pl
from jaxtyping import Bool, Float64

from alsight.calibrate.ensemble import Ensemble, ensemble
from alsight.calibrate.populations import group_of, rated, with_parameters
from alsight.calibrate.reference import FILE, FOLLOW_UPS, GENES, INTERVALS, LEVELS, RATES, Genes, Quantity
from alsight.calibrate.summaries import at_month
from alsight.episodes.definition import Definition
from alsight.episodes.definitions import DEFINITIONS
from alsight.episodes.find import Judged, judge
from alsight.population.blocks import chosen
from alsight.population.frames import Group
from alsight.population.recruit import entry_month
from alsight.population.spec import FollowUp, Population, Recruit, Schedule

SEED: Final = 23
BLOCKS: Final = 20
"""Candidates of each parameter set and interval, in blocks of 1024."""
FEWER: Final = 3
"""Carriers alone need so many times fewer: they are all alike."""
REFERENCE: Final = Population(
    name="reference",
    recruit=Recruit(kind="trial", lag_months=0.0, lag_spread_months=8.0),
    follow_up=FollowUp(months=36.0, dropout_per_month=0.0, schedule=Schedule(rating=3, capacity=0, weight=0)),
)
"""Everyone some months after diagnosis, without entry rules, therapies, mimics or withdrawal."""

_RULES: Final[dict[str, Definition]] = {one.name: one for one in DEFINITIONS}
RUNS: Final[dict[Quantity, Definition]] = {
    "run_floor": _RULES["bedlack_ever_floor_6"],
    "run_within_1": _RULES["vasta_within_1_6"],
    "run_exact": _RULES["vasta_exact_6"],
}
GAINS: Final[dict[Quantity, Definition]] = {
    "gain_held_6": _RULES["alsight_gain_4_6"],
    "gain_held_12": _RULES["bedlack_gain_4_12"],
}
LENGTHS: Final = (6.0, 9.0, 12.0, 15.0, 18.0, 24.0, 30.0, 36.0)
"""Lengths of spells [months]."""
POINTS: Final = (2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)

ORDER: Final = ("quantity", "threshold", "interval_months", "follow_up_months", "rate_low", "level_low")

Reached = tuple[str, float, Bool[np.ndarray, " subject"]]


def longest(judged: Judged) -> Float64[np.ndarray, " people"]:
    """Longest spell of each person [days]; 0 for none."""
    rated, spells = judged.ratings, judged.spells
    found = np.zeros(rated.size)
    np.maximum.at(found, rated.subject[spells.end], (rated.day[spells.end] - rated.day[spells.held]).astype(float))
    return found


def counted(group: Group, follow: float) -> Iterator[Reached]:
    """Who reaches each threshold of each quantity within a follow-up."""
    first, end = at_month(group, 0.0), at_month(group, follow)
    yield "no_decline", follow, end >= first
    cohort = rated(group, follow)
    rules = [
        replace(rule, months=LENGTHS[0], stop_at_tracheostomy=False, scales=("alsfrs_r",)) for rule in RUNS.values()
    ]
    for quantity, judged in zip(RUNS, judge(cohort, rules), strict=True):
        days = longest(judged)
        for months in LENGTHS:
            if months <= follow:
                yield quantity, months, days >= months * 30.4375 - judged.rule.window_days
    gains = [
        (quantity, replace(rule, points=points, scales=("alsfrs_r",)))
        for quantity, rule in GAINS.items()
        if rule.months <= follow
        for points in POINTS
    ]
    for (quantity, rule), judged in zip(gains, judge(cohort, [rule for _, rule in gains]), strict=True):
        yield quantity, rule.points, longest(judged) > 0.0


def strata(group: Group) -> tuple[np.ndarray, np.ndarray]:
    """Place of each person among the rates and the levels."""
    level = at_month(group, 0.0)
    rate = (48.0 - level) / entry_month(group.traits)
    return np.searchsorted(RATES, rate, side="right") - 1, np.searchsorted(LEVELS, level, side="right") - 1


def tabulated(groups: Sequence[Group], interval: float, follow: float) -> pl.DataFrame:
    """Counts by stratum of one interval and one follow-up, of those still seen at its end, all sets together."""
    parts: list[pl.DataFrame] = []
    for whole in groups:
        group = chosen(whole, np.isfinite(at_month(whole, follow)))
        rate, level = strata(group)
        for quantity, threshold, reached in counted(group, follow):
            frame = pl.DataFrame({"rate": rate, "level": level, "reached": reached})
            sums = frame.group_by("rate", "level").agg(pl.col("reached").sum(), people=pl.len())
            parts.append(sums.with_columns(quantity=pl.lit(quantity), threshold=pl.lit(threshold)))
    keys = ("rate", "level", "quantity", "threshold")
    whole_sums = pl.concat(parts).group_by(keys).agg(pl.col("reached").sum(), pl.col("people").sum())
    return whole_sums.with_columns(interval_months=pl.lit(interval), follow_up_months=pl.lit(follow))


def of_genes(population: Population, genes: Genes) -> Population:
    """The population of one kind of people."""
    if genes == "any":
        return population
    people = msgspec.structs.replace(population.people, genotypes={genes: 1.0})
    return msgspec.structs.replace(population, people=people)


def table(shipped: Ensemble, blocks: int = BLOCKS) -> pl.DataFrame:
    """The whole reference, carriers of a slow mutation apart from everybody."""
    parts = [one_table(shipped, blocks if genes == "any" else max(blocks // FEWER, 1), genes) for genes in GENES]
    return pl.concat(parts).sort("genes", *ORDER)


def one_table(shipped: Ensemble, blocks: int, genes: Genes) -> pl.DataFrame:
    """The reference of one kind of people."""
    parts: list[pl.DataFrame] = []
    for interval in INTERVALS:
        schedule = Schedule(rating=interval, capacity=0, weight=0)
        follow_up = msgspec.structs.replace(REFERENCE.follow_up, schedule=schedule)
        population = msgspec.structs.replace(REFERENCE, follow_up=follow_up)
        groups = [
            group_of(of_genes(with_parameters(population, member.parameters, SEED + place), genes), blocks)
            for place, member in enumerate(shipped.members)
        ]
        parts += [tabulated(groups, interval, follow) for follow in FOLLOW_UPS]
    rows = pl.concat(parts)
    edges = {
        f"{name}_{end}": pl.col(name).replace_strict(dict(enumerate(values)), return_dtype=pl.Float64)
        for name, all_edges in (("rate", RATES), ("level", LEVELS))
        for end, values in (("low", all_edges[:-1]), ("high", all_edges[1:]))
    }
    kept = ("rate_low", "rate_high", "level_low", "level_high", "interval_months", "follow_up_months", "quantity")
    shaped = rows.with_columns(**edges).select(*kept, "threshold", "reached", "people")
    counts = pl.col("reached", "people").cast(pl.UInt32)
    return shaped.with_columns(counts, genes=pl.lit(genes), version=pl.lit(shipped.version))


def main(path: Path, blocks: int) -> None:
    """Make the table and write it with its provenance."""
    shipped = ensemble()
    rows = table(shipped, blocks)
    made = {
        "alsight_version": shipped.version,
        "alsight_command": f"python -m alsight.calibrate.tabulate --blocks {blocks}",
        "alsight_ensemble": shipped.command,
        "alsight_sets": str(len(shipped.members)),
    }
    rows.write_parquet(path, compression="zstd", metadata=made)
    sys.stderr.write(f"{rows.height} rows\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the natural-history reference.")
    parser.add_argument("--path", type=Path, default=FILE)
    parser.add_argument("--blocks", type=int, default=BLOCKS)
    arguments = parser.parse_args()
    main(arguments.path, arguments.blocks)
