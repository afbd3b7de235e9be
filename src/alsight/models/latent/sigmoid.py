"""The sigmoid course (D50): a person's scores fall from the best to 0 along one S-shaped curve from onset.

It is steepest at D50 and never pauses; two constants a person, log D50 and log dx, vary between people.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
from jax.scipy.linalg import solve_triangular
from jax.scipy.special import gammaln, logsumexp
from jaxtyping import Array, Float

from alsight.base.spec import Spec
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.models.covariance import factor_of, from_working, spread_names, to_working
from alsight.models.model import Columns, Parameter, Scale, Visits

EFFECTS = ("log_d50", "log_dx")
"""A person's own departures, in their order."""
ROUNDS = 40
"""Damped Gauss-Newton steps towards a person's mode."""
REFINED = 1
"""Times that the nodes are moved from mode and curvature to the mean and covariance that they themselves give."""
BLOCK = 512
"""People whose quadrature stands in memory at once."""
WIDEST = 15.0
"""Largest |log D50| and |log dx| that is computed; far beyond any course, so that nodes in the tails stay finite."""


class Curve(NamedTuple):
    """The course at some times, with its derivatives.

    Attributes:
        score: expected score.
        by_d50: derivative by log D50.
        by_dx: derivative by log dx.
    """

    score: Array
    by_d50: Array
    by_dx: Array


class PlacedNodes(NamedTuple):
    """Where each person's quadrature nodes stand, on the scale of independent standard normal effects.

    Attributes:
        center: mean of the effects given the scores.
        half: lower factor of their covariance.
    """

    center: Float[Array, "subject random"]
    half: Float[Array, "subject random random"]


