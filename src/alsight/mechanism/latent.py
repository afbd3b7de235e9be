"""Whole lives of a population with one rating a month: what calibration and quick studies need, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numba as nb
import numpy as np
from jaxtyping import Float32, Float64, Int8, UInt64

from alsight.base.compiled import STRICT, sources_digest
from alsight.base.compiled.numerics import exponential
from alsight.base.streams import Stream, stream_key
from alsight.base.streams_numba import fold, normal
from alsight.mechanism import anatomy
from alsight.mechanism import layout as at
from alsight.mechanism.disease import course as disease
from alsight.mechanism.disease.people import Mix, draw_people
from alsight.mechanism.draws import GLANCED, width
from alsight.mechanism.measure import rating as rated
from alsight.mechanism.parameters import INDEX, vector
from alsight.mechanism.therapy import levels

_LANES: Final = at.LANES
_VC_NOISE, _NF_NOISE = INDEX["capacity_noise_pct"], INDEX["nfl_noise_log_sd"]
_LAST: Final = at.V["last"]
_T_NFL: Final = at.T["nfl_factor"]
_EFFECTS: Final = len(levels.CHANNELS)
_GLANCE: Final = width(GLANCED)
_VC_DRAW, _NF_DRAW = GLANCED["capacity"].start, GLANCED["neurofilament"].start
KEYS: Final = (
    Stream.COURSE,
    Stream.SEEDING,
    Stream.DEATH,
    Stream.DIP,
    Stream.QUIESCENCE,
    Stream.RATING,
    Stream.MEASURE,
    Stream.VISIT,
)
"""Streams of a person's course and of what is seen of it, in the kernels' order."""
RATING, MEASURE, VISIT = 5, 6, 7


@dataclass(frozen=True)
class Latent:
    """Lives month by month from onset; nan (or -1) after death and where nothing was looked at.

    Attributes:
        score: ALSFRS-R total with rating noise [0-48].
        capacity: vital capacity with session noise [%].
        units: lower motor neurons left in the limbs, mean of four pools [fraction].
        fibers: innervated fibers in the limbs [fraction].
        nfl: neurofilament light chain with noise [pg/ml].
        strength: strength of the seven pools [fraction]; no months unless asked for.
        courses: everything recorded, columns as in `disease.layout`; one person's only unless asked for.
        events: milestones, columns as `layout.EVENTS` and after.
        traits: what each person was born with, columns as `layout.TRAITS` and after.
    """

    score: Int8[np.ndarray, "observed month"]
    capacity: Float32[np.ndarray, "observed month"]
    units: Float32[np.ndarray, "observed month"]
    fibers: Float32[np.ndarray, "observed month"]
    nfl: Float32[np.ndarray, "observed month"]
    strength: Float32[np.ndarray, "observed strength_month pool"]
    courses: Float64[np.ndarray, "accepted month quantity"]
    events: Float64[np.ndarray, "subject event"]
    traits: Float64[np.ndarray, "subject trait"]

    def event(self, name: str) -> Float64[np.ndarray, " subject"]:
        """One milestone [months since onset], -1 where it never happened."""
        return self.events[:, at.V[name]]

    def trait(self, name: str) -> Float64[np.ndarray, " subject"]:
        """One trait."""
        return self.traits[:, at.T[name]]


@cache
def source_digest() -> int:
    """A number that changes with any file of the mechanism or its streams, for the cache of compiled kernels."""
    return sources_digest(Path(__file__).parent)


def graphs(p: Float64[np.ndarray, " parameter"]) -> Float64[np.ndarray, " lane"]:
    """Both graphs of neighbors as the kernel's state holds them, the axial pools' rates scaled."""
    spinal = anatomy.SPINAL_GRAPH.copy()
    spinal[:, [anatomy.TRUNK, anatomy.PHRENIC]] *= p[INDEX["spread_axial"]]
    rows = np.concatenate([spinal.ravel(), anatomy.CORTICAL_GRAPH.ravel()])
    assert rows.size == at.SCALARS - at.GRAPH
    return rows


def stream_keys(root: int) -> UInt64[np.ndarray, " stream"]:
    """Keys of the kernels' streams under one root seed."""
    return np.array([stream_key(root, stream) for stream in KEYS], np.uint64)


@nb.njit(**STRICT)
def person_keys(streams: Any, subject: Any, keys: Any) -> None:
    """Keys of one person's streams from those of all streams."""
    for index in range(keys.shape[0]):
        keys[index] = fold(streams[index], subject)


@nb.njit(**STRICT)
def room(m: int, acts: int) -> tuple[Any, Any, Any, Any]:
    """Room for one person at a time: state, effect of treatments, their memory, the rating so far."""
    return np.empty(at.STATE_SIZE), np.empty(_EFFECTS * m), np.empty((3, max(acts, 1))), np.empty(rated.MEMORY_SIZE)


@nb.njit(**STRICT)
def limbs(row: Any, index: int) -> float:
    """Mean of the four limb pools in one recorded month."""
    return 0.25 * (row[index + 1] + row[index + 2] + row[index + 4] + row[index + 5])


