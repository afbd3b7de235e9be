"""Sheets and their mapping into raw tables, with everything that the reading itself has to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from alsight.base.errors import DataError, Fault, request_field
from alsight.base.progress import Progress, silent
from alsight.cohort.files.sheet import Sheet
from alsight.cohort.mapping.meanings import IS_SCORE
from alsight.cohort.mapping.spec import Mapping, TableMap
from alsight.cohort.parse import Place
from alsight.cohort.parse.identity import spellings
from alsight.cohort.parse.text import tell
from alsight.cohort.raw import RawTables
from alsight.cohort.read.anchor import Anchors, anchors, placed
from alsight.cohort.read.apply import Rows, apply
from alsight.cohort.read.assemble import events, gaps, persons, visits
from alsight.cohort.read.measured import doses, measures
from alsight.cohort.tables import EVENT_KINDS, REJECTED

_SAID = {
    "first_visit": "Day 0 is each person's first visit.",
    "randomization": "Day 0 is each person's randomisation.",
    "enrollment": "Day 0 is each person's enrolment.",
    "diagnosis": "Day 0 is each person's diagnosis.",
    "symptom_onset": "Day 0 is each person's first symptom.",
    "stated": "Days count from the source's own day 0.",
    "": "Day 0 is what each person's row says.",
}


def raw_tables(sheets: Sequence[Sheet], mapping: Mapping, progress: Progress = silent) -> RawTables:
    """Tables of the data dictionary, unchecked.

    Raises:
        DataError: no table that is to be used holds a row.
    """
    by_source = {table.source: table for table in mapping.tables}
    used = [(sheet, by_source[sheet.source]) for sheet in sheets if by_source[sheet.source].use]
    faults = [fault for sheet in sheets for fault in sheet.faults]
    if not any(sheet.frame.height for sheet, _ in used):
        source = used[0][0].source if used else "input"
        raise DataError(
            [
                Fault(
                    table="file",
                    rule="no_rows",
                    source=source,
                    message=f"{source}: no row below the headings.",
                    how_to_fix="Give a file with rows.",
                ),
                *faults,
            ]
        )
    parsed: list[Rows] = []
    for done, (sheet, table) in enumerate(used):
        progress(f"reading cells of {sheet.source}", done, len(used))
        parsed.append(apply(sheet, table))
    faults += [*_unused(mapping), *_named(mapping), _entry_said(mapping, used[0][0].source)]
    parsed, reported = _one_spelling(parsed)
    parsed, excluded = _without(parsed)
    return _together(parsed, mapping, [*faults, *reported, *excluded])


def _without(parsed: list[Rows]) -> tuple[list[Rows], list[Fault]]:
    """Tables without the people whom another table excludes, and one note a table."""
    outside = {name.lstrip("0") or name for rows in parsed for name in rows.outside}
    if not outside:
        return parsed, []
    accepted: list[Rows] = []
    faults: list[Fault] = []
    for rows in parsed:
        bad = rows.frame["subject"].str.strip_chars_start("0").is_in(list(outside)).fill_null(False)
        accepted.append(replace(rows, frame=rows.frame.filter(~bad)) if bad.any() else rows)
        if bad.any():
            faults.append(
                Fault(
                    table="visits",
                    rule="excluded_people",
                    severity="note",
                    source=rows.table.source,
                    value=str(int(bad.sum())),
                    message=f"{int(bad.sum())} rows are about people whom another table excludes; they are excluded.",
                    how_to_fix="Nothing, if these people do not belong into the cohort.",
                )
            )
    return accepted, faults


def _one_spelling(parsed: list[Rows]) -> tuple[list[Rows], list[Fault]]:
    """Tables that spell one person's identifier alike, and how each was spelled before."""
    order = sorted(parsed, key=lambda rows: not IS_SCORE & set(rows.frame.columns))
    merged, undecided = spellings([rows.frame["subject"] for rows in order])
    faults = [
        Fault(
            table="subjects",
            rule="identifier_spelling",
            severity="corrected",
            subject=name,
            value=other,
            message=f'"{other}" and "{name}" are spelled differently and were taken to be one person.',
            how_to_fix="Spell each identifier alike in all tables; a spreadsheet program drops leading zeros.",
        )
        for other, name in merged.items()
    ]
    faults += [
        Fault(
            table="subjects",
            rule="identifiers_alike",
            severity="note",
            subject=names[0],
            value=", ".join(names),
            message=f"{' and '.join(names)} may be one person: one table has both, so they were kept apart.",
            how_to_fix="If they are one person, spell the identifier alike in all rows.",
        )
        for names in undecided
    ]
    if not merged:
        return parsed, faults
    renamed = [replace(rows, frame=rows.frame.with_columns(pl.col("subject").replace(merged))) for rows in parsed]
    return renamed, faults


