"""Compiled loop over people: the likelihood of each by the particle filter."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numba as nb
import numpy as np

from alsight.base.compiled import STRICT
from alsight.base.streams_numba import fold
from alsight.infer.filter.numbers import source_digest
from alsight.infer.filter.particles import filter_person
from alsight.infer.filter.placing import guess_spell, learn
from alsight.infer.filter.state import make_room, person_of


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
        batch: Any,
        level: Any,
        rate: Any,
        every: float,
        held: Any,
        numbers: Any,
        root: Any,
        sizes: Any,
        guesses: Any,
        first: int,
        last: int,
        value: Any,
    ) -> int:
        room = make_room(sizes[0], sizes[1], sizes[2])
        for i in range(first, last):
            person = person_of(batch, i, level[i], rate[i], every, held)
            key = fold(root, batch.number[i])
            pilot(person, numbers, guesses[i], room, fold(key, np.uint64(9)), max(sizes[2] // 2, 16))
            for half in range(value.shape[1]):
                own = fold(key, np.uint64(half))
                value[i, half] = filter_person(person, numbers, guesses[i], room, own, sizes[2])
            learn(person, numbers, room, sizes[2], guesses[i])
        return digest

    return run


def measure(*supplied: Any) -> None:
    """Fill log likelihoods of a range of people, and what was learned of each for the next time."""
    _kernel(source_digest())(*supplied)
