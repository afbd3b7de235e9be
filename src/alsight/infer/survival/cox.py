"""Cox regression with ties, strata, delayed entry and robust errors, for one cohort or a batch of trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

from alsight.base.status import Status
from alsight.infer.faults import RUNAWAY, separated
from alsight.infer.fit import NO_COURSE, Fit, failed
from alsight.infer.gaussian.small import inverse
from alsight.infer.newton import Rules, Surface, climb
from alsight.infer.survival.coding import Happened
from alsight.infer.survival.reading import CoxColumns, CoxRows, read_cox
from alsight.infer.survival.risk import RiskSets, at_risk, risk_sets, until
from alsight.models.hazards import Cox
from alsight.models.model import Columns, Parameter, Record

Ties = Literal["efron", "breslow"]
TOLERANCE = 1e-11
"""Rise of the log likelihood that the next Newton step still promises, below which the search ends."""
FIRST = 7
"""Steps that a batch takes together, before the trials that need more go on alone."""


@dataclass(frozen=True)
class Partial:
    """Partial log likelihood of each trial with its derivatives, and each row's residuals."""

    value: Float[np.ndarray, "*_ trial"]
    score: Float[np.ndarray, "trial column"]
    information: Float[np.ndarray, "trial column column"]
    martingale: Float[np.ndarray, "*_ row"]
    residuals: Float[np.ndarray, "row column"]
    hazard: Float[np.ndarray, "*_ event"]


def partial(
    sets: RiskSets,
    columns: Float[np.ndarray, "row column"],
    event: Bool[np.ndarray, "*_ row"],
    trial: Int[np.ndarray, "*_ row"],
    beta: Float[np.ndarray, "trial column"],
    ties: Ties = "efron",
    weight: Float[np.ndarray, "*_ row"] | None = None,
    offset: Float[np.ndarray, "*_ row"] | float = 0.0,
) -> Partial:
    """Partial likelihood at the coefficients of each trial.

    With Efron's rule the l-th of d tied events is at risk with l/d of the tied rows' hazards removed; with Breslow's
    every tied event has the whole risk set. A row of weight 2 counts as two people; tied events share their mean
    weight. Score residuals sum to the score.
    """
    trials = len(beta)
    linear = np.einsum("rc,rc->r", columns, beta[trial]) + offset
    alone = np.exp(linear)
    people = np.ones(len(linear)) if weight is None else weight
    size = people * alone
    weighted = size[:, None] * columns
    total, moment = at_risk(sets, size), at_risk(sets, weighted)
    share = sets.share if ties == "efron" else np.zeros(len(sets.tied))
    count = len(sets.events)
    tied_total = np.bincount(sets.spot, size[sets.tied], count)
    tied_moment = np.zeros((count, columns.shape[1]))
    np.add.at(tied_moment, sets.spot, weighted[sets.tied])
    left = total[sets.spot] - share * tied_total[sets.spot]
    mean = (moment[sets.spot] - share[:, None] * tied_moment[sets.spot]) / left[:, None]
    tied = people[sets.tied]
    pulse = (np.bincount(sets.spot, tied, count) / sets.number)[sets.spot]
    jump = pulse / left
    hazard = np.bincount(sets.spot, jump, count)
    drawn = _by_event(sets, mean * jump[:, None], count)
    exposure, reach = until(sets, hazard), until(sets, drawn)
    exposure[sets.tied] -= np.bincount(sets.spot, share * jump, count)[sets.spot]
    reach[sets.tied] -= _by_event(sets, (share * jump)[:, None] * mean, count)[sets.spot]
    residuals = -size[:, None] * (columns * exposure[:, None] - reach)
    residuals[sets.tied] += tied[:, None] * (
        columns[sets.tied] - (_by_event(sets, mean, count) / sets.number[:, None])[sets.spot]
    )
    owner = trial[sets.tied]
    value = np.bincount(owner, tied * linear[sets.tied] - pulse * np.log(left), trials)
    inside = (size * exposure)[:, None] * columns
    information = _squares(columns, inside, trial, trials) - _squares(pulse[:, None] * mean, mean, owner, trials)
    score = np.stack([np.bincount(trial, column, trials) for column in residuals.T], axis=1)
    return Partial(value, score, information, event - alone * exposure, residuals, hazard)


def _by_event(sets: RiskSets, values: np.ndarray, count: int) -> np.ndarray:
    return np.stack([np.bincount(sets.spot, column, count) for column in values.T], axis=1)


def _squares(left: np.ndarray, right: np.ndarray, owner: np.ndarray, trials: int) -> np.ndarray:
    if trials == 1:
        return (left.T @ right)[None]
    width = left.shape[1]
    whole = np.empty((trials, width, width))
    for row in range(width):
        for column in range(row + 1):
            whole[:, row, column] = whole[:, column, row] = np.bincount(owner, left[:, row] * right[:, column], trials)
    return whole


