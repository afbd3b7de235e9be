"""Companion tables beside the visits, in a folder, a zip or a workbook: people, measurements, events, treatments."""

from __future__ import annotations

import zipfile
from datetime import date, time, timedelta

import openpyxl
import polars as pl
import pytest

from alsight.base.errors import DataError
from read.reading import days, read_path, reported, written

TABLES = {
    "visits": "id,visit date,alsfrs_r\na,2020-01-01,44\na,2020-04-01,42\nb,2020-02-01,40\n",
    "people": "Patient ID,Sex,Site of onset,Date of onset,Date of birth,Height (cm)\n"
    "a,F,arm,2019-01-01,1960-01-01,165\nb,male,bulbar,2019-06-01,1950-01-01,180\n",
    "vital status": "ID,Vital status,Date of death,Last contact date\n"
    "a,dead,2021-01-01,2021-01-01\nb,alive,,2022-01-01\n",
    "lung": "id,date,FVC % predicted,SNIP\na,2020-01-01,95,70\na,2020-04-01,90,\nb,2020-02-01,80,55\n",
    "biomarkers": "id,date,test,result,unit,sample type\n"
    "a,2020-01-01,NfL,60,pg/ml,serum\nb,2020-02-01,NfL,0.1,ng/ml,plasma\n",
    "events": "id,event,date\na,PEG,2020-06-01\nb,NIV,2020-03-01\nb,pneumonia,2020-03-15\n",
    "drugs": "id,drug,start date,stop date,dose,dose unit\n"
    "a,Riluzole,2019-12-01,,50,mg\nb,Edaravone,2020-02-01,2020-08-01,60,mg\n",
}


def _checked(cohort) -> None:
    assert cohort.size == 2
    assert days(cohort, "a") == [0, 91]
    person = cohort.subjects.row(0, named=True)
    assert (person["sex"], person["onset_site"], person["onset_day"]) == ("female", "upper_limb", -365)
    assert person["age_at_entry_years"] == pytest.approx(60.0, abs=0.01)
    assert (person["height_cm"], person["last_seen_day"]) == (165, 366)
    assert cohort.subjects["entry_date"].to_list() == [date(2020, 1, 1), date(2020, 2, 1)]
    events = cohort.events.select("subject", "day", "event").rows()
    assert set(events) == {
        ("a", 152, "gastrostomy"),
        ("a", 366, "death"),
        ("b", 29, "niv_start"),
        ("b", 43, "infection"),
    }
    values = cohort.measures.select("subject", "day", "measure", "value").rows()
    assert set(values) == {
        ("a", 0, "fvc_pct", 95.0),
        ("a", 91, "fvc_pct", 90.0),
        ("b", 0, "fvc_pct", 80.0),
        ("a", 0, "snip_cmh2o", 70.0),
        ("b", 0, "snip_cmh2o", 55.0),
        ("a", 0, "nfl_pg_ml", 60.0),
        ("b", 0, "nfl_pg_ml", 100.0),
    }
    assert set(cohort.measures["method"].drop_nulls()) == {"serum", "plasma"}
    assert cohort.doses.select("subject", "day", "end_day", "treatment", "dose").rows() == [
        ("a", -31, None, "riluzole", 50.0),
        ("b", 0, 182, "edaravone", 60.0),
    ]
    assert cohort.rejected.filter(pl.col("severity") == "rejected").is_empty()


def test_folder(tmp_path) -> None:
    for name, text in TABLES.items():
        written(tmp_path, text, f"{name}.csv")
    written(tmp_path, "read me", "notes.md")
    _checked(read_path(tmp_path)[0])


