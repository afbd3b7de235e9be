"""Fit: what fitting any model returns; one fit or a batch of them, with how each ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import jax
import msgspec
import numpy as np
import polars as pl
from jaxtyping import Float, Int
from scipy.special import ndtr, ndtri

from alsight.base.errors import NotConverged, SpecError
from alsight.base.provenance import Provenance
from alsight.base.status import ADVICE, Status
from alsight.infer.design import encode
from alsight.infer.store import write_store
from alsight.models.catalogue import model_name, to_plain
from alsight.models.model import Columns, Parameter, Record, Scale, Visits

FORMAT = 2
"""Version of the file that `save` writes; `load` refuses a newer one."""

INSIDE: Final = 1e-6
"""How far correlations at a boundary are drawn in, and least SD, so that there is a factor to predict with."""


@dataclass(frozen=True)
class CourseFunctions:
    """How the fits of a model answer about a course over visits; both None where the model says nothing of one.

    Attributes:
        predict: (fit, table, level) to the table with predictions.
        simulate: (fit, key, table) to the table with new outcomes.
        people: whether both take a table of people beside the visits.
    """

    predict: Callable[..., pl.DataFrame] | None = None
    simulate: Callable[..., pl.DataFrame] | None = None
    people: bool = False


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Fit:
    """Estimates with their uncertainty. Array fields start `*batch`; a single fit has no batch axes.

    Attributes:
        estimates: natural values, in the order of `parameters`.
        covariance: inverse of the observed information; nan rows for parameters at a boundary.
        sandwich: robust covariance from subjects' scores; nan where the engine gives none for a parameter.
        log_likelihood: at the estimates (restricted, under REML).
        status: a `Status` value for each fit.
        steps: steps of the optimizer.
        arrays: further results by name ("effects", "pieces" for degrees of freedom, "draws" ...).
        parameters: names, scales and units.
        columns: names of the design's columns.
        model: the model that was fitted.
        record: method, counts and notes.
        plan: how a table was read, where the design's encoding in `record` does not say it; None elsewhere.
        course: functions of the model that predict and simulate.
        provenance: how the input was made, where a verb made it.
    """

    estimates: Float[np.ndarray, "*batch parameter"]
    covariance: Float[np.ndarray, "*batch parameter parameter"]
    sandwich: Float[np.ndarray, "*batch parameter parameter"]
    log_likelihood: Float[np.ndarray, "*batch"] | np.float64
    status: Int[np.ndarray, "*batch"] | np.int64
    steps: Int[np.ndarray, "*batch"] | np.int64
    arrays: dict[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    parameters: tuple[Parameter, ...] = field(metadata={"static": True})
    columns: Columns = field(metadata={"static": True})
    model: Any = field(metadata={"static": True})
    record: Record = field(metadata={"static": True})
    plan: Any = field(default=None, metadata={"static": True})
    course: CourseFunctions = field(default_factory=lambda: BY_ROWS, metadata={"static": True})
    provenance: Provenance | None = field(default=None, metadata={"static": True})

    def __post_init__(self) -> None:
        """CONVERGED is what a fit calls itself only with finite estimates and errors of all that was estimated."""
        arrays: tuple[Any, ...] = (self.estimates, self.covariance)
        if all(isinstance(array, np.ndarray) for array in arrays):
            object.__setattr__(self, "status", self._vouched())

    def _vouched(self) -> Int[np.ndarray, "*batch"] | np.int64:
        held = getattr(self.model, "held", ())
        free = np.array([parameter.name not in held for parameter in self.parameters], dtype=bool)
        if self.covariance.shape[-1:] != free.shape:
            return self.status
        diagonal = np.diagonal(self.covariance, axis1=-2, axis2=-1)
        fine = np.isfinite(self.estimates) & np.isfinite(diagonal) & (diagonal > 0)
        lies = (np.asarray(self.status) == Status.CONVERGED) & ~(fine | ~free).all(axis=-1)
        return np.where(lies, int(Status.SINGULAR), self.status) if lies.any() else self.status

    @property
    def names(self) -> tuple[str, ...]:
        """Printed names of the parameters."""
        return tuple(parameter.name for parameter in self.parameters)

    def __getitem__(self, name: str) -> Float[np.ndarray, "*batch"] | np.float64:
        """The estimate of one parameter by its printed name."""
        return self.estimates[..., self.names.index(name)]

    def errors(self, *, robust: bool = False) -> Float[np.ndarray, "*batch parameter"]:
        """Standard errors; nan where none can be given."""
        square = self.sandwich if robust else self.covariance
        diagonal = np.diagonal(square, axis1=-2, axis2=-1)
        return np.sqrt(np.where(diagonal > 0, diagonal, np.nan))

    def table(self, level: float = 0.95, *, robust: bool = False) -> pl.DataFrame:
        """One row a parameter (and a fit): estimate, standard error, interval, z and p.

        Intervals are made on the parameter's own scale: standard deviations on the log, correlations on the inverse
        hyperbolic tangent. For small samples ask `degrees` for t or F tests of the coefficients.

        Args:
            level: coverage asked of the interval, between 0 and 1.
            robust: use the sandwich covariance.
        """
        errors = self.errors(robust=robust)
        scales = [parameter.scale for parameter in self.parameters]
        low, high = intervals(self.estimates, errors, scales, level)
        test = np.array([scale == Scale.IDENTITY for scale in scales])
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(test, self.estimates / errors, np.nan)
        batch = self.estimates.shape[:-1]
        count = len(self.parameters)
        fits = np.repeat(np.arange(int(np.prod(batch, dtype=int))), count)
        frame = pl.DataFrame(
            {
                "fit": fits,
                "parameter": np.tile(np.array(self.names), len(fits) // max(count, 1)),
                "estimate": self.estimates.ravel(),
                "standard_error": errors.ravel(),
                "low": low.ravel(),
                "high": high.ravel(),
                "z": z.ravel(),
                "p": (2 * ndtr(-np.abs(z))).ravel(),
                "status": np.array([Status(int(s)).name.lower() for s in np.repeat(self.status.ravel(), count)]),
            }
        )
        return frame if batch else frame.drop("fit")

    def check(self, *, boundary: bool = False) -> Fit:
        """The fit itself, if it can vouch for its numbers.

        Args:
            boundary: accept a variance estimated as zero.

        Raises:
            NotConverged: with what happened, to how many fits, and what to do.
        """
        fine = {Status.CONVERGED, Status.BOUNDARY} if boundary else {Status.CONVERGED}
        found = {
            Status(int(value)): int(number)
            for value, number in zip(*np.unique(self.status, return_counts=True), strict=True)
        }
        wrong = {status: number for status, number in found.items() if status not in fine}
        if wrong:
            total = int(np.size(self.status))
            lines = [
                f"{status.name.lower().replace('_', ' ')}"
                + (f" ({number} of {total} fits)" if total > 1 else "")
                + f": {ADVICE[status]}"
                for status, number in wrong.items()
            ]
            raise NotConverged("\n".join([*lines, *self.record.notes]))
        return self

    def predict(self, table: pl.DataFrame, level: float = 0.95, *, people: pl.DataFrame | None = None) -> pl.DataFrame:
        """The course of new or known subjects, from what of them was seen; the same for every model of a course.

        Rows with an outcome inform their subject's prediction; rows without one are only predicted. `mean` is the
        subject's true course, `low` and `high` hold it, `low_seen` and `high_seen` hold a new measurement.
        Uncertainty of the estimates is not added. Rows without a time or a covariate are excluded. A joint fit adds
        `survival`, from when the person was last known to be alive until the row.

        Args:
            table: one row a visit, with the columns of the fit; for items the total is predicted.
            level: coverage asked of the intervals, between 0 and 1.
            people: joint fits only: one row a person with the hazard's covariates and, where it is later than the
                last measurement, `landmark`, when the person was last known to be alive.

        Raises:
            DataError: a column is missing or a level was never seen.
            NotConverged: the fit ended neither converged nor at a boundary.
            SpecError: a batch of fits, a level outside 0 to 1, or a model without a course.
        """
        if not 0 < level < 1:
            raise SpecError([("level", "a number between 0 and 1", level)])
        predict, tables = self._answering(self.course.predict, people)
        return predict(self, table, level, **tables)

    def simulate(self, key: jax.Array, table: pl.DataFrame, *, people: pl.DataFrame | None = None) -> pl.DataFrame:
        """New outcomes for the rows of a table from new subjects, at the estimates; the key decides every number.

        A joint fit adds when each person's follow-up ended and by what; there are no outcomes after that.

        Args:
            key: of JAX.
            table: one row a visit, with the columns of the fit.
            people: joint fits only: one row a person with the hazard's covariates.

        Raises:
            DataError: a column is missing or a level was never seen.
            NotConverged: the fit ended neither converged nor at a boundary.
            SpecError: a batch of fits, or a model without a course.
        """
        simulate, tables = self._answering(self.course.simulate, people)
        return simulate(self, key, table, **tables)

    def _answering(
        self, function: Callable[..., pl.DataFrame] | None, people: pl.DataFrame | None
    ) -> tuple[Callable[..., pl.DataFrame], dict[str, pl.DataFrame]]:
        """The model's function and the tables it takes beside the visits, once it is known that this fit can answer."""
        name = model_name(self.model)
        if function is None:
            raise SpecError([("fit", "a model of a course over visits", name)])
        if self.estimates.ndim > 1:
            raise SpecError([("fit", "one fit", f"a batch of {len(self.estimates)}")])
        if people is not None and not self.course.people:
            raise SpecError([("people", f"none: {name} reads visits only", f"{people.height} rows")])
        self.check(boundary=True)
        return function, {} if people is None else {"people": people}

    def save(self, path: Path | str) -> Path:
        """Write the fit as one `.npz` file of arrays and JSON (no pickle)."""
        plain = {
            "format": FORMAT,
            "parameters": [asdict(parameter) for parameter in self.parameters],
            "columns": asdict(self.columns),
            "model": to_plain(self.model),
            "record": asdict(self.record),
            "plan": None if self.plan is None else asdict(self.plan),
            "provenance": None if self.provenance is None else msgspec.to_builtins(self.provenance),
        }
        store = {name: np.asarray(getattr(self, name)) for name in ARRAYS}
        store |= {f"arrays/{name}": np.asarray(value) for name, value in self.arrays.items()}
        return write_store(path, plain, store)


