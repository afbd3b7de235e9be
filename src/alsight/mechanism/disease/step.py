"""One month of the disease in one person, as a numbered list.

 1. The person's rate wanders; a quiescent spell may begin or end.            `wander`
 2. Treatments rise, fall and fade; they change named rates.                  `therapy.levels`
 3. Replaced neurons arrive, where a treatment brings them.                   `graft`
 4. Activity of the disease grows in every region it has reached.             `grow`
 5. Healthy lower motor neurons are committed; committed ones are lost.       `lose_lower`
 6. Fibers lose their nerve; surviving units take some over; others waste.    `lose_lower`
 7. The same two fates for upper motor neurons.                               `lose_upper`
 8. Strength follows fibers and the upper motor neurons that command them.    `lose_upper`
 9. Regions not yet reached are hit by their neighbors, at both levels.      `hit`
10. Neurofilament is released as neurons are committed.                       `release`
    From the month of onset:
11. Intercurrent illness comes and goes.                                      `fall_ill`
12. Vital capacity follows respiratory strength.                              `breathe`
13. Care begins when its signs are there: ventilation, gastrostomy, drugs.    `care`
14. Death comes when the summed hazard has used up the person's chance.       `hazard_of_death`

Steps 3 to 8 are exact over a month at constant rates. A wait (until hit, ill, quiescent or dead) is drawn once, as a
unit exponential that the hazard runs down: the law is that of monthly chances, without monthly draws.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numba as nb

from alsight.base.compiled import STRICT
from alsight.base.compiled.numerics import exponential
from alsight.base.streams_numba import normal, uniform
from alsight.mechanism import layout as at
from alsight.mechanism.anatomy import ARM_LEFT, ARM_RIGHT, BULBAR, PHRENIC, TRUNK
from alsight.mechanism.draws import DIPS, FIRST_DIP, width
from alsight.mechanism.parameters import INDEX

_WANDER_SD, _WANDER_MONTHS = INDEX["wander_log_sd"], INDEX["wander_months"]
_QUIET_ON, _QUIET_OFF, _QUIET_RATE = INDEX["quiet_per_month"], INDEX["wake_per_month"], INDEX["quiet_rate"]
_SEED, _SPONTANEOUS = INDEX["seed_activity"], INDEX["spontaneous_per_month"]
_DOWN, _UP = INDEX["descending"], INDEX["ascending"]
_ATROPHY, _EXPONENT = INDEX["atrophy_per_month"], INDEX["force_exponent"]
_NF_K, _NF_BASE, _NF_AGE = INDEX["nfl_elimination_per_month"], INDEX["nfl_base_pg_ml"], INDEX["nfl_per_year_of_age"]
_NF_RELEASE, _NF_UMN = INDEX["nfl_release_pg_ml"], INDEX["nfl_umn_release"]
_REFERENCE_AGE: Final = INDEX["reference_age"]
_DIP_RATE, _DIP_SIZE, _DIP_RECOVERY = INDEX["dip_per_month"], INDEX["dip_size"], INDEX["dip_recovery_per_month"]
_VC_EXPONENT, _VC_PHRENIC = INDEX["capacity_exponent"], INDEX["capacity_phrenic"]
_VC_TRUNK, _VC_ARM, _VC_BULBAR = INDEX["capacity_trunk"], INDEX["capacity_arm"], INDEX["capacity_bulbar"]
_GROWTH, _SPREAD, _AGE, _VC0 = at.T["growth"], at.T["spread"], at.T["age_at_onset"], at.T["capacity_pct"]
_TINY: Final = 1e-9
_DIPS: Final = width(DIPS)
_DIP_DEPTH, _DIP_WAIT = FIRST_DIP + 1 + DIPS["size"].start, FIRST_DIP + 1 + DIPS["wait"].start


@nb.njit(**STRICT)
def wander(state: Any, p: Any, course_key: Any, quiet_key: Any, month: int) -> None:
    """Step 1: the factor on all hazards this month."""
    factor = 1.0
    spread = p[_WANDER_SD]
    if spread > 0.0:
        keep = state[at.WANDER_KEEP]
        z = keep * state[at.WANDER] + state[at.WANDER_STIR] * normal(course_key, month)
        state[at.WANDER] = z
        factor = exponential(spread * z - 0.5 * spread * spread)
    if p[_QUIET_ON] > 0.0:
        quiet = state[at.QUIET] > 0.0
        state[at.QUIET_CLOCK] -= p[_QUIET_OFF] if quiet else p[_QUIET_ON]
        if state[at.QUIET_CLOCK] <= 0.0:
            state[at.QUIET] = 0.0 if quiet else 1.0
            state[at.QUIET_DRAWS] += 1.0
            state[at.QUIET_CLOCK] = -math.log(uniform(quiet_key, int(state[at.QUIET_DRAWS])))
        if state[at.QUIET] > 0.0:
            factor *= p[_QUIET_RATE]
    state[at.MULTIPLIER] = factor


@nb.njit(**STRICT)
def graft(m: int, state: Any) -> None:
    """Step 3: replaced neurons join the healthy ones, never beyond a full pool or the treatment's limit."""
    for r in range(m):
        room = min(1.0 - state[at.HEALTHY + r] - state[at.SICK + r], state[at.GRAFT_LIMIT + r] - state[at.GRAFTED + r])
        arriving = max(0.0, min(state[at.GRAFT + r], room))
        state[at.HEALTHY + r] += arriving
        state[at.GRAFTED + r] += arriving


