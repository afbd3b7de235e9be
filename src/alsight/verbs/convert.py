"""The `convert` verb: write the accepted rows as Parquet, CSV or Excel, with the rejected ones beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from alsight.base.answer import Answer, Exit
from alsight.base.progress import Progress, silent
from alsight.cohort.cohort import Cohort
from alsight.cohort.pseudonyms import pseudonymize
from alsight.cohort.read.source import Entry, Source, read
from alsight.cohort.write.folder import write_cohort
from alsight.report.folder import make_folder, writing
from alsight.report.privacy import salt_of
from alsight.report.reading import counts, sentences
from alsight.verbs.declare.calls import answered, documented

Format = Literal["parquet", "csv", "excel"]


class ConvertSpec(Source, frozen=True, kw_only=True):
    """What to convert, and into what.

    Attributes:
        out: folder to write to, a new or empty one, or one that holds a cohort, which is replaced.
        format: format of the files.
        pseudonymize: hash identifiers, and exclude dates, centers and raters.
        salt_file: text file with your secret for the pseudonyms; without it they are derived from the cohort.
        strict: end with code 1 if any row was rejected.
    """

    out: str = "alsight-cohort"
    format: Format = "parquet"
    pseudonymize: bool = False
    salt_file: str = ""
    strict: bool = False


def run(spec: ConvertSpec, progress: Progress = silent, cohort: Cohort | None = None) -> Answer:
    """Write a cohort folder.

    Args:
        spec: what to read and where to write.
        progress: called with how far the work is.
        cohort: people already in memory, used in place of the file.

    Raises:
        DataError: the file cannot be used at all.
        SpecError: the request makes no sense, or the folder holds something else.
        RunError: the files could not be written.
    """
    known = read(spec, progress) if cohort is None else cohort
    summary = counts(known)
    folder = make_folder(spec.out, spec.path)
    progress("writing", 0, 1)
    written = pseudonymize(known, salt_of(known, spec.salt_file)) if spec.pseudonymize else known
    with writing(folder):
        files = write_cohort(written, folder, spec.format)
    return Answer(
        summary={**summary, "folder": str(folder), "files": {name: str(file) for name, file in files.items()}},
        files=files,
        sentences=(*sentences(summary), _written(folder, spec.format)),
        exit=Exit.REJECTED if spec.strict and summary["rejected"] else Exit.FINE,
        provenance=known.provenance,
    )


def _written(folder: Path, form: str) -> str:
    names = {"parquet": "Parquet", "csv": "CSV", "excel": "an Excel workbook"}
    return f"The cohort is in {folder}, as {names[form]}."


@documented(ConvertSpec)
def convert(
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
    out: Path | str = "alsight-cohort",
    format: Format = "parquet",  # noqa: A002 - named like the option
    pseudonymize: bool = False,
    salt_file: Path | str = "",
    strict: bool = False,
    progress: Progress = silent,
) -> Answer:
    """Write the accepted rows as Parquet, CSV or Excel."""
    return answered("convert", locals())
