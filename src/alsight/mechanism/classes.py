"""Genes and phenotypes: what they change in a person. A source says where survival comes from; the rest is assumed.

Rates multiply the personal rate of loss. Shares are of all people with ALS in populations of European descent and may
be replaced in a population file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from alsight.mechanism.anatomy import ARM_LEFT, ARM_RIGHT, LEG_LEFT, LEG_RIGHT


@dataclass(frozen=True)
class Gene:
    """One genotype class.

    Attributes:
        name: name in population files and in the truth.
        genotype: as the data dictionary spells it.
        variant: as recorded in a cohort, empty where a class holds many.
        share: share of all people with ALS; assumed within what reports give.
        rate: multiplier of the personal rate; assumed so that survival comes near the source's.
        age_shift: shift of the mean age at onset [years].
        bulbar: probability of bulbar onset, negative for the population's own.
        protein: share of the hazard through the mutant protein; assumed.
        source: where survival comes from, or "assumed".
    """

    name: str
    genotype: str
    variant: str
    share: float
    rate: float
    age_shift: float
    bulbar: float
    protein: float
    source: str


GENES: Final[tuple[Gene, ...]] = (
    Gene("none_found", "none_found", "", 0.867, 1.0, 0.0, -1.0, 0.0, "assumed"),
    Gene("sod1_fast", "sod1", "p.Ala5Val", 0.006, 5.0, -10.0, 0.05, 0.85, "bali2017"),
    Gene("sod1_slow", "sod1", "p.Asp91Ala", 0.004, 0.12, -8.0, 0.0, 0.85, "wiesenfarth2024"),
    Gene("sod1_other", "sod1", "", 0.015, 0.7, -10.0, 0.05, 0.85, "bali2017"),
    Gene("c9orf72", "c9orf72", "", 0.09, 1.25, -3.0, 0.42, 0.85, "precision_als_risk"),
    Gene("fus", "fus", "", 0.008, 1.5, -18.0, 0.20, 0.85, "su2022"),
    Gene("tardbp", "tardbp", "", 0.010, 0.8, -6.0, 0.25, 0.85, "assumed"),
)
"""Shares are assumed within "C9orf72 8-12 %, SOD1 2-5 %" of all people with ALS; those of SOD1's parts, FUS and TARDBP
have no source that was read. Source: neurofilaments2021"""


@dataclass(frozen=True)
class Phenotype:
    """One phenotype that is more than where it began.

    Attributes:
        name: as the data dictionary spells it.
        share: share among all, assumed; the rest is classic, bulbar or respiratory by the first region.
        rate: multiplier of the personal rate.
        spread: multiplier of the spread between regions.
        umn: multiplier of the upper relative to the lower motor-neuron hazard.
        pools: where it begins; empty for the population's own.
        cortex_first: whether the first hit is cortical only.
        source: where survival comes from, or "assumed"; the multipliers are assumed to come near it.
    """

    name: str
    share: float
    rate: float
    spread: float
    umn: float
    pools: tuple[int, ...]
    cortex_first: bool
    source: str


PHENOTYPES: Final[tuple[Phenotype, ...]] = (
    Phenotype("classic", 0.88, 1.0, 1.0, 1.0, (), False, "wijesekera2009"),
    Phenotype("flail_arm", 0.05, 0.31, 0.25, 0.5, (ARM_LEFT, ARM_RIGHT), False, "wijesekera2009"),
    Phenotype("flail_leg", 0.03, 0.42, 0.25, 0.5, (LEG_LEFT, LEG_RIGHT), False, "wijesekera2009"),
    Phenotype("umn_predominant", 0.04, 0.5, 1.0, 3.0, (), True, "assumed"),
)
"""Shares are assumed, lower than those of one clinic, which counted 11 % with a flail arm and 6 % with a flail leg.
Source: wijesekera2009"""
