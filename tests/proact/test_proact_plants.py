"""Every quirk of PRO-ACT: planted in a folder, read, checked, and the cohort says what it must say."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.read.proact import is_proact, read_proact
from fixtures.proact.folder import Tables, clean_tables
from fixtures.proact.plants import Plant, planted, unsaid, write_planted
from fixtures.proact.quirks import ALL, PLANTS

KNOWN = Path(__file__).parents[1] / "data" / "proact" / "proact_columns.csv"
PAGE = Path(__file__).parents[2] / "docs" / "methods" / "proact.md"
NOTHING = Plant("nothing", (), ())
TOGETHER = [plant for plant in ALL if plant.tables is None and plant.files is None and plant.release == "2022"]


@pytest.fixture(scope="module")
def few() -> Tables:
    return clean_tables(12, 3)


def frames(cohort: Cohort) -> dict[str, pl.DataFrame]:
    return {**cohort.frames(), "rejected": cohort.rejected}


@pytest.fixture(scope="module")
def usual(few: Tables, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, pl.DataFrame], str]:
    tables, people = planted(few, [NOTHING])
    index = write_planted(tables, NOTHING, tmp_path_factory.mktemp("usual"))
    return frames(check(read_proact(index))), people["nothing"]


@pytest.mark.parametrize("name", PLANTS)
def test_planted_quirk_is_said(name: str, few: Tables, tmp_path: Path) -> None:
    plant = PLANTS[name]
    tables, people = planted(few, [plant])
    index = write_planted(tables, plant, tmp_path / "release")
    assert is_proact(index)
    assert unsaid(frames(check(read_proact(index))), people[name], plant.says) == []


@pytest.mark.parametrize("name", PLANTS)
def test_without_the_plant_it_is_not_said(name: str, usual: tuple[dict[str, pl.DataFrame], str]) -> None:
    reported, person = usual
    assert unsaid(reported, person, PLANTS[name].says)


def test_all_quirks_of_persons_in_one_folder(tmp_path: Path) -> None:
    tables, people = planted(clean_tables(200, 4), TOGETHER)
    reported = frames(check(read_proact(write_planted(tables, NOTHING, tmp_path))))
    personal = {plant.name: [say for say in plant.says if say.where.get("subject") != ""] for plant in TOGETHER}
    assert {name: wrong for name, says in personal.items() if (wrong := unsaid(reported, people[name], says))} == {}


def test_names_are_unique() -> None:
    assert len(PLANTS) == len(ALL)


def test_every_known_quirk_of_a_column_has_a_plant() -> None:
    known = pl.read_csv(KNOWN).filter(pl.col("quirk").is_not_null())
    quirky = {f"{table}.{column}" for table, column in known.select("table", "column").iter_rows()}
    assert quirky - {column for plant in ALL for column in plant.columns} == set()


def test_plants_speak_of_known_columns_only() -> None:
    known = {f"{table}.{column}" for table, column in pl.read_csv(KNOWN).select("table", "column").iter_rows()}
    assert {column for plant in ALL for column in plant.columns} - known == set()


def test_every_plant_is_explained_on_the_docs_page() -> None:
    page = PAGE.read_text()
    assert [name for name in PLANTS if f"`{name}`" not in page] == []


def test_every_rule_told_is_explained_on_the_docs_page(tmp_path: Path) -> None:
    tables, _ = planted(clean_tables(12, 4), TOGETHER)
    raw = read_proact(write_planted(tables, NOTHING, tmp_path))
    rules = {fault.rule for fault in raw.faults} | set(raw.found["rule"])
    page = PAGE.read_text()
    assert len(rules) > 30
    assert [rule for rule in sorted(rules) if f"`{rule}`" not in page] == []


def test_everything_told_says_what_to_do(tmp_path: Path) -> None:
    tables, _ = planted(clean_tables(12, 4), TOGETHER)
    raw = read_proact(write_planted(tables, NOTHING, tmp_path))
    assert all(fault.message and fault.how_to_fix for fault in raw.faults)
    assert raw.found.filter((pl.col("message") == "") | (pl.col("how_to_fix") == "")).is_empty()
