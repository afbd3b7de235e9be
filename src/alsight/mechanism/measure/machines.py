"""What machines, hands and the laboratory measure of one month of the course, each with its noise."""

from __future__ import annotations

from typing import Any

import numba as nb

from alsight.base.compiled import STRICT
from alsight.base.compiled.numerics import exponential
from alsight.base.streams_numba import normal
from alsight.mechanism import layout as at
from alsight.mechanism.draws import MEASURED
from alsight.mechanism.parameters import INDEX

_VC_NOISE, _SLOW = INDEX["capacity_noise_pct"], INDEX["slow_capacity_shift_pct"]
_GRIP_M, _GRIP_F = INDEX["grip_male_kg"], INDEX["grip_female_kg"]
_HHD_M, _HHD_F, _KNEE = INDEX["hhd_male_kg"], INDEX["hhd_female_kg"], INDEX["knee_to_elbow"]
_HAND_NOISE = INDEX["strength_noise"]
_MUNIX, _MUNIX_NOISE = INDEX["munix_healthy"], INDEX["munix_noise_log_sd"]
_CMAP, _CMAP_NOISE, _LEG = INDEX["cmap_healthy_mv"], INDEX["cmap_noise_log_sd"], INDEX["leg_to_hand"]
_TWITCH, _UMN_TOP, _UMN_NOISE = INDEX["fasciculation_gain"], INDEX["umn_score_top"], INDEX["umn_score_noise"]
_NF_NOISE = INDEX["nfl_noise_log_sd"]
_CREA_M, _CREA_F = INDEX["creatinine_male_umol_l"], INDEX["creatinine_female_umol_l"]
_CREA_MUSCLE, _CREA_NOISE = INDEX["creatinine_muscle"], INDEX["creatinine_noise_log_sd"]
_MASS, _W_BULBAR, _W_MUSCLE = INDEX["denervated_mass"], INDEX["weight_bulbar"], INDEX["weight_muscle"]
_W_NOISE, _W_FED = INDEX["weight_noise_kg"], INDEX["gastrostomy_weight"]
_Q_NOISE, _Q_MOOD, _Q_SLOPE = INDEX["alsaq5_noise"], INDEX["alsaq5_mood"], INDEX["alsaq5_slope"]
_MALE, _FACTOR, _WEIGHT, _NFL = at.T["male"], at.T["strength_factor"], at.T["weight_kg"], at.T["nfl_factor"]
_T_MOOD = at.T["mood"]
_SESSION, _FVC, _SVC = MEASURED["capacity_session"].start, MEASURED["fvc"].start, MEASURED["svc"].start
_GRIP, _ELBOW, _KNEE_DRAW = (
    (MEASURED[f"{muscle}_left"].start, MEASURED[f"{muscle}_right"].start) for muscle in ("grip", "elbow", "knee")
)
_MUNIX_DRAW, _CMAP_DRAW = (
    (MEASURED[f"{signal}_hand"].start, MEASURED[f"{signal}_leg"].start) for signal in ("munix", "cmap")
)
_SIGNS = MEASURED["umn_score"].start
_NEUROFILAMENT, _CREATININE = MEASURED["neurofilament"].start, MEASURED["creatinine"].start
_WEIGHED = MEASURED["weight"].start
_FUNCTION, _FEELING = MEASURED["alsaq5_function"].start, MEASURED["alsaq5_feeling"].start


@nb.njit(**STRICT)
def capacity(observed: Any, p: Any, key: Any, first: int, row: Any, index: int) -> None:
    """Forced and slow vital capacity [% of predicted] of one session."""
    forced = observed[at.C_BREATH] * (1.0 - observed[at.C_DIP])
    slow = forced + p[_SLOW] * (1.0 - observed[at.STRENGTH])
    shared = 0.8 * normal(key, first + _SESSION)
    row[index] = max(forced + p[_VC_NOISE] * (shared + 0.6 * normal(key, first + _FVC)), 0.0)
    row[index + 1] = max(slow + p[_VC_NOISE] * (shared + 0.6 * normal(key, first + _SVC)), 0.0)


@nb.njit(**STRICT)
def strength(observed: Any, traits: Any, p: Any, key: Any, first: int, row: Any, index: int) -> None:
    """Grip and hand-held dynamometry of both sides [kg]."""
    male = traits[_MALE] > 0.0
    usable = (1.0 - observed[at.C_DIP]) * traits[_FACTOR]
    grip = (p[_GRIP_M] if male else p[_GRIP_F]) * usable
    elbow = (p[_HHD_M] if male else p[_HHD_F]) * usable
    for side in range(2):
        arm, leg = observed[at.STRENGTH + 1 + side], observed[at.STRENGTH + 4 + side]
        row[index + side] = max(grip * arm * (1.0 + p[_HAND_NOISE] * normal(key, first + _GRIP[side])), 0.0)
        row[index + 2 + side] = max(elbow * arm * (1.0 + p[_HAND_NOISE] * normal(key, first + _ELBOW[side])), 0.0)
        knee = elbow * p[_KNEE] * leg
        row[index + 4 + side] = max(knee * (1.0 + p[_HAND_NOISE] * normal(key, first + _KNEE_DRAW[side])), 0.0)


