"""A cohort as a folder of its own: Parquet, CSV or one Excel workbook, with a manifest that says what is in it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import polars as pl

from alsight.base.errors import RunError, SpecError
from alsight.base.provenance import Provenance, file_digest, program
from alsight.cohort.cohort import Cohort
from alsight.cohort.tables import REJECTED, TABLES
from alsight.cohort.write.guard import guarded
from alsight.cohort.write.sheets import write_workbook

Format = Literal["parquet", "csv", "excel"]

FORMATS: Final[dict[str, str]] = {"parquet": ".parquet", "csv": ".csv", "excel": ".xlsx"}
"""Format to the ending of its files."""

MANIFEST: Final = "cohort.json"
WORKBOOK: Final = "cohort.xlsx"
VERSION: Final = 1
"""Version of the folder's layout; a newer one than the reader knows is refused."""


class TableFile(msgspec.Struct, frozen=True, kw_only=True):
    """Where one table is: file in the folder and number of rows."""

    file: str
    rows: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a cohort folder says of itself.

    Attributes:
        version: layout of the folder.
        program: what wrote it.
        format: parquet, csv or excel.
        tables: table to its file; "rejected" among them.
        digests: file to SHA-256 of its bytes, so that edited files are noticed.
        provenance: how the cohort was made.
    """

    version: int
    program: str
    format: Format
    tables: dict[str, TableFile]
    digests: dict[str, str]
    provenance: Provenance | None = None


def write_cohort(cohort: Cohort, folder: Path | str, format: Format = "parquet") -> dict[str, Path]:  # noqa: A002
    """Write a cohort so that `read_cohort` gives it back exactly.

    Files are made elsewhere and moved into place, the manifest last, so an interrupted run leaves no half cohort.

    Args:
        cohort: what to write, rejected rows included.
        folder: a new or empty folder, or one that holds a cohort, which is replaced.
        format: parquet, csv or excel.

    Returns:
        Table name to file, and "manifest".

    Raises:
        SpecError: the folder holds something else, or the format cannot hold this cohort.
        RunError: the file could not be written.
    """
    location = Path(folder)
    _refuse(location, format)
    try:
        location.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=location, prefix=".writing-") as shelf:
            manifest = _make(cohort, Path(shelf), format)
            _move(Path(shelf), location, manifest)
    except OSError as error:
        raise RunError(f"{location} could not be written: {error.strerror or error}.") from error
    return {name: location / part.file for name, part in manifest.tables.items()} | {"manifest": location / MANIFEST}


def _refuse(location: Path, form: str) -> None:
    faults: list[tuple[str, str, Any]] = []
    if form not in FORMATS:
        faults.append(("format", "one of " + ", ".join(FORMATS), form))
    if location.exists() and not location.is_dir():
        faults.append(("folder", "a folder, not a file", str(location)))
    elif location.is_dir() and not (location / MANIFEST).is_file() and any(location.iterdir()):
        faults.append(("folder", "a new or empty folder, or one that holds a cohort", str(location)))
    if faults:
        raise SpecError(faults)


def _make(cohort: Cohort, shelf: Path, form: Format) -> Manifest:
    frames = {**cohort.frames(), REJECTED.name: cohort.rejected}
    if form == "excel":
        write_workbook(frames, shelf / WORKBOOK)
        files = dict.fromkeys(frames, WORKBOOK)
    else:
        files = {name: name + FORMATS[form] for name in frames}
        for name, frame in frames.items():
            _write_table(frame, shelf / files[name], form)
    manifest = Manifest(
        version=VERSION,
        program=program(),
        format=form,
        tables={name: TableFile(file=files[name], rows=frame.height) for name, frame in frames.items()},
        digests={name: file_digest(shelf / name) for name in sorted(set(files.values()))},
        provenance=cohort.provenance,
    )
    (shelf / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    return manifest


def _write_table(frame: pl.DataFrame, path: Path, form: Format) -> None:
    if form == "parquet":
        frame.write_parquet(path, compression="zstd")
    else:
        guarded(frame).write_csv(path, quote_style="non_numeric")


def _move(shelf: Path, location: Path, manifest: Manifest) -> None:
    old = {name + ending for name in (*TABLES, REJECTED.name) for ending in FORMATS.values()} | {WORKBOOK}
    # Without its manifest a half replaced folder is no cohort, so the old one goes first and the new one comes last.
    (location / MANIFEST).unlink(missing_ok=True)
    for name in sorted(manifest.digests):
        os.replace(shelf / name, location / name)
    for name in old - set(manifest.digests):
        (location / name).unlink(missing_ok=True)
    shutil.move(shelf / MANIFEST, location / MANIFEST)
