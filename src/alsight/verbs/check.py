"""The `check` verb: read a file and list every row that cannot be used, with its row, its rule and how to fix it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import polars as pl

from alsight.base.answer import Answer, Exit
from alsight.base.errors import Fault, MappingError, request_field
from alsight.base.progress import Progress, silent
from alsight.base.provenance import Provenance
from alsight.cohort.cohort import Cohort
from alsight.cohort.mapping.spec import Mapping, mapping_toml, write_mapping
from alsight.cohort.plausible.finding import Finding
from alsight.cohort.plausible.gate import finding_table, findings
from alsight.cohort.read.large import check_large, is_large
from alsight.cohort.read.source import Entry, Source, read_with_mapping
from alsight.report.folder import shown, writing
from alsight.report.reading import by_cell, by_rule, counts, counts_of, sentences
from alsight.verbs.declare.calls import answered, documented

NO_MAPPING: Final = "This layout is known: no column had to be guessed, so there is no mapping to save."


class CheckSpec(Source, frozen=True, kw_only=True):
    """What to check.

    Attributes:
        strict: end with code 1 if any row was rejected.
        save_mapping: file to save the column mapping to, to be corrected and used again.
        show_mapping: show the mapping as TOML, as it would be saved.
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
        DataError: the file cannot be used at all; MappingError where columns could not be distinguished, the mapping as
            far as it goes being saved where `save_mapping` asks for it.
        SpecError: the request makes no sense.
    """
    try:
        summary, rejected, mapping, provenance, found = _checked(spec, progress, cohort)
    except MappingError as refusal:
        raise _with_mapping(refusal, spec.save_mapping) from refusal
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
        tables={
            "columns": columns(mapping),
            "plausibility": finding_table(found),
            "rules": by_rule(rejected),
            "faults": by_cell(rejected),
        },
        files=files,
        sentences=said,
        exit=Exit.REJECTED if spec.strict and summary["rejected"] else Exit.FINE,
        provenance=provenance,
    )


def columns(mapping: Mapping | None) -> pl.DataFrame:
    """How every column was understood, one row a column, unused ones last; empty where nothing had to be guessed."""
    names = ("table", "column", "means", "confidence", "why", "examples")
    rows = [[row[name] for name in names] for row in mapping.explain()] if mapping else []
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _with_mapping(refusal: MappingError, place: str) -> MappingError:
    """The refusal with the place of the mapping as far as it goes, or with how to save it."""
    if refusal.mapping is None:
        return refusal
    if place:
        with writing(Path(place)):
            write_mapping(refusal.mapping, place, _questions(refusal))
        said = f"The mapping as far as it goes is in {shown(Path(place))}; answer the questions at its top there."
        how_to_fix = f"Give it with {request_field('mapping', place)}."
    else:
        said = "The other columns were understood."
        how_to_fix = f"Save the mapping as far as it goes with {request_field('save_mapping', 'columns.toml')}."
    fault = Fault(table="file", rule="mapping_begun", severity="note", message=said, how_to_fix=how_to_fix)
    return MappingError([*refusal.faults, fault], refusal.mapping)


def _questions(refusal: MappingError) -> list[str]:
    """What a refusal asks, without the cells that it quotes: a saved mapping holds none."""
    cells = {cell for table in refusal.mapping.tables for column in table.maps().values() for cell in column.examples}
    cells |= {fault.value for fault in refusal.faults}
    questions = [f"{fault.message} {fault.how_to_fix}" for fault in refusal.faults]
    for cell in sorted((cell for cell in cells if cell), key=len, reverse=True):
        pattern = re.compile(rf"(?<!\w){re.escape(cell)}(?!\w)")
        questions = [pattern.sub("...", question) for question in questions]
    return questions


def _checked(
    spec: CheckSpec, progress: Progress, cohort: Cohort | None
) -> tuple[dict[str, Any], pl.DataFrame, Mapping | None, Provenance | None, tuple[Finding, ...]]:
    if cohort is None and is_large(spec) and (large := check_large(spec, progress)) is not None:
        found = large.summary
        severity = dict(found.faults.group_by("severity").agg(pl.col("count").sum()).iter_rows())
        heights = dict(found.counts.select("table", "accepted").iter_rows())
        return counts_of(heights, severity), found.rejected, large.mapping, large.provenance, found.findings
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
