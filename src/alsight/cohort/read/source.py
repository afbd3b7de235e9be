"""Source: what a user points at, and `read`, which makes a cohort of it whatever its layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final, Literal

import msgspec
import polars as pl

from alsight.base.errors import DataError, SpecError
from alsight.base.progress import Progress, silent
from alsight.base.provenance import Provenance, provenance
from alsight.base.spec import Spec, build, to_json
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.example import example_cohort
from alsight.cohort.files.folder import sheets
from alsight.cohort.files.sheet import Sheet
from alsight.cohort.mapping.decide import decide
from alsight.cohort.mapping.spec import ColumnMap, Mapping, TableMap, read_mapping
from alsight.cohort.plausible.gate import plausible
from alsight.cohort.raw import RawTables
from alsight.cohort.read.native import is_cohort, read_cohort
from alsight.cohort.read.proact import is_proact, read_proact
from alsight.cohort.read.reshape import reshaped
from alsight.cohort.read.tables import raw_tables

Entry = Literal["", "first_visit", "randomization", "enrollment", "diagnosis", "symptom_onset", "stated"]


class Source(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be read, and what the file does not say of itself.

    Attributes:
        path: file, folder or zip.
        example: read the embedded synthetic cohort instead.
        mapping: TOML file that says what the columns mean; what it omits is guessed.
        entry: what day 0 is; empty to take the mapping's, else the first visit where the file gives dates, else the
            file's own day 0.
        sheet: worksheet to read, empty for all.
        scale: scale of totals that do not say it.
        dates: whether the day or the month comes first in dates with slashes.
        decimal: decimal mark, empty to find out.
        time_unit: unit of counts of time whose heading has none.
        missing: further markers of a missing value.
        encoding: encoding of text files, empty to find out.
        accept: names of grave plausibility checks whose finding is accepted, so that it does not stop the run.
    """

    path: str = ""
    example: bool = False
    mapping: str = ""
    entry: Entry = ""
    sheet: str = ""
    scale: Literal["", "alsfrs_r", "alsfrs"] = ""
    dates: Literal["", "dmy", "mdy"] = ""
    decimal: Literal["", ".", ","] = ""
    time_unit: Literal["", "day", "week", "month", "year"] = ""
    missing: Annotated[tuple[str, ...], msgspec.Meta(max_length=50)] = ()
    encoding: Annotated[str, msgspec.Meta(max_length=40)] = ""
    accept: Annotated[tuple[str, ...], msgspec.Meta(max_length=50)] = ()


@dataclass(frozen=True)
class Reader:
    """One way to read an input.

    Attributes:
        name: what the input is.
        fits: whether it is one.
        read: the cohort, and the mapping it was read by where there is one.
    """

    name: str
    fits: Callable[[Source], bool]
    read: Callable[[Source, Progress], tuple[Cohort, Mapping | None]]


def read(source: Source | Path | str, progress: Progress = silent, **fields: Any) -> Cohort:
    """The cohort of a source, every rejected row told in it.

    Args:
        source: what to read, or the place of a file or folder.
        progress: called with how far the work is.
        fields: of `Source`, beside a place (`time_unit="month"`).

    Raises:
        SpecError: neither or both of `path` and `example`, or a mapping that is no TOML.
        DataError: nothing usable is there; MappingError where columns could not be distinguished.
    """
    if not isinstance(source, Source):
        source = build(Source, {**fields, "path": str(source)})
    elif fields:
        raise SpecError([(name, "a field of the source itself", value) for name, value in fields.items()])
    return read_with_mapping(source, progress)[0]


def read_frame(data: Any, fields: dict[str, Any]) -> Cohort:
    """The cohort of a table in memory.

    Args:
        data: a polars or pandas table, anything with the Arrow interface, or columns by name.
        fields: of `Source`.

    Raises:
        DataError: nothing usable is there; MappingError where columns could not be distinguished.
        SpecError: `data` is no table, or a field that does not exist.
    """
    try:
        if isinstance(data, pl.DataFrame):
            table = data
        elif type(data).__module__.partition(".")[0] == "pandas":
            table = pl.from_pandas(data, nan_to_null=True)
        else:
            table = pl.DataFrame(data)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise SpecError([("data", "a table of polars, pandas or Arrow", type(data).__name__)]) from error
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        table.write_csv(path)
        return read(build(Source, {**fields, "path": str(path)}))


