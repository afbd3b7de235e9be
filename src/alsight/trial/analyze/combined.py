"""Analyses that join survival and function in one comparison, and shares of responders."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, isfinite, sqrt
from typing import Any, Final

import polars as pl
from scipy.special import ndtr, ndtri

from alsight.cohort.cohort import Cohort
from alsight.episodes.definitions import DEFINITIONS
from alsight.episodes.find import judge
from alsight.episodes.wilson import wilson
from alsight.trial.analyze.estimate import Estimate
from alsight.trial.analyze.pairs import MOST_VISITS, compare_pairs
from alsight.trial.analyze.people import TrialPeople
from alsight.trial.analyze.plan import AnalysisPlan
from alsight.trial.analyze.wins import WinStatistics, permutation_p, win_statistics

QUANTITIES: Final = (("net benefit", 0.0), ("win odds", 1.0), ("win ratio", 1.0), ("difference of mean ranks", 0.0))
"""Ways to say how two arms compare, each with its value without an effect."""
SMALL: Final = 20
"""People in an arm under whom the p value is that of the permutation test; assumed."""


def ranks_of_survival_and_function(trial: TrialPeople, plan: AnalysisPlan) -> Sequence[Estimate]:
    """CAFS: everyone compared with everyone, by death first, then by function at the last visit that both have.

    Source: berry2013, finkelstein1999
    """
    arm = trial.arms[0]
    on, off = trial.sizes()
    treated = (trial.people["arm"] != trial.control).to_numpy()
    died, time = trial.people["event"].to_numpy(), trial.people["months"].to_numpy()
    shared: dict[str, Any] = {
        "analysis": "cafs",
        "arm": arm,
        "people_therapy": on,
        "people_control": off,
        "events_therapy": int(died[treated].sum()),
        "events_control": int(died[~treated].sum()),
    }
    if not on or not off or len(trial.visits) > MOST_VISITS:
        reason = "An arm has no one." if not on or not off else f"More than {MOST_VISITS} planned visits."
        return [
            Estimate(quantity=one, no_effect=null, status="not estimable", reason=reason, **shared)
            for one, null in QUANTITIES
        ]
    data = trial.changes()[None], time[None], died[None], treated[None]
    result = win_statistics(*data, threshold=plan.threshold_points, level=plan.level)
    p, reason = float(result.p[0]), ""
    if min(on, off) < SMALL:
        score, _, _ = compare_pairs(*data, threshold=plan.threshold_points)
        p, reason = permutation_p(score[0], treated, plan.seed), "The p value is that of the permutation test."
    return [
        Estimate(
            quantity=quantity,
            no_effect=null,
            estimate=value,
            low=low,
            high=high,
            standard_error=spread,
            p=p,
            reason=reason if isfinite(value) else "No one lost a comparison, or no one won one.",
            **shared,
        )
        for (quantity, null), (value, low, high, spread) in zip(
            QUANTITIES, _numbers(result, on + off, plan), strict=True
        )
    ]


def _numbers(
    result: WinStatistics, people: int, plan: AnalysisPlan
) -> tuple[tuple[float, float, float, float | None], ...]:
    """Estimate, interval and standard error of each of QUANTITIES."""
    z = float(ndtri((1 + plan.level) / 2))
    shares = (result.win_probability, result.win_probability_low, result.win_probability_high)
    odds = [float(one[0]) / (1 - float(one[0])) if one[0] < 1 else inf for one in shares]
    benefit, error = float(result.net_benefit[0]), float(result.net_benefit_error[0])
    ratio, ratio_error = float(result.log_win_ratio[0]), float(result.log_win_ratio_error[0])
    low, high = benefit - z * error, benefit + z * error
    return (
        (benefit, low, high, error),
        (odds[0], odds[1], odds[2], None),
        (exp(ratio), exp(ratio - z * ratio_error), exp(ratio + z * ratio_error), None),
        (float(result.mean_rank_difference[0]), low * people / 2, high * people / 2, error * people / 2),
    )


def responders(trial: TrialPeople, plan: AnalysisPlan, cohort: Cohort) -> Sequence[Estimate]:
    """Difference of the shares that meet a published definition, with Newcombe's interval.

    Source: newcombe1998
    """
    rule = next(one for one in DEFINITIONS if one.name == plan.responder)
    result = judge(cohort, [rule])[0]
    names = pl.DataFrame(
        {"subject": cohort.subjects["subject"], "met": result.found, "eligible": result.spells.eligible}
    )
    people = trial.people.join(names, on="subject").filter("eligible")
    on, off = people.filter(pl.col("arm") != trial.control), people.filter(pl.col("arm") == trial.control)
    shared: dict[str, Any] = {
        "analysis": "responder",
        "arm": trial.arms[0],
        "quantity": f"difference of shares with {rule.name}",
        "people_therapy": on.height,
        "people_control": off.height,
        "events_therapy": int(on["met"].sum()),
        "events_control": int(off["met"].sum()),
    }
    if not on.height or not off.height:
        return [Estimate(status="not estimable", reason="An arm has no one eligible for the definition.", **shared)]
    first, second = (float(one["met"].mean()) for one in (on, off))  # type: ignore[arg-type]
    (low1, high1), (low0, high0) = (wilson(int(one["met"].sum()), one.height, plan.level) for one in (on, off))
    gap = first - second
    pooled = (first * on.height + second * off.height) / people.height
    error = sqrt(pooled * (1 - pooled) * (1 / on.height + 1 / off.height))
    return [
        Estimate(
            estimate=gap,
            low=gap - sqrt((first - low1) ** 2 + (high0 - second) ** 2),
            high=gap + sqrt((high1 - first) ** 2 + (second - low0) ** 2),
            p=float(2 * ndtr(-abs(gap) / error)) if error > 0 else None,
            **shared,
        )
    ]
