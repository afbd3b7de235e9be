"""What a cohort shows beside what natural history predicts for its visits, by published wording.

Each person is compared with virtual people of the same rate since onset, first level, schedule and follow-up who were
still seen at its end; the number expected is the sum of their shares, with the distribution of a sum of independent
chances. The second column asks the other half of the same cohort instead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float

from alsight.base.units import DAYS_PER_MONTH, months_of
from alsight.calibrate.reference import FOLLOW_UPS, Quantity
from alsight.calibrate.tabulate import GAINS, RUNS, longest
from alsight.cohort.cohort import Cohort
from alsight.detect.usual import likes, shares
from alsight.episodes.definition import Definition
from alsight.episodes.find import judge

LENGTHS: Final = (6.0, 12.0, 18.0, 24.0)
"""Lengths of plateaus that are stated [months]."""
SIZES: Final = (4.0, 6.0)
"""Gains that are stated [points]."""
FEW: Final = 20
"""People below whom a subgroup is not stated."""
_LATE_DAYS: Final = 16
_QUANTILES: Final = (0.025, 0.975)
TREATED: Final = ("tofersen",)
"""Treatments whose takers do not inform the own-cohort column."""

STATEMENT: Final[dict[str, type[pl.DataType]]] = {
    "subgroup": pl.String, "reading": pl.String, "kind": pl.String, "definition": pl.String, "months": pl.Float64,
    "points": pl.Float64, "eligible": pl.Int64, "observed": pl.Int64, "expected": pl.Float64, "low": pl.Int64,
    "high": pl.Int64, "surprise": pl.Float64, "own": pl.Float64,
}  # fmt: skip
"""Columns of the statement."""


def first_visits(visits: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    """`subject`, `score`, `onset_months`, `interval`, `follow` of each person, for `usual.likes`.

    Args:
        visits: `subject`, `day`, `score`, sorted, no score missing.
        subjects: `subject`, `onset_day`.
    """
    per = visits.group_by("subject", maintain_order=True).agg(
        first_day=pl.col("day").first(), score=pl.col("score").first(), visits=pl.len(),
        interval=months_of(pl.col("day").diff().median()),
        follow=months_of(pl.col("day").last() - pl.col("day").first()),
    )  # fmt: skip
    onset = subjects.select("subject", "onset_day").unique("subject", keep="first")
    return per.join(onset, on="subject", how="left", maintain_order="left").with_columns(
        onset_months=months_of(pl.col("first_day") - pl.col("onset_day")).cast(pl.Float64)
    )


def statement(cohort: Cohort, groups: dict[str, pl.Series] | None = None) -> pl.DataFrame:
    """Observed and expected counts (STATEMENT), overall and in subgroups.

    Args:
        cohort: people with totals of the ALSFRS-R; others are not counted.
        groups: names of subgroups and the subjects in each.
    """
    cut, first = _cut(cohort)
    if first.is_empty():
        return pl.DataFrame(schema=STATEMENT)
    like = likes(first)
    taught = ~first["subject"].is_in(_treated(cohort).implode()).to_numpy()
    members = {"everyone": first["subject"], **(groups or {})}
    masks = {name: first["subject"].is_in(chosen.implode()).to_numpy() for name, chosen in members.items()}
    rows: list[dict[str, object]] = []
    follow = like["follow_up_months"].fill_null(0.0).to_numpy()
    for quantity, rule, kind, threshold in _readings():
        reached = _reached(cut, first["subject"], rule, kind, threshold)
        months = threshold if kind == "plateau" else float(rule.months)
        share = shares(like, quantity, pl.Series(np.full(first.height, threshold)))
        fits = (follow >= months) & np.isfinite(share)
        own = _own(like, reached, fits & taught, fits)
        for name, mask in masks.items():
            among = fits & mask
            if among.sum() >= (FEW if name != "everyone" else 1):
                rows.append(_row(name, rule, kind, months, threshold, reached[among], share[among], own[among]))
    return pl.DataFrame(rows, schema=STATEMENT)


def sentence(rows: pl.DataFrame, *, most: int = 12) -> str:
    """One plain sentence for the readings of a year.

    Args:
        rows: what `statement` gave.
        most: length of the plateau that is told [months].
    """
    told = rows.filter(
        pl.col("subgroup") == "everyone", pl.col("definition") == RUNS["run_floor"].name, pl.col("months") == most
    )
    if told.is_empty():
        return "Nobody was followed for long enough to be compared with natural history."
    row = told.row(0, named=True)
    verdict = "as many as" if row["low"] <= row["observed"] <= row["high"] else (
        "more than" if row["observed"] > row["high"] else "fewer than"
    )  # fmt: skip
    return (
        f"Of {row['eligible']:,} people followed for {most} months or longer, {row['observed']:,} had {most} months "
        f"without falling below where they began; natural history alone gives {row['expected']:,.0f} "
        f"({row['low']:,} to {row['high']:,}) at these visits: {verdict} expected."
    )


def _readings() -> list[tuple[Quantity, Definition, str, float]]:
    runs: list[tuple[Quantity, Definition, str, float]] = [
        (quantity, rule, "plateau", months) for quantity, rule in RUNS.items() for months in LENGTHS
    ]
    return runs + [(quantity, rule, "gain", points) for quantity, rule in GAINS.items() for points in SIZES]


def _cut(cohort: Cohort) -> tuple[Cohort, pl.DataFrame]:
    """Everybody's visits up to the tabled follow-up that theirs reaches, and their first visits."""
    rated = cohort.visits.filter(pl.col("alsfrs_r_total").is_not_null(), pl.col("scale") == "alsfrs_r")
    rated = rated.sort("subject", "day")
    scores = rated.select("subject", "day", score=pl.col("alsfrs_r_total").cast(pl.Float64))
    first = first_visits(scores, cohort.subjects).filter(pl.col("follow") >= FOLLOW_UPS[0] - months_of(_LATE_DAYS))
    first = first.with_columns(follow=pl.col("follow") + months_of(_LATE_DAYS))
    last = first.select(
        "subject",
        last_day=pl.col("first_day") + likes(first)["follow_up_months"].fill_null(0.0) * DAYS_PER_MONTH + _LATE_DAYS,
    )
    kept = rated.join(last, on="subject", how="inner", maintain_order="left").filter(
        pl.col("day") <= pl.col("last_day")
    )
    return replace(cohort, visits=kept.drop("last_day")), first


