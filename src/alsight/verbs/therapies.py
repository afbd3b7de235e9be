"""The `therapies` verb: what is known about each therapy, with sources, and how the simulator acts it out."""

from __future__ import annotations

from typing import Any

import msgspec
import polars as pl

from alsight.base.answer import Answer
from alsight.base.errors import SpecError
from alsight.base.progress import Progress, silent
from alsight.base.provenance import provenance
from alsight.base.spec import Spec
from alsight.knowledge.therapies import THERAPIES, TherapyRow
from alsight.verbs.calls import answered, documented

COLUMNS = ("therapy", "aspect", "date", "what", "result", "source", "grade")


class TherapiesSpec(Spec, frozen=True, kw_only=True):
    """What to list.

    Attributes:
        name: one therapy; without it, all of them.
    """

    name: str = ""


def run(spec: TherapiesSpec, progress: Progress = silent) -> Answer:
    """Everything known about the therapies asked for, one fact a row.

    Raises:
        SpecError: no therapy has that name.
    """
    del progress
    if spec.name and spec.name not in THERAPIES:
        raise SpecError([("name", "one of " + ", ".join(THERAPIES), spec.name)])
    chosen = [THERAPIES[spec.name]] if spec.name else list(THERAPIES.values())
    facts = pl.DataFrame(
        [fact for row in chosen for fact in _facts(row)], schema=dict.fromkeys(COLUMNS, pl.String), orient="row"
    )
    return Answer(
        summary={"therapies": [_plain(row) for row in chosen]},
        tables={"therapies": facts},
        sentences=tuple(_sentence(row) for row in chosen),
        provenance=provenance("therapies", msgspec.structs.asdict(spec)),
    )


def _facts(row: TherapyRow) -> list[tuple[str, ...]]:
    facts = [
        (row.name, "kind", "", row.kind, "", "", ""),
        (row.name, "mechanism", "", row.mechanism, "", "", ""),
        (row.name, "acted out", "", row.acted_out, "", "", ""),
    ]
    facts += [(row.name, "status", s.date, s.region, s.status, s.source, "") for s in row.statuses]
    facts += [
        (row.name, "evidence", "", f"{e.trial}, {e.people}: {e.endpoint}", e.result, e.source, e.grade)
        for e in row.evidence
    ]
    return facts + [(row.name, "unknown", "", text, "", "", "") for text in row.unknown]


def _sentence(row: TherapyRow) -> str:
    approved = "; ".join(f"{s.region} {s.date}: {s.status}" for s in row.statuses) or "approved nowhere that we know of"
    return f"{row.name} ({row.kind}). {row.mechanism} {approved}. Acted out: {row.acted_out}"


def _plain(row: TherapyRow) -> dict[str, Any]:
    return msgspec.to_builtins(row)


@documented(TherapiesSpec)
def therapies(
    name: str = "",
    /,
    *,
    progress: Progress = silent,
) -> Answer:
    """List what is known about a therapy, with sources."""
    return answered("therapies", locals())
