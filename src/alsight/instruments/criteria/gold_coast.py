"""Gold Coast criteria from recorded signs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Real

from alsight.base.units import Values
from alsight.instruments.criteria.signs import Signs, found, region_list, words


class GoldCoast(NamedTuple):
    """Whether the Gold Coast criteria are met, with the grounds.

    Attributes:
        met: 1 met, 0 not met, nan where what is not recorded could decide it.
        reasons: how each of the three parts stands, in a sentence.
    """

    met: Float[Values, "*#batch"]
    reasons: Values


def gold_coast(
    recorded: Signs, progressive: Real[Values, "*#batch"], others_excluded: Real[Values, "*#batch"]
) -> GoldCoast:
    """Gold Coast criteria: no grades of certainty, either met or not.

    All of: (1) progressive motor impairment after normal function; (2) upper and lower motor neuron signs in the same
    region, or lower motor neuron signs in at least two regions; (3) investigations exclude other disease. Upper signs
    in one region and lower signs in another satisfy neither half of (2). Lower signs may be clinical or on
    electromyography.

    Args:
        recorded: signs by region.
        progressive: 1 documented by history or repeated assessment, 0 not, nan not recorded.
        others_excluded: 1 other disease excluded by investigation, 0 not, nan not recorded.

    Source: shefner2020
    """
    parts = [np.asarray(part, dtype=np.float64) for part in (progressive, others_excluded)]
    least, most = (_pattern(recorded, at_most=at_most) for at_most in (False, True))
    by_signs = np.where(least == most, least, np.nan)
    answers = np.stack(np.broadcast_arrays(parts[0], by_signs, parts[1]), axis=-1)
    met = np.where((answers == 0).any(axis=-1), 0.0, np.where(np.isnan(answers).any(axis=-1), np.nan, 1.0))
    upper, lower = found(recorded.upper, at_most=False), _lower(recorded, at_most=False)
    three = np.where(np.isnan(answers), 2, answers).astype(np.int8)
    regions = [np.broadcast_to(part, (*met.shape, part.shape[-1])) for part in (upper, lower)]
    pattern = np.concatenate([three, *regions], axis=-1).astype(np.int8)
    return GoldCoast(met, words(pattern, _reason))


def _lower(recorded: Signs, *, at_most: bool) -> Values:
    return found(recorded.lower, at_most=at_most) | found(recorded.lower_emg, at_most=at_most)


def _pattern(recorded: Signs, *, at_most: bool) -> Values:
    upper, lower = found(recorded.upper, at_most=at_most), _lower(recorded, at_most=at_most)
    return ((upper & lower).any(axis=-1) | (lower.sum(axis=-1) >= 2)).astype(np.float64)


def _reason(row: Values) -> str:
    standing = {0: "not met", 1: "met", 2: "not recorded"}
    progression, pattern, exclusion = (standing[int(value)] for value in row[:3])
    return (
        f"progression: {progression}; signs: {pattern} (upper motor neuron: {region_list(row[3:7])}; "
        f"lower motor neuron: {region_list(row[7:11])}); other disease excluded: {exclusion}"
    )
