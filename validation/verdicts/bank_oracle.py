"""The oracle of the foreign generators: a bank of courses of the law itself, with and without a gain, as weights.

It knows the law of the courses and of the noise, uses the product's prior of a gain, sees the same visits, and does not
know when a therapy started, nor what else befell the ratings.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
import polars as pl

from alsight.detect.thresholds import RECOVERY
from validation.verdicts.foreign import GRID, LAWS, LIMITS, Drawn, Noise, courses

BANK: Final = 30_000
"""Courses in the bank, of each of the two kinds."""
KEPT: Final = 300
"""Courses drawn from the weights of a person."""
SEED: Final = 987_654
_WEEK: Final = 12.0


@cache
def bank(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Courses without a gain and with one, as the product's prior has it."""
    rng = np.random.default_rng([SEED, len(name)])
    law = (LAWS | LIMITS)[name]
    plain, other = courses(law, BANK, rng), courses(law, BANK, rng)
    points = other.shape[1]
    grid = np.arange(points) * GRID
    start = rng.uniform(0, grid[-1], (BANK, 1))
    gain = np.exp(np.log(RECOVERY.median) + RECOVERY.log_sd * rng.normal(size=(BANK, 1)))
    length = np.where(
        rng.random((BANK, 1)) < 0.5, np.inf, 14.0 * np.exp(RECOVERY.held_log_sd * rng.normal(size=(BANK, 1)))
    )
    since = grid[None] - start
    share = np.clip(since / RECOVERY.rise, 0, 1) - np.clip((since - length) / RECOVERY.rise, 0, 1)
    rate = np.maximum(-np.diff(other, axis=1, append=other[:, -1:]), 0.0)
    rate = np.where((since > 0) & (since < length), RECOVERY.factor * rate, rate)
    lost = np.concatenate([np.zeros((BANK, 1)), np.cumsum(rate, axis=1)[:, :-1]], axis=1)
    return plain, np.clip(other[:, :1] - lost + gain * share, 0.0, 48.0)


def covariance(noise: Noise, times: np.ndarray) -> np.ndarray:
    """Covariance of the errors of a person of the typical size, rounding included; drift beside."""
    apart = np.abs(times[:, None] - times[None])
    sticky = noise.sd**2 * noise.sticky * np.exp(-apart / noise.memory)
    return sticky + noise.sd**2 * (1 - noise.sticky) * np.eye(len(times))


def log_weights(noise: Noise, bank_courses: np.ndarray, times: np.ndarray, scores: np.ndarray, size: np.ndarray) -> Any:
    """Log density of a person's ratings under every course of the bank."""
    at = np.minimum(times / GRID, bank_courses.shape[1] - 1)
    low = np.minimum(at.astype(int), bank_courses.shape[1] - 2)
    mean = bank_courses[:, low] + (at - low) * (bank_courses[:, low + 1] - bank_courses[:, low])
    extra = noise.drift**2 / _WEEK * np.minimum(times[:, None], times[None]) + np.eye(len(times)) / 12.0
    if noise.log_sd == 0:
        root = np.linalg.cholesky(covariance(noise, times) + extra)
        z = np.linalg.solve(root, (scores - mean).T)
        return -0.5 * (z**2).sum(axis=0)
    # Sizes are binned, so that one factor serves many courses.
    edges = np.quantile(size, np.linspace(0, 1, 8))
    found = np.empty(len(size))
    for index in range(7):
        among = (size >= edges[index]) & ((size < edges[index + 1]) | (index == 6))
        middle = float(np.exp(np.log(size[among]).mean()))
        root = np.linalg.cholesky(middle**2 * covariance(noise, times) + extra)
        z = np.linalg.solve(root, (scores - mean[among]).T)
        found[among] = -0.5 * (z**2).sum(axis=0) - np.log(np.diag(root)).sum()
    return found


def judged_by_oracle(drawn: Drawn, held: Callable[..., float], flat: Callable[..., float]) -> pl.DataFrame:
    """Posteriors of the oracle, one row a person.

    Args:
        drawn: the cohort.
        held: held gain of a course.
        flat: longest flat period of a course.
    """
    name = next(name for name, law in (LAWS | LIMITS).items() if law is drawn.law)
    noise, rng = drawn.law.noise, np.random.default_rng(SEED + 1)
    size = np.exp(noise.log_sd * rng.normal(size=BANK))
    parts = bank(name)
    rows: list[dict[str, float]] = []
    for times, scores in zip(drawn.times, drawn.scores, strict=True):
        seen = np.isfinite(times)
        weights = [log_weights(noise, part, times[seen], scores[seen], size) for part in parts]
        top = max(weight.max() for weight in weights)
        shares = [np.exp(weight - top) for weight in weights]
        odds = RECOVERY.prior * shares[1].mean() / ((1 - RECOVERY.prior) * shares[0].mean() + 1e-300)
        recovered = odds / (1 + odds)
        last = round(float(times[seen].max()) / GRID)
        rows.append(_reduced(parts, shares, recovered, last, held, flat, rng))
    return pl.DataFrame(rows)


def _reduced(
    parts: tuple[np.ndarray, np.ndarray],
    shares: list[np.ndarray],
    recovered: float,
    last: int,
    held: Callable[..., float],
    flat: Callable[..., float],
    rng: np.random.Generator,
) -> dict[str, float]:
    stable = current = gain = progressing = 0.0
    losses, kept = [], []
    year = max(last - round(12.0 / GRID), 0)
    for part, share, weight in zip(parts, shares, (1 - recovered, recovered), strict=True):
        if weight < 1e-3 or not share.sum() > 0:
            continue
        some = part[rng.choice(BANK, KEPT, p=share / share.sum())]
        gains = np.array([held(one, 0, last, 6.0 - 0.526) for one in some]) if part is parts[1] else np.zeros(KEPT)
        long = np.array([flat(one, 0, last) for one in some]) >= 12.0 - 0.526 - GRID / 2
        loss = some[:, 0] - some[:, last]
        stable += weight * float((long & (gains < 1)).mean())
        current += weight * float((np.abs(some[:, year] - some[:, last]) < 1).mean())
        gain += weight * float((gains >= 1).mean())
        progressing += weight * float((loss >= 1).mean())
        losses.append(loss)
        kept.append(np.full(KEPT, weight / KEPT))
    loss, by = np.concatenate(losses), np.concatenate(kept)
    order = np.argsort(loss)
    reached = np.cumsum(by[order]) / by.sum()
    low, high = (loss[order][np.searchsorted(reached, level)] for level in (0.05, 0.95))
    return {
        "oracle_stable": stable,
        "oracle_current": current,
        "oracle_gain": gain,
        "oracle_progressing": progressing,
        "oracle_loss_width": float(high - low),
        "oracle_effective": float(shares[0].sum() ** 2 / max((shares[0] ** 2).sum(), 1e-300)),
    }
