"""A population as a request: who falls ill, who is recruited, how they are followed, cared for and treated."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
import numpy as np

from alsight.base.errors import SpecError
from alsight.base.spec import Spec, one_of
from alsight.base.units import DAYS_PER_MONTH
from alsight.knowledge.therapies import find
from alsight.mechanism.anatomy import POOLS
from alsight.mechanism.classes import GENES, PHENOTYPES
from alsight.mechanism.disease.people import Mix
from alsight.mechanism.parameters import vector
from alsight.mechanism.therapy.act import Share, Therapy, faults_of
from alsight.mechanism.therapy.catalog import THERAPIES
from alsight.population.allocation import Randomization, faults_of_randomization
from alsight.population.criteria import Criteria, asked, faults_of_criteria, needed
from alsight.population.mimics import MIMICS, SHARE

Months = Annotated[float, msgspec.Meta(ge=0.0, le=600.0)]
Every = Annotated[float, msgspec.Meta(ge=0.0, le=60.0)]
Weight = Annotated[float, msgspec.Meta(ge=0.0)]
Start = Annotated[float, msgspec.Meta(ge=-600.0, le=600.0)]

LEAST_INTERVAL_DAYS: Final = 7.0
"""Shortest interval of visits; days are whole, and a rating asks about the last week or so."""
STEADY: Final = 3.0
"""A visit's day varies by no more than the shortest interval divided by this, so that visits keep their order."""


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


