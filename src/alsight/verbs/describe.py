"""The `describe` verb: who is in a cohort, how they were followed and fared, and how their scores vary."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import polars as pl

from alsight.base.answer import Answer, Exit
from alsight.base.progress import Progress, silent
from alsight.cohort.cohort import Cohort
from alsight.cohort.read.source import Entry, Source, read_plausible
from alsight.cohort.write.guard import guarded
from alsight.report.folder import make_folder, shown, write_whole
from alsight.report.reading import counts, sentences
from alsight.summary.cohort import describe_cohort
from alsight.verbs.declare.calls import answered, documented


class DescribeSpec(Source, frozen=True, kw_only=True):
    """What to describe.

    Attributes:
        out: folder to write every table to as CSV.
        strict: end with code 1 if any row was rejected.
    """

    out: str = ""
    strict: bool = False


def run(spec: DescribeSpec, progress: Progress = silent, cohort: Cohort | None = None) -> Answer:
    """Everything that describes a cohort, as named tables.

    Args:
        spec: what to read and where to write.
        progress: called with how far the work is.
        cohort: people already in memory, used in place of the file.

    Raises:
        DataError: the file cannot be used at all.
        SpecError: the request makes no sense.
        RunError: the files could not be written.
    """
    known = read_plausible(spec, progress, cohort)
    progress("describing", 0, 0)
    tables = {
        name: frame.with_columns(pl.col(pl.Float64).fill_nan(None)) for name, frame in describe_cohort(known).items()
    }
    files: dict[str, Path] = {}
    if spec.out:
        folder = make_folder(spec.out, spec.path)
        files = {name: write_whole(folder / f"{name}.csv", guarded(frame).write_csv) for name, frame in tables.items()}
    summary: dict[str, Any] = counts(known)
    written = (f"The tables are in {shown(Path(spec.out))}",) if spec.out else ()
    return Answer(
        summary=summary,
        tables=tables,
        files=files,
        sentences=(*sentences(summary), *written),
        exit=Exit.REJECTED if spec.strict and summary["rejected"] else Exit.FINE,
        provenance=known.provenance,
    )


@documented(DescribeSpec)
def describe(
    path: Cohort | Path | str | None = None,
    /,
    *,
    example: bool = False,
    mapping: Path | str = "",
    entry: Entry = "",
    sheet: str = "",
    scale: Literal["", "alsfrs_r", "alsfrs"] = "",
    dates: Literal["", "dmy", "mdy"] = "",
    decimal: Literal["", ".", ","] = "",
    time_unit: Literal["", "day", "week", "month", "year"] = "",
    missing: tuple[str, ...] = (),
    encoding: str = "",
    accept: tuple[str, ...] = (),
    out: Path | str = "",
    strict: bool = False,
    progress: Progress = silent,
) -> Answer:
    """Describe who is in a cohort and how their scores vary."""
    return answered("describe", locals())
