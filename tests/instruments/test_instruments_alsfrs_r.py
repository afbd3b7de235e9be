"""ALSFRS-R: item 5, totals, missing items, domains, and the wall between the two scales."""

from __future__ import annotations

import numpy as np
import pytest

from alsight.base.errors import SpecError
from alsight.instruments.alsfrs_r import (
    ALSFRS_DOMAINS,
    DOMAIN_SPLITS,
    FOUR_DOMAINS,
    THREE_DOMAINS,
    alsfrs_total,
    approximate_alsfrs_total,
    coalesce_cutting,
    domain_scores,
    items_missing,
    prorated_total,
    total,
)

NAN = np.nan
ITEMS = np.array([4.0, 3, 2, 1, 0, 4, 3, 2, 1, 4, 3, 2])


# Columns: 5a, 5b, unstated, recorded gastrostomy, score, gastrostomy, conflict.
CUTTING = [
    (3, NAN, NAN, NAN, 3, 0, False),
    (NAN, 2, NAN, NAN, 2, 1, False),
    (NAN, NAN, 1, NAN, 1, NAN, False),
    (0, NAN, NAN, NAN, 0, 0, False),
    (3, NAN, NAN, 1, 3, 1, False),
    (NAN, 2, NAN, 0, 2, 0, False),
    (3, 3, NAN, NAN, 3, NAN, True),
    (3, 1, NAN, NAN, NAN, NAN, True),
    (3, 1, NAN, 1, 1, 1, True),
    (3, 1, NAN, 0, 3, 0, True),
    (3, NAN, 1, NAN, NAN, 0, True),
    (NAN, NAN, NAN, NAN, NAN, NAN, False),
    (NAN, NAN, NAN, 1, NAN, 1, False),
]


@pytest.mark.parametrize("row", CUTTING)
def test_item_5_has_one_score(row: tuple[float, ...]) -> None:
    *columns, score, gastrostomy, conflict = row
    found = coalesce_cutting(*(np.array([value], dtype=float) for value in columns))
    np.testing.assert_array_equal(found.score, [score])
    np.testing.assert_array_equal(found.gastrostomy, [gastrostomy])
    assert found.conflict.tolist() == [conflict]


def test_item_5_without_any_record_of_gastrostomy() -> None:
    found = coalesce_cutting(np.array([2.0, NAN]), np.array([NAN, 2.0]), np.array([NAN, NAN]))
    np.testing.assert_array_equal(found.score, [2, 2])
    np.testing.assert_array_equal(found.gastrostomy, [0, 1])


def test_total_adds_twelve_items() -> None:
    assert total(ITEMS) == 29
    assert total(np.full(12, 4.0)) == 48


def test_total_of_fractional_items() -> None:
    items = ITEMS.copy()
    items[0] = 1.5
    assert total(items) == 26.5


def test_one_missing_item_leaves_the_total_missing() -> None:
    items = np.tile(ITEMS, (2, 1))
    items[0, 4] = NAN
    np.testing.assert_array_equal(total(items), [NAN, 29])
    np.testing.assert_array_equal(items_missing(items), [1, 0])


def test_scales_are_not_mixed() -> None:
    with pytest.raises(SpecError, match="12 items"):
        total(ITEMS[:10])
    with pytest.raises(SpecError, match="10 items"):
        alsfrs_total(ITEMS)
    with pytest.raises(SpecError, match="10 items"):
        domain_scores(ITEMS, ALSFRS_DOMAINS)
    with pytest.raises(SpecError, match="12 items"):
        total(np.float64(3.0))


def test_original_total_and_its_approximation() -> None:
    ten = np.array([4.0, 3, 2, 1, 0, 4, 3, 2, 1, 3])
    assert alsfrs_total(ten) == 23
    assert approximate_alsfrs_total(ITEMS) == 24


def test_approximation_ignores_orthopnea_and_ventilation() -> None:
    items = ITEMS.copy()
    items[10:] = NAN
    assert approximate_alsfrs_total(items) == 24


def test_prorated_total_uses_the_mean_of_the_answered() -> None:
    items = np.tile(ITEMS, (3, 1))
    items[1, 4] = NAN
    items[2, :2] = NAN
    np.testing.assert_allclose(prorated_total(items, 1), [29, 29 * 12 / 11, NAN])
    assert np.isnan(prorated_total(np.full(12, NAN), 11))


@pytest.mark.parametrize("most", [-1, 12])
def test_prorating_needs_an_answered_item(most: int) -> None:
    with pytest.raises(SpecError, match="most_missing"):
        prorated_total(ITEMS, most)


def test_four_and_three_domains() -> None:
    np.testing.assert_array_equal(domain_scores(ITEMS), [9, 5, 6, 9])
    np.testing.assert_array_equal(domain_scores(ITEMS, THREE_DOMAINS), [9, 11, 9])
    np.testing.assert_array_equal(domain_scores(ITEMS[:10], ALSFRS_DOMAINS), [9, 5, 6, 4])
    assert FOUR_DOMAINS.names == ("bulbar", "fine_motor", "gross_motor", "respiratory")
    assert THREE_DOMAINS.names == ("bulbar", "motor", "respiratory")


@pytest.mark.parametrize("split", DOMAIN_SPLITS.values(), ids=DOMAIN_SPLITS)
def test_domains_share_out_every_item_once(split: object) -> None:
    places = [index for _, members in split.domains for index in members]  # type: ignore[attr-defined]
    assert sorted(places) == list(range(12 if split.scale == "alsfrs_r" else 10))  # type: ignore[attr-defined]


def test_a_missing_item_touches_its_own_domain_only() -> None:
    items = ITEMS.copy()
    items[4] = NAN
    np.testing.assert_array_equal(domain_scores(items), [9, NAN, 6, 9])


def test_any_leading_shape_and_none() -> None:
    assert total(np.zeros((2, 3, 12))).shape == (2, 3)
    assert domain_scores(np.zeros((0, 12))).shape == (0, 4)
    assert total(np.zeros((5, 12), dtype=np.float32)).dtype == np.float64
