"""Makes the ALS classes: `python -m alsight.make courses` estimates them on virtual people and writes them.

People of every parameter set of the ensemble are seen as a register and as a trial would see them, without mimics and
therapies. The classes are a finite mixture of linear-Gaussian courses; its marginal likelihood is exact and is
maximized by a quasi-Newton method. Rates wander in proportion to themselves in the mechanism, so each class has its
own wander.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
from jaxtyping import Float64
from scipy.optimize import minimize
from scipy.special import logsumexp

from alsight.calibrate.ensemble import VERSION, ensemble
from alsight.calibrate.populations import REGISTER, TRIAL, group_of, with_parameters
from alsight.cohort.ratings import joined
from alsight.detect.review.classes import FILE, AlsCourses, CourseClass, Rating, als_courses, crossed, table
from alsight.detect.review.kernel import log_lives, log_scores
from alsight.detect.review.rated import Rated, rated
from alsight.make.maker import command
from alsight.population.frames import cohort_of
from alsight.population.spec import Mimics, Population

Numbers = Float64[np.ndarray, " number"]
Row = TypeVar("Row", CourseClass, Rating)

STEP: Final = 1e-5
SEED: Final = 41
STARTS: Final = ((0.06, 0.05), (0.18, 0.2), (0.45, 0.55), (0.9, 1.2), (1.6, 2.0))
"""Where the search begins: rates before and after the first visit [points/month]."""
OWN: Final = 8
"""Numbers of one class; then steps and shape, three numbers of each rating, and the odds of the later ratings."""
LIMITS: Final = (
    (0.0, 3.0),
    (-0.1, 4.0),
    (-4.0, 1.0),
    (-3.0, 1.0),
    (-1.5, 1.5),
    (-11.0, -2.0),
    (-12.0, -1.0),
    (-5.0, 5.0),
)
"""Range of each number of a class: rates, log spreads, the correlation's angle, log wander, log hazard, log weight."""
RATINGS: Final = (("steady", 0.8, 1.5, 8.0), ("unsteady", 0.8, 3.0, 4.0), ("erratic", 2.0, 6.0, 2.0))
"""Where the search for steadier and less steady ratings begins: noise, fluctuation, memory."""
TAIL_LIMITS: Final = (
    (-6.0, 1.0),
    (-0.5, 1.2),
    *((-0.7, 1.8), (-3.0, 2.5), (0.0, 2.5)) * len(RATINGS),
    *((-6.0, 2.0),) * (len(RATINGS) - 1),
)
"""Ranges of log steps, log shape, log noise (at least half a point), log fluctuation, log memory, and log odds."""


def people(members: int, blocks: int) -> Rated:
    """Virtual people with ALS, half seen as a register and half as a trial would see them."""
    parts: list[Rated] = []
    for location, member in enumerate(ensemble().members[:members]):
        for kind, population in enumerate((REGISTER, TRIAL)):
            group = group_of(bare(population, member.parameters, SEED + location), blocks, kind * blocks)
            parts.append(rated(cohort_of(group)))
    return together(parts)


def bare(population: Population, parameters: dict[str, float], seed: int) -> Population:
    """A population of a parameter set, without mimics."""
    return msgspec.structs.replace(with_parameters(population, parameters, seed), mimics=Mimics(share=0.0))


def together(parts: Sequence[Rated]) -> Rated:
    """People of several cohorts after one another."""
    names = ("onset", "observed", "died", "status", "rate", "excluded")
    beside: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Rated(ratings=joined([part.ratings for part in parts]), **beside)


def courses_of(numbers: Numbers) -> tuple[tuple[CourseClass, ...], tuple[Rating, ...]]:
    """The classes and ratings that free numbers stand for."""
    count = len(STARTS)
    own, tail = numbers[: OWN * count].reshape(count, OWN), numbers[OWN * count :]
    steps, shape = np.exp(tail[:2])
    weights = np.exp(own[:, 7] - logsumexp(own[:, 7]))
    classes = tuple(
        CourseClass(
            name="",
            past=row[0],
            rate=row[1],
            past_sd=np.exp(row[2]),
            rate_sd=np.exp(row[3]),
            correlation=np.tanh(row[4]),
            wander=np.exp(row[5]),
            steps=steps,
            fluctuation=0.0,
            memory=0.0,
            noise=0.0,
            hazard=np.exp(row[6]),
            shape=shape,
            weight=weight,
        )
        for row, weight in zip(own, weights, strict=True)
    )
    kinds = len(RATINGS)
    odds = np.concatenate([[0.0], tail[2 + 3 * kinds :]])
    shares = np.exp(odds - logsumexp(odds))
    each = np.exp(tail[2 : 2 + 3 * kinds]).reshape(kinds, 3)
    ratings = tuple(
        Rating(name, row[0], row[1], row[2], share)
        for (name, *_), row, share in zip(RATINGS, each.tolist(), shares.tolist(), strict=True)
    )
    return classes, ratings


