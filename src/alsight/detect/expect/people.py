"""Whom natural history is simulated for: a population, a schedule of visits, and a run-in that selects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from alsight.base.errors import request_field
from alsight.base.units import months_of
from alsight.calibrate.populations import CRITERIA, REGISTER, TRIAL
from alsight.episodes.definition import Definition
from alsight.episodes.definitions import EPOCH_WINDOW
from alsight.population.spec import Criteria, Mimics, Population

Faults = list[tuple[str, str, object]]

POPULATIONS: Final[dict[str, Population]] = {
    "register": msgspec.structs.replace(REGISTER, mimics=Mimics()),
    "trial": msgspec.structs.replace(
        TRIAL,
        recruit=msgspec.structs.replace(TRIAL.recruit, criteria=CRITERIA["proact"]),
    ),
}
"""Populations by name, without mimics: natural history is that of ALS."""
SAID: Final = {
    "register": "people with ALS followed from diagnosis",
    "trial": "people with ALS who enter a trial (age 18 to 80, onset up to 36 months ago, vital capacity 60 % or more)",
}
"""What each of them is, in words."""
LATEST: Final = months_of(EPOCH_WINDOW)
"""How long after an epoch's end a visit still counts for it [months]."""


@dataclass(frozen=True)
class RunIn:
    """Who is enrolled after a time of being watched.

    Attributes:
        months: from the screening visit to entry.
        loss_min: least loss of points over it; None for no such rule.
        loss_max: largest loss over it; a gain is a negative loss.
    """

    months: float
    loss_min: float | None = None
    loss_max: float | None = None

    def criteria(self) -> Criteria:
        """The rule as a population states it."""
        return Criteria(run_in_loss_min=self.loss_min, run_in_loss_max=self.loss_max)


@dataclass(frozen=True, kw_only=True)
class Observation:
    """How people are observed; None keeps what the population states.

    Attributes:
        interval: months between visits.
        followed: months from the first visit on in which spells are looked for.
        missed: chance that a visit is missed.
        dropout: withdrawal [per month].
        mimics: share of candidates who have something else than ALS.
    """

    interval: float | None = None
    followed: float | None = None
    missed: float | None = None
    dropout: float | None = None
    mimics: float | None = None


def needs(rule: Definition) -> float:
    """Months from the first visit that a rule needs."""
    return rule.lead_in_months + rule.months


def followed(population: Population, rule: Definition, observed: Observation) -> float:
    """Months from entry in which the asked rule looks: the epoch itself, or the whole follow-up for "ever"."""
    if observed.followed is not None:
        return observed.followed
    return needs(rule) if rule.timing == "fixed" else population.follow_up.months


def as_observed(population: Population, rule: Definition, observed: Observation, run_in: RunIn | None) -> Population:
    """The population with the visits, losses and run-in asked for; a run-in is watched but does not yet select."""
    follow, recruit = population.follow_up, population.recruit
    interval = follow.schedule.rating if observed.interval is None else observed.interval
    measured = recruit.criteria.svc_min is not None or recruit.criteria.svc_max is not None
    schedule = msgspec.structs.replace(
        follow.schedule,
        rating=interval,
        capacity=interval if measured else 0.0,
        strength=0.0,
        electrophysiology=0.0,
        umn=0.0,
        neurofilament=0.0,
        creatinine=0.0,
        weight=0.0,
        quality=0.0,
    )
    months = max(followed(population, rule, observed), needs(rule)) + LATEST
    changes: dict[str, Any] = {"months": months, "schedule": schedule}
    if observed.missed is not None:
        changes["missed"] = observed.missed
    if observed.dropout is not None:
        changes["dropout_per_month"] = observed.dropout
    if run_in is not None:
        lag = max(recruit.lag_months, run_in.months)
        recruit = msgspec.structs.replace(recruit, run_in_months=run_in.months, lag_months=lag)
    mimics = population.mimics
    if observed.mimics is not None:
        mimics = msgspec.structs.replace(mimics, share=observed.mimics)
    return msgspec.structs.replace(
        population, follow_up=msgspec.structs.replace(follow, **changes), recruit=recruit, mimics=mimics
    )


def faults_of(population: Population, rule: Definition, observed: Observation, run_in: RunIn | None) -> Faults:
    """Everything about the visits, the time and the run-in that makes no sense for a rule."""
    faults: Faults = []
    interval = population.follow_up.schedule.rating if observed.interval is None else observed.interval
    shortest = needs(rule)
    if observed.followed is not None and observed.followed < shortest:
        faults.append(("followed", f"at least the {shortest:.3g} months that {rule.name} needs", observed.followed))
    elif observed.followed is None and population.follow_up.months < rule.months:
        longer = f"{request_field('followed')} of so long"
        allowed = f"at most the population's follow-up ({population.follow_up.months:g}), or {longer}"
        faults.append(("months", allowed, rule.months))
    if interval > rule.months + LATEST:
        faults.append(("interval", f"at most the {rule.months:.3g} months asked about", interval))
    elif rule.timing == "fixed":
        off = abs(float(np.rint(shortest / interval)) * interval - shortest)
        if off > LATEST:
            allowed = f"a time within {EPOCH_WINDOW:g} days of a visit, which come every {interval:g} months"
            faults.append(("months", allowed, rule.months))
    criteria = population.recruit.criteria
    if run_in is not None and (criteria.run_in_loss_min is not None or criteria.run_in_loss_max is not None):
        faults.append(("run_in", "nothing, as the population's file already selects by a run-in", run_in))
    if any(arm.gives for arm in population.arms):
        faults.append(("population", "arms that give no therapy, as natural history is asked for", population.name))
    return faults