@nb.njit(**STRICT)
def grow(m: int, state: Any, growth: float) -> None:
    """Step 4: logistic growth of activity, a <- a e^g / (1 + a (e^g - 1)); a pool not yet hit stays at zero."""
    for r in range(m):
        a = state[at.ACTIVITY + r]
        state[at.ACTIVITY + r] = a * (1.0 + growth) / (1.0 + a * growth)
        b = state[at.CORTEX + r]
        state[at.CORTEX + r] = b * (1.0 + growth) / (1.0 + b * growth)


@nb.njit(**STRICT)
def lose_lower(m: int, state: Any, p: Any) -> None:
    """Steps 5 and 6: commitment, loss, denervation, reinnervation up to the largest units, atrophy."""
    factor, wasting = state[at.MULTIPLIER], p[_ATROPHY]
    for r in range(m):
        hazard = state[at.RATE + r] * state[at.ACTIVITY + r] * state[at.HAZARD + r] * factor
        healthy = state[at.HEALTHY + r]
        turned = healthy * (1.0 - exponential(-min(hazard, 50.0)))
        healthy -= turned
        sick = state[at.SICK + r] + turned
        lost = sick * state[at.COMMITTED + r]
        sick -= lost
        units = healthy + sick
        state[at.HEALTHY + r] = healthy
        state[at.SICK + r] = sick
        state[at.UNITS + r] = units
        state[at.FLUX + r] = turned
        wasted = state[at.ATROPHY + r]
        fibers = state[at.FIBERS + r] * (1.0 - lost / max(units + lost, _TINY))
        reach = min(state[at.SPROUT + r] * units, 1.0 - wasted)
        fibers += state[at.TAKEOVER + r] * max(reach - fibers, 0.0)
        state[at.FIBERS + r] = fibers
        state[at.ATROPHY + r] = wasted + wasting * max(1.0 - wasted - fibers, 0.0)


@nb.njit(**STRICT)
def lose_upper(m: int, state: Any, p: Any) -> None:
    """Steps 7 and 8: commitment and loss of upper motor neurons; strength = fibers x command."""
    factor, release = state[at.MULTIPLIER], p[_NF_UMN]
    for r in range(m):
        hazard = state[at.UMN_RATE + r] * state[at.CORTEX + r] * state[at.HAZARD + r] * factor
        healthy = state[at.UMN_HEALTHY + r]
        turned = healthy * (1.0 - exponential(-min(hazard, 50.0)))
        sick = (state[at.UMN_SICK + r] + turned) * (1.0 - state[at.COMMITTED + r])
        healthy -= turned
        units = healthy + sick
        state[at.UMN_HEALTHY + r] = healthy
        state[at.UMN_SICK + r] = sick
        state[at.UMN_UNITS + r] = units
        state[at.FLUX + r] += release * turned
        command = (1.0 - state[at.UMN_WEIGHT + r] * (1.0 - units)) * state[at.GAIN + r]
        state[at.STRENGTH + r] = min(state[at.FIBERS + r] * command, 1.0)
    if p[_EXPONENT] != 1.0:
        for r in range(7):
            state[at.STRENGTH + r] *= max(state[at.FIBERS + r], _TINY) ** (p[_EXPONENT] - 1.0)


