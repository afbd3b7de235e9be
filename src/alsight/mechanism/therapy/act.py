"""Therapies as requests: what is given when (delivery), to whom (gate), and what it does to named rates (acts)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from jaxtyping import Float64, UInt64

from alsight.base.errors import SpecError
from alsight.base.spec import Spec
from alsight.base.streams import Stream, subject_key
from alsight.base.streams_numba import normals, uniforms
from alsight.base.units import DAYS_PER_MONTH
from alsight.mechanism import anatomy
from alsight.mechanism import layout as at
from alsight.mechanism.classes import GENES, PHENOTYPES
from alsight.mechanism.parameters import INDEX
from alsight.mechanism.therapy import levels
from alsight.mechanism.therapy.levels import Channel

Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Months = Annotated[float, msgspec.Meta(ge=0.0, le=1200.0)]
Kind = Literal["disease_modifying", "symptomatic", "investigational", "placebo", "supplement", "other"]

GREATEST: Final[dict[str, float]] = {
    **dict.fromkeys(levels.CHANNELS[: levels.REINNERVATION], 1.0),
    "reinnervation": 10.0,
    "enlargement": 3.0,
    "replacement": 0.2,
    "strength": 1.0,
    "expectation": 0.5,
}
"""Largest strength of an act: 1 removes a rate; gains are relative, replacement is a fraction of the pool a month,
expectation a shift of every rated item in units of strength."""


class Act(Spec, frozen=True, kw_only=True):
    """One change of one named rate.

    Attributes:
        channel: what is changed: glutamate, oxidative, protein (that share of the hazard), loss (all of it), committed
            (loss of neurons already sick), spread, reinnervation, enlargement, replacement, strength (of working
            fibers, while given), expectation (of ratings only).
        strength: how much at full effect; a reduction [0-1] or a relative gain.
        lag_months: time constant of the rise.
        washout_months: time constant of the fall after delivery ends; 0 falls at once.
        waning_months: half-life of the effect while delivery goes on; 0 never wanes.
        regions: pools or groups of pools reached.
        limit: for replacement, the largest fraction of a pool that can ever be replaced.
        axons: for replacement, whether new axons must first grow to the muscle.
    """

    channel: Channel
    strength: Annotated[float, msgspec.Meta(ge=0.0)]
    lag_months: Months = 0.0
    washout_months: Months = 0.0
    waning_months: Months = 0.0
    regions: tuple[str, ...] = ("all",)
    limit: Share = 1.0
    axons: bool = True


class Therapy(Spec, frozen=True, kw_only=True):
    """One therapy: delivery, gate and acts.

    Attributes:
        name: as written in the DOSES table.
        kind: why it is given, as the dictionary spells it.
        acts: what it does.
        origin: what its times count from: entry, onset or diagnosis.
        start_month: first month given.
        stop_month: month it ends; empty never.
        every_months: repeat interval; 0 is without a break.
        course_months: length of each repeat.
        responders: share of people in whom the acts work at all.
        exposure_log_sd: spread of exposure between people; the effect follows 2 C / (C + 1).
        genotypes: only these rows of the genotype table (or dictionary genotypes); empty for all.
        phenotypes: only these phenotypes; empty for all.
        onset_regions: only people whose disease began there; empty for all.
        dose: amount per administration, for the record.
        dose_unit: its unit.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    acts: tuple[Act, ...] = ()
    kind: Kind = "investigational"
    origin: Literal["entry", "onset", "diagnosis"] = "entry"
    start_month: Annotated[float, msgspec.Meta(ge=0.0, le=1200.0)] = 0.0
    stop_month: Annotated[float, msgspec.Meta(ge=0.0, le=1200.0)] | None = None
    every_months: Months = 0.0
    course_months: Months = 0.0
    responders: Share = 1.0
    exposure_log_sd: Annotated[float, msgspec.Meta(ge=0.0, le=2.0)] = 0.0
    genotypes: tuple[str, ...] = ()
    phenotypes: tuple[str, ...] = ()
    onset_regions: tuple[str, ...] = ()
    dose: Annotated[float, msgspec.Meta(ge=0.0)] | None = None
    dose_unit: str = ""


GENOTYPES: Final = tuple(dict.fromkeys(name for gene in GENES for name in (gene.name, gene.genotype)))
PHENOTYPE_NAMES: Final = tuple(phenotype.name for phenotype in PHENOTYPES)


def faults_of(therapy: Therapy, path: str) -> list[tuple[str, str, object]]:
    """Everything about a therapy that its field types cannot refuse by themselves."""
    faults: list[tuple[str, str, object]] = []
    if therapy.stop_month is not None and therapy.stop_month <= therapy.start_month:
        faults.append((f"{path}.stop_month", f"after start_month ({therapy.start_month:g})", therapy.stop_month))
    if therapy.every_months > 0 and not 0 < therapy.course_months <= therapy.every_months:
        allowed = f"above 0 and at most every_months ({therapy.every_months:g})"
        faults.append((f"{path}.course_months", allowed, therapy.course_months))
    for field, allowed in (
        ("genotypes", GENOTYPES),
        ("phenotypes", PHENOTYPE_NAMES),
        ("onset_regions", tuple(anatomy.REGIONS)),
    ):
        supplied: tuple[str, ...] = getattr(therapy, field)
        faults += [
            (f"{path}.{field}", "one of " + ", ".join(allowed), name) for name in supplied if name not in allowed
        ]
    for place, act in enumerate(therapy.acts):
        where = f"{path}.acts[{place}]"
        if act.strength > GREATEST[act.channel]:
            faults.append((f"{where}.strength", f"0 to {GREATEST[act.channel]:g} for {act.channel}", act.strength))
        regions = ", ".join(anatomy.REGIONS)
        faults += [
            (f"{where}.regions", f"one of {regions}", name) for name in act.regions if name not in anatomy.REGIONS
        ]
    return faults


