"""From the kernel's arrays to the tables of the data dictionary: the same cohort that a reader would make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float64, Int64, UInt64

from alsight.base.streams import Stream, subject_key
from alsight.base.streams_numba import uniforms
from alsight.base.units import DAYS_PER_MONTH
from alsight.cohort.cohort import Cohort
from alsight.cohort.schema import Table
from alsight.cohort.tables import DOSES, EVENTS, MEASURES_TABLE, SUBJECTS, VISITS
from alsight.instruments.items import TWELVE
from alsight.instruments.lung import lung_function
from alsight.mechanism import layout as at
from alsight.mechanism.anatomy import ONSET_SITE
from alsight.mechanism.classes import GENES, PHENOTYPES
from alsight.mechanism.measure.visits import COLUMNS, DAY, FED, MEASURES, RATER, REMOTE
from alsight.mechanism.therapy.act import Therapy, gated
from alsight.population.kernel import Observations, Plan
from alsight.population.mimics import MIMICS
from alsight.population.recruit import entry_month
from alsight.population.spec import Population

RECALL_DAYS: Final = 30.0
"""Onset and diagnosis are reported to the month: recorded days lie within half of this around the true ones."""


DIGITS: Final = {"weight_kg": 1, "nfl_pg_ml": 1, "cmap_mv": 1, "grip_kg": 1, "hhd_kg": 1}
"""Digits after the point as a machine prints them; none for the rest."""

MILESTONES: Final = {
    "tracheostomy": "tracheostomy",
    "permanent": "permanent_ventilation",
    "niv": "niv_start",
    "gastrostomy": "gastrostomy",
}
"""Milestones of a course and the event that each is."""

CAPACITIES: Final = ("fvc_l", "svc_l")
"""Vital capacities in liters, in the order of the first columns."""
EQUATION: Final = "gli_global_2022"
CARE_DRUGS: Final = {"saliva": "saliva drug", "spasticity": "spasticity drug"}
DIP_MONTHS: Final = 2.0
"""Length recorded for an intercurrent illness."""


@dataclass(frozen=True)
class Group:
    """Some recruited people, all arrays in the same order."""

    population: Population
    plan: Plan
    subjects: UInt64[np.ndarray, " subject"]
    traits: Float64[np.ndarray, "subject trait"]
    observed: Observations
    arm: Int64[np.ndarray, " subject"]
    therapies: tuple[Therapy, ...]
    assigned: Float64[np.ndarray, "subject therapy"]
    withdrawal: Float64[np.ndarray, " subject"]

    def names(self) -> pl.Series:
        """Identifiers: the running number of the candidate, so that arms and runs name the same person alike."""
        return pl.Series("subject", self.subjects).cast(pl.String).str.zfill(9).str.replace("^", "V")

    def end(self) -> Float64[np.ndarray, " subject"]:
        """Last month from entry in which the person is watched: end of follow-up or withdrawal."""
        return np.minimum(self.population.follow_up.months, self.withdrawal)


def _days(months: Float64[np.ndarray, "*batch"]) -> Int64[np.ndarray, "*batch"]:
    return np.rint(months * DAYS_PER_MONTH).astype(np.int64)


def _shaped(frame: pl.DataFrame, table: Table, *keys: str) -> pl.DataFrame:
    """A frame with exactly the table's columns in order, absent ones empty, sorted."""
    columns = [
        pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in table.schema.items()
    ]
    return frame.select(columns).sort(*keys, maintain_order=True)


def cohort_of(group: Group) -> Cohort:
    """All five tables of the recruited people."""
    visits, measures = visits_frame(group), measures_frame(group)
    events, doses = events_frame(group), doses_frame(group)
    latest = pl.concat([frame.select("subject", "day") for frame in (visits, measures, events, doses)])
    latest = latest.group_by("subject").agg(pl.col("day").max().alias("last_seen_day"))
    subjects = subjects_frame(group).join(latest, on="subject", how="left", maintain_order="left")
    return Cohort(
        subjects=_shaped(subjects, SUBJECTS, "subject"), visits=visits, measures=measures, events=events, doses=doses
    )


