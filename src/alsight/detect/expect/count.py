"""Simulate natural history under every shipped parameter set and mark who meets each rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from jaxtyping import Bool

from alsight.base.compiled import on_threads
from alsight.base.errors import RunError, request_field
from alsight.base.progress import Progress
from alsight.calibrate.ensemble import Member, ensemble
from alsight.calibrate.populations import joined, rated
from alsight.detect.expect.people import LATEST, RunIn, needs
from alsight.episodes.definition import Definition
from alsight.episodes.find import judge
from alsight.population.blocks import BLOCK, recruit_block
from alsight.population.frames import Group
from alsight.population.recruit import eligible
from alsight.population.spec import Population

CHUNK: Final = 2
"""Blocks of candidates assessed at once, so that memory stays bounded."""
PATIENCE: Final = 32
"""Candidates tried for each person asked for, before fewer have to do."""
FEWEST: Final = 100
"""People who must enter for anything to be said."""


@dataclass(frozen=True)
class RuleMarks:
    """People of one parameter set and what they met.

    Attributes:
        name: of the set.
        candidates: virtual people tried.
        admitted: who passes the run-in; everyone who enters where there is none.
        eligible: who is in the denominator of each rule.
        found: who of them meets it.
    """

    name: str
    candidates: int
    admitted: Bool[np.ndarray, " people"]
    eligible: Bool[np.ndarray, "rule people"]
    found: Bool[np.ndarray, "rule people"]


def lived(population: Population, member: Member, seed: int) -> Population:
    """The population under one parameter set; numbers that the population itself changes stay changed."""
    parameters = {**member.parameters, **population.people.parameters}
    people = msgspec.structs.replace(population.people, parameters=parameters)
    return msgspec.structs.replace(population, people=people, seed=seed)


def marked(group: Group, rules: Sequence[Definition], months: float) -> tuple[np.ndarray, np.ndarray]:
    """Who is eligible for and who meets each rule: fixed epochs with their late visits, the others within a time."""
    fits = np.zeros((2, len(rules), group.subjects.size), bool)
    for fixed in (False, True):
        places = [index for index, rule in enumerate(rules) if (rule.timing == "fixed") is fixed]
        if not places:
            continue
        longest = max([needs(rules[index]) + LATEST for index in places]) if fixed else months
        for index, assessed in zip(
            places, judge(rated(group, longest), [rules[index] for index in places]), strict=True
        ):
            fits[0, index], fits[1, index] = assessed.spells.eligible, assessed.found
    return fits[0], fits[1]


def counted(
    population: Population,
    rules: Sequence[Definition],
    months: float,
    run_in: RunIn | None,
    people: int,
    report: Callable[[int], None],
) -> RuleMarks:
    """People of one parameter set, block after block, until enough have passed the run-in."""
    admitted: list[np.ndarray] = []
    eligible_: list[np.ndarray] = []
    found: list[np.ndarray] = []
    passed, number = 0, 0
    while passed < people and number * BLOCK < PATIENCE * people:
        group = joined([recruit_block(population, block) for block in range(number, number + CHUNK)])
        number += CHUNK
        who = np.ones(group.subjects.size, bool)
        if run_in is not None:
            who = eligible(group.observed, group.traits, group.plan, run_in.criteria())
        fits, meets = marked(group, rules, months)
        admitted.append(who)
        eligible_.append(fits)
        found.append(meets)
        passed += int(who.sum())
        report(min(passed, people))
    return RuleMarks(
        population.name,
        number * BLOCK,
        np.concatenate(admitted),
        np.concatenate(eligible_, axis=1),
        np.concatenate(found, axis=1),
    )


def simulated(
    population: Population,
    rules: Sequence[Definition],
    months: float,
    run_in: RunIn | None,
    *,
    people: int,
    seed: int,
    workers: int,
    progress: Progress,
) -> list[RuleMarks]:
    """The people of every shipped parameter set, each with draws of its own; any number of workers agree.

    Raises:
        RunError: hardly any candidate enters.
    """
    members = ensemble().members
    done = [0] * len(members)

    def one(index: int) -> RuleMarks:
        def report(passed: int) -> None:
            done[index] = passed
            progress("simulating natural history", sum(done), people * len(members))

        named = msgspec.structs.replace(lived(population, members[index], seed + index), name=members[index].name)
        return counted(named, rules, months, run_in, people, report)

    marks = on_threads(one, range(len(members)), workers)
    least = min(int(mark.admitted.sum()) for mark in marks)
    if least < FEWEST:
        raise RunError(
            f"Only {least} of {marks[0].candidates:,} candidates entered: widen the population's criteria or the "
            f"run-in rule, or ask for more with {request_field('people')}."
        )
    return marks
