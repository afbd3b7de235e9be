"""The catalogue: every row leads somewhere, and the docs page is what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alsight.instruments.catalogue import INSTRUMENTS, Instrument, catalogue_page

DOCS = Path(__file__).parents[2] / "docs"
KEYS = set(re.findall(r"^@\w+\{([^,\s]+),", (DOCS / "references.bib").read_text(encoding="utf-8"), flags=re.MULTILINE))


@pytest.mark.parametrize("row", INSTRUMENTS, ids=[row.name for row in INSTRUMENTS])
def test_row_has_function_source_and_page(row: Instrument) -> None:
    function = row.load()
    assert callable(function)
    assert function.__doc__
    assert not row.source or row.source in KEYS
    page = (DOCS / row.page).read_text(encoding="utf-8")
    assert not row.source or f"[@{row.source}]" in page


def test_names_are_unique() -> None:
    names = [row.name for row in INSTRUMENTS]
    assert len(names) == len(set(names))


def test_page_is_made_from_the_catalogue() -> None:
    assert (DOCS / "instruments.md").read_text(encoding="utf-8") == catalogue_page()
