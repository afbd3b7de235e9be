"""One table's columns into meanings: layout, then columns that belong together, then wording judged by the cells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from alsight.base.errors import Fault
from alsight.cohort.files.sheet import Sheet
from alsight.cohort.mapping.families import Look, numbered, side_by_side
from alsight.cohort.mapping.headings import Reading, bare, readings
from alsight.cohort.mapping.labels import speaks
from alsight.cohort.mapping.layouts import laid_out
from alsight.cohort.mapping.meanings import BEST_OF, IS_ITEM, IS_SCORE, MEANINGS, meaning_of
from alsight.cohort.mapping.profile import Profile, profile
from alsight.cohort.mapping.spec import ColumnMap, line, unclear
from alsight.cohort.mapping.words import bag

LITERS: Final = 12.0
"""Vital capacities above this number are percents of predicted: no one breathes so many litres."""

_FORMS: Final = {"date": 0, "day": 1, "week": 1, "month": 1, "year": 1, "": 1, "age": 2, "flag": 3, "status": 3}


@dataclass
class Guess:
    """What a table's columns were taken for.

    Attributes:
        sheet: the table.
        columns: heading to meaning, every column of the table.
        faults: what could not be told apart.
        look: from a heading to what its cells look like.
    """

    sheet: Sheet
    columns: dict[str, ColumnMap] = field(default_factory=dict[str, ColumnMap])
    faults: list[Fault] = field(default_factory=list[Fault])
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


def guess_table(sheet: Sheet, given: Table[str, ColumnMap], layout: str, context: str) -> Guess:
    """What every column of a table means.

    Args:
        sheet: the table.
        given: what the user says of some columns; never questioned.
        layout: known layout of the input, empty when none.
        context: worksheet or file name, which may say what "Score" is.
    """
    guess = Guess(sheet)
    names = list(sheet.frame.columns)
    guess.columns = {name: given[name] for name in names if name in given}
    open_names = [name for name in names if name not in given]
    if layout:
        for name in open_names:
            if (known := laid_out(layout, name)) is not None:
                guess.columns[name] = _timed(known, guess.look(name))
        open_names = [name for name in open_names if name not in guess.columns]
    claims: dict[str, list[tuple[Reading, ColumnMap]]] = {}
    families = numbered(open_names, guess.look)
    for name in open_names:
        if name in families:
            found = ColumnMap(means=families[name], confidence=0.9, why="one of a row of numbered items")
            claims[name] = [(Reading(families[name], rank=0), found)]
        elif fits := _fitting(name, context, guess.look):
            claims[name] = fits
    _spread(guess, claims, open_names, families)
    _settle(guess, claims)
    _arm(guess)
    _units(guess)
    for name in names:
        guess.columns.setdefault(name, ColumnMap(means="ignored", why="no meaning was found"))
    guess.columns = {
        name: msgspec.structs.replace(guess.columns[name], examples=guess.look(name).examples) for name in names
    }
    return guess


def _fitting(heading: str, context: str, look: Look) -> list[tuple[Reading, ColumnMap]]:
    found: list[tuple[Reading, ColumnMap]] = []
    for reading in readings(heading, context):
        fit = _fit(reading, look(heading), heading)
        if fit is not None:
            found.append((reading, fit))
    return found


def _fit(reading: Reading, shape: Profile, heading: str) -> ColumnMap | None:
    """What a reading of a heading comes to, given the cells; None where the cells are of another kind."""
    name = reading.means
    if " or " in name:
        name = name.split(" or ")[1 if reading.unit == "%" or shape.high > LITERS else 0]
        if shape.filled == 0:
            return None
    meaning = meaning_of(name)
    if meaning is None:
        return None
    unit, share = reading.unit, 1.0
    if meaning.kind == "time":
        timed = _time_unit(name, reading, shape, heading)
        if timed is None:
            return None
        unit, share = timed
    elif shape.filled == 0:
        share = 0.5
    elif meaning.kind == "score":
        share = shape.number if name not in IS_ITEM or shape.number > 0.1 else speaks(name, shape.examples)
        if share < 0.5 or (name in IS_ITEM and shape.number > 0.5 and shape.distinct > 12):
            return None
    elif meaning.kind == "number":
        share = shape.number
        if share < 0.5:
            return None
    elif meaning.kind == "boolean":
        share = max(shape.yes_no, 0.5 * shape.codes)
        if share < 0.4:
            return None
    elif name in ("onset_site", "sex", "genotype") and (shape.date > 0.3 or (shape.number > 0.5 and not shape.codes)):
        return None
    confidence = round(reading.confidence * (0.5 + 0.5 * min(share, 1.0)), 2)
    return ColumnMap(
        means=name, unit=unit, origin=_origin(reading), yes=reading.yes, confidence=confidence, why=reading.why
    )


def _origin(reading: Reading) -> Any:
    return reading.origin


def _time_unit(name: str, reading: Reading, shape: Profile, heading: str) -> tuple[str, float] | None:
    """Unit of a time and the share of cells that fit it; an empty unit where nothing tells."""
    happens = name.startswith(("on:", "off:")) or (meaning_of(name) or _NONE).part == "event"
    dated = "date" in bag(heading)
    if shape.filled == 0:
        return reading.unit or "date", 0.5
    if shape.date >= 0.5:
        return "date", shape.date
    if happens and shape.status >= 0.5:
        return "status", shape.status
    if happens and shape.yes_no >= 0.6 and not reading.unit and not (shape.number > 0.9 and shape.high > 1):
        return "flag", shape.yes_no
    if shape.number < 0.5:
        return None
    if reading.unit in ("day", "week", "month", "year", "age"):
        return reading.unit, shape.number
    if shape.serial > 0.9 and shape.whole > 0.9 and (dated or name == "birth"):
        return "date", shape.serial
    if dated or name == "birth":
        return None
    if {"delta", "deltadays"} & bag(heading):
        return "day", shape.number
    if name == "onset" and shape.codes:
        return None
    return "", shape.number


_NONE: Final = MEANINGS["ignored"]


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


def _settle(guess: Guess, claims: dict[str, list[tuple[Reading, ColumnMap]]]) -> None:
    """One column for each meaning: the usual wording wins; equals that differ in their cells are told as unclear."""
    sought: dict[tuple[str, int], list[tuple[int, str, ColumnMap]]] = defaultdict(list)
    taken = {(column.means, _form(column)) for column in guess.columns.values() if not column.slot}
    for heading, fits in claims.items():
        reading, column = fits[0]
        if (column.means, _form(column)) in taken and column.means not in BEST_OF:
            guess.columns[heading] = ColumnMap(means="ignored", why=f"another column already tells {column.means}")
            continue
        sought[column.means, _form(column)].append((reading.rank, heading, column))
    for (means, _), rivals in sought.items():
        rivals.sort(key=lambda rival: (rival[0], -rival[2].confidence))
        best = [rival for rival in rivals if rival[0] == rivals[0][0]]
        if len(rivals) > 1 and _may_share(means, rivals):
            best = rivals
        elif len(best) > 1 or (len(rivals) > 1 and means in IS_ITEM):
            best = _same(guess, rivals if means in IS_ITEM else best, means)
        for _, heading, column in rivals:
            chosen = heading in {name for _, name, _ in best}
            why = f'"{best[0][1]}" already tells {means}' if best else f"unclear: several columns claim {means}"
            guess.columns[heading] = column if chosen else ColumnMap(means="ignored", why=why)
    _one_time(guess)


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
    if all(guess.sheet.frame[heading].equals(first, check_names=False) for _, heading, _ in rivals[1:]):
        return rivals[:1]
    names = [heading for _, heading, _ in rivals]
    told = " and ".join(f'"{name}"' for name in names)
    how_to_fix = "Say in the mapping which one counts: under [tables.columns] write " + " or ".join(
        f"`{line(name, means='ignored')}`" for name in names
    )
    guess.faults.append(unclear(guess.sheet.source, names[0], f"{told} both claim {means}.", f"{how_to_fix}."))
    return []


def _one_time(guess: Guess) -> None:
    """One time a row: a date wins over a count, a count over an age; a start of follow-up stands in for none."""
    times = sorted(
        (name for name in guess.of("time") if not guess.columns[name].slot), key=lambda name: _form(guess.columns[name])
    )
    for name in times[1:]:
        why = f'"{times[0]}" already tells when the row happened'
        guess.columns[name] = ColumnMap(means="ignored", why=why)
    if not times and guess.has_scores() and not any(column.slot for column in guess.columns.values()):
        for stand_in in ("baseline", "age"):
            for name in guess.of(stand_in)[:1]:
                unit = guess.columns[name].unit if stand_in == "baseline" else "age"
                if stand_in == "age" and guess.look(name).whole > 0.5:
                    continue
                guess.columns[name] = msgspec.structs.replace(
                    guess.columns[name], means="time", unit=unit, why="the only time in the table"
                )
                return


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
                and (meaning_of(guess.columns[other].means) or _NONE).kind == "number"
            ),
            "",
        )
        if owner or column is None:
            why = f'unit of "{owner}"' if owner else "the wording of the heading"
            guess.columns[name] = ColumnMap(means="unit", of=owner, confidence=0.9, why=why)
