"""Cells into values where a column's meaning decides how: vital status, codes of choices, units, labels of visits."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from alsight.base.errors import Fault
from alsight.cohort.files.sheet import Sheet
from alsight.cohort.mapping.families import slot_time
from alsight.cohort.mapping.spec import ColumnMap, line
from alsight.cohort.measures import MEASURES_BY_NAME
from alsight.cohort.parse import Parsed, Place, blank, booleans, identifiers, partial, words
from alsight.cohort.parse.amounts import DAYS_IN
from alsight.cohort.parse.codes import FALSE, TRUE, folded
from alsight.cohort.parse.profile import ALIVE, DEAD, OUT_OF
from alsight.cohort.parse.text import tell
from alsight.cohort.schema import Column
from alsight.cohort.tables import TABLES

EXCLUDED_ANY: Final = "*"
"""In a mapping's `exclude`: a row is excluded whatever its cell holds."""


def living(supplied: pl.Series, index: Place) -> Parsed:
    """Deaths from a column whose "yes" means that the person lives."""
    parsed = booleans(supplied, index)
    return Parsed(~parsed.values, parsed.faults, parsed.how)


def labeled(supplied: pl.Series, index: Place) -> Parsed:
    """Days of visits that are labeled by their time ("baseline", "month 3", "WEEK 13")."""
    coding: dict[str, int] = {}
    for cell in supplied.drop_nulls().unique():
        if (timed := slot_time(str(cell))) is not None:
            number, unit = timed
            coding[str(cell)] = round(number * DAYS_IN[unit])
    text = words(supplied)
    values = supplied.cast(pl.String).replace_strict(coding, default=None, return_dtype=pl.Int32)
    bad = values.is_null() & ~blank(text)
    reported = tell(
        index,
        bad,
        supplied,
        "not_a_visit",
        "This label does not say when the visit was.",
        "Give the visit its date or day.",
    )
    return Parsed(values.alias(supplied.name), reported, "label")


def out_of(supplied: pl.Series) -> pl.Series:
    """Scores written with the most they could be ("44/48") as the score alone."""
    if supplied.dtype != pl.String or not supplied.str.contains("/", literal=True).any():
        return supplied
    return supplied.str.replace(OUT_OF.pattern, "")


SUMMARIES: Final = re.compile(
    r"^(?:n|total|totals|sum|mean|average|median|sd|std|min|max|count|summe|gesamt|mittelwert|durchschnitt|anzahl|moyenne"
    r"|somme|ecart_type|nombre|media|promedio|suma|mediana|somma|numero|totale|totaal|gemiddelde|som|aantal)(?:_\d+)?$"
)
"""Words in the place of an identifier, below all people, that head a row of sums or means."""


def summaries(supplied: pl.Series, index: Place) -> tuple[pl.Series, pl.DataFrame]:
    """Rows of sums or means below the people, and one fault for each of them."""
    text = folded(supplied.cast(pl.String, strict=False)).to_list()
    bad = [False] * len(text)
    for place in range(len(text) - 1, -1, -1):
        if text[place] and not SUMMARIES.match(text[place]):
            break
        bad[place] = bool(text[place])
    found = pl.Series(bad, dtype=pl.Boolean)
    how_to_fix = "Nothing, if it is no person's row."
    message = "The row holds a sum, a mean or a count of the rows above, no person; it is excluded."
    return found, tell(index, found, supplied, "summary_row", message, how_to_fix, "note")


def excluded(supplied: pl.Series, column: ColumnMap, index: Place) -> tuple[pl.Series, pl.DataFrame]:
    """Rows that a column excludes, and one fault for each of them."""
    text = folded(supplied.cast(pl.String, strict=False))
    filled = ~blank(supplied.cast(pl.String, strict=False))
    if EXCLUDED_ANY in column.exclude:
        bad = filled
    else:
        bad = filled & text.is_in([str(folded(pl.Series([cell]))[0]) for cell in column.exclude]).fill_null(False)
    derived = column.means == "derived"
    reported = tell(
        index,
        bad,
        supplied,
        "derived_row" if derived else "excluded_row",
        "The row holds a derived or imputed value, no observation; it is excluded."
        if derived
        else "The row is about a person of a group that is excluded.",
        f"To keep such rows, write in the mapping: `{line(index.column, means='ignored')}`.",
        "note" if not derived else "rejected",
    )
    return bad, reported


