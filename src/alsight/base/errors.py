"""What can go wrong, in one family: every error that a user can cause is an AlsightError that says how to fix it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

Severity = Literal["rejected", "corrected", "note"]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with one place of the input, and how to fix it.

    Attributes:
        table: logical table, as in the data dictionary ("visits", "subjects", ...), or "file".
        rule: short name of the broken rule, stable across versions ("out_of_range").
        message: what is wrong, in a sentence.
        how_to_fix: what the user can do about it.
        severity: "rejected" (the row was left out), "corrected" (changed as the message says), "note" (kept as it is).
        source: file the row came from, empty if made in memory.
        row: line of that file, the heading being line 1; 0 when the fault is not about one row.
        subject: the person concerned, empty when none.
        column: column concerned, as the user wrote it where known.
        value: the offending value as text.
    """

    table: str
    rule: str
    message: str
    how_to_fix: str
    severity: Severity = "rejected"
    source: str = ""
    row: int = 0
    subject: str = ""
    column: str = ""
    value: str = ""


class AlsightError(Exception):
    """Anything that alsight can explain to its user."""


class SpecError(AlsightError):
    """The request makes no sense: every faulty field with its path, what is allowed and what was given.

    Attributes:
        faults: triples (field path, what is allowed, what was given), all at once.
    """

    def __init__(self, faults: Sequence[tuple[str, str, Any]]) -> None:
        self.faults = tuple(faults)
        lines = [f"{path}: expected {allowed}, got {given!r}" for path, allowed, given in self.faults]
        super().__init__("\n".join(lines))


class DataError(AlsightError):
    """The file cannot be used at all; row-wise faults are returned with the cohort, not raised.

    Attributes:
        faults: every fault found, most serious first.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{fault.message} {fault.how_to_fix}".strip() for fault in self.faults))


class MappingError(DataError):
    """The columns of a file could not be told apart: which are missing or claimed twice, and how to name them."""


class NotConverged(AlsightError):  # noqa: N818 - the word users know
    """A fit was asked to vouch for itself and cannot; raised by `fit.check()` alone."""


class RunError(AlsightError):
    """A long computation could not go on (disk full, worker lost); what was finished is kept."""
