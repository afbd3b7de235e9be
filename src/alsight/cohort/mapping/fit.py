"""What the reading of a heading comes to, given the cells below it: a meaning with its unit, or the kind that lacks."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from alsight.cohort.mapping.families import Look
from alsight.cohort.mapping.headings import LEAST, Reading, bare, readings
from alsight.cohort.mapping.meanings import IS_ITEM, MEANINGS, meaning_of
from alsight.cohort.mapping.spec import ColumnMap
from alsight.cohort.mapping.words import bag, compact, tokens
from alsight.cohort.parse.codes import SYNONYMS, folded
from alsight.cohort.parse.labels import derived, others, sited, speaks
from alsight.cohort.parse.profile import Profile
from alsight.cohort.tables import ONSET_SITES
from alsight.instruments.items import CUTTING, TWELVE

LITERS: Final = 12.0
"""Vital capacities above this number are percents of predicted: no one breathes so many litres."""

DAY_NUMBERS: Final = (8_000, 60_000)
"""Day numbers of visits: of the 1980s and later, whether counted from 1960 (SAS, Stata) or from 1899 (Excel)."""

DERIVED: Final = (
    "dtype",
    "derivationtype",
    "derived",
    "derivedfl",
    "imputed",
    "imputedfl",
    "isimputed",
    "imputation",
    "imputationflag",
    "locf",
    "lvcf",
    "carriedforward",
)
"""Headings of markers of derived rows, letters alone."""


def excluding(frame: pl.DataFrame, names: Sequence[str], look: Look) -> dict[str, ColumnMap]:
    """Columns that say whose rows, or which rows, are none of the cohort's: controls, and derived values."""
    found: dict[str, ColumnMap] = {}
    for name in names:
        cells = frame[name]
        if compact(bare(name)) in DERIVED and (derived_cells := derived(cells)):
            why = "marks derived or imputed values"
            found[name] = ColumnMap(means="derived", exclude=derived_cells, confidence=0.9, why=why)
        elif look(name).distinct <= 12 and (other := others(cells, diagnosis=_names_groups(name))):
            why = "separates people with ALS from others"
            found[name] = ColumnMap(means="population", exclude=other, confidence=0.9, why=why)
    return found


def _names_groups(heading: str) -> bool:
    words = bag(bare(heading))
    return bool(words & {"diagnosis", "group", "cohort", "population"}) and not words & {"date", "site", "age"}


def fitting(heading: str, context: str, look: Look) -> list[tuple[Reading, ColumnMap]]:
    """Every meaning of a heading that the cells below it allow, the likeliest first."""
    found: list[tuple[Reading, ColumnMap]] = []
    for reading in readings(heading, context):
        fit = _fit(reading, look(heading), heading)
        if fit is not None:
            found.append((reading, fit))
    return found


MOST_BETWEEN: Final = 4
"""Items that may be told by their place alone; the other eight must be known by their headings."""


def between(
    names: Sequence[str], claims: Mapping[str, list[tuple[Reading, ColumnMap]]], look: Look
) -> dict[str, list[tuple[Reading, ColumnMap]]]:
    """Items that stand in their order between recognized ones, under headings that say nothing by themselves.

    Args:
        names: headings in the order of the file.
        claims: what headings were taken for.
        look: from a heading to what its cells look like.
    """
    known: list[tuple[int, int]] = []
    for place, name in enumerate(names):
        means = claims[name][0][1].means if name in claims else ""
        means = "q5_cutting" if means in CUTTING else means
        known += [(place, TWELVE.index(means))] if means in TWELVE else []
    if not len(TWELVE) - MOST_BETWEEN <= len({index for _, index in known}) < len(TWELVE):
        return {}
    known = [(known[0][0] - known[0][1] - 1, -1), *known]
    known.append((known[-1][0] + len(TWELVE) - known[-1][1], len(TWELVE)))
    found: dict[str, list[tuple[Reading, ColumnMap]]] = {}
    for (first, before), (last, after) in itertools.pairwise(known):
        inner = range(max(first + 1, 0), min(last, len(names)))
        fits = all(names[place] not in claims and _is_item(look(names[place])) for place in inner)
        if not inner or not fits or after - before - 1 != len(inner):
            continue
        for item, place in enumerate(inner, start=before + 1):
            why = "a score that stands in the place of this item"
            column = ColumnMap(means=TWELVE[item], confidence=0.6, why=why)
            found[names[place]] = [(Reading(TWELVE[item], rank=LEAST, confidence=0.6, why=why), column)]
    return found


def _is_item(shape: Profile) -> bool:
    return shape.number > 0.9 and shape.whole > 0.99 and shape.low >= 0 and shape.high <= 4 and shape.distinct > 1


_KINDS: Final = {"time": "a date or a count of time", "score": "a score", "number": "a number"}


def misfit(heading: str, context: str, look: Look) -> tuple[str, str] | None:
    """The kind that a heading asks for and its cells do not have, with a sentence about it."""
    for reading in readings(heading, context):
        meaning = meaning_of(reading.means)
        if meaning is not None and meaning.kind in _KINDS and look(heading).examples:
            example = look(heading).examples[0]
            reported = f'"{heading}" holds "{example}", which is not {_KINDS[meaning.kind]} that can be read.'
            return meaning.kind, reported
    return None


