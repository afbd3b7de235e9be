"""People whose item scores follow latent traits with known parameters."""

from __future__ import annotations

import numpy as np
import polars as pl

from alsight.models.latent.items import Items, Trait

SMALL = Items(traits=(Trait(name="arm", items=("a1", "a2", "a3")),), draws=32)
PAIR = Items(
    traits=(Trait(name="arm", items=("a1", "a2", "a3")), Trait(name="leg", items=("b1", "b2", "b3"))), draws=128
)
SLOPES = (1.5, 2.0, 2.5)
THRESHOLDS = ((-3.0, -2.0, -1.2, -0.3), (-2.6, -1.8, -0.8, 0.2), (-3.2, -2.4, -1.5, -0.6))
RATE = {"mean": -0.12, "bulbar": -0.04, "sd": 0.08}


def item_people(key: int, people: int, model: Items, visits: int = 6, bulbar: bool = True) -> pl.DataFrame:
    """Visits every two months; levels correlate 0.5 between traits, rates 0.6, level and rate 0.3."""
    rng = np.random.default_rng(key)
    traits = len(model.traits)
    half = np.eye(2 * traits)
    half[:traits, :traits] += 0.5 * (1 - np.eye(traits))
    half[traits:, traits:] += 0.6 * (1 - np.eye(traits))
    half[:traits, traits:] = half[traits:, :traits] = 0.3 * np.eye(traits)
    sd = np.r_[np.ones(traits), np.full(traits, RATE["sd"])]
    effects = rng.multivariate_normal(np.zeros(2 * traits), half * np.outer(sd, sd), people)
    kind = np.arange(people) % 2
    effects[:, traits:] += RATE["mean"] + (RATE["bulbar"] * kind[:, None] if bulbar else 0.0)
    months = 2.0 * np.arange(visits) + rng.uniform(-0.3, 0.3, (people, visits))
    table: dict[str, np.ndarray] = {
        "subject": np.repeat(np.arange(people), visits),
        "months": months.ravel(),
        "bulbar": np.repeat(kind, visits),
    }
    for d, trait in enumerate(model.traits):
        value = effects[:, d, None] + effects[:, traits + d, None] * months
        for k, item in enumerate(trait.items):
            reach = SLOPES[k % 3] * (value[..., None] - np.array(THRESHOLDS[k % 3]))
            drawn = rng.random((people, visits, 1))
            table[item] = (drawn < 1 / (1 + np.exp(-reach))).sum(axis=-1).ravel()
    return pl.DataFrame(table)


def item_truth(model: Items) -> dict[str, float]:
    """What people are drawn with, by the names of a fit with `rate="~ bulbar"`."""
    found: dict[str, float] = {}
    for trait in model.traits:
        for k, item in enumerate(trait.items):
            found[f"{item}_discrimination"] = SLOPES[k % 3]
            found |= {f"{item}_{step + 1}": value for step, value in enumerate(THRESHOLDS[k % 3])}
        found[f"{trait.name}_rate_mean"], found[f"{trait.name}_rate_bulbar"] = RATE["mean"], RATE["bulbar"]
        found[f"sd_{trait.name}_rate"] = RATE["sd"]
        for other in model.traits:
            found[f"corr_{trait.name}_level_{other.name}_level"] = 0.5
            found[f"corr_{trait.name}_rate_{other.name}_rate"] = 0.6
            found[f"corr_{trait.name}_level_{other.name}_rate"] = 0.3 if other == trait else 0.0
    return found
