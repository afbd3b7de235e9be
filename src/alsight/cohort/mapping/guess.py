"""One table's columns into meanings: layout, then columns that belong together, then wording assessed by the cells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import polars as pl

from alsight.base.errors import Fault
from alsight.cohort.files.sheet import Sheet
from alsight.cohort.mapping.families import Slot, first_visit_date, numbered, side_by_side, slot_time
from alsight.cohort.mapping.fit import DAY_NUMBERS, LITERS, NONE, between, excluding, fitting, misfit
from alsight.cohort.mapping.headings import Reading, bare, readings
from alsight.cohort.mapping.layouts import laid_out
from alsight.cohort.mapping.meanings import BEST_OF, IS_ITEM, IS_SCORE, meaning_of
from alsight.cohort.mapping.spec import ColumnMap, line, unclear
from alsight.cohort.mapping.words import bag, tokens
from alsight.cohort.parse import blank
from alsight.cohort.parse.profile import Profile, profile

NOTHING: Final = ColumnMap(means="ignored")
NO_PERSON: Final = frozenset(
    ("visit", "site", "rater", "event", "form", "instance", "study", "sample", "row", "protocol", "session", "question")
)
"""Words of a heading whose identifiers name something else than people."""

LAST: Final = 100
"""Rank of the least usual wording."""

_FORMS: Final = {
    **dict.fromkeys(("date", "excel_date", "sas_date"), 0),
    **dict.fromkeys(("day", "week", "month", "year", "", "label"), 1),
    "age": 2,
    **dict.fromkeys(("flag", "status", "alive"), 3),
}


@dataclass
class Guess:
    """What a table's columns were taken for.

    Attributes:
        sheet: the table.
        columns: heading to meaning, every column of the table.
        faults: what could not be distinguished.
        misfits: heading that was understood, but whose cells are of another kind, to that kind ("time", "score",
            "number") and a sentence about it.
        look: from a heading to what its cells look like.
    """

    sheet: Sheet
    columns: dict[str, ColumnMap] = field(default_factory=dict[str, ColumnMap])
    faults: list[Fault] = field(default_factory=list[Fault])
    misfits: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    shapes: dict[str, Profile] = field(default_factory=dict[str, Profile])

    def look(self, heading: str) -> Profile:
        """What the cells under a heading look like, looked at once."""
        if heading not in self.shapes:
            self.shapes[heading] = profile(self.sheet.frame[heading])
        return self.shapes[heading]

    def of(self, *names: str) -> list[str]:
        """Headings that mean one of these."""
        return [heading for heading, column in self.columns.items() if column.means in names]

    def has_scores(self) -> bool:
        """Whether the table holds items or totals."""
        return any(column.means in IS_SCORE for column in self.columns.values())


def guess_table(sheet: Sheet, supplied: Table[str, ColumnMap], layout: str, context: str) -> Guess:
    """What every column of a table means.

    Args:
        sheet: the table.
        supplied: what the user says of some columns; never questioned.
        layout: known layout of the input, empty when none.
        context: worksheet or file name, which may say what "Score" is.
    """
    guess = Guess(sheet)
    names = list(sheet.frame.columns)
    guess.columns = {name: supplied[name] for name in names if name in supplied}
    open_names = [name for name in names if name not in supplied]
    if layout:
        for name in open_names:
            if (known := laid_out(layout, name)) is not None:
                guess.columns[name] = _timed(known, guess.look(name))
        open_names = [name for name in open_names if name not in guess.columns]
    guess.columns |= excluding(sheet.frame, open_names, guess.look)
    open_names = [name for name in open_names if name not in guess.columns]
    families = _families(guess, open_names)
    claims: dict[str, list[tuple[Reading, ColumnMap]]] = {}
    for name in open_names:
        if name in families:
            found = ColumnMap(means=families[name], confidence=0.9, why="one of a row of numbered items")
            claims[name] = [(Reading(families[name], rank=0), found)]
        elif fits := fitting(name, context, guess.look):
            claims[name] = fits
        elif (reported := misfit(name, context, guess.look)) is not None:
            guess.misfits[name] = reported
    claims |= between(open_names, claims, guess.look)
    _spread(guess, claims, open_names, families)
    _settle(guess, claims)
    _day_numbers(guess, context)
    _lone_date(guess, open_names)
    _lone_identifier(guess, open_names)
    _labeled_visits(guess, open_names)
    _stand_in(guess)
    _living(guess, open_names)
    _arm(guess)
    _units(guess)
    for name in names:
        why = guess.misfits[name][1] if name in guess.misfits else "no meaning was found"
        guess.columns.setdefault(name, ColumnMap(means="ignored", why=why))
    guess.columns = {
        name: msgspec.structs.replace(guess.columns[name], examples=guess.look(name).examples) for name in names
    }
    return guess


def _families(guess: Guess, names: Sequence[str]) -> dict[str, str]:
    """Items told by their number; whole rows of them that repeat are visits side by side ("M0 Q1", "M3 Q1")."""
    families = numbered(names, guess.look)
    if len(set(families.values())) == len(families):
        return families
    again = side_by_side(names, guess.look)
    return {name: item for name, item in families.items() if name not in again}


def _timed(column: ColumnMap, shape: Profile) -> ColumnMap:
    """A layout's column whose unit of time the layout leaves to the cells."""
    meaning = meaning_of(column.means)
    if meaning is None or meaning.kind != "time" or column.unit:
        return column
    return msgspec.structs.replace(column, unit="date" if shape.date >= 0.5 or shape.filled == 0 else "day")


