"""Gaussian models with a covariance by visit: people who were seen at the same visits share one small matrix.

For each pattern s of visits seen (and stratum, and spacing) only the sum of the products of [X y] between any two
visits is kept. Likelihood, gradient, Hessian and Kenward-Roger's terms then cost the same for 200 people as for 2,000.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from alsight.infer.gaussian.pieces import Pieces
from alsight.infer.gaussian.small import inverse
from alsight.models.structures import STRUCTURES

Built = tuple[np.ndarray, np.ndarray, np.ndarray | None]


@dataclass(frozen=True)
class Patterned:
    """All that a marginal model needs of its data, for a batch of trials.

    Attributes:
        products: for each pattern and pair of visits, the summed products of [X y].
        count: people of each pattern.
        mask: visits seen in each pattern.
        group: stratum of each pattern.
        distance: distances between visits of each pattern, None where none are read.
        values: measured values of each trial.
        log_weight: sum of the log precision weights.
        width: number of columns of [X y].
    """

    products: Float[np.ndarray, "trial cell square"]
    count: Float[np.ndarray, "trial pattern"]
    mask: Bool[np.ndarray, "pattern visit"]
    group: Int[np.ndarray, "*_ pattern"]
    distance: Float[np.ndarray, "pattern visit visit"] | None
    values: Float[np.ndarray, "*_ trial"]
    log_weight: Float[np.ndarray, "*_ trial"]
    width: int

    def take(self, chosen: Int[np.ndarray, "*_ chosen"]) -> Patterned:
        """The same of some trials only."""
        if len(chosen) == len(self.values):
            return self
        return replace(
            self,
            products=self.products[chosen],
            count=self.count[chosen],
            values=self.values[chosen],
            log_weight=self.log_weight[chosen],
        )


def patterned(
    right: Float[np.ndarray, "trial subject visit column"],
    observed: Bool[np.ndarray, "trial subject visit"],
    group: Int[np.ndarray, "trial subject"],
    distance: Float[np.ndarray, "subject visit visit"] | None = None,
    weight: Float[np.ndarray, "trial subject visit"] | None = None,
) -> tuple[Patterned, Int[np.ndarray, "trial subject"]]:
    """Sums by pattern, and the pattern of each subject.

    Args:
        right: [X y] at each planned visit.
        observed: visits that took place.
        group: stratum of each subject.
        distance: distances between visits, for one trial only.
        weight: precision weights.
    """
    trials, people, visits, width = right.shape
    key = np.concatenate([observed.reshape(-1, visits), group.reshape(-1, 1)], axis=1).astype(float)
    if distance is not None:
        both = observed[0][:, :, None] & observed[0][:, None, :]
        key = np.concatenate([key, np.where(both, distance, 0.0).reshape(people, -1)], axis=1)
    _, first, pattern = np.unique(key, axis=0, return_index=True, return_inverse=True)
    pattern = pattern.reshape(trials, people)
    root = observed.astype(float) if weight is None else np.where(observed, np.sqrt(weight), 0.0)
    used = right * root[..., None]
    log_weight = np.zeros(trials) if weight is None else np.where(observed, np.log(weight), 0.0).sum((1, 2))
    cells = len(first) * visits * visits
    products = _products(used.reshape(trials, people, -1), pattern, len(first))
    products = products.reshape(trials, len(first), visits, width, visits, width).transpose(0, 1, 2, 4, 3, 5)
    count = np.stack([np.bincount(row, minlength=len(first)) for row in pattern]).astype(float)
    spacing = None if distance is None else distance[first % people]
    data = Patterned(
        np.ascontiguousarray(products).reshape(trials, cells, width * width),
        count,
        observed.reshape(-1, visits)[first],
        group.reshape(-1)[first],
        spacing,
        observed.sum((1, 2)).astype(float),
        log_weight,
        width,
    )
    return data, pattern


def _products(used: np.ndarray, pattern: np.ndarray, patterns: int) -> np.ndarray:
    trials, _, size = used.shape
    whole = np.zeros((trials, patterns, size, size))
    if trials == 1 and patterns > 64:  # nearly one pattern a person: sum the outer products where they stand together
        order = np.argsort(pattern[0], kind="stable")
        sorted_rows = used[0][order]
        edges = np.searchsorted(pattern[0][order], np.arange(patterns))
        whole[0] = np.add.reduceat(sorted_rows[:, :, None] * sorted_rows[:, None, :], edges, axis=0)
        return whole
    for number in range(patterns):
        if trials == 1:
            some = used[0][pattern[0] == number]
            whole[0, number] = some.T @ some
        else:
            some = used * (pattern == number)[..., None]
            whole[:, number] = np.swapaxes(some, -1, -2) @ used
    return whole


def builder(data: Patterned, structure: str) -> Callable[[Float[np.ndarray, "trial theta"]], Built]:
    """A function from variance parameters to each pattern's covariance and its derivatives.

    Unseen visits get variance one and no derivative; strata have their own parameters, one after another.
    """
    row = STRUCTURES[structure]
    visits = data.mask.shape[1]
    groups = int(data.group.max(initial=0)) + 1
    each = len(row.kinds(visits))
    both = (data.mask[:, :, None] & data.mask[:, None, :]).astype(float)
    rest = np.eye(visits) * ~data.mask[:, :, None]
    member = np.eye(groups)[data.group]  # pattern by group

    def spread(built: np.ndarray) -> np.ndarray:
        return np.broadcast_to(built, (built.shape[0], len(data.mask), *built.shape[2:]))

    def build(theta: np.ndarray) -> Built:
        parts = [row.build(theta[:, None, g * each : (g + 1) * each], visits, data.distance) for g in range(groups)]
        matrix = sum(spread(part[0]) * member[:, g, None, None] for g, part in enumerate(parts)) * both + rest
        first = [spread(part[1]) * (member[:, g, None, None] * both)[:, None] for g, part in enumerate(parts)]
        if row.linear:
            return matrix, np.concatenate(first, axis=2), None
        second = np.zeros((len(theta), len(data.mask), groups * each, groups * each, visits, visits))
        for g, part in enumerate(parts):
            block = slice(g * each, (g + 1) * each)
            second[:, :, block, block] = spread(part[2]) * (member[:, g, None, None] * both)[:, None, None]
        return matrix, np.concatenate(first, axis=2), second

    return build


@dataclass(frozen=True)
class Level:
    """The deviance of a batch of trials at one theta each, with its derivatives and what tests are made of."""

    deviance: Float[np.ndarray, "*_ trial"]
    gradient: Float[np.ndarray, "trial theta"]
    hessian: Float[np.ndarray, "trial theta theta"]
    expected: Float[np.ndarray, "trial theta theta"]
    beta: Float[np.ndarray, "trial fixed"]
    inverse: Float[np.ndarray, "trial fixed fixed"]
    first: Float[np.ndarray, "trial theta fixed fixed"]
    precision: Float[np.ndarray, "trial pattern visit visit"]
    built: Built


def evaluate(
    data: Patterned, build: Callable[[np.ndarray], Built], theta: Float[np.ndarray, "trial theta"], *, reml: bool
) -> Level:
    """Deviance, gradient and Hessian in theta; nan where a covariance is not positive definite."""
    p = data.width - 1
    with np.errstate(all="ignore"):
        built = build(theta)
        matrix, first, second = built
        precision, logdet, _ = inverse(matrix)
        precision = np.nan_to_num(precision) * (data.mask[:, :, None] & data.mask[:, None, :])
        whole = cross(data, precision[:, None])[:, 0]
        inverted, logdet_fixed, _ = inverse(whole[:, :p, :p])
        beta = np.einsum("tab,tb->ta", inverted, whole[:, :p, p])
        residual = whole[:, p, p] - np.einsum("ta,ta->t", beta, whole[:, :p, p])
        logdets = np.einsum("ts,ts->t", data.count, np.where(data.count > 0, logdet, 0.0))
        free = data.values - (p if reml else 0)
        deviance = logdets + residual + free * np.log(2 * np.pi) - data.log_weight
        if reml:
            deviance = deviance + logdet_fixed
        turn = np.concatenate([-beta, np.ones((len(beta), 1))], axis=1)
        weights = np.einsum("ta,tb->tab", turn, turn)
        if reml:
            weights[:, :p, :p] += inverted
        derivatives = _derivatives(data, (first, second), precision, inverted, turn, weights, reml=reml)
    gradient, hessian, expected, sides = derivatives
    return Level(deviance, gradient, hessian, expected, beta, inverted, sides[:, :, :p, :p], precision, built)


def cross(data: Patterned, middle: Float[np.ndarray, "trial many pattern visit visit"]) -> np.ndarray:
    """[X y]' M [X y] summed over people, for many sets of matrices M by pattern."""
    trials, many = middle.shape[:2]
    return (middle.reshape(trials, many, -1) @ data.products).reshape(trials, many, data.width, data.width)


