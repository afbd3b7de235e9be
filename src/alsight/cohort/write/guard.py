"""Text that a spreadsheet would run: marked on the way out, unmarked on the way in."""

from __future__ import annotations

from typing import Final

import polars as pl

_RISKY: Final = r"^[=+\-@\t\r']"
_NUMBER: Final = r"^[+-]?\d+(?:[.,]\d+)?$"


def guarded(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with an apostrophe before every text that a spreadsheet would take for a formula.

    A spreadsheet that opens a CSV file runs cells starting with = + - @; plain signed numbers are harmless and stay.
    Text that starts with an apostrophe gets another one, so that `unguarded` gives back every text as it was.
    """
    return frame.with_columns(
        pl.when((text := pl.col(name)).str.contains(_RISKY) & ~text.str.contains(_NUMBER))
        .then(pl.concat_str(pl.lit("'"), text))
        .otherwise(text)
        .alias(name)
        for name in _text_columns(frame)
    )


def unguarded(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame without the apostrophes that `guarded` put before risky text."""
    return frame.with_columns(
        pl.when((text := pl.col(name)).str.contains(r"^'[=+\-@\t\r']"))
        .then(text.str.slice(1))
        .otherwise(text)
        .alias(name)
        for name in _text_columns(frame)
    )


def _text_columns(frame: pl.DataFrame) -> list[str]:
    return [name for name, dtype in frame.schema.items() if dtype == pl.String]
