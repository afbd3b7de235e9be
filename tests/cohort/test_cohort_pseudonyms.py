"""Pseudonyms: nothing in a sent cohort names anyone."""

from __future__ import annotations

import msgspec
import polars as pl
import pytest

from alsight.base.errors import RunError
from alsight.cohort import pseudonyms as module
from alsight.cohort.pseudonyms import pseudonym, pseudonymize, pseudonyms
from alsight.cohort.tables import TABLES
from cohort.people import small_cohort
from cohort.rows import checked, person, rating


def test_tables_keep_their_shape_and_lose_names() -> None:
    cohort = small_cohort()
    hidden = pseudonymize(cohort, "salt")
    for name, frame in hidden.frames().items():
        assert frame.schema == cohort.frames()[name].schema
        assert frame.height == cohort.frames()[name].height
        for column in TABLES[name].columns:
            if column.identifying and column.name != "subject":
                assert frame[column.name].null_count() == frame.height
    assert hidden.subjects["subject"].is_sorted()
    assert set(hidden.subjects["subject"]) == {pseudonym(subject, "salt") for subject in "abcd"}
    assert hidden.provenance is None


def test_people_stay_together() -> None:
    cohort, hidden = small_cohort(), pseudonymize(small_cohort(), "salt")
    for subject in "abcd":
        own = hidden.visits.filter(pl.col("subject") == pseudonym(subject, "salt"))
        assert own.drop("subject", "rater").equals(
            cohort.visits.filter(pl.col("subject") == subject).drop("subject", "rater")
        )


def test_rejected_rows_tell_no_names() -> None:
    cohort = checked(subjects=[person("Anna Smith", sex="Smith"), person("b")], visits=[rating("12", q1_speech=44.0)])
    text = msgspec.json.encode(pseudonymize(cohort, "s").rejected.rows(named=True)).decode()
    assert "Smith" not in text
    assert '"12"' not in text
    assert '"44"' in text
    assert ".csv" not in text


def test_salt_decides() -> None:
    assert pseudonym("a", "one") == pseudonym("a", "one")
    assert pseudonym("a", "one") != pseudonym("a", "two")
    assert pseudonym("a", "x" * 500) != pseudonym("a", "x" * 501)


def test_shared_pseudonyms_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "pseudonym", lambda identifier, salt: "p0")
    with pytest.raises(RunError, match="salt"):
        pseudonyms(pl.Series(["a", "b"]), "salt")
