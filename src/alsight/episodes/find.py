"""Find the episodes of a cohort under every definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool

from alsight.cohort.cohort import Cohort
from alsight.cohort.endpoints import first_days
from alsight.cohort.ratings import Ratings, before, on_main_scale, ratings, scale_names, subject_names
from alsight.episodes.definition import Definition
from alsight.episodes.definitions import DEFINITIONS
from alsight.episodes.methods import METHODS, Spells
from alsight.episodes.visits import without_overlap

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
        ratings: the ratings it was applied to, each subject on one scale.
        spells: eligible people and the episodes found, no two of a subject overlapping.
    """

    rule: Definition
    ratings: Ratings
    spells: Spells

    @property
    def found(self) -> Bool[np.ndarray, " subject"]:
        """Eligible people with at least one episode."""
        found = np.zeros(self.spells.eligible.size, dtype=bool)
        found[self.ratings.subject[self.spells.end]] = True
        return found & self.spells.eligible


def judge(cohort: Cohort, definitions: Sequence[Definition] = DEFINITIONS) -> list[Judged]:
    """Every definition applied to a cohort; the ratings are made once, and selected once for each set of scales."""
    whole = ratings(cohort)
    selections: dict[tuple[object, ...], Ratings] = {}
    assessed: list[Judged] = []
    for rule in definitions:
        key = (*rule.scales, rule.stop_at_tracheostomy)
        if key not in selections:
            some = before(whole, first_days(cohort, ("tracheostomy",))) if rule.stop_at_tracheostomy else whole
            selections[key] = on_main_scale(some, rule.scales)
        rated = selections[key]
        assessed.append(Judged(rule, rated, _accepted(rated, METHODS[rule.method](rated, rule))))
    return assessed


def _accepted(rated: Ratings, spells: Spells) -> Spells:
    """Spells that share no visit: a subject's longest, of equally long ones the earliest, then the next longest."""
    subject, length = rated.subject[spells.end], rated.day[spells.end] - rated.day[spells.held]
    ranked = np.lexsort((spells.start, -length, subject))
    index = without_overlap(ranked, subject, spells.start, spells.end)
    return replace(
        spells, start=spells.start[index], held=spells.held[index], end=spells.end[index], size=spells.size[index]
    )


def find_episodes(cohort: Cohort, definitions: Sequence[Definition] = DEFINITIONS) -> pl.DataFrame:
    """Every episode of every subject under every definition, one row each, as observed, whatever the noise of a rating.

    Under one definition a subject's episodes share no visit: from each visit the longest spell counts, and where
    several overlap the longest stands.

    Returns:
        Columns of EPISODES. `change` is the end's minus the start's score [points]; `size` the quantity that the
        definition's `points` bound (range of a run, slope, held gain, gain in slope); `held_from_day` the first day of
        the higher level for held gains, else the start.
    """
    return episode_frame(judge(cohort, definitions))


def episode_frame(assessed: Sequence[Judged]) -> pl.DataFrame:
    """The episodes of definitions already applied, in the order of definitions, subjects and days."""
    return pl.concat([_frame(one) for one in assessed]) if assessed else pl.DataFrame(schema=EPISODES)


def _frame(assessed: Judged) -> pl.DataFrame:
    rated, spells, rule = assessed.ratings, assessed.spells, assessed.rule
    subject = rated.subject[spells.end]
    start, end = rated.total[spells.start], rated.total[spells.end]
    columns = {
        "subject": subject_names(rated).gather(subject),
        "definition": pl.repeat(rule.name, subject.size, eager=True),
        "kind": pl.repeat(rule.kind, subject.size, eager=True),
        "scale": scale_names(rated.main_scale[subject]),
        "start_day": rated.day[spells.start],
        "end_day": rated.day[spells.end],
        "start_score": start,
        "end_score": end,
        "change": end - start,
        "visits": spells.end - spells.start + 1,
        "held_from_day": rated.day[spells.held],
        "size": spells.size,
    }
    return pl.DataFrame(columns, schema_overrides=EPISODES)
