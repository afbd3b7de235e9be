"""Where particles begin: by the prior, or by what a pilot or the ratings themselves tell of a person."""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from alsight.base.streams_numba import fold, normal, uniform
from alsight.infer.filter import numbers as at
from alsight.infer.filter import state as of
from alsight.infer.filter.normal import normal_quantile
from alsight.infer.filter.weights import total_weight
from alsight.mechanism.numerics import STRICT, exponential

_STEPS = np.array([0.8812714616335696, 0.7766393890897682, 0.6844301295853426, 0.6031687406857282, 0.5315553977157792])
"""Powers of the inverse of the root of x^6 = x + 1: a lattice that fills five dimensions evenly."""
TRUSTED = 0.75
"""Share of the particles that a pilot's guess places; the prior places the others, which keeps weights bounded."""
GUESSES = 6
"""Mean and SD of log rate, log noise size and log gain in a pilot's guess; then the shares of the starts."""
_WIDER = 1.3
_NARROWEST = 0.3
_NEAR = 3
_LOG_ROOT_TAU = 0.9189385332046727


@nb.njit(**STRICT)
def _log_normal(x: float, mean: float, sd: float) -> float:
    away = (x - mean) / sd
    return -0.5 * away * away - math.log(sd) - _LOG_ROOT_TAU


@nb.njit(**STRICT)
def _log_rate_prior(person: Any, numbers: Any, x: float) -> float:
    """Log density of the personal log rate over all classes."""
    p = numbers[0]
    value = p[at.LOG_SHARE] + _log_normal(x, person.rate, p[at.SD_RATE])
    if numbers.shape[0] == 1:
        return value
    p = numbers[1]
    slow = p[at.LOG_SHARE] + _log_normal(x, person.rate + p[at.SHIFT], p[at.SD_RATE])
    return max(value, slow) + math.log1p(math.exp(-abs(value - slow)))


@nb.njit(**STRICT)
def _class_of(person: Any, numbers: Any, x: float, chance: float) -> int:
    """Draw the class given the personal log rate."""
    if numbers.shape[0] == 1:
        return 0
    p = numbers[1]
    slow = p[at.LOG_SHARE] + _log_normal(x, person.rate + p[at.SHIFT], p[at.SD_RATE])
    return 1 if math.log(chance) < slow - _log_rate_prior(person, numbers, x) else 0


@nb.njit(**STRICT)
def _spell_number(person: Any, guess: Any, trusted: bool, chance: float) -> int:
    """Draw which start and duration a recovery has."""
    options = person.starts * person.held.shape[0]
    if not trusted:
        return min(int(chance * options), options - 1)
    reached = 0.0
    for number in range(options):
        reached += guess[GUESSES + number]
        if chance < reached:
            return number
    return options - 1


@nb.njit(**STRICT)
def _place(person: Any, numbers: Any, guess: Any, place: Any, trusted: bool) -> Any:
    """Log rate, log noise size, log gain and number of the spell of one particle."""
    p = numbers[0]
    number = _spell_number(person, guess, trusted, place[3]) if person.starts > 0 else 0
    if trusted:
        return (
            guess[0] + guess[1] * normal_quantile(place[0]), guess[2] + guess[3] * normal_quantile(place[1]),
            guess[4] + guess[5] * normal_quantile(place[2]), number,
        )  # fmt: skip
    p_rate = numbers[1] if numbers.shape[0] > 1 and place[4] < math.exp(numbers[1][at.LOG_SHARE]) else p
    rate_at = person.rate + p_rate[at.SHIFT] + p_rate[at.SD_RATE] * normal_quantile(place[0])
    gain = p[at.GAIN_LOG_MEAN] + p[at.GAIN_LOG_SD] * normal_quantile(place[2])
    return rate_at, p[at.SD_SIZE] * normal_quantile(place[1]), gain, number


