"""RawTables: what every reader makes before anything is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from alsight.base.errors import Fault
from alsight.base.provenance import Provenance
from alsight.cohort.tables import REJECTED


@dataclass(frozen=True, kw_only=True)
class RawTables:
    """Typed but unchecked tables, each row knowing the line of the file that it came from.

    Attributes:
        frames: dictionary table name to frame. Columns are named and typed as in the data dictionary, any may be
            missing. Beside them stand `source` (file name) and `row` (line of that file, the heading being line 1).
            A table may be missing; one person may have several rows in `subjects`, which are merged when they agree.
        faults: what went wrong while reading, reported one by one.
        found: the same as a frame of the REJECTED table, for columns with many faults.
        headings: table to column to the heading as the file spells it, so that a fault is reported in the user's words.
        provenance: where the tables came from.
    """

    frames: Mapping[str, pl.DataFrame]
    faults: tuple[Fault, ...] = ()
    found: pl.DataFrame = field(default_factory=REJECTED.empty)
    headings: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    provenance: Provenance | None = None
