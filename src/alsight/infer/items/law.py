"""The law of the effects on a scale that the items hold, where little is missing and sampling noise stays small.

Parameters fix each trait by its people (mean 0, SD 1 at the start); then nearly all information about a common shift of
an item's steps is missing, and a sampled difference of two large numbers is noise. So scores are taken with the items
holding the scale (their mean steps and discriminations) and the people's mean and SD free, and carried over.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from alsight.infer.items.layout import TINY, ItemsLayout
from alsight.infer.items.responses import Responses

STEP = 1e-5
"""Step of the central difference of an exact gradient."""


def anchored(layout: ItemsLayout, working: Float[np.ndarray, " parameter"]) -> Float[np.ndarray, "free parameter"]:
    """Derivative of the parameters with free means and SDs by the searched ones.

    With v' = tau v + mu, a' = a / tau and d' = d + a' mu; tau keeps the product of a trait's a', mu the sum of its d'.
    """
    end, traits, levels = int(layout.first[-1]), layout.traits, len(layout.level)
    rest = layout.size - end
    stretch = end + traits + rest
    carry = np.zeros((stretch + traits, layout.size))
    carry[:end, :end] = np.eye(end)
    shift = [end + d * (levels + 1) for d in range(traits)]
    places = [index for index in range(end, stretch) if index not in shift]
    carry[places, np.arange(end, layout.size)] = 1.0
    for d in range(traits):
        slopes = layout.first[:-1][layout.trait == d]
        counts = layout.cuts[layout.trait == d]
        steps = np.concatenate([np.arange(s + 1, s + 1 + m) for s, m in zip(slopes, counts, strict=True)])
        carry[stretch + d, slopes] = 1 / (len(slopes) * working[slopes])
        carry[np.ix_(slopes, slopes)] -= np.outer(working[slopes], carry[stretch + d, slopes])
        total = float(working[slopes] @ counts)
        carry[shift[d], steps] = -1 / total
        carry[np.ix_(steps, steps)] -= np.outer(np.repeat(working[slopes], counts), np.ones(len(steps))) / total
    return carry


class EffectsLaw:
    """Mean and covariance of the effects by their coefficients, covariance parameters and the period of each trait.

    Attributes:
        level: design of the levels with an intercept, which moves a trait's mean.
    """

    def __init__(self, found: Responses, working: Float[np.ndarray, " parameter"]) -> None:
        self.level = np.column_stack([np.ones(found.people), found.level])
        self._found, self._layout, self._working = found, found.layout, working
        self._design = np.concatenate([self.level, found.rate], axis=1)

    def covariance_turn(self) -> Float[np.ndarray, "spread effect effect"]:
        """Derivative of the covariance by its parameters, then by the log period of each trait."""
        root = self._layout.values(self._working).root
        square = root @ root.T
        traits = self._layout.traits
        mine = np.arange(2 * traits) % traits == np.arange(traits)[:, None]
        stretched = square * (mine[:, :, None].astype(float) + mine[:, None, :])
        return np.concatenate([self._layout.covariance_turn(self._working), stretched])

    def information(
        self, away: Float[np.ndarray, "subject effect"], second: Float[np.ndarray, "effect effect"]
    ) -> Float[np.ndarray, "prior prior"]:
        """Minus the mean curvature of the effects' log density, from what the draws say of the effects.

        Args:
            away: each person's mean effects less their mean by the covariates.
            second: sum over people of the second moments of the same.
        """
        mean = self._mean(self._start())
        cross = self._design.T @ away + self._design.T @ self._design @ mean.T
        inner = self._design.T @ self._design
        middle = mean @ self._design.T @ away
        moments = second + middle + middle.T + mean @ inner @ mean.T
        start = self._start()
        curve = np.empty((len(start), len(start)))
        for index, line in enumerate(np.eye(len(start)) * STEP):
            up, down = (self._gradient(start + side * line, moments, cross, inner) for side in (1, -1))
            curve[index] = -(up - down) / (2 * STEP)
        return 0.5 * (curve + curve.T)

    def _start(self) -> np.ndarray:
        # Shifts (0) stand before each trait's level coefficients, log periods (0) at the end.
        layout = self._layout
        values = layout.values(self._working)
        level = np.column_stack([np.zeros(layout.traits), values.level])
        parts = (level.ravel(), values.rate.ravel(), self._working[layout.spread], np.zeros(layout.traits))
        return np.concatenate(parts)

    def _mean(self, point: np.ndarray) -> np.ndarray:
        # Coefficients of both designs' columns, one row an effect.
        layout = self._layout
        traits, levels, rates = layout.traits, len(layout.level) + 1, len(layout.rate)
        stretch = np.exp(point[-traits:])
        level = point[: traits * levels].reshape(traits, levels)
        rate = point[traits * levels : traits * (levels + rates)].reshape(traits, rates)
        whole = np.zeros((2 * traits, levels + rates), dtype=point.dtype)
        whole[:traits, :1] = level[:, :1]
        whole[:traits, 1:levels] = level[:, 1:] * stretch[:, None]
        whole[traits:, levels:] = rate * stretch[:, None]
        return whole

    def _root(self, point: np.ndarray) -> np.ndarray:
        layout = self._layout
        first = layout.traits * (len(layout.level) + 1 + len(layout.rate))
        stretch = np.exp(np.tile(point[-layout.traits :], 2))
        return stretch[:, None] * layout.root(point[first : len(point) - layout.traits])

    def _gradient(self, point: np.ndarray, moments: np.ndarray, cross: np.ndarray, inner: np.ndarray) -> np.ndarray:
        root, mean = self._root(point), self._mean(point)
        precision = np.linalg.inv(root @ root.T)
        middle = mean @ cross
        left = moments - middle - middle.T + mean @ inner @ mean.T
        by_covariance = 0.5 * (precision @ left @ precision - self._found.people * precision)
        by_mean = precision @ (cross.T - mean @ inner)
        found = np.empty(len(point))
        for index, line in enumerate(np.eye(len(point))):
            moved = point + 1j * TINY * line
            turned = self._root(moved)
            found[index] = (
                (by_covariance * np.imag(turned @ turned.T)).sum() + (by_mean * np.imag(self._mean(moved))).sum()
            ) / TINY
        return found
