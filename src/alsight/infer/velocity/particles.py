"""Weighted courses of one person: a particle filter in the rates of loss, exact in everything that is Gaussian.

A particle is a course of log rates with a personal noise size, a class, and a recovery where one is allowed. Given it
the level and the sticky noise are jointly normal, so they are carried as a mean and a covariance and never drawn;
whether a rating is an outlier is chosen by its exact probability, and a rating at a bound of the scale is drawn beyond
it. What is left to chance is one number a node. The mean weight is an unbiased estimate of the likelihood.

Source: doucet2000
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba as nb
import numpy as np

from alsight.base.streams_numba import fold, normal, uniform
from alsight.infer.velocity import numbers as at
from alsight.infer.velocity.normal import beyond, log_tail, normal_quantile
from alsight.mechanism.numerics import STRICT, exponential

PACE, MIDDLE, SPEED, LOSS, SIZE, LEVEL, STICKY, VAR_LEVEL, BOTH, VAR_STICKY, GAIN, START, HELD, KIND, LOG_RATE = range(
    15
)
"""Rows of a particle's state: departure of the log rate, its middle, rate now [points per month], loss so far, noise
size, mean and covariance of level and sticky noise, gain [points], its start and how long it is held [months], class,
personal log rate."""
FIELDS = 15
_STEPS = np.array([0.8812714616335696, 0.7766393890897682, 0.6844301295853426, 0.6031687406857282, 0.5315553977157792])
"""Powers of the inverse of the root of x^6 = x + 1: a lattice that fills five dimensions evenly."""
TRUSTED = 0.75
"""Share of the particles that a pilot's guess places; the prior places the others, which keeps weights bounded."""
GUESSES = 6
"""Mean and SD of log rate, log noise size and log gain in a pilot's guess; then the shares of the starts."""
_WIDER = 1.3
_NARROWEST = 0.3
_ROUNDS = 3
_LOOSER = 1.2
_NEAR = 3
_LOG_ROOT_TAU = 0.9189385332046727


class Batch(NamedTuple):
    """Ratings and nodes of many people, one after the other.

    Attributes:
        node_start: first node of each person, and the number of nodes.
        visit_start: first rating of each person, and the number of ratings.
        step: time since the node before [months].
        node: node of each rating, counted within its person.
        gap: time since the rating before [months].
        score: ratings.
        bound: -1, 0 or 1: lowest possible, between, highest possible.
        number: running number of each person, for the random numbers.
    """

    node_start: Any
    visit_start: Any
    step: Any
    node: Any
    gap: Any
    score: Any
    bound: Any
    number: Any


class Person(NamedTuple):
    """One person's slice of a batch, with its linear predictors and the possible starts of a recovery.

    Attributes:
        step: as in `Batch`.
        node: as in `Batch`.
        gap: as in `Batch`.
        score: as in `Batch`.
        bound: as in `Batch`.
        level: linear predictor of the level [points].
        rate: linear predictor of the log rate.
        starts: how many starts a recovery may have; 0 for none.
        every: time between starts [months].
        held: for how long it may be held [months]; inf for good.
    """

    step: Any
    node: Any
    gap: Any
    score: Any
    bound: Any
    level: float
    rate: float
    starts: int
    every: float
    held: Any


class Room(NamedTuple):
    """Working memory of one thread.

    Attributes:
        state: one column a particle.
        other: its copy while particles are chosen.
        log_weight: of each particle.
        origin: where each particle came from at each node.
        pace: departures of the log rate at each node.
        lost: loss, less gain, at each node [points].
        outlier: whether each rating was taken for an outlier.
        rating: each rating, drawn where it lies beyond a bound.
        chosen: numbers of particles.
    """

    state: Any
    other: Any
    log_weight: Any
    origin: Any
    pace: Any
    lost: Any
    outlier: Any
    rating: Any
    chosen: Any


@nb.njit(**STRICT)
def make_room(nodes: int, visits: int, particles: int) -> Any:
    """Working memory for people with up to so many nodes and ratings."""
    return Room(
        np.empty((FIELDS, particles)), np.empty((FIELDS, particles)), np.empty(particles),
        np.empty((nodes, particles), np.int32), np.empty((nodes, particles)), np.empty((nodes, particles)),
        np.empty((visits, particles), np.int8), np.empty((visits, particles)), np.empty(particles, np.int32),
    )  # fmt: skip


