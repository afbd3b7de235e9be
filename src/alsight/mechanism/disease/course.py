"""A person's whole course: the kernel's loop over months, from the first hit to death or the end of follow-up.

Everything a course needs is handed over: traits, rates, treatments and keys. What it gives is a row a month since
onset and the milestones. Before onset nothing is recorded; a person who never reaches onset within the longest silent
phase has none.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numba as nb

from alsight.base.compiled import STRICT
from alsight.base.compiled.numerics import exponential
from alsight.base.streams_numba import normal, uniform
from alsight.mechanism import layout as at
from alsight.mechanism.anatomy import BULBAR, SILENT, WEAK
from alsight.mechanism.disease.step import (
    breathe,
    fall_ill,
    graft,
    grow,
    hit,
    lose_lower,
    lose_upper,
    release,
    wander,
)
from alsight.mechanism.draws import BEFORE_COURSE, DIES, FIRST_DIP, FIRST_QUIET, SEEDED
from alsight.mechanism.parameters import INDEX
from alsight.mechanism.therapy.levels import apply, treat

LONGEST_SILENCE: Final = 480
"""Months after the first hit within which symptoms must begin; people slower than that are not patients."""

COURSE, SEEDING, DEATH, DIP, QUIESCENCE = range(5)
"""Order of a person's keys."""

_CLOCKS, _CORTEX_CLOCKS = SEEDED["clock"].start, SEEDED["cortex_clock"].start
_DEATH_DRAW, _LATE_DEATH_DRAW = DIES["before_tracheostomy"].start, DIES["after_tracheostomy"].start
_SCALE = INDEX["threshold_scale"]
_D0, _D_VC, _D_BULBAR = INDEX["death_log_hazard"], INDEX["death_per_capacity"], INDEX["death_bulbar"]
_D_AGE, _D_DIP, _REFERENCE = INDEX["death_per_year_of_age"], INDEX["dip_death"], INDEX["reference_age"]
_NIV, _NIV_LIMIT, _PEG = INDEX["niv_hazard"], INDEX["niv_bulbar_limit"], INDEX["gastrostomy_hazard"]
_PERMANENT, _TRACHEOSTOMY = INDEX["permanent_capacity_pct"], INDEX["tracheostomy_death_per_month"]
_SEED, _WEIGHT, _WEIGHT_B = INDEX["seed_activity"], INDEX["umn_weight"], INDEX["umn_weight_bulbar"]
_TAU, _DIP_RECOVERY = INDEX["wander_months"], INDEX["dip_recovery_per_month"]
_NF_BASE, _NF_AGE = INDEX["nfl_base_pg_ml"], INDEX["nfl_per_year_of_age"]
_ONSET, _DEAD, _LAST, _MONTHS = at.V["onset"], at.V["death"], at.V["last"], at.V["months"]
_V_NIV, _V_PERMANENT, _V_PEG = at.V["niv"], at.V["permanent"], at.V["gastrostomy"]
_V_TRACH, _V_SALIVA, _V_SPASM, _V_DIPS = at.V["tracheostomy"], at.V["saliva"], at.V["spasticity"], at.V["dips"]
_T_POOL, _T_CORTEX, _T_AGE, _T_VC = at.T["onset_pool"], at.T["cortex_first"], at.T["age_at_onset"], at.T["capacity_pct"]
_T_NIV, _T_PEG = at.T["niv_capacity_pct"], at.T["gastrostomy_strength"]
_T_SALIVA, _T_SPASM, _T_TRACH = at.T["saliva_strength"], at.T["spasticity_umn"], at.T["tracheostomy_accepted"]
_T_GROWTH, _T_SPREAD, _T_STOP = at.T["growth"], at.T["spread"], at.T["stop_months"]


