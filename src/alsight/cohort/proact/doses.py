"""Treatments: the trial's arm, riluzole, and concomitant medication."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

from alsight.cohort.parse import blank, booleans
from alsight.cohort.parse.text import words
from alsight.cohort.proact.sheet import FormSheet, Told, day
from alsight.cohort.tables import DOSES

TABLE: Final = DOSES.name

SENTINEL_DAYS: Final = (73299, 1096331)
"""Days of stop that stand for "goes on". Source: proact2022"""

ARMS: Final = {"active": ("study drug", "investigational"), "placebo": ("placebo", "placebo")}
"""Arm in lower case to treatment and kind; PRO-ACT does not tell which drug was studied."""

DISEASE_MODIFYING: Final = frozenset({"riluzole", "rilutek", "edaravone", "radicava", "radicut", "tofersen"})
RENAMED: Final = {"rilutek": "riluzole", "radicava": "edaravone", "radicut": "edaravone"}

COLUMNS: Final = {
    "subject": pl.String,
    "day": pl.Int32,
    "end_day": pl.Int32,
    "treatment": pl.String,
    "kind": pl.String,
    "dose": pl.Float64,
    "dose_unit": pl.String,
    "source": pl.String,
    "row": pl.UInt32,
}


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind).alias(name)
        for name, kind in COLUMNS.items()
    )


def arm(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    """The study drug or placebo from the day the arm starts; a missing day is taken for the baseline."""
    supplied = words(sheet.column("study_arm")).str.to_lowercase()
    start = _from_baseline(sheet, "treatment_group_delta", ~blank(supplied), reported)
    other = ~supplied.is_in(list(ARMS)).fill_null(False) & ~blank(supplied)
    reported.mark(
        sheet,
        "study_arm",
        TABLE,
        other,
        "unknown_arm",
        "The arm is neither active nor placebo; it is kept by its name.",
        "Write Active or Placebo.",
        "note",
    )
    treatment, kind = ({name: row[index] for name, row in ARMS.items()} for index in (0, 1))
    frame = sheet.frame.select("subject", "row").with_columns(
        start.alias("day"),
        supplied.replace(treatment).alias("treatment"),
        supplied.replace_strict(kind, default="investigational", return_dtype=pl.String).alias("kind"),
        source=pl.lit(sheet.source),
    )
    return _rows(frame.filter(~blank(supplied)))


def _from_baseline(sheet: FormSheet, name: str, where: pl.Series, reported: Told) -> pl.Series:
    start = day(sheet, name, TABLE, reported)
    reported.mark(
        sheet,
        name,
        TABLE,
        where & start.is_null(),
        "start_taken_for_baseline",
        "The day of start is missing; the treatment is taken to run from the trial's baseline.",
        "Fill the day.",
    )
    return start.fill_null(0)


def riluzole(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    """Riluzole of those who used it; "No" makes no treatment, whatever day stands beside it."""
    used = reported.keep(booleans(sheet.column("subject_used_riluzole"), sheet.where("subject_used_riluzole", TABLE)))
    dated = sheet.column("riluzole_use_delta").is_not_null()
    yes, no = used.fill_null(False), (~used).fill_null(False)
    start = _from_baseline(sheet, "riluzole_use_delta", yes, reported)
    reported.mark(
        sheet,
        "riluzole_use_delta",
        TABLE,
        no & dated,
        "day_without_use",
        "The person is said not to have used riluzole; the day beside it is not used.",
        "Correct the answer or the day.",
        "note",
    )
    both = sheet.frame.select("subject").with_columns(yes=yes, no=no)
    clash = both.select(pl.col("yes").any().over("subject") & pl.col("no").any().over("subject")).to_series()
    reported.mark(
        sheet,
        "subject_used_riluzole",
        TABLE,
        clash,
        "contradicting_use",
        "Rows of the person say both yes and no; riluzole counts as used.",
        "Keep the right row.",
    )
    frame = sheet.frame.select("subject", "row").with_columns(
        start.alias("day"), treatment=pl.lit("riluzole"), kind=pl.lit("disease_modifying"), source=pl.lit(sheet.source)
    )
    return _rows(frame.filter(yes))


def medication(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    """Concomitant medication, one row a medicine of a semicolon list; sentinel days of stop mean that it goes on."""
    start, stop = (_unsentineled(sheet, name, reported) for name in ("start_delta", "stop_delta"))
    amount = words(sheet.column("dose")).str.replace_all(",", "", literal=True)
    dose = amount.str.extract(r"^(\d+(?:\.\d+)?)$").cast(pl.Float64, strict=False)
    unread = dose.is_null() & ~blank(amount)
    if unread.any():
        reported.say(
            sheet.note(
                "dose_in_words",
                "Doses that are no plain number are not carried.",
                "Nothing.",
                column=sheet.headings.get("dose", "dose"),
                value=f"{int(unread.sum())} rows",
            )
        )
    names = words(sheet.column("medication_coded")).str.to_lowercase().str.split(";")
    frame = sheet.frame.select("subject", "row").with_columns(
        start.alias("day"),
        stop.alias("end_day"),
        names.alias("treatment"),
        dose.alias("dose"),
        words(sheet.column("unit")).alias("dose_unit"),
        source=pl.lit(sheet.source),
    )
    alone = pl.col("treatment").list.len() == 1
    frame = frame.with_columns(pl.when(alone).then(pl.col("dose", "dose_unit"))).explode("treatment")
    frame = frame.with_columns(pl.col("treatment").str.strip_chars().replace({"": None}).replace(RENAMED))
    frame = frame.with_columns(
        pl.when(pl.col("dose").is_not_null()).then("dose_unit"),
        kind=pl.when(pl.col("treatment").is_in(list(DISEASE_MODIFYING))).then(pl.lit("disease_modifying")),
    )
    return _rows(frame)


def _unsentineled(sheet: FormSheet, name: str, reported: Told) -> pl.Series:
    value = day(sheet, name, TABLE, reported)
    sentinel = value.is_in(list(SENTINEL_DAYS)).fill_null(False)
    reported.mark(
        sheet,
        name,
        TABLE,
        sentinel,
        "sentinel_day",
        "This day stands for 'goes on' or 'unknown'; it counts as missing.",
        "Leave the cell empty.",
    )
    return value.set(sentinel, None)


def doses(sheets: Mapping[str, FormSheet], reported: Told) -> Iterable[pl.DataFrame]:
    """Rows of DOSES of every form that has any."""
    for form, make in (("TREATMENT", arm), ("RILUZOLE", riluzole), ("CONMEDS", medication)):
        if form in sheets:
            yield make(sheets[form], reported)