@nb.njit(**STRICT)
def person_of(batch: Any, i: int, level: float, rate: float, every: float, held: Any) -> Any:
    """Person number i of a batch; a recovery may start every so many months before the last node, or never at 0."""
    a, b = batch.node_start[i], batch.node_start[i + 1]
    c, d = batch.visit_start[i], batch.visit_start[i + 1]
    starts = 0
    if every > 0.0:
        starts = math.ceil(batch.step[a:b].sum() / every - 1e-9)
    return Person(
        batch.step[a:b], batch.node[c:d], batch.gap[c:d], batch.score[c:d], batch.bound[c:d], level, rate, starts,
        every, held,
    )  # fmt: skip


@nb.njit(**STRICT)
def spell(now: float, start: float, held: float, rise: float, factor: float) -> Any:
    """Share of the gain, and factor on the rate, at a time since the first node [months]."""
    since = now - start
    if since <= 0.0:
        return 0.0, 1.0
    share = min(since / rise, 1.0)
    if since < held:
        return share, factor
    return max(share - (since - held) / rise, 0.0), 1.0


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
        state[LOG_RATE, i], state[SIZE, i], state[KIND, i] = log_rate, math.exp(log_size), kind
        state[MIDDLE, i] = log_rate - 0.5 * p[at.SD_PACE] ** 2
        state[PACE, i] = p[at.SD_PACE] * normal(draws, i)
        state[SPEED, i] = exponential(min(state[MIDDLE, i] + state[PACE, i], 50.0))
        state[LEVEL, i] = person.level + p[at.CORRELATION] * p[at.SD_LEVEL] * own
        state[VAR_LEVEL, i] = p[at.SD_LEVEL] ** 2 * (1.0 - p[at.CORRELATION] ** 2)
        state[LOSS, i] = state[STICKY, i] = state[BOTH, i] = state[GAIN, i] = 0.0
        state[VAR_STICKY, i] = (state[SIZE, i] * p[at.SD_STICKY]) ** 2
        state[START, i] = state[HELD, i] = math.inf
        if person.starts > 0:
            state[GAIN, i] = math.exp(log_gain)
            state[START, i] = person.every * (number % person.starts + uniform(key, 8 + count + i))
            state[HELD, i] = person.held[number // person.starts] * math.exp(
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
    guess[4], guess[5] = math.log(best), p[at.GAIN_LOG_SD]


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
    _law(room.state, weight, LOG_RATE, False, _NARROWEST * p[at.SD_RATE], guess, 0)
    _law(room.state, weight, SIZE, True, _NARROWEST * p[at.SD_SIZE], guess, 2)
    if person.starts == 0:
        return
    _law(room.state, weight, GAIN, True, _NARROWEST * p[at.GAIN_LOG_SD], guess, 4)
    options = person.starts * person.held.shape[0]
    guess[GUESSES : GUESSES + options] = 0.1 / options
    for i in range(count):
        late = _nearest(person.held, room.state[HELD, i])
        number = late * person.starts + min(int(room.state[START, i] / person.every), person.starts - 1)
        guess[GUESSES + number] += 0.9 * weight[i]


@nb.njit(**STRICT)
def move(state: Any, count: int, p: Any, step: float, key: Any, first: int, now: float) -> None:
    """Carry every particle to a node without a rating; the rate is integrated by the trapezoid rule."""
    keep = math.exp(-step / p[at.MEMORY])
    fresh, half = p[at.SD_PACE] * math.sqrt(1.0 - keep * keep), 0.5 * step
    for i in range(count):
        state[PACE, i] = keep * state[PACE, i] + fresh * normal(key, first + i)
    for i in range(count):
        speed = exponential(min(state[MIDDLE, i] + state[PACE, i], 50.0))
        if state[START, i] < now:
            speed *= spell(now, state[START, i], state[HELD, i], p[at.RISE], p[at.FACTOR])[1]
        state[LOSS, i] += half * (state[SPEED, i] + speed)
        state[SPEED, i] = speed


@nb.njit(**STRICT)
def _aim(away: float, var: float, mean: float, fresh: float, middle: float, half: float) -> Any:
    """Mean and SD of the departure of the log rate given its past and the next rating, by Gauss-Newton steps.

    Args:
        away: rating less its mean without this node's part of the loss [points].
        var: variance of the rating given the course.
        mean: mean of the departure given its past.
        fresh: its SD given its past.
        middle: middle of the log rate.
        half: months for which this node's rate counts.
    """
    x, prior = mean, 1.0 / (fresh * fresh)
    precision = prior
    for _ in range(_ROUNDS):
        part = half * exponential(min(middle + x, 50.0))
        precision = prior + part * part / var
        step = (prior * (mean - x) - part * (away + part) / var) / precision
        x += min(max(step, -1.0), 1.0)
    return x, _LOOSER / math.sqrt(precision)


@nb.njit(**STRICT)
def move_guided(
    room: Any, count: int, p: Any, step: float, score: float, bound: int, keys: Any, first: int, now: float
) -> None:
    """Carry every particle to a node with a rating, half of them guided by it; weights make up for that.

    Which half is drawn anew each time: were it a matter of a particle's number, the weights of several steps, and of
    where the particles were placed, would not be independent, and their product not 1 on average.
    """
    coins = fold(keys, np.uint64(1))
    state, keep, half = room.state, math.exp(-step / p[at.MEMORY]), 0.5 * step
    fresh = p[at.SD_PACE] * math.sqrt(1.0 - keep * keep)
    wanted = score if bound == 0 else (p[at.HIGH_CUT] if bound > 0 else p[at.LOW_CUT])
    for i in range(count):
        mean, active = keep * state[PACE, i], 1.0
        if state[START, i] < now:
            active = spell(now, state[START, i], state[HELD, i], p[at.RISE], p[at.FACTOR])[1]
        away = wanted + lost_at(state, i, p, now) + half * state[SPEED, i] - state[LEVEL, i] - state[STICKY, i]
        var = state[VAR_LEVEL, i] + 2.0 * state[BOTH, i] + state[VAR_STICKY, i]
        var += (state[SIZE, i] * p[at.SD_NOISE]) ** 2 + p[at.ROUNDING]
        x, spread = mean, fresh
        if active > 0.0 and not (bound != 0 and bound * away < 0.0):
            x, spread = _aim(away, var, mean, fresh, state[MIDDLE, i], half * active)
        shock = normal(keys, first + i)
        pace = x + spread * shock if uniform(coins, first + i) < 0.5 else mean + fresh * shock
        prior, aimed = (pace - mean) / fresh, (pace - x) / spread
        ratio = fresh / spread * exponential(min(max(0.5 * (prior * prior - aimed * aimed), -600.0), 600.0))
        room.log_weight[i] -= math.log(0.5 + 0.5 * ratio)
        speed = active * exponential(min(state[MIDDLE, i] + pace, 50.0))
        state[PACE, i] = pace
        state[LOSS, i] += half * (state[SPEED, i] + speed)
        state[SPEED, i] = speed


@nb.njit(**STRICT)
def lost_at(state: Any, i: int, p: Any, now: float) -> float:
    """Loss less gain of one particle at a time [points]."""
    if state[START, i] < now:
        return (
            state[LOSS, i] - state[GAIN, i] * spell(now, state[START, i], state[HELD, i], p[at.RISE], p[at.FACTOR])[0]
        )
    return state[LOSS, i]


@nb.njit(**STRICT)
def age(state: Any, count: int, p: Any, gap: float) -> None:
    """Carry the sticky noise of every particle to the next rating."""
    keep = math.exp(-gap / p[at.STICKINESS])
    fresh = (1.0 - keep * keep) * p[at.SD_STICKY] ** 2
    for i in range(count):
        state[STICKY, i] *= keep
        state[BOTH, i] *= keep
        state[VAR_STICKY, i] = keep * keep * state[VAR_STICKY, i] + fresh * state[SIZE, i] ** 2


@nb.njit(**STRICT)
def _inside(away: float, var: float, more: float, p_out: float, chance: float) -> Any:
    """Log density of a rating this far from its mean as a mixture of two normals, and which of them."""
    plain = -0.5 * (away * away / var + math.log(var)) + math.log1p(-p_out)
    wild = -0.5 * (away * away / more + math.log(more)) + math.log(p_out)
    high = max(plain, wild)
    total = high + math.log(math.exp(plain - high) + math.exp(wild - high))
    return total - _LOG_ROOT_TAU, math.log(chance) > plain - total


@nb.njit(**STRICT)
def _at_bound(sign: float, away: float, var: float, more: float, p_out: float, chance: float) -> Any:
    """Log probability of a rating at a bound, which normal, and a departure from the mean beyond the cut."""
    plain = log_tail(sign * away / math.sqrt(var)) + math.log1p(-p_out)
    wild = log_tail(sign * away / math.sqrt(more)) + math.log(p_out)
    high = max(plain, wild)
    total = high + math.log(math.exp(plain - high) + math.exp(wild - high))
    share = math.exp(plain - total)
    outlier = chance >= share
    left = (chance - share) / (1.0 - share) if outlier else chance / share
    spread = math.sqrt(more if outlier else var)
    drawn = sign * spread * beyond(sign * away / spread, min(max(left, 1e-12), 1.0 - 1e-12))
    return total, outlier, drawn


@nb.njit(**STRICT)
def rate(room: Any, count: int, p: Any, visit: Any, score: float, bound: int, key: Any, now: float) -> None:
    """Weigh every particle by a rating, choose its noise, and update level and sticky noise."""
    state = room.state
    p_out = p[at.ODDS_OUTLIER] / (1.0 + p[at.ODDS_OUTLIER])
    wilder = p[at.TIMES_OUTLIER] ** 2
    rounding = p[at.ROUNDING] if bound == 0 else 0.0
    cut = p[at.HIGH_CUT] if bound > 0 else p[at.LOW_CUT]
    log_grid = 0.0 if p[at.ROUNDING] == 0.0 else 0.5 * math.log(12.0 * p[at.ROUNDING])
    for i in range(count):
        by_level = state[VAR_LEVEL, i] + state[BOTH, i]
        by_sticky = state[BOTH, i] + state[VAR_STICKY, i]
        noise = (state[SIZE, i] * p[at.SD_NOISE]) ** 2
        var = by_level + by_sticky + noise + rounding
        more = by_level + by_sticky + noise * wilder + rounding
        mean = state[LEVEL, i] + state[STICKY, i] - lost_at(state, i, p, now)
        chance = uniform(key, visit * count + i)
        if bound == 0:
            away = score - mean
            weight, outlier = _inside(away, var, more, p_out, chance)
            weight += log_grid
        else:
            weight, outlier, away = _at_bound(float(bound), cut - mean, var, more, p_out, chance)
        room.log_weight[i] += weight
        room.outlier[visit, i] = outlier
        room.rating[visit, i] = mean + away
        whole = more if outlier else var
        state[LEVEL, i] += by_level * away / whole
        state[STICKY, i] += by_sticky * away / whole
        state[VAR_LEVEL, i] -= by_level * by_level / whole
        state[BOTH, i] -= by_level * by_sticky / whole
        state[VAR_STICKY, i] -= by_sticky * by_sticky / whole


@nb.njit(**STRICT)
def total_weight(log_weight: Any, count: int) -> Any:
    """Log of the summed weights, and the effective number of particles."""
    high = -math.inf
    for i in range(count):
        high = max(high, log_weight[i])
    if high == -math.inf:
        return high, 0.0
    total, second = 0.0, 0.0
    for i in range(count):
        weight = math.exp(log_weight[i] - high)
        total += weight
        second += weight * weight
    return high + math.log(total), total * total / second


@nb.njit(**STRICT)
def systematic(log_weight: Any, total: float, count: int, wanted: int, chance: float, chosen: Any) -> None:
    """Choose particles in proportion to their weights, evenly spaced."""
    reached, i = math.exp(log_weight[0] - total), 0
    for k in range(wanted):
        aim = (k + chance) / wanted
        while reached < aim and i < count - 1:
            i += 1
            reached += math.exp(log_weight[i] - total)
        chosen[k] = i


@nb.njit(**STRICT)
def renew(room: Any, count: int, k: int, key: Any) -> None:
    """Replace particles whose weights have become uneven by equally weighted ones."""
    total, effective = total_weight(room.log_weight, count)
    if effective >= 0.5 * count or total == -math.inf:
        return
    systematic(room.log_weight, total, count, count, uniform(key, k), room.chosen)
    for field in range(FIELDS):
        for i in range(count):
            room.other[field, i] = room.state[field, room.chosen[i]]
    for i in range(count):
        room.origin[k, i] = room.chosen[i]
        room.log_weight[i] = total - math.log(float(count))
    room.state[:, :count] = room.other[:, :count]


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
                move(room.state, count, p, person.step[k], paces, k * count, now)
        if rated:
            rate(room, count, p, j, person.score[j], person.bound[j], chances, now)
            j += 1
        for i in range(count):
            room.pace[k, i] = room.state[PACE, i]
            room.lost[k, i] = lost_at(room.state, i, p, now)
    return total_weight(room.log_weight, count)[0]
