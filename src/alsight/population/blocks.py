"""Candidates in blocks: each block is lived, seen and assessed by itself, so that any number of workers agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Int64, UInt64

from alsight.base.compiled import ahead
from alsight.base.errors import RunError, SpecError
from alsight.base.progress import Progress, silent
from alsight.base.provenance import Provenance
from alsight.cohort.cohort import Cohort
from alsight.mechanism import layout as at
from alsight.mechanism.disease.people import draw_people
from alsight.mechanism.measure.visits import GROUPS
from alsight.mechanism.parameters import vector
from alsight.mechanism.therapy.act import compiled, received
from alsight.population.allocation import Allocation, blocked, simple
from alsight.population.criteria import RANGES
from alsight.population.entry import QUANTITIES, Seen, first_reason, reasons_of, seen_at
from alsight.population.frames import Group, cohort_of
from alsight.population.kernel import Observations, Plan, see
from alsight.population.mimics import disguise
from alsight.population.recruit import handed_out, present, severities, sites, withdrawal
from alsight.population.spec import Population, faults_of_population, mix_of
from alsight.population.truth import truth_course, truth_people

BLOCK: Final = 1024
"""Candidates in a block; part of the contract, since shards are named by block."""
LONGEST: Final = 720
"""Months since onset that anyone is followed."""
RARE: Final = 200_000
"""Candidates after which a population that no one enters is given up."""


@dataclass(frozen=True)
class Block:
    """One block's recruits: tables by name, truth tables beside them.

    Attributes:
        number: which block.
        people: how many entered.
        frames: dictionary tables of those people.
        truth: hidden tables, empty unless asked for.
        screened: one row a candidate: number and why it did not enter, a place in `reasons_of`.
    """

    number: int
    people: int
    frames: dict[str, pl.DataFrame]
    truth: dict[str, pl.DataFrame]
    screened: pl.DataFrame


def plan_of(population: Population) -> Plan:
    """When and how the population's people are seen."""
    follow = population.follow_up
    schedule = np.array([getattr(follow.schedule, group) for group in GROUPS])
    times = {0.0}
    for every in schedule[schedule > 0.0]:
        steps = np.arange(0.0, follow.months / every + 1e-9) * every
        times |= {round(float(time), 6) for time in steps}
    run_in, visits = population.recruit.run_in_months, population.recruit.run_in_visits
    if run_in > 0.0:
        times |= {-run_in * (visits - visit) / visits for visit in range(visits)}
    style = np.array(
        [
            follow.jitter_days,
            follow.missed,
            follow.missed_when_disabled,
            follow.telephone,
            follow.telephone_when_disabled,
            follow.rater_change,
        ]
    )
    return Plan(np.array(sorted(times)), schedule, style, LONGEST, severities(population))


def recruit_block(
    population: Population, number: int, *, accepted: bool = False, allocation: Allocation | None = None
) -> Group:
    """The people of one block of candidates who enter; with an allocation, those whom it names, in its arms."""
    return screened_block(population, number, accepted=accepted, allocation=allocation)[0]


def screened_block(
    population: Population, number: int, *, accepted: bool = False, allocation: Allocation | None = None
) -> tuple[Group, Int64[np.ndarray, " candidate"]]:
    """The people of one block who enter, and of every candidate of it the reason, a place in `reasons_of`.

    Args:
        population: what to simulate.
        number: which block.
        accepted: whether whole courses are kept.
        allocation: arms of the people who enter, where they were assigned in blocks; else arms are drawn one by one.
    """
    p = vector(population.people.parameters)
    subjects = np.arange(number * BLOCK, (number + 1) * BLOCK, dtype=np.uint64)
    traits = draw_people(p, population.seed, subjects, mix_of(population))
    disguise(traits, population.seed, subjects, population.mimics.share, population.mimics.kinds)
    traits[:, at.T["site"]] = sites(population, subjects)
    arm = assigned_arms(population, subjects, allocation)
    therapies, assigned = handed_out(population, subjects, arm)
    scale = received(therapies, population.seed, subjects, traits, assigned)
    leaves = withdrawal(population, subjects, traits)
    until = np.minimum(population.follow_up.months, leaves)
    plan = plan_of(population)
    acts = compiled(therapies, p)
    observed = see(p, population.seed, subjects, traits, plan, acts, scale, until)
    group = Group(population, plan, subjects, traits, observed, arm, therapies, assigned, leaves)
    reason = reason_of(group)
    enters = reason == len(reasons_of(population.recruit.screening, population.recruit.criteria)) - 1
    if allocation is not None:
        enters = np.isin(subjects, allocation.subjects)
    group = chosen(group, enters)
    if not accepted or group.subjects.size == 0:
        return group, reason
    # Whole courses are large, so they are lived again for those who entered; every bit is the same.
    shorter = replace(plan, months=int(min(np.ceil(group.traits[:, at.T["stop_months"]].max()) + 1.0, LONGEST)))
    again = see(
        p, population.seed, group.subjects, group.traits, shorter, acts, scale[enters], until[enters], accepted=True
    )
    return replace(group, observed=again), reason


