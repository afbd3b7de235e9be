"""Constants that every formula shares stand in one place: days of a month, best totals of the scales."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from alsight.base.units import DAYS_PER_MONTH
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST

SOURCE = Path(__file__).parents[2] / "src" / "alsight"
MONTHS_OR_TICKS = {
    "detect/statement": "months of follow-up",
    "make/forecast.py": "months of follow-up",
    "knowledge": "numbers of people and of weeks as printed",
    "mechanism": "offsets and parameters of the mechanism",
    "report": "ticks of an axis",
    "base/streams.py": "number of a stream",
}
"""Where 48 stands for something else than the best total."""


def literals(value: float) -> list[str]:
    """Files, below the source, in which a number is written out in code."""
    return [
        path.relative_to(SOURCE).as_posix()
        for path in sorted(SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and type(node.value) in {int, float} and node.value == value
    ]


@pytest.mark.parametrize(
    ("value", "home"), [(DAYS_PER_MONTH, "base/units.py"), (365.25, "base/units.py"), (365.25 / 12, "base/units.py")]
)
def test_days_of_a_month_stand_in_one_place(value: float, home: str) -> None:
    assert set(literals(value)) <= {home}


def test_the_best_total_stands_in_one_place() -> None:
    allowed = ("instruments/alsfrs_r.py", *MONTHS_OR_TICKS)
    assert [name for name in literals(ALSFRS_R_BEST) if not name.startswith(allowed)] == []
