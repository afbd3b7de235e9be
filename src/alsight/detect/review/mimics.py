"""MIMICS: which disease it may be, how each tends to run, the examination that would distinguish it, who fits whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Float64

from alsight.base.sources import SourceKey


@dataclass(frozen=True)
class MimicRow:
    """One mimic. What is not in the source is assumed: the course, and the shares of those with a finding.

    Attributes:
        name: of the mimic.
        words: as a reader sees it.
        share: among mimics at registration.
        source: of the share; "assumed" where none could be read.
        courses: how it runs: course class to its probability.
        findings: share of people with it who have a finding, where that sets it apart; used to rank mimics only.
        onset_age: mean age at onset [years].
        examination: what would distinguish it from ALS.
    """

    name: str
    words: str
    share: float
    source: SourceKey
    courses: dict[str, float]
    findings: dict[str, float]
    onset_age: float
    examination: str


A: Final = SourceKey("assumed")
OTHERS: Final = 0.1
"""Share with a finding in mimics whose row does not name it: only differences between mimics matter here; assumed."""

MIMICS: Final = (
    MimicRow(
        "multifocal_motor_neuropathy",
        "multifocal motor neuropathy",
        7 / 32,
        SourceKey("traynor2000"),
        {"stepwise": 0.3, "slowly_progressive": 0.4, "stable": 0.15, "improving": 0.15},
        {
            "conduction_block": 54 / 57,
            "no_upper_signs": 0.9,
            "bulbar_onset": 0.02,
            "low_certainty": 0.9,
            "immunotherapy_response": 0.8,
            "sensory_signs": 0.1,
            "female": 0.27,
        },
        44.1,
        "nerve conduction studies for motor conduction block, anti-GM1 IgM, and a trial of immunoglobulin",
    ),
    MimicRow(
        "kennedy_disease",
        "Kennedy's disease",
        4 / 32,
        SourceKey("traynor2000"),
        {"slowly_progressive": 0.85, "stable": 0.15},
        {
            "no_upper_signs": 0.95,
            "bulbar_onset": 0.15,
            "high_creatine_kinase": 0.3,
            "sensory_signs": 0.6,
            "low_certainty": 0.9,
            "female": 0.01,
        },
        50.0,
        "CAG repeat of the androgen receptor gene; sensory nerve action potentials",
    ),
    MimicRow(
        "cervical_myelopathy",
        "cervical or other myelopathy",
        0.20,
        A,
        {"stepwise": 0.3, "stable": 0.4, "slowly_progressive": 0.15, "improving": 0.15},
        {"no_upper_signs": 0.1, "bulbar_onset": 0.01, "sensory_signs": 0.6, "low_certainty": 0.8},
        60.0,
        "magnetic resonance imaging of the spine and foramen magnum",
    ),
    MimicRow(
        "inclusion_body_myositis",
        "inclusion body myositis or another myopathy",
        0.12,
        A,
        {"slowly_progressive": 0.9, "stable": 0.1},
        {"no_upper_signs": 0.95, "bulbar_onset": 0.1, "high_creatine_kinase": 0.3, "low_certainty": 0.9},
        62.0,
        "muscle imaging and biopsy, anti-cN1A antibodies, creatine kinase",
    ),
    MimicRow(
        "myasthenia_gravis",
        "myasthenia gravis",
        0.10,
        A,
        {"fluctuating": 0.5, "improving": 0.4, "stable": 0.1},
        {"no_upper_signs": 0.8, "bulbar_onset": 0.6, "immunotherapy_response": 0.8, "low_certainty": 0.9},
        60.0,
        "antibodies to the acetylcholine receptor and MuSK, repetitive stimulation, single-fiber recordings",
    ),
    MimicRow(
        "motor_cidp",
        "motor-predominant inflammatory demyelinating neuropathy",
        0.06,
        A,
        {"fluctuating": 0.4, "improving": 0.4, "stepwise": 0.2},
        {
            "conduction_block": 0.5,
            "no_upper_signs": 0.9,
            "bulbar_onset": 0.02,
            "sensory_signs": 0.6,
            "immunotherapy_response": 0.8,
            "low_certainty": 0.9,
        },
        55.0,
        "nerve conduction studies for demyelination, protein in the cerebrospinal fluid",
    ),
    MimicRow(
        "hereditary_spastic_paraplegia",
        "hereditary spastic paraplegia",
        0.06,
        A,
        {"slowly_progressive": 0.6, "stable": 0.4},
        {"no_upper_signs": 0.02, "bulbar_onset": 0.02, "low_certainty": 0.9},
        45.0,
        "panel of the genes of hereditary spastic paraplegia, imaging of the spine",
    ),
    MimicRow(
        "other",
        "another disease",
        0.12,
        A,
        {"stable": 0.3, "slowly_progressive": 0.3, "improving": 0.2, "fluctuating": 0.1, "stepwise": 0.1},
        {
            "no_upper_signs": 0.5,
            "bulbar_onset": 0.1,
            "sensory_signs": 0.4,
            "low_certainty": 0.8,
            "female": 0.5,
            "conduction_block": 0.02,
            "high_creatine_kinase": 0.03,
            "immunotherapy_response": 0.2,
        },
        55.0,
        "full review by a neuromuscular specialist with repeated electromyography and imaging",
    ),
)
"""Mimics. Register shares were readable for the first two alone; which examination tells is common teaching.

