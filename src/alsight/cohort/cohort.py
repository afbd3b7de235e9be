"""The Cohort: what every reader makes, every simulator makes, and every verb takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from alsight.base.errors import Fault
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
