"""What the cells of a column look like: dates, numbers, codes, yes and no; from a sample, to judge what it can mean."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import polars as pl

from alsight.cohort.parse.calendar import YEARS, partial
from alsight.cohort.parse.codes import FALSE, TRUE
from alsight.cohort.parse.text import MISSING

SAMPLE: Final = 2000
"""Cells looked at: the first ones that are filled, and as many spread over the rest."""

ALIVE: Final = (
    "alive",
    "living",
    "lebt",
    "lebend",
    "vivant",
    "vivo",
    "viva",
    "in vita",
    "levend",
    "in leven",
    "leeft",
    "vivante",
    "en vie",
    "vivente",
    "con vida",
    "am leben",
    "survivor",
    "censored",
)
DEAD: Final = (
    "dead",
    "died",
    "deceased",
    "death",
    "tot",
    "verstorben",
    "gestorben",
    "décédé",
    "decede",
    "morto",
    "deceduto",
    "muerto",
    "fallecido",
    "overleden",
    "décédée",
    "decedee",
    "deceduta",
    "muerta",
    "fallecida",
    "verstorbene",
    "exitus",
)
"""Words for a vital status, beside yes and no under a heading that names death."""

_GROUPED: Final = re.compile(r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$")
OUT_OF: Final = re.compile(r"\s*/\s*(?:48|40|4)$")
"""How a score says what it could be at most: 44/48."""

_NUMBER: Final = re.compile(r"^[+-]?(?:\d[\d.,' ]*|[.,]\d+)(?:e[+-]?\d{1,3})?$")
_DATE: Final = re.compile(
    r"^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[t ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}(?: .*)?"
    r"|\d{4}\s*[\u5e74\ub144]\s*\d{1,2}\s*[\u6708\uc6d4]\s*\d{1,2}\s*[\u65e5\uc77c].*|\d{4}\. \d{1,2}\. \d{1,2}\.?"
    r"|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? [a-z]{3,9} \d{1,2},? \d{4}.*"
    r"|\d{1,2}[-. ]*(?:de )?[^\W\d_]{3,12}[-., ]*(?:de )?\d{4}(?: .*)?"
    r"|[^\W\d_]{3,12}[. ]*\d{1,2}(?:st|nd|rd|th)?[, ]+\d{4}(?: .*)?)$"
)
_SHORT: Final = re.compile(r"^\d{1,2}[-./]\d{1,2}[-./]\d{2}$")
_PACKED: Final = (19_000_101, 21_001_231)
_SERIAL: Final = (32_874, 60_000)
_YES_NO: Final = frozenset((*TRUE, *FALSE))
_STATUS: Final = frozenset((*ALIVE, *DEAD))
_MISSING: Final = frozenset(MISSING)


@dataclass(frozen=True)
class Profile:
    """Shares of the filled cells of a column [0-1], and the span of its numbers.

    Attributes:
        filled: cells that hold anything.
        distinct: different values.
        number: share that is a number.
        date: share that is a date written as one, or a number that can only be a packed date.
        partial: share that is a date of which only the month or the year is known, a year alone left aside.
        year: share that is a calendar year alone.
        short: share that is a date whose year has two digits.
        above_four: share of the numbers above 4.
        serial: share that could be a spreadsheet's day number of a date after 1990.
        whole: share of the numbers that is whole.
        yes_no: share that is yes or no in some language, 0 and 1 among them.
        status: share that is alive or dead.
        low: least number.
        high: greatest number.
        examples: three values.
    """

    filled: int
    distinct: int
    number: float
    date: float
    serial: float
    whole: float
    yes_no: float
    status: float
    low: float
    high: float
    examples: tuple[str, ...]
    partial: float = 0.0
    year: float = 0.0
    short: float = 0.0
    above_four: float = 0.0

    @property
    def codes(self) -> bool:
        """Whether the cells are a few small whole numbers, as codes are."""
        return self.number > 0.9 and self.whole > 0.99 and self.distinct <= 12 and self.low >= 0 and self.high <= 99


def profile(column: pl.Series) -> Profile:
    """Look at a column."""
    filled = column.drop_nulls()
    if filled.dtype.is_float():
        filled = filled.drop_nans()
    size = len(filled)
    if size > 2 * SAMPLE:
        filled = pl.concat([filled.head(SAMPLE), filled.gather_every(max(1, size // SAMPLE))])
    if isinstance(filled.dtype, pl.Date | pl.Time | pl.Datetime):
        examples = tuple(str(value) for value in filled.unique(maintain_order=True).head(3))
        return Profile(size, filled.n_unique(), 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, examples if size else ())
    counts = Counter(filled.to_list())
    cells = {_plain(cell): 0 for cell in counts}
    for cell, count in counts.items():
        cells[_plain(cell)] += count
    for marker in _MISSING & set(cells):
        size -= cells.pop(marker)
    if not cells:
        return _EMPTY
    shown = [" ".join(str(cell).split())[:40] for cell in islice((cell for cell in counts if _plain(cell) in cells), 3)]
    return replace(_shape(cells, max(size, 0)), examples=tuple(shown))


_EMPTY: Final = Profile(0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, ())


def _plain(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        cell = int(cell)
    return " ".join(str(cell).split()).lower()


def _shape(cells: dict[str, int], size: int) -> Profile:
    """Shares over distinct cells and how often each occurs."""
    observed = sum(cells.values())
    numbers = {cell: number for cell in cells if (number := _number(cell)) is not None}
    packed = {cell for cell, number in numbers.items() if _PACKED[0] <= number <= _PACKED[1] and number == int(number)}
    real = {cell: number for cell, number in numbers.items() if cell not in packed}
    short = {cell for cell in cells if cell not in numbers and _SHORT.match(cell)}
    dated = packed | {cell for cell in cells if cell not in numbers and cell not in short and _DATE.match(cell)}
    rest = [cell for cell in cells if cell not in numbers and cell not in dated and cell not in short]
    coarse = {cell for cell, known in zip(rest, partial(pl.Series(rest, dtype=pl.String))[1], strict=True) if known}
    years = {cell for cell, number in real.items() if YEARS[0] <= number <= YEARS[1] and number == int(number)}
    counted = sum(cells[cell] for cell in real)

    def share(chosen: Iterable[str], whole: int = observed) -> float:
        return sum(cells[cell] for cell in chosen) / whole if whole else 0.0

    return Profile(
        filled=max(size, observed),
        distinct=len(cells),
        number=share(real),
        date=share(dated),
        serial=share(cell for cell, number in real.items() if _SERIAL[0] <= number <= _SERIAL[1]),
        whole=share((cell for cell, number in real.items() if number == int(number)), counted),
        yes_no=share(_YES_NO & set(cells)),
        status=share(_STATUS & set(cells)),
        low=min(real.values(), default=0.0),
        high=max(real.values(), default=0.0),
        examples=(),
        partial=share(coarse),
        year=share(years),
        short=share(short),
        above_four=share((cell for cell, number in real.items() if number > 4), counted),
    )


def _number(cell: str) -> float | None:
    """A number as people write it; None for anything else. Which mark is decimal is settled when the cells are read."""
    text = OUT_OF.sub("", cell.removesuffix("%").strip())
    if text in ("true", "false"):
        return float(text == "true")
    if not _NUMBER.match(text):
        return None
    text = text.replace("'", "").replace(" ", "")
    if _GROUPED.match(text):
        text = text.replace(",", "")
    elif "," in text:
        text = text.replace(".", "").replace(",", ".")
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
