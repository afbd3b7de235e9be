"""Where particles begin: by the prior, or by what a pilot or the ratings themselves tell of a person."""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from alsight.base.compiled import STRICT
from alsight.base.compiled.numerics import exponential, logarithm
from alsight.base.streams_numba import fold, normal, uniform
from alsight.infer.filter import numbers as at
from alsight.infer.filter import state as of
from alsight.infer.filter.normal import normal_quantiles
from alsight.infer.filter.weights import total_weight

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
def _log_rate_prior(person: Any, numbers: Any, log_rate: Any, count: int, slow: Any, out: Any) -> None:
    """Log density of the personal log rate over all classes, and the probability of the slow one where there is one."""
    p = numbers[0]
    middle, by = person.rate, 1.0 / p[at.SD_RATE]
    base = p[at.LOG_SHARE] - math.log(p[at.SD_RATE]) - _LOG_ROOT_TAU
    for i in range(count):
        away = (log_rate[i] - middle) * by
        out[i] = base - 0.5 * away * away
    if numbers.shape[0] == 1:
        return
    p = numbers[1]
    middle, by = person.rate + p[at.SHIFT], 1.0 / p[at.SD_RATE]
    base = p[at.LOG_SHARE] - math.log(p[at.SD_RATE]) - _LOG_ROOT_TAU
    for i in range(count):
        away = (log_rate[i] - middle) * by
        value = base - 0.5 * away * away
        high = max(out[i], value)
        total = high + logarithm(1.0 + exponential(max(min(out[i], value) - high, -600.0)))
        out[i] = total
        slow[i] = exponential(max(value - total, -600.0))


@nb.njit(**STRICT)
def _fill_lattice(key: Any, count: int, places: Any) -> None:
    """A lattice that fills five dimensions evenly, shifted by chance."""
    for d in range(5):
        row, step, shift = places[d], _STEPS[d], uniform(key, d)
        for i in range(count):
            index = (i + 1) * step + shift
            row[i] = min(max(index - math.floor(index), 1e-12), 1.0 - 1e-12)


@nb.njit(**STRICT)
def _number_spells(person: Any, guess: Any, known: bool, count: int, chance: Any, number: Any) -> None:
    """Which start and duration a recovery has, by a pilot's guess in three of four."""
    options = person.starts * person.held.shape[0]
    reached = np.cumsum(guess[GUESSES : GUESSES + options])
    for i in range(count):
        if known and i % 4 > 0:
            low, high = 0, options - 1
            while low < high:
                middle = (low + high) // 2
                if chance[i] < reached[middle]:
                    high = middle
                else:
                    low = middle + 1
            number[i] = low
        else:
            number[i] = min(int(chance[i] * options), options - 1)


@nb.njit(**STRICT)
def _place(person: Any, numbers: Any, guess: Any, known: bool, count: int, places: Any) -> None:
    """Log rates, log noise sizes and log gains from the lattice, by a pilot's guess in three of four; in its place."""
    p, trust = numbers[0], 4 if known else 1
    for d in range(3):
        normal_quantiles(places[d], count, places[d])
    log_rate, log_size, log_gain, kind = places[0], places[1], places[2], places[4]
    sd, shift, more, share = p[at.SD_RATE], p[at.SHIFT], 0.0, -1.0
    if numbers.shape[0] > 1:
        more, share = numbers[1][at.SHIFT] - shift, math.exp(numbers[1][at.LOG_SHARE])
    wide = numbers[-1][at.SD_RATE]
    mean, spread = guess[0] if known else 0.0, guess[1] if known else 1.0
    for i in range(count):
        slow = kind[i] < share
        plain = person.rate + shift + (more if slow else 0.0) + (wide if slow else sd) * log_rate[i]
        log_rate[i] = plain if i % trust == 0 else mean + spread * log_rate[i]
    mean, spread = guess[2] if known else 0.0, guess[3] if known else 1.0
    for i in range(count):
        log_size[i] = p[at.SD_SIZE] * log_size[i] if i % trust == 0 else mean + spread * log_size[i]
    mean, spread = guess[4] if known else 0.0, guess[5] if known else 1.0
    for i in range(count):
        plain = p[at.GAIN_LOG_MEAN] + p[at.GAIN_LOG_SD] * log_gain[i]
        log_gain[i] = plain if i % trust == 0 else mean + spread * log_gain[i]


@nb.njit(**STRICT)
def _add_normal(values: Any, count: int, mean: float, sd: float, sign: float, out: Any) -> None:
    """Add a normal log density, or its negative."""
    by, base = 1.0 / sd, math.log(sd) + _LOG_ROOT_TAU
    for i in range(count):
        away = (values[i] - mean) * by
        out[i] -= sign * (0.5 * away * away + base)