@nb.njit(**STRICT)
def begin(m: int, state: Any, traits: Any, p: Any, keys: Any, graphs: Any) -> None:
    """The person before the first month: every pool whole but for the first hit, every wait drawn."""
    state[:] = 0.0
    state[at.GRAPH : at.SCALARS] = graphs
    for r in range(m):
        for row in (at.STRENGTH, at.UNITS, at.FIBERS, at.UMN_UNITS, at.HEALTHY, at.UMN_HEALTHY):
            state[row + r] = 1.0
        state[at.RATE + r] = traits[at.T_RATE + r]
        state[at.UMN_RATE + r] = traits[at.T_UMN_RATE + r]
        state[at.UMN_WEIGHT + r] = p[_WEIGHT_B] if r == BULBAR else p[_WEIGHT]
        state[at.CLOCK + r] = -math.log(uniform(keys[SEEDING], _CLOCKS + r))
        state[at.CORTEX_CLOCK + r] = -math.log(uniform(keys[SEEDING], _CORTEX_CLOCKS + r))
    state[at.CLOCK + 7] = state[at.CORTEX_CLOCK + 7] = 1e300  # the empty lane is never reached
    first = int(traits[_T_POOL])
    state[at.ACTIVITY + first] = 0.0 if traits[_T_CORTEX] > 0.0 else p[_SEED]
    state[at.CORTEX + first] = p[_SEED]
    state[at.UNHIT] = 13.0 if traits[_T_CORTEX] > 0.0 else 12.0
    state[at.WANDER] = normal(keys[COURSE], BEFORE_COURSE)
    state[at.WANDER_KEEP] = math.exp(-1.0 / p[_TAU])
    state[at.WANDER_STIR] = math.sqrt(1.0 - state[at.WANDER_KEEP] ** 2)
    state[at.DIP_KEEP] = math.exp(-p[_DIP_RECOVERY])
    state[at.DIP_CLOCK] = -math.log(uniform(keys[DIP], FIRST_DIP))
    state[at.QUIET_CLOCK] = -math.log(uniform(keys[QUIESCENCE], FIRST_QUIET))
    state[at.DEATH_CLOCK] = -math.log(uniform(keys[DEATH], _DEATH_DRAW))
    state[at.NFL_BASE] = p[_NF_BASE] * math.exp(p[_NF_AGE] * (traits[_T_AGE] - p[_REFERENCE]))
    state[at.NFL] = state[at.NFL_BASE]


@nb.njit(**STRICT)
def weakest(state: Any, events: Any, month: int) -> float:
    """Strength of the weakest region; notes the month in which each region becomes clinically weak."""
    least = 1.0
    for r in range(7):
        strength = state[at.STRENGTH + r]
        least = min(least, strength)
        if strength < WEAK and events[at.V_REGION + r] < 0.0:
            events[at.V_REGION + r] = month
    return least


@nb.njit(**STRICT)
def noticed(state: Any, shift: Any, loadings: Any, thresholds: Any, scale: float) -> bool:
    """Whether any item has truly left its highest grade, for this person's lasting thresholds."""
    for item in range(12):
        able = shift[item]
        for r in range(7):
            able += loadings[item, r] * state[at.STRENGTH + r]
        if able <= thresholds[item, 0] * scale:
            return True
    return False


@nb.njit(**STRICT)
def care(state: Any, traits: Any, p: Any, events: Any, month: int) -> None:
    """Step 13: what is offered when its sign is there and the person accepts; each begins once and stays."""
    bulbar = state[at.STRENGTH + BULBAR]
    if state[at.NIV] == 0.0 and state[at.BREATH] < traits[_T_NIV]:
        state[at.NIV] = 1.0
        events[_V_NIV] = month
    if state[at.NIV] == 1.0 and state[at.BREATH] < p[_PERMANENT]:
        state[at.NIV] = 2.0
        events[_V_PERMANENT] = month
    if state[at.GASTROSTOMY] == 0.0 and bulbar < traits[_T_PEG]:
        state[at.GASTROSTOMY] = 1.0
        events[_V_PEG] = month
    if state[at.SALIVA] == 0.0 and bulbar < traits[_T_SALIVA]:
        state[at.SALIVA] = 1.0
        events[_V_SALIVA] = month
    if state[at.SPASTICITY] == 0.0:
        legs = 1.0 - 0.5 * (state[at.UMN_UNITS + 4] + state[at.UMN_UNITS + 5])
        if legs > traits[_T_SPASM]:
            state[at.SPASTICITY] = 1.0
            events[_V_SPASM] = month


@nb.njit(**STRICT)
def hazard_of_death(state: Any, p: Any, age: float) -> float:
    """Step 14: hazard [1/month] from capacity, bulbar strength, age, illness and care."""
    if state[at.TRACHEOSTOMY] > 0.0:
        return p[_TRACHEOSTOMY]
    bulbar = state[at.STRENGTH + BULBAR]
    log_hazard = p[_D0] + p[_D_VC] * (100.0 - state[at.BREATH]) * 0.1 + p[_D_BULBAR] * (1.0 - bulbar)
    log_hazard += p[_D_AGE] * (age - p[_REFERENCE]) + p[_D_DIP] * state[at.DIP]
    if state[at.NIV] > 0.0 and bulbar > p[_NIV_LIMIT]:
        log_hazard += p[_NIV]
    if state[at.GASTROSTOMY] > 0.0:
        log_hazard += p[_PEG]
    return exponential(log_hazard)


