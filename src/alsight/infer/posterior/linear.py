"""What is sampled for the linear mixed model: its log density of the visits, random effects integrated out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from alsight.infer.maximize import maximize
from alsight.infer.posterior.priors import Arranged, log_prior
from alsight.infer.posterior.sample import Draws, root_of, sample
from alsight.infer.posterior.volume import spread_volume
from alsight.models.linear import Linear
from alsight.models.model import Columns, Visits


@dataclass(frozen=True)
class LinearDensity:
    """Log posterior on the working scale; comparable, so that programs are compiled once a design.

    Attributes:
        model: the linear model.
        columns: names of its design.
        spread: places of the correlations.
    """

    model: Linear
    columns: Columns
    spread: tuple[int, ...]

    def __call__(self, working: Float[Array, "*_ free"], supplied: Any) -> Float[Array, ""]:
        """Likelihood times prior times the volume of the change of scale, as a log."""
        visits, numbers, placed = supplied
        natural = self.natural(working)
        likelihood = self.model.log_density(self.columns, natural, visits, placed).sum()
        return likelihood + log_prior(self.spread, numbers, natural) + self.volume(working)

    def volume(self, working: Float[Array, "*_ free"]) -> Float[Array, ""]:
        """Log volume of the change from the working to the natural scale."""
        fixed, random = len(self.columns.fixed), len(self.columns.random)
        end = fixed + random * (random + 1) // 2
        tail = working[end + 1 + len(self.columns.noise) :]
        return spread_volume(working[fixed:end], random) + working[end] + tail.sum()

    def natural(self, working: Float[Array, "*_ free"]) -> Float[Array, "*_ parameter"]:
        """Working values as natural ones."""
        return self.model.natural(self.columns, working)

    def each(self, working: Float[Array, "*_ free"], supplied: Any) -> Float[Array, " one"]:
        """The same as a vector of one, as `maximize` reads it."""
        return self(working, supplied)[None]


def linear_density(model: Linear, columns: Columns, arranged: Arranged) -> LinearDensity:
    """The log posterior of a linear model under some priors; one object a design, for the compiler's cache."""
    return _made(model, columns, arranged.spread)


@cache
def _made(model: Linear, columns: Columns, spread: tuple[int, ...]) -> LinearDensity:
    return LinearDensity(model, columns, spread)


def sample_linear(
    density: LinearDensity,
    supplied: tuple[Visits, Float[Array, "parameter number"], Any],
    begin: Float[Array, "*_ free"],
    key: Array,
    *,
    chains: int,
    draws: int,
    warmup: int,
) -> Draws:
    """Draws for one data set, from the mode of the posterior onwards; `jax.vmap` over (given, begin, key) for many.

    Args:
        density: what to sample.
        supplied: visits, numbers of the priors, quadrature nodes of Student noise (None otherwise).
        begin: where the search for the mode begins, on the working scale.
        key: decides every draw.
        chains: independent chains.
        draws: kept draws a chain.
        warmup: draws a chain before them.
    """
    optimum = maximize(density.each, begin, supplied, limit=50, scores=False)
    found = jnp.isfinite(optimum.point).all() & jnp.isfinite(optimum.value)
    start = jnp.where(found, optimum.point, begin)
    root = root_of(jnp.where(found, optimum.information, jnp.eye(len(begin))))
    return sample(density, supplied, start, root, key, chains=chains, draws=draws, warmup=warmup)


def begin_of(model: Linear, columns: Columns, estimates: Float[np.ndarray, "*_ parameter"]) -> Float[Array, "*_ free"]:
    """Estimates as working values, spreads of zero and correlations of one moved inside."""
    values = np.array(estimates)
    fixed, random = len(columns.fixed), len(columns.random)
    end = fixed + random * (random + 1) // 2
    values[fixed : fixed + random] = np.maximum(values[fixed : fixed + random], 0.05 * values[end])
    values[fixed + random : end] = np.clip(np.nan_to_num(values[fixed + random : end]), -0.9, 0.9)
    return model.working(columns, jnp.asarray(values))
