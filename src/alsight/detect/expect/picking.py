"""What picking does: the best of many groups, of many windows, of many rules, and those a run-in let through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float64

from alsight.base.streams import Stream, subject_key
from alsight.base.streams_numba import uniforms
from alsight.detect.expect.chance import NODES, Nodes, at_least, best_of

GROUPS: Final = 4000
"""Groups drawn in each parameter set where several rules were tried."""
DRAWN: Final = 2_000_000
"""Most people drawn for them in each set."""
NUMBERS: Final = (1, 2, 5, 10, 20, 50, 100, 1000)
"""Numbers of groups picked from that are always shown."""


def gained_by_trying(
    marks: Sequence[Bool[np.ndarray, "rule _"]], found: int, of: int, seed: int
) -> Float64[np.ndarray, " set"]:
    """How much likelier k of n becomes when the best of several rules is reported, in each parameter set.

    Groups of n are drawn from the set's people; the rules are counted in the same groups, so that what they share is
    kept. Never below 0.

    Args:
        marks: of each set, who of its eligible people, however many, meets each rule; the rule asked about first.
        found: k.
        of: n.
        seed: root seed.
    """
    count = int(np.clip(DRAWN // of, 100, GROUPS))
    gained = np.zeros(len(marks))
    for index, meets in enumerate(marks):
        key = subject_key(seed + index, Stream.BOOTSTRAP, np.arange(count, dtype=np.uint64))
        who = (uniforms(key, of) * meets.shape[1]).astype(np.int64)
        enough = np.stack([one[who].sum(axis=1) >= found for one in meets])
        gained[index] = float(np.mean(enough.any(axis=0)) - np.mean(enough[0]))
    return gained


def steps(
    rows: Sequence[tuple[str, Nodes]], gained: Float64[np.ndarray, " set"] | None, found: int, of: int, groups: int
) -> tuple[pl.DataFrame, Nodes]:
    """Each way of picking on top of those before it, and the chance in one group after all but the last.

    Args:
        rows: what was counted and its shares, from what was named beforehand to what was picked.
        gained: what trying several rules adds, None where one was named beforehand.
        found: k.
        of: n.
        groups: how many such groups there were.

    Returns:
        One row a step: `step`, `rate` (null where it is no share of people), `chance`.
    """
    table: list[tuple[str, float | None, float]] = []
    single = np.zeros(0)
    for step, nodes in rows:
        single = at_least(nodes, found, of)
        table.append((step, float(nodes.mean()), float(single.mean())))
    if gained is not None:
        single = np.minimum(single + np.repeat(gained, NODES), 1.0)
        table.append(("best of the rules tried", None, float(single.mean())))
    if groups > 1:
        table.append((f"best of {groups:,} such groups", None, best_of(single, groups)))
    schema = {"step": pl.String, "rate": pl.Float64, "chance": pl.Float64}
    return pl.DataFrame(table, schema=schema, orient="row"), single


def by_groups(single: Nodes, groups: int) -> pl.DataFrame:
    """The chance that the best of N groups shows it, for several N."""
    numbers = sorted({*NUMBERS, groups})
    return pl.DataFrame({"groups": numbers, "chance": [best_of(single, number) for number in numbers]})
