"""Every false call of a campaign, with what was rated and what was true.

python -m validation.verdicts.look --out FOLDER
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from fixtures.verdicts.made import Made
from validation.verdicts import judge
from validation.verdicts.campaign import Shard, drawn
from validation.verdicts.method import HELD_CALLS

APART: Final = 3
"""Months between two values of the truth that are printed."""


def wrongly_called(rows: pl.DataFrame, method: str) -> pl.DataFrame:
    """Rows of people called, lost gains too, whose true held gain is under a point; rare recoveries first."""
    called = pl.col("called").is_in(HELD_CALLS) & (pl.col("held_6") < judge.FALSE_UNDER)
    return rows.filter((pl.col("method") == method) & called).sort("prevalence", *judge.COHORT, "subject")


def course(made: Made, subject: str) -> str:
    """One person's ratings, truth and dips in words."""
    place = made.people["subject"].to_list().index(subject)
    seen = np.isfinite(made.scores[place])
    months, scores = made.times[place][seen].round().astype(int), made.scores[place][seen].astype(int)
    rated = " ".join(f"{month}:{score}" for month, score in zip(months, scores, strict=True))
    truth = " ".join(f"{level:.0f}" for level in made.truth[place][: months[-1] + 1 : APART])
    dips = made.dips.filter(pl.col("subject") == subject).select("month", "depth").iter_rows()
    fell = ", ".join(f"{depth:.1f} points in month {month:.0f}" for month, depth in dips) or "none"
    return f"  rated, month:score  {rated}\n  true every {APART} months  {truth}\n  dips  {fell}"


def look(folder: Path, method: str) -> Iterator[str]:
    """One paragraph a false call."""
    for row in wrongly_called(pl.read_parquet(folder / "*.parquet"), method).iter_rows(named=True):
        cohort = Shard(method="", **{name: row[name] for name in judge.COHORT})
        what = f"{row['generator']}, {row['schedule']}, {100 * row['prevalence']:g} % planted, seed {row['seed']}"
        said = f"{row['called']}, local fdr {row['lfdr']:.3f}, gain {row['gain_median']:.1f}"
        yield f"{what}: {row['subject']} {said}\n{course(drawn(cohort), row['subject'])}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("verdicts-campaign"))
    parser.add_argument("--method", default="validation.verdicts.ours:judge_me")
    asked = parser.parse_args()
    for paragraph in look(asked.out, asked.method):
        print(f"\n{paragraph}")


if __name__ == "__main__":
    main()