def _of(names: Sequence[str | None], index: np.ndarray) -> pl.Series:
    """Names by their places."""
    return pl.Series(list(names), dtype=pl.String).gather(index)


def subjects_frame(group: Group) -> pl.DataFrame:
    """One row a person; onset and diagnosis as recalled, genes and phenotypes as known to the study."""
    traits, population = group.traits, group.population
    entry = entry_month(traits)
    blur = (uniforms(subject_key(population.seed, Stream.VISIT, group.subjects), 2, first=1 << 20) - 0.5) * RECALL_DAYS
    onset = np.minimum(_days(-entry) + np.rint(blur[:, 0]).astype(int), -1)
    diagnosis = np.clip(_days(-traits[:, at.T["lag_months"]]) + np.rint(blur[:, 1]).astype(int), onset, 0)
    register = population.recruit.kind == "register"
    pool, gene = traits[:, at.T["onset_pool"]].astype(int), traits[:, at.T["genotype"]].astype(int)
    ages, mimic = traits[:, at.T["age_at_onset"]], traits[:, at.T["mimic"]].astype(int)
    frame = pl.DataFrame(
        {
            "subject": group.names(),
            "sex": _of(("female", "male"), traits[:, at.T["male"]].astype(int)),
            "arm": _of((*(arm.name for arm in population.arms), None), group.arm),
            "age_at_entry_years": np.round(ages + entry / 12.0, 1),
            "age_at_onset_years": np.round(ages, 1),
            "height_cm": np.round(traits[:, at.T["height_cm"]], 0),
            "onset_day": onset,
            "diagnosis_day": np.zeros_like(onset) if register else diagnosis,
            "onset_site": _of(ONSET_SITE, pool),
            "phenotype": _phenotypes(traits),
            "genotype": _of([row.genotype for row in GENES], gene),
            "genotype_variant": _of([row.variant or None for row in GENES], gene),
            "revised_diagnosis": _of((None, *(row.name for row in MIMICS)), np.where(_revised(group), mimic, 0)),
        }
    )
    if population.follow_up.sites > 0:
        frame = frame.with_columns(_sites(traits).alias("site"))
    return frame.with_columns(
        pl.lit("diagnosis" if register else "randomization").alias("entry"), pl.lit(population.name).alias("study")
    )


def _sites(traits: Float64[np.ndarray, "subject trait"]) -> pl.Series:
    return pl.Series("site", traits[:, at.T["site"]].astype(int) + 1).cast(pl.String).str.zfill(3).str.replace("^", "S")


def _phenotypes(traits: Float64[np.ndarray, "subject trait"]) -> pl.Series:
    kind, pool = traits[:, at.T["phenotype"]].astype(int), traits[:, at.T["onset_pool"]].astype(int)
    by_pool = [{"bulbar": "bulbar", "respiratory": "respiratory"}.get(site, "classic") for site in ONSET_SITE]
    return _of([*(row.name for row in PHENOTYPES), *by_pool], np.where(kind > 0, kind, len(PHENOTYPES) + pool))


def _revised(group: Group) -> Bool[np.ndarray, " subject"]:
    """Whether a mimic was recognized while the person was watched."""
    months = group.traits[:, at.T["revised_month"]] - entry_month(group.traits)
    return (group.traits[:, at.T["mimic"]] > 0) & (months <= group.end())


