"""The page itself: one file that loads nothing, in order for readers by eye and by ear."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

import alsight
from alsight.cohort.example import example_cohort
from alsight.report.texts import REFERENCES
from report.conftest import Made
from report.test_report_assess import few

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Reader(HTMLParser):
    """Collects what the tests ask about, and complains about tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def read(made: Made) -> Reader:
    return Reader(made.html)


def test_nothing_is_loaded_and_nothing_runs(read: Reader) -> None:
    tags = {tag for tag, _ in read.tags}
    assert not tags & {"script", "iframe", "img", "object", "embed", "form", "video", "audio", "base"}
    places = [
        value or "" for _, attributes in read.tags for name, value in attributes.items() if name in ("href", "src")
    ]
    assert all(place.startswith(("#", "data:")) for place in places)
    assert not [name for _, attributes in read.tags for name in attributes if name.startswith("on")]


def test_style_loads_nothing(made: Made) -> None:
    assert "url(" not in made.html
    assert "@import" not in made.html
    assert "default-src 'none'" in made.html


def test_headings_are_in_order(read: Reader) -> None:
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_ids_are_unique_and_every_link_has_its_place(read: Reader) -> None:
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for tag, attributes in read.tags if tag == "a"}
    assert {link for link in links if link} <= {f"#{name}" for name in ids}
    labels = {attributes["aria-labelledby"] for _, attributes in read.tags if "aria-labelledby" in attributes}
    assert labels <= set(ids)


def test_every_drawing_says_what_it_shows(read: Reader) -> None:
    drawings = [attributes for tag, attributes in read.tags if tag == "svg" and "style" in attributes]
    assert len(drawings) > 20
    assert all(attributes.get("role") == "img" and attributes.get("aria-label") for attributes in drawings)


def test_tables_have_heads_and_names(read: Reader) -> None:
    assert all(attributes.get("aria-label") for tag, attributes in read.tags if tag == "table")
    assert all(attributes.get("scope") in ("col", "row", "rowgroup") for tag, attributes in read.tags if tag == "th")


def test_language_and_width_are_declared(made: Made) -> None:
    assert '<html lang="en">' in made.html
    assert 'name="viewport" content="width=device-width' in made.html


def test_what_it_is_not_is_said_once(made: Made) -> None:
    assert made.html.count("It is a statement of probability about a record.") == 1
    assert made.html.count("advice to a patient") == 1


def test_every_section_is_there(made: Made) -> None:
    anchors = (
        "answer",
        "statement",
        "everyone",
        "re-evaluate",
        "about",
        "people",
        "verdicts",
        "who",
        "courses",
        "episodes",
        "stages",
        "survival",
        "variation",
        "asked",
        "reading",
        "methods",
    )
    assert re.findall(r'<section id="([^"]+)"', made.html) == list(anchors)


def test_text_of_a_file_stays_text(tmp_path: Path) -> None:
    evil = '<img src=x onerror="alert(1)">'
    cohort = few(example_cohort(), 25)
    named = {name: frame.with_columns(pl.col("subject") + evil) for name, frame in cohort.frames().items()}
    alsight.assess(replace(cohort, **named), out=tmp_path, identified=True, pages=3)
    text = (tmp_path / "report.html").read_text()
    assert "<img" not in text
    assert "&lt;img" in text
    Reader(text)


def test_references_are_those_of_the_list() -> None:
    listed = (Path(__file__).parents[2] / "docs" / "references.bib").read_text()
    for key, text in REFERENCES.items():
        entry = listed[listed.index("{" + key + ",") :]
        entry = entry[: entry.index("\n}")]
        assert re.search(r"year = \{(\d+)\}", entry).group(1) in text  # type: ignore[union-attr]
        assert re.search(r"volume = \{(\d+)\}", entry).group(1) in text  # type: ignore[union-attr]


def test_size(made: Made) -> None:
    assert (made.folder / "report.html").stat().st_size < 1_500_000