class Sigmoid(Spec, frozen=True, kw_only=True):
    """y_ij = best / (1 + exp((t_ij - D_i) / x_i)) + e_ij, log D_i = w_i'b + u_i1, log x_i = v_i'c + u_i2, u ~ N(0, G).

    Parameters, in order: b; c; the SDs of u and their correlation; the residual SD; with Student noise its degrees
    of freedom. In `Visits` the fixed design is that of log D50, the noise design that of log dx, and the only random
    column is the time since onset.

    Attributes:
        best: score at which the curve starts [points].
        noise: law of e_ij.
        points: quadrature nodes for each of the two effects.

    Source: stubendorff2017
    """

    best: Annotated[float, msgspec.Meta(gt=0)] = ALSFRS_R_BEST
    noise: Literal["normal", "student"] = "normal"
    points: Annotated[int, msgspec.Meta(ge=1, le=31)] = 9

    def parameters_of(self, columns: Columns) -> tuple[Parameter, ...]:
        """Coefficients of log D50 and of log dx, spread between people, noise."""
        curve = [Parameter(f"log_d50_{_called(name)}") for name in columns.fixed]
        curve += [Parameter(f"log_dx_{_called(name)}") for name in columns.noise]
        tail = (Parameter("degrees", Scale.LOG),) if self.noise == "student" else ()
        return (*curve, *spread_names(EFFECTS), Parameter("sd_residual", Scale.LOG), *tail)

    def working(self, columns: Columns, parameters: Float[Array, "*_ parameter"]) -> Float[Array, "*_ free"]:
        """Natural values as unconstrained ones: log-Cholesky for G, logs for the noise."""
        curve, spread, rest = _parts(columns, parameters)
        return jnp.concatenate([curve, to_working(spread, 2), jnp.log(rest)])

    def natural(self, columns: Columns, working: Float[Array, "*_ free"]) -> Float[Array, "*_ parameter"]:
        """Unconstrained values as natural ones."""
        curve, spread, rest = _parts(columns, working)
        return jnp.concatenate([curve, from_working(spread, 2), jnp.exp(rest)])

    def log_density(
        self,
        columns: Columns,
        parameters: Float[Array, "*_ parameter"],
        visits: Visits,
        placed: PlacedNodes | None = None,
    ) -> Float[Array, "*_ subject"]:
        """Log density of each person's scores, both effects integrated out by Gauss-Hermite quadrature.

        The nodes stand at each person's own mode, or where `placed` (from `nodes`) says: while a search runs they
        must stay where they are, or value and gradient do not belong together.
        """
        where = self.nodes(columns, parameters, visits) if placed is None else placed
        root, rest = _spread(columns, parameters)
        log_d50, log_dx = self._logs(columns, parameters, visits)

        def one(supplied: tuple[Array, ...]) -> Array:
            *observed, center, half = supplied
            return self._shares(root, rest, tuple(observed), center, half)[2]

        supplied = (visits.outcome, visits.observed, visits.random[..., 0], log_d50, log_dx, *where)
        return jax.lax.map(jax.checkpoint(one), supplied, batch_size=BLOCK)

    def log_density_held(
        self,
        columns: Columns,
        parameters: Float[Array, "*_ parameter"],
        visits: Visits,
        placed: PlacedNodes,
        origin: Float[Array, "*_ parameter"],
    ) -> Float[Array, "*_ subject"]:
        """`log_density` with nodes that stay where they are on the scale of log D50 and log dx themselves.

        There most parameters act through the law of the effects alone, and second derivatives are exact enough for
        an information. On the scale of standard normal effects a change of a mean moves every course: what the scores
        say of a person, hundreds of times what one person says of a mean, would have to cancel in the quadrature.

        Args:
            columns: names.
            parameters: natural values.
            visits: what was seen.
            placed: nodes at `origin`.
            origin: parameters for which the nodes were placed.
        """
        (root, rest), (root_then, _) = _spread(columns, parameters), _spread(columns, origin)
        logs_now = self._logs(columns, parameters, visits)
        now, then = (
            jnp.stack([part[:, 0] for part in logs], axis=1) for logs in (logs_now, self._logs(columns, origin, visits))
        )
        later = jnp.stack([part - part[:, :1] for part in logs_now], axis=1)  # where covariates change with time
        grid, weight = hermite(self.points)
        volume = jnp.log(jnp.diagonal(root_then)).sum() - jnp.log(jnp.diagonal(root)).sum()

        def one(supplied: tuple[Array, ...]) -> Array:
            outcome, observed, time, mean, mean_then, more, center, half = supplied
            logs = mean_then + (center + grid @ half.T) @ root_then.T
            away = solve_triangular(root, (logs - mean).T, lower=True)
            lift = 0.5 * (grid**2).sum(axis=1) - 0.5 * (away**2).sum(axis=0)
            score = curve(self.best, time, logs[:, :1] + more[0], logs[:, 1:] + more[1]).score
            density = jnp.where(observed, self._noise((outcome - score) / rest[0], rest) - jnp.log(rest[0]), 0.0)
            return logsumexp(density.sum(axis=1) + weight + lift) + jnp.log(jnp.diagonal(half)).sum() + volume

        supplied = (visits.outcome, visits.observed, visits.random[..., 0], now, then, later, *placed)
        return jax.lax.map(jax.checkpoint(one), supplied, batch_size=BLOCK)

    def nodes(self, columns: Columns, parameters: Float[Array, "*_ parameter"], visits: Visits) -> PlacedNodes:
        """Where the quadrature of each person stands; no gradient flows through."""
        root, rest = _spread(columns, parameters)
        log_d50, log_dx = self._logs(columns, parameters, visits)

        def one(outcome: Array, observed: Array, time: Array, d50: Array, dx: Array) -> PlacedNodes:
            def look(center: Array) -> tuple[Array, Array, Array]:
                effects = root @ center
                at = curve(self.best, time, d50 + effects[0], dx + effects[1])
                error = outcome - at.score
                reach = jnp.stack([at.by_d50, at.by_dx], axis=-1) @ root
                weight = jnp.where(observed, self._weight(error / rest[0], rest) / rest[0] ** 2, 0.0)
                loss = 0.5 * center @ center - jnp.where(observed, self._noise(error / rest[0], rest), 0.0).sum()
                return loss, reach.T @ (weight * error) - center, jnp.eye(2) + reach.T @ (weight[:, None] * reach)

            return _descend(look)

        supplied = (visits.outcome, visits.observed, visits.random[..., 0], log_d50, log_dx)
        placed = jax.vmap(one)(*supplied)
        for _ in range(REFINED):
            placed = self._moments(root, rest, supplied, placed)
        return jax.lax.stop_gradient(placed)

    def _moments(self, root: Array, rest: Array, supplied: tuple[Array, ...], placed: PlacedNodes) -> PlacedNodes:
        # Mean and covariance by the quadrature itself: near the best score the law is curved and its mode misleads.
        def one(supplied: tuple[Array, ...]) -> PlacedNodes:
            *observed, center, half = supplied
            points, share, _ = self._shares(root, rest, tuple(observed), center, half)
            mean = share @ points
            away = points - mean
            return PlacedNodes(mean, _factor((share[:, None] * away).T @ away))

        return jax.lax.map(one, (*supplied, *placed), batch_size=BLOCK)

    def _shares(
        self, root: Array, rest: Array, supplied: tuple[Array, ...], center: Array, half: Array
    ) -> tuple[Array, Array, Array]:
        # Nodes, their probabilities given one person's scores, and the log density of these.
        outcome, observed, time, d50, dx = supplied
        points, weight = self._points(center, half)
        effects = points @ root.T
        score = curve(self.best, time, d50 + effects[:, :1], dx + effects[:, 1:]).score
        density = jnp.where(observed, self._noise((outcome - score) / rest[0], rest) - jnp.log(rest[0]), 0.0)
        each = density.sum(axis=1) + weight
        return points, jax.nn.softmax(each), logsumexp(each)

    def mean(
        self, columns: Columns, parameters: Float[Array, "*_ parameter"], visits: Visits
    ) -> Float[Array, "subject visit"]:
        """Expected score of each visit over people who share its covariates, by quadrature over both effects."""
        root, _ = _spread(columns, parameters)
        log_d50, log_dx = self._logs(columns, parameters, visits)
        grid, weight = hermite(max(self.points, 15))
        effects = grid @ root.T
        score = curve(
            self.best,
            visits.random[..., 0, None],
            log_d50[..., None] + effects[:, 0],
            log_dx[..., None] + effects[:, 1],
        ).score
        return score @ jnp.exp(weight)

    def effects(
        self, columns: Columns, parameters: Float[Array, "*_ parameter"], visits: Visits
    ) -> tuple[Float[Array, "subject node random"], Float[Array, "subject node"]]:
        """A person's two effects given the scores, as nodes and their probabilities."""
        where = self.nodes(columns, parameters, visits)
        root, rest = _spread(columns, parameters)
        log_d50, log_dx = self._logs(columns, parameters, visits)

        def one(supplied: tuple[Array, ...]) -> tuple[Array, Array]:
            *observed, center, half = supplied
            points, share, _ = self._shares(root, rest, tuple(observed), center, half)
            return points @ root.T, share

        supplied = (visits.outcome, visits.observed, visits.random[..., 0], log_d50, log_dx, *where)
        return jax.lax.map(one, supplied, batch_size=BLOCK)

    def predict(
        self, columns: Columns, parameters: Float[np.ndarray, "*_ parameter"], visits: Visits
    ) -> tuple[Float[Array, "subject visit"], Float[Array, "subject visit"], Float[Array, "subject visit"]]:
        """Each person's true course given what was seen, its SD, and the SD of a new measurement."""
        supplied = jnp.asarray(parameters)
        effects, share = self.effects(columns, supplied, visits)
        log_d50, log_dx = self._logs(columns, supplied, visits)
        time = visits.random[..., 0, None]
        own = effects[:, None]
        score = curve(self.best, time, log_d50[..., None] + own[..., 0], log_dx[..., None] + own[..., 1]).score
        mean = (score * share[:, None]).sum(axis=-1)
        variance = ((score - mean[..., None]) ** 2 * share[:, None]).sum(axis=-1)
        rest = _spread(columns, supplied)[1]
        wider = 1.0 if self.noise == "normal" else rest[1] / jnp.maximum(rest[1] - 2, 1e-3)
        return mean, jnp.sqrt(variance), jnp.sqrt(variance + rest[0] ** 2 * wider)

    def simulate(
        self, columns: Columns, key: Array, parameters: Float[np.ndarray, "*_ parameter"], visits: Visits
    ) -> Float[Array, "subject visit"]:
        """New scores at every visit, from new people with the same designs; not rounded and not bounded."""
        supplied = jnp.asarray(parameters)
        root, rest = _spread(columns, supplied)
        for_effects, for_noise = jax.random.split(key)
        people, width = visits.outcome.shape
        effects = jax.random.normal(for_effects, (people, 2)) @ root.T
        log_d50, log_dx = self._logs(columns, supplied, visits)
        score = curve(self.best, visits.random[..., 0], log_d50 + effects[:, :1], log_dx + effects[:, 1:]).score
        if self.noise == "normal":
            return score + rest[0] * jax.random.normal(for_noise, (people, width))
        return score + rest[0] * jax.random.t(for_noise, rest[1], (people, width))

    def _logs(self, columns: Columns, parameters: Array, visits: Visits) -> tuple[Array, Array]:
        coefficients = _parts(columns, parameters)[0]
        count = len(columns.fixed)
        return visits.fixed @ coefficients[:count], visits.noise @ coefficients[count:]

    def _points(self, center: Array, half: Array) -> tuple[Array, Array]:
        # Nodes, and the log weights that make a sum over them the integral under the standard normal law.
        grid, weight = hermite(self.points)
        points = center + grid @ half.T
        lift = 0.5 * (grid**2).sum(axis=1) - 0.5 * (points**2).sum(axis=1)
        return points, weight + lift + jnp.log(jnp.diagonal(half)).sum()

    def _noise(self, left: Array, rest: Array) -> Array:
        # Log density of a standardized error.
        if self.noise == "normal":
            return -0.5 * left**2 - 0.5 * jnp.log(2 * jnp.pi)
        half = 0.5 * (rest[1] + 1)
        constant = gammaln(half) - gammaln(0.5 * rest[1]) - 0.5 * jnp.log(jnp.pi * rest[1])
        return constant - half * jnp.log1p(left**2 / rest[1])

    def _weight(self, left: Array, rest: Array) -> Array:
        # Weight of a value in reweighted least squares.
        return jnp.ones_like(left) if self.noise == "normal" else (rest[1] + 1) / (rest[1] + left**2)


