"""alsight's verdicts as a judged method: the whole of `detect` on the cohort, and on the visits alone."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import polars as pl

import alsight
from alsight.base.units import days_of
from alsight.detect.kinds import Verdict
from alsight.detect.verdicts import Verdicts, verdicts
from validation.verdicts.method import WINDOWS, Info

_HOME = Path(alsight.__file__).parent
_SOURCES = [
    file
    for places in ("detect/*.*", "detect/causes/*.py", "infer/filter/*.py", "infer/velocity/*.py")
    for file in sorted(_HOME.glob(places))
]
_READ = [Path(__file__), *(file for file in _SOURCES if file.suffix in (".py", ".npz"))]
VERSION = sha256(b"".join(file.read_bytes() for file in _READ)).hexdigest()
"""Digest of this file and of the sources that a verdict comes from."""

NAMES = {
    Verdict.REMISSION_LIKE.value: "remission-like",
    Verdict.REVERSAL.value: "reversal",
    Verdict.LOST_GAIN.value: "lost gain",
    Verdict.NOT_YET_CONFIRMED.value: "rise",
}
"""What the bench calls our verdicts; all others are no call."""


def judge_me(visits: pl.DataFrame, info: Info) -> pl.DataFrame:
    """Every verdict of a cohort, with what it rests on."""
    return calls_of(verdicts(info.cohort, unseen=False, stated=False)).join(
        visits.select("subject").unique(), on="subject", how="semi"
    )


def calls_of(found: Verdicts) -> pl.DataFrame:
    """One row a person in the bench's columns."""
    evidence = found.evidence
    rows = evidence.select(
        "subject",
        lfdr=(1 - pl.col("posterior_some_gain_hold")).fill_null(1.0),
        gain_median=pl.col("gain_points_hold"),
        p_gain_4=pl.col("posterior_gain_hold").fill_null(0.0),
        p_gain_12=pl.col("posterior_gain_remission").fill_null(0.0),
    )
    called = found.people.select("subject", called=pl.col("verdict").replace_strict(NAMES, default="none"))
    rows = rows.join(called, on="subject", how="left")
    last = found.courses.group_by("subject").agg(last_day=pl.col("day").max())
    windows = found.windows.join(last, on="subject")
    for months in WINDOWS:
        ending = windows.filter(pl.col("months") == months, pl.col("end_day") == pl.col("last_day"))
        off = (pl.col("end_day") - pl.col("start_day") - days_of(float(months))).abs()
        # Windows may be a quarter longer or shorter.
        nearest = pl.col("posterior_stable").sort_by(off, maintain_order=True).first()
        flat = ending.group_by("subject").agg(nearest.alias(f"p_flat_{months}"))
        rows = rows.join(flat, on="subject", how="left")
    sums = [name for name in rows.columns if name.startswith(("p_", "lfdr"))]
    return rows.with_columns(pl.col(sums).clip(0.0, 1.0))  # sums of weights, but for rounding
