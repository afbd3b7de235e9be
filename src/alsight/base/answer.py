"""Answer: what every verb returns, whichever door it was asked through."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alsight.base.provenance import Provenance

if TYPE_CHECKING:
    import polars as pl


class Exit(IntEnum):
    """Exit codes of the terminal's door."""

    FINE = 0
    REJECTED = 1
    USAGE = 2
    FAILED = 3


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The result of one verb.

    Attributes:
        summary: plain values (counts, sentences) that become the JSON answer and `summary.json`.
        tables: named long frames, each one fact a row.
        files: what was written, name to place; empty when nothing was asked to be written.
        sentences: what a person wants to read first, in order.
        exit: how the terminal should end.
        provenance: how the answer was made.
    """

    summary: dict[str, Any]
    tables: dict[str, pl.DataFrame] = field(default_factory=dict[str, "pl.DataFrame"])
    files: dict[str, Path] = field(default_factory=dict[str, Path])
    sentences: tuple[str, ...] = ()
    exit: Exit = Exit.FINE
    provenance: Provenance | None = None
