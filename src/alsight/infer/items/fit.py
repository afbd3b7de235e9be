"""Fit the items model to a table of visits by simulated maximum likelihood."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from alsight.base.errors import SpecError
from alsight.base.status import Status
from alsight.infer.faults import fatal_of, notes_of
from alsight.infer.fit import CourseFunctions, Fit, failed
from alsight.infer.items.predict import predict_items, simulate_items
from alsight.infer.items.responses import ItemsPlan, Responses, read_responses
from alsight.infer.items.search import SINGULAR_SHARE, ItemsOptimum, begin, search
from alsight.models.latent.items import Items
from alsight.models.model import Columns, Record

NO_SPREAD = 1e-3
"""SD of a rate, times the length of follow-up, that counts as zero on the scale of the traits."""
FEW_DRAWS = 10.0
"""Effective importance draws below which a person's likelihood counts as uncertain."""


def fit_items(
    visits: pl.DataFrame,
    *,
    time: str = "months",
    subject: str = "subject",
    level: str = "~ 1",
    rate: str = "~ 1",
    model: Items | None = None,
) -> Fit:
    """Fit the longitudinal graded response model, standard errors from the observed information.

    Args:
        visits: one row a visit with a column an item, empty where it was not scored.
        time: months since any origin; levels are those at time 0.
        subject: column that tells people apart.
        level: formula of the traits' levels, from columns of a person's first row; its intercept is 0.
        rate: formula of the traits' rates [SDs of the level per month].
        model: traits, their items, draws.

    Returns:
        A fit whose `arrays` hold "working", "each" (log likelihood of each person) and "effective"
        (effective importance draws of each).

    Raises:
        DataError: a column is missing or no number, or an item has more than a dozen scores.
        SpecError: an item belongs to two traits.
    """
    chosen = Items() if model is None else model
    twice = sorted({name for name in chosen.items if chosen.items.count(name) > 1})
    if twice:
        raise SpecError([("traits", "every item once", ", ".join(twice))])
    found = read_responses(visits, ItemsPlan(time, subject, level, rate, [], {}), chosen)
    layout = found.layout
    columns = Columns(time, tuple(parameter.name for parameter in layout.parameters), chosen.effects)
    notes = notes_of(found.problems, str(found.dropped or ""))
    record = Record("ml", found.people, len(found.item), found.dropped, notes)
    if (fatal := fatal_of(found.problems)) is not None:
        return failed(fatal.status, layout.parameters, columns, chosen, record, COURSE)
    return _result(found, search(found, begin(found)), columns, record)


def _result(found: Responses, ended: ItemsOptimum, columns: Columns, record: Record) -> Fit:
    layout, last = found.layout, ended.evaluation
    turn, natural = layout.turn(ended.working), layout.natural(ended.working)
    covariance = np.full((layout.size, layout.size), np.nan)
    sandwich, status, notes = covariance.copy(), ended.status, record.notes
    rates = natural[layout.spread][: layout.traits] * float(np.ptp(found.time))
    if (rates < NO_SPREAD).any() and status != Status.NOT_FINITE:
        status = Status.BOUNDARY
        named = [trait.name for trait, size in zip(layout.model.traits, rates, strict=True) if size < NO_SPREAD]
        notes = (*notes, f"No spread is left in the rate of {', '.join(named)}.")
    elif status == Status.BOUNDARY:
        own = layout.unexplained_share(ended.working)
        named = [name for name, share in zip(layout.model.effects, own, strict=True) if share < SINGULAR_SHARE]
        notes = (*notes, f"The others tell all of {', '.join(named)}: the effects' covariance is singular.")
    elif status == Status.CONVERGED:
        try:
            inverse = np.linalg.inv(last.information)
            np.linalg.cholesky(inverse)
            covariance = turn @ inverse @ turn.T
            sandwich = turn @ inverse @ (last.scores.T @ last.scores) @ inverse @ turn.T
        except np.linalg.LinAlgError:
            status = Status.SINGULAR
    if (poor := int((last.effective < FEW_DRAWS).sum())) and status == Status.CONVERGED:
        notes = (*notes, f"{poor} subjects have fewer than {FEW_DRAWS:g} effective draws: ask for more draws.")
    return Fit(
        estimates=natural,
        covariance=covariance,
        sandwich=sandwich,
        log_likelihood=np.array(last.log_likelihood.sum()),
        status=np.array(int(status)),
        steps=np.array(ended.steps),
        arrays={
            "working": ended.working,
            "each": last.log_likelihood,
            "effective": last.effective,
        },
        parameters=layout.parameters,
        columns=columns,
        model=layout.model,
        record=Record(record.method, record.subjects, record.values, record.dropped, notes),
        plan=found.plan,
        course=COURSE,
    )


COURSE: Final = CourseFunctions(predict_items, simulate_items)
"""What fits of items predict and simulate."""
