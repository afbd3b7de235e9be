"""Counts of people behind the verdicts and the statement, as values that the policy of the report decides upon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from alsight.detect.kinds import RANK, REVIEWED
from alsight.detect.statement.counts import CohortStatement
from alsight.detect.statement.groups import EVERYONE, PARTITIONS
from alsight.detect.verdicts import Verdicts
from alsight.report.disclosure.nodes import Breakdown, Headcount, Who

Listed = Mapping[Who, int]
"""Which people to how many of them the report lists one by one."""

_ROW: Final = ("definition", "months", "points")


@dataclass(frozen=True)
class VerdictCounts:
    """People by verdict.

    Attributes:
        everyone: the cohort.
        headline: by headline verdict, every verdict named.
        current: by present state.
        review: people whose diagnosis deserves a second look.
        gains: people with a held or lost gain.
        sums: how they add up.
    """

    everyone: Headcount
    headline: dict[str, Headcount]
    current: dict[str, Headcount]
    review: Headcount
    gains: Headcount
    sums: tuple[Breakdown, ...]


def everyone(size: int) -> Headcount:
    """The people of a cohort; how many there are is always printed."""
    return Headcount(size, ("cohort",), open=True)


def verdict_counts(assessed: Verdicts, listed: Listed) -> VerdictCounts:
    """People by headline verdict and by present state.

    Args:
        assessed: the verdicts.
        listed: how many of each verdict the report lists one by one.
    """
    whole = everyone(assessed.people.height)
    headline = _counts(assessed.people["verdict"], "verdict", listed)
    current = _counts(assessed.people["current"], "now", listed)
    called = [one for verdict, one in headline.items() if verdict in REVIEWED]
    gains = Headcount(sum(one.size for one in called), ("gains",), sum(min(one.listed, one.size) for one in called))
    again = int(assessed.people["review"].fill_null(value=False).sum())
    return VerdictCounts(
        whole,
        headline,
        current,
        Headcount(again, ("review",), listed.get(("review",), 0)),
        gains,
        (
            Breakdown(whole, tuple(headline.values())),
            Breakdown(whole, tuple(current.values())),
            Breakdown(gains, tuple(called)),
        ),
    )


def _counts(verdicts: pl.Series, kind: str, listed: Listed) -> dict[str, Headcount]:
    found = dict(verdicts.drop_nulls().value_counts(name="people").iter_rows())
    return {
        verdict: Headcount(int(found.get(verdict, 0)), (kind, verdict), listed.get((kind, verdict), 0))
        for verdict in [*RANK, *sorted(set(found) - set(RANK))]
    }


def stated_counts(row: Mapping[str, Any]) -> tuple[Headcount, Headcount | None]:
    """People who could be counted for a row of the statement, and those who were; None where that is no count."""
    who = (row["by"], row["subgroup"], *(row[name] for name in _ROW))
    eligible = Headcount(int(row["eligible"]), ("eligible", *who))
    if row["observed"] is None or row["observed_low"] is not None:
        return eligible, None
    return eligible, Headcount(round(row["observed"]), ("observed", *who))


def stated_everything(assessed: Verdicts) -> tuple[Headcount, ...]:
    """Every count of the statement, in the report or in the file beside it, and those of its sentence."""
    rows = [one for row in assessed.statement.iter_rows(named=True) for one in stated_counts(row) if one is not None]
    return (*rows, *(sentence_counts(assessed.sentence) if assessed.sentence else ()))


def sentence_counts(found: CohortStatement) -> tuple[Headcount, Headcount]:
    """The people of the sentence that can be quoted: those who could be counted, and those who were."""
    who = (*EVERYONE, found.definition, found.months, None)
    return Headcount(found.eligible, ("eligible", *who)), Headcount(found.observed, ("observed", *who))


def statement_sums(statement: pl.DataFrame) -> tuple[Breakdown, ...]:
    """How subgroups add up to everyone, for each definition and each way to divide the cohort.

    Subgroups of few people are not in the statement; their people are what is missing from the sum, and a reader gets
    them by subtraction unless something else is hidden.
    """
    found: list[Breakdown] = []
    for _, part in statement.group_by(_ROW, maintain_order=True):
        rows = part.to_dicts()
        whole = next((row for row in rows if row["subgroup"] == EVERYONE[1]), None)
        if whole is None:
            continue
        eligible, observed = stated_counts(whole)
        for by in PARTITIONS:
            cells = [stated_counts(row) for row in rows if row["by"] == by]
            if cells:
                found.append(_with_others(eligible, [cell[0] for cell in cells], by))
            counted = [cell[1] for cell in cells if cell[1] is not None]
            if counted and observed is not None:
                found.append(_with_others(observed, counted, by, eligible.size - sum(cell[0].size for cell in cells)))
    return tuple(found)


def _with_others(whole: Headcount, parts: list[Headcount], by: str, most: int | None = None) -> Breakdown:
    """Parts of a whole, and what is missing from them as one more that is printed nowhere."""
    missing = whole.size - sum(part.size for part in parts)
    if missing <= 0:
        return Breakdown(whole, tuple(parts))
    bound = None if most is None else max(most, missing)
    return Breakdown(whole, (*parts, Headcount(missing, ("others", by, *whole.who), implied=True, most=bound)))
