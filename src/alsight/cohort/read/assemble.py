"""Parsed tables into the tables of the data dictionary: who, which visits, events and treatments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from alsight.base.errors import Fault
from alsight.cohort.mapping.meanings import IS_SCORE, MEANINGS, PERSON
from alsight.cohort.parse import Place, choices
from alsight.cohort.parse.text import tell
from alsight.cohort.read.anchor import Anchors, placed
from alsight.cohort.read.apply import Rows
from alsight.cohort.tables import EVENT_KINDS, EVENTS
from alsight.instruments.items import CUTTING, ITEM_NAMES, TWELVE

Frames = dict[str, pl.DataFrame]

_R_ITEMS: Final = TWELVE[9:]
GENES: Final = ("sod1", "c9orf72", "tardbp", "fus")
"""Genes that are tested for; a person in whom none of the four is found has "none_found"."""

ENDS: Final = ("death", "withdrawal", "lost_to_follow_up")
"""Events after which there are no visits, so that a "yes" at a visit cannot date them."""

_VISIT_COLUMNS: Final = tuple(
    name for name, meaning in MEANINGS.items() if meaning.part == "visits" and name != "total"
)


def visits(rows: Rows, people: Anchors) -> tuple[pl.DataFrame | None, list[Fault]]:
    """The table's ratings; None when it has no scores. A row that only measures something else is no visit."""
    named = rows.has(*_VISIT_COLUMNS)
    scores = [name for name in rows.has(*_VISIT_COLUMNS, "total") if name in IS_SCORE]
    if not scores:
        return None, []
    chosen = rows.frame.select("subject", "row", *named, *rows.has("total"))
    frame = pl.concat([chosen, placed(rows, "time", people)], how="horizontal")
    frame = frame.with_columns(_scale(rows, named).alias("scale"))
    others = [
        name for name in rows.frame.columns if name not in (*named, "row", "subject") and not name.startswith("time@")
    ]
    measured = [name for name in others if name in MEANINGS and MEANINGS[name].part == "measure"]
    unrated = pl.all_horizontal(pl.col(scores).is_null())
    frame = frame.with_columns(taken=pl.lit(False), empty=unrated & pl.lit(~_timed(rows)))
    if measured:
        # A row that only measures something else is no visit to the scale.
        taken = rows.frame.select(pl.any_horizontal(pl.col(measured).is_not_null())).to_series()
        frame = frame.with_columns(taken=unrated & taken)
    sparse = _sparse(rows, frame)
    frame = frame.filter(~pl.col("taken") & ~pl.col("empty")).drop("taken", "empty")
    frame, faults = _parted(rows, frame, named)
    faults += sparse
    totals = [name for name in ("alsfrs_r_total", "alsfrs_total") if name in named]
    if "total" in frame.columns:
        # A total whose scale only the row's own scale column tells.
        frame = frame.rename({"total": "total_recorded"}) if "total_recorded" not in named else frame.drop("total")
    elif totals and "total_recorded" not in named:
        own = pl.when(pl.col("scale") == "alsfrs").then(pl.col(totals[-1] if "alsfrs_total" in totals else totals[0]))
        frame = frame.with_columns(total_recorded=own.otherwise(pl.col(totals[0])))
    return frame, faults


def _timed(rows: Rows) -> pl.Series:
    """Whether a row tells a time, be it one that cannot be placed."""
    forms = [name for name in rows.frame.columns if name.startswith("time@")]
    return rows.frame.select(pl.any_horizontal(pl.col(forms).is_not_null()) if forms else pl.lit(False)).to_series()


def _sparse(rows: Rows, frame: pl.DataFrame) -> list[Fault]:
    """One note on the rows without a time and without a score, as registers export them for other forms."""
    count = frame.filter("empty").height
    if not count:
        return []
    return [
        Fault(
            table="visits",
            rule="empty_rows",
            severity="note",
            source=rows.table.source,
            value=f"{count} {'row' if count == 1 else 'rows'}",
            message="Rows without a time and without a score are no visits; what they say of the person is used.",
            how_to_fix="Nothing, if they belong to other forms.",
        )
    ]