@nb.njit(**STRICT)
def dies(state: Any, traits: Any, p: Any, key: Any, events: Any, month: int) -> bool:
    """Whether this month is the last; the day within it is where the hazard used up the last of the chance."""
    before = state[at.DEATH_CLOCK]
    hazard = hazard_of_death(state, p, traits[_T_AGE])
    state[at.DEATH_CLOCK] = before - hazard
    if state[at.DEATH_CLOCK] > 0.0:
        return False
    if traits[_T_TRACH] > 0.0 and state[at.TRACHEOSTOMY] == 0.0:
        state[at.TRACHEOSTOMY] = 1.0
        state[at.NIV] = 2.0
        state[at.DEATH_CLOCK] = -math.log(uniform(key, _LATE_DEATH_DRAW))
        events[_V_TRACH] = month
        return False
    events[_DEAD] = month + before / hazard
    return True


@nb.njit(**STRICT)
def record(row: Any, state: Any) -> None:
    """One month of the course: six rows of lanes and the scalars, in the order of the layout."""
    for index in range(at.COURSE_ROWS):
        row[index] = state[index]
    row[at.C_BREATH] = state[at.BREATH]
    row[at.C_NFL] = state[at.NFL]
    row[at.C_DIP] = state[at.DIP]
    row[at.C_NIV] = state[at.NIV]
    row[at.C_GASTROSTOMY] = state[at.GASTROSTOMY]
    row[at.C_TRACHEOSTOMY] = state[at.TRACHEOSTOMY]
    row[at.C_SALIVA] = state[at.SALIVA]
    row[at.C_SPASTICITY] = state[at.SPASTICITY]
    row[at.C_EXPECTATION] = state[at.EXPECTATION]
    row[at.C_MULTIPLIER] = state[at.MULTIPLIER]


@nb.njit(**STRICT)
def pathology(
    m: int, state: Any, traits: Any, p: Any, keys: Any, acts: Any, scale: Any, memory: Any, effect: Any, t: int, q: int
) -> None:
    """Steps 1 to 10 of one month; `t` counts from the first hit, `q` from onset (negative before)."""
    wander(state, p, keys[COURSE], keys[QUIESCENCE], t)
    if q >= 0 and acts.shape[0] > 0:
        treat(m, q, traits, acts, scale, memory, effect)
        apply(m, state, traits, p, effect, memory[2, 0])
        graft(m, state)
    grow(m, state, traits[_T_GROWTH])
    lose_lower(m, state, p)
    lose_upper(m, state, p)
    if state[at.UNHIT] > 0.0:
        hit(m, state, p, traits[_T_SPREAD])
    release(state, p)


@nb.njit(**STRICT)
def live(
    m: int,
    state: Any,
    traits: Any,
    p: Any,
    keys: Any,
    graphs: Any,
    loadings: Any,
    thresholds: Any,
    acts: Any,
    scale: Any,
    memory: Any,
    effect: Any,
    course: Any,
    events: Any,
) -> None:
    """One person from the first hit on; fills `course` from the month of onset and `events`."""
    begin(m, state, traits, p, keys, graphs)
    effect[:] = 0.0
    memory[0, :] = 0.0
    memory[1, :] = 1.0
    memory[2, :] = 0.0
    apply(m, state, traits, p, effect, 0.0)
    events[:] = -1.0
    events[_V_DIPS] = 0.0
    t, q = -1, -1
    longest = min(float(course.shape[0]), traits[_T_STOP])
    while (q < 0 and t < LONGEST_SILENCE - 1) or (q >= 0 and q + 1 < longest):
        t += 1
        q += 1 if q >= 0 else 0
        pathology(m, state, traits, p, keys, acts, scale, memory, effect, t, q)
        least = weakest(state, events, t)
        if q < 0:
            shift = traits[at.T_SHIFT : at.T_SHIFT + 12]
            if least >= SILENT or not noticed(state, shift, loadings, thresholds, p[_SCALE]):
                continue
            events[_ONSET], q = t, 0
        if fall_ill(state, p, keys[DIP]):
            if events[_V_DIPS] < at.DIP_SLOTS:
                events[at.V_DIP + int(events[_V_DIPS])] = q
            events[_V_DIPS] += 1.0
        state[at.BREATH] = breathe(state, p, traits[_T_VC])
        care(state, traits, p, events, q)
        record(course[q], state)
        if dies(state, traits, p, keys[DEATH], events, q):
            break
    events[_MONTHS], events[_LAST] = t + 1.0, q + 1.0
    for r in range(7):
        if events[at.V_REGION + r] >= 0.0 and events[_ONSET] >= 0.0:
            events[at.V_REGION + r] -= events[_ONSET]
