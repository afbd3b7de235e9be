"""Texts speak the field's language: private idiom stands neither in the docs nor in any text of the program."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.house import MODULES, ROOT, short

FORBIDDEN = {
    "mend": "correct",
    "mends": "corrects",
    "mended": "corrected",
    "cure": "how to fix it",
    "act out": "simulate",
    "acted out": "simulated",
    "acts out": "simulates",
    "everybody": "all people",
    "somebody": "a person",
    "nobody": "no one",
    "weighed": "evaluated, weighted",
    "told apart": "distinguished",
    "was told": "was reported",
    "is told": "is reported",
    "are told": "are reported",
    "told as": "reported as",
    "wording": "published definition",
    "wordings": "published definitions",
    "leave out": "exclude",
    "left out": "excluded",
    "set aside": "excluded",
    "a cohort's own": "estimated from this cohort",
    "apparent plateau": "a kind with its certainty",
    "the disk refused": "could not write the file",
    "natural history tells": "natural history shows",
    "lessened": "shrunk",
    "doubted": "shrunk",
    "judged": "assessed",
    "people who were asked": "people",
    "centre": "center",
    "centred": "centered",
    "maximise": "maximize",
    "behaviour": "behavior",
    "neighbour": "neighbor",
    "colour": "color",
}
"""Words and phrases that no text uses, each with what stands instead."""

LITERAL = ("cohort/", "instruments/", "page/checks", "methods/reading", "methods/report", "functional-scales")
"""Where wording is what stands in a heading or beside an item."""

SPELLINGS = {"src/alsight/cohort/mapping/words.py"}
"""Modules that hold what headings are spelled like."""

PATTERN = re.compile(r"\b(" + "|".join(re.escape(word) for word in FORBIDDEN) + r")\b", re.IGNORECASE)
CODE = re.compile(r"`[^`]*`|\bwording: ")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text of a module: docstrings, messages, the constant parts of formatted ones."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def _offences(name: str, texts: Iterator[tuple[int, str]]) -> list[str]:
    return [
        f"{name}:{line}: '{match[0]}', better '{FORBIDDEN[match[0].lower()]}'"
        for line, text in texts
        for match in PATTERN.finditer(CODE.sub("", " ".join(text.split())))
        if not (match[0].lower().startswith("wording") and any(part in name for part in LITERAL))
    ]


def test_the_pattern_finds_what_it_forbids() -> None:
    assert _offences("page", iter([(3, "It is told  as a note, and nobody mended it.")])) == [
        "page:3: 'is told', better 'is reported'",
        "page:3: 'nobody', better 'no one'",
        "page:3: 'mended', better 'corrected'",
    ]


@pytest.mark.parametrize("path", PAGES, ids=short)
def test_pages_use_the_words_of_the_field(path: Path) -> None:
    assert _offences(short(path), iter(enumerate(path.read_text().splitlines(), 1))) == []


def test_texts_of_the_program_use_the_words_of_the_field() -> None:
    read = [path for path in MODULES if short(path) not in SPELLINGS]
    assert [offence for path in read for offence in _offences(short(path), _texts(path))] == []
