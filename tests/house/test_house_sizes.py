"""Files, functions and folders stay small enough to read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from house.house import MODULES, SOURCE, short

FOLDERS = sorted({path.parent for path in MODULES})


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_file_has_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_functions_have_at_most_50_lines(path: Path) -> None:
    long = [
        f"{node.name} ({(node.end_lineno or 0) - node.lineno + 1})"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > 50
    ]
    assert not long


@pytest.mark.parametrize("folder", FOLDERS, ids=short)
def test_folder_has_at_most_12_modules(folder: Path) -> None:
    assert len(list(folder.glob("*.py"))) <= 12


def test_folders_are_at_most_two_deep() -> None:
    assert all(len(folder.relative_to(SOURCE).parts) <= 2 for folder in FOLDERS)


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))
