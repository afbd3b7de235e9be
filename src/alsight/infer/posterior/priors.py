"""Priors as rows: one law a parameter, on its natural scale, and one law for all correlations together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NamedTuple

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
        accepted = tuple(fresh.pop(row.parameter, row) for row in self.rows)
        return Priors(rows=(*accepted, *fresh.values()))


class _Numbers(NamedTuple):
    """What a law is reported: numbers, or one array each over the parameters."""

    location: Any
    scale: Any
    shape: Any


@dataclass(frozen=True)
class _Law:
    """Log density up to a constant, and a draw."""

    positive: bool
    log_density: Callable[[Any, _Numbers], Any]
    draw: Callable[[Any, _Numbers], Any]


def _normal(value: Any, n: _Numbers) -> Any:
    return -0.5 * ((value - n.location) / n.scale) ** 2


def _student(value: Any, n: _Numbers) -> Any:
    return -0.5 * (n.shape + 1) * jnp.log1p(((value - n.location) / n.scale) ** 2 / n.shape)


LAWS: Final[dict[str, _Law]] = {
    "normal": _Law(False, _normal, lambda key, n: n.location + n.scale * jax.random.normal(key)),
    "student": _Law(False, _student, lambda key, n: n.location + n.scale * jax.random.t(key, n.shape)),
    "half_normal": _Law(True, _normal, lambda key, n: n.scale * jnp.abs(jax.random.normal(key))),
    "half_student": _Law(True, _student, lambda key, n: n.scale * jnp.abs(jax.random.t(key, n.shape))),
    "exponential": _Law(True, lambda value, n: -value / n.scale, lambda key, n: n.scale * jax.random.exponential(key)),
    "log_normal": _Law(
        True,
        lambda value, n: _normal(jnp.log(value), n) - jnp.log(value),
        lambda key, n: jnp.exp(n.location + n.scale * jax.random.normal(key)),
    ),
    "gamma": _Law(
        True,
        lambda value, n: (n.shape - 1) * jnp.log(value) - value / n.scale,
        lambda key, n: n.scale * jax.random.gamma(key, n.shape),
    ),
}
"""Laws of single parameters by name; their place is their code."""
CODES: Final = {name: code for code, name in enumerate((*LAWS, "lkj"))}


@dataclass(frozen=True)
class Arranged:
    """Priors in the order of a model's parameters, as numbers, so that one compiled program serves all priors.

    Attributes:
        spread: places of the correlations, in the order of `covariance.pairs_below`.
        numbers: code of the law, location, scale and shape of each parameter.
    """

    spread: tuple[int, ...]
    numbers: Float[np.ndarray, "parameter number"]


def arrange(priors: Priors, parameters: tuple[Parameter, ...]) -> Arranged:
    """Priors in the order of some parameters.

    Raises:
        SpecError: a parameter has no prior or two, a prior has no parameter, or a law does not suit; all at once.
    """
    faults: list[tuple[str, str, Any]] = []
    supplied: dict[str, Prior] = {}
    for row in priors.rows:
        if row.parameter in supplied:
            faults.append((row.parameter, "one prior", "two"))
        supplied[row.parameter] = row
    needed = [CORRELATIONS if each.scale == Scale.ATANH else each.name for each in parameters]
    faults += [(name, "a parameter of the model", "no such") for name in supplied if name not in needed]
    for name, parameter in zip(needed, parameters, strict=True):
        allowed = _allowed(parameter)
        if name not in supplied:
            faults.append((name, "a prior", "nothing"))
        elif supplied[name].law not in allowed:
            faults.append((name, "one of " + ", ".join(allowed), supplied[name].law))
    if faults:
        raise SpecError(list(dict.fromkeys(faults)))
    rows = [supplied[name] for name in needed]
    places = [spot for spot, row in enumerate(rows) if row.law == "lkj"]
    numbers = [[CODES[row.law], row.location, row.scale, row.shape] for row in rows]
    return Arranged(_in_pairs(places), np.array(numbers, dtype=float).reshape(-1, 4))


def _allowed(parameter: Parameter) -> tuple[str, ...]:
    if parameter.scale == Scale.ATANH:
        return ("lkj",)
    return tuple(name for name, law in LAWS.items() if law.positive == (parameter.scale == Scale.LOG))


def _in_pairs(places: list[int]) -> tuple[int, ...]:
    # Linear models print correlations column by column of the lower triangle, joint models row by row.
    size = effects_of(len(places))
    if len(places) < 3 or places == list(range(places[0], places[0] + len(places))):
        return tuple(places)
    by_row = {pair: places[spot] for spot, pair in enumerate(zip(*np.tril_indices(size, -1), strict=True))}
    return tuple(by_row[pair] for pair in zip(*pairs_below(size), strict=True))


def log_prior(
    spread: tuple[int, ...], numbers: Float[Array, "parameter number"], natural: Float[Array, "*_ parameter"]
) -> Float[Array, ""]:
    """Log density of natural values before the data, up to a constant."""
    total, (code, *rest) = jnp.asarray(0.0), numbers.T
    for name, law in LAWS.items():
        mine = code == CODES[name]
        total = total + jnp.where(mine, law.log_density(jnp.where(mine, natural, 1.0), _Numbers(*rest)), 0.0).sum()
    if len(spread) == 1:
        total = total + (numbers[spread[0], 3] - 1) * jnp.log1p(-(natural[spread[0]] ** 2))
    elif spread:
        size = effects_of(len(spread))
        both = jnp.concatenate([jnp.ones(size), natural[jnp.array(spread)]])
        total = total + (numbers[spread[0], 3] - 1) * jnp.linalg.slogdet(covariance_of(both, size))[1]
    return total


def effects_of(correlations: int) -> int:
    """How many random effects have this many correlations."""
    return round((1 + np.sqrt(1 + 8 * correlations)) / 2)


def draw_prior(key: Array, arranged: Arranged) -> Float[Array, "*_ parameter"]:
    """One draw of every parameter from its prior; correlations by partial correlations along a vine.

    Source: lewandowski2009
    """
    names, keys = list(CODES), jax.random.split(key, len(arranged.numbers) + 1)
    values = [
        jnp.asarray(0.0)
        if names[int(row[0])] == "lkj"
        else LAWS[names[int(row[0])]].draw(keys[spot], _Numbers(*row[1:]))
        for spot, row in enumerate(arranged.numbers)
    ]
    natural = jnp.stack(values)
    if not arranged.spread:
        return natural
    drawn = _draw_correlations(keys[-1], arranged.numbers[arranged.spread[0], 3], len(arranged.spread))
    return natural.at[jnp.array(arranged.spread)].set(drawn)


def _draw_correlations(key: Array, shape: Any, count: int) -> Array:
    size = effects_of(count)
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