def _reached(
    cohort: Cohort, subjects: pl.Series, rule: Definition, kind: str, threshold: float
) -> Bool[np.ndarray, " person"]:
    """Who shows so much, counted exactly as the reference counts it."""
    changed = {"months": LENGTHS[0]} if kind == "plateau" else {"points": threshold}
    asked = replace(rule, **changed, stop_at_tracheostomy=False, scales=("alsfrs_r",))
    judged = judge(cohort, [asked])[0]
    met = longest(judged) >= threshold * DAYS_PER_MONTH - asked.window_days if kind == "plateau" else judged.found
    frame = pl.DataFrame({"subject": judged.courses.subjects, "met": met})
    joined = subjects.to_frame("subject").join(frame, on="subject", how="left", maintain_order="left")
    return joined["met"].fill_null(value=False).to_numpy()


def _own(
    like: pl.DataFrame, reached: Bool[np.ndarray, " person"], taught: Bool[np.ndarray, " person"],
    fits: Bool[np.ndarray, " person"],
) -> Float[np.ndarray, " person"]:  # fmt: skip
    """Share among people of the same level and follow-up in the other half of the cohort."""
    half = np.arange(like.height) % 2
    frame = like.select("level_low", "follow_up_months").with_columns(half=half, reached=reached, taught=taught)
    sums = frame.filter("taught").group_by("level_low", "follow_up_months", "half").agg(
        shown=pl.col("reached").sum(), people=pl.len()
    ).with_columns(half=1 - pl.col("half"))  # fmt: skip
    joined = frame.join(
        sums, on=["level_low", "follow_up_months", "half"], how="left", maintain_order="left", nulls_equal=True
    )
    overall = float(reached[taught].mean()) if taught.any() else np.nan
    share = (joined["shown"] / joined["people"]).fill_null(overall).to_numpy()
    return np.where(fits, share, np.nan)


def _row(
    subgroup: str, rule: Definition, kind: str, months: float, threshold: float, reached: np.ndarray, share: np.ndarray,
    own: np.ndarray,
) -> dict[str, object]:  # fmt: skip
    chances = number_of(share)
    below = np.cumsum(chances)
    low, high = (int(np.searchsorted(below, level)) for level in _QUANTILES)
    observed = int(reached.sum())
    reading = rule.wording if kind == "plateau" else f"{rule.wording} ({threshold:g} points)"
    return {
        "subgroup": subgroup, "reading": reading, "kind": kind, "definition": rule.name, "months": months,
        "points": threshold if kind == "gain" else None, "eligible": len(reached), "observed": observed,
        "expected": float(share.sum()), "low": low, "high": high, "surprise": float(chances[observed:].sum()),
        "own": float(own.sum()),
    }  # fmt: skip


def number_of(share: Float[np.ndarray, " person"]) -> Float[np.ndarray, " count"]:
    """Probability of each number of people, for independent chances (the Poisson-binomial law).

    Computed from its characteristic function. Source: hong2013
    """
    size = len(share) + 1
    angle = np.exp(2j * np.pi * np.arange(size) / size)
    total = np.zeros(size, dtype=complex)
    for chance, people in zip(*np.unique(share, return_counts=True), strict=True):
        with np.errstate(divide="ignore"):
            total += people * np.log(1 - chance + chance * angle)
    found = np.real(np.fft.fft(np.exp(total))) / size
    return np.clip(found, 0.0, 1.0)


def _treated(cohort: Cohort) -> pl.Series:
    return cohort.doses.filter(pl.col("treatment").is_in(TREATED))["subject"].unique()
