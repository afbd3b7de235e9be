"""The shipped natural history in the words of the velocity model: what a verdict takes for granted beforehand.

It is fitted to virtual people of the calibrated ensemble, without any recovery (`python -m alsight.detect.prior`).
From a user's own cohort come only the noise of its ratings, where it is large enough to tell.
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
from alsight.infer.fit import Fit, load
from alsight.infer.velocity.fit import fit_velocity
from alsight.models.velocity import Velocity
from alsight.population.spec import Schedule

FILE: Final = Path(__file__).parent / "natural_history.npz"
NOISE: Final = ("sd_noise", "sd_sticky", "sd_log_size", "odds_outlier")
"""Parameters of the noise, which a cohort may tell of itself."""
ENOUGH: Final = 400
"""People of a cohort from whom its noise is estimated, every so many of them."""
_LEAST_VISITS: Final = 4
_AROUND: Final = 3
STEEP: Final = 5.0
"""Rise of the mean of three ratings above that of the three before [points] from which somebody does not inform the
noise, lest recoveries pass for noise; assumed."""
_BLOCKS: Final = 2
_SEED: Final = 4242
_USABLE: Final = (Status.CONVERGED, Status.BOUNDARY, Status.MAX_STEPS)
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


def with_own_noise(fit: Fit, visits: pl.DataFrame, particles: int = 64) -> tuple[Fit, str]:
    """The fit with the noise of a cohort's own ratings, all else as shipped, and what was done in words.

    Args:
        fit: natural history on the scale of the visits.
        visits: `subject`, `months`, `score` without missing scores.
        particles: particles of the fit.
    """
    ordered = visits.sort("subject", "months")
    late = pl.col("score").reverse().rolling_mean(_AROUND).reverse().over("subject")
    rise = (late.shift(-1) - pl.col("score").rolling_mean(_AROUND)).over("subject")
    counts = ordered.with_columns(rise=rise).group_by("subject").agg(pl.len(), pl.col("rise").max().fill_null(0.0))
    counts = counts.filter((pl.col("len") >= _LEAST_VISITS) & (pl.col("rise") < STEEP)).sort("subject")
    some = _every_so_many(counts["subject"], ENOUGH)
    held = {
        name: float(value) for name, value in zip(fit.names, fit.estimates, strict=True) if name not in NOISE
    }  # fmt: skip
    model = msgspec.structs.replace(fit.model, held=held, particles=particles)
    found = fit_velocity(visits.filter(pl.col("subject").is_in(some.implode())), model=model)
    if not np.isfinite(found.estimates).all() or int(found.status) not in _USABLE:
        return fit, f"The noise of the reference is used: {some.len()} people did not tell the cohort's own."
    estimates = fit.estimates.copy()
    for name in NOISE:
        estimates[fit.names.index(name)] = found[name]
    words = f"The noise of ratings is estimated from {some.len():,} people of this cohort; all else is the reference."
    return replace(fit, estimates=estimates), words


def _every_so_many(subjects: pl.Series, people: int) -> pl.Series:
    """At most so many people, spread over all of them."""
    return subjects.gather_every(max(subjects.len() // people, 1)).head(people)


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
                subject=pl.format("{}-{}", pl.lit(place), "subject"), day="day",
                score=pl.col("alsfrs_r_total").cast(pl.Float64),
            )
        )  # fmt: skip
    days = pl.col("day") - pl.col("day").min().over("subject")
    return pl.concat(parts).with_columns(months=months_of(days.cast(pl.Float64))).select("subject", "months", "score")


def make(people: int, particles: int) -> Fit:
    """Fit the velocity model to virtual people, every so many of them."""
    seen = virtual_people(_BLOCKS)
    counts = seen.group_by("subject").len().filter(pl.col("len") >= _LEAST_VISITS).sort("subject")
    some = _every_so_many(counts["subject"], people)
    kept = seen.filter(pl.col("subject").is_in(some.implode()))
    return fit_velocity(kept, model=Velocity(particles=particles, held=HELD))


if __name__ == "__main__":
    made = make(int(sys.argv[1]) if len(sys.argv) > 1 else 1500, 96)
    with pl.Config(tbl_rows=30):
        sys.stdout.write(f"{made.table()}\n")
    made.save(FILE)
