"""Candidates in blocks: each block is lived, seen and judged by itself, so that any number of workers agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool

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
from alsight.population.frames import Group, cohort_of
from alsight.population.kernel import Observations, Plan, see
from alsight.population.mimics import disguise
from alsight.population.recruit import arms, eligible, handed_out, present, severities, sites, withdrawal
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
    """

    number: int
    people: int
    frames: dict[str, pl.DataFrame]
    truth: dict[str, pl.DataFrame]


def plan_of(population: Population) -> Plan:
    """When and how the population's people are seen."""
    follow = population.follow_up
    schedule = np.array([getattr(follow.schedule, group) for group in GROUPS])
    times = {0.0}
    for every in schedule[schedule > 0.0]:
        steps = np.arange(0.0, follow.months / every + 1e-9) * every
        times |= {round(float(time), 6) for time in steps}
    if population.recruit.run_in_months > 0.0:
        times.add(-population.recruit.run_in_months)
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


def recruit_block(population: Population, number: int, *, accepted: bool = False) -> Group:
    """The people of one block of candidates who enter."""
    p = vector(population.people.parameters)
    subjects = np.arange(number * BLOCK, (number + 1) * BLOCK, dtype=np.uint64)
    traits = draw_people(p, population.seed, subjects, mix_of(population))
    disguise(traits, population.seed, subjects, population.mimics.share, population.mimics.kinds)
    traits[:, at.T["site"]] = sites(population, subjects)
    arm = arms(population, subjects)
    therapies, assigned = handed_out(population, subjects, arm)
    scale = received(therapies, population.seed, subjects, traits, assigned)
    leaves = withdrawal(population, subjects, traits)
    until = np.minimum(population.follow_up.months, leaves)
    plan = plan_of(population)
    acts = compiled(therapies, p)
    observed = see(p, population.seed, subjects, traits, plan, acts, scale, until)
    group = Group(population, plan, subjects, traits, observed, arm, therapies, assigned, leaves)
    enters = present(observed, traits)
    enters &= eligible(observed, traits, plan, population.recruit.criteria)
    group = chosen(group, enters)
    if not accepted or group.subjects.size == 0:
        return group
    # Whole courses are large, so they are lived again for those who entered; every bit is the same.
    shorter = replace(plan, months=int(min(np.ceil(group.traits[:, at.T["stop_months"]].max()) + 1.0, LONGEST)))
    again = see(
        p, population.seed, group.subjects, group.traits, shorter, acts, scale[enters], until[enters], accepted=True
    )
    return replace(group, observed=again)


def chosen(group: Group, who: Bool[np.ndarray, " subject"]) -> Group:
    """Some people of a group."""
    observed = Observations(group.observed.visits[who], group.observed.events[who], group.observed.courses[:0])
    return replace(
        group,
        subjects=group.subjects[who],
        traits=group.traits[who],
        arm=group.arm[who],
        assigned=group.assigned[who],
        withdrawal=group.withdrawal[who],
        observed=observed,
    )


def block_of(population: Population, number: int, *, truth: bool) -> Block:
    """One block as tables."""
    group = recruit_block(population, number, accepted=truth)
    hidden = {"people": truth_people(group), "course": truth_course(group)} if truth else {}
    return Block(number, group.subjects.size, cohort_of(group).frames(), hidden)


def first_people(block: Block, count: int) -> Block:
    """The first so many people of a block."""
    if count >= block.people:
        return block
    names = block.frames["subjects"]["subject"].head(count)
    keep = pl.col("subject").is_in(names.implode())
    frames = {name: frame.filter(keep) for name, frame in block.frames.items()}
    return Block(block.number, count, frames, {name: frame.filter(keep) for name, frame in block.truth.items()})


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
    with closing(ahead(lambda number: block_of(population, number, truth=truth), workers)) as blocks:
        for whole in blocks:
            block = first_people(whole, population.size - entered)
            entered += block.people
            progress("people", entered, population.size)
            give_up(entered, (block.number + 1) * BLOCK)
            yield block
            if entered >= population.size:
                return


def give_up(entered: int, candidates: int) -> None:
    """End a run that hardly anybody enters.

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
    blocks = list(recruited(population, workers=workers, truth=truth, progress=progress))
    frames = {name: pl.concat([block.frames[name] for block in blocks]) for name in blocks[0].frames}
    hidden = {name: pl.concat([block.truth[name] for block in blocks]) for name in blocks[0].truth}
    return cohort_from(frames), hidden
