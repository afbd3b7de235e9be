"""The `check` verb: read a file, and tell every row that cannot be used, with its place, its rule and how to fix it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from alsight.base.answer import Answer, Exit
from alsight.base.progress import Progress, silent
from alsight.base.provenance import Provenance
from alsight.cohort.cohort import Cohort
from alsight.cohort.mapping.spec import Mapping, mapping_toml, write_mapping
from alsight.cohort.read.large import check_large, is_large
from alsight.cohort.read.source import Source, read_with_mapping
from alsight.report.folder import shown, writing
from alsight.report.page.words import joined

NO_MAPPING: Final = "This layout is known: no column had to be guessed, so there is no mapping to save."


class CheckSpec(Source, frozen=True, kw_only=True):
    """What to check.

    Attributes:
        strict: whether a rejected row makes the run end with code 1.
        save_mapping: file to save the column mapping to, empty for none.
        show_mapping: whether the mapping belongs to the answer.
    """

    strict: bool = False
    save_mapping: str = ""
    show_mapping: bool = False


def check(spec: CheckSpec, progress: Progress = silent, cohort: Cohort | None = None) -> Answer:
    """Counts of what was accepted, and every fault.

    Args:
        spec: what to read.
        progress: told how far the reading is.
        cohort: people already in memory, used in place of the file.

    Raises:
        DataError: the file cannot be used at all.
        SpecError: the request makes no sense.
    """
    summary, rejected, mapping, provenance = _judged(spec, progress, cohort)
    files: dict[str, Path] = {}
    told = sentences(summary)
    if spec.show_mapping:
        summary["mapping"] = msgspec.to_builtins(mapping)
        told = (mapping_toml(mapping) if mapping else NO_MAPPING, *told)
    if spec.save_mapping and mapping:
        with writing(Path(spec.save_mapping)):
            files["mapping"] = write_mapping(mapping, spec.save_mapping)
        told = (*told, f"The column mapping is in {shown(files['mapping'])}")
    elif spec.save_mapping:
        told = (*told, NO_MAPPING)
    return Answer(
        summary=summary,
        tables={"rules": by_rule(rejected), "faults": rejected},
        files=files,
        sentences=told,
        exit=Exit.REJECTED if spec.strict and summary["rejected"] else Exit.FINE,
        provenance=provenance,
    )


def _judged(
    spec: CheckSpec, progress: Progress, cohort: Cohort | None
) -> tuple[dict[str, Any], pl.DataFrame, Mapping | None, Provenance | None]:
    if cohort is None and is_large(spec) and (large := check_large(spec, progress)) is not None:
        found = large.summary
        severity = dict(found.faults.group_by("severity").agg(pl.col("count").sum()).iter_rows())
        heights = dict(found.counts.select("table", "accepted").iter_rows())
        return _summary(heights, severity), found.rejected, large.mapping, large.provenance
    known, mapping = read_with_mapping(spec, progress) if cohort is None else (cohort, None)
    return counts(known), known.rejected, mapping, known.provenance


def counts(cohort: Cohort) -> dict[str, Any]:
    """Accepted rows by table, and faults by severity."""
    severity = dict(cohort.rejected["severity"].value_counts().iter_rows())
    return _summary({name: frame.height for name, frame in cohort.frames().items()}, severity)


def _summary(heights: dict[str, int], severity: dict[str, int]) -> dict[str, Any]:
    return {
        "people": heights["subjects"],
        **{name: height for name, height in heights.items() if name != "subjects"},
        "rejected": severity.get("rejected", 0),
        "corrected": severity.get("corrected", 0),
        "notes": severity.get("note", 0),
    }


def by_rule(rejected: pl.DataFrame) -> pl.DataFrame:
    """Faults counted by rule, those that cost rows first, each with how to fix it."""
    place = pl.col("severity").replace_strict({"rejected": 0, "corrected": 1, "note": 2}, return_dtype=pl.Int8)
    return (
        rejected.group_by("severity", "table", "rule")
        .agg(entries=pl.len(), first_row=pl.col("row").first(), how_to_fix=pl.col("how_to_fix").first())
        .sort(place, "entries", "table", "rule", descending=[False, True, False, False])
    )


def sentences(summary: dict[str, Any]) -> tuple[str, ...]:
    """What was read, in words."""
    sizes = [("people", "person"), ("visits", "visit"), ("measures", "measurement")]
    said = [f"{summary[name]:,} {one if summary[name] == 1 else _many(one)}" for name, one in sizes]
    accepted = f"{joined(said)} accepted."
    if not any(summary[name] for name in ("rejected", "corrected", "notes")):
        return (accepted, "Nothing was rejected or changed.")
    entries = "entry" if summary["rejected"] == 1 else "entries"
    told = (
        f"{summary['rejected']:,} {entries} left out, {summary['corrected']:,} corrected, {summary['notes']:,} kept "
        "with a remark."
    )
    return (accepted, told)


def _many(one: str) -> str:
    return "people" if one == "person" else f"{one}s"
