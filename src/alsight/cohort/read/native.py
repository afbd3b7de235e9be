"""Reader of alsight's own cohort folders: exactly what was written, or checked anew where a file was edited."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from alsight.base.errors import DataError, Fault
from alsight.base.provenance import file_digest
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.raw import RawTables
from alsight.cohort.schema import Table
from alsight.cohort.tables import REJECTED, TABLES
from alsight.cohort.write.folder import MANIFEST, VERSION, Manifest
from alsight.cohort.write.guard import unguarded

_ALL: Final = {**TABLES, REJECTED.name: REJECTED}


def is_cohort(path: Path | str) -> bool:
    """Whether a path is a cohort folder (it holds a manifest), or the manifest itself."""
    place = Path(path)
    return (place.name == MANIFEST and place.is_file()) or (place / MANIFEST).is_file()


def read_cohort(folder: Path | str) -> Cohort:
    """Read a cohort folder.

    A folder as it was written comes back exactly, its rejected rows with it. Where a file was changed since, every
    table goes through the check again, lines of the changed files being told.

    Raises:
        DataError: no manifest, a newer layout, a missing file, or a file that cannot be read.
    """
    place = Path(folder)
    place = place.parent if place.name == MANIFEST else place
    manifest = _manifest(place)
    missing = [name for name in sorted(manifest.digests) if not (place / name).is_file()]
    if missing:
        raise DataError([_unusable(name, "The file is missing.") for name in missing])
    edited = any(file_digest(place / name) != digest for name, digest in manifest.digests.items())
    frames = {name: _table(place / part.file, _ALL[name], manifest.format) for name, part in manifest.tables.items()}
    absent = [name for name in _ALL if name not in frames]
    if edited or absent:
        return _checked(frames, manifest)
    for name, table in _ALL.items():
        frames[name] = frames[name].select(list(table.schema))
    return Cohort(**frames, provenance=manifest.provenance)


def _manifest(place: Path) -> Manifest:
    try:
        manifest = msgspec.json.decode((place / MANIFEST).read_bytes(), type=Manifest)
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
        table="file", rule="not_a_cohort_folder", source=source, message=message,
        cure="Write the cohort again with `alsight convert`, or read the original file.",
    )  # fmt: skip


def _table(path: Path, table: Table, form: str) -> pl.DataFrame:
    try:
        frame = _READ[form](path, table)
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError([_unusable(path.name, f"The table {table.name} cannot be read: {reason}.")]) from error
    # Faults carry empty text where something is not known; other tables carry nothing.
    return frame.with_columns(pl.col(pl.String).fill_null("")) if table is REJECTED else frame


def _read_parquet(path: Path, table: Table) -> pl.DataFrame:
    del table
    return pl.read_parquet(path)


def _read_csv(path: Path, table: Table) -> pl.DataFrame:
    frame = pl.read_csv(path, schema_overrides=table.schema, infer_schema=False, empty_string_is_null=True)
    return unguarded(frame)


def _read_excel(path: Path, table: Table) -> pl.DataFrame:
    import fastexcel  # noqa: PLC0415 - only workbooks need it

    kinds: dict[Any, Any] = {
        pl.String: "string", pl.Float32: "float", pl.Float64: "float", pl.Int32: "int", pl.Int64: "int",
        pl.Boolean: "boolean", pl.Date: "date",
    }  # fmt: skip
    sheet = fastexcel.read_excel(path).load_sheet(
        table.name, dtypes={name: kinds[dtype] for name, dtype in table.schema.items()}
    )
    frame: pl.DataFrame = sheet.to_polars()
    known = {name: dtype for name, dtype in table.schema.items() if name in frame.columns}
    return frame.cast(known)  # pyright: ignore[reportArgumentType]


_READ: Final[dict[str, Callable[[Path, Table], pl.DataFrame]]] = {
    "parquet": _read_parquet,
    "csv": _read_csv,
    "excel": _read_excel,
}


def _checked(frames: dict[str, pl.DataFrame], manifest: Manifest) -> Cohort:
    told = frames.pop(REJECTED.name, REJECTED.empty())
    lined = {
        name: frame.with_columns(source=pl.lit(manifest.tables[name].file), row=pl.int_range(2, pl.len() + 2))
        for name, frame in frames.items()
    }
    if "visits" in lined and "total_recorded" in lined["visits"].columns:
        # Totals were computed from items when the folder was written; only the recorded one is the source's word.
        lined["visits"] = lined["visits"].drop("alsfrs_r_total", "alsfrs_total", strict=False)
    found = told.select(list(REJECTED.schema)) if set(REJECTED.schema) <= set(told.columns) else REJECTED.empty()
    return check(RawTables(frames=lined, found=found, provenance=manifest.provenance))
