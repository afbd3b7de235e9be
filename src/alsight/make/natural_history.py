"""Makes the shipped natural history of verdicts: the velocity model fitted to virtual people without any recovery.

`python -m alsight.make natural_history` writes the fit that `alsight.detect.prior` reads.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import polars as pl

from alsight.base.units import months_of
from alsight.calibrate.ensemble import ensemble
from alsight.calibrate.populations import group_of, rated, with_parameters
from alsight.calibrate.tabulate import REFERENCE
from alsight.detect.prior import FILE, HELD, every_so_many
from alsight.infer.velocity.fit import fit_velocity
from alsight.make.maker import made_by
from alsight.models.latent.velocity import Velocity
from alsight.population.spec import Schedule

SEED: Final = 4242
BLOCKS: Final = 2
"""Candidates of each parameter set, in blocks of 1024."""


def virtual_people(blocks: int) -> pl.DataFrame:
    """`subject`, `months` from the first visit and `score` of virtual people of every set, seen every three months.

    Args:
        blocks: candidates of each set, in blocks of 1024.
    """
    follow_up = msgspec.structs.replace(REFERENCE.follow_up, schedule=Schedule(rating=3.0, capacity=0, weight=0))
    population = msgspec.structs.replace(REFERENCE, follow_up=follow_up)
    parts: list[pl.DataFrame] = []
    for index, member in enumerate(ensemble().members):
        group = group_of(with_parameters(population, member.parameters, SEED + index), blocks)
        observed = rated(group).visits.drop_nulls("alsfrs_r_total")
        parts.append(
            observed.select(
                subject=pl.format("{}-{}", pl.lit(index), "subject"),
                day="day",
                score=pl.col("alsfrs_r_total").cast(pl.Float64),
            )
        )
    days = pl.col("day") - pl.col("day").min().over("subject")
    return pl.concat(parts).with_columns(months=months_of(days.cast(pl.Float64))).select("subject", "months", "score")


def make_natural_history(
    folder: Path = FILE.parent, *, people: int = 1500, particles: int = 96, blocks: int = BLOCKS
) -> list[Path]:
    """Fit the velocity model to virtual people: one fit with its provenance.

    Args:
        folder: where to write.
        people: how many people inform the fit, every so many of the virtual ones.
        particles: particles of the filter.
        blocks: candidates of each parameter set, in blocks of 1024.
    """
    accepted = every_so_many(virtual_people(blocks), people)
    fit = fit_velocity(accepted, model=Velocity(particles=particles, held=HELD))
    record = made_by("natural_history", SEED, people=people, particles=particles, blocks=blocks)
    return [replace(fit, provenance=record).save(folder / FILE.name)]