@nb.njit(**STRICT)
def _placed_weight(
    person: Any, numbers: Any, guess: Any, share: float, log_rate: float, log_size: float, log_gain: float, number: int
) -> float:
    """Log of the prior density over that by which particles are placed."""
    if share == 0.0:
        return 0.0
    p = numbers[0]
    prior = _log_rate_prior(person, numbers, log_rate) + _log_normal(log_size, 0.0, p[at.SD_SIZE])
    guessed = _log_normal(log_rate, guess[0], guess[1]) + _log_normal(log_size, guess[2], guess[3])
    if person.starts > 0:
        prior += _log_normal(log_gain, p[at.GAIN_LOG_MEAN], p[at.GAIN_LOG_SD])
        prior -= math.log(float(person.starts * person.held.shape[0]))
        guessed += _log_normal(log_gain, guess[4], guess[5]) + math.log(max(guess[GUESSES + number], 1e-300))
    return -math.log(1.0 - share + share * math.exp(min(guessed - prior, 600.0)))


@nb.njit(**STRICT)
def begin(person: Any, numbers: Any, guess: Any, room: Any, key: Any, count: int) -> None:
    """Particles at the first node: personal rate, noise size, class and recovery from an evenly filling lattice.

    Where there is a pilot's guess (its first number is not nan), it places three particles of four.
    """
    state, draws = room.state, fold(key, np.uint64(1))
    known = not math.isnan(guess[0])
    place, shift = np.empty(5), np.empty(5)
    for d in range(5):
        shift[d] = uniform(key, d)
    for i in range(count):
        for d in range(5):
            place[d] = (i + 1) * _STEPS[d] + shift[d]
            place[d] = min(max(place[d] - math.floor(place[d]), 1e-12), 1.0 - 1e-12)
        log_rate, log_size, log_gain, number = _place(person, numbers, guess, place, known and i % 4 > 0)
        share = TRUSTED if known else 0.0
        room.log_weight[i] = _placed_weight(person, numbers, guess, share, log_rate, log_size, log_gain, number)
        room.log_weight[i] -= math.log(float(count))
        kind = _class_of(person, numbers, log_rate, uniform(key, 8 + i))
        p = numbers[kind]
        own = (log_rate - person.rate - p[at.SHIFT]) / p[at.SD_RATE]
        state[of.LOG_RATE, i], state[of.SIZE, i], state[of.KIND, i] = log_rate, math.exp(log_size), kind
        state[of.MIDDLE, i] = log_rate - 0.5 * p[at.SD_PACE] ** 2
        state[of.PACE, i] = p[at.SD_PACE] * normal(draws, i)
        state[of.SPEED, i] = exponential(min(state[of.MIDDLE, i] + state[of.PACE, i], 50.0))
        state[of.LEVEL, i] = person.level + p[at.CORRELATION] * p[at.SD_LEVEL] * own
        state[of.VAR_LEVEL, i] = p[at.SD_LEVEL] ** 2 * (1.0 - p[at.CORRELATION] ** 2)
        state[of.LOSS, i] = state[of.STICKY, i] = state[of.BOTH, i] = state[of.GAIN, i] = 0.0
        state[of.VAR_STICKY, i] = (state[of.SIZE, i] * p[at.SD_STICKY]) ** 2
        state[of.START, i] = state[of.HELD, i] = math.inf
        if person.starts > 0:
            state[of.GAIN, i] = math.exp(log_gain)
            state[of.START, i] = person.every * (number % person.starts + uniform(key, 8 + count + i))
            state[of.HELD, i] = person.held[number // person.starts] * math.exp(
                p[at.HELD_LOG_SD] * normal(draws, count + i)
            )


@nb.njit(**STRICT)
def _law(state: Any, weight: Any, field: int, logged: bool, floor: float, guess: Any, place: int) -> None:
    """Mean and widened SD of a row of the state into a guess."""
    mean, square = 0.0, 0.0
    for i in range(weight.shape[0]):
        value = math.log(state[field, i]) if logged else state[field, i]
        mean += weight[i] * value
        square += weight[i] * value * value
    guess[place] = mean
    guess[place + 1] = max(_WIDER * math.sqrt(max(square - mean * mean, 0.0)), floor)


