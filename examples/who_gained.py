"""Who gained 4 points and held them, under which definition, and what happened to their breathing meanwhile."""

from __future__ import annotations

import polars as pl

import alsight
from alsight.episodes.find import find_episodes

cohort = alsight.example_cohort()
episodes = find_episodes(cohort)

held = episodes.filter(pl.col("definition") == "alsight_gain_4_6").select("subject", "start_day", "end_day", "size")
breathing = (
    cohort.measures.filter(pl.col("measure") == "fvc_pct")
    .join(held, on="subject")
    .filter(pl.col("day").is_between("start_day", "end_day"))
    .sort("subject", "day")
    .group_by("subject", maintain_order=True)
    .agg(fvc_first=pl.col("value").first(), fvc_last=pl.col("value").last())
)
print(held.join(breathing, on="subject", how="left").sort("size", descending=True))

rates = pl.DataFrame(alsight.assess(cohort, out="report", pages=0).summary["episodes"])
print(rates.filter(pl.col("kind") == "reversal").select("definition", "found", "eligible", "rate"))
