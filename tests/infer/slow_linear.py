"""A slow, obvious second version of the linear mixed model: dense matrices, textbook formulas, no tricks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Dense(NamedTuple):
    """Log likelihood, coefficients and Kenward-Roger quantities at given variance parameters."""

    log_likelihood: float
    beta: np.ndarray
    covariance: np.ndarray
    adjusted: np.ndarray


def dense(outcome: np.ndarray, fixed: np.ndarray, pieces: list[np.ndarray], theta: np.ndarray, *, reml: bool) -> Dense:
    """Model with V = sum of theta_a times pieces_a, everything inverted as one big matrix."""
    v = sum(size * piece for size, piece in zip(theta, pieces, strict=True))
    inverse = np.linalg.inv(v)
    cross = fixed.T @ inverse @ fixed
    covariance = np.linalg.inv(cross)
    beta = covariance @ fixed.T @ inverse @ outcome
    error = outcome - fixed @ beta
    n, p = fixed.shape
    value = np.linalg.slogdet(v)[1] + error @ inverse @ error + (n - p if reml else n) * np.log(2 * np.pi)
    if reml:
        value += np.linalg.slogdet(cross)[1]
    projection = inverse - inverse @ fixed @ covariance @ fixed.T @ inverse
    count = len(pieces)
    information = np.empty((count, count))
    bias = np.zeros((p, p))
    for a in range(count):
        for b in range(count):
            both = pieces[a] @ projection @ pieces[b]
            trace = np.trace(projection @ both) if reml else np.trace(inverse @ pieces[a] @ inverse @ pieces[b])
            information[a, b] = 0.5 * (2 * outcome @ projection @ both @ projection @ outcome - trace)
    weight = np.linalg.inv(information)
    first = [fixed.T @ inverse @ piece @ inverse @ fixed for piece in pieces]
    for a in range(count):
        for b in range(count):
            second = fixed.T @ inverse @ pieces[a] @ inverse @ pieces[b] @ inverse @ fixed
            bias += weight[a, b] * (second - first[a] @ covariance @ first[b])
    return Dense(-0.5 * value, beta, covariance, covariance + 2 * covariance @ bias @ covariance)


def random_slope_pieces(subject: np.ndarray, design: np.ndarray) -> list[np.ndarray]:
    """Derivatives of V by the lower elements of G (row after row) and the residual variance."""
    same = (subject[:, None] == subject[None]).astype(float)
    q = design.shape[1]
    found = []
    for row in range(q):
        for column in range(row + 1):
            outer = np.outer(design[:, row], design[:, column])
            found.append(same * (outer if row == column else outer + outer.T))
    return [*found, np.eye(len(subject))]