@nb.njit(**STRICT)
def hit(m: int, state: Any, p: Any, spread: float) -> None:
    """Step 9: waits of pools not yet reached run down with their neighbors' activity, at each level and across.

    The seven neighbors are written out, so that the eight lanes run as one.
    """
    down, up, seed, alone = p[_DOWN], p[_UP], p[_SEED], p[_SPONTANEOUS]
    s, a, b = state, at.ACTIVITY, at.CORTEX
    a0, a1, a2, a3, a4, a5, a6 = s[a], s[a + 1], s[a + 2], s[a + 3], s[a + 4], s[a + 5], s[a + 6]
    b0, b1, b2, b3, b4, b5, b6 = s[b], s[b + 1], s[b + 2], s[b + 3], s[b + 4], s[b + 5], s[b + 6]
    for r in range(m):
        g, c = at.GRAPH + r, at.CORTEX_GRAPH + r
        below = (s[g] * a0 + s[g + 8] * a1) + (s[g + 16] * a2 + s[g + 24] * a3)
        below += (s[g + 32] * a4 + s[g + 40] * a5) + (s[g + 48] * a6 + down * s[b + r])
        above = (s[c] * b0 + s[c + 8] * b1) + (s[c + 16] * b2 + s[c + 24] * b3)
        above += (s[c + 32] * b4 + s[c + 40] * b5) + (s[c + 48] * b6 + up * s[a + r])
        ease = spread * s[at.SPREADING + r]
        s[at.CLOCK + r] -= ease * below + alone
        s[at.CORTEX_CLOCK + r] -= ease * above + alone
    hits = 0
    for r in range(m):
        reached = s[a + r] == 0.0 and s[at.CLOCK + r] <= 0.0
        reached_above = s[b + r] == 0.0 and s[at.CORTEX_CLOCK + r] <= 0.0
        s[a + r] = seed if reached else s[a + r]
        s[b + r] = seed if reached_above else s[b + r]
        hits += (1 if reached else 0) + (1 if reached_above else 0)
    s[at.UNHIT] -= hits


@nb.njit(**STRICT)
def release(state: Any, p: Any) -> None:
    """Step 10: neurofilament follows the flux of newly committed neurons with its elimination [pg/ml]."""
    flux = 0.0
    for r in range(7):
        flux += state[at.FLUX + r]
    steady = state[at.NFL_BASE] + p[_NF_RELEASE] * flux / (7.0 * (1.0 + p[_NF_UMN]))
    state[at.NFL] += p[_NF_K] * (steady - state[at.NFL])


@nb.njit(**STRICT)
def fall_ill(state: Any, p: Any, dip_key: Any) -> bool:
    """Step 11: a dip of usable strength appears at random and heals exponentially; True in a month one begins."""
    state[at.DIP] *= state[at.DIP_KEEP]
    state[at.DIP_CLOCK] -= p[_DIP_RATE]
    if state[at.DIP_CLOCK] > 0.0:
        return False
    draw = int(state[at.DIP_DRAWS])
    state[at.DIP_CLOCK] = -math.log(uniform(dip_key, _DIPS * draw + _DIP_WAIT))
    state[at.DIP] = min(state[at.DIP] - p[_DIP_SIZE] * math.log(uniform(dip_key, _DIPS * draw + _DIP_DEPTH)), 0.5)
    state[at.DIP_DRAWS] += 1.0
    return True


@nb.njit(**STRICT)
def breathe(state: Any, p: Any, initial: float) -> float:
    """Step 12: vital capacity [% of predicted] from diaphragm, trunk and shoulders; a weak mouth leaks."""
    respiratory = (
        p[_VC_PHRENIC] * state[at.STRENGTH + PHRENIC]
        + p[_VC_TRUNK] * state[at.STRENGTH + TRUNK]
        + p[_VC_ARM] * (state[at.STRENGTH + ARM_LEFT] + state[at.STRENGTH + ARM_RIGHT])
    )
    usable = max(respiratory, 1e-6)
    leak = 1.0 - p[_VC_BULBAR] * (1.0 - state[at.STRENGTH + BULBAR])
    return initial * exponential(p[_VC_EXPONENT] * math.log(usable)) * leak
