"""A population as a request: who falls ill, who is recruited, how they are followed, cared for and treated."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
import numpy as np

from alsight.base.errors import SpecError
from alsight.base.spec import Spec
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.mechanism.anatomy import POOLS
from alsight.mechanism.classes import GENES, PHENOTYPES
from alsight.mechanism.disease.people import Mix
from alsight.mechanism.parameters import vector
from alsight.mechanism.therapy.act import Share, Therapy, faults_of
from alsight.mechanism.therapy.catalog import THERAPIES
from alsight.population.mimics import MIMICS, SHARE

Months = Annotated[float, msgspec.Meta(ge=0.0, le=600.0)]
Every = Annotated[float, msgspec.Meta(ge=0.0, le=60.0)]
Points = Annotated[float, msgspec.Meta(ge=0.0, le=ALSFRS_R_BEST)]
Weight = Annotated[float, msgspec.Meta(ge=0.0)]
Age = Annotated[float, msgspec.Meta(ge=0.0, le=120.0)]
Percent = Annotated[float, msgspec.Meta(ge=0.0, le=200.0)]


class People(Spec, frozen=True, kw_only=True):
    """Who falls ill. Shares are relative; names excluded get none, and an empty table keeps the defaults.

    Attributes:
        genotypes: share of each genotype class.
        phenotypes: share of each phenotype.
        onset_regions: share of each first region (pool).
        parameters: numbers of the mechanism to change.
    """

    genotypes: dict[str, Weight] = msgspec.field(default_factory=dict)
    phenotypes: dict[str, Weight] = msgspec.field(default_factory=dict)
    onset_regions: dict[str, Weight] = msgspec.field(default_factory=dict)
    parameters: dict[str, float] = msgspec.field(default_factory=dict)


class Criteria(Spec, frozen=True, kw_only=True):
    """Who may enter, judged on what is seen at entry (and at screening for the run-in); empty fields ask nothing.

    Attributes:
        age_min, age_max: age at entry [years].
        months_since_onset_max, months_since_onset_min: duration at entry [months].
        alsfrs_r_min, alsfrs_r_max: total at entry [points].
        item_min: least grade of every item at entry.
        svc_min, svc_max: slow vital capacity at entry [% of predicted].
        delta_fs_min, delta_fs_max: decline from onset to entry [points a month].
        run_in_loss_min, run_in_loss_max: points lost from screening to entry.
        genotypes: only these genotype classes or dictionary genotypes.
        onset_regions: only these first regions.
    """

    age_min: Age | None = None
    age_max: Age | None = None
    months_since_onset_min: Months | None = None
    months_since_onset_max: Months | None = None
    alsfrs_r_min: Points | None = None
    alsfrs_r_max: Points | None = None
    item_min: Annotated[float, msgspec.Meta(ge=0.0, le=4.0)] | None = None
    svc_min: Percent | None = None
    svc_max: Percent | None = None
    delta_fs_min: float | None = None
    delta_fs_max: float | None = None
    run_in_loss_min: float | None = None
    run_in_loss_max: float | None = None
    genotypes: tuple[str, ...] = ()
    onset_regions: tuple[str, ...] = ()


class Recruit(Spec, frozen=True, kw_only=True):
    """Where the people come from.

    Attributes:
        kind: a register enters people at diagnosis, a trial some months later and by criteria.
        lag_months: shortest time from diagnosis to entry.
        lag_spread_months: scale of the gamma-distributed time on top (shape 1.2); 0 for none.
        run_in_months: screening visit so long before entry; 0 for none.
        criteria: who may enter.
    """

    kind: Literal["register", "trial"] = "register"
    lag_months: Months = 0.0
    lag_spread_months: Months = 0.0
    run_in_months: Annotated[float, msgspec.Meta(ge=0.0, le=24.0)] = 0.0
    criteria: Criteria = Criteria()


class Schedule(Spec, frozen=True, kw_only=True):
    """Months between measurements of each group; 0 for never. Every group is measured at entry if at all."""

    rating: Every = 3.0
    capacity: Every = 3.0
    strength: Every = 0.0
    electrophysiology: Every = 0.0
    umn: Every = 0.0
    neurofilament: Every = 0.0
    creatinine: Every = 0.0
    weight: Every = 3.0
    quality: Every = 0.0


class FollowUp(Spec, frozen=True, kw_only=True):
    """How long and how faithfully people are followed.

    Attributes:
        months: follow-up from entry.
        schedule: months between measurements.
        jitter_days: spread of a visit's day around its plan.
        missed: chance that a visit is missed.
        missed_when_disabled: added chance when all strength is lost.
        telephone: chance that a visit is a call.
        telephone_when_disabled: added chance when all strength is lost.
        dropout_per_month: rate of withdrawal.
        dropout_by_rate: how that rate follows the personal rate of the disease (elasticity).
        vital_status: whether deaths after withdrawal are known.
        sites: centers that people are spread over; 0 records none.
        raters: raters of each center; 0 records none.
        rater_change: chance that a person else rates than at the visit before.
        liters: vital capacity also in liters, by the GLI global equation.
    """

    months: Annotated[float, msgspec.Meta(gt=0.0, le=360.0)] = 24.0
    schedule: Schedule = Schedule()
    jitter_days: Annotated[float, msgspec.Meta(ge=0.0, le=15.0)] = 4.0
    missed: Share = 0.05
    missed_when_disabled: Share = 0.15
    telephone: Share = 0.0
    telephone_when_disabled: Share = 0.0
    dropout_per_month: Share = 0.01
    dropout_by_rate: Annotated[float, msgspec.Meta(ge=-2.0, le=2.0)] = 0.2
    vital_status: bool = False
    sites: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    raters: Annotated[int, msgspec.Meta(ge=0, le=50)] = 0
    rater_change: Share = 0.0
    liters: bool = False


class Care(Spec, frozen=True, kw_only=True):
    """Share of people who accept each kind of care when its sign is there."""

    niv: Share = 0.45
    gastrostomy: Share = 0.40
    saliva_drug: Share = 0.50
    spasticity_drug: Share = 0.40
    tracheostomy: Share = 0.03


class Mimics(Spec, frozen=True, kw_only=True):
    """People who have something else.

    Attributes:
        share: share of the candidates; registers found 7 to 8 %.
        kinds: relative shares of the mimics; empty keeps the defaults.
    """

    share: Share = 0.0
    kinds: dict[str, Weight] = msgspec.field(default_factory=dict)


class Given(Spec, frozen=True, kw_only=True):
    """One therapy as an arm gives it.

    Attributes:
        therapy: a name of this file's therapies or of the catalog.
        uptake: share of the arm's people who get it.
        strength: multiplier of every act's strength.
        start_month: replaces the therapy's own start.
        stop_month: replaces the therapy's own end.
    """

    therapy: str
    uptake: Share = 1.0
    strength: Annotated[float, msgspec.Meta(ge=0.0, le=10.0)] = 1.0
    start_month: Months | None = None
    stop_month: Months | None = None


class Arm(Spec, frozen=True, kw_only=True):
    """One arm: its name, its part of the randomization, what it gives."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    ratio: Annotated[float, msgspec.Meta(gt=0.0)] = 1.0
    gives: tuple[Given, ...] = ()