def _parted(rows: Rows, frame: pl.DataFrame, named: Sequence[str]) -> tuple[pl.DataFrame, list[Fault]]:
    """Rows with items 10 of both scales as two visits, one on each scale."""
    revised = [name for name in (*_R_ITEMS, "alsfrs_r_total") if name in named]
    items = [name for name in _R_ITEMS if name in named]
    original = [name for name in ("q10_respiratory", "alsfrs_total") if name in named]
    if "q10_respiratory" not in named or not items or rows.table.scale or "scale" in named:
        return frame, []
    both = pl.col("q10_respiratory").is_not_null() & pl.any_horizontal(pl.col(items).is_not_null())
    older = frame.filter(both)
    if older.is_empty():
        return frame, []
    older = older.with_columns(pl.lit(None, pl.Float64).alias(name) for name in revised)
    newer = frame.with_columns(pl.when(~both).then(pl.col(name)).alias(name) for name in original)
    note = Fault(
        table="visits",
        rule="both_scales",
        severity="note",
        source=rows.table.source,
        value=f"{older.height} rows",
        message="Rows hold ALSFRS and ALSFRS-R together; each becomes two visits, one on each scale.",
        how_to_fix="State the scale in the mapping to keep one of them.",
    )
    return pl.concat([newer, older.with_columns(scale=pl.lit("alsfrs"))]), [note]


def _scale(rows: Rows, named: Sequence[str]) -> pl.Expr:
    """Each row's scale: as its own column says, as the mapping says, else by the items or total that it fills."""
    asked = pl.col("scale") if "scale" in named else pl.lit(None, pl.String)
    if rows.table.scale:
        return pl.coalesce(asked, pl.lit(rows.table.scale))
    revised = [name for name in (*_R_ITEMS, "alsfrs_r_total") if name in named]
    original = [name for name in ("q10_respiratory", "alsfrs_total") if name in named]
    scale = pl.lit("alsfrs" if original and not revised else "alsfrs_r")
    if original and revised:
        newer = pl.any_horizontal(pl.col(revised).is_not_null())
        older = pl.any_horizontal(pl.col(original).is_not_null())
        scale = pl.when(older & ~newer).then(pl.lit("alsfrs")).otherwise(pl.lit("alsfrs_r"))
    return pl.coalesce(asked, scale)


def gaps(frame: pl.DataFrame, rows: Rows) -> pl.DataFrame | None:
    """Items left empty in ratings whose other items are filled: the total cannot be computed there."""
    items = [name for name in ITEM_NAMES if name in frame.columns]
    cutting = [name for name in CUTTING if name in items]
    if len(items) < 6:
        return None
    rated = pl.any_horizontal(pl.col(items).is_not_null())
    checks: list[tuple[str, pl.Expr]] = [
        (name, pl.col(name).is_null()) for name in items if name not in CUTTING and name != "q10_respiratory"
    ]
    if cutting:
        checks.append((cutting[0], pl.all_horizontal(pl.col(cutting).is_null())))
    reported: list[pl.DataFrame] = []
    newer = pl.col("scale") == "alsfrs_r"
    marks = frame.select(
        (rated & empty & (newer if name in _R_ITEMS else pl.lit(True))).alias(name) for name, empty in checks
    )
    for name, _ in checks:
        if marks[name].any():
            index = Place(
                table="visits",
                column=rows.headings.get(name, name),
                source=rows.table.source,
                rows=frame["row"],
                subjects=frame["subject"],
            )
            reported.append(
                tell(
                    index,
                    marks[name],
                    pl.repeat("", frame.height, eager=True),
                    "item_missing",
                    "The item is empty while others of the same rating are filled; no total can be computed.",
                    "Fill the item from the original form, or leave it empty if it was not rated.",
                    "note",
                )
            )
    return pl.concat(reported) if reported else None


def persons(tables: Sequence[Rows], people: Anchors) -> pl.DataFrame:
    """One row a person where all their rows agree; where they contradict each other, every row that differs."""
    pieces: list[pl.DataFrame] = []
    for rows in tables:
        facts = rows.has(*(column.name for column in PERSON))
        days = [
            placed(rows, moment, people).rename({"day": column})
            for moment, column in (
                ("onset", "onset_day"),
                ("diagnosis", "diagnosis_day"),
                ("last_seen", "last_seen_day"),
            )
            if any(name.startswith(f"{moment}@") for name in rows.frame.columns)
        ]
        frame = pl.concat([rows.frame.select("subject", "row", *facts), *days], how="horizontal")
        if rows.has("onset@precision"):
            precision = rows.frame["onset@precision"].fill_null("day")
            frame = frame.with_columns(onset_precision=pl.when(pl.col("onset_day").is_not_null()).then(precision))
        frame = _genes(rows, frame)
        reported = [name for name in frame.columns if name not in ("subject", "row")]
        frame = frame.unique(["subject", *reported], keep="first", maintain_order=True)
        pieces.append(frame.with_columns(source=pl.lit(rows.table.source)))
    known = pl.concat(pieces, how="diagonal_relaxed").filter(pl.col("subject").is_not_null())
    known = known.join(_derived(people, known.columns), on="subject", how="left", maintain_order="left")
    for name in ("onset_day", "diagnosis_day", "age_at_entry_years"):
        own = f"{name}_derived"
        known = known.with_columns(pl.coalesce(name, own) if name in known.columns else pl.col(own).alias(name)).drop(
            own
        )
    known = known.join(
        people.people.select("subject", "entry", entry_date="zero_date"),
        on="subject",
        how="left",
        maintain_order="left",
    )
    return _merged(known)