def included(sheet: Sheet, maps: dict[str, ColumnMap]) -> tuple[Sheet, list[pl.DataFrame], frozenset[str]]:
    """The sheet without rows that are excluded, these rows as faults, and the people of whom no row is left.

    Rows are excluded by a column of the mapping, or because they hold sums of the rows above.
    """
    faults: list[pl.DataFrame] = []
    bad = pl.repeat(False, sheet.frame.height, eager=True)
    for heading, column in maps.items():
        if column.exclude:
            location = Place(table="visits", column=heading, source=sheet.source, rows=sheet.rows)
            more, reported = excluded(sheet.frame[heading], column, location)
            bad, faults = bad | more, [*faults, reported]
    name = next((heading for heading, column in maps.items() if column.means == "subject"), None)
    if name is None:
        outside: frozenset[str] = frozenset()
    else:
        location = Place(table="visits", column=name, source=sheet.source, rows=sheet.rows)
        people = identifiers(sheet.frame[name], location).values
        outside = frozenset(people.filter(bad).drop_nulls()) - frozenset(people.filter(~bad).drop_nulls())
        more, reported = summaries(sheet.frame[name], location)
        bad, faults = bad | more, [*faults, reported]
    accepted = replace(sheet, frame=sheet.frame.filter(~bad), rows=sheet.rows.filter(~bad)) if bad.any() else sheet
    return accepted, faults, outside


def status(supplied: pl.Series, index: Place) -> Parsed:
    """Alive or dead, as words or as an answer to a heading that names death."""
    coding = dict.fromkeys([*DEAD, *TRUE], "true") | dict.fromkeys([*ALIVE, *FALSE], "false")
    if "aliv" in index.column.lower() or "living" in index.column.lower():
        coding |= dict.fromkeys(TRUE, "false") | dict.fromkeys(FALSE, "true")
    text = words(supplied).str.to_lowercase()
    reported = text.replace_strict(coding, default=None, return_dtype=pl.String)
    bad = reported.is_null() & ~blank(text)
    faults = tell(index, bad, supplied, "not_a_status", "This is neither alive nor dead.", "Write alive or dead.")
    return Parsed((reported == "true").alias(supplied.name), faults)


def declared(name: str) -> Column:
    """A column of the data dictionary by its name."""
    for table in TABLES.values():
        if name in table.by_name:
            return table.by_name[name]
    raise KeyError(name)


def unit_of(name: str) -> str:
    """Unit of the data dictionary for a quantity; empty for none."""
    if name in MEASURES_BY_NAME:
        return MEASURES_BY_NAME[name].unit
    return {"capacity_l": "l", "capacity_pct": "%", "height_cm": "cm"}.get(name, "")


def unmapped(index: Place, name: str, codes: pl.Series, allowed: Sequence[str]) -> list[Fault]:
    """One note a code: what a number stands for is never guessed."""
    seen = codes.value_counts(sort=True).sort(codes.name)
    listed = ", ".join(allowed)
    example = line(index.column, means=name, values={str(code): "..." for code in seen[codes.name][:2]})
    return [
        Fault(
            table=index.table,
            rule="unmapped_code",
            severity="note",
            source=index.source,
            column=index.column,
            value=str(code),
            message=f'What the code {code} under "{index.column}" means is not said; {count} cells count as missing.',
            how_to_fix=f"Say in the mapping what each code means: `{example}`, each ... being one of {listed}.",
        )
        for code, count in seen.rows()
    ]


def is_float(text: str) -> bool:
    """Whether a marker of a missing value is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def middled(exact: Callable[[pl.Series, Place], Parsed], supplied: pl.Series, index: Place) -> Parsed:
    """Dates, those known to the month or the year at its middle; each such date of a person is listed once."""
    middle, precision = partial(supplied)
    coarse = precision.is_not_null()
    if not coarse.any():
        return exact(supplied, index)
    kind = supplied if supplied.dtype == pl.String else supplied.cast(pl.Float64)
    known, faults, how = exact(kind.set(coarse, None), index)
    people = index.subjects if index.subjects is not None else supplied
    once = coarse & pl.struct(people.alias("who"), middle.alias("when"), eager=True).is_first_distinct()
    reported = tell(
        index,
        once,
        supplied,
        "date_without_day",
        "Only the month or the year of this date is known; its middle is used, and the precision is kept.",
        "Give the day where the record has it.",
        "note",
    )
    return Parsed(known.zip_with(~coarse, middle), pl.concat([faults, reported]), how)