def test_zip(tmp_path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as package:
        for name, text in TABLES.items():
            package.writestr(f"export/{name}.csv", text)
    _checked(read_path(path)[0])


def test_files_of_one_name_in_a_zip_are_told_apart(tmp_path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("north/visits.csv", "id,day,alsfrs_r\na,0,44\n")
        package.writestr("south/visits.csv", "Patient,Monat,ALSFRS-R Gesamt\nb,3,40\n")
    cohort, mapping = read_path(path)
    assert [table.file for table in mapping.tables] == ["north/visits.csv", "south/visits.csv"]
    assert cohort.visits.select("subject", "day").rows() == [("a", 0), ("b", 91)]


def test_workbook(tmp_path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, text in TABLES.items():
        sheet = book.create_sheet(name)
        for line in text.splitlines():
            sheet.append([_cell(cell) for cell in line.split(",")])
    book.save(tmp_path / "clinic.xlsx")
    _checked(read_path(tmp_path / "clinic.xlsx")[0])


def _cell(text: str):
    for kind in (int, float, date.fromisoformat):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None


def test_parquet_files(tmp_path) -> None:
    for name, text in TABLES.items():
        pl.read_csv(text.encode(), try_parse_dates=True).write_parquet(tmp_path / f"{name}.parquet")
    _checked(read_path(tmp_path)[0])


def test_the_same_cohort_whatever_the_container(tmp_path) -> None:
    whole = "\n".join(
        ["id,visit date,alsfrs_r,FVC (%)", "a,2020-01-01,44,95", "a,2020-04-01,42,90", "b,2020-02-01,40,80"]
    )
    comma, _ = read_path(written(tmp_path, whole))
    semicolon, _ = read_path(written(tmp_path, whole.replace(",", ";"), "b.csv"))
    pl.read_csv(whole.encode(), try_parse_dates=True).write_parquet(tmp_path / "c.parquet")
    packed, _ = read_path(tmp_path / "c.parquet")
    pl.read_csv(whole.encode(), try_parse_dates=True).write_excel(tmp_path / "d.xlsx")
    book, _ = read_path(tmp_path / "d.xlsx")
    for other in (semicolon, packed, book):
        for name, frame in comma.frames().items():
            assert frame.equals(other.frames()[name]), name


def test_pandas_index_columns(tmp_path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"day": [0, 91, 0], "alsfrs_r": [44, 43, 40]}, index=pandas.Index(["a", "a", "b"], name="subject")
    )
    frame.to_parquet(tmp_path / "named.parquet")
    assert days(read_path(tmp_path / "named.parquet")[0], "a") == [0, 91]
    plain = frame.reset_index()
    plain.index = [5, 6, 7]
    plain.to_parquet(tmp_path / "unnamed.parquet")
    cohort, mapping = read_path(tmp_path / "unnamed.parquet")
    assert days(cohort, "a") == [0, 91]
    assert mapping.tables[0].maps()["__index_level_0__"].means == "ignored"
    plain.to_csv(tmp_path / "indexed.csv")
    assert days(read_path(tmp_path / "indexed.csv")[0], "a") == [0, 91]


def test_rare_types_of_parquet(tmp_path) -> None:
    frame = pl.DataFrame(
        {
            "id": pl.Series(["a", "a"], dtype=pl.Categorical),
            "day": pl.Series(["0", "91"]).cast(pl.Decimal(10, 2)),
            "alsfrs_r": pl.Series([44, 43], dtype=pl.UInt64),
            "note": [[1], [2]],
            "scan": [b"\xff", b"\x00"],
            "clock": [time(8), time(9)],
            "wait": [timedelta(days=1), timedelta(days=2)],
            "nothing": [None, None],
        }
    )
    frame.write_parquet(tmp_path / "a.parquet")
    cohort, _ = read_path(tmp_path / "a.parquet")
    assert cohort.visits.select("day", "alsfrs_r_total").rows() == [(0, 44.0), (91, 43.0)]
    assert set(reported(cohort, "nested_column")["column"]) == {"note", "scan"}


def test_a_damaged_companion_is_told_and_the_rest_read(tmp_path) -> None:
    written(tmp_path, TABLES["visits"])
    written(tmp_path, b"PK\x03\x04 this is no zip", "lung.xlsx")
    cohort, _ = read_path(tmp_path)
    assert cohort.size == 2
    assert reported(cohort, "unreadable_zip")["source"].item() == "lung.xlsx"


def test_a_stranger_among_the_companions_is_told(tmp_path) -> None:
    written(tmp_path, TABLES["visits"])
    written(tmp_path, "id,date,FVC (%)\nzz,2020-01-01,95\n", "lung.csv")
    cohort, _ = read_path(tmp_path)
    assert cohort.size == 3
    assert cohort.subjects.filter(pl.col("subject") == "zz")["entry"].item() == "first_visit"


@pytest.mark.parametrize("kind", ["missing", "empty folder", "no tables"])
def test_nothing_there(tmp_path, kind) -> None:
    path = tmp_path / "nowhere" if kind == "missing" else tmp_path
    if kind == "no tables":
        written(tmp_path, "x", "a.docx")
    with pytest.raises(DataError):
        read_path(path)