class Recruit(Spec, frozen=True, kw_only=True):
    """Where the people come from.

    Attributes:
        kind: a register enters people at diagnosis, a trial some months later and by criteria.
        lag_months: shortest time from diagnosis to entry.
        lag_spread_months: scale of the gamma-distributed time on top (shape 1.2); 0 for none.
        run_in_months: screening visit so long before entry; 0 for none.
        run_in_visits: visits from screening on, evenly spaced, before entry.
        screening: rules assessed at the screening visit.
        criteria: rules assessed at entry.
    """

    kind: Literal["register", "trial"] = "register"
    lag_months: Months = 0.0
    lag_spread_months: Months = 0.0
    run_in_months: Annotated[float, msgspec.Meta(ge=0.0, le=24.0)] = 0.0
    run_in_visits: Annotated[int, msgspec.Meta(ge=1, le=24)] = 1
    screening: Criteria = Criteria()
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
        therapy: a name of this file's therapies or of the catalog, also a brand name or synonym.
        uptake: share of the arm's people who get it.
        strength: multiplier of every act's strength.
        start_month: replaces the therapy's own start, below 0 before its origin; a course that ends moves along.
        stop_month: replaces the therapy's own end.
    """

    therapy: str
    uptake: Share = 1.0
    strength: Annotated[float, msgspec.Meta(ge=0.0, le=10.0)] = 1.0
    start_month: Start | None = None
    stop_month: Start | None = None


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
        background: therapies that anyone may be on, whatever the arm; one named twice is taken in one way at most.
        arms: randomized arms; empty for none.
        randomization: how arms are assigned.
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
    randomization: Randomization = Randomization()
    therapies: tuple[Therapy, ...] = ()


_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "people.genotypes": tuple(gene.name for gene in GENES),
    "people.phenotypes": tuple(phenotype.name for phenotype in PHENOTYPES),
    "people.onset_regions": POOLS,
    "mimics.kinds": tuple(mimic.name for mimic in MIMICS),
}
REGISTER_MIMIC_SHARE: Final = SHARE


def faults_of_population(population: Population) -> list[tuple[str, str, object]]:
    """Everything that field types cannot refuse by themselves, with path, what is allowed and what was given."""
    faults: list[tuple[str, str, object]] = []
    for path, allowed in _NAMES.items():
        table: object = population
        for part in path.split("."):
            table = getattr(table, part)
        assert isinstance(table, dict)
        faults += [(f"{path}.{name}", one_of(name, allowed), name) for name in table if name not in allowed]
        if table and sum(table.values()) <= 0.0:
            faults.append((path, "at least one share above 0", dict(table)))
    try:
        vector(population.people.parameters, "people.parameters")
    except SpecError as error:
        faults += error.faults
    faults += _recruit_faults(population) + _follow_up_faults(population)
    return faults + _therapy_faults(population) + _arm_faults(population)


def _recruit_faults(population: Population) -> list[tuple[str, str, object]]:
    faults: list[tuple[str, str, object]] = []
    recruit, schedule = population.recruit, population.follow_up.schedule
    taken = tuple(dict.fromkeys(canonical(population, one.therapy) or one.therapy for one in population.background))
    for part in ("screening", "criteria"):
        rules: Criteria = getattr(recruit, part)
        faults += faults_of_criteria(rules, f"recruit.{part}", taken)
        for group, rule in needed(rules).items():
            every = getattr(schedule, group)
            if every <= 0.0:
                faults.append((f"follow_up.schedule.{group}", f"above 0, as {rule} is a rule", every))
        if "run_in_loss" in asked(rules) and recruit.run_in_months <= 0.0:
            faults.append(("recruit.run_in_months", "above 0, as a run-in loss is asked for", recruit.run_in_months))
    if "run_in_loss" in asked(recruit.screening):
        faults.append(("recruit.screening.run_in_loss_min", "a rule of recruit.criteria", "a loss since screening"))
    if recruit.run_in_months <= 0.0 and (asked(recruit.screening) or recruit.run_in_visits > 1):
        faults.append(("recruit.run_in_months", "above 0, as there are visits or rules before entry", 0.0))
    if recruit.run_in_months > recruit.lag_months:
        allowed = f"at most recruit.lag_months ({recruit.lag_months:g}), as screening follows diagnosis"
        faults.append(("recruit.run_in_months", allowed, recruit.run_in_months))
    return faults


def _follow_up_faults(population: Population) -> list[tuple[str, str, object]]:
    faults: list[tuple[str, str, object]] = []
    follow, recruit = population.follow_up, population.recruit
    if follow.raters > 0 and follow.sites == 0:
        faults.append(("follow_up.sites", "1 or more, as raters belong to a site", follow.sites))
    if follow.rater_change > 0.0 and follow.raters < 2:
        faults.append(("follow_up.raters", "2 or more, as raters are to change", follow.raters))
    if follow.schedule.rating <= 0.0:
        faults.append(("follow_up.schedule.rating", "above 0, as every cohort has ratings", follow.schedule.rating))
    least = LEAST_INTERVAL_DAYS / DAYS_PER_MONTH
    every = {f"follow_up.schedule.{name}": float(getattr(follow.schedule, name)) for name in Schedule.__struct_fields__}
    faults += [
        (path, f"0 (never) or at least {least:.2f} months ({LEAST_INTERVAL_DAYS:g} days)", months)
        for path, months in every.items()
        if 0.0 < months < least * (1.0 - 1e-6) - 1e-3
    ]
    shortest = min((months for months in every.values() if months > 0.0), default=60.0) * DAYS_PER_MONTH
    if follow.jitter_days > shortest / STEADY:
        allowed = f"at most {shortest / STEADY:.1f}, a third of the shortest interval ({shortest:.0f} days)"
        faults.append(("follow_up.jitter_days", allowed, follow.jitter_days))
    if 0.0 < recruit.run_in_months < least * recruit.run_in_visits - 1e-3:
        allowed = f"at least {least * recruit.run_in_visits:.2f}, as visits are {LEAST_INTERVAL_DAYS:g} days apart"
        faults.append(("recruit.run_in_months", allowed, recruit.run_in_months))
    return faults


def _therapy_faults(population: Population) -> list[tuple[str, str, object]]:
    faults: list[tuple[str, str, object]] = []
    own = [therapy.name for therapy in population.therapies]
    for index, therapy in enumerate(population.therapies):
        faults += faults_of(therapy, f"therapies[{index}]")
        if therapy.name in own[:index]:
            faults.append((f"therapies[{index}].name", "a name that no other therapy of this file has", therapy.name))
        if therapy.name in THERAPIES:
            faults.append((f"therapies[{index}].name", "a name that the catalog does not have", therapy.name))
    supplied = [(f"background[{index}]", one) for index, one in enumerate(population.background)]
    supplied += [
        (f"arms[{a}].gives[{g}]", one) for a, arm in enumerate(population.arms) for g, one in enumerate(arm.gives)
    ]
    for path, one in supplied:
        if canonical(population, one.therapy) is None:
            faults.append((f"{path}.therapy", _no_therapy(one.therapy, (*own, *THERAPIES)), one.therapy))
            continue
        faults += faults_of(changed(population, one), path)
    return faults


def _no_therapy(name: str, known: tuple[str, ...]) -> str:
    row = find(name)
    if row is None:
        return one_of(name, known)
    return f"a therapy that can be simulated, which {row.name} is not; the nearest one is {row.nearest}"


def _arm_faults(population: Population) -> list[tuple[str, str, object]]:
    """Arms of one name, a therapy given twice to one person, blocks that the ratios do not divide."""
    faults: list[tuple[str, str, object]] = []
    names = [arm.name for arm in population.arms]
    if len(set(names)) < len(names):
        faults.append(("arms", "arms of different names", names))
    uptake: dict[str, float] = {}
    for index, one in enumerate(population.background):
        name = canonical(population, one.therapy) or one.therapy
        before, uptake[name] = uptake.get(name, 0.0), uptake.get(name, 0.0) + one.uptake
        if uptake[name] > 1.0 + 1e-9:
            allowed = f"at most {max(1.0 - before, 0.0):g}, as no one takes {name} twice"
            faults.append((f"background[{index}].uptake", allowed, one.uptake))
    for a, arm in enumerate(population.arms):
        given: set[str] = set()
        for g, one in enumerate(arm.gives):
            name, path = canonical(population, one.therapy) or one.therapy, f"arms[{a}].gives[{g}].therapy"
            if name in given:
                faults.append((path, "a therapy that this arm does not give already", one.therapy))
            if name in uptake:
                faults.append(
                    (path, "a therapy that is not in the background, or some would get it twice", one.therapy)
                )
            given.add(name)
    ratios = tuple(arm.ratio for arm in population.arms)
    follow = population.follow_up
    never = frozenset(name for name in Schedule.__struct_fields__ if getattr(follow.schedule, name) <= 0.0)
    return faults + faults_of_randomization(population.randomization, ratios, follow.sites, never)


def canonical(population: Population, name: str) -> str | None:
    """The therapy that a name means: of this file, of the catalog, or of the catalog by brand name or synonym."""
    if name in THERAPIES or any(therapy.name == name for therapy in population.therapies):
        return name
    row = find(name)
    return row.name if row is not None and row.name in THERAPIES else None


def changed(population: Population, supplied: Given) -> Therapy:
    """A therapy as an arm gives it: its own request, with times and strengths replaced.

    A start alone moves a therapy that ends: a single course stays a single course.
    """
    own = {therapy.name: therapy for therapy in population.therapies}
    name = canonical(population, supplied.therapy) or supplied.therapy
    therapy = own[name] if name in own else THERAPIES[name].therapy
    acts = tuple(msgspec.structs.replace(act, strength=act.strength * supplied.strength) for act in therapy.acts)
    start = therapy.start_month if supplied.start_month is None else supplied.start_month
    stop = supplied.stop_month
    if stop is None and therapy.stop_month is not None:
        stop = start + therapy.stop_month - therapy.start_month
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
