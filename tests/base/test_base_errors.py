"""Errors tell what, where and how to fix it."""

from __future__ import annotations

from alsight.base.errors import AlsightError, DataError, Fault, MappingError, SpecError
from alsight.base.status import ADVICE, Status


def test_every_status_has_advice() -> None:
    assert set(ADVICE) == set(Status)
    assert all(text.endswith(".") for text in ADVICE.values())


def test_data_errors_show_message_and_cure() -> None:
    fault = Fault(table="visits", rule="empty", message="The file is empty.", how_to_fix="Export it again.")
    assert str(DataError([fault])) == "The file is empty. Export it again."
    assert issubclass(MappingError, AlsightError)


def test_spec_errors_list_every_field() -> None:
    error = SpecError([("a", "a number", "x"), ("b.c", "at least 1", 0)])
    assert str(error).splitlines() == ["a: expected a number, got 'x'", "b.c: expected at least 1, got 0"]
