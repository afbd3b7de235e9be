"""The shipped natural history in the words of the velocity model: what a verdict takes for granted beforehand.

It is fitted to virtual people of the calibrated ensemble, without any recovery
(`python -m alsight.make natural_history`).
Estimates from a user's cohort are in `cohort_fit`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import polars as pl

from alsight.base.status import Status
from alsight.infer.engines import load
from alsight.infer.fit import Fit
from alsight.infer.velocity.people import content_keys
from alsight.instruments.alsfrs_r import ALSFRS_BEST, ALSFRS_R_BEST

FILE: Final = Path(__file__).parent / "natural_history.npz"
LEAST_VISITS: Final = 4
"""Fewest visits of people who inform a fit."""
_USABLE: Final = (Status.CONVERGED, Status.BOUNDARY, Status.MAX_STEPS)
HELD: Final = {"times_outlier": 3.0, "memory": 12.0, "stickiness": 6.0, "odds_outlier": 0.05}
"""What the fit to virtual people does not estimate: for how many months a rate and a rating's error are remembered,
which they hardly determine, and outliers, of which they have none. Assumed."""
JUMPS: Final = {"jumps_per_year": 0.8, "jump_mean": -1.0, "jump_sd": 2.0}
"""How the log rate jumps: people lose in steps, and rest between them, more than wandering shows. Assumed."""
_HIGHEST: Final = {"alsfrs_r": ALSFRS_R_BEST, "alsfrs": ALSFRS_BEST}
"""Best total of each scale."""


@cache
def natural_history() -> Fit:
    """The shipped fit, given the jumps of `JUMPS`."""
    fit = load(FILE)
    return replace(fit, model=msgspec.structs.replace(fit.model, **JUMPS))


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
    chosen = np.unique(np.linspace(0, max(counts.height - 1, 0), min(people, counts.height)).round().astype(int))
    return visits.filter(pl.col("subject").is_in(counts["subject"].gather(chosen).implode()))


def some_of(visits: pl.DataFrame, people: int, least: int = LEAST_VISITS) -> pl.DataFrame:
    """The visits of at most so many people with enough of them, chosen and ordered by what was rated and when.

    Names and places of people change nothing; `subject` becomes a running number.

    Args:
        visits: `subject`, `months`, `score`.
        people: how many at most.
        least: fewest visits of each.
    """
    rows = visits.select("subject", "months", "score").sort("subject", "months")
    rows = rows.filter(pl.len().over("subject") >= least)
    owner = rows.select(pl.col("subject").rle_id())["subject"].to_numpy().astype(np.int64)
    if not len(owner):
        return rows.with_columns(subject=pl.lit(0, pl.Int64))
    months = rows.select(pl.col("months") - pl.col("months").min().over("subject"))["months"].to_numpy()
    keys = content_keys(owner, months, rows["score"].to_numpy().astype(float))
    rank = np.empty(len(keys), np.int64)
    rank[np.argsort(keys, kind="stable")] = np.arange(len(keys))
    numbered = rows.with_columns(subject=pl.Series(rank[owner]), months=pl.Series(months))
    return numbered.filter(pl.col("subject") < people).sort("subject", "months")


def usable(fit: Fit) -> bool:
    """Whether a fit to the cohort's people ended well enough to be used."""
    return bool(np.isfinite(fit.estimates).all()) and int(fit.status) in _USABLE
