"""Fits the sigmoid course (D50) to a table of visits: marginal maximum likelihood by adaptive quadrature."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.special import ndtri

from alsight.base.errors import DataError, Fault
from alsight.base.status import Status
from alsight.infer.design import DesignRows, design, encode
from alsight.infer.faults import DesignProblem, problems_of
from alsight.infer.fit import Fit, failed
from alsight.infer.maximize import Optimum, covariances, maximize
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.instruments.d50 import D50_STARTS, DX_STARTS, fit_d50
from alsight.models.latent.sigmoid import EFFECTS, PlacedNodes, Sigmoid
from alsight.models.model import Columns, Record, Visits

MOVES = 6
"""Most times the quadrature nodes are moved to people's new laws."""
ROUGH = 1e-2
"""Promised rise of the log likelihood at which the search ends before the first move."""
STILL = 1e-2
"""Change of the log likelihood by a move of the nodes that no longer matters."""
ENDS = 2
"""Searches with nodes on the curves' own scale, after which estimates and information are taken."""
FEWEST_VISITS = 3
"""Visits that at least some people need, so that two constants and noise can be distinguished."""
FIRST_DEGREES = 8.0
"""Degrees of freedom at which the search for Student noise begins."""
SPREADS = (0.1, 1.5)
"""Range of the SDs of log D50 and log dx at which a search begins."""
NO_SPREAD = 1e-3
"""SD of log D50 or log dx that counts as zero: a tenth of a percent."""


@dataclass(frozen=True)
class _SigmoidTask:
    """What one fit works on."""

    rows: DesignRows
    columns: Columns
    model: Sigmoid
    record: Record


def fit_sigmoid(
    visits: pl.DataFrame,
    *,
    time: str = "months_since_onset",
    outcome: str = "alsfrs_r_total",
    subject: str = "subject",
    d50: str = "~ 1",
    dx: str = "~ 1",
    model: Sigmoid | None = None,
) -> Fit:
    """Fit the sigmoid course by marginal maximum likelihood, standard errors from the observed information.

    Args:
        visits: one row a visit.
        time: months since symptom onset; the unit of D50 and dx.
        outcome: the score, about 0 to `model.best`.
        subject: column that tells people apart.
        d50: formula of log D50 ("~ bulbar").
        dx: formula of log dx.
        model: best score, law of the noise, quadrature.

    Returns:
        A fit whose `arrays` hold "nodes" (where each person's quadrature stands, by people and effect).

    Raises:
        DataError: a column is missing or no number, or its mean lies outside the scale.
    """
    chosen = Sigmoid() if model is None else model
    if time in visits.columns and not visits.schema[time].is_numeric():
        message, how_to_fix = f"{time} is no number.", "Give a numeric column."
        raise DataError(
            [Fault(table="visits", rule="not_numeric", column=time, message=message, how_to_fix=how_to_fix)]
        )
    formula = f"{outcome} ~ {_right(d50)}"
    rows = design(visits, formula, subject=subject, random=f"~ 0 + {time}", noise=f"~ {_right(dx)}")
    rows = replace(rows, problems=(*rows.problems, *_outside(rows, chosen), *_problems(rows)))
    task = _SigmoidTask(rows, rows.columns, chosen, rows.record("ml"))
    if (fault := rows.fatal) is not None:
        return failed(fault.status, chosen.parameters_of(rows.columns), rows.columns, chosen, task.record)
    return _search(task)


def predict_curves(fit: Fit, visits: pl.DataFrame, level: float = 0.95) -> pl.DataFrame:
    """D50 and dx of each person given the scores in a table, as medians with intervals [months].

    Intervals are normal on the logarithm, with the mean and SD of the person's law given the estimates; the
    uncertainty of the estimates is not added. Covariates are those of the person's first row.

    Raises:
        DataError: a column is missing or a level was never seen.
        NotConverged: the fit ended neither converged nor at a boundary.
    """
    fit.check(boundary=True)
    rows = encode(fit.record.encoding, visits)
    supplied, model = jnp.asarray(fit.estimates), fit.model
    effects, share = _effects(fit.columns, model, supplied, rows.visits)
    mean = jnp.einsum("nk,nkq->nq", share, effects)
    spread = jnp.sqrt(jnp.einsum("nk,nkq->nq", share, (effects - mean[:, None]) ** 2))
    first = rows.start[:-1]
    count = len(fit.columns.fixed)
    base = np.stack(
        [rows.fixed[first] @ fit.estimates[:count], rows.noise[first] @ fit.estimates[count:][: rows.noise.shape[1]]], 1
    )
    center, width = base + np.asarray(mean), float(ndtri(0.5 + level / 2)) * np.asarray(spread)
    table: dict[str, Any] = {rows.encoding.subject: rows.subjects}
    for index, name in enumerate(("d50_months", "dx_months")):
        table[name] = np.exp(center[:, index])
        table[f"{name}_low"] = np.exp(center[:, index] - width[:, index])
        table[f"{name}_high"] = np.exp(center[:, index] + width[:, index])
    return pl.DataFrame(table)


