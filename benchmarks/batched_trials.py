"""10,000 random-slope REML trial fits (200 people, about 1,700 rows each) as one program, CPU milliseconds a fit.

Usage: python -m benchmarks.batched_trials [TRIALS]
Set OMP_NUM_THREADS=1 to count one thread. Standard errors, Kenward-Roger pieces and a status come with every fit.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from alsight.base.status import Status
from alsight.infer.linear import fit_trials
from alsight.infer.marginal import fit_marginal_trials
from alsight.infer.survival.cox import fit_cox_trials
from alsight.models.model import Columns
from benchmarks.make_data import PLAN, TRUTH

PEOPLE, CHUNK = 200, 500


def trials(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, design and visits seen of some trials."""
    shape = (count, PEOPLE, PLAN.size)
    month = PLAN + np.where(PLAN > 0, rng.normal(0, 0.15, shape), 0)
    shared = TRUTH["correlation"] * TRUTH["sd_intercept"] * TRUTH["sd_slope"]
    square = [[TRUTH["sd_intercept"] ** 2, shared], [shared, TRUTH["sd_slope"] ** 2]]
    effects = rng.multivariate_normal([TRUTH["intercept"], TRUTH["slope"]], square, shape[:2])
    score = effects[..., :1] + effects[..., 1:] * month + rng.normal(0, TRUTH["residual"], shape)
    return score, np.stack([np.ones(shape), month], axis=-1), month <= rng.uniform(7, 18, (*shape[:2], 1))


def linear(total: int) -> None:
    rng = np.random.default_rng(20261122)
    columns = Columns("y", ("Intercept", "month"), ("intercept", "month"))
    spent = rows = wall = 0.0
    ended: list[np.ndarray] = []
    for _ in range(max(1, total // CHUNK)):
        score, design, observed = trials(min(total, CHUNK), rng)
        rows += float(observed.sum())
        begin, used = time.perf_counter(), time.process_time()
        ended.append(fit_trials(score, design, design, observed, columns).status)
        spent += time.process_time() - used
        wall += time.perf_counter() - begin
    status = np.concatenate(ended)
    print(
        f"random slope, REML: {len(status)} fits of {rows / len(status):.0f} rows, "
        f"{1e3 * spent / len(status):.3f} ms CPU and {1e3 * wall / len(status):.3f} ms wall each; "
        f"{(status == Status.CONVERGED).sum()} converged, {(status == Status.BOUNDARY).sum()} at a boundary"
    )


def marginal(total: int) -> None:
    rng = np.random.default_rng(1)
    slots, people = 5, PEOPLE
    fixed = np.zeros((total, people, slots, 2 * slots))
    spot = np.arange(slots)
    fixed[:, :, spot, spot] = 1.0
    fixed[:, :, spot, slots + spot] = (np.arange(people) % 2)[:, None]
    change = rng.normal(size=(total, people, slots)).cumsum(-1) * 2 - spot
    observed = spot < rng.integers(2, slots + 1, (total, people, 1))
    columns = Columns("y", tuple(f"b{k}" for k in range(2 * slots)), slots=tuple("01234"))
    used = time.process_time()
    fit = fit_marginal_trials(change, fixed, observed, columns)
    spent = time.process_time() - used
    print(
        f"MMRM, unstructured, 5 visits: {total} fits, {1e3 * spent / total:.3f} ms CPU each; "
        f"{(fit.status == Status.CONVERGED).sum()} converged"
    )


def cox(total: int) -> None:
    rng = np.random.default_rng(2)
    x = np.stack([rng.normal(size=(total, PEOPLE)), rng.random((total, PEOPLE)) < 0.5], axis=-1)
    duration = rng.exponential(1, (total, PEOPLE)) * np.exp(-0.4 * x[..., 1])
    used = time.process_time()
    fit = fit_cox_trials(x, np.minimum(duration, 1.5), duration <= 1.5, ("age", "arm"))
    spent = time.process_time() - used
    print(
        f"Cox, two covariates: {total} fits of {PEOPLE} people, {1e3 * spent / total:.3f} ms CPU each; "
        f"{(fit.status == Status.CONVERGED).sum()} converged"
    )


if __name__ == "__main__":
    requested = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    linear(requested)
    marginal(max(1, requested // 5))
    cox(max(1, requested // 10))
