"""ANALYSES: every analysis of a trial, one row each, with its estimand in one sentence and what it does with deaths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from alsight.base.errors import SpecError
from alsight.cohort.cohort import Cohort
from alsight.cohort.endpoints import ENDPOINTS
from alsight.episodes.definitions import DEFINITIONS
from alsight.trial.analyze import combined, courses, survival
from alsight.trial.analyze.estimate import Estimate, estimate_table
from alsight.trial.analyze.people import TrialPeople, trial_people
from alsight.trial.analyze.plan import AnalysisPlan


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """One analysis.

    Attributes:
        title: what a paper calls it.
        estimand: what it estimates, in one sentence.
        deaths: what it does with deaths, in one sentence.
        run: one arm and the control, the plan and the cohort to estimates.
    """

    title: str
    estimand: str
    deaths: str
    run: Callable[[TrialPeople, AnalysisPlan, Cohort], Sequence[Estimate]]


def _plain(
    function: Callable[[TrialPeople, AnalysisPlan], Sequence[Estimate]],
) -> Callable[[TrialPeople, AnalysisPlan, Cohort], Sequence[Estimate]]:
    """An analysis that does not read the cohort."""
    return lambda trial, plan, _: function(trial, plan)


ANALYSES: Final[dict[str, Analysis]] = {
    "slope": Analysis(
        title="Mixed model with random slopes",
        estimand="How much slower function declines per month on the therapy, as if no one had died or left.",
        deaths="Ratings up to death count; the course after it is extrapolated (hypothetical estimand).",
        run=_plain(courses.slope),
    ),
    "ancova": Analysis(
        title="Analysis of covariance at the last visit",
        estimand="The difference of changes from baseline at the last visit among people rated then.",
        deaths="Only people alive and rated then are compared; biased where the therapy changes survival.",
        run=_plain(courses.one_visit),
    ),
    "mmrm": Analysis(
        title="Mixed model for repeated measures",
        estimand="The difference of changes from baseline at the last visit, as if no one had died or left.",
        deaths="Ratings up to death count; later ones are treated as missing at random (hypothetical estimand).",
        run=_plain(courses.all_visits),
    ),
    "joint": Analysis(
        title="Joint model of function and survival",
        estimand="The difference of slopes while alive, and the hazard ratio between people of equal function.",
        deaths="Death is an outcome of the model; its hazard depends on the current function.",
        run=_plain(courses.joint),
    ),
    "cafs": Analysis(
        title="Combined assessment of function and survival (joint rank)",
        estimand="How much likelier a treated person does better than a control, by survival first, then by function.",
        deaths="Death is worse than any change of function, and worse the earlier it is (composite estimand).",
        run=_plain(combined.ranks_of_survival_and_function),
    ),
    "log_rank": Analysis(
        title="Log-rank test",
        estimand="Whether the endpoint comes at another rate on the therapy.",
        deaths="Death is the endpoint, or part of it.",
        run=_plain(survival.log_rank),
    ),
    "cox": Analysis(
        title="Cox regression",
        estimand="The ratio of the hazards of the endpoint, taken as constant over time.",
        deaths="Death is the endpoint, or part of it.",
        run=_plain(survival.cox),
    ),
    "rmst": Analysis(
        title="Restricted mean survival time",
        estimand="How many more months free of the endpoint a person has on the therapy, up to the horizon.",
        deaths="Death is the endpoint, or part of it.",
        run=_plain(survival.restricted_means),
    ),
    "kaplan_meier": Analysis(
        title="Share free of the endpoint",
        estimand="The difference of the shares of people free of the endpoint at the horizon.",
        deaths="Death is the endpoint, or part of it.",
        run=_plain(survival.alive_at_end),
    ),
    "responder": Analysis(
        title="Share of responders",
        estimand="The difference of the shares of people who meet a published definition, among those eligible for it.",
        deaths="People who died before they could meet the definition count as its rule says.",
        run=combined.responders,
    ),
}
"""Every analysis, in the order in which a report lists them."""


def checked(plan: AnalysisPlan) -> AnalysisPlan:
    """The plan, its names known.

    Raises:
        SpecError: an analysis, endpoint or definition does not exist, or the primary one is not among the analyses.
    """
    faults: list[tuple[str, str, object]] = [
        ("analyses", "of " + ", ".join(ANALYSES), one) for one in plan.analyses if one not in ANALYSES
    ]
    run = plan.analyses or tuple(ANALYSES)
    if plan.primary not in run:
        faults.append(("primary", "one of the analyses: " + ", ".join(run), plan.primary))
    if plan.endpoint not in ENDPOINTS:
        faults.append(("endpoint", "one of " + ", ".join(ENDPOINTS), plan.endpoint))
    names = [one.name for one in DEFINITIONS]
    if plan.responder not in names:
        faults.append(("responder", "one of " + ", ".join(names), plan.responder))
    if faults:
        raise SpecError(faults)
    return plan


def analyze_trial(cohort: Cohort, plan: AnalysisPlan) -> tuple[pl.DataFrame, TrialPeople]:
    """Every analysis of a plan, each arm against the control.

    Args:
        cohort: a checked cohort with `arm` in its subjects, real or simulated.
        plan: what is compared, and how.

    Returns:
        The estimates (ESTIMATES), and the trial as it was read.

    Raises:
        SpecError: the plan does not fit the cohort.
    """
    trial = trial_people(cohort, checked(plan))
    results: list[Estimate] = []
    for arm in trial.arms:
        pair = trial.against(arm)
        for name in plan.analyses or ANALYSES:
            results += ANALYSES[name].run(pair, plan, cohort)
    return estimate_table(results), trial
