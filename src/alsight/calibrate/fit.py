"""Fits the calibrated numbers of the mechanism to the published natural history; `alsight.make` writes what it finds.

Levenberg-Marquardt on standardized residuals from several starts, each with its own root seed. Within a start every
parameter set sees the same people with the same draws, so the statistics are nearly smooth in the parameters and a
Jacobian by differences means something. Between Jacobians the secant update of Broyden is used.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from jaxtyping import Float64

from alsight.calibrate.ensemble import Member
from alsight.calibrate.populations import live_and_see
from alsight.calibrate.summaries import Summary, summaries
from alsight.episodes.definitions import DEFINITIONS
from alsight.knowledge.targets import GUARDS, TARGETS, Target
from alsight.mechanism.parameters import INDEX, PARAMETERS

FREE: Final = (
    "loss_per_month",
    "rate_log_sd",
    "slow_share",
    "slow_rate",
    "region_log_sd",
    "spread_per_month",
    "spread_axial",
    "enlargement_limit",
    "capacity_exponent",
    "capacity_noise_pct",
    "death_log_hazard",
    "death_per_capacity",
    "death_bulbar",
    "threshold_scale",
    "wander_log_sd",
    "wander_months",
    "delay_median_months",
    "delay_log_sd",
    "nfl_log_sd",
    "nfl_release_pg_ml",
)
"""Numbers that move. No number of the rating's noise is among them, so that no plateau is made by noise."""
BEGIN: Final = {"capacity_noise_pct": 9.0}
"""Where the fit begins if not at the mechanism's own value; session noise was only assumed there."""
WANDER: Final = ((0.44, 5.6), (0.9, 10.0), (0.7, 6.0))
"""Spread and memory [month] of the wandering rate that the starts begin with in turn: one cannot tell them apart."""

FITTED: Final = tuple(row for row in TARGETS + GUARDS if row.fitted)
UNREAD: Final = 2.0
"""Where the estimand was not readable the interval counts this many times as wide."""
INNER: Final = 0.5
OUTER: Final = 2.0
"""Weight of the distance inside an interval and beyond it: what was published is the interval, not its center."""
SOFT: Final = 2.0
"""Residuals r count as c arctan(r / c): what cannot be reached must not bend the rest."""
RIDGE: Final = 0.1
"""Weight of the distance from the start, in squared log units over PRIOR; keeps flat directions where they are."""
PRIOR: Final = 0.3
STEP: Final = 0.06
"""Difference for the Jacobian [log units]."""
LONGEST_STEP: Final = 0.25
ADDITIVE: Final = ("death_log_hazard",)
"""Numbers that move by themselves, not by their logarithm."""
_PLATEAUS: Final = tuple(one for one in DEFINITIONS if one.name in {row.name for row in FITTED})

Vector = Float64[np.ndarray, " parameter"]


@dataclass
class Problem:
    """One start: its people and what has been computed."""

    seed: int
    blocks: int
    start: Vector
    evaluations: int = 0
    summary: Summary = field(default_factory=dict)

    def residuals(self, place: Vector) -> Float64[np.ndarray, " residual"]:
        """Softened standardized residuals and the ridge."""
        self.evaluations += 1
        self.summary = summaries(live_and_see(overrides(place), self.blocks, self.seed), _PLATEAUS)
        misses = np.array([standardized(row, self.summary[row.name]) for row in FITTED])
        misses = beyond(misses)
        return np.concatenate([SOFT * np.arctan(misses / SOFT), np.sqrt(RIDGE) * (place - self.start) / PRIOR])


def beyond(misses: Float64[np.ndarray, " residual"]) -> Float64[np.ndarray, " residual"]:
    """Standardized misses with little weight inside the interval and much outside."""
    size = np.abs(misses)
    return np.sign(misses) * (INNER * np.minimum(size, 1.0) + OUTER * np.maximum(size - 1.0, 0.0))