def visits_frame(group: Group) -> pl.DataFrame:
    """One row a rating; item 5 stands in 5a or 5b, as a gastrostomy says."""
    person, visit = np.nonzero(np.isfinite(group.observed.visits[:, :, 0]))
    rows = group.observed.visits[person, visit]
    items = rows[:, :12].astype(np.float32)
    fed = rows[:, FED] > 0.0
    planned = group.plan.planned.tolist()
    labels = ["screening" if month < 0 else "baseline" if month == 0 else f"month_{month:g}" for month in planned]
    columns = {name: items[:, index] for index, name in enumerate(TWELVE) if name != "q5_cutting"}
    frame = pl.DataFrame(
        {
            "subject": group.names().gather(person),
            "day": np.rint(rows[:, DAY]).astype(np.int32),
            **columns,
            "q5a_cutting_without_gastrostomy": np.where(fed, np.nan, items[:, 4]),
            "q5b_cutting_with_gastrostomy": np.where(fed, items[:, 4], np.nan),
            "alsfrs_r_total": items.sum(axis=1),
            "mode": _of(("in_person", "telephone"), (rows[:, REMOTE] > 0.0).astype(int)),
            "visit": _of(labels, visit),
        }
    )
    if group.population.follow_up.raters > 0:
        letter = pl.Series("rater", rows[:, RATER].astype(int) + 1).cast(pl.String)
        frame = frame.with_columns((_sites(group.traits).gather(person) + "R" + letter).alias("rater"))
    frame = frame.with_columns(pl.col("^q5[ab]_.*$").fill_nan(None), pl.lit("alsfrs_r").alias("scale"))
    return _shaped(frame, VISITS, "subject", "day")


def measures_frame(group: Group) -> pl.DataFrame:
    """One row a value, in the precision that a machine would print."""
    values = group.observed.visits[:, :, MEASURES:]
    person, visit, column = np.nonzero(np.isfinite(values))
    scale = 10.0 ** np.array([DIGITS.get(row[0], 0) for row in COLUMNS])[column]
    named = {
        name: _of([row[field] or None for row in COLUMNS], column)
        for field, name in enumerate(("measure", "side", "part", "method"))
    }
    frame = pl.DataFrame(
        {
            "subject": group.names().gather(person),
            "day": np.rint(group.observed.visits[person, visit, DAY]).astype(np.int32),
            **named,
            "value": np.rint(values[person, visit, column] * scale) / scale,
        }
    )
    if group.population.follow_up.liters:
        frame = pl.concat([frame, liters_frame(group)])
    return _shaped(frame, MEASURES_TABLE, "subject", "day")


def predicted_liters(
    traits: Float64[np.ndarray, "subject trait"], months: Float64[np.ndarray, " subject"]
) -> Float64[np.ndarray, " subject"]:
    """Vital capacity that the GLI global equation predicts so many months after onset [l]; nan beyond 95 years."""
    age = traits[:, at.T["age_at_onset"]] + months / 12.0
    height, male = traits[:, at.T["height_cm"]], traits[:, at.T["male"]]
    return lung_function(np.full(age.size, np.nan), male=male, age_years=age, height_cm=height).predicted_l


def liters_frame(group: Group) -> pl.DataFrame:
    """Vital capacity in liters, with the equation that turned percent into them as the method."""
    values = group.observed.visits[:, :, MEASURES : MEASURES + len(CAPACITIES)]
    person, visit, column = np.nonzero(np.isfinite(values))
    days = group.observed.visits[person, visit, DAY]
    months = entry_month(group.traits)[person] + days / DAYS_PER_MONTH
    liters = values[person, visit, column] / 100.0 * predicted_liters(group.traits[person], months)
    frame = pl.DataFrame(
        {
            "subject": group.names().gather(person),
            "day": np.rint(days).astype(np.int32),
            "measure": _of(CAPACITIES, column),
            "value": np.round(liters, 2),
        }
    )
    none = pl.lit(None, pl.String)
    return frame.select(
        "subject", "day", "measure", none.alias("side"), none.alias("part"), pl.lit(EQUATION).alias("method"), "value"
    ).filter(pl.col("value").is_not_nan())


