"""Linear mixed model, 3,000 people x about 8 visits, REML: ours and every peer that installs, with ratios.

Usage: python -m benchmarks.linear [--peers]
With --peers a throw-away environment is made by uv for the Python peers, and R is used where it is installed.
Time is from a data frame in memory to estimates with standard errors; the median of several runs in one process, on
one thread. The first run in a fresh process is printed too.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.make_data import make

ONE = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
PEERS = ("statsmodels", "mixedlm", "mixedlm-rs", "lme-python")
PEER_SCRIPT = """
import json, sys, time, warnings
import numpy as np, pandas as pd
warnings.filterwarnings("ignore")
engine, path = sys.argv[1:3]
d = pd.read_csv(path)
if engine == "statsmodels":
    import statsmodels.formula.api as smf
    run = lambda: smf.mixedlm("y ~ month", d, groups=d["id"], re_formula="~month").fit()
elif engine == "mixedlm":
    import mixedlm
    run = lambda: mixedlm.lmer("y ~ month + (month | id)", d)
elif engine == "mixedlm-rs":
    import mixedlm_rs
    run = lambda: mixedlm_rs.mixedlm("y ~ month", d, groups="id", re_formula="~month").fit()
else:
    import lme_python, polars as pl
    p = pl.DataFrame(d.to_dict("list"))
    run = lambda: lme_python.lmer("y ~ month + (month | id)", data=p, reml=True)
seconds = []
for _ in range(4 if engine == "statsmodels" else 12):
    begin = time.perf_counter(); fit = run(); seconds.append(time.perf_counter() - begin)
print(json.dumps({"first": seconds[0], "warm": float(np.median(seconds[1:]))}))
"""
R_SCRIPT = """
a <- commandArgs(TRUE); d <- read.csv(a[2])
fit <- if (a[1] == "lme4") { suppressMessages(library(lme4)); function() lmer(y ~ month + (month | id), d) } else {
  library(nlme); function() lme(y ~ month, random = ~ month | id, data = d) }
s <- numeric(5)
for (i in 1:5) { st <- system.time(f <- fit()); s[i] <- st[["elapsed"]] }
cat(sprintf('{"first": %f, "warm": %f}', s[1], median(s[-1])))
"""


def ours(seed: int, runs: int = 30) -> dict[str, float]:
    from alsight.infer.linear import fit_linear

    table = make(3000, seed)["lmm"]
    seconds: list[float] = []
    cpu: list[float] = []
    fit = None
    for _ in range(runs):
        begin, used = time.perf_counter(), time.process_time()
        fit = fit_linear(table, "y ~ month", subject="id", random="~ month").check()
        seconds.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - used)
    assert fit is not None
    return {
        "first": seconds[0],
        "warm": float(np.median(seconds)),
        "best": min(seconds),
        "cpu": float(np.median(cpu)),
        "slope": float(fit["month"]),
        "se": float(fit.errors()[1]),
        "loglik": float(fit.log_likelihood),
    }


def _asked(command: list[str]) -> dict[str, float] | str:
    done = subprocess.run(command, capture_output=True, text=True, env=ONE, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1][:100]
    return json.loads(done.stdout.strip().splitlines()[-1])


def peers(seed: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        location = Path(folder)
        path = str(location / "lmm.csv")
        make(3000, seed)["lmm"].write_csv(path)
        (location / "peer.py").write_text(PEER_SCRIPT)
        (location / "peer.R").write_text(R_SCRIPT)
        uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
        if uv:
            subprocess.run([uv, "venv", "-q", str(location / "env")], check=True)
            python = str(location / "env/bin/python")
            for peer in PEERS:
                made = subprocess.run(
                    [uv, "pip", "install", "-q", "--python", python, peer, "pandas<3", "polars", "pyarrow"],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                found[peer] = (
                    "does not install" if made.returncode else _asked([python, str(location / "peer.py"), peer, path])
                )
        if shutil.which("Rscript"):
            for peer in ("lme4", "nlme"):
                found[peer] = _asked(["Rscript", str(location / "peer.R"), peer, path])
    return found


def _row(name: str, result: dict[str, float] | str, base: float) -> str:
    if isinstance(result, str):
        return f"{name:<14} {result}"
    return f"{name:<14} {result['first']:10.4f} {result['warm']:10.4f} {result['warm'] / base:9.1f}x"


def main(function: Callable[[int], dict[str, float]] = ours) -> None:
    results = {seed: function(seed) for seed in (20261122, 1, 2, 3)}
    for seed, row in results.items():
        print(f"seed {seed}: " + ", ".join(f"{name} {value:.5f}" for name, value in row.items()))
    base = results[20261122]
    print(f"\n{'engine':<14} {'first [s]':>10} {'warm [s]':>10} {'ratio':>10}")
    print(_row("alsight", base, base["warm"]))
    if "--peers" in sys.argv:
        for name, result in peers(20261122).items():
            print(_row(name, result, base["warm"]))


if __name__ == "__main__":
    main()
