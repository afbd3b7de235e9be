"""Who falls ill: the traits of a person, drawn once and kept for life.

Each trait has its own draw, so that changing one number of the population moves no other draw of anyone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64, UInt64
from scipy.special import gammaincinv

from alsight.base.streams import Stream, subject_key
from alsight.base.streams_numba import normals, uniforms
from alsight.mechanism import layout as at
from alsight.mechanism.anatomy import BULBAR, ONSET_SHARES, PHRENIC
from alsight.mechanism.classes import GENES, PHENOTYPES
from alsight.mechanism.parameters import INDEX

Vector = Float64[np.ndarray, " subject"]

NEVER: Final = -1e9
AGES: Final = (18.0, 90.0)
_NORMALS: Final = 60
_UNIFORMS: Final = 20


@dataclass(frozen=True)
class Mix:
    """Shares of a population that replace the default ones; empty tuples keep them.

    Attributes:
        genes: share of each row of GENES.
        phenotypes: share of each row of PHENOTYPES.
        pools: share of each first region.
        niv, gastrostomy, saliva, spasticity, tracheostomy: share who accept each when its sign is there.
        lag_shape, lag_scale_months, lag_least_months: entry after diagnosis, least + gamma; a scale of 0 is none.
        stop_months: follow-up from entry; infinite for whole lives.
    """

    genes: tuple[float, ...] = tuple(gene.share for gene in GENES)
    phenotypes: tuple[float, ...] = tuple(phenotype.share for phenotype in PHENOTYPES)
    pools: tuple[float, ...] = ONSET_SHARES
    niv: float = 0.45
    gastrostomy: float = 0.40
    saliva: float = 0.50
    spasticity: float = 0.40
    tracheostomy: float = 0.03
    lag_shape: float = 1.2
    lag_scale_months: float = 0.0
    lag_least_months: float = 0.0
    stop_months: float = field(default=float("inf"))


def _chosen(shares: tuple[float, ...], u: Vector) -> Int64[np.ndarray, " subject"]:
    edges = np.cumsum(shares) / np.sum(shares)
    return np.minimum(np.searchsorted(edges, u, side="right"), len(shares) - 1).astype(np.int64)


def draw_people(
    p: Float64[np.ndarray, " parameter"], root: int, subjects: UInt64[np.ndarray, " subject"], mix: Mix
) -> Float64[np.ndarray, "subject trait"]:
    """Traits of some people, one row each, columns as in `layout.TRAITS` and after.

    Args:
        p: the mechanism's numbers.
        root: root seed.
        subjects: running numbers of the people; the same number is the same person in every population.
        mix: shares of genes, phenotypes, first regions and accepted care; entry and end of follow-up.
    """
    keys = subject_key(root, Stream.PERSON, subjects)
    z, u = normals(keys, _NORMALS), uniforms(keys, _UNIFORMS, first=100)
    traits = np.zeros((subjects.size, at.TRAIT_WIDTH))
    gene, phenotype = _chosen(mix.genes, u[:, 0]), _chosen(mix.phenotypes, u[:, 1])
    traits[:, at.T["genotype"]], traits[:, at.T["phenotype"]] = gene, phenotype
    _birth(traits, p, z, u, gene)
    _rates(traits, p, z, u, gene, phenotype, mix)
    _shares(traits, p, z, gene)
    _ratings(traits, p, z)
    _care(traits, p, z, u, mix)
    _entry(traits, p, z, subjects, root, mix)
    return traits


def _birth(traits: Float64[np.ndarray, "subject trait"], p: Vector, z: Vector, u: Vector, gene: Vector) -> None:
    shift = np.array([row.age_shift for row in GENES])[gene.astype(int)]
    age = p[INDEX["onset_age_years"]] + shift + p[INDEX["onset_age_sd_years"]] * z[:, 7]
    male = u[:, 2] >= p[INDEX["female_share"]]
    height = np.where(male, p[INDEX["height_male_cm"]], p[INDEX["height_female_cm"]])
    height = height + p[INDEX["height_sd_cm"]] * z[:, 8]
    bmi = np.clip(p[INDEX["bmi_mean_kg_m2"]] + p[INDEX["bmi_sd_kg_m2"]] * z[:, 9], 16.0, 45.0)
    traits[:, at.T["age_at_onset"]] = np.clip(age, *AGES)
    traits[:, at.T["male"]] = male
    traits[:, at.T["height_cm"]] = height
    traits[:, at.T["weight_kg"]] = bmi * (height / 100.0) ** 2
    traits[:, at.T["strength_factor"]] = np.exp(p[INDEX["strength_log_sd"]] * z[:, 10])
    traits[:, at.T["capacity_pct"]] = np.maximum(
        p[INDEX["capacity_mean_pct"]] + p[INDEX["capacity_sd_pct"]] * z[:, 4], 40
    )
    traits[:, at.T["mood"]] = z[:, 11]


def _rates(
    traits: Float64[np.ndarray, "subject trait"],
    p: Vector,
    z: Vector,
    u: Vector,
    gene: Vector,
    phenotype: Vector,
    mix: Mix,
) -> None:
    """Frailty, growth, spread, first region and the rates of each pool."""
    kinds, genes = phenotype.astype(int), gene.astype(int)
    slow = (u[:, 3] < p[INDEX["slow_share"]]) & (kinds == 0)
    years = traits[:, at.T["age_at_onset"]] - p[INDEX["reference_age"]]
    frailty = np.exp(p[INDEX["rate_log_sd"]] * z[:, 0] + p[INDEX["rate_per_year_of_age"]] * years)
    frailty *= np.where(slow, p[INDEX["slow_rate"]], 1.0)
    frailty *= np.array([row.rate for row in GENES])[genes] * np.array([row.rate for row in PHENOTYPES])[kinds]
    growth = np.minimum(
        p[INDEX["growth_per_month"]] * frailty ** p[INDEX["growth_elasticity"]], p[INDEX["growth_limit"]]
    )
    spread = p[INDEX["spread_per_month"]] * frailty ** p[INDEX["spread_elasticity"]]
    spread = spread * np.exp(p[INDEX["spread_log_sd"]] * z[:, 1]) * np.array([row.spread for row in PHENOTYPES])[kinds]
    umn = p[INDEX["umn_to_lmn"]] * np.exp(p[INDEX["umn_log_sd"]] * z[:, 3])
    umn = umn * np.array([row.umn for row in PHENOTYPES])[kinds]
    grown = (p[INDEX["enlargement_limit"]] - 1.0) * np.exp(p[INDEX["enlargement_log_sd"]] * z[:, 2])
    region = p[INDEX["region_log_sd"]]
    loss = p[INDEX["loss_per_month"]] * frailty[:, None]
    traits[:, at.T_RATE : at.T_RATE + 7] = loss * np.exp(region * z[:, 20:27])
    traits[:, at.T_UMN_RATE : at.T_UMN_RATE + 7] = loss * umn[:, None] * np.exp(region * z[:, 27:34])
    for name, values in (
        ("frailty", frailty),
        ("growth", np.expm1(growth)),
        ("spread", spread),
        ("enlargement", 1.0 + grown),
        ("umn_to_lmn", umn),
        ("slow", slow),
        ("onset_pool", _first_pool(u, genes, kinds, mix)),
        ("cortex_first", np.array([row.cortex_first for row in PHENOTYPES])[kinds]),
        ("nfl_factor", np.exp(p[INDEX["nfl_log_sd"]] * z[:, 5])),
    ):
        traits[:, at.T[name]] = values


def _first_pool(u: Vector, genes: Vector, kinds: Vector, mix: Mix) -> Int64[np.ndarray, " subject"]:
    """Where it begins: the phenotype says so, else the gene's chance of bulbar onset, else the population's shares."""
    pool = _chosen(mix.pools, u[:, 4])
    bulbar = np.array([row.bulbar for row in GENES])[genes]
    spinal = _chosen((0.0, *mix.pools[1:]), u[:, 5])
    pool = np.where(bulbar >= 0.0, np.where(u[:, 4] < bulbar, BULBAR, spinal), pool)
    for place, row in enumerate(PHENOTYPES):
        if row.pools:
            either = np.array(row.pools)[np.minimum((u[:, 5] * len(row.pools)).astype(int), len(row.pools) - 1)]
            pool = np.where(kinds == place, either, pool)
    return np.minimum(pool, PHRENIC)


def _shares(traits: Float64[np.ndarray, "subject trait"], p: Vector, z: Vector, gene: Vector) -> None:
    """Through which channels the hazard comes: glutamate, oxidative stress, mutant protein, the rest."""
    width = 2.0 / np.sqrt(p[INDEX["share_concentration"]])
    glu, ox = p[INDEX["share_glutamate"]], p[INDEX["share_oxidative"]]
    tiny = 1e-9
    glutamate = 1.0 / (1.0 + np.exp(-(np.log((glu + tiny) / (1.0 - glu)) + width * z[:, 6])))
    of_rest = 1.0 / (1.0 + np.exp(-(np.log((ox + tiny) / (1.0 - glu - ox)) + width * z[:, 12])))
    protein = np.array([row.protein for row in GENES])[gene.astype(int)]
    traits[:, at.T["share_glutamate"]] = glutamate * (1.0 - protein)
    traits[:, at.T["share_oxidative"]] = (1.0 - glutamate) * of_rest * (1.0 - protein)
    traits[:, at.T["share_protein"]] = protein


def _ratings(traits: Float64[np.ndarray, "subject trait"], p: Vector, z: Vector) -> None:
    """How this person is rated: lasting shifts of the items, size of visit noise, shift of remote ratings."""
    spread = p[INDEX["noise_log_sd"]]
    traits[:, at.T_SHIFT : at.T_SHIFT + 12] = p[INDEX["item_shift_sd"]] * z[:, 34:46]
    traits[:, at.T["noise"]] = np.exp(spread * z[:, 13] - 0.5 * spread**2)
    traits[:, at.T["remote_shift"]] = p[INDEX["remote_sd"]] * z[:, 14]


def _care(traits: Float64[np.ndarray, "subject trait"], p: Vector, z: Vector, u: Vector, mix: Mix) -> None:
    """The sign at which each kind of care begins, or a value never reached for those who do not accept it."""
    signs = (
        ("niv_capacity_pct", "niv_sign_pct", "niv_sign_sd_pct", mix.niv, NEVER),
        ("gastrostomy_strength", "gastrostomy_sign", "gastrostomy_sign_sd", mix.gastrostomy, NEVER),
        ("saliva_strength", "saliva_sign", "saliva_sign_sd", mix.saliva, NEVER),
        ("spasticity_umn", "spasticity_sign", "spasticity_sign_sd", mix.spasticity, -NEVER),
    )
    for place, (name, mean, spread, share, never) in enumerate(signs):
        sign = p[INDEX[mean]] + p[INDEX[spread]] * z[:, 46 + place]
        traits[:, at.T[name]] = np.where(u[:, 6 + place] < share, sign, never)
    traits[:, at.T["tracheostomy_accepted"]] = u[:, 10] < mix.tracheostomy


def _entry(
    traits: Float64[np.ndarray, "subject trait"], p: Vector, z: Vector, subjects: Vector, root: int, mix: Mix
) -> None:
    """Months from onset to diagnosis, from diagnosis to entry, and when follow-up ends."""
    typical = np.log(p[INDEX["delay_median_months"]]) + p[INDEX["delay_log_sd"]] * z[:, 15]
    delay = np.exp(typical) * traits[:, at.T["frailty"]] ** p[INDEX["delay_elasticity"]]
    lag = np.full(delay.size, float(mix.lag_least_months))
    if mix.lag_scale_months > 0.0:
        chance = uniforms(subject_key(root, Stream.RECRUIT, subjects), 1)[:, 0]
        lag += mix.lag_scale_months * gammaincinv(mix.lag_shape, chance)
    delay, lag = np.ceil(delay), np.ceil(lag)  # whole months, so that what is given at entry is not seen at entry
    traits[:, at.T["delay_months"]] = delay
    traits[:, at.T["lag_months"]] = lag
    traits[:, at.T["stop_months"]] = delay + lag + mix.stop_months
