"""What a rule is: a name, what happens to what breaks it, what is said, and where it looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from alsight.base.errors import Severity
from alsight.cohort.schema import Table

Effect = Literal["row", "value", "note"]
"""What happens: the row is excluded, the value is excluded (its cell becomes missing), or nothing."""


@dataclass(frozen=True)
class Case:
    """One column where a rule is broken.

    Attributes:
        column: dictionary column that is reported, and made missing where the effect is "value".
        when: true on the rows that break the rule.
        detail: sentence that says more than the rule's message, such as the allowed range.
        shown: value told; the column's own when None.
    """

    column: str
    when: pl.Expr
    detail: str = ""
    shown: pl.Expr | None = None


Cases = Callable[[Table, frozenset[str]], Sequence[Case]]
"""Where a rule looks in a table, given the columns that are filled at all."""


def nowhere(table: Table, filled: frozenset[str]) -> Sequence[Case]:
    """Cases of a rule that a step of the check applies by itself."""
    del table, filled
    return ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        name: short name, stable across versions.
        tables: tables it judges.
        effect: what happens to what breaks it.
        severity: how it is reported.
        message: what is wrong, in a sentence.
        how_to_fix: what the user can do.
        cases: where it looks.
    """

    name: str
    tables: tuple[str, ...]
    effect: Effect
    severity: Severity
    message: str
    how_to_fix: str
    cases: Cases = nowhere
