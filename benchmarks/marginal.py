"""Marginal models (MMRM) on the 200-person example of openpharma/mmrm: seconds a fit, and nlme::gls where R is there.

Usage: python -m benchmarks.marginal
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import polars as pl

from alsight.infer.marginal import fit_marginal
from alsight.models.structures import STRUCTURES

PLACE = Path(__file__).parent.parent / "tests/data/mixed/fev_data.csv"
FORMULA = "FEV1 ~ RACE + SEX + ARMCD * AVISIT"
R_SCRIPT = f"""
library(nlme); d <- read.csv("{PLACE}"); d <- d[!is.na(d$FEV1), ]; d$visit <- as.integer(factor(d$AVISIT))
s <- numeric(5)
for (i in 1:5) s[i] <- system.time(gls({FORMULA}, d, correlation = corSymm(form = ~ visit | USUBJID),
  weights = varIdent(form = ~ 1 | AVISIT)))[["elapsed"]]
cat(median(s))
"""


def main() -> None:
    table = pl.read_csv(PLACE, null_values=["NA", ""])
    base = 0.0
    for name, row in STRUCTURES.items():
        seconds: list[float] = []
        for _ in range(12):
            begin = time.perf_counter()
            fit_marginal(
                table,
                FORMULA,
                subject="USUBJID",
                visit="AVISIT",
                structure=name,
                coordinates=["VISITN"] if row.spatial else [],
            ).check()
            seconds.append(time.perf_counter() - begin)
        base = float(np.median(seconds)) if name == "us" else base
        print(f"{name:<8} first {seconds[0]:.4f} s, median {np.median(seconds):.4f} s")
    if shutil.which("Rscript"):
        done = subprocess.run(["Rscript", "-e", R_SCRIPT], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            print(f"nlme::gls, unstructured: {float(done.stdout):.4f} s, {float(done.stdout) / base:.0f}x ours")


if __name__ == "__main__":
    main()
