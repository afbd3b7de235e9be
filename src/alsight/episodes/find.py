"""Find the episodes of a cohort under every definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Int

from alsight.cohort.cohort import Cohort
from alsight.episodes.courses import Courses, courses
from alsight.episodes.definition import Definition
from alsight.episodes.definitions import DEFINITIONS
from alsight.episodes.methods import METHODS, Spells

EPISODES: Final = {
    "subject": pl.String,
    "definition": pl.String,
    "kind": pl.String,
    "scale": pl.String,
    "start_day": pl.Int32,
    "end_day": pl.Int32,
    "start_score": pl.Float64,
    "end_score": pl.Float64,
    "change": pl.Float64,
    "visits": pl.UInt32,
    "held_from_day": pl.Int32,
    "size": pl.Float64,
}
"""Columns of the table of episodes."""


@dataclass(frozen=True)
class Judged:
    """One definition applied to a cohort.

    Attributes:
        rule: the definition.
        courses: the scores it was applied to.
        spells: eligible people and the episodes found, no two of a person overlapping.
    """

    rule: Definition
    courses: Courses
    spells: Spells

    @property
    def found(self) -> Bool[np.ndarray, " people"]:
        """Eligible people with at least one episode."""
        found = np.zeros(self.spells.eligible.size, dtype=bool)
        found[self.courses.person[self.spells.end]] = True
        return found & self.spells.eligible


def judge(cohort: Cohort, definitions: Sequence[Definition] = DEFINITIONS) -> list[Judged]:
    """Every definition applied to a cohort; the scores are laid out once for each set of scales."""
    layouts: dict[tuple[object, ...], Courses] = {}
    judged: list[Judged] = []
    for rule in definitions:
        key = (*rule.scales, rule.stop_at_tracheostomy)
        if key not in layouts:
            layouts[key] = courses(cohort, rule.scales, stop_at_tracheostomy=rule.stop_at_tracheostomy)
        course = layouts[key]
        judged.append(Judged(rule, course, _apart(course, METHODS[rule.method](course, rule))))
    return judged


def _apart(course: Courses, spells: Spells) -> Spells:
    """The spells that remain when a person's longest is kept and all that share a visit with it go, and so on.

    Of equally long ones the earliest is kept. One round settles one episode of every person.
    """
    person = course.person[spells.end]
    length = course.day[spells.end] - course.day[spells.held]
    order = np.lexsort((spells.start, -length, person))
    kept: list[Int[np.ndarray, " kept"]] = []
    while order.size:
        head = np.flatnonzero(np.diff(person[order], prepend=-1))
        chosen = order[head]
        kept.append(chosen)
        rival = np.repeat(chosen, np.diff(np.append(head, order.size)))
        overlaps = (spells.start[order] <= spells.end[rival]) & (spells.end[order] >= spells.start[rival])
        order = order[~overlaps]
    places = np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64)
    places = places[np.lexsort((spells.start[places], person[places]))]
    return replace(
        spells,
        start=spells.start[places],
        held=spells.held[places],
        end=spells.end[places],
        size=spells.size[places],
    )


def find_episodes(cohort: Cohort, definitions: Sequence[Definition] = DEFINITIONS) -> pl.DataFrame:
    """Every episode of every person under every definition, one row each, as observed: no noise is weighed.

    Under one definition a person's episodes share no visit: from each visit the longest spell counts, and where several
    overlap the longest stands.

    Returns:
        Columns of EPISODES. `change` is the end's minus the start's score [points]; `size` the quantity that the
        definition's `points` bound (range of a run, slope, held gain, gain in slope); `held_from_day` the first day of
        the higher level for held gains, else the start.
    """
    return episode_frame(judge(cohort, definitions))


def episode_frame(judged: Sequence[Judged]) -> pl.DataFrame:
    """The episodes of definitions already applied, in the order of definitions, people and days."""
    return pl.concat([_frame(one) for one in judged]) if judged else pl.DataFrame(schema=EPISODES)


def _frame(judged: Judged) -> pl.DataFrame:
    course, spells, rule = judged.courses, judged.spells, judged.rule
    person = course.person[spells.end]
    start, end = course.score[spells.start], course.score[spells.end]
    columns = {
        "subject": course.subjects.gather(person),
        "definition": pl.repeat(rule.name, person.size, eager=True),
        "kind": pl.repeat(rule.kind, person.size, eager=True),
        "scale": course.scale.gather(person),
        "start_day": course.day[spells.start],
        "end_day": course.day[spells.end],
        "start_score": start,
        "end_score": end,
        "change": end - start,
        "visits": spells.end - spells.start + 1,
        "held_from_day": course.day[spells.held],
        "size": spells.size,
    }
    return pl.DataFrame(columns, schema_overrides=EPISODES)
