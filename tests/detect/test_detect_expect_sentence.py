"""What the sentences of `expect` mean, and what is said of those that mean nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alsight.detect.expect.people import RunIn
from alsight.verbs.question.sentence import parsed, run_in_of


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("3 of 10 stable for 12 months", {"found": 3, "of": 10, "outcome": "stable", "months": 12.0}),
        ("3 out of 10 patients were stable over 1 year.", {"found": 3, "of": 10, "outcome": "stable", "months": 12.0}),
        ("25 % of 40 stable at 6 months", {"found": 10, "of": 40, "outcome": "stable", "months": 6.0}),
        ("16 % of 2105 stable at 12 months", {"found": 337, "of": 2105, "outcome": "stable", "months": 12.0}),
        ("33.3 percent of 3 people stable for 6 months", {"found": 1, "of": 3, "outcome": "stable", "months": 6.0}),
        (
            "1 of 50 improved by 4 points for 12 months",
            {"found": 1, "of": 50, "outcome": "improved", "points": 4.0, "months": 12.0},
        ),
        (
            "4 of 20 stable within 1 point for 12 months",
            {"found": 4, "of": 20, "outcome": "stable", "points": 1.0, "months": 12.0},
        ),
        ("8 of 30 responders by msc_ntf_1_25", {"found": 8, "of": 30, "outcome": "msc_ntf_1_25"}),
        ("2 of 12 Vasta_Exact_6", {"found": 2, "of": 12, "outcome": "vasta_exact_6"}),
        (
            "2 of 12 meeting bedlack_floor for 9 months",
            {"found": 2, "of": 12, "outcome": "bedlack_floor", "months": 9.0},
        ),
        ("0 of 5 stable for 6 months", {"found": 0, "of": 5, "outcome": "stable", "months": 6.0}),
    ],
)
def test_understood(sentence: str, parts: dict[str, Any]) -> None:
    assert parsed(sentence) == (parts, [])


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("stable for 12 months", "a count first"),
        ("many of 10 stable for 12 months", "a count first"),
        ("3.5 of 10 stable for 12 months", "a whole number of people"),
        ("3 of 0 stable for 12 months", "at least 1"),
        ("25 % of 41 stable at 6 months", "10 of 41 is 24.4 %"),
        ("3 of 10", "nothing after the count"),
        ("3 of 10 dancing on ice for 12 months", "dancing on ice"),
        ("3 of 10 stable for twelve months", "stable for twelve months"),
        ("3 of 10 stable and happy", "stable and happy"),
        ("-3 of 10 stable for 12 months", "a count first"),
    ],
)
def test_not_understood(sentence: str, said: str) -> None:
    _, faults = parsed(sentence)
    assert faults
    assert said in " ".join(f"{allowed} {supplied}" for _, allowed, supplied in faults)
    assert {path for path, _, _ in faults} == {"sentence"}


@given(text=st.text(max_size=60))
def test_any_text_is_taken_or_refused(text: str) -> None:
    parts, faults = parsed(text)
    assert faults or {"found", "of", "outcome"} <= parts.keys()


@given(found=st.integers(0, 500), of=st.integers(1, 500), months=st.integers(1, 60))
def test_counts_come_back(found: int, of: int, months: int) -> None:
    parts, faults = parsed(f"{found} of {of} stable for {months} months")
    assert (parts["found"], parts["of"], parts["months"], faults) == (found, of, float(months), [])


@given(of=st.integers(1, 300), share=st.data())
def test_a_share_is_that_of_a_whole_number(of: int, share: st.DataObject) -> None:
    found = share.draw(st.integers(0, of))
    parts, faults = parsed(f"{100 * found / of:.2f} % of {of} stable for 6 months")
    assert (parts["found"], faults) == (found, [])


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", None),
        ("stable for 3 months", RunIn(3.0, None, 0.0)),
        ("lost at most 2 in 3 months", RunIn(3.0, None, 2.0)),
        ("lost at least 3 points in 3 months", RunIn(3.0, 3.0, None)),
        ("Lost 1 to 4 in 3 months.", RunIn(3.0, 1.0, 4.0)),
    ],
)
def test_run_ins(text: str, rule: RunIn | None) -> None:
    assert run_in_of(text) == (rule, [])


@pytest.mark.parametrize("text", ["calm", "stable for 0 months", "stable for 25 months", "lost 4 to 1 in 3 months"])
def test_run_ins_that_make_no_sense(text: str) -> None:
    rule, faults = run_in_of(text)
    assert rule is None
    assert [path for path, _, _ in faults] == ["run_in"]