def _spread(guess: Guess, claims: dict[str, Any], open_names: list[str], families: Table[str, str]) -> None:
    """Visits side by side, in a table with one row a person; they win over what single headings would say."""
    key = next((name for name, fits in claims.items() if fits[0][0].means == "subject"), None)
    key = key or next(iter(guess.of("subject")), None)
    if key is not None:
        shape = guess.sheet.frame[key].drop_nulls()
        if len(shape) > 0 and shape.n_unique() < 0.95 * len(shape):
            return
    timed = any(fits[0][0].means == "time" for name, fits in claims.items() if name not in families)
    free = [name for name in open_names if name not in families and name != key]
    slots = side_by_side(free, guess.look)
    if timed and not any(slot.at_unit not in ("", "visit") for slot in slots.values()):
        return
    slots |= _first_slot(claims, slots)
    if first := _first_date(guess, free, slots):
        claims.pop(first, None)
    for name, slot in slots.items():
        means = slot.means
        if " or " in means:
            means = means.split(" or ")[1 if guess.look(name).high > LITERS or slot.unit == "%" else 0]
        unit = slot.unit
        if means == "time":
            unit = "date" if guess.look(name).date >= 0.5 or not unit else unit
        at_unit: Any = slot.at_unit if slot.at_unit in ("day", "week", "month", "year") else ""
        guess.columns[name] = ColumnMap(
            means=means,
            unit=unit,
            at=slot.at,
            at_unit=at_unit,
            slot=slot.slot,
            confidence=slot.confidence,
            why="one of several columns that hold the same thing at different visits",
        )
        claims.pop(name, None)


def _first_date(guess: Guess, names: Sequence[str], slots: Table[str, Slot]) -> str:
    """The one date beside totals at months, headed as the first visit's ("Date M0"), is the start of follow-up."""
    if not slots or any(slot.means == "time" for slot in slots.values()):
        return ""
    dated = [name for name in names if name not in slots and guess.look(name).date + guess.look(name).serial > 0.9]
    found = [name for name in dated if first_visit_date(name)]
    if len(found) != 1:
        return ""
    why = "the date of the first visit"
    guess.columns[found[0]] = ColumnMap(means="baseline", unit="date", confidence=0.8, why=why)
    return found[0]


def _first_slot(claims: Table[str, Any], slots: Table[str, Slot]) -> dict[str, Slot]:
    """The first visit where it stands under plain headings, before visits that each have their own date."""
    held = {slot.means for slot in slots.values()}
    if "time" not in held:
        return {}
    plain = {name: fits[0][1] for name, fits in claims.items() if name not in slots and fits[0][1].means in held}
    means = [column.means for column in plain.values()]
    if "time" not in means or len(set(means)) < max(2, len(means)):
        return {}
    return {name: Slot(column.means, column.unit, "first", None, "") for name, column in plain.items()}


def _settle(guess: Guess, claims: dict[str, list[tuple[Reading, ColumnMap]]]) -> None:
    """One column for each meaning: the usual wording wins; equals that differ in their cells stay unclear."""
    sought: dict[tuple[str, int], list[tuple[int, str, ColumnMap]]] = defaultdict(list)
    taken = {(column.means, _form(column)) for column in guess.columns.values() if not column.slot}
    for heading, fits in claims.items():
        reading, column = fits[0]
        if (column.means, _form(column)) in taken and column.means not in BEST_OF:
            guess.columns[heading] = ColumnMap(means="ignored", why=f"another column is used as {column.means}")
            continue
        sought[column.means, _form(column)].append((reading.rank, heading, column))
    for (means, _), claimed in sought.items():
        rivals = [(rank + LAST * _groups(guess, heading, means), heading, column) for rank, heading, column in claimed]
        rivals.sort(key=lambda rival: (rival[0], -rival[2].confidence))
        best = [rival for rival in rivals if rival[0] == rivals[0][0]]
        if len(rivals) > 1 and _may_share(means, rivals):
            best = rivals
        elif len(best) > 1 or (len(rivals) > 1 and means in IS_ITEM):
            best = _same(guess, rivals if means in IS_ITEM else best, means)
        for _, heading, column in rivals:
            chosen = heading in {name for _, name, _ in best}
            why = f'"{best[0][1]}" is used as {means}' if best else f"unclear: several columns could be {means}"
            guess.columns[heading] = column if chosen else ColumnMap(means="ignored", why=why)
    _one_time(guess)


