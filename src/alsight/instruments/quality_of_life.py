"""ALSAQ-40 and ALSAQ-5: quality of life as people with ALS rate it."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from alsight.base.errors import SpecError
from alsight.base.units import Values

ALSAQ_ANSWERS: Final = ("never", "rarely", "sometimes", "often", "always or cannot do at all")
"""Answers in the order of their codes, 0 to 4 (jenkinson1999)."""

ALSAQ40_DIMENSIONS: Final[dict[str, tuple[int, int]]] = {
    "physical_mobility": (1, 10),
    "daily_living": (11, 20),
    "eating_and_drinking": (21, 23),
    "communication": (24, 30),
    "emotional_reactions": (31, 40),
}
"""First and last item of each dimension, numbered from 1 (jenkinson1999)."""

ALSAQ5_ITEMS: Final[dict[str, int]] = {
    "physical_mobility": 9,
    "daily_living": 11,
    "eating_and_drinking": 22,
    "communication": 25,
    "emotional_reactions": 34,
}
"""The ALSAQ-40 item that stands for each dimension in the ALSAQ-5 (jenkinson2001)."""

_WORST: Final = float(len(ALSAQ_ANSWERS) - 1)


def _answers(items: Values, number: int) -> Values:
    answers = np.asarray(items, dtype=np.float64)
    if answers.ndim == 0 or answers.shape[-1] != number:
        raise SpecError([("items", f"a last axis of {number} items coded 0 to 4", answers.shape)])
    return answers


def _percent(answers: Values) -> Values:
    return 100.0 * answers.mean(axis=-1) / _WORST


def alsaq40_dimensions(items: Float[Values, "*#batch item"]) -> Float[Values, "*batch dimension"]:
    """The five ALSAQ-40 dimension scores [0 best - 100 worst], in the order of `ALSAQ40_DIMENSIONS`.

    Sum of the dimension's answers in percent of the worst possible sum. A missing answer leaves its dimension missing:
    no rule for filling answers was found.

    Args:
        items: answers coded 0 (never) to 4 (always or cannot do at all).

    Raises:
        SpecError: the last axis does not hold forty items.

    Source: jenkinson1999
    """
    answers = _answers(items, 40)
    return np.stack([_percent(answers[..., first - 1 : last]) for first, last in ALSAQ40_DIMENSIONS.values()], axis=-1)


def alsaq40_total(items: Float[Values, "*#batch item"]) -> Float[Values, "*batch"]:
    """ALSAQ-40 summary index [0 best - 100 worst]: the sum of all forty answers in percent of the worst possible.

    Raises:
        SpecError: the last axis does not hold forty items.

    Source: jenkinson2003
    """
    return _percent(_answers(items, 40))


def alsaq5_dimensions(items: Float[Values, "*#batch item"]) -> Float[Values, "*batch dimension"]:
    """The five ALSAQ-5 scores [0 best - 100 worst], one answer each, in the order of `ALSAQ5_ITEMS`.

    Raises:
        SpecError: the last axis does not hold five items.

    Source: jenkinson2001
    """
    return 100.0 * _answers(items, 5) / _WORST


def alsaq5_total(items: Float[Values, "*#batch item"]) -> Float[Values, "*batch"]:
    """ALSAQ-5 summary index [0 best - 100 worst]: the sum of the five answers in percent of the worst possible.

    Raises:
        SpecError: the last axis does not hold five items.

    Source: jenkinson2003
    """
    return _percent(_answers(items, 5))


def alsaq5_of_alsaq40(items: Float[Values, "*#batch item"]) -> Float[Values, "*batch dimension"]:
    """The five ALSAQ-5 answers that an ALSAQ-40 contains, in the order of `ALSAQ5_ITEMS`.

    Raises:
        SpecError: the last axis does not hold forty items.

    Source: jenkinson2001
    """
    return _answers(items, 40)[..., [number - 1 for number in ALSAQ5_ITEMS.values()]]
