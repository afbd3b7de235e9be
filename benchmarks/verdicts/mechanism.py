"""The mechanism as a generator: people of the shipped ensemble, rated item by item; recoveries rewind the course.

A planted gain takes the person's muscles back to where the expected score was so much higher (never above onset), so
items return as they went. Care is off, so that nothing but the disease and planted recoveries moves the truth.
Raters do not anchor on their last grade here, because then E[score] would depend on which visits were made; their
noise is sticky all the same. So the truth, E[score | course without dips], has a closed form.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any, Final

import numba as nb
import numpy as np
from benchmarks.verdicts.core import AROUND, kind_of, recovery_drawn, share_of_gain
from benchmarks.verdicts.numbers import Numbers, Size, size_table
from benchmarks.verdicts.numbers import vector as flat
from benchmarks.verdicts.places import CURVE, END, LOSS, SIZE, START
from benchmarks.verdicts.seeing import digest
from jaxtyping import Float64

from alsight.base.streams import Stream, mix_word, stream_key
from alsight.base.streams_numba import fold
from alsight.calibrate.ensemble import ensemble
from alsight.calibrate.populations import CRITERIA
from alsight.mechanism import anatomy
from alsight.mechanism import layout as at
from alsight.mechanism.measure import rating as rated
from alsight.mechanism.measure.visits import between
from alsight.mechanism.numerics import STRICT
from alsight.mechanism.parameters import INDEX, vector
from alsight.population.blocks import recruit_block
from alsight.population.recruit import entry_month
from alsight.population.spec import Care, FollowUp, People, Population, Recruit, Schedule

DROPOUT: Final = 0.012
"""Withdrawal a month, as in the other generators. Source: vaneijk2025attrition"""
TYPICAL: Final = 2.0
"""SD of a rating that the ensemble gives its median person without anchoring, measured here [points]."""
NOISE: Final = 1.35
"""SD of a rating in the median person when none is asked for: 1.9 over all people, as far as the reliability goes up.
Source: kaufmann2007"""
_SCALE, _DAY, _ITEM = INDEX["threshold_scale"], INDEX["day_sd"], INDEX["item_sd"]
_T_NOISE, _V_LAST, _V_DEATH = at.T["noise"], at.V["last"], at.V["death"]
RECOVERY: Final = Numbers(0.0, 0.0, 1.0, 1.0)
"""When and how recoveries are planted: as in the other generators."""


@cache
def parameters(member: int, noise: float | None, autocorrelation: float | None) -> dict[str, float]:
    """One set of the ensemble, with another size or stickiness of rating noise where asked."""
    sets = ensemble().members
    changes = dict(sets[member % len(sets)].parameters) | {"anchoring": 0.0}
    whole = vector(changes)
    part = (NOISE if noise is None else noise) / TYPICAL
    changes |= {"day_sd": min(float(whole[_DAY]) * part, 0.5), "item_sd": min(float(whole[_ITEM]) * part, 0.5)}
    if autocorrelation is not None:
        changes["stickiness"] = min(max(autocorrelation, 0.0), 0.95) ** (1.0 / 3.0)
    return changes


def population_of(people: int, seed: int, changes: dict[str, float], horizon: int) -> Population:
    """People of a trial some months after diagnosis, without care."""
    return Population(
        name="bench",
        size=people,
        seed=mix_word(seed) >> 1,
        people=People(parameters=changes),
        recruit=Recruit(kind="trial", lag_months=1.0, lag_spread_months=3.0, criteria=CRITERIA["proact"]),
        follow_up=FollowUp(
            months=float(horizon), dropout_per_month=0.0, schedule=Schedule(rating=horizon, capacity=horizon, weight=0)
        ),
        care=Care(niv=0.0, gastrostomy=0.0, saliva_drug=0.0, spasticity_drug=0.0, tracheostomy=0.0),
    )


@nb.njit(**STRICT)
def ability(seen: Any, traits: Any, loadings: Any, item: int) -> float:
    """Ability behind one item without noise."""
    able = traits[at.T_SHIFT + item]
    for pool in range(7):
        able += loadings[pool, item] * seen[pool]
    return able


@nb.njit(**STRICT)
def closed(seen: Any, traits: Any, p: Any, loadings: Any, thresholds: Any) -> float:
    """E[score] of a rater who does not anchor; item 12 follows care and stays at 4."""
    sd = max(traits[_T_NOISE] * math.sqrt(p[_DAY] ** 2 + p[_ITEM] ** 2), 1e-6)
    score = 4.0
    for item in range(11):
        able = ability(seen, traits, loadings, item)
        for grade in range(4):
            score += 0.5 * math.erfc(-(able - thresholds[grade, item] * p[_SCALE]) / sd / math.sqrt(2.0))
    return score


@nb.njit(**STRICT)
def held_up(s: Any, month: float) -> float:
    """Months of disease that did not pass, up to a month from entry."""
    return (1.0 - s[LOSS]) * max(min(month, s[END]) - s[START], 0.0)


@nb.njit(**STRICT)
def clocks(s: Any, q: Any, falling: Any, last: int, entry: float, month: float) -> tuple[float, float]:
    """Month since onset on the disease's clock, and the one that the muscles are at, which a gain takes back."""
    now = entry + month - held_up(s, month)
    gain = s[SIZE] * share_of_gain(s, q, month)
    if gain <= 0.0:
        return now, now
    floor = min(int(now), last - 1)
    ahead = min(floor + 1, last - 1)
    aim = falling[floor] + (now - floor) * (falling[ahead] - falling[floor]) + gain
    place = ahead
    while place > 0 and falling[place - 1] < aim:
        place -= 1
    if place == 0:
        return now, 0.0
    high, low = falling[place - 1], falling[place]
    part = (high - aim) / (high - low) if high > low else 1.0
    return now, min(place - 1.0 + max(part, 0.0), now)


