"""The items of the ALS functional rating scales: column names, wording, domains. Sourced rows, no arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Float

from alsight.base.errors import SpecError
from alsight.base.units import Values

Domain = Literal["bulbar", "fine_motor", "gross_motor", "respiratory"]
Scale = Literal["alsfrs_r", "alsfrs"]


@dataclass(frozen=True)
class Item:
    """One item, scored 0 (worst) to 4 (normal).

    Attributes:
        name: column name.
        label: the item's usual English name.
        domain: conventional domain of four items groups.
        scales: scales that the item belongs to.
        loinc: LOINC code, empty where none exists.
    """

    name: str
    label: str
    domain: Domain
    scales: tuple[Scale, ...]
    loinc: str = ""


_BOTH: Final[tuple[Scale, ...]] = ("alsfrs_r", "alsfrs")

ITEMS: Final[tuple[Item, ...]] = (
    Item("q1_speech", "Speech", "bulbar", _BOTH, "82940-8"),
    Item("q2_salivation", "Salivation", "bulbar", _BOTH, "82941-6"),
    Item("q3_swallowing", "Swallowing", "bulbar", _BOTH, "82942-4"),
    Item("q4_handwriting", "Handwriting", "fine_motor", _BOTH, "82943-2"),
    Item("q5a_cutting_without_gastrostomy", "Cutting food (no gastrostomy)", "fine_motor", _BOTH, "82944-0"),
    Item("q5b_cutting_with_gastrostomy", "Handling fasteners (gastrostomy)", "fine_motor", _BOTH, "82945-7"),
    Item("q5_cutting", "Cutting food (gastrostomy not stated)", "fine_motor", _BOTH),
    Item("q6_dressing_and_hygiene", "Dressing and hygiene", "fine_motor", _BOTH, "82946-5"),
    Item("q7_turning_in_bed", "Turning in bed", "gross_motor", _BOTH, "82947-3"),
    Item("q8_walking", "Walking", "gross_motor", _BOTH, "82948-1"),
    Item("q9_climbing_stairs", "Climbing stairs", "gross_motor", _BOTH, "82949-9"),
    Item("q10_dyspnea", "Dyspnea", "respiratory", ("alsfrs_r",), "82950-7"),
    Item("q11_orthopnea", "Orthopnea", "respiratory", ("alsfrs_r",), "82951-5"),
    Item("q12_respiratory_insufficiency", "Respiratory insufficiency", "respiratory", ("alsfrs_r",), "82952-3"),
    Item("q10_respiratory", "Breathing (original ALSFRS)", "respiratory", ("alsfrs",)),
)
"""Every recorded item column. Item 5 has three columns (5a, 5b, gastrostomy not stated); at most one may be filled."""

ITEM_NAMES: Final[tuple[str, ...]] = tuple(item.name for item in ITEMS)

CUTTING: Final = ("q5a_cutting_without_gastrostomy", "q5b_cutting_with_gastrostomy", "q5_cutting")
"""The three ways item 5 is recorded."""

TWELVE: Final[tuple[str, ...]] = (
    "q1_speech",
    "q2_salivation",
    "q3_swallowing",
    "q4_handwriting",
    "q5_cutting",
    "q6_dressing_and_hygiene",
    "q7_turning_in_bed",
    "q8_walking",
    "q9_climbing_stairs",
    "q10_dyspnea",
    "q11_orthopnea",
    "q12_respiratory_insufficiency",
)
"""The twelve scored items of the ALSFRS-R in order, item 5 being whichever of 5a, 5b or unstated was recorded.

In computed tables `q5_cutting` is the coalesced item; array functions take the last axis in this order.
"""

TEN: Final[tuple[str, ...]] = (*TWELVE[:9], "q10_respiratory")
"""The ten scored items of the original ALSFRS in order."""


def item_array(items: Values, names: tuple[str, ...]) -> Float[Values, "*batch item"]:
    """Item scores as 64-bit floats, their last axis checked against the scale's items.

    A rating of ten items must never pass for one of twelve, or the other way round.

    Raises:
        SpecError: the last axis does not hold exactly the named items.
    """
    scores = np.asarray(items, dtype=np.float64)
    if scores.ndim == 0 or scores.shape[-1] != len(names):
        raise SpecError([("items", f"a last axis of {len(names)} items: {', '.join(names)}", scores.shape)])
    return scores
