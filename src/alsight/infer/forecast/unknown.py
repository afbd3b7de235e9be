"""Forecasts of people whose age or site of onset is not recorded: averaged over who they may be.

Such a person is forecast once for each combination of values that the covariates may have. The forecasts are averaged
with weights proportional to how common a combination is among the people of the fit, times the likelihood of what was
seen of the person, being alive at the landmark included.

    P(T > u | seen) = sum_k w_k P(T > u | seen, x_k),   w_k proportional to p(x_k) L(seen | x_k)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from scipy.special import ndtri

from alsight.infer.fit import Fit
from alsight.infer.forecast.tables import COVARIATES, Tables
from alsight.infer.joint.predict import likelihood_at_landmark, predict_joint
from alsight.mechanism.parameters import INDEX, PARAMETERS

AGES: Final = 7
"""Ages, each the middle of an equal share, that stand for all."""
LEAST: Final = 20
"""People with a covariate recorded from whom its distribution is taken."""


@dataclass(frozen=True)
class CovariateSpread:
    """Who a person may be whose covariates are not recorded.

    Attributes:
        ages: ages at entry, equally common each [years].
        bulbar: share with bulbar onset [0-1].
    """

    ages: tuple[float, ...]
    bulbar: float


def spread_of(fit: Fit, tables: Tables | None = None) -> CovariateSpread:
    """The distribution of age and onset: of the cohort's people where enough are recorded, else of the fit's.

    The fit keeps the means; the spread of ages is then the mechanism's.

    Args:
        fit: what `fit_forecast` returned.
        tables: the cohort.
    """
    age, bulbar = (float(value) for value in fit.arrays["centers"])
    share = (np.arange(AGES) + 0.5) / AGES
    ages = age + PARAMETERS[INDEX["onset_age_sd_years"]].value * ndtri(share)
    if tables is not None:
        known = {name: tables.people[name].drop_nulls() for name in COVARIATES}
        if len(known["age_at_entry_years"]) >= LEAST:
            ages = np.quantile(known["age_at_entry_years"].to_numpy(), share)
        if len(known["bulbar"]) >= LEAST:
            bulbar = float(known["bulbar"].to_numpy().mean())
    return CovariateSpread(tuple(float(value) for value in ages), bulbar)


def predicted(
    fit: Fit, tables: Tables, horizons: tuple[float, ...], spread: CovariateSpread | None = None
) -> pl.DataFrame:
    """Course and survival at horizons, averaged over what is not known of a person.

    Args:
        fit: what `fit_forecast` returned.
        tables: people with a `landmark` and their visits until it.
        horizons: months after the landmark.
        spread: whom a person may be whose covariates are not recorded; None for the people of the fit.

    Returns:
        `subject`, `after`, `time`, `mean`, `sd` of the latent course and `survival`.
    """
    width = float(ndtri(0.95))
    lacking = tables.people.filter(pl.any_horizontal(pl.col(COVARIATES).is_null()))
    if lacking.is_empty():
        ahead = predict_joint(fit, tables.visits, tables.people, list(horizons))
        return ahead.with_columns(sd=(pl.col("high") - pl.col("mean")) / width)
    copies = _copies(tables.people, spread or spread_of(fit))
    visits = tables.visits.drop(COVARIATES).join(
        copies.select("subject", "copy", *COVARIATES), on="subject", maintain_order="left"
    )
    visits = visits.sort("copy", maintain_order=True).drop("subject").rename({"copy": "subject"})
    people = copies.select(subject="copy", landmark="landmark", **{name: name for name in COVARIATES})
    ahead = predict_joint(fit, visits, people, list(horizons))
    seen = likelihood_at_landmark(fit, visits, people).rename({"subject": "copy"})
    weighed = copies.select("copy", "subject", "share").join(seen, on="copy", maintain_order="left")
    weight = pl.col("share") * (pl.col("log_likelihood") - pl.col("log_likelihood").max().over("subject")).exp()
    weighed = weighed.with_columns(weight=weight).with_columns(
        pl.col("weight") / pl.col("weight").sum().over("subject")
    )
    joined = ahead.rename({"subject": "copy"}).join(
        weighed.select("copy", "subject", "weight"), on="copy", maintain_order="left"
    )
    joined = joined.with_columns(sd=(pl.col("high") - pl.col("mean")) / width)
    mean = (pl.col("weight") * pl.col("mean")).sum()
    square = (pl.col("weight") * (pl.col("sd") ** 2 + pl.col("mean") ** 2)).sum()
    return (
        joined.group_by("subject", "after", maintain_order=True)
        .agg(
            time=pl.col("time").first(),
            mean=mean,
            sd=(square - mean**2).clip(0.0).sqrt(),
            survival=(pl.col("weight") * pl.col("survival")).sum(),
        )
        .select("subject", "after", "time", "mean", "sd", "survival")
    )


def _copies(people: pl.DataFrame, spread: CovariateSpread) -> pl.DataFrame:
    # One row a person and combination of what is not known, with its share.
    ages = pl.DataFrame({"age": spread.ages, "age_share": [1 / len(spread.ages)] * len(spread.ages)})
    onsets = pl.DataFrame({"onset": [0.0, 1.0], "onset_share": [1 - spread.bulbar, spread.bulbar]})
    one = pl.DataFrame({"age": [None], "age_share": [1.0]}, schema=ages.schema)
    other = pl.DataFrame({"onset": [None], "onset_share": [1.0]}, schema=onsets.schema)
    age, onset = COVARIATES
    parts: list[pl.DataFrame] = []
    for no_age in (False, True):
        for no_onset in (False, True):
            some = people.filter((pl.col(age).is_null() == no_age) & (pl.col(onset).is_null() == no_onset))
            crossed = some.join(ages if no_age else one, how="cross").join(onsets if no_onset else other, how="cross")
            parts.append(
                crossed.with_columns(
                    pl.coalesce(age, "age").alias(age),
                    pl.coalesce(onset, "onset").alias(onset),
                    share=pl.col("age_share") * pl.col("onset_share"),
                )
            )
    return pl.concat(parts).filter(pl.col("share") > 0).sort("subject", maintain_order=True).with_row_index("copy")
