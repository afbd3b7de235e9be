"""Fit the velocity model to a table of visits by simulated maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from alsight.base.errors import SpecError
from alsight.base.status import Status
from alsight.infer.faults import fatal_of, notes_of
from alsight.infer.fit import CourseFunctions, Fit, failed
from alsight.infer.velocity.layout import VelocityLayout, make_layout
from alsight.infer.velocity.likelihood import score
from alsight.infer.velocity.people import VelocityColumns, VelocityPeople, read_people
from alsight.infer.velocity.predict import predict_velocity, simulate_rows
from alsight.infer.velocity.search import BRIEF, MANY, SETTLE, VelocityOptimum, approach, settle, start
from alsight.models.latent.velocity import Velocity
from alsight.models.model import Columns as Names
from alsight.models.model import Record

AGAIN = 2000
"""What is added to the seed for a second round of a search that has not come to rest."""
FEW = 800
"""People among whom the search begins."""
WEAK = ("memory", "stickiness", "sd_log_rate_slow")
"""Parameters whose intervals, and those that trade off against them, are too short on ten visits a person."""


@dataclass(frozen=True)
class VelocityTable:
    """A table read for a model."""

    columns: VelocityColumns
    people: VelocityPeople
    layout: VelocityLayout


def fit_velocity(
    visits: pl.DataFrame,
    *,
    time: str = "months",
    outcome: str = "score",
    subject: str = "subject",
    level: str = "~ 1",
    rate: str = "~ 1",
    model: Velocity | None = None,
) -> Fit:
    """Fit the velocity model by maximum likelihood, standard errors from the products of the scores.

    Args:
        visits: one row a visit.
        time: months since any origin; each person's level is that at its first visit.
        outcome: the score.
        subject: column that tells people apart.
        level: formula of the level at the first visit, from columns of the first row of a person.
        rate: formula of the log rate of loss [log points per month].
        model: scale, classes, parameters held, draws.

    Returns:
        A fit whose `arrays` hold "working", "each" (log likelihood of each person) and "wobble" (the
        draws' noise in each parameter, in standard errors; it is part of the covariance).

    Raises:
        DataError: a column is missing or no number, or a score lies outside the scale.
        SpecError: a parameter is held that the model does not have.
    """
    chosen = Velocity() if model is None else model
    columns = VelocityColumns(time, outcome, subject, level, rate, {})
    people = read_people(visits, columns, chosen)
    layout = make_layout(chosen, *people.names)
    strangers = sorted(set(chosen.held) - {parameter.name for parameter in layout.parameters})
    if strangers:
        known = ", ".join(parameter.name for parameter in layout.parameters)
        raise SpecError([(f"held.{name}", f"one of {known}", chosen.held[name]) for name in strangers])
    names = Names(outcome, tuple(parameter.name for parameter in layout.parameters))
    free = [parameter.name for parameter in layout.parameters if parameter.name in {*WEAK} - chosen.held.keys()]
    weak = f"{' and '.join(free)} is estimated: few visits tell little of it, and intervals may be too short."
    notes = (*notes_of(people.problems, str(people.dropped or "")), *((weak,) if free else ()))
    record = Record("ml", people.count, len(people.batch.score), people.dropped, notes)
    if (fatal := fatal_of(people.problems)) is not None:
        return failed(fatal.status, layout.parameters, names, chosen, record, COURSE)
    found = _search(VelocityTable(columns, people, layout), visits)
    return _result(VelocityTable(columns, people, layout), found, names, record)


def _search(read: VelocityTable, visits: pl.DataFrame) -> VelocityOptimum:
    people, layout, model = read.people, read.layout, read.layout.model
    working, first = start(layout, people), 0
    if people.count > 2 * FEW:
        every = people.subjects.gather_every(people.count // FEW)
        some = read_people(visits.filter(pl.col(read.columns.subject).is_in(every.implode())), read.columns, model)
        working, first = approach(some, layout, working, max(model.particles // 2, 32), model.seed)
    working, taken = approach(people, layout, working, max(model.particles // 2, 32), model.seed + 500)
    steps = first + taken
    for root in (model.seed, model.seed + AGAIN):
        found = settle(people, layout, working, model.particles, root, BRIEF if people.count > MANY else SETTLE)
        steps += found.steps
        if found.status != Status.MAX_STEPS:
            break
        working = found.working
    return replace(found, steps=steps)


def _result(read: VelocityTable, found: VelocityOptimum, names: Names, record: Record) -> Fit:
    layout, model = read.layout, read.layout.model
    natural = layout.natural(found.working)
    count, inner = len(natural), found.inner
    covariance, wobble = np.full((count, count), np.nan), np.full(count, np.nan)
    slopes, status = layout.slopes(natural), found.status
    each = score(read.people, layout, natural, model.particles, model.seed + 5000)
    try:
        inverse = np.linalg.inv(found.information)
        np.linalg.cholesky(inverse)
        # The noise of the draws is part of what is not known of the estimates.
        covariance[np.ix_(inner, inner)] = np.outer(slopes[inner], slopes[inner]) * (inverse + found.wobble)
        wobble[inner] = np.sqrt(np.diagonal(found.wobble) / np.diagonal(inverse))
    except np.linalg.LinAlgError:
        status = Status.SINGULAR if status == Status.CONVERGED else status
    if status == Status.CONVERGED and (layout.free & ~inner).any():
        status = Status.BOUNDARY
        ends = [one.name for one, out in zip(layout.parameters, layout.free & ~inner, strict=True) if out]
        record = replace(record, notes=(*record.notes, f"At an end of its range: {', '.join(ends)}."))
    return Fit(
        estimates=natural,
        covariance=covariance,
        sandwich=np.full((count, count), np.nan),
        log_likelihood=np.array(each.log_likelihood.sum()),
        status=np.array(int(status)),
        steps=np.array(found.steps),
        arrays={
            "working": found.working,
            "each": each.log_likelihood,
            "wobble": wobble,
        },
        parameters=layout.parameters,
        columns=names,
        model=layout.model,
        record=record,
        plan=read.columns,
        course=COURSE,
    )


def layout_of(fit: Fit, people: VelocityPeople) -> VelocityLayout:
    """The layout of a fit's parameters, for people read with its columns."""
    return make_layout(fit.model, *people.names)


COURSE: Final = CourseFunctions(predict_velocity, simulate_rows)
"""What fits of the velocity model predict and simulate."""
