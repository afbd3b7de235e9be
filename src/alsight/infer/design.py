"""A long table of visits and a formula become arrays; every fault of the design is found and named here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax.numpy as jnp
import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri

from alsight.base.errors import DataError, Fault
from alsight.base.status import Status
from alsight.infer.faults import DesignProblem, fatal_of, notes_of, problems_of
from alsight.infer.formulas import Encoding, coded, known, levels_of, matrix, names_in, parse_encoding, split
from alsight.models.model import Columns, Record, Visits


@dataclass(frozen=True)
class DesignRows:
    """A long table as arrays, subject after subject; `visits` is the same, padded.

    Attributes:
        outcome: measured value, 0 where not seen.
        fixed: design of the population's course.
        random: design of a subject's departure.
        noise: design of the log residual SD.
        observed: whether the row has an outcome.
        slot: planned visit, counted from 0; position within the subject where none is named.
        weight: precision weight.
        group: covariance stratum of each subject.
        start: first row of each subject, and the number of rows at the end.
        subjects: identifiers.
        columns: names.
        encoding: how it was made.
        dropped: rows excluded because a value was missing.
        problems: faults of the design.
        table: the rows as given, in the arrays' order.
    """

    outcome: Float[np.ndarray, "*_ row"]
    fixed: Float[np.ndarray, "row fixed"]
    random: Float[np.ndarray, "row random"]
    noise: Float[np.ndarray, "row noise"]
    observed: Bool[np.ndarray, "*_ row"]
    slot: Int[np.ndarray, "*_ row"]
    weight: Float[np.ndarray, "*_ row"]
    group: Int[np.ndarray, "*_ subject"]
    start: Int[np.ndarray, "*_ edge"]
    subjects: pl.Series
    columns: Columns
    encoding: Encoding
    dropped: int
    problems: tuple[DesignProblem, ...]
    table: pl.DataFrame

    @cached_property
    def owner(self) -> Int[np.ndarray, "*_ row"]:
        """Subject of each row, counted from 0."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    @cached_property
    def visits(self) -> Visits:
        """The rows padded to the largest number of visits a subject has."""
        counts = np.diff(self.start)
        width = int(counts.max(initial=1))
        index = np.arange(len(self.owner)) - self.start[self.owner]

        def pad(values: np.ndarray, blank: float = 0) -> np.ndarray:
            padded = np.full((len(counts), width, *values.shape[1:]), blank, dtype=values.dtype)
            padded[self.owner, index] = values
            return padded

        arrays = (pad(self.outcome), pad(self.fixed), pad(self.random), pad(self.noise))
        rest = (pad(self.observed, blank=False), pad(self.slot, -1), self.group, pad(self.weight, 1.0))
        return Visits(*(jnp.asarray(array) for array in (*arrays, *rest)))

    @property
    def fatal(self) -> DesignProblem | None:
        """The first fault that forbids a fit, if any."""
        return fatal_of(self.problems)

    def record(self, method: str) -> Record:
        """Counts and notes for the fit made from these rows."""
        left_out = f"{self.dropped} of {self.dropped + len(self.outcome)}" if self.dropped else ""
        notes = notes_of(self.problems, left_out)
        return Record(method, len(self.subjects), len(self.outcome), self.dropped, notes, self.encoding.dump())

    def unpad(self, padded: Mapping[str, Any], level: float) -> pl.DataFrame:
        """The rows as given, with a mean and its intervals from padded means and SDs."""
        index = np.arange(len(self.owner)) - self.start[self.owner]
        values = {name: np.asarray(array)[self.owner, index] for name, array in padded.items()}
        width = float(ndtri(0.5 + level / 2))
        mean, course, observed = values["mean"], values["sd_course"], values["sd_seen"]
        return self.table.with_columns(
            mean=mean,
            low=mean - width * course,
            high=mean + width * course,
            low_seen=mean - width * observed,
            high_seen=mean + width * observed,
        )

    def fill(self, padded: np.ndarray) -> pl.DataFrame:
        """The rows as given, the outcome replaced by padded values."""
        index = np.arange(len(self.owner)) - self.start[self.owner]
        return self.table.with_columns(pl.Series(self.encoding.outcome, padded[self.owner, index]))


