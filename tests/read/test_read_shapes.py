"""Shapes of a visits table: long and wide, dates and counts, items and totals; and what day 0 is in each."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from alsight.base.errors import MappingError
from read.reading import ITEMS_12, days, meanings, read_text, reported, rules

FULL = ",".join(["4"] * 12)


def test_dates_start_at_the_first_visit(tmp_path) -> None:
    cohort, mapping = read_text(tmp_path, "id,date,alsfrs_r\na,2020-01-31,40\na,2020-03-01,38\nb,2019-12-01,45\n")
    assert mapping.entry == "first_visit"
    assert days(cohort, "a") == [0, 30]
    assert cohort.subjects["entry_date"].to_list() == [date(2020, 1, 31), date(2019, 12, 1)]
    assert reported(cohort, "entry_chosen")["message"].item() == "Day 0 is each person's first visit."


@pytest.mark.parametrize(
    ("heading", "cells", "expected"),
    [
        ("day", ("0", "91"), [0, 91]),
        ("weeks", ("0", "13"), [0, 91]),
        ("months", ("0", "3"), [0, 91]),
        ("Time (years)", ("0", "0.25"), [0, 91]),
        ("visit month", ("0", "3"), [0, 91]),
    ],
)
def test_counts_of_time(tmp_path, heading, cells, expected) -> None:
    text = f"id,{heading},alsfrs_r\na,{cells[0]},44\na,{cells[1]},43\n"
    cohort, mapping = read_text(tmp_path, text)
    assert days(cohort, "a") == expected
    assert mapping.entry == "stated"


def test_a_count_without_a_unit_is_asked_for(tmp_path) -> None:
    text = "id,time,alsfrs_r\na,0,44\na,3,43\n"
    with pytest.raises(MappingError, match="days, weeks, months or years") as refusal:
        read_text(tmp_path, text)
    assert 'time = { means = "time", unit = "month" }' in refusal.value.faults[0].how_to_fix
    assert days(read_text(tmp_path, text, time_unit="month")[0], "a") == [0, 91]
    assert days(read_text(tmp_path, text, time_unit="week")[0], "a") == [0, 21]


def test_a_long_whole_count_can_only_be_days(tmp_path) -> None:
    cohort, _ = read_text(tmp_path, "id,time,alsfrs_r\na,0,44\na,730,43\n")
    assert days(cohort, "a") == [0, 730]


def test_months_from_onset_give_the_onset(tmp_path) -> None:
    text = "id,months since onset,alsfrs_r\na,12,44\na,15,43\n"
    cohort, _ = read_text(tmp_path, text)
    assert days(cohort, "a") == [0, 92]
    assert cohort.subjects["onset_day"].item() == -365
    cohort, _ = read_text(tmp_path, text, entry="symptom_onset")
    assert days(cohort, "a") == [365, 457]
    assert cohort.subjects["onset_day"].item() == 0


def test_ages_at_visits(tmp_path) -> None:
    text = "id,age at visit,alsfrs_r,age at onset\na,60.5,44,59.5\na,61.5,40,59.5\n"
    cohort, _ = read_text(tmp_path, text)
    assert days(cohort, "a") == [0, 365]
    assert cohort.subjects["age_at_entry_years"].item() == 60.5
    assert cohort.subjects["age_at_onset_years"].item() == 59.5


def test_whole_ages_are_too_coarse_for_a_day(tmp_path) -> None:
    text = "id,date,alsfrs_r,age,age at death\na,2020-01-01,44,60,63\n"
    cohort, _ = read_text(tmp_path, text)
    assert cohort.events.is_empty()
    assert reported(cohort, "event_without_day")["column"].item() == "age at death"


@pytest.mark.parametrize(
    ("entry", "first", "onset", "diagnosis"),
    [
        ("first_visit", 0, -366, -182),
        ("diagnosis", 182, -184, 0),
        ("symptom_onset", 366, 0, 184),
        ("enrollment", -9, -375, -191),
    ],
)
def test_entry_is_what_is_asked(tmp_path, entry, first, onset, diagnosis) -> None:
    text = (
        "id,visit date,alsfrs_r total,date of onset,date of diagnosis,enrollment date\n"
        "a,2021-01-01,40,2020-01-01,2020-07-03,2021-01-10\na,2021-04-01,38,2020-01-01,2020-07-03,2021-01-10\n"
    )
    cohort, mapping = read_text(tmp_path, text, entry=entry)
    assert mapping.entry == entry
    assert days(cohort, "a") == [first, first + 90]
    person = cohort.subjects.select("entry", "onset_day", "diagnosis_day").row(0)
    assert person == (entry, onset, diagnosis)


def test_randomization_is_day_zero_where_it_is_dated(tmp_path) -> None:
    text = "id,visit date,alsfrs_r,randomization date\na,2021-01-01,40,2021-01-15\na,2021-01-15,40,2021-01-15\n"
    cohort, mapping = read_text(tmp_path, text)
    assert mapping.entry == "randomization"
    assert days(cohort, "a") == [-14, 0]


def test_a_person_without_the_asked_entry_starts_at_the_first_visit(tmp_path) -> None:
    text = "id,visit date,alsfrs_r,diagnosis date\na,2021-01-01,40,2020-12-31\nb,2021-01-01,40,\nb,2021-01-03,39,\n"
    cohort, _ = read_text(tmp_path, text, entry="diagnosis")
    assert cohort.subjects["entry"].to_list() == ["diagnosis", "first_visit"]
    assert days(cohort, "b") == [0, 2]


def test_disease_duration_gives_the_onset(tmp_path) -> None:
    cohort, _ = read_text(tmp_path, "id,day,alsfrs_r,disease duration (months)\na,0,40,12\na,91,38,15\n")
    assert cohort.subjects["onset_day"].item() == -365


def test_birth_gives_the_ages(tmp_path) -> None:
    cohort, _ = read_text(tmp_path, "id,date,alsfrs_r,date of birth\na,2020-01-01,40,1960-01-01\n")
    assert cohort.subjects["age_at_entry_years"].item() == pytest.approx(60.0, abs=0.01)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("13/02/2020", "01/03/2020"), [0, 17]),
        (("02/13/2020", "03/01/2020"), [0, 17]),
        (("01.02.2020", "01.03.2020"), [0, 29]),
        (("2020-02-01", "2020-03-01"), [0, 29]),
        (("1 Feb 2020", "1 March 2020"), [0, 29]),
        (("20200201", "20200301"), [0, 29]),
        (("43862", "43891"), [0, 29]),
        (("2020-02-01 10:30:00", "2020-03-01T08:00:00Z"), [0, 29]),
    ],
)
def test_dates_as_people_write_them(tmp_path, cells, expected) -> None:
    cohort, _ = read_text(tmp_path, f"id,date,alsfrs_r\na,{cells[0]},40\na,{cells[1]},38\n")
    assert days(cohort, "a") == expected


def test_undecidable_dates_are_asked_for(tmp_path) -> None:
    text = "id,date,alsfrs_r\na,01/02/2020,40\na,01/03/2020,38\n"
    with pytest.raises(MappingError, match="day or the month") as refusal:
        read_text(tmp_path, text)
    assert '`dates="dmy"`' in refusal.value.faults[0].how_to_fix
    assert days(read_text(tmp_path, text, dates="dmy")[0], "a") == [0, 29]
    assert days(read_text(tmp_path, text, dates="mdy")[0], "a") == [0, 1]


def test_one_column_of_dates_decides_for_the_others(tmp_path) -> None:
    text = "id,date,alsfrs_r,date of onset\na,01/02/2020,40,25/12/2019\na,01/03/2020,38,25/12/2019\n"
    cohort, _ = read_text(tmp_path, text)
    assert days(cohort, "a") == [0, 29]
    assert cohort.subjects["onset_day"].item() == -38


def test_items_and_total(tmp_path) -> None:
    text = f"id,day,{ITEMS_12},total\na,0,{FULL},48\na,90,3,{FULL[2:]},46\n"
    cohort, mapping = read_text(tmp_path, text)
    assert meanings(mapping)["total"] == "alsfrs_r_total"
    assert cohort.visits["alsfrs_r_total"].to_list() == [48, 47]
    assert cohort.visits["total_recorded"].to_list() == [48, 46]
    assert reported(cohort, "total_differs")["row"].to_list() == [3]


def test_original_scale_by_its_items(tmp_path) -> None:
    items = ",".join(f"q{number}" for number in range(1, 11))
    cohort, mapping = read_text(tmp_path, f"id,day,{items},total\na,0,{FULL[:19]},40\n")
    assert meanings(mapping)["q10"] == "q10_respiratory"
    assert meanings(mapping)["total"] == "alsfrs_total"
    assert cohort.visits.select("scale", "alsfrs_total", "alsfrs_r_total").row(0) == ("alsfrs", 40.0, None)


def test_totals_of_an_unnamed_scale(tmp_path) -> None:
    """Above 40 only the revised scale reaches; below, the user is asked."""
    cohort, _ = read_text(tmp_path, "id,day,alsfrs\na,0,44\na,90,38\n")
    assert cohort.visits["scale"].to_list() == ["alsfrs_r", "alsfrs_r"]
    text = "id,day,alsfrs\na,0,40\na,90,38\n"
    with pytest.raises(MappingError, match="0-48") as refusal:
        read_text(tmp_path, text)
    assert 'scale = "alsfrs_r"' in refusal.value.faults[0].how_to_fix
    assert read_text(tmp_path, text, scale="alsfrs")[0].visits["alsfrs_total"].to_list() == [40, 38]


def test_both_scales_in_one_table_by_row(tmp_path) -> None:
    text = "id,day,alsfrs total,alsfrs-r total\na,0,,44\nb,0,38,\n"
    cohort, _ = read_text(tmp_path, text)
    assert cohort.visits["scale"].to_list() == ["alsfrs_r", "alsfrs"]
    assert cohort.visits["alsfrs_total"].to_list() == [None, 38]


def test_the_row_says_the_scale_of_its_total(tmp_path) -> None:
    cohort, _ = read_text(tmp_path, "id,day,scale,total\na,0,ALSFRS-R,40\nb,0,ALSFRS,39\n")
    assert cohort.visits.select("scale", "alsfrs_r_total", "alsfrs_total").rows() == [
        ("alsfrs_r", 40, None),
        ("alsfrs", None, 39),
    ]


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        ("alsfrsr_m0,alsfrsr_m3,alsfrsr_m6", [0, 91, 183]),
        ("total_month0,total_month3,total_month6", [0, 91, 183]),
        ("ALSFRS-R total (month 0),ALSFRS-R total (month 3),ALSFRS-R total (month 6)", [0, 91, 183]),
        ("ALSFRSR_BL,ALSFRSR_W12,ALSFRSR_W24", [0, 84, 168]),
        ("alsfrsr_d0,alsfrsr_d90,alsfrsr_d180", [0, 90, 180]),
        ("baseline alsfrsr,3 months alsfrsr,6 months alsfrsr", [0, 91, 183]),
        ("alsfrs_0,alsfrs_3,alsfrs_6", [0, 91, 183]),
    ],
)
def test_wide_totals(tmp_path, headings, expected) -> None:
    cohort, mapping = read_text(tmp_path, f"id,sex,{headings}\na,F,44,42,40\nb,M,47,,45\n")
    assert days(cohort, "a") == expected
    assert days(cohort, "b") == [expected[0], expected[2]]
    assert cohort.visits.filter(pl.col("subject") == "a")["alsfrs_r_total"].to_list() == [44, 42, 40]
    assert cohort.subjects["sex"].to_list() == ["female", "male"]
    assert mapping.entry == "stated"


def test_wide_with_dates_of_visits(tmp_path) -> None:
    text = (
        "id,V1_date,V1_total,V1_FVC_pct,V2_date,V2_total,V2_FVC_pct\n"
        "a,2020-01-01,44,99,2020-04-01,42,95\nb,2020-01-01,47,90,,,\n"
    )
    cohort, mapping = read_text(tmp_path, text)
    assert mapping.entry == "first_visit"
    assert days(cohort, "a") == [0, 91]
    assert days(cohort, "b") == [0]
    assert cohort.measures.select("subject", "day", "value").rows() == [("a", 0, 99), ("a", 91, 95), ("b", 0, 90)]


def test_wide_items(tmp_path) -> None:
    headings = ",".join(f"q{number}_m{month}" for month in (0, 6) for number in range(1, 13))
    cohort, _ = read_text(tmp_path, f"id,{headings}\na,{FULL},{FULL}\nb,3,{FULL[2:]},2,{FULL[2:]}\n")
    assert days(cohort, "b") == [0, 183]
    assert cohort.visits["alsfrs_r_total"].to_list() == [48, 48, 47, 46]


def test_wide_visits_without_a_time_are_asked_for(tmp_path) -> None:
    text = "id,alsfrsr_v1,alsfrsr_v2\na,44,42\nb,43,41\n"
    with pytest.raises(MappingError, match="when the visits") as refusal:
        read_text(tmp_path, text)
    assert "at = ..." in refusal.value.faults[0].how_to_fix


def test_numbered_items_of_a_long_table_are_no_visits(tmp_path) -> None:
    """alsfrs_1 ... alsfrs_12 are items when each holds 0 to 4, not totals at months 1 to 12."""
    headings = ",".join(f"alsfrs_{number}" for number in range(1, 13))
    cohort, mapping = read_text(tmp_path, f"id,month,{headings}\na,0,{FULL}\nb,0,{FULL}\n")
    assert meanings(mapping)["alsfrs_12"] == "q12_respiratory_insufficiency"
    assert cohort.visits["alsfrs_r_total"].to_list() == [48, 48]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("id;tag;alsfrs_r;fvc (%)\na;0;40;88,5\n", 88.5),
        ("id,day,alsfrs_r,fvc (%)\na,0,40,88.5\n", 88.5),
        ('id,day,alsfrs_r,fvc (%)\na,0,40,"88,5"\n', 88.5),
        ("id,day,alsfrs_r,fvc (%)\na,0,40,88.5 %\n", 88.5),
    ],
)
def test_decimal_marks(tmp_path, text, value) -> None:
    assert read_text(tmp_path, text)[0].measures["value"].item() == value


@pytest.mark.parametrize(
    ("heading", "cell", "value"),
    [
        ("weight (kg)", "70", 70.0),
        ("weight (lb)", "154.3", 69.99),
        ("weight_lbs", "154.3", 69.99),
        ("weight (g)", "70000", 70.0),
    ],
)
def test_units_in_headings(tmp_path, heading, cell, value) -> None:
    cohort, _ = read_text(tmp_path, f"id,day,alsfrs_r,{heading}\na,0,44,{cell}\n")
    assert cohort.measures["value"].item() == pytest.approx(value, abs=0.01)


def test_units_in_their_own_column(tmp_path) -> None:
    text = "id,day,alsfrs_r,Weight,Weight_Units\na,0,44,154.3,Pounds\nb,0,44,70,kg\nc,0,44,70,stone\n"
    cohort, _ = read_text(tmp_path, text)
    assert cohort.measures["value"].to_list() == pytest.approx([69.99, 70.0], abs=0.01)
    assert reported(cohort, "unknown_unit").select("row", "value").row(0) == (4, "stone")


@pytest.mark.parametrize(("cells", "measure"), [(("88", "75"), "fvc_pct"), (("3.9", "3.1"), "fvc_l")])
def test_fvc_without_a_unit_by_its_size(tmp_path, cells, measure) -> None:
    cohort, _ = read_text(tmp_path, f"id,day,alsfrs_r,FVC\na,0,44,{cells[0]}\na,90,43,{cells[1]}\n")
    assert set(cohort.measures["measure"]) == {measure}


def test_best_of_three_trials(tmp_path) -> None:
    cohort, _ = read_text(tmp_path, "id,day,alsfrs_r,FVC trial 1 (L),FVC trial 2 (L)\na,0,44,3.1,3.4\n")
    assert cohort.measures["value"].to_list() in ([3.4], [])


def test_missing_markers(tmp_path) -> None:
    text = f"id,day,{ITEMS_12}\na,0,-9,{FULL[2:]}\na,90,NA,{FULL[2:]}\n"
    cohort, _ = read_text(tmp_path, text, missing=["-9"])
    assert cohort.visits["q1_speech"].to_list() == [None, None]
    assert "out_of_range" not in rules(cohort)


def test_flags_at_visits_give_events(tmp_path) -> None:
    text = "id,month,alsfrs_r,niv,peg\na,0,44,0,yes\na,3,43,0,yes\na,6,42,1,yes\nb,0,44,,no\nb,3,44,,yes\n"
    cohort, _ = read_text(tmp_path, text)
    assert cohort.events.select("subject", "day", "event").rows() == [
        ("a", 0, "gastrostomy"),
        ("a", 183, "niv_start"),
        ("b", 91, "gastrostomy"),
    ]
    assert "may be earlier" in cohort.events["detail"][0]
    assert "first visit at which" in cohort.events["detail"][1]


@pytest.mark.parametrize(
    "text",
    [
        "id,month,alsfrs_r,died,peg\na,0,44,yes,yes\na,3,43,yes,yes\nb,0,40,no,no\nb,3,39,no,no\n",
        "id,alsfrsr_m0,alsfrsr_m3,died,peg\na,44,43,yes,yes\nb,40,39,no,no\n",
    ],
)
def test_a_fact_that_every_row_repeats_has_no_day(tmp_path, text) -> None:
    """A death said in every row is no death at the first visit."""
    cohort, _ = read_text(tmp_path, text)
    assert cohort.events.is_empty()
    assert cohort.visits.height == 4
    assert set(reported(cohort, "event_without_day")["column"]) == {"died", "peg"}


def test_death_at_a_visit_is_told_and_not_dated(tmp_path) -> None:
    cohort, _ = read_text(tmp_path, "id,month,alsfrs_r,died\na,0,44,no\na,3,43,yes\n")
    assert cohort.visits.height == 2
    assert reported(cohort, "event_without_day")["row"].to_list() == [3]


def test_treatment_without_a_start_begins_where_it_is_first_recorded(tmp_path) -> None:
    cohort, _ = read_text(tmp_path, "id,month,alsfrs_r,riluzole\na,0,44,no\na,3,43,yes\nb,0,40,yes\n")
    assert cohort.doses.select("subject", "day", "treatment").rows() == [("a", 91, "riluzole"), ("b", 0, "riluzole")]
    assert reported(cohort, "start_assumed")["column"].to_list() == ["riluzole"]


def test_treatment_beside_scores_is_the_arm(tmp_path) -> None:
    cohort, _ = read_text(tmp_path, "id,day,alsfrs_r,treatment\na,0,44,Placebo\na,91,43,Placebo\n")
    assert cohort.subjects["arm"].to_list() == ["Placebo"]
    assert cohort.doses.is_empty()


@pytest.mark.parametrize(
    ("cell", "site"),
    [
        ("Bulbaire", "bulbar"),
        ("bulbare", "bulbar"),
        ("Right upper limb", "upper_limb"),
        ("Membre inférieur D", "lower_limb"),
        ("bulba", None),
        ("upper limb and lower limb", None),
    ],
)
def test_sites_in_clinics_own_words(tmp_path, cell, site) -> None:
    cohort, _ = read_text(tmp_path, f"id,day,alsfrs_r,site of onset\na,0,44,{cell}\n")
    assert cohort.subjects["onset_site"].to_list() == [site]


def test_codes_of_sex_are_never_guessed(tmp_path) -> None:
    text = "id,day,alsfrs_r,sex\na,0,44,1\nb,0,44,2\n"
    cohort, _ = read_text(tmp_path, text)
    assert cohort.subjects["sex"].null_count() == 2
    notes = reported(cohort, "unmapped_code")
    assert notes["value"].to_list() == ["1", "2"]
    assert 'values = { 1 = "...", 2 = "..." }' in notes["how_to_fix"][0]
    assert "female, male" in notes["how_to_fix"][0]


def test_facts_that_contradict_each_other_name_both_rows(tmp_path) -> None:
    cohort, _ = read_text(tmp_path, "id,day,alsfrs_r,sex\na,0,44,F\na,90,43,M\nb,0,40,F\nb,90,39,F\n")
    assert reported(cohort, "contradicting_person")["row"].to_list() == [2, 3]
    assert cohort.subjects["sex"].to_list() == [None, "female"]


def test_rows_without_person_or_day_are_rejected(tmp_path) -> None:
    cohort, _ = read_text(tmp_path, "id,date,alsfrs_r\na,2020-01-01,44\n,2020-02-01,43\na,soon,42\n")
    assert cohort.visits.height == 1
    assert set(reported(cohort, "missing")["row"]) == {3, 4}
    assert reported(cohort, "not_a_date")["value"].item() == "soon"


def test_one_person_without_identifier(tmp_path) -> None:
    cohort, mapping = read_text(tmp_path, "date,alsfrs_r\n2020-01-01,44\n2020-02-01,43\n", name="mrs_x.csv")
    assert mapping.tables[0].subject == "mrs_x"
    assert days(cohort, "mrs_x") == [0, 31]


def test_repeated_dates_are_several_people(tmp_path) -> None:
    with pytest.raises(MappingError, match="identifier"):
        read_text(tmp_path, "date,alsfrs_r\n2020-01-01,44\n2020-01-01,43\n")