def columns(numbers: Numbers, rated: Rated, only: int | None = None) -> np.ndarray:
    """Log-likelihood of everyone under every class and rating (or those of one class), without the weights."""
    classes, ratings = courses_of(numbers)
    chosen = classes if only is None else classes[only : only + 1]
    rows = table(crossed(chosen, ratings))
    return log_scores(rated.ratings, rated.onset, rows) + log_lives(rated.observed, rated.died, rows)


def cost_of(numbers: Numbers, each: np.ndarray) -> float:
    """Minus the mean log-likelihood a person, with a weak ridge that keeps the search in range."""
    weights = np.log([one.weight for one in crossed(*courses_of(numbers))])
    return float(1e-6 * np.square(numbers).sum() - np.mean(np.asarray(logsumexp(each + weights, axis=1))))


def cost_and_slope(numbers: Numbers, seen: Rated) -> tuple[float, np.ndarray]:
    """The cost and its slope by forward differences; a number of one class moves only that class's columns."""
    each = columns(numbers, seen)
    base, slope, count = cost_of(numbers, each), np.zeros(numbers.size), len(STARTS)
    for location in range(numbers.size):
        moved = numbers.copy()
        moved[location] += STEP
        if location < OWN * count:
            changed, owner = each.copy(), location // OWN
            if location % OWN != OWN - 1:
                changed[:, owner * len(RATINGS) : (owner + 1) * len(RATINGS)] = columns(moved, seen, owner)
        else:
            changed = columns(moved, seen) if location < numbers.size - len(RATINGS) + 1 else each
        slope[location] = (cost_of(moved, changed) - base) / STEP
    return base, slope


def begun() -> Numbers:
    """Where the search begins when nothing is known."""
    own = [
        [past, rate, np.log(0.4 * past), np.log(0.3 * rate), 0.5, np.log(1e-3), np.log(5e-4), 0.0]
        for past, rate in STARTS
    ]
    ratings = [row[1:] for row in RATINGS]
    return np.concatenate([np.ravel(own), np.log([0.2, 2.0]), np.log(np.ravel(ratings)), [-0.7, -2.5]])


def numbers_of(shipped: AlsCourses) -> Numbers:
    """The free numbers that stand for classes and ratings: what `courses_of` undoes."""
    own = [
        [
            one.past,
            one.rate,
            *np.log([one.past_sd, one.rate_sd]),
            np.arctanh(one.correlation),
            *np.log([one.wander, one.hazard, one.weight]),
        ]
        for one in shipped.classes
    ]
    shared = np.log([shipped.classes[0].steps, shipped.classes[0].shape])
    ratings = np.log([[one.noise, one.fluctuation, one.memory] for one in shipped.ratings])
    odds = np.log([one.weight / shipped.ratings[0].weight for one in shipped.ratings[1:]])
    return np.concatenate([np.ravel(own), shared, np.ravel(ratings), odds])


def fit(seen: Rated, iterations: int, start: Numbers) -> tuple[tuple[CourseClass, ...], tuple[Rating, ...]]:
    """The classes, slowest first, and ratings that make these people's courses most likely."""
    limits = [*LIMITS * len(STARTS), *TAIL_LIMITS]
    found = minimize(
        cost_and_slope, start, (seen,), method="L-BFGS-B", jac=True, bounds=limits, options={"maxiter": iterations}
    )
    sys.stderr.write(f"{found.nit} steps, cost {found.fun:.5f}: {found.message}\n")
    classes, ratings = courses_of(found.x)
    ranked = sorted(classes, key=lambda one: one.rate)
    return tuple(replace(one, name=f"als_{location + 1}") for location, one in enumerate(ranked)), ratings


def rounded(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows with five digits."""
    return tuple(
        replace(row, **{name: float(f"{value:.5g}") for name, value in vars(row).items() if name != "name"})
        for row in rows
    )


def make_courses(
    folder: Path = FILE.parent, *, members: int = 4, blocks: int = 1, iterations: int = 300, again: bool = False
) -> list[Path]:
    """Estimate the course classes of ALS on virtual people: one file with its provenance.

    Args:
        folder: where to write.
        members: parameter sets of the ensemble.
        blocks: candidates of each, in blocks of 1024, as a register and as a trial see them.
        iterations: most steps of the search.
        again: begin at the shipped classes.
    """
    seen = people(members, blocks)
    start = numbers_of(als_courses()) if again else begun()
    classes, ratings = fit(seen, iterations, start)
    line = command("courses", members=members, blocks=blocks, iterations=iterations, again=again)
    whole = AlsCourses(line, VERSION, seen.onset.size, rounded(ratings), rounded(classes))
    location = folder / FILE.name
    location.write_bytes(msgspec.json.format(msgspec.json.encode(asdict(whole)), indent=1) + b"\n")
    return [location]