def _derivatives(
    data: Patterned,
    moves: tuple[np.ndarray, np.ndarray | None],
    precision: np.ndarray,
    inverted: np.ndarray,
    turn: np.ndarray,
    weights: np.ndarray,
    *,
    reml: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    first, second = moves
    trials, patterns, thetas, visits, _ = first.shape
    p = data.width - 1
    drawn = (data.products @ weights.reshape(trials, -1, 1)).reshape(trials, patterns, visits, visits)
    drawn = 0.5 * (drawn + np.swapaxes(drawn, -1, -2))
    count = data.count[..., None, None]
    force = count * precision - precision @ drawn @ precision
    side = precision[:, :, None] @ first
    flat = side.transpose(0, 2, 1, 3, 4).reshape(trials, thetas, -1)

    def traced(right: np.ndarray) -> np.ndarray:
        turned = np.swapaxes(side @ right[:, :, None], -1, -2).transpose(0, 2, 1, 3, 4).reshape(trials, thetas, -1)
        whole = flat @ np.swapaxes(turned, -1, -2)
        return 0.5 * (whole + np.swapaxes(whole, -1, -2))

    gradient = np.einsum("tsaij,tsij->ta", first, force)
    expected = traced(count * np.eye(visits) * np.ones((trials, 1, 1, 1)))
    hessian = traced(2 * precision @ drawn) - expected
    sides = cross(data, (side @ precision[:, :, None]).transpose(0, 2, 1, 3, 4))
    pull = np.einsum("taxb,tb->tax", sides[:, :, :p], turn)
    hessian = hessian - 2 * np.einsum("tax,txy,tby->tab", pull, inverted, pull)
    if reml:
        lever = sides[:, :, :p, :p] @ inverted[:, None]
        hessian = hessian - np.einsum("taxy,tbyx->tab", lever, lever)
    if second is not None:
        hessian = hessian + np.einsum("tsabij,tsij->tab", second, force)
    return gradient, hessian, expected, sides


def marginal_pieces(data: Patterned, level: Level, basis: Float[np.ndarray, "trial fixed fixed"]) -> Pieces:
    """Kenward-Roger's terms; sums over parameters are taken before the products with the data."""
    _, first, second = level.built
    p = data.width - 1
    variance, _, _ = inverse(0.5 * level.hessian)
    with np.errstate(all="ignore"):
        side = level.precision[:, :, None] @ first
        mixed = (variance[:, None] @ side.reshape(*side.shape[:3], -1)).reshape(side.shape)
        middle = (side @ mixed).sum(axis=2) @ level.precision
        middle = 0.5 * (middle + np.swapaxes(middle, -1, -2))
        bias = cross(data, middle[:, None])[:, 0, :p, :p]
        turned = (variance @ level.first.reshape(*level.first.shape[:2], -1)).reshape(level.first.shape)
        bias = bias - (level.first @ level.inverse[:, None] @ turned).sum(axis=1)
        curved = np.zeros_like(bias)
        if second is not None:
            bend = level.precision @ np.einsum("tab,tsabij->tsij", variance, second) @ level.precision
            curved = 0.25 * cross(data, bend[:, None])[:, 0, :p, :p]
    return Pieces(level.inverse, level.first, variance, bias, curved, variance, basis)
