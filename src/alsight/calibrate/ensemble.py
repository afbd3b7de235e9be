"""The ensemble: parameter sets that all fit the published natural history, shipped as one small file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = Path(__file__).parent / "ensemble.json"
VERSION: Final = "2026.2"
"""Version of the ensemble and of everything made from it; part of the contract of the reference tables."""
WORST: Final = 3.0
"""A set belongs to the ensemble when its cost is at most this much above the best one's."""


@dataclass(frozen=True)
class Member:
    """One parameter set.

    Attributes:
        name: name of the set.
        seed: root seed of the people it was fitted with.
        cost: sum of squared softened residuals and ridge.
        inside: fitted statistics inside their interval, with those people.
        of: fitted statistics.
        parameters: numbers of the mechanism that it changes.
    """

    name: str
    seed: int
    cost: float
    inside: int
    of: int
    parameters: dict[str, float]


@dataclass(frozen=True)
class Ensemble:
    """All parameter sets that fit.

    Attributes:
        version: of the ensemble.
        command: what made it.
        free: names of the numbers that were free.
        members: the sets, best first.
    """

    version: str
    command: str
    free: tuple[str, ...]
    members: tuple[Member, ...]


def write_ensemble(path: Path, members: Sequence[Member], free: Sequence[str], arguments: dict[str, int]) -> None:
    """Write the sets that fit, best first."""
    ranked = sorted(members, key=lambda member: member.cost)
    kept = tuple(member for member in ranked if member.cost <= WORST + ranked[0].cost)
    options = " ".join(f"--{name} {value}" for name, value in arguments.items())
    whole = Ensemble(VERSION, f"python -m alsight.calibrate.fit {options}", tuple(free), kept)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(asdict(whole)), indent=1) + b"\n")


@cache
def ensemble() -> Ensemble:
    """The shipped parameter sets."""
    return msgspec.json.decode(FILE.read_bytes(), type=Ensemble)
