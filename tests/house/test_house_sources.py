"""Every source key that a docstring or a table of constants cites exists in the list of references."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from house.house import MODULES, ROOT, short

KEYS = re.findall(r"^@\w+\{([^,\s]+),", (ROOT / "docs" / "references.bib").read_text(), flags=re.MULTILINE)
DOCSTRING = re.compile(r"^\s*Sources?:\s*(.+?)\s*(?:\"\"\")?$", flags=re.MULTILINE)
KEY = re.compile(r"\b[a-z]+(?:_[a-z]+)*(?:19|20)\d\d[a-z]?\b")


def test_keys_are_unique() -> None:
    assert len(KEYS) == len(set(KEYS))


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_cited_keys_exist(path: Path) -> None:
    text = path.read_text()
    cited = {key for line in DOCSTRING.findall(text) for key in KEY.findall(line)}
    cited |= set(re.findall(r"\"([a-z]+(?:_[a-z]+)*(?:19|20)\d\d[a-z]?)\"", text))
    assert cited <= set(KEYS)


def test_docs_cite_known_keys() -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        cited = set(re.findall(r"\[@([\w]+)\]", page.read_text()))
        assert cited <= set(KEYS), page.name
