"""Compiled loops over people: likelihood and scores of each."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numba as nb
import numpy as np

from alsight.base.streams_numba import fold, uniform
from alsight.infer.filter.numbers import source_digest
from alsight.infer.filter.particles import filter_person
from alsight.infer.filter.placing import guess_spell, learn
from alsight.infer.filter.scores import add_scores, make_course
from alsight.infer.filter.state import make_room, person_of
from alsight.infer.filter.weights import systematic, total_weight
from alsight.mechanism.numerics import STRICT


@nb.njit(**STRICT)
def score_person(
    person: Any, numbers: Any, guess: Any, room: Any, course: Any, key: Any, count: int, courses: int, out: Any
) -> float:
    """Log likelihood of one person, and derivatives averaged over some drawn courses; out is cleared first."""
    value = filter_person(person, numbers, guess, room, key, count)
    out[:] = 0.0
    if courses > 0:
        total = total_weight(room.log_weight, count)[0]
        draws = fold(key, np.uint64(5))
        systematic(room.log_weight, total, count, courses, uniform(draws, 0), room.chosen)
        width = person.score.shape[0] + 2
        for c in range(courses):
            add_scores(person, numbers, room, room.chosen[c], course, draws, 1 + c * width, out)
        out /= courses
    return value


@nb.njit(**STRICT)
def pilot(person: Any, numbers: Any, guess: Any, room: Any, key: Any, count: int) -> None:
    """Fill a person's guess where there is none."""
    if math.isnan(guess[0]):
        if person.starts > 0:
            guess_spell(person, numbers, guess)
        filter_person(person, numbers, guess, room, key, count)
        learn(person, numbers, room, count, guess)


@cache
def _kernel(digest: int) -> Any:
    @nb.njit(nogil=True, cache=True, **STRICT)
    def run(
        batch: Any, level: Any, rate: Any, every: float, held: Any, numbers: Any, root: Any, sizes: Any, guesses: Any,
        first: int, last: int, value: Any, scores: Any,
    ) -> int:  # fmt: skip
        room, course = make_room(sizes[0], sizes[1], sizes[2]), make_course(sizes[0], sizes[1])
        for i in range(first, last):
            person = person_of(batch, i, level[i], rate[i], every, held)
            key = fold(root, batch.number[i])
            pilot(person, numbers, guesses[i], room, fold(key, np.uint64(9)), max(sizes[2] // 2, 16))
            for half in range(value.shape[1]):
                value[i, half] = score_person(
                    person, numbers, guesses[i], room, course, fold(key, np.uint64(half)), sizes[2], sizes[3],
                    scores[i, half],
                )  # fmt: skip
            learn(person, numbers, room, sizes[2], guesses[i])
        return digest

    return run


def measure(*given: Any) -> None:
    """Fill log likelihoods and scores of a range of people, and what was learned of each for the next time."""
    _kernel(source_digest())(*given)