ARRAYS: Final = ("estimates", "covariance", "sandwich", "log_likelihood", "status", "steps")
"""Fields of `Fit` that are arrays."""


def predict_by_rows(fit: Fit, table: pl.DataFrame, level: float) -> pl.DataFrame:
    """Normal predictions of models whose rows follow from a design."""
    rows = encode(fit.record.encoding, table)
    mean, course, observed = _predicted(fit.columns, fit.model, *_working(fit, rows.visits))
    return rows.unpad({"mean": mean, "sd_course": course, "sd_seen": observed}, level)


def simulate_by_rows(fit: Fit, key: jax.Array, table: pl.DataFrame) -> pl.DataFrame:
    """New outcomes of models whose rows follow from a design."""
    rows = encode(fit.record.encoding, table)
    drawn = _drawn(fit.columns, fit.model, key, *_working(fit, rows.visits))
    return rows.fill(np.asarray(drawn))


# One program a model, design and shape: run line by line, every call would trace and compile its loops anew.
@partial(jax.jit, static_argnames=("columns", "model"))
def _predicted(columns: Columns, model: Any, supplied: Any, visits: Visits) -> tuple[jax.Array, jax.Array, jax.Array]:
    return model.predict(columns, supplied, visits)


@partial(jax.jit, static_argnames=("columns", "model"))
def _drawn(columns: Columns, model: Any, key: jax.Array, supplied: Any, visits: Visits) -> jax.Array:
    return model.simulate(columns, key, supplied, visits)


