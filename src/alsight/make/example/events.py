"""Events and treatments of the example's people."""

from __future__ import annotations

import numpy as np
import polars as pl
from jaxtyping import Bool, Int
from numpy.random import Generator

from alsight.base.units import DAYS_PER_WEEK
from alsight.cohort.tables import DOSES, EVENTS
from alsight.make.example.course import PlantedPeople
from alsight.make.example.observe import NEVER, Fates, PlantedVisits
from alsight.make.example.parameters import constant

WEEK = int(DAYS_PER_WEEK)


def event_frame(
    names: pl.Series, people: PlantedPeople, fates: Fates, visits: PlantedVisits, generator: Generator
) -> pl.DataFrame:
    """What happened to people: fates, planted illnesses with their hospital stay, and illnesses without effect."""
    size = names.len()
    infected, fallen = people.among("dip_infection"), people.among("dip_fracture")
    onset = people.start_week * WEEK
    last = np.where(visits.accepted, visits.day, 0).max(axis=1)
    quiet = people.among("progressing") & (generator.random(size) < 0.06) & (last > 180)
    idle = np.rint(generator.uniform(0.2, 0.8, size) * last).astype(np.int64)
    left = fates.leave < NEVER
    withdrew = left & (generator.random(size) < 0.6)
    rows = [
        _rows(names, fates.death < NEVER, fates.death * WEEK, "death"),
        _rows(names, fates.tracheostomy < NEVER, fates.tracheostomy * WEEK, "tracheostomy"),
        _rows(names, fates.niv < NEVER, fates.niv * WEEK, "niv_start"),
        _rows(names, fates.niv_stop < NEVER, fates.niv_stop * WEEK, "niv_stop", detail="not tolerated"),
        _rows(names, fates.gastrostomy < NEVER, fates.gastrostomy * WEEK, "gastrostomy"),
        _rows(names, withdrew, fates.leave * WEEK, "withdrawal"),
        _rows(names, left & ~withdrew, fates.leave * WEEK, "lost_to_follow_up"),
        _rows(names, infected, onset, "infection", end=onset + 24, detail="pneumonia"),
        _rows(names, fallen, onset, "fracture", end=onset + 42, detail="fall"),
        _rows(names, infected | fallen, onset, "hospitalization", end=onset + 11),
        _rows(names, quiet, idle, "infection", end=idle + 6, detail="cold"),
        _rows(names, _revised(people), last, "diagnosis_revised", detail="other neuropathy"),
    ]
    return (
        pl.concat(rows)
        .select(pl.col(name).cast(kind) for name, kind in EVENTS.schema.items())
        .sort("subject", "day", "event")
    )


def _revised(people: PlantedPeople) -> Bool[np.ndarray, " people"]:
    """The first two people whose other disease improves are found out by the end."""
    improving = people.among("mimic_improving")
    return improving & (np.cumsum(improving) <= 2)


def dose_frame(
    names: pl.Series, people: PlantedPeople, subjects: pl.DataFrame, fates: Fates, generator: Generator
) -> pl.DataFrame:
    """Riluzole for most, edaravone for some, and the planted drug for saliva."""
    size = names.len()
    diagnosis = subjects["diagnosis_day"].to_numpy().astype(np.int64)
    riluzole = generator.random(size) < constant("riluzole")
    begun = diagnosis + generator.integers(7, 60, size)
    edaravone = generator.random(size) < constant("edaravone")
    first = generator.integers(0, 60, size)
    until = np.minimum(first + 28 * generator.integers(3, 13, size), fates.last * WEEK)
    edaravone &= until > first
    drooling = people.among("symptomatic_gain")
    rows = [
        _rows(names, riluzole, begun, "riluzole").with_columns(kind=pl.lit("disease_modifying"), dose=50.0),
        _rows(names, edaravone, first, "edaravone", end=until).with_columns(
            kind=pl.lit("disease_modifying"), dose=60.0
        ),
        _rows(names, drooling, people.start_week * WEEK, "glycopyrronium", end=people.end_week * WEEK).with_columns(
            kind=pl.lit("symptomatic"), dose=1.0
        ),
    ]
    frame = (
        pl.concat(rows).rename({"event": "treatment"}).with_columns(dose_unit=pl.lit("mg"), blinded=pl.lit(value=False))
    )
    return frame.select(pl.col(name).cast(kind) for name, kind in DOSES.schema.items()).sort(
        "subject", "day", "treatment"
    )


def _rows(
    names: pl.Series,
    happened: Bool[np.ndarray, " people"],
    day: Int[np.ndarray, " people"],
    event: str,
    *,
    end: Int[np.ndarray, " people"] | None = None,
    detail: str | None = None,
) -> pl.DataFrame:
    """One kind of event as rows of the long table."""
    who = np.nonzero(happened)[0]
    ends = pl.lit(None, pl.Int64) if end is None else pl.Series("end_day", end[who])
    return pl.DataFrame({"subject": names[who], "day": day[who]}).with_columns(
        event=pl.lit(event), end_day=ends, detail=pl.lit(detail, pl.String)
    )
