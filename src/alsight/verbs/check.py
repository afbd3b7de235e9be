"""The `check` verb: read a file and list every row that cannot be used, with its row, its rule and how to fix it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import polars as pl

from alsight.base.answer import Answer, Exit
from alsight.base.progress import Progress, silent
from alsight.base.provenance import Provenance
from alsight.cohort.cohort import Cohort
from alsight.cohort.mapping.spec import Mapping, mapping_toml, write_mapping
from alsight.cohort.plausible.finding import Finding
from alsight.cohort.plausible.gate import finding_table, findings
from alsight.cohort.read.large import check_large, is_large
from alsight.cohort.read.source import Entry, Source, read_with_mapping
from alsight.report.folder import shown, writing
from alsight.report.reading import by_rule, counts, counts_of, sentences
from alsight.verbs.declare.calls import answered, documented

NO_MAPPING: Final = "This layout is known: no column had to be guessed, so there is no mapping to save."


class CheckSpec(Source, frozen=True, kw_only=True):
    """What to check.

    Attributes:
        strict: end with code 1 if any row was rejected.
        save_mapping: file to save the column mapping to, to be corrected and used again.
        show_mapping: show how the columns were understood.
    """

    strict: bool = False
    save_mapping: str = ""
    show_mapping: bool = False


def run(spec: CheckSpec, progress: Progress = silent, cohort: Cohort | None = None) -> Answer:
    """Counts of what was accepted, and every fault.

    Args:
        spec: what to read.
        progress: called with how far the reading is.
        cohort: people already in memory, used in place of the file.

    Raises:
        DataError: the file cannot be used at all.
        SpecError: the request makes no sense.
    """
    summary, rejected, mapping, provenance, found = _checked(spec, progress, cohort)
    files: dict[str, Path] = {}
    said = (*map(_spoken, found), *sentences(summary))
    if spec.show_mapping:
        summary["mapping"] = msgspec.to_builtins(mapping)
        said = (mapping_toml(mapping) if mapping else NO_MAPPING, *said)
    if spec.save_mapping and mapping:
        with writing(Path(spec.save_mapping)):
            files["mapping"] = write_mapping(mapping, spec.save_mapping)
        said = (*said, f"The column mapping is in {shown(files['mapping'])}")
    elif spec.save_mapping:
        said = (*said, NO_MAPPING)
    return Answer(
        summary=summary,
        tables={"plausibility": finding_table(found), "rules": by_rule(rejected), "faults": rejected},
        files=files,
        sentences=said,
        exit=Exit.REJECTED if spec.strict and summary["rejected"] else Exit.FINE,
        provenance=provenance,
    )


def _checked(
    spec: CheckSpec, progress: Progress, cohort: Cohort | None
) -> tuple[dict[str, Any], pl.DataFrame, Mapping | None, Provenance | None, tuple[Finding, ...]]:
    if cohort is None and is_large(spec) and (large := check_large(spec, progress)) is not None:
        found = large.summary
        severity = dict(found.faults.group_by("severity").agg(pl.col("count").sum()).iter_rows())
        heights = dict(found.counts.select("table", "accepted").iter_rows())
        return counts_of(heights, severity), found.rejected, large.mapping, large.provenance, ()
    known, mapping = read_with_mapping(spec, progress) if cohort is None else (cohort, None)
    return counts(known), known.rejected, mapping, known.provenance, findings(known)


def _spoken(finding: Finding) -> str:
    """A finding as a sentence of the answer, grave ones marked."""
    mark = f" [{finding.name}; stops assess, describe and forecast]" if finding.grave else f" [{finding.name}]"
    return f"{finding.found} {finding.why} {finding.how_to_fix}{mark}"


@documented(CheckSpec)
def check(
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
    strict: bool = False,
    save_mapping: Path | str = "",
    show_mapping: bool = False,
    progress: Progress = silent,
) -> Answer:
    """Read a file and list every row that cannot be used, with how to fix it."""
    return answered("check", locals())
