"""The `therapies` verb: what is known about each therapy, with sources, and whether it can be simulated."""

from __future__ import annotations

import msgspec
import polars as pl

from alsight.base.answer import Answer
from alsight.base.errors import SpecError
from alsight.base.progress import Progress, silent
from alsight.base.provenance import provenance
from alsight.base.spec import Spec
from alsight.knowledge.therapies import FACT_COLUMNS, THERAPIES, TherapyRow, facts_of, find, line_of, nearest, report_of
from alsight.verbs.declare.calls import answered, documented


class TherapiesSpec(Spec, frozen=True, kw_only=True):
    """What to list.

    Attributes:
        name: one therapy, its brand name or a synonym; without it, all of them.
    """

    name: str = ""


def run(spec: TherapiesSpec, progress: Progress = silent) -> Answer:
    """Everything known about the therapies asked for, one fact a row.

    Raises:
        SpecError: no therapy has that name.
    """
    del progress
    chosen = [_one(spec.name)] if spec.name else list(THERAPIES.values())
    facts = pl.DataFrame(
        [fact for row in chosen for fact in facts_of(row)], schema=dict.fromkeys(FACT_COLUMNS, pl.String), orient="row"
    )
    return Answer(
        summary={"therapies": [msgspec.to_builtins(row) for row in chosen]},
        tables={"therapies": facts},
        sentences=report_of(chosen[0]) if spec.name else tuple(line_of(row) for row in chosen),
        provenance=provenance("therapies", msgspec.structs.asdict(spec)),
    )


def _one(name: str) -> TherapyRow:
    """The therapy of a name; an unknown name is refused with those spelled most like it, or with all of them."""
    row = find(name)
    if row is None:
        like = nearest(name)
        known = f"a known therapy; did you mean {' or '.join(like)}?" if like else "one of " + ", ".join(THERAPIES)
        raise SpecError([("name", known, name)])
    return row


@documented(TherapiesSpec)
def therapies(
    name: str = "",
    /,
    *,
    progress: Progress = silent,
) -> Answer:
    """List what is known about a therapy, with sources."""
    return answered("therapies", locals())
