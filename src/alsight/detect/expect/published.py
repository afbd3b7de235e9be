"""Published frequencies of a kind of outcome, and how likely k of n is where they hold."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from alsight.detect.expect.chance import at_least, best_of, nodes_of
from alsight.detect.expect.outcomes import Outcome, family_of
from alsight.episodes.definition import Definition
from alsight.episodes.definitions import DEFINITIONS
from alsight.episodes.wilson import wilson

CLOSE: Final = 0.5
"""Lengths nearer than this are the same [months]."""
SCHEMA: Final = {
    "asked": pl.Boolean,
    "source": pl.String,
    "wording": pl.String,
    "months": pl.Float64,
    "published": pl.String,
    "people": pl.String,
    "rate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "chance": pl.Float64,
    "best_of_groups": pl.Float64,
    "chance_at_most": pl.Boolean,
}


def published(asked: Outcome, found: int, of: int, groups: int = 1) -> pl.DataFrame:
    """What was published of this kind of outcome, the asked definition and length first.

    Args:
        asked: what was found.
        found: k.
        of: n.
        groups: groups picked from.

    Returns:
        One row a published frequency: `asked` (whether it is of the asked rule's definition and length), `source`,
        `wording`, `months`, `published` (as printed), `people`, `rate` (the printed counts; the bound where only that
        was printed), `low`, `high` (Wilson's 95 %), `chance` of k or more of n at that frequency, its printed counts'
        error averaged over, `best_of_groups` the chance that the best of so many groups shows it, and `chance_at_most`
        where both are upper bounds.

    Source: wilson1927
    """
    seen: set[tuple[str, str, float]] = set()
    rows: list[tuple[object, ...]] = []
    for rule in sorted(DEFINITIONS, key=lambda rule: not _is(asked, rule)):
        key = (rule.source, rule.published.text if rule.published else "", rule.months)
        if rule.published is None or rule.kind != asked.rule.kind or key in seen:
            continue
        seen.add(key)
        rows.append(_row(asked, rule, found, of, groups))
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    nearest = (pl.col("months") - asked.rule.months).abs()
    return frame.sort(~pl.col("asked"), nearest, "source", maintain_order=True)


def _is(asked: Outcome, rule: Definition) -> bool:
    """Whether a definition is the asked one as it was published."""
    same = family_of(rule) == asked.family and rule.points == asked.rule.points
    return same and abs(rule.months - asked.rule.months) < CLOSE


def _row(asked: Outcome, rule: Definition, found: int, of: int, groups: int) -> tuple[object, ...]:
    row = rule.published
    assert row is not None
    head = (_is(asked, rule), str(rule.source), rule.wording, float(rule.months), row.text, row.people)
    if row.found is None or row.eligible is None:
        rate = row.bound if row.bound is not None else float("nan")
        low, high, bounded, nodes = 0.0, rate, True, np.array([rate])
    else:
        rate, bounded = row.found / row.eligible, False
        low, high = (float(end) for end in wilson(row.found, row.eligible))
        nodes = nodes_of(np.array([row.found]), np.array([row.eligible]))
    single = at_least(nodes, found, of)
    return (*head, rate, low, high, float(single.mean()), best_of(single, groups), bounded)
