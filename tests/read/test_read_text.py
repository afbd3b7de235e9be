"""Delimited text: encodings, delimiters, quoting, lines that do not fit, and the line numbers that faults carry."""

from __future__ import annotations

import gzip
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsight.base.errors import DataError
from alsight.cohort.files.text import text_sheet

PLAIN = "Subject;Größe (cm);Total\nÄ1;170;40\nB2;180;41\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings_give_the_same_table(encoding) -> None:
    sheet = text_sheet(PLAIN.encode(encoding), "a.csv")
    assert sheet.frame.columns == ["Subject", "Größe (cm)", "Total"]
    assert sheet.frame["Subject"].to_list() == ["Ä1", "B2"]


def test_latin1_where_windows_has_no_such_letter() -> None:
    sheet = text_sheet(b"a;b\n\x81x;1\n", "a.csv")
    assert sheet.frame["a"].to_list() == ["\x81x"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter) -> None:
    text = delimiter.join(["id", "x", "y"]) + "\n" + delimiter.join(["a", "1", "2"]) + "\n"
    assert text_sheet(text.encode(), "a.csv").frame.rows() == [("a", "1", "2")]


def test_decimal_commas_do_not_pass_for_a_delimiter() -> None:
    sheet = text_sheet(b"id;x;y\na;1,5;2,5\nb;3,5;4,5\n", "a.csv")
    assert sheet.frame.rows() == [("a", "1,5", "2,5"), ("b", "3,5", "4,5")]


def test_sep_line_of_spreadsheet_programs() -> None:
    sheet = text_sheet(b"sep=;\nid;x\na;1\n", "a.csv")
    assert sheet.heading == 2
    assert sheet.rows.to_list() == [3]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end) -> None:
    sheet = text_sheet(end.join(["id,x", "a,1", "", "b,2", ""]).encode(), "a.csv")
    assert sheet.frame.rows() == [("a", "1"), ("b", "2")]
    assert sheet.rows.to_list() == [2, 4]


def test_quoted_line_ends_keep_the_lines_of_the_file() -> None:
    sheet = text_sheet(b'id,note,x\na,"two\nlines",1\nb,one,2\nc,"3\n\nlines",4\nd,x,5\n', "a.csv")
    assert sheet.rows.to_list() == [2, 4, 5, 8]
    assert sheet.frame["note"].to_list() == ["two\nlines", "one", "3\n\nlines", "x"]


def test_quoted_delimiters() -> None:
    sheet = text_sheet(b'id,x\n"Doe, J.",1\n"say ""hi""",2\n', "a.csv")
    assert sheet.frame["id"].to_list() == ["Doe, J.", 'say "hi"']


def test_titles_above_the_headings_are_passed_over() -> None:
    sheet = text_sheet(b"Clinic of neurology;;\nExport of 2020-01-01;;\n\nID;Date;Total\n1;2020-01-01;40\n", "a.csv")
    assert sheet.heading == 4
    assert sheet.frame.columns == ["ID", "Date", "Total"]
    assert sheet.rows.to_list() == [5]


def test_many_empty_lines_above_the_headings() -> None:
    sheet = text_sheet(b"\n" * 500 + b"ID,Total\na,40\n", "a.csv")
    assert (sheet.heading, sheet.rows.to_list()) == (501, [502])


def test_line_with_too_many_cells_is_rejected() -> None:
    sheet = text_sheet(b"id,x,y\na,1,2\nb,1,5,2\nc,3,4\n", "a.csv")
    assert sheet.frame["id"].to_list() == ["a", "c"]
    assert [(fault.rule, fault.row, fault.severity) for fault in sheet.faults] == [("too_many_cells", 3, "rejected")]


def test_empty_cells_too_many_are_nothing() -> None:
    sheet = text_sheet(b"id,x,y\na,1,2,,\nb,1,5\n", "a.csv")
    assert sheet.frame.height == 2
    assert not sheet.faults


def test_line_with_too_few_cells_is_told() -> None:
    sheet = text_sheet(b"id,x,y\na,1\nb,1,5\n", "a.csv")
    assert sheet.frame.rows() == [("a", "1", None), ("b", "1", "5")]
    assert [(fault.rule, fault.row) for fault in sheet.faults] == [("too_few_cells", 2)]


def test_last_line_cut_off_is_rejected() -> None:
    sheet = text_sheet(b"id,x,y\na,1,2\nb,1", "a.csv")
    assert sheet.frame["id"].to_list() == ["a"]
    assert [(fault.rule, fault.row) for fault in sheet.faults] == [("cut_off_line", 3)]


def test_nul_bytes_are_told() -> None:
    sheet = text_sheet(b"id,x,y\na,1\x00,2\nb,1,3\n", "a.csv")
    assert sheet.frame["x"].to_list() == ["1", "1"]
    assert [(fault.rule, fault.row) for fault in sheet.faults] == [("nul_byte", 2)]


def test_repeated_and_empty_headings() -> None:
    sheet = text_sheet(b"id,x,x,,x\na,1,2,3,4\n", "a.csv")
    assert sheet.frame.columns == ["id", "x", "x (2)", "column 4", "x (3)"]
    assert [fault.rule for fault in sheet.faults] == ["repeated_heading"]


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b"", "empty_file"),
        (b"\n \n\n", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b"just words\nin lines\n", "one_column"),
        (b"1,2,3\n4,5,6\n", "no_headings"),
        (b'id,x\na,"1\nb,2\n', "open_quotation"),
        (bytes(range(256)) * 20, "binary_file"),
        (b"\xff\xfea\x00,\x00b\x00\n\x00\x00\xd8", "bad_encoding"),
    ],
)
def test_files_that_cannot_be_used_are_refused(raw, rule) -> None:
    with pytest.raises(DataError) as refusal:
        text_sheet(raw, "a.csv")
    assert refusal.value.faults[0].rule == rule
    assert refusal.value.faults[0].how_to_fix


def test_open_quotation_names_its_line() -> None:
    with pytest.raises(DataError, match="line 3"):
        text_sheet(b'id,x\na,1\nb,"2\nc,3\n', "a.csv")


CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters='"'), max_size=8)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6), st.sampled_from(",;\t|"))
def test_any_cells_come_back_quoted(rows, delimiter) -> None:
    """A table written with every cell quoted is read cell by cell, whatever stands in the cells."""
    lines = [["key", "one", "two"], *([f"k{index}", *cells] for index, cells in enumerate(rows))]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines) + "\n"
    sheet = text_sheet(text.encode(), "a.csv")
    assert [tuple(cell or "" for cell in row[1:]) for row in sheet.frame.rows()] == rows


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_a_bomb_is_refused(tmp_path, monkeypatch, kind) -> None:
    from alsight.cohort.files import folder

    monkeypatch.setattr(folder, "MAX_UNPACKED", 2_000_000)
    text = b"id,day\n" + b"0" * 3_000_000
    path = tmp_path / f"a.csv.{kind}"
    if kind == "gz":
        path.write_bytes(gzip.compress(text))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr("a.csv", text)
    with pytest.raises(DataError, match="unpacks to more than"):
        folder.sheets(path)


def test_packed_text(tmp_path) -> None:
    from alsight.cohort.files.folder import sheets

    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"id,x\na,1\n"))
    assert sheets(path)[0].frame.rows() == [("a", "1")]
