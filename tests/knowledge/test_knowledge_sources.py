"""The page of sources names every constant that cites one, with the key and the value of the code."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

import alsight

ROOT = Path(__file__).parents[2]
CODE = Path(alsight.__file__).parent
KEYS = frozenset(re.findall(r"^@\w+\{([^,\s]+),", (ROOT / "docs" / "references.bib").read_text(), flags=re.MULTILINE))
VERDICTS = {"supports", "assumed", "another source", "could not be read"}
NO_SOURCE = {"", "assumed", "calibrated", "alsight"}
TABLES = [
    "PARAMETERS",
    "GENES",
    "PHENOTYPES",
    "TARGETS",
    "GUARDS",
    "SHAPES",
    "DEFINITIONS",
    "FINDINGS",
    "SETTINGS",
    "MIMICS",
    "RELIEFS",
    "INSTRUMENTS",
    "EQUATIONS",
    "CONSTANTS",
]
METHODS = {"infer", "models", "summary", "base", "report"}
"""Packages whose citations are of methods, not of numbers."""


class Line(NamedTuple):
    """One row of the page: names in the first cell, value, keys in the third cell, keys in the fourth, verdict."""

    constant: str
    value: str
    sources: frozenset[str]
    others: frozenset[str]
    verdict: str


def _keys(cell: str) -> frozenset[str]:
    return frozenset(re.findall(r"\[@(\w+)\]", cell))


def _lines() -> list[Line]:
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:2] == "| "]
    rows = [cell for cell in cells if len(cell) == 5 and cell[0] not in ("constant", "---")]
    return [Line(row[0], row[1], _keys(row[2]), _keys(row[3]), row[4].strip(" |")) for row in rows]


LINES = _lines()


def _modules(name: str) -> list[Any]:
    """Modules that define a constant of a name."""
    pattern = re.compile(rf"^{name}: Final", flags=re.MULTILINE)
    found = [path for path in sorted(CODE.rglob("*.py")) if pattern.search(path.read_text(encoding="utf-8"))]
    return [
        importlib.import_module(".".join(("alsight", *path.relative_to(CODE).with_suffix("").parts))) for path in found
    ]


def _fields(row: Any) -> dict[str, Any]:
    if is_dataclass(row):
        return {field.name: getattr(row, field.name) for field in fields(row)}
    return msgspec.structs.asdict(row)


def _rows(table: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of the tables of a name, with the name of each row."""
    for module in _modules(table):
        rows = getattr(module, table)
        for key, row in rows.items() if isinstance(rows, dict) else ((None, row) for row in rows):
            if is_dataclass(row) or isinstance(row, msgspec.Struct):
                inside = _fields(row)
                yield key or inside.get("name") or inside["rule"], inside


def _cited(row: dict[str, Any]) -> set[str]:
    named = [value for name, value in row.items() if name.endswith("source") and value not in NO_SOURCE]
    return {key.strip() for value in named for key in value.split(",")}


def _on_page(name: str) -> list[Line]:
    return [line for line in LINES if f"`{name}`" in line.constant]


@pytest.mark.parametrize("table", TABLES)
def test_every_row_with_a_source_stands_on_the_page_with_its_source(table: str) -> None:
    rows = [(name, row) for name, row in _rows(table) if _cited(row)]
    assert rows
    for name, row in rows:
        listed = frozenset().union(*(line.sources for line in _on_page(name)))
        assert _cited(row) <= listed, name


@pytest.mark.parametrize("table", ["PARAMETERS", "TARGETS", "GUARDS", "SHAPES", "CONSTANTS"])
def test_values_on_the_page_are_those_of_the_code(table: str) -> None:
    for name, row in _rows(table):
        if _cited(row):
            start = f"{row['number']} " if "number" in row else ""
            values = {line.value for line in _on_page(name) if line.constant.startswith(start)}
            assert f"{row['value']:.4g}" in values, name


def test_sources_of_simulated_therapies_stand_on_the_page() -> None:
    (module,) = (module for module in _modules("THERAPIES") if module.__name__.endswith("catalog"))
    for name, entry in module.THERAPIES.items():
        assert not entry.source or any(entry.source in line.sources for line in _on_page(name)), name


def _documented(path: Path) -> Iterator[tuple[set[str], set[str]]]:
    """Constants of a module that a docstring follows: their names, and the keys that the docstring cites."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for index, node in enumerate(body):
        if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant) or index == 0:
            continue
        before = body[index - 1]
        targets = before.targets if isinstance(before, ast.Assign) else [getattr(before, "target", None)]
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        yield names, set(re.findall(r"\w+", str(node.value.value))) & KEYS


CONSTANT_MODULES = [path for path in sorted(CODE.rglob("*.py")) if path.relative_to(CODE).parts[0] not in METHODS]


@pytest.mark.parametrize("path", CONSTANT_MODULES, ids=lambda path: path.relative_to(CODE).as_posix())
def test_constants_whose_docstring_cites_a_source_stand_on_the_page(path: Path) -> None:
    for names, cited in _documented(path):
        for name in names if cited else ():
            listed = frozenset().union(*(line.sources | line.others for line in _on_page(name)))
            assert cited <= listed, (name, cited)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.constant[:40])
def test_each_row_of_the_page_has_a_known_key_and_a_verdict(line: Line) -> None:
    assert line.verdict in VERDICTS
    assert line.sources | line.others <= KEYS
    assert line.value
    assert line.sources or line.verdict in {"assumed", "another source"}
    assert line.verdict != "another source" or line.others


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("nfl_elimination_per_month", "assumed"),
        ("onset_age_years", "assumed"),
        ("munix_noise_log_sd", "assumed"),
        ("riluzole", "supports"),
        ("sod1_slow", "supports"),
    ],
)
def test_verdicts_that_the_code_must_not_contradict(name: str, verdict: str) -> None:
    assert {line.verdict for line in _on_page(name)} == {verdict}
