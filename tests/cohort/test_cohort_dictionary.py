"""The pages made from code equal the code, and the dictionary says what a reader needs."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from alsight.cohort.tables import TABLES

DOCS = Path(__file__).parents[2] / "docs"
GENERATOR: dict[str, Any] = runpy.run_path(str(DOCS / "generate.py"))


@pytest.mark.parametrize("page", GENERATOR["PAGES"])
def test_page_equals_the_code(page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == GENERATOR["PAGES"][page](), "run python docs/generate.py"


def test_every_column_has_a_meaning() -> None:
    for table in TABLES.values():
        assert table.meaning
        assert len(table.by_name) == len(table.columns)
        for column in table.columns:
            assert column.meaning
            assert set(table.key) <= set(table.schema)