Source: traynor2000, loscher2018, turner2013, burrell2011
"""

AGE_SD: Final = 14.0
"""Spread of the onset age within a mimic [years]: that printed for multifocal motor neuropathy is 13.1. Source:
loscher2018"""
SHOWN: Final = 3
"""Mimics listed for a person."""
ENOUGH: Final = 0.8
"""Mimics listed are those that together hold so much of the posterior of a mimic, at most SHOWN."""


def class_weights(names: tuple[str, ...]) -> Float64[np.ndarray, "mimic course"]:
    """Probability of each course class in each mimic."""
    return np.array([[row.courses.get(name, 0.0) for name in names] for row in MIMICS])


def shares() -> Float64[np.ndarray, " mimic"]:
    """Shares of the mimics at registration, summing to 1."""
    raw = np.array([row.share for row in MIMICS])
    return raw / raw.sum()


def rank(
    log_courses: Float64[np.ndarray, "subject mimic"], observed: pl.DataFrame
) -> Float64[np.ndarray, "subject mimic"]:
    """Probability of each mimic if it is one: share x course x findings that tell mimics apart.

    Args:
        log_courses: log-likelihood of the course under each mimic; 0 throughout where the course is not assessed.
        observed: findings as `features.observed_findings` gives them.
    """
    log_each = log_courses + np.log(shares())
    for index, row in enumerate(MIMICS):
        for name in (
            "conduction_block",
            "no_upper_signs",
            "bulbar_onset",
            "sensory_signs",
            "low_certainty",
            "female",
            "high_creatine_kinase",
            "immunotherapy_response",
        ):
            share = row.findings.get(name, 0.5 if name == "female" else OTHERS)
            seen = observed[name].to_numpy()
            log_each[:, index] += np.where(np.isnan(seen), 0.0, np.where(seen == 1, np.log(share), np.log(1.0 - share)))
        age = observed["onset_age"].to_numpy()
        log_each[:, index] -= np.where(np.isnan(age), 0.0, 0.5 * ((age - row.onset_age) / AGE_SD) ** 2)
    log_each -= log_each.max(axis=1, keepdims=True)
    each = np.exp(log_each)
    return each / each.sum(axis=1, keepdims=True)


def listed(probability: Float64[np.ndarray, "subject mimic"]) -> pl.Series:
    """Mimics to consider, the likeliest first: for each subject a list of `mimic` and `share` of the posterior."""
    order = np.argsort(-probability, axis=1, kind="stable")[:, :SHOWN]
    best = np.take_along_axis(probability, order, axis=1)
    before = np.cumsum(best, axis=1) - best
    subject, rank_of = np.nonzero(before < ENOUGH)
    names = pl.Series([row.name for row in MIMICS], dtype=pl.String)
    rows = pl.DataFrame(
        {
            "subject": subject,
            "mimic": names.gather(order[subject, rank_of]),
            "share": best[subject, rank_of],
        }
    )
    grouped = rows.group_by("subject", maintain_order=True).agg(mimics=pl.struct("mimic", "share"))
    return grouped.sort("subject")["mimics"]
