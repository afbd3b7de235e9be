"""What degrees of freedom are made of: how the coefficients' covariance moves with the variance parameters.

For V(theta): P_a = X'V^-1 V_a V^-1 X, Q_ab = X'V^-1 V_a V^-1 V_b V^-1 X, R_ab = X'V^-1 V_ab V^-1 X, with V_a the
first and V_ab the second derivative of V, and W the covariance of theta.

Source: kenward1997, halekoh2014
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from alsight.base.status import Status
from alsight.infer.gaussian.mixed import Statistics, elements, freedom, lower, pairs
from alsight.infer.gaussian.search import MixedOptimum, jacobian
from alsight.infer.gaussian.small import inverse
from alsight.infer.newton import WEAK


@dataclass(frozen=True)
class Pieces:
    """Kenward and Roger's quantities, contracted to what the tests need.

    Attributes:
        inverse: (X'V^-1 X)^-1, the model-based covariance of the coefficients.
        first: P_a for each variance parameter.
        variance: W, from the observed information; from the expected one where a variance is at its boundary.
        bias: sum of W_ab (Q_ab - P_a inverse P_b), without second derivatives of V.
        curved: sum of W_ab R_ab / 4; zero where V is linear in theta.
        satterthwaite: the covariance of theta for Satterthwaite's rule; W but at a boundary.
        basis: T. Everything else is in the working columns X T, so that offsets and units cancel nothing.
    """

    inverse: Float[np.ndarray, "*batch fixed fixed"]
    first: Float[np.ndarray, "*batch theta fixed fixed"]
    variance: Float[np.ndarray, "*batch theta theta"]
    bias: Float[np.ndarray, "*batch fixed fixed"]
    curved: Float[np.ndarray, "*batch fixed fixed"]
    satterthwaite: Float[np.ndarray, "*batch theta theta"]
    basis: Float[np.ndarray, "*batch fixed fixed"]

    def arrays(self) -> dict[str, np.ndarray]:
        """The pieces by name, as a fit keeps them."""
        return {f"degrees_{name}": getattr(self, name) for name in Pieces.__dataclass_fields__}


def pieces_of(arrays: dict[str, np.ndarray]) -> Pieces:
    """The pieces that a fit keeps.

    Raises:
        KeyError: the fit has none.
    """
    return Pieces(**{name: arrays[f"degrees_{name}"] for name in Pieces.__dataclass_fields__})


def mixed_pieces(
    data: Statistics, found: MixedOptimum, basis: Float[np.ndarray, "trial fixed fixed"], *, reml: bool
) -> Pieces:
    """Pieces of a linear mixed model in theta = (lower elements of G, sigma^2), in which V is linear.

    Args:
        data: sufficient statistics, in working columns.
        found: the optimum.
        basis: what turns the columns as given into the working ones.
        reml: restricted likelihood.
    """
    point, factor = found.point, np.moveaxis(found.factor, 0, -1)[..., None]
    nu = freedom(data, reml=reml)
    size = (point.residual / nu)[:, None, None]
    p = point.beta.shape[1]
    gamma = np.einsum("ikt...,jkt...->ijt...", factor, factor)
    # K = Gamma - Gamma S Gamma solves H^-1 = I - Z K Z'; D turns Z'H^-k into Z'H^-(k+1).
    kernel = gamma - np.einsum("ijts,jkts,klts->ilts", *_wide(gamma, point.spread, gamma))
    cross = data.cross[:, :p]
    turn = np.eye(factor.shape[0])[..., None, None] - np.einsum("ijts,jkts->ikts", data.square, kernel)
    observed = np.einsum("ijts,jats->iats", turn, cross)
    again = np.einsum("ijts,jats->iats", turn, observed)
    hooked = np.einsum("ijts,jats->iats", kernel, cross)
    once, _, _ = inverse(point.inverse)
    twice = once - np.einsum("kats,kbts->tab", observed, hooked)
    thrice = twice - np.einsum("kats,kbts->tab", again, hooked)
    sides = elements(np.einsum("kats,lbts->tklab", observed, observed))
    first = np.concatenate([sides, 0.5 * (twice + np.swapaxes(twice, -1, -2))[:, None]], axis=1)
    second = _second(point.spread, observed, again, thrice)
    weight = size[..., None]
    inverted, first, second = point.inverse * size, first / weight**2, second / weight[..., None] ** 3
    variance = theta_covariance(data, found, reml=reml)
    satterthwaite = variance
    flat = np.flatnonzero(found.status == Status.BOUNDARY)
    if len(flat):
        satterthwaite = variance.copy()
        satterthwaite[flat] = boundary_covariance(data.take(flat), found.take(flat), reml=reml)
        traces = _traces(data.take(flat), kernel[:, :, flat], point.spread[:, :, flat], size[flat, 0, 0])
        variance[flat] = _expected(traces, inverted[flat], first[flat], second[flat])
    outer = np.einsum("...apq,...qr,...brs->...abps", first, inverted, first)
    bias = np.einsum("...ab,...abpq->...pq", variance, second - outer)
    return Pieces(inverted, first, variance, bias, np.zeros_like(bias), satterthwaite, basis)


def _wide(*stacks: np.ndarray) -> list[np.ndarray]:
    people = max(stack.shape[-1] for stack in stacks)
    return [np.broadcast_to(stack, (*stack.shape[:-1], people)) for stack in stacks]


def _second(spread: np.ndarray, observed: np.ndarray, again: np.ndarray, thrice: np.ndarray) -> np.ndarray:
    rows, columns = lower(spread.shape[0])
    trials, p, count = thrice.shape[0], thrice.shape[1], len(rows) + 1
    whole = np.empty((trials, count, count, p, p))
    for a, (k, l) in enumerate(zip(rows, columns, strict=True)):  # noqa: E741 - matrix indices keep their letters
        half = 0.5 if k == l else 1.0
        left = half * np.stack([observed[k], observed[l]])  # T'E_a, as its two non-zero rows l and k
        for b, (m, n) in enumerate(zip(rows, columns, strict=True)):
            other = 0.5 if m == n else 1.0
            right_m, right_n = other * observed[n], other * observed[m]
            middle_l = spread[l, m] * right_m + spread[l, n] * right_n
            middle_k = spread[k, m] * right_m + spread[k, n] * right_n
            whole[:, a, b] = np.einsum("ats,bts->tab", left[0], middle_l) + np.einsum("ats,bts->tab", left[1], middle_k)
        edge = np.einsum("ats,bts->tab", left[0], again[l]) + np.einsum("ats,bts->tab", left[1], again[k])
        whole[:, a, -1], whole[:, -1, a] = edge, np.swapaxes(edge, -1, -2)
    whole[:, -1, -1] = 0.5 * (thrice + np.swapaxes(thrice, -1, -2))
    return whole


def profile_information(
    data: Statistics, found: MixedOptimum, *, reml: bool
) -> Float[np.ndarray, "trial element element"]:
    """Half the second derivative of the deviance in (lower elements of Gamma, sigma^2)."""
    point = found.point
    nu = freedom(data, reml=reml)
    size = point.residual / nu
    count = point.slack.shape[1] + 1
    whole = np.empty((len(nu), count, count))
    outer = np.einsum("ta,tb->tab", point.slack, point.slack)
    whole[:, :-1, :-1] = point.hessian + outer / (size**2 * nu)[:, None, None]
    whole[:, :-1, -1] = whole[:, -1, :-1] = point.slack / (size**2)[:, None]
    whole[:, -1, -1] = nu / size**2
    return 0.5 * whole


def theta_covariance(data: Statistics, found: MixedOptimum, *, reml: bool) -> Float[np.ndarray, "trial theta theta"]:
    """Covariance of (lower elements of G, sigma^2) from the observed information; nan where it is singular."""
    information = profile_information(data, found, reml=reml)
    covariance, _, _ = inverse(information)
    turn = _unscaled(data, found, reml=reml)
    return np.einsum("tab,tbc,tdc->tad", turn, covariance, turn)


def _unscaled(data: Statistics, found: MixedOptimum, *, reml: bool) -> Float[np.ndarray, "trial theta theta"]:
    # Derivative of (lower elements of G, sigma^2) by (lower elements of Gamma, sigma^2), G = sigma^2 Gamma.
    rows, columns = lower(found.factor.shape[1])
    size = found.point.residual / freedom(data, reml=reml)
    gamma = np.einsum("tik,tjk->tij", found.factor, found.factor)[:, rows, columns]
    count = len(rows)
    turn = np.zeros((len(size), count + 1, count + 1))
    turn[:, np.arange(count), np.arange(count)] = size[:, None]
    turn[:, :count, -1] = gamma
    turn[:, -1, -1] = 1.0
    return turn


def boundary_covariance(data: Statistics, found: MixedOptimum, *, reml: bool) -> Float[np.ndarray, "trial theta theta"]:
    """Covariance of (lower elements of G, sigma^2) where a variance is zero, as lmerTest has it.

    The information is taken in the elements of the factor, where a variance of zero is no edge but a place of symmetry;
    directions without information are excluded.

    Source: kuznetsova2017
    """
    rows, columns = lower(found.factor.shape[1])
    count = len(rows)
    turn = np.zeros((len(found.status), count + 1, count + 1))
    turn[:, :count, :count] = jacobian(found.factor)
    turn[:, -1, -1] = 1.0
    information = np.einsum("tae,tab,tbf->tef", turn, profile_information(data, found, reml=reml), turn)
    same = columns[:, None] == columns[None]
    information[:, :count, :count] += found.point.gradient[:, rows[:, None], rows[None]] * same
    turn = _unscaled(data, found, reml=reml) @ turn
    return np.einsum("tab,tbc,tdc->tad", turn, _seen(information), turn)


def _seen(information: np.ndarray) -> np.ndarray:
    # Inverse in the directions with information, in units in which its diagonal is one; nan where it is not finite.
    fine: Bool[np.ndarray, "*_ trial"] = np.all(np.isfinite(information), axis=(-2, -1))
    size = np.sqrt(np.abs(np.diagonal(information, axis1=-2, axis2=-1)))
    size = np.where(fine[:, None] & (size > 0), size, 1.0)
    even = np.where(fine[:, None, None], information / size[:, :, None] / size[:, None, :], np.eye(size.shape[1]))
    values, vectors = np.linalg.eigh(even)
    with np.errstate(divide="ignore"):
        shares = np.where(values > WEAK, 1 / values, 0.0)
    inverted = np.einsum("tik,tk,tjk->tij", vectors, shares, vectors) / size[:, :, None] / size[:, None, :]
    return np.where(fine[:, None, None], inverted, np.nan)


def _traces(data: Statistics, kernel: np.ndarray, spread: np.ndarray, size: np.ndarray) -> np.ndarray:
    # trace(V^-1 V_a V^-1 V_b), summed over subjects.
    count = len(lower(spread.shape[0])[0])
    whole = np.empty((len(size), count + 1, count + 1))
    whole[:, :count, :count] = pairs(np.einsum("nkts,lmts->tnklm", spread, spread))
    inner = np.einsum("ijts,jkts->ikts", kernel, data.square)
    again = spread - np.einsum("ijts,jkts->ikts", spread, inner)  # Z'H^-2 Z
    whole[:, :count, -1] = whole[:, -1, :count] = elements(np.moveaxis(again.sum(axis=-1), -1, 0))
    twice = np.einsum("ijts,jits->t", inner, inner)
    whole[:, -1, -1] = data.values - 2 * np.einsum("iits->t", inner) + twice
    return whole / (size**2)[:, None, None]


def _expected(traces: np.ndarray, inverted: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    # W from the expected restricted information, as pbkrtest has it (Halekoh & Hojsgaard 2014).
    moved = inverted[:, None] @ first
    information = traces - 2 * np.einsum("tij,tabji->tab", inverted, second)
    information = information + np.einsum("taij,tbji->tab", moved, moved)
    return 2 * _seen(information)
