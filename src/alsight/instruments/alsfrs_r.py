"""ALSFRS-R and the original ALSFRS: item 5, totals, missing items and domain scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from alsight.base.errors import SpecError
from alsight.base.sources import SourceKey
from alsight.base.units import Values
from alsight.instruments.items import TEN, TWELVE, Scale, item_array

ALSFRS_R_BEST: Final = 48.0
"""ALSFRS-R total of a person without any loss [points]; twelve items of four points (cedarbaum1999)."""

ALSFRS_BEST: Final = 40.0
"""Total of the original ALSFRS without any loss [points]; ten items of four points (cedarbaum1999)."""


class Cutting(NamedTuple):
    """Item 5 as one score, and what it says about gastrostomy.

    Attributes:
        score: the item [points, 0-4]; nan where it is missing or cannot be determined.
        gastrostomy: 1 with, 0 without, nan not known.
        conflict: more than one of the three columns was filled.
    """

    score: Float[Values, "*#batch"]
    gastrostomy: Float[Values, "*#batch"]
    conflict: Bool[Values, "*#batch"]


def coalesce_cutting(
    without: Float[Values, "*#batch"],
    with_gastrostomy: Float[Values, "*#batch"],
    unstated: Float[Values, "*#batch"],
    recorded_gastrostomy: Float[Values, "*#batch"] | None = None,
) -> Cutting:
    """Item 5 from its three columns: exactly one of 5a and 5b is to be scored, 5b only with a gastrostomy.

    A record of gastrostomy overrides what 5a or 5b alone implies. Where several columns are filled the visit is in
    conflict: equal scores are kept, unequal ones are settled by a recorded gastrostomy, and otherwise left missing.
    A change from 5a to 5b can raise the item without any recovery, since its wording changes.

    Args:
        without: item 5a, cutting food without gastrostomy [points, 0-4].
        with_gastrostomy: item 5b, handling fasteners with gastrostomy [points, 0-4].
        unstated: item 5 where the source does not say which [points, 0-4].
        recorded_gastrostomy: 1, 0, or nan where not recorded; None when no one's is.

    Source: cedarbaum1999
    """
    first, second, third = (np.asarray(part, dtype=np.float64) for part in (without, with_gastrostomy, unstated))
    has_first, has_second, has_third = ~np.isnan(first), ~np.isnan(second), ~np.isnan(third)
    conflict = has_first.astype(np.int8) + has_second + has_third > 1
    lowest, highest = np.fmin(np.fmin(first, second), third), np.fmax(np.fmax(first, second), third)
    score = np.where(lowest == highest, lowest, np.nan)
    implied = np.where(has_first == has_second, np.nan, has_second.astype(np.float64))
    if recorded_gastrostomy is None:
        return Cutting(score, implied, conflict)
    recorded = np.asarray(recorded_gastrostomy, dtype=np.float64)
    chosen = np.where(recorded == 1, second, np.where(recorded == 0, first, np.nan))
    score = np.where(conflict & np.isnan(score), chosen, score)
    return Cutting(score, np.where(np.isnan(recorded), implied, recorded), conflict)


def total(items: Float[Values, "*items"]) -> Float[Values, "*batch"]:
    """ALSFRS-R total [points, 0-48]: the sum of the twelve items, nan where any is missing.

    Raises:
        SpecError: the last axis does not hold twelve items.

    Source: cedarbaum1999
    """
    return item_array(items, TWELVE).sum(axis=-1)


def alsfrs_total(items: Float[Values, "*#batch item"]) -> Float[Values, "*batch"]:
    """Total of the original ALSFRS [points, 0-40]: the sum of the ten items, nan where any is missing.

    It is never comparable with an ALSFRS-R total: the scale is part of the result's name.

    Raises:
        SpecError: the last axis does not hold ten items.

    Source: cedarbaum1999
    """
    return item_array(items, TEN).sum(axis=-1)


def items_missing(items: Float[Values, "*#batch item"]) -> Int[Values, "*batch"]:
    """Number of items without a score, on either scale."""
    return np.isnan(np.asarray(items, dtype=np.float64)).sum(axis=-1)


def prorated_total(items: Float[Values, "*#batch item"], most_missing: int) -> Float[Values, "*batch"]:
    """ALSFRS-R total with missing items set to the mean of the answered ones [points, 0-48].

    A convention without a published rule, never used unless asked for by this name. The result is nan where more than
    `most_missing` items are missing.

    Args:
        items: item scores [points, 0-4].
        most_missing: how many items may be missing [0-11].

    Raises:
        SpecError: the last axis does not hold twelve items, or `most_missing` is out of range.
    """
    scores = item_array(items, TWELVE)
    if not 0 <= most_missing < len(TWELVE):
        raise SpecError([("most_missing", f"0 to {len(TWELVE) - 1}", most_missing)])
    missing = items_missing(scores)
    answered = len(TWELVE) - missing
    estimate = np.nansum(scores, axis=-1) * len(TWELVE) / np.maximum(answered, 1)
    return np.where(missing <= most_missing, estimate, np.nan)


def approximate_alsfrs_total(items: Float[Values, "*#batch item"]) -> Float[Values, "*batch"]:
    """Approximate total of the original ALSFRS from an ALSFRS-R rating: items 1-9 plus dyspnea [points, 0-40].

    The original breathing item mixes dyspnea and ventilation, so this is no identity, and no published conversion was
    found. It is for display beside an original ALSFRS, never for mixing the two in one course.

    Raises:
        SpecError: the last axis does not hold twelve items.
    """
    return item_array(items, TWELVE)[..., : len(TEN)].sum(axis=-1)


@dataclass(frozen=True)
class DomainSplit:
    """A division of a scale's items into domains.

    Attributes:
        name: how the split is called in tables.
        scale: scale that it divides.
        domains: domain name to the places of its items, in the scale's order.
        source: key of the reference.
    """

    name: str
    scale: Scale
    domains: tuple[tuple[str, tuple[int, ...]], ...]
    source: SourceKey

    @property
    def names(self) -> tuple[str, ...]:
        """Domain names in the order of `domain_scores`."""
        return tuple(name for name, _ in self.domains)


_BULBAR: Final = ("bulbar", (0, 1, 2))
_FINE: Final = ("fine_motor", (3, 4, 5))
_GROSS: Final = ("gross_motor", (6, 7, 8))

FOUR_DOMAINS: Final = DomainSplit(
    "four_domains", "alsfrs_r", (_BULBAR, _FINE, _GROSS, ("respiratory", (9, 10, 11))), SourceKey("bakker2017")
)
THREE_DOMAINS: Final = DomainSplit(
    "three_domains",
    "alsfrs_r",
    (_BULBAR, ("motor", (3, 4, 5, 6, 7, 8)), ("respiratory", (9, 10, 11))),
    SourceKey("franchignoni2013"),
)
ALSFRS_DOMAINS: Final = DomainSplit(
    "alsfrs_domains", "alsfrs", (_BULBAR, _FINE, _GROSS, ("respiratory", (9,))), SourceKey("cedarbaum1999")
)
DOMAIN_SPLITS: Final = {split.name: split for split in (FOUR_DOMAINS, THREE_DOMAINS, ALSFRS_DOMAINS)}
"""The conventional four domains, the three that factor analysis supports, and the original scale's four."""


def domain_scores(
    items: Float[Values, "*#batch item"], split: DomainSplit = FOUR_DOMAINS
) -> Float[Values, "*batch domain"]:
    """Sum of each domain's items [points]; four ALSFRS-R domains range 0-12 each, motor of three domains 0-24.

    A missing item leaves only its own domain missing. Items 6 and 7 load on both motor factors, so no split is clean.

    Args:
        items: item scores [points, 0-4] of the split's scale.
        split: division of the items; its `names` give the order of the last axis of the result.

    Raises:
        SpecError: the items are not those of the split's scale.

    Source: bakker2017
    """
    scores = item_array(items, TWELVE if split.scale == "alsfrs_r" else TEN)
    sums = np.empty((*scores.shape[:-1], len(split.domains)))
    for number, (_, places) in enumerate(split.domains):
        # Column by column: numpy is slow at summing a short last axis.
        sums[..., number] = np.add.reduce([scores[..., index] for index in places])
    return sums
