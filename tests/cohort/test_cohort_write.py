"""Cohort folders: written, read back exactly, checked anew when edited, never written over something else."""

from __future__ import annotations

import json
from dataclasses import replace
from inspect import unwrap
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from alsight.base.errors import DataError, RunError, SpecError
from alsight.base.provenance import Provenance
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.raw import RawTables
from alsight.cohort.read.native import is_cohort, read_cohort
from alsight.cohort.write import folder as writing
from alsight.cohort.write import sheets
from alsight.cohort.write.folder import FORMATS, write_cohort
from alsight.cohort.write.guard import guarded, unguarded
from cohort.people import small_cohort
from cohort.rows import checked, person, rating

RECORD = Provenance(program="alsight 9", verb="check", request={"source": {"path": "x.csv"}}, inputs={"x.csv": "00"})


def same(first: Cohort, second: Cohort) -> bool:
    pairs = [*zip(first.frames().values(), second.frames().values(), strict=True), (first.rejected, second.rejected)]
    return all(one.schema == other.schema and one.equals(other) for one, other in pairs)


@pytest.mark.parametrize("form", FORMATS)
def test_round_trip(tmp_path: Path, form: str) -> None:
    cohort = replace(small_cohort(), provenance=RECORD)
    files = write_cohort(cohort, tmp_path / "new" / "cohort", form)
    assert all(path.is_file() for path in files.values())
    found = read_cohort(tmp_path / "new" / "cohort")
    assert same(cohort, found)
    assert found.provenance == RECORD
    assert is_cohort(files["manifest"])
    assert same(cohort, read_cohort(files["manifest"]))


@pytest.mark.parametrize("form", FORMATS)
def test_empty_cohort_round_trips(tmp_path: Path, form: str) -> None:
    cohort = check(RawTables(frames={}))
    write_cohort(cohort, tmp_path, form)
    assert same(cohort, read_cohort(tmp_path))


@pytest.mark.parametrize("form", FORMATS)
def test_names_that_look_like_numbers_or_formulas_stay_text(tmp_path: Path, form: str) -> None:
    names = ["007", "1e5", "-5", "=1+1", "+x", "@a", "'quoted", "true", "2019-01-01", "NA", 'a"b,c;d', "x\ny", " a "]
    cohort = checked(subjects=[person(name) for name in names], visits=[rating(name) for name in names])
    write_cohort(cohort, tmp_path, form)
    assert same(cohort, read_cohort(tmp_path))


def test_workbook_holds_no_formula(tmp_path: Path) -> None:
    write_cohort(checked(subjects=[person("=HYPERLINK(1)"), person("@x"), person("http://x.y")]), tmp_path, "excel")
    sheet = openpyxl.load_workbook(tmp_path / "cohort.xlsx")["subjects"]
    cells = [sheet.cell(row, 1) for row in (2, 3, 4)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)


def test_csv_text_cannot_run_in_a_spreadsheet(tmp_path: Path) -> None:
    write_cohort(checked(subjects=[person("=HYPERLINK(1)"), person("-5")]), tmp_path, "csv")
    text = (tmp_path / "subjects.csv").read_text()
    assert '"\'=HYPERLINK(1)"' in text
    assert '"-5"' in text


def test_guard_undoes_itself() -> None:
    texts = ["=a", "'=a", "''", "'", "-5", "-5,5", "-x", "'-5", "", None, "a'", "\tx", "+49", "+-"]
    frame = pl.DataFrame({"text": texts, "number": range(len(texts))})
    assert unguarded(guarded(frame)).equals(frame)


