"""The `convert` verb: write the accepted rows as Parquet, CSV or Excel, with the rejected ones beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from alsight.base.answer import Answer, Exit
from alsight.base.progress import Progress, silent
from alsight.cohort.cohort import Cohort
from alsight.cohort.pseudonyms import pseudonymize
from alsight.cohort.read.source import Source, read
from alsight.cohort.write.folder import write_cohort
from alsight.report.check import counts, sentences
from alsight.report.folder import make_folder, writing
from alsight.report.privacy import salt_of


class ConvertSpec(Source, frozen=True, kw_only=True):
    """What to convert, and into what.

    Attributes:
        out: folder to write to: a new or empty one, or one that holds a cohort, which is replaced.
        format: parquet, csv or excel.
        pseudonymize: whether to hash identifiers and to leave out dates, centers and raters.
        salt_file: file with the secret that makes the pseudonyms, empty to derive it from the cohort.
        strict: whether a rejected row makes the run end with code 1.
    """

    out: str = "alsight-cohort"
    format: Literal["parquet", "csv", "excel"] = "parquet"
    pseudonymize: bool = False
    salt_file: str = ""
    strict: bool = False


def convert(spec: ConvertSpec, progress: Progress = silent, cohort: Cohort | None = None) -> Answer:
    """Write a cohort folder.

    Args:
        spec: what to read and where to write.
        progress: told how far the work is.
        cohort: people already in memory, used in place of the file.

    Raises:
        DataError: the file cannot be used at all.
        SpecError: the request makes no sense, or the folder holds something else.
        RunError: the disk refused.
    """
    known = read(spec, progress) if cohort is None else cohort
    summary = counts(known)
    place = make_folder(spec.out, spec.path)
    progress("writing", 0, 1)
    written = pseudonymize(known, salt_of(known, spec.salt_file)) if spec.pseudonymize else known
    with writing(place):
        files = write_cohort(written, place, spec.format)
    return Answer(
        summary={**summary, "folder": str(place), "files": {name: str(file) for name, file in files.items()}},
        files=files,
        sentences=(*sentences(summary), _written(place, spec.format)),
        exit=Exit.REJECTED if spec.strict and summary["rejected"] else Exit.FINE,
        provenance=known.provenance,
    )


def _written(place: Path, form: str) -> str:
    names = {"parquet": "Parquet", "csv": "CSV", "excel": "an Excel workbook"}
    return f"The cohort is in {place}, as {names[form]}."
