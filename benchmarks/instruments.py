"""Time of the instruments on many visits and people: `python -m benchmarks.instruments`.

The ratio compares King's and MiToS with a plain loop over visits, the way staging scripts are usually written.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from alsight.instruments import alsfrs_r, d50, encals, kings, mitos, rate
from alsight.instruments.lung import lung_function

VISITS = 1_000_000
PEOPLE = 12_000
LUNGS = 60_000
LOOPED = 20_000


def seconds(function: Callable[..., Any], *supplied: Any, **named: Any) -> float:
    best = np.inf
    for _ in range(3):
        start = time.perf_counter()
        function(*supplied, **named)
        best = min(best, time.perf_counter() - start)
    return best


def kings_by_loop(items: np.ndarray) -> list[int]:
    stages: list[int] = []
    for row in items:
        regions = int(min(row[:3]) < 4) + int(min(row[3:5]) < 4) + int(row[7] < 4)
        stages.append(4 if row[9] == 0 or row[11] < 4 else regions)
    return stages


def mitos_by_loop(items: np.ndarray) -> list[int]:
    return [
        int(row[7] <= 1 or row[5] <= 1)
        + int(row[2] <= 1)
        + int(row[0] <= 1 and row[3] <= 1)
        + int(row[9] <= 1 or row[11] <= 2)
        for row in items
    ]


def main() -> None:
    rng = np.random.default_rng(0)
    items = rng.integers(0, 5, (VISITS, 12)).astype(np.float32)
    print(f"{VISITS:,} visits")
    for function in (alsfrs_r.total, alsfrs_r.domain_scores, kings.kings_stage, mitos.mitos_stage):
        print(f"  {function.__name__:16s} {seconds(function, items):7.3f} s")
    for batch, loop in ((kings.kings_stage, kings_by_loop), (mitos.mitos_stage, mitos_by_loop)):
        ratio = seconds(loop, items[:LOOPED]) / LOOPED * VISITS / seconds(batch, items)
        print(f"  {batch.__name__:16s} {ratio:7.0f} times as fast as a loop over visits")
    middle = rng.uniform(10, 90, PEOPLE)
    months = rng.uniform(3, 24, PEOPLE)[:, None] + 3.0 * np.arange(9)
    scores = d50.expected_score(months, middle[:, None], (middle * rng.uniform(0.15, 0.35, PEOPLE))[:, None])
    scores = np.clip(np.round(scores + rng.normal(0, 1.5, scores.shape)), 0, 48)
    print(f"{PEOPLE:,} people of 9 visits")
    print(f"  window_slope     {seconds(rate.window_slope, months, scores):7.3f} s")
    print(f"  fit_d50          {seconds(d50.fit_d50, months, scores):7.3f} s")
    prognosis = rng.uniform(-10, 0, VISITS)
    print(f"{VISITS:,} prognoses")
    print(f"  survival         {seconds(encals.survival, np.full(VISITS, 24.0), prognosis, 10.0):7.3f} s")
    print(f"  survival_quantile{seconds(encals.survival_quantile, prognosis, 0.5, 10.0):7.3f} s")
    people = {
        "male": rng.integers(0, 2, LUNGS).astype(float),
        "age_years": rng.uniform(20, 79, LUNGS),
        "height_cm": rng.uniform(160, 172, LUNGS),
    }
    print(f"{LUNGS:,} vital capacities")
    for equation, group in (("gli_global_2022", None), ("gli_2012", "other"), ("nhanes_3", "caucasian")):
        spent = seconds(lung_function, rng.uniform(1, 5, LUNGS), **people, equation=equation, group=group)
        print(f"  {equation:16s} {spent:7.3f} s")


if __name__ == "__main__":
    main()
