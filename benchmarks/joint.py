"""Joint model, current value, one thread: alsight warm and in a fresh process, beside jmstate where it installs.

    python -m benchmarks.joint [--peers] [--large] [--fresh]

`--peers` makes a throw-away environment for jmstate (PyTorch, several hundred MB). `--large` adds 200,000 people.
`--fresh` fits once a process: `process` and `process_cpu` are then what one fit costs from nothing, with imports and
the making of the data.
Data: the generator of `make_joint_data`, as in the comparison of peers in docs/methods/joint.md. One JSON line a run.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

PLAN = np.array([0, 1, 2, 3, 4.5, 6, 8, 10, 12, 15, 18.0])
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
PEER = r"""
import json, sys, time, numpy as np, torch
from jmstate import MultiStateJointModel
from jmstate.types._data import ModelData, ModelDesign
from jmstate.types._parameters import ModelParameters, PrecisionParameters
from jmstate.functions.base_hazards import Weibull
torch.manual_seed(0); torch.set_num_threads(1)
store = np.load(sys.argv[1]); t, y, x, end, event = (store[k] for k in ("t", "y", "x", "end", "event"))
f = lambda a: torch.tensor(a, dtype=torch.float32)
line = lambda t, p: (p[..., :1] + p[..., 1:] * t).unsqueeze(-1)
states = [[(0.0, "alive")] + ([(float(e), "dead")] if d else []) for e, d in zip(end, event)]
seconds = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    design = ModelDesign(lambda f, x, b: f + b, line, {("alive", "dead"): line})
    par = ModelParameters(f([38.0, -1.0]), PrecisionParameters.from_covariance(torch.diag(f([20.0, 0.5])), "full"),
        PrecisionParameters.from_covariance(torch.eye(1) * 3.0, "spherical"), {("alive", "dead"): Weibull(0.05, 1.2)},
        {("alive", "dead"): torch.zeros(1)}, {("alive", "dead"): torch.zeros(1)})
    model = MultiStateJointModel(design, par, torch.optim.Adam(par.parameters(), lr=0.05), verbose=False)
    model.fit(ModelData(f(x), f(t), f(y), states, f(end[:, None]) + 1e-4)); model.compute_summary()
    seconds.append(time.perf_counter() - start)
link = dict(model.params.named_parameters())
print(json.dumps({"seconds": float(np.median(seconds)), "loglik": float(model.loglik_)}))
"""


def make_joint_data(people: int, seed: int, events: float = 6.0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Random intercept and slope, Weibull hazard with log slope -0.10 a point; `events` is the Weibull scale."""
    rng = np.random.default_rng(seed)
    covariance = 0.2 * 5.0 * 0.8
    own = rng.multivariate_normal([0, 0], [[25.0, covariance], [covariance, 0.64]], size=people)
    level, slope = 38.0 + own[:, 0], -1.0 + own[:, 1]
    age, bulbar = rng.normal(57, 11, people).clip(20, 88), rng.binomial(1, 0.25, people)
    grid = np.linspace(0, 18, 901)
    base = 1.4 / events * (np.maximum(grid, 1e-9) / events) ** 0.4
    total = np.zeros(people)
    target, died = rng.exponential(size=people), np.full(people, np.inf)
    for month, hazard in zip(grid, base, strict=True):
        total += hazard * np.exp(-0.10 * (level + slope * month)) * grid[1]
        died = np.where((total >= target) & np.isinf(died), month, died)
    censored = rng.uniform(6, 18, people)
    end = np.minimum(died, censored).clip(0.05)
    month = PLAN + np.where(PLAN > 0, rng.normal(0, 0.15, (people, len(PLAN))), 0)
    score = level[:, None] + slope[:, None] * month + rng.normal(0, 2.0, month.shape)
    accepted = month <= end[:, None]
    owner = np.broadcast_to(np.arange(people)[:, None], month.shape)
    visits = pl.DataFrame({"subject": owner[accepted], "months": month[accepted], "score": score[accepted]})
    persons = pl.DataFrame(
        {
            "subject": np.arange(people),
            "end": end,
            "event": (died <= censored).astype(int),
            "age": age,
            "bulbar": bulbar,
        }
    )
    return visits, persons


def ours(people: int, runs: int, events: float) -> dict[str, float]:
    started = time.perf_counter()
    from alsight.infer.joint.fit import fit_joint
    from alsight.models.latent.joint import Joint

    visits, persons = make_joint_data(people, 20261122, events)
    model = Joint(baseline="weibull")
    ready = time.perf_counter()
    seconds: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        fit = fit_joint(visits, persons, "score ~ months", random="~ months", hazard="~ bulbar", model=model).check()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "people": people,
        "visits": visits.height,
        "event_share": round(float(persons["event"].mean() or 0), 3),
        "first": round(seconds[0], 3),
        "warm": round(float(np.median(seconds[1:] or seconds)), 3),
        "import_and_data": round(ready - started, 3),
        "peak_gb": round(peak, 2),
        "association": round(float(fit["event_value"]), 4),
        "log_likelihood": round(float(fit.log_likelihood), 2),
    }


def peer(people: int, runs: int) -> dict[str, float]:
    visits, persons = make_joint_data(people, 20261122)
    width = int(visits.group_by("subject").len()["len"].max() or 1)  # type: ignore[arg-type]
    month, score = (np.full((people, width), np.nan) for _ in range(2))
    owner = visits["subject"].to_numpy()
    index = np.arange(len(owner)) - np.searchsorted(owner, owner)
    month[owner, index], score[owner, index] = visits["months"].to_numpy(), visits["score"].to_numpy()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        np.savez(
            home / "data.npz",
            t=month,
            y=score[..., None],
            x=persons[["bulbar"]].to_numpy(),
            end=persons["end"].to_numpy(),
            event=persons["event"].to_numpy(),
        )
        python = os.environ.get("PEER_PYTHON")
        if not python:
            subprocess.run([sys.executable, "-m", "venv", home / "env"], check=True)
            python = str(home / "env" / "bin" / "python")
            subprocess.run([python, "-m", "pip", "install", "-q", "torch", "jmstate", "pandas"], check=True)
        made = subprocess.run(
            [python, "-c", PEER, home / "data.npz", str(runs)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, **ONE_THREAD},
        )
    return json.loads(made.stdout.splitlines()[-1])


def _cpu() -> float:
    """CPU seconds of all processes started and ended so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    if len(sys.argv) > 2 and sys.argv[1] == "--one":
        print(json.dumps(ours(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))))
        return
    sizes = [(200, 9, 6.0), (3_000, 5, 6.0), (10_000, 3, 2.0)]
    sizes += [(200_000, 1, 6.0)] if "--large" in sys.argv else []
    for people, several, events in sizes:
        runs = 1 if "--fresh" in sys.argv else several
        start = time.perf_counter()
        command = [sys.executable, __file__, "--one", str(people), str(runs), str(events)]
        spent = _cpu()
        made = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **ONE_THREAD})
        row = {"engine": "alsight", **json.loads(made.stdout.splitlines()[-1])}
        row["process"], row["process_cpu"] = round(time.perf_counter() - start, 2), round(_cpu() - spent, 2)
        print(json.dumps(row), flush=True)
        if "--peers" in sys.argv and people <= 3_000:
            other = peer(people, 1)
            print(
                json.dumps(
                    {
                        "engine": "jmstate",
                        "people": people,
                        **other,
                        "times_ours": round(other["seconds"] / row["warm"], 1),
                    }
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()
