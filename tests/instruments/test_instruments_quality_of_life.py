"""ALSAQ: ranges, which items make which dimension, missing answers."""

from __future__ import annotations

import numpy as np
import pytest

from alsight.base.errors import SpecError
from alsight.instruments.quality_of_life import (
    ALSAQ5_ITEMS,
    ALSAQ40_DIMENSIONS,
    alsaq5_dimensions,
    alsaq5_of_alsaq40,
    alsaq5_total,
    alsaq40_dimensions,
    alsaq40_total,
)


def test_best_and_worst() -> None:
    for answer, score in ((0.0, 0.0), (2.0, 50.0), (4.0, 100.0)):
        assert (alsaq40_dimensions(np.full(40, answer)) == score).all()
        assert alsaq40_total(np.full(40, answer)) == score
        assert (alsaq5_dimensions(np.full(5, answer)) == score).all()
        assert alsaq5_total(np.full(5, answer)) == score


@pytest.mark.parametrize("item", range(40))
def test_each_item_moves_one_dimension_by_its_share(item: int) -> None:
    answers = np.zeros(40)
    answers[item] = 4
    scores = alsaq40_dimensions(answers)
    sizes = np.array([10, 10, 3, 7, 10])
    index = int(np.searchsorted(np.cumsum(sizes), item, side="right"))
    expected = np.zeros(5)
    expected[index] = 100 / sizes[index]
    np.testing.assert_allclose(scores, expected)
    np.testing.assert_allclose(alsaq40_total(answers), 2.5)


def test_short_form_items_lie_in_their_dimensions() -> None:
    assert list(ALSAQ5_ITEMS) == list(ALSAQ40_DIMENSIONS)
    for name, (first, last) in ALSAQ40_DIMENSIONS.items():
        assert first <= ALSAQ5_ITEMS[name] <= last
    assert alsaq5_of_alsaq40(np.arange(1.0, 41.0)).tolist() == [9, 11, 22, 25, 34]


def test_missing_answer_leaves_its_dimension_and_the_index_missing() -> None:
    answers = np.full(40, 1.0)
    answers[21] = np.nan
    np.testing.assert_array_equal(np.isnan(alsaq40_dimensions(answers)), [False, False, True, False, False])
    assert np.isnan(alsaq40_total(answers))


def test_the_two_forms_are_not_mixed() -> None:
    with pytest.raises(SpecError, match="40 items"):
        alsaq40_total(np.zeros(5))
    with pytest.raises(SpecError, match="5 items"):
        alsaq5_total(np.zeros(40))
