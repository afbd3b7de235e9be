"""What a heading alone says: the meanings it may have, the unit in it, and what a time in it counts from."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from alsight.base.units import spelling
from alsight.cohort.mapping.meanings import MEANINGS
from alsight.cohort.mapping.spellings import item_lookup, lookup
from alsight.cohort.mapping.words import FOLDS, STOP, bag, bracketed, compact, tokens

TIME_UNITS: Final = ("day", "week", "month", "year")
ORIGINS: Final[dict[str, str]] = {
    "onset": "onset",
    "symptom": "onset",
    "disease": "onset",
    "diagnosis": "diagnosis",
    "baseline": "entry",
    "entry": "entry",
    "randomization": "entry",
    "enrollment": "entry",
    "first": "entry",
    "birth": "birth",
    "start": "entry",
    "study": "entry",
    "inclusion": "entry",
}
"""Word after "since" or "from" to what a time counts from."""

_UNITS: Final = frozenset(
    {
        "kg",
        "lb",
        "g",
        "cm",
        "in",
        "m",
        "l",
        "ml",
        "%",
        "pg/ml",
        "ng/ml",
        "ng/l",
        "mg/dl",
        "umol/l",
        "n",
        "lbf",
        "cmh2o",
        "l/min",
        "mv",
        "u/l",
        "point",
        "points",
        "kg/m2",
        "mm",
        "year",
        "day",
        "% predicted",
        "percent",
        "pct",
    }
)
_TOKEN_UNITS: Final = {
    "kg": "kg",
    "lb": "lb",
    "lbs": "lb",
    "pounds": "lb",
    "cm": "cm",
    "inches": "in",
    "inch": "in",
    "cmh2o": "",
    "ml": "ml",
    "pg": "pg/ml",
    "ng": "ng/ml",
}
_FILLER: Final = re.compile(
    r"^(?:q|p|item|alsfrsr?|frsr?|score|question|frage|als|r)?0?\d{0,2}[abx]?$|^(?:rating|functional)$"
)
LEAST: Final = 9
"""Rank of a wording that has another, more usual meaning."""

_SPLIT: Final = {"5a": "q5a_cutting_without_gastrostomy", "5b": "q5b_cutting_with_gastrostomy"}
"""Number in a heading ("Cutting food (5a)", "Q5b cutting") to the form of item 5 that it names."""
_AFTER: Final = frozenset(
    {"since", "from", "after", "seit", "ab", "depuis", "da", "dal", "dalla", "dall", "desde", "vanaf"}
)
_TIMELY: Final = frozenset(
    {"visit", "study", "time", "assessment", "baseline", "measure", "relative", "alsfrsr", "alsfrs", "seen", "up", "t"}
)
_CHOICES: Final = {
    "sod1": "sod1",
    "c9orf72": "c9orf72",
    "c9": "c9orf72",
    "tardbp": "tardbp",
    "tdp43": "tardbp",
    "fus": "fus",
    "bulbar": "bulbar",
    "limb": "limb",
    "spinal": "limb",
    "limbs": "limb",
    "axial": "trunk",
    "trunk": "trunk",
    "generalized": "generalized",
    "respiratory": "respiratory",
}
_DAY_NAMES: Final = {
    "onsetday": "onset",
    "diagnosisday": "diagnosis",
    "lastseenday": "last_seen",
    "endday": "end",
    "day": "time",
}


@dataclass(frozen=True)
class Reading:
    """One meaning that a heading may have.

    Attributes:
        means: name of the meaning.
        unit: unit the heading states, empty when none.
        origin: what a time counts from, empty when not said.
        rank: 0 for the most usual wording.
        confidence: how sure the wording alone is [0-1].
        why: how it was found.
        yes: choice that a "yes" under this heading stands for, where the heading names one choice.
    """

    means: str
    unit: str = ""
    origin: str = ""
    rank: int = 0
    confidence: float = 0.9
    why: str = ""
    yes: str = ""


def bare(heading: str) -> str:
    """A heading without the number that a repeat was given."""
    return re.sub(r" \(\d+\)$| \[column \d+\]$", "", heading)


@lru_cache(maxsize=20_000)
def readings(heading: str, context: str = "") -> tuple[Reading, ...]:
    """Every meaning that a heading may have, the likeliest first.

    Args:
        heading: as the file spells it.
        context: worksheet or file name, which says what a column headed "Score" or "Value" holds.
    """
    plain = bare(heading)
    own = compact(plain)
    if own in _OWN:
        name = _OWN[own]
        unit = "day" if own in _DAY_NAMES else ""
        return (Reading(name, unit, "entry" if unit else "", 0, 1.0, "a name of the data dictionary"),)
    unit, rest = _unit(plain)
    found = _since(plain, unit) or [*_worded(rest, unit), *_items(rest), *_flags(rest)]
    if not found and context:
        found = _in_context(rest, unit, context)
    if not found and (shorter := _shorter(plain)) not in ("", plain):
        return tuple(replace(reading, confidence=reading.confidence - 0.1) for reading in readings(shorter, context))
    return tuple(sorted(found, key=lambda reading: (-reading.confidence, reading.rank)))


def _shorter(heading: str) -> str:
    """A heading without a remark in brackets, or without the name of the form that it begins with."""
    without = " ".join(re.sub(r"[(\[][^()\[\]]*[)\]]", " ", heading).split())
    return without if without != heading else re.sub(rf"^(?:{'|'.join(_FORM_NAMES)})[_. -]+", "", heading)


_FORM_NAMES: Final = ("demo", "demog", "demographics?", "dem", "clinical", "clin", "crf", "form")
"""How names of variables begin with the form that they stand on."""

_OWN: Final = {
    compact(name): name
    for name, meaning in MEANINGS.items()
    if meaning.part in ("visits", "person", "measure", "measures", "doses")
    and name not in ("age", "kind", "visit", "total", "alsfrs_total")
} | _DAY_NAMES


def _unit(heading: str) -> tuple[str, frozenset[str]]:
    """The unit that a heading states and the words without it."""
    inner = bracketed(heading)
    unit = ""
    if inner:
        first = FOLDS.get(inner.lower(), inner.lower())
        if first in TIME_UNITS:
            unit = first
        elif spelling(inner) in _UNITS:
            unit = spelling(inner)
        if unit:
            heading = re.sub(r"[(\[][^()\[\]]*[)\]]", " ", heading)
            if unit in ("%", "pct", "percent", "% predicted"):
                heading, unit = f"{heading} pct", "%"
            elif unit == "l":
                heading += " liters"
    rest = set(bag(heading))
    if "pct" in rest:
        unit = "%"
    if not unit or unit in TIME_UNITS:
        for word in sorted(rest):
            if word in TIME_UNITS and not unit:
                unit = word
            if word in _TOKEN_UNITS and len(rest) > 1:
                unit = _TOKEN_UNITS[word] or unit
                rest.discard(word)
                if word in ("pg", "ng"):
                    rest -= {"ml", "per"}
    return unit, frozenset(rest - ({unit} if unit in TIME_UNITS else set()))


def _since(heading: str, unit: str) -> list[Reading]:
    """Times that count from something: "months since symptom onset"."""
    parts = tokens(heading)
    if "to" in parts:
        return []
    for index, word in enumerate(parts[:-1]):
        if word in _AFTER:
            for origin in parts[index + 1 :]:
                if origin in ORIGINS:
                    return [Reading("time", unit, ORIGINS[origin], 3, 0.95, f'counts from "{origin}"')]
    return []


def _worded(rest: frozenset[str], unit: str) -> list[Reading]:
    if not rest and unit in TIME_UNITS:
        return [Reading("time", unit, "", 4, 0.9, f"the heading is a unit of time ({unit})")]
    found = [
        Reading(means, unit, "", rank, 0.9, "the wording of the heading") for means, rank in lookup().get(rest, ())
    ]
    if unit in TIME_UNITS and rest <= _TIMELY and not any(_takes_time(reading.means) for reading in found):
        return [Reading("time", unit, "", 5, 0.85, f"the heading names a unit of time ({unit})")]
    if "age" in rest and not found:
        others = rest - {"age", "calculated"}
        found = [
            Reading(reading.means, "age", "", reading.rank, 0.85, "an age")
            for reading in _worded(frozenset(others), "")
            if _takes_time(reading.means)
        ]
    return [_aged(reading, rest) for reading in found]


def _aged(reading: Reading, rest: frozenset[str]) -> Reading:
    if "age" in rest and _takes_time(reading.means):
        return Reading(reading.means, "age", "", reading.rank, reading.confidence, reading.why)
    return reading


def _takes_time(name: str) -> bool:
    meaning = MEANINGS.get(name)
    return name.startswith(("on:", "off:")) or (meaning is not None and meaning.kind == "time")


def _items(rest: frozenset[str]) -> list[Reading]:
    accepted = frozenset(word for word in rest if not _FILLER.match(word))
    name = item_lookup().get(accepted)
    if accepted == frozenset({"scale"}):
        # Stairs in Italian; the cells decide.
        return [Reading("q9_climbing_stairs", "", "", LEAST, 0.6, "the wording of the item")]
    if name is None:
        return []
    # "R-3 respiratory insufficiency" keeps both words; "respiratory" with number 12 or R3 is that item too.
    if name == "q10_respiratory" and rest & {"12", "r3", "q12", "3"}:
        name = "q12_respiratory_insufficiency"
    if name == "q5_cutting":
        name = next((item for sign, item in _SPLIT.items() if any(word.endswith(sign) for word in rest)), name)
    return [Reading(name, "", "", 1, 0.85, "the wording of the item")]


def _flags(rest: frozenset[str]) -> list[Reading]:
    """Headings that name one gene or one site of onset, with yes and no below."""
    for name, choice in _CHOICES.items():
        if name in rest and rest - {name} <= {
            "status",
            "gene",
            "onset",
            "result",
            "positive",
            "measure",
            "commercial",
            "expansion",
        }:
            means = (
                "onset_site"
                if "onset" in rest
                else "genotype"
                if choice in ("sod1", "c9orf72", "tardbp", "fus")
                else ""
            )
            if means:
                return [Reading(means, "", "", 5, 0.8, f'"yes" means {choice}', choice)]
    return []


def _in_context(rest: frozenset[str], unit: str, context: str) -> list[Reading]:
    generic = {"score", "value", "total", "capacity", "sum", "unit", "measure"}
    around = bag(context) - STOP
    if not rest <= generic:
        return []
    for words in (rest | around, around, around - {"score"}):
        found = [
            Reading(means, unit, "", rank, 0.75, f'the wording of the heading within "{context}"')
            for means, rank in lookup().get(frozenset(words), ())
        ]
        if found:
            return found
    return []
