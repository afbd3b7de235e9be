"""Does a repeated-measures analysis of any small trial end in an estimate or a reason, never in an exception?

Each trial has 6 to 50 people an arm, 3 to 6 visits, integer scores and up to 70 % of people lost before the last visit;
it is analysed with one covariance structure at random, by restricted maximum likelihood. Batches of trials are analysed
again as one program: a trial must give there what it gives alone. The first 500 whose structure R's gls knows are
fitted by gls too (`trials.R`), and compared in `trials.csv`.

    python -m validation.trials [TRIALS [FOLDER]]     writes the tables for R to FOLDER
    Rscript validation/trials.R FOLDER                fits them by nlme::gls
    python -m validation.trials --compare FOLDER      writes `trials.csv`
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from alsight.base.status import Status
from alsight.infer.marginal import fit_marginal, fit_marginal_trials
from alsight.models.model import Columns

RESULT: Final = Path(__file__).with_suffix(".csv")
TRIALS: Final = 20_000
COMPARED: Final = 500
STRUCTURES: Final = ("us", "cs", "csh", "ar1", "ar1h", "toep", "toeph", "ad", "adh", "sp_exp", "sp_gau")
GLS: Final = ("us", "cs", "csh", "ar1", "ar1h", "sp_exp", "sp_gau")
"""Structures that gls knows by the same parameters."""
FORMULA: Final = "y ~ visit * arm"


def trial(number: int, seed: int = 20) -> tuple[pl.DataFrame, str]:
    """One trial, as a table of visits, and the structure it is analysed with."""
    rng = np.random.default_rng([seed, number])
    people, visits = 2 * int(rng.integers(6, 51)), int(rng.integers(3, 7))
    lost = rng.uniform(0.0, 0.7)
    arm = np.arange(people) % 2
    months = 3.0 * np.arange(visits)
    level = rng.normal(38.0, rng.uniform(0.5, 6.0), people)[:, None]
    slope = rng.normal(-0.9 + 0.3 * arm, rng.uniform(0.0, 0.8), people)[:, None]
    noise = rng.normal(0.0, rng.uniform(0.3, 2.5), (people, visits))
    score = np.clip(np.rint(level + slope * months + noise), 0, 48)
    last = np.where(rng.random(people) < lost, rng.integers(1, visits, people), visits)
    seen = (np.arange(visits) < last[:, None]) & (rng.random((people, visits)) > 0.02 * (np.arange(visits) > 0))
    row, column = np.nonzero(seen)
    table = pl.DataFrame(
        {
            "subject": row,
            "visit": pl.Series([f"V{k + 1}" for k in column]),
            "months": months[column],
            "arm": pl.Series(["AB"[arm[k]] for k in row]),
            "y": score[row, column],
        }
    )
    return table, STRUCTURES[int(rng.integers(len(STRUCTURES)))]


def fitted(table: pl.DataFrame, structure: str) -> Any:
    """The fit of one trial."""
    coordinates = ("months",) if structure.startswith("sp_") else ()
    return fit_marginal(table, FORMULA, visit="visit", structure=structure, coordinates=coordinates)


def run(trials: int, first: int = 0) -> tuple[pl.DataFrame, list[str]]:
    """Status and log likelihood of each trial, and every exception."""
    rows: list[dict[str, Any]] = []
    failures: list[str] = []
    for number in range(first, first + trials):
        table, structure = trial(number)
        try:
            fit = fitted(table, structure)
        except Exception as error:  # noqa: BLE001 - what is counted here is any exception at all
            failures.append(f"trial {number} ({structure}): {type(error).__name__}: {error}")
            continue
        errors = fit.errors()[: len(fit.columns.fixed)]
        honest = bool(np.isfinite(fit.estimates).all() and np.isfinite(errors).all())
        name = Status(int(fit.status)).name.lower()
        if name == "converged" and not honest:
            failures.append(f"trial {number} ({structure}): converged without finite numbers")
        rows.append({"trial": number, "structure": structure, "status": name, "ours": float(fit.log_likelihood)})
    return pl.DataFrame(rows), failures


def harms(batch: int = 60, seed: int = 1) -> float:
    """Largest difference of log likelihoods between trials fitted together and alone, with hopeless ones among them."""
    rng = np.random.default_rng(seed)
    people, visits = 16, 4
    arm = np.arange(people) % 2
    design = np.zeros((people, visits, 2 * visits))
    design[:, np.arange(visits), np.arange(visits)] = 1.0
    design[:, :, visits:] = design[:, :, :visits] * arm[:, None, None]
    score = np.rint(rng.normal(0.0, 3.0, (batch, people, 1)) + rng.normal(38.0, 1.5, (batch, people, visits)))
    seen = np.arange(visits) < rng.integers(1, visits + 1, (batch, people))[..., None]
    seen[::7, :, 2] = False  # nobody at a visit
    score[1::7] = 30.0  # no spread at all
    seen[2::7] = np.arange(visits) < 1  # nobody twice
    columns = Columns("y", tuple(f"x{k}" for k in range(2 * visits)), slots=tuple(f"V{k + 1}" for k in range(visits)))
    fixed = np.broadcast_to(design, (batch, *design.shape))
    worst = 0.0
    for structure in ("us", "toeph", "adh"):
        whole = fit_marginal_trials(score, fixed, seen, columns, structure)
        for one in range(batch):
            each = slice(one, one + 1)
            alone = fit_marginal_trials(score[each], fixed[each], seen[each], columns, structure)
            if whole.status[one] != alone.status[0]:
                return float("inf")
            if whole.status[one] == Status.CONVERGED:
                worst = max(worst, abs(float(whole.log_likelihood[one] - alone.log_likelihood[0])))
    return worst


def compare(folder: Path) -> pl.DataFrame:
    """Log likelihoods of the first trials by gls and by alsight."""
    theirs = pl.read_csv(folder / "gls.csv", schema_overrides={"gls": pl.Float64}, null_values="NA")
    ours = pl.read_csv(folder / "ours.csv", schema_overrides={"ours": pl.Float64})
    joined = ours.join(theirs, on="trial", how="inner").sort("trial")
    return joined.with_columns((pl.col("ours") - pl.col("gls")).alias("difference")).with_columns(
        pl.col("ours", "gls", "difference").round(6)
    )


def main(arguments: list[str]) -> None:
    """See the module's docstring."""
    if arguments[:1] == ["--compare"]:
        both = compare(Path(arguments[1]))
        both.write_csv(RESULT)
        known = both.filter(pl.col("gls").is_not_null())
        sys.stdout.write(f"{both.height} compared; gls converged on {known.height}; of these alsight on ")
        sys.stdout.write(f"{known.filter(pl.col('status') == 'converged').height}; ")
        sys.stdout.write(f"least difference {known['difference'].min()}\n")
        return
    trials = int(arguments[0]) if arguments else TRIALS
    begin = time.process_time()
    table, failures = run(trials)
    sys.stdout.write(f"{trials} trials in {time.process_time() - begin:.0f} s of one core\n")
    sys.stdout.write(f"{len(failures)} exceptions or statuses that lie\n" + "".join(f"{line}\n" for line in failures))
    for (structure, status), count in sorted(Counter(table.select("structure", "status").iter_rows()).items()):
        sys.stdout.write(f"{structure},{status},{count}\n")
    sys.stdout.write(f"together and alone differ by {harms():.1e}\n")
    if len(arguments) > 1:
        folder = Path(arguments[1])
        folder.mkdir(parents=True, exist_ok=True)
        chosen = table.filter(pl.col("structure").is_in(GLS)).head(COMPARED)
        chosen.write_csv(folder / "ours.csv")
        parts = [trial(number)[0].with_columns(trial=pl.lit(number)) for number in chosen["trial"]]
        pl.concat(parts).write_csv(folder / "visits.csv")


if __name__ == "__main__":
    main(sys.argv[1:])
