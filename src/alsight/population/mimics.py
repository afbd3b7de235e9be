"""Mimics: diseases that are taken for ALS for a while. Their courses are assumed, not fitted to data.

A mimic weakens its own regions towards a limit, is recognized some months after it was diagnosed as ALS, and then
recovers by its treatment's part (or not at all). No one dies of it here. Registers found 7 to 8 % of diagnoses to be
something else; multifocal motor neuropathy was 22 % and Kennedy's disease 13 % of them, the rest of the mix is assumed.

Source: traynor2000, davenport1996
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numba as nb
import numpy as np
from jaxtyping import Float64, UInt64

from alsight.base.compiled import STRICT
from alsight.base.compiled.numerics import exponential
from alsight.base.streams import Stream, subject_key
from alsight.base.streams_numba import normal, normals, uniforms
from alsight.mechanism import layout as at
from alsight.mechanism.anatomy import REGIONS
from alsight.mechanism.parameters import INDEX

SHARE: Final = 0.075
"""Share of a register's diagnoses. Source: traynor2000"""


@dataclass(frozen=True)
class Mimic:
    """One mimic; every number but the share is assumed.

    Attributes:
        name: name in population files and as the revised diagnosis.
        share: share among mimics.
        regions: what weakens, with the largest loss of strength there [0-1].
        months: time constant of the loss [month].
        recovery: part of the loss that treatment gives back.
        recovery_months: time constant of that [month].
        fluctuation: spread of month-to-month change of strength.
        denervates: whether motor units are lost with strength.
        nfl: neurofilament relative to a healthy person.
    """

    name: str
    share: float
    regions: dict[str, float]
    months: float
    recovery: float
    recovery_months: float
    fluctuation: float
    denervates: bool
    nfl: float


MIMICS: Final[tuple[Mimic, ...]] = (
    Mimic("multifocal_motor_neuropathy", 0.22, {"arm_right": 0.6, "arm_left": 0.3}, 40.0, 0.6, 4.0, 0.02, True, 1.5),
    Mimic("kennedy_disease", 0.13, {"bulbar": 0.35, "legs": 0.5, "arms": 0.35}, 120.0, 0.0, 1.0, 0.01, True, 1.5),
    Mimic("myasthenia_gravis", 0.15, {"bulbar": 0.5, "arms": 0.3}, 10.0, 0.8, 4.0, 0.06, False, 1.0),
    Mimic("inclusion_body_myositis", 0.15, {"legs": 0.6, "arms": 0.5, "bulbar": 0.1}, 70.0, 0.0, 1.0, 0.01, False, 1.0),
    Mimic("cervical_myelopathy", 0.35, {"legs": 0.4, "arms": 0.35}, 25.0, 0.3, 8.0, 0.01, False, 1.6),
)

REVISED_MEDIAN_MONTHS: Final = 12.0
REVISED_LOG_SD: Final = 0.7
"""Months from the diagnosis of ALS until it is revised; assumed."""
SEVERITY_LOG_SD: Final = 0.3
START: Final = 0.3
"""Part of the largest loss that is there when the first symptom is; assumed."""

_REGION_COLUMNS: Final = at.LANES
MONTHS, RECOVERY, RECOVERY_MONTHS, FLUCTUATION, DENERVATES, NFL = range(_REGION_COLUMNS, _REGION_COLUMNS + 6)
_WIDTH: Final = _REGION_COLUMNS + 6
_MIMIC, _REVISED = at.T["mimic"], at.T["revised_month"]
_T_VC, _T_STOP, _T_DELAY = at.T["capacity_pct"], at.T["stop_months"], at.T["delay_months"]
_ONSET, _LAST, _MONTHS, _DIPS = at.V["onset"], at.V["last"], at.V["months"], at.V["dips"]
_PHRENIC, _TRUNK, _ARM = INDEX["capacity_phrenic"], INDEX["capacity_trunk"], INDEX["capacity_arm"]
_NF_BASE: Final = INDEX["nfl_base_pg_ml"]