def views(group: Group) -> tuple[Seen, Seen]:
    """What the screening visit and the entry visit show of a group."""
    first, entry = (
        seen_at(
            group.observed,
            group.traits,
            group.plan,
            screening=screening,
            therapies=group.therapies,
            assigned=group.assigned,
        )
        for screening in (True, False)
    )
    return first, entry


def reason_of(group: Group) -> Int64[np.ndarray, " candidate"]:
    """Why each candidate does not enter, or that it does: a place in `reasons_of`."""
    recruit = group.population.recruit
    first, entry = views(group)
    return first_reason(present(group.observed, group.traits), entry, first, recruit.screening, recruit.criteria)


def assigned_arms(
    population: Population, subjects: UInt64[np.ndarray, " subject"], allocation: Allocation | None
) -> Int64[np.ndarray, " subject"]:
    """Arm of each candidate; -1 without arms, and, where arms are assigned in blocks, for those who did not enter."""
    if allocation is not None:
        place = np.searchsorted(allocation.subjects, subjects).clip(0, max(allocation.subjects.size - 1, 0))
        if allocation.subjects.size == 0:
            return np.full(subjects.size, -1)
        return np.where(allocation.subjects[place] == subjects, allocation.arm[place], -1)
    if population.randomization.kind == "blocked":
        return np.full(subjects.size, -1)
    return simple(population.seed, subjects, tuple(arm.ratio for arm in population.arms))


def strata_of(group: Group) -> Int64[np.ndarray, "subject factor"]:
    """Level of each factor that randomization is stratified by, for each person of a group."""
    chosen_by, traits = group.population.randomization, group.traits
    _, entry = views(group)
    background = len(group.population.background)
    taken = (group.assigned[:, :background] > 0.0) & (
        np.array([therapy.start_month for therapy in group.therapies[:background]]) <= 0.0
    )
    factors = {
        "site": traits[:, at.T["site"]],
        "onset": traits[:, at.T["onset_pool"]] == 0.0,
        "sex": traits[:, at.T["male"]],
        "genotype": traits[:, at.T["genotype"]] > 0.0,
        "drugs": taken @ (2.0 ** np.arange(background)) if background else np.zeros(traits.shape[0]),
    }
    columns = [factors[name].astype(int) for name in chosen_by.strata]
    columns += [
        np.searchsorted(np.array(chosen_by.cuts[rule.name]), QUANTITIES[rule.name](entry), side="right")
        for rule in RANGES
        if rule.name in chosen_by.cuts
    ]
    return np.stack(columns, axis=1) if columns else np.zeros((traits.shape[0], 0), int)


def allocate(population: Population, *, workers: int = 1) -> Allocation | None:
    """Arms in permuted blocks within strata, in the order of entry; None where arms are drawn one by one.

    Nothing that an arm gives acts before entry, so people are recruited first and live again with their arms.

    Raises:
        RunError: hardly any candidate meets the criteria.
    """
    if population.randomization.kind != "blocked":
        return None
    subjects: list[UInt64[np.ndarray, " subject"]] = []
    strata: list[Int64[np.ndarray, "subject factor"]] = []
    entered = 0
    with closing(ahead(lambda number: recruit_block(population, number), workers)) as groups:
        for number, group in enumerate(groups):
            subjects.append(group.subjects)
            strata.append(strata_of(group))
            entered += group.subjects.size
            give_up(entered, (number + 1) * BLOCK)
            if entered >= population.size:
                break
    ratios = tuple(arm.ratio for arm in population.arms)
    people = np.concatenate(subjects)[: population.size]
    levels = np.concatenate(strata)[: population.size]
    return Allocation(people, blocked(population.seed, levels, ratios, population.randomization.block))


def chosen(group: Group, who: Bool[np.ndarray, " subject"]) -> Group:
    """Some people of a group."""
    kept = group.observed.states
    states = kept[who] if kept.shape[0] == who.size else kept[:0]
    observed = Observations(group.observed.visits[who], group.observed.events[who], group.observed.courses[:0], states)
    return replace(
        group,
        subjects=group.subjects[who],
        traits=group.traits[who],
        arm=group.arm[who],
        assigned=group.assigned[who],
        withdrawal=group.withdrawal[who],
        observed=observed,
    )


def block_of(population: Population, number: int, *, truth: bool, allocation: Allocation | None = None) -> Block:
    """One block as tables."""
    group, reason = screened_block(population, number, accepted=truth, allocation=allocation)
    hidden = {"people": truth_people(group), "course": truth_course(group)} if truth else {}
    numbers = np.arange(number * BLOCK, (number + 1) * BLOCK, dtype=np.uint64)
    screened = pl.DataFrame({"candidate": numbers, "reason": reason.astype(np.uint8)})
    return Block(number, group.subjects.size, cohort_of(group).frames(), hidden, screened)


