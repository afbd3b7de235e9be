"""Laws of reading: order, spelling, language, delimiter, encoding, container and units never change a cohort."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alsight.base.units import CONVERSIONS
from alsight.cohort.cohort import Cohort
from alsight.cohort.mapping.spec import write_mapping
from alsight.cohort.read.source import Source, read, read_with_mapping

SETTINGS = settings(
    deadline=None, max_examples=15, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

SPELLINGS = {
    "id": ("Patient ID", "subjid", "Patienten-ID", "Code patient", "USUBJID"),
    "date": ("Visit date", "Datum", "date_visite", "Fecha de visita", "VISIT_DT"),
    "total": ("ALSFRS-R total", "alsfrs_r", "ALSFRS-R Gesamt", "ALSFRSR score", "FRSRTotal"),
    "weight": ("Weight (kg)", "Gewicht", "Poids", "weight_kg", "Peso"),
    "sex": ("Sex", "gender", "Geschlecht", "Sexe", "Sesso"),
    "onset": ("Date of symptom onset", "onset_date", "Symptombeginn", "Onset Date", "Date of onset"),
}

Visit = tuple[str, date, int, float]
VISITS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c d", "7", "007"]),
        st.dates(min_value=date(2015, 1, 1), max_value=date(2020, 12, 28)),
        st.integers(0, 48),
        st.integers(400, 1200).map(lambda tenths: tenths / 10),
    ),
    min_size=3,
    max_size=12,
    unique_by=lambda visit: visit[:2],
)


def table(visits: list[Visit], spelling: int = 0) -> pl.DataFrame:
    """A visits table with the headings of one language; sex and onset are facts that every row repeats."""
    names = {name: words[spelling] for name, words in SPELLINGS.items()}
    return pl.DataFrame(
        {
            names["id"]: [person for person, *_ in visits],
            names["date"]: [day.isoformat() for _, day, *_ in visits],
            names["total"]: [total for *_, total, _ in visits],
            names["weight"]: [weight for *_, weight in visits],
            names["sex"]: ["F" if person < "b" else "M" for person, *_ in visits],
            names["onset"]: ["2014-06-01" for _ in visits],
        }
    )


def read_frame(frame: pl.DataFrame, folder: Path, **options: object) -> Cohort:
    path = folder / "visits.csv"
    frame.write_csv(path)
    return read(Source(path=str(path), **options))  # type: ignore[arg-type]


def same(one: Cohort, other: Cohort) -> None:
    for name, frame in one.frames().items():
        assert frame.equals(other.frames()[name]), name


@SETTINGS
@given(VISITS, st.randoms(use_true_random=False))
def test_order_of_rows_and_columns(tmp_path, visits, chance: random.Random) -> None:
    mixed = list(visits)
    chance.shuffle(mixed)
    frame = table(mixed)
    columns = list(frame.columns)
    chance.shuffle(columns)
    same(read_frame(table(visits), tmp_path), read_frame(frame.select(columns), tmp_path))


@SETTINGS
@given(VISITS, st.integers(1, 4))
def test_headings_in_other_words(tmp_path, visits, spelling) -> None:
    same(read_frame(table(visits), tmp_path), read_frame(table(visits, spelling), tmp_path))


@SETTINGS
@given(VISITS, st.sampled_from([";", "\t", "|"]), st.sampled_from(["utf-8-sig", "utf-16", "cp1252"]))
def test_delimiter_and_encoding(tmp_path, visits, delimiter, encoding) -> None:
    frame = table(visits)
    path = tmp_path / "other.csv"
    path.write_bytes(frame.write_csv(separator=delimiter, line_terminator="\r\n").encode(encoding))
    same(read_frame(frame, tmp_path), read(Source(path=str(path))))


@SETTINGS
@given(VISITS)
def test_dates_and_decimals_as_in_germany(tmp_path, visits) -> None:
    frame = table(visits)
    date_name, weight_name, onset_name = (SPELLINGS[name][0] for name in ("date", "weight", "onset"))
    german = frame.with_columns(
        *(pl.col(name).str.to_date().dt.to_string("%d.%m.%Y") for name in (date_name, onset_name)),
        pl.col(weight_name).cast(pl.String).str.replace(".", ",", literal=True),
    )
    path = tmp_path / "other.csv"
    german.write_csv(path, separator=";")
    same(read_frame(frame, tmp_path), read(Source(path=str(path))))


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_container(tmp_path, kind) -> None:
    visits = [("a", date(2019, 1, 5), 40, 70.5), ("a", date(2019, 4, 5), 38, 69.0), ("b", date(2020, 2, 29), 48, 80.1)]
    frame = table(visits)
    typed = frame.with_columns(pl.col(SPELLINGS["date"][0], SPELLINGS["onset"][0]).str.to_date())
    path = tmp_path / f"visits.{kind}"
    typed.write_excel(path) if kind == "xlsx" else typed.write_parquet(path)
    same(read_frame(frame, tmp_path), read(Source(path=str(path))))


@SETTINGS
@given(VISITS)
def test_units_of_weight(tmp_path, visits) -> None:
    frame = table(visits)
    kilos = read_frame(frame, tmp_path)
    pounds = frame.rename({SPELLINGS["weight"][0]: "Weight (lb)"}).with_columns(
        pl.col("Weight (lb)") / CONVERSIONS["lb", "kg"]
    )
    other = read_frame(pounds, tmp_path)
    assert kilos.visits.equals(other.visits)
    assert other.measures["value"].to_list() == pytest.approx(kilos.measures["value"].to_list(), rel=1e-12)


@SETTINGS
@given(VISITS)
def test_days_in_place_of_dates(tmp_path, visits) -> None:
    """Days counted from the first visit of each person give the same ratings as the dates do."""
    frame = table(visits)
    id_name, date_name = SPELLINGS["id"][0], SPELLINGS["date"][0]
    first = pl.col(date_name).str.to_date().min().over(id_name)
    counted = frame.with_columns((pl.col(date_name).str.to_date() - first).dt.total_days().alias("day")).drop(
        date_name, SPELLINGS["onset"][0]
    )
    dated, other = read_frame(frame, tmp_path), read_frame(counted, tmp_path)
    assert dated.visits.equals(other.visits)
    assert dated.measures.equals(other.measures)


@SETTINGS
@given(VISITS)
def test_the_saved_mapping_reads_the_same(tmp_path, visits) -> None:
    path = tmp_path / "visits.csv"
    table(visits).write_csv(path)
    cohort, mapping = read_with_mapping(Source(path=str(path)))
    assert mapping is not None
    saved = write_mapping(mapping, tmp_path / "mapping.toml")
    same(cohort, read(Source(path=str(path), mapping=str(saved))))


@SETTINGS
@given(VISITS)
def test_every_row_is_kept_or_told(tmp_path, visits) -> None:
    cohort = read_frame(table(visits), tmp_path)
    lost = cohort.rejected.filter(
        pl.col("rule").is_in(["contradicting_visits", "repeated_row"]) & (pl.col("table") == "visits")
    )
    assert cohort.visits.height + lost.height == len(visits)
