"""Times of the velocity model and of the whole of `assess`: fit and smoothing of 10,000 people, verdicts of 12,000.

python -m benchmarks.velocity
python -m benchmarks.velocity --assess 8     # only assess, eight times as many people
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

import alsight
from alsight.detect.prior import HELD, natural_history
from alsight.infer.velocity.fit import fit_velocity
from alsight.infer.velocity.simulate import simulate_fit
from alsight.infer.velocity.smooth import Reduction, smooth_velocity
from alsight.models.latent.velocity import Velocity
from fixtures.verdicts.generators import draw

PEOPLE, VISITS, DRAWS = 10_000, 9, 1000
ASSESSED = {"quarterly": 10_400, "monthly": 1_600}
"""People of a clinic and of a trial who are assessed together, about 100,000 visits."""
ASKED = [Reduction(kind="held_gain", months=6.0, at_least=4.0), Reduction(kind="flat_months", at_least=12.0)]


def drawn() -> pl.DataFrame:
    """People of the shipped natural history, seen every three months."""
    months = np.tile(np.arange(VISITS) * 3.0, PEOPLE)
    blank = pl.DataFrame({"subject": np.repeat(np.arange(PEOPLE), VISITS), "months": months, "score": 20.0})
    return simulate_fit(natural_history(), blank, 5)


def assessed(times: int) -> pl.DataFrame:
    """Visits as a file would have them, of so many times the people ASSESSED."""
    day = (pl.col("months") * 30.4375).round(0).cast(pl.Int32)
    made = {schedule: draw("mechanism", times * people, schedule, 0.005, 77) for schedule, people in ASSESSED.items()}
    return pl.concat(
        [
            one.visits.select(subject=pl.lit(schedule + " ") + pl.col("subject"), day=day, alsfrs_r_total="score")
            for schedule, one in made.items()
        ]
    )


def time_model() -> None:
    """Compile on a few people, then time fit and smoothing."""
    visits, model = drawn(), Velocity(held={name: HELD[name] for name in ("times_outlier", "memory")})
    few = visits.head(100 * VISITS)
    smooth_velocity(fit_velocity(few, model=model), few, ASKED, draws=DRAWS)
    start = time.perf_counter()
    fit = fit_velocity(visits, model=model)
    print(f"fit, {PEOPLE:,} people x {VISITS} visits: {time.perf_counter() - start:.1f} s, {int(fit.steps)} steps")
    start = time.perf_counter()
    smooth_velocity(fit, visits, ASKED, draws=DRAWS)
    print(f"{DRAWS:,} smoothed courses a person: {time.perf_counter() - start:.1f} s")


def time_assess(times: int) -> None:
    """Time the whole verb, from a file to its report."""
    visits = assessed(times)
    people = visits["subject"].n_unique()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "visits.csv"
        visits.write_csv(file)
        start, worked = time.perf_counter(), time.process_time()
        alsight.assess(str(file), out=str(Path(folder) / "report"))
        wall, worked = time.perf_counter() - start, time.process_time() - worked
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    size = f"{people:,} people, {visits.height:,} visits"
    print(f"assess, {size}: {wall:.1f} s, {worked:.0f} s of processor, {most:.1f} GiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assess", type=int, metavar="TIMES", help="only assess, with so many times the people")
    asked = parser.parse_args()
    if asked.assess is None:
        time_model()
    time_assess(asked.assess or 1)


if __name__ == "__main__":
    main()
