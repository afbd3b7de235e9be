"""The mapping: shown, saved, corrected, used again; what is unclear is asked for with the line that settles it."""

from __future__ import annotations

import tomllib

import pytest

from alsight.base.errors import MappingError, SpecError
from alsight.cohort.mapping.spec import ColumnMap, Mapping, TableMap, mapping_toml, read_mapping, write_mapping
from read.reading import DATA, ITEMS_12, days, meanings, read_path, read_text, reported, written

FULL = ",".join(["4"] * 12)
CLINIC = "Pat.-Nr.;Datum;Gesamtpunktzahl;Gewicht;Bemerkung;Zustand\n1;01.02.2020;44;70,5;gut;3\n1;01.05.2020;42;69;;2\n"


def test_explained_column_by_column(tmp_path) -> None:
    _, mapping = read_text(tmp_path, CLINIC)
    rows = mapping.explain()
    assert [row["column"] for row in rows] == [
        "Pat.-Nr.",
        "Datum",
        "Gesamtpunktzahl",
        "Gewicht",
        "Bemerkung",
        "Zustand",
    ]
    assert [row["means"] for row in rows[:2]] == ["subject", "time (date)"]
    assert {row["means"] for row in rows[4:]} == {"not used"}
    assert rows[1]["examples"] == "01.02.2020, 01.05.2020"
    assert all(row["why"] for row in rows)
    assert rows[0]["confidence"].endswith("%")


def test_saved_corrected_and_used_again(tmp_path) -> None:
    path = written(tmp_path, CLINIC)
    cohort, mapping = read_path(path)
    assert cohort.measures["measure"].unique().to_list() == ["weight_kg"]
    saved = write_mapping(mapping, tmp_path / "mapping.toml")
    text = saved.read_text()
    again, same = read_path(path, mapping=str(saved))
    assert again.visits.equals(cohort.visits)
    assert again.measures.equals(cohort.measures)
    assert meanings(same) == meanings(mapping)
    saved.write_text(
        text.replace('Zustand = "ignored"', 'Zustand = "mrc_grade"').replace("Gewicht =", 'Gewicht = "ignored"#')
    )
    corrected, _ = read_path(path, mapping=str(saved))
    assert corrected.measures.select("measure", "value").rows() == [("mrc_grade", 3.0), ("mrc_grade", 2.0)]


def test_no_cell_of_the_file_is_written_into_a_mapping(tmp_path) -> None:
    _, mapping = read_text(tmp_path, "Patient,Date,ALSFRS-R\nJane Roe,2020-01-31,44\nJane Roe,2020-02-01,44\n")
    text = mapping_toml(mapping)
    assert "Jane" not in text
    assert "2020-01-31" not in text


def test_a_mapping_serves_another_file_of_the_same_shape(tmp_path) -> None:
    text = "who,when,how\na,0,44\na,3,43\n"
    path = tmp_path / "mapping.toml"
    path.write_text(
        '[[tables]]\nfile = "old.csv"\n[tables.columns]\nwho = "subject"\n'
        'when = { means = "time", unit = "month", from = "onset" }\nhow = "alsfrs_r_total"\n'
    )
    cohort, _ = read_text(tmp_path, text, name="new.csv", mapping=str(path))
    assert days(cohort, "a") == [0, 91]
    assert cohort.subjects["onset_day"].item() == 0