def read_plausible(source: Source, progress: Progress = silent, cohort: Cohort | None = None) -> Cohort:
    """The cohort of a source, or the one already in memory, once it passes the gate of plausibility.

    Raises:
        ImplausibleError: a grave finding that `accept` does not name.
        SpecError, DataError, MappingError: as `read`.
    """
    known = read(source, progress) if cohort is None else cohort
    plausible(known, source.accept)
    return known


def read_with_mapping(source: Source, progress: Progress = silent) -> tuple[Cohort, Mapping | None]:
    """The cohort and how its columns were read; no mapping for cohort folders, PRO-ACT and the example."""
    if source.example == bool(source.path):
        raise SpecError([("path", "a file or folder, or example = true, one of the two", source.path)])
    reader = next(reader for reader in READERS if reader.fits(source))
    return reader.read(source, progress)


def read_raw(source: Source, progress: Progress = silent) -> tuple[RawTables, Mapping]:
    """Tables of any visits file before they are checked, and the mapping that they were read by.

    Raises:
        SpecError: a mapping that is no TOML.
        DataError: nothing usable is there; MappingError where columns could not be distinguished.
    """
    supplied = read_mapping(source.mapping) if source.mapping else Mapping()
    found = reshaped(_chosen(source, sheets(Path(source.path), progress, source.encoding)))
    progress("telling columns apart", 0, 0)
    mapping = decide(found, supplied, asked(source))
    progress("reading cells", 0, 0)
    return raw_tables(found, mapping, progress), mapping


def _chosen(source: Source, found: list[Sheet]) -> list[Sheet]:
    chosen = [sheet for sheet in found if source.sheet in ("", sheet.sheet, sheet.file)]
    if not chosen:
        names = ", ".join(sheet.sheet or sheet.file for sheet in found)
        raise SpecError([("sheet", f"one of {names}", source.sheet)])
    return chosen


def asked(source: Source) -> Mapping:
    """What a request says of all tables alike, as a mapping."""
    everywhere = TableMap(
        scale=source.scale,
        dates=source.dates,
        decimal=source.decimal,
        missing=source.missing,
        columns={"": ColumnMap(means="time", unit=source.time_unit)},
    )
    return Mapping(entry=source.entry, tables=(everywhere,))


def _example(source: Source, progress: Progress) -> tuple[Cohort, Mapping | None]:
    del source
    progress("reading the example", 0, 0)
    return example_cohort(), None


def _native(source: Source, progress: Progress) -> tuple[Cohort, Mapping | None]:
    progress("reading a cohort folder", 0, 0)
    return read_cohort(source.path), None


def _proact(source: Source, progress: Progress) -> tuple[Cohort, Mapping | None]:
    raw = read_proact(source.path, progress)
    return check(_told(raw, source)), None


def _mapped(source: Source, progress: Progress) -> tuple[Cohort, Mapping | None]:
    raw, mapping = read_raw(source, progress)
    progress("checking", 0, 0)
    return check(_told(raw, source)), mapping


def _told(raw: RawTables, source: Source) -> RawTables:
    return raw if raw.provenance is not None else replace(raw, provenance=record(source))


def record(source: Source) -> Provenance:
    """Where a reading came from: the request without folders, the files by digest."""
    names = {field.encode_name for field in msgspec.structs.fields(Source)}
    request = {name: value for name, value in msgspec.json.decode(to_json(source)).items() if name in names}
    request["path"] = Path(source.path).name
    request["mapping"] = Path(source.mapping).name if source.mapping else ""
    return provenance("read", request, [Path(source.path)])


def _is_mapped(source: Source) -> bool:
    return bool(source.mapping)


def _always(source: Source) -> bool:
    del source
    return True


def _safely(test: Callable[[Path], bool]) -> Callable[[Source], bool]:
    def fits(source: Source) -> bool:
        try:
            return test(Path(source.path))
        except (OSError, ValueError, DataError):
            return False

    return fits


READERS: Final[tuple[Reader, ...]] = (
    Reader("example", lambda source: source.example, _example),
    Reader("mapped", _is_mapped, _mapped),
    Reader("cohort folder", _safely(is_cohort), _native),
    Reader("PRO-ACT", _safely(is_proact), _proact),
    Reader("any visits table", _always, _mapped),
)
"""Ways to read, the first that fits wins; a mapping given by the user always does."""
