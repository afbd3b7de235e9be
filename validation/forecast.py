"""How good forecasts are on people who were held back: coverage, CRPS, Brier score and AUC as a table.

    python -m validation.forecast

Fits the joint model to 1,500 people of a simulated register and forecasts 3,000 others of it from 6 and from 12
months; then the same people from the shipped reference.
"""

from __future__ import annotations

import msgspec
import polars as pl

from alsight.infer.forecast.ahead import fit_forecast, forecast_function
from alsight.infer.forecast.judge import assessed
from alsight.infer.forecast.reference import reference_fit
from alsight.infer.forecast.tables import EVENTS, landmarked, tables_of
from alsight.make.forecast import POPULATION
from alsight.population.blocks import simulate_cohort


def main() -> None:
    fitted, _ = simulate_cohort(msgspec.structs.replace(POPULATION, size=1500, seed=501))
    held, _ = simulate_cohort(msgspec.structs.replace(POPULATION, size=3000, seed=502))
    rows: list[pl.DataFrame] = []
    for event in EVENTS:
        known = tables_of(held, event)
        for name, fit in (("own", fit_forecast(tables_of(fitted, event))), ("reference", reference_fit(event))):
            for months in (6.0, 12.0):
                table = assessed(forecast_function(fit, landmarked(known, months)), known.visits, known.people)
                rows.append(
                    table.select(
                        pl.lit(event).alias("event"), pl.lit(name).alias("fit"), pl.lit(months).alias("from"), pl.all()
                    )
                )
    whole = pl.concat(rows)
    print("| " + " | ".join(whole.columns) + " |")
    print("|" + "---|" * whole.width)
    for row in whole.iter_rows():
        print("| " + " | ".join(f"{value:.3g}" if isinstance(value, float) else str(value) for value in row) + " |")


if __name__ == "__main__":
    main()
