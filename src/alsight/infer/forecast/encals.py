"""ENCALS predictors of a cohort, as recorded nearest to entry; nothing is imputed, and who lacks what is said."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from alsight.base.units import months_of, years_of
from alsight.cohort.cohort import Cohort
from alsight.cohort.scores import scored_visits
from alsight.instruments.encals import Predictors, linear_predictor, not_computable, survival_quantile

CAPACITY: Final = ("fvc_pct", "svc_pct")
"""Vital capacities in the order they are preferred; studies apply one equation to both."""


def predictors(cohort: Cohort) -> tuple[pl.Series, Predictors]:
    """What the ENCALS model asks, for every person in the cohort's order; nan where not recorded.

    The rate of progression is that of the first visit with a total, the vital capacity that of the first day it was
    measured. C9orf72 counts as tested where the gene's own result or a genotype is recorded.
    """
    first = (
        scored_visits(cohort)
        .filter(pl.col("delta_fs").is_not_null())
        .sort("day")
        .group_by("subject")
        .agg(pl.col("delta_fs").first())
    )
    capacity = (
        cohort.measures.filter(pl.col("measure").is_in(CAPACITY))
        .sort("day", pl.col("measure") == CAPACITY[1])
        .group_by("subject")
        .agg(capacity=pl.col("value").first())
    )
    age = pl.coalesce("age_at_onset_years", pl.col("age_at_entry_years") + years_of(pl.col("onset_day")))
    people = cohort.subjects.join(first, on="subject", how="left", maintain_order="left")
    people = people.join(capacity, on="subject", how="left", maintain_order="left").select(
        "subject",
        progression_rate="delta_fs",
        delay_months=months_of(pl.col("diagnosis_day") - pl.col("onset_day")),
        age_at_onset_years=age,
        fvc_pct="capacity",
        bulbar_onset=pl.col("onset_site") == "bulbar",
        definite_el_escorial=pl.col("el_escorial") == "definite",
        frontotemporal_dementia="frontotemporal_dementia",
        c9orf72=pl.coalesce("c9orf72", pl.col("genotype") == "c9orf72"),
    )
    arrays = [people[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in Predictors._fields]
    return people["subject"], Predictors(*arrays)


def encals_forecast(cohort: Cohort, landmarks: pl.DataFrame) -> pl.DataFrame:
    """Months from a landmark to the ENCALS median, for those alive then; or why it cannot be computed.

    Args:
        cohort: a checked cohort.
        landmarks: `subject` and `landmark` [months since entry].

    Returns:
        `subject`, `encals_score`, `encals_median_months` after the landmark, `encals_reason` (empty where computed).

    Source: westeneng2018
    """
    subjects, asked = predictors(cohort)
    score = linear_predictor(asked)
    table = pl.DataFrame(
        {"subject": subjects, "encals_score": score, "encals_reason": not_computable(asked).astype(str)}
    ).join(cohort.subjects.select("subject", "onset_day"), on="subject", how="left", maintain_order="left")
    known = landmarks.join(table, on="subject", how="left", maintain_order="left")
    since = (known["landmark"] - months_of(known["onset_day"])).to_numpy()
    median = survival_quantile(known["encals_score"].to_numpy(), 0.5, np.maximum(np.nan_to_num(since), 0.0)) - since
    return known.with_columns(encals_median_months=pl.Series(median)).select(
        "subject", pl.col("encals_score", "encals_median_months").fill_nan(None), "encals_reason"
    )