class Population(Spec, frozen=True, kw_only=True):
    """Everything that a simulation needs.

    Attributes:
        name: name of the register or trial.
        size: people recruited.
        seed: root of all random numbers.
        people, recruit, follow_up, care, mimics: see there.
        background: therapies that anyone may be on, whatever the arm.
        arms: randomized arms; empty for none.
        therapies: therapies of this file's own.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)] = "population"
    size: Annotated[int, msgspec.Meta(ge=1, le=100_000_000)] = 200
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 1
    people: People = People()
    recruit: Recruit = Recruit()
    follow_up: FollowUp = FollowUp()
    care: Care = Care()
    mimics: Mimics = Mimics()
    background: tuple[Given, ...] = ()
    arms: tuple[Arm, ...] = ()
    therapies: tuple[Therapy, ...] = ()


_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "people.genotypes": tuple(gene.name for gene in GENES),
    "people.phenotypes": tuple(phenotype.name for phenotype in PHENOTYPES),
    "people.onset_regions": POOLS,
    "mimics.kinds": tuple(mimic.name for mimic in MIMICS),
    "recruit.criteria.genotypes": tuple(dict.fromkeys(n for gene in GENES for n in (gene.name, gene.genotype))),
    "recruit.criteria.onset_regions": POOLS,
}
REGISTER_MIMIC_SHARE: Final = SHARE


def faults_of_population(population: Population) -> list[tuple[str, str, object]]:
    """Everything that field types cannot refuse by themselves, with path, what is allowed and what was given."""
    faults: list[tuple[str, str, object]] = []
    for path, allowed in _NAMES.items():
        table: object = population
        for part in path.split("."):
            table = getattr(table, part)
        assert isinstance(table, dict | tuple)
        faults += [(f"{path}.{name}", "one of " + ", ".join(allowed), name) for name in table if name not in allowed]
        if isinstance(table, dict) and table and sum(table.values()) <= 0.0:
            faults.append((path, "at least one share above 0", dict(table)))
    try:
        vector(population.people.parameters, "people.parameters")
    except SpecError as error:
        faults += error.faults
    faults += _recruit_faults(population) + _therapy_faults(population)
    return faults


def _recruit_faults(population: Population) -> list[tuple[str, str, object]]:
    faults: list[tuple[str, str, object]] = []
    criteria, recruit = population.recruit.criteria, population.recruit
    for name in ("age", "months_since_onset", "alsfrs_r", "svc", "delta_fs", "run_in_loss"):
        low, high = getattr(criteria, f"{name}_min"), getattr(criteria, f"{name}_max")
        if low is not None and high is not None and low > high:
            faults.append((f"recruit.criteria.{name}_max", f"at least {name}_min ({low:g})", high))
    asked = criteria.run_in_loss_min is not None or criteria.run_in_loss_max is not None
    if asked and recruit.run_in_months <= 0.0:
        faults.append(("recruit.run_in_months", "above 0, as a run-in loss is asked for", recruit.run_in_months))
    if recruit.run_in_months > recruit.lag_months:
        allowed = f"at most recruit.lag_months ({recruit.lag_months:g}), as screening follows diagnosis"
        faults.append(("recruit.run_in_months", allowed, recruit.run_in_months))
    follow = population.follow_up
    if follow.raters > 0 and follow.sites == 0:
        faults.append(("follow_up.sites", "1 or more, as raters belong to a site", follow.sites))
    if follow.rater_change > 0.0 and follow.raters < 2:
        faults.append(("follow_up.raters", "2 or more, as raters are to change", follow.raters))
    schedule = follow.schedule
    if schedule.rating <= 0.0:
        faults.append(("follow_up.schedule.rating", "above 0, as every cohort has ratings", schedule.rating))
    if schedule.capacity <= 0.0 and (criteria.svc_min is not None or criteria.svc_max is not None):
        faults.append(("follow_up.schedule.capacity", "above 0, as vital capacity is a criterion", schedule.capacity))
    return faults


def _therapy_faults(population: Population) -> list[tuple[str, str, object]]:
    faults: list[tuple[str, str, object]] = []
    for index, therapy in enumerate(population.therapies):
        faults += faults_of(therapy, f"therapies[{index}]")
    known = (*(therapy.name for therapy in population.therapies), *THERAPIES)
    names = [arm.name for arm in population.arms]
    if len(set(names)) < len(names):
        faults.append(("arms", "arms of different names", names))
    supplied = [(f"background[{index}]", one) for index, one in enumerate(population.background)]
    supplied += [
        (f"arms[{a}].gives[{g}]", one) for a, arm in enumerate(population.arms) for g, one in enumerate(arm.gives)
    ]
    for path, one in supplied:
        if one.therapy not in known:
            faults.append((f"{path}.therapy", "one of " + ", ".join(known), one.therapy))
            continue
        faults += faults_of(changed(population, one), path)
    return faults


def changed(population: Population, supplied: Given) -> Therapy:
    """A therapy as an arm gives it: its own request, with times and strengths replaced."""
    own = {therapy.name: therapy for therapy in population.therapies}
    therapy = own[supplied.therapy] if supplied.therapy in own else THERAPIES[supplied.therapy].therapy
    acts = tuple(msgspec.structs.replace(act, strength=act.strength * supplied.strength) for act in therapy.acts)
    start = therapy.start_month if supplied.start_month is None else supplied.start_month
    stop = therapy.stop_month if supplied.stop_month is None else supplied.stop_month
    return msgspec.structs.replace(therapy, acts=acts, start_month=start, stop_month=stop)


def mix_of(population: Population) -> Mix:
    """The shares of a population as the mechanism takes them."""
    people, care, recruit = population.people, population.care, population.recruit
    fallback = Mix()
    genes = tuple(people.genotypes.get(gene.name, 0.0) for gene in GENES) if people.genotypes else fallback.genes
    kinds = (
        tuple(people.phenotypes.get(row.name, 0.0) for row in PHENOTYPES) if people.phenotypes else fallback.phenotypes
    )
    pools = tuple(people.onset_regions.get(pool, 0.0) for pool in POOLS) if people.onset_regions else fallback.pools
    return Mix(
        genes=genes,
        phenotypes=kinds,
        pools=pools,
        niv=care.niv,
        gastrostomy=care.gastrostomy,
        saliva=care.saliva_drug,
        spasticity=care.spasticity_drug,
        tracheostomy=care.tracheostomy,
        lag_scale_months=recruit.lag_spread_months,
        lag_least_months=recruit.lag_months,
        stop_months=float(np.ceil(population.follow_up.months)) + 2.0,
    )
