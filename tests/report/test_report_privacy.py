"""Small counts of people in a report that is to be sent: printed only where these people are listed one by one."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

import alsight
from alsight.base.errors import SpecError
from alsight.cohort.example import example_cohort
from alsight.report.disclosure.nodes import SMALL_CELL
from alsight.report.disclosure.policy import SMALL_REPORT
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


def listed(text: str) -> Counter[str]:
    """Verdicts of the people who are listed one by one: those with a page and those to re-evaluate."""
    rows = [row for table in Tables(text).tables if table[0][:2] == ["person", "verdict"] for row in table[1:]]
    return Counter({row[0].split(". ")[-1]: row[1] for row in rows}.values())


def test_no_small_count_in_any_table_but_of_people_who_are_listed(made: Made) -> None:
    cells = counted(made.html)
    assert {head for head, _ in cells} == COUNTED
    assert ("stage 1", f"fewer than {SMALL_CELL}") in cells
    found = small_cells(made.html)
    known = listed(made.html)
    assert {row[1:] for row in found if row[2] == "people"} == {
        ("Remission-like", "people", "2"),
        ("Lost gain", "people", "1"),
    }
    assert all(of == "verdict" for of, *_ in found)
    assert all(known[name] >= int(cell) for _, name, head, cell in found if head == "people")


def small_cells(text: str) -> list[tuple[str, str, str, str]]:
    """Small counts that are printed: first heading of their table, first cell of their row, heading, number."""
    return [
        (table[0][0], row[0], head, cell)
        for table in Tables(text).tables
        for row in table[1:]
        for head, cell in zip(table[0], row, strict=False)
        if head in COUNTED and cell in SMALL
    ]


def test_an_identified_report_prints_them(identified: Made) -> None:
    assert any(cell in SMALL for _, cell in counted(identified.html))


def test_no_small_count_in_words(made: Made) -> None:
    prose = re.findall(r"<p[^>]*>(.*?)</p>", made.html, flags=re.DOTALL)
    assert not [text for text in prose if re.search(r"\b[1-4] of (?:the )?[\d,]+ (?:people|still)", text)]


@pytest.mark.parametrize(("size", "anonymous"), [(SMALL_REPORT - 1, False), (SMALL_REPORT, True)])
def test_a_small_report_is_marked_instead_of_filled_with_gaps(tmp_path: Path, size: int, anonymous: bool) -> None:
    cohort = example_cohort()
    chosen = pl.col("subject").is_in(cohort.subjects["subject"].head(size).implode())
    small = replace(cohort, **{name: frame.filter(chosen) for name, frame in cohort.frames().items()})
    alsight.assess(small, out=tmp_path, pages=0)
    text = (tmp_path / "report.html").read_text()
    assert ("Not anonymous. This report is about fewer than 20 people." in text) is not anonymous
    assert ("fewer than 5" in text) is anonymous
    assert ({of for of, *_ in small_cells(text)} <= {"verdict"}) is anonymous


def test_the_salt_comes_from_the_visits_and_is_not_the_printed_digest() -> None:
    cohort = example_cohort()
    shorter = replace(cohort, visits=cohort.visits.head(100))
    assert salt_of(cohort) == salt_of(cohort)
    assert salt_of(cohort) != salt_of(shorter)


def test_a_salt_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="readable"):
        salt_of(example_cohort(), str(tmp_path / "none.txt"))
