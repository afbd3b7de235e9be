"""Upper and lower motor neuron signs by body region, as recorded, and how they are put into words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float

from alsight.base.errors import SpecError
from alsight.base.units import Values

REGIONS: Final = ("bulbar", "cervical", "thoracic", "lumbosacral")
"""Body regions from rostral to caudal (brooks2000)."""


class Signs(NamedTuple):
    """Signs by region, each 1 (found), 0 (looked for and not found) or nan (not recorded).

    Attributes:
        upper: upper motor neuron signs on examination.
        lower: lower motor neuron signs on examination.
        lower_emg: lower motor neuron signs on electromyography, by the rules of the criteria in question.
    """

    upper: Float[Values, "*#batch 4"]
    lower: Float[Values, "*#batch 4"]
    lower_emg: Float[Values, "*#batch 4"]


def signs(
    upper: Float[Values, "*#batch upper_region"],
    lower: Float[Values, "*#batch lower_region"],
    lower_emg: Float[Values, "*#batch emg_region"] | None = None,
) -> Signs:
    """Recorded signs, brought to one shape; electromyography that was not done is nan throughout.

    Raises:
        SpecError: a last axis does not hold the four regions.
    """
    parts = [np.asarray(part, dtype=np.float64) for part in (upper, lower)]
    parts.append(np.full(parts[0].shape, np.nan) if lower_emg is None else np.asarray(lower_emg, dtype=np.float64))
    names = ("upper", "lower", "lower_emg")
    faults = [
        (name, f"a last axis of {len(REGIONS)} regions: {', '.join(REGIONS)}", part.shape)
        for name, part in zip(names, parts, strict=True)
        if part.ndim == 0 or part.shape[-1] != len(REGIONS)
    ]
    if faults:
        raise SpecError(faults)
    return Signs(*np.broadcast_arrays(*parts))


def found(part: Float[Values, "*#batch item"], *, at_most: bool) -> Values:
    """Regions with a sign; what is not recorded counts as absent, or as present when asking what could be `at_most`."""
    return part != 0 if at_most else part == 1


def rostral(first: Values, second: Values) -> Values:
    """Whether some region of the first kind lies above some region of the second kind."""
    above = np.logical_or.accumulate(first, axis=-1)[..., :-1]
    return np.asarray((above & second[..., 1:]).any(axis=-1))


def words(pattern: Values, sentence: Callable[[np.ndarray], str]) -> Values:
    """One sentence a person from small whole numbers on the last axis, each distinct pattern put into words once."""
    distinct, inverse = np.unique(pattern.reshape(-1, pattern.shape[-1]), axis=0, return_inverse=True)
    texts = np.asarray([sentence(row) for row in distinct], dtype=np.str_)
    if not texts.size:
        return np.empty(pattern.shape[:-1], dtype="U1")
    return texts[inverse.reshape(pattern.shape[:-1])]


def region_list(present: Values) -> str:
    """Regions by name: "bulbar, cervical", or "no region"."""
    return ", ".join(name for name, there in zip(REGIONS, present, strict=True) if there) or "no region"
