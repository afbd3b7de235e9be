"""Makes the ALS classes: `python -m alsight.detect.review.fit` estimates them on virtual people and writes them.

People of every parameter set of the ensemble are seen as a register and as a trial would see them, without mimics and
therapies. The classes are a finite mixture of linear-Gaussian courses; its marginal likelihood is exact and is maximized
by a quasi-Newton method. Rates wander in proportion to themselves in the mechanism, so each class has its own wander.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import polars as pl
from jaxtyping import Float64
from scipy.optimize import minimize
from scipy.special import logsumexp

from alsight.calibrate.ensemble import VERSION, ensemble
from alsight.calibrate.populations import REGISTER, TRIAL, group_of, with_parameters
from alsight.detect.review.classes import FILE, AlsCourses, CourseClass, table
from alsight.detect.review.kernel import log_lives, log_scores
from alsight.detect.review.rated import Rated, rated
from alsight.population.frames import cohort_of
from alsight.population.spec import Mimics, Population

SEED: Final = 41
STARTS: Final = ((0.15, 0.10), (0.5, 0.5), (0.9, 0.95), (1.9, 1.8))
"""Where the search begins: rates before and after the first visit [points/month]."""
OWN: Final = 8
"""Numbers of one class; the rest is shared."""


def people(members: int, blocks: int) -> Rated:
    """Virtual people with ALS, half seen as a register and half as a trial would see them."""
    parts: list[Rated] = []
    for place, member in enumerate(ensemble().members[:members]):
        for kind, population in enumerate((REGISTER, TRIAL)):
            group = group_of(bare(population, member.parameters, SEED + place), blocks, kind * blocks)
            parts.append(rated(cohort_of(group)))
    return together(parts)


def bare(population: Population, parameters: dict[str, float], seed: int) -> Population:
    """A population of a parameter set, without mimics."""
    return msgspec.structs.replace(with_parameters(population, parameters, seed), mimics=Mimics(share=0.0))


def together(parts: Sequence[Rated]) -> Rated:
    """People of several cohorts after one another."""
    shift = np.cumsum([0, *(part.starts[-1] for part in parts)])
    starts = np.concatenate([part.starts[:-1] + at for part, at in zip(parts, shift, strict=False)] + [shift[-1:]])
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("months", "totals", "onset", "seen", "died", "judged", "rate", "first_day", "left_out")
    }
    return Rated(subjects=pl.concat([part.subjects for part in parts]), starts=starts.astype(np.int64), **joined)


def classes_of(numbers: Float64[np.ndarray, " number"], count: int) -> tuple[CourseClass, ...]:
    """The classes that free numbers stand for, slowest first."""
    own = numbers[: OWN * count].reshape(count, OWN)
    steps, fluctuation, memory, noise, shape = np.exp(numbers[OWN * count :])
    weights = np.exp(own[:, 7] - logsumexp(own[:, 7]))
    made = [
        CourseClass(
            name="", past=row[0], rate=row[1], past_sd=np.exp(row[2]), rate_sd=np.exp(row[3]),
            correlation=np.tanh(row[4]), wander=np.exp(row[5]), steps=steps, fluctuation=fluctuation, memory=memory,
            noise=noise, hazard=np.exp(row[6]), shape=shape, weight=weight,
        )
        for row, weight in zip(own, weights, strict=True)
    ]  # fmt: skip
    ranked = sorted(made, key=lambda one: one.rate)
    return tuple(replace(one, name=f"als_{place + 1}") for place, one in enumerate(ranked))


def cost(numbers: Float64[np.ndarray, " number"], seen: Rated, count: int) -> float:
    """Minus the mean log-likelihood a person, with a weak ridge that keeps the search in range."""
    classes = classes_of(numbers, count)
    courses = table(classes)
    each = log_scores(seen.starts, seen.months, seen.totals, seen.onset, courses)
    each += log_lives(seen.seen, seen.died, courses) + np.log([one.weight for one in classes])
    return float(-logsumexp(each, axis=1).mean() + 1e-6 * np.square(numbers).sum())


def fit(seen: Rated, iterations: int) -> tuple[CourseClass, ...]:
    """The classes that make these people's courses most likely."""
    count = len(STARTS)
    own = [[past, rate, np.log(0.2), np.log(0.2), 0.5, np.log(1e-3), np.log(0.01), 0.0] for past, rate in STARTS]
    start = np.concatenate([np.ravel(own), np.log([0.05, 1.0, 6.0, 1.2, 1.3])])
    found = minimize(cost, start, (seen, count), method="L-BFGS-B", options={"maxiter": iterations, "maxfun": 10**6})
    sys.stderr.write(f"{found.nit} steps, cost {found.fun:.5f}: {found.message}\n")
    return classes_of(found.x, count)


def main(path: Path, members: int, blocks: int, iterations: int) -> None:
    """Make the classes and write them with their provenance."""
    seen = people(members, blocks)
    rows = tuple(_rounded(one) for one in fit(seen, iterations))
    command = f"python -m alsight.detect.review.fit --members {members} --blocks {blocks} --iterations {iterations}"
    whole = AlsCourses(command, VERSION, seen.onset.size, rows)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(asdict(whole)), indent=1) + b"\n")


def _rounded(one: CourseClass) -> CourseClass:
    values = {name: float(f"{value:.5g}") for name, value in asdict(one).items() if name != "name"}
    return CourseClass(name=one.name, **values)




if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Estimate the course classes of ALS.")
    parser.add_argument("--path", type=Path, default=FILE)
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--blocks", type=int, default=1)
    parser.add_argument("--iterations", type=int, default=300)
    arguments = parser.parse_args()
    main(arguments.path, arguments.members, arguments.blocks, arguments.iterations)