@nb.njit(**STRICT)
def look(
    p: Any,
    q: Any,
    sizes: Any,
    recovers: Any,
    streams: Any,
    subjects: Any,
    traits: Any,
    courses: Any,
    events: Any,
    entries: Any,
    times: Any,
    leaves: Any,
    tables: Any,
    truth: Any,
    scores: Any,
    ends: Any,
    facts: Any,
) -> None:
    """Plant, rate and average; one person after another."""
    loadings, thresholds, masked_loadings, masked_thresholds = tables
    seen, rating, s = np.empty(at.COURSE_WIDTH), np.empty(rated.MEMORY_SIZE), np.empty(CURVE)
    months, lanes, plain = truth.shape[1], masked_loadings.shape[1], np.zeros(AROUND)
    for k in range(times.shape[0]):
        key, entry, last, course = fold(streams[0], subjects[k]), entries[k], int(events[k, _V_LAST]), courses[k]
        s[:] = 0.0
        s[START], s[END], s[LOSS] = math.inf, math.inf, 1.0
        if recovers[k]:
            recovery_drawn(s, q, sizes, plain, key, 0)
            facts[k, 0] = kind_of(sizes, s[SIZE])
        facts[k, 1:6] = s[8:13]
        falling = np.empty(last)
        for month in range(last):
            falling[month] = closed(course[month], traits[k], p, loadings, thresholds)
            falling[month] = falling[month] if month == 0 else min(falling[month], falling[month - 1])
        died = events[k, _V_DEATH]
        ends[k, 0], ends[k, 1] = leaves[k], 0 if leaves[k] >= months - 1 else 2
        for month in range(months):
            if died >= 0.0 and entry + month - held_up(s, month) >= died and month - 1.0 < ends[k, 0]:
                back = died - (entry + month - 1.0 - held_up(s, month - 1.0))
                at_death = month - 1.0 + min(max(back, 0.0), 1.0)
                if at_death <= ends[k, 0]:
                    ends[k, 0], ends[k, 1] = at_death, 1
                break
        rater = fold(streams[1], subjects[k])
        rated.forget(rating, p)
        for visit in range(times.shape[1]):
            if not times[k, visit] <= ends[k, 0]:
                break
            now, muscles = clocks(s, q, falling, last, entry, times[k, visit])
            between(course, last, now, seen)
            dip = seen[at.C_DIP]
            between(course, last, muscles, seen)
            seen[at.C_DIP] = dip
            rated.rate(
                lanes,
                rating,
                seen,
                traits[k],
                p,
                masked_loadings,
                masked_thresholds,
                rater,
                visit,
                entry + times[k, visit],
                0.0,
            )
            scores[k, visit] = rated.total(rating, seen)
        for month in range(months):
            _, muscles = clocks(s, q, falling, last, entry, float(month))
            between(course, last, min(muscles, last - 1.0), seen)
            truth[k, month] = closed(seen, traits[k], p, loadings, thresholds)


