"""Text into numbers, days, dates, yes and no, choices and identifiers."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from alsight.cohort.parse import Place, booleans, choices, date_order, dates, days, identifiers, numbers, partial
from alsight.cohort.parse.calendar import SAS_ORIGIN
from alsight.cohort.parse.codes import SYNONYMS
from alsight.cohort.tables import REJECTED, TABLES

PLACE = Place(table="visits", column="Q1", source="visits.csv")


@pytest.mark.parametrize(
    ("text", "values", "bad"),
    [
        (["1", " 2.5 ", "1e3", ".5", "+7"], [1, 2.5, 1000, 0.5, 7], []),
        (["1", "2,5", "3"], [1, 2.5, 3], []),
        (["0,125", "12"], [0.125, 12], []),
        (["1,234", "5"], [1234, 5], []),
        (["1,234", "5.5"], [1234, 5.5], []),
        (["1.234,5", "7"], [1234.5, 7], []),
        (["1,5", "2.5", "1,234", "1.234"], [1.5, 2.5, None, None], ["1,234", "1.234"]),
        (["1,5", "1.234"], [1.5, 1234], []),
        (["12'345", "1 234 567", "1 234,5"], [12345, 1234567, 1234.5], []),
        (["1\u00a0234", "\u22123", "- 4", "85 %"], [1234, -3, -4, 85], []),
        (["NA", "n/a", "", "-", ".", "Unknown", "#N/A", None], [None] * 8, []),
        (
            ["x", "<5", "5kg", "inf", "nan", "1e999", "0x10", "1/2", "=1+1"],
            [None] * 9,
            "x <5 5kg inf 1e999 0x10 1/2 =1+1",
        ),
        (["\ufeff3", "4\u200b"], [3, 4], []),
        (["٣"], [None], ["٣"]),
    ],
)
def test_numbers(text: list[str], values: list[float | None], bad: list[str] | str) -> None:
    parsed = numbers(pl.Series(text), PLACE)
    assert parsed.values.to_list() == values
    assert parsed.values.dtype == pl.Float64
    assert parsed.faults["value"].to_list() == (bad.split() if isinstance(bad, str) else bad)
    assert parsed.faults.schema == REJECTED.schema


def test_decimal_mark_can_be_stated() -> None:
    assert numbers(pl.Series(["1,234"]), PLACE, decimal=",").values.to_list() == [1.234]
    assert numbers(pl.Series(["1.234"]), PLACE, decimal=",").values.to_list() == [1234]


def test_typed_cells_pass() -> None:
    assert numbers(pl.Series([1, None, 3]), PLACE).values.to_list() == [1, None, 3]
    parsed = numbers(pl.Series([float("nan"), float("inf")]), PLACE)
    assert parsed.values.to_list() == [None, None]
    assert parsed.faults["row"].to_list() == [3]


def test_days_from_months_and_years() -> None:
    assert days(pl.Series(["12", "1,5"]), PLACE, unit="month").values.to_list() == [365, 46]
    assert days(pl.Series([-2.0]), PLACE, unit="year").values.to_list() == [-731]  # halves away from zero
    far = days(pl.Series(["99999999999"]), PLACE)
    assert far.values.to_list() == [None]
    assert far.faults["rule"].to_list() == ["not_a_day"]


SPRING = date(2019, 3, 31)


@pytest.mark.parametrize(
    "text",
    [
        "2019-03-31",
        "2019/3/31",
        "20190331",
        "31.03.2019",
        "31.3.2019",
        "31/03/2019",
        "31-03-2019",
        "31-Mar-2019",
        "31 March 2019",
        "March 31, 2019",
        "Mar. 31st 2019",
        "31Mar2019",
        "2019-03-31T10:15:00Z",
        "31.03.2019 10:15",
        "31. März 2019",
        "31 mars 2019",
        "43555",
        "2019-03-31 00:00:00.000",
        "03/31/2019",
        "03/31/2019 9:05 AM",
    ],
)
def test_dates_as_people_write_them(text: str) -> None:
    parsed = dates(pl.Series([text]), PLACE)
    assert parsed.values.to_list() == [SPRING]
    assert parsed.faults.is_empty()


@pytest.mark.parametrize("text", ["31.3.19", "31-Mar-19", "31 mars 19"])
def test_short_years_after_points_and_months_are_read_and_listed(text: str) -> None:
    parsed = dates(pl.Series([text, "31.12.45"]), PLACE)
    assert parsed.values.to_list() == [SPRING, date(1945, 12, 31)]
    assert parsed.faults["rule"].to_list() == ["years_of_two_digits"]


@pytest.mark.parametrize("text", ["31.02.2019", "2019-13-01", "1/1/19", "soon", "31/31/2019", "12:30", "2019-03-31abc"])
def test_what_is_no_date_is_told(text: str) -> None:
    parsed = dates(pl.Series([text, "2019-03-31"]), PLACE)
    assert parsed.values.to_list() == [None, SPRING]
    assert parsed.faults.select("rule", "row", "value").rows() == [("not_a_date", 2, text)]


@pytest.mark.parametrize(
    ("text", "middle", "precision"),
    [
        ("2019-03", date(2019, 3, 15), "month"),
        ("03/2019", date(2019, 3, 15), "month"),
        ("March 2019", date(2019, 3, 15), "month"),
        ("ND/03/2019", date(2019, 3, 15), "month"),
        ("UN-MAR-2019", date(2019, 3, 15), "month"),
        ("2019", date(2019, 7, 1), "year"),
        ("ND/ND/2019", date(2019, 7, 1), "year"),
        ("2019-UN-UN", date(2019, 7, 1), "year"),
    ],
)
def test_a_date_without_a_day_keeps_its_precision(text: str, middle: date, precision: str) -> None:
    parsed = dates(pl.Series([text, "2019-03-31"]), PLACE)
    assert parsed.values.to_list() == [None, SPRING]
    assert parsed.faults.select("rule", "row", "value").rows() == [("date_without_day", 2, text)]
    assert [series.to_list() for series in partial(pl.Series([text, "2019-03-31"]))] == [
        [middle, None],
        [precision, None],
    ]


@pytest.mark.parametrize(
    "text", ["2020\u5e741\u670813\u65e5", "2020. 1. 13.", "Mon Jan 13 2020", "2020\ub144 1\uc6d4 13\uc77c"]
)
def test_dates_in_other_orders(text: str) -> None:
    assert dates(pl.Series([text]), PLACE).values.to_list() == [date(2020, 1, 13)]


def test_years_of_two_digits_where_the_order_is_stated() -> None:
    parsed = dates(pl.Series(["7/12/21", "7/12/58"]), PLACE, order="mdy")
    assert parsed.values.to_list() == [date(2021, 7, 12), date(1958, 7, 12)]


def test_day_numbers_from_1960() -> None:
    parsed = dates(pl.Series(["21927", "-1762"]), PLACE, origin=SAS_ORIGIN)
    assert parsed.values.to_list() == [date(2020, 1, 13), date(1955, 3, 6)]


@pytest.mark.parametrize("text", ["9999-12-30", "31.12.9999", "1900-01-01", "99991231"])
def test_sentinel_dates_are_told(text: str) -> None:
    assert dates(pl.Series([text]), PLACE).faults["rule"].to_list() == ["sentinel_date"]


def test_impossible_years_are_told() -> None:
    assert dates(pl.Series(["0203-01-05", "2203-01-05"]), PLACE).faults["rule"].to_list() == ["impossible_date"] * 2


def test_one_value_decides_the_order_of_a_column() -> None:
    assert dates(pl.Series(["01/02/2019", "13/02/2019"]), PLACE).values[0] == date(2019, 2, 1)
    assert dates(pl.Series(["01/02/2019", "02/13/2019"]), PLACE).values[0] == date(2019, 1, 2)
    undecided = dates(pl.Series(["01/02/2019", "01/03/2019"]), PLACE)
    assert undecided.values[0] == date(2019, 2, 1)
    assert undecided.faults.select("rule", "severity", "row").rows() == [("date_order_undecided", "note", 0)]
    assert dates(pl.Series(["01/02/2019"]), PLACE, order="mdy").values[0] == date(2019, 1, 2)
    both = dates(pl.Series(["13/02/2019", "02/13/2019"]), PLACE)
    assert both.values.to_list() == [date(2019, 2, 13), None]


def test_order_over_several_columns() -> None:
    assert date_order([pl.Series(["01/02/2019"]), pl.Series(["02/14/2019"])]) == "mdy"
    assert date_order([pl.Series(["01/02/2019"]), pl.Series([1])]) == "auto"


def test_typed_dates_pass() -> None:
    assert dates(pl.Series([SPRING, None]), PLACE).values.to_list() == [SPRING, None]
    assert dates(pl.Series([datetime(2019, 3, 31, 10)]), PLACE).values.to_list() == [SPRING]
    assert dates(pl.Series([43555.5]), PLACE).values.to_list() == [SPRING]
    assert dates(pl.Series([-5.0, 1e9]), PLACE).faults["rule"].to_list() == ["not_a_date"] * 2


def test_yes_and_no() -> None:
    parsed = booleans(pl.Series(["Yes", "n", "TRUE", "0", "ja", "maybe", "NA", None]), PLACE)
    assert parsed.values.to_list() == [True, False, True, False, True, None, None, None]
    assert parsed.faults.select("row", "value").rows() == [(7, "maybe")]
    assert booleans(pl.Series([1, 0, None]), PLACE).values.to_list() == [True, False, None]
    assert booleans(pl.Series([1.0, 2.0]), PLACE).faults["value"].to_list() == ["2.0"]
    assert booleans(pl.Series([True, None]), PLACE).values.to_list() == [True, None]


def test_choices_and_their_synonyms() -> None:
    sites = TABLES["subjects"].by_name["onset_site"].choices
    parsed = choices(
        pl.Series(["Bulbar", "Onset: Limb", "LEG", "spinal", "bulba", "NA"]), PLACE, sites, column="onset_site"
    )
    assert parsed.values.to_list() == ["bulbar", "limb", "lower_limb", "limb", None, None]
    assert parsed.faults["value"].to_list() == ["bulba"]
    coded = choices(pl.Series([1.0, 2.0, None]), PLACE, ("female", "male"), synonyms={"1": "female", "2": "male"})
    assert coded.values.to_list() == ["female", "male", None]


def test_missing_marker_may_be_a_choice() -> None:
    kinds = TABLES["subjects"].by_name["genotype"].choices
    parsed = choices(pl.Series(["none", "unknown"]), PLACE, kinds, column="genotype")
    assert parsed.values.to_list() == ["none_found", None]
    assert parsed.faults.is_empty()


def test_synonyms_lead_to_choices() -> None:
    columns = {column.name: column for table in TABLES.values() for column in table.columns}
    for name, words in SYNONYMS.items():
        assert set(words.values()) <= set(columns[name].choices), name
        assert all(word == word.lower() for word in words)


def test_identifiers_stay_text() -> None:
    assert identifiers(pl.Series(["007", " 8 ", "", "a  b", None, "NA"]), PLACE).values.to_list() == [
        "007",
        "8",
        None,
        "a b",
        None,
        "NA",
    ]
    assert identifiers(pl.Series([1.0, 2.5, None, float("nan")]), PLACE).values.to_list()[:3] == ["1", "2.5", None]
    assert identifiers(pl.Series([12, None]), PLACE).values.to_list() == ["12", None]
    assert identifiers(pl.Series(["x" * 201]), PLACE).faults["rule"].to_list() == ["not_an_identifier"]


def test_faults_tell_line_and_person() -> None:
    index = Place(table="visits", column="Q1", source="v.csv", rows=pl.Series([5, 9]), subjects=pl.Series(["a", "b"]))
    fault = numbers(pl.Series(["1", "one"]), index).faults.row(0, named=True)
    assert (fault["row"], fault["subject"], fault["column"], fault["source"]) == (9, "b", "Q1", "v.csv")
    assert fault["how_to_fix"]
