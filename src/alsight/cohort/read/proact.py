"""Reader of PRO-ACT: a folder or zip archive of any release, the 2013 workbooks and the long form included.

Every quirk that is corrected or told stands in `docs/methods/proact.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl

from alsight.base.errors import DataError, Fault
from alsight.base.progress import Progress, silent
from alsight.cohort.proact.doses import doses
from alsight.cohort.proact.events import deaths, gastrostomies, illnesses, last_seen
from alsight.cohort.proact.files import (
    TEXTS,
    WORKBOOKS,
    File,
    Unreadable,
    content,
    find_files,
    folders_ranked,
    heading_of,
    note,
    text_frame,
)
from alsight.cohort.proact.long import is_long, is_survival, keyed, long_sheets, survival_sheet
from alsight.cohort.proact.measures import heights, measures
from alsight.cohort.proact.names import FORMS, Form, form_of, heading_key
from alsight.cohort.proact.people import subjects
from alsight.cohort.proact.sheet import FormSheet, Told, sheet_of
from alsight.cohort.proact.visits import HEADINGS, visits
from alsight.cohort.raw import RawTables
from alsight.cohort.tables import REJECTED, TABLES

DICTIONARIES: Final = "dictionary"
"""Part of the names of the files that explain a release; they hold no people."""

TELLING: Final = frozenset({"alsfrsdelta", "alsfrstotal", "alsfrsrtotal", "subjectdied", "onsetdelta"})
"""Folded headings that only PRO-ACT has; one of them must stand in some file."""


def is_proact(path: Path | str) -> bool:
    """Whether a path is a PRO-ACT release: files named and headed as one; never raises."""
    try:
        files = [file for file in find_files(Path(path)) if file.suffix in TEXTS | WORKBOOKS]
    except Unreadable:
        return False
    named = [file for file in files if form_of(file.name) is not None]
    unnamed = [file for file in files if "form" in file.name.lower() or "proact" in file.name.lower()]
    return any(_telling(file) for file in named) or any(is_long(_headings(file)) for file in unnamed)


def _headings(file: File) -> Sequence[str]:
    try:
        return heading_of(file)
    except Unreadable:
        return ()


def _telling(file: File) -> bool:
    keys = {heading_key(heading) for heading in _headings(file)}
    return "subjectid" in keys and bool(keys & TELLING)


def read_proact(path: Path | str, progress: Progress = silent) -> RawTables:
    """Read a PRO-ACT release into unchecked tables of the data dictionary.

    Days count from the trial's baseline (entry "enrollment"). Nothing is lost silently: what the data dictionary has no
    place for, what had to be decided and what cannot be read is reported, row by row or once a file.

    Args:
        path: folder or zip archive (a single file of a release will do).
        progress: called after each form.

    Returns:
        Raw tables, to be assessed by `check`.

    Raises:
        DataError: nothing that is a form of PRO-ACT can be read there.
    """
    location = Path(path)
    try:
        files = find_files(location)
    except Unreadable as problem:
        raise DataError([_unusable(location.name, f"It cannot be opened: {problem}.")]) from problem
    reported = Told()
    sheets = _sheets(files, reported, progress)
    if not sheets:
        raise DataError([_unusable(location.name, "No table of PRO-ACT can be read there."), *reported.faults])
    reported.say(*_missing_forms(location.name, sheets))
    frames = _tables(sheets, reported)
    headings = {"visits": _spelled(sheets["ALSFRS"])} if "ALSFRS" in sheets else {}
    found = pl.concat([REJECTED.empty(), *reported.frames])
    return RawTables(frames=frames, faults=tuple(reported.faults), found=found, headings=headings)


def _unusable(source: str, message: str) -> Fault:
    return Fault(
        table="file",
        rule="unreadable_file",
        message=message,
        source=source,
        how_to_fix="Give the folder or zip archive of a PRO-ACT download, as it came.",
    )


def _spelled(sheet: FormSheet) -> dict[str, str]:
    return {column: sheet.headings[own] for column, own in HEADINGS.items() if own in sheet.headings}


def _sheets(files: Sequence[File], reported: Told, progress: Progress) -> dict[str, FormSheet]:
    chosen = _chosen(files, reported)
    sheets: dict[str, FormSheet] = {}
    for done, (form, file) in enumerate(chosen):
        sheet, faults = sheet_of(form, file)
        reported.say(*faults)
        if sheet is not None:
            sheets[form.name] = sheet
        progress("reading", done + 1, len(chosen))
    return sheets or _from_long(files, reported, progress)


def _chosen(files: Sequence[File], reported: Told) -> list[tuple[Form, File]]:
    """One file a form: from the folder with most forms; text before workbook; the others are reported."""
    ranks = {folder: rank for rank, folder in enumerate(folders_ranked(files, form_of))}
    ranked = sorted(files, key=lambda file: (ranks.get(file.folder, len(ranks)), file.suffix not in TEXTS, file.name))
    taken: dict[str, tuple[Form, File]] = {}
    for file in ranked:
        form = form_of(file.name)
        if form is None or file.suffix not in TEXTS | WORKBOOKS:
            if DICTIONARIES not in file.name.lower():
                reported.say(
                    note(file.name, "unknown_file", "This is no table of a known release; it is not read.", "Nothing.")
                )
        elif form.name in taken:
            first = taken[form.name][1].name
            reported.say(
                note(
                    file.name,
                    "second_file",
                    f"{first} is read for this table already; this file is not.",
                    "Keep one release in the folder.",
                )
            )
        else:
            taken[form.name] = (form, file)
    return [taken[form.name] for form in FORMS if form.name in taken]


def _from_long(files: Sequence[File], reported: Told, progress: Progress) -> dict[str, FormSheet]:
    texts = [(file, _headings(file)) for file in files if file.suffix in TEXTS]
    parts = _frames([file for file, headings in texts if is_long(headings)], reported, progress)
    if not parts:
        return {}
    sheets, faults = long_sheets(" + ".join(parts), pl.concat(parts.values(), how="diagonal"))
    reported.say(*faults)
    deaths_told = _frames([file for file, headings in texts if is_survival(headings)], reported, progress)
    if deaths_told:
        source = " + ".join(deaths_told)
        sheet, faults = survival_sheet(source, pl.concat(deaths_told.values(), how="diagonal"))
        reported.say(*(fault for fault in faults if fault.rule != "column_missing"))
        sheets |= {} if sheet is None else {"DEATHDATA": sheet}
    used = {*parts, *deaths_told}
    reported.faults[:] = [
        fault for fault in reported.faults if fault.source not in used or fault.rule != "unknown_file"
    ]
    return sheets


def _frames(files: Sequence[File], reported: Told, progress: Progress) -> dict[str, pl.DataFrame]:
    frames: dict[str, pl.DataFrame] = {}
    for done, file in enumerate(files):
        try:
            frame, faults = text_frame(content(file), file.name)
            frames[file.name] = keyed(frame)
            reported.say(*faults)
        except Unreadable as problem:
            reported.say(_unusable(file.name, f"It cannot be read: {problem}."))
        progress("reading", done + 1, len(files))
    return frames


def _missing_forms(source: str, sheets: dict[str, FormSheet]) -> list[Fault]:
    absent = [form.name for form in FORMS if form.name not in sheets]
    if not absent:
        return []
    return [
        note(
            source,
            "table_missing",
            "The release lacks these tables; what they say counts as missing.",
            "Nothing, if the release has none of them; else add the files.",
            value=", ".join(absent),
        )
    ]


def _tables(sheets: dict[str, FormSheet], reported: Told) -> dict[str, pl.DataFrame]:
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in TABLES}
    rated = visits(sheets["ALSFRS"], reported) if "ALSFRS" in sheets else None
    dead = deaths(sheets, reported)
    parts["visits"] += [] if rated is None else [rated]
    parts["measures"] += list(measures(sheets, reported))
    parts["events"] += [dead]
    parts["events"] += [illnesses(sheets["ADVERSEEVENTS"], reported)] if "ADVERSEEVENTS" in sheets else []
    parts["events"] += [] if rated is None else [gastrostomies(rated)]
    parts["doses"] += list(doses(sheets, reported))
    tall = heights(sheets["VITALSIGNS"], reported) if "VITALSIGNS" in sheets else None
    parts["subjects"] += [subjects(sheets, last_seen(sheets, dead), tall, reported)]
    return {name: pl.concat(frames) for name, frames in parts.items() if frames}
