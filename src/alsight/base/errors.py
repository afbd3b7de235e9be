"""What can go wrong, in one family: every error that a user can cause is an AlsightError that says how to fix it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

import msgspec

Severity = Literal["rejected", "corrected", "note"]
Spelling = Callable[[str, str, Any], str]
"""One line for one faulty field: its path, what is allowed, what was given."""

_REQUEST_FIELD: Final = re.compile(r"`([a-z_]+)=(?:\[?\"([^\"`]*)\"\]?)?`")


def request_field(name: str, value: str = "", *, listed: bool = False) -> str:
    """A field of the request, as a sentence of an error names it; each door writes it its own way.

    Read as it stands it is how Python writes the field: `followed=`, `dates="dmy"` or `accept=["scores_rise"]`.

    Args:
        name: the field.
        value: a value to give it; empty to name only the field.
        listed: whether the field takes a list of values.
    """
    if not value:
        return f"`{name}=`"
    return f'`{name}=["{value}"]`' if listed else f'`{name}="{value}"`'


def with_fields(text: str, write: Callable[[str, str], str]) -> str:
    """A sentence with every field that it names written as one door writes fields.

    Args:
        text: a sentence, possibly with fields as `request_field` gives them.
        write: the name of a field and its value (or an empty text) to how the door writes them.
    """
    return _REQUEST_FIELD.sub(lambda found: write(found[1], found[2] or ""), text)


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with one place of the input, and how to fix it.

    Attributes:
        table: logical table, as in the data dictionary ("visits", "subjects", ...), or "file".
        rule: short name of the broken rule, stable across versions ("out_of_range").
        message: what is wrong, in a sentence.
        how_to_fix: what the user can do about it.
        severity: "rejected" (the row was excluded), "corrected" (changed as the message says), "note" (kept as it is).
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

    def __init__(self, faults: Sequence[tuple[str, str, Any]], spelling: Spelling | None = None) -> None:
        self.faults = tuple(faults)
        super().__init__(self.lines(spelling or _plainly))

    def lines(self, spelling: Spelling) -> str:
        """Every fault on a line of its own, as one door writes it."""
        return "\n".join(spelling(*fault) for fault in self.faults)


def _plainly(path: str, allowed: str, supplied: Any) -> str:
    return f"{path}: expected {allowed}, got {supplied!r}"


class DataError(AlsightError):
    """The file cannot be used at all; row-wise faults are returned with the cohort, not raised.

    Attributes:
        faults: every fault found, most serious first.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{fault.message} {fault.how_to_fix}".strip() for fault in self.faults))


class MappingError(DataError):
    """The columns of a file could not be distinguished: which are missing or claimed twice, and how to name them.

    Attributes:
        mapping: the mapping as far as it goes, to be completed; None where nothing was understood yet.
    """

    def __init__(self, faults: Sequence[Fault], mapping: Any = None) -> None:
        super().__init__(faults)
        self.mapping = mapping


class NotConverged(AlsightError):  # noqa: N818 - the word users know
    """A fit was asked to vouch for itself and cannot; raised by `fit.check()` alone."""


class RunError(AlsightError):
    """A long computation could not go on (disk full, worker lost); what was finished is kept."""
