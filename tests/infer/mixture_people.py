"""People of two classes, progressive and slow, with known parameters."""

from __future__ import annotations

import numpy as np
import polars as pl

TRUTH = {
    "class1_Intercept": 38.0,
    "class1_months": -1.5,
    "class2_Intercept": 42.0,
    "class2_months": -0.3,
    "sd_intercept": 3.0,
    "sd_months": 0.3,
    "corr_intercept_months": 0.3,
    "sd_residual": 2.0,
    "class2_logit_Intercept": -0.8,
    "class2_logit_bulbar": 0.7,
}


def mixture_people(key: int, people: int, visits: int = 6, truth: dict[str, float] = TRUTH) -> pl.DataFrame:
    """Visits every two months; half have bulbar onset, which here makes the slow class likelier."""
    rng = np.random.default_rng(key)
    first, second, corr = truth["sd_intercept"], truth["sd_months"], truth["corr_intercept_months"]
    square = [[first**2, corr * first * second], [corr * first * second, second**2]]
    effects = rng.multivariate_normal([0, 0], square, people)
    bulbar = np.arange(people) % 2
    odds = np.exp(truth["class2_logit_Intercept"] + truth["class2_logit_bulbar"] * bulbar)
    slow = rng.random(people) < odds / (1 + odds)
    level = np.where(slow, truth["class2_Intercept"], truth["class1_Intercept"]) + effects[:, 0]
    slope = np.where(slow, truth["class2_months"], truth["class1_months"]) + effects[:, 1]
    months = 2.0 * np.arange(visits) + rng.uniform(-0.3, 0.3, (people, visits))
    score = level[:, None] + slope[:, None] * months + truth["sd_residual"] * rng.normal(size=months.shape)
    return pl.DataFrame(
        {
            "subject": np.repeat(np.arange(people), visits),
            "months": months.ravel(),
            "score": score.ravel(),
            "bulbar": np.repeat(bulbar, visits),
            "slow": np.repeat(slow, visits),
        }
    )
