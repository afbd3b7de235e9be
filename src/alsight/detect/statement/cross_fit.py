"""What a fit to the cohort itself expects, cross-fitted: each half is predicted by a fit to the other.

The velocity model of natural history is fitted to some people of one half; the people of the other half are simulated
at their own visits with its estimates, and every definition is counted in them. It shows whether the cohort agrees
with itself; it is no untreated comparison. Visits under a drug on trial or tofersen, and people in arms that are not
placebo, do not inform it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import polars as pl

from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort
from alsight.cohort.ratings import on_scale, ratings, to_frame
from alsight.cohort.tables import EVENTS, VISITS
from alsight.detect.prior import HELD, every_so_many, usable
from alsight.infer.fit import Fit
from alsight.infer.velocity.fit import fit_velocity
from alsight.infer.velocity.simulate import simulate_fit
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.models.latent.velocity import Velocity

TREATED: Final = ("tofersen",)
"""Treatments from whose start on a person's visits do not inform it, beside those on trial."""
CONTROL: Final = ("placebo", "control", "sham", "standard")
"""What the name of an arm holds whose people may inform it."""
LEAST: Final = 60
"""People of each half with enough visits from whom a fit is made; assumed."""
ENOUGH: Final = 400
"""People of each half who are fitted."""
PARTICLES: Final = 32
DRAWN: Final = 6000
"""People drawn at least: those of a small cohort are drawn again and again."""
MOST_COPIES: Final = 40
_LEAST_VISITS: Final = 3
_LEAST_LOSS: Final = 0.5
_SEED: Final = 909
Count = Callable[[Cohort, pl.Series], pl.DataFrame]


def cross_fit_shares(cut: Cohort, first: pl.DataFrame, cohort: Cohort, count: Count) -> pl.DataFrame:
    """Share of draws of each person that show each definition; no columns where the cohort is too small for two fits.

    Args:
        cut: visits up to the follow-up that is compared.
        first: `subject`, `score`, `onset_months` at the first visit, one row a person.
        cohort: the people, with what they took.
        count: counts the definitions in a cohort.
    """
    visits = described(cut, first)
    untreated_visits = untreated(visits, cohort)
    half = dict(zip(first["subject"], (np.arange(first.height) % 2).tolist(), strict=True))
    side = pl.col("subject").replace_strict(half, return_dtype=pl.Int64)
    drawn: list[pl.DataFrame] = []
    for half_index in (0, 1):
        fit = fitted(untreated_visits.filter(side != half_index))
        if fit is None:
            return first.select()
        predicted = visits.filter(side == half_index)
        copies = int(np.clip(np.ceil(0.5 * DRAWN / max(predicted["subject"].n_unique(), 1)), 1, MOST_COPIES))
        again = pl.concat(
            [
                predicted.with_columns(person="subject", subject=pl.format("{}#{}", "subject", pl.lit(n)))
                for n in range(copies)
            ]
        ).sort("subject", "months", maintain_order=True)
        scores = simulate_fit(fit, again.drop("person", "day"), _SEED + half_index)
        drawn.append(again.select("subject", "person", "day").with_columns(score=scores["score"]))
    return _counted(pl.concat(drawn), first, count)


def described(cut: Cohort, first: pl.DataFrame) -> pl.DataFrame:
    """Scores with what the rate may depend on: the log loss a month since onset, and how long a person was followed."""
    loss = (ALSFRS_R_BEST - pl.col("first")).clip(_LEAST_LOSS, None) / pl.col("onset_months").clip(0.5, None)
    rated = (
        to_frame(on_scale(ratings(cut), "alsfrs_r"))
        .select("subject", "day", score="total")
        .join(
            first.select("subject", "first_day", "onset_months", first="score"),
            on="subject",
            how="inner",
            maintain_order="left",
        )
    )
    months = months_of((pl.col("day") - pl.col("first_day")).cast(pl.Float64))
    scores = rated.select("subject", "day", "score", months=months, since=loss.log())
    return scores.with_columns(
        since=pl.col("since").fill_null(pl.col("since").mean()).fill_null(0.0),
        followed=pl.col("months").max().over("subject") / 12.0,
    ).sort("subject", "months", maintain_order=True)


def untreated(visits: pl.DataFrame, cohort: Cohort) -> pl.DataFrame:
    """The visits that may inform natural history."""
    taken = cohort.doses.filter((pl.col("kind") == "investigational") | pl.col("treatment").is_in(TREATED))
    start = taken.group_by("subject").agg(treated_day=pl.col("day").min())
    arm = pl.col("arm").str.to_lowercase()
    free = arm.is_null() | (arm == "") | pl.any_horizontal(arm.str.contains(word, literal=True) for word in CONTROL)
    fine = cohort.subjects.filter(free).select("subject")
    accepted = visits.join(fine, on="subject", how="semi", maintain_order="left").join(
        start, on="subject", how="left", maintain_order="left"
    )
    return accepted.filter(pl.col("treated_day").is_null() | (pl.col("day") <= pl.col("treated_day"))).drop(
        "treated_day"
    )


def fitted(visits: pl.DataFrame) -> Fit | None:
    """The model of natural history fitted to some of these people; None where they are too few or it fails."""
    rows = every_so_many(visits, ENOUGH, _LEAST_VISITS).drop("day")
    if rows["subject"].n_unique() < LEAST:
        return None
    terms = [name for name in ("since", "followed") if rows[name].n_unique() > 2]
    rate = "~ " + (" + ".join(terms) or "1")
    found = fit_velocity(rows, rate=rate, model=Velocity(held=dict(HELD), particles=PARTICLES))
    return found if usable(found) else None


def _counted(drawn: pl.DataFrame, first: pl.DataFrame, count: Count) -> pl.DataFrame:
    """The mean over a person's draws, in the order of the people."""
    names = drawn.select("subject", "person").unique(maintain_order=True)
    supplied = drawn.with_columns(alsfrs_r_total="score", scale=pl.lit("alsfrs_r"))
    visits = supplied.select(
        (pl.col(name) if name in supplied.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in VISITS.schema.items()
    )
    shown = count(Cohort(subjects=names.select("subject"), visits=visits, events=EVENTS.empty()), names["subject"])
    shares = pl.concat([names.select("person"), shown], how="horizontal").group_by("person").mean()
    joined = first.select(person="subject").join(shares, on="person", how="left", maintain_order="left")
    return joined.drop("person")
