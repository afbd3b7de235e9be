"""From tables to the arrays of the joint likelihood: the course's design at any time, quadrature times, events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from alsight.infer.design import DesignRows
from alsight.infer.formulas import Encoding, coded, matrix
from alsight.infer.joint.arrays import CourseSums, Times
from alsight.models.latent.joint import Joint, basis

STEP = 1e-4
"""Half the step, as a share of the longest follow-up, of the central difference that makes slopes of designs."""

POINTS_WHOLE = 15
POINTS_PIECE = 5
"""Gauss-Legendre points for a smooth baseline over the whole follow-up, and for each piece of a piecewise one."""


@dataclass(frozen=True)
class JointFrame:
    """What is needed to write the design of any subject at any time.

    Attributes:
        model: the joint model.
        encoding: formulas, levels and remembered transforms of the course.
        time: name of the time column.
        people: one row a subject with the covariates of the course.
        knots: inner knots of the log baseline.
        horizon: longest follow-up.
    """

    model: Joint
    encoding: Encoding
    time: str
    people: pl.DataFrame
    knots: tuple[float, ...]
    horizon: float


def course(rows: DesignRows) -> CourseSums:
    """Sufficient statistics of each subject's values."""
    starts, accepted = rows.start[:-1], rows.observed
    weight = np.where(accepted, rows.weight, 0.0)
    x, z, y = rows.fixed, rows.random, rows.outcome
    sums = [
        x[:, :, None] * x[:, None, :],
        x[:, :, None] * z[:, None, :],
        z[:, :, None] * z[:, None, :],
        x * y[:, None],
        z * y[:, None],
        y * y,
    ]
    xx, xz, zz, xy, zy, yy = (np.add.reduceat(part * _wide(weight, part), starts, axis=0) for part in sums)
    return CourseSums(xx, xz, zz, xy, zy, yy, np.add.reduceat((weight > 0).astype(float), starts))


def _wide(weight: Float[np.ndarray, " row"], part: np.ndarray) -> np.ndarray:
    return weight.reshape(-1, *[1] * (part.ndim - 1))


def times(
    frame: JointFrame, when: Float[np.ndarray, "subject time"], log_weight: Float[np.ndarray, "subject time"]
) -> Times:
    """Features of the log hazard at some times of each subject."""
    fixed: list[np.ndarray] = []
    random: list[np.ndarray] = []
    for kind in frame.model.association:
        if kind == "shared":
            size = frame_random(frame)
            fixed += [np.zeros((*when.shape, frame_fixed(frame)))] * size
            random += [np.broadcast_to(np.eye(size)[k], (*when.shape, size)) for k in range(size)]
            continue
        x, z = designs(frame, when) if kind == "value" else slopes(frame, when)
        fixed.append(x)
        random.append(z)
    return Times(
        basis(frame.model, frame.knots, frame.horizon, when),
        np.stack(fixed, axis=2),
        np.stack(random, axis=2),
        log_weight,
    )


def frame_fixed(frame: JointFrame) -> int:
    """Number of fixed effects of the course."""
    return designs(replace(frame, people=frame.people.head(1)), np.zeros((1, 1)))[0].shape[-1]


def frame_random(frame: JointFrame) -> int:
    """Number of random effects of the course."""
    return designs(replace(frame, people=frame.people.head(1)), np.zeros((1, 1)))[1].shape[-1]


def designs(
    frame: JointFrame, when: Float[np.ndarray, "subject time"]
) -> tuple[Float[np.ndarray, "subject time fixed"], Float[np.ndarray, "subject time random"]]:
    """Fixed and random design of each subject's course at some times, its covariates as at entry."""
    count, width = when.shape
    index = np.repeat(np.arange(count), width)
    table = frame.people[index].with_columns(pl.Series(frame.time, when.ravel()))
    ready = coded(table, {k: v for k, v in frame.encoding.levels.items() if k != frame.encoding.visit})
    made: list[np.ndarray] = []
    for formula in (frame.encoding.fixed, frame.encoding.random):
        array, _, _ = matrix(ready, formula, frame.encoding.state.get(formula, {}))
        made.append(array.reshape(count, width, -1))
    return made[0], made[1]


def slopes(
    frame: JointFrame, when: Float[np.ndarray, "subject time"]
) -> tuple[Float[np.ndarray, "subject time fixed"], Float[np.ndarray, "subject time random"]]:
    """Derivative of the designs by time, by central differences."""
    step = STEP * frame.horizon
    later, earlier = designs(frame, when + step), designs(frame, when - step)
    return (later[0] - earlier[0]) / (2 * step), (later[1] - earlier[1]) / (2 * step)


@lru_cache(maxsize=8)
def _legendre(points: int) -> tuple[Float[np.ndarray, " point"], Float[np.ndarray, " point"]]:
    node, weight = np.polynomial.legendre.leggauss(points)
    return (node + 1) / 2, weight / 2


def quadrature(
    frame: JointFrame, end: Float[np.ndarray, " subject"]
) -> tuple[Float[np.ndarray, "subject time"], Float[np.ndarray, "subject time"]]:
    """Times and log weights that integrate a hazard from 0 to each subject's end.

    Pieces of a piecewise baseline are integrated apart. Pieces that a subject never reached have log weight -inf.
    """
    if frame.model.baseline == "piecewise":
        edges = np.r_[0.0, frame.knots, np.inf]
        node, weight = _legendre(POINTS_PIECE)
    else:
        edges = np.array([0.0, np.inf])
        node, weight = _legendre(POINTS_WHOLE)
    low = np.minimum(edges[:-1][None, :], end[:, None])
    width = np.minimum(edges[1:][None, :], end[:, None]) - low
    when = low[..., None] + width[..., None] * node
    with np.errstate(divide="ignore"):
        log_weight = np.log(width[..., None] * weight)
    return when.reshape(len(end), -1), log_weight.reshape(len(end), -1)


def first_rows(rows: DesignRows) -> pl.DataFrame:
    """The first row of each subject: covariates of the course as at entry."""
    start: Int[np.ndarray, " subject"] = rows.start[:-1]
    return rows.table[start]
