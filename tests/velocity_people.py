"""People of the velocity model for tests, and the model a second time: plain NumPy, one person, no cleverness."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.special import logsumexp
from scipy.stats import norm

from alsight.infer.velocity.layout import make_layout
from alsight.infer.velocity.people import VelocityColumns, read_people
from alsight.infer.velocity.simulate import simulate_velocity
from alsight.models.latent.velocity import Velocity

COLUMNS = VelocityColumns("months", "score", "subject", "~ 1", "~ 1", {})
TRUTH = {
    "level_mean": 38.0,
    "log_rate_mean": -0.4,
    "sd_level": 5.0,
    "sd_log_rate": 0.6,
    "corr_level_log_rate": -0.2,
    "memory": 12.0,
    "sd_pace": 0.8,
    "sd_noise": 1.0,
    "sd_sticky": 1.0,
    "stickiness": 8.0,
    "sd_log_size": 0.3,
    "odds_outlier": 0.06,
    "times_outlier": 3.0,
}
SLOW = {"odds_slow": 0.25, "slower": 2.0, "sd_log_rate_slow": 0.4}


def schedule(people: int, visits: int, apart: float = 3.0) -> pl.DataFrame:
    return pl.DataFrame(
        {"subject": np.repeat(np.arange(people), visits), "months": np.tile(np.arange(visits) * apart, people)}
    )


def draw(people: int, visits: int, seed: int, model: Velocity | None = None, **changed: float) -> pl.DataFrame:
    chosen = Velocity() if model is None else model
    extra = SLOW if chosen.classes == 2 else {}
    return simulate_velocity(schedule(people, visits), COLUMNS, chosen, TRUTH | extra | changed, seed)


def engine(table: pl.DataFrame, model: Velocity, **changed: float):
    """People, a layout and natural values."""
    people = read_people(table, COLUMNS, model)
    layout = make_layout(model, *people.names)
    values = TRUTH | (SLOW if model.classes == 2 else {}) | changed
    return people, layout, np.array([values[parameter.name] for parameter in layout.parameters])


def prior_draws(times: np.ndarray, values: dict[str, float], count: int, seed: int, spell=None, gain=(0.0, 0.0)):
    """Levels at some times (no further apart than the model's step), noise size and sticky noise, from the prior."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, count))
    level = values["level_mean"] + values["sd_level"] * first
    corr = values["corr_level_log_rate"]
    log_rate = values["log_rate_mean"] + values["sd_log_rate"] * (corr * first + np.sqrt(1 - corr**2) * second)
    size = np.exp(values["sd_log_size"] * rng.normal(size=count))
    pace, sticky = rng.normal(size=(2, count))
    size_of_gain = np.exp(gain[0] + gain[1] * rng.normal(size=count))
    levels, noises, lost, before = [], [], np.zeros(count), None
    for index, time in enumerate(times):
        if index:
            gap = time - times[index - 1]
            for name in ("memory", "stickiness"):
                keep = np.exp(-gap / values[name])
                fresh = np.sqrt(1 - keep**2) * rng.normal(size=count)
                if name == "memory":
                    pace = keep * pace + fresh
                else:
                    sticky = keep * sticky + fresh
        share, active = (0.0, 1.0) if spell is None else _spell(time - times[0], *spell)
        rate = active * np.exp(log_rate + values["sd_pace"] * pace - values["sd_pace"] ** 2 / 2)
        if before is not None:
            lost = lost + 0.5 * (time - times[index - 1]) * (before + rate)
        before = rate
        levels.append(level - lost + size_of_gain * share)
        noises.append(size * values["sd_sticky"] * sticky)
    return np.array(levels), np.array(noises), size


def _spell(now: float, start: np.ndarray, rise: float, held: np.ndarray, factor: float):
    since = now - start
    share = np.clip(since / rise, 0.0, 1.0)
    lost = np.where(since < held, 0.0, (since - held) / rise)
    return np.maximum(share - lost, 0.0), np.where((since > 0) & (since < held), factor, 1.0)


def rating_log_density(score: float, center: np.ndarray, size: np.ndarray, values: dict[str, float]) -> np.ndarray:
    parts = []
    p_out = values["odds_outlier"] / (1 + values["odds_outlier"])
    for share, times in ((1 - p_out, 1.0), (p_out, values["times_outlier"])):
        own = size * values["sd_noise"] * times
        scale = np.sqrt(own**2 + 1 / 12)
        if score <= 0:
            part = norm.logcdf((0.5 - center) / own)
        elif score >= 48:
            part = norm.logsf((47.5 - center) / own)
        else:
            part = norm.logpdf((score - center) / scale) - np.log(scale)
        parts.append(np.log(share) + part)
    return np.logaddexp(*parts)


def brute_log_weights(scores: np.ndarray, times: np.ndarray, values: dict[str, float], count: int, seed: int, **spell):
    """Log density of ratings given prior draws of everything else, and the levels drawn."""
    levels, noises, size = prior_draws(times, values, count, seed, **spell)
    total = np.zeros(count)
    for score, level, noise in zip(scores, levels, noises, strict=True):
        if np.isfinite(score):
            total += rating_log_density(score, level + noise, size, values)
    return total, levels, size


def log_mean(weights: np.ndarray) -> tuple[float, float]:
    """Log of the mean weight and its Monte Carlo standard error."""
    value = float(logsumexp(weights) - np.log(len(weights)))
    relative = np.exp(weights - value)
    return value, float(relative.std() / np.sqrt(len(weights)))
