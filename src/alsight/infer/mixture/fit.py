"""Fit a mixture of classes to a table of visits, and tell who is likely in which class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import polars as pl
from jax.scipy.special import logsumexp

from alsight.base.errors import DataError, Fault, SpecError
from alsight.base.status import Status
from alsight.infer.design import DesignRows, design, encode
from alsight.infer.faults import DesignProblem, problems_of
from alsight.infer.fit import Fit, failed, with_notes
from alsight.infer.gaussian.estimate import fit_rows
from alsight.infer.maximize import Optimum, covariances, maximize
from alsight.infer.mixture.rounds import rounds
from alsight.infer.mixture.starts import starts
from alsight.models.catalogue import model_name
from alsight.models.latent.mixture import Mixture, MixtureValues, Sums, sums
from alsight.models.latent.velocity import Velocity
from alsight.models.linear import Linear
from alsight.models.model import Columns

FEW = 600
"""People among whom the starts are compared, about; all of them where there are not twice as many."""
ROUGH = 1e-2
"""Promised rise of the log likelihood at which a start has been followed far enough to be compared."""
LIMIT = 60
"""Most steps of one search."""
SAME = 0.5
"""Difference of log likelihood within which two starts count as having found the same maximum."""
NO_SPREAD = 1e-3
"""SD of a random effect relative to the residual SD that counts as zero, in units of the outcome."""


@dataclass(frozen=True)
class _MixtureTask:
    """What one fit works on."""

    rows: DesignRows
    columns: Columns
    model: Mixture
    supplied: Sums


def fit_mixture(
    visits: pl.DataFrame,
    formula: str,
    *,
    random: str = "~ months",
    common: str = "",
    member: str = "~ 1",
    subject: str = "subject",
    model: Mixture | None = None,
) -> Fit:
    """Fit a mixture of classes by maximum likelihood from several starts, errors from the observed information.

    Args:
        visits: one row a visit.
        formula: course of each class, "alsfrs_r_total ~ months"; it must hold `model.time`.
        random: formula of a person's own departure from the class's course.
        common: further terms whose coefficients the classes share ("~ age + arm").
        member: covariates of the odds of the classes, read at the first visit ("~ bulbar").
        subject: column that tells people apart.
        model: number of classes, spread, starts.

    Returns:
        A fit whose `arrays` hold "bic" (sample size: people), "found" (log likelihood from each start) and "shares"
        (probability of each class given a person's values).

    Raises:
        DataError: a column is missing or of the wrong kind.
        SpecError: the formula does not hold the column that orders the classes.
    """
    right, tail = (part.partition("~")[2] if "~" in part else part for part in (formula, common))
    whole = formula if not tail.strip() else f"{formula} + {tail.strip()}"
    rows = design(visits, whole, subject=subject, random=random, noise=member)
    chosen = Mixture() if model is None else model
    if tail.strip():
        own = design(visits, formula, subject=subject, random=random).columns.fixed
        chosen = msgspec.structs.replace(chosen, common=tuple(n for n in rows.columns.fixed if n not in own))
    _refuse(visits, rows, chosen, right)
    rows = replace(rows, problems=(*rows.problems, *_problems(rows, chosen)))
    record = rows.record("ml")
    if (fault := rows.fatal) is not None:
        return failed(fault.status, chosen.parameters_of(rows.columns), rows.columns, chosen, record)
    single = fit_rows(rows, Linear(), "ml")
    if single.status not in (Status.CONVERGED, Status.BOUNDARY):
        status = Status(int(single.status))
        return failed(status, chosen.parameters_of(rows.columns), rows.columns, chosen, record)
    return _search(_MixtureTask(rows, rows.columns, chosen, jax.jit(sums)(rows.visits)), single)


def posterior_classes(fit: Fit, visits: pl.DataFrame) -> pl.DataFrame:
    """Probability of each class for each person of a table, from covariates and whatever was seen.

    Args:
        fit: of a mixture, or of a velocity model with two classes, whose second is the slow one.
        visits: the people, with the columns of the fit.

    Returns:
        One row a person: `class1` ... and `likeliest`, counted from 1.

    Raises:
        DataError: a column is missing or a level was never seen.
        NotConverged: the fit ended neither converged nor at a boundary.
        SpecError: the model has no classes.
    """
    fit.check(boundary=True)
    if isinstance(fit.model, Velocity):
        from alsight.infer.velocity.classes import slow_probability  # noqa: PLC0415 - brings numba, for one model

        slow = slow_probability(fit, visits)
        names, share = slow.to_series(0), slow["probability"].to_numpy()
        share = np.stack([1 - share, share], axis=1)
    elif isinstance(fit.model, Mixture):
        rows = encode(fit.record.encoding, visits)
        names = rows.subjects
        share = np.asarray(fit.model.posterior(fit.columns, fit.estimates, rows.visits))
    else:
        raise SpecError([("fit", "a mixture, or a velocity model with two classes", model_name(fit.model))])
    columns = {f"class{k + 1}": share[:, k] for k in range(share.shape[1])}
    return pl.DataFrame({names.name: names, **columns, "likeliest": share.argmax(axis=1) + 1})


def compare(fits: list[Fit]) -> pl.DataFrame:
    """Fits of the same people side by side: classes, log likelihood, BIC (least is best) and entropy.

    BIC counts people and the parameters that were estimated. Entropy is 1 where every person's class is certain and 0
    where nothing is known; nan for one class, and for velocity models, whose fit does not weigh the classes.
    """
    rows: list[dict[str, Any]] = []
    for fit in fits:
        share = np.clip(fit.arrays["shares"], 1e-300, 1.0) if "shares" in fit.arrays else np.full((1, 1), np.nan)
        count = fit.model.classes
        unsure = float(-(share * np.log(share)).sum() / (len(share) * np.log(count))) if count > 1 else np.nan
        free = len(fit.parameters) - len(getattr(fit.model, "held", ()))
        rows.append(
            {
                "classes": count,
                "parameters": free,
                "log_likelihood": float(fit.log_likelihood),
                "bic": -2 * float(fit.log_likelihood) + free * float(np.log(max(fit.record.subjects, 1))),
                "entropy": 1 - unsure,
                "status": Status(int(fit.status)).name.lower(),
            }
        )
    return pl.DataFrame(rows)


def _refuse(visits: pl.DataFrame, rows: DesignRows, model: Mixture, right: str) -> None:
    """Stops where the column that orders the classes is no number, or no term of their own courses."""
    if model.time in visits.columns and not visits.schema[model.time].is_numeric():
        message, how_to_fix = f"{model.time} is no number.", "Give a numeric column."
        raise DataError(
            [Fault(table="visits", rule="not_numeric", column=model.time, message=message, how_to_fix=how_to_fix)]
        )
    if model.time not in rows.columns.fixed or model.time in model.common:
        raise SpecError([("time", f"a term of{right}", model.time)])


def _problems(rows: DesignRows, model: Mixture) -> list[DesignProblem]:
    if rows.fatal is not None or not len(rows.subjects):
        return []
    columns = rows.columns
    first = rows.noise[rows.start[:-1]]
    owners = np.arange(len(rows.start))
    found = list(
        problems_of(np.arange(len(first), dtype=float), first, first[:, :0], owners, ("people", columns.noise, ()))
    )
    need = len(model.parameters_of(columns))
    if len(rows.subjects) <= need:
        found.append(
            DesignProblem(Status.TOO_FEW_DATA, f"{len(rows.subjects)} subjects cannot determine {need} parameters.")
        )
    return found


_BOUND: dict[tuple[Columns, Mixture], Any] = {}


def _bound(columns: Columns, model: Mixture) -> Any:
    # One function object a model and design: the compiler's cache is keyed by it.
    key = (columns, model)
    if key not in _BOUND:

        def density(point: Any, supplied: Sums) -> Any:
            return logsumexp(model.joint(columns, model.natural(columns, point), supplied), axis=1)

        _BOUND[key] = density
    return _BOUND[key]


def _search(task: _MixtureTask, single: Fit) -> Fit:
    columns, model, supplied = task.columns, task.model, task.supplied
    density = _bound(columns, model)
    natural = starts(single, single.arrays["effects"], columns, model)
    every = len(supplied.yy) // FEW if len(supplied.yy) > 2 * FEW else 1
    some = jax.tree.map(lambda part: part[::every], supplied) if every > 1 else supplied
    tried = [
        maximize(density, model.working(columns, jnp.asarray(one)), some, limit=LIMIT, tolerance=ROUGH)
        for one in (rounds(first, some, columns, model) for first in natural)
    ]
    lost = np.array([one.status == Status.NOT_FINITE for one in tried])
    reached = np.where(lost, -np.inf, np.array([float(one.value) for one in tried]))
    optimum = maximize(density, tried[int(reached.argmax())].point, supplied, limit=LIMIT)
    ordered = _ordered(task, optimum.point)
    if ordered is not None:
        steps = optimum.steps
        optimum = maximize(density, ordered, supplied, limit=LIMIT)
        optimum = optimum._replace(steps=steps + optimum.steps)
    fit = _pack(task, optimum, reached)
    if model.classes > 1 and (again := int((reached > reached.max() - SAME).sum())) < 2 <= model.starts:
        note = f"Only {again} of {model.starts} starts found the best maximum: ask for more starts."
        fit = with_notes(fit, note)
    return fit


def _ordered(task: _MixtureTask, point: jax.Array) -> jax.Array | None:
    """The same parameters with the classes in the order of their slopes; None where they are."""
    model, columns = task.model, task.columns
    values = model.values(columns, model.natural(columns, point))
    order = np.argsort(np.asarray(values.fixed[:, columns.fixed.index(model.time)]), kind="stable")
    if (order == np.arange(model.classes)).all():
        return None
    turned = MixtureValues(values.fixed[order], values.spread[order], values.sd, values.logit[order])
    return model.working(columns, model.vector(columns, turned))


def _pack(task: _MixtureTask, optimum: Optimum, reached: np.ndarray) -> Fit:
    model, columns, rows = task.model, task.columns, task.rows
    natural = np.asarray(model.natural(columns, optimum.point))
    parameters = model.parameters_of(columns)
    turn = jax.jacfwd(lambda point: model.natural(columns, point))(optimum.point)
    observed, robust = (np.array(square) for square in covariances(optimum, turn))
    share = np.asarray(jax.nn.softmax(model.joint(columns, jnp.asarray(natural), task.supplied), axis=1))
    status, notes = _judge(task, natural, share, Status(int(optimum.status)))
    names = [parameter.name for parameter in parameters]
    if status == Status.BOUNDARY:
        loose = np.array([name in _flat(task, natural) or "corr_" in name for name in names])
        for square in (observed, robust):
            square[loose], square[:, loose] = np.nan, np.nan
    elif status != Status.CONVERGED:
        observed, robust = np.full_like(observed, np.nan), np.full_like(robust, np.nan)
    bic = -2 * float(optimum.value) + len(parameters) * np.log(len(rows.subjects))
    fit = Fit(
        estimates=natural,
        covariance=observed,
        sandwich=robust,
        log_likelihood=np.asarray(optimum.value),
        status=np.array(int(status)),
        steps=np.asarray(optimum.steps),
        arrays={"bic": np.array(bic), "found": reached, "shares": share},
        parameters=parameters,
        columns=columns,
        model=model,
        record=rows.record("ml"),
    )
    return with_notes(fit, *notes)


def _flat(task: _MixtureTask, natural: np.ndarray) -> set[str]:
    # Names of random effects' SDs that are nothing beside the noise.
    columns, names = task.columns, [parameter.name for parameter in task.model.parameters_of(task.columns)]
    sizes = dict(zip(names, natural, strict=True))
    scale = dict(zip(columns.random, np.sqrt((task.rows.random**2).mean(axis=0)), strict=True))
    return {
        name
        for name in names
        for effect in columns.random
        if name.endswith(f"sd_{effect}") and sizes[name] * scale[effect] < NO_SPREAD * sizes["sd_residual"]
    }


def _judge(
    task: _MixtureTask, natural: np.ndarray, share: np.ndarray, status: Status
) -> tuple[Status, tuple[str, ...]]:
    own = len(task.columns.fixed) - len(task.model.common)
    sizes = share.sum(axis=0)
    empty = [f"class {k + 1} holds {size:.1f} people" for k, size in enumerate(sizes) if size <= own]
    if empty:
        return Status.SINGULAR, (f"Too many classes: {', '.join(empty)}.",)
    flat = sorted(_flat(task, natural))
    if flat and status in (Status.CONVERGED, Status.SINGULAR, Status.MAX_STEPS):
        return Status.BOUNDARY, (f"No spread is left in {', '.join(flat)}.",)
    return status, ()