@cache
def kernel(source: int) -> Any:
    """`look`, compiled and kept on disk for one state of the sources."""

    @nb.njit(nogil=True, cache=True, **STRICT)
    def run(
        p: Any,
        q: Any,
        sizes: Any,
        recovers: Any,
        streams: Any,
        subjects: Any,
        traits: Any,
        courses: Any,
        events: Any,
        entries: Any,
        times: Any,
        leaves: Any,
        tables: Any,
        truth: Any,
        scores: Any,
        ends: Any,
        facts: Any,
    ) -> int:
        look(
            p,
            q,
            sizes,
            recovers,
            streams,
            subjects,
            traits,
            courses,
            events,
            entries,
            times,
            leaves,
            tables,
            truth,
            scores,
            ends,
            facts,
        )
        return source

    return run


def pair_of_tables() -> tuple[Any, Any, Any, Any]:
    """Loadings and thresholds, plain by pool and item, and as the rating kernel wants them."""
    lanes, masked = rated.tables()
    return (
        np.ascontiguousarray(anatomy.loadings().T),
        np.ascontiguousarray(anatomy.thresholds().T),
        lanes,
        masked,
    )


def lived(
    times: Float64[np.ndarray, "subject visit"],
    recovers: np.ndarray,
    seed: int,
    noise: float | None,
    autocorrelation: float | None,
    loss: float | None,
    sizes: tuple[Size, ...],
    horizon: int,
    member: int | None = None,
) -> tuple[np.ndarray, ...]:
    """Truth, scores, ends, facts, months since onset at entry, and the size of each person's noise, as arrays."""
    people = times.shape[0]
    changes = parameters(seed if member is None else member, noise, autocorrelation)
    population = population_of(people, seed, changes, horizon)
    recovery = flat(RECOVERY if loss is None else replace(RECOVERY, loss=loss))
    truth, scores = np.empty((people, horizon + 1)), np.full(times.shape, np.nan)
    ends, facts = np.empty((people, 2)), np.full((people, 8), np.nan)
    streams = np.array([stream_key(mix_word(seed), one) for one in (Stream.NULL, Stream.RATING)], np.uint64)
    leaves = np.minimum(np.random.default_rng([seed, 77]).exponential(1.0 / DROPOUT, people), horizon)
    since, size = np.empty(people), np.empty(people)
    done, block = 0, 0
    while done < people:
        group = recruit_block(population, block, kept=True)
        count = min(group.subjects.size, people - done)
        some, entry = slice(done, done + count), entry_month(group.traits)
        kernel(digest())(
            vector(changes),
            recovery,
            size_table(sizes),
            recovers[some],
            streams,
            group.subjects[:count],
            group.traits[:count],
            group.seen.courses[:count],
            group.seen.events[:count],
            entry,
            times[some],
            leaves[some],
            pair_of_tables(),
            truth[some],
            scores[some],
            ends[some],
            facts[some],
        )
        since[some], size[some] = entry[:count], group.traits[:count, _T_NOISE]
        done, block = done + count, block + 1
    facts[:, 6] = (truth[:, 0] - truth[:, min(12, horizon)]) / min(12, horizon)
    facts[:, 7] = truth[:, 0]
    return truth, scores, ends, facts, since, size