@nb.njit(**STRICT)
def electrophysiology(observed: Any, p: Any, key: Any, first: int, row: Any, index: int) -> None:
    """Motor unit number index, amplitude [mV] and fasciculation grade [0-4] of a hand and a leg muscle."""
    for limb in range(2):
        pool = 2 if limb == 0 else 5
        size = 1.0 if limb == 0 else p[_LEG]
        units, fibers, sick = observed[at.UNITS + pool], observed[at.FIBERS + pool], observed[at.SICK + pool]
        noise = exponential(p[_MUNIX_NOISE] * normal(key, first + _MUNIX_DRAW[limb]))
        row[index + limb] = p[_MUNIX] * size * units * noise
        noise = exponential(p[_CMAP_NOISE] * normal(key, first + _CMAP_DRAW[limb]))
        row[index + 2 + limb] = p[_CMAP] * size * fibers * noise
        row[index + 4 + limb] = min(4.0, float(round(4.0 * p[_TWITCH] * sick * min(1.0, units + sick))))


@nb.njit(**STRICT)
def upper_signs(observed: Any, p: Any, key: Any, first: int) -> float:
    """Penn-like upper-motor-neuron score: signs of lost command, visible only where muscle is left to show them."""
    signs = 0.0
    for pool in range(6):
        share = 0.0 if pool == 3 else 0.2
        signs += share * (1.0 - observed[at.UMN_UNITS + pool]) * min(1.0, 3.0 * observed[at.FIBERS + pool])
    score = p[_UMN_TOP] * signs + p[_UMN_NOISE] * normal(key, first + _SIGNS)
    return float(round(min(max(score, 0.0), p[_UMN_TOP])))


@nb.njit(**STRICT)
def muscle_mass(observed: Any, p: Any) -> float:
    """Mean mass of limb and trunk muscles relative to healthy [0-1]; denervated fibers shrink before they are lost."""
    mass = 0.0
    for pool in range(1, 6):
        fibers = observed[at.FIBERS + pool]
        mass += 0.2 * (fibers + p[_MASS] * max(1.0 - observed[at.ATROPHY + pool] - fibers, 0.0))
    return mass


@nb.njit(**STRICT)
def blood(observed: Any, traits: Any, p: Any, key: Any, first: int, neurofilament: bool) -> float:
    """Neurofilament light chain [pg/ml] or creatinine [umol/l]."""
    if neurofilament:
        return observed[at.C_NFL] * traits[_NFL] * exponential(p[_NF_NOISE] * normal(key, first + _NEUROFILAMENT))
    base = p[_CREA_M] if traits[_MALE] > 0.0 else p[_CREA_F]
    accepted = 1.0 - p[_CREA_MUSCLE] * (1.0 - muscle_mass(observed, p))
    return base * accepted * exponential(p[_CREA_NOISE] * normal(key, first + _CREATININE))


@nb.njit(**STRICT)
def weight(observed: Any, traits: Any, p: Any, key: Any, first: int) -> float:
    """Body weight [kg]: less muscle, and less food while swallowing fails without a gastrostomy."""
    starved = p[_W_BULBAR] * (1.0 - observed[at.STRENGTH]) * (p[_W_FED] if observed[at.C_GASTROSTOMY] > 0.0 else 1.0)
    wasted = p[_W_MUSCLE] * (1.0 - muscle_mass(observed, p))
    return max(traits[_WEIGHT] * (1.0 - starved - wasted) + p[_W_NOISE] * normal(key, first + _WEIGHED), 25.0)


@nb.njit(**STRICT)
def quality(observed: Any, traits: Any, p: Any, key: Any, first: int) -> float:
    """ALSAQ-5 summary [%, 0 best]: mobility, daily activities, eating, communication, emotion; five steps each."""
    usable = 1.0 - observed[at.C_DIP]
    bulbar = usable * observed[at.STRENGTH]
    arms = usable * 0.5 * (observed[at.STRENGTH + 1] + observed[at.STRENGTH + 2])
    legs = usable * 0.5 * (observed[at.STRENGTH + 4] + observed[at.STRENGTH + 5])
    rosier = observed[at.C_EXPECTATION]
    total, function = 0.0, 0.0
    for question in range(4):
        able = legs if question == 0 else (arms if question == 1 else bulbar)
        trouble = p[_Q_SLOPE] * (1.0 - able)
        function += 0.25 * trouble
        trouble += 0.01 * p[_Q_NOISE] * normal(key, first + _FUNCTION + question) - rosier
        total += min(max(float(round(4.0 * trouble)), 0.0), 4.0)
    feeling = p[_Q_MOOD] * function + (1.0 - p[_Q_MOOD]) * (0.3 + 0.2 * traits[_T_MOOD]) - rosier
    feeling += 0.02 * p[_Q_NOISE] * normal(key, first + _FEELING)
    return 5.0 * (total + min(max(float(round(4.0 * feeling)), 0.0), 4.0))
