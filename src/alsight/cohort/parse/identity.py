"""One person, one identifier: spellings of an identifier that differ by zeros, case or space alone (001, 1, 1.0)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

_ZEROS: Final = r"^0+(\d)"


def plain(identifiers: pl.Series) -> pl.Series:
    """Identifiers without what a spreadsheet program eats: leading zeros, a trailing ".0", case and space."""
    text = identifiers.str.to_lowercase().str.replace_all(r"\s+", "").str.replace(r"^(\d+)\.0+$", "$1")
    return text.str.replace(_ZEROS, "$1")


def spellings(tables: Sequence[pl.Series]) -> tuple[dict[str, str], list[tuple[str, ...]]]:
    """Spellings that stand for one person.

    Two spellings are one person where they differ by case or space alone, or where every table has only one of them:
    then the tables join that way. Where one table has both "1" and "001", they may be two people.

    Args:
        tables: identifiers of each table, the table of visits first.

    Returns:
        Each other spelling to the one that is used, which is the first table's; and groups that are undecided.
    """
    observed = [table.drop_nulls().unique(maintain_order=True) for table in tables]
    observed = [table for table in observed if len(table)]
    if not observed:
        return {}, []
    every = pl.concat(observed).unique(maintain_order=True).alias("spelling")
    groups = (
        pl.DataFrame([every, plain(every).alias("plain"), every.str.to_lowercase().str.strip_chars().alias("folded")])
        .group_by("plain", maintain_order=True)
        .agg("spelling", "folded")
        .filter(pl.col("spelling").list.len() > 1)
    )
    merged: dict[str, str] = {}
    open_groups: list[tuple[str, ...]] = []
    for _, names, folded in groups.rows():
        crowded = any(len(set(folded_of(table, names))) > 1 for table in observed)
        if crowded and len(set(folded)) > 1:
            open_groups.append(tuple(names))
            continue
        merged |= dict.fromkeys(names[1:], names[0])
    return merged, open_groups


def folded_of(table: pl.Series, names: Sequence[str]) -> list[str]:
    """Those of some spellings that a table has, without case and space."""
    return [name.strip().lower() for name in table.filter(table.is_in(list(names)))]