def table() -> Float64[np.ndarray, "mimic column"]:
    """The rows of MIMICS as the kernel reads them."""
    rows = np.zeros((len(MIMICS), _WIDTH))
    for row, mimic in zip(rows, MIMICS, strict=True):
        for name, loss in mimic.regions.items():
            row[list(REGIONS[name])] = loss
        row[_REGION_COLUMNS:] = (
            mimic.months,
            mimic.recovery,
            mimic.recovery_months,
            mimic.fluctuation,
            mimic.denervates,
            mimic.nfl,
        )
    return rows


def disguise(
    traits: Float64[np.ndarray, "subject trait"],
    root: int,
    subjects: UInt64[np.ndarray, " subject"],
    share: float,
    shares: dict[str, float],
) -> None:
    """Choose who has a mimic instead, which one, and when it is recognized; changes `traits` in place."""
    keys = subject_key(root, Stream.MIMIC, subjects)
    u, z = uniforms(keys, 2), normals(keys, 2, first=8)
    weights = np.array([shares.get(mimic.name, 0.0) if shares else mimic.share for mimic in MIMICS])
    edges = np.cumsum(weights) / weights.sum()
    kind = np.minimum(np.searchsorted(edges, u[:, 1], side="right"), len(MIMICS) - 1) + 1
    has = u[:, 0] < share
    traits[:, _MIMIC] = np.where(has, kind, 0)
    traits[:, at.T["genotype"]] = np.where(has, 0, traits[:, at.T["genotype"]])
    revised = traits[:, _T_DELAY] + REVISED_MEDIAN_MONTHS * np.exp(REVISED_LOG_SD * z[:, 0])
    traits[:, _REVISED] = np.where(has, np.ceil(revised), -1.0)


@nb.njit(**STRICT)
def imitate(traits: Any, p: Any, key: Any, mimics: Any, course: Any, events: Any) -> None:
    """The course of a mimic, recorded like one of ALS from its first symptom on."""
    kind = mimics[int(traits[_MIMIC]) - 1]
    events[:] = -1.0
    events[_DIPS] = 0.0
    last = int(min(float(course.shape[0]), traits[_T_STOP]))
    severity = min(exponential(SEVERITY_LOG_SD * normal(key, 0)), 1.6)
    loss, sway = START, 0.0
    for month in range(last):
        treated = month > traits[_REVISED] and kind[RECOVERY] > 0.0
        limit = START * (1.0 - kind[RECOVERY]) if treated else 1.0
        loss += (limit - loss) * (1.0 - exponential(-1.0 / (kind[RECOVERY_MONTHS] if treated else kind[MONTHS])))
        sway = 0.6 * sway + 0.8 * kind[FLUCTUATION] * normal(key, 1 + month)
        row = course[month]
        row[:] = 0.0
        for r in range(at.LANES):
            lost = min(max(kind[r] * severity * loss + (sway if kind[r] > 0.0 else 0.0), 0.0), 0.95)
            row[at.STRENGTH + r] = 1.0 - lost
            row[at.FIBERS + r] = 1.0 - (lost if kind[DENERVATES] > 0.0 else 0.0)
            row[at.UNITS + r] = 1.0 - (0.7 * lost if kind[DENERVATES] > 0.0 else 0.0)
            row[at.UMN_UNITS + r] = 1.0
        respiratory = p[_PHRENIC] * row[at.STRENGTH + 6] + p[_TRUNK] * row[at.STRENGTH + 3]
        respiratory += p[_ARM] * (row[at.STRENGTH + 1] + row[at.STRENGTH + 2])
        row[at.C_BREATH] = traits[_T_VC] * respiratory
        row[at.C_NFL] = p[_NF_BASE] * kind[NFL]
        row[at.C_MULTIPLIER] = 1.0
    events[_ONSET], events[_LAST], events[_MONTHS] = 0.0, float(last), float(last)