def first_people(block: Block, count: int) -> Block:
    """The first so many people of a block."""
    if count >= block.people:
        return block
    names = block.frames["subjects"]["subject"].head(count)
    keep = pl.col("subject").is_in(names.implode())
    frames = {name: frame.filter(keep) for name, frame in block.frames.items()}
    hidden = {name: frame.filter(keep) for name, frame in block.truth.items()}
    return Block(block.number, count, frames, hidden, block.screened)


def flow_of(population: Population, counts: Mapping[int, int]) -> pl.DataFrame:
    """Flow of participants: candidates, those screened, those excluded by each rule (the first that fails), enrolled.

    Args:
        population: whose rules were assessed.
        counts: candidates by reason, a place in `reasons_of`.
    """
    names = reasons_of(population.recruit.screening, population.recruit.criteria)
    found = [counts.get(place, 0) for place in range(len(names))]
    rows = [("candidates", "", sum(found)), ("unavailable", "", found[0]), ("screened", "", sum(found[1:]))]
    rows += [("excluded", name, count) for name, count in zip(names[1:-1], found[1:-1], strict=True)]
    rows.append(("enrolled", "", found[-1]))
    return pl.DataFrame(rows, schema={"step": pl.String, "rule": pl.String, "people": pl.Int64}, orient="row")


def counted(screened: pl.DataFrame) -> dict[int, int]:
    """Candidates by reason."""
    table = screened.group_by("reason").len()
    return {int(reason): int(count) for reason, count in table.iter_rows()}


def checked(population: Population) -> Population:
    """The population, if it makes sense.

    Raises:
        SpecError: every fault at once, before anything runs.
    """
    faults = faults_of_population(population)
    if faults:
        raise SpecError(faults)
    return population


def recruited(
    population: Population, *, workers: int = 1, truth: bool = False, progress: Progress = silent
) -> Iterator[Block]:
    """Blocks of recruits in order until the population's size is reached; the last one is cut.

    Raises:
        SpecError: the population makes no sense.
        RunError: hardly any candidate meets the criteria.
    """
    checked(population)
    entered = 0
    allocation = allocate(population, workers=workers)
    made = partial(block_of, population, truth=truth, allocation=allocation)
    with closing(ahead(made, workers)) as blocks:
        for whole in blocks:
            block = first_people(whole, population.size - entered)
            entered += block.people
            progress("people", entered, population.size)
            give_up(entered, (block.number + 1) * BLOCK)
            yield block
            if entered >= population.size:
                return


def give_up(entered: int, candidates: int) -> None:
    """End a run that hardly anyone enters.

    Raises:
        RunError: fewer than one candidate in ten thousand entered, of many.
    """
    if candidates >= RARE and entered < candidates * 1e-4:
        raise RunError(
            f"Only {entered} of {candidates} candidates met the criteria: "
            "widen recruit.criteria or change people, then run again."
        )


def cohort_from(frames: Mapping[str, pl.DataFrame], made: Provenance | None = None) -> Cohort:
    """A cohort of the five tables by name."""
    return Cohort(
        subjects=frames["subjects"],
        visits=frames["visits"],
        measures=frames["measures"],
        events=frames["events"],
        doses=frames["doses"],
        provenance=made,
    )


def simulate_cohort(
    population: Population, *, workers: int = 1, truth: bool = False, progress: Progress = silent
) -> tuple[Cohort, dict[str, pl.DataFrame]]:
    """A whole cohort in memory, and the truth tables where asked for.

    Raises:
        SpecError: the population makes no sense.
        RunError: hardly any candidate meets the criteria.
    """
    return simulated(population, workers=workers, truth=truth, progress=progress)[:2]


def simulated(
    population: Population, *, workers: int = 1, truth: bool = False, progress: Progress = silent
) -> tuple[Cohort, dict[str, pl.DataFrame], pl.DataFrame]:
    """A whole cohort in memory, the truth tables where asked for, and the flow of participants.

    Raises:
        SpecError: the population makes no sense.
        RunError: hardly any candidate meets the criteria.
    """
    blocks = list(recruited(population, workers=workers, truth=truth, progress=progress))
    frames = {name: pl.concat([block.frames[name] for block in blocks]) for name in blocks[0].frames}
    hidden = {name: pl.concat([block.truth[name] for block in blocks]) for name in blocks[0].truth}
    last = int(str(frames["subjects"]["subject"].max())[1:])
    screened = pl.concat([block.screened for block in blocks]).filter(pl.col("candidate") <= last)
    flow = flow_of(population, counted(screened))
    return cohort_from(frames), hidden, flow
