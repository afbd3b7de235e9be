"""What degrees of freedom are made of: how the coefficients' covariance moves with the variance parameters.

For V(theta): P_a = X'V^-1 V_a V^-1 X, Q_ab = X'V^-1 V_a V^-1 V_b V^-1 X, R_ab = X'V^-1 V_ab V^-1 X, with V_a the
first and V_ab the second derivative of V, and W the covariance of theta.

Source: kenward1997
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from alsight.infer.gaussian.mixed import Statistics, elements, freedom, lower
from alsight.infer.gaussian.search import MixedOptimum
from alsight.infer.gaussian.small import inverse


@dataclass(frozen=True)
class Pieces:
    """Kenward and Roger's quantities, contracted to what the tests need.

    Attributes:
        inverse: (X'V^-1 X)^-1, the model-based covariance of the coefficients.
        first: P_a for each variance parameter.
        variance: W, from the observed information.
        bias: sum of W_ab (Q_ab - P_a inverse P_b), without second derivatives of V.
        curved: sum of W_ab R_ab / 4; zero where V is linear in theta.
    """

    inverse: Float[np.ndarray, "*batch fixed fixed"]
    first: Float[np.ndarray, "*batch theta fixed fixed"]
    variance: Float[np.ndarray, "*batch theta theta"]
    bias: Float[np.ndarray, "*batch fixed fixed"]
    curved: Float[np.ndarray, "*batch fixed fixed"]

    def arrays(self) -> dict[str, np.ndarray]:
        """The pieces by name, as a fit keeps them."""
        return {f"degrees_{name}": getattr(self, name) for name in Pieces.__dataclass_fields__}


def pieces_of(arrays: dict[str, np.ndarray]) -> Pieces:
    """The pieces that a fit keeps.

    Raises:
        KeyError: the fit has none.
    """
    return Pieces(**{name: arrays[f"degrees_{name}"] for name in Pieces.__dataclass_fields__})


def contract(
    inverted: np.ndarray, first: np.ndarray, second: np.ndarray, third: np.ndarray | None, variance: np.ndarray
) -> Pieces:
    """Pieces from full P, Q and R."""
    outer = np.einsum("...apq,...qr,...brs->...abps", first, inverted, first)
    bias = np.einsum("...ab,...abpq->...pq", variance, second - outer)
    curved = np.zeros_like(bias) if third is None else 0.25 * np.einsum("...ab,...abpq->...pq", variance, third)
    return Pieces(inverted, first, variance, bias, curved)


def mixed_pieces(data: Statistics, found: MixedOptimum, *, reml: bool) -> Pieces:
    """Pieces of a linear mixed model in theta = (lower elements of G, sigma^2), in which V is linear."""
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
    variance = theta_covariance(data, found, reml=reml)
    return contract(point.inverse * size, first / weight**2, second / weight[..., None] ** 3, None, variance)


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
    rows, columns = lower(found.factor.shape[1])
    size = found.point.residual / freedom(data, reml=reml)
    gamma = np.einsum("tik,tjk->tij", found.factor, found.factor)[:, rows, columns]
    turn = np.zeros_like(information)
    count = len(rows)
    turn[:, np.arange(count), np.arange(count)] = size[:, None]
    turn[:, :count, -1] = gamma
    turn[:, -1, -1] = 1.0
    return np.einsum("tab,tbc,tdc->tad", turn, covariance, turn)
