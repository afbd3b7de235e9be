"""How likely each person belongs to the slow class of a velocity model with two classes."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.special import expit

from alsight.base.errors import SpecError
from alsight.infer.fit import Fit
from alsight.infer.velocity.layout import VelocityLayout, make_layout
from alsight.infer.velocity.likelihood import evaluate_placed
from alsight.infer.velocity.people import read_people
from alsight.models.latent.velocity import SPREADS

PARTICLES = 512
"""Particles of each half by which the classes are weighted."""


def slow_probability(fit: Fit, visits: pl.DataFrame, *, particles: int = PARTICLES) -> pl.DataFrame:
    """Probability of the slow class for each person, from whatever was rated.

    P(slow | y) = odds L_slow / (L_usual + odds L_slow), each L the marginal likelihood of the person's ratings within
    a class, by the particle filter.

    Args:
        fit: what `fit_velocity` returned for a model with two classes.
        visits: the people, with the columns of the fit; without any rating the probability is the class's share.
        particles: particles of each of two halves.

    Returns:
        One row a person: `log_likelihood` and `log_likelihood_slow` within the classes, `probability` of the slow one,
        and `error`, the Monte Carlo standard error of its log odds.

    Raises:
        DataError: a column is missing, or a score lies outside the scale.
        SpecError: the model has one class.
    """
    if fit.model.classes != 2:
        raise SpecError([("model.classes", "2", fit.model.classes)])
    columns = fit.plan
    people = read_people(visits, columns, fit.model, predicting=True)
    whole = make_layout(fit.model, *people.names)
    # A further column of the log rate is the class, whatever the formula holds.
    people = replace(people, rate=np.column_stack([people.rate, np.ones(people.count)]))
    level, rate = people.names
    single = make_layout(msgspec.structs.replace(fit.model, classes=1), level, (*rate, "class"))
    usual, slow = (
        evaluate_placed(people, single, natural, particles, fit.model.seed) for natural in within(whole, fit.estimates)
    )
    odds = float(fit.estimates[whole.slow][0])
    return pl.DataFrame(
        {
            columns.subject: people.subjects,
            "log_likelihood": usual.log_likelihood,
            "log_likelihood_slow": slow.log_likelihood,
            "probability": expit(slow.log_likelihood - usual.log_likelihood + np.log(odds)),
            "error": np.hypot(usual.error(), slow.error()),
        }
    )


def within(
    layout: VelocityLayout, natural: Float[np.ndarray, " parameter"]
) -> tuple[Float[np.ndarray, " single"], Float[np.ndarray, " single"]]:
    """Parameters within the usual class and within the slow one, the shift of the log rate after its coefficients."""
    _, slower, spread = natural[layout.slow]
    usual = np.insert(natural[: layout.slow.start], layout.spreads.start, 0.0)
    slow = usual.copy()
    slow[layout.spreads.start] = -slower
    slow[layout.spreads.start + 1 + [parameter.name for parameter in SPREADS].index("sd_log_rate")] = spread
    return usual, slow
