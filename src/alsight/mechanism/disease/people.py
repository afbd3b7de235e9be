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
from alsight.mechanism.draws import PERSON_NORMALS, PERSON_UNIFORMS, PERSON_UNIFORMS_FIRST, width
from alsight.mechanism.parameters import INDEX

Vector = Float64[np.ndarray, " subject"]
Rows = Int64[np.ndarray, " subject"]
"""Row of each subject in a table, such as GENES."""
Numbers = Float64[np.ndarray, " parameter"]
Subjects = UInt64[np.ndarray, " subject"]

NEVER: Final = -1e9
AGES: Final = (18.0, 90.0)


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


@dataclass(frozen=True)
class PersonDraws:
    """The draws of some people from the stream PERSON, by name."""

    normal_numbers: Float64[np.ndarray, "subject normal"]
    uniform_numbers: Float64[np.ndarray, "subject uniform"]

    def normals(self, name: str) -> Float64[np.ndarray, "subject number"]:
        """Standard normal numbers of a draw that takes several."""
        return self.normal_numbers[:, PERSON_NORMALS[name]]

    def normal(self, name: str) -> Vector:
        """The standard normal number of a draw."""
        return self.normal_numbers[:, PERSON_NORMALS[name].start]

    def uniform(self, name: str) -> Vector:
        """The uniform number of a draw."""
        return self.uniform_numbers[:, PERSON_UNIFORMS[name].start]


def _chosen(shares: tuple[float, ...], u: Vector) -> Rows:
    edges = np.cumsum(shares) / np.sum(shares)
    return np.minimum(np.searchsorted(edges, u, side="right"), len(shares) - 1).astype(np.int64)


def draw_people(p: Numbers, root: int, subjects: Subjects, mix: Mix) -> Float64[np.ndarray, "subject trait"]:
    """Traits of some people, one row each, columns as in `layout.TRAITS` and after.

    Args:
        p: the mechanism's numbers.
        root: root seed.
        subjects: running numbers of the people; the same number is the same person in every population.
        mix: shares of genes, phenotypes, first regions and accepted care; entry and end of follow-up.
    """
    keys = subject_key(root, Stream.PERSON, subjects)
    draws = PersonDraws(
        normals(keys, width(PERSON_NORMALS)), uniforms(keys, width(PERSON_UNIFORMS), first=PERSON_UNIFORMS_FIRST)
    )
    traits = np.zeros((subjects.size, at.TRAIT_WIDTH))
    gene, phenotype = _chosen(mix.genes, draws.uniform("genotype")), _chosen(mix.phenotypes, draws.uniform("phenotype"))
    traits[:, at.T["genotype"]], traits[:, at.T["phenotype"]] = gene, phenotype
    _birth(traits, p, draws, gene)
    _rates(traits, p, draws, gene, phenotype, mix)
    _shares(traits, p, draws, gene)
    _ratings(traits, p, draws)
    _care(traits, p, draws, mix)
    _entry(traits, p, draws, subjects, root, mix)
    return traits


def _birth(traits: Float64[np.ndarray, "subject trait"], p: Numbers, draws: PersonDraws, gene: Rows) -> None:
    shift = np.array([row.age_shift for row in GENES])[gene]
    age = p[INDEX["onset_age_years"]] + shift + p[INDEX["onset_age_sd_years"]] * draws.normal("age_at_onset")
    male = draws.uniform("male") >= p[INDEX["female_share"]]
    height = np.where(male, p[INDEX["height_male_cm"]], p[INDEX["height_female_cm"]])
    height = height + p[INDEX["height_sd_cm"]] * draws.normal("height_cm")
    bmi = np.clip(p[INDEX["bmi_mean_kg_m2"]] + p[INDEX["bmi_sd_kg_m2"]] * draws.normal("bmi"), 16.0, 45.0)
    traits[:, at.T["age_at_onset"]] = np.clip(age, *AGES)
    traits[:, at.T["male"]] = male
    traits[:, at.T["height_cm"]] = height
    traits[:, at.T["weight_kg"]] = bmi * (height / 100.0) ** 2
    traits[:, at.T["strength_factor"]] = np.exp(p[INDEX["strength_log_sd"]] * draws.normal("strength_factor"))
    traits[:, at.T["capacity_pct"]] = np.maximum(
        p[INDEX["capacity_mean_pct"]] + p[INDEX["capacity_sd_pct"]] * draws.normal("capacity_pct"), 40
    )
    traits[:, at.T["mood"]] = draws.normal("mood")


