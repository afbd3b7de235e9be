"""What a plausibility check is, what it finds, and the facts that all checks look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import polars as pl

from alsight.cohort.cohort import Cohort
from alsight.instruments.items import CUTTING, TWELVE


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something about a whole cohort that makes its data hard to believe.

    Attributes:
        name: the check, as it is accepted by name.
        grave: whether results would be wrong if it is so; lighter findings are reported alone.
        found: what was found, in a sentence with its numbers.
        why: why it matters.
        how_to_fix: what the user can do.
    """

    name: str
    grave: bool
    found: str
    why: str
    how_to_fix: str


@dataclass(frozen=True)
class Facts:
    """A cohort, and what several checks need of it, computed once.

    Attributes:
        cohort: the people.
        ratings: visits on the ALSFRS-R in the order of their days, item 5 as one.
        courses: one row a person with `days` and `totals`, visits without a total excluded.
    """

    cohort: Cohort
    ratings: pl.DataFrame
    courses: pl.DataFrame

    def rejected(self, rule: str) -> pl.DataFrame:
        """Faults of one rule that the reading listed."""
        return self.cohort.rejected.filter(pl.col("rule") == rule)


@dataclass(frozen=True, kw_only=True)
class Plausibility:
    """One check.

    Attributes:
        name: short name, stable across versions.
        grave: whether it stops the verbs that judge people.
        look: what it finds in the facts, as a sentence; empty when nothing.
        why: why it matters.
        how_to_fix: what the user can do.
    """

    name: str
    grave: bool
    look: Callable[[Facts], str]
    why: str
    how_to_fix: str


def facts(cohort: Cohort) -> Facts:
    """What the checks look at."""
    ratings = cohort.visits.filter(pl.col("scale") == "alsfrs_r").sort("subject", "day")
    ratings = ratings.with_columns(q5_cutting=pl.coalesce(CUTTING)).select("subject", "day", *TWELVE, "alsfrs_r_total")
    known = ratings.filter(pl.col("alsfrs_r_total").is_not_null())
    courses = known.group_by("subject", maintain_order=True).agg(days="day", totals="alsfrs_r_total")
    return Facts(cohort=cohort, ratings=ratings, courses=courses)


def people(count: int) -> str:
    """A number of people in words."""
    return f"{count:,} {'person' if count == 1 else 'people'}"
