"""How tables become a joint model's arrays: kept with the fit, so that new people are coded as those fitted."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import numpy as np
import polars as pl
from jaxtyping import Float

from alsight.base.errors import DataError, Fault
from alsight.infer.design import DesignRows
from alsight.infer.fit import Fit
from alsight.infer.formulas import coded, known, levels_of, matrix, names_in
from alsight.infer.joint.parameters import JointLayout
from alsight.infer.survival.coding import Happened, causes_of, numbers


@dataclass(frozen=True)
class JointPlan:
    """Columns, formula and levels of the hazards, and the sizes of the parameter vector.

    Attributes:
        subject: column that tells people apart.
        time: time column of the visits.
        hazard: formula of the hazards' covariates, empty for none.
        levels: categories of text columns, the reference first.
        layout: sizes of the parameter blocks.
        end: column of the end of follow-up.
        event: column of the event that ended it.
        entry: column of the delayed entry, empty for none.
    """

    subject: str
    time: str
    hazard: str
    levels: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    layout: tuple[int, ...] = ()
    end: str = "end"
    event: str = "event"
    entry: str = ""

    def covariates(self, people: pl.DataFrame) -> Float[np.ndarray, "subject covariate"]:
        """Design of the hazards' covariates, without an intercept.

        Raises:
            DataError: a column is missing or a level was never seen.
        """
        return self.named_covariates(people)[0]

    def named_covariates(self, people: pl.DataFrame) -> tuple[Float[np.ndarray, "subject covariate"], tuple[str, ...]]:
        """The same with the columns' names."""
        if not self.hazard:
            return np.empty((people.height, 0)), ()
        whole, called, _ = matrix(coded(people, self.levels), self.hazard, {})
        accepted = [index for index, name in enumerate(called) if name != "Intercept"]
        return whole[:, accepted], tuple(called[index] for index in accepted)


def layout_of(fit: Fit) -> JointLayout:
    """Where each block of a joint fit's working vector lies."""
    return JointLayout(*fit.plan.layout)


@dataclass(frozen=True)
class JointFollowUp:
    """Follow-up of the subjects of the course, in their order.

    Attributes:
        end: end of follow-up.
        entry: time from which the person was under observation; 0 for all without delayed entry.
        cause: 0 censored, 1 ... the cause of the event that ended it.
        covariates: baseline covariates of the hazards, centered.
        names: their names.
        centers: what was subtracted.
        levels: categories of the covariates' text columns.
    """

    end: Float[np.ndarray, " subject"]
    entry: Float[np.ndarray, " subject"]
    cause: Float[np.ndarray, " subject"]
    covariates: Float[np.ndarray, "subject covariate"]
    names: tuple[str, ...]
    centers: Float[np.ndarray, " covariate"]
    levels: dict[str, list[str]]

    @property
    def causes(self) -> int:
        """Number of causes; 1 even where nothing happened."""
        return max(int(self.cause.max(initial=1)), 1)


def follow_up(
    people: pl.DataFrame,
    rows: DesignRows,
    hazard: str,
    *,
    end: str,
    event: str,
    entry: str,
    happened: Happened = None,
) -> JointFollowUp:
    """Follow-up and covariates of everyone with a visit, from a table with one row a person.

    Raises:
        DataError: a column is missing, a person has no follow-up or two that differ, times make no sense, or the
            coding of the events is not clear.
    """
    subject = rows.encoding.subject
    requested = [name for name in (subject, end, event, entry, *names_in(hazard)) if name]
    missing = [name for name in requested if name not in people.columns]
    if missing:
        raise DataError([_fault("no_column", name, f"The table of people has no column {name}.") for name in missing])
    order = pl.DataFrame({subject: rows.subjects})
    table = people.select(requested).unique(maintain_order=True)
    _refuse_contradictions(table, subject)
    joined = order.join(table, on=subject, how="left", maintain_order="left")
    lacking = {name: joined.filter(~known(joined, name)) for name in requested}
    faults = [
        _fault("no_value", name, f"{part.height} people with visits have no {name}; the first is {part[subject][0]}.")
        for name, part in lacking.items()
        if part.height
    ]
    if faults:
        raise DataError(faults)
    unclear: list[Fault] = []
    cause = np.zeros(joined.height)
    try:
        cause = causes_of(joined[event], happened)
    except DataError as error:
        unclear = [msgspec.structs.replace(fault, table="people") for fault in error.faults]
    last = numbers(joined, end, "people")
    first = numbers(joined, entry, "people") if entry else np.zeros(len(last))
    checks = [
        ("no_time", end, ~(last > 0), "a follow-up that is not above 0"),
        ("late_entry", entry, bool(entry) & ~((first >= 0) & (first < last)), "an entry not between 0 and the end"),
    ]
    faults = [
        _fault(rule, name, f"{int(bad.sum())} people have {what}; the first is {joined[subject][int(np.argmax(bad))]}.")
        for rule, name, bad, what in checks
        if bad.any()
    ]
    if faults or unclear:
        raise DataError([*faults, *unclear])
    levels = levels_of(joined, set(names_in(hazard)))
    covariates, names = JointPlan(subject, "", hazard, levels).named_covariates(joined)
    centers = covariates.mean(axis=0)
    return JointFollowUp(last, first, cause, covariates - centers, names, centers, levels)


def _refuse_contradictions(table: pl.DataFrame, subject: str) -> None:
    twice = table.filter(pl.col(subject).is_not_null() & pl.col(subject).is_duplicated())
    if not twice.height:
        return
    who = twice[subject][0]
    rows = twice.filter(pl.col(subject) == who)
    names = [name for name in table.columns if name != subject and rows[name].n_unique() > 1]
    raise DataError(
        [
            _fault(
                "contradiction",
                names[0],
                f"Person {who} has {rows.height} rows that differ in {', '.join(names)}; so have "
                f"{twice[subject].n_unique() - 1} further people.",
            )
        ]
    )


def refuse_late_visits(rows: DesignRows, time: str, end: Float[np.ndarray, " subject"]) -> None:
    """Stops where a value was measured after its person's follow-up ended.

    Raises:
        DataError: naming the first such person.
    """
    when = rows.table[time].cast(pl.Float64).to_numpy()
    late = when > end[rows.owner] * (1 + 1e-9)
    if late.any():
        spot = int(np.argmax(late))
        who = rows.subjects[int(rows.owner[spot])]
        message = (
            f"Person {who} has a visit at {when[spot]:g}, after the end of follow-up at {end[rows.owner[spot]]:g}; "
            f"{int(late.sum())} visits are so late."
        )
        how_to_fix = "Correct the end of follow-up, or exclude these visits."
        raise DataError([Fault(table="visits", rule="after_end", column=time, message=message, how_to_fix=how_to_fix)])


def _fault(rule: str, column: str, message: str) -> Fault:
    how_to_fix = "Give one row a person with a time above 0 and an event of 0, 1, 2 ..."
    return Fault(table="people", rule=rule, column=column, message=message, how_to_fix=how_to_fix)