def design(
    table: pl.DataFrame,
    formula: str,
    *,
    subject: str = "subject",
    random: str = "",
    noise: str = "",
    visit: str = "",
    group: str = "",
    weight: str = "",
    further: Sequence[str] = (),
) -> DesignRows:
    """Arrays of a long table, one row a visit; rows with a missing value are excluded and counted.

    Args:
        table: one row a visit, any numeric outcome.
        formula: "outcome ~ terms", as in formulaic.
        subject: column that tells people apart.
        random: formula of a subject's own departure ("~ month": intercept and slope).
        noise: formula of the log residual SD ("~ arm").
        visit: column of planned visits, for models whose covariance is by visit.
        group: column whose levels have their own covariance.
        weight: column of precision weights [above 0].
        further: columns of numbers that are kept with the rows.

    Raises:
        DataError: a column is missing or is of the wrong kind, or the formula cannot be read.
    """
    outcome, fixed = split(formula)
    encoding = Encoding(outcome, fixed, random, noise, subject, visit, group, weight)
    named = {*names_in(fixed), *names_in(random), *names_in(noise), *names_in(outcome)}
    used = sorted({*named, *further, subject} | {name for name in (visit, group, weight) if name})
    _refuse_strangers(table, used)
    for name in further:
        if not table.schema[name].is_numeric():
            raise _fault("not_numeric", name, f"{name} is no number.", "Give a numeric column.")
    whole = table.select(used)
    complete = whole.filter(pl.all_horizontal(known(whole, name) for name in used))
    accepted = _by_subject(complete, subject)
    if weight:
        refuse_weights(accepted, weight, subject)
    levels = levels_of(accepted, {*named, visit, group} - {""})
    if visit and visit not in levels:
        levels[visit] = [str(value) for value in accepted[visit].unique().sort().to_list()]
    rows = _rows(accepted, replace(encoding, levels=levels), table.height - accepted.height)
    return replace(rows, problems=(*_silent(whole, accepted, subject, outcome), *_faults(rows)))


def encode(encoding: str, table: pl.DataFrame) -> DesignRows:
    """A new table coded as the fit's was; rows without an outcome are kept, as not seen.

    Rows without a person, a time or a covariate, or where one is infinite, are excluded.

    Raises:
        DataError: a column is missing or a level was never seen.
    """
    plan = parse_encoding(encoding)
    named = {*names_in(plan.fixed), *names_in(plan.random), *names_in(plan.noise), plan.subject}
    used = sorted(named | {name for name in (plan.visit, plan.group) if name})
    _refuse_strangers(table, used)
    accepted = _by_subject(table.filter(pl.all_horizontal(_finite(table, name) for name in used)), plan.subject)
    if plan.outcome not in accepted.columns:
        accepted = accepted.with_columns(pl.lit(None, dtype=pl.Float64).alias(plan.outcome))
    return _rows(accepted, plan, 0)


def _rows(accepted: pl.DataFrame, encoding: Encoding, dropped: int) -> DesignRows:
    ready = _coded(accepted, encoding)
    formulas = (encoding.fixed, encoding.random, encoding.noise)
    designs = [matrix(ready, formula, encoding.state.get(formula, {})) for formula in formulas]
    (fixed, fixed_names, _), (random, random_names, _), (noise, noise_names, _) = designs
    values = _outcome(ready, encoding.outcome)
    there = np.isfinite(values)
    start, edges, slot, group = _positions(accepted, ready, encoding)
    weight = (
        accepted[encoding.weight].to_numpy().astype(float)
        if encoding.weight in accepted.columns
        else np.ones(accepted.height)
    )
    columns = Columns(
        encoding.outcome,
        fixed_names,
        tuple(_effect(name) for name in random_names),
        noise_names,
        tuple(encoding.levels.get(encoding.visit, ())),
        tuple(encoding.levels.get(encoding.group, ("all",))),
    )
    state = {formula: remembered for formula, (_, _, remembered) in zip(formulas, designs, strict=True)}
    return DesignRows(
        np.where(there, values, 0.0),
        fixed,
        random,
        noise,
        there,
        slot,
        weight,
        group,
        edges,
        accepted[encoding.subject].gather(start),
        columns,
        replace(encoding, state=state),
        dropped,
        (),
        accepted,
    )


def _coded(accepted: pl.DataFrame, encoding: Encoding) -> pl.DataFrame:
    ready = coded(accepted, {name: known for name, known in encoding.levels.items() if name != encoding.visit})
    if not encoding.visit:
        return ready
    labels = ready.with_columns(pl.col(encoding.visit).cast(pl.String))
    return coded(labels, {encoding.visit: encoding.levels[encoding.visit]})