def _rates(
    traits: Float64[np.ndarray, "subject trait"],
    p: Numbers,
    draws: PersonDraws,
    gene: Rows,
    phenotype: Rows,
    mix: Mix,
) -> None:
    """Frailty, growth, spread, first region and the rates of each pool."""
    kinds, genes = phenotype, gene
    slow = (draws.uniform("slow") < p[INDEX["slow_share"]]) & (kinds == 0)
    years = traits[:, at.T["age_at_onset"]] - p[INDEX["reference_age"]]
    frailty = np.exp(p[INDEX["rate_log_sd"]] * draws.normal("frailty") + p[INDEX["rate_per_year_of_age"]] * years)
    frailty *= np.where(slow, p[INDEX["slow_rate"]], 1.0)
    frailty *= np.array([row.rate for row in GENES])[genes] * np.array([row.rate for row in PHENOTYPES])[kinds]
    growth = np.minimum(
        p[INDEX["growth_per_month"]] * frailty ** p[INDEX["growth_elasticity"]], p[INDEX["growth_limit"]]
    )
    spread = p[INDEX["spread_per_month"]] * frailty ** p[INDEX["spread_elasticity"]]
    spread = (
        spread
        * np.exp(p[INDEX["spread_log_sd"]] * draws.normal("spread"))
        * np.array([row.spread for row in PHENOTYPES])[kinds]
    )
    umn = p[INDEX["umn_to_lmn"]] * np.exp(p[INDEX["umn_log_sd"]] * draws.normal("umn_to_lmn"))
    umn = umn * np.array([row.umn for row in PHENOTYPES])[kinds]
    grown = (p[INDEX["enlargement_limit"]] - 1.0) * np.exp(p[INDEX["enlargement_log_sd"]] * draws.normal("enlargement"))
    region = p[INDEX["region_log_sd"]]
    loss = p[INDEX["loss_per_month"]] * frailty[:, None]
    traits[:, at.T_RATE : at.T_RATE + 7] = loss * np.exp(region * draws.normals("rate"))
    traits[:, at.T_UMN_RATE : at.T_UMN_RATE + 7] = loss * umn[:, None] * np.exp(region * draws.normals("umn_rate"))
    for name, values in (
        ("frailty", frailty),
        ("growth", np.expm1(growth)),
        ("spread", spread),
        ("enlargement", 1.0 + grown),
        ("umn_to_lmn", umn),
        ("slow", slow),
        ("onset_pool", _first_pool(draws, genes, kinds, mix)),
        ("cortex_first", np.array([row.cortex_first for row in PHENOTYPES])[kinds]),
        ("nfl_factor", np.exp(p[INDEX["nfl_log_sd"]] * draws.normal("nfl_factor"))),
    ):
        traits[:, at.T[name]] = values


def _first_pool(draws: PersonDraws, genes: Rows, kinds: Rows, mix: Mix) -> Rows:
    """Where it begins: the phenotype says so, else the gene's chance of bulbar onset, else the population's shares."""
    where, among_spinal = draws.uniform("onset_pool"), draws.uniform("onset_pool_among_spinal")
    bulbar = np.array([row.bulbar for row in GENES])[genes]
    spinal = _chosen((0.0, *mix.pools[1:]), among_spinal)
    pool = np.where(bulbar >= 0.0, np.where(where < bulbar, BULBAR, spinal), _chosen(mix.pools, where))
    for index, row in enumerate(PHENOTYPES):
        if row.pools:
            either = np.minimum((among_spinal * len(row.pools)).astype(int), len(row.pools) - 1)
            pool = np.where(kinds == index, np.array(row.pools)[either], pool)
    return np.minimum(pool, PHRENIC)


