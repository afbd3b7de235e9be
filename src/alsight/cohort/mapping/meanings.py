"""MEANINGS: everything a column of a file can mean, and what its cells must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from alsight.cohort.measures import MEASURES
from alsight.cohort.schema import Table
from alsight.cohort.tables import DOSES, EVENT_KINDS, EVENTS, MEASURES_TABLE, SUBJECTS, VISITS
from alsight.instruments.items import ITEMS

Kind = Literal["text", "number", "choice", "boolean", "time", "score", "unit"]
Part = Literal["key", "visits", "person", "moment", "event", "measure", "measures", "events", "doses", "aside"]


@dataclass(frozen=True)
class Meaning:
    """One thing that a column can mean.

    Attributes:
        name: the word written in a mapping.
        part: what it belongs to: "moment" is a day of a person's life, "measure" one quantity by name, "measures",
            "events" and "doses" columns of tables with one such fact a row, "aside" a column that helps read another.
        kind: what its cells are.
        says: one line for the page of the mapping.
    """

    name: str
    part: Part
    kind: Kind
    says: str


_KINDS: Final[dict[object, Kind]] = {
    pl.String: "text",
    pl.Float32: "number",
    pl.Float64: "number",
    pl.Int32: "number",
    pl.Boolean: "boolean",
}

MOMENTS: Final[dict[str, str]] = {
    "onset": "first symptom",
    "diagnosis": "diagnosis",
    "birth": "birth, from which ages follow",
    "baseline": "start of follow-up, as the source calls it",
    "randomization": "randomisation",
    "enrollment": "enrolment",
    "last_seen": "last day on which anything is known about the person",
    "entry_date": "day 0, whatever it is",
}
"""Days of a person's life that are no events of the dictionary."""

PERSON: Final = tuple(
    column
    for column in SUBJECTS.columns
    if column.name
    not in ("subject", "entry", "entry_date", "onset_day", "onset_precision", "diagnosis_day", "last_seen_day")
)
"""Columns of SUBJECTS that hold no day."""

_HELPERS: Final = (
    Meaning("subject", "key", "text", "the person's identifier"),
    Meaning("time", "key", "time", "when the row happened: a date, a count of days ... years, or an age"),
    Meaning("end", "aside", "time", "when what the row describes ended"),
    Meaning("total", "visits", "score", "total score; the scale is found out from the values or stated by `scale`"),
    Meaning("entry", "person", "choice", "what day 0 is for the person"),
    Meaning("age", "person", "number", "age at the row's day [year]"),
    Meaning("disease_duration", "moment", "time", "time from first symptom to the row's day, or to entry"),
    Meaning("diagnostic_delay", "moment", "time", "time from first symptom to diagnosis"),
    Meaning("capacity_l", "measure", "number", "vital capacity [l], forced or slow as `capacity_kind` says"),
    Meaning(
        "capacity_pct", "measure", "number", "vital capacity [% predicted], forced or slow as `capacity_kind` says"
    ),
    Meaning("capacity_kind", "aside", "text", "whether the vital capacity is forced (fvc) or slow (svc)"),
    Meaning("unit", "aside", "unit", "unit of the column named by `of`, or of the row's value"),
    Meaning("population", "aside", "text", "who the person is (ALS, control, other diagnosis); see `exclude`"),
    Meaning("derived", "aside", "text", "marks rows with derived or imputed values (DTYPE, LOCF); see `exclude`"),
    Meaning("ignored", "aside", "text", "not used"),
)

_ITEMS: Final = frozenset(item.name for item in ITEMS)
_SCORES: Final = _ITEMS | {"alsfrs_r_total", "alsfrs_total", "total_recorded"}


def _catalogue() -> dict[str, Meaning]:
    found = list(_HELPERS)
    for column in VISITS.columns[2:]:
        kind: Kind = "score" if column.name in _SCORES else "choice" if column.choices else _KINDS[column.dtype]
        found.append(Meaning(column.name, "visits", kind, column.meaning))
    found += [
        Meaning(column.name, "person", "choice" if column.choices else _KINDS[column.dtype], column.meaning)
        for column in PERSON
    ]
    found += [Meaning(name, "moment", "time", says) for name, says in MOMENTS.items()]
    found += [
        Meaning(name, "event", "time", f"{name.replace('_', ' ')}: its day, or yes and no") for name in EVENT_KINDS
    ]
    found += [Meaning(measure.name, "measure", "number", f"{measure.meaning} [{measure.unit}]") for measure in MEASURES]
    tables: tuple[tuple[Table, Part], ...] = ((MEASURES_TABLE, "measures"), (EVENTS, "events"), (DOSES, "doses"))
    for table, part in tables:
        for column in table.columns[2:]:
            if column.name != "end_day" and column.name not in {known.name for known in found}:
                # Names of quantities and events are read by their own vocabulary, not as plain choices.
                reported = column.name in ("measure", "event")
                kind = "choice" if column.choices and not reported else _KINDS[column.dtype]
                found.append(Meaning(column.name, part, kind, column.meaning))
    return {meaning.name: meaning for meaning in found}


MEANINGS: Final[dict[str, Meaning]] = _catalogue()
"""By name. Beside these, `on:NAME` and `off:NAME` mean the start and the stop of the treatment NAME."""


def meaning_of(name: str) -> Meaning | None:
    """The meaning of a name as a mapping writes it, None where there is no such meaning."""
    prefix, _, drug = name.partition(":")
    if prefix in ("on", "off") and drug:
        return Meaning(name, "moment", "time", f"{'start' if prefix == 'on' else 'stop'} of {drug}")
    return MEANINGS.get(name)


BEST_OF: Final = frozenset(
    {
        "fvc_l",
        "fvc_pct",
        "svc_l",
        "svc_pct",
        "capacity_l",
        "capacity_pct",
        "snip_cmh2o",
        "mip_cmh2o",
        "mep_cmh2o",
        "pcf_l_min",
        "grip_kg",
        "hhd_kg",
    }
)
"""Quantities of which a session makes several trials and the greatest counts."""

IS_ITEM: Final = _ITEMS
IS_SCORE: Final = _SCORES | {"total"}
