"""Ordinal items that are read off latent traits which change with time: the longitudinal graded response model.

    P(y_ijk >= c) = 1 / (1 + exp(-(a_k theta_d(k)(t_ij) - d_kc))),   theta_d(t) = level_id + rate_id t

Each item k belongs to one trait d; the higher the trait, the better the score. All levels and rates of a person are
jointly normal. A level has mean 0 and SD 1 in people whose covariates are 0, which sets the scale of its trait.

Source: samejima1969
"""

from __future__ import annotations

from typing import Annotated, Final

import jax
import msgspec
import numpy as np
from jaxtyping import Array, Float, Int

from alsight.base.spec import Spec
from alsight.instruments.items import ITEMS, TWELVE

MOST_SCORES: Final = 12
"""Most different scores that one item may have."""


class Trait(Spec, frozen=True, kw_only=True):
    """One latent trait.

    Attributes:
        name: printed name.
        items: columns of the items that are read off it.
    """

    name: str
    items: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


def _domains() -> tuple[Trait, ...]:
    home = {item.name: item.domain for item in ITEMS}
    names = tuple(dict.fromkeys(home[name] for name in TWELVE))
    return tuple(Trait(name=domain, items=tuple(n for n in TWELVE if home[n] == domain)) for domain in names)


DOMAINS: Final = _domains()
"""The four conventional domains of the ALSFRS-R, three items each."""

ONE: Final = (Trait(name="function", items=TWELVE),)
"""All twelve items read off one trait."""


class Items(Spec, frozen=True, kw_only=True):
    """What to fit.

    Attributes:
        traits: the traits and their items; no item twice.
        draws: importance draws a person in the last steps; half as many precede.
        seed: root of the random numbers.
    """

    traits: Annotated[tuple[Trait, ...], msgspec.Meta(min_length=1, max_length=8)] = DOMAINS
    draws: Annotated[int, msgspec.Meta(ge=8, le=100_000)] = 64
    seed: Annotated[int, msgspec.Meta(ge=0)] = 1

    @property
    def items(self) -> tuple[str, ...]:
        """All items, trait after trait."""
        return tuple(item for trait in self.traits for item in trait.items)

    @property
    def effects(self) -> tuple[str, ...]:
        """A person's random effects: every level, then every rate."""
        return tuple(f"{trait.name}_{kind}" for kind in ("level", "rate") for trait in self.traits)


def at_least(
    trait: Float[np.ndarray, "*batch"], discrimination: float, steps: Float[np.ndarray, "*_ step"]
) -> Float[np.ndarray, "*batch step"]:
    """Probability of reaching each score above the lowest.

    Args:
        trait: value of the trait.
        discrimination: how sharply the item tells traits apart [above 0].
        steps: discrimination times the trait at which each score is reached by half the people, rising.
    """
    reach = discrimination * np.asarray(trait)[..., None] - steps
    return 0.5 * (1 + np.tanh(0.5 * reach))


def log_probability(
    index: Int[np.ndarray, "*batch"],
    trait: Float[np.ndarray, "*batch"],
    discrimination: float,
    steps: Float[np.ndarray, "*_ step"],
) -> Float[np.ndarray, "*batch"]:
    """Log probability of a score, given as its place among the item's scores, counted from 0."""
    reached = at_least(trait, discrimination, steps)
    whole = np.concatenate([np.ones((*reached.shape[:-1], 1)), reached, np.zeros((*reached.shape[:-1], 1))], axis=-1)
    share = whole[..., :-1] - whole[..., 1:]
    return np.log(np.maximum(np.take_along_axis(share, np.asarray(index)[..., None], axis=-1)[..., 0], 1e-300))


def moments(
    trait: Float[np.ndarray, "*batch"],
    discrimination: float,
    steps: Float[np.ndarray, "*_ step"],
    scores: Float[np.ndarray, "*_ score"],
) -> tuple[Float[np.ndarray, "*batch"], Float[np.ndarray, "*batch"]]:
    """Expected score of an item and its variance at a value of the trait [points]."""
    reached = at_least(trait, discrimination, steps)
    mean = scores[0] + reached @ np.diff(scores)
    second = scores[0] ** 2 + reached @ np.diff(scores**2)
    return mean, np.maximum(second - mean**2, 0.0)


def simulate_scores(
    key: Array,
    trait: Float[np.ndarray, "*batch"],
    discrimination: float,
    steps: Float[np.ndarray, "*_ step"],
    scores: Float[np.ndarray, "*_ score"],
) -> Float[np.ndarray, "*batch"]:
    """Scores of an item drawn at values of its trait [points]."""
    drawn = np.asarray(jax.random.uniform(key, np.shape(trait)))
    index = (drawn[..., None] < at_least(trait, discrimination, steps)).sum(axis=-1)
    return np.asarray(scores)[index]
