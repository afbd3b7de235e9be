"""The body as the mechanism sees it: seven pools of motor neurons, who neighbors whom, and what items ask of them.

Arrays are padded to eight pools, so that one pool is one lane of a vector register. Graph weights follow the observed
order of spread (contralateral first, then contiguous, rarely skipping); their sizes are assumed. Loadings and
thresholds are assumed and scaled by calibration. Loadings sum to one.

Source: gromicho2020, ravits2009, fujimurakiyono2011
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64

POOLS: Final = ("bulbar", "arm_left", "arm_right", "trunk", "leg_left", "leg_right", "phrenic")
LANES: Final = 8
BULBAR, ARM_LEFT, ARM_RIGHT, TRUNK, LEG_LEFT, LEG_RIGHT, PHRENIC = range(7)

REGIONS: Final[dict[str, tuple[int, ...]]] = {
    "bulbar": (BULBAR,),
    "arms": (ARM_LEFT, ARM_RIGHT),
    "trunk": (TRUNK,),
    "legs": (LEG_LEFT, LEG_RIGHT),
    "phrenic": (PHRENIC,),
    **{name: (index,) for index, name in enumerate(POOLS) if name not in ("bulbar", "trunk", "phrenic")},
    "all": tuple(range(7)),
}
"""Names that a therapy or a population may use for pools."""

ONSET_SHARES: Final = (0.30, 0.16, 0.16, 0.035, 0.16, 0.16, 0.025)
"""Where the first region lies; assumed within what registers report: 22 to 31 % bulbar; in one, 26.8 % bulbar, 35.9 %
upper and 37.3 % lower limb. Shares of the trunk and of breathing have no source that was read. Source: ludolph2024"""

ONSET_SITE: Final = ("bulbar", "upper_limb", "upper_limb", "trunk", "lower_limb", "lower_limb", "respiratory")
"""Each pool's name as the data dictionary spells an onset site."""

AXON_MM: Final = (120.0, 300.0, 300.0, 200.0, 600.0, 600.0, 150.0)
"""Distance from the cell body to the muscle that new axons must grow [mm]; assumed."""

_EDGES: Final = (
    (ARM_LEFT, ARM_RIGHT, 1.0, 1.0),
    (LEG_LEFT, LEG_RIGHT, 1.0, 1.0),
    *((BULBAR, arm, 0.45, 0.25) for arm in (ARM_LEFT, ARM_RIGHT)),
    *((arm, TRUNK, 0.50, 0.50) for arm in (ARM_LEFT, ARM_RIGHT)),
    *((arm, PHRENIC, 0.40, 0.40) for arm in (ARM_LEFT, ARM_RIGHT)),
    (ARM_LEFT, LEG_LEFT, 0.30, 0.30),
    (ARM_RIGHT, LEG_RIGHT, 0.30, 0.30),
    *((TRUNK, leg, 0.50, 0.50) for leg in (LEG_LEFT, LEG_RIGHT)),
    *((BULBAR, leg, 0.12, 0.08) for leg in (LEG_LEFT, LEG_RIGHT)),
    (BULBAR, PHRENIC, 0.35, 0.25),
    (TRUNK, PHRENIC, 0.50, 0.50),
)
"""Spinal neighbors: from, to, relative rate there, relative rate back."""

_CORTEX: Final = (
    *((BULBAR, arm, 0.5, 0.5) for arm in (ARM_LEFT, ARM_RIGHT)),
    (ARM_LEFT, ARM_RIGHT, 0.5, 0.5),
    (LEG_LEFT, LEG_RIGHT, 0.8, 0.8),
    (ARM_LEFT, TRUNK, 0.5, 0.5),
    (ARM_RIGHT, TRUNK, 0.5, 0.5),
    (TRUNK, LEG_LEFT, 0.5, 0.5),
    (TRUNK, LEG_RIGHT, 0.5, 0.5),
    (TRUNK, PHRENIC, 0.5, 0.5),
)
"""Cortical neighbors along the motor strip and through the callosum; assumed."""

_ITEMS: Final[tuple[tuple[dict[int, float], tuple[float, float, float, float]], ...]] = (
    ({BULBAR: 1.0}, (0.70, 0.50, 0.32, 0.15)),
    ({BULBAR: 1.0}, (0.62, 0.45, 0.30, 0.14)),
    ({BULBAR: 1.0}, (0.66, 0.46, 0.28, 0.12)),
    ({ARM_RIGHT: 0.85, ARM_LEFT: 0.15}, (0.74, 0.55, 0.38, 0.20)),
    ({ARM_RIGHT: 0.5, ARM_LEFT: 0.5}, (0.74, 0.55, 0.38, 0.20)),
    ({ARM_RIGHT: 0.35, ARM_LEFT: 0.35, TRUNK: 0.1, LEG_LEFT: 0.1, LEG_RIGHT: 0.1}, (0.76, 0.58, 0.38, 0.20)),
    ({TRUNK: 0.4, ARM_LEFT: 0.15, ARM_RIGHT: 0.15, LEG_LEFT: 0.15, LEG_RIGHT: 0.15}, (0.70, 0.50, 0.32, 0.16)),
    ({LEG_LEFT: 0.46, LEG_RIGHT: 0.46, TRUNK: 0.08}, (0.74, 0.50, 0.30, 0.14)),
    ({LEG_LEFT: 0.46, LEG_RIGHT: 0.46, TRUNK: 0.08}, (0.80, 0.64, 0.48, 0.30)),
    ({PHRENIC: 0.6, TRUNK: 0.4}, (0.62, 0.46, 0.33, 0.20)),
    ({PHRENIC: 0.7, TRUNK: 0.3}, (0.58, 0.43, 0.31, 0.20)),
    ({PHRENIC: 0.7, TRUNK: 0.3}, (0.46, 0.36, 0.26, 0.16)),
)
"""The twelve ALSFRS-R items in order: pools asked and strengths below which grades 4, 3, 2, 1 are lost; assumed.

Handwriting assumes a right-handed person: sides are labels, not anatomy.
"""

WEAK: Final = 0.72
"""Strength below which a region counts as clinically affected."""
SILENT: Final = 0.80
"""While every region is stronger than this nothing clinical is looked for."""


def _graph(edges: tuple[tuple[int, int, float, float], ...]) -> Float64[np.ndarray, "source target"]:
    weights = np.zeros((LANES, LANES))
    for source, target, forth, back in edges:
        weights[source, target] = forth
        weights[target, source] = back
    return weights


SPINAL_GRAPH: Final = _graph(_EDGES)
CORTICAL_GRAPH: Final = _graph(_CORTEX)


def loadings() -> Float64[np.ndarray, "12 pool"]:
    """How much of each pool's strength each item asks, rows summing to one."""
    table = np.zeros((len(_ITEMS), LANES))
    for row, (weights, _) in enumerate(_ITEMS):
        table[row, list(weights)] = list(weights.values())
    return table


def thresholds() -> Float64[np.ndarray, "12 grade"]:
    """Strength below which grade 4, 3, 2 and 1 of each item is lost, before scaling."""
    return np.array([row for _, row in _ITEMS])
