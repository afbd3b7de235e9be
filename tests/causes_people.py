"""Small cohorts for the tests of causes: whole courses of twelve items, with events, doses and circumstances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from alsight.cohort.cohort import Cohort
from alsight.cohort.tables import DOSES, EVENTS, SUBJECTS, VISITS
from alsight.instruments.items import CUTTING, TWELVE

STEADY = [42, 41, 40, 39, 38, 37, 36, 35, 34]
"""A plain decline of a point in three months."""


def graded(total: int) -> list[float]:
    """Twelve items that sum to a total: items 12 and 5 at 4, the others as even as they can be."""
    grades = dict.fromkeys(TWELVE, 4.0)
    open_items = [name for name in TWELVE if name not in ("q5_cutting", "q12_respiratory_insufficiency")]
    for step in range(48 - total):
        grades[open_items[step % len(open_items)]] -= 1.0
    return [grades[name] for name in TWELVE]


def visits(subject: str, totals: Sequence[int], *, every: int = 91, items: bool = True, **columns: Any) -> pl.DataFrame:
    """Visits of one person; columns of VISITS or items given by name replace what the totals say."""
    grades = np.array([graded(total) for total in totals])
    for name in TWELVE:
        if name in columns:
            grades[:, TWELVE.index(name)] = columns.pop(name)
    frame: dict[str, Any] = {"subject": [subject] * len(totals), "day": np.arange(len(totals)) * every}
    fed = np.array(columns.pop("fed", [False] * len(totals)))
    if items:
        frame |= {name: grades[:, place] for place, name in enumerate(TWELVE) if name != "q5_cutting"}
        five = grades[:, TWELVE.index("q5_cutting")]
        frame[CUTTING[0]] = [None if tube else grade for grade, tube in zip(five, fed, strict=True)]
        frame[CUTTING[1]] = [grade if tube else None for grade, tube in zip(five, fed, strict=True)]
    frame["alsfrs_r_total"] = grades.sum(axis=1) if items else list(totals)
    frame |= {"scale": ["alsfrs_r"] * len(totals), **columns}
    return shaped(frame, VISITS)


def shaped(columns: Mapping[str, Any], table: Any) -> pl.DataFrame:
    """A frame of a table of the dictionary, absent columns empty."""
    supplied = pl.DataFrame(dict(columns))
    return supplied.select(
        pl.col(name).cast(kind) if name in supplied.columns else pl.lit(None, kind).alias(name)
        for name, kind in table.schema.items()
    )


def cohort(
    *people: pl.DataFrame, events: Sequence[tuple[str, int, str]] = (), doses: Sequence[tuple[str, int, str]] = ()
) -> Cohort:
    """A cohort of such people; events are (subject, day, event), doses (subject, day, treatment)."""
    together = pl.concat(people) if people else VISITS.empty()
    names = together["subject"].unique().sort()
    happened = {"subject": [e[0] for e in events], "day": [e[1] for e in events], "event": [e[2] for e in events]}
    supplied = {"subject": [d[0] for d in doses], "day": [d[1] for d in doses], "treatment": [d[2] for d in doses]}
    return Cohort(
        subjects=shaped({"subject": names, "entry": ["first_visit"] * names.len()}, SUBJECTS),
        visits=together.sort("subject", "day"),
        events=shaped(happened, EVENTS).sort("subject", "day") if events else EVENTS.empty(),
        doses=shaped(supplied, DOSES).sort("subject", "day") if doses else DOSES.empty(),
    )
