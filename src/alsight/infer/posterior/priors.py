"""Priors as rows: one law a parameter, on its natural scale, and one law for all correlations together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
from jaxtyping import Array, Float

from alsight.base.errors import SpecError
from alsight.base.spec import Spec
from alsight.models.covariance import covariance_of, pairs_below
from alsight.models.model import Parameter, Scale

Law = Literal["normal", "student", "half_normal", "half_student", "exponential", "log_normal", "gamma", "lkj"]
CORRELATIONS: Final = "correlations"
"""Name of the one row that speaks of all correlations of the random effects."""


class Prior(Spec, frozen=True, kw_only=True):
    """Law of one parameter before the data.

    Attributes:
        parameter: name as printed in the fit's table; "correlations" for all of them together.
        law: normal and student on the whole line; half_normal, half_student, exponential, log_normal and gamma above
            0; lkj for a correlation matrix.
        location: center; of log_normal the mean of the log; 0 for half laws.
        scale: standard deviation, scale of student, mean of exponential, SD of the log of log_normal, inverse rate
            of gamma [above 0].
        shape: degrees of freedom of student, shape of gamma, of lkj (1 is uniform) [above 0].
        source: key of docs/references.bib, or "assumed".

    Source: lewandowski2009
    """

    parameter: str
    law: Law
    location: float = 0.0
    scale: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    shape: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    source: str = "assumed"


class Priors(Spec, frozen=True, kw_only=True):
    """Every prior of a model, one row a parameter."""

    rows: tuple[Prior, ...]

    def having(self, *rows: Prior) -> Priors:
        """The same priors, some of them replaced by their parameter's name."""
        fresh = {row.parameter: row for row in rows}
        kept = tuple(fresh.pop(row.parameter, row) for row in self.rows)
        return Priors(rows=(*kept, *fresh.values()))


@dataclass(frozen=True)
class _Law:
    """Log density up to a constant and a draw, both from (location, scale, shape)."""

    positive: bool
    log_density: Callable[[Any, Any], Any]
    draw: Callable[[Any, Any], Any]


def _student(value: Any, n: Any) -> Any:
    return -0.5 * (n[2] + 1) * jnp.log1p(((value - n[0]) / n[1]) ** 2 / n[2])


def _normal(value: Any, n: Any) -> Any:
    return -0.5 * ((value - n[0]) / n[1]) ** 2


LAWS: Final[dict[str, _Law]] = {
    "normal": _Law(False, _normal, lambda key, n: n[0] + n[1] * jax.random.normal(key)),
    "student": _Law(False, _student, lambda key, n: n[0] + n[1] * jax.random.t(key, n[2])),
    "half_normal": _Law(True, _normal, lambda key, n: n[1] * jnp.abs(jax.random.normal(key))),
    "half_student": _Law(True, _student, lambda key, n: n[1] * jnp.abs(jax.random.t(key, n[2]))),
    "exponential": _Law(True, lambda value, n: -value / n[1], lambda key, n: n[1] * jax.random.exponential(key)),
    "log_normal": _Law(
        True,
        lambda value, n: _normal(jnp.log(value), n) - jnp.log(value),
        lambda key, n: jnp.exp(n[0] + n[1] * jax.random.normal(key)),
    ),
    "gamma": _Law(
        True,
        lambda value, n: (n[2] - 1) * jnp.log(value) - value / n[1],
        lambda key, n: n[1] * jax.random.gamma(key, n[2]),
    ),
}
"""Laws of single parameters by name."""


@dataclass(frozen=True)
class Arranged:
    """Priors in the order of a model's parameters: names of laws are static, numbers are data.

    Attributes:
        laws: law of each parameter, "lkj" for correlations.
        spread: places of the correlations, in the order of `covariance.pairs_below`.
        numbers: location, scale and shape of each parameter.
    """

    laws: tuple[str, ...]
    spread: tuple[int, ...]
    numbers: Float[np.ndarray, "parameter number"]


