"""Simulate the cohorts that the timing scripts read: 3,000 people of a trial database's size.

lmm.csv    about 8 visits a person, random intercept and slope, dropout unrelated to the score
joint.csv  the same people, visits cut at death; the hazard of death depends on the current value
surv.csv   one row a person of joint.csv: time, event, covariates

Usage: python -m benchmarks.make_data FOLDER [PEOPLE] [SEED]
The draws and their order never change, so that times can be compared over the years.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

SEED: Final = 20261122
TRUTH: Final = {
    "intercept": 38.0,
    "slope": -1.0,
    "sd_intercept": 5.0,
    "sd_slope": 0.8,
    "correlation": 0.20,
    "residual": 2.0,
    "association": -0.10,
    "shape": 1.4,
    "scale": 6.0,
}
PLAN: Final = np.array([0, 1, 2, 3, 4.5, 6, 8, 10, 12, 15, 18.0])


def make(people: int = 3000, seed: int = SEED) -> dict[str, pl.DataFrame]:
    """The three tables by name."""
    rng = np.random.default_rng(seed)
    shared = TRUTH["correlation"] * TRUTH["sd_intercept"] * TRUTH["sd_slope"]
    square = [[TRUTH["sd_intercept"] ** 2, shared], [shared, TRUTH["sd_slope"] ** 2]]
    effects = rng.multivariate_normal([0, 0], square, size=people)
    start, slope = TRUTH["intercept"] + effects[:, 0], TRUTH["slope"] + effects[:, 1]
    age = rng.normal(57, 11, people).clip(20, 88)
    bulbar = rng.binomial(1, 0.25, people)
    death = _deaths(start, slope, rng.exponential(size=people))
    admin = rng.uniform(6, 18, people)
    time, event = np.minimum(death, admin).clip(0.05), (death <= admin).astype(int)
    stay = rng.uniform(7, 18, people)
    month, score = np.empty((people, PLAN.size)), np.empty((people, PLAN.size))
    for person in range(people):  # one person after another: this order of draws is part of the data
        month[person] = PLAN + np.where(PLAN > 0, rng.normal(0, 0.15, PLAN.size), 0)
        noise = rng.normal(0, TRUTH["residual"], PLAN.size)
        score[person] = start[person] + slope[person] * month[person] + noise
    person = np.repeat(np.arange(people), PLAN.size)
    whole = pl.DataFrame(
        {
            "id": person + 1,
            "month": month.ravel().round(4),
            "y": score.ravel().round(4),
            "age": age[person].round(2),
            "bulbar": bulbar[person],
        }
    )
    survival = pl.DataFrame(
        {"id": np.arange(1, people + 1), "time": time.round(4), "event": event, "age": age.round(2), "bulbar": bulbar}
    )
    return {
        "lmm": whole.filter(pl.Series((month <= stay[:, None]).ravel())),
        "joint": whole.filter(pl.Series((month <= time[:, None]).ravel())),
        "surv": survival,
    }


def _deaths(start: np.ndarray, slope: np.ndarray, level: np.ndarray) -> np.ndarray:
    grid = np.linspace(0, 18, 1801)
    shape, scale = TRUTH["shape"], TRUTH["scale"]
    baseline = shape / scale * (grid / scale) ** (shape - 1)
    course = start[:, None] + slope[:, None] * grid
    hazard = np.cumsum(baseline * np.exp(TRUTH["association"] * course), axis=1) * (grid[1] - grid[0])
    index = (hazard < level[:, None]).sum(axis=1)
    return np.where(hazard[:, -1] > level, grid[np.minimum(index, grid.size - 1)], np.inf)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    people = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    tables = make(people, int(sys.argv[3]) if len(sys.argv) > 3 else SEED)
    for name, table in tables.items():
        table.write_csv(folder / f"{name}.csv")
        print(f"{name}.csv {table.height} rows")


if __name__ == "__main__":
    main()
