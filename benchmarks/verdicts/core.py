"""One person of a generator, as kernels that the generator and its oracle share: born, a month further, seen.

A person is a row of numbers (places below). `born` draws the row, or proposes it around what was seen and says the log
ratio of prior to proposal; `further` moves it by a month; `expected` is E[score | latent], which is the truth.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any, Final

import numba as nb
import numpy as np
from benchmarks.verdicts import items
from benchmarks.verdicts.numbers import BENT, CUT_NORMAL, ITEMS, LOG_NORMAL, TEMPO, P
from benchmarks.verdicts.places import (
    BEFORE,
    BELIEF,
    DIP,
    DIP_BEFORE,
    END,
    KAPPA,
    LEVEL,
    LEVELS,
    LOSS,
    MU,
    OWN,
    REGAINED,
    RISE,
    SIZE,
    START,
    STICKY,
)

from alsight.base.streams_numba import normal, uniform

FAST: Final[Any] = {"error_model": "numpy", "nogil": True}
DRAWS: Final = 96
"""Counters set aside for one month of one person."""
ROOT_TWO_PI: Final = math.sqrt(2.0 * math.pi)
_MODEL, _LAW, _SCALE, _SHAPE = P["model"], P["rate_law"], P["rate_scale"], P["rate_shape"]
_MEAN, _SD, _LOW, _HIGH = P["level_mean"], P["level_sd"], P["level_low"], P["level_high"]
_SLOW, _SLOW_SCALE = P["slow_share"], P["slow_scale"]
_NOISE, _STICKY, _OUT, _FACTOR = P["noise"], P["sticky"], P["outliers"], P["outlier_factor"]
_LOG_SD, _SWITCH, _TEMPO, _BEND = P["noise_log_sd"], P["switch"], P["tempo_shape"], P["bend"]
_JUMP, _DIP, _DEPTH, _KEEP = P["jump_share"], P["dip_per_month"], P["dip_depth"], P["dip_keep"]
_FIRST, _LAST, _RISE_LOW, _RISE_HIGH = P["start_low"], P["start_high"], P["rise_low"], P["rise_high"]
_GOOD, _HELD_LOW, _HELD_HIGH, _FALL, _LOSS = P["for_good"], P["held_low"], P["held_high"], P["fall"], P["loss"]
SLOW_SHAPE: Final = 1.5
_MIDDLES: Final = np.array([NormalDist().inv_cdf((level + 0.5) / LEVELS) for level in range(LEVELS)])
STICKY_AT: Final = _MIDDLES / _MIDDLES.std()
KINDS, GOOD, BENDS, AROUND = 8, 20, 21, 23
"""Places in what is proposed around: chances of kinds of gain (12 at most), of one for good, bend; its length."""
NEAR: Final = 0.75
"""Share of a proposal around a guess; the rest is the prior."""


@nb.njit(**FAST)
def weibull_density(x: float, scale: float, shape: float) -> float:
    if x <= 0.0:
        return 0.0
    return shape / scale * (x / scale) ** (shape - 1.0) * math.exp(-((x / scale) ** shape))


@nb.njit(**FAST)
def rate_drawn(p: Any, key: Any, first: int) -> float:
    """A personal rate [points per month], by the inverse of its law."""
    if uniform(key, first) < p[_SLOW]:
        return p[_SLOW_SCALE] * (-math.log(uniform(key, first + 1))) ** (1.0 / SLOW_SHAPE)
    if p[_LAW] == CUT_NORMAL:
        for place in range(8):
            rate = p[_SCALE] + p[_SHAPE] * normal(key, first + 1 + place)
            if rate > 0.0:
                return rate
        return p[_SCALE]
    if p[_LAW] == LOG_NORMAL:
        return p[_SCALE] * math.exp(p[_SHAPE] * normal(key, first + 1))
    return p[_SCALE] * (-math.log(uniform(key, first + 1))) ** (1.0 / p[_SHAPE])


@nb.njit(**FAST)
def rate_density(p: Any, rate: float) -> float:
    """Density of the personal rate."""
    if p[_LAW] == CUT_NORMAL:
        z = (rate - p[_SCALE]) / p[_SHAPE]
        above = 0.5 * math.erfc(-p[_SCALE] / p[_SHAPE] / math.sqrt(2.0))
        usual = math.exp(-0.5 * z * z) / (p[_SHAPE] * ROOT_TWO_PI * above)
    elif p[_LAW] == LOG_NORMAL:
        z = math.log(rate / p[_SCALE]) / p[_SHAPE]
        usual = math.exp(-0.5 * z * z) / (p[_SHAPE] * ROOT_TWO_PI * rate)
    else:
        usual = weibull_density(rate, p[_SCALE], p[_SHAPE])
    return (1.0 - p[_SLOW]) * usual + p[_SLOW] * weibull_density(rate, p[_SLOW_SCALE], SLOW_SHAPE)


@nb.njit(**FAST)
def bell(x: float, mean: float, sd: float) -> float:
    """Density of a normal."""
    return math.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * ROOT_TWO_PI)


@nb.njit(**FAST)
def log_ratio(prior: float, proposal: float) -> float:
    """Log of prior over a proposal that is the prior for a part."""
    return math.log(max(prior, 1e-300) / (NEAR * proposal + (1.0 - NEAR) * prior))


@nb.njit(**FAST)
def level_drawn(p: Any, key: Any, first: int, guess: float, spread: float) -> tuple[float, float]:
    """Level at entry from the prior, or (spread above 0) mostly from around a guess; log of prior over proposal."""
    low, high, mean, sd = p[_LOW], p[_HIGH], p[_MEAN], p[_SD]
    mass = 0.5 * (math.erfc(-(high - mean) / sd / math.sqrt(2.0)) - math.erfc(-(low - mean) / sd / math.sqrt(2.0)))
    near = spread > 0.0 and uniform(key, first) < NEAR
    level = guess + spread * normal(key, first + 1)
    if not near:
        level = mean
        for place in range(8):
            tried = mean + sd * normal(key, first + 1 + place)
            if low <= tried <= high:
                level = tried
                break
    if spread <= 0.0:
        return level, 0.0
    if level < low or level > high:
        return min(max(level, low), high), -math.inf
    return level, log_ratio(bell(level, mean, sd) / mass, bell(level, guess, spread))


@nb.njit(**FAST)
def rate_proposed(p: Any, key: Any, first: int, guess: float, log_sd: float) -> tuple[float, float]:
    """A rate from the prior, or (log_sd above 0) mostly from around a guessed log; log of prior over proposal."""
    if log_sd <= 0.0:
        return rate_drawn(p, key, first), 0.0
    near = uniform(key, first + 12) < NEAR
    rate = math.exp(guess + log_sd * normal(key, first + 13)) if near else rate_drawn(p, key, first)
    return rate, log_ratio(rate_density(p, rate), bell(math.log(rate), guess, log_sd) / rate)


@nb.njit(**FAST)
def bend_drawn(p: Any, key: Any, first: int, guess: float, spread: float) -> tuple[float, float]:
    """How a line bends, the same way."""
    bend = p[_BEND] * (2.0 * uniform(key, first) - 1.0)
    if spread <= 0.0:
        return bend, 0.0
    if uniform(key, first + 1) < NEAR:
        bend = guess + spread * normal(key, first + 2)
    inside = abs(bend) <= p[_BEND]
    return bend, log_ratio(0.5 / p[_BEND], bell(bend, guess, spread)) if inside else -math.inf


@nb.njit(**FAST)
def noise_drawn(p: Any, key: Any, first: int, guess: float, spread: float) -> tuple[float, float]:
    """Size of a person's noise, the same way, by its log."""
    log_size = p[_LOG_SD] * normal(key, first)
    if spread <= 0.0 or p[_LOG_SD] <= 0.0:
        return math.exp(log_size), 0.0
    if uniform(key, first + 1) < NEAR:
        log_size = guess + spread * normal(key, first + 2)
    return math.exp(log_size), log_ratio(bell(log_size, 0.0, p[_LOG_SD]), bell(log_size, guess, spread))


