"""What a mixed or repeated-measures fit says of each person: covariance of the values, residuals, random effects."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.special import ndtri

from alsight.base.errors import SpecError
from alsight.infer.design import DesignRows
from alsight.infer.fit import Fit
from alsight.models.covariance import pairs_below
from alsight.models.linear import Linear
from alsight.models.marginal import Marginal
from alsight.models.structures import STRUCTURES, covariance_matrix

Residual = Literal["marginal", "conditional", "scaled"]


def working_rows(
    fit: Fit, rows: DesignRows
) -> tuple[Float[np.ndarray, "row fixed"], Float[np.ndarray, "fixed fixed"], Float[np.ndarray, " row"]]:
    """Working columns of the design, what makes them, and the marginal residuals y - Xb."""
    turn = fit.arrays["working_fixed"]
    design = rows.fixed @ turn
    beta = fit.arrays["working_estimates"][: design.shape[1]]
    return design, turn, rows.outcome - design @ beta


def effect_covariance(fit: Fit) -> Float[np.ndarray, "random random"]:
    """Covariance of the random effects in the working columns."""
    count, fixed = len(fit.columns.random), len(fit.columns.fixed)
    values = fit.arrays["working_estimates"][fixed:]
    sd, pairs = values[:count], np.nan_to_num(values[count : count + count * (count - 1) // 2])
    square = np.outer(sd, sd)
    for value, i, j in zip(pairs, *pairs_below(count), strict=True):
        square[i, j] = square[j, i] = value * sd[i] * sd[j]
    return square


def residual_sd(fit: Fit, rows: DesignRows) -> Float[np.ndarray, " row"]:
    """Residual standard deviation of each value of a mixed model."""
    count, fixed = len(fit.columns.random), len(fit.columns.fixed)
    rest = fit.arrays["working_estimates"][fixed + count * (count + 1) // 2 :]
    noise = len(fit.columns.noise)
    scale = np.exp(_noise_columns(fit, rows) @ rest[1 : 1 + noise]) if noise else 1.0
    return rest[0] * scale / np.sqrt(rows.weight)


def _noise_columns(fit: Fit, rows: DesignRows) -> np.ndarray:
    keep = [rows.columns.noise.index(name) for name in fit.columns.noise]
    return rows.noise[:, keep]


def covariances_of(fit: Fit, rows: DesignRows) -> list[Float[np.ndarray, "visit visit"]]:
    """Covariance of the values of each person, in the order of the rows.

    Raises:
        SpecError: another model, or Student noise, or a structure that reads distances.
    """
    edges = list(zip(rows.start[:-1], rows.start[1:], strict=True))
    if isinstance(fit.model, Linear) and fit.model.noise == "normal":
        random = rows.random @ fit.arrays["working_random"]
        square, sd = effect_covariance(fit), residual_sd(fit, rows)
        return [random[a:b] @ square @ random[a:b].T + np.diag(sd[a:b] ** 2) for a, b in edges]
    if isinstance(fit.model, Marginal) and not STRUCTURES[fit.model.structure].spatial:
        count = len(fit.columns.slots)
        each = len(STRUCTURES[fit.model.structure].kinds(count))
        theta = fit.estimates[len(fit.columns.fixed) :].reshape(-1, each)
        whole = np.asarray(covariance_matrix(fit.model.structure, theta, count))
        root = 1 / np.sqrt(rows.weight)
        found: list[np.ndarray] = []
        for person, (a, b) in enumerate(edges):
            chosen = whole[rows.group[person]][np.ix_(rows.slot[a:b], rows.slot[a:b])]
            found.append(chosen * np.outer(root[a:b], root[a:b]))
        return found
    raise SpecError([("fit", "a mixed model with normal noise, or a structure by visit", type(fit.model).__name__)])


def residuals_of(fit: Fit, rows: DesignRows, kind: Residual) -> pl.DataFrame:
    """The fit's rows with `fitted` and `residual`.

    Marginal: y - Xb. Conditional: y - Xb - Zu, for mixed models. Scaled: L^-1 (y - Xb) with LL' the covariance of the
    person's values, so that all have variance 1 and no correlation.

    Raises:
        SpecError: conditional residuals of a model without random effects.
    """
    design, _, left = working_rows(fit, rows)
    fitted = design @ fit.arrays["working_estimates"][: design.shape[1]]
    if kind == "conditional":
        if not isinstance(fit.model, Linear):
            raise SpecError([("kind", "marginal or scaled: the model has no random effects", kind)])
        added = _pulls(fit, rows)
        fitted, left = fitted + added, left - added
    elif kind == "scaled":
        edges = zip(rows.start[:-1], rows.start[1:], covariances_of(fit, rows), strict=True)
        left = np.concatenate([np.linalg.solve(np.linalg.cholesky(square), left[a:b]) for a, b, square in edges])
    return rows.table.with_columns(fitted=pl.Series(fitted), residual=pl.Series(left))


def _pulls(fit: Fit, rows: DesignRows) -> Float[np.ndarray, " row"]:
    random = rows.random @ fit.arrays["working_random"]
    effects = _effects(fit, rows)[0]
    return np.einsum("rq,rq->r", random, effects[rows.owner])


def _effects(
    fit: Fit, rows: DesignRows
) -> tuple[Float[np.ndarray, "subject random"], Float[np.ndarray, "subject random random"]]:
    # Mean and covariance of each person's random effects in the working columns.
    random, square = rows.random @ fit.arrays["working_random"], effect_covariance(fit)
    _, _, left = working_rows(fit, rows)
    means, spreads = [], []
    for a, b, whole in zip(rows.start[:-1], rows.start[1:], covariances_of(fit, rows), strict=True):
        gain = square @ random[a:b].T @ np.linalg.inv(whole)
        means.append(gain @ left[a:b])
        spreads.append(square - gain @ random[a:b] @ square)
    return np.stack(means), np.stack(spreads)


def random_effects_of(fit: Fit, rows: DesignRows, level: float) -> pl.DataFrame:
    """One row a person and random effect: predicted value, its standard deviation, interval.

    The standard deviation is that given the estimates; their uncertainty is not added.

    Raises:
        SpecError: the model has no random effects.
    """
    if not isinstance(fit.model, Linear):
        raise SpecError([("fit", "a model with random effects", type(fit.model).__name__)])
    turn = fit.arrays["working_random"]
    mean, spread = _effects(fit, rows)
    mean, spread = mean @ turn.T, turn @ spread @ turn.T
    sd = np.sqrt(np.maximum(np.diagonal(spread, axis1=1, axis2=2), 0.0))
    width = float(ndtri(0.5 + level / 2)) * sd
    count = len(fit.columns.random)
    return pl.DataFrame(
        {
            rows.encoding.subject: rows.subjects.gather(np.repeat(np.arange(len(mean)), count)),
            "effect": list(fit.columns.random) * len(mean),
            "estimate": mean.ravel(),
            "sd": sd.ravel(),
            "low": (mean - width).ravel(),
            "high": (mean + width).ravel(),
        }
    )