def test_every_digit_survives_excel(tmp_path: Path) -> None:
    values = [0.1 + 0.2, 1e-300, 12345.678901234567, 2 / 3]
    measures = [{"subject": "a", "day": day, "measure": "ck_u_l", "value": v} for day, v in enumerate(values)]
    write_cohort(checked(measures=measures), tmp_path, "excel")
    assert read_cohort(tmp_path).measures["value"].to_list() == values


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(SpecError, match="a new or empty folder"):
        write_cohort(small_cohort(), tmp_path)
    with pytest.raises(SpecError, match="not a file"):
        write_cohort(small_cohort(), tmp_path / "thesis.docx")
    with pytest.raises(SpecError, match="one of parquet, csv, excel"):
        unwrap(write_cohort)(small_cohort(), tmp_path / "x", "sas")  # as callers without checked annotations do
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_cohort_is_replaced_whole(tmp_path: Path) -> None:
    write_cohort(small_cohort(), tmp_path, "parquet")
    (tmp_path / "notes.txt").write_text("mine")
    write_cohort(small_cohort(), tmp_path, "excel")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort.json", "cohort.xlsx", "notes.txt"]


def test_interrupted_writing_leaves_the_old_cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cohort(small_cohort(), tmp_path)

    def full(*supplied: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "_write_table", full)
    with pytest.raises(RunError, match="No space left"):
        write_cohort(checked(subjects=[person("z")]), tmp_path)
    assert same(read_cohort(tmp_path), small_cohort())
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_what_excel_cannot_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SpecError, match="32,767"):
        write_cohort(checked(subjects=[person(study="x" * 40_000)]), tmp_path, "excel")
    monkeypatch.setattr(sheets, "ROW_LIMIT", 3)
    with pytest.raises(SpecError, match="rows"):
        write_cohort(small_cohort(), tmp_path, "excel")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_edited_tables_are_checked_anew(tmp_path: Path, form: str) -> None:
    write_cohort(small_cohort(), tmp_path, form)
    path = tmp_path / f"visits.{'csv' if form == 'csv' else 'parquet'}"
    visits = pl.read_csv(path, infer_schema=False) if form == "csv" else pl.read_parquet(path)
    edit = pl.when(pl.col("day").cast(pl.Int32) == 91).then(pl.lit("44").cast(visits["q8_walking"].dtype))
    visits = visits.with_columns(edit.otherwise("q8_walking").alias("q8_walking"))
    visits.write_csv(path) if form == "csv" else visits.write_parquet(path)
    found = read_cohort(tmp_path)
    assert found.visits["q8_walking"].to_list()[1] is None
    reported = found.rejected.filter(pl.col("rule") == "out_of_range")
    assert reported.select("source", "row", "column", "value").rows() == [(path.name, 3, "q8_walking", "44")]
    assert found.visits["alsfrs_r_total"].to_list() == small_cohort().visits["alsfrs_r_total"].to_list()


def test_numbers_typed_badly_into_an_edited_csv_are_told(tmp_path: Path) -> None:
    write_cohort(small_cohort(), tmp_path, "csv")
    path = tmp_path / "measures.csv"
    path.write_text(path.read_text().replace("91.5", '"ninety"'), encoding="utf-8")
    found = read_cohort(tmp_path)
    assert ("not_a_number", 2, "ninety") in found.rejected.select("rule", "row", "value").rows()
    assert found.measures.height == small_cohort().measures.height - 1


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda location: (location / "cohort.json").unlink(), "cannot be read"),
        (lambda location: (location / "cohort.json").write_text("{"), "damaged"),
        (lambda location: (location / "visits.parquet").unlink(), "missing"),
        (lambda location: (location / "visits.parquet").write_bytes(b"PAR1"), "cannot be read"),
        (lambda location: _manifest(location, version=99), "newer"),
        (lambda location: _manifest(location, digests={"../../secret": "00"}), "outside the folder"),
        (
            lambda location: _manifest(location, tables={"brains": {"file": "visits.parquet", "rows": 1}}),
            "unknown table",
        ),
    ],
)
def test_damaged_folders_are_refused(tmp_path: Path, damage, message: str) -> None:
    write_cohort(small_cohort(), tmp_path)
    damage(tmp_path)
    with pytest.raises(DataError, match=message) as error:
        read_cohort(tmp_path)
    assert error.value.faults[0].how_to_fix


def _manifest(location: Path, **changes: object) -> None:
    path = location / "cohort.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