@partial(jax.jit, static_argnames=("columns", "model"))
def _effects(columns: Columns, model: Sigmoid, supplied: jax.Array, visits: Visits) -> tuple[jax.Array, jax.Array]:
    return model.effects(columns, supplied, visits)


def _right(formula: str) -> str:
    return formula.partition("~")[2].strip() if "~" in formula else formula.strip()


def _outside(rows: DesignRows, model: Sigmoid) -> list[DesignProblem]:
    # Noise carries single values past the ends of the scale; a mean beyond them means another scale.
    values, name = rows.outcome[rows.observed], rows.columns.outcome
    outside = (values < 0) | (values > model.best)
    if not outside.any():
        return []
    message = f"{int(outside.sum())} values of {name} lie outside 0 to {model.best:g}."
    if not 0 <= float(values.mean()) <= model.best:
        how_to_fix = "Name the scale's best score."
        raise DataError(
            [Fault(table="visits", rule="out_of_range", column=name, message=message, how_to_fix=how_to_fix)]
        )
    return [DesignProblem(Status.CONVERGED, message, fatal=False)]


def _problems(rows: DesignRows) -> list[DesignProblem]:
    if rows.fatal is not None or not len(rows.subjects):
        return []
    columns, first = rows.columns, rows.start[:-1]
    time, name = rows.random[:, 0], columns.random[0]
    found = list(
        problems_of(rows.outcome, rows.noise, rows.random[:, :0], rows.start, (columns.outcome, columns.noise, ()))
    )
    longest = np.maximum.reduceat(time, first) - np.minimum.reduceat(time, first)
    counts = np.diff(rows.start)
    if not (longest > 0).any():
        found.append(DesignProblem(Status.SINGULAR, f"{name} never changes within a subject: no curve can be seen."))
    elif counts.max() < FEWEST_VISITS:
        found.append(
            DesignProblem(Status.TOO_FEW_DATA, f"No subject has more than {counts.max()} visits; three are needed.")
        )
    need = len(columns.fixed) + len(columns.noise) + 4
    if len(counts) <= need:
        found.append(DesignProblem(Status.TOO_FEW_DATA, f"{len(counts)} subjects cannot determine {need} parameters."))
    same = np.flatnonzero((longest == 0) & (counts > 1))
    if same.size:
        named = ", ".join(str(rows.subjects[int(index)]) for index in same[:5])
        found.append(
            DesignProblem(Status.TOO_FEW_DATA, f"{same.size} subjects have all visits at one time: {named}.", False)
        )
    return found


def _begin(task: _SigmoidTask) -> jax.Array:
    # Every person's own least-squares curve, where there is one, says where to start.
    rows, model = task.rows, task.model
    visits = rows.visits
    seen = np.asarray(visits.observed)
    scaled = np.where(seen, np.asarray(visits.outcome) * ALSFRS_R_BEST / model.best, np.nan)
    own = fit_d50(np.where(seen, np.asarray(visits.random)[..., 0], np.nan), scaled)
    fine = own.status == Status.CONVERGED
    first = rows.start[:-1]
    designs = (rows.fixed[first], rows.noise[first])
    curves = np.stack([np.log(np.where(fine, part, 1.0)) for part in (own.d50_months, own.dx_months)], axis=1)
    limits = np.log(np.stack([D50_STARTS, DX_STARTS], axis=1))
    usual = fine & (curves > limits[0] - 1).all(axis=1) & (curves < limits[1] + 1).all(axis=1)
    coefficients: list[np.ndarray] = []
    spread: list[float] = []
    for index, part in enumerate(designs):
        if usual.sum() > 2 * part.shape[1]:
            found = np.linalg.lstsq(part[usual], curves[usual, index], rcond=None)[0]
            left = curves[usual, index] - part[usual] @ found
            size = float(np.median(np.abs(left - np.median(left)))) / float(ndtri(0.75))
        else:
            found = np.linalg.lstsq(part, np.full(len(part), limits[:, index].mean()), rcond=None)[0]
            size = SPREADS[0]
        coefficients.append(found)
        spread.append(float(np.clip(size, *SPREADS)))
    residual = float(np.nanmedian(own.residual_sd)) * model.best / ALSFRS_R_BEST if fine.any() else np.nan
    size = max(residual, 0.01 * model.best) if np.isfinite(residual) else float(np.std(rows.outcome))
    tail = [FIRST_DEGREES] if model.noise == "student" else []
    return model.working(task.columns, jnp.asarray([*np.concatenate(coefficients), *spread, 0.0, size, *tail]))