def curve(best: float, time: Array, log_d50: Array, log_dx: Array) -> Curve:
    """The course best / (1 + exp((t - D50) / dx)) and its derivatives by log D50 and log dx."""
    d50, dx = (jnp.exp(jnp.clip(log, -WIDEST, WIDEST)) for log in (log_d50, log_dx))
    z = (d50 - time) / dx
    share = jax.nn.sigmoid(z)
    steep = best * share * (1 - share)
    return Curve(best * share, steep * d50 / dx, -steep * z)


@lru_cache(maxsize=8)
def hermite(points: int) -> tuple[Float[np.ndarray, "node random"], Float[np.ndarray, " node"]]:
    """Nodes and log weights of Gauss-Hermite quadrature under two independent standard normal effects."""
    node, weight = np.polynomial.hermite_e.hermegauss(points)
    log_weight = np.log(weight) - 0.5 * np.log(2 * np.pi)
    grid = np.stack(np.meshgrid(node, node, indexing="ij"), axis=-1).reshape(-1, 2)
    return grid, (log_weight[:, None] + log_weight).ravel()


def _called(name: str) -> str:
    return "mean" if name == "Intercept" else name


def _parts(columns: Columns, vector: Array) -> tuple[Array, Array, Array]:
    count = len(columns.fixed) + len(columns.noise)
    return vector[:count], vector[count : count + 3], vector[count + 3 :]


