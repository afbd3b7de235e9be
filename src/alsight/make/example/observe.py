"""How the example's people are seen: deaths and losses, visits, and sticky, noisy ratings of what is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.random import Generator

from alsight.base.units import DAYS_PER_WEEK
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.make.example.course import WEEK_MONTHS, PlantedPeople, in_window
from alsight.make.example.parameters import WEEKS, constant

NEVER = 10 * WEEKS
"""Week of what did not happen."""

SEEN_AFTER = {
    "reversal": 1,
    "rise_unconfirmed": 1,
    "remission_like": 6,
    "lost_gain": 30,
    "artefact_outlier": 26,
}
"""Weeks of follow-up after the planted window; half a year for the kinds not named."""

MOVED = {
    "dip_infection": (5, 6, 7, 8, 9, 10),
    "dip_fracture": (5, 6, 7, 8),
    "artefact_mode": tuple(range(12)),
    "artefact_outlier": tuple(range(12)),
}
"""Items that a planted change spreads over, as positions in the twelve."""


@dataclass(frozen=True)
class Fates:
    """Week of each thing that happens once, `NEVER` where it does not.

    Attributes:
        death: death.
        tracheostomy: tracheostomy, which puts a death off.
        leave: withdrawal or loss to follow-up.
        last: last week in which a visit may be.
        niv: start of non-invasive ventilation.
        niv_stop: its end.
        gastrostomy: gastrostomy.
    """

    death: Int[np.ndarray, " people"]
    tracheostomy: Int[np.ndarray, " people"]
    leave: Int[np.ndarray, " people"]
    last: Int[np.ndarray, " people"]
    niv: Int[np.ndarray, " people"]
    niv_stop: Int[np.ndarray, " people"]
    gastrostomy: Int[np.ndarray, " people"]


def _first(happens: Bool[np.ndarray, "people weeks"]) -> Int[np.ndarray, " people"]:
    return np.where(happens.any(axis=1), happens.argmax(axis=1), NEVER)


def draw_fates(
    people: PlantedPeople,
    lost: Float[np.ndarray, "people weeks"],
    latents: Float[np.ndarray, "people weeks 12"],
    generator: Generator,
) -> Fates:
    """When people die, leave, and get help with breathing and feeding.

    The hazard of death grows with the points lost and with the present rate. No one is lost before the planted window
    has been seen; people with another disease do not die.
    """
    size = people.rate.size
    after = np.array([SEEN_AFTER.get(kind, 26) for kind in people.kind])
    safe = np.where(people.end_week >= 0, np.minimum(people.end_week + after, WEEKS - 1), 0)
    slope = np.gradient(lost, WEEK_MONTHS, axis=1)
    hazard = constant("hazard_base") * np.exp(
        constant("hazard_per_point") * (lost - 10.0) + constant("hazard_per_rate") * (slope - 0.9)
    )
    hazard[people.among("mimic_stable", "mimic_improving", "slow")] = 0.0
    hazard[np.arange(WEEKS)[None, :] <= np.maximum(safe, 2)[:, None]] = 0.0
    death = _first(np.cumsum(hazard * WEEK_MONTHS, axis=1) > generator.exponential(size=size)[:, None])
    tracheostomy = np.where((generator.random(size) < constant("tracheostomy")) & (death < NEVER), death, NEVER)
    put_off = np.rint(generator.uniform(20, 90, size)).astype(np.int64)
    death = np.where(tracheostomy < NEVER, np.where(death + put_off < WEEKS, death + put_off, NEVER), death)
    leave = np.rint(generator.exponential(1 / constant("dropout"), size) / WEEK_MONTHS).astype(np.int64)
    leave = np.maximum(leave, np.maximum(safe, 8))
    closing = np.maximum(np.rint(generator.uniform(80, WEEKS - 1, size)).astype(np.int64), safe)
    held_to_end = people.among("reversal", "rise_unconfirmed")
    closing = np.where(held_to_end, safe, closing)
    death = np.where(death <= np.minimum(leave, closing), death, NEVER)
    tracheostomy = np.where(tracheostomy <= np.minimum(leave, closing), tracheostomy, NEVER)
    leave = np.where(leave < np.minimum(death, closing), leave, NEVER)
    niv = _first(latents[:, :, 11] < 3.5)
    planted = people.among("artefact_ventilation")
    gastrostomy = _first(latents[:, :, 2] < 1.3)
    gastrostomy = np.where(generator.random(size) < 0.6, gastrostomy, NEVER)
    last = np.minimum(np.minimum(death, leave), closing)
    cutting = people.among("artefact_cutting")
    return Fates(
        death=death,
        tracheostomy=tracheostomy,
        leave=leave,
        last=last,
        niv=np.where(planted, people.start_week, np.where(niv < last, niv, NEVER)),
        niv_stop=np.where(planted, people.end_week, NEVER),
        gastrostomy=np.where(cutting, people.start_week, np.where(gastrostomy < last, gastrostomy, NEVER)),
    )


def appearance(
    people: PlantedPeople, latents: Float[np.ndarray, "people weeks 12"], fates: Fates
) -> Float[np.ndarray, "people weeks 12"]:
    """What a perfect rater would see: the latents plus planted effects that are no change of the disease."""
    observed = latents.copy()
    week = np.arange(WEEKS)[None, :]
    window, since = in_window(people), week >= people.start_week[:, None]
    observed[:, :, 4] += people.gain[:, None] * (people.among("artefact_cutting")[:, None] & since)
    observed[:, :, 11] -= people.gain[:, None] * (people.among("artefact_ventilation")[:, None] & window)
    observed[:, :, 1] += people.gain[:, None] * (people.among("symptomatic_gain")[:, None] & window)
    length = np.maximum(people.end_week - people.start_week, 1)[:, None]
    depth = np.clip(1.25 * (people.end_week[:, None] - week) / length, 0.0, 1.0) * window
    for kind, items in MOVED.items():
        share = (people.gain / len(items) * people.among(kind))[:, None]
        if kind.startswith("dip"):
            observed[:, :, items] -= (share * depth)[:, :, None]
        elif kind == "artefact_mode":
            observed[:, :, items] += 1.6 * (share * window)[:, :, None]
    observed[:, :, 11] = np.where(week >= fates.tracheostomy[:, None], 0.0, observed[:, :, 11])
    return np.clip(observed, 0.0, 4.0)


@dataclass(frozen=True)
class PlantedVisits:
    """Visits in a padded table, people by planned visits.

    Attributes:
        day: day of the visit.
        accepted: whether it took place.
        items: ratings of the twelve items, whole points.
        outlier: the visits rated too high on purpose.
    """

    day: Int[np.ndarray, "people visits"]
    accepted: Bool[np.ndarray, "people visits"]
    items: Int[np.ndarray, "people visits 12"]
    outlier: Bool[np.ndarray, "people visits"]


def draw_visits(
    people: PlantedPeople, fates: Fates, observed: Float[np.ndarray, "people weeks 12"], generator: Generator
) -> PlantedVisits:
    """Visits about three months apart, some missed, rated with sticky noise.

    A rating changes only when what is seen, with the error of the day and of the item, is past the half-way mark to the
    next grade by `sticky` points; so equal scores run on longer than independent errors would let them.
    """
    size, count = people.rate.size, int(WEEKS * DAYS_PER_WEEK / constant("visit_gap")) + 1
    day = np.arange(count) * constant("visit_gap") + constant("visit_jitter") * generator.standard_normal((size, count))
    day = np.rint(day).astype(np.int64)
    day[:, 0] = 0
    week = np.clip(day // int(DAYS_PER_WEEK), 0, WEEKS - 1)
    truth = np.take_along_axis(observed, week[:, :, None], axis=1)
    badness = (ALSFRS_R_BEST - truth.sum(axis=-1)) / ALSFRS_R_BEST
    missed = generator.random((size, count)) < constant("visit_missed") * (0.5 + 2.0 * badness)
    missed &= people.among("progressing", "slow", "mimic_stable")[:, None]
    missed[:, :2] = False
    accepted = ~missed & (day <= (fates.last * int(DAYS_PER_WEEK))[:, None])
    accepted &= day < (fates.death * int(DAYS_PER_WEEK))[:, None]
    after = (week >= fates.tracheostomy[:, None]) & (generator.random((size, count)) < 0.5)
    accepted &= ~after
    accepted[:, 0] = True
    start = people.start_week * int(DAYS_PER_WEEK)
    nearest = np.argmin(np.where(accepted, np.abs(day - start[:, None]), 10**6), axis=1)
    outlier = people.among("artefact_outlier")[:, None] & (np.arange(count) == nearest[:, None])
    items = _rate(truth, people, outlier, generator)
    ventilated = week >= fates.tracheostomy[:, None]
    items[:, :, 11] = np.where(ventilated, 0, items[:, :, 11])
    return PlantedVisits(day=day, accepted=accepted, items=items, outlier=outlier)


def _rate(
    truth: Float[np.ndarray, "people visits 12"],
    people: PlantedPeople,
    outlier: Bool[np.ndarray, "people visits"],
    generator: Generator,
) -> Int[np.ndarray, "people visits 12"]:
    """Whole points given by a rater who remembers the last rating."""
    shared = constant("day_noise") * generator.standard_normal((*truth.shape[:2], 1))
    own = constant("item_noise") * generator.standard_normal(truth.shape)
    felt = truth + people.noise[:, None, None] * (shared + own)
    felt = felt + outlier[:, :, None] * (1.5 * people.gain[:, None, None] / 12)
    felt = np.where(truth >= 4.0 - 1e-9, np.maximum(felt, 3.55), felt)
    supplied = np.empty(truth.shape, dtype=np.int64)
    supplied[:, 0] = np.clip(np.rint(felt[:, 0]), 0, 4)
    for visit in range(1, truth.shape[1]):
        before = supplied[:, visit - 1]
        moved = np.abs(felt[:, visit] - before) >= 0.5 + constant("sticky")
        supplied[:, visit] = np.where(moved, np.clip(np.rint(felt[:, visit]), 0, 4), before)
    return supplied
