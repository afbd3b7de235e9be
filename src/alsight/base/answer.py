"""Answer: what every verb returns, whichever door it was asked through."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alsight.base.provenance import Provenance

if TYPE_CHECKING:
    import polars as pl


def _html(table: pl.DataFrame) -> str:
    show: Any = getattr(table, "_repr_html_")  # noqa: B009 - the notebook's protocol
    return str(show())


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

    def __str__(self) -> str:
        """The sentences and the names of the tables."""
        sizes = [f"{name}: {table.height} rows" for name, table in self.tables.items()]
        return "\n".join([*self.sentences, *sizes])

    def _repr_html_(self) -> str:
        from html import escape  # noqa: PLC0415 - notebooks only

        said = "".join(f"<p>{escape(sentence)}</p>" for sentence in self.sentences)
        shown = "".join(f"<h4>{escape(name)}</h4>{_html(table)}" for name, table in self.tables.items())
        return f"<div>{said}{shown}</div>"
