"""Milano-Torino (MiToS) functional stage from ALSFRS-R items."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from alsight.base.units import Values
from alsight.instruments.items import TWELVE, item_array

MITOS_DEATH: Final = 5.0
"""MiToS stage of a person who has died (chio2015)."""

Communication = Literal["and", "or"]
"""Whether speech and handwriting must both be lost ("and", as published), or either ("or", seen in public code)."""

_PLACES: Final = {name: TWELVE.index(name) for name in TWELVE}


class Mitos(NamedTuple):
    """MiToS stage with the four domains; each domain is 1 (lost), 0 (kept) or nan (a missing item leaves it open).

    Attributes:
        stage: number of domains lost [0-4]; nan where a domain is open.
        movement: walking or self-care lost.
        swallowing: swallowing lost.
        communicating: communication lost.
        breathing: breathing lost.
    """

    stage: Float[Values, "*#batch"]
    movement: Float[Values, "*#batch"]
    swallowing: Float[Values, "*#batch"]
    communicating: Float[Values, "*#batch"]
    breathing: Float[Values, "*#batch"]


def _domains(scores: Values, communication: Communication, *, at_worst: bool) -> list[Values]:
    """The four losses with missing items taken as lost (`at_worst`) or as normal."""

    def lost(item: str, bound: float) -> Values:
        score = scores[..., _PLACES[item]]
        return ~(score > bound) if at_worst else score <= bound

    speech, writing = lost("q1_speech", 1.0), lost("q4_handwriting", 1.0)
    return [
        lost("q8_walking", 1.0) | lost("q6_dressing_and_hygiene", 1.0),
        lost("q3_swallowing", 1.0),
        speech & writing if communication == "and" else speech | writing,
        lost("q10_dyspnea", 1.0) | lost("q12_respiratory_insufficiency", 2.0),
    ]


def mitos(items: Float[Values, "*#batch item"], communication: Communication = "and") -> Mitos:
    """MiToS stage from ALSFRS-R items: how many of four domains are lost.

    Movement: item 8 or item 6 at most 1; swallowing: item 3 at most 1; communicating: item 1 and item 4 at most 1;
    breathing: item 10 at most 1 or item 12 at most 2. A missing item leaves its domain open only where it could change
    it: walking at 1 settles movement whatever self-care is.

    Args:
        items: item scores [points, 0-4].
        communication: "and" as published; "or" is a variant found in public code, for comparison only.

    Raises:
        SpecError: the last axis does not hold twelve items.

    Source: chio2015
    """
    scores = item_array(items, TWELVE)
    least = _domains(scores, communication, at_worst=False)
    most = _domains(scores, communication, at_worst=True)
    domains = [np.where(low == high, low.astype(np.float64), np.nan) for low, high in zip(least, most, strict=True)]
    return Mitos(domains[0] + domains[1] + domains[2] + domains[3], *domains)


def mitos_stage(items: Float[Values, "*#batch item"], communication: Communication = "and") -> Float[Values, "*batch"]:
    """MiToS stage [0-4] from ALSFRS-R items; nan where missing items leave it open. See `mitos`.

    Raises:
        SpecError: the last axis does not hold twelve items.

    Source: chio2015
    """
    return mitos(items, communication).stage