def _rows(group: Group, who: np.ndarray, day: np.ndarray, end: np.ndarray | None = None) -> pl.DataFrame:
    """Subject, day and end_day of some people; days are given in months from entry, an infinite end is none."""
    index = np.flatnonzero(who)
    ends = pl.Series("end_day", np.full(index.size, np.nan) if end is None else np.rint(end[index] * DAYS_PER_MONTH))
    ends = ends.replace([np.inf], [np.nan]).fill_nan(None).cast(pl.Int32)
    return pl.DataFrame({"subject": group.names().gather(index), "day": _days(day[index]), "end_day": ends})


def events_frame(group: Group) -> pl.DataFrame:
    """Milestones that fall into the time a person is watched, and the end of watching."""
    entry, end, events = entry_month(group.traits), group.end(), group.observed.events
    follow = group.population.follow_up
    died = np.where(events[:, at.V["death"]] >= 0, events[:, at.V["death"]] - entry, np.inf)
    parts = [("death", _rows(group, died <= (follow.months if follow.vital_status else end), died))]
    watched = np.minimum(end, died)
    for name, kind in MILESTONES.items():
        months = np.where(events[:, at.V[name]] >= 0, events[:, at.V[name]] - entry, np.inf)
        parts.append((kind, _rows(group, months <= watched, months)))
    for slot in range(at.DIP_SLOTS):
        months = np.where(events[:, at.V_DIP + slot] >= 0, events[:, at.V_DIP + slot] - entry, np.inf)
        over = np.minimum(months + DIP_MONTHS, watched)
        parts.append(("intercurrent_illness", _rows(group, (months >= 0) & (months <= watched), months, over)))
    parts.append(("withdrawal", _rows(group, group.withdrawal < np.minimum(follow.months, died), group.withdrawal)))
    revised = group.traits[:, at.T["revised_month"]] - entry
    parts.append(("diagnosis_revised", _rows(group, _revised(group), revised)))
    frame = pl.concat([rows.with_columns(pl.lit(kind).alias("event")) for kind, rows in parts])
    return _shaped(frame, EVENTS, "subject", "day", "event")


def doses_frame(group: Group) -> pl.DataFrame:
    """What each person was given and when, whether or not it worked; care drugs among them."""
    entry, events = entry_month(group.traits), group.observed.events
    died = np.where(events[:, at.V["death"]] >= 0, events[:, at.V["death"]] - entry, np.inf)
    last, forever = np.minimum(group.end(), died), np.full(entry.size, np.inf)
    background = len(group.population.background)
    origins = {"entry": 0.0 * entry, "onset": -entry, "diagnosis": -group.traits[:, at.T["lag_months"]]}
    parts = [DOSES.empty()]
    for index, therapy in enumerate(group.therapies):
        origin = origins[therapy.origin]
        start = origin + therapy.start_month
        stop = forever if therapy.stop_month is None else origin + therapy.stop_month
        who = (group.assigned[:, index] > 0) & (gated(therapy, group.traits) > 0) & (start < last)
        rows = _rows(group, who, start, np.where(stop < last, stop, np.inf))
        parts.append(_given(rows, therapy.name, therapy.kind, therapy.dose, therapy.dose_unit, index >= background))
    for name, treatment in CARE_DRUGS.items():
        start = np.where(events[:, at.V[name]] >= 0, events[:, at.V[name]] - entry, np.inf)
        parts.append(_given(_rows(group, start < last, start), treatment, "symptomatic", None, "", blinded=False))
    return _shaped(pl.concat(parts), DOSES, "subject", "day", "treatment")


def _given(rows: pl.DataFrame, treatment: str, kind: str, dose: float | None, unit: str, blinded: bool) -> pl.DataFrame:
    """Rows of the DOSES table for one treatment."""
    frame = rows.with_columns(
        pl.lit(treatment).alias("treatment"),
        pl.lit(kind).alias("kind"),
        pl.lit(dose, pl.Float64).alias("dose"),
        pl.lit(unit or None, pl.String).alias("dose_unit"),
        pl.lit(blinded).alias("blinded"),
    )
    return frame.select(pl.col(name).cast(dtype) for name, dtype in DOSES.schema.items())
