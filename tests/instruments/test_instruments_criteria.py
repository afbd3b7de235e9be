"""Diagnostic criteria: each category from its signs, what is not recorded, reasons in words."""

from __future__ import annotations

import numpy as np
import pytest

from alsight.base.errors import SpecError
from alsight.instruments.criteria.el_escorial import awaji, revised_el_escorial
from alsight.instruments.criteria.gold_coast import gold_coast
from alsight.instruments.criteria.signs import Signs, signs

NAN = np.nan
YES, NO = np.array(1.0), np.array(0.0)


def recorded(upper: str, lower: str, emg: str = "....") -> Signs:
    """Signs from letters, bulbar to lumbosacral: x found, - absent, . not recorded."""
    meaning = {"x": 1.0, "-": 0.0, ".": NAN}
    return signs(*(np.array([meaning[letter] for letter in part]) for part in (upper, lower, emg)))


@pytest.mark.parametrize(
    ("upper", "lower", "limbs", "category"),
    [
        ("xxxx", "xxxx", 0, "definite"),
        ("xxx-", "xxx-", 0, "definite"),
        ("xx--", "xx--", 0, "probable"),
        ("x---", "x---", 0, "possible"),
        ("x---", "x---", 2, "probable_laboratory_supported"),
        ("x---", "----", 2, "probable_laboratory_supported"),
        ("x---", "----", 1, "not_met"),
        ("xx--", "----", 0, "possible"),
        ("--x-", "x---", 0, "possible"),
        ("x---", "--x-", 0, "not_met"),
        ("----", "xx--", 0, "suspected"),
        ("----", "xx--", 4, "suspected"),
        ("----", "----", 0, "not_met"),
        ("xx--", "xx--", 4, "probable"),
        ("xxx-", "xxx-", 4, "definite"),
    ],
)
def test_revised_el_escorial(upper: str, lower: str, limbs: float, category: str) -> None:
    found = revised_el_escorial(recorded(upper, lower), np.array(limbs, dtype=float))
    assert found.category == category
    assert not found.could_be_higher


@pytest.mark.parametrize(
    ("upper", "lower", "emg", "category"),
    [
        ("xxx-", "x---", "-xx-", "definite"),
        ("xx--", "x---", "-x--", "probable"),
        ("x---", "----", "x---", "possible"),
        ("x---", "----", "----", "not_met"),
        ("----", "xxxx", "xxxx", "not_met"),
        ("x-x-", "----", "----", "possible"),
        ("---x", "----", "x---", "possible"),
    ],
)
def test_awaji_counts_electromyography_as_clinical(upper: str, lower: str, emg: str, category: str) -> None:
    found = awaji(recorded(upper, lower, emg))
    assert found.category == category
    assert not found.could_be_higher


def test_what_is_not_recorded_is_no_sign_but_is_marked() -> None:
    found = revised_el_escorial(recorded("xx..", "xx.-"), np.array(0.0))
    assert found.category == "probable"
    assert found.could_be_higher
    assert revised_el_escorial(recorded("x---", "x---")).could_be_higher
    assert not awaji(recorded("xxx.", "xxx.")).could_be_higher


@pytest.mark.parametrize(
    ("upper", "lower", "emg", "met"),
    [
        ("x---", "x---", "----", 1),
        ("----", "xx--", "----", 1),
        ("----", "x---", "-x--", 1),
        ("x---", "-x--", "----", 0),
        ("xxxx", "----", "----", 0),
        ("----", "x---", "----", 0),
        ("x---", "----", "x---", 1),
        ("x...", "-...", "-...", NAN),
        ("x---", "x...", "....", 1),
    ],
)
def test_gold_coast_signs(upper: str, lower: str, emg: str, met: float) -> None:
    np.testing.assert_array_equal(gold_coast(recorded(upper, lower, emg), YES, YES).met, met)


@pytest.mark.parametrize(
    ("progressive", "excluded", "met"),
    [(1, 1, 1), (0, 1, 0), (1, 0, 0), (NAN, 1, NAN), (1, NAN, NAN), (NAN, 0, 0), (0, NAN, 0)],
)
def test_gold_coast_needs_progression_and_exclusion(progressive: float, excluded: float, met: float) -> None:
    found = gold_coast(recorded("x---", "x---"), np.array(progressive), np.array(excluded))
    np.testing.assert_array_equal(found.met, met)


def test_reasons_are_sentences() -> None:
    found = revised_el_escorial(recorded("x-x-", "x---"), np.array(2.0))
    assert str(found.reasons) == (
        "upper motor neuron signs: bulbar, thoracic; lower motor neuron signs: bulbar; "
        "limbs with signs on electromyography: 2"
    )
    assert "lower motor neuron signs, clinical or on electromyography: bulbar, cervical" in str(
        awaji(recorded("x---", "x---", "-x--")).reasons
    )
    assert str(gold_coast(recorded("x---", "-x--", "----"), YES, np.array(NAN)).reasons) == (
        "progression: met; signs: not met (upper motor neuron: bulbar; lower motor neuron: cervical); "
        "other disease excluded: not recorded"
    )


def test_many_people_at_once() -> None:
    rng = np.random.default_rng(1)
    upper, lower = rng.integers(0, 2, (2, 3, 5, 4)).astype(float)
    found = revised_el_escorial(signs(upper, lower), np.zeros((3, 5)))
    assert found.category.shape == found.reasons.shape == (3, 5)
    alone = revised_el_escorial(signs(upper[1, 2], lower[1, 2]), NO)
    assert found.category[1, 2] == alone.category
    assert found.reasons[1, 2] == alone.reasons
    assert gold_coast(signs(np.zeros((0, 4)), np.zeros((0, 4))), np.zeros(0), np.zeros(0)).reasons.shape == (0,)


def test_progression_may_be_one_answer_for_all() -> None:
    upper = np.zeros((3, 4))
    assert gold_coast(signs(upper, upper, upper), YES, YES).met.tolist() == [0, 0, 0]


def test_regions_are_four() -> None:
    with pytest.raises(SpecError, match="bulbar, cervical, thoracic, lumbosacral"):
        signs(np.zeros(3), np.zeros(4))
