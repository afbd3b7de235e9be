"""Files into frames: lines are told as a text editor counts them, whatever the file does to its rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsight.cohort.proact.files import LINE, Unreadable, as_utf8, find_files, separator, text_frame


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (b"a,b\n1,2\n3,4\n", [2, 3]),
        (b"a,b\n1,2\n\n3,4\n", [2, 4]),
        (b"\n\na,b\n1,2\n", [4]),
        (b'a,b\n"x\ny",2\n3,4\n', [2, 4]),
        (b"a,b\r\n1,2\r\n3,4\r\n", [2, 3]),
        (b"a,b\r1,2\r3,4\r", [2, 3]),
        (b"a,b\n1\n2,3,4\n", [2, 3]),
        (b'a|b\n"1|2\n3|"4\n', [2, 3]),
    ],
    ids=["plain", "blank line", "blank head", "broken cell", "windows", "old mac", "ragged", "bars"],
)
def test_lines(raw: bytes, lines: list[int]) -> None:
    frame, _ = text_frame(raw, "x.csv")
    assert frame[LINE].to_list() == lines


@pytest.mark.parametrize("raw", [b"", b"\n", b"  \n\n", b"\x00"])
def test_nothing_in_a_file(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        text_frame(raw, "x.csv")


@pytest.mark.parametrize(("line", "mark"), [("a,b,c", ","), ("a;b;c", ";"), ("a\tb", "\t"), ("a|b|c", "|"), ("a", ",")])
def test_separator(line: str, mark: str) -> None:
    assert separator(line) == mark


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200))
def test_any_bytes_become_utf8(raw: bytes) -> None:
    text, _ = as_utf8(raw, "x.csv")
    text.decode()
    assert b"\0" not in text


def test_hidden_and_deep_files_are_left_out(tmp_path: Path) -> None:
    for name in (".hidden.csv", "~$open.xlsx", "one/two/three.csv", "1/2/3/4/5/far.csv", "__MACOSX/x.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a\n")
    assert [file.name for file in find_files(tmp_path)] == ["one/two/three.csv"]