def _groups(guess: Guess, heading: str, means: str) -> bool:
    """Whether a column that could name people holds so few values in so many rows that it names groups."""
    shape = guess.look(heading)
    return means == "subject" and shape.filled >= 10 and (shape.distinct <= 2 or 50 * shape.distinct < shape.filled)


def _form(column: ColumnMap) -> int:
    meaning = meaning_of(column.means)
    return _FORMS.get(column.unit, 1) if meaning is not None and meaning.kind == "time" else 0


def _may_share(means: str, rivals: list[tuple[int, str, ColumnMap]]) -> bool:
    if means in BEST_OF:
        return all({"trial", "t1", "t2", "t3", "1", "2", "3"} & bag(heading) for _, heading, _ in rivals)
    return all(column.yes for _, _, column in rivals)


def _same(guess: Guess, rivals: list[tuple[int, str, ColumnMap]], means: str) -> list[tuple[int, str, ColumnMap]]:
    """The first of several columns when all hold the same cells; none, and a fault, when they differ."""
    first = guess.sheet.frame[rivals[0][1]]
    if means == "subject":
        # Two identifiers of the same people: either will do.
        both = guess.sheet.frame.select([heading for _, heading, _ in rivals]).drop_nulls()
        if both.height and all(column.n_unique() == both.n_unique() for column in both):
            return rivals[:1]
    if all(guess.sheet.frame[heading].equals(first, check_names=False) for _, heading, _ in rivals[1:]):
        return rivals[:1]
    names = [heading for _, heading, _ in rivals]
    reported = " and ".join(f'"{name}"' for name in names)
    how_to_fix = "Say in the mapping which one counts: under [tables.columns] write " + " or ".join(
        f"`{line(name, means='ignored')}`" for name in names
    )
    guess.faults.append(unclear(guess.sheet.source, names[0], f"{reported} both claim {means}.", f"{how_to_fix}."))
    return []


def _one_time(guess: Guess) -> None:
    """One time a row: a date wins over a count, a count over an age."""
    times = sorted(
        (name for name in guess.of("time") if not guess.columns[name].slot), key=lambda name: _form(guess.columns[name])
    )
    for name in times[1:]:
        why = f'"{times[0]}" already states when the row happened'
        guess.columns[name] = ColumnMap(means="ignored", why=why)


def _stand_in(guess: Guess) -> None:
    """A start of follow-up, or an age, is the time of a table that has none."""
    if not guess.of("time") and guess.has_scores() and not any(column.slot for column in guess.columns.values()):
        for stand_in in ("baseline", "age"):
            for name in guess.of(stand_in)[:1]:
                unit = guess.columns[name].unit if stand_in == "baseline" else "age"
                if stand_in == "age" and guess.look(name).whole > 0.5:
                    continue
                guess.columns[name] = msgspec.structs.replace(
                    guess.columns[name], means="time", unit=unit, why="the only time in the table"
                )
                return


def identifier_like(heading: str) -> bool:
    """Whether a heading that nothing else claims could be the person's identifier."""
    words = set(tokens(heading))
    return bool(words & {"id", "subject"}) and not words & NO_PERSON


def _lone_identifier(guess: Guess, names: Sequence[str]) -> None:
    """The one column of identifiers that nothing else claims names the person of a table that has none."""
    if guess.of("subject"):
        return
    free = [name for name in names if guess.columns.get(name, NOTHING).means == "ignored"]
    found = [name for name in free if identifier_like(name) and guess.look(name).filled > 0]
    if len(found) == 1:
        why = "the only identifier that nothing else claims"
        guess.columns[found[0]] = ColumnMap(means="subject", confidence=0.7, why=why)


