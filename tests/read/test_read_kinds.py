"""Kinds of clinic files beside the collected cases: each is read right, or asked about with its cause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from alsight.base.errors import MappingError
from alsight.cohort.plausible.gate import findings
from alsight.cohort.read.source import Source, read
from read.reading import days, read_text, reported, rules


def book(
    folder: Path, *sheets: tuple[str, list[list[Any]]], merged: tuple[tuple[int, int, int, int], ...] = ()
) -> Path:
    index = folder / "clinic.xlsx"
    with xlsxwriter.Workbook(index) as workbook:
        for name, lines in sheets:
            sheet = workbook.add_worksheet(name)
            for row, line in enumerate(lines):
                sheet.write_row(row, 0, line)
            for top, left, bottom, right in merged:
                sheet.merge_range(top, left, bottom, right, lines[top][left])
    return index


VISITS = [["2020-01-01", 44], ["2020-04-01", 43], ["2020-07-01", 41]]


def test_merged_identifiers_hold_for_their_rows(tmp_path: Path) -> None:
    rows = [["P1", *VISITS[0]], ["", *VISITS[1]], ["", *VISITS[2]], ["P2", *VISITS[0]], ["", *VISITS[1]]]
    path = book(tmp_path, ("S", [["Patient", "Date", "ALSFRS-R"], *rows]), merged=((1, 0, 3, 0), (4, 0, 5, 0)))
    cohort = read(Source(path=str(path)))
    assert days(cohort, "P1") == [0, 91, 182]
    assert days(cohort, "P2") == [0, 91]
    assert "merged_cells" in rules(cohort, "note")


def test_one_sheet_a_patient(tmp_path: Path) -> None:
    path = book(tmp_path, *((name, [["Datum", "ALSFRS-R"], *VISITS]) for name in ("A-1", "A-2")))
    cohort = read(Source(path=str(path)))
    assert cohort.subjects["subject"].to_list() == ["A-1", "A-2"]
    assert {finding.name for finding in findings(cohort)} == {"people_named_by_file"}


def test_sheets_that_may_be_years_of_one_person_are_asked_about(tmp_path: Path) -> None:
    path = book(tmp_path, *((name, [["Datum", "ALSFRS-R"], *VISITS]) for name in ("2019", "2020")))
    with pytest.raises(MappingError, match="person's identifier"):
        read(Source(path=str(path)))


def test_two_lines_of_headings(tmp_path: Path) -> None:
    rows = "a,2020-01-01,44,2020-04-01,42\nb,2020-01-03,40,2020-04-05,39\n"
    cohort, _ = read_text(tmp_path, f",Baseline,,Month 3,\nid,Date,ALSFRS-R,Date,ALSFRS-R\n{rows}")
    assert days(cohort, "a") == [0, 91]
    assert cohort.visits["alsfrs_r_total"].to_list() == [44, 42, 40, 39]


def test_second_line_of_headings_below_labels(tmp_path: Path) -> None:
    text = "Patient,Baseline,Month 3\nid,ALSFRS-R,ALSFRS-R\na,44,43\nb,40,39\n"
    cohort, _ = read_text(tmp_path, text)
    assert cohort.visits["alsfrs_r_total"].to_list() == [44, 43, 40, 39]


def test_a_row_of_words_is_no_second_line_of_headings(tmp_path: Path) -> None:
    cohort, _ = read_text(tmp_path, "id,date,alsfrs_r,niv,gastrostomy\na,2020-01-01,44,no,no\na,2020-04-01,43,yes,no\n")
    assert cohort.visits.height == 2


def test_scores_out_of_the_most(tmp_path: Path) -> None:
    cohort, _ = read_text(tmp_path, "id,date,ALSFRS\na,2020-01-01,44/48\na,2020-04-01,38 / 48\n")
    assert cohort.visits["alsfrs_r_total"].to_list() == [44, 38]


@pytest.mark.parametrize(
    "labels", [("Baseline", "Month 3"), ("baseline", "3 months"), ("baseline_arm_1", "month_3_arm_1")]
)
def test_labels_of_visits_that_name_their_time(tmp_path: Path, labels: tuple[str, str]) -> None:
    cohort, _ = read_text(tmp_path, f"id,visit,ALSFRS-R\na,{labels[0]},44\na,{labels[1]},42\n")
    assert days(cohort, "a") == [0, 91]


def test_numbered_visits_ask_for_their_schedule(tmp_path: Path) -> None:
    text = "id,visit,ALSFRS-R\na,V1,44\na,V2,42\n"
    with pytest.raises(MappingError, match="nothing states when they took place"):
        read_text(tmp_path, text)
    schedule = tmp_path / "schedule.toml"
    columns = 'visit = { means = "time", unit = "month", values = { V1 = "0", V2 = "3" } }'
    schedule.write_text(f"[[tables]]\n[tables.columns]\n{columns}\n")
    cohort, _ = read_text(tmp_path, text, mapping=str(schedule))
    assert days(cohort, "a") == [0, 91]


def test_onset_dates_that_cannot_be_placed_are_listed(tmp_path: Path) -> None:
    text = "id,onset_date,alsfrs_r_month0,alsfrs_r_month3\na,2019-01-01,44,42\nb,2018-05-02,40,39\n"
    cohort, _ = read_text(tmp_path, text)
    assert reported(cohort, "moment_without_day")["value"].to_list() == ["2019-01-01", "2018-05-02"]
    assert "dates_not_placed" in {finding.name for finding in findings(cohort)}


@pytest.mark.parametrize("heading", ["MRN", "Hospital No", "Case number", "beiwe_id"])
def test_headings_of_identifiers(tmp_path: Path, heading: str) -> None:
    cohort, _ = read_text(tmp_path, f"{heading},Date,ALSFRS-R\n7,2020-01-01,44\n7,2020-04-01,43\n8,2020-01-01,40\n")
    assert cohort.subjects["subject"].to_list() == ["7", "8"]


def test_time_zones_keep_the_local_day(tmp_path: Path) -> None:
    text = "id,date,ALSFRS-R\na,2020-01-01T23:30:00-05:00,44\na,2020-04-01T00:30:00+02:00,43\n"
    cohort, _ = read_text(tmp_path, text)
    assert days(cohort, "a") == [0, 91]


def test_status_with_the_day_of_last_contact(tmp_path: Path) -> None:
    text = "id,date,ALSFRS-R,status,last contact\na,2020-01-01,44,dead,2021-02-03\nb,2020-01-01,44,alive,2021-02-03\n"
    cohort, _ = read_text(tmp_path, text)
    assert cohort.events.select("subject", "day", "event", "detail").rows() == [
        ("a", 399, "death", "on the day of last contact")
    ]


def test_status_codes_are_no_deaths(tmp_path: Path) -> None:
    cohort, mapping = read_text(tmp_path, "id,date,ALSFRS-R,status\na,2020-01-01,44,1\nb,2020-01-01,44,0\n")
    assert mapping.tables[0].maps()["status"].means == "ignored"
    assert cohort.events.is_empty()


def test_identifiers_of_one_table_that_differ_by_zeros_stay_apart(tmp_path: Path) -> None:
    cohort, _ = read_text(tmp_path, "id,date,ALSFRS-R\n1,2020-01-01,44\n001,2020-01-01,40\n")
    assert cohort.size == 2
    assert "identifiers_alike" in {finding.name for finding in findings(cohort)}


@pytest.mark.parametrize("empty", [True, False])
def test_an_item_that_is_never_filled_stops_at_the_gate(tmp_path: Path, empty: bool) -> None:
    items = [f"q{number}" for number in range(1, 13 if empty else 12)]
    cells = ",".join(["3"] * 11) + ("," if empty else "")
    lines = [f"p{person},2020-0{month}-01,{cells}" for person in range(6) for month in (1, 4)]
    cohort, _ = read_text(tmp_path, f"id,date,{','.join(items)}\n" + "\n".join(lines) + "\n")
    grave = {finding.name: finding.found for finding in findings(cohort) if finding.grave}
    assert "11 of 12 items were found" in grave["items_not_found"]


def test_groups_taken_for_people_stop_at_the_gate(tmp_path: Path) -> None:
    lines = [f"Patient,2020-01-{day:02d},{40 - line % 9}" for line in range(40) for day in (1, 2, 3)]
    cohort, _ = read_text(tmp_path, "case,date,ALSFRS-R\n" + "\n".join(lines) + "\n")
    assert "groups_as_people" in {finding.name for finding in findings(cohort) if finding.grave}


def test_rows_are_excluded_as_the_mapping_says(tmp_path: Path) -> None:
    mapping = tmp_path / "columns.toml"
    mapping.write_text('[[tables]]\n[tables.columns]\ncohort = { means = "population", exclude = ["B"] }\n')
    text = "id,date,ALSFRS-R,cohort\na,2020-01-01,44,A\nb,2020-01-01,48,B\n"
    cohort, _ = read_text(tmp_path, text, mapping=str(mapping))
    assert cohort.subjects["subject"].to_list() == ["a"]
    assert reported(cohort, "excluded_row")["value"].to_list() == ["B"]


def test_control_arm_of_a_trial_is_no_control(tmp_path: Path) -> None:
    cohort, _ = read_text(tmp_path, "id,date,ALSFRS-R,group\na,2020-01-01,44,control\nb,2020-01-01,48,treatment\n")
    assert cohort.size == 2
    assert cohort.subjects["arm"].null_count() == 0


def test_a_death_of_a_year_lies_after_the_last_visit_of_that_year(tmp_path: Path) -> None:
    cohort, _ = read_text(tmp_path, "id,date,ALSFRS-R,death_date\na,2020-01-01,44,2020\na,2020-11-01,30,2020\n")
    assert cohort.visits.height == 2
    assert cohort.events.select(pl.col("day").is_between(305, 365)).to_series().to_list() == [True]
