"""Files as clinics keep them: each is read right or asked about; none is read wrongly without a word."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from alsight.base.errors import DataError, MappingError
from alsight.cohort.cohort import Cohort
from alsight.cohort.plausible.gate import findings
from alsight.cohort.read.source import Source, read
from alsight.infer.forecast.encals import predictors
from alsight.instruments.encals import linear_predictor
from read.reading import reported, rules

CASES = Path(__file__).resolve().parents[1] / "data" / "cases" / "reading"


def case(name: str, **options: Any) -> Cohort:
    number, _, file = name.partition("/")
    folder = next(path for path in CASES.iterdir() if path.name.startswith(f"{number}-"))
    if "mapping" in options:
        options["mapping"] = str(folder / options["mapping"])
    return read(Source(path=str(folder / file), **options))


def totals(cohort: Cohort, subject: str) -> list[float]:
    return cohort.visits.filter(pl.col("subject") == subject)["alsfrs_r_total"].to_list()


def fact(cohort: Cohort, subject: str, name: str) -> Any:
    return cohort.subjects.filter(pl.col("subject") == subject)[name].item()


def deaths(cohort: Cohort) -> dict[str, str]:
    """Person to the date of death."""
    dated = cohort.events.filter(pl.col("event") == "death").join(cohort.subjects, on="subject")
    days = dated.with_columns(date=pl.col("entry_date") + pl.duration(days="day"))
    return {subject: f"{date:%Y-%m-%d}" for subject, date in days.select("subject", "date").rows()}


def encals(cohort: Cohort) -> list[float]:
    return linear_predictor(predictors(cohort)[1]).tolist()


def graves(cohort: Cohort) -> set[str]:
    return {finding.name for finding in findings(cohort) if finding.grave}


def names(cohort: Cohort) -> set[str]:
    return {finding.name for finding in findings(cohort)}


def test_repeating_forms_have_their_own_dates() -> None:
    cohort = case("01/t1.csv")
    assert totals(cohort, "77-1") == [40, 37, 32]
    assert totals(cohort, "77-2") == [42, 38, 35]
    assert fact(cohort, "77-1", "onset_day") == -344
    assert fact(cohort, "77-2", "onset_day") == -245
    assert cohort.events.filter(pl.col("event") == "gastrostomy")["day"].to_list() == [245]
    assert deaths(cohort) == {"77-1": "2022-05-20"}
    measured = cohort.measures.sort("measure", "day").select("measure", "day", "value").rows()
    assert measured == [
        ("fvc_l", 0, 3.45),
        ("fvc_l", 245, 2.66),
        ("fvc_pct", 0, 92.0),
        ("fvc_pct", 245, 71.0),
        ("weight_kg", 112, 74.5),
    ]
    assert "missing" not in rules(cohort)
    assert reported(cohort, "empty_rows").height == 1
    assert "female" not in reported(cohort, "unmapped_code")["how_to_fix"][0].partition("each")[0]


def test_stairs_is_the_item() -> None:
    cohort = case("03/good.csv")
    assert totals(cohort, "a") == [48, 47, 46, 45]
    assert "unmapped_code" not in rules(cohort)


@pytest.mark.parametrize("file", ["t2c.csv", "t2d.csv"])
def test_answer_codes_stop_at_the_gate(file: str) -> None:
    assert {"answer_codes", "scores_rise"} <= graves(case(f"04/{file}"))


@pytest.mark.parametrize("file", ["t3.csv", "t3_only.csv"])
def test_case_is_no_identifier(file: str) -> None:
    cohort = case(f"05/{file}")
    assert cohort.size == 60
    assert cohort.visits.height == 420
    assert cohort.subjects["subject"][0] == "P01"


def test_controls_are_excluded_and_listed() -> None:
    with_controls, patients = case("06/t3c.csv"), case("06/t3_pat.csv")
    assert with_controls.visits.equals(patients.visits)
    assert reported(with_controls, "excluded_row").height == 210
    assert "excluded_people" in names(with_controls)


def test_partial_dates_keep_their_precision() -> None:
    cohort = case("07/t4.csv")
    assert [fact(cohort, name, "onset_precision") for name in ("F01", "F02", "F03")] == ["month", "year", "day"]
    assert fact(cohort, "F01", "onset_day") == -275
    assert deaths(cohort) == {"F01": "2020-07-01"}
    assert cohort.events["detail"].to_list() == ["known to the year"]
    assert reported(cohort, "date_without_day").filter(pl.col("severity") == "rejected")["value"].to_list() == [
        "ND/03/2019"
    ]
    assert cohort.visits.height == 7


def test_partial_dates_in_another_order() -> None:
    cohort = case("07/t4b.csv")
    assert [fact(cohort, name, "onset_precision") for name in ("U1", "U2", "U3")] == ["month", "year", "month"]
    assert deaths(cohort) == {"U1": "2021-07-01"}
    assert fact(cohort, "U2", "diagnosis_day") == -275
    assert "unused_columns" not in rules(cohort)


def test_calendar_years() -> None:
    cohort = case("09/y1.csv")
    assert fact(cohort, "1", "age_at_entry_years") == pytest.approx(60.5, abs=0.1)
    assert fact(cohort, "1", "onset_precision") == "year"
    assert deaths(cohort) == {"1": "2020-07-01"}
    # Onset and diagnosis of 2018, entry on 2019-01-21: the diagnosis does not precede the onset.
    assert fact(cohort, "2", "onset_day") <= fact(cohort, "2", "diagnosis_day") < 0


def test_sentinels_and_contradictions_are_still_listed() -> None:
    cohort = case("09/d1.csv")
    assert [fact(cohort, name, "age_at_entry_years") for name in "1234"] == pytest.approx(
        [60.5, 57.6, 68.5, 69.6], abs=0.1
    )
    expected = {"sentinel_date", "death_before_entry", "after_death", "impossible_date", "diagnosis_before_onset"}
    assert expected <= rules(cohort, "rejected")
    assert "repeated_row" in rules(cohort, "corrected")


def test_cells_shown_as_percent() -> None:
    shown, plain = case("10/enc_frac.xlsx"), case("10/enc_pct.xlsx")
    assert shown.measures["value"].to_list() == pytest.approx(plain.measures["value"].to_list())
    assert shown.measures["measure"].unique().to_list() == ["fvc_pct"]
    assert encals(shown) == pytest.approx(encals(plain))
    assert encals(shown)[0] == pytest.approx(-4.3, abs=0.3)
    assert "percent_cells" in rules(shown, "note")


def test_fractions_without_a_unit_stop_at_the_gate() -> None:
    assert "capacity_unit" in graves(case("10/pct2.xlsx"))


@pytest.mark.parametrize("options", [{}, {"mapping": "m7.toml"}])
def test_zero_beside_a_score_means_does_not_apply(options: dict[str, str]) -> None:
    cohort = case("12/t7.csv", **options)
    without, tube = "q5a_cutting_without_gastrostomy", "q5b_cutting_with_gastrostomy"
    first, second = (cohort.visits.filter(pl.col("subject") == name) for name in ("b1f0-01", "b1f0-02"))
    assert first[without].to_list() == [3, 3, 2, None, None]
    assert first[tube].to_list() == [None, None, None, None, 1]
    assert second[without].to_list() == [4, 4, None, None]
    assert second[tube].to_list() == [None, None, 4, 4]
    assert second["alsfrs_r_total"].to_list() == [42, 40, 39, 37]
    assert not rules(cohort, "rejected")
    assert "unused_columns" not in rules(cohort) or reported(cohort, "unused_columns")["value"].to_list() == ["kings"]


def test_a_total_of_some_items_is_no_total() -> None:
    summed, emptied = case("13/t24c.csv"), case("13/t24d.csv")
    assert summed.visits["alsfrs_r_total"].equals(emptied.visits["alsfrs_r_total"])
    assert reported(summed, "total_of_some_items").height == 15


def test_carried_forward_rows_are_excluded() -> None:
    carried, observed = case("14/locf.csv"), case("14/locf0.csv")
    assert carried.visits.equals(observed.visits)
    assert reported(carried, "derived_row").height == 230


def test_carried_forward_rows_without_a_marker_stop_at_the_gate(tmp_path: Path) -> None:
    folder = next(path for path in CASES.iterdir() if path.name.startswith("14-"))
    location = tmp_path / "visits.csv"
    pl.read_csv(folder / "locf.csv").drop("DTYPE").write_csv(location)
    assert graves(read(Source(path=str(location)))) == {"carried_forward"}


def test_one_file_a_patient() -> None:
    cohort = case("16/t21e")
    assert cohort.subjects["subject"].to_list() == ["PT-101", "PT-102", "PT-103"]
    assert "people_named_by_file" in names(cohort)


def test_one_sheet_a_visit() -> None:
    dated, labeled = case("18/t21b.xlsx"), case("18/t21c.xlsx")
    assert dated.visits["alsfrs_r_total"].equals(labeled.visits["alsfrs_r_total"])
    assert labeled.visits["day"].unique().sort().to_list() == [0, 91, 183, 274]


def test_identifiers_with_leading_zeros() -> None:
    cohort = case("19/t12")
    assert cohort.size == 4
    assert set(deaths(cohort).values()) == {"2021-02-03", "2020-12-24", "2020-09-09"}
    assert cohort.visits["subject"].n_unique() == 4
    assert "event_without_day" not in rules(cohort)
    assert "identifier_spelling" in rules(cohort, "corrected")


def test_alive_means_alive() -> None:
    cohort = case("20/t13c.csv")
    assert deaths(cohort) == {"S1": "2020-05-01"}
    assert reported(cohort, "event_without_day")["subject"].to_list() == ["S4"]
    assert "undated_deaths" in names(cohort)


def test_alive_in_a_table_of_people() -> None:
    cohort = case("20/t13e")
    assert deaths(cohort) == {"1": "2020-05-01"}
    assert "event_without_day" not in rules(cohort)
    assert cohort.subjects["onset_site"].to_list() == ["limb", "bulbar", "bulbar"]


def test_subscores_are_no_items() -> None:
    cohort = case("22/t14")
    assert cohort.visits.height == 15
    assert cohort.visits["scale"].unique().to_list() == ["alsfrs_r"]
    assert cohort.visits["alsfrs_r_total"].equals(cohort.visits["total_recorded"], check_names=False)
    assert [fact(cohort, "1", name) for name in ("genotype", "genotype_variant", "c9orf72")] == ["sod1", "D90A", False]
    assert fact(cohort, "2", "genotype") == "c9orf72"
    assert fact(cohort, "1", "onset_site") == "limb"
    assert deaths(cohort) == {"1": "2021-09-01"}
    assert cohort.measures.filter(pl.col("measure") == "fvc_pct").height == 3
    assert not rules(cohort, "rejected")


def test_a_negative_test_is_knowledge() -> None:
    cohort = case("23/c9neg.csv")
    assert cohort.subjects["c9orf72"].to_list() == [False, False]
    assert cohort.subjects["genotype"].to_list() == ["none_found", "none_found"]
    assert all(map(math.isfinite, encals(cohort)))


@pytest.mark.parametrize("options", [{}, {"mapping": "m1.toml"}])
def test_day_numbers_of_sas_are_asked_about(options: dict[str, str]) -> None:
    with pytest.raises(MappingError, match="as SAS and Stata do this is 2020-01-13"):
        case("25/n_sas.csv", **options)


def test_day_numbers_of_excel_hold_births_too() -> None:
    cohort = case("25/n2_xl.csv")
    assert str(fact(cohort, "001", "entry_date")) == "2020-01-13"
    assert fact(cohort, "001", "age_at_entry_years") == pytest.approx(64.9, abs=0.1)


def test_years_of_two_digits_are_asked_about() -> None:
    with pytest.raises(MappingError, match=r'"date_alsfrs" holds years of two digits \(7/12/21\).*dates="mdy"'):
        case("27/t11.csv")
    answered, plain = case("27/t11.csv", dates="mdy"), case("27/t11b.csv")
    assert answered.visits.equals(plain.visits)


def test_proact_newest_release() -> None:
    cohort = case("31/pro")
    assert (cohort.size, cohort.visits.height) == (4, 6)
    assert "death_without_day" in rules(cohort)


def test_other_scales_are_not_the_alsfrs_r() -> None:
    assert totals(case("32/t36.csv"), "a") == [40, 38]
    for file, heading in (("t36a.csv", "ALSFRS-EX"), ("t36b.csv", "ALSFRS-R SE")):
        with pytest.raises(MappingError, match=f"Not used: {heading}"):
            case(f"32/{file}")
    with pytest.raises(MappingError, match="nothing states whether"):
        case("32/t36d.csv")


def test_visits_side_by_side() -> None:
    german = case("33/w1.csv")
    assert totals(german, "P1") == [41, 39, 36]
    assert totals(german, "P2") == [44, 43]
    assert "P3" not in german.subjects["subject"].to_list()
    french = case("33/w2.csv")
    assert totals(french, "A1") == [42, 40, 37, 31]
    assert totals(french, "B2") == [38, 33]
    assert deaths(french) == {"A1": "2017-03-25"}
    assert french.events.filter(pl.col("event") == "niv_start").height == 1
    assert totals(case("33/w3.csv"), "A1") == [42, 40, 37, 31]


@pytest.mark.parametrize("file", ["f.sav", "f.dta", "f.xpt", "f.ods"])
def test_statistics_packages_are_read(file: str) -> None:
    cohort, plain = case(f"35/{file}"), case("39/f.csv.gz")
    assert cohort.visits.select("subject", "day", "alsfrs_r_total").equals(
        plain.visits.select("subject", "day", "alsfrs_r_total")
    )
    assert cohort.measures["value"].to_list() == pytest.approx(plain.measures["value"].to_list())


@pytest.mark.parametrize(
    ("file", "what"), [("f.json", "JSON file"), ("qs.json", "Dataset-JSON"), ("fhir.json", "FHIR")]
)
def test_json_is_refused_by_name_without_its_cells(file: str, what: str) -> None:
    with pytest.raises(DataError, match=what) as refused:
        case(f"35/{file}")
    assert "001" not in str(refused.value)


def test_one_answer_a_row() -> None:
    cohort = case("36/t45.csv")
    assert cohort.visits.height == 2
    assert cohort.visits["alsfrs_r_total"].null_count() == 0
    assert totals(case("36/t45b.csv"), "1") == [40, 38]
    listed = case("36/t45c.csv")
    assert totals(listed, "S-1") == [40, 38]
    assert totals(listed, "S-2") == [44, 43]
    assert listed.visits.filter(pl.col("subject") == "S-1")["q1_speech"].to_list() == [4, 3]


@pytest.mark.parametrize("file", ["t28js.csv", "t28ko.csv", "t28zh.csv"])
def test_dates_and_headings_of_east_asia(file: str) -> None:
    cohort = case(f"38/{file}")
    assert cohort.visits["day"].head(4).to_list() == [0, 96, 192, 276]
    assert cohort.visits["alsfrs_r_total"].head(4).to_list() == [45, 44, 41, 39]


def test_encoding_is_asked_about() -> None:
    with pytest.raises(DataError, match='encoding="gb18030"'):
        case("38/t28zh_gbk.csv")
    assert case("38/t28zh_gbk.csv", encoding="gb18030").visits.equals(case("38/t28zh.csv").visits)


def test_containers_hold_the_same_cohort() -> None:
    first, *others = (case(f"39/{file}") for file in ("f.csv.gz", "f2.parquet", "f_utf16.tsv"))
    assert all(first.visits.equals(other.visits) for other in others)
