"""The check of tables that do not fit in memory: part by part, each part holding whole people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from alsight.base.errors import DataError, Fault
from alsight.base.progress import Progress, silent
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.raw import RawTables
from alsight.cohort.rules.catalogue import UNKNOWN_PERSON
from alsight.cohort.tables import REJECTED, TABLES

PART_ROWS: Final = 750_000
"""Visits in one part: about half a gigabyte while it is checked."""

_TALLY: Final = ("table", "rule", "severity", "column", "message", "cure")


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a check found, without the rows themselves.

    Attributes:
        counts: one row a table: rows read, accepted (rows made for unknown people among them), and left out or merged.
        faults: one row a rule and column: how often, and where first (source, row, subject, value).
    """

    counts: pl.DataFrame
    faults: pl.DataFrame


def check_parts(
    parts: Iterable[RawTables], progress: Progress = silent, total: int = 0, rejected: Path | None = None
) -> Summary:
    """Check part after part, keeping counts only.

    Args:
        parts: raw tables; no person may stand in two parts.
        progress: told after each part.
        total: number of parts, 0 when not known.
        rejected: folder for every fault in full, a Parquet file a part; None to keep one example of each kind.
    """
    counts: list[pl.DataFrame] = []
    faults: list[pl.DataFrame] = []
    if rejected is not None:
        rejected.mkdir(parents=True, exist_ok=True)
    for done, raw in enumerate(parts, start=1):
        checked = check(raw)
        counts.append(_counted(raw, checked))
        faults.append(_tallied(checked.rejected.with_columns(count=pl.lit(1, pl.Int64))))
        if rejected is not None:
            checked.rejected.write_parquet(rejected / f"part-{done:05}.parquet")
        progress("check", done, total)
    nothing = RawTables(frames={})
    counts.append(_counted(nothing, check(nothing)))
    return Summary(
        counts=pl.concat(counts).group_by("table", maintain_order=True).sum(),
        faults=_tallied(pl.concat([REJECTED.empty().with_columns(count=pl.lit(1, pl.Int64)), *faults], how="diagonal")),
    )


def check_parquet(
    path: Path | str, progress: Progress = silent, *, rows: int = PART_ROWS, rejected: Path | None = None
) -> Summary:
    """Check Parquet tables named as in the data dictionary, within memory that does not grow with them.

    Args:
        path: a Parquet file of visits, or a folder with `visits.parquet` and any of the other tables.
        progress: told after each part.
        rows: visits in one part.
        rejected: folder for every fault in full; None to keep one example of each kind.

    Raises:
        DataError: a file is missing or no Parquet, or the visits have no subject column.
    """
    tables = _tables(Path(path))
    parts, total = _parts(tables, rows)
    return check_parts(parts, progress, total, rejected)


def _tables(path: Path) -> dict[str, pl.LazyFrame]:
    places = {name: path / f"{name}.parquet" for name in TABLES} if path.is_dir() else {"visits": path}
    found = {name: place for name, place in places.items() if place.is_file()}
    if "visits" not in found:
        raise DataError([_unusable(path.name, "There is no Parquet file of visits here.")])
    tables: dict[str, pl.LazyFrame] = {}
    for name, place in found.items():
        try:
            scan = pl.scan_parquet(place, row_index_name="row", row_index_offset=2)
            columns = scan.collect_schema().names()
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DataError([_unusable(place.name, f"The file cannot be read as Parquet: {error}.")]) from error
        if "subject" not in columns:
            raise DataError([_unusable(place.name, "The table has no column named subject.")])
        tables[name] = scan.with_columns(source=pl.lit(place.name))
    return tables


def _unusable(source: str, message: str) -> Fault:
    return Fault(
        table="file", rule="not_a_table", source=source, message=message,
        cure="Name columns as in the data dictionary, or convert the file first.",
    )  # fmt: skip


def _parts(tables: dict[str, pl.LazyFrame], rows: int) -> tuple[Iterator[RawTables], int]:
    people = tables["visits"].select(pl.col("subject").cast(pl.String)).collect().to_series()
    if people.is_sorted() and people.null_count() == 0:
        cuts = _cuts(people, rows)
        del people
        return _slices(tables, cuts), len(cuts)
    share = max(1, -(-len(people) // rows))
    del people
    return _shares(tables, share), share


def _cuts(people: pl.Series, rows: int) -> list[tuple[int, int]]:
    # Wanted borders move to the next person's first row; a person longer than a part makes a longer part.
    if people.is_empty():
        return [(0, 0)]
    starts = (people != people.shift()).fill_null(True).arg_true()
    wanted = range(0, len(people), rows)
    first = sorted({int(starts[place]) for want in wanted if (place := starts.search_sorted(want)) < len(starts)})
    ends = [*first[1:], len(people)]
    return [(start, end - start) for start, end in zip(first, ends, strict=True)]


def _slices(tables: dict[str, pl.LazyFrame], cuts: list[tuple[int, int]]) -> Iterator[RawTables]:
    others = {name: scan for name, scan in tables.items() if name != "visits"}
    seen: list[pl.Series] = []
    for start, length in cuts:
        visits = tables["visits"].slice(start, length).collect(engine="streaming")
        names = visits["subject"].cast(pl.String).unique()
        seen.append(names)
        yield RawTables(
            frames={"visits": visits, **_of(others, pl.col("subject").cast(pl.String).is_in(names.implode()))}
        )
    rest = pl.concat(seen) if seen else pl.Series(dtype=pl.String)
    left = _of(others, ~pl.col("subject").cast(pl.String).is_in(rest.implode()).fill_null(False))
    if any(frame.height for frame in left.values()):
        yield RawTables(frames=left)


def _shares(tables: dict[str, pl.LazyFrame], share: int) -> Iterator[RawTables]:
    for number in range(share):
        mine = pl.col("subject").cast(pl.String).hash(seed=0) % share == number
        yield RawTables(frames=_of(tables, mine.fill_null(number == 0)))


def _of(tables: dict[str, pl.LazyFrame], mine: pl.Expr) -> dict[str, pl.DataFrame]:
    return {name: scan.filter(mine).collect(engine="streaming") for name, scan in tables.items()}


def _counted(raw: RawTables, checked: Cohort) -> pl.DataFrame:
    read = {name: frame.height for name, frame in raw.frames.items()}
    made = {"subjects": int((checked.rejected["rule"] == UNKNOWN_PERSON.name).sum())}
    return pl.DataFrame(
        [
            (name, read.get(name, 0), frame.height, read.get(name, 0) + made.get(name, 0) - frame.height)
            for name, frame in checked.frames().items()
        ],
        schema={"table": pl.String, "read": pl.Int64, "accepted": pl.Int64, "left_out": pl.Int64},
        orient="row",
    )


def _tallied(rejected: pl.DataFrame) -> pl.DataFrame:
    first = [pl.col(name).first() for name in ("source", "row", "subject", "value")]
    return rejected.group_by(_TALLY, maintain_order=True).agg(pl.col("count").sum(), *first)
