"""Sheets in other shapes turned into one row a rating: lists of facts, forms below each other, one answer a row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from alsight.base.errors import Fault
from alsight.cohort.files.sheet import Sheet, unique_headings
from alsight.cohort.mapping.families import numbered
from alsight.cohort.mapping.headings import readings
from alsight.cohort.mapping.meanings import IS_SCORE, meaning_of
from alsight.cohort.mapping.words import bag, compact, tokens
from alsight.cohort.parse.profile import profile
from alsight.instruments.items import TWELVE

MOST: Final = 40
"""A list of facts about a person is not longer than this."""

_NAMES: Final = frozenset({"name", "item", "key", "feld", "field", "merkmal", "measure", "nom", "nome", "property"})
_QUESTIONS: Final = (
    "qstestcd",
    "questionno",
    "questionnumber",
    "questionid",
    "question",
    "itemno",
    "itemnumber",
    "itemid",
    "item",
    "fieldname",
    "variable",
    "frage",
    "qstest",
)
_ANSWERS: Final = (
    "qsstresn",
    "qsorres",
    "qsstresc",
    "answervalue",
    "answer",
    "response",
    "value",
    "score",
    "result",
    "antwort",
    "punkte",
)
"""Headings of the question and of its answer, letters alone, the likelier first."""

_BESIDE: Final = frozenset(
    {"qstest", "qscat", "qsscat", "qstestcd", "questiontext", "qsorres", "qsstresc", "qsseq", "label"}
)
"""Columns that say more of the question, not of the rating."""

_ASKED_BY: Final = ({"measure"}, {"item"}, {"question"}, {"measure", "name"}, {"assessment"})
_ANSWERED_BY: Final = ({"value"}, {"score"}, {"score", "value"}, {"measure", "value"}, {"value", "points"}, {"reading"})
"""Words of headings of the question and of its answer, in any language."""

LEAST: Final = 0.15
"""Share of the rows whose question is an item or a total, in a table with one answer a row."""

_SDTM: Final = re.compile(r"^alsfr1?(\d{2})$")


def reshaped(sheets: Sequence[Sheet]) -> list[Sheet]:
    """The sheets, those of another shape turned; all others as they are."""
    return [part for sheet in sheets for part in _parts(sheet)]


def _parts(sheet: Sheet) -> list[Sheet]:
    if _is_list(sheet):
        return [_turned(sheet)]
    if (answers := _answers(sheet)) is not None:
        return [answers]
    return _forms(sheet)


def _forms(sheet: Sheet) -> list[Sheet]:
    """Forms that REDCap exports below each other, each repeating form a table of its own."""
    heading = next((name for name in sheet.frame.columns if compact(name) == "redcaprepeatinstrument"), None)
    if heading is None:
        return [sheet]
    forms = sheet.frame[heading].cast(pl.String).fill_null("")
    names = forms.unique(maintain_order=True).to_list()
    if len(names) < 2:
        return [sheet]
    found: list[Sheet] = []
    for name in names:
        chosen = forms == name
        part = sheet.frame.filter(chosen)
        filled = [column for column in part.columns if _filled(part[column])]
        faults = sheet.faults if not found else ()
        title = name or "once a person"
        title = f"{sheet.sheet}, {title}" if sheet.sheet else title
        accepted = part.select([column for column in filled if not compact(column).startswith("redcaprepeat")])
        found.append(replace(sheet, frame=accepted, rows=sheet.rows.filter(chosen), sheet=title, faults=faults))
    return found


def _filled(column: pl.Series) -> bool:
    if column.dtype == pl.String:
        return bool((column.fill_null("").str.strip_chars() != "").any())
    return column.null_count() < len(column)


def _answers(sheet: Sheet) -> Sheet | None:
    """A table with one answer a row, spread to one row a rating; None where it is no such table."""
    by_name = {compact(name): name for name in reversed(sheet.frame.columns)}
    question = next((by_name[name] for name in _QUESTIONS if name in by_name), None)
    question = question or _headed(sheet, _ASKED_BY)
    answer = next((by_name[name] for name in _ANSWERS if name in by_name and by_name[name] != question), None)
    answer = answer or _headed(sheet, _ANSWERED_BY)
    if question is None or answer is None or sheet.frame.height == 0:
        return None
    asked = sheet.frame[question].cast(pl.String)
    known = _known(asked, sheet.frame[answer])
    scores = {name for name, heading in known.items() if heading is not None}
    if not scores or len(asked.filter(asked.is_in(list(scores)))) < LEAST * len(asked):
        return None
    beside = [name for name in sheet.frame.columns if name in (question, answer) or compact(name) in _BESIDE]
    rating = [name for name in sheet.frame.columns if name not in beside]
    if not rating:
        return None
    headings = {name: heading or name for name, heading in known.items()}
    table = sheet.frame.with_columns(asked.replace(headings).alias(question)).with_columns(sheet.rows.alias(_LINE))
    table = table.filter(pl.col(question).is_not_null())
    twice = table.select([*rating, question]).is_duplicated()
    faults = (*sheet.faults, *_repeated(sheet, table.filter(twice), question))
    wide = (
        table.group_by(rating, maintain_order=True)
        .agg(
            pl.col(_LINE).min(),
            *(
                pl.col(answer).filter(pl.col(question) == name).first().alias(name)
                for name in dict.fromkeys(headings.values())
            ),
        )
        .sort(_LINE)
    )
    return replace(sheet, frame=wide.drop(_LINE), rows=wide[_LINE], faults=faults)


def _headed(sheet: Sheet, wordings: Sequence[set[str]]) -> str | None:
    """The heading of a sheet that holds just these words, the likelier first; None where there is none."""
    words = {name: set(bag(name)) for name in sheet.frame.columns}
    return next((name for wording in wordings for name, held in words.items() if held == wording), None)


_LINE: Final = "\x00line"


def _known(asked: pl.Series, answers: pl.Series) -> dict[str, str | None]:
    """Each question to the heading of its item or total, by its wording or as one of a row of numbered items."""
    names = asked.drop_nulls().unique(maintain_order=True).to_list()
    families = numbered(names, lambda name: profile(answers.filter(asked == name)))
    return {name: families.get(name) or _asked(name) for name in names}


def _asked(name: str) -> str | None:
    """The heading of a question that is an item or a total; None for any other."""
    plain = name.strip().lower()
    if plain.removesuffix(".0").isdigit() and 1 <= int(float(plain)) <= len(TWELVE):
        return TWELVE[int(float(plain)) - 1]
    if match := _SDTM.match(plain):
        return TWELVE[int(match[1]) - 1] if 1 <= int(match[1]) <= len(TWELVE) else None
    if plain == "alsfrtot":
        return "alsfrs_r_total"
    return name if any(reading.means in IS_SCORE for reading in readings(name)) else None


def _repeated(sheet: Sheet, twice: pl.DataFrame, question: str) -> tuple[Fault, ...]:
    if twice.is_empty():
        return ()
    return (
        Fault(
            table="file",
            rule="answered_twice",
            source=sheet.source,
            row=int(twice[_LINE][0]),
            column=question,
            value=f"{twice.height} rows",
            message="A question is answered more than once in one rating; the first answer was used.",
            how_to_fix="Keep one answer a question, or add the date of each rating.",
        ),
    )


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
