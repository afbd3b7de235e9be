"""How good forecasts were, once the people were followed further: coverage, CRPS, Brier score, time-dependent AUC.

Censoring is allowed for by inverse probability of censoring weights in the Brier score; the AUC compares those whose
event came within the horizon with those known to be event-free then.

Source: gneiting2007, blanche2015
"""

from __future__ import annotations

import numpy as np
import polars as pl
from jaxtyping import Bool, Float
from scipy.special import ndtr

from alsight.summary.survival import kaplan_meier


def crps_normal(
    outcome: Float[np.ndarray, "*batch"], mean: Float[np.ndarray, "*batch"], sd: Float[np.ndarray, "*batch"]
) -> Float[np.ndarray, "*batch"] | np.float64:
    """Continuous ranked probability score of a normal forecast, in the unit of the outcome; 0 is perfect.

    CRPS = sd (z (2 Φ(z) - 1) + 2 φ(z) - 1/√π), z = (outcome - mean) / sd

    Source: gneiting2007
    """
    z = (outcome - mean) / sd
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return sd * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi))


def brier(
    chance: Float[np.ndarray, " subject"],
    time: Float[np.ndarray, " subject"],
    happened: Bool[np.ndarray, " subject"],
    horizon: float,
) -> float:
    """Brier score of the chance to be event-free at a horizon, weighted for censoring; nan if no one is informative.

    Args:
        chance: forecast probability of no event up to the horizon.
        time: end of follow-up after the landmark.
        happened: whether the event ended it.
        horizon: months after the landmark.

    Source: blanche2015
    """
    uncensored = _Uncensored(time, happened)
    early = happened & (time <= horizon)
    late = time > horizon
    weight = np.where(early, 1 / np.maximum(uncensored(time, before=True), 1e-12), 0.0)
    weight = np.where(late, 1 / max(float(uncensored(np.array([horizon]), before=False)[0]), 1e-12), weight)
    if not weight.any():
        return float("nan")
    return float((weight * (late - chance) ** 2).sum() / len(time))


def auc(
    chance: Float[np.ndarray, " subject"],
    time: Float[np.ndarray, " subject"],
    happened: Bool[np.ndarray, " subject"],
    horizon: float,
) -> float:
    """Probability that someone with an event by the horizon had a lower chance than someone without; ties count half.

    Source: blanche2015
    """
    uncensored = _Uncensored(time, happened)
    case, control = happened & (time <= horizon), time > horizon
    if not case.any() or not control.any():
        return float("nan")
    weight = 1 / np.maximum(uncensored(time[case], before=True), 1e-12)
    ordered = np.sort(chance[control])
    above = len(ordered) - np.searchsorted(ordered, chance[case], side="right")
    equal = np.searchsorted(ordered, chance[case], side="right") - np.searchsorted(ordered, chance[case], side="left")
    return float((weight * (above + 0.5 * equal)).sum() / (weight.sum() * len(ordered)))


class _Uncensored:
    """Kaplan-Meier curve of the censoring time, as a step function; an event comes before a censoring on its day."""

    def __init__(self, time: Float[np.ndarray, " subject"], happened: Bool[np.ndarray, " subject"]) -> None:
        earlier = np.where(happened, np.nextafter(time, -np.inf), time)
        self.curve = kaplan_meier(earlier, ~happened)

    def __call__(self, when: Float[np.ndarray, " time"], *, before: bool) -> Float[np.ndarray, " time"]:
        index = np.searchsorted(self.curve.time, when, side="left" if before else "right")
        return np.concatenate([[1.0], self.curve.survival])[index]


def assessed(function: pl.DataFrame, observed: pl.DataFrame, people: pl.DataFrame, window: float = 1.0) -> pl.DataFrame:
    """One row a horizon: how forecasts made at a landmark compare with what was seen later.

    Args:
        function: what `forecast_function` returned.
        observed: later visits, `subject`, `months`, `score`.
        people: `subject`, `end`, `event` of the whole follow-up.
        window: a rating counts for a horizon when it lies within this many months of it; the nearest is taken.

    Returns:
        `after_months`, `ratings`, `coverage_50`, `coverage_90`, `crps`, `people`, `brier`, `brier_unconditional` (the
        same score for the mean chance), `auc`.
    """
    horizons = function["after_months"].unique(maintain_order=True).to_list()
    rows = [
        _row(function.filter(pl.col("after_months") == horizon), observed, people, float(horizon), window)
        for horizon in horizons
    ]
    return pl.DataFrame(rows)


def _row(
    part: pl.DataFrame, observed: pl.DataFrame, people: pl.DataFrame, horizon: float, window: float
) -> dict[str, float]:
    near = (
        part.join(observed, on="subject")
        .with_columns(gap=(pl.col("months") - pl.col("landmark_months") - horizon).abs())
        .filter(pl.col("gap") <= window)
        .sort("gap")
        .unique("subject", keep="first", maintain_order=True)
    )
    score, mean, sd = (near[name].to_numpy() for name in ("score", "mean", "sd"))
    bounds = {level: (near[f"low_{level}"].to_numpy(), near[f"high_{level}"].to_numpy()) for level in (50, 90)}
    joined = part.join(people.select("subject", "end", "event"), on="subject")
    time = (joined["end"] - joined["landmark_months"]).to_numpy()
    happened, chance = joined["event"].to_numpy() > 0, joined["survival"].to_numpy()
    return {
        "after_months": horizon,
        "ratings": near.height,
        **{
            f"coverage_{level}": float(np.mean((low <= score) & (score <= high))) if near.height else float("nan")
            for level, (low, high) in bounds.items()
        },
        "crps": float(np.mean(crps_normal(score, mean, sd))) if near.height else float("nan"),
        "people": joined.height,
        "brier": brier(chance, time, happened, horizon),
        "brier_unconditional": brier(np.full_like(chance, chance.mean()), time, happened, horizon),
        "auc": auc(chance, time, happened, horizon),
    }
