"""The check of tables that do not fit in memory: part by part, each part holding whole people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import polars as pl

from alsight.base.errors import DataError, Fault
from alsight.base.progress import Progress, silent
from alsight.cohort.check import check, sorted_faults
from alsight.cohort.cohort import Cohort
from alsight.cohort.plausible.finding import Finding
from alsight.cohort.plausible.gate import findings
from alsight.cohort.raw import RawTables
from alsight.cohort.rules.catalogue import UNKNOWN_PERSON
from alsight.cohort.tables import REJECTED, TABLES

PART_ROWS: Final = 750_000
"""Visits in one part: about half a gigabyte while it is checked."""

KEPT: Final = 1_000_000
"""Faults that are held in full; the others are counted, and written where a folder is given."""

_TALLY: Final = ("table", "rule", "severity", "column", "message", "how_to_fix")


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a check found, without the rows themselves.

    Attributes:
        counts: one row a table: rows read, accepted (rows made for unknown people among them), and excluded or merged.
        faults: one row a rule and column: how often, and where first (source, row, subject, value).
        rejected: the first KEPT faults in full (REJECTED).
        findings: what is implausible: grave findings that hold in half of the parts or more, lighter ones in any.
    """

    counts: pl.DataFrame
    faults: pl.DataFrame
    rejected: pl.DataFrame
    findings: tuple[Finding, ...] = ()


def check_parts(
    parts: Iterable[RawTables], progress: Progress = silent, total: int = 0, rejected: Path | None = None
) -> Summary:
    """Check part after part, keeping counts and faults only. A fault of a whole table is reported once.

    Args:
        parts: raw tables; no person may stand in two parts.
        progress: told after each part.
        total: number of parts, 0 when not known.
        rejected: folder for every fault in full, a Parquet file a part; None to keep one example of each kind.
    """
    nothing = RawTables(frames={})
    counts, faults, accepted = [_counted(nothing, check(nothing))], [_tallied(REJECTED.empty())], REJECTED.empty()
    whole = REJECTED.empty()
    if rejected is not None:
        rejected.mkdir(parents=True, exist_ok=True)
    observed: list[tuple[Finding, ...]] = []
    for done, raw in enumerate(parts, start=1):
        checked = check(raw)
        observed.append(findings(checked))
        reported = checked.rejected.join(whole, on=list(REJECTED.schema), how="anti", maintain_order="left")
        whole = pl.concat([whole, reported.filter(pl.col("row") == 0, pl.col("subject") == "")])
        counts.append(_counted(raw, checked))
        faults.append(_tallied(reported))
        accepted = pl.concat([accepted, reported.head(KEPT - accepted.height)])
        if rejected is not None:
            reported.write_parquet(rejected / f"part-{done:05}.parquet")
        progress("checking", done, total)
    return Summary(
        counts=pl.concat(counts).group_by("table", maintain_order=True).sum(),
        faults=_together(pl.concat(faults)),
        rejected=sorted_faults([accepted]),
        findings=_of_parts(observed),
    )


