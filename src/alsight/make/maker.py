"""What every maker shares: the command that makes its files again, and where those files are shipped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from alsight.base.provenance import Provenance, provenance
from alsight.calibrate.ensemble import Ensemble, ensemble

PACKAGE: Final = Path(__file__).parents[1]
"""The folder of the package; shipped files stand beside the module that reads them."""

MEMBERS: Final = 4
"""Parameter sets of the ensemble that shipped tables are made from: all of them."""


def best_sets(members: int) -> Ensemble:
    """The shipped ensemble with so many of its parameter sets, best first."""
    shipped = ensemble()
    return replace(shipped, members=shipped.members[:members])


def command(name: str, **options: int) -> str:
    """The command that makes a file again; options that are off are excluded.

    Args:
        name: name of the maker.
        options: whole numbers, and flags as True or False.
    """
    parts = [f"python -m alsight.make {name}"]
    for option, value in options.items():
        if value is True:
            parts.append(f"--{option}")
        elif value is not False:
            parts.append(f"--{option} {value}")
    return " ".join(parts)


def made_by(name: str, seed: int, **options: int) -> Provenance:
    """The record that travels with a shipped fit: the program, the maker's command and its root seed."""
    return provenance("make", {"command": command(name, **options)}, seed=seed)
