"""SPELLINGS: how people head their columns, in plain English; other languages are folded into it by `words`.

The rows stand in `spellings.csv` beside this module. Each phrase is a set of words whose order does not count.
Earlier phrases win over later ones. Words for a unit of time ("months") and of a quantity ("kg") are taken out of a
heading before it is looked up.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Final

from alsight.cohort.mapping.words import bag


def _rows(table: str) -> dict[str, tuple[str, ...]]:
    """Rows of one table of the file: what is meant, and the phrases that mean it, in their order."""
    text = files("alsight.cohort.mapping").joinpath("spellings.csv").read_text(encoding="utf-8")
    phrases: dict[str, tuple[str, ...]] = {}
    for row in csv.DictReader(text.splitlines()):
        if row["table"] == table:
            phrases[row["means"]] = (*phrases.get(row["means"], ()), row["phrase"])
    return phrases


TREATMENTS: Final = tuple(_rows("treatment"))
"""Names of treatments that head a column of their own; any other may stand in a table with one treatment a row."""

SPELLINGS: Final = _rows("column")
"""Column of the data dictionary to the phrases that head it."""

ITEM_WORDS: Final = _rows("item")
"""Wording of the items once "q", "item", numbers and the name of the scale are taken out of a heading."""

UNDECIDED: Final = _rows("undecided")
"""Quantities whose unit a heading without one leaves open: liters run to 10, percents well above."""


@cache
def lookup() -> dict[frozenset[str], list[tuple[str, int]]]:
    """Words of a heading to the meanings that it may have, each with its rank (0 the most usual wording)."""
    found: dict[frozenset[str], list[tuple[str, int]]] = {}
    for table in (SPELLINGS, UNDECIDED):
        for name, phrases in table.items():
            for rank, phrase in enumerate(phrases):
                entries = found.setdefault(bag(phrase), [])
                if name not in {known for known, _ in entries}:
                    entries.append((name, rank))
    for drug in TREATMENTS:
        for rank, phrase in enumerate(
            (f"{drug} start date", f"{drug} start", drug, f"{drug} use", f"{drug} date", f"{drug} treatment")
        ):
            found.setdefault(bag(phrase), []).append((f"on:{drug}", rank))
        for rank, phrase in enumerate((f"{drug} stop date", f"{drug} stop", f"{drug} end date")):
            found.setdefault(bag(phrase), []).append((f"off:{drug}", rank))
    return found


@cache
def item_lookup() -> dict[frozenset[str], str]:
    """Words of a heading, fillers taken out, to the item they name."""
    return {bag(phrase): name for name, phrases in ITEM_WORDS.items() for phrase in phrases}
