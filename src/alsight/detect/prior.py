"""The shipped natural history in the words of the velocity model: what a verdict takes for granted beforehand.

It is fitted to virtual people of the calibrated ensemble, without any recovery (`python -m alsight.detect.prior`).
What a user's own cohort tells of itself is in `own`.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import polars as pl

from alsight.base.status import Status
from alsight.base.units import months_of
from alsight.calibrate.ensemble import ensemble
from alsight.calibrate.populations import group_of, rated, with_parameters
from alsight.calibrate.tabulate import REFERENCE
from alsight.infer.engines import load
from alsight.infer.fit import Fit
from alsight.infer.velocity.fit import fit_velocity
from alsight.models.velocity import Velocity
from alsight.population.spec import Schedule

FILE: Final = Path(__file__).parent / "natural_history.npz"
LEAST_VISITS: Final = 4
"""Fewest visits of people who inform a fit."""
_USABLE: Final = (Status.CONVERGED, Status.BOUNDARY, Status.MAX_STEPS)
_BLOCKS: Final = 2
_SEED: Final = 4242
HELD: Final = {"times_outlier": 3.0, "memory": 12.0, "stickiness": 6.0, "odds_outlier": 0.05}
"""What the fit to virtual people does not estimate: for how many months a rate and a rating's error are remembered,
which they hardly determine, and outliers, of which they have none. Assumed."""
_HIGHEST: Final = {"alsfrs_r": 48.0, "alsfrs": 40.0}
"""Best total of each scale."""


@cache
def natural_history() -> Fit:
    """The shipped fit."""
    return load(FILE)


def on_scale(fit: Fit, scale: str) -> Fit:
    """The same people rated on another scale: points shrink with its best total, which is assumed."""
    share = _HIGHEST[scale] / fit.model.high
    if share == 1.0:
        return fit
    estimates = fit.estimates.copy()
    for name in ("level_mean", "sd_level", "sd_noise", "sd_sticky"):
        estimates[fit.names.index(name)] *= share
    estimates[fit.names.index("log_rate_mean")] += np.log(share)
    model = msgspec.structs.replace(fit.model, high=_HIGHEST[scale])
    return replace(fit, estimates=estimates, model=model)


def every_so_many(visits: pl.DataFrame, people: int, least: int = LEAST_VISITS) -> pl.DataFrame:
    """The visits of at most so many people with enough of them, spread over all.

    Args:
        visits: with `subject`.
        people: how many at most.
        least: fewest visits of each.
    """
    counts = visits.group_by("subject").len().filter(pl.col("len") >= least).sort("subject")
    some = counts["subject"].gather_every(max(counts.height // people, 1)).head(people)
    return visits.filter(pl.col("subject").is_in(some.implode()))


def usable(fit: Fit) -> bool:
    """Whether a fit to a cohort's own people ended well enough to be used."""
    return bool(np.isfinite(fit.estimates).all()) and int(fit.status) in _USABLE


def virtual_people(blocks: int) -> pl.DataFrame:
    """`subject`, `months` from the first visit and `score` of virtual people of every set, seen every three months.

    Args:
        blocks: candidates of each set, in blocks of 1024.
    """
    follow_up = msgspec.structs.replace(REFERENCE.follow_up, schedule=Schedule(rating=3.0, capacity=0, weight=0))
    population = msgspec.structs.replace(REFERENCE, follow_up=follow_up)
    parts: list[pl.DataFrame] = []
    for place, member in enumerate(ensemble().members):
        group = group_of(with_parameters(population, member.parameters, _SEED + place), blocks)
        seen = rated(group).visits.drop_nulls("alsfrs_r_total")
        parts.append(
            seen.select(
                subject=pl.format("{}-{}", pl.lit(place), "subject"),
                day="day",
                score=pl.col("alsfrs_r_total").cast(pl.Float64),
            )
        )
    days = pl.col("day") - pl.col("day").min().over("subject")
    return pl.concat(parts).with_columns(months=months_of(days.cast(pl.Float64))).select("subject", "months", "score")


def make(people: int, particles: int) -> Fit:
    """Fit the velocity model to virtual people, every so many of them."""
    kept = every_so_many(virtual_people(_BLOCKS), people)
    return fit_velocity(kept, model=Velocity(particles=particles, held=HELD))


if __name__ == "__main__":
    made = make(int(sys.argv[1]) if len(sys.argv) > 1 else 1500, 96)
    with pl.Config(tbl_rows=30):
        sys.stdout.write(f"{made.table()}\n")
    made.save(FILE)
