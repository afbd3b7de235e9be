"""Every rule of the check: what breaks it, what is told, and what becomes of the row."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from alsight.base.errors import Fault
from alsight.cohort.check import check
from alsight.cohort.raw import RawTables
from alsight.cohort.rules.catalogue import RULES, RULES_BY_NAME
from alsight.cohort.tables import REJECTED, TABLES
from cohort.rows import checked, event, person, rating, raw, reported, rules

TUBE = "q5b_cutting_with_gastrostomy"
NO_TUBE = "q5a_cutting_without_gastrostomy"

OLD = {"subject": "a", "scale": "alsfrs", "alsfrs_total": 30.0}
DOSE = {"subject": "a", "day": 0, "treatment": "riluzole"}
MEASURE = {"subject": "a", "day": 0, "measure": "svc_pct", "value": 80.0}

CASES: dict[str, tuple[dict[str, list], set]] = {
    "out_of_range": (
        {"visits": [rating(q1_speech=5.0), rating(day=9, q8_walking=44.0)], "subjects": [person(height_cm=12.0)]},
        {("visits", 2, "q1_speech", "5"), ("visits", 3, "q8_walking", "44"), ("subjects", 2, "height_cm", "12")},
    ),
    "not_a_choice": (
        {"subjects": [person(onset_site="bulba")], "visits": [rating(mode="pigeon")]},
        {("subjects", 2, "onset_site", "bulba"), ("visits", 2, "mode", "pigeon")},
    ),
    "impossible_date": (
        {"subjects": [person(entry_date=date(9999, 12, 30)), person("b", entry_date=date(1900, 1, 1))]},
        {("subjects", 2, "entry_date", "9999-12-30"), ("subjects", 3, "entry_date", "1900-01-01")},
    ),
    "not_a_score": ({"visits": [rating(q1_speech=1.3)]}, {("visits", 2, "q1_speech", "1.3")}),
    "half_point": ({"visits": [rating(q1_speech=1.5)]}, {("visits", 2, "q1_speech", "1.5")}),
    "item_of_other_scale": (
        {"visits": [rating(q10_respiratory=2.0)]},
        {("visits", 2, "q10_respiratory", "2")},
    ),
    "cutting_stated_twice": ({"visits": [rating(q5_cutting=2.0)]}, {("visits", 2, "q5_cutting", "2")}),
    "entry_not_stated": ({"subjects": [{"subject": "a"}]}, {("subjects", 2, "entry", "")}),
    "missing": (
        {"visits": [rating(day=None), rating(subject=""), rating(scale=None)], "events": [event("death", None)]},
        {
            ("visits", 2, "day", ""),
            ("visits", 3, "subject", ""),
            ("visits", 4, "scale", ""),
            ("events", 2, "day", ""),
        },
    ),
    "required_out_of_range": (
        {"visits": [rating(day=99999)], "measures": [{**MEASURE, "value": 800.0}]},
        {("visits", 2, "day", "99999"), ("measures", 2, "value", "800")},
    ),
    "required_not_a_choice": (
        {"visits": [rating(scale="SARA")], "events": [event("wedding", 3)], "measures": [{**MEASURE, "measure": "x"}]},
        {("visits", 2, "scale", "SARA"), ("events", 2, "event", "wedding"), ("measures", 2, "measure", "x")},
    ),
    "nothing_rated": ({"visits": [{"subject": "a", "day": 0, "scale": "alsfrs_r"}]}, {("visits", 2, "scale", "")}),
    "repeated_row": (
        {"visits": [rating(), rating()], "measures": [MEASURE, MEASURE], "events": [event("death", 9)] * 2},
        {("visits", 3, "day", "0"), ("measures", 3, "day", "0"), ("events", 3, "day", "9")},
    ),
    "contradicting_visits": (
        {"visits": [rating(score=3), rating(score=2), rating(day=9)]},
        {("visits", 2, "day", "0"), ("visits", 3, "day", "0")},
    ),
    "contradicting_person": (
        {"subjects": [person(sex="male"), person(sex="female")]},
        {("subjects", 2, "sex", "male"), ("subjects", 3, "sex", "female")},
    ),
    "second_death": (
        {"visits": [rating(), rating(day=50)], "events": [event("death", 40), event("death", 90), event("death", 60)]},
        {("events", 2, "day", "40"), ("events", 3, "day", "90")},
    ),
    "unknown_person": ({"visits": [rating("z")], "subjects": [person()]}, {("subjects", 2, "subject", "z")}),
    "death_before_entry": (
        {
            "subjects": [person(), person("b", entry="stated")],
            "visits": [rating("b", 50)],
            "events": [event("death", -3), event("death", 20, "b")],
        },
        {("events", 2, "day", "-3"), ("events", 3, "day", "20")},
    ),
    "onset_after_entry": (
        {"subjects": [person(onset_day=10), person("b", entry="stated", onset_day=60)], "visits": [rating("b", 50)]},
        {("subjects", 2, "onset_day", "10"), ("subjects", 3, "onset_day", "60")},
    ),
    "diagnosis_before_onset": (
        {"subjects": [person(onset_day=-100, diagnosis_day=-200)]},
        {("subjects", 2, "onset_day", "-100"), ("subjects", 2, "diagnosis_day", "-200")},
    ),
    "entry_not_day_zero": (
        {"subjects": [person(entry="diagnosis", diagnosis_day=-30)]},
        {("subjects", 2, "diagnosis_day", "-30")},
    ),
    "onset_age_above_entry_age": (
        {"subjects": [person(age_at_entry_years=50.0, age_at_onset_years=62.0)]},
        {("subjects", 2, "age_at_onset_years", "62"), ("subjects", 2, "age_at_entry_years", "50")},
    ),
    "ages_disagree_with_days": (
        {"subjects": [person(age_at_entry_years=60.0, age_at_onset_years=50.0, onset_day=-365)]},
        {("subjects", 2, "age_at_onset_years", "50")},
    ),
    "seen_after_death": (
        {"subjects": [person(last_seen_day=90)], "events": [event("death", 50)]},
        {("subjects", 2, "last_seen_day", "90")},
    ),
    "seen_after_last_seen": (
        {"subjects": [person(last_seen_day=90)], "visits": [rating(day=120)]},
        {("subjects", 2, "last_seen_day", "90")},
    ),
    "after_death": (
        {
            "visits": [rating(), rating(day=60)],
            "measures": [{**MEASURE, "day": 70}],
            "doses": [{**DOSE, "day": 80}],
            "events": [event("death", 50), event("niv_start", 55), event("diagnosis_revised", 58)],
        },
        {
            ("visits", 3, "day", "60"),
            ("measures", 2, "day", "70"),
            ("doses", 2, "day", "80"),
            ("events", 3, "day", "55"),
        },
    ),
    "end_before_start": (
        {"doses": [{**DOSE, "end_day": -5}], "events": [event("infection", 9, end_day=3)]},
        {("doses", 2, "end_day", "-5"), ("events", 2, "end_day", "3")},
    ),
    "end_after_death": (
        {"doses": [{**DOSE, "end_day": 90}], "events": [event("death", 50)]},
        {("doses", 2, "end_day", "90")},
    ),
    "cutting_rated_twice": (
        {
            "visits": [rating(**{TUBE: 3.0}), rating("b", **{TUBE: 1.0}), rating("c", 9, **{TUBE: 1.0})],
            "events": [event("gastrostomy", 5, "c")],
        },
        {("visits", 2, TUBE, "3"), ("visits", 3, TUBE, "1"), ("visits", 3, NO_TUBE, "3"), ("visits", 4, NO_TUBE, "3")},
    ),
    "gastrostomy_not_recorded": (
        {"visits": [rating(day=day, **{NO_TUBE: None, TUBE: 2.0}) for day in (0, 90)]},
        {("visits", 2, TUBE, "2")},
    ),
    "mixed_scales": (
        {"visits": [rating(), *({**OLD, "day": day} for day in (9, 99))]},
        {("visits", 3, "scale", "alsfrs")},
    ),
    "total_differs": ({"visits": [rating(alsfrs_r_total=40.0)]}, {("visits", 2, "alsfrs_r_total", "40")}),
    "total_impossible": (
        {"visits": [rating(q1_speech=None, alsfrs_r_total=38.0), rating(day=9, q1_speech=None, alsfrs_r_total=36.0)]},
        {("visits", 2, "alsfrs_r_total", "38")},
    ),
    "total_of_some_items": (
        {"visits": [rating(q1_speech=None, alsfrs_r_total=33.0), rating(day=9, q1_speech=None, alsfrs_r_total=36.0)]},
        {("visits", 2, "alsfrs_r_total", "33")},
    ),
    "cutting_not_applicable": (
        {"visits": [rating(q5b_cutting_with_gastrostomy=0.0), rating(day=9, q5b_cutting_with_gastrostomy=0.0)]},
        {("visits", 2, "q5b_cutting_with_gastrostomy", "0"), ("visits", 3, "q5b_cutting_with_gastrostomy", "0")},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rule_tells_row_column_and_value(name: str) -> None:
    tables, expected = CASES[name]
    rule = RULES_BY_NAME[name]
    faults = checked(**tables).rejected.filter(pl.col("rule") == name)
    assert set(faults.select("table", "row", "column", "value").rows()) == expected
    assert set(faults["severity"]) == {rule.severity}
    assert faults["message"].str.starts_with(rule.message).all()
    assert set(faults["how_to_fix"]) == {rule.how_to_fix}
    if name != "unknown_person":  # whose row stands in another table
        assert (faults["source"] == faults["table"] + ".csv").all()


@pytest.mark.parametrize("name", CASES)
def test_rule_keeps_row_or_value_as_it_says(name: str) -> None:
    tables, expected = CASES[name]
    cohort = checked(**tables)
    left_out = cohort.rejected.filter(pl.col("rule").is_in([rule.name for rule in RULES if rule.effect == "row"]))
    if RULES_BY_NAME[name].effect == "row":
        assert set(left_out.select("table", "row").rows()) == {(table, row) for table, row, _, _ in expected}
    elif name != "contradicting_person":  # whose rows are merged after their values
        assert left_out.is_empty()
    for table, rows in tables.items():
        lost = left_out.filter(pl.col("table") == table).select("row").n_unique()
        made = int((cohort.rejected["rule"] == "unknown_person").sum()) if table == "subjects" else 0
        assert cohort.frames()[table].height == len(rows) - lost + made


@pytest.mark.parametrize("name", [name for name in CASES if RULES_BY_NAME[name].effect == "value"])
def test_value_left_out_is_missing(name: str) -> None:
    tables, expected = CASES[name]
    cohort = checked(**tables)
    for table, row, column, _ in expected:
        subject, day = (tables[table][row - 2].get(key) for key in ("subject", "day"))
        same = (pl.col("subject") == subject) & (True if day is None else pl.col("day") == day)
        assert cohort.frames()[table].filter(same)[column].to_list() == [None]


def test_every_rule_has_a_case() -> None:
    by_type = {"unknown_column", "wrong_type"}
    assert set(CASES) | by_type == {rule.name for rule in RULES}
    assert len(RULES_BY_NAME) == len(RULES)


def test_clean_tables_tell_nothing() -> None:
    cohort = checked(
        subjects=[person(onset_day=-300, diagnosis_day=-100, age_at_entry_years=60.0, last_seen_day=200)],
        visits=[rating(alsfrs_r_total=36.0), rating(day=90, score=2)],
        measures=[MEASURE],
        events=[event("niv_start", 100), event("death", 200)],
        doses=[DOSE],
    )
    assert cohort.rejected.is_empty()
    assert cohort.rejected.schema == REJECTED.schema
    assert cohort.visits["alsfrs_r_total"].to_list() == [36.0, 24.0]
    assert cohort.visits["total_recorded"].to_list() == [36.0, None]


def test_empty_tables_make_an_empty_cohort() -> None:
    cohort = check(RawTables(frames={}))
    assert cohort.size == 0
    for name, frame in cohort.frames().items():
        assert frame.equals(TABLES[name].empty())
    assert cohort.rejected.is_empty()


def test_rest_of_a_row_with_a_wrong_item_stays() -> None:
    cohort = checked(visits=[rating(q1_speech=44.0, alsfrs_r_total=36.0)])
    assert cohort.visits["q2_salivation"].to_list() == [3.0]
    assert cohort.visits["alsfrs_r_total"].to_list() == [36.0]  # 33 from eleven items, so speech could be 3
    cohort = checked(visits=[rating(q1_speech=5.0, alsfrs_r_total=38.0)])
    assert cohort.visits["alsfrs_r_total"].to_list() == [None]  # the total was made with the wrong item
    assert cohort.visits["total_recorded"].to_list() == [38.0]


def test_total_without_items_is_kept() -> None:
    bare = {"subject": "a", "day": 0, "scale": "alsfrs_r", "total_recorded": 41.0}
    old = {"subject": "a", "day": 0, "scale": "alsfrs", "total_recorded": 41.0}
    assert checked(visits=[bare]).visits["alsfrs_r_total"].to_list() == [41.0]
    assert checked(visits=[old]).visits["alsfrs_total"].to_list() == [None]  # forty is the most
    assert rules(checked(visits=[old])) == {"unknown_person", "total_impossible"}


def test_partial_rows_of_one_visit_become_one() -> None:
    first, second = rating(), rating(visit="Month 3")
    for name in ("q1_speech", "q2_salivation"):
        first[name] = None
    cohort = checked(visits=[first, second])
    assert cohort.visits.height == 1
    assert cohort.visits["alsfrs_r_total"].to_list() == [36.0]
    assert cohort.visits["visit"].to_list() == ["Month 3"]


def test_person_rows_that_agree_are_merged() -> None:
    cohort = checked(subjects=[person(sex="male"), person(height_cm=180.0), person("b", sex="female")])
    assert cohort.subjects.select("subject", "sex", "height_cm").rows() == [("a", "male", 180.0), ("b", "female", None)]
    assert reported(cohort) == {("repeated_row", "subjects", 3, "subject", "a")}


def test_death_that_ratings_contradict_gives_way() -> None:
    cohort = checked(**CASES["second_death"][0])
    assert cohort.events["day"].to_list() == [60]
    assert cohort.visits["day"].to_list() == [0, 50]


def test_types_are_forced_and_losses_told() -> None:
    frames = {
        "visits": pl.DataFrame(
            {
                "subject": [1, 2],
                "day": [0.6, float("nan")],
                "scale": ["alsfrs_r", "alsfrs_r"],
                "q1_speech": ["3", "three"],
                "color": ["red", "blue"],
            }
        )
    }
    headings = {"visits": {"q1_speech": "Speech", "color": "Colour"}}
    cohort = check(RawTables(frames=frames, headings=headings))
    assert cohort.visits.select("subject", "day", "q1_speech").rows() == [("1", 1, 3.0)]
    assert ("wrong_type", "visits", 0, "Speech", "three") in reported(cohort)
    assert ("unknown_column", "visits", 0, "Colour", "") in reported(cohort)
    assert ("missing", "visits", 0, "day", "") in reported(cohort)


def test_readers_faults_travel_with_the_cohort() -> None:
    fault = Fault(table="visits", rule="not_a_number", message="m", how_to_fix="c", row=7, column="Q1", value="x")
    cohort = check(replace(raw(visits=[rating()]), faults=(fault,)))
    assert ("not_a_number", "visits", 7, "Q1", "x") in reported(cohort)


def test_faults_come_in_the_order_of_the_file() -> None:
    cohort = checked(visits=[rating(day=day, q1_speech=9.0, q2_salivation=9.0) for day in (5, 3, 4)])
    faults = cohort.rejected.filter(pl.col("table") == "visits").select("row", "column").rows()
    assert faults == [(row, column) for row in (2, 3, 4) for column in ("q1_speech", "q2_salivation")]


def test_checking_accepted_tables_changes_nothing() -> None:
    for tables, _ in CASES.values():
        cohort = checked(**tables)
        again = check(
            RawTables(frames={**cohort.frames(), "visits": cohort.visits.drop("alsfrs_r_total", "alsfrs_total")})
        )
        for name, frame in cohort.frames().items():
            assert frame.equals(again.frames()[name]), name


def test_empty_text_is_missing() -> None:
    cohort = checked(subjects=[person(study="", sex="")], visits=[rating(visit="")])
    assert cohort.subjects.select("study", "sex").rows() == [(None, None)]
    assert cohort.visits["visit"].to_list() == [None]
    assert cohort.rejected.is_empty()


def test_days_are_told_with_their_date_where_it_is_known() -> None:
    born = person(entry_date=date(2006, 8, 12), diagnosis_day=-200, onset_day=-100)
    cohort = checked(subjects=[born], visits=[rating()], events=[event("death", -1349), event("niv_start", 99_999)])
    values = dict(cohort.rejected.select("rule", "value").rows())
    assert values["death_before_entry"] == "2002-12-02 (day -1349)"
    assert values["required_out_of_range"] == "2280-05-26 (day 99999)"
    assert values["diagnosis_before_onset"] in {"2006-05-04 (day -100)", "2006-01-24 (day -200)"}
    far = checked(subjects=[person(entry_date=date(2006, 8, 12), onset_day=-2_000_000_000)])
    assert far.rejected["value"].to_list() == ["-2000000000"]