def _positions(
    accepted: pl.DataFrame, ready: pl.DataFrame, encoding: Encoding
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    # First row of each subject, these with the number of rows, each row's planned visit, and each subject's stratum.
    runs = accepted[encoding.subject].rle_id().to_numpy()
    start = np.flatnonzero(np.r_[True, np.diff(runs) != 0]) if accepted.height else np.empty(0, dtype=int)
    edges = np.r_[start, accepted.height]
    slot = np.arange(accepted.height) - np.repeat(start, np.diff(edges))
    if encoding.visit:
        slot = ready[encoding.visit].to_physical().to_numpy().astype(int)
    group = np.zeros(len(start), dtype=int)
    if encoding.group:
        group = ready[encoding.group].to_physical().to_numpy()[start].astype(int)
    return start, edges, slot, group


def _outcome(table: pl.DataFrame, outcome: str) -> Float[np.ndarray, "*_ row"]:
    if outcome in table.columns:
        column = table[outcome]
        if not (column.dtype.is_numeric() or isinstance(column.dtype, (pl.Boolean, pl.Null))):
            raise _fault("not_numeric", outcome, f"The outcome {outcome} is no number.", "Give a numeric column.")
        return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return matrix(table, f"0 + {outcome}", {})[0][:, 0]


def _effect(name: str) -> str:
    return "intercept" if name == "Intercept" else name


def _finite(table: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name).is_not_null() & (pl.col(name).is_finite() if table.schema[name].is_float() else True)


def _by_subject(table: pl.DataFrame, subject: str) -> pl.DataFrame:
    # Already grouped tables (the usual case) are left as they are; sorting keeps the order within a person.
    runs = table[subject].rle_id().max()
    if runs is None or int(runs) + 1 == table[subject].n_unique():  # type: ignore[arg-type]
        return table
    return table.sort(subject, maintain_order=True)


def _refuse_strangers(table: pl.DataFrame, used: list[str]) -> None:
    missing = [name for name in used if name not in table.columns]
    if missing:
        raise DataError(
            [
                Fault(
                    table="visits",
                    rule="no_column",
                    column=name,
                    message=f"There is no column {name}.",
                    how_to_fix=f"Name one of {', '.join(table.columns[:20])}.",
                )
                for name in missing
            ]
        )


def _fault(rule: str, column: str, message: str, how_to_fix: str) -> DataError:
    return DataError([Fault(table="visits", rule=rule, column=column, message=message, how_to_fix=how_to_fix)])


def refuse_weights(table: pl.DataFrame, weight: str, subject: str = "") -> None:
    """Stops at the first weight that is no number above 0.

    Raises:
        DataError: with the column, the value and whose it is.
    """
    how_to_fix = f"Give numbers above 0 in {weight}, or exclude these rows."
    if not table.schema[weight].is_numeric():
        raise _fault("not_numeric", weight, f"The weights {weight} are no numbers.", how_to_fix)
    values = table[weight].cast(pl.Float64)
    wrong = table.filter(~(values > 0) | values.is_infinite())
    if wrong.height:
        whose = f" of {subject} {wrong[subject][0]}" if subject else ""
        message = f"{weight} holds {wrong[weight][0]:g}{whose}: {wrong.height} weights are not above 0."
        raise _fault("bad_weight", weight, message, how_to_fix)


def _silent(whole: pl.DataFrame, accepted: pl.DataFrame, subject: str, outcome: str) -> tuple[DesignProblem, ...]:
    lost = whole[subject].drop_nulls().n_unique() - accepted[subject].n_unique()
    if not lost:
        return ()
    gone = whole[subject].drop_nulls().unique(maintain_order=True)
    names = gone.filter(~gone.is_in(accepted[subject].unique().implode())).head(5).to_list()
    listed = ", ".join(str(name) for name in names) + (" ..." if lost > len(names) else "")
    message = f"{lost} subjects have no complete row with {outcome} and were excluded: {listed}."
    return (DesignProblem(Status.TOO_FEW_DATA, message, fatal=False),)


def _faults(rows: DesignRows) -> tuple[DesignProblem, ...]:
    columns = rows.columns
    if not rows.observed.all():
        return (DesignProblem(Status.NOT_FINITE, f"{columns.outcome} holds a value that is infinite."),)
    return problems_of(
        rows.outcome, rows.fixed, rows.random, rows.start, (columns.outcome, columns.fixed, columns.random)
    )
