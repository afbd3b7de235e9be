"""Damaged folders: a short form of `validation/fuzz_proact.py`, and what once crashed the reader."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from alsight.cohort.check import check
from alsight.cohort.proact.names import FORMS, Form, heading_key, own_name
from alsight.cohort.read.proact import read_proact
from fixtures.proact.damage import attempt, seeds
from fixtures.proact.folder import Tables, clean_tables
from fixtures.proact.release import write_release


@pytest.fixture(scope="module")
def starts(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, bytes]]:
    return seeds(tmp_path_factory.mktemp("long"))


@pytest.mark.parametrize("seed", range(40))
def test_damaged_folder_is_answered(seed: int, starts: list[dict[str, bytes]], tmp_path: Path) -> None:
    assert attempt(starts, seed, tmp_path) == ""


@pytest.fixture(scope="module")
def few() -> Tables:
    return clean_tables(3, 8)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_any_one_column_may_be_missing(form: Form, few: Tables, tmp_path: Path) -> None:
    columns = [
        name for name in few[form.name].columns if form.spellings().get(heading_key(name), "subject_id") != "subject_id"
    ]
    assert columns
    for location, column in enumerate(columns):
        tables = {"TREATMENT": few["TREATMENT"], form.name: few[form.name].drop(column)}
        raw = read_proact(write_release(tables, tmp_path / str(location), "2022"))
        assert check(raw).size == pl.concat([frame["subject_id"] for frame in tables.values()]).n_unique()
        reported = [fault.value for fault in raw.faults if fault.rule == "column_missing" and form.name in fault.source]
        assert own_name(column) in ", ".join(reported)