def _together(parsed: Sequence[Rows], mapping: Mapping, faults: list[Fault]) -> RawTables:
    people = anchors(parsed, mapping.entry)
    pieces: dict[str, list[pl.DataFrame]] = {name: [] for name in ("visits", "measures", "events", "doses")}
    found: list[pl.DataFrame] = [REJECTED.empty()]
    headings: dict[str, dict[str, str]] = {}
    for rows in parsed:
        found += rows.found
        faults += rows.faults
        source = pl.lit(rows.table.source).alias("source")
        frame, reported = visits(rows, people)
        faults += reported
        if frame is not None:
            pieces["visits"].append(frame.with_columns(source))
            missing = gaps(frame, rows)
            found += [] if missing is None else [missing]
        measured, reported = measures(rows, people)
        faults += reported
        happened, cells = events(rows, people)
        found += [*cells, *_unplaced_moments(rows, people)]
        taken, reported = doses(rows, people)
        faults += reported
        for name, piece in (("measures", measured), ("events", happened), ("doses", taken)):
            if piece is not None:
                pieces[name].append(piece.with_columns(source))
        _headings(rows, headings)
    frames = {name: pl.concat(parts, how="diagonal_relaxed") for name, parts in pieces.items() if parts}
    frames["subjects"] = persons(parsed, people)
    told_cells = pl.concat([frame.select(list(REJECTED.schema)) for frame in found])
    return RawTables(frames=frames, faults=tuple(faults), found=told_cells, headings=headings)


def _unplaced_moments(rows: Rows, people: Anchors) -> list[pl.DataFrame]:
    """Dates of first symptoms and diagnoses of people whose day 0 has no date, once a person."""
    reported: list[pl.DataFrame] = []
    for moment, spoken in (("onset", "first symptom"), ("diagnosis", "diagnosis")):
        if not rows.has(f"{moment}@date"):
            continue
        supplied = rows.frame[f"{moment}@date"]
        lost = (
            supplied.is_not_null() & placed(rows, moment, people)["day"].is_null() & rows.frame["subject"].is_not_null()
        )
        index = Place(
            table="subjects",
            column=rows.headings.get(f"{moment}@date", moment),
            source=rows.table.source,
            rows=rows.frame["row"],
            subjects=rows.frame["subject"],
        )
        reported.append(
            tell(
                index,
                lost & rows.frame["subject"].is_first_distinct(),
                supplied,
                "moment_without_day",
                f"The date of {spoken} cannot be counted from day 0, which has no date; it is not used.",
                "Add the date of the first visit or of entry.",
            )
        )
    return reported


def _headings(rows: Rows, headings: dict[str, dict[str, str]]) -> None:
    """Dictionary columns to the words of the file, the first table that tells one deciding."""
    names = {name.partition("@")[0]: heading for name, heading in rows.headings.items()}
    happened = [name for name in names if name in EVENT_KINDS]
    if happened and "event" not in names:
        reported = names["death" if "death" in happened else happened[0]]
        headings.setdefault("events", {}).setdefault("day", reported)
    days = {"onset": "onset_day", "diagnosis": "diagnosis_day", "last_seen": "last_seen_day"}
    for table in ("visits", "measures", "events", "doses"):
        own = headings.setdefault(table, {})
        for name, heading in names.items():
            own.setdefault(name, heading)
        if "time" in names:
            own.setdefault("day", names["time"])
        if "end" in names:
            own.setdefault("end_day", names["end"])
    people = headings.setdefault("subjects", {})
    for name, heading in names.items():
        people.setdefault(days.get(name, name), heading)
    if "age" in names:
        people.setdefault("age_at_entry_years", names["age"])


def _unused(mapping: Mapping) -> list[Fault]:
    """Tables and columns that were not used, one note a table."""
    notes: list[Fault] = []
    for table in mapping.tables:
        if not table.use:
            notes.append(_note(table, "unused_table", "Nothing in this table was recognized; it was not used.", ""))
            continue
        idle = [heading for heading, column in table.maps().items() if column.means == "ignored"]
        if idle:
            listed = ", ".join(f'"{name}"' for name in idle[:40]) + (" ..." if len(idle) > 40 else "")
            notes.append(_note(table, "unused_columns", f"Columns not used: {listed}.", ", ".join(idle)[:200]))
    return notes


def _named(mapping: Mapping) -> list[Fault]:
    """Tables of one person each, which is named by its file or sheet."""
    named = [table for table in mapping.tables if table.use and table.subject]
    if len({table.subject for table in named}) < 2:
        return []
    return [
        Fault(
            table="subjects",
            rule="named_by_file",
            severity="note",
            source=table.source,
            subject=table.subject,
            value=table.subject,
            message="No column names the person; the table is taken to be about one person, who is named by it.",
            how_to_fix=f'Write the identifier under [[tables]] in the mapping: `subject = "{table.subject}"`.',
        )
        for table in named
    ]


def _note(table: TableMap, rule: str, message: str, value: str) -> Fault:
    return Fault(
        table="file",
        rule=rule,
        severity="note",
        source=table.source,
        message=message,
        value=value,
        how_to_fix="If one of them matters, say in the mapping what it means.",
    )


def _entry_said(mapping: Mapping, source: str) -> Fault:
    return Fault(
        table="subjects",
        rule="entry_chosen",
        severity="note",
        source=source,
        value=mapping.entry,
        message=_SAID[mapping.entry],
        how_to_fix=f"State another with {request_field('entry')}, or with `entry` in the mapping.",
    )
