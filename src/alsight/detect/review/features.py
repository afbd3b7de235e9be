"""Weights of recorded findings: log likelihood ratios given the rate, capped; none for the unrecorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float64, Int64

from alsight.cohort.cohort import Cohort
from alsight.detect.review.rows import (
    AGE_CAP,
    ALS_ONSET_AGE,
    CAP,
    CREATINE_KINASE_CUT,
    CSF_PNFH_CUT,
    FINDINGS,
    MIMIC_ONSET_AGE,
    SERUM_NFL_CUT,
    SLOW_DISCOUNT,
    SLOW_RATE,
    TOTAL_CAP,
    Finding,
)

AGE: Final = "onset_age"
AGE_SOURCE: Final = "traynor2000, rooney_repository2020"
GENES: Final = ("sod1", "c9orf72", "tardbp", "fus")
LIMBS: Final = ("upper_limb", "lower_limb", "limb")
UNCERTAIN, CERTAIN = ("suspected", "possible"), ("definite", "probable")
PURE_LOWER: Final = ("lmn_predominant", "progressive_muscular_atrophy")

Values = Float64[np.ndarray, " subject"]


@dataclass(frozen=True)
class Weighed:
    """Weights of findings by person.

    Attributes:
        names: of the findings, the onset age last.
        observed: 1 there, 0 not there, nan not recorded; for the onset age the age [years].
        weights: log likelihood ratio that counts, after grouping and both caps; 0 for what is not recorded.
        total: their sum.
    """

    names: tuple[str, ...]
    observed: Float64[np.ndarray, "subject finding"]
    weights: Float64[np.ndarray, "subject finding"]
    total: Values


def _two(yes: pl.Expr, no: pl.Expr) -> pl.Expr:
    """1 where the first holds, 0 where the second does, else nan."""
    return pl.when(yes).then(1.0).when(no).then(0.0).otherwise(float("nan"))


def _under(name: str, cut: float) -> pl.Expr:
    return _two(pl.col(name) < cut, pl.col(name) >= cut)


def _measured(cohort: Cohort, before: Int64[np.ndarray, " subject"]) -> pl.DataFrame:
    """One row a person, in the cohort's order: findings that were ever there, median levels before a treatment."""
    people = cohort.subjects.select("subject").with_columns(before=pl.Series(before))
    taken = cohort.measures.join(people, on="subject").filter(pl.col("day") < pl.col("before"))
    fluid = pl.col("method").str.to_lowercase().fill_null("")
    names, value = pl.col("measure"), pl.col("value")
    serum, csf = fluid.str.contains("serum"), fluid.str.contains("csf|cerebrospinal|liquor")
    summed = taken.group_by("subject").agg(
        *(
            value.filter(names == name).max().alias(name)
            for name in ("umn_regions", "conduction_block", "sensory_signs", "immunotherapy_response", "ck_u_l")
        ),
        serum_nfl=value.filter((names == "nfl_pg_ml") & serum).median(),
        csf_pnfh=value.filter((names == "pnfh_pg_ml") & csf).median(),
    )
    return people.select("subject").join(summed, on="subject", how="left", maintain_order="left")


def observed_findings(cohort: Cohort, before: Int64[np.ndarray, " subject"]) -> pl.DataFrame:
    """What is recorded of each finding: 1 there, 0 not there, nan not recorded; and what only ranks the mimics.

    Args:
        cohort: a checked cohort.
        before: day from which on a person's measures no longer count.

    Returns:
        One row a person in the cohort's order, one column a finding of FINDINGS, then `onset_age`, `female` and
        `immunotherapy_response`.
    """
    known = pl.concat([cohort.subjects, _measured(cohort, before).drop("subject")], how="horizontal")
    signs, phenotype = pl.col("umn_regions"), pl.col("phenotype")
    category, dementia = pl.col("el_escorial"), pl.col("frontotemporal_dementia")
    site, gene = pl.col("onset_site"), pl.col("genotype")
    pure = phenotype.is_in(PURE_LOWER) & signs.is_null()
    columns = {
        "low_certainty": _two(category.is_in(UNCERTAIN), category.is_in(CERTAIN)),
        "no_upper_signs": _two((signs == 0) | pure, signs > 0),
        "conduction_block": _two(pl.col("conduction_block") >= 1.0, pl.col("conduction_block") < 1.0),
        "sensory_signs": _two(pl.col("sensory_signs") >= 1.0, pl.col("sensory_signs") < 1.0),
        "bulbar_onset": _two(site == "bulbar", site.is_in(LIMBS)),
        "gene_found": _two(gene.is_in(GENES), gene == "none_found"),
        "frontotemporal_dementia": _two(dementia, ~dementia),
        "high_creatine_kinase": _two(pl.col("ck_u_l") >= CREATINE_KINASE_CUT, pl.col("ck_u_l") < CREATINE_KINASE_CUT),
        "low_csf_pnfh": _under("csf_pnfh", CSF_PNFH_CUT),
        "low_serum_nfl": _under("serum_nfl", SERUM_NFL_CUT),
        AGE: pl.col("age_at_onset_years").cast(pl.Float64).fill_null(float("nan")),
        "female": _two(pl.col("sex") == "female", pl.col("sex") == "male"),
        "immunotherapy_response": pl.col("immunotherapy_response").fill_null(float("nan")),
    }
    return known.select(expression.alias(name) for name, expression in columns.items())