def _shares(traits: Float64[np.ndarray, "subject trait"], p: Numbers, draws: PersonDraws, gene: Rows) -> None:
    """Through which channels the hazard comes: glutamate, oxidative stress, mutant protein, the rest."""
    width = 2.0 / np.sqrt(p[INDEX["share_concentration"]])
    glu, ox = p[INDEX["share_glutamate"]], p[INDEX["share_oxidative"]]
    tiny = 1e-9
    glutamate = 1.0 / (1.0 + np.exp(-(np.log((glu + tiny) / (1.0 - glu)) + width * draws.normal("share_glutamate"))))
    of_rest = 1.0 / (1.0 + np.exp(-(np.log((ox + tiny) / (1.0 - glu - ox)) + width * draws.normal("share_oxidative"))))
    protein = np.array([row.protein for row in GENES])[gene]
    traits[:, at.T["share_glutamate"]] = glutamate * (1.0 - protein)
    traits[:, at.T["share_oxidative"]] = (1.0 - glutamate) * of_rest * (1.0 - protein)
    traits[:, at.T["share_protein"]] = protein


def _ratings(traits: Float64[np.ndarray, "subject trait"], p: Numbers, draws: PersonDraws) -> None:
    """How this person is rated: lasting shifts of the items, size of visit noise, shift of remote ratings."""
    spread = p[INDEX["noise_log_sd"]]
    traits[:, at.T_SHIFT : at.T_SHIFT + 12] = p[INDEX["item_shift_sd"]] * draws.normals("item_shift")
    traits[:, at.T["noise"]] = np.exp(spread * draws.normal("noise") - 0.5 * spread**2)
    traits[:, at.T["remote_shift"]] = p[INDEX["remote_sd"]] * draws.normal("remote_shift")


def _care(traits: Float64[np.ndarray, "subject trait"], p: Numbers, draws: PersonDraws, mix: Mix) -> None:
    """The sign at which each kind of care begins, or a value never reached for those who do not accept it."""
    signs = (
        ("niv_capacity_pct", "niv_sign_pct", "niv_sign_sd_pct", mix.niv, NEVER),
        ("gastrostomy_strength", "gastrostomy_sign", "gastrostomy_sign_sd", mix.gastrostomy, NEVER),
        ("saliva_strength", "saliva_sign", "saliva_sign_sd", mix.saliva, NEVER),
        ("spasticity_umn", "spasticity_sign", "spasticity_sign_sd", mix.spasticity, -NEVER),
    )
    for name, mean, spread, share, never in signs:
        sign = p[INDEX[mean]] + p[INDEX[spread]] * draws.normal(name)
        traits[:, at.T[name]] = np.where(draws.uniform(name) < share, sign, never)
    traits[:, at.T["tracheostomy_accepted"]] = draws.uniform("tracheostomy_accepted") < mix.tracheostomy


def _entry(
    traits: Float64[np.ndarray, "subject trait"],
    p: Numbers,
    draws: PersonDraws,
    subjects: Subjects,
    root: int,
    mix: Mix,
) -> None:
    """Months from onset to diagnosis, from diagnosis to entry, and when follow-up ends."""
    typical = np.log(p[INDEX["delay_median_months"]]) + p[INDEX["delay_log_sd"]] * draws.normal("delay_months")
    delay = np.exp(typical) * traits[:, at.T["frailty"]] ** p[INDEX["delay_elasticity"]]
    lag = np.full(delay.size, float(mix.lag_least_months))
    if mix.lag_scale_months > 0.0:
        chance = uniforms(subject_key(root, Stream.RECRUIT, subjects), 1)[:, 0]
        lag += mix.lag_scale_months * gammaincinv(mix.lag_shape, chance)
    delay, lag = np.ceil(delay), np.ceil(lag)  # whole months, so that what is given at entry is not seen at entry
    traits[:, at.T["delay_months"]] = delay
    traits[:, at.T["lag_months"]] = lag
    traits[:, at.T["stop_months"]] = delay + lag + mix.stop_months
