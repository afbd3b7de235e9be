"""King's clinical stage estimated from ALSFRS-R items."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from alsight.base.units import Values
from alsight.instruments.items import TWELVE, item_array

KINGS_DEATH: Final = 5.0
"""King's stage of a person who has died (roche2012)."""

_NORMAL: Final = 4.0
_REGIONS: Final = {"bulbar": (0, 1, 2), "upper": (3, 4), "lower": (7,)}
_DYSPNEA: Final = 9
_RESPIRATORY_INSUFFICIENCY: Final = 11

Flag = Bool[Values, "*#batch"] | Float[Values, "*#batch"]
"""A recorded yes or no; as floats 1, 0, and nan for not recorded, which counts as no."""


class Kings(NamedTuple):
    """King's stage with what it rests on; each field is 1 (yes), 0 (no) or nan (a missing item leaves it open).

    Attributes:
        stage: 0 (no region reached) to 4; nan where missing items leave it open.
        bulbar: bulbar region involved.
        upper: upper limbs involved.
        lower: lower limbs involved.
        nutritional: stage 4A, gastrostomy.
        respiratory: stage 4B, respiratory failure or non-invasive ventilation.
    """

    stage: Float[Values, "*#batch"]
    bulbar: Float[Values, "*#batch"]
    upper: Float[Values, "*#batch"]
    lower: Float[Values, "*#batch"]
    nutritional: Float[Values, "*#batch"]
    respiratory: Float[Values, "*#batch"]


def _flag(flag: Flag | None, shape: tuple[int, ...]) -> Values:
    if flag is None:
        return np.zeros(shape, dtype=bool)
    return np.broadcast_to(np.asarray(flag, dtype=np.float64) == 1, shape)


def _assess(scores: Values, gastrostomy: Values, niv: Values, *, at_worst: bool) -> list[Values]:
    """Regions and failures with missing items taken as lost (`at_worst`) or as normal."""

    def below(index: int, bound: float) -> Values:
        score = scores[..., index]
        return ~(score >= bound) if at_worst else score < bound

    regions = [np.logical_or.reduce([below(index, _NORMAL) for index in places]) for places in _REGIONS.values()]
    failure = niv | below(_DYSPNEA, 1.0) | below(_RESPIRATORY_INSUFFICIENCY, _NORMAL)
    count = regions[0].astype(np.int8) + regions[1] + regions[2]
    stage = np.where(gastrostomy | failure, np.int8(4), count)
    return [stage, *regions, gastrostomy, failure]


def kings(items: Float[Values, "*#batch item"], gastrostomy: Flag | None = None, niv: Flag | None = None) -> Kings:
    """King's stage from ALSFRS-R items, with the regions involved and the kind of stage 4.

    Bulbar: any of items 1-3 below 4; upper limb: item 4 or 5 below 4; lower limb: item 8 below 4. Stage 4A:
    gastrostomy; 4B: item 10 at 0, item 12 below 4, or recorded non-invasive ventilation. Otherwise the stage is the
    number of regions. Items 6, 7, 9 and 11 are not used, so a person with loss in these alone is at stage 0, "not
    reached"; it is reported as it is. Where missing items leave two stages possible the stage is nan; where every
    score they could take gives the same stage, it is that stage.

    Args:
        items: item scores [points, 0-4].
        gastrostomy: whether the person has a gastrostomy by this visit; None or nan counts as no.
        niv: whether non-invasive ventilation is recorded at this visit; None or nan leaves it to item 12.

    Raises:
        SpecError: the last axis does not hold twelve items.

    Source: balendra2014
    """
    scores = item_array(items, TWELVE)
    tube, ventilated = _flag(gastrostomy, scores.shape[:-1]), _flag(niv, scores.shape[:-1])
    least = _assess(scores, tube, ventilated, at_worst=False)
    most = _assess(scores, tube, ventilated, at_worst=True)
    return Kings(
        *(np.where(low == high, low.astype(np.float64), np.nan) for low, high in zip(least, most, strict=True))
    )


def kings_stage(
    items: Float[Values, "*#batch item"], gastrostomy: Flag | None = None, niv: Flag | None = None
) -> Float[Values, "*batch"]:
    """King's stage [0-4] from ALSFRS-R items; nan where missing items leave it open. See `kings`.

    Raises:
        SpecError: the last axis does not hold twelve items.

    Source: balendra2014
    """
    return kings(items, gastrostomy, niv).stage


def kings_label(found: Kings) -> Values:
    """King's stage as text, stage 4 distinguished: "0" to "3", "4A", "4B", "4A/4B", and "" where it is open.

    Where a missing item leaves 4B open in a person with gastrostomy, the label is "4A".

    Source: balendra2014
    """
    plain = np.where(np.isnan(found.stage), "", np.nan_to_num(found.stage).astype(np.int8).astype("U5"))
    both = np.where(found.nutritional == 1, np.where(found.respiratory == 1, "4A/4B", "4A"), "4B")
    return np.where(found.stage == 4, both, plain)
