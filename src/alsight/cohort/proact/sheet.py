"""Sheets: one form of a release as frame of texts under our own column names, and its columns read one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from alsight.base.errors import Fault, Severity
from alsight.cohort.parse import Parsed, Place, choices, days, numbers
from alsight.cohort.parse.text import tell, words
from alsight.cohort.proact.files import LINE, WORKBOOKS, File, Unreadable, content, note, text_frame, workbook_frame
from alsight.cohort.proact.names import IGNORED_HEADINGS, Form, heading_key

REMARK: Final = r"^\(?\d+ rows?(?:\(s\))? affected\)?$"
"""What database exports write below the last row."""


@dataclass(frozen=True)
class FormSheet:
    """One form of a release.

    Attributes:
        form: which form.
        source: file that it stands in.
        frame: texts under own names, with `subject` and `row`.
        headings: own name to heading as the file spells it.
    """

    form: Form
    source: str
    frame: pl.DataFrame
    headings: Mapping[str, str]

    def column(self, name: str) -> pl.Series:
        """Texts of one column; all missing where the release does not have it."""
        if name in self.frame.columns:
            return self.frame[name]
        return pl.Series(name, [None], dtype=pl.String).new_from_index(0, self.frame.height)

    def where(self, name: str, table: str) -> Place:
        """Where a column stands, for the faults that name it."""
        return Place(
            table=table,
            column=self.headings.get(name, name),
            source=self.source,
            rows=self.frame["row"],
            subjects=self.frame["subject"],
        )

    def filtered(self, where: pl.Series) -> FormSheet:
        """The sheet with some rows only."""
        return FormSheet(self.form, self.source, self.frame.filter(where), self.headings)

    def note(self, rule: str, message: str, how_to_fix: str, **more: str | int) -> Fault:
        """Something said of the whole sheet."""
        return note(self.source, rule, message, how_to_fix, **more)


class Told:
    """What reading found, gathered: single faults, and frames of the REJECTED table for columns with many."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.frames: list[pl.DataFrame] = []

    def say(self, *faults: Fault) -> None:
        """Add single faults."""
        self.faults += faults

    def keep(self, parsed: Parsed) -> pl.Series:
        """Values of a parsed column, its faults gathered."""
        if parsed.faults.height:
            self.frames.append(parsed.faults)
        return parsed.values

    def mark(
        self,
        sheet: FormSheet,
        name: str,
        table: str,
        bad: pl.Series,
        rule: str,
        message: str,
        how_to_fix: str,
        severity: Severity = "corrected",
        supplied: pl.Series | None = None,
    ) -> None:
        """Tell the rows of a sheet that `bad` marks, with what stands in column `name`."""
        if bad.any():
            shown = sheet.column(name) if supplied is None else supplied
            self.frames.append(tell(sheet.where(name, table), bad, shown, rule, message, how_to_fix, severity))


def number(sheet: FormSheet, name: str, table: str, reported: Told) -> pl.Series:
    """A column as numbers; a comma groups thousands, as PRO-ACT writes with a decimal point."""
    return reported.keep(numbers(sheet.column(name), sheet.where(name, table), decimal="."))


def day(sheet: FormSheet, name: str, table: str, reported: Told) -> pl.Series:
    """A column as whole days from the trial's baseline."""
    return reported.keep(days(sheet.column(name), sheet.where(name, table), decimal="."))


def choice(sheet: FormSheet, name: str, table: str, column: str, allowed: Sequence[str], reported: Told) -> pl.Series:
    """A column as one of the dictionary's choices, by the usual synonyms of a dictionary column."""
    return reported.keep(choices(sheet.column(name), sheet.where(name, table), allowed, column=column))


def sheet_of(form: Form, file: File) -> tuple[FormSheet | None, list[Fault]]:
    """A form read from its file; None, with the reason, where the file cannot be used."""
    try:
        raw = content(file)
        frame, reported = (workbook_frame(raw), []) if file.suffix in WORKBOOKS else text_frame(raw, file.name)
    except Unreadable as problem:
        return None, [_unusable(file.name, f"The file cannot be read: {problem}.", "Download or export it anew.")]
    sheet, more = sheet_from(form, file.name, frame)
    return sheet, reported + more


