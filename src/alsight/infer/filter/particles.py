"""Weighted courses of one person: a particle filter in the rates of loss, exact in everything that is Gaussian.

A particle is a course of log rates with a personal noise size, a class, and a recovery where one is allowed. Given it
the level and the sticky noise are jointly normal, so they are carried as a mean and a covariance and never drawn;
whether a rating is an outlier is chosen by its exact probability, and a rating at a bound of the scale is drawn beyond
it. What is left to chance is one number a node. The mean weight is an unbiased estimate of the likelihood.

Source: doucet2000
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

from alsight.base.compiled import STRICT
from alsight.base.streams_numba import fold
from alsight.infer.filter import state as of
from alsight.infer.filter.moving import age, lost_at, move, move_guided, rate
from alsight.infer.filter.placing import begin
from alsight.infer.filter.weights import renew, total_weight


@nb.njit(**STRICT)
def filter_person(person: Any, numbers: Any, guess: Any, room: Any, key: Any, count: int) -> float:
    """Carry particles through all of a person's ratings; the log likelihood. Weights stay in the room."""
    p, visits = numbers[0], person.score.shape[0]
    begin(person, numbers, guess, room, key, count)
    paces, chances, choices = fold(key, np.uint64(2)), fold(key, np.uint64(3)), fold(key, np.uint64(4))
    now, j = 0.0, 0
    for k in range(person.step.shape[0]):
        for i in range(count):
            room.origin[k, i] = i
        rated = j < visits and person.node[j] == k
        if k > 0:
            renew(room, count, k, choices)
            now += person.step[k]
            if rated:
                if j > 0:
                    age(room.state, count, p, person.gap[j])
                move_guided(room, count, p, person.step[k], person.score[j], person.bound[j], paces, k * count, now)
            else:
                move(room, count, p, person.step[k], paces, k * count, now)
        if rated:
            rate(room, count, p, j, person.score[j], person.bound[j], chances, now)
            j += 1
        room.pace[k, :count] = room.state[of.PACE, :count]
        lost_at(room.state, count, p, now, room.lost[k])
    return total_weight(room.log_weight, count, room.work[0])[0]
