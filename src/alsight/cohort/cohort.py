"""The Cohort: what every reader makes, every simulator makes, and every verb takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import polars as pl

from alsight.base.errors import Fault, SpecError
from alsight.base.provenance import Provenance
from alsight.cohort.tables import DOSES, EVENTS, MEASURES_TABLE, REJECTED, SUBJECTS, VISITS


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """People and everything recorded about them, in the tables of the data dictionary.

    Frames hold exactly the declared columns in the declared order, sorted by subject and day.

    Attributes:
        subjects: one row a person (SUBJECTS).
        visits: ratings of function (VISITS).
        measures: vital capacity, strength, blood, ... (MEASURES_TABLE).
        events: deaths, ventilation, gastrostomy, intercurrent illness (EVENTS).
        doses: treatments over time (DOSES).
        rejected: every fault found while the cohort was made (REJECTED).
        provenance: where it came from, None for one made in memory.
    """

    subjects: pl.DataFrame
    visits: pl.DataFrame
    measures: pl.DataFrame = field(default_factory=MEASURES_TABLE.empty)
    events: pl.DataFrame = field(default_factory=EVENTS.empty)
    doses: pl.DataFrame = field(default_factory=DOSES.empty)
    rejected: pl.DataFrame = field(default_factory=REJECTED.empty)
    provenance: Provenance | None = None

    @property
    def size(self) -> int:
        """Number of people."""
        return self.subjects.height

    def __len__(self) -> int:
        """Number of people."""
        return self.size

    def __bool__(self) -> bool:
        """A cohort is one, however few its people are."""
        return True

    @classmethod
    def from_frame(cls, data: Any, **fields: Any) -> Cohort:
        """The cohort of a table in memory, read as a file with the same columns would be.

        Args:
            data: a polars or pandas table, anything with the Arrow interface, or columns by name.
            fields: as of `alsight.Source` (`time_unit="month"`, `dates="dmy"` ...).

        Raises:
            DataError: nothing usable is there; MappingError where columns could not be distinguished.
            SpecError: `data` is no table, or a field that does not exist.
        """
        return import_module("alsight.cohort.read.source").read_frame(data, fields)

    def filter(self, *conditions: pl.Expr) -> Cohort:
        """The cohort of the people whose row of `subjects` meets conditions (`pl.col("onset_site") == "bulbar"`)."""
        return select(self, self.subjects.filter(*conditions)["subject"])

    def subject(self, identifier: str) -> Cohort:
        """The cohort of one person.

        Raises:
            SpecError: no one has that identifier.
        """
        if identifier not in self.subjects["subject"]:
            known = ", ".join(self.subjects["subject"].head(5))
            raise SpecError([("subject", f"an identifier of the cohort ({known} ...)", identifier)])
        return select(self, pl.Series("subject", [identifier]))

    def plot(self, identifier: str) -> Any:
        """A person's ratings over time, as a chart (Altair).

        Raises:
            SpecError: no one has that identifier.
        """
        return import_module("alsight.report.person").course_chart(self.subject(identifier))

    def __str__(self) -> str:
        """How many people, visits and other rows there are."""
        sizes = {name: frame.height for name, frame in self.frames().items() if name != SUBJECTS.name}
        counted = ", ".join(f"{count} rows of {name}" for name, count in sizes.items() if count)
        return f"Cohort of {self.size} {'person' if self.size == 1 else 'people'}" + (f": {counted}" if counted else "")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        show: Any = getattr(self.subjects, "_repr_html_")  # noqa: B009 - the notebook's protocol
        return f"<div><p>{self}</p>{show()}</div>"

    def frames(self) -> dict[str, pl.DataFrame]:
        """The five data tables by name, in the order of the dictionary."""
        return {
            SUBJECTS.name: self.subjects,
            VISITS.name: self.visits,
            MEASURES_TABLE.name: self.measures,
            EVENTS.name: self.events,
            DOSES.name: self.doses,
        }


def fault_frame(faults: Sequence[Fault]) -> pl.DataFrame:
    """Faults as a frame of the REJECTED table."""
    rows = [[getattr(fault, name) for name in REJECTED.schema] for fault in faults]
    return pl.DataFrame(rows, schema=REJECTED.schema, orient="row")


def select(cohort: Cohort, subjects: pl.Series) -> Cohort:
    """The cohort of some people only; rejected rows stay, since they describe the reading."""
    chosen = pl.col("subject").is_in(subjects.implode())
    return replace(cohort, **{name: frame.filter(chosen) for name, frame in cohort.frames().items()})