def _fit(reading: Reading, shape: Profile, heading: str) -> ColumnMap | None:
    """What a reading of a heading comes to, given the cells; None where the cells are of another kind."""
    name = reading.means
    if " or " in name:
        percent = reading.unit == "%" or (reading.unit not in ("l", "ml") and shape.high > LITERS)
        name = name.split(" or ")[1 if percent else 0]
        if shape.filled == 0:
            return None
    meaning = meaning_of(name)
    if meaning is None:
        return None
    unit, share = reading.unit, 1.0
    if meaning.kind == "time":
        timed = time_unit(name, reading, shape, heading)
        if timed is None:
            return None
        unit, share = timed
    elif shape.filled == 0:
        share = 0.5
    elif meaning.kind == "score":
        share = shape.number if name not in IS_ITEM or shape.number > 0.1 else speaks(name, shape.examples)
        if share < 0.5 or (name in IS_ITEM and shape.number > 0.5 and _too_great(shape)):
            return None
    elif meaning.kind == "number":
        share = shape.number
        if share < 0.5:
            return None
    elif meaning.kind == "boolean":
        share = max(shape.yes_no, 0.5 * shape.codes)
        if share < 0.4:
            return None
    elif reading.yes and name == "genotype" and shape.yes_no < 0.4:
        # "SOD1_mutation" with the variant below it, no yes and no.
        return (
            ColumnMap(means="genotype_variant", confidence=0.8, why="a gene's variant") if shape.number < 0.5 else None
        )
    elif name == "visit" and shape.date > 0.8:
        return ColumnMap(means="time", unit="date", confidence=0.8, why="dates under the name of a visit")
    elif name == "event" and shape.status > 0.8 and shape.distinct > 1:
        return ColumnMap(means="death", unit="status", confidence=0.8, why="alive or dead under the name of an outcome")
    elif _mismatched(name, shape, heading):
        return None
    confidence = round(reading.confidence * (0.5 + 0.5 * min(share, 1.0)), 2)
    return ColumnMap(
        means=name, unit=unit, origin=_origin(reading), yes=reading.yes, confidence=confidence, why=reading.why
    )


def _mismatched(name: str, shape: Profile, heading: str) -> bool:
    """Whether the cells say that a heading which may mean several things does not mean this one."""
    if name == "scale":
        return shape.number > 0.5
    if name in ("onset_site", "sex", "genotype") and (shape.date > 0.3 or (shape.number > 0.5 and not shape.codes)):
        return True
    return name == "onset_site" and not bag(heading) & {"site", "region", "location"} and not _names_sites(shape)


def _names_sites(shape: Profile) -> bool:
    """Whether the first cells name sites of onset, or codes of them, as a heading that could be about anything asks."""
    known = {*ONSET_SITES, *SYNONYMS["onset_site"]}
    examples = folded(sited(pl.Series(list(shape.examples), dtype=pl.String))).to_list()
    return shape.codes or 2 * sum(cell in known for cell in examples) > len(examples)


def _too_great(shape: Profile) -> bool:
    """Whether numbers are too many or too great for an item: a sub-score, or a total."""
    return shape.distinct > 12 or (shape.high > 5 and shape.above_four > 0.2)


def _origin(reading: Reading) -> Any:
    return reading.origin


def time_unit(name: str, reading: Reading, shape: Profile, heading: str) -> tuple[str, float] | None:
    """Unit of a time and the share of cells that fit it; an empty unit where nothing states."""
    happens = name.startswith(("on:", "off:")) or (meaning_of(name) or NONE).part == "event"
    dated = "date" in bag(heading)
    living = name == "death" and bool(LIVING & set(tokens(heading)))
    if bag(heading) <= {"status", "subject", "outcome", "current"} and shape.status < 0.5:
        return None
    if (
        bag(heading) <= {"vital", "status", "subject", "current"}
        and shape.number < 0.5
        and shape.status < 0.5 < shape.yes_no
    ):
        # "Vital status: yes" says neither that the person lives nor that the person died.
        return None
    if shape.filled == 0:
        return reading.unit or "date", 0.5
    if shape.date + shape.partial >= 0.5:
        return "date", shape.date + shape.partial
    if living and shape.yes_no >= 0.6:
        return "alive", shape.yes_no
    told = dated or reading.unit == "year" or (name in DATED and shape.distinct > 1 and not reading.unit)
    if (told or name == "birth") and shape.year + shape.date + shape.partial > 0.9:
        return "date", shape.year + shape.date + shape.partial
    if shape.short >= 0.5:
        return "date", shape.short
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
    if name == "time" and dated and shape.whole > 0.99 and DAY_NUMBERS[0] <= shape.low and shape.high <= DAY_NUMBERS[1]:
        return "date", shape.number
    if dated or name == "birth":
        return None
    if {"delta", "deltadays"} & bag(heading):
        return "day", shape.number
    if name == "onset" and shape.codes:
        return None
    return "", shape.number


DATED: Final = ("onset", "diagnosis", "last_seen", "death")
"""Moments whose column of calendar years alone can be nothing but years."""

NONE: Final = MEANINGS["ignored"]
LIVING: Final = frozenset(
    {
        "alive",
        "living",
        "lebt",
        "lebend",
        "vivant",
        "vivo",
        "viva",
        "vive",
        "vivi",
        "levend",
        "vita",
        "leven",
        "vie",
        "vida",
    }
)
"""Words of a heading under which "yes" means that the person lives."""