def standardized(row: Target, value: float) -> float:
    """How far a value lies from the published one, in half widths of its interval."""
    width = 0.5 * (row.high - row.low) * (UNREAD if "estimand" in row.note else 1.0)
    return float(np.nan_to_num((value - row.value) / width, nan=10.0, posinf=10.0, neginf=-10.0))


def defaults() -> Vector:
    """The mechanism's own values, as the fit moves them."""
    values = [BEGIN.get(name, PARAMETERS[INDEX[name]].value) for name in FREE]
    return np.array([v if name in ADDITIVE else np.log(v) for name, v in zip(FREE, values, strict=True)])


def overrides(place: Vector) -> dict[str, float]:
    """Numbers by name, kept within the ranges of the mechanism's rows."""
    found: dict[str, float] = {}
    for name, value in zip(FREE, place, strict=True):
        row = PARAMETERS[INDEX[name]]
        number = float(value) if name in ADDITIVE else float(np.exp(value))
        found[name] = float(f"{min(max(number, row.low), row.high):.6g}")
    return found


def jacobian(problem: Problem, place: Vector, base: np.ndarray) -> np.ndarray:
    """Forward differences, one parameter after another."""
    moves = STEP * np.eye(place.size)
    return np.stack([(problem.residuals(place + move) - base) / STEP for move in moves], axis=1)


def descend(problem: Problem, place: Vector, rounds: int, steps: int) -> tuple[Vector, float]:
    """Levenberg-Marquardt: a Jacobian by differences, then steps with secant updates; as many rounds of that."""
    found = problem.residuals(place)
    for _ in range(rounds):
        slope, damping = jacobian(problem, place, found), 0.3
        for _ in range(steps):
            normal = slope.T @ slope
            move = -np.linalg.solve(normal + damping * np.diag(np.diag(normal)), slope.T @ found)
            move = np.clip(move, -LONGEST_STEP, LONGEST_STEP)
            tried = problem.residuals(place + move)
            slope += np.outer(tried - found - slope @ move, move) / (move @ move)
            if tried @ tried < found @ found:
                place, found, damping = place + move, tried, damping / 3.0
            else:
                damping *= 4.0
    problem.residuals(place)
    return place, float(found @ found)


def fit(starts: int = 6, blocks: int = 8, seed: int = 101, rounds: int = 2, steps: int = 4) -> Iterator[Member]:
    """Fit from several starts: the mechanism's own values, then values moved at random around them; one set each.

    Args:
        starts: parameter sets made.
        blocks: people a point, in blocks of 1024.
        seed: root seed of the first start; the others follow.
        rounds: Jacobians by differences in each start.
        steps: steps after each of them.
    """
    own = defaults()
    for number in range(starts):
        began = time.monotonic()
        shift = np.random.default_rng(seed + number).normal(0.0, 0.12, own.size) * (number > 0)
        start = own + shift
        start[[FREE.index(name) for name in ("wander_log_sd", "wander_months")]] = np.log(WANDER[number % len(WANDER)])
        problem = Problem(seed + number, blocks, start)
        place, cost = descend(problem, start, rounds, steps)
        inside = [bool(row.low <= problem.summary[row.name] <= row.high) for row in FITTED]
        member = Member(f"set_{number + 1}", seed + number, cost, int(sum(inside)), len(inside), overrides(place))
        tell(member, problem, time.monotonic() - began)
        yield member


def tell(member: Member, problem: Problem, seconds: float) -> None:
    """One line a start, and what was missed."""
    missed = [
        f"{row.number} {row.name} {problem.summary[row.name]:.3g} [{row.low:g}, {row.high:g}]"
        for row in FITTED
        if not row.low <= problem.summary[row.name] <= row.high
    ]
    line = f"{member.name}: cost {member.cost:.2f}, inside {member.inside} of {member.of}, {problem.evaluations}"
    sys.stderr.write(f"{line} evaluations, {seconds:.0f} s; missed: {'; '.join(missed)}\n")