@nb.njit(**FAST)
def start_moved(s: Any, p: Any, key: Any, first: int, guess: float, spread: float) -> float:
    """Move a recovery's start near a guess, mostly; log of prior over proposal."""
    if spread <= 0.0:
        return 0.0
    if uniform(key, first) < NEAR:
        start = guess + spread * normal(key, first + 1)
        s[END] += start - s[START]
        s[START] = start
    inside = p[_FIRST] <= s[START] <= p[_LAST]
    prior = 1.0 / (p[_LAST] - p[_FIRST]) if inside else 0.0
    return log_ratio(prior, bell(s[START], guess, spread)) if inside else -math.inf


@nb.njit(**FAST)
def kind_of(sizes: Any, size: float) -> int:
    """Which kind of gain a size is of."""
    kind = 0
    while kind < sizes.shape[0] - 1 and size > sizes[kind, 1] + 1e-9:
        kind += 1
    return kind


@nb.njit(**FAST)
def kind_drawn(sizes: Any, around: Any, near: bool, draw: float) -> tuple[int, float]:
    """A kind of gain from what is proposed or the prior; log of prior over proposal."""
    count, told = sizes.shape[0], np.sum(around[KINDS : KINDS + sizes.shape[0]]) > 0.0
    kind, reached, ratio = count - 1, 0.0, 0.0
    for place in range(count):
        prior = sizes[place, 2] - (sizes[place - 1, 2] if place > 0 else 0.0)
        reached += around[KINDS + place] if near and told else prior
        if draw <= reached:
            kind = place
            break
    if told:
        prior = sizes[kind, 2] - (sizes[kind - 1, 2] if kind > 0 else 0.0)
        ratio = log_ratio(prior, around[KINDS + kind])
    return kind, ratio