def search(
    sets: RiskSets,
    columns: Float[np.ndarray, "row column"],
    event: Bool[np.ndarray, "*_ row"],
    trial: Int[np.ndarray, "*_ row"],
    trials: int,
    ties: Ties,
    limit: int = 40,
    weight: Float[np.ndarray, "*_ row"] | None = None,
    offset: Float[np.ndarray, "*_ row"] | float = 0.0,
) -> tuple[Float[np.ndarray, "trial column"], Partial, Int[np.ndarray, "*_ trial"], Int[np.ndarray, "*_ trial"]]:
    """Coefficients of each trial by Newton steps, the partial likelihood there, status and steps."""
    spread = np.maximum(np.ptp(columns, axis=0), 1e-300)
    beta = np.zeros((trials, columns.shape[1]))

    def surface(points: np.ndarray, which: np.ndarray) -> Surface:
        # Risk sets are made for all trials at once, so all are evaluated.
        beta[which] = points
        with np.errstate(all="ignore"):
            there = partial(sets, columns, event, trial, beta, ties, weight, offset)
        return Surface(there.value[which], there.score[which], there.information[which])

    def move(points: np.ndarray, change: np.ndarray) -> np.ndarray:
        return np.clip(points + change, -2 * RUNAWAY / spread, 2 * RUNAWAY / spread)

    ended = climb(surface, beta, Rules(TOLERANCE, limit), move=move)
    with np.errstate(all="ignore"):
        latest = partial(sets, columns, event, trial, ended.point, ties, weight, offset)
        bread, _, fine = inverse(latest.information)
        errors = np.sqrt(np.diagonal(bread, axis1=-2, axis2=-1))
    number = np.bincount(trial, event, trials)
    status = np.where(ended.status == Status.NOT_FINITE, Status.SINGULAR, ended.status)
    status = np.where((status == Status.CONVERGED) & ~fine, Status.SINGULAR, status)
    status = np.where(separated(ended.point, errors, spread).any(axis=1), Status.SEPARATION, status)
    return ended.point, latest, np.where(number == 0, Status.NO_EVENTS, status), ended.steps


def fit_cox(
    table: pl.DataFrame,
    formula: str,
    *,
    time: str,
    event: str,
    entry: str = "",
    strata: Sequence[str] = (),
    cluster: str = "",
    weight: str = "",
    happened: Happened = None,
    ties: Ties = "efron",
) -> Fit:
    """Cox proportional-hazards regression.

    Args:
        table: one row a person, or a person's interval (counting process); rows with a missing value are excluded.
        formula: "~ age + arm".
        time: column of the end of follow-up.
        event: column that is true or 1 where it ended with the event, and false or 0 where it did not.
        entry: column of the start of follow-up; empty where everyone was there from the start.
        strata: columns whose combinations have baseline hazards of their own.
        cluster: column of people whose rows belong together in the sandwich; empty for each row on its own.
        weight: column of case weights [above 0]; a row of weight 2 counts as two people.
        happened: value of `event` that means it happened, for other codings.
        ties: "efron" or "breslow".

    Returns:
        The fit, with `arrays["null_log_likelihood"]`, martingale and score residuals.

    Raises:
        DataError: a column is missing, the coding of the event is not clear, or a row ends before it begins.
    """
    asked = CoxColumns(time, event, entry, tuple(strata), cluster, weight)
    read = read_cox(table, formula, asked, happened)
    labels, model = Columns(time, read.names), Cox(ties=ties)
    if read.fault:
        return failed(read.fault.status, model.parameters_of(labels), labels, model, read.record, NO_COURSE)
    fit = _single(read, ties)
    notes = read.record.notes
    if fit.status == Status.SEPARATION:
        spread, errors = np.ptp(read.columns, axis=0), fit.errors()
        named = [n for n, far in zip(read.names, separated(fit.estimates, errors, spread), strict=True) if far]
        notes = (*notes, f"{', '.join(named)} tells events from the others without exception.")
    record = replace(read.record, notes=notes)
    return replace(fit, parameters=model.parameters_of(labels), columns=labels, model=model, record=record)


