"""Parameters of the items model: as searched (whole line), as used, and as printed, with the derivatives between."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Inexact, Int

from alsight.models.covariance import pairs_below, spread_names
from alsight.models.latent.items import Items
from alsight.models.model import Parameter, Scale

TINY = 1e-30
"""Imaginary step of a derivative; exact, for nothing is subtracted."""


@dataclass(frozen=True)
class ItemsValues:
    """The parameters as used.

    Attributes:
        discrimination: of each item.
        steps: discrimination times threshold of each item's scores above the lowest; padded with 0.
        level: coefficients of the levels.
        rate: coefficients of the rates.
        root: lower factor of the effects' covariance.
    """

    discrimination: Inexact[np.ndarray, " item"]
    steps: Inexact[np.ndarray, "item step"]
    level: Inexact[np.ndarray, "trait level"]
    rate: Inexact[np.ndarray, "trait rate"]
    root: Inexact[np.ndarray, "effect effect"]


@dataclass(frozen=True)
class ItemsLayout:
    """Names and sizes of the parameter blocks.

    Attributes:
        model: traits and items.
        scores: scores seen of each item, lowest first.
        level: columns of the levels' design.
        rate: columns of the rates' design.
    """

    model: Items
    scores: tuple[tuple[float, ...], ...]
    level: tuple[str, ...]
    rate: tuple[str, ...]

    @cached_property
    def cuts(self) -> Int[np.ndarray, " item"]:
        """Number of steps of each item."""
        return np.array([max(len(part) - 1, 0) for part in self.scores])

    @cached_property
    def first(self) -> Int[np.ndarray, " edge"]:
        """Place of each item's discrimination in the vector; its steps follow. The last is the end of the items."""
        return np.r_[0, np.cumsum(self.cuts + 1)]

    @cached_property
    def trait(self) -> Int[np.ndarray, " item"]:
        """Trait of each item."""
        return np.repeat(np.arange(self.traits), [len(trait.items) for trait in self.model.traits])

    @property
    def traits(self) -> int:
        """Number of traits."""
        return len(self.model.traits)

    @property
    def spread(self) -> slice:
        """Where the covariance of the effects stands in the vector."""
        start = int(self.first[-1]) + self.traits * (len(self.level) + len(self.rate))
        effects = 2 * self.traits
        return slice(start, start + effects * (effects + 1) // 2 - self.traits)

    @property
    def size(self) -> int:
        """Number of parameters."""
        return self.spread.stop

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Every parameter as printed."""
        found: list[Parameter] = []
        for name, scores in zip(self.model.items, self.scores, strict=True):
            found.append(Parameter(f"{name}_discrimination", Scale.LOG))
            found += [Parameter(f"{name}_{score:g}") for score in scores[1:]]
        for kind, names in (("level", self.level), ("rate", self.rate)):
            found += [
                Parameter(f"{trait.name}_{kind}_{'mean' if name == 'Intercept' else name}")
                for trait in self.model.traits
                for name in names
            ]
        return (*found, *spread_names(self.model.effects)[self.traits :])

    def values(self, working: Inexact[np.ndarray, " parameter"]) -> ItemsValues:
        """The parameters as used; complex vectors pass, so that derivatives are exact."""
        count, traits = len(self.cuts), self.traits
        steps = np.zeros((count, max(int(self.cuts.max(initial=1)), 1)), dtype=working.dtype)
        for item in range(count):
            start = self.first[item] + 1
            steps[item, : self.cuts[item]] = working[start : start + self.cuts[item]]
        start = int(self.first[-1])
        middle = start + traits * len(self.level)
        level = working[start:middle].reshape(traits, len(self.level))
        rate = working[middle : self.spread.start].reshape(traits, len(self.rate))
        return ItemsValues(working[self.first[:-1]], steps, level, rate, self.root(working[self.spread]))

    def root(self, part: Inexact[np.ndarray, " spread"]) -> Inexact[np.ndarray, "effect effect"]:
        """Lower factor of the effects' covariance; rows of levels have length 1, rows of rates one of their own."""
        effects, index = 2 * self.traits, 0
        root = np.zeros((effects, effects), dtype=part.dtype)
        for row in range(effects):
            line = np.r_[part[index : index + row], 1.0]
            index += row
            if row < self.traits:
                root[row, : row + 1] = line / np.sqrt((line**2).sum())
            else:
                root[row, : row + 1] = line * np.exp(part[index])
                index += 1
        return root

    def unexplained_share(self, working: Float[np.ndarray, " parameter"]) -> Float[np.ndarray, " effect"]:
        """Share of each effect's variance that the other effects do not explain."""
        root = self.root(working[self.spread])
        square = root @ root.T
        return 1.0 / (np.diagonal(np.linalg.inv(square)) * np.diagonal(square))

    def natural(self, working: Inexact[np.ndarray, " parameter"]) -> Inexact[np.ndarray, " parameter"]:
        """The parameters as printed: thresholds on the trait's scale, SDs and correlations."""
        values, found = self.values(working), working.copy()
        for item in range(len(self.cuts)):
            start = self.first[item] + 1
            found[start : start + self.cuts[item]] = working[start : start + self.cuts[item]] / working[start - 1]
        square = values.root @ values.root.T
        deviations = np.sqrt(np.diagonal(square))
        rows, columns = pairs_below(len(square))
        half = (square / np.outer(deviations, deviations))[rows, columns]
        found[self.spread] = np.concatenate([deviations[self.traits :], half])
        return found

    def turn(self, working: Float[np.ndarray, " parameter"]) -> Float[np.ndarray, "natural parameter"]:
        """Derivative of the printed parameters by the searched ones."""
        moved = [np.imag(self.natural(working + 1j * TINY * line)) / TINY for line in np.eye(self.size)]
        return np.stack(moved, axis=1)

    def covariance_turn(self, working: Float[np.ndarray, " parameter"]) -> Float[np.ndarray, "spread effect effect"]:
        """Derivative of the effects' covariance by each of its searched parameters."""
        part = working[self.spread]
        lines = np.eye(len(part))
        roots = [self.root(part + 1j * TINY * line) for line in lines]
        return np.stack([np.imag(root @ root.T) / TINY for root in roots])
