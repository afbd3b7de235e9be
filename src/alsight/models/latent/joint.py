"""Joint model: a linear mixed course, and hazards that depend on the course's value, slope or own departures.

    y_ij = x_ij·β + z_ij·b_i + ε_ij,  b_i ~ N(0, D),  ε_ij ~ N(0, σ²)
    h_ic(t) = h0_c(t) exp(w_i·g_c + Σ_k a_ck f_k(t; β, b_i))

with f the current value m_i(t), its slope dm_i/dt, or an entry of b_i. Death is part of the likelihood, so dropout by
death does not bias the course.

Source: rizopoulos2012, wulfsohn1997
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import numpy as np
from jaxtyping import Float

from alsight.base.spec import Spec

Association = Literal["value", "slope", "shared"]
Baseline = Literal["weibull", "piecewise", "spline"]

SPLINE_DEGREE = 3


class Joint(Spec, frozen=True, kw_only=True):
    """What to fit.

    Attributes:
        association: what of the course the hazards depend on, any of value, slope, shared.
        baseline: form of the log baseline hazard.
        knots: inner knots of a piecewise or spline baseline [months or the table's unit]; empty: at quantiles of the
            event times.
        pieces: number of pieces between which quantile knots lie.
        points: Gauss-Hermite nodes for each random effect.
    """

    association: tuple[Association, ...] = ("value",)
    baseline: Baseline = "piecewise"
    knots: tuple[float, ...] = ()
    pieces: Annotated[int, msgspec.Meta(ge=1, le=40)] = 7
    points: Annotated[int, msgspec.Meta(ge=1, le=31)] = 5


def inner_knots(
    model: Joint, time: Float[np.ndarray, " subject"], happened: Float[np.ndarray, " subject"]
) -> tuple[float, ...]:
    """The baseline's inner knots: as given, else quantiles of the event times; none for a Weibull baseline."""
    if model.baseline == "weibull":
        return ()
    if model.knots:
        return tuple(sorted(model.knots))
    places = np.linspace(0, 1, model.pieces + 1)[1:-1]
    return tuple(float(knot) for knot in np.unique(np.quantile(time[happened > 0], places)))


def basis_names(model: Joint, knots: tuple[float, ...]) -> tuple[str, ...]:
    """Names of the log baseline's coefficients."""
    if model.baseline == "weibull":
        return ("log_hazard", "log_time")
    count = len(knots) + 1 + (SPLINE_DEGREE if model.baseline == "spline" else 0)
    return tuple(f"log_hazard_{index + 1}" for index in range(count))


def basis(
    model: Joint, knots: tuple[float, ...], horizon: float, time: Float[np.ndarray, "*batch"]
) -> Float[np.ndarray, "*batch basis"]:
    """Basis of the log baseline hazard at some times, to be multiplied by its coefficients.

    Weibull: 1 and log t, so that shape = 1 + the second coefficient. Piecewise: one indicator a piece, each piece
    closed at its right end. Spline: cubic B-splines on the log hazard.
    """
    if model.baseline == "weibull":
        return np.stack([np.ones_like(time), np.log(np.maximum(time, np.finfo(float).tiny))], axis=-1)
    if model.baseline == "piecewise":
        piece = np.searchsorted(np.asarray(knots), time, side="left")
        return (piece[..., None] == np.arange(len(knots) + 1)).astype(float)
    from scipy.interpolate import BSpline  # noqa: PLC0415 - slow to import, for one baseline only

    full = np.r_[[0.0] * (SPLINE_DEGREE + 1), knots, [horizon] * (SPLINE_DEGREE + 1)]
    inside = np.clip(time, 0.0, horizon)
    return BSpline.design_matrix(inside.ravel(), full, SPLINE_DEGREE).toarray().reshape(*time.shape, -1)
