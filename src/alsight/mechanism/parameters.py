"""Every number of the mechanism: one row a number, with value, unit, plausible range and where it comes from.

Rows marked "calibrated" were fitted to published natural history; "assumed" rows have no published value and are
choices to be varied; the rest name a source in `docs/references.bib`. Values of person-to-person spread are log
standard deviations unless the unit says otherwise. The table in `docs/methods/mechanism.md` is made from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64

from alsight.base.errors import SpecError
from alsight.base.spec import one_of


@dataclass(frozen=True)
class MechanismNumber:
    """One number of the mechanism.

    Attributes:
        name: full name, used in population files and in the kernel.
        value: default.
        unit: unit of the value, "1" for a pure number.
        low: least value accepted.
        high: greatest value accepted.
        source: a reference, or "calibrated" or "assumed".
        meaning: one line.
    """

    name: str
    value: float
    unit: str
    low: float
    high: float
    source: str
    meaning: str


P, C, A = MechanismNumber, "calibrated", "assumed"

RATE: Final = (
    P("loss_per_month", 0.085, "1/month", 0, 1, C, "hazard of commitment of lower motor neurons, median person"),
    P("rate_log_sd", 1.1, "1", 0, 2, C, "spread of the personal rate between people"),
    P("rate_per_year_of_age", 0.010, "1/year", 0, 0.05, A, "log rate per year of age above the reference age"),
    P("slow_share", 0.11, "1", 0, 1, C, "share of the slow class among people without a stated class"),
    P("slow_rate", 0.0502, "1", 0, 1, C, "rate multiplier of the slow class"),
    P("region_log_sd", 0.1875, "1", 0, 1, C, "spread of the rate between regions of one person"),
    P("wander_log_sd", 0.438, "1", 0, 1.5, C, "spread of the slowly wandering part of the log hazard"),
    P("wander_months", 5.63, "month", 0.5, 40, C, "memory of the wandering part"),
    P("quiet_per_month", 0.0, "1/month", 0, 1, A, "rate of falling into a quiescent spell; off by default"),
    P("wake_per_month", 0.125, "1/month", 0, 1, A, "rate of leaving a quiescent spell"),
    P("quiet_rate", 0.05, "1", 0, 1, A, "hazard multiplier while quiescent"),
)

SPREAD: Final = (
    P("seed_activity", 0.04, "1", 0.001, 0.5, A, "activity of a region when it is first hit"),
    P("growth_per_month", 0.563, "1/month", 0, 1.5, C, "logistic growth of activity"),
    P("growth_elasticity", 0.225, "1", 0, 1, C, "how growth follows the personal rate"),
    P("growth_limit", 1.5, "1/month", 0.5, 3, A, "fastest growth of activity in any person"),
    P("spread_per_month", 0.196, "1/month", 0, 2, C, "rate of being hit per unit of neighbors' activity"),
    P("spread_elasticity", 0.0906, "1", 0, 1.5, C, "how spread follows the personal rate"),
    P("spread_log_sd", 0.604, "1", 0, 1.5, C, "spread of the spread rate between people"),
    P("spread_axial", 1.778, "1", 0, 5, C, "multiplier for hits of the trunk and phrenic pools"),
    P("spontaneous_per_month", 0.0008, "1/month", 0, 0.05, A, "hits that no neighbor explains"),
    P("descending", 0.05, "1", 0, 2, A, "weight of the cortical pool in hits of its spinal pool"),
    P("ascending", 1.0, "1", 0, 2, A, "weight of the spinal pool in hits of its cortical pool"),
)

MUSCLE: Final = (
    P("committed_loss_per_month", 0.20, "1/month", 0.01, 5, C, "loss of sick neurons that work; from a drug's lag"),
    P("enlargement_limit", 2.08, "1", 1, 8, C, "largest growth of a motor unit, median person"),
    P("enlargement_log_sd", 0.30, "1", 0, 1, A, "spread of the enlargement above one"),
    P("reinnervation_per_month", 1.2, "1/month", 0.05, 5, C, "rate at which survivors take denervated fibers over"),
    P("atrophy_per_month", 0.04, "1/month", 0, 1, A, "denervated fibers lost for good (viable about two years)"),
    P("umn_to_lmn", 0.6, "1", 0, 5, A, "upper relative to lower motor-neuron hazard, median person"),
    P("umn_log_sd", 0.6, "1", 0, 2, A, "spread of that ratio between people"),
    P("umn_weight", 0.1013, "1", 0, 1, C, "strength lost when all upper motor neurons are lost, limbs"),
    P("umn_weight_bulbar", 0.1621, "1", 0, 1, C, "the same in bulbar muscles"),
    P("force_exponent", 1.0, "1", 0.5, 3, A, "above one when large units are lost first"),
    P("denervated_mass", 0.5, "1", 0, 1, A, "mass of a denervated fiber relative to an innervated one"),
)

BREATH: Final = (
    P("capacity_mean_pct", 100.0, "%", 60, 130, A, "vital capacity before the disease"),
    P("capacity_sd_pct", 18.0, "%", 0, 30, C, "its spread between people"),
    P("capacity_exponent", 0.879, "1", 0.3, 3, C, "vital capacity = initial x respiratory strength ^ this"),
    P("capacity_phrenic", 0.65, "1", 0, 1, A, "weight of the diaphragm in respiratory strength"),
    P("capacity_trunk", 0.25, "1", 0, 1, A, "weight of trunk muscles"),
    P("capacity_arm", 0.05, "1", 0, 1, A, "weight of each arm's shoulder muscles"),
    P("capacity_bulbar", 0.06, "1", 0, 1, A, "capacity lost to a leaking mouthpiece when bulbar strength is gone"),
    P("death_log_hazard", -7.3, "log 1/month", -12, 0, C, "log hazard of death at a capacity of 100 %"),
    P("death_per_capacity", 0.5866, "1/(10 %)", 0, 2, C, "rise of the log hazard per 10 points of capacity lost"),
    P("death_bulbar", 1.5275, "1", 0, 5, C, "rise of the log hazard when bulbar strength is gone"),
    P("death_per_year_of_age", 0.02, "1/year", 0, 0.1, A, "rise of the log hazard per year above the reference age"),
    P("reference_age", 62.0, "year", 40, 80, A, "age at which rates are stated; that of the mean onset"),
)

DIPS: Final = (
    P("dip_per_month", 0.01, "1/month", 0, 1, A, "intercurrent illness (infection, fall, mood) after onset"),
    P("dip_size", 0.06, "1", 0, 1, A, "mean loss of usable strength at its worst"),
    P("dip_recovery_per_month", 0.7, "1/month", 0.05, 10, A, "rate of recovery"),
    P("dip_death", 3.0, "1", 0, 20, A, "rise of the log hazard of death per unit of dip"),
)

CARE: Final = (
    P("niv_hazard", -0.7, "1", -3, 0, A, "log hazard of death on non-invasive ventilation; size assumed"),
    P("niv_bulbar_limit", 0.5, "1", 0, 1, A, "bulbar strength below which it no longer helps; size assumed"),
    P("niv_relief", 0.10, "1", 0, 0.5, A, "shift of the dyspnea and orthopnea items on ventilation"),
    P("gastrostomy_hazard", -0.1, "1", -2, 0, A, "log hazard of death after gastrostomy"),
    P("niv_sign_pct", 55.0, "%", 0, 120, A, "capacity at which ventilation begins in those who accept it"),
    P("niv_sign_sd_pct", 12.0, "%", 0, 40, A, "its spread"),
    P("gastrostomy_sign", 0.45, "1", 0, 1, A, "bulbar strength at which a gastrostomy is made in those who accept it"),
    P("gastrostomy_sign_sd", 0.10, "1", 0, 0.5, A, "its spread"),
    P("saliva_sign", 0.50, "1", 0, 1, A, "bulbar strength at which a saliva drug begins"),
    P("saliva_sign_sd", 0.10, "1", 0, 0.5, A, "its spread"),
    P("spasticity_sign", 0.45, "1", 0, 1, A, "loss of the legs' upper neurons at which a drug for spasticity begins"),
    P("spasticity_sign_sd", 0.15, "1", 0, 0.5, A, "its spread"),
    P("permanent_capacity_pct", 22.0, "%", 0, 60, A, "capacity below which ventilation is permanent"),
    P("tracheostomy_death_per_month", 0.03, "1/month", 0, 1, A, "hazard of death after tracheostomy"),
    P("saliva_relief", 0.08, "1", 0, 0.5, A, "shift of the salivation item on a saliva drug"),
    P("spasticity_relief", 0.04, "1", 0, 0.5, A, "shift of gross motor items on a drug for spasticity"),
)

RATING: Final = (
    P("threshold_scale", 1.1974, "1", 0.5, 2, C, "scale of all item thresholds"),
    P("item_shift_sd", 0.1184, "1", 0, 0.5, C, "lasting shift of a person's item thresholds"),
    P("day_sd", 0.0548, "1", 0, 0.5, C, "visit noise shared by all items"),
    P("item_sd", 0.07, "1", 0, 0.5, C, "visit noise of one item"),
    P("stickiness", 0.57, "1", 0, 0.99, C, "visit noise carried over one month"),
    P("noise_log_sd", 0.59, "1", 0, 2, C, "spread of a person's visit noise between people"),
    P("fasteners_relief", 0.06, "1", 0, 0.5, A, "item 5b is easier than 5a by this much"),
    P("anchoring", 0.0736, "1", 0, 0.3, C, "a grade moves only when its threshold is passed by this much"),
    P("known_rating_months", 3.0, "month", 0, 24, A, "interval of the ratings that the first rater knows; 0 none"),
    P("rater_sd", 0.03, "1", 0, 0.5, A, "lasting shift of a rater's ratings, where raters are distinguished"),
    P("remote_sd", 0.02, "1", 0, 0.5, A, "lasting shift of a person's ratings taken by telephone, video or online"),
)

MEASURED: Final = (
    P("capacity_noise_pct", 3.5, "%", 0, 20, A, "session noise of vital capacity"),
    P("slow_capacity_shift_pct", 1.0, "%", 0, 10, A, "slow minus forced capacity when bulbar strength is gone"),
    P("nfl_base_pg_ml", 12.0, "pg/ml", 1, 100, A, "neurofilament light chain without disease at the reference age"),
    P("nfl_per_year_of_age", 0.022, "1/year", 0, 0.1, A, "rise of that base with age"),
    P("nfl_elimination_per_month", 0.45, "1/month", 0.05, 5, A, "effective elimination from plasma"),
    P("nfl_release_pg_ml", 3200.0, "pg/ml", 0, 20000, C, "steady level per fraction of neurons committed a month"),
    P("nfl_umn_release", 0.7, "1", 0, 3, A, "release by an upper relative to a lower motor-neuron pool"),
    P("nfl_log_sd", 0.40, "1", 0, 1.5, A, "lasting spread between people"),
    P("nfl_noise_log_sd", 0.12, "1", 0, 1, A, "assay and visit noise"),
    P("munix_noise_log_sd", 0.12, "1", 0, 1, A, "noise of the motor unit number index"),
    P("munix_healthy", 150.0, "unit", 20, 400, A, "index of a healthy hand muscle"),
    P("cmap_healthy_mv", 10.0, "mV", 2, 30, A, "amplitude of a healthy hand muscle"),
    P("cmap_noise_log_sd", 0.10, "1", 0, 1, A, "noise of the amplitude"),
    P("grip_male_kg", 42.0, "kg", 10, 80, A, "grip before the disease, men at the reference age"),
    P("grip_female_kg", 26.0, "kg", 10, 60, A, "the same, women"),
    P("hhd_male_kg", 24.0, "kg", 5, 60, A, "hand-held dynamometry before the disease, men"),
    P("hhd_female_kg", 16.0, "kg", 5, 60, A, "the same, women"),
    P("strength_log_sd", 0.20, "1", 0, 1, A, "spread of strength before the disease"),
    P("strength_noise", 0.08, "1", 0, 0.5, A, "test-retest noise of dynamometry"),
    P("umn_score_noise", 1.5, "point", 0, 10, A, "rating noise of the upper-motor-neuron score"),
    P("creatinine_male_umol_l", 80.0, "umol/l", 30, 150, A, "creatinine before the disease, men"),
    P("creatinine_female_umol_l", 65.0, "umol/l", 30, 150, A, "the same, women"),
    P("creatinine_muscle", 0.75, "1", 0, 1, A, "share of creatinine that muscle mass gives"),
    P("creatinine_noise_log_sd", 0.10, "1", 0, 1, A, "visit noise"),
    P("weight_bulbar", 0.10, "1", 0, 1, A, "weight lost when swallowing is gone and nothing is done"),
    P("weight_muscle", 0.15, "1", 0, 1, A, "weight lost when all muscle mass is gone"),
    P("weight_noise_kg", 0.8, "kg", 0, 10, A, "visit noise of weight"),
    P("alsaq5_noise", 6.0, "%", 0, 40, A, "visit noise of the ALSAQ-5 summary before rounding"),
    P("alsaq5_slope", 1.25, "1", 0.5, 3, A, "how a question of the ALSAQ-5 answers to strength lost"),
    P("fasciculation_gain", 3.0, "1", 0, 20, A, "fasciculation grade per share of sick neurons, in fours"),
    P("knee_to_elbow", 1.4, "1", 0.5, 3, A, "knee extension relative to elbow flexion"),
    P("leg_to_hand", 0.6, "1", 0.1, 2, A, "amplitude and index of the tibialis anterior relative to the hand"),
    P("umn_score_top", 32.0, "point", 10, 40, A, "upper-motor-neuron score when all signs are there"),
    P("gastrostomy_weight", 0.4, "1", 0, 1, A, "share of the weight lost to swallowing that remains after gastrostomy"),
    P("alsaq5_mood", 0.5, "1", 0, 1, A, "share of the emotional question that function explains"),
)

DRUG: Final = (
    P("share_glutamate", 0.35, "1", 0, 1, A, "share of the hazard through glutamate, median person"),
    P("share_oxidative", 0.35, "1", 0, 1, A, "share of the hazard through oxidative stress, median person"),
    P("share_concentration", 8.0, "1", 1, 100, A, "concentration of the shares around their medians"),
    P("growth_mm_per_day", 1.0, "mm/day", 0.1, 5, A, "axon growth of replaced neurons"),
)

PEOPLE: Final = (
    P("onset_age_years", 62.0, "year", 20, 90, A, "mean age at onset; registers report means from 59 to 65"),
    P("onset_age_sd_years", 11.5, "year", 0, 30, "ludolph2024", "its spread; reported 10.5 to 12.6"),
    P("female_share", 0.43, "1", 0, 1, "rooney_repository2020", "women among people with ALS; 33 to 43 % reported"),
    P("delay_median_months", 9.5, "month", 0.5, 60, C, "onset to diagnosis, median person"),
    P("delay_log_sd", 0.55, "1", 0, 2, C, "its spread at a given rate"),
    P("delay_elasticity", -0.35, "1", -1, 0, C, "how the delay follows the personal rate"),
    P("height_male_cm", 176.0, "cm", 140, 210, A, "mean height of men"),
    P("height_female_cm", 163.0, "cm", 130, 200, A, "mean height of women"),
    P("height_sd_cm", 7.0, "cm", 0, 20, A, "its spread within a sex"),
    P("bmi_mean_kg_m2", 25.5, "kg/m2", 15, 45, A, "mean body mass index before the disease"),
    P("bmi_sd_kg_m2", 3.8, "kg/m2", 0, 15, A, "its spread"),
)

PARAMETERS: Final[tuple[MechanismNumber, ...]] = (
    RATE + SPREAD + MUSCLE + BREATH + DIPS + CARE + RATING + MEASURED + DRUG + PEOPLE
)
"""All rows, in the order of the kernel's vector."""

