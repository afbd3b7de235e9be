"""Makes the reference fits of forecasts: joint models of a simulated register (`python -m alsight.make forecast`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from alsight.infer.forecast.ahead import fit_forecast
from alsight.infer.forecast.tables import EVENTS, tables_of
from alsight.make.maker import PACKAGE, made_by
from alsight.population.blocks import simulate_cohort
from alsight.population.spec import FollowUp, Mimics, Population, Recruit, Schedule

FOLDER: Final = PACKAGE / "infer" / "forecast"
POPULATION: Final = Population(
    name="natural-history register",
    size=6000,
    seed=20_261,
    recruit=Recruit(kind="register"),
    follow_up=FollowUp(months=48, missed=0.05, dropout_per_month=0.005, vital_status=True, schedule=Schedule(rating=3)),
    mimics=Mimics(share=0.0),
)
"""Who the reference is fitted to: every person with ALS of a register, rated every three months, no trial drug."""


def make_forecast(folder: Path = FOLDER, *, people: int = POPULATION.size) -> list[Path]:
    """Fit the joint model of each event to a simulated register; people's own effects are excluded.

    Args:
        folder: where to write.
        people: size of the register.

    Raises:
        NotConverged: a fit cannot vouch for itself.
    """
    cohort, _ = simulate_cohort(msgspec.structs.replace(POPULATION, size=people))
    record = made_by("forecast", POPULATION.seed, people=people)
    places: list[Path] = []
    for event in EVENTS:
        fit = fit_forecast(tables_of(cohort, event)).check()
        arrays = {name: array for name, array in fit.arrays.items() if name != "effects"}
        shipped = replace(fit, arrays=arrays, provenance=record)
        places.append(shipped.save(folder / f"reference_{event}.npz"))
    return places
