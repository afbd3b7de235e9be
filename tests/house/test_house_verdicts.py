"""Verdicts are rows of one table: no other module writes them out."""

from __future__ import annotations

import ast

from alsight.detect.kinds import Verdict
from house.house import MODULES, short

NAMED = {verdict.value for verdict in Verdict if not verdict.value.isalpha()}
"""Verdicts of more than one word; plateau, reversal and progressing are words of definitions, too."""


def test_verdicts_are_written_in_one_place() -> None:
    found = [
        f"{short(path)}:{node.lineno}"
        for path in MODULES
        if path.name != "kinds.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in NAMED
    ]
    assert not found


def test_a_decision_writes_no_sentence() -> None:
    """What `detect` decides is codes with values; sentences begin large and end with a period."""
    for path in MODULES:
        if path.parent.name == "detect" and path.name in {"decide.py", "kinds.py", "evidence.py", "verdicts.py"}:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            said = [
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
            ]
            assert not [text for text in said if text[:1].isupper() and text.endswith(".")], short(path)
