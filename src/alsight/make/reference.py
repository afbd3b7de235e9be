"""Makes the natural-history reference: `python -m alsight.make reference` writes the shipped table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import polars as pl

from alsight.calibrate.ensemble import Ensemble
from alsight.calibrate.populations import group_of, with_parameters
from alsight.calibrate.reference import FILE, FOLLOW_UPS, GENES, INTERVALS, LEVELS, RATES, Genes
from alsight.calibrate.summaries import at_month
from alsight.calibrate.tabulate import REFERENCE, counted, strata
from alsight.make.maker import MEMBERS, best_sets, command
from alsight.population.blocks import chosen
from alsight.population.frames import Group
from alsight.population.spec import Population, Schedule

SEED: Final = 23
BLOCKS: Final = 20
"""Candidates of each parameter set and interval, in blocks of 1024."""
FEWER: Final = 3
"""Carriers alone need so many times fewer: they are all alike."""

ORDER: Final = ("quantity", "threshold", "interval_months", "follow_up_months", "rate_low", "level_low")


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
    """The whole reference, carriers of a slow mutation apart from everyone."""
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
            group_of(of_genes(with_parameters(population, member.parameters, SEED + index), genes), blocks)
            for index, member in enumerate(shipped.members)
        ]
        parts += [tabulated(groups, interval, follow) for follow in FOLLOW_UPS]
    rows = pl.concat(parts)
    edges = {
        f"{name}_{end}": pl.col(name).replace_strict(dict(enumerate(values)), return_dtype=pl.Float64)
        for name, all_edges in (("rate", RATES), ("level", LEVELS))
        for end, values in (("low", all_edges[:-1]), ("high", all_edges[1:]))
    }
    accepted = ("rate_low", "rate_high", "level_low", "level_high", "interval_months", "follow_up_months", "quantity")
    shaped = rows.with_columns(**edges).select(*accepted, "threshold", "reached", "people")
    counts = pl.col("reached", "people").cast(pl.UInt32)
    return shaped.with_columns(counts, genes=pl.lit(genes), version=pl.lit(shipped.version))


def make_reference(folder: Path = FILE.parent, *, members: int = MEMBERS, blocks: int = BLOCKS) -> list[Path]:
    """Count how often natural history alone reaches each threshold: one table with its provenance.

    Args:
        folder: where to write.
        members: parameter sets of the ensemble, best first.
        blocks: candidates of each parameter set and interval, in blocks of 1024.
    """
    shipped = best_sets(members)
    record = {
        "alsight_version": shipped.version,
        "alsight_command": command("reference", members=members, blocks=blocks),
        "alsight_ensemble": shipped.command,
        "alsight_sets": str(len(shipped.members)),
    }
    index = folder / FILE.name
    table(shipped, blocks).write_parquet(index, compression="zstd", metadata=record)
    return [index]
