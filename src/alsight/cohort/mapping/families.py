"""Columns that belong together: numbered items (p1 ... p9, x1r ... x3r), and one value per visit side by side."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from alsight.cohort.mapping.headings import bare, readings
from alsight.cohort.mapping.meanings import IS_ITEM, IS_SCORE, MEANINGS
from alsight.cohort.mapping.words import FOLDS, compact, unaccented
from alsight.cohort.parse.profile import Profile
from alsight.instruments.items import CUTTING, TWELVE

Unit = Literal["day", "week", "month", "year"]
UNITS: Final[dict[str, Unit]] = {"day": "day", "week": "week", "month": "month", "year": "year"}
Look = Callable[[str], Profile]
"""From a heading to what its cells look like."""

_NUMBERED: Final = re.compile(r"^([a-z]*(?:[a-z0-9]*[a-z])?)(0?[1-9]|1[0-2])([abx]?)([a-z]*)$")
_R_ITEMS: Final = {"1": TWELVE[9], "2": TWELVE[10], "3": TWELVE[11]}
_SLOT_WORDS: Final = {
    "month": "month",
    "m": "month",
    "week": "week",
    "w": "week",
    "day": "day",
    "d": "day",
    "year": "year",
    "y": "year",
    "visit": "visit",
    "v": "visit",
    "t": "visit",
    "time": "visit",
    "fu": "visit",
    "session": "visit",
    "measure": "visit",
}
_FIRST: Final = frozenset({"baseline", "bl", "base", "screening", "start"})
_ANY_NAME: Final = re.compile(r"^(\D{2,30}?)[ _.-]?(\d{1,2})[ _.:-]+(\D.*)$")


def numbered(headings: Sequence[str], look: Look) -> dict[str, str]:
    """Items told by their number, where a whole row of numbers stands under one name and holds scores of 0 to 4.

    Number 10 is breathlessness (ALSFRS-R) where 11 or 12 follow, else item 10 of the original scale. Numbers 1 to 3
    under a name with an "r" beside such a row are the three items that the revision added.
    """
    groups: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for heading in headings:
        if match := _NUMBERED.match(compact(bare(heading))):
            before, number, letter, after = match.groups()
            groups[before, after].setdefault(number.lstrip("0") + letter, heading)
    found: dict[str, str] = {}
    whole = {name for name, members in groups.items() if _is_row(members, look)}
    for name in whole:
        members = groups[name]
        revised = bool({"11", "12"} & set(members))
        for number, heading in members.items():
            if item := _item(number, revised=revised, split="5a" in members or "5b" in members):
                found[heading] = item
    for name, members in groups.items():
        added = name[0].endswith("r") or name[1].startswith("r")
        three = set(members) <= set(_R_ITEMS) and len(members) > 1
        if whole and name not in whole and added and three and all(_scored(look(name)) for name in members.values()):
            found |= {heading: _R_ITEMS[number] for number, heading in members.items()}
    return found


def _is_row(members: Mapping[str, str], look: Look) -> bool:
    plain = {number.rstrip("abx") for number in members}
    if len(plain & {str(number) for number in range(1, 10)}) < 7:
        return False
    shapes = [look(heading) for heading in members.values()]
    return sum(map(_scored, shapes)) >= 0.8 * len(shapes)


def _scored(shape: Profile) -> bool:
    # One mistyped score must not hide an item: 0 to 5 passes, a total does not.
    if shape.date + shape.partial + shape.short > 0.1:
        return False
    return shape.filled == 0 or (shape.number > 0.5 and shape.high <= 9 and shape.distinct <= 12) or shape.number < 0.1


def _item(number: str, *, revised: bool, split: bool) -> str | None:
    if number[0] == "5" and len(number) == 2:
        return {"5a": CUTTING[0], "5b": CUTTING[1], "5x": CUTTING[2]}[number]
    if number == "5":
        return CUTTING[2]
    if number == "10":
        return TWELVE[9] if revised else "q10_respiratory"
    del split
    return TWELVE[int(number) - 1] if number.isdigit() else None


@dataclass(frozen=True)
class Slot:
    """One of several columns that hold the same thing at different visits.

    Attributes:
        means: what it holds.
        unit: unit of what it holds.
        slot: the visit, as a name that ties its columns together.
        at: time of the visit, None where only its number is known.
        at_unit: unit of that time ("month"), "visit" or "" where it is only a number.
        confidence: how sure [0-1].
    """

    means: str
    unit: str
    slot: str
    at: float | None
    at_unit: str
    confidence: float = 0.85


def side_by_side(headings: Sequence[str], look: Look) -> dict[str, Slot]:
    """Columns of a table with one row a person and the visits side by side (alsfrs_0, alsfrs_3; total_month6; V1_date).

    A name counts when it means something that is measured at visits and stands at two visits at least.
    """
    parsed = {heading: ways for heading in headings if (ways := _ways(heading))}
    parsed |= _under_any_name([heading for heading in headings if heading not in parsed])
    stems: dict[str, list[tuple[str, str, float | None, str]]] = defaultdict(list)
    for heading, ways in parsed.items():
        for stem, unit, number in ways:
            stems[stem].append((heading, unit, number, stem))
    pooled = _stem_items({stem: [heading for heading, *_ in uses] for stem, uses in stems.items()}, look)
    found: dict[str, Slot] = {}
    order = sorted(stems, key=lambda stem: (-len({heading for heading, *_ in stems[stem]}), stem))
    for stem in order:
        uses = [use for use in stems[stem] if use[0] not in found]
        meaning = pooled.get(stem) or _visit_meaning(stem)
        if meaning is None or len({use[0] for use in uses}) < 2:
            continue
        means, unit = meaning
        for heading, at_unit, number, _ in uses:
            slot = f"{at_unit} {number:g}".strip() if number is not None else at_unit
            timed = number if at_unit != "visit" else None
            found[heading] = Slot(means, unit, slot, timed, at_unit, 0.85 if at_unit else 0.6)
    return found if any(slot.means in IS_SCORE or _is_measure(slot.means) for slot in found.values()) else {}


def _ways(heading: str) -> list[tuple[str, str, float | None]]:
    """Ways to take a heading apart into a name, a unit of time and a number."""
    text = re.sub(r"(?<=[a-z]{2})(?=[A-Z])", " ", unaccented(bare(heading)))
    text = text.replace("ALSFRS-R", "ALSFRSR").replace("ALSFRS_R", "ALSFRSR").replace("alsfrs_r", "alsfrsr")
    text = re.sub(r"alsfrs-r", "alsfrsr", text, flags=re.IGNORECASE)
    parts = [part for part in re.split(r"[^A-Za-z0-9.]+|(?<=\D)\.|\.(?=\D)", text) if part]
    ways: list[tuple[str, str, float | None]] = []
    for size in (2, 1):
        if len(parts) <= size:
            continue
        for stem, slot in ((parts[:-size], parts[-size:]), (parts[size:], parts[:size])):
            if (read := _slot(slot)) is not None:
                plain = [part for part in stem if part.lower() != "v"] or stem
                ways.append((" ".join(plain).lower(), *read))
    # A unit ("M3 Item 1") says more of the visit than a number alone.
    return sorted(ways, key=lambda way: way[1] == "")[:1]


def _under_any_name(headings: Sequence[str]) -> dict[str, list[tuple[str, str, float | None]]]:
    """Headings that repeat under a numbered name, whatever the name of a visit is ("Momento 1 Fecha")."""
    matched = {heading: match for heading in headings if (match := _ANY_NAME.match(unaccented(bare(heading))))}
    names: dict[str, set[str]] = defaultdict(set)
    rests: dict[str, set[str]] = defaultdict(set)
    for match in matched.values():
        names[match[1].lower()].add(match[2])
        rests[match[1].lower()].add(match[3].lower())
    told = {name: [meaning for rest in found if (meaning := _visit_meaning(rest))] for name, found in rests.items()}
    kept = {
        name
        for name, meanings in told.items()
        if len(names[name]) > 1
        and any(means == "time" for means, _ in meanings)
        and any(means in IS_SCORE for means, _ in meanings)
    }
    return {
        heading: [(match[3].lower(), "visit", float(match[2]))]
        for heading, match in matched.items()
        if match[1].lower() in kept
    }


def _slot(parts: Sequence[str]) -> tuple[str, float | None] | None:
    text = " ".join(parts).lower()
    if FOLDS.get(text, text) in _FIRST:
        return "first", 0.0
    if match := re.fullmatch(r"([a-z]+) ?(\d{1,4}(?:\.\d+)?)|(\d{1,4}(?:\.\d+)?) ?([a-z]+)|(\d{1,4}(?:\.\d+)?)", text):
        word = match[1] or match[4] or ""
        number = float(match[2] or match[3] or match[5])
        if not word:
            return ("", number) if len(parts) == 1 else None
        unit = _SLOT_WORDS.get(word) or _SLOT_WORDS.get(FOLDS.get(word, ""))
        return (unit, number) if unit else None
    return None


def first_visit_date(heading: str) -> bool:
    """Whether a heading names the date of the first visit ("Date M0", "Visit date baseline")."""
    return any(number == 0 and (_visit_meaning(stem) or ("", ""))[0] == "time" for stem, _, number in _ways(heading))


def slot_time(label: str) -> tuple[float, Unit] | None:
    """Time that the label of a visit or a sheet names ("Baseline", "Month 3", "WEEK 13"); None where it names none."""
    plain = re.sub(r"[ _]arm[ _]\d+$", "", unaccented(label).lower())
    parts = [part for part in re.split(r"[^a-z0-9.]+", plain) if part]
    parts = [part for part in parts if part not in ("visit", "visite", "follow", "up", "fu")] or parts
    read = _slot(parts) or _slot([part for part in parts if part != "v"])
    if read is None or read[1] is None:
        return None
    unit, number = read[0], read[1]
    if unit == "first":
        return 0.0, "day"
    timed = UNITS.get(unit)
    return None if timed is None else (float(number), timed)


def _stem_items(stems: Mapping[str, Sequence[str]], look: Look) -> dict[str, tuple[str, str]]:
    def first(stem: str) -> Profile:
        return look(stems[stem][0])

    often = [stem for stem, members in stems.items() if len(members) > 1]
    return {stem: (item, "") for stem, item in numbered(often, first).items()}


def _visit_meaning(stem: str) -> tuple[str, str] | None:
    if stem == "als":
        return "total", ""
    for reading in readings(stem):
        name = reading.means
        if " or " in name:
            return name, reading.unit
        if name in IS_ITEM or name in IS_SCORE or _is_measure(name):
            return name, reading.unit
        if name == "time" or (name in MEANINGS and MEANINGS[name].part == "visits"):
            return name, reading.unit
    return None


def _is_measure(name: str) -> bool:
    return " or " in name or (name in MEANINGS and MEANINGS[name].part == "measure")
