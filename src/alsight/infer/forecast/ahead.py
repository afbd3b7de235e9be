"""Forecasts from a joint fit: ratings at horizons, and quantiles of the time to the event."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.special import ndtri

from alsight.infer.fit import Fit
from alsight.infer.forecast.tables import Tables, complete
from alsight.infer.forecast.unknown import CovariateSpread, predicted
from alsight.infer.joint.fit import fit_joint
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.models.latent.joint import Joint

HORIZONS: Final = (3.0, 6.0, 12.0, 18.0, 24.0)
"""Months ahead at which function and survival are reported."""

LEVELS: Final = (0.5, 0.9)
TOP: Final = ALSFRS_R_BEST
"""Highest ALSFRS-R total [points]."""

GRID: Final = tuple(float(month) for month in (*range(1, 25), *range(26, 61, 2), *range(64, 121, 4)))
"""Months ahead on which survival is computed to find quantiles of the time to the event."""

SHARES: Final = {"low_90": 0.05, "low_50": 0.25, "median": 0.5, "high_50": 0.75, "high_90": 0.95}
MODEL: Final = Joint(association=("value", "slope"), baseline="piecewise", pieces=5)
LEAST_PEOPLE: Final = 50
LEAST_EVENTS: Final = 20
"""A cohort smaller than this is forecast from the shipped reference, not from itself."""


def enough(tables: Tables, *, recorded: bool = True) -> bool:
    """Whether a cohort can carry a fit of its own.

    Args:
        tables: visits and follow-up.
        recorded: count only people of whom every covariate is recorded, as a fit does.
    """
    people = complete(tables).people if recorded else tables.people
    return people.height >= LEAST_PEOPLE and float(people["event"].sum()) >= LEAST_EVENTS


def fit_forecast(tables: Tables) -> Fit:
    """The joint model behind forecasts: linear course, hazard by value, slope, age at entry and bulbar onset.

    People of whom age or onset is not recorded inform no fit; they are forecast from it.
    """
    whole = complete(tables)
    return fit_joint(
        whole.visits,
        whole.people,
        "score ~ months",
        random="~ months",
        hazard="~ age_at_entry_years + bulbar",
        model=MODEL,
    )


def forecast_function(
    fit: Fit, tables: Tables, horizons: tuple[float, ...] = HORIZONS, spread: CovariateSpread | None = None
) -> pl.DataFrame:
    """Rating at each horizon, as it would be were the person alive, and the chance to be event-free until then.

    Args:
        fit: what `fit_forecast` returned.
        tables: people with a `landmark` and their visits until it.
        horizons: months after the landmark.
        spread: whom people may be of whom age or onset is not recorded; None for the people of the fit.

    Returns:
        `subject`, `landmark_months`, `after_months`, `mean`, `sd`, `low_50`, `high_50`, `low_90`, `high_90` of a
        rating with its noise [points, 0-48], `survival` [0-1].
    """
    ahead = predicted(fit, tables, horizons, spread)
    spread_of = np.sqrt(ahead["sd"].to_numpy() ** 2 + float(fit["sd_residual"]) ** 2)
    mean = ahead["mean"].to_numpy()
    bounds: dict[str, np.ndarray] = {}
    for level in LEVELS:
        half = float(ndtri(0.5 + level / 2)) * spread_of
        bounds[f"low_{level * 100:.0f}"] = np.clip(mean - half, 0.0, TOP)
        bounds[f"high_{level * 100:.0f}"] = np.clip(mean + half, 0.0, TOP)
    return ahead.select(
        "subject",
        landmark_months=pl.col("time") - pl.col("after"),
        after_months=pl.col("after"),
        mean=pl.Series(np.clip(mean, 0.0, TOP)),
        sd=pl.Series(spread_of),
        **{name: pl.Series(values) for name, values in bounds.items()},
        survival=pl.col("survival"),
    )


def forecast_time(fit: Fit, tables: Tables, spread: CovariateSpread | None = None) -> pl.DataFrame:
    """Quantiles of the months from the landmark to the event; null where they lie beyond 120 months.

    Args:
        fit: what `fit_forecast` returned.
        tables: people with a `landmark` and their visits until it.
        spread: whom people may be of whom age or onset is not recorded; None for the people of the fit.

    Returns:
        `subject`, `low_90`, `low_50`, `median`, `high_50`, `high_90` [months after the landmark].
    """
    ahead = predicted(fit, tables, GRID, spread)
    names = tables.people.select("subject").join(ahead.select("subject").unique(), on="subject", how="semi")
    count = ahead.height // len(GRID)
    survival = ahead["survival"].to_numpy().reshape(count, len(GRID))
    order = ahead["subject"].to_numpy().reshape(count, len(GRID))[:, 0]
    found = {name: _crossing(survival, 1.0 - share) for name, share in SHARES.items()}
    frame = pl.DataFrame({"subject": order, **found}, schema_overrides={"subject": names.schema["subject"]})
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


def _crossing(survival: Float[np.ndarray, "subject time"], share: float) -> Float[np.ndarray, " subject"]:
    """Time at which each curve falls to a share, linear in between; nan beyond the last time."""
    times = np.r_[0.0, GRID]
    whole = np.concatenate([np.ones((len(survival), 1)), survival], axis=1)
    below = whole <= share
    index = np.where(below.any(axis=1), below.argmax(axis=1), 0)
    rows = np.arange(len(whole))
    before = np.maximum(index - 1, 0)
    high, low = whole[rows, before], whole[rows, index]
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.where(high > low, (high - share) / (high - low), 0.0)
    return np.where(index > 0, times[before] + inside * (times[index] - times[before]), np.nan)
