"""The population's kernel: live (or imitate), then be seen, one person after another, in any order."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numba as nb
import numpy as np
from jaxtyping import Float64, UInt64

from alsight.base.compiled import STRICT, sources_digest
from alsight.mechanism import anatomy, layout
from alsight.mechanism.disease.course import live
from alsight.mechanism.latent import (
    MEASURE,
    RATING,
    VISIT,
    graphs,
    person_keys,
    room,
    source_digest,
    stream_keys,
)
from alsight.mechanism.measure import rating as rated
from alsight.mechanism.measure.visits import WIDTH, between, follow
from alsight.population import mimics

_MIMIC: int = layout.T["mimic"]
_DELAY: int = layout.T["delay_months"]
_LAG: int = layout.T["lag_months"]
_LAST: int = layout.V["last"]
_COURSE: int = 0


@dataclass(frozen=True)
class Plan:
    """How people are seen.

    Attributes:
        planned: scheduled times of visits [months from entry], ascending, negative for screening.
        schedule: months between measurements of each group, 0 never.
        style: how visits go, as `measure.visits` reads it.
        months: longest course lived [month].
        raters: lasting shift of every rater [site x rater].
    """

    planned: Float64[np.ndarray, " visit"]
    schedule: Float64[np.ndarray, " group"]
    style: Float64[np.ndarray, " style"]
    months: int
    raters: Float64[np.ndarray, "site rater"] = field(default_factory=lambda: np.zeros((1, 1)))


@dataclass(frozen=True)
class Observations:
    """What the kernel gives: a row a planned visit, milestones, whole courses where asked for, true states at entry.

    Attributes:
        visits: items and values of each planned visit.
        events: milestones.
        courses: every month lived, where asked for.
        states: the true month at each visit up to entry, as a course records it; nan where there was none. No rows
            where it was not kept.
    """

    visits: Float64[np.ndarray, "subject visit column"]
    events: Float64[np.ndarray, "subject event"]
    courses: Float64[np.ndarray, "accepted month quantity"]
    states: Float64[np.ndarray, "kept early quantity"] = field(
        default_factory=lambda: np.zeros((0, 0, layout.COURSE_WIDTH))
    )


@nb.njit(**STRICT)
def exist(m: int, law: Any, keys: Any, traits: Any, acts: Any, scale: Any, room: Any, course: Any, events: Any) -> None:
    """Live one person's course, or imitate that of a mimic."""
    p, rows, plain, imitated = law
    state, effect, memory, _ = room
    if traits[_MIMIC] > 0.0:
        mimics.imitate(traits, p, keys[_COURSE], imitated, course, events)
    else:
        live(m, state, traits, p, keys, rows, plain[0], plain[1], acts, scale, memory, effect, course, events)


@nb.njit(**STRICT)
def truth_at(traits: Any, course: Any, events: Any, planned: Any, observed: Any, states: Any) -> None:
    """The true month at each visit up to entry; nan before onset and after the end."""
    entry, last = traits[_DELAY] + traits[_LAG], int(events[_LAST])
    for visit in range(states.shape[0]):
        states[visit, :] = np.nan
        month = entry + planned[visit]
        if last > 0 and 0.0 <= month <= last:
            between(course, last, month, observed)
            states[visit, :] = observed


@cache
def _kernel(digest: int) -> Any:
    @nb.njit(nogil=True, cache=True, **STRICT)
    def run(
        subjects: Any,
        m: int,
        streams: Any,
        law: Any,
        traits: Any,
        tables: Any,
        acts: Any,
        scale: Any,
        accepted: bool,
        plan: Any,
        until: Any,
        courses: Any,
        events: Any,
        out: Any,
        states: Any,
    ) -> int:
        own, observed = room(m, acts.shape[0]), np.empty(layout.COURSE_WIDTH)
        keys = np.empty(streams.shape[0], np.uint64)
        for k in range(subjects.shape[0]):
            person_keys(streams, subjects[k], keys)
            course = courses[k if accepted else 0]
            exist(m, law, keys, traits[k], acts, scale[k], own, course, events[k])
            keyed = (keys[RATING], keys[MEASURE], keys[VISIT])
            follow(traits[k], law[0], keyed, tables, course, events[k], plan, until[k], (own[3], observed), out[k])
            truth_at(traits[k], course, events[k], plan[0], observed, states[k])
        return digest

    return run


@cache
def _digest() -> int:
    return source_digest() ^ sources_digest(Path(__file__).parent)


def see(
    p: Float64[np.ndarray, " parameter"],
    root: int,
    subjects: UInt64[np.ndarray, " subject"],
    traits: Float64[np.ndarray, "subject trait"],
    plan: Plan,
    acts: Float64[np.ndarray, "act column"],
    scale: Float64[np.ndarray, "subject act"],
    until: Float64[np.ndarray, " subject"],
    *,
    accepted: bool = False,
) -> Observations:
    """Live and see some people.

    Args:
        p: the mechanism's numbers.
        root: root seed.
        subjects: running numbers of the people.
        traits: their traits.
        plan: when and how they are seen.
        acts: treatments.
        scale: how strongly each act reaches each person.
        until: last month with visits [months from entry], for each person.
        accepted: whether whole courses are wanted.
    """
    n = subjects.size
    courses = np.full((n if accepted else 1, plan.months, layout.COURSE_WIDTH), np.nan)
    events, out = np.empty((n, layout.EVENT_WIDTH)), np.empty((n, plan.planned.size, WIDTH))
    states = np.empty((n, int((plan.planned <= 0.0).sum()), layout.COURSE_WIDTH))
    _kernel(_digest())(
        subjects,
        layout.LANES,
        stream_keys(root),
        (p, graphs(p), (anatomy.loadings(), anatomy.thresholds()), mimics.table()),
        traits,
        rated.tables(),
        acts,
        scale,
        accepted,
        (plan.planned, plan.schedule, plan.style, plan.raters),
        until,
        courses,
        events,
        out,
        states,
    )
    return Observations(out, events, courses, states)