@nb.njit(**STRICT)
def watch(
    every: int, row_traits: Any, p: Any, keys: Any, tables: Any, course: Any, events: Any, rating: Any, out: Any, k: int
) -> None:
    """Look at one person every so many months and write what is seen."""
    loadings, thresholds = tables
    score, observed, strength = out
    rated.forget(rating, p)
    lanes = loadings.shape[1]
    for month in range(0, int(events[_LAST]), every):
        row = course[month]
        rated.rate(
            lanes,
            rating,
            row,
            row_traits,
            p,
            loadings,
            thresholds,
            keys[RATING],
            month,
            float(month),
            row[at.C_EXPECTATION],
        )
        score[k, month] = np.int8(rated.total(rating, row))
        breath = row[at.C_BREATH] * (1.0 - row[at.C_DIP]) + p[_VC_NOISE] * normal(
            keys[MEASURE], _GLANCE * month + _VC_DRAW
        )
        observed[0, k, month] = max(breath, 0.0)
        observed[1, k, month] = limbs(row, at.UNITS)
        observed[2, k, month] = limbs(row, at.FIBERS)
        noise = exponential(p[_NF_NOISE] * normal(keys[MEASURE], _GLANCE * month + _NF_DRAW))
        observed[3, k, month] = row[at.C_NFL] * row_traits[_T_NFL] * noise
        if strength.shape[1] > month:
            for r in range(7):
                strength[k, month, r] = row[r]


@cache
def _kernel(digest: int) -> Any:
    @nb.njit(nogil=True, cache=True, **STRICT)
    def run(
        subjects: Any,
        m: int,
        every: int,
        stored: bool,
        streams: Any,
        p: Any,
        traits: Any,
        rows: Any,
        tables: Any,
        plain: Any,
        acts: Any,
        scale: Any,
        courses: Any,
        events: Any,
        out: Any,
    ) -> int:
        state, effect, memory, rating = room(m, acts.shape[0])
        keys = np.empty(streams.shape[0], np.uint64)
        for k in range(subjects.shape[0]):
            person_keys(streams, subjects[k], keys)
            course = courses[k if courses.shape[0] > 1 else 0]
            disease.live(
                m,
                state,
                traits[k],
                p,
                keys,
                rows,
                plain[0],
                plain[1],
                acts,
                scale[k],
                memory,
                effect,
                course,
                events[k],
            )
            if every > 0:
                watch(every, traits[k], p, keys, tables, course, events[k], rating, out, k if stored else 0)
        return digest

    return run


NO_ACTS: Final = np.zeros((0, levels.ACT_WIDTH))


def simulate_latent(
    overrides: dict[str, float] | None = None,
    n: int = 20_000,
    seed: int = 1,
    *,
    months: int = 170,
    every: int = 1,
    mix: Mix | None = None,
    acts: Float64[np.ndarray, "act column"] = NO_ACTS,
    scale: Float64[np.ndarray, "subject act"] | None = None,
    strength: bool = False,
    accepted: bool = False,
    stored: bool = True,
    first: int = 0,
) -> Latent:
    """Simulate whole lives and look at each of them every so many months.

    Args:
        overrides: numbers of the mechanism to change, by name.
        n: number of people.
        seed: root seed; the same seed gives the same people, whatever else changes.
        months: months since onset that are lived and recorded [month].
        every: months between ratings; 0 rates no one.
        mix: shares of the population and of accepted care.
        acts: treatments, as `therapy.act.compiled` gives them.
        scale: how strongly each person receives each act, 0 for not at all.
        strength: whether to keep regional strength.
        accepted: whether to keep every recorded quantity of every month.
        stored: whether to keep what is seen; without it only events and traits are right (for timing).
        first: number of the first person.

    Returns:
        Arrays by person and month since onset.

    Raises:
        SpecError: an override is unknown or out of range.
    """
    p = vector(overrides)
    subjects = np.arange(first, first + n, dtype=np.uint64)
    traits = draw_people(p, seed, subjects, mix or Mix())
    rows = n if stored else 1
    score = np.full((rows, months), -1, np.int8)
    observed = np.full((4, rows, months), np.nan, np.float32)
    regions = np.full((rows, months if strength and stored else 0, 7), np.nan, np.float32)
    courses = np.full((n if accepted else 1, months, at.COURSE_WIDTH), np.nan)
    events = np.empty((n, at.EVENT_WIDTH))
    received = np.ones((n, acts.shape[0])) if scale is None else scale
    _kernel(source_digest())(
        subjects,
        _LANES,
        every,
        stored,
        stream_keys(seed),
        p,
        traits,
        graphs(p),
        rated.tables(),
        (anatomy.loadings(), anatomy.thresholds()),
        acts,
        received,
        courses,
        events,
        (score, observed, regions),
    )
    return Latent(score, observed[0], observed[1], observed[2], observed[3], regions, courses, events, traits)
