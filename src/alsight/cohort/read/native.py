"""Reader of alsight's own cohort folders: exactly what was written, or checked anew where a file was edited."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import fastexcel
import msgspec
import polars as pl

from alsight.base.errors import DataError, Fault
from alsight.base.provenance import file_digest
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.parse import Parsed, Place, booleans, dates, days, numbers
from alsight.cohort.raw import RawTables
from alsight.cohort.schema import Table
from alsight.cohort.tables import REJECTED, TABLES
from alsight.cohort.write.folder import MANIFEST, VERSION, Manifest
from alsight.cohort.write.guard import unguarded

LATER: Final = ("onset_precision", "c9orf72")
"""Columns of the dictionary that folders written before them lack."""

_ALL: Final = {**TABLES, REJECTED.name: REJECTED}


def is_cohort(path: Path | str) -> bool:
    """Whether a path is a cohort folder (it holds a manifest), or the manifest itself."""
    location = Path(path)
    return (location.name == MANIFEST and location.is_file()) or (location / MANIFEST).is_file()


def read_cohort(folder: Path | str) -> Cohort:
    """Read a cohort folder.

    A folder as it was written comes back exactly, its rejected rows with it. Where a file was changed since, every
    table goes through the check again, with the lines of its file; what was rejected before is not stated again.

    Raises:
        DataError: no manifest, a newer layout, a missing file, or a file that cannot be read.
    """
    location = Path(folder)
    location = location.parent if location.name == MANIFEST else location
    manifest = _manifest(location)
    missing = [name for name in sorted(manifest.digests) if not (location / name).is_file()]
    if missing:
        raise DataError([_unusable(name, "The file is missing.") for name in missing])
    if any(file_digest(location / name) != digest for name, digest in manifest.digests.items()):
        return _checked(location, manifest)
    absent = [name for name in _ALL if name not in manifest.tables]
    if absent:
        raise DataError([_unusable(MANIFEST, f"The manifest names no table {name}.") for name in absent])
    frames = {name: _table(location, manifest, table) for name, table in _ALL.items()}
    return Cohort(**frames, provenance=manifest.provenance)


def _manifest(location: Path) -> Manifest:
    try:
        manifest = msgspec.json.decode((location / MANIFEST).read_bytes(), type=Manifest)
    except OSError as error:
        raise DataError([_unusable(MANIFEST, f"The manifest cannot be read: {error.strerror}.")]) from error
    except msgspec.MsgspecError as error:
        raise DataError([_unusable(MANIFEST, f"The manifest is damaged: {error}.")]) from error
    faults: list[Fault] = []
    if manifest.version > VERSION:
        faults.append(_unusable(MANIFEST, f"The folder has layout {manifest.version}, newer than this program's."))
    named = {part.file for part in manifest.tables.values()} | set(manifest.digests)
    faults += [
        _unusable(MANIFEST, f"The manifest names a file outside the folder: {name}.")
        for name in sorted(named)
        if Path(name).name != name
    ]
    faults += [
        _unusable(MANIFEST, f"The manifest names an unknown table: {name}.")
        for name in manifest.tables
        if name not in _ALL
    ]
    if faults:
        raise DataError(faults)
    return manifest


def _unusable(source: str, message: str) -> Fault:
    return Fault(
        table="file",
        rule="not_a_cohort_folder",
        source=source,
        message=message,
        how_to_fix="Write the cohort again with `alsight convert`, or read the original file.",
    )


def _table(location: Path, manifest: Manifest, table: Table, *, typed: bool = True) -> pl.DataFrame:
    path = location / manifest.tables[table.name].file
    try:
        frame = _READ[manifest.format](path, table, typed)
        if not typed:
            return frame
        # Columns that the dictionary has gained since the folder was written are empty.
        gained = [column.name for column in table.columns if column.name in LATER and column.name not in frame.columns]
        frame = frame.with_columns(pl.lit(None).alias(name) for name in gained)
        frame = frame.select(pl.col(name).cast(dtype) for name, dtype in table.schema.items())
    except (OSError, ValueError, pl.exceptions.PolarsError, fastexcel.FastExcelError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError([_unusable(path.name, f"The table {table.name} cannot be read: {reason}.")]) from error
    # Faults carry empty text where something is not known; other tables carry nothing.
    return frame.with_columns(pl.col(pl.String).fill_null("")) if table is REJECTED else frame


def _read_parquet(path: Path, table: Table, typed: bool) -> pl.DataFrame:
    del table, typed
    return pl.read_parquet(path)


def _read_csv(path: Path, table: Table, typed: bool) -> pl.DataFrame:
    kinds = table.schema if typed else None
    return unguarded(pl.read_csv(path, schema_overrides=kinds, infer_schema=False, empty_string_is_null=True))


def _read_excel(path: Path, table: Table, typed: bool) -> pl.DataFrame:
    kinds: Any = {name: _KINDS[dtype] for name, dtype in table.schema.items()} if typed else "string"
    return fastexcel.read_excel(path).load_sheet(table.name, dtypes=kinds).to_polars()


_KINDS: Final[dict[Any, str]] = {
    pl.String: "string",
    pl.Float32: "float",
    pl.Float64: "float",
    pl.Int32: "int",
    pl.Int64: "int",
    pl.Boolean: "boolean",
    pl.Date: "date",
}

_READ: Final[dict[str, Callable[[Path, Table, bool], pl.DataFrame]]] = {
    "parquet": _read_parquet,
    "csv": _read_csv,
    "excel": _read_excel,
}


def _checked(location: Path, manifest: Manifest) -> Cohort:
    frames: dict[str, pl.DataFrame] = {}
    found: list[pl.DataFrame] = []
    for name, table in TABLES.items():
        if name in manifest.tables:
            frames[name], faults = _parsed(_table(location, manifest, table, typed=False), table, manifest)
            found += faults
    if "visits" in frames and "total_recorded" in frames["visits"].columns:
        # Totals were computed from items when the folder was written; only the recorded one is the source's word.
        frames["visits"] = frames["visits"].drop("alsfrs_r_total", "alsfrs_total", strict=False)
    return check(RawTables(frames=frames, found=pl.concat(found), provenance=manifest.provenance))


def _parsed(frame: pl.DataFrame, table: Table, manifest: Manifest) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    # Text that someone typed is read as tolerantly as any file of text.
    source, found = manifest.tables[table.name].file, [REJECTED.empty()]
    columns: dict[str, pl.Series] = {}
    for name in frame.columns:
        supplied, column = frame[name], table.by_name.get(name)
        if column is not None and supplied.dtype == pl.String and column.dtype != pl.String:
            supplied, faults, _ = _PARSE[column.dtype](supplied, Place(table=table.name, column=name, source=source))
            found.append(faults)
        columns[name] = supplied
    lines = {
        "source": pl.repeat(source, frame.height, eager=True),
        "row": pl.int_range(2, frame.height + 2, eager=True),
    }
    return pl.DataFrame({**columns, **lines}), found


_PARSE: Final[dict[Any, Callable[[pl.Series, Place], Parsed]]] = {
    pl.Float32: numbers,
    pl.Float64: numbers,
    pl.Int32: days,
    pl.Boolean: booleans,
    pl.Date: dates,
}