def arrange(priors: Priors, parameters: tuple[Parameter, ...]) -> Arranged:
    """Priors in the order of some parameters.

    Raises:
        SpecError: a parameter has no prior or two, a prior has no parameter, or a law does not suit; all at once.
    """
    faults: list[tuple[str, str, Any]] = []
    given: dict[str, Prior] = {}
    for row in priors.rows:
        if row.parameter in given:
            faults.append((row.parameter, "one prior", "two"))
        given[row.parameter] = row
    needed = [CORRELATIONS if each.scale == Scale.ATANH else each.name for each in parameters]
    faults += [(name, "a parameter of the model", "no such") for name in given if name not in needed]
    for name, parameter in zip(needed, parameters, strict=True):
        allowed = _allowed(parameter)
        if name not in given:
            faults.append((name, "a prior", "nothing"))
        elif given[name].law not in allowed:
            faults.append((name, "one of " + ", ".join(allowed), given[name].law))
    if faults:
        raise SpecError(list(dict.fromkeys(faults)))
    rows = [given[name] for name in needed]
    places = [spot for spot, row in enumerate(rows) if row.law == "lkj"]
    numbers = np.array([[row.location, row.scale, row.shape] for row in rows], dtype=float).reshape(-1, 3)
    return Arranged(tuple(row.law for row in rows), _in_pairs(places), numbers)


def _allowed(parameter: Parameter) -> tuple[str, ...]:
    if parameter.scale == Scale.ATANH:
        return ("lkj",)
    return tuple(name for name, law in LAWS.items() if law.positive == (parameter.scale == Scale.LOG))


def _in_pairs(places: list[int]) -> tuple[int, ...]:
    # Linear models print correlations column by column of the lower triangle, joint models row by row.
    size = round((1 + np.sqrt(1 + 8 * len(places))) / 2)
    if len(places) < 3 or places == list(range(places[0], places[0] + len(places))):
        return tuple(places)
    by_row = {pair: places[spot] for spot, pair in enumerate(zip(*np.tril_indices(size, -1), strict=True))}
    return tuple(by_row[pair] for pair in zip(*pairs_below(size), strict=True))


def log_prior(
    laws: tuple[str, ...],
    spread: tuple[int, ...],
    numbers: Float[Array, "parameter number"],
    natural: Float[Array, "*_ parameter"],
) -> Float[Array, ""]:
    """Log density of natural values before the data, up to a constant."""
    total = jnp.asarray(0.0)
    for spot, law in enumerate(laws):
        if law != "lkj":
            total = total + LAWS[law].log_density(natural[spot], numbers[spot])
    if spread:
        size = round((1 + np.sqrt(1 + 8 * len(spread))) / 2)
        both = jnp.concatenate([jnp.ones(size), natural[jnp.array(spread)]])
        total = total + (numbers[spread[0], 2] - 1) * jnp.linalg.slogdet(covariance_of(both, size))[1]
    return total


def draw_prior(key: Array, arranged: Arranged) -> Float[Array, "*_ parameter"]:
    """One draw of every parameter from its prior; correlations by partial correlations along a vine.

    Source: lewandowski2009
    """
    numbers = jnp.asarray(arranged.numbers)
    keys = jax.random.split(key, len(arranged.laws) + 1)
    values = [
        jnp.asarray(0.0) if law == "lkj" else LAWS[law].draw(keys[spot], numbers[spot])
        for spot, law in enumerate(arranged.laws)
    ]
    natural = jnp.stack(values)
    if not arranged.spread:
        return natural
    drawn = _draw_correlations(keys[-1], numbers[arranged.spread[0], 2], len(arranged.spread))
    return natural.at[jnp.array(arranged.spread)].set(drawn)


def _draw_correlations(key: Array, shape: Any, count: int) -> Array:
    size = round((1 + np.sqrt(1 + 8 * count)) / 2)
    root = jnp.zeros((size, size)).at[0, 0].set(1.0)
    keys = jax.random.split(key, (size, size))
    for row in range(1, size):
        left = jnp.asarray(1.0)
        for column in range(row):
            beta = shape + 0.5 * (size - 2 - column)
            partial = 2 * jax.random.beta(keys[row, column], beta, beta) - 1
            root = root.at[row, column].set(partial * jnp.sqrt(left))
            left = left * (1 - partial**2)
        root = root.at[row, row].set(jnp.sqrt(left))
    rows, columns = pairs_below(size)
    return (root @ root.T)[rows, columns]
