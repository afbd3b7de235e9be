"""Numbers as they stand in the report."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsight.report.page.words import NONE, cell, interval, joined, months, number, partition, people, percent, signed

MINUS = "\u2212"


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "0\u00a0%"),
        (0.0034, "0.3\u00a0%"),
        (0.0994, "9.9\u00a0%"),
        (0.0996, "10\u00a0%"),
        (0.5, "50\u00a0%"),
        (1.0, "100\u00a0%"),
        (None, NONE),
    ],
)
def test_percent(share: float | None, said: str) -> None:
    assert percent(share) == said


def test_missing_numbers_are_dashes() -> None:
    assert {percent(float("nan")), number(float("nan")), number(None), months(None), interval(None, 0.2)} == {NONE}


@pytest.mark.parametrize(("value", "said"), [(-0.04, "0.0"), (-1.26, MINUS + "1.3"), (1234.5, "1,234.5")])
def test_number(value: float, said: str) -> None:
    assert number(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(12.4, "12 months"), (2.6, "2.5 months"), (1.0, "1 month"), (0.1, "0 months"), (-3.2, MINUS + "3 months")],
)
def test_months(value: float, said: str) -> None:
    assert months(value) == said


def test_signs() -> None:
    assert [signed(3.0), signed(-2.0), signed(0.0), signed(-0.2)] == ["+3", MINUS + "2", "0", "0"]


def test_people_and_lists() -> None:
    assert people(1) == "1 person"
    assert people(1200) == "1,200 people"
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert joined(["a"]) == "a"
    assert joined([]) == ""


def test_small_counts_are_hidden_unless_identified() -> None:
    assert [cell(n, identified=False) for n in (0, 1, 4, 5)] == ["0", "under 5", "under 5", "5"]
    assert cell(1, identified=True) == "1"


def test_one_hidden_count_takes_another_with_it() -> None:
    assert partition([50, 3, 9, 0], identified=False) == [False, True, True, False]
    assert partition([50, 3, 2, 9], identified=False) == [False, True, True, False]
    assert partition([50, 3, 9], identified=True) == [False, False, False]


@settings(deadline=None)
@given(st.lists(st.integers(0, 200), min_size=2, max_size=8))
def test_no_small_count_can_be_had_by_subtraction(counts: list[int]) -> None:
    hide = partition(counts, identified=False)
    assert all(closed for part, closed in zip(counts, hide, strict=True) if 0 < part < 5)
    unknown = [part for part, closed in zip(counts, hide, strict=True) if closed]
    alone = [part for part in counts if part]
    assert len(unknown) != 1 or len(alone) == 1