@nb.njit(**STRICT)
def _step_at(person: Any, start: float, rise: float) -> Any:
    """Mean of the next ratings after a rise that starts then, less that of the last before; 1/n + 1/m of both."""
    now, before, after, least, most = 0.0, 0.0, 0.0, 0, 0
    j, visits = 0, person.score.shape[0]
    for k in range(person.step.shape[0]):
        now += person.step[k]
        while j < visits and person.node[j] == k:
            if now <= start:
                keep = min(least, _NEAR - 1)
                before = (before * keep + person.score[j]) / (keep + 1)
                least += 1
            elif now >= start + 0.5 * rise and most < _NEAR:
                after += person.score[j]
                most += 1
            j += 1
    if least == 0 or most == 0:
        return 0.0, 2.0
    return after / most - before, 1.0 / min(least, _NEAR) + 1.0 / most


@nb.njit(**STRICT)
def guess_spell(person: Any, numbers: Any, guess: Any) -> None:
    """Fill a guess for a recovery from steps between the means of neighboring ratings."""
    p, options = numbers[0], person.starts * person.held.shape[0]
    var = p[at.SD_NOISE] ** 2 + p[at.SD_STICKY] ** 2 + p[at.ROUNDING]
    best, total = 1.0, 0.0
    for s in range(person.starts):
        step, share = _step_at(person, person.every * (s + 0.5), p[at.RISE])
        best = max(best, step)
        weight = math.exp(min(0.25 * max(step, 0.0) ** 2 / (var * share), 50.0))
        for late in range(person.held.shape[0]):
            guess[GUESSES + late * person.starts + s] = weight
            total += weight
    for number in range(options):
        guess[GUESSES + number] = 0.8 * guess[GUESSES + number] / total + 0.2 / options
    guess[0], guess[1], guess[2], guess[3] = person.rate, p[at.SD_RATE], 0.0, p[at.SD_SIZE]
    near, far = p[at.GAIN_LOG_MEAN] - 2.0 * p[at.GAIN_LOG_SD], p[at.GAIN_LOG_MEAN] + 2.0 * p[at.GAIN_LOG_SD]
    guess[4], guess[5] = min(max(math.log(best), near), far), p[at.GAIN_LOG_SD]


@nb.njit(**STRICT)
def _nearest(held: Any, months: float) -> int:
    """Which duration is meant by one drawn about it; inf only by inf."""
    best, least = 0, math.inf
    for late in range(held.shape[0]):
        if math.isinf(held[late]) or math.isinf(months):
            away = 0.0 if held[late] == months else 1e9
        else:
            away = abs(math.log(held[late] / months))
        if away < least:
            best, least = late, away
    return best


@nb.njit(**STRICT)
def learn(person: Any, numbers: Any, room: Any, count: int, guess: Any) -> None:
    """Fill a guess from the weighted particles of a pilot."""
    total, p = total_weight(room.log_weight, count)[0], numbers[0]
    if not total > -math.inf:
        return
    weight = np.empty(count)
    for i in range(count):
        weight[i] = math.exp(room.log_weight[i] - total)
    _law(room.state, weight, of.LOG_RATE, False, _NARROWEST * p[at.SD_RATE], guess, 0)
    _law(room.state, weight, of.SIZE, True, _NARROWEST * p[at.SD_SIZE], guess, 2)
    if person.starts == 0:
        return
    _law(room.state, weight, of.GAIN, True, _NARROWEST * p[at.GAIN_LOG_SD], guess, 4)
    options = person.starts * person.held.shape[0]
    guess[GUESSES : GUESSES + options] = 0.1 / options
    for i in range(count):
        late = _nearest(person.held, room.state[of.HELD, i])
        number = late * person.starts + min(int(room.state[of.START, i] / person.every), person.starts - 1)
        guess[GUESSES + number] += 0.9 * weight[i]
