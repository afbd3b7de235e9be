"""The check of one large Parquet file, read and assessed in parts of whole people: memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from alsight.base.progress import Progress, silent
from alsight.base.provenance import Provenance
from alsight.cohort.files.sheet import Sheet, plain_cells, unique_headings
from alsight.cohort.mapping.decide import decide
from alsight.cohort.mapping.spec import Mapping, read_mapping
from alsight.cohort.parts import PART_ROWS, PartsSummary, check_parts, share, whole_people
from alsight.cohort.raw import RawTables
from alsight.cohort.read.source import Source, asked, record
from alsight.cohort.read.tables import raw_tables

LARGE_ROWS: Final = 2_000_000
"""Rows from which a Parquet file is checked in parts."""

_LINE: Final = "\x00line"


@dataclass(frozen=True, kw_only=True)
class Large:
    """What the check of a large file found, how its columns were read, and where it came from."""

    summary: PartsSummary
    mapping: Mapping
    provenance: Provenance


def is_large(source: Source, rows: int = LARGE_ROWS) -> bool:
    """Whether a source is one Parquet file with at least so many rows and a column for the person."""
    path = Path(source.path)
    try:
        with path.open("rb") as stream:
            if stream.read(4) != b"PAR1":
                return False
        return pl.scan_parquet(path).select(pl.len()).collect().item() >= rows
    except (OSError, pl.exceptions.PolarsError):
        return False


def check_large(source: Source, progress: Progress = silent, *, rows: int = PART_ROWS) -> Large | None:
    """Check a large Parquet file as `read` would, without holding its rows.

    How the columns are to be understood is decided from the first part.

    Returns:
        What was found; None where no column names the person, so that the file has to be read as a whole.

    Raises:
        DataError: nothing usable is there; MappingError where columns could not be distinguished.
        SpecError: a mapping that is no TOML.
    """
    path = Path(source.path)
    scan = pl.scan_parquet(path)
    odd = (pl.Object, pl.Binary)
    schema = scan.collect_schema()
    plain = [name for name, dtype in schema.items() if not (dtype.is_nested() or isinstance(dtype, odd))]
    headings = dict(zip(plain, unique_headings(plain)[0], strict=True))
    scan = scan.select(plain).with_row_index(_LINE, offset=2)
    supplied = read_mapping(source.mapping) if source.mapping else Mapping()
    progress("telling columns apart", 0, 0)
    first = _sheet(scan.head(rows).collect(engine="streaming"), headings, path.name)
    mapping = decide([first], supplied, asked(source))
    del first
    table = mapping.tables[0].maps()
    named = [name for name, heading in headings.items() if heading in table and table[heading].means == "subject"]
    if len(named) != 1:
        return None
    cuts, shares = whole_people(scan, named[0], rows)
    frames = (
        (scan.slice(*cut) for cut in cuts)
        if cuts
        else (scan.filter(share(named[0], number, shares)) for number in range(shares))
    )
    parts = _raw(frames, headings, path.name, mapping)
    return Large(summary=check_parts(parts, progress, len(cuts) or shares), mapping=mapping, provenance=record(source))


def _raw(frames: Iterator[pl.LazyFrame], headings: dict[str, str], name: str, mapping: Mapping) -> Iterator[RawTables]:
    for part in frames:
        frame = part.collect(engine="streaming")
        if frame.height:
            yield raw_tables([_sheet(frame, headings, name)], mapping)


def _sheet(frame: pl.DataFrame, headings: dict[str, str], name: str) -> Sheet:
    cells = plain_cells(frame.drop(_LINE).rename(headings))
    return Sheet(file=name, frame=cells, rows=frame[_LINE].cast(pl.UInt32))