def _shares(row: Finding, slow: Bool[np.ndarray, " subject"]) -> tuple[Values, Values]:
    """Share with the finding among mimics and among people with ALS as fast as each person."""
    als = row.als if row.als_slow is None else np.where(slow, row.als_slow, row.als)
    return np.full(slow.shape, row.mimic), np.broadcast_to(np.asarray(als, dtype=np.float64), slow.shape)


def finding_weights(row: Finding, seen: Values, rate: Values) -> Values:
    """Log likelihood ratio of one finding given the rate, capped; 0 where it is not recorded.

    Where the rate is not known, the smaller of what it would weigh in slow and in fast people.

    Args:
        row: the finding.
        seen: 1 there, 0 not there, nan not recorded.
        rate: loss since onset [points/month]; nan where not known.
    """
    each: list[Values] = []
    for slow in (np.ones(seen.shape, bool), np.zeros(seen.shape, bool)):
        mimic, als = _shares(row, slow)
        ratio = np.where(seen == 1, np.log(mimic / als), np.log((1.0 - mimic) / (1.0 - als)))
        each.append(ratio * np.where(slow & row.follows_rate, SLOW_DISCOUNT, 1.0))
    unknown = np.where(np.abs(each[0]) <= np.abs(each[1]), each[0], each[1])
    weight = np.where(np.isnan(rate), unknown, np.where(rate <= SLOW_RATE, each[0], each[1]))
    return np.where(np.isnan(seen), 0.0, np.clip(weight, -CAP, CAP))


def age_weights(age: Values) -> Values:
    """Log ratio of two normal densities of the onset age, capped; 0 where it is not recorded.

    Source: traynor2000, rooney_repository2020
    """
    (mimic, mimic_sd), (als, als_sd) = MIMIC_ONSET_AGE, ALS_ONSET_AGE
    ratio = 0.5 * ((age - als) / als_sd) ** 2 - 0.5 * ((age - mimic) / mimic_sd) ** 2 + np.log(als_sd / mimic_sd)
    return np.where(np.isnan(age), 0.0, np.clip(ratio, -AGE_CAP, AGE_CAP))


def weigh(observed: pl.DataFrame, rate: Values, without: tuple[str, ...] = ()) -> Weighed:
    """Weights of everyone's findings: of each group the strongest, all together within TOTAL_CAP.

    Args:
        observed: what `observed_findings` gave.
        rate: loss since onset [points/month]; nan where not known.
        without: findings that must not weigh.
    """
    names = (*(row.name for row in FINDINGS), AGE)
    seen = observed.select(names).to_numpy().astype(np.float64)
    parts = [
        np.zeros(rate.shape) if row.name in without else finding_weights(row, seen[:, index], rate)
        for index, row in enumerate(FINDINGS)
    ]
    weights = np.stack([*parts, age_weights(seen[:, -1])], axis=1)
    for group in dict.fromkeys(row.group for row in FINDINGS):
        places = [index for index, row in enumerate(FINDINGS) if row.group == group]
        strongest = np.abs(weights[:, places]).argmax(axis=1)
        weights[:, places] *= np.arange(len(places)) == strongest[:, None]
    total = weights.sum(axis=1)
    accepted = np.clip(total, -TOTAL_CAP, TOTAL_CAP)
    shrink = np.divide(accepted, total, out=np.ones_like(total), where=np.abs(total) > TOTAL_CAP)
    weights *= shrink[:, None]
    return Weighed(names, seen, weights, weights.sum(axis=1))