def _single(read: CoxRows, ties: Ties) -> Fit:
    columns, event = read.columns, read.event
    center = columns.mean(axis=0)
    trial = np.zeros(len(event), dtype=int)
    sets = risk_sets(read.time, event, read.entry, read.stratum)
    null = partial(sets, columns - center, event, trial, np.zeros((1, columns.shape[1])), ties, read.weight)
    beta, found, status, steps = search(sets, columns - center, event, trial, 1, ties, weight=read.weight)
    bread = inverse(found.information)[0][0]
    scores = found.residuals
    if read.cluster is not None:
        scores = np.stack([np.bincount(read.cluster, column) for column in scores.T], axis=1)
    arrays = {
        "null_log_likelihood": np.array(null.value[0]),
        "martingale": found.martingale,
        "scores": found.residuals,
        "event_times": sets.time,
        "hazard": found.hazard * np.exp(-center @ beta[0]),
        "columns": columns,
        "time": read.time,
        "event": event,
    }
    further = {"entry": read.entry, "stratum": read.stratum, "weight": read.weight}
    arrays |= {name: value for name, value in further.items() if value is not None}
    return Fit(
        estimates=beta[0],
        covariance=bread,
        sandwich=bread @ (scores.T @ scores) @ bread,
        log_likelihood=found.value[0],
        status=status[0],
        steps=steps[0],
        arrays=arrays,
        parameters=tuple(Parameter(name) for name in read.names),
        columns=Columns("", read.names),
        model=Cox(ties=ties),
        record=read.record,
        course=NO_COURSE,
    )


@dataclass(frozen=True)
class _Stacked:
    """Rows of many trials, one under the other."""

    columns: Float[np.ndarray, "row column"]
    time: Float[np.ndarray, "*_ row"]
    event: Bool[np.ndarray, "*_ row"]
    trial: Int[np.ndarray, "*_ row"]
    entry: Float[np.ndarray, "*_ row"] | None
    stratum: Int[np.ndarray, "*_ row"] | None

    def sets(self) -> RiskSets:
        return risk_sets(self.time, self.event, self.entry, self.stratum, self.trial)

    def of(self, trials: Int[np.ndarray, " trial"]) -> _Stacked:
        """Rows of these trials, which are numbered anew from 0."""
        rows = np.flatnonzero(np.isin(self.trial, trials))
        return _Stacked(
            self.columns[rows],
            self.time[rows],
            self.event[rows],
            np.searchsorted(trials, self.trial[rows]),
            None if self.entry is None else self.entry[rows],
            None if self.stratum is None else self.stratum[rows],
        )


def _search_trials(
    rows: _Stacked, trials: int, ties: Ties
) -> tuple[Float[np.ndarray, "trial column"], Partial, Int[np.ndarray, "*_ trial"], Int[np.ndarray, "*_ trial"]]:
    """As `search`; after the first steps the few trials that need more go on alone."""
    sets = rows.sets()
    beta, found, status, steps = search(sets, rows.columns, rows.event, rows.trial, trials, ties, limit=FIRST)
    late = np.flatnonzero(status == Status.MAX_STEPS)
    if late.size:
        some = rows.of(late)
        beta[late], _, status[late], more = search(some.sets(), some.columns, some.event, some.trial, len(late), ties)
        steps[late] += more
        found = partial(sets, rows.columns, rows.event, rows.trial, beta, ties)
    return beta, found, status, steps


def fit_cox_trials(
    columns: Float[np.ndarray, "trial subject column"],
    time: Float[np.ndarray, "trial subject"],
    event: Bool[np.ndarray, "trial subject"],
    names: Sequence[str],
    entry: Float[np.ndarray, "trial subject"] | None = None,
    stratum: Int[np.ndarray, "trial subject"] | None = None,
    ties: Ties = "efron",
) -> Fit:
    """Cox regressions of many trials as one program; each has its own status.

    Args:
        columns: covariates.
        time: end of follow-up.
        event: whether it ended with the event.
        names: names of the covariates.
        entry: start of follow-up, None for none delayed.
        stratum: baseline hazard each person follows within the trial.
        ties: "efron" or "breslow".
    """
    trials, people, width = columns.shape
    trial = np.repeat(np.arange(trials), people)
    begin = None if entry is None else entry.ravel()
    level = None if stratum is None else stratum.ravel()
    centered = (columns - columns.mean(axis=1, keepdims=True)).reshape(-1, width)
    stacked = _Stacked(centered, time.ravel(), event.ravel(), trial, begin, level)
    beta, found, status, steps = _search_trials(stacked, trials, ties)
    bread, _, fine = inverse(found.information)
    meat = _squares(found.residuals, found.residuals, trial, trials)
    status = np.where((status == Status.CONVERGED) & ~fine, Status.SINGULAR, status)
    labels, model = Columns("time", tuple(names)), Cox(ties=ties)
    return Fit(
        estimates=beta,
        covariance=bread,
        sandwich=bread @ meat @ bread,
        log_likelihood=found.value,
        status=status,
        steps=steps,
        parameters=model.parameters_of(labels),
        columns=labels,
        model=model,
        record=Record("ml", people, people),
        course=NO_COURSE,
    )
