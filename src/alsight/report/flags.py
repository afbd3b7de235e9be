"""Who gets a page of their own: people with a held gain or a long plateau, as observed, under named definitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl


@dataclass(frozen=True)
class Flag:
    """One reason for a page: the definition met, and the reason in words."""

    definition: str
    words: str


FLAGS: Final[tuple[Flag, ...]] = (
    Flag("bedlack_gain_4_12", "Gain of 4 points or more, held 12 months or longer"),
    Flag("alsight_gain_4_6", "Gain of 4 points or more, held 6 months or longer"),
    Flag("vasta_within_1_18", "Plateau within 1 point, 18 months or longer"),
    Flag("vasta_exact_12", "Plateau of equal scores, 12 months or longer"),
)
"""Reasons, the most striking first; a person is listed under the first that applies."""


def flagged(episodes: pl.DataFrame) -> pl.DataFrame:
    """People to look at, one row each, the most striking first.

    Args:
        episodes: what `find_episodes` gave.

    Returns:
        `subject`, `definition`, `words`, `kind`, `start_day`, `held_from_day`, `end_day`, `size`.
    """
    rows = [(flag.definition, flag.words, place) for place, flag in enumerate(FLAGS)]
    reasons = pl.DataFrame(rows, schema={"definition": pl.String, "words": pl.String, "place": pl.Int32}, orient="row")
    met = episodes.join(reasons, on="definition").with_columns(days=pl.col("end_day") - pl.col("held_from_day"))
    strongest = met.sort("place", "size", "days", "subject", descending=[False, True, True, False])
    return strongest.unique("subject", keep="first", maintain_order=True).select(
        "subject", "definition", "words", "kind", "start_day", "held_from_day", "end_day", "size"
    )
