"""Day 0 of every person, and with it every date, count and age as a day.

Each time of a file is a date, a count of days from something, or an age. A person's anchors say how each becomes
a day from entry: the date of day 0, the age on day 0, the days of onset and diagnosis, and the shift of the source's
own count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from alsight.base.units import DAYS_PER_YEAR
from alsight.cohort.mapping.meanings import IS_SCORE
from alsight.cohort.read.apply import Rows

ENTRY_MOMENT: Final = {
    "randomization": "randomization",
    "enrollment": "enrollment",
    "diagnosis": "diagnosis",
    "symptom_onset": "onset",
    "stated": "entry_date",
}
"""Entry to the moment that is day 0; the first visit has none."""

_NO_DAY: Final = pl.lit(None, pl.Int32)


@dataclass(frozen=True)
class Anchors:
    """What turns times into days.

    Attributes:
        people: one row a person: `entry` (what day 0 is), `zero_date`, `zero_age` [year] with `exact_age`, `shift`
            (day 0 on the source's own count), `onset_day`, `diagnosis_day`.
    """

    people: pl.DataFrame


def anchors(tables: Sequence[Rows], entry: str) -> Anchors:
    """Anchors of every person in some tables.

    Args:
        tables: parsed tables.
        entry: what day 0 is for people whose table does not say it.
    """
    people = (
        pl.concat([rows.frame.lazy().select("subject") for rows in tables])
        .drop_nulls()
        .unique(maintain_order=True)
        .collect()
    )
    first = _first_times(tables)
    people = people.join(first, on="subject", how="left")
    for name in ("entry_date", "baseline", "randomization", "enrollment", "diagnosis", "onset", "birth"):
        people = people.join(_moment(tables, name), on="subject", how="left")
    people = people.join(_stated(tables), on="subject", how="left").join(_last(tables), on="subject", how="left")
    people = people.with_columns(entry=pl.coalesce("entry", pl.lit(entry or "stated")))
    people = _zeroed(people)
    onset = narrowed(
        pl.col("onset_date"), pl.col("onset_precision"), before=pl.min_horizontal("zero_date", exact_diagnosis())
    )
    people = people.with_columns(onset_date=onset)
    diagnosis = narrowed(
        pl.col("diagnosis_date"), pl.col("diagnosis_precision"), pl.col("onset_date"), pl.col("zero_date")
    )
    return Anchors(_resolved(people.with_columns(diagnosis_date=diagnosis)))


def exact_diagnosis() -> pl.Expr:
    """Date of diagnosis where it is known to the day."""
    return pl.when(pl.col("diagnosis_precision").is_null()).then(pl.col("diagnosis_date"))


def narrowed(
    middle: pl.Expr, precision: pl.Expr, after: pl.Expr | None = None, before: pl.Expr | None = None
) -> pl.Expr:
    """A date known to the month or year, at the middle of that part of it that other dates allow.

    Args:
        middle: the date, at the middle of its month or year.
        precision: "month" or "year"; null where the date is known to the day.
        after: a date that it cannot precede; bounds outside the month or year count for nothing.
        before: a date that it cannot follow.
    """
    months = precision == "month"
    low = pl.when(months).then(middle.dt.month_start()).otherwise(middle.dt.truncate("1y"))
    high = (
        pl.when(months)
        .then(middle.dt.month_end())
        .otherwise(middle.dt.offset_by("6mo").dt.truncate("1y") - pl.duration(days=1))
    )
    nothing = pl.lit(None, pl.Date)
    after, before = (nothing if bound is None else bound for bound in (after, before))
    first = pl.when(after.is_between(low, high)).then(after).otherwise(low)
    last = pl.when(before.is_between(first, high)).then(before).otherwise(high)
    free = (first == low) & (last == high)
    part = first + pl.duration(days=((last - first).dt.total_days() / 2).floor())
    return pl.when(precision.is_null() | free).then(middle).otherwise(part)


def _last(tables: Sequence[Rows]) -> pl.DataFrame:
    """Date of the last record of each person."""
    pieces = [pl.LazyFrame(schema={"subject": pl.String, "last_date": pl.Date})]
    pieces += [
        rows.frame.lazy().group_by("subject").agg(last_date=pl.col("time@date").max())
        for rows in tables
        if rows.has("time@date")
    ]
    return pl.concat(pieces).drop_nulls().group_by("subject").agg(pl.col("last_date").max()).collect()


def _first_times(tables: Sequence[Rows]) -> pl.DataFrame:
    """Earliest visit of each person by each way of telling time; other records only where there is no visit."""
    names = ("time@date", "time@age", "entry", "onset", "diagnosis")
    kinds = {"time@date": pl.Date, "time@age": pl.Float64, "entry": pl.Int32, "onset": pl.Int32, "diagnosis": pl.Int32}
    empty = pl.DataFrame(schema={"subject": pl.String, **{f"first_{name}": kinds[name] for name in names}})
    firsts: list[pl.DataFrame] = []
    for requested in (True, False):
        pieces: list[pl.LazyFrame] = [empty.lazy()]
        for rows in tables:
            if _is_visits(rows) is not requested:
                continue
            counted = rows.origins.get("time@day", "")
            columns = [pl.col(name).min().alias(f"first_{name}") for name in rows.has("time@date", "time@age")]
            if rows.has("time@day") and counted in names:
                columns.append(pl.col("time@day").min().alias(f"first_{counted}"))
            if columns:
                pieces.append(rows.frame.lazy().group_by("subject").agg(columns))
        stacked = pl.concat(pieces, how="diagonal_relaxed").group_by("subject").agg(pl.all().min())
        firsts.append(stacked.collect())
    visits, others = firsts
    timed = visits.filter(pl.any_horizontal(pl.exclude("subject").is_not_null()))
    rest = others.join(timed, on="subject", how="anti")
    return pl.concat([timed, rest]).filter(pl.col("subject").is_not_null())


def _is_visits(rows: Rows) -> bool:
    return bool(IS_SCORE & set(rows.frame.columns))


def _moment(tables: Sequence[Rows], name: str) -> pl.DataFrame:
    """A moment of each person as first told: its date, its day by origin, its age."""
    kinds = {
        "date": pl.Date,
        "entry": pl.Int32,
        "onset": pl.Int32,
        "diagnosis": pl.Int32,
        "age": pl.Float64,
        "whole": pl.Boolean,
        "precision": pl.String,
    }
    schema = {"subject": pl.String, **{f"{name}_{form}": kind for form, kind in kinds.items()}}
    pieces: list[pl.LazyFrame] = [pl.LazyFrame(schema=schema)]
    for rows in tables:
        columns: list[pl.Expr] = []
        if rows.has(f"{name}@date"):
            known = pl.col(f"{name}@date").is_not_null()
            columns.append(pl.col(f"{name}@date").filter(known).first().alias(f"{name}_date"))
            if rows.has(f"{name}@precision"):
                columns.append(pl.col(f"{name}@precision").filter(known).first().alias(f"{name}_precision"))
        if rows.has(f"{name}@day"):
            origin = rows.origins.get(f"{name}@day", "entry")
            origin = origin if origin in kinds else "entry"
            columns.append(pl.col(f"{name}@day").drop_nulls().first().alias(f"{name}_{origin}"))
        if rows.has(f"{name}@age"):
            columns.append(pl.col(f"{name}@age").drop_nulls().first().alias(f"{name}_age"))
            columns.append(pl.lit(f"{name}@age" in rows.whole_years).first().alias(f"{name}_whole"))
        if columns:
            pieces.append(rows.frame.lazy().group_by("subject", maintain_order=True).agg(columns))
    reported = pl.concat(pieces, how="diagonal_relaxed").filter(pl.col("subject").is_not_null())
    return reported.group_by("subject", maintain_order=True).agg(pl.exclude("subject").drop_nulls().first()).collect()


def _stated(tables: Sequence[Rows]) -> pl.DataFrame:
    """What a person's own rows say: what day 0 is, the age on it, the age at the first row, durations at rows."""
    schema = {
        "subject": pl.String,
        "entry": pl.String,
        "age_at_entry_years": pl.Float64,
        "age": pl.Float64,
        "whole_age": pl.Boolean,
        "disease_duration": pl.Int32,
        "diagnostic_delay": pl.Int32,
        "duration_date": pl.Date,
        "duration_count": pl.Int32,
    }
    pieces: list[pl.LazyFrame] = [pl.LazyFrame(schema=schema)]
    for rows in tables:
        order = rows.has("time@date", "time@day", "time@age")[:1]
        frame = rows.frame.lazy().sort(order, maintain_order=True, nulls_last=True) if order else rows.frame.lazy()
        columns = [pl.col(name).drop_nulls().first() for name in rows.has("entry", "age_at_entry_years", "age")]
        if rows.has("age"):
            years = rows.frame["age"].drop_nulls()
            columns.append(pl.lit(bool((years == years.round()).all())).first().alias("whole_age"))
        if rows.has("disease_duration@day"):
            known = pl.col("disease_duration@day").is_not_null()
            columns.append(pl.col("disease_duration@day").filter(known).first().alias("disease_duration"))
            for form, name in (("time@date", "duration_date"), ("time@day", "duration_count")):
                if rows.has(form):
                    columns.append(pl.col(form).filter(known).first().alias(name))
        if rows.has("diagnostic_delay@day"):
            columns.append(pl.col("diagnostic_delay@day").drop_nulls().first().alias("diagnostic_delay"))
        if columns:
            pieces.append(frame.group_by("subject", maintain_order=True).agg(columns))
    reported = pl.concat(pieces, how="diagonal_relaxed").filter(pl.col("subject").is_not_null())
    return reported.group_by("subject", maintain_order=True).agg(pl.exclude("subject").drop_nulls().first()).collect()


def _zeroed(people: pl.DataFrame) -> pl.DataFrame:
    """The date of day 0, the source's count on it, and what day 0 turned out to be.

    Where the stated moment is unknown for a person, the first visit stands in for it.
    """
    entry = pl.col("entry")
    date, count = pl.lit(None, pl.Date), _NO_DAY
    for name, moment in ENTRY_MOMENT.items():
        at = pl.col(f"{moment}_date")
        if name == "stated":
            at = pl.coalesce(at, "baseline_date")
        date = pl.when(entry == name).then(at).otherwise(date)
        count = (
            pl.when(entry == name).then(pl.lit(0) if name == "stated" else pl.col(f"{moment}_entry")).otherwise(count)
        )
    counted = pl.col("first_entry").is_not_null() | pl.col("first_time@date").is_null()
    first = (entry == "first_visit") | (date.is_null() & (count.is_null() | ~counted))
    # "First visit" with only a count from the source's own day 0 keeps that day 0 when the first count is 0.
    people = people.with_columns(
        zero_date=pl.when(first).then(pl.col("first_time@date")).otherwise(date),
        shift=pl.when(first).then(pl.col("first_entry")).otherwise(count),
        first=first,
    )
    people = people.with_columns(
        entry=pl.when(pl.col("first") & (pl.col("entry") != "first_visit") & pl.col("zero_date").is_not_null())
        .then(pl.lit("first_visit"))
        .otherwise("entry"),
        shift=pl.coalesce("shift", pl.lit(0)),
    )
    # Counts from onset or diagnosis: day 0 lies where the first visit was counted, unless it is that moment itself.
    return people.with_columns(
        from_onset=pl.when(entry == "symptom_onset").then(pl.lit(0)).otherwise(-pl.col("first_onset")).cast(pl.Int32),
        from_diagnosis=pl.when(entry == "diagnosis")
        .then(pl.lit(0))
        .otherwise(-pl.col("first_diagnosis"))
        .cast(pl.Int32),
    )


def _resolved(people: pl.DataFrame) -> pl.DataFrame:
    """Zero date from a dated moment beside a count, age on day 0, days of onset and diagnosis."""
    beside = pl.coalesce("entry_date_date", "baseline_date") + pl.duration(days="shift")
    dated = pl.coalesce("zero_date", beside)
    born = (pl.col("zero_date") - pl.col("birth_date")).dt.total_days() / DAYS_PER_YEAR
    born = pl.coalesce(born, -(pl.col("birth_entry") - pl.col("shift")) / DAYS_PER_YEAR)
    people = people.with_columns(zero_date=dated).with_columns(
        birth_years=born,
        zero_age=pl.coalesce(born, "first_time@age", "age_at_entry_years", "age"),
        exact_age=born.is_not_null()
        | pl.col("first_time@age").is_not_null()
        | ((pl.col("age_at_entry_years") % 1) != 0).fill_null(False)
        | (pl.col("age_at_entry_years").is_null() & ~pl.col("whole_age").fill_null(True)),
    )
    duration_day = pl.coalesce(
        (pl.col("duration_date") - pl.col("zero_date")).dt.total_days().cast(pl.Int32),
        pl.col("duration_count") - pl.col("shift"),
        pl.lit(0, pl.Int32),
    )
    people = people.with_columns(
        onset_day=pl.coalesce(
            _day("onset"), "from_onset", (duration_day - pl.col("disease_duration")).cast(pl.Int32)
        ).cast(pl.Int32)
    )
    people = people.with_columns(
        diagnosis_day=pl.coalesce(
            _day("diagnosis"),
            pl.col("onset_day") + pl.col("diagnosis_onset"),
            pl.col("onset_day") + pl.col("diagnostic_delay"),
            "from_diagnosis",
        ).cast(pl.Int32)
    )
    return people.with_columns(
        onset_day=pl.coalesce("onset_day", pl.col("diagnosis_day") + pl.col("onset_diagnosis")).cast(pl.Int32)
    )


def _day(moment: str) -> pl.Expr:
    """Day of a moment by its date, by its count from entry, or by an age that is reported to a fraction of a year."""
    by_age = (pl.col(f"{moment}_age") - pl.col("zero_age")) * DAYS_PER_YEAR
    fine = pl.col("exact_age") & ~pl.col(f"{moment}_whole").fill_null(True)
    return pl.coalesce(
        (pl.col(f"{moment}_date") - pl.col("zero_date")).dt.total_days().cast(pl.Int32),
        (pl.col(f"{moment}_entry") - pl.col("shift")).cast(pl.Int32),
        pl.when(fine).then(by_age.round()).cast(pl.Int32, strict=False),
    )


def placed(rows: Rows, name: str, people: Anchors) -> pl.DataFrame:
    """A time of each row as a day from entry, null where it is not known or cannot be placed.

    Args:
        rows: a parsed table.
        name: the time ("time", "death").
        people: anchors.

    Returns:
        A frame of one column `day`, in the order of the table.
    """
    forms = rows.has(f"{name}@date", f"{name}@day", f"{name}@age", f"{name}@precision")
    known = ("zero_date", "zero_age", "exact_age", "shift", "onset_day", "diagnosis_day", "onset_date", "last_date")
    near = rows.frame.select("subject", *forms)
    near = near.join(
        people.people.select("subject", *known, diagnosed=exact_diagnosis()),
        on="subject",
        how="left",
        maintain_order="left",
    )
    ways: list[pl.Expr] = []
    if f"{name}@date" in near.columns:
        date = pl.col(f"{name}@date")
        if f"{name}@precision" in near.columns:
            after = {"diagnosis": pl.col("onset_date"), "death": pl.col("last_date"), "last_seen": pl.col("last_date")}
            before = {"onset": pl.min_horizontal("zero_date", "diagnosed"), "diagnosis": pl.col("zero_date")}
            date = narrowed(date, pl.col(f"{name}@precision"), after.get(name), before.get(name))
        ways.append((date - pl.col("zero_date")).dt.total_days().cast(pl.Int32))
    if f"{name}@day" in near.columns:
        count = pl.col(f"{name}@day")
        origin = rows.origins.get(f"{name}@day", "entry")
        zero = {"onset": pl.col("onset_day"), "diagnosis": pl.col("diagnosis_day")}.get(origin, -pl.col("shift"))
        ways.append((count + zero).cast(pl.Int32))
    if f"{name}@age" in near.columns and f"{name}@age" not in rows.whole_years:
        years = pl.when(pl.col("exact_age")).then(pl.col(f"{name}@age") - pl.col("zero_age"))
        ways.append((years * DAYS_PER_YEAR).round().cast(pl.Int32, strict=False))
    return near.with_columns((pl.coalesce(ways) if ways else _NO_DAY).alias("day")).select("day")
