"""Small counts of people stand nowhere in a report that is to be sent."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

import alsight
from alsight.base.errors import SpecError
from alsight.cohort.example import example_cohort
from alsight.report.page.words import SMALL_CELL
from alsight.report.privacy import salt_of
from report.conftest import Made

COUNTED = {
    "people",
    "people now",
    "observed",
    "of",
    "values",
    "found by both",
    "not by this one",
    "by this one only",
    "at risk",
    "died",
    *(f"stage {stage}" for stage in range(5)),
}
SMALL = {str(size) for size in range(1, SMALL_CELL)}


class Tables(HTMLParser):
    """Collects tables as rows of text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.tables[-1][-1][-1] += data


def counted(text: str) -> list[tuple[str, str]]:
    """Every cell of a column that counts people, with its heading."""
    return [
        (head, cell)
        for table in Tables(text).tables
        for row in table[1:]
        for head, cell in zip(table[0], row, strict=False)
        if head in COUNTED
    ]


def test_no_small_count_in_any_table(made: Made) -> None:
    cells = counted(made.html)
    assert {head for head, _ in cells} == COUNTED
    assert [cell for cell in cells if cell[1] in SMALL] == []
    assert ("people", f"under {SMALL_CELL}") in cells


def test_an_identified_report_prints_them(identified: Made) -> None:
    assert any(cell in SMALL for _, cell in counted(identified.html))


def test_no_small_count_in_words(made: Made) -> None:
    prose = re.findall(r"<p[^>]*>(.*?)</p>", made.html, flags=re.DOTALL)
    assert not [text for text in prose if re.search(r"\b[1-4] of (?:the )?[\d,]+ (?:people|still)", text)]


def test_a_cohort_of_few_prints_no_rate(tmp_path: Path) -> None:
    cohort = example_cohort()
    chosen = pl.col("subject").is_in(cohort.subjects["subject"].head(12).implode())
    small = replace(cohort, **{name: frame.filter(chosen) for name, frame in cohort.frames().items()})
    alsight.assess(small, out=tmp_path, pages=0)
    assert [cell for cell in counted((tmp_path / "report.html").read_text()) if cell[1] in SMALL] == []


def test_the_salt_comes_from_the_visits_and_is_not_the_printed_digest() -> None:
    cohort = example_cohort()
    shorter = replace(cohort, visits=cohort.visits.head(100))
    assert salt_of(cohort) == salt_of(cohort)
    assert salt_of(cohort) != salt_of(shorter)


def test_a_salt_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="readable"):
        salt_of(example_cohort(), str(tmp_path / "none.txt"))
