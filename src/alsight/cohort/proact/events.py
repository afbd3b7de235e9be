"""Events: deaths of the death form and of adverse events, procedures and illnesses, and the last day seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

from alsight.cohort.parse import booleans
from alsight.cohort.parse.codes import folded
from alsight.cohort.proact.names import own_name
from alsight.cohort.proact.sheet import FormSheet, Told, day
from alsight.cohort.schema import DAY
from alsight.cohort.tables import EVENTS

TABLE: Final = EVENTS.name

ASSESSED: Final = ("ALSFRS", "FVC", "SVC", "VITALSIGNS", "HANDGRIPSTRENGTH", "MUSCLESTRENGTH")
"""Forms that need the living person present."""

FATAL: Final = r"(?:^|_)(?:death|fatal|died|dead)(?:_|$)"
NOT_FATAL: Final = r"(?:^|_)(?:not|non|nonfatal)(?:_|$)"
"""Outcome of an adverse event, folded."""

KINDS: Final = (
    ("tracheostomy", r"^trache(?:ostomy|otomy)$"),
    (
        "gastrostomy",
        r"^(?:percutaneous_endoscopic_|endoscopic_|peg_)?gastrostomy(?:_tube)?(?:_insertion|_placement)?$"
        r"|^(?:peg|feeding_tube|gastrostomy_tube)_(?:insertion|placement)$",
    ),
    ("niv_start", r"^non_?invasive(?:_positive_pressure)?_ventilation$|^bi_?level_positive_airway_pressure$"),
    ("hospitalization", r"^hospitali[sz]ation$"),
    ("fracture", r"(?:^|_)fractures?(?:_|$)"),
    ("mood_episode", r"^(?:major_)?depress(?:ion|ed_mood|ive_disorder)$"),
    ("infection", r"(?:^|_)(?:pneumonia|infection|sepsis)(?:_|$)"),
)
"""Event of the dictionary and the preferred terms, folded, that mean it; the first that fits counts."""

INFECTIONS: Final = "infections_and_infestations"
"""System organ class whose terms are all infections."""

COLUMNS: Final = {
    "subject": pl.String,
    "day": pl.Int32,
    "event": pl.String,
    "end_day": pl.Int32,
    "detail": pl.String,
    "source": pl.String,
    "row": pl.UInt32,
}


def contacts(sheets: Mapping[str, FormSheet], forms: Iterable[str]) -> pl.DataFrame:
    """Last day that some forms record about each person; days beyond the dictionary's range count as none."""
    parts = [
        _latest(sheets[name].frame, heading)
        for name in forms
        if name in sheets
        for heading in map(own_name, sheets[name].form.days)
        if heading in sheets[name].frame.columns
    ]
    if not parts:
        return pl.DataFrame(schema={"subject": pl.String, "last": pl.Int32})
    return pl.concat(parts).group_by("subject").agg(pl.col("last").max()).drop_nulls()


def _latest(frame: pl.DataFrame, heading: str) -> pl.DataFrame:
    value = pl.col(heading).cast(pl.Float64, strict=False).round(0)
    lawful = value.is_between(DAY.low or 0.0, DAY.high or 0.0)
    days = frame.select("subject", pl.when(lawful).then(value).cast(pl.Int32).alias("last"))
    return days.drop_nulls("subject").group_by("subject").agg(pl.col("last").max())


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind).alias(name)
        for name, kind in COLUMNS.items()
    )