@nb.njit(**FAST)
def recovery_drawn(s: Any, p: Any, sizes: Any, around: Any, key: Any, first: int) -> float:
    """A recovery's start, rise, end and size into the row; log of prior over proposal."""
    start = p[_FIRST] + (p[_LAST] - p[_FIRST]) * uniform(key, first)
    rise = p[_RISE_LOW] + (p[_RISE_HIGH] - p[_RISE_LOW]) * uniform(key, first + 1)
    good, ratio = p[_GOOD], 0.0
    if around[GOOD] > 0.0:
        good = NEAR * around[GOOD] + (1.0 - NEAR) * p[_GOOD]
    end = math.inf
    if uniform(key, first + 2) >= good:
        end = start + rise + p[_HELD_LOW] + (p[_HELD_HIGH] - p[_HELD_LOW]) * uniform(key, first + 3)
        ratio += math.log((1.0 - p[_GOOD]) / (1.0 - good))
    else:
        ratio += math.log(p[_GOOD] / good)
    kind, more = kind_drawn(sizes, around, uniform(key, first + 55) < NEAR, uniform(key, first + 4))
    s[START], s[RISE], s[END] = start, rise, end
    s[SIZE] = sizes[kind, 0] + (sizes[kind, 1] - sizes[kind, 0]) * uniform(key, first + 5)
    s[LOSS] = p[_LOSS]
    if p[_LOSS] < 0.0:
        s[LOSS] = 1.0 if uniform(key, first + 6) < 0.5 else 0.0
    return ratio + more + start_moved(s, p, key, first + 56, around[6], around[7])


@nb.njit(**FAST)
def share_of_gain(s: Any, p: Any, month: float) -> float:
    """Which part of the gain is there at a month."""
    since = month - s[START]
    if since <= 0.0:
        return 0.0
    up = min(since / s[RISE], 1.0)
    return up if month <= s[END] else max(up - (month - s[END]) / p[_FALL], 0.0)


@nb.njit(**FAST)
def born(s: Any, p: Any, sizes: Any, recovers: bool, key: Any, around: Any) -> float:
    """A person at entry into the row `s`; log of prior over proposal.

    Args:
        s: the row.
        p: the generator's numbers.
        sizes: kinds of gains.
        recovers: whether a recovery is to come.
        key: key of the draws.
        around: guess and spread of level, log rate, log size of noise and start of recovery, then chances of each
            kind of gain and of one for good; a spread or chances of 0 are the prior.
    """
    s[:] = 0.0
    s[START], s[END], s[LOSS], s[RISE] = math.inf, math.inf, 1.0, 1.0
    four, five = 0.0, 0.0
    if recovers:
        four = recovery_drawn(s, p, sizes, around, key, 0)
    s[KAPPA], three = noise_drawn(p, key, 7, around[4], around[5])
    s[LEVEL], one = level_drawn(p, key, 10, around[0], around[1])
    s[MU], two = rate_proposed(p, key, 20, around[2], around[3])
    if p[_MODEL] == ITEMS:
        items.begin(s, key, 60)
    elif p[_MODEL] == TEMPO:
        s[OWN] = tempo_drawn(p, key, 36)
    elif p[_MODEL] == BENT:
        s[OWN], five = bend_drawn(p, key, 36, around[BENDS], around[BENDS + 1])
    if p[_MODEL] != ITEMS:
        s[STICKY] = sticky_drawn(key, 35)
        s[BELIEF : BELIEF + LEVELS] = 1.0 / LEVELS
    s[BEFORE] = s[LEVEL]
    return one + two + three + four + five


