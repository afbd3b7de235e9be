"""People whose scores follow sigmoid courses with known constants."""

from __future__ import annotations

import numpy as np
import polars as pl

TRUTH = {
    "log_d50_mean": 3.3,
    "log_d50_bulbar": -0.3,
    "log_dx_mean": 1.8,
    "sd_log_d50": 0.45,
    "sd_log_dx": 0.4,
    "corr_log_d50_log_dx": 0.5,
    "sd_residual": 2.0,
}


def sigmoid_people(
    key: int, people: int, visits: int = 7, truth: dict[str, float] = TRUTH, degrees: float = np.inf
) -> pl.DataFrame:
    """Visits every three months from 4 to 24 months after onset."""
    rng = np.random.default_rng(key)
    first, second, corr = truth["sd_log_d50"], truth["sd_log_dx"], truth["corr_log_d50_log_dx"]
    square = [[first**2, corr * first * second], [corr * first * second, second**2]]
    effects = rng.multivariate_normal([0, 0], square, people)
    bulbar = np.arange(people) % 2
    d50 = np.exp(truth["log_d50_mean"] + truth["log_d50_bulbar"] * bulbar + effects[:, 0])
    dx = np.exp(truth["log_dx_mean"] + effects[:, 1])
    time = rng.uniform(4, 24, people)[:, None] + 3.0 * np.arange(visits)
    noise = rng.normal(size=time.shape) if np.isinf(degrees) else rng.standard_t(degrees, time.shape)
    score = 48 / (1 + np.exp((time - d50[:, None]) / dx[:, None])) + truth["sd_residual"] * noise
    return pl.DataFrame(
        {
            "subject": np.repeat(np.arange(people), visits),
            "months_since_onset": time.ravel(),
            "alsfrs_r_total": score.ravel(),
            "bulbar": np.repeat(bulbar, visits),
            "d50": np.repeat(d50, visits),
        }
    )
