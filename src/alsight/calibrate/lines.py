"""Straight lines through everyone's values at once, and what they say about a population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

TINY = 1e-12
"""Least variance of a slope, so that exact lines have finite weights."""
Table = Float64[np.ndarray, "subject visit"]


@dataclass(frozen=True)
class Lines:
    """Least-squares lines of the people with enough values.

    Attributes:
        accepted: who has enough values.
        slope: each line's slope [per unit of time].
        spread: sum of squares of each person's times about their mean.
        residual_sd: residual spread about the lines, pooled.
        between_sd: spread of true slopes, by moments; 0 where noise explains all.
        mean: mean slope, weighted as a mixed model would.
    """

    accepted: Bool[np.ndarray, " subject"]
    slope: Float64[np.ndarray, " accepted"]
    spread: Float64[np.ndarray, " accepted"]
    residual_sd: float
    between_sd: float
    mean: float

    def shrunken(self) -> Float64[np.ndarray, " accepted"]:
        """Slopes drawn to the mean by their reliability, as a mixed model predicts them."""
        own = self.between_sd**2
        trust = own / (own + self.residual_sd**2 / self.spread)
        return self.mean + trust * (self.slope - self.mean)


def lines(time: Table, values: Table, least: int = 3, span: float = 2.0) -> Lines:
    """A line through each person's finite values.

    Moments: residual variance pooled over people, variance of slopes less its expected noise, then weights
    1 / (between + residual / spread).

    Args:
        time: times of the values.
        values: nan where nothing was measured.
        least: fewest values that a person must have.
        span: least time between the first and the last.
    """
    observed = np.isfinite(values) & np.isfinite(time)
    count = observed.sum(axis=1)
    first = np.where(observed, time, np.inf).min(axis=1, initial=np.inf)
    last = np.where(observed, time, -np.inf).max(axis=1, initial=-np.inf)
    accepted = (count >= least) & (last - first >= span)
    observed, count = observed[accepted], count[accepted]
    t, y = np.where(observed, time[accepted], 0.0), np.where(observed, values[accepted], 0.0)
    dt = np.where(observed, t - (t.sum(axis=1) / count)[:, None], 0.0)
    dy = np.where(observed, y - (y.sum(axis=1) / count)[:, None], 0.0)
    spread = (dt**2).sum(axis=1)
    slope = (dt * dy).sum(axis=1) / spread
    left = np.where(observed, dy - slope[:, None] * dt, 0.0)
    residual = (left**2).sum() / max((count - 2).sum(), 1)
    between = max(float(np.var(slope) - residual * np.mean(1.0 / spread)), 0.0)
    weight = 1.0 / np.maximum(between + residual / spread, TINY)
    mean = float((weight * slope).sum() / weight.sum())
    return Lines(accepted, slope, spread, float(np.sqrt(residual)), float(np.sqrt(between)), mean)


@dataclass(frozen=True)
class MeanCourse:
    """The mean course as a parabola with lines of people's own around it.

    Attributes:
        mean: intercept, slope and curvature of the mean course.
        errors: their covariance.
        people: people it rests on.
    """

    mean: Float64[np.ndarray, " coefficient"]
    errors: Float64[np.ndarray, "coefficient coefficient"]
    people: int

    def ratio(self, early: float, late: float) -> tuple[float, float]:
        """Slope at a late time over slope at an early one, and its standard error by the delta method."""
        first, last = (np.array([0.0, 1.0, 2.0 * time]) for time in (early, late))
        value = float(last @ self.mean / (first @ self.mean))
        step = (last - value * first) / (first @ self.mean)
        return value, float(np.sqrt(step @ self.errors @ step))


def curve(time: Float64[np.ndarray, " visit"], values: Table, rounds: int = 60) -> MeanCourse:
    """Mixed model by expectation and maximization: y = b0 + b1 t + b2 t^2 + u0 + u1 t + e.

    Who is missing may depend on what was seen of them (missing at random), so that the deaths of the fast do not make
    the mean slow down by themselves.

    Args:
        time: planned times of the visits.
        values: nan where nothing was measured; people without any value are excluded.
        rounds: steps of the iteration; its start is far from nothing that these data show.
    """
    observed = np.isfinite(values)
    values, observed = values[observed.any(axis=1)], observed[observed.any(axis=1)]
    w, y = observed.astype(float), np.where(observed, values, 0.0)
    x = np.stack([np.ones_like(time), time, time**2], axis=1)
    z = x[:, :2]
    zz, xx = np.einsum("nv,vi,vj->nij", w, z, z), np.einsum("nv,vi,vj->ij", w, x, x)
    xz = np.einsum("nv,vi,vj->nij", w, x, z)
    xy, zy = np.einsum("vi,nv->i", x, y), np.einsum("vi,nv->ni", z, y)
    between, noise = np.diag([np.nanvar(values), np.nanvar(values) / np.ptp(time) ** 2]), float(np.nanvar(values)) / 9.0
    mean, errors = np.zeros(3), np.eye(3)
    for _ in range(rounds):
        spread = np.linalg.inv(np.linalg.inv(between) + zz / noise)
        errors = np.linalg.inv((xx - (xz @ spread @ xz.transpose(0, 2, 1)).sum(axis=0) / noise) / noise)
        mean = errors @ (xy - np.einsum("nij,njk,nk->i", xz, spread, zy) / noise) / noise
        left = np.where(observed, y - x @ mean, 0.0)
        own = np.einsum("nij,vj,nv->ni", spread, z, left) / noise
        rest = np.where(observed, left - own @ z.T, 0.0)
        between = (own.T @ own + spread.sum(axis=0)) / own.shape[0]
        noise = float(((rest**2).sum() + np.einsum("nij,nij->", spread, zz)) / w.sum())
    return MeanCourse(mean, errors, y.shape[0])
