"""Numbers as they stand in the report."""

from __future__ import annotations

import pytest

from alsight.report.page.words import NONE, interval, joined, months, number, percent, signed

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


def test_lists() -> None:
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert joined(["a"]) == "a"
    assert joined([]) == ""
