"""Sheets that list names and values one below the other ("Onset | 01.01.2024") turned into one row with headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from alsight.cohort.files.sheet import Sheet, unique_headings
from alsight.cohort.mapping.headings import readings
from alsight.cohort.mapping.meanings import meaning_of
from alsight.cohort.mapping.words import tokens

MOST: Final = 40
"""A list of facts about a person is not longer than this."""

_NAMES: Final = frozenset({"name", "item", "key", "feld", "field", "merkmal", "measure", "nom", "nome", "property"})


def upright(sheets: Sequence[Sheet]) -> list[Sheet]:
    """The sheets, those that are such lists turned; all others as they are."""
    return [_turned(sheet) if _is_list(sheet) else sheet for sheet in sheets]


def _is_list(sheet: Sheet) -> bool:
    frame = sheet.frame
    if frame.width != 2 or not 0 < frame.height <= MOST:
        return False
    left, right = (set(tokens(name)) for name in frame.columns)
    if not left & _NAMES or "value" not in right or frame[frame.columns[0]].dtype != pl.String:
        return False
    names = frame[frame.columns[0]].drop_nulls().to_list()
    return any(_is_fact(name) for name in names) and len(names) == len(set(names))


def _is_fact(name: str) -> bool:
    meanings = [meaning_of(reading.means) for reading in readings(name)]
    return any(meaning is not None and meaning.part in ("person", "moment", "event", "key") for meaning in meanings)


def _turned(sheet: Sheet) -> Sheet:
    names, values = sheet.frame[sheet.frame.columns[0]], sheet.frame[sheet.frame.columns[1]]
    headings, _ = unique_headings(names.to_list())
    cells = [pl.Series(heading, [value], dtype=values.dtype) for heading, value in zip(headings, values, strict=True)]
    return replace(sheet, frame=pl.DataFrame(cells), rows=sheet.rows.head(1))