def _working(fit: Fit, visits: Visits) -> tuple[Float[np.ndarray, " parameter"], Visits]:
    """Parameters and design in the columns in which the fit was made, where an offset of time cancels nothing."""
    if "working_estimates" not in fit.arrays:
        return _inside(fit, fit.estimates), visits
    fixed = visits.fixed @ fit.arrays["working_fixed"]
    turn = fit.arrays.get("working_random")
    random = visits.random if turn is None else visits.random @ turn
    return _inside(fit, fit.arrays["working_estimates"]), replace(visits, fixed=fixed, random=random)


def _inside(fit: Fit, values: Float[np.ndarray, " parameter"]) -> Float[np.ndarray, " parameter"]:
    """Parameters drawn in a little where they lie at a boundary: a correlation of 1, an SD of 0."""
    if fit.status != Status.BOUNDARY:
        return values
    scales = [parameter.scale for parameter in fit.parameters]
    size = np.array([scale == Scale.LOG for scale in scales])
    half = np.array([scale == Scale.ATANH for scale in scales])
    drawn_in = np.where(half, (1 - INSIDE) * np.clip(np.nan_to_num(values), -1, 1), values)
    return np.where(size, np.maximum(drawn_in, INSIDE), drawn_in)


BY_ROWS: Final = CourseFunctions(predict_by_rows, simulate_by_rows)
"""Linear, marginal, sigmoid and mixture models: one design row a visit."""
NO_COURSE: Final = CourseFunctions()
"""Models that say nothing of a course over visits."""