def compiled(therapies: tuple[Therapy, ...], p: Float64[np.ndarray, " parameter"]) -> Float64[np.ndarray, "act column"]:
    """All acts of some therapies as the kernel reads them, in order.

    Raises:
        SpecError: a therapy makes no sense; every fault at once.
    """
    faults = [fault for place, therapy in enumerate(therapies) for fault in faults_of(therapy, f"therapies[{place}]")]
    if faults:
        raise SpecError(faults)
    rows = [_row(therapy, act, p) for therapy in therapies for act in therapy.acts]
    return np.array(rows).reshape(len(rows), levels.ACT_WIDTH)


def _rate(months: float) -> float:
    """Fraction of the way gone in a month with this time constant; at once when it is 0."""
    return 1.0 - np.exp(-1.0 / months) if months > 0.0 else 1.0


def _row(therapy: Therapy, act: Act, p: Float64[np.ndarray, " parameter"]) -> Float64[np.ndarray, " column"]:
    row = np.zeros(levels.ACT_WIDTH)
    row[levels.CHANNEL] = levels.CHANNELS.index(act.channel)
    row[levels.POWER] = act.strength
    row[levels.RISE], row[levels.FALL] = _rate(act.lag_months), _rate(act.washout_months)
    row[levels.FADE] = 0.5 ** (1.0 / act.waning_months) if act.waning_months > 0.0 else 1.0
    row[levels.START] = therapy.start_month
    row[levels.STOP] = np.inf if therapy.stop_month is None else therapy.stop_month
    row[levels.EVERY], row[levels.COURSE] = therapy.every_months, therapy.course_months
    row[levels.ORIGIN] = levels.ORIGINS.index(therapy.origin)
    row[levels.LIMIT] = act.limit
    reached = [place for name in act.regions for place in anatomy.REGIONS[name]]
    row[levels.MASK + np.array(reached, int)] = 1.0
    if act.channel == "replacement" and act.axons:
        months = np.array(anatomy.AXON_MM) / (p[INDEX["growth_mm_per_day"]] * DAYS_PER_MONTH)
        row[levels.DELAY : levels.DELAY + 7] = months
    return row


def received(
    therapies: tuple[Therapy, ...],
    root: int,
    subjects: UInt64[np.ndarray, " subject"],
    traits: Float64[np.ndarray, "subject trait"],
    assigned: Float64[np.ndarray, "subject therapy"] | None = None,
) -> Float64[np.ndarray, "subject act"]:
    """How strongly each act reaches each person: assigned, within the gate, a responder, with this exposure.

    Whether a person responds, and at what exposure, is the person's own for a therapy of this name, so that two arms
    or two strengths of it find the same responders.

    Args:
        therapies: the therapies, in the order of `compiled`.
        root: root seed.
        subjects: running numbers of the people.
        traits: their traits.
        assigned: 1 where a person is to get a therapy, all when empty.
    """
    columns: list[Float64[np.ndarray, " subject"]] = []
    for place, therapy in enumerate(therapies):
        keys = subject_key(root ^ name_number(therapy.name), Stream.THERAPY, subjects)
        exposure = np.exp(therapy.exposure_log_sd * normals(keys, 1, first=1)[:, 0])
        factor = np.where(uniforms(keys, 1)[:, 0] < therapy.responders, 2.0 * exposure / (exposure + 1.0), 0.0)
        factor = factor * gated(therapy, traits)
        if assigned is not None:
            factor = factor * assigned[:, place]
        columns += [factor] * len(therapy.acts)
    return np.stack(columns, axis=1) if columns else np.zeros((subjects.size, 0))


def gated(therapy: Therapy, traits: Float64[np.ndarray, "subject trait"]) -> Float64[np.ndarray, " subject"]:
    """1 for people whom the therapy may be given to by gene, phenotype and first region, else 0."""
    open_to = np.ones(traits.shape[0], bool)
    if therapy.genotypes:
        rows = [gene.name in therapy.genotypes or gene.genotype in therapy.genotypes for gene in GENES]
        open_to &= np.array(rows)[traits[:, at.T["genotype"]].astype(int)]
    if therapy.phenotypes:
        rows = [phenotype.name in therapy.phenotypes for phenotype in PHENOTYPES]
        open_to &= np.array(rows)[traits[:, at.T["phenotype"]].astype(int)]
    if therapy.onset_regions:
        pools = {pool for name in therapy.onset_regions for pool in anatomy.REGIONS[name]}
        open_to &= np.isin(traits[:, at.T["onset_pool"]].astype(int), list(pools))
    return open_to.astype(np.float64)


def name_number(name: str) -> int:
    """A 64-bit number for a therapy's name."""
    number = 14695981039346656037
    for byte in name.encode():
        number = ((number ^ byte) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
    return number
