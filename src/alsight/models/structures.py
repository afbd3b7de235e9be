"""STRUCTURES: how the residuals of one person at the planned visits may covary, one row a published structure.

Each is written in its natural parameters (variances, covariances, correlations, ranges), with first and second
derivatives, because Kenward-Roger's adjustment depends on the parametrisation.

Source: jennrich1986, nunezanton2000
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from alsight.models.model import Parameter, Scale

Built = tuple[Any, Any, Any]
"""Matrix, first and second derivatives by the parameters, as arrays (*batch, [a, [b,]] visit, visit)."""


@dataclass(frozen=True)
class Structure:
    """One covariance structure.

    Attributes:
        meaning: in words.
        names: parameters' names by the visits' labels.
        kinds: per parameter "variance", "covariance", "correlation" or "range".
        build: matrix and derivatives from (parameters, number of visits, distance or None).
        linear: whether the second derivatives vanish.
        spatial: whether it reads distances between visits.
        ordered: whether the order of the visits matters.
    """

    meaning: str
    names: Callable[[tuple[str, ...]], tuple[str, ...]]
    kinds: Callable[[int], tuple[str, ...]]
    build: Callable[[Any, int, Any], Built]
    linear: bool = False
    spatial: bool = False
    ordered: bool = False


def _lib(theta: Any) -> Any:
    return jnp if isinstance(theta, jax.Array) else np


def _linear(basis: np.ndarray) -> Callable[[Any, int, Any], Built]:
    def build(theta: Any, visits: int, distance: Any) -> Built:
        del visits, distance
        lib = _lib(theta)
        first = lib.broadcast_to(basis, (*theta.shape[:-1], *basis.shape))
        return lib.einsum("...a,aij->...ij", theta, basis), first, None

    return build


def _unstructured_basis(visits: int) -> np.ndarray:
    rows, columns = np.tril_indices(visits)
    basis = np.zeros((len(rows), visits, visits))
    spot = np.arange(len(rows))
    basis[spot, rows, columns] = basis[spot, columns, rows] = 1.0
    return basis


def lags(visits: int) -> np.ndarray:
    """Number of visits between each two."""
    return np.abs(np.subtract.outer(np.arange(visits), np.arange(visits)))


def _toeplitz_basis(visits: int) -> np.ndarray:
    return (lags(visits)[None] == np.arange(visits)[:, None, None]).astype(float)


def _shared_basis(visits: int) -> np.ndarray:
    return np.stack([np.ones((visits, visits)), np.eye(visits)])


def _late(basis: Callable[[int], np.ndarray]) -> Callable[[Any, int, Any], Built]:
    return lambda theta, visits, distance: _linear(basis(visits))(theta, visits, distance)


def _correlation_shared(rho: Any, visits: int, distance: Any) -> Built:
    del distance
    lib = _lib(rho)
    off = 1 - np.eye(visits)
    first = lib.broadcast_to(off, (*rho.shape[:-1], 1, visits, visits))
    return np.eye(visits) + rho[..., None] * off, first, first[..., None, :, :] * 0.0


def _correlation_autoregressive(rho: Any, visits: int, distance: Any) -> Built:
    del distance
    gap = lags(visits).astype(float)
    base = rho[..., None]
    matrix = base**gap
    first = gap * base ** np.maximum(gap - 1, 0)
    second = gap * (gap - 1) * base ** np.maximum(gap - 2, 0)
    return matrix, first[..., None, :, :], second[..., None, None, :, :]


def _correlation_toeplitz(rho: Any, visits: int, distance: Any) -> Built:
    del distance
    lib = _lib(rho)
    basis = _toeplitz_basis(visits)[1:]
    first = lib.broadcast_to(basis, (*rho.shape[:-1], *basis.shape))
    matrix = np.eye(visits) + lib.einsum("...a,aij->...ij", rho, basis)
    return matrix, first, lib.zeros((*rho.shape[:-1], visits - 1, *basis.shape))


def _correlation_ante(rho: Any, visits: int, distance: Any) -> Built:
    del distance
    lib = _lib(rho)
    steps = np.arange(visits - 1)
    low = np.minimum.outer(np.arange(visits), np.arange(visits))
    inside = (low[..., None] <= steps) & (steps < (low + lags(visits))[..., None])  # steps between two visits
    shaped = rho[..., None, None, :]
    matrix = lib.where(inside, shaped, 1.0).prod(-1)
    other = ~np.eye(visits - 1, dtype=bool)
    without = lib.where(inside & other[:, None, None], shaped[..., None, :, :, :], 1.0).prod(-1)
    first = without * np.moveaxis(inside, -1, 0)
    both = other[:, None] & other[None]
    left = lib.where(inside & both[:, :, None, None], shaped[..., None, None, :, :, :], 1.0).prod(-1)
    used = np.moveaxis(inside, -1, 0)
    return matrix, first, left * (used[:, None] & used[None]) * other[:, :, None, None]


def _correlation_distance(power: int) -> Callable[[Any, int, Any], Built]:
    def build(rho: Any, visits: int, distance: Any) -> Built:
        del visits
        lib = _lib(rho)
        reach = rho[..., None]
        ratio = (distance / reach) ** power
        matrix = lib.exp(-ratio)
        first = matrix * power * ratio / reach
        second = matrix * ((power * ratio / reach) ** 2 - power * (power + 1) * ratio / reach**2)
        return matrix, first[..., None, :, :], second[..., None, None, :, :]

    return build


def _equal(correlation: Callable[[Any, int, Any], Built]) -> Callable[[Any, int, Any], Built]:
    # One variance for every visit: theta = (variance, correlation parameters).
    def build(theta: Any, visits: int, distance: Any) -> Built:
        lib = _lib(theta)
        matrix, first, second = correlation(theta[..., 1:], visits, distance)
        size = theta[..., 0][..., None, None]
        one = lib.concatenate([matrix[..., None, :, :], size[..., None] * first], axis=-3)
        top = lib.concatenate([0 * matrix[..., None, :, :], first], axis=-3)
        rest = lib.concatenate([first[..., :, None, :, :], size[..., None, None] * second], axis=-3)
        return size * matrix, one, lib.concatenate([top[..., None, :, :, :], rest], axis=-4)

    return build


def _unequal(correlation: Callable[[Any, int, Any], Built]) -> Callable[[Any, int, Any], Built]:
    # A variance for each visit: theta = (variances, correlation parameters); V_ij = s_i s_j rho_ij.
    def build(theta: Any, visits: int, distance: Any) -> Built:
        lib = _lib(theta)
        size = theta[..., :visits]
        root = lib.sqrt(size)
        scale = root[..., :, None] * root[..., None, :]
        matrix, first, second = correlation(theta[..., visits:], visits, distance)
        eye = np.eye(visits)
        touch = (eye[:, :, None] + eye[:, None, :]) * 0.5  # half for each index equal to the visit
        share = touch / size[..., :, None, None]
        whole = scale * matrix
        by_size = share * whole[..., None, :, :]
        by_rho = scale[..., None, :, :] * first
        twice = share[..., :, None, :, :] * by_size[..., None, :, :, :]
        bend = by_size / size[..., :, None, None]
        twice = twice - eye[:, :, None, None] * bend[..., :, None, :, :]
        mixed = share[..., :, None, :, :] * by_rho[..., None, :, :, :]
        top = lib.concatenate([twice, mixed], axis=-3)
        side = lib.concatenate([lib.swapaxes(mixed, -4, -3), scale[..., None, None, :, :] * second], axis=-3)
        return whole, lib.concatenate([by_size, by_rho], axis=-3), lib.concatenate([top, side], axis=-4)

    return build


def _cells(labels: tuple[str, ...]) -> tuple[str, ...]:
    rows, columns = np.tril_indices(len(labels))
    return tuple(
        f"var_{labels[i]}" if i == j else f"cov_{labels[i]}_{labels[j]}" for i, j in zip(rows, columns, strict=True)
    )


def _cell_kinds(visits: int) -> tuple[str, ...]:
    rows, columns = np.tril_indices(visits)
    return tuple("variance" if i == j else "covariance" for i, j in zip(rows, columns, strict=True))


def _each(labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"var_{label}" for label in labels)


def _lag_names(labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"corr_lag_{lag}" for lag in range(1, len(labels)))


def _step_names(labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"corr_{first}_{second}" for first, second in pairwise(labels))


def _kinds(variances: Callable[[int], int], correlations: Callable[[int], int]) -> Callable[[int], tuple[str, ...]]:
    return lambda visits: ("variance",) * variances(visits) + ("correlation",) * correlations(visits)


def _one(visits: int) -> int:
    del visits
    return 1


def _all(visits: int) -> int:
    return visits


def _gaps(visits: int) -> int:
    return visits - 1


STRUCTURES: Final[dict[str, Structure]] = {
    "us": Structure("unstructured", _cells, _cell_kinds, _late(_unstructured_basis), linear=True),
    "cs": Structure(
        "compound symmetry",
        lambda _: ("cov_shared", "var_residual"),
        lambda _: ("covariance", "variance"),
        _late(_shared_basis),
        linear=True,
    ),
    "csh": Structure(
        "compound symmetry, a variance a visit",
        lambda labels: (*_each(labels), "corr"),
        _kinds(_all, _one),
        _unequal(_correlation_shared),
    ),
    "ar1": Structure(
        "first-order autoregressive",
        lambda _: ("var", "corr"),
        _kinds(_one, _one),
        _equal(_correlation_autoregressive),
        ordered=True,
    ),
    "ar1h": Structure(
        "first-order autoregressive, a variance a visit",
        lambda labels: (*_each(labels), "corr"),
        _kinds(_all, _one),
        _unequal(_correlation_autoregressive),
        ordered=True,
    ),
    "toep": Structure(
        "Toeplitz",
        lambda labels: ("var", *(f"cov_lag_{lag}" for lag in range(1, len(labels)))),
        lambda visits: ("variance", *("covariance",) * (visits - 1)),
        _late(_toeplitz_basis),
        linear=True,
        ordered=True,
    ),
    "toeph": Structure(
        "Toeplitz, a variance a visit",
        lambda labels: (*_each(labels), *_lag_names(labels)),
        _kinds(_all, _gaps),
        _unequal(_correlation_toeplitz),
        ordered=True,
    ),
    "ad": Structure(
        "ante-dependence",
        lambda labels: ("var", *_step_names(labels)),
        _kinds(_one, _gaps),
        _equal(_correlation_ante),
        ordered=True,
    ),
    "adh": Structure(
        "ante-dependence, a variance a visit",
        lambda labels: (*_each(labels), *_step_names(labels)),
        _kinds(_all, _gaps),
        _unequal(_correlation_ante),
        ordered=True,
    ),
    "sp_exp": Structure(
        "exponential in the distance",
        lambda _: ("var", "range"),
        lambda _: ("variance", "range"),
        _equal(_correlation_distance(1)),
        spatial=True,
    ),
    "sp_gau": Structure(
        "Gaussian in the distance",
        lambda _: ("var", "range"),
        lambda _: ("variance", "range"),
        _equal(_correlation_distance(2)),
        spatial=True,
    ),
}

SCALES: Final[dict[str, Scale]] = {
    "variance": Scale.LOG,
    "range": Scale.LOG,
    "correlation": Scale.ATANH,
    "covariance": Scale.IDENTITY,
}


def structure_parameters(name: str, labels: tuple[str, ...], groups: tuple[str, ...]) -> tuple[Parameter, ...]:
    """Printed parameters of a structure, group after group."""
    row = STRUCTURES[name]
    kinds = row.kinds(len(labels))
    ends = [""] if len(groups) == 1 else [f"_{group}" for group in groups]
    return tuple(
        Parameter(f"{text}{end}", SCALES[kind])
        for end in ends
        for text, kind in zip(row.names(labels), kinds, strict=True)
    )


def covariance_matrix(
    name: str, theta: Float[Any, "*batch parameter"], visits: int, distance: Any = None
) -> Float[Any, "*batch visit visit"]:
    """Covariance of the residuals at the planned visits."""
    return STRUCTURES[name].build(theta, visits, distance)[0]
