"""Makes the ensemble: parameter sets that all fit the published natural history (`python -m alsight.make ensemble`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import msgspec

from alsight.calibrate.ensemble import FILE, VERSION, Ensemble, Member
from alsight.calibrate.fit import FREE, fit
from alsight.make.maker import command

WORST: Final = 3.0
"""A set belongs to the ensemble when its cost is at most this much above the best one's."""


def write_ensemble(path: Path, members: Sequence[Member], free: Sequence[str], arguments: dict[str, int]) -> None:
    """Write the sets that fit, best first."""
    ranked = sorted(members, key=lambda member: member.cost)
    accepted = tuple(member for member in ranked if member.cost <= WORST + ranked[0].cost)
    whole = Ensemble(VERSION, command("ensemble", **arguments), tuple(free), accepted)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(asdict(whole)), indent=1) + b"\n")


def make_ensemble(
    folder: Path = FILE.parent, *, starts: int = 6, blocks: int = 8, seed: int = 101, rounds: int = 2, steps: int = 4
) -> list[Path]:
    """Fit the mechanism to the published natural history from several starts: the sets that fit, best first.

    Args:
        folder: where to write; the file is written anew after each start.
        starts: parameter sets made.
        blocks: people a point, in blocks of 1024.
        seed: root seed of the first start; the others follow.
        rounds: Jacobians by differences in each start.
        steps: steps after each of them.
    """
    options = {"starts": starts, "blocks": blocks, "seed": seed, "rounds": rounds, "steps": steps}
    index, members = folder / FILE.name, list[Member]()
    for member in fit(starts, blocks, seed, rounds, steps):
        members.append(member)
        write_ensemble(index, members, FREE, options)
    return [index]
