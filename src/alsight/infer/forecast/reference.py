"""The shipped reference fits: joint models of a simulated register, for cohorts too small for their own.

`python -m alsight.infer.forecast.reference` makes them again from the mechanism's present parameters.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from alsight.infer.engines import load
from alsight.infer.fit import Fit
from alsight.infer.forecast.ahead import fit_forecast
from alsight.infer.forecast.tables import EVENTS, Event, tables_of
from alsight.population.blocks import simulate_cohort
from alsight.population.spec import FollowUp, Mimics, Population, Recruit, Schedule

POPULATION: Final = Population(
    name="natural-history register",
    size=6000,
    seed=20_261,
    recruit=Recruit(kind="register"),
    follow_up=FollowUp(months=48, missed=0.05, dropout_per_month=0.005, vital_status=True, schedule=Schedule(rating=3)),
    mimics=Mimics(share=0.0),
)
"""Who the reference is fitted to: every person with ALS of a register, rated every three months, no trial drug."""


def reference_fit(event: Event) -> Fit:
    """The shipped fit for one event."""
    with as_file(files("alsight.infer.forecast") / f"reference_{event}.npz") as place:
        return load(place)


def make_reference(folder: Path) -> list[Path]:
    """Simulate the register, fit both models and write them; persons' own effects are left out.

    Raises:
        NotConverged: a fit cannot vouch for itself.
    """
    cohort, _ = simulate_cohort(POPULATION)
    places: list[Path] = []
    for event in EVENTS:
        fit = fit_forecast(tables_of(cohort, event)).check()
        arrays = {name: array for name, array in fit.arrays.items() if name != "effects"}
        places.append(replace(fit, arrays=arrays).save(folder / f"reference_{event}.npz"))
    return places


if __name__ == "__main__":
    make_reference(Path(__file__).parent)