def failed(
    status: Status,
    parameters: tuple[Parameter, ...],
    columns: Columns,
    model: Any,
    record: Record,
    course: CourseFunctions | None = None,
) -> Fit:
    """A fit that could not be made: every number nan, the status and the notes say why."""
    count = len(parameters)
    square = np.full((count, count), np.nan)
    return Fit(
        estimates=np.full(count, np.nan),
        covariance=square,
        sandwich=square.copy(),
        log_likelihood=np.array(np.nan),
        status=np.array(int(status)),
        steps=np.array(0),
        parameters=parameters,
        columns=columns,
        model=model,
        record=record,
        course=BY_ROWS if course is None else course,
    )


def join(parts: list[Fit]) -> Fit:
    """Batches of the same model as one batch."""

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    arrays = {name: np.concatenate([part.arrays[name] for part in parts]) for name in parts[0].arrays}
    return replace(
        parts[0],
        estimates=joined("estimates"),
        covariance=joined("covariance"),
        sandwich=joined("sandwich"),
        log_likelihood=joined("log_likelihood"),
        status=joined("status"),
        steps=joined("steps"),
        arrays=arrays,
    )


def intervals(
    estimates: Float[np.ndarray, "*batch parameter"],
    errors: Float[np.ndarray, "*batch parameter"],
    scales: list[Scale],
    level: float,
) -> tuple[Float[np.ndarray, "*batch parameter"], Float[np.ndarray, "*batch parameter"]]:
    """Wald intervals, each made on its parameter's scale and brought back; nan where the error is nan."""
    width = float(ndtri(0.5 + level / 2))
    log = np.array([scale == Scale.LOG for scale in scales])
    arc = np.array([scale == Scale.ATANH for scale in scales])
    with np.errstate(all="ignore"):
        moved = np.where(log, np.log(estimates), np.where(arc, np.arctanh(estimates), estimates))
        step = width * np.where(log, errors / estimates, np.where(arc, errors / (1 - estimates**2), errors))
        ends = (moved - step, moved + step)
        low, high = (np.where(log, np.exp(end), np.where(arc, np.tanh(end), end)) for end in ends)
    return low, high


def with_notes(fit: Fit, *notes: str) -> Fit:
    """The same fit with further sentences for its reader."""
    return replace(fit, record=replace(fit.record, notes=(*fit.record.notes, *notes)))