def recorded_deaths(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    """The death form: who is said to have died, and when; a missing row says nothing, "No" says alive when asked.

    Returns:
        subject, died, day, source and row of every row with an answer.
    """
    died = reported.keep(booleans(sheet.column("subject_died"), sheet.where("subject_died", TABLE)))
    when = day(sheet, "death_days", TABLE, reported)
    frame = sheet.frame.select("subject", "row").with_columns(
        died.alias("died"), when.alias("day"), source=pl.lit(sheet.source)
    )
    reported.mark(
        sheet,
        "death_days",
        TABLE,
        ((~died) & when.is_not_null()).fill_null(False),
        "alive_with_death_day",
        "The person is said not to have died, yet a day stands; it counts as a day on which the person lived.",
        "Correct the answer or empty the day.",
        "note",
    )
    reported.mark(
        sheet,
        "subject_died",
        TABLE,
        died.is_null() & when.is_not_null(),
        "death_day_without_answer",
        "A day of death stands without saying that the person died; it counts as a day seen, not as a death.",
        "Fill Subject_Died.",
        "note",
    )
    both = frame.select(pl.col("died").any().over("subject") & ~pl.col("died").all().over("subject")).to_series()
    reported.mark(
        sheet,
        "subject_died",
        TABLE,
        both.fill_null(False),
        "contradicting_death",
        "Rows of the person say both yes and no; the death counts.",
        "Keep the right row.",
    )
    return frame.filter(pl.col("died").is_not_null())


def _fatal(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    outcome = folded(sheet.column("outcome"))
    fatal = (outcome.str.contains(FATAL) & ~outcome.str.contains(NOT_FATAL)).fill_null(False)
    part = sheet.filtered(fatal)
    when = day(part, "end_date_delta", TABLE, reported)
    begun = day(part, "start_date_delta", TABLE, reported)
    frame = part.frame.select("subject", "row").with_columns(
        when.zip_with(when.is_not_null(), begun).alias("day"),
        ("adverse event: " + part.column("preferred_term").fill_null("not named")).alias("detail"),
        source=pl.lit(sheet.source),
    )
    ranked = frame.drop_nulls("subject").sort("day", "row", descending=[True, False], nulls_last=True)
    return ranked.unique("subject", keep="first", maintain_order=True)


def deaths(sheets: Mapping[str, FormSheet], reported: Told) -> pl.DataFrame:
    """Deaths with their day: of the death form, else of an adverse event whose outcome was death.

    A death by adverse event is never placed before the last assessment that needs the person present. Deaths without
    any day are reported; such people count as followed until the last day seen.
    """
    empty = pl.DataFrame(schema=COLUMNS)
    form = recorded_deaths(sheets["DEATHDATA"], reported) if "DEATHDATA" in sheets else empty.with_columns(died=True)
    dated = form.filter(pl.col("died") & pl.col("day").is_not_null()).with_columns(event=pl.lit("death"))
    extra = _fatal(sheets["ADVERSEEVENTS"], reported) if "ADVERSEEVENTS" in sheets else empty
    extra = extra.join(dated, on="subject", how="anti").join(
        contacts(sheets, ASSESSED), on="subject", how="left", maintain_order="left"
    )
    extra = extra.with_columns(recorded="day", day=pl.max_horizontal("day", pl.col("last")))
    extra = extra.filter(pl.col("recorded").is_not_null())
    _tell_recovered(sheets, extra, form, reported)
    undated = form.filter(pl.col("died") & pl.col("day").is_null())
    undated = undated.join(pl.concat([dated.select("subject"), extra.select("subject")]), on="subject", how="anti")
    if undated.height:
        sheet = sheets["DEATHDATA"]
        lost = sheet.frame["row"].is_in(undated["row"].implode())
        reported.mark(
            sheet,
            "death_days",
            TABLE,
            lost,
            "death_without_day",
            "The person died on a day that no table tells; follow-up ends, without a death, on the last day seen.",
            "Fill Death_Days if it can be found out.",
            "rejected",
        )
    return pl.concat([_rows(dated), _rows(extra.with_columns(event=pl.lit("death")))])


def _tell_recovered(sheets: Mapping[str, FormSheet], extra: pl.DataFrame, form: pl.DataFrame, reported: Told) -> None:
    if extra.is_empty():
        return
    sheet = sheets["ADVERSEEVENTS"]
    denied = form.filter(~pl.col("died"))["subject"]
    said_no = extra["subject"].is_in(denied.implode())
    for against, sentence in (
        (False, "An adverse event ended in death and the death form states no day; the death is taken from it."),
        (True, "An adverse event ended in death, yet the death form says no; the death is taken from the event."),
    ):
        rows = extra.filter(said_no == against)["row"]
        reported.mark(
            sheet,
            "outcome",
            TABLE,
            sheet.frame["row"].is_in(rows.implode()),
            "death_by_adverse_event",
            sentence + " Its day is never earlier than the last assessment.",
            "Add the death to the death form.",
        )


def illnesses(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    """Adverse events that are events of the dictionary, by preferred term or organ class; the others are counted."""
    term = folded(
        sheet.column("preferred_term").zip_with(
            sheet.column("preferred_term").is_not_null(), sheet.column("lowest_level_term")
        )
    )
    unique = term.unique().drop_nulls().to_frame("term")
    coded = unique.with_columns(
        event=pl.coalesce(
            *(pl.when(pl.col("term").str.contains(pattern)).then(pl.lit(kind)) for kind, pattern in KINDS)
        )
    ).drop_nulls()
    coding: dict[str, str] = dict(coded.iter_rows())
    event = term.replace_strict(coding, default=None, return_dtype=pl.String)
    infection = (folded(sheet.column("system_organ_class")) == INFECTIONS).fill_null(False)
    event = pl.select(
        pl.when(event.is_null() & infection).then(pl.lit("infection")).otherwise(event).alias("event")
    ).to_series()
    rest = int(event.is_null().sum())
    if rest:
        reported.say(
            sheet.note(
                "not_carried",
                "Adverse events that are no event of the data dictionary stay in the file.",
                "Nothing.",
                value=f"{rest} rows",
            )
        )
    part = sheet.filtered(event.is_not_null())
    return _rows(
        part.frame.select("subject", "row").with_columns(
            day(part, "start_date_delta", TABLE, reported).alias("day"),
            day(part, "end_date_delta", TABLE, reported).alias("end_day"),
            event.drop_nulls().alias("event"),
            part.column("preferred_term").alias("detail"),
            source=pl.lit(sheet.source),
        )
    )


def gastrostomies(visits: pl.DataFrame) -> pl.DataFrame:
    """Item 5b alone is the sign of a gastrostomy: an event on the first day it is scored without 5a."""
    tube = pl.col("q5b_cutting_with_gastrostomy").is_not_null() & pl.col("q5a_cutting_without_gastrostomy").is_null()
    first = visits.filter(tube & pl.col("day").is_not_null() & pl.col("subject").is_not_null()).sort("day", "row")
    return _rows(
        first.unique("subject", keep="first", maintain_order=True).with_columns(
            event=pl.lit("gastrostomy"), detail=pl.lit("first day on which item 5b is scored; it may be earlier")
        )
    )


def last_seen(sheets: Mapping[str, FormSheet], dead: pl.DataFrame) -> pl.DataFrame:
    """Last day that any form records about each person, no later than the death."""
    observed = contacts(sheets, sheets)
    rated = contacts(sheets, ("ALSFRS",)).rename({"last": "rated"})
    ranked = (
        dead.select("subject", "day")
        .filter(pl.col("day") >= 0)
        .join(rated, on="subject", how="left", maintain_order="left")
        .sort("subject", (pl.col("day") < pl.col("rated")).fill_null(False), "day")
    )
    ends = ranked.unique("subject", keep="first", maintain_order=True).select("subject", died="day")
    return observed.join(ends, on="subject", how="left").select(
        "subject", last_seen_day=pl.coalesce(pl.col("died"), pl.col("last"))
    )