def _of_parts(observed: Sequence[tuple[Finding, ...]]) -> tuple[Finding, ...]:
    """Findings about a whole table from those about its parts, in the words of the first part that has them."""
    first: dict[str, Finding] = {}
    count: Counter[str] = Counter()
    for part in observed:
        for finding in part:
            first.setdefault(finding.name, finding)
            count[finding.name] += 1
    held = [finding for finding in first.values() if not finding.grave or 2 * count[finding.name] >= len(observed)]
    whole = sorted(held, key=lambda finding: not finding.grave)
    if len(observed) < 2:
        return tuple(whole)
    parts = {name: f"In {number} of {len(observed)} parts of the file" for name, number in count.items()}
    return tuple(
        msgspec.structs.replace(finding, found=f"{parts[finding.name]}; in the first of them: {finding.found}")
        for finding in whole
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
    cuts, shares = whole_people(tables["visits"], "subject", rows)
    parts = _slices(tables, cuts) if cuts else _shares(tables, shares)
    return check_parts(parts, progress, len(cuts) or shares, rejected)


def _tables(path: Path) -> dict[str, pl.LazyFrame]:
    places = {name: path / f"{name}.parquet" for name in TABLES} if path.is_dir() else {"visits": path}
    found = {name: location for name, location in places.items() if location.is_file()}
    if "visits" not in found:
        raise DataError([_unusable(path.name, "There is no Parquet file of visits here.")])
    tables: dict[str, pl.LazyFrame] = {}
    for name, location in found.items():
        try:
            scan = pl.scan_parquet(location, row_index_name="row", row_index_offset=2)
            columns = scan.collect_schema().names()
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DataError([_unusable(location.name, f"The file cannot be read as Parquet: {error}.")]) from error
        if "subject" not in columns:
            raise DataError([_unusable(location.name, "The table has no column named subject.")])
        tables[name] = scan.with_columns(source=pl.lit(location.name))
    return tables


def _unusable(source: str, message: str) -> Fault:
    return Fault(
        table="file",
        rule="not_a_table",
        source=source,
        message=message,
        how_to_fix="Name columns as in the data dictionary, or convert the file first.",
    )


def whole_people(scan: pl.LazyFrame, subject: str, rows: int) -> tuple[list[tuple[int, int]], int]:
    """How to cut a table into parts of whole people.

    Args:
        scan: the table.
        subject: column of the person.
        rows: wished size of a part.

    Returns:
        Slices (start, length) where people stand together in order, else none and the number of `shares`.
    """
    people = scan.select(pl.col(subject).cast(pl.String)).collect().to_series()
    if people.null_count() == 0 and people.is_sorted():
        return _cuts(people, rows), 0
    return [], max(1, -(-len(people) // rows))


def share(subject: str, number: int, shares: int) -> pl.Expr:
    """Whether a row belongs to a share; rows without a person belong to the first."""
    return (pl.col(subject).cast(pl.String).hash(seed=0) % shares == number).fill_null(number == 0)


def _cuts(people: pl.Series, rows: int) -> list[tuple[int, int]]:
    # Wanted borders move to the next person's first row; a person longer than a part makes a longer part.
    if people.is_empty():
        return [(0, 0)]
    starts = (people != people.shift()).fill_null(True).arg_true()
    requested = range(0, len(people), rows)
    first = sorted(
        {int(starts[location]) for want in requested if (location := starts.search_sorted(want)) < len(starts)}
    )
    ends = [*first[1:], len(people)]
    return [(start, end - start) for start, end in zip(first, ends, strict=True)]


def _slices(tables: dict[str, pl.LazyFrame], cuts: list[tuple[int, int]]) -> Iterator[RawTables]:
    others = {name: scan for name, scan in tables.items() if name != "visits"}
    observed: list[pl.Series] = []
    for start, length in cuts:
        visits = tables["visits"].slice(start, length).collect(engine="streaming")
        names = visits["subject"].cast(pl.String).unique()
        observed.append(names)
        yield RawTables(
            frames={"visits": visits, **_of(others, pl.col("subject").cast(pl.String).is_in(names.implode()))}
        )
    rest = pl.concat(observed) if observed else pl.Series(dtype=pl.String)
    left = _of(others, ~pl.col("subject").cast(pl.String).is_in(rest.implode()).fill_null(False))
    if any(frame.height for frame in left.values()):
        yield RawTables(frames=left)


def _shares(tables: dict[str, pl.LazyFrame], shares: int) -> Iterator[RawTables]:
    for number in range(shares):
        yield RawTables(frames=_of(tables, share("subject", number, shares)))


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
    return rejected.group_by(_TALLY, maintain_order=True).agg(pl.len().cast(pl.Int64).alias("count"), *_first())


def _together(tallies: pl.DataFrame) -> pl.DataFrame:
    return tallies.group_by(_TALLY, maintain_order=True).agg(pl.col("count").sum(), *_first())


def _first() -> list[pl.Expr]:
    return [pl.col(name).first() for name in ("source", "row", "subject", "value")]
