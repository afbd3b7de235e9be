"""Straight lines through everybody's values at once, and what they say about a population."""

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
        kept: who has enough values.
        slope: each line's slope [per unit of time].
        spread: sum of squares of each person's times about their mean.
        residual_sd: residual spread about the lines, pooled.
        between_sd: spread of true slopes, by moments; 0 where noise explains all.
        mean: mean slope, weighted as a mixed model would.
    """

    kept: Bool[np.ndarray, " subject"]
    slope: Float64[np.ndarray, " kept"]
    spread: Float64[np.ndarray, " kept"]
    residual_sd: float
    between_sd: float
    mean: float

    def shrunken(self) -> Float64[np.ndarray, " kept"]:
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
    seen = np.isfinite(values) & np.isfinite(time)
    count = seen.sum(axis=1)
    first = np.where(seen, time, np.inf).min(axis=1, initial=np.inf)
    last = np.where(seen, time, -np.inf).max(axis=1, initial=-np.inf)
    kept = (count >= least) & (last - first >= span)
    seen, count = seen[kept], count[kept]
    t, y = np.where(seen, time[kept], 0.0), np.where(seen, values[kept], 0.0)
    dt = np.where(seen, t - (t.sum(axis=1) / count)[:, None], 0.0)
    dy = np.where(seen, y - (y.sum(axis=1) / count)[:, None], 0.0)
    spread = (dt**2).sum(axis=1)
    slope = (dt * dy).sum(axis=1) / spread
    left = np.where(seen, dy - slope[:, None] * dt, 0.0)
    residual = (left**2).sum() / max((count - 2).sum(), 1)
    between = max(float(np.var(slope) - residual * np.mean(1.0 / spread)), 0.0)
    weight = 1.0 / np.maximum(between + residual / spread, TINY)
    mean = float((weight * slope).sum() / weight.sum())
    return Lines(kept, slope, spread, float(np.sqrt(residual)), float(np.sqrt(between)), mean)
