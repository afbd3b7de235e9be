"""Spreadsheets as clinics keep them: read right or asked about, never read wrongly without a word.

The files come from the generator of `fixtures/clinics`; `validation/clinic_files.csv` holds the outcome of both whole
sets. Below them, each kind of fault that the first set showed, in its smallest form.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

import alsight
from alsight.base.errors import MappingError
from alsight.cohort.mapping.families import slot_time
from alsight.cohort.mapping.headings import readings
from alsight.cohort.mapping.spec import read_mapping
from alsight.cohort.parse import Place, dates
from alsight.cohort.parse.calendar import partial
from alsight.cohort.read.large import check_large
from alsight.cohort.read.source import Source, read
from fixtures.clinics.files import clinic_files
from fixtures.clinics.habits import LAYOUTS
from fixtures.clinics.judge import reaction
from read.reading import days, meanings, read_path, read_text, reported, rules, written

QUICK = (0, 2, 3, 4, 5, 6, 8, 10, 12, 13, 18, 21, 28, 30, 33, 38, 50)
"""Files of the first set that between them hold every layout, format and most kinds of clutter."""


@pytest.mark.parametrize("number", QUICK)
def test_a_clinic_file_is_read_right(tmp_path: Path, number: int) -> None:
    file = next(file for file in clinic_files(1, number + 1, "first_set") if file.habits.number == number)
    found = reaction(file, file.write(tmp_path))
    assert found.outcome == ("questioned" if number == 12 else "right"), found.detail


def test_the_quick_files_hold_every_layout() -> None:
    held = {file.habits.layout for file in clinic_files(1, 60, "first_set") if file.habits.number in QUICK}
    assert held == set(LAYOUTS)


@pytest.mark.slow
@pytest.mark.parametrize("which", [("first_set", 1), ("second_set", 2)])
def test_whole_sets(tmp_path: Path, which: tuple[str, int]) -> None:
    outcomes = Counter(reaction(file, file.write(tmp_path)).outcome for file in clinic_files(which[1], 60, which[0]))
    assert set(outcomes) <= {"right", "questioned"}
    assert outcomes["right"] >= 50


def test_the_judge_tells_a_wrong_total(tmp_path: Path) -> None:
    file = next(file for file in clinic_files(1, 31, "first_set") if file.habits.number == 30)
    path = file.write(tmp_path)
    text = path.read_bytes()
    total = str(file.people[0].visits[0].total).encode()
    at = text.rindex(total, 0, text.index(b"\n", text.index(total)))
    path.write_bytes(text[:at] + str(int(total) - 9).encode() + text[at + len(total) :])
    assert reaction(file, path).outcome == "wrong"


def test_facts_above_a_table_are_the_persons(tmp_path: Path) -> None:
    block = "Patient:,P7,\nSex:,female,\nDate of onset:,2019-05-12,\n,,\n"
    cohort, _ = read_text(tmp_path, f"{block}Date,ALSFRS-R,FVC (%)\n2020-01-01,44,90\n2020-04-01,42,85\n")
    person = cohort.subjects.row(0, named=True)
    assert (person["subject"], person["sex"], person["onset_day"]) == ("P7", "female", -234)
    assert cohort.visits["alsfrs_r_total"].to_list() == [44, 42]


def test_a_title_is_no_fact(tmp_path: Path) -> None:
    text = "Export of the ALS clinic\nid,Date,ALSFRS-R\na,2020-01-01,44\nb,2020-04-01,42\n"
    assert read_text(tmp_path, text)[0].size == 2


def test_sums_below_a_table_are_no_person(tmp_path: Path) -> None:
    rows = "".join(f"P{n},2020-01-0{n},4{n}\n" for n in range(1, 6))
    cohort, _ = read_text(tmp_path, f"id,date,ALSFRS-R\n{rows}n = 5,,\nMean,,43\n")
    assert cohort.size == 5
    assert reported(cohort, "summary_row")["row"].to_list() == [7, 8]


def test_a_person_may_be_called_like_a_sum(tmp_path: Path) -> None:
    cohort, _ = read_text(tmp_path, "id,date,ALSFRS-R\nMax,2020-01-01,44\nMax,2020-04-01,43\nEva,2020-01-01,40\n")
    assert set(cohort.subjects["subject"]) == {"Max", "Eva"}


def test_people_whom_one_table_excludes_leave_all_tables(tmp_path: Path) -> None:
    people = "id,Diagnóstico,sexo\n" + "".join(
        f"P{n},{'Neuropatía motora multifocal' if n == 3 else 'ELA'},mujer\n" for n in range(1, 6)
    )
    visits = "id,date,ALSFRS-R\n" + "".join(f"P{n},2020-0{m}-01,{48 - m}\n" for n in range(1, 6) for m in (1, 4))
    written(tmp_path, people, "people.csv")
    written(tmp_path, visits, "visits.csv")
    cohort = read(Source(path=str(tmp_path)))
    assert set(cohort.subjects["subject"]) == {"P1", "P2", "P4", "P5"}
    assert {"excluded_row", "excluded_people"} <= rules(cohort)


def test_a_mapping_excludes_rows_by_a_value(tmp_path: Path) -> None:
    path = written(tmp_path, "id,kind,date,ALSFRS-R\na,x,2020-01-01,44\nb,y,2020-01-01,43\nb,y,2020-04-01,41\n")
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        '[[tables]]\nfile = "visits.csv"\n[tables.columns]\nkind = { means = "population", exclude = ["y"] }\n'
    )
    cohort = read(Source(path=str(path), mapping=str(mapping)))
    assert cohort.subjects["subject"].to_list() == ["a"]


@pytest.mark.parametrize("word", ["Momento", "Time point", "Controle", "Follow-up", "Étape"])
def test_visits_side_by_side_under_any_name(tmp_path: Path, word: str) -> None:
    heads = ",".join(f"{word} {n} Date,{word} {n} ALSFRS-R" for n in (1, 2, 3))
    cohort, _ = read_text(tmp_path, f"id,{heads}\na,2020-01-01,44,2020-04-01,42,2020-07-01,40\nb,2020-01-01,30,,,,\n")
    assert days(cohort, "a") == [0, 91, 182]
    assert cohort.visits["alsfrs_r_total"].to_list() == [44, 42, 40, 30]


def test_eight_visits_with_dates_are_no_items(tmp_path: Path) -> None:
    heads = ",".join(f"Visit {n} Visit date,Visit {n} ALSFRS-R total" for n in range(1, 9))
    cells = ",".join(f"2020-0{n}-01,{48 - n}" for n in range(1, 9))
    cohort, _ = read_text(tmp_path, f"id,{heads}\na,{cells}\n")
    assert cohort.visits.height == 8


def test_items_at_months_side_by_side(tmp_path: Path) -> None:
    heads = ",".join(f"{visit} Q{n}" for visit in ("M0", "M3") for n in range(1, 13))
    cohort, _ = read_text(tmp_path, f"id,Date M0,{heads}\na,2020-01-01,{','.join(['4'] * 12 + ['3'] * 12)}\n")
    assert cohort.visits["alsfrs_r_total"].to_list() == [48, 36]
    assert str(cohort.subjects["entry_date"].item()) == "2020-01-01"


def test_one_value_a_row_in_any_language(tmp_path: Path) -> None:
    rows = "".join(
        f"a,{day},{name},{value}\n"
        for day in ("01.02.2020", "13.05.2020")
        for name, value in (("ALSFRS-R", 40), ("FVC (%)", 80))
    )
    cohort, _ = read_text(tmp_path, f"Pat.-Nr.,Visitendatum,Merkmal,Wert\n{rows}")
    assert cohort.visits.height == cohort.measures.height == 2


def test_an_item_by_its_place_among_known_ones(tmp_path: Path) -> None:
    names = [
        "speech",
        "salivation",
        "swallowing",
        "handwriting",
        "cutting",
        "dressing",
        "xx",
        "yy",
        "stairs",
        "dyspnea",
    ]
    names += ["orthopnea", "respiratory insufficiency"]
    rows = "".join(f"p{n},2020-0{n}-01,{','.join(str((n + k) % 5) for k in range(12))}\n" for n in range(1, 7))
    _, mapping = read_text(tmp_path, f"id,date,{','.join(names)}\n{rows}")
    assert (meanings(mapping)["xx"], meanings(mapping)["yy"]) == ("q7_turning_in_bed", "q8_walking")


@pytest.mark.parametrize(
    ("heading", "means"),
    [
        ("Taglio del cibo", "q5_cutting"),
        ("Omdraaien in bed", "q7_turning_in_bed"),
        ("Se retourner dans le lit", "q7_turning_in_bed"),
        ("Schlafstörung durch Atemnot", "q11_orthopnea"),
        ("Respiratoire insufficiëntie", "q12_respiratory_insufficiency"),
        ("Geschlecht (m/w)", "sex"),
        ("Date des dernières nouvelles", "last_seen"),
        ("Data ultimo contatto", "last_seen"),
        ("In vita", "death"),
        ("Leeftijd bij begin", "age_at_onset_years"),
        ("Âge au début", "age_at_onset_years"),
        ("Beginn", "onset"),
        ("Datum eerste symptomen", "onset"),
        ("F. nacimiento", "birth"),
        ("Dossiernummer", "subject"),
        ("demo_sex", "sex"),
    ],
)
def test_headings_of_six_languages(heading: str, means: str) -> None:
    assert means in {reading.means for reading in readings(heading)}


@pytest.mark.parametrize(
    ("label", "time"),
    [("Mes 3", (3, "month")), ("Basale", (0, "day")), ("6 maanden", (6, "month")), ("M0", (0, "month"))],
)
def test_labels_of_visits(label: str, time: tuple[float, str]) -> None:
    assert slot_time(label) == time


def test_months_whose_first_three_letters_do_not_decide() -> None:
    texts = pl.Series(["12 juin 2020", "12 juillet 2020", "3 maart 2019", "4 mei 2018", "5 de mayo de 2020"])
    found = dates(texts, Place(table="file", column="x")).values
    assert [f"{day:%Y-%m-%d}" for day in found] == [
        "2020-06-12",
        "2020-07-12",
        "2019-03-03",
        "2018-05-04",
        "2020-05-05",
    ]
    assert partial(pl.Series(["juillet 2019", "août 2018"]))[0].dt.month().to_list() == [7, 8]


def test_a_vital_status_of_yes_is_not_understood(tmp_path: Path) -> None:
    text = "id,date,ALSFRS-R,vital status,last contact\na,2020-01-01,44,yes,2021-01-01\nb,2020-01-01,40,no,2021-01-01\n"
    cohort, mapping = read_text(tmp_path, text)
    assert cohort.events.is_empty()
    assert meanings(mapping)["vital status"] == "ignored"


@pytest.mark.parametrize(
    ("cells", "sexes"), [("HM", ["male", "female"]), ("MF", ["male", "female"]), ("MM", [None, None])]
)
def test_letters_of_sex(tmp_path: Path, cells: str, sexes: list[str | None]) -> None:
    rows = "".join(f"p{n},{cell},2020-01-01,44\n" for n, cell in enumerate(cells))
    cohort, _ = read_text(tmp_path, f"id,Sexo,fecha,ALSFRS-R\n{rows}")
    assert cohort.subjects["sex"].to_list() == sexes


def test_sheets_of_patients_beside_a_list_of_them(tmp_path: Path) -> None:
    written(tmp_path, "Patient ID,Sex\nA1,male\nA2,female\n", "patients.csv")
    for name in ("A1", "A2"):
        written(tmp_path, "Date,ALSFRS-R,remark,other,third\n2020-01-01,44,x,y,z\n2020-05-01,42,u,v,w\n", f"{name}.csv")
    cohort = read(Source(path=str(tmp_path)))
    assert cohort.visits["subject"].to_list() == ["A1", "A1", "A2", "A2"]
    assert cohort.subjects["sex"].to_list() == ["male", "female"]


def test_percent_cells_of_an_open_document(tmp_path: Path) -> None:
    file = next(file for file in clinic_files(1, 51, "first_set") if file.habits.number == 50)
    path = file.write(tmp_path)
    with zipfile.ZipFile(path) as package:
        assert b'value-type="percentage"' in package.read("content.xml")
    cohort = read(Source(path=str(path)))
    assert cohort.measures.filter(pl.col("measure") == "fvc_pct")["value"].min() > 3
    assert not reported(cohort, "percent_cells").is_empty()


def test_a_refusal_keeps_the_mapping_as_far_as_it_goes(tmp_path: Path) -> None:
    path = written(tmp_path, "id,Sex,visit no,ALSFRS-R\na,male,1,44\na,male,2,43\n")
    place = tmp_path / "columns.toml"
    with pytest.raises(MappingError) as refusal:
        alsight.check(str(path), save_mapping=str(place))
    assert str(place) in str(refusal.value).replace("...", "") or place.name in str(refusal.value)
    text = place.read_text()
    assert text.startswith("# To be answered:")
    known = {heading: column.means for heading, column in read_mapping(place).tables[0].maps().items()}
    assert (known["id"], known["Sex"], known["ALSFRS-R"]) == ("subject", "sex", "alsfrs_r_total")


def test_a_saved_question_quotes_no_cell(tmp_path: Path) -> None:
    path = written(tmp_path, "id,date,ALSFRS-R\na,03/10/18,44\na,04/10/18,43\n")
    place = tmp_path / "columns.toml"
    with pytest.raises(MappingError):
        alsight.check(str(path), save_mapping=str(place))
    assert "03/10/18" not in place.read_text()


def test_check_shows_how_columns_were_understood(tmp_path: Path) -> None:
    path = written(tmp_path, "id,date,ALSFRS-R,remark\na,2020-01-01,44,x\na,2020-04-01,43,y\n")
    shown = alsight.check(str(path)).tables["columns"]
    assert shown["column"].to_list() == ["id", "date", "ALSFRS-R", "remark"]
    assert shown["means"].to_list()[-1] == "not used"


def test_a_faulty_cell_counts_once(tmp_path: Path) -> None:
    path = written(tmp_path, "id,date,ALSFRS-R,FVC (%)\na,31.02.2020,44,90\na,2020-04-01,43,88\n")
    answer = alsight.check(str(path))
    assert answer.summary["rejected"] == 1
    fault = answer.tables["faults"].filter(pl.col("column") == "date")
    assert fault["rule"].to_list() == ["not_a_date"]
    assert fault["message"].item().endswith("The row is excluded.")


def test_a_large_file_passes_the_gate(tmp_path: Path) -> None:
    rising = pl.DataFrame(
        {
            "id": [f"p{n:03}" for n in range(60) for _ in range(4)],
            "date": [f"20{10 + k}-03-01" for _ in range(60) for k in range(4)],
            "ALSFRS-R": [20 + 5 * k for _ in range(60) for k in range(4)],
        }
    )
    rising.write_parquet(tmp_path / "large.parquet")
    large = check_large(Source(path=str(tmp_path / "large.parquet")), rows=80)
    assert large is not None
    found = {finding.name: finding.found for finding in large.summary.findings}
    assert found["scores_rise"].startswith("In 3 of 3 parts")


def test_a_mapping_of_one_file_reads_the_next(tmp_path: Path) -> None:
    first = written(tmp_path, "id,date,ALSFRS-R\na,2020-01-01,44\na,2020-04-01,43\n", "one.csv")
    _, mapping = read_path(first)
    assert [table.file for table in mapping.tables] == ["one.csv"]
