"""What the cells of a column look like: dates, numbers, codes, yes and no; from a sample, to judge what it can mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from alsight.cohort.parse import Place, blank, dates, numbers, words
from alsight.cohort.parse.codes import FALSE, TRUE

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
    "survivor",
    "censored",
)
DEAD: Final = ("dead", "died", "deceased", "death", "tot", "verstorben", "gestorben", "décédé", "decede", "morto",
               "deceduto", "muerto", "fallecido", "overleden", "exitus")  # fmt: skip
"""Words for a vital status, beside yes and no under a heading that names death."""

_NOWHERE: Final = Place(table="file", column="")


@dataclass(frozen=True)
class Profile:
    """Shares of the filled cells of a column [0-1], and the span of its numbers.

    Attributes:
        filled: cells that hold anything.
        distinct: different values.
        number: share that is a number.
        date: share that is a date written as one, or a number that can only be a packed date.
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

    @property
    def codes(self) -> bool:
        """Whether the cells are a few small whole numbers, as codes are."""
        return self.number > 0.9 and self.whole > 0.99 and self.distinct <= 12 and self.low >= 0 and self.high <= 99


def profile(column: pl.Series, decimal: str = "") -> Profile:
    """Look at a column."""
    filled = column.drop_nulls()
    if filled.dtype == pl.String:
        filled = filled.filter(~blank(filled))
    size = len(filled)
    if size > 2 * SAMPLE:
        filled = pl.concat([filled.head(SAMPLE), filled.gather_every(max(1, size // SAMPLE))])
    seen = len(filled)
    if seen == 0:
        return Profile(0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, ())
    text = words(filled).str.to_lowercase()
    examples = tuple(str(value)[:40] for value in words(filled).unique(maintain_order=True).head(3))
    distinct = text.n_unique()
    if isinstance(filled.dtype, pl.Date | pl.Time | pl.Datetime):
        return Profile(size, distinct, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, examples)
    mark = decimal if decimal in (".", ",") else "auto"
    found = numbers(filled, _NOWHERE, decimal=mark).values  # type: ignore[arg-type]
    real = found.drop_nulls()
    low, high = (float(real.min() or 0.0), float(real.max() or 0.0)) if len(real) else (0.0, 0.0)  # type: ignore[arg-type]
    packed = int(real.is_between(19_000_101, 21_001_231).sum()) if len(real) else 0
    dated = 0
    if filled.dtype == pl.String and len(real) < seen:
        dated = int(dates(filled.filter(found.is_null()), _NOWHERE).values.count())
        dated += int(text.filter(found.is_null()).str.contains(r"^9999-").sum())
    return Profile(
        filled=size,
        distinct=distinct,
        number=(len(real) - packed) / seen,
        date=(dated + packed) / seen,
        serial=float(real.is_between(32_874, 60_000).sum()) / seen if len(real) else 0.0,
        whole=float((real == real.round()).sum()) / len(real) if len(real) else 0.0,
        yes_no=float(text.is_in([*TRUE, *FALSE]).sum()) / seen,
        status=float(text.is_in([*ALIVE, *DEAD]).sum()) / seen,
        low=low,
        high=high,
        examples=examples,
    )
