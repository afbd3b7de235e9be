"""Vital capacity, weight, grip and neurofilament of the example's people."""

from __future__ import annotations

import numpy as np
import polars as pl
from jaxtyping import Bool, Float
from numpy.random import Generator

from alsight.base.units import DAYS_PER_WEEK
from alsight.cohort.tables import MEASURES_TABLE
from alsight.make.example.course import PlantedPeople
from alsight.make.example.observe import PlantedVisits
from alsight.make.example.parameters import constant


def measure_frame(
    names: pl.Series,
    people: PlantedPeople,
    *,
    subjects: pl.DataFrame,
    lost: Float[np.ndarray, "people weeks"],
    latents: Float[np.ndarray, "people weeks 12"],
    visits: PlantedVisits,
    generator: Generator,
) -> pl.DataFrame:
    """All measurements, taken at visits; each follows the true course, not the rating."""
    week = np.clip(visits.day // int(DAYS_PER_WEEK), 0, lost.shape[1] - 1)
    points = np.take_along_axis(lost, week, axis=1)
    arm = np.take_along_axis(latents, week[:, :, None], axis=1)[:, :, 3:6].mean(axis=-1) / 4.0
    female = (subjects["sex"] == "female").to_numpy()[:, None]
    shape = points.shape
    half = visits.accepted & (np.arange(shape[1]) % 2 == 0)
    sampled = half & (generator.random((shape[0], 1)) < 0.7)
    normal = generator.standard_normal

    capacity = 104.0 + 11.0 * normal((shape[0], 1)) - constant("vc_per_point") * points * _breath(people)[:, None]
    predicted = np.where(female, 2.9, 4.1) + 0.35 * normal((shape[0], 1))
    forced = np.clip(capacity + constant("vc_noise") * normal(shape), 12.0, 150.0)
    slow = np.clip(forced + 3.0 * normal(shape), 12.0, 150.0)
    weight = np.where(female, 65.0, 79.0) + 10.0 * normal((shape[0], 1)) - 0.22 * points + 0.8 * normal(shape)
    hand = np.where(female, 25.0, 41.0) * np.exp(0.15 * normal((shape[0], 1))) * np.clip(arm, 0.02, 1.0)
    rows = [
        _rows(names, visits, visits.accepted, "fvc_pct", value=forced),
        _rows(names, visits, visits.accepted, "fvc_l", value=forced / 100 * predicted, places=2),
        _rows(names, visits, half, "svc_pct", value=slow),
        _rows(names, visits, half, "svc_l", value=slow / 100 * predicted, places=2),
        _rows(names, visits, visits.accepted, "weight_kg", value=np.clip(weight, 34.0, 140.0)),
        _rows(names, visits, visits.accepted, "grip_kg", value=hand * np.exp(0.08 * normal(shape)), side="left"),
        _rows(
            names, visits, visits.accepted, "grip_kg", value=1.06 * hand * np.exp(0.08 * normal(shape)), side="right"
        ),
        _rows(names, visits, sampled, "nfl_pg_ml", value=_neurofilament(people, shape, generator), method="plasma"),
    ]
    schema = MEASURES_TABLE.schema
    return (
        pl.concat(rows)
        .select(pl.col(name).cast(kind) for name, kind in schema.items())
        .sort("subject", "day", "measure", "side")
    )


def _breath(people: PlantedPeople) -> Float[np.ndarray, " people"]:
    """How much of each point lost the vital capacity feels; little in people with another disease."""
    return np.where(people.among("mimic_stable", "mimic_improving"), 0.15, 1.0)


def _neurofilament(
    people: PlantedPeople, shape: tuple[int, int], generator: Generator
) -> Float[np.ndarray, "people visits"]:
    """Plasma neurofilament light chain [pg/ml], correlated with the log of the personal rate."""
    log_rate = np.log(np.maximum(people.rate, 0.03))
    natural = people.rate > 0.02
    standard = (log_rate - log_rate[natural].mean()) / log_rate[natural].std()
    pull = constant("nfl_rate_correlation")
    person = pull * standard + np.sqrt(1 - pull**2) * generator.standard_normal(shape[0])
    level = np.log(constant("nfl_median")) + constant("nfl_log_sd") * person
    other = np.log(constant("nfl_mimic_median")) + 0.3 * generator.standard_normal(shape[0])
    level = np.where(natural, level, other)
    return np.exp(level[:, None] + constant("nfl_log_noise") * generator.standard_normal(shape))


def _rows(
    names: pl.Series,
    visits: PlantedVisits,
    taken: Bool[np.ndarray, "people visits"],
    measure: str,
    *,
    value: Float[np.ndarray, "people visits"],
    side: str | None = None,
    method: str | None = None,
    places: int = 1,
) -> pl.DataFrame:
    """One measure as rows of the long table, rounded as a clinic would write it."""
    who, visit = np.nonzero(taken)
    return pl.DataFrame(
        {"subject": names[who], "day": visits.day[who, visit], "value": np.round(value[who, visit], places)}
    ).with_columns(
        measure=pl.lit(measure),
        side=pl.lit(side, pl.String),
        part=pl.lit(None, pl.String),
        method=pl.lit(method, pl.String),
    )