@nb.njit(**STRICT)
def _weigh_places(person: Any, numbers: Any, guess: Any, count: int, places: Any, number: Any, log_weight: Any) -> None:
    """Log of the prior density over that by which particles are placed; the log rate's prior stands in `log_weight`."""
    p = numbers[0]
    for i in range(count):
        log_weight[i] = -log_weight[i]
    _add_normal(places[1], count, 0.0, p[at.SD_SIZE], -1.0, log_weight)
    _add_normal(places[0], count, guess[0], guess[1], 1.0, log_weight)
    _add_normal(places[1], count, guess[2], guess[3], 1.0, log_weight)
    if person.starts > 0:
        _add_normal(places[2], count, p[at.GAIN_LOG_MEAN], p[at.GAIN_LOG_SD], -1.0, log_weight)
        _add_normal(places[2], count, guess[4], guess[5], 1.0, log_weight)
        options = person.starts * person.held.shape[0]
        reported = np.log(np.maximum(guess[GUESSES : GUESSES + options], 1e-300) * options)
        for i in range(count):
            log_weight[i] += reported[number[i]]
    for i in range(count):
        ratio = exponential(min(max(log_weight[i], -600.0), 600.0))
        log_weight[i] = -logarithm(1.0 - TRUSTED + TRUSTED * ratio)


@nb.njit(**STRICT)
def begin(person: Any, numbers: Any, guess: Any, room: Any, key: Any, count: int) -> None:
    """Particles at the first node: personal rate, noise size, class and recovery from an evenly filling lattice.

    Where there is a pilot's guess (its first number is not nan), it places three particles of four.
    """
    places, log_weight, number, slow = room.other, room.log_weight, room.chosen, room.work[0]
    known = not math.isnan(guess[0])
    _fill_lattice(key, count, places)
    _place(person, numbers, guess, known, count, places)
    if person.starts > 0:
        _number_spells(person, guess, known, count, places[3], number)
    _log_rate_prior(person, numbers, places[0], count, slow, log_weight)
    if known:
        _weigh_places(person, numbers, guess, count, places, number, log_weight)
    else:
        log_weight[:count] = 0.0
    for i in range(count):
        log_weight[i] -= math.log(float(count))
    kind = room.state[of.KIND]
    if numbers.shape[0] > 1:
        for i in range(count):
            kind[i] = 1.0 if uniform(key, 8 + i) < slow[i] else 0.0
    else:
        kind[:count] = 0.0
    _fill(person, numbers, room, fold(key, np.uint64(1)), count)
    state = room.state
    state[of.START, :count] = state[of.HELD, :count] = np.inf
    state[of.GAIN, :count] = 0.0
    if person.starts > 0:
        _fill_spell(person, numbers[0], room, key, count)


@nb.njit(**STRICT)
def _fill(person: Any, numbers: Any, room: Any, key: Any, count: int) -> None:
    """The state of every particle but for its recovery."""
    state, p, q = room.state, numbers[0], numbers[-1]
    log_rate, size, kind, middle = state[of.LOG_RATE], state[of.SIZE], state[of.KIND], state[of.MIDDLE]
    pace, speed, level, var = state[of.PACE], state[of.SPEED], state[of.LEVEL], state[of.VAR_STICKY]
    log_rate[:count] = room.other[0, :count]
    for i in range(count):
        size[i] = exponential(room.other[1, i])
    for i in range(count):
        middle[i] = log_rate[i] - 0.5 * p[at.SD_PACE] ** 2
    for i in range(count):
        pace[i] = p[at.SD_PACE] * normal(key, i)
    for i in range(count):
        speed[i] = exponential(min(max(middle[i] + pace[i], -600.0), 50.0))
    by, middle_of, by_slow, middle_slow = 1.0 / p[at.SD_RATE], p[at.SHIFT], 1.0 / q[at.SD_RATE], q[at.SHIFT]
    for i in range(count):
        plain, slow = (log_rate[i] - person.rate - middle_of) * by, (log_rate[i] - person.rate - middle_slow) * by_slow
        level[i] = person.level + p[at.CORRELATION] * p[at.SD_LEVEL] * (slow if kind[i] > 0.0 else plain)
    for i in range(count):
        var[i] = (size[i] * p[at.SD_STICKY]) ** 2
    state[of.VAR_LEVEL, :count] = p[at.SD_LEVEL] ** 2 * (1.0 - p[at.CORRELATION] ** 2)
    state[of.LOSS, :count] = state[of.STICKY, :count] = state[of.BOTH, :count] = 0.0


@nb.njit(**STRICT)
def _fill_spell(person: Any, p: Any, room: Any, key: Any, count: int) -> None:
    """Gain, start and duration of every particle's recovery."""
    gain, start, held, number = room.state[of.GAIN], room.state[of.START], room.state[of.HELD], room.chosen
    draws, starts = fold(key, np.uint64(1)), person.starts
    for i in range(count):
        gain[i] = exponential(room.other[2, i])
    for i in range(count):
        start[i] = person.every * (number[i] % starts + uniform(key, 8 + count + i))
    for i in range(count):
        longer = exponential(p[at.HELD_LOG_SD] * normal(draws, count + i))
        held[i] = person.held[number[i] // starts] * longer


@nb.njit(**STRICT)
def _law(state: Any, weight: Any, field: int, logged: bool, floor: float, guess: Any, index: int) -> None:
    """Mean and widened SD of a row of the state into a guess."""
    mean, square = 0.0, 0.0
    for i in range(weight.shape[0]):
        value = math.log(state[field, i]) if logged else state[field, i]
        mean += weight[i] * value
        square += weight[i] * value * value
    guess[index] = mean
    guess[index + 1] = max(_WIDER * math.sqrt(max(square - mean * mean, 0.0)), floor)


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
    total, p = total_weight(room.log_weight, count, room.work[0])[0], numbers[0]
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
