"""The sample sets: every planted fault told with row and how_to_fix, every layout read or refused with a reason."""

from __future__ import annotations

import csv
from datetime import date

import polars as pl
import pytest

from read.reading import DATA, days, meanings, read_path, reported, rules

DIRTY = DATA / "als_dirty_qualitycontrol" / "als_data.csv"


@pytest.fixture(scope="module")
def dirty():
    return read_path(DIRTY)


PLANTED = [
    ("out_of_range", 7, "x2r", "5"),
    ("item_missing", 12, "p8", ""),
    ("item_missing", 13, "p8", ""),
    ("item_missing", 14, "p8", ""),
    ("out_of_range", 16, "age_at_onset", "376"),
    ("out_of_range", 29, "age_at_onset", "-23"),
    ("onset_age_above_entry_age", 9, "age_at_onset", "62"),
    ("onset_age_above_entry_age", 9, "age_at_baseline", "50"),
    ("not_a_choice", 3, "onset", "bulba"),
    ("sentinel_date", 4, "death_date", "9999-12-30"),
    ("death_before_entry", 25, "death_date", None),
    ("contradicting_person", 31, "age_at_baseline", "85"),
    ("contradicting_person", 32, "age_at_baseline", "53"),
    ("contradicting_person", 31, "age_at_onset", "80"),
    ("contradicting_person", 32, "age_at_onset", "48"),
]


@pytest.mark.parametrize(("rule", "row", "column", "value"), PLANTED)
def test_planted_fault_is_told_with_row_and_cure(dirty, rule, row, column, value) -> None:
    found = reported(dirty[0], rule).filter((pl.col("row") == row) & (pl.col("column") == column))
    assert found.height == 1
    assert found["source"].item() == "als_data.csv"
    assert len(found["how_to_fix"].item()) > 15
    if value is not None:
        assert found["value"].item() == value


def test_nothing_else_is_told_of_the_dirty_set(dirty) -> None:
    """Beside the planted faults: what day 0 is, the two deaths and the merging of person 30, and nothing more."""
    expected = {(rule, row) for rule, row, *_ in PLANTED} | {
        ("entry_chosen", 0),
        ("second_death", 31),
        ("repeated_row", 32),
    }
    assert {(rule, row) for rule, row in dirty[0].rejected.select("rule", "row").rows()} == expected


def test_dirty_set_against_its_own_rules(dirty) -> None:
    """The rules that came with the set, applied by hand to the file, find nothing that the check does not tell.

    Its bounds are narrower than the data dictionary's in two places, which are no faults here: items may be 0, and a
    death after 2022 or an age below 20 is possible.
    """
    rows = list(csv.DictReader(DIRTY.read_text().splitlines()))
    found: set[tuple[int, str]] = set()
    for line, row in enumerate(rows, start=2):
        items = [f"p{number}" for number in range(1, 10)] + ["x1r", "x2r", "x3r"]
        found |= {(line, name) for name in items if row[name] == "" or int(row[name]) > 4}
        found |= {(line, name) for name in ("age_at_baseline", "age_at_onset") if not 0 <= int(row[name]) <= 120}
        if row["onset"] not in ("bulbar", "respiratory", "spinal"):
            found.add((line, "onset"))
        if row["death_date"] > "2022-01-01" or row["death_date"] < row["baseline_date"]:
            found.add((line, "death_date"))
        if int(row["age_at_onset"]) > int(row["age_at_baseline"]):
            found.add((line, "age_at_onset"))
    ids = [row["subjid"] for row in rows]
    repeated = {line for line, name in enumerate(ids, start=2) if ids.count(name) > 1}
    told_places = set(dirty[0].rejected.select("row", "column").rows())
    assert found <= told_places
    assert repeated <= {row for row, _ in told_places}
    assert len(found) == 10


def test_dirty_set_keeps_what_can_be_kept(dirty) -> None:
    cohort, mapping = dirty
    assert cohort.size == 30
    assert cohort.visits.height == 31
    assert mapping.entry == "first_visit"
    assert cohort.visits["alsfrs_r_total"].null_count() == 4
    assert cohort.events.filter(pl.col("subject") == "1").select("day", "event").row(0) == (2763, "death")


def test_wknnmi_reads_by_its_layout() -> None:
    cohort, mapping = read_path(DATA / "als_wknnmi" / "patient_data.csv")
    assert mapping.tables[0].layout == "wknnmi"
    assert cohort.size == 12
    # 93 rows; one month of one person stands twice and is told.
    assert cohort.visits.height == 92
    assert reported(cohort, "repeated_row")["row"].to_list() == [74]
    assert rules(cohort, "rejected") == set()
    assert days(cohort, "S_21") == [0, 61, 152, 183, 244, 304]
    niv = cohort.events.filter((pl.col("subject") == "S_95") & (pl.col("event") == "niv_start"))
    assert niv["day"].item() == 335
    assert cohort.subjects["sex"].null_count() == 12
    assert set(reported(cohort, "unmapped_code")["column"]) == {"sex", "genetics", "onset_site"}


def test_wknnmi_codes_are_settled_by_a_mapping(tmp_path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(
        '[[tables]]\nfile = "patient_data.csv"\n[tables.columns]\n'
        'sex = { means = "sex", values = { "0" = "male", "1" = "female" } }\n'
        'onset_site = { means = "onset_site", values = { "0" = "limb", "1" = "bulbar" } }\n'
    )
    cohort, _ = read_path(DATA / "als_wknnmi" / "patient_data.csv", mapping=str(path))
    assert cohort.subjects["sex"].null_count() == 0
    assert set(cohort.subjects["onset_site"]) == {"limb", "bulbar"}
    assert set(reported(cohort, "unmapped_code")["column"]) == {"genetics"}


def test_long2lstmarray_keeps_the_two_scales_apart() -> None:
    cohort, mapping = read_path(DATA / "als_long2lstmarray" / "alsfrs_data.csv")
    assert meanings(mapping)["p10"] == "q10_respiratory"
    assert meanings(mapping)["x1r"] == "q10_dyspnea"
    assert (cohort.size, cohort.visits.height) == (17, 200)
    assert cohort.visits["scale"].value_counts()["count"].to_list() == [100, 100]
    assert reported(cohort, "both_scales")["value"].item() == "100 rows"
    first = cohort.visits.filter((pl.col("subject") == "1") & (pl.col("day") == 0)).sort("scale")
    assert first["alsfrs_total"].to_list() == [22, None]
    assert first["alsfrs_r_total"].to_list() == [None, 22]
    assert rules(cohort, "rejected") == set()


def test_alstracker_workbook_of_one_person() -> None:
    cohort, _ = read_path(DATA / "als_alstracker_simulated" / "database_simulated.xlsx")
    assert cohort.subjects["entry_date"].item() == date(2024, 1, 2)
    assert cohort.subjects["onset_day"].item() == -1
    assert cohort.visits["day"].to_list() == [0, 39, 63, 127, 178, 236, 258, 305, 331, 352]
    assert cohort.visits["alsfrs_r_total"].to_list() == [48, 47, 46, 45, 43, 42, 42, 42, 41, 41]
    assert cohort.measures["measure"].unique().to_list() == ["nfl_pg_ml"]
    assert cohort.measures["value"][0] == pytest.approx(59.69733854457, abs=1e-12)
    capacity = reported(cohort, "unclear_mapping")
    assert capacity["column"].item() == "Capacity"
    assert "fvc_pct" in capacity["how_to_fix"].item()
    assert set(reported(cohort, "unused_table")["source"]) == {
        "database_simulated.xlsx [Meta]",
        "database_simulated.xlsx [Phases]",
    }
