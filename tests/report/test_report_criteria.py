"""Thresholds are typed once: every text of the report follows them."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

import alsight
from alsight.cohort.example import example_cohort
from alsight.detect.cohort_fit import FitSource
from alsight.detect.decide import PEOPLE, NextStep, Reason
from alsight.detect.kinds import VERDICTS, Verdict
from alsight.detect.thresholds import Thresholds
from alsight.detect.verdicts import Note, NoteCode
from alsight.report.verdicts.criteria import CRITERIA, in_words, meaning, note_words, thresholds_table
from alsight.report.verdicts.reasons import SENTENCES, STEPS, cause_words, explanation, next_step, with_sentences
from report.assessed import assessed
from report.test_report_assess import few

UNUSUAL = Thresholds(
    confirmed=0.937,
    probable=0.8123,
    possible=0.5317,
    loss_points=1.31,
    none=1.37,
    gain=4.91,
    hold=7.3,
    remission=13.7,
    documented=2.71,
    given_back=0.517,
    flat=1.19,
    flat_months=14.7,
    prolonged=0.0171,
    floor=5.17,
    ceiling=44.9,
    tolerance_days=11.3,
    mimic=0.1919,
    visits=41,
    months=9.7,
)
OTHER = Thresholds(
    confirmed=0.961,
    probable=0.8467,
    possible=0.5719,
    loss_points=1.43,
    none=1.49,
    gain=5.03,
    hold=7.9,
    remission=15.1,
    documented=2.89,
    given_back=0.563,
    flat=1.61,
    flat_months=16.3,
    prolonged=0.0193,
    floor=5.71,
    ceiling=43.7,
    tolerance_days=13.9,
    mimic=0.2323,
    visits=97,
    months=10.3,
)
FIELDS = [field.name for field in msgspec.structs.fields(Thresholds)]


def text_of(value: Any) -> str:
    """All text within blocks, tables and parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, (tuple, list)):
        return "\n".join(text_of(one) for one in value)
    if is_dataclass(value):
        return "\n".join(text_of(getattr(value, field.name)) for field in fields(value))
    return ""


@pytest.fixture(scope="module")
def dealt() -> dict[str, Any]:
    """The first person of every verdict, with a row of every next step."""
    found = assessed(example_cohort())
    rows = found.people.unique("verdict", keep="first", maintain_order=True)
    return {"rows": list(rows.iter_rows(named=True)), "causes": cause_words(found.causes)}


def texts(thresholds: Thresholds, dealt: dict[str, Any]) -> str:
    """Everything that the report says of thresholds: criteria, meanings, reasons, next steps, notes."""
    said = [text_of(thresholds_table(thresholds)), *(meaning(verdict, thresholds) for verdict in VERDICTS)]
    for row in dealt["rows"]:
        said += explanation(row, thresholds, dealt["causes"].get(row["subject"]))
        said += [next_step({**row, "next_step_code": step.value}, thresholds) for step in NextStep]
    said += [note_words(Note(code, FitSource.POOLED, 0.123)) for code in NoteCode]
    return "\n".join(said).replace("\u00a0", " ")


def shown(name: str, thresholds: Thresholds) -> str:
    """The value of a threshold as it is written, whatever its unit."""
    value = getattr(thresholds, name)
    return f"{100 * value:.6g} %" if CRITERIA[name][1] == "share" else f"{value:.6g}"


def stands_in(value: str, text: str) -> bool:
    return re.search(rf"(?<![\d.]){re.escape(value)}(?!\d|\.\d)", text) is not None


@pytest.mark.parametrize("name", FIELDS)
def test_a_changed_threshold_is_changed_everywhere(name: str, dealt: dict[str, Any]) -> None:
    changed = msgspec.structs.replace(UNUSUAL, **{name: getattr(OTHER, name)})
    text = texts(changed, dealt)
    assert stands_in(shown(name, changed), text)
    assert not stands_in(shown(name, UNUSUAL), text)
    assert stands_in(shown(name, UNUSUAL), texts(UNUSUAL, dealt))


def test_no_default_is_left_where_all_are_changed(dealt: dict[str, Any]) -> None:
    said = texts(UNUSUAL, {**dealt, "causes": {}}).splitlines()
    text = "\n".join(line for line in said if " visits in " not in line)  # how many visits there are is no threshold
    default = in_words(Thresholds())
    units = {name: words.replace("\u00a0", " ") for name, words in default.items()}
    left = {name: words for name, words in units.items() if stands_in(words, text)}
    assert not left


def test_the_whole_report_follows_the_thresholds(tmp_path: Path) -> None:
    changed = {name: getattr(UNUSUAL, name) for name in FIELDS}
    alsight.assess(few(example_cohort(), 60), out=tmp_path, pages=3, thresholds=changed)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    text = unescape(re.sub(r"<[^>]+>", "\n", html)).replace("\u00a0", " ")
    for name in FIELDS:
        assert stands_in(shown(name, UNUSUAL), text), name
    for verdict in VERDICTS:
        said = meaning(verdict, Thresholds()).replace("\u00a0", " ")
        assert said not in text or said == meaning(verdict, UNUSUAL).replace("\u00a0", " ")
    for words, _ in ((CRITERIA[name][0], None) for name in FIELDS):
        assert words[1:] in text


def test_every_code_has_a_sentence(dealt: dict[str, Any]) -> None:
    assert set(SENTENCES) == set(Reason)
    assert set(STEPS) == set(NextStep)
    assert {row["verdict"] for row in dealt["rows"]} == set(Verdict)
    codes = {one["code"] for row in dealt["rows"] for one in row["reasons"]}
    assert codes == set(Reason)


def test_sentences_are_whole(dealt: dict[str, Any]) -> None:
    text = texts(Thresholds(), dealt)
    assert "{" not in text
    assert "None" not in text
    assert "nan" not in text.lower().split()
    for line in text.splitlines():
        assert "  " not in line
        assert " 1 points" not in line
        assert " 1 months" not in line


def test_sentences_in_words() -> None:
    reasons = [
        {"code": "record", "visits": 1, "months": 0.0},
        {"code": "possible_gain", "probability": 0.4278},
    ]
    row = {"verdict": "insufficient data", "reasons": reasons, "visits": 1, "next_step_code": "fewest_visits"}
    assert explanation(row, Thresholds()) == (
        "1 visit in 0.0 months.",
        "The posterior probability of a gain held for 6 months is 43\u00a0%.",
    )
    assert next_step(row, Thresholds()) == "2 more visits, 3 months apart."
    assert next_step({**row, "visits": 2}, Thresholds()) == "One more visit, 3 months later."
    assert next_step({**row, "next_step_code": None}, Thresholds()) == ""


def test_the_written_table_has_codes_and_sentences() -> None:
    found = assessed(few(example_cohort(), 30))
    written = with_sentences(found.people, found.causes, found.thresholds)
    assert written.columns == [*PEOPLE, "explanation", "next_step"]
    assert written["explanation"].null_count() == 0
    progressing = written.filter(pl.col("verdict") == "progressing")
    assert progressing["explanation"].str.starts_with("True loss over 24.6 months: 5.2 points").all()
