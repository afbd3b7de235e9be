"""Each claim has a script, and each script a committed result; timings and claims stand apart."""

from __future__ import annotations

import re

from house.house import ROOT

README = ROOT / "validation" / "README.md"
ROW = re.compile(r"^\| `python -m (validation[\w.]+)` \| .+? \| (.+) \|$", flags=re.MULTILINE)


def test_every_script_is_listed_with_its_result() -> None:
    rows = dict(ROW.findall(README.read_text()))
    scripts = {f"validation.{path.stem}" for path in README.parent.glob("*.py")} - {"validation.__init__"}
    assert set(rows) == scripts | {"validation.verdicts.campaign"}
    for results in rows.values():
        links = re.findall(r"\]\(([^)]+)\)", results)
        assert links
        assert all((README.parent / link).is_file() for link in links)


def test_results_name_the_script_that_made_them() -> None:
    for script, results in ROW.findall(README.read_text()):
        pages = [README.parent / link for link in re.findall(r"\]\(([^)]+\.md)\)", results)]
        text = "".join(page.read_text() for page in pages)
        assert script in text or "alsight.make targets" in text


def test_benchmarks_are_no_part_of_the_tests() -> None:
    imports = re.compile(r"^\s*(?:from|import) benchmarks\b", flags=re.MULTILINE)
    assert not [path for path in (ROOT / "tests").rglob("*.py") if imports.search(path.read_text())]