def _genes(rows: Rows, frame: pl.DataFrame) -> pl.DataFrame:
    """Facts with the result for C9orf72, and "none found" where all four genes were tested and none was found."""
    found = {gene: rows.frame[f"{gene}@found"] for gene in GENES if f"{gene}@found" in rows.frame.columns}
    if "c9orf72" in frame.columns:
        found["c9orf72"] = frame["c9orf72"]
    if not found:
        return frame
    if "c9orf72" in found:
        frame = frame.with_columns(found["c9orf72"].alias("c9orf72"))
    genotype = pl.col("genotype") if "genotype" in frame.columns else pl.lit(None, pl.String)
    carrier = pl.when(found["c9orf72"]).then(pl.lit("c9orf72")) if "c9orf72" in found else pl.lit(None, pl.String)
    negative = pl.lit(len(found) == len(GENES)) & pl.all_horizontal(~pl.lit(values) for values in found.values())
    none = pl.when(negative).then(pl.lit("none_found"))
    return frame.with_columns(genotype=pl.coalesce(genotype, carrier, none))


def _derived(people: Anchors, columns: Sequence[str]) -> pl.DataFrame:
    del columns
    return people.people.select(
        "subject",
        onset_day_derived="onset_day",
        diagnosis_day_derived="diagnosis_day",
        age_at_entry_years_derived=pl.coalesce("birth_years", "zero_age"),
    )


def _merged(known: pl.DataFrame) -> pl.DataFrame:
    reported = [name for name in known.columns if name not in ("subject", "row", "source", "last_seen_day")]
    lasting = ["last_seen_day"] if "last_seen_day" in known.columns else []
    summed = known.group_by("subject", maintain_order=True).agg(
        *(pl.col(name).drop_nulls().first() for name in reported),
        *(pl.col(name).max() for name in lasting),
        pl.col("row").first(),
        pl.col("source").first(),
        clash=pl.any_horizontal([pl.col(name).drop_nulls().n_unique() > 1 for name in reported] or [pl.lit(False)]),
    )
    agreeing = summed.filter(~pl.col("clash")).drop("clash")
    others = known.join(summed.filter(pl.col("clash")).select("subject"), on="subject", how="semi")
    return pl.concat([agreeing, others.select(agreeing.columns)])


def events(rows: Rows, people: Anchors) -> tuple[pl.DataFrame | None, list[pl.DataFrame]]:
    """The table's events: days of single events, yes and no at visits, or one event a row."""
    pieces: list[pl.DataFrame] = []
    found: list[pl.DataFrame] = []
    for kind in EVENT_KINDS:
        reported = rows.has(f"{kind}@date", f"{kind}@day", f"{kind}@age")
        dated = pl.DataFrame(schema={"subject": pl.String})
        if reported:
            piece = pl.concat([rows.frame.select("subject", "row"), placed(rows, kind, people)], how="horizontal")
            lost = (
                piece["day"].is_null()
                & rows.frame.select(pl.any_horizontal(pl.col(reported).is_not_null())).to_series()
            )
            found.append(_unplaced(rows, kind, reported[0], lost))
            if rows.has(f"{kind}@precision"):
                known = pl.format("known to the {}", pl.lit(rows.frame[f"{kind}@precision"]))
                piece = piece.with_columns(detail=known)
            dated = piece.filter(pl.col("day").is_not_null()).unique(
                ["subject", "day"], keep="first", maintain_order=True
            )
            pieces.append(dated.with_columns(event=pl.lit(kind)))
        if rows.has(f"{kind}@flag"):
            piece, missing = _flagged(rows, kind, people, dated)
            pieces += [piece] if piece is not None else []
            found += missing
    if rows.has("event"):
        piece, told_faults = _events_listed(rows, people)
        pieces.append(piece)
        found.append(told_faults)
    return (pl.concat(pieces, how="diagonal_relaxed") if pieces else None), found


def _spoken(kind: str) -> str:
    return kind.replace("_", " ")


