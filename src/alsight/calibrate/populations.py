"""The virtual populations that stand for the published ones: a register, a trial, and everyone from onset.

All three hold the same people: the same number is the same person with the same disease, seen differently. So what
differs between a register and a trial differs by selection and observation alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import numpy as np
import polars as pl
from jaxtyping import Bool, Float64

from alsight.base.units import days_of
from alsight.cohort.cohort import Cohort
from alsight.cohort.tables import SUBJECTS
from alsight.mechanism import layout as at
from alsight.mechanism.latent import Latent, simulate_latent
from alsight.population.blocks import BLOCK, chosen, recruit_block
from alsight.population.frames import Group, events_frame, visits_frame
from alsight.population.kernel import Observations
from alsight.population.recruit import eligible, entry_month
from alsight.population.spec import Criteria, FollowUp, Mimics, People, Population, Recruit, Schedule

REGISTER: Final = Population(
    name="register",
    recruit=Recruit(kind="register"),
    follow_up=FollowUp(
        months=96.0, dropout_per_month=0.005, vital_status=True, schedule=Schedule(rating=3, capacity=3, weight=0)
    ),
    mimics=Mimics(share=0.075),
)
"""Incident cases from diagnosis, seen every three months for eight years at most, deaths known; 7.5 % are mimics."""

TRIAL: Final = Population(
    name="trial",
    recruit=Recruit(kind="trial", lag_months=3.0, lag_spread_months=3.4, run_in_months=3.0),
    follow_up=FollowUp(
        months=18.0,
        dropout_per_month=0.02,
        missed=0.03,
        missed_when_disabled=0.1,
        schedule=Schedule(rating=1, capacity=1, neurofilament=6, weight=0),
    ),
)
"""People three months and more after diagnosis, seen monthly for 18 months; withdrawal of 2 % a month."""

CRITERIA: Final[dict[str, Criteria]] = {
    "proact": Criteria(age_min=18, age_max=80, months_since_onset_max=36, svc_min=60),
    "empower": Criteria(age_min=18, age_max=80, months_since_onset_max=24, svc_min=65),
    "centaur": Criteria(age_min=18, age_max=80, months_since_onset_max=18, svc_min=60),
    "bensimon": Criteria(age_min=20, age_max=75, months_since_onset_max=60, svc_min=60),
    "lacomblez": Criteria(age_min=18, age_max=75, months_since_onset_max=60, svc_min=60),
    "elderly": Criteria(age_min=18),
    "mci186_16": Criteria(age_min=20, age_max=75, months_since_onset_max=36, svc_min=70),
    "mci186_19": Criteria(
        age_min=20,
        age_max=75,
        months_since_onset_max=24,
        svc_min=80,
        item_min=2,
        run_in_loss_min=1,
        run_in_loss_max=4,
    ),
    "valor": Criteria(age_min=18, svc_min=65, genotypes=("sod1",)),
}
"""Entry rules of trials, as far as they were readable and the population knows them; age 80 and 60 % are common."""

ENTRY_DAYS: Final = 15.0
"""How far from its planned day a visit may lie [days]; visits earlier than entry by more belong to screening."""

DEFINITE_REGIONS: Final = 3
"""Regions of four with signs that make ALS definite; upper signs are taken to be where lower ones are (assumed)."""


@dataclass(frozen=True)
class Views:
    """The same people seen three ways.

    Attributes:
        register: everyone who reaches diagnosis, from diagnosis.
        trial: everyone who is alive at a trial's entry, whether eligible or not.
        lives: everyone from onset.
    """

    register: Group
    trial: Group
    lives: Latent


def joined(groups: Sequence[Group]) -> Group:
    """Groups of one population after one another."""
    first = groups[0]
    observed = Observations(
        np.concatenate([group.observed.visits for group in groups]),
        np.concatenate([group.observed.events for group in groups]),
        first.observed.courses[:0],
    )
    return replace(
        first,
        observed=observed,
        **{
            name: np.concatenate([getattr(group, name) for group in groups])
            for name in ("subjects", "traits", "arm", "assigned", "withdrawal")
        },
    )


def group_of(population: Population, blocks: int, first: int = 0) -> Group:
    """Everyone of some blocks of candidates who meets the population's criteria."""
    return joined([recruit_block(population, number) for number in range(first, first + blocks)])


def with_parameters(population: Population, overrides: Mapping[str, float], seed: int) -> Population:
    """A population with other numbers of the mechanism and another root seed."""
    return msgspec.structs.replace(population, seed=seed, people=People(parameters=dict(overrides)))


def live_and_see(overrides: Mapping[str, float], blocks: int = 8, seed: int = 1, first: int = 0) -> Views:
    """Simulate the three populations of one parameter set.

    Args:
        overrides: numbers of the mechanism to change, by name.
        blocks: candidates, in blocks of 1024.
        seed: root seed; the same seed gives the same people under every parameter set.
        first: number of the first block.

    Raises:
        SpecError: an override is unknown or out of range.
    """
    return Views(
        register=group_of(with_parameters(REGISTER, overrides, seed), blocks, first),
        trial=group_of(with_parameters(TRIAL, overrides, seed), blocks, first),
        lives=simulate_latent(dict(overrides), blocks * BLOCK, seed, months=170, every=2, first=first * BLOCK),
    )


def affected_regions(group: Group) -> Float64[np.ndarray, " subject"]:
    """Regions of four (bulbar, arms, trunk, legs) clinically weak at entry."""
    weak = group.observed.events[:, at.V_REGION : at.V_REGION + 7]
    there = (weak != -1.0) & (weak <= entry_month(group.traits)[:, None])
    regions = (there[:, 0], there[:, 1] | there[:, 2], there[:, 3], there[:, 4] | there[:, 5])
    return np.sum(regions, axis=0).astype(float)


def admitted(group: Group, rules: str) -> Group:
    """Those of a trial's candidates who meet the entry rules of that name."""
    accepted: Bool[np.ndarray, " subject"] = eligible(group.observed, group.traits, group.plan, CRITERIA[rules])
    if rules == "elderly":
        accepted &= ~eligible(group.observed, group.traits, group.plan, CRITERIA["lacomblez"])
    if rules == "centaur":
        accepted &= affected_regions(group) >= DEFINITE_REGIONS
    if rules == "mci186_19":
        accepted &= affected_regions(group) >= DEFINITE_REGIONS - 1
    return chosen(group, accepted)


def rated(group: Group, last_month: float = np.inf) -> Cohort:
    """The ratings and events of a group from entry on as a cohort, for the definitions of episodes."""
    days = days_of(last_month) + ENTRY_DAYS
    visits = visits_frame(group).filter(pl.col("day").is_between(-ENTRY_DAYS, days))
    subjects = SUBJECTS.empty().select("subject")
    subjects = pl.concat([subjects, pl.DataFrame({"subject": group.names()})])
    return Cohort(subjects=subjects.sort("subject"), visits=visits, events=events_frame(group))