@nb.njit(**FAST)
def sticky_drawn(key: Any, first: int) -> float:
    """The sticky part of a rating: one of nine equally likely levels of mean 0 and variance 1."""
    return STICKY_AT[int(LEVELS * uniform(key, first))]


@nb.njit(**FAST)
def tempo_drawn(p: Any, key: Any, first: int) -> float:
    """A multiplier of the rate, Weibull with mean 1."""
    return (-math.log(uniform(key, first))) ** (1.0 / p[_TEMPO]) / math.gamma(1.0 + 1.0 / p[_TEMPO])


@nb.njit(**FAST)
def further(s: Any, p: Any, key: Any, month: int) -> None:
    """One month further, from `month` to `month` + 1."""
    first = (month + 1) * DRAWS
    middle = month + 0.5
    factor = s[LOSS] if s[START] < middle < s[END] else 1.0
    s[BEFORE], s[DIP_BEFORE] = s[LEVEL], s[DIP]
    if p[_MODEL] == ITEMS:
        items.lose(s, s[MU] * factor, key, first)
        items.regain(s, s[SIZE] * share_of_gain(s, p, month + 1.0), key, first + 40)
        return
    if p[_MODEL] == TEMPO:
        rate = s[MU] * s[OWN]
        if uniform(key, first) < p[_SWITCH]:
            s[OWN] = tempo_drawn(p, key, first + 1)
    elif p[_MODEL] == BENT:
        rate = s[MU] * (1.0 + s[OWN] * (month - 18.0) / 18.0)
    else:
        jumps = uniform(key, first) < p[_JUMP]
        rate = -math.log(uniform(key, first + 1)) * s[MU] / p[_JUMP] if jumps else 0.0
    gained = s[SIZE] * share_of_gain(s, p, month + 1.0)
    s[LEVEL] += gained - s[REGAINED] - rate * factor
    s[REGAINED] = gained
    if p[_DIP] > 0.0:
        s[DIP] *= p[_KEEP]
        if uniform(key, first + 2) < p[_DIP]:
            s[DIP] -= p[_DEPTH] * math.log(uniform(key, first + 3))


@nb.njit(**FAST)
def cut_mean(mean: float, sd: float) -> float:
    """Mean of a normal cut to the scale [0, 48]."""
    if mean > 6.0 * sd and mean < 48.0 - 6.0 * sd:
        return mean
    low, high = -mean / sd, (48.0 - mean) / sd
    below, under = 0.5 * math.erfc(-low / math.sqrt(2.0)), 0.5 * math.erfc(-high / math.sqrt(2.0))
    heights = math.exp(-0.5 * low * low) - math.exp(-0.5 * high * high)
    return min(max(mean * (under - below) + sd * heights / ROOT_TWO_PI + 48.0 * (1.0 - under), 0.0), 48.0)


@nb.njit(**FAST)
def spreads(s: Any, p: Any) -> tuple[float, float]:
    """SD of the sticky part and of the fresh part of one rating, ordinary ratings."""
    total = s[KAPPA] * p[_NOISE]
    widened = 1.0 - p[_OUT] + p[_OUT] * p[_FACTOR] * p[_FACTOR]
    return total * math.sqrt(p[_STICKY]), total * math.sqrt((1.0 - p[_STICKY]) / widened)


@nb.njit(**FAST)
def expected(s: Any, p: Any) -> float:
    """E[score | latent] now, without a dip [points, 0-48]."""
    if p[_MODEL] == ITEMS:
        return items.expected(s, p)
    sticky, fresh = spreads(s, p)
    usual = cut_mean(s[LEVEL], math.sqrt(sticky * sticky + fresh * fresh))
    if p[_OUT] <= 0.0:
        return usual
    wide = p[_FACTOR] * fresh
    return (1.0 - p[_OUT]) * usual + p[_OUT] * cut_mean(s[LEVEL], math.sqrt(sticky * sticky + wide * wide))