INDEX: Final[dict[str, int]] = {row.name: index for index, row in enumerate(PARAMETERS)}
"""Name to place in the vector."""


def vector(overrides: Mapping[str, float] | None = None, path: str = "parameters") -> Float64[np.ndarray, " parameter"]:
    """All values in order, some replaced.

    Raises:
        SpecError: an unknown name or a value outside its range; all of them at once.
    """
    values = np.array([row.value for row in PARAMETERS])
    faults: list[tuple[str, str, object]] = []
    for name, value in (overrides or {}).items():
        if name not in INDEX:
            faults.append((f"{path}.{name}", one_of(name, INDEX), value))
            continue
        row = PARAMETERS[INDEX[name]]
        if not row.low <= value <= row.high:
            faults.append((f"{path}.{name}", f"{row.low:g} to {row.high:g} [{row.unit}]", value))
        values[INDEX[name]] = value
    shares = values[INDEX["share_glutamate"]] + values[INDEX["share_oxidative"]]
    if not faults and shares >= 1.0:
        faults.append((f"{path}.share_glutamate", "glutamate and oxidative shares below 1 together", float(shares)))
    if faults:
        raise SpecError(faults)
    return values


def markdown() -> str:
    """The rows as a Markdown table, for the docs page."""
    head = "| name | value | unit | range | source | meaning |\n| --- | --- | --- | --- | --- | --- |\n"
    return head + "\n".join(
        f"| `{row.name}` | {row.value:g} | {row.unit} | {row.low:g} to {row.high:g} | "
        f"{row.source if row.source in (C, A) else f'[@{row.source}]'} | {row.meaning} |"
        for row in PARAMETERS
    )
