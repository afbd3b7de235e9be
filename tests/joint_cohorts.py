"""Small simulated cohorts for the tests of joint models."""

from __future__ import annotations

import jax
import numpy as np
import polars as pl

from alsight.infer.formulas import Encoding
from alsight.infer.joint.features import JointFrame
from alsight.infer.joint.parameters import Hazard, JointValues
from alsight.infer.joint.simulate import Simulated, simulate_joint
from alsight.models.latent.joint import Joint

SCHEDULE = np.array([0.0, 1.0, 2.0, 4.0, 6.0, 9.0, 12.0, 15.0, 18.0])


def truth(causes: int = 1, terms: int = 1) -> JointValues:
    """Parameters near those of a trial cohort: 1 point a month, hazard up when the score is low."""
    association = np.array([-0.1, -0.4][:terms])
    hazards = tuple(
        Hazard(np.array([0.4 - 2.4 * cause, 0.3]), np.array([0.4]), association / (cause + 1))
        for cause in range(causes)
    )
    return JointValues(np.array([38.0, -1.0]), np.array([[5.0, 0.0], [0.15, 0.75]]), 2.0, hazards)


def cohort(seed: int, people: int, values: JointValues, association: tuple[str, ...] = ("value",)) -> Simulated:
    """A cohort with monthly time, a two-level covariate of the hazard and uniform censoring from 8 to 18 months."""
    key = jax.random.key(seed)
    cover, late, rest = jax.random.split(key, 3)
    bulbar = np.asarray(jax.random.bernoulli(cover, 0.3, (people,))).astype(float)
    table = pl.DataFrame({"subject": np.arange(people), "bulbar": bulbar})
    encoding = Encoding("score", "months", "months")
    model = Joint(association=association, baseline="weibull")  # pyright: ignore[reportArgumentType]
    frame = JointFrame(model, encoding, "months", table, (), 18.0)
    censored = np.asarray(jax.random.uniform(late, (people,), minval=8.0, maxval=18.0))
    return simulate_joint(rest, frame, values, bulbar[:, None], SCHEDULE, censored)
