"""Who enters: eligibility assessed on what is seen, arms and therapies handed out, withdrawal drawn."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt64

from alsight.base.streams import Stream, subject_key
from alsight.base.streams_numba import normals, uniforms
from alsight.mechanism import layout as at
from alsight.mechanism.parameters import INDEX, vector
from alsight.mechanism.therapy.act import Therapy, name_number
from alsight.population.criteria import Criteria
from alsight.population.entry import entry_month, seen_at, verdicts
from alsight.population.kernel import Observations, Plan
from alsight.population.spec import Population, changed

_UPTAKE_ROOT: Final = 0x5EED
_RATER_ROOT: Final = 0x4A7E4


def present(observed: Observations, traits: Float64[np.ndarray, "subject trait"]) -> Bool[np.ndarray, " subject"]:
    """People who had an onset and are alive, without a tracheostomy, and known as patients at entry."""
    entry = entry_month(traits)
    events = observed.events
    died, cut = events[:, at.V["death"]], events[:, at.V["tracheostomy"]]
    alive = (events[:, at.V["onset"]] >= 0) & ((died < 0) | (died > entry)) & ((cut < 0) | (cut > entry))
    recorded = events[:, at.V["last"]] > entry
    mistaken = traits[:, at.T["mimic"]] > 0
    not_yet_revised = traits[:, at.T["revised_month"]] > entry
    return alive & recorded & (~mistaken | not_yet_revised)


def eligible(
    observed: Observations, traits: Float64[np.ndarray, "subject trait"], plan: Plan, criteria: Criteria
) -> Bool[np.ndarray, " subject"]:
    """Whether each person meets every rule at entry; what was not measured cannot be met."""
    met = verdicts(seen_at(observed, traits, plan), criteria)
    return np.logical_and.reduce([np.ones(traits.shape[0], bool), *met.values()])


def sites(population: Population, subjects: UInt64[np.ndarray, " subject"]) -> Float64[np.ndarray, " subject"]:
    """Site of each person, all equally likely; 0 without sites."""
    draw = uniforms(subject_key(population.seed, Stream.RECRUIT, subjects), 1, first=1)[:, 0]
    return np.floor(draw * max(population.follow_up.sites, 1))


def severities(population: Population) -> Float64[np.ndarray, "site rater"]:
    """Lasting shift of every rater of every site; none where raters are not stated apart."""
    follow = population.follow_up
    if follow.raters == 0:
        return np.zeros((max(follow.sites, 1), 1))
    keys = subject_key(population.seed ^ _RATER_ROOT, Stream.RATING, np.arange(follow.sites, dtype=np.uint64))
    return vector(population.people.parameters)[INDEX["rater_sd"]] * normals(keys, follow.raters)


def handed_out(
    population: Population, subjects: UInt64[np.ndarray, " subject"], arm: Int64[np.ndarray, " subject"]
) -> tuple[tuple[Therapy, ...], Float64[np.ndarray, "subject therapy"]]:
    """Every therapy given by the background or an arm, and who gets it.

    Whether a person takes a therapy up depends on the person and the therapy's name, not on the arm. Where the
    background names a therapy more than once (with other times), each person takes one of these at most.
    """
    therapies: list[Therapy] = []
    columns: list[Float64[np.ndarray, " subject"]] = []
    begun: dict[str, float] = {}
    rows = [(-1, supplied) for supplied in population.background]
    rows += [(index, supplied) for index, one in enumerate(population.arms) for supplied in one.gives]
    for index, supplied in rows:
        therapy = changed(population, supplied)
        key = subject_key(population.seed ^ _UPTAKE_ROOT ^ name_number(therapy.name), Stream.THERAPY, subjects)
        draw, before = uniforms(key, 1, first=5)[:, 0], begun.get(therapy.name, 0.0) if index < 0 else 0.0
        takes = (draw >= before) & (draw < before + supplied.uptake)
        begun[therapy.name] = before + supplied.uptake if index < 0 else begun.get(therapy.name, 0.0)
        therapies.append(therapy)
        columns.append((takes & ((arm == index) | (index < 0))).astype(np.float64))
    assigned = np.stack(columns, axis=1) if columns else np.zeros((subjects.size, 0))
    return tuple(therapies), assigned


def withdrawal(
    population: Population, subjects: UInt64[np.ndarray, " subject"], traits: Float64[np.ndarray, "subject trait"]
) -> Float64[np.ndarray, " subject"]:
    """Month from entry at which each person withdraws; faster disease withdraws sooner where the request says so."""
    follow = population.follow_up
    draw = uniforms(subject_key(population.seed, Stream.DROPOUT, subjects), 1)[:, 0]
    rate = follow.dropout_per_month * np.maximum(traits[:, at.T["frailty"]], 1e-6) ** follow.dropout_by_rate
    wait = -np.log(draw)
    return np.divide(wait, rate, out=np.full(draw.size, np.inf), where=rate > 0.0)
