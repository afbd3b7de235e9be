"""One person without a file: scores as they are written by hand, "0:41 6:41 12:40", made into a cohort of one."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

import polars as pl

from alsight.base.errors import SpecError
from alsight.base.units import days_of
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.raw import RawTables
from alsight.instruments.items import TWELVE

SHAPE: Final = (
    'times and totals such as "0:41 6:41 12:40" (months), "2024-01-15:41 2024-07-20:40" (dates), or twelve items '
    'for each time, "0:4,4,4,3,3,4,4,3,3,4,4,4"'
)
NAME: Final = "person"
"""Identifier of the one person."""
_NUMBER: Final = r"\d+(?:\.\d+)?"
_ENTRY: Final = re.compile(
    rf"(\d{{4}}-\d{{2}}-\d{{2}}|{_NUMBER})\s*:\s*({_NUMBER}(?:\s*,\s*{_NUMBER}(?!\s*:|[-\d.]))*)"
)
Faults = list[tuple[str, str, object]]


def person_cohort(scores: str, onset_months: float | None = None, age: float | None = None) -> Cohort:
    """A cohort of one person from scores written by hand.

    Args:
        scores: SHAPE; day 0 is the first time.
        onset_months: first symptom to the first time [months].
        age: age at the first time [years].

    Raises:
        SpecError: an entry cannot be read, or a score is impossible; every fault at once.
    """
    rows, faults = _rows(scores)
    if faults:
        raise SpecError(faults)
    first = min(row["day"] for row in rows)
    visits = pl.DataFrame([row | {"day": row["day"] - first} for row in rows]).with_columns(
        source=pl.lit("scores"), row=pl.int_range(1, len(rows) + 1)
    )
    person = pl.DataFrame(
        {
            "subject": [NAME],
            "entry": ["first_visit"],
            "onset_day": [None if onset_months is None else -round(float(days_of(onset_months)))],
            "age_at_entry_years": [age],
            "source": ["scores"],
            "row": [1],
        }
    )
    cohort = check(RawTables(frames={"subjects": person, "visits": visits}))
    wrong = cohort.rejected.filter(pl.col("severity") == "rejected")
    if wrong.height:
        raise SpecError([("scores", row["message"], row["value"]) for row in wrong.iter_rows(named=True)])
    return cohort


def _rows(scores: str) -> tuple[list[dict[str, Any]], Faults]:
    """One row a time, its day counted from any origin, and what cannot be read."""
    left = _ENTRY.sub(" ", scores).strip(" ;,")
    if left:
        return [], [("scores", SHAPE, left)]
    rows: list[dict[str, Any]] = []
    faults: Faults = []
    kinds = set[bool]()
    for when, what in _ENTRY.findall(scores):
        values = [float(part) for part in what.split(",")]
        kinds.add("-" in when)
        day = _day(when, faults)
        row: dict[str, Any] = {"subject": NAME, "day": day, "scale": "alsfrs_r"}
        if len(values) == len(TWELVE):
            rows.append(row | dict(zip(TWELVE, values, strict=True)))
        elif len(values) == 1:
            rows.append(row | {"alsfrs_r_total": values[0]})
        else:
            faults.append(("scores", f"a total or {len(TWELVE)} items for each time", f"{when}:{what}"))
    if len(kinds) > 1:
        faults.append(("scores", "months or dates, not both", scores))
    if not rows and not faults:
        faults.append(("scores", SHAPE, scores))
    return rows, faults


def _day(when: str, faults: Faults) -> int:
    """Day of a time from any origin."""
    if "-" not in when:
        return round(float(days_of(float(when))))
    try:
        return date.fromisoformat(when).toordinal()
    except ValueError:
        faults.append(("scores", "dates that exist, as 2024-07-20", when))
        return 0