def sheet_from(form: Form, source: str, frame: pl.DataFrame) -> tuple[FormSheet | None, list[Fault]]:
    """A form from a frame of texts; None, with the reason, where no column says who a row is about."""
    spellings = form.spellings()
    headings: dict[str, list[str]] = {}
    strangers: list[str] = []
    known: list[str] = []
    for heading in frame.columns:
        key = heading_key(re.sub(r"_duplicated_\d+$", "", heading))
        if key in spellings:
            headings.setdefault(spellings[key], []).append(heading)
        elif heading != LINE and key not in IGNORED_HEADINGS:
            (known if form.known and re.fullmatch(form.known, key) else strangers).append(heading)
    reported = list(_headings_told(form, source, headings, known, strangers))
    if "subject_id" not in headings:
        reason = "No column says who a row is about (subject_id); the file is excluded."
        return None, [*reported, _unusable(source, reason, "Name the column of identifiers subject_id.")]
    texts = frame.select(
        pl.coalesce(_texts(frame, spelled)).alias("subject" if name == "subject_id" else name)
        for name, spelled in headings.items()
    ).with_columns(frame[LINE].alias("row"))
    texts = texts.with_columns(_identifier(texts["subject"]))
    texts, remarks = _without_remarks(texts)
    if remarks:
        reported.append(
            note(
                source,
                "closing_remark",
                "A remark of the database below the last row is excluded.",
                "Nothing.",
                row=remarks,
            )
        )
    if texts.is_empty():
        reported.append(
            note(source, "empty_table", "The file has headings and no rows.", "Nothing, if the table is empty.")
        )
    own = {"subject" if name == "subject_id" else name: spelled[0] for name, spelled in headings.items()}
    return FormSheet(form, source, texts, own), reported


def _texts(frame: pl.DataFrame, spelled: Iterable[str]) -> list[pl.Expr]:
    return [
        pl.col(name) if frame.schema[name] == pl.String else pl.col(name).cast(pl.String, strict=False)
        for name in spelled
    ]


def _identifier(supplied: pl.Series) -> pl.Series:
    text = words(supplied)
    if text.str.contains(r"\.0+$").any():
        text = text.str.replace(r"\.0+$", "")
    return text.replace("", None) if (text == "").any() else text


def _without_remarks(texts: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    remark = texts["subject"].str.contains(REMARK).fill_null(False)
    if not remark.any():
        return texts, 0
    return texts.filter(~remark), int(texts.filter(remark)["row"][0])


def _headings_told(
    form: Form, source: str, headings: Mapping[str, list[str]], known: list[str], strangers: list[str]
) -> Iterable[Fault]:
    if known:
        yield note(
            source,
            "not_carried",
            "The data dictionary has no place for these columns; they stay in the file.",
            "Nothing; read the file itself where they are needed.",
            value=", ".join(known),
        )
    for heading in strangers:
        yield note(
            source,
            "unknown_column",
            "No known release has this column; it is not used.",
            "Rename it if it is one of the known columns under another spelling.",
            column=heading,
        )
    for spelled in headings.values():
        if len(spelled) > 1:
            yield note(
                source,
                "column_twice",
                "The column stands more than once; the first value of each row is used.",
                "Keep one of the columns.",
                column=spelled[0],
                value=", ".join(spelled),
            )
    absent = [own for key, own in form.spellings().items() if own not in headings and key not in form.synonyms]
    absent = sorted({own for own in absent if own not in _OPTIONAL})
    if absent:
        yield note(
            source,
            "column_missing",
            "The file lacks columns of its form; what they say counts as missing.",
            "Nothing, if the release has none; else export the file anew.",
            value=", ".join(absent),
        )


_OPTIONAL: Final = frozenset({"subject_id", "q5_cutting", "last_contact_days"})
"""Own names that no release, or only the long form, has: their absence is nothing to tell."""


def _unusable(source: str, message: str, how_to_fix: str) -> Fault:
    return Fault(
        table="file", rule="unreadable_file", message=message, how_to_fix=how_to_fix, severity="rejected", source=source
    )
