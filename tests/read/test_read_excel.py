"""Workbooks: titles above the headings, stored types, formulas, charts, and files that would fill the memory."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from alsight.base.errors import DataError
from alsight.cohort.files import excel
from alsight.cohort.files.excel import workbook_sheets
from read.reading import days, read_path

OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def sheet_of(*lines: tuple) -> bytes:
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    return saved(book)


def test_titles_gaps_and_lines() -> None:
    raw = sheet_of(
        ("ALS clinic",), (), ("ID", "Date", "Total"), ("a", date(2020, 1, 1), 44), (), ("b", date(2020, 1, 2), 40)
    )
    sheet = workbook_sheets(raw, "x.xlsx")[0]
    assert sheet.heading == 3
    assert sheet.rows.to_list() == [4, 6]
    assert sheet.frame.columns == ["ID", "Date", "Total"]
    assert sheet.frame["Date"].to_list() == [datetime(2020, 1, 1), datetime(2020, 1, 2)]


def test_a_table_that_does_not_start_in_the_corner() -> None:
    book = openpyxl.Workbook()
    for row, line in enumerate([("ID", "Total"), ("a", 44)], start=5):
        for column, value in enumerate(line, start=3):
            book.active.cell(row, column, value)
    sheet = workbook_sheets(saved(book), "x.xlsx")[0]
    assert (sheet.heading, sheet.rows.to_list()) == (5, [6])
    assert sheet.frame.rows() == [("a", 44.0)]


def test_numbers_keep_every_digit() -> None:
    sheet = workbook_sheets(sheet_of(("ID", "x"), ("a", 1 / 3), ("b", 59.69733854457)), "x.xlsx")[0]
    assert sheet.frame["x"].to_list() == [1 / 3, 59.69733854457]


def test_mixed_cells_are_text() -> None:
    sheet = workbook_sheets(sheet_of(("ID", "x"), ("a", 1), ("b", "not done"), ("c", datetime(2020, 1, 2))), "x.xlsx")[
        0
    ]
    assert sheet.frame["x"].to_list() == ["1", "not done", "2020-01-02 00:00:00"]


def test_formula_without_value_is_told() -> None:
    sheet = workbook_sheets(sheet_of(("ID", "day", "alsfrs_r"), ("a", 0, "=40+4"), ("b", 0, 43)), "x.xlsx")[0]
    assert [(fault.rule, fault.row, fault.column) for fault in sheet.faults] == [("formula_without_value", 2, "C")]
    assert sheet.frame["alsfrs_r"].to_list() == [None, 43.0]


def test_formula_with_a_computed_value_is_its_value() -> None:
    raw = _edited(
        sheet_of(("ID", "day", "alsfrs_r"), ("a", 0, "=40+4")), b"<f>40+4</f><v></v>", b"<f>40+4</f><v>44</v>"
    )
    sheet = workbook_sheets(raw, "x.xlsx")[0]
    assert sheet.frame["alsfrs_r"].to_list() == [44.0]
    assert not sheet.faults


def _edited(raw: bytes, old: bytes, new: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as package, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as other:
        for name in package.namelist():
            text = package.read(name)
            if name.endswith("sheet1.xml"):
                text = text.replace(b"<f>40+4</f><v />", new).replace(b"<f>40+4</f><v/>", new).replace(old, new)
            other.writestr(name, text)
    return stream.getvalue()


def test_charts_and_empty_sheets_are_no_tables() -> None:
    book = openpyxl.Workbook()
    book.active.append(("ID", "day", "alsfrs_r"))
    book.active.append(("a", 0, 44))
    book.create_chartsheet("chart")
    book.create_sheet("empty")
    numbers = book.create_sheet("numbers")
    numbers.append((1, 2, 3))
    sheets = workbook_sheets(saved(book), "x.xlsx")
    assert [sheet.sheet for sheet in sheets] == ["Sheet"]
    assert [fault.rule for fault in sheets[0].faults] == ["no_headings"]


def test_a_stray_cell_in_the_far_corner_is_refused() -> None:
    book = openpyxl.Workbook()
    book.active.append(("ID", "day", "alsfrs_r"))
    book.active.cell(1_048_576, 16_384, 1)
    with pytest.raises(DataError, match="spans 1,048,576 rows and 16,384 columns"):
        workbook_sheets(saved(book), "x.xlsx")


@pytest.mark.parametrize("place", [b'r="ZZZZ1"', b'r="B99999999"'])
def test_a_cell_outside_of_any_worksheet_is_refused(place) -> None:
    raw = sheet_of(("ID", "day"), ("a", 0))
    with pytest.raises(DataError, match="spans"):
        workbook_sheets(_edited(raw, b'r="B1"', place), "x.xlsx")


def test_a_bomb_is_refused_before_it_unpacks(monkeypatch) -> None:
    monkeypatch.setattr(excel, "MAX_UNPACKED", 3_000_000)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("xl/worksheets/sheet1.xml", b" " * 4_000_000)
    with pytest.raises(DataError, match="unpacks to more than"):
        workbook_sheets(stream.getvalue(), "x.xlsx")


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.99])
def test_cut_short(cut) -> None:
    raw = sheet_of(("ID", "day", "alsfrs_r"), ("a", 0, 44))
    with pytest.raises(DataError):
        workbook_sheets(raw[: int(len(raw) * cut)], "x.xlsx")


def test_protected_by_a_password(tmp_path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(OLD + "EncryptedPackage".encode("utf-16-le") * 2)
    with pytest.raises(DataError, match="password"):
        read_path(path)


def test_the_format_of_excel_97_is_refused_with_a_reason(tmp_path) -> None:
    path = tmp_path / "x.xls"
    path.write_bytes(OLD + bytes(600))
    with pytest.raises(DataError, match=r"Save it as .xlsx or CSV"):
        read_path(path)


def test_an_empty_workbook() -> None:
    with pytest.raises(DataError, match="no table"):
        workbook_sheets(saved(openpyxl.Workbook()), "x.xlsx")


def test_one_sheet_of_several_is_asked_for(tmp_path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "2019"
    for line in (("ID", "day", "alsfrs_r"), ("a", 0, 44)):
        book.active.append(line)
    other = book.create_sheet("2020")
    for line in (("ID", "day", "alsfrs_r"), ("a", 365, 30)):
        other.append(line)
    path = tmp_path / "clinic.xlsx"
    book.save(path)
    assert days(read_path(path)[0], "a") == [0, 365]
    assert days(read_path(path, sheet="2020")[0], "a") == [365]


def test_other_workbooks_are_refused_with_a_reason(tmp_path) -> None:
    path = tmp_path / "clinic.ods"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", "<x/>")
    with pytest.raises(DataError, match=r"Save it as \.xlsx"):
        read_path(path)
