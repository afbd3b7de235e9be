"""The ensemble: parameter sets that all fit the published natural history, shipped as one small file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = Path(__file__).parent / "ensemble.json"
VERSION: Final = "2026.2"
"""Version of the ensemble and of everything made from it; part of the contract of the reference tables."""


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


@cache
def ensemble() -> Ensemble:
    """The shipped parameter sets."""
    return msgspec.json.decode(FILE.read_bytes(), type=Ensemble)
