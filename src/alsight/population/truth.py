"""The hidden truth of simulated people: what they were born with, and their neurons and muscles month by month."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from alsight.mechanism import layout as at
from alsight.mechanism.anatomy import POOLS
from alsight.mechanism.classes import GENES, PHENOTYPES
from alsight.population.frames import Group
from alsight.population.mimics import MIMICS
from alsight.population.recruit import entry_month

_POOLED: Final = {
    "strength": at.STRENGTH,
    "lower_neurons": at.UNITS,
    "fibers": at.FIBERS,
    "upper_neurons": at.UMN_UNITS,
    "lower_neurons_sick": at.SICK,
    "fibers_lost": at.ATROPHY,
}
_SINGLE: Final = {
    "vital_capacity_pct": at.C_BREATH,
    "nfl_pg_ml": at.C_NFL,
    "dip": at.C_DIP,
    "ventilation": at.C_NIV,
    "gastrostomy": at.C_GASTROSTOMY,
    "tracheostomy": at.C_TRACHEOSTOMY,
    "expectation": at.C_EXPECTATION,
    "rate_factor": at.C_MULTIPLIER,
}
_NAMED: Final = ("genotype", "phenotype", "onset_pool", "mimic")


def truth_people(group: Group) -> pl.DataFrame:
    """One row a person: every trait, the arm's therapies received, and milestones [months since onset]."""
    names = {
        "genotype": [row.name for row in GENES],
        "phenotype": [row.name for row in PHENOTYPES],
        "onset_pool": list(POOLS),
        "mimic": ["", *(row.name for row in MIMICS)],
    }
    columns: dict[str, object] = {"subject": group.names()}
    for name, index in at.T.items():
        values = group.traits[:, index]
        columns[name] = np.array(names[name])[values.astype(int)] if name in _NAMED else values
    columns["entry_month"] = entry_month(group.traits)
    columns |= {f"{name}_month": group.observed.events[:, index] for name, index in at.V.items() if name != "dips"}
    for therapy, received in zip(group.therapies, group.assigned.T, strict=True):
        columns[f"received_{therapy.name}"] = np.maximum(
            received, np.asarray(columns.get(f"received_{therapy.name}", 0.0))
        )
    return pl.DataFrame(columns)


def truth_course(group: Group) -> pl.DataFrame:
    """One row a person and month lived since onset: six quantities of each pool, and the person's own."""
    courses = group.observed.courses
    lived = np.arange(courses.shape[1])[None, :] < group.observed.events[:, at.V["last"]][:, None]
    person, month = np.nonzero(lived)
    rows = courses[person, month]
    columns: dict[str, object] = {
        "subject": group.names()[person],
        "months_since_onset": month,
        "months_from_entry": month - entry_month(group.traits)[person],
    }
    columns |= {f"{name}_{pool}": rows[:, row + r] for name, row in _POOLED.items() for r, pool in enumerate(POOLS)}
    columns |= {name: rows[:, index] for name, index in _SINGLE.items()}
    return pl.DataFrame(columns)
