"""King's and MiToS stages: rules, flags, missing items, labels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from alsight.base.errors import SpecError
from alsight.instruments.items import TWELVE
from alsight.instruments.kings import kings, kings_label, kings_stage
from alsight.instruments.mitos import mitos, mitos_stage

NAN = np.nan


def rating(**changes: float) -> np.ndarray:
    """A rating without loss but for the named items ("q1=3")."""
    items = np.full(12, 4.0)
    for name, score in changes.items():
        items[next(index for index, item in enumerate(TWELVE) if item.startswith(f"{name}_"))] = score
    return items


@pytest.mark.parametrize(
    ("changes", "stage"),
    [
        ({}, 0),
        ({"q1": 3}, 1),
        ({"q2": 3.5}, 1),
        ({"q3": 0}, 1),
        ({"q4": 3}, 1),
        ({"q5": 3}, 1),
        ({"q8": 3}, 1),
        ({"q4": 3, "q5": 2}, 1),
        ({"q1": 3, "q8": 3}, 2),
        ({"q1": 3, "q4": 3, "q8": 3}, 3),
        ({"q6": 0, "q7": 0, "q9": 0, "q11": 0}, 0),
        ({"q10": 1}, 0),
        ({"q10": 0}, 4),
        ({"q12": 3}, 4),
    ],
)
def test_kings_rules(changes: dict[str, float], stage: int) -> None:
    assert kings_stage(rating(**changes)) == stage


def test_recorded_gastrostomy_and_ventilation_override_items() -> None:
    healthy = rating()
    assert kings_stage(healthy, gastrostomy=np.array(True)) == 4
    assert kings_stage(healthy, gastrostomy=np.array(False)) == 0
    assert kings_stage(healthy, niv=np.array(True)) == 4
    flags = np.array([1.0, 0.0, NAN])
    np.testing.assert_array_equal(kings_stage(np.tile(healthy, (3, 1)), gastrostomy=flags), [4, 0, 0])


def test_kings_labels_tell_the_kinds_of_stage_4_apart() -> None:
    items = np.stack([rating(), rating(q1=3), rating(), rating(q12=2), rating(q12=2), rating(q1=NAN), rating(q12=NAN)])
    tube = np.array([False, False, True, False, True, False, True])
    assert kings_label(kings(items, tube)).tolist() == ["0", "1", "4A", "4B", "4A/4B", "", "4A"]


@pytest.mark.parametrize(
    ("changes", "stage"),
    [
        ({}, 0),
        ({"q8": 1}, 1),
        ({"q6": 1}, 1),
        ({"q8": 1, "q6": 0}, 1),
        ({"q8": 2, "q6": 2}, 0),
        ({"q3": 1}, 1),
        ({"q3": 2}, 0),
        ({"q1": 1}, 0),
        ({"q4": 0}, 0),
        ({"q1": 1, "q4": 1}, 1),
        ({"q10": 1}, 1),
        ({"q12": 2}, 1),
        ({"q12": 3}, 0),
        ({"q11": 0}, 0),
        ({"q1": 0, "q3": 0, "q4": 0, "q8": 0, "q12": 0}, 4),
    ],
)
def test_mitos_rules(changes: dict[str, float], stage: int) -> None:
    assert mitos_stage(rating(**changes)) == stage


def test_communication_by_or_is_a_named_variant() -> None:
    speech_lost = rating(q1=0)
    assert mitos_stage(speech_lost) == 0
    assert mitos_stage(speech_lost, communication="or") == 1


def test_mitos_detail_names_the_domains() -> None:
    found = mitos(rating(q3=1, q12=1))
    assert (found.movement, found.swallowing, found.communicating, found.breathing) == (0, 1, 0, 1)


@pytest.mark.parametrize("seed", range(8))
def test_missing_items_agree_with_every_filling(seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = rng.integers(0, 5, 12).astype(float)
    gone = rng.choice(12, size=3, replace=False)
    fillings = np.tile(items, (125, 1))
    fillings[:, gone] = list(itertools.product(range(5), repeat=3))
    items[gone] = NAN
    for stage in (kings_stage, mitos_stage):
        possible = np.unique(stage(fillings))
        expected = possible[0] if len(possible) == 1 else NAN
        np.testing.assert_array_equal(stage(items), expected)


def test_stages_refuse_the_original_scale() -> None:
    for stage in (kings_stage, mitos_stage):
        with pytest.raises(SpecError, match="12 items"):
            stage(np.zeros((4, 10)))


def test_any_leading_shape_and_none() -> None:
    assert kings_stage(np.zeros((2, 3, 12)), gastrostomy=np.zeros(3, dtype=bool)).shape == (2, 3)
    assert mitos_stage(np.zeros((0, 12))).shape == (0,)
    assert kings_label(kings(np.zeros((0, 12)))).shape == (0,)
