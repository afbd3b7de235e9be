"""Revised El Escorial and Awaji categories from recorded signs."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from alsight.base.units import Values
from alsight.instruments.criteria.signs import Signs, found, region_list, rostral, words

NOT_MET: Final = "not_met"
"""The signs do not add up to any category."""

EL_ESCORIAL_ORDER: Final = (NOT_MET, "suspected", "possible", "probable_laboratory_supported", "probable", "definite")
AWAJI_ORDER: Final = (NOT_MET, "possible", "probable", "definite")


class Category(NamedTuple):
    """A category of diagnostic certainty with its grounds.

    Attributes:
        category: the category that the recorded signs reach.
        could_be_higher: signs that are not recorded could raise the category.
        reasons: the regions that it rests on, in a sentence.
    """

    category: Values
    could_be_higher: Bool[Values, "*#batch"]
    reasons: Values


def revised_el_escorial(recorded: Signs, emg_limbs: Float[Values, "*#batch"] | None = None) -> Category:
    """Revised El Escorial category (Airlie House) from signs on examination and electromyography.

    Definite: upper and lower signs together in three regions. Probable: together in two regions. Probable, laboratory
    supported: upper signs in one region and lower signs on electromyography in two limbs. Possible: together in one
    region, or upper signs in two, or lower signs rostral to upper signs. Suspected: lower signs without upper signs,
    which the revision no longer lists among the categories for research.

    With signs recorded by region, two regions with both kinds always have upper signs rostral to lower ones. The
    categories presume progression and that other diseases are excluded, which these signs do not show.

    Args:
        recorded: signs by region; `lower_emg` is used for Awaji only.
        emg_limbs: limbs with lower motor neuron signs on electromyography [0-4]; None or nan where not done.

    Source: brooks2000
    """
    limbs = np.full(recorded.upper.shape[:-1], np.nan) if emg_limbs is None else np.asarray(emg_limbs, dtype=np.float64)
    least = _el_escorial(recorded, limbs >= 2, at_most=False)
    most = _el_escorial(recorded, ~(limbs < 2), at_most=True)
    pattern = np.concatenate(
        [
            found(recorded.upper, at_most=False),
            found(recorded.lower, at_most=False),
            np.nan_to_num(limbs, nan=0.0)[..., None],
        ],
        axis=-1,
    ).astype(np.int8)
    return Category(np.asarray(EL_ESCORIAL_ORDER)[least], most > least, words(pattern, _el_escorial_reason))


def _el_escorial(recorded: Signs, supported: Values, *, at_most: bool) -> Values:
    upper, lower = found(recorded.upper, at_most=at_most), found(recorded.lower, at_most=at_most)
    rank = _clinical(upper, lower, ("possible", "probable", "definite"), EL_ESCORIAL_ORDER)
    by_laboratory = EL_ESCORIAL_ORDER.index("probable_laboratory_supported")
    rank = np.where(supported & upper.any(axis=-1), np.maximum(rank, by_laboratory), rank)
    pure_lower = lower.any(axis=-1) & (rank == 0)
    return np.where(pure_lower & ~upper.any(axis=-1), EL_ESCORIAL_ORDER.index("suspected"), rank)


def _clinical(upper: Values, lower: Values, names: tuple[str, str, str], order: tuple[str, ...]) -> Values:
    """Place in the order from how many regions hold both kinds of signs."""
    together = (upper & lower).sum(axis=-1)
    possible = (together >= 1) | (upper.sum(axis=-1) >= 2) | rostral(lower, upper)
    ranks = [order.index(name) for name in names]
    return np.select([together >= 3, together >= 2, possible], [ranks[2], ranks[1], ranks[0]], 0)


def _el_escorial_reason(row: Values) -> str:
    return (
        f"upper motor neuron signs: {region_list(row[:4])}; lower motor neuron signs: {region_list(row[4:8])}; "
        f"limbs with signs on electromyography: {int(row[8])}"
    )


def awaji(recorded: Signs) -> Category:
    """Awaji category from signs on examination and electromyography, which count alike for the lower motor neuron.

    Definite: upper and lower signs together in three regions. Probable: together in two regions. Possible: together in
    one region, or upper signs in two, or lower signs rostral to upper signs. Fasciculation potentials count as signs
    of denervation, where chronic change is present; that judgement belongs to the record of `lower_emg`.

    Args:
        recorded: signs by region.

    Source: decarvalho2008
    """
    ranks: list[Values] = []
    for at_most in (False, True):
        upper, lower = found(recorded.upper, at_most=at_most), _either(recorded, at_most=at_most)
        ranks.append(_clinical(upper, lower, ("possible", "probable", "definite"), AWAJI_ORDER))
    pattern = np.concatenate([found(recorded.upper, at_most=False), _either(recorded, at_most=False)], axis=-1).astype(
        np.int8
    )
    return Category(np.asarray(AWAJI_ORDER)[ranks[0]], ranks[1] > ranks[0], words(pattern, _awaji_reason))


def _either(recorded: Signs, *, at_most: bool) -> Values:
    return found(recorded.lower, at_most=at_most) | found(recorded.lower_emg, at_most=at_most)


def _awaji_reason(row: Values) -> str:
    return (
        f"upper motor neuron signs: {region_list(row[:4])}; "
        f"lower motor neuron signs, clinical or on electromyography: {region_list(row[4:8])}"
    )
