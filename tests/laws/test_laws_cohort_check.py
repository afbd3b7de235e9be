"""Laws of the check: nothing is lost, and order, names and headings never matter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from alsight.base.units import DAYS_PER_MONTH
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.endpoints import endpoints
from alsight.cohort.parse import Place, days, numbers
from alsight.cohort.raw import RawTables
from alsight.cohort.rules.catalogue import RULES
from alsight.cohort.scores import scored_visits
from alsight.cohort.tables import EVENT_KINDS, TABLES
from alsight.instruments.items import ITEM_NAMES
from cohort.rows import Row, rating, raw

SETTINGS = settings(deadline=None, max_examples=30, derandomize=True)
LEFT_OUT = [rule.name for rule in RULES if rule.effect == "row"]

PEOPLE = st.sampled_from(["a", "b", "c", "01", ""]) | st.none()
DAYS = st.integers(-40, 400) | st.sampled_from([0, 0, 99_999]) | st.none()
SCORES = st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0, 4.0, 4.0, 1.5, 1.3, 5.0, 44.0, -1.0]) | st.none()
TOTALS = st.integers(0, 60).map(float) | st.none()
NUMBERS = st.sampled_from([-23.0, 0.0, 50.0, 62.0, 180.0, 376.0, float("inf")]) | st.none()


def rows(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    return st.lists(st.fixed_dictionaries(columns), max_size=5)


SLIPS = st.dictionaries(st.sampled_from(ITEM_NAMES), SCORES, max_size=3)
VISITS = st.lists(
    st.builds(
        lambda subject, day, scale, slips, others: {**rating(subject, day), "scale": scale, **others, **slips},
        PEOPLE,
        DAYS,
        st.sampled_from(["alsfrs_r", "alsfrs_r", "alsfrs", "SARA", None]),
        SLIPS,
        st.fixed_dictionaries(
            {"total_recorded": TOTALS, "alsfrs_r_total": TOTALS, "mode": st.sampled_from(["video", "pigeon", None])}
        ),
    ),
    max_size=6,
)

RAW = st.builds(
    raw,
    subjects=rows(
        subject=PEOPLE,
        entry=st.sampled_from(["first_visit", "stated", "birth", None]),
        onset_day=DAYS,
        diagnosis_day=DAYS,
        age_at_entry_years=NUMBERS,
        age_at_onset_years=NUMBERS,
        height_cm=NUMBERS,
        last_seen_day=DAYS,
        sex=st.sampled_from(["female", "male", "x", None]),
    ),
    visits=VISITS,
    measures=rows(subject=PEOPLE, day=DAYS, measure=st.sampled_from(["svc_pct", "weight_kg", "charm"]), value=NUMBERS),
    events=rows(
        subject=PEOPLE,
        day=DAYS,
        end_day=DAYS,
        event=st.sampled_from(["death", "death", *EVENT_KINDS, "wedding"]),
    ),
    doses=rows(subject=PEOPLE, day=DAYS, end_day=DAYS, treatment=st.just("riluzole"), dose=NUMBERS),
)


def same_tables(first: Cohort, second: Cohort) -> None:
    for name, frame in first.frames().items():
        assert frame.equals(second.frames()[name]), (name, frame.rows(), second.frames()[name].rows())


@SETTINGS
@given(tables=RAW)
def test_every_row_is_accepted_or_told(tables: RawTables) -> None:
    cohort = check(tables)
    reported = cohort.rejected.filter(pl.col("rule").is_in(LEFT_OUT)).select("table", "row").unique()
    made = int((cohort.rejected["rule"] == "unknown_person").sum())
    for name, frame in cohort.frames().items():
        lost = int((reported["table"] == name).sum())
        assert tables.frames[name].height == frame.height + lost - (made if name == "subjects" else 0), name


@SETTINGS
@given(tables=RAW)
def test_every_value_is_kept_or_told(tables: RawTables) -> None:
    cohort = check(tables)
    reported = set(cohort.rejected.select("table", "row", "column").rows())
    left_out = set(cohort.rejected.filter(pl.col("rule").is_in(LEFT_OUT)).select("table", "row").rows())
    for name in ("subjects", "visits"):
        key = TABLES[name].key
        kept = {tuple(row[part] for part in key): row for row in cohort.frames()[name].rows(named=True)}
        for row in tables.frames[name].rows(named=True):
            if (name, row["row"]) in left_out:
                continue
            accepted = kept[tuple(row[part] for part in key)]
            for column, value in row.items():
                if column in {"row", "source", "alsfrs_r_total", "alsfrs_total"} or value is None:
                    continue
                merged = column in {"last_seen_day", "mode"}  # the latest, and the label of one of the merged rows
                assert accepted[column] == value or (name, row["row"], column) in reported or merged, (column, row)


@SETTINGS
@given(tables=RAW)
def test_accepted_tables_hold_what_the_dictionary_says(tables: RawTables) -> None:
    cohort = check(tables)
    people = set(cohort.subjects["subject"])
    for name, table in TABLES.items():
        frame = cohort.frames()[name]
        assert frame.schema == table.schema
        assert set(frame["subject"]) <= people
        assert not table.key or not frame.select(table.key).is_duplicated().any()
        for column in table.columns:
            values = frame[column.name].drop_nulls()
            assert not column.required or len(values) == frame.height
            assert not column.choices or set(values) <= set(column.choices)
            assert column.low is None or (values >= column.low).all()
            assert column.high is None or (values <= column.high).all()
    deaths = cohort.events.filter(pl.col("event") == "death")
    assert not deaths["subject"].is_duplicated().any()
    last = cohort.visits.join(deaths.select("subject", death="day"), on="subject")
    assert (last["day"] <= last["death"]).all()


def shuffled(tables: RawTables, seed: int) -> RawTables:
    frames = {name: frame.sample(fraction=1, shuffle=True, seed=seed) for name, frame in tables.frames.items()}
    return replace(tables, frames=frames)


@SETTINGS
@given(tables=RAW, seed=st.integers(0, 99))
def test_order_of_rows_never_matters(tables: RawTables, seed: int) -> None:
    first, second = check(tables), check(shuffled(tables, seed))
    same_tables(first, second)
    assert endpoints(first).equals(endpoints(second))
    assert scored_visits(first).equals(scored_visits(second))
    # Which of two equal rows is the spare one is a matter of order; all else that is told is not.
    kinds = [
        cohort.rejected.filter(pl.col("rule") != "repeated_row").sort(pl.all()).drop("source", "row")
        for cohort in (first, second)
    ]
    assert (
        kinds[0].filter(pl.col("rule") != "unknown_person").equals(kinds[1].filter(pl.col("rule") != "unknown_person"))
    )


@SETTINGS
@given(tables=RAW, seed=st.integers(0, 99))
def test_names_of_people_never_matter(tables: RawTables, seed: int) -> None:
    people = ["a", "b", "c", "01"]
    names = dict(zip(people, np.random.default_rng(seed).permutation(["w", "9", "é", "A"]), strict=True))
    renamed = replace(
        tables,
        frames={name: frame.with_columns(pl.col("subject").replace(names)) for name, frame in tables.frames.items()},
    )
    back = {str(new): old for old, new in names.items()}
    first, second = check(tables), check(renamed)
    for name, frame in second.frames().items():
        turned = frame.with_columns(pl.col("subject").replace(back))
        other = first.frames()[name]
        assert turned.sort(pl.all(), nulls_last=True).equals(other.sort(pl.all(), nulls_last=True)), name


@SETTINGS
@given(tables=RAW)
def test_headings_change_words_only(tables: RawTables) -> None:
    headings = {name: {column: f"My {column}" for column in table.schema} for name, table in TABLES.items()}
    first, second = check(tables), check(replace(tables, headings=headings))
    same_tables(first, second)
    own = pl.col("rule") != "unknown_person"
    assert (
        second.rejected.filter(own)
        .with_columns(pl.col("column").str.strip_prefix("My "))
        .sort(pl.all())
        .equals(first.rejected.filter(own).sort(pl.all()))
    )


@SETTINGS
@given(tables=RAW)
def test_checking_twice_changes_nothing(tables: RawTables) -> None:
    once = check(tables)
    visits = once.visits.drop("alsfrs_r_total", "alsfrs_total")
    same_tables(once, check(RawTables(frames={**once.frames(), "visits": visits})))


@settings(deadline=None, derandomize=True)
@given(months=st.lists(st.integers(-600, 600) | st.none(), min_size=1, max_size=9))
def test_units_of_time_never_matter(months: list[int | None]) -> None:
    index = Place(table="visits", column="t")
    by_month = days(pl.Series(months, dtype=pl.Int64), index, unit="month").values
    by_day = days(
        pl.Series([None if m is None else m * DAYS_PER_MONTH for m in months], dtype=pl.Float64), index
    ).values
    by_year = days(
        pl.Series([None if m is None else m / 12 for m in months], dtype=pl.Float64), index, unit="year"
    ).values
    assert by_month.equals(by_day)
    assert by_month.equals(by_year)


@settings(deadline=None, derandomize=True)
@given(values=st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 2)), min_size=1, max_size=9))
def test_decimal_marks_never_matter(values: list[float]) -> None:
    index = Place(table="measures", column="x")
    plain = [f"{value:.2f}" for value in values]
    comma = [text.replace(".", ",") for text in plain]
    grouped = [f"{value:,.2f}" for value in values]
    swapped = [text.translate(str.maketrans(",.", ".,")) for text in grouped]
    spaced = [f" {value:,.2f} ".replace(",", " ") for value in values]
    for texts in (plain, comma, grouped, swapped, spaced):
        parsed = numbers(pl.Series(texts), index)
        assert parsed.values.to_list() == [float(text) for text in plain], texts
        assert parsed.faults.is_empty()