_BOUND: dict[tuple[Columns, Sigmoid], tuple[Any, Any, Any]] = {}


def _bound(columns: Columns, model: Sigmoid) -> tuple[Any, Any, Any]:
    # One function object a model and design: the compiler's cache is keyed by it.
    key = (columns, model)
    if key not in _BOUND:

        def density(point: Any, supplied: tuple[Visits, PlacedNodes]) -> Any:
            return model.log_density(columns, model.natural(columns, point), *supplied)

        def held(point: Any, supplied: tuple[Visits, PlacedNodes, Any]) -> Any:
            return model.log_density_held(columns, model.natural(columns, point), *supplied)

        def index(point: Any, visits: Visits) -> PlacedNodes:
            return model.nodes(columns, model.natural(columns, point), visits)

        _BOUND[key] = (density, held, jax.jit(index))
    return _BOUND[key]


def _search(task: _SigmoidTask) -> Fit:
    # The nodes stand still while a search runs and are moved to people's new laws between searches.
    visits, columns, model = task.rows.visits, task.columns, task.model
    density, held, index = _bound(columns, model)
    point, steps = _begin(task), 0
    placed = index(point, visits)
    optimum = maximize(density, point, (visits, placed), tolerance=ROUGH)
    for _ in range(MOVES):
        steps, last = steps + int(optimum.steps), float(optimum.value)
        placed = index(optimum.point, visits)
        optimum = maximize(density, optimum.point, (visits, placed))
        if abs(float(optimum.value) - last) < STILL or not np.isfinite(float(optimum.value)):
            break
    steps += int(optimum.steps)
    if optimum.status == Status.CONVERGED and not _flat(task, np.asarray(model.natural(columns, optimum.point))).any():
        # The end of the search and its information, with nodes held on the scale of the curves themselves.
        for _ in range(ENDS):
            placed = index(optimum.point, visits)
            supplied = (visits, placed, model.natural(columns, optimum.point))
            optimum = maximize(held, optimum.point, supplied)
            steps += int(optimum.steps)
    return _pack(task, optimum, placed, steps)


def _flat(task: _SigmoidTask, natural: np.ndarray) -> np.ndarray:
    return natural[len(task.columns.fixed) + len(task.columns.noise) :][: len(EFFECTS)] < NO_SPREAD


def _pack(task: _SigmoidTask, optimum: Optimum, placed: PlacedNodes, steps: int) -> Fit:
    columns, model = task.columns, task.model
    natural = np.asarray(model.natural(columns, optimum.point))
    status, nodes = Status(int(optimum.status)), np.asarray(placed.center)
    observed, robust = _spread(task, optimum)
    flat = _flat(task, natural)
    if flat.any() and status in (Status.CONVERGED, Status.SINGULAR, Status.MAX_STEPS):
        status = Status.BOUNDARY
        loose = np.r_[np.zeros(len(columns.fixed) + len(columns.noise), bool), flat, True]
        loose = np.r_[loose, np.zeros(len(natural) - len(loose), bool)]
        observed[loose], observed[:, loose], robust[loose], robust[:, loose] = np.nan, np.nan, np.nan, np.nan
    elif status not in (Status.CONVERGED, Status.BOUNDARY):
        observed, robust = np.full_like(observed, np.nan), np.full_like(robust, np.nan)
    return Fit(
        estimates=natural,
        covariance=observed,
        sandwich=robust,
        log_likelihood=np.asarray(optimum.value),
        status=np.array(int(status)),
        steps=np.array(steps),
        arrays={"nodes": nodes},
        parameters=model.parameters_of(columns),
        columns=columns,
        model=model,
        record=task.record,
    )


def _spread(
    task: _SigmoidTask, optimum: Optimum
) -> tuple[Float[np.ndarray, "parameter parameter"], Float[np.ndarray, "parameter parameter"]]:
    turn = jax.jacfwd(lambda point: task.model.natural(task.columns, point))(optimum.point)
    observed, robust = covariances(optimum, turn)
    return np.array(observed), np.array(robust)
