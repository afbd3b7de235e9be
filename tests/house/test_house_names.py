"""Names and numbers have one place each: classes, the length of a month, hand-kept lines."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import defaultdict
from pathlib import Path

import pytest

from house.house import MODULES, ROOT, SOURCE, short

PROGRAMS = [
    path
    for folder in ("src", "tests", "validation", "benchmarks", "docs", "examples")
    for path in (ROOT / folder).rglob("*.py")
]


def _classes() -> dict[str, list[str]]:
    places: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(short(path))
    return places


def test_class_names_are_unique() -> None:
    assert not {name: places for name, places in _classes().items() if len(places) > 1}


def _numbers(path: Path) -> set[str]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return {token.string for token in tokens if token.type == tokenize.NUMBER}


@pytest.mark.parametrize("number", ["30.4375", "365.25", "30.44"])
def test_the_length_of_a_month_stands_in_one_place(number: str) -> None:
    units = SOURCE / "base" / "units.py"
    assert not [short(path) for path in MODULES if path != units and number in _numbers(path)]


def test_no_line_is_kept_by_hand() -> None:
    accepted = ("fmt: " + "skip", "fmt: " + "off")
    assert not [short(path) for path in PROGRAMS if any(word in path.read_text() for word in accepted)]
