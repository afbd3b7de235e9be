"""What a cohort shows beside what natural history predicts for its visits, by published definition and by the model.

Each person is compared with virtual people of the same rate since onset, first level, schedule, follow-up and kind of
genes who were still followed at its end; the number expected is the sum of their shares. Its plausible range holds the
chance of each person and how far natural histories differ from each other. A second column expects the same people from
a fit to the other half of the same cohort.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float

from alsight.base.units import DAYS_PER_MONTH, months_of
from alsight.calibrate.reference import FOLLOW_UPS, Quantity
from alsight.calibrate.tabulate import GAINS, RUNS, longest
from alsight.cohort.cohort import Cohort
from alsight.cohort.ratings import on_scale, ratings, subject_names, to_frame
from alsight.detect.base_rate import base_rates, genes_of, reference_keys
from alsight.detect.statement.cross_fit import cross_fit_shares
from alsight.detect.statement.groups import EVERYONE, subgroups
from alsight.detect.statement.model_count import STATEMENT, model_count_rows
from alsight.detect.statement.sums import plausible_number, quantiles
from alsight.detect.thresholds import Thresholds
from alsight.episodes.definition import Definition
from alsight.episodes.find import judge

LENGTHS: Final = (6.0, 12.0, 18.0, 24.0)
"""Lengths of plateaus that are stated [months]."""
SIZES: Final = (4.0, 6.0)
"""Gains that are stated [points]."""
FEW: Final = 20
"""People below whom a subgroup is not stated."""
_LATE_DAYS: Final = 16


@dataclass(frozen=True)
class CohortStatement:
    """What a cohort shows beside natural history in one definition, as values.

    Attributes:
        definition: of the plateau, on the scores as observed.
        months: its length.
        eligible: people followed for so long.
        observed: those of them who show it.
        expected: how many natural history predicts at their visits.
        low: lower end of its 95 % plausible range [people].
        high: upper end.
    """

    definition: str
    months: float
    eligible: int
    observed: int
    expected: float
    low: float
    high: float


@dataclass(frozen=True)
class CountedDefinition:
    """One published definition at one length or size.

    Attributes:
        quantity: what the reference counts.
        rule: the definition.
        kind: plateau or gain.
        threshold: months of a plateau, points of a gain.
    """

    quantity: Quantity
    rule: Definition
    kind: str
    threshold: float

    @property
    def name(self) -> str:
        """Definition and threshold in one word."""
        return f"{self.rule.name}@{self.threshold:g}"

    @property
    def months(self) -> float:
        """Shortest follow-up that can show it."""
        return self.threshold if self.kind == "plateau" else float(self.rule.months)


COUNTED: Final = (
    *(CountedDefinition(quantity, rule, "plateau", months) for quantity, rule in RUNS.items() for months in LENGTHS),
    *(CountedDefinition(quantity, rule, "gain", points) for quantity, rule in GAINS.items() for points in SIZES),
)
"""Every published definition at every length and size that is stated."""


def first_visits(visits: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    """`subject`, `score`, `onset_months`, `interval`, `follow`, `genes` of each person, for `base_rate.reference_keys`.

    Args:
        visits: `subject`, `day`, `score`, sorted, no score missing.
        subjects: `subject`, `onset_day`, and the genotype where it is recorded.
    """
    per = visits.group_by("subject", maintain_order=True).agg(
        first_day=pl.col("day").first(),
        score=pl.col("score").first(),
        visits=pl.len(),
        interval=months_of(pl.col("day").diff().median()),
        follow=months_of(pl.col("day").last() - pl.col("day").first()),
    )
    known = genes_of(subjects).unique("subject", keep="first")
    return per.join(known, on="subject", how="left", maintain_order="left").with_columns(
        onset_months=months_of(pl.col("first_day") - pl.col("onset_day")).cast(pl.Float64)
    )


def statement(
    cohort: Cohort, posteriors: pl.DataFrame | None = None, thresholds: Thresholds | None = None
) -> pl.DataFrame:
    """Observed and expected numbers (STATEMENT), overall and in subgroups.

    Args:
        cohort: people with totals of the ALSFRS-R; others are not counted.
        posteriors: `CohortPosterior.people`, for the counts by the model; none without.
        thresholds: thresholds of these posteriors.
    """
    cut, first = _cut(cohort)
    if first.is_empty():
        return pl.DataFrame(schema=STATEMENT)
    keys = reference_keys(first)
    groups = subgroups(cohort, first, keys)
    masks = {
        (by, name): first["subject"].is_in(part["subject"].implode()).to_numpy()
        for (by, name), part in groups.group_by("by", "subgroup", maintain_order=True)
    }
    masks = {key: mask for key, mask in masks.items() if key == EVERYONE or mask.sum() >= FEW}
    shown = reached(cut, first["subject"])
    cross_fit = cross_fit_shares(cut, first, cohort, reached)
    follow = keys["follow_up_months"].fill_null(0.0).to_numpy()
    rows: list[dict[str, object]] = []
    for counted in COUNTED:
        share = base_rates(keys, counted.quantity, pl.Series(np.full(first.height, counted.threshold)))
        fits = (follow >= counted.months) & np.isfinite(share)
        shows = shown[counted.name].to_numpy()
        refitted = (
            cross_fit[counted.name].to_numpy() if counted.name in cross_fit.columns else np.full(first.height, np.nan)
        )
        for (by, name), mask in masks.items():
            among = fits & mask
            if among.sum() >= (FEW if name != EVERYONE[1] else 1):
                rows.append(_row(by, name, counted, shows[among], share[among], refitted[among]))
    if posteriors is not None:
        used = Thresholds() if thresholds is None else thresholds
        rows += model_count_rows(posteriors, first["subject"], keys, first["follow"].to_numpy(), masks, used)
    return pl.DataFrame(rows, schema=STATEMENT)


def reached(cohort: Cohort, subjects: pl.Series) -> pl.DataFrame:
    """Who shows each definition (a column for each), counted exactly as the reference counts it.

    Args:
        cohort: their visits, up to the follow-up that is compared.
        subjects: people, one row each.
    """
    rules = [
        replace(
            one.rule,
            **{"months": LENGTHS[0]} if one.kind == "plateau" else {"points": one.threshold},
            stop_at_tracheostomy=False,
            scales=("alsfrs_r",),
        )
        for one in COUNTED
    ]
    once = {(rule.name, rule.months, rule.points): rule for rule in rules}
    assessed = dict(zip(once, judge(cohort, list(once.values())), strict=True))
    columns: dict[str, Bool[np.ndarray, " person"]] = {}
    names: pl.Series | None = None
    for one, rule in zip(COUNTED, rules, strict=True):
        found = assessed[rule.name, rule.months, rule.points]
        names = subject_names(found.ratings)
        columns[one.name] = (
            longest(found) >= one.threshold * DAYS_PER_MONTH - rule.window_days
            if one.kind == "plateau"
            else found.found
        )
    frame = pl.DataFrame({"subject": names, **columns})
    joined = subjects.to_frame("subject").join(frame, on="subject", how="left", maintain_order="left")
    return joined.drop("subject").fill_null(value=False)


def cohort_statement(rows: pl.DataFrame, *, most: float = 12.0) -> CohortStatement | None:
    """The numbers of the sentence that can be quoted; None where no person was followed for long enough.

    Args:
        rows: what `statement` gave.
        most: length of the plateau that is stated [months].
    """
    reported = rows.filter(
        pl.col("subgroup") == EVERYONE[1], pl.col("definition") == RUNS["run_floor"].name, pl.col("months") == most
    )
    if reported.is_empty():
        return None
    row = reported.row(0, named=True)
    return CohortStatement(
        definition=row["definition"],
        months=row["months"],
        eligible=row["eligible"],
        observed=round(row["observed"]),
        expected=row["expected"],
        low=row["expected_low"],
        high=row["expected_high"],
    )


def _cut(cohort: Cohort) -> tuple[Cohort, pl.DataFrame]:
    """Everyone's visits up to the tabled follow-up that theirs reaches, and their first visits."""
    whole = on_scale(ratings(cohort), "alsfrs_r")
    rated = cohort.visits[whole.line]
    scores = to_frame(whole).select("subject", "day", score="total")
    first = first_visits(scores, cohort.subjects).filter(pl.col("follow") >= FOLLOW_UPS[0] - months_of(_LATE_DAYS))
    first = first.with_columns(follow=pl.col("follow") + months_of(_LATE_DAYS))
    last = first.select(
        "subject",
        last_day=pl.col("first_day")
        + reference_keys(first)["follow_up_months"].fill_null(0.0) * DAYS_PER_MONTH
        + _LATE_DAYS,
    )
    accepted = rated.join(last, on="subject", how="inner", maintain_order="left").filter(
        pl.col("day") <= pl.col("last_day")
    )
    return replace(cohort, visits=accepted.drop("last_day")), first


def _row(
    by: str,
    subgroup: str,
    counted: CountedDefinition,
    shows: Bool[np.ndarray, " person"],
    share: Float[np.ndarray, " person"],
    cross_fit: Float[np.ndarray, " person"],
) -> dict[str, object]:
    probabilities = plausible_number(share)
    low, high = quantiles(probabilities)
    observed = int(shows.sum())
    wording = counted.rule.wording
    return {
        "by": by,
        "subgroup": subgroup,
        "definition_text": wording if counted.kind == "plateau" else f"{wording} ({counted.threshold:g} points)",
        "kind": counted.kind,
        "definition": counted.rule.name,
        "months": counted.months,
        "points": counted.threshold if counted.kind == "gain" else None,
        "eligible": len(shows),
        "observed": float(observed),
        "expected": float(share.sum()),
        "expected_low": float(low),
        "expected_high": float(high),
        "upper_tail_probability": float(min(probabilities[observed:].sum(), 1.0)),
        "cross_fit_expected": float(cross_fit.sum()) if np.isfinite(cross_fit).all() else None,
    }
