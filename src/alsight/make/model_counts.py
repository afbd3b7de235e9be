"""Makes the reference of the model's own readings: `python -m alsight.make model_counts` writes the table.

Virtual people of the calibrated ensemble, without any recovery, are evaluated as a cohort is, but for the third and
last evaluations. Kept are, by what a reader knows of a person, how many were evaluated and the sums of their posteriors
and of the squares of these.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import polars as pl

from alsight.base.units import months_of
from alsight.calibrate.ensemble import Ensemble
from alsight.calibrate.populations import group_of, rated, with_parameters
from alsight.calibrate.reference import INTERVALS, LEVELS, RATES
from alsight.calibrate.summaries import at_month
from alsight.calibrate.tabulate import REFERENCE, strata
from alsight.detect.causes.explain import explain
from alsight.detect.posterior import EVALUATIONS, posterior
from alsight.detect.prior import natural_history
from alsight.detect.statement.model_count import FILE, FOLLOWED, QUANTITIES
from alsight.detect.thresholds import Thresholds
from alsight.make.maker import MEMBERS, best_sets, command
from alsight.population.blocks import chosen
from alsight.population.frames import Group
from alsight.population.spec import Schedule

SEED: Final = 57
MOST: Final = 250
"""People of each parameter set, interval and follow-up who are evaluated."""
KEYS: Final = ("rate_low", "level_low", "interval_months", "follow_up_months", "quantity")


def assessed(group: Group, follow: float, most: int) -> pl.DataFrame:
    """Posteriors of those still seen at the end of a follow-up: `subject` and a column for each of QUANTITIES."""
    still = np.flatnonzero(np.isfinite(at_month(group, follow)))
    some = chosen(group, np.isin(np.arange(len(group.subjects)), still[:: max(still.size // most, 1)][:most]))
    visits = explain(rated(some, follow)).adjusted.drop_nulls("adjusted").sort("subject", "day")
    first = pl.col("day").min().over("subject")
    scores = visits.select("subject", months=months_of((pl.col("day") - first).cast(pl.Float64)), score="adjusted")
    found = posterior(natural_history(), scores, Thresholds(), evaluations=EVALUATIONS[:2], windows=False).people
    requested = [name for name in QUANTITIES if name in found.columns]
    rate, level = strata(some)
    names = pl.DataFrame({"subject": some.names(), "rate": rate, "level": level})
    reported = names.join(found.select("subject", *requested), on="subject", how="inner")
    return reported.with_columns(pl.col(requested).fill_nan(None).fill_null(0.0)).with_columns(
        pl.lit(0.0).alias(name) for name in QUANTITIES if name not in requested
    )


def summed(people: pl.DataFrame, interval: float, follow: float) -> pl.DataFrame:
    """Sums by stratum and quantity."""
    long = people.unpivot(list(QUANTITIES), index=["rate", "level"], variable_name="quantity", value_name="share")
    sums = long.group_by("rate", "level", "quantity").agg(
        people=pl.len(), total=pl.col("share").sum(), squares=(pl.col("share") ** 2).sum()
    )
    edges = {
        f"{name}_low": pl.col(name).replace_strict(dict(enumerate(lows)), return_dtype=pl.Float64)
        for name, lows in (("rate", RATES[:-1]), ("level", LEVELS[:-1]))
    }
    return sums.with_columns(**edges, interval_months=pl.lit(interval), follow_up_months=pl.lit(follow)).select(
        *KEYS, "people", "total", "squares"
    )


def table(shipped: Ensemble, blocks: int, most: int) -> pl.DataFrame:
    """The whole table."""
    parts: list[pl.DataFrame] = []
    for interval in INTERVALS:
        schedule = Schedule(rating=interval, capacity=0, weight=0)
        follow_up = msgspec.structs.replace(REFERENCE.follow_up, schedule=schedule, months=FOLLOWED[-1])
        population = msgspec.structs.replace(REFERENCE, follow_up=follow_up)
        for place, member in enumerate(shipped.members):
            group = group_of(with_parameters(population, member.parameters, SEED + place), blocks)
            for follow in FOLLOWED:
                parts.append(summed(assessed(group, follow, most), interval, follow))
                sys.stderr.write(f"every {interval:g} months, {follow:g} months, set {place + 1}\n")
    sums = pl.concat(parts).group_by(KEYS).agg(pl.col("people", "total", "squares").sum())
    return sums.sort(KEYS)


def make_model_counts(
    folder: Path = FILE.parent, *, members: int = MEMBERS, blocks: int = 2, most: int = MOST
) -> list[Path]:
    """Count what the model reads in virtual people without any recovery: one table with its provenance.

    Args:
        folder: where to write.
        members: parameter sets of the ensemble, best first.
        blocks: candidates of each set and interval, in blocks of 1024.
        most: people of each set, interval and follow-up who are counted.
    """
    shipped = best_sets(members)
    record = {
        "alsight_version": shipped.version,
        "alsight_command": command("model_counts", members=members, blocks=blocks, most=most),
    }
    place = folder / FILE.name
    table(shipped, blocks, most).write_parquet(place, compression="zstd", metadata=record)
    return [place]