def _labeled_visits(guess: Guess, names: Sequence[str]) -> None:
    """Labels of visits that name their time ("Baseline", "Month 3") are the time of a table that has none."""
    times = guess.of("time")
    of_first = len(times) == 1 and guess.look(times[0]).date > 0.8 and first_visit_date(times[0])
    if not guess.has_scores() or (times and not of_first) or any(column.slot for column in guess.columns.values()):
        return
    free = [name for name in names if guess.columns.get(name, NOTHING).means == "ignored"]
    for name in [*guess.of("visit"), *free]:
        labels = guess.sheet.frame[name].drop_nulls().cast(pl.String).unique()
        labels = labels.filter(~blank(labels))
        if 2 <= len(labels) <= LAST and all(slot_time(label) is not None for label in labels):
            why = "labels of visits that name their time"
            guess.columns[name] = ColumnMap(means="time", unit="label", confidence=0.7, why=why)
            guess.misfits.pop(name, None)
            if times:
                why = "the date of the first visit"
                guess.columns[times[0]] = msgspec.structs.replace(guess.columns[times[0]], means="baseline", why=why)
            return


def _lone_date(guess: Guess, names: Sequence[str]) -> None:
    """The one column of dates that nothing else claims is the time of a table that has none."""
    measured = any(
        (meaning_of(column.means) or NONE).part in ("visits", "measure") for column in guess.columns.values()
    )
    if not measured or guess.of("time") or any(column.slot for column in guess.columns.values()):
        return
    free = [name for name in names if guess.columns.get(name, NOTHING).means == "ignored"]
    dates = [name for name in free if guess.look(name).date > 0.9]
    dated = [name for name in dates if "date" in bag(name)] or dates
    if len(dated) == 1:
        why = "the only dates that nothing else claims"
        guess.columns[dated[0]] = ColumnMap(means="time", unit="date", confidence=0.7, why=why)


def _day_numbers(guess: Guess, context: str) -> None:
    """Dates beside visits that are dated by Excel's day numbers are day numbers too, births of long ago among them."""
    times = [name for name in guess.of("time", "baseline", "entry_date") if guess.columns[name].unit == "date"]
    if not any(guess.look(name).serial > 0.9 and guess.look(name).number > 0.9 for name in times):
        return
    for name, column in list(guess.columns.items()):
        meaning, shape = meaning_of(column.means) or NONE, guess.look(name)
        if meaning.kind == "time" and not column.unit and not column.slot and shape.serial > 0.9 and shape.whole > 0.9:
            guess.columns[name] = msgspec.structs.replace(column, unit="date", why="day numbers of Excel")
    for name in [name for name, (kind, _) in guess.misfits.items() if kind == "time"]:
        shape, reading = guess.look(name), readings(name, context)[0]
        if shape.whole > 0.99 and shape.number > 0.9 and shape.low >= 1 and shape.high <= DAY_NUMBERS[1]:
            guess.columns[name] = ColumnMap(
                means=reading.means, unit="date", confidence=0.8, why="day numbers of Excel"
            )
            del guess.misfits[name]


def _living(guess: Guess, names: Sequence[str]) -> None:
    """The one column of "alive" and "dead" that nothing else claims is the vital status, whatever its heading."""
    free = [name for name in names if guess.columns.get(name, NOTHING).means == "ignored"]
    found = [name for name in free if guess.look(name).status > 0.9 and guess.look(name).distinct > 1]
    if len(found) == 1 and not any(guess.columns[name].unit != "date" for name in guess.of("death")):
        why = "cells that say alive or dead"
        guess.columns[found[0]] = ColumnMap(means="death", unit="status", confidence=0.6, why=why)


def _arm(guess: Guess) -> None:
    """A treatment named beside scores, without dose or end, is the arm of a trial."""
    if guess.has_scores() and not guess.of("arm", "dose", "end"):
        for name in guess.of("treatment"):
            guess.columns[name] = ColumnMap(means="arm", confidence=0.8, why="a treatment beside scores is the arm")


def _units(guess: Guess) -> None:
    """Columns that hold the unit of the column before them ("Weight", "Weight_Units")."""
    names = list(guess.columns)
    for name in list(guess.sheet.frame.columns):
        column = guess.columns.get(name)
        if column is not None and column.means not in ("unit", "ignored"):
            continue
        words = bag(bare(name))
        if "unit" not in words or (column is not None and column.of):
            continue
        owner = next(
            (
                other
                for other in names
                if other != name
                and bag(bare(other)) == words - {"unit"}
                and (meaning_of(guess.columns[other].means) or NONE).kind == "number"
            ),
            "",
        )
        if owner or column is None:
            why = f'unit of "{owner}"' if owner else "the wording of the heading"
            guess.columns[name] = ColumnMap(means="unit", of=owner, confidence=0.9, why=why)
