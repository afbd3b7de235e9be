"""The shipped tables of targets, and how they are simulated; `python -m alsight.make targets` writes them anew.

Every set of the ensemble is simulated with people that no fit has seen; the table shows the mean over the sets and
their range beside the published value. Means inside the interval count as inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from alsight.calibrate.ensemble import Ensemble
from alsight.calibrate.misses import MISSES
from alsight.calibrate.populations import live_and_see
from alsight.calibrate.summaries import Summary, plateaus, sparser, summaries
from alsight.knowledge.targets import GUARDS, SHAPES, TARGETS, Target

SEED: Final = 7
"""Root seed of the people of the table; no fit uses it."""
BLOCKS: Final = 16
"""Candidates of each set, in blocks of 1024."""
SAMPLES: Final = 24
APART: Final = 100
"""Samples of the quick size whose spread the table holds, and their first block, beyond everyone else's."""
QUICK_BLOCKS: Final = 2
"""Candidates of the quick recomputation that a test makes."""
FOLDER: Final = Path(__file__).parent
TABLES: Final = ("targets", "targets_plateaus", "targets_drugs", "targets_selection")
"""Names of the shipped tables."""
RECORD: Final = "targets.json"
"""What the shipped tables were made by."""
ROWS: Final[tuple[Target, ...]] = TARGETS + GUARDS + SHAPES


@dataclass(frozen=True)
class SimulatedTargets:
    """What the ensemble gives.

    Attributes:
        sets: every statistic of every parameter set.
        quick_sd: spread of every statistic between samples of the quick size, best set.
        rates: rates of the published definitions, mean over the sets.
    """

    sets: list[Summary]
    quick_sd: Summary
    rates: pl.DataFrame


def simulated(shipped: Ensemble, blocks: int = BLOCKS, seed: int = SEED, samples: int = SAMPLES) -> SimulatedTargets:
    """Simulate every set of the ensemble, and the best one in samples of the quick size."""
    sets: list[Summary] = []
    rates: list[pl.DataFrame] = []
    for member in shipped.members:
        people = live_and_see(member.parameters, blocks, seed)
        sets.append(summaries(people))
        rates.append(plateaus(people))
    again = [quick(shipped, APART + index * QUICK_BLOCKS) for index in range(samples)]
    spread = {name: float(np.nanstd([one[name] for one in again], ddof=1)) for name in again[0]}
    mean = pl.concat(rates).group_by("definition", maintain_order=True)
    columns = ("published", "published_text", "published_in", "sustained", "timing")
    shares = pl.col("rate").mean(), pl.col("rate").min().alias("least"), pl.col("rate").max().alias("most")
    return SimulatedTargets(sets, spread, mean.agg(*shares, *(pl.col(name).first() for name in columns)))


def with_quarterly(rates: pl.DataFrame, shipped: Ensemble, blocks: int = BLOCKS, seed: int = SEED) -> pl.DataFrame:
    """Rates with one more column: what the trial's people would show if seen every three months."""
    each = [sparser(member.parameters, blocks, seed, 3.0) for member in shipped.members]
    mean = pl.concat(each).group_by("definition").agg(pl.col("rate").mean().alias("quarterly"))
    return rates.join(mean, on="definition", how="left", maintain_order="left")


def quick(shipped: Ensemble, first: int = 0) -> Summary:
    """Every statistic of the best set in a small sample; what the tests recompute."""
    return summaries(live_and_see(shipped.members[0].parameters, QUICK_BLOCKS, SEED, first))


def target_frame(found: SimulatedTargets) -> pl.DataFrame:
    """One row a target: published, simulated, verdict."""
    values = {row.name: np.array([one[row.name] for one in found.sets]) for row in ROWS}
    inside = [bool(row.low <= values[row.name].mean() <= row.high) for row in ROWS]
    return pl.DataFrame(
        {
            "number": [row.number for row in ROWS],
            "name": [row.name for row in ROWS],
            "published": [float(row.value) for row in ROWS],
            "low": [float(row.low) for row in ROWS],
            "high": [float(row.high) for row in ROWS],
            "band": [row.band for row in ROWS],
            "fitted": [row.fitted for row in ROWS],
            "simulated": [float(values[row.name].mean()) for row in ROWS],
            "least": [float(values[row.name].min()) for row in ROWS],
            "most": [float(values[row.name].max()) for row in ROWS],
            "best_set": [float(values[row.name][0]) for row in ROWS],
            "quick_sd": [found.quick_sd[row.name] for row in ROWS],
            "inside": inside,
        }
    )


def with_reasons(frame: pl.DataFrame) -> pl.DataFrame:
    """The table with the reason of every miss; empty where none is written down, which a test refuses."""
    reason = pl.col("name").replace_strict(MISSES, default="", return_dtype=pl.String)
    return frame.with_columns(reason=pl.when(pl.col("inside")).then(pl.lit("")).otherwise(reason))


def counted(frame: pl.DataFrame) -> dict[str, int]:
    """Published statistics and findings inside; a finding is inside when all of its parts are."""
    names = {row.name: row.finding for row in TARGETS}
    published = frame.filter(pl.col("name").is_in(list(names)))
    findings = published.with_columns(finding=pl.col("name").replace_strict(names)).group_by("finding")
    whole = findings.agg(all=pl.col("inside").all(), any=pl.col("inside").any())
    return {
        "statistics": published.height,
        "statistics_inside": int(published["inside"].sum()),
        "findings": whole.height,
        "findings_inside": int(whole["all"].sum()),
        "findings_partly": int(whole["any"].sum()),
    }


def committed(name: str, folder: Path = FOLDER) -> pl.DataFrame:
    """One of the shipped tables; empty texts stay empty, not null."""
    frame = pl.read_csv(folder / f"{name}.csv", schema_overrides={"number": pl.String})
    return frame.with_columns(pl.col(pl.String).fill_null("")) if name != "targets_plateaus" else frame