def test_a_mapping_with_nothing_but_what_it_corrects(tmp_path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text('[[tables]]\nfile = "visits.csv"\n[tables.columns]\nstate = "alsfrs_r_total"\n')
    cohort, mapping = read_text(tmp_path, "id,day,state\na,0,44\n", mapping=str(path))
    assert cohort.visits["alsfrs_r_total"].item() == 44
    assert meanings(mapping) == {"id": "subject", "day": "time", "state": "alsfrs_r_total"}


def test_every_setting_survives_the_file(tmp_path) -> None:
    columns = {
        'odd "heading" \\ [x]': ColumnMap(means="time", unit="month", origin="onset"),
        "sex": ColumnMap(means="sex", values={"1": "female", "2": "male", "9": ""}),
        "m3": ColumnMap(means="alsfrs_r_total", at=3, at_unit="month", slot="month 3"),
        "bulbar onset": ColumnMap(means="onset_site", yes="bulbar"),
        "u": ColumnMap(means="unit", of="sex"),
        "x": "ignored",
    }
    table = TableMap(
        file="a.xlsx",
        sheet="B",
        columns=columns,
        scale="alsfrs_r",
        dates="mdy",
        decimal=",",
        missing=("-9", "k.A."),
        subject="",
        layout="wknnmi",
    )
    mapping = Mapping(entry="diagnosis", tables=(table, TableMap(file="b.csv", subject="1", use=False)))
    path = write_mapping(mapping, tmp_path / "m.toml")
    assert tomllib.loads(path.read_text())["entry"] == "diagnosis"
    assert read_mapping(path) == mapping


def test_two_columns_that_claim_one_item(tmp_path) -> None:
    text = f"id,day,{ITEMS_12},Speech\na,0,{FULL},3\na,90,{FULL},4\n"
    with pytest.raises(MappingError, match='"q1" and "Speech" both claim q1_speech') as refusal:
        read_text(tmp_path, text)
    fault = refusal.value.faults[0]
    assert 'Speech = { means = "ignored" }' in fault.how_to_fix
    path = tmp_path / "m.toml"
    path.write_text('[[tables]]\nfile = "visits.csv"\n[tables.columns]\nSpeech = { means = "ignored" }\n')
    cohort, _ = read_text(tmp_path, text, mapping=str(path))
    assert cohort.visits["q1_speech"].to_list() == [4, 4]


def test_two_columns_that_say_the_same_are_one(tmp_path) -> None:
    cohort, _ = read_text(tmp_path, f"id,day,{ITEMS_12},Speech\na,0,{FULL},4\n")
    assert cohort.visits["alsfrs_r_total"].item() == 48


def test_repeated_headings_are_unclear(tmp_path) -> None:
    with pytest.raises(MappingError, match="both claim alsfrs_r_total"):
        read_text(tmp_path, "id,day,alsfrs_r,alsfrs_r\na,0,44,43\n")


def test_everything_unclear_is_told_at_once(tmp_path) -> None:
    text = "id,time,alsfrs,onset date\na,0,40,01/02/2020\na,3,38,01/02/2020\n"
    with pytest.raises(MappingError) as refusal:
        read_text(tmp_path, text)
    assert len(refusal.value.faults) == 3


def test_no_scores(tmp_path) -> None:
    with pytest.raises(MappingError, match="no column was recognised as an ALSFRS-R item or total"):
        read_text(tmp_path, "id,day,sex\na,0,F\n")


def test_nothing_recognised(tmp_path) -> None:
    with pytest.raises(MappingError, match=r"an ALSFRS-R item or total\. Not used: foo, bar"):
        read_text(tmp_path, "foo,bar\nx,y\n")


def test_no_time(tmp_path) -> None:
    with pytest.raises(MappingError, match="time of the visit"):
        read_text(tmp_path, "id,alsfrs_r\na,44\na,43\n")


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ('[[tables]]\n[tables.columns]\nx = "speach"\n', MappingError, "no meaning of a column"),
        ('[[tables]]\n[tables.columns]\nx = { means = "time", unit = "fortnight" }\n', MappingError, "no unit of time"),
        ('entry = "birthday"\n', SpecError, "entry"),
        ('[[tables]]\nsheets = "x"\n', SpecError, "sheets"),
        ("entry = \n", SpecError, "TOML"),
    ],
)
def test_mistakes_in_a_mapping(tmp_path, text, error, says) -> None:
    path = tmp_path / "m.toml"
    path.write_text(text)
    with pytest.raises(error, match=says):
        read_mapping(path)


def test_missing_mapping_file(tmp_path) -> None:
    with pytest.raises(SpecError, match="readable TOML"):
        read_text(tmp_path, "id,day,alsfrs_r\na,0,44\n", mapping=str(tmp_path / "none.toml"))


def test_unused_columns_are_told_once(tmp_path) -> None:
    cohort, _ = read_text(tmp_path, CLINIC)
    note = reported(cohort, "unused_columns")
    assert note["message"].item() == 'Columns not used: "Bemerkung", "Zustand".'


def test_the_dirty_set_explains_itself() -> None:
    _, mapping = read_path(DATA / "als_dirty_qualitycontrol" / "als_data.csv")
    assert len(mapping.explain()) == 18
    assert not any(row["means"] == "not used" for row in mapping.explain())


def test_the_example_of_the_page_is_a_mapping(tmp_path) -> None:
    page = (DATA.parents[1] / "docs" / "mapping.md").read_text()
    path = tmp_path / "m.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0])
    assert len(read_mapping(path).tables[0].columns) == 6
