"""From treatments given to rates changed: one month of every act on one person.

Delivery says when (start, stop, repeated courses); the effect then rises with a lag, falls when delivery ends, and
fades while it lasts. Acts of one channel combine as independent reductions, 1 - (1 - a)(1 - b), or add where they are
gains. An act of strength zero leaves every rate as it was, to the last bit.
"""

from __future__ import annotations

import math
from typing import Any, Final, Literal, get_args

import numba as nb

from alsight.base.compiled import STRICT
from alsight.base.compiled.numerics import exponential
from alsight.mechanism import layout as at
from alsight.mechanism.parameters import INDEX

Channel = Literal[
    "glutamate",
    "oxidative",
    "protein",
    "loss",
    "committed",
    "spread",
    "reinnervation",
    "enlargement",
    "replacement",
    "strength",
    "expectation",
]
CHANNELS: Final[tuple[str, ...]] = get_args(Channel)
"""What an act may change; the first six are reductions, the others gains."""

GLUTAMATE, OXIDATIVE, PROTEIN, LOSS, COMMITTED, SPREAD = range(6)
REINNERVATION, ENLARGEMENT, REPLACEMENT, STRENGTH, EXPECTATION = range(6, 11)

COLUMNS: Final = (
    "channel",
    "strength",
    "rise",
    "fall",
    "fade",
    "start",
    "stop",
    "every",
    "course",
    "origin",
    "limit",
)
CHANNEL, POWER, RISE, FALL, FADE, START, STOP, EVERY, COURSE, ORIGIN, LIMIT = range(11)
MASK: Final = len(COLUMNS)
DELAY: Final = MASK + at.LANES
ACT_WIDTH: Final = DELAY + at.LANES
"""One act: the columns above, then whether each pool is reached, then the months until it is."""

ORIGINS: Final = ("entry", "onset", "diagnosis")

_KD: Final = INDEX["committed_loss_per_month"]
_KRE: Final = INDEX["reinnervation_per_month"]
_GLU, _OX, _PROT = at.T["share_glutamate"], at.T["share_oxidative"], at.T["share_protein"]
_ENLARGE: Final = at.T["enlargement"]
_DX, _LAG = at.T["delay_months"], at.T["lag_months"]


@nb.njit(**STRICT)
def administered(since: float, act: Any) -> bool:
    """Whether a treatment is given in the month that ends so long after its first day."""
    month = math.ceil(since) - 1.0
    if month < 0.0 or month >= act[STOP] - act[START]:
        return False
    return act[EVERY] <= 0.0 or month % act[EVERY] < act[COURSE]


@nb.njit(**STRICT)
def treat(m: int, month: int, traits: Any, acts: Any, scale: Any, memory: Any, effect: Any) -> None:
    """Fill `effect` [channel x lane] with this month's total effects; `memory` keeps level and fading of each act."""
    effect[:] = 0.0
    for k in range(acts.shape[0]):
        if scale[k] == 0.0:
            continue
        act = acts[k]
        since = month - act[START]
        if act[ORIGIN] != 1.0:
            since -= traits[_DX]
            if act[ORIGIN] == 0.0:
                since -= traits[_LAG]
        on = administered(since, act)
        level = memory[0, k]
        memory[0, k] = level + ((1.0 - level) * act[RISE] if on else -level * act[FALL])
        if since <= 0.0:
            continue
        force = act[POWER] * scale[k] * memory[0, k] * memory[1, k]
        memory[1, k] *= act[FADE]
        channel = int(act[CHANNEL])
        row = channel * at.LANES
        if channel < REINNERVATION:
            force = min(force, 1.0)
        for r in range(m):
            reached = force * act[MASK + r] if since >= act[DELAY + r] else 0.0
            before = effect[row + r]
            effect[row + r] = before + reached * (1.0 - before) if channel < REINNERVATION else before + reached
        if channel == REPLACEMENT:
            memory[2, 0] = max(memory[2, 0], act[LIMIT] * scale[k])


@nb.njit(**STRICT)
def apply(m: int, state: Any, traits: Any, p: Any, effect: Any, graft_limit: float) -> None:
    """Turn effects into the rates of this month; zero effects give the natural rates."""
    glu, ox, protein = traits[_GLU], traits[_OX], traits[_PROT]
    expected = 0.0
    for r in range(m):
        toxic = 1.0 - glu * effect[GLUTAMATE * 8 + r] - ox * effect[OXIDATIVE * 8 + r]
        upstream = (toxic - protein * effect[PROTEIN * 8 + r]) * (1.0 - effect[LOSS * 8 + r])
        state[at.HAZARD + r] = upstream
        state[at.SPREADING + r] = upstream * (1.0 - effect[SPREAD * 8 + r])
        state[at.COMMITTED + r] = 1.0 - exponential(-p[_KD] * toxic * (1.0 - effect[COMMITTED * 8 + r]))
        state[at.TAKEOVER + r] = 1.0 - exponential(-p[_KRE] * (1.0 + effect[REINNERVATION * 8 + r]))
        state[at.SPROUT + r] = traits[_ENLARGE] * (1.0 + effect[ENLARGEMENT * 8 + r])
        state[at.GRAFT + r] = effect[REPLACEMENT * 8 + r]
        state[at.GRAFT_LIMIT + r] = graft_limit
        state[at.GAIN + r] = 1.0 + effect[STRENGTH * 8 + r]
    for r in range(7):
        expected = max(expected, effect[EXPECTATION * 8 + r])
    state[at.EXPECTATION] = expected
