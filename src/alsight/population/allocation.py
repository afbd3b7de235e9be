"""Randomization: which arm each person gets, by independent draws or in permuted blocks within strata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from jaxtyping import Int64, UInt64

from alsight.base.spec import Spec, one_of
from alsight.base.streams import Stream, subject_key
from alsight.base.streams_numba import uniforms
from alsight.population.criteria import RANGES

Stratum = Literal["site", "onset", "sex", "genotype", "drugs"]
_BLOCK_ROOT: Final = 0xB10C


class Randomization(Spec, frozen=True, kw_only=True):
    """How arms are assigned.

    Attributes:
        kind: simple (independent draws in the arms' ratio) or blocked (permuted blocks, in the order of entry).
        block: people in a block; 0 takes twice the sum of the ratios. The ratios must divide it.
        strata: what blocks are kept apart by: site, onset (bulbar or not), sex, genotype (a mutation or none), drugs
            (which background therapies are taken at entry).
        cuts: quantities of the entry rules, with the values at which strata divide.
    """

    kind: Literal["simple", "blocked"] = "simple"
    block: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    strata: tuple[Stratum, ...] = ()
    cuts: dict[str, tuple[float, ...]] = msgspec.field(default_factory=dict)


@dataclass(frozen=True)
class Allocation:
    """Who enters and which arm each gets, in the order of entry.

    Attributes:
        subjects: running numbers, ascending.
        arm: place of each person's arm.
    """

    subjects: UInt64[np.ndarray, " subject"]
    arm: Int64[np.ndarray, " subject"]


def faults_of_randomization(
    chosen: Randomization, ratios: tuple[float, ...], sites: int, never: frozenset[str]
) -> list[tuple[str, str, object]]:
    """Everything about a randomization that field types cannot refuse by themselves.

    Args:
        chosen: how arms are assigned.
        ratios: of the arms; empty without arms.
        sites: number of centers; 0 for none.
        never: groups of measures that the schedule does not have.
    """
    faults: list[tuple[str, str, object]] = []
    if chosen != Randomization() and not ratios:
        faults.append(("arms", "at least one arm, as randomization is described", "none"))
    if chosen.kind == "simple" and (chosen.block or chosen.strata or chosen.cuts):
        faults.append(("randomization.kind", "blocked, as blocks or strata are asked for", chosen.kind))
    if chosen.kind == "blocked" and ratios and slots(ratios, chosen.block).size == 0:
        allowed = "a number of people that the arms' ratios divide into whole numbers"
        faults.append(("randomization.block", allowed, chosen.block))
    if "site" in chosen.strata and sites == 0:
        faults.append(("follow_up.sites", "1 or more, as randomization is stratified by site", 0))
    rules = {rule.name: rule for rule in RANGES}
    for name, cuts in chosen.cuts.items():
        path = f"randomization.cuts.{name}"
        if name not in rules:
            faults.append((path, one_of(name, rules), name))
            continue
        if not cuts or list(cuts) != sorted(set(cuts)):
            faults.append((path, "values that rise", cuts))
        if rules[name].group in never:
            allowed = f"above 0, as randomization is stratified by {name}"
            faults.append((f"follow_up.schedule.{rules[name].group}", allowed, 0.0))
    return faults


def slots(ratios: tuple[float, ...], block: int) -> Int64[np.ndarray, " slot"]:
    """Arms of one block before it is permuted; empty where the ratios do not divide it."""
    sizes = np.array(ratios) / sum(ratios) * (block or 2.0 * sum(ratios))
    whole = np.rint(sizes).astype(int)
    fits = np.allclose(sizes, whole, atol=1e-6) and (whole > 0).all()
    return np.repeat(np.arange(len(ratios)), whole) if fits else np.zeros(0, int)


def simple(
    seed: int, subjects: UInt64[np.ndarray, " subject"], ratios: tuple[float, ...]
) -> Int64[np.ndarray, " subject"]:
    """Arm of each person by independent draws in the arms' ratio; -1 without arms."""
    if not ratios:
        return np.full(subjects.size, -1)
    edges = np.cumsum(ratios)
    draw = uniforms(subject_key(seed, Stream.ARM, subjects), 1)[:, 0] * edges[-1]
    return np.minimum(np.searchsorted(edges, draw, side="right"), len(ratios) - 1)


def blocked(
    seed: int, strata: Int64[np.ndarray, "subject factor"], ratios: tuple[float, ...], block: int
) -> Int64[np.ndarray, " subject"]:
    """Arm of each person by permuted blocks within strata, in the order given.

    Args:
        seed: root seed.
        strata: level of each factor for each person; people alike in all of them share blocks.
        ratios: of the arms.
        block: people in a block, as in Randomization.
    """
    row = slots(ratios, block)
    arm = np.empty(strata.shape[0], int)
    levels, stratum = np.unique(strata, axis=0, return_inverse=True)
    for number, level in enumerate(levels):
        people = np.flatnonzero(stratum.reshape(-1) == number)
        blocks = np.arange(-(-people.size // row.size), dtype=np.uint64)
        named = np.uint64(_BLOCK_ROOT)
        for value in level:
            named = np.uint64((int(named) * 1_000_003 + int(value) + 1) & 0xFFFFFFFFFFFFFFFF)
        keys = subject_key(seed ^ int(named), Stream.ARM, blocks)
        order = np.argsort(uniforms(keys, row.size), axis=1, kind="stable")
        arm[people] = row[order].reshape(-1)[: people.size]
    return arm