def _spread(columns: Columns, parameters: Array) -> tuple[Array, Array]:
    _, spread, rest = _parts(columns, parameters)
    return factor_of(spread, 2), rest


def _descend(look: Callable[[Array], tuple[Array, Array, Array]]) -> PlacedNodes:
    # Levenberg-Marquardt from no departure; a step that does not help is tried again, shorter.
    def step(state: tuple[Array, ...], _: None) -> tuple[tuple[Array, ...], None]:
        center, loss, pull, square, damping = state
        moved = center + _solve(square + damping * jnp.diag(jnp.diagonal(square)), pull)
        new_loss, new_pull, new_square = look(moved)
        better = new_loss <= loss
        chosen = [
            jnp.where(better, new, old)
            for new, old in ((moved, center), (new_loss, loss), (new_pull, pull), (new_square, square))
        ]
        return (*chosen, jnp.where(better, 0.2 * damping, jnp.maximum(8 * damping, 1e-3))), None

    start = jnp.zeros(2)
    (center, _, _, square, _), _ = jax.lax.scan(step, (start, *look(start), jnp.asarray(1e-3)), None, length=ROUNDS)
    inverse = jnp.array([[square[1, 1], -square[0, 1]], [-square[0, 1], square[0, 0]]]) / _determinant(square)
    return PlacedNodes(center, _factor(inverse))


def _factor(square: Array) -> Array:
    first = jnp.sqrt(square[0, 0])
    second = square[0, 1] / first
    return jnp.array([[first, 0.0], [second, jnp.sqrt(square[1, 1] - second**2)]])


def _solve(square: Array, right: Array) -> Array:
    turned = jnp.array(
        [square[1, 1] * right[0] - square[0, 1] * right[1], square[0, 0] * right[1] - square[0, 1] * right[0]]
    )
    return turned / _determinant(square)


def _determinant(square: Array) -> Array:
    return square[0, 0] * square[1, 1] - square[0, 1] ** 2