def _unplaced(rows: Rows, kind: str, name: str, lost: pl.Series) -> pl.DataFrame:
    lost = lost & rows.frame["subject"].is_not_null()
    once = lost & rows.frame["subject"].is_first_distinct()
    index = Place(
        table="events",
        column=rows.headings.get(name, name),
        source=rows.table.source,
        rows=rows.frame["row"],
        subjects=rows.frame["subject"],
    )
    return tell(
        index,
        once,
        rows.frame[name],
        "event_without_day",
        f"The {_spoken(kind)} has no day: the person's day 0, or an age finer than whole years, is not known.",
        "Give its date, or its day from entry.",
    )


def _flagged(
    rows: Rows, kind: str, people: Anchors, dated: pl.DataFrame
) -> tuple[pl.DataFrame | None, list[pl.DataFrame]]:
    """Yes and no at visits: the event lies at or before the first visit that says yes; without visits it has no day."""
    flag = f"{kind}@flag"
    frame = pl.concat(
        [rows.frame.select("subject", "row", flag), placed(rows, "time", people)], how="horizontal"
    ).filter(pl.col(flag).fill_null(False))
    frame = frame.join(dated.select("subject").unique(), on="subject", how="anti")
    if not _says_when(rows, kind):
        frame, met = _on_last_contact(rows, frame, people) if kind == "death" else (frame, None)
        index = Place(
            table="events",
            column=rows.headings.get(flag, kind),
            source=rows.table.source,
            rows=frame["row"],
            subjects=frame["subject"],
        )
        reported = tell(
            index,
            frame["subject"].is_first_distinct(),
            frame[flag],
            "event_without_day",
            f"The {_spoken(kind)} is recorded but not its day; it is not used.",
            "Add a column with its date.",
            "note",
        )
        return met, [reported]
    if kind == "niv_stop":
        return None, []
    first = (
        rows.frame.select("subject", seen=placed(rows, "time", people)["day"])
        .group_by("subject")
        .agg(pl.col("seen").min())
    )
    frame = frame.sort("day", nulls_last=True, maintain_order=True).unique("subject", keep="first", maintain_order=True)
    frame = frame.join(first, on="subject", how="left").with_columns(
        event=pl.lit(kind),
        detail=pl.when(pl.col("day") == pl.col("seen"))
        .then(pl.lit("recorded at the first visit; its day may be earlier"))
        .otherwise(pl.lit("first visit at which it is recorded")),
    )
    return frame.drop(flag, "seen"), []


def _on_last_contact(rows: Rows, died: pl.DataFrame, people: Anchors) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Deaths whose day only the date of last contact tells: those without one, and those placed on it."""
    if not any(name.startswith("last_seen@") for name in rows.frame.columns):
        return died, None
    contact = rows.frame.select("subject").with_columns(last=placed(rows, "last_seen", people)["day"])
    contact = contact.drop_nulls().group_by("subject").agg(pl.col("last").max())
    placed_deaths = died.join(contact, on="subject", how="inner", maintain_order="left").unique(
        "subject", keep="first", maintain_order=True
    )
    met = placed_deaths.select(
        "subject", "row", day="last", event=pl.lit("death"), detail=pl.lit("on the day of last contact")
    )
    return died.join(contact, on="subject", how="anti"), met


def _says_when(rows: Rows, kind: str) -> bool:
    """Whether yes and no belong to the visit of their row; a fact that every row of a person repeats has no day."""
    if kind in ENDS or rows.slotted or not any(name.startswith("time@") for name in rows.frame.columns):
        return False
    if rows.table.layout:
        return True
    reported = rows.frame.select("subject", flag=f"{kind}@flag").drop_nulls()
    people = reported.group_by("subject").agg(rows=pl.len(), answers=pl.col("flag").n_unique())
    often = people.filter(pl.col("rows") > 1)
    return often.is_empty() or bool((often["answers"] > 1).any())


def _events_listed(rows: Rows, people: Anchors) -> tuple[pl.DataFrame, pl.DataFrame]:
    frame = pl.concat(
        [
            rows.frame.select("subject", "row", "event", *rows.has("detail")),
            placed(rows, "time", people),
            placed(rows, "end", people).rename({"day": "end_day"}),
        ],
        how="horizontal",
    )
    index = Place(
        table="events",
        column=rows.headings.get("event", "event"),
        source=rows.table.source,
        rows=frame["row"],
        subjects=frame["subject"],
    )
    kinds = choices(frame["event"], index, EVENTS.by_name["event"].choices, column="event")
    return frame.with_columns(kinds.values.alias("event")).filter(pl.col("event").is_not_null()), kinds.faults
