"""Kernels of the items model: a person's mode, importance draws around it, and what they give for one evaluation.

With p(u) = 1/(1+exp(-u)) the log probability of score c is log p(u) + log(1 - p(l)) + log(1 - exp(l - u)), u and l the
reaches of this and the next score; the last term does not depend on the trait, so that it is left to the caller.
"""

from __future__ import annotations

import numba as nb
import numpy as np

ROUNDS = 60
"""Newton steps towards a mode, each halved where it does not help; the log posterior is concave."""
CLOSE = 1e-8
"""Newton decrement at which a mode is found."""


WIDER = 1.2
"""How much wider the importance draws lie than the curvature at the mode says: a posterior has longer tails than that
normal law, and without it a few heavy weights can make the sampled information indefinite."""


@nb.njit(cache=True, nogil=True)
def _factor(square: np.ndarray, lower: np.ndarray) -> None:
    for row in range(square.shape[0]):
        for column in range(row + 1):
            left = square[row, column]
            for k in range(column):
                left -= lower[row, k] * lower[column, k]
            lower[row, column] = np.sqrt(left) if row == column else left / lower[column, column]


@nb.njit(cache=True, nogil=True)
def _backward(lower: np.ndarray, vector: np.ndarray) -> None:
    for row in range(len(vector) - 1, -1, -1):
        for k in range(row + 1, len(vector)):
            vector[row] -= lower[k, row] * vector[k]
        vector[row] /= lower[row, row]


@nb.njit(cache=True, nogil=True)
def _forward(lower: np.ndarray, vector: np.ndarray) -> None:
    for row in range(len(vector)):
        for k in range(row):
            vector[row] -= lower[row, k] * vector[k]
        vector[row] /= lower[row, row]


@nb.njit(cache=True, nogil=True)
def _soft(u: float) -> float:
    # log p(u), safe for any u.
    return -np.log1p(np.exp(-u)) if u > 0 else u - np.log1p(np.exp(u))


@nb.njit(cache=True, nogil=True)
def _look(
    first: int,
    last: int,
    rows: tuple[np.ndarray, ...],
    spots: tuple[np.ndarray, ...],
    prior: tuple[np.ndarray, ...],
    at: np.ndarray,
    pull: np.ndarray,
    square: np.ndarray,
) -> float:
    # Log posterior of one person at a point, its slope and minus its curvature.
    time, item, index = rows
    slope, steps, cuts, trait = spots
    mean, precision = prior
    size, half = len(at), len(at) // 2
    value = 0.0
    for a in range(size):
        pull[a] = 0.0
        for b in range(size):
            square[a, b] = precision[a, b]
            pull[a] -= precision[a, b] * (at[b] - mean[b])
        value += 0.5 * pull[a] * (at[a] - mean[a])
    for r in range(first, last):
        k, c, t = item[r], index[r], time[r]
        d = trait[k]
        reach = slope[k] * (at[d] + at[half + d] * t)
        g, h = 0.0, 0.0
        if c > 0:
            share = 1.0 / (1.0 + np.exp(steps[k, c - 1] - reach))
            value += _soft(reach - steps[k, c - 1])
            g += 1.0 - share
            h += share * (1.0 - share)
        if c < cuts[k]:
            share = 1.0 / (1.0 + np.exp(steps[k, c] - reach))
            value += _soft(steps[k, c] - reach)
            g -= share
            h += share * (1.0 - share)
        g, h = g * slope[k], h * slope[k] ** 2
        pull[d] += g
        pull[half + d] += g * t
        square[d, d] += h
        square[half + d, d] += h * t
        square[d, half + d] += h * t
        square[half + d, half + d] += h * t * t
    return value


@nb.njit(cache=True, nogil=True)
def modes(
    start: np.ndarray,
    rows: tuple[np.ndarray, ...],
    spots: tuple[np.ndarray, ...],
    mean: np.ndarray,
    precision: np.ndarray,
    center: np.ndarray,
) -> np.ndarray:
    """Moves `center` to each person's mode and returns the lower factor of minus the curvature there."""
    people, size = mean.shape
    lowers = np.zeros((people, size, size))
    pull, square, step = np.empty(size), np.empty((size, size)), np.empty(size)
    other_pull, other_square = np.empty(size), np.empty((size, size))
    for i in range(people):
        prior, lower = (mean[i], precision), lowers[i]
        value = _look(start[i], start[i + 1], rows, spots, prior, center[i], pull, square)
        for _ in range(ROUNDS):
            _factor(square, lower)
            step[:] = pull
            _forward(lower, step)
            promise = np.dot(step, step)
            if promise < CLOSE:
                break
            _backward(lower, step)
            share = 1.0
            while share > 1e-6:
                moved = center[i] + share * step
                new = _look(start[i], start[i + 1], rows, spots, prior, moved, other_pull, other_square)
                if new >= value:
                    center[i] = moved
                    pull[:], square[:] = other_pull, other_square
                    value = new
                    break
                share *= 0.5
            if share <= 1e-6:
                break
    return lowers


@nb.njit(cache=True, nogil=True)
def draw(center: np.ndarray, lower: np.ndarray, normal: np.ndarray, found: np.ndarray) -> None:
    """Importance draws of one person, from the normal law with this center and precision factor, made wider."""
    for s in range(normal.shape[0]):
        found[s] = WIDER * normal[s]
        _backward(lower, found[s])
        for a in range(len(center)):
            found[s, a] += center[a]


@nb.njit(cache=True, nogil=True)
def _responses(
    first: int,
    last: int,
    rows: tuple[np.ndarray, ...],
    spots: tuple[np.ndarray, ...],
    at: np.ndarray,
    where: np.ndarray,
    line: np.ndarray,
    block: np.ndarray,
) -> float:
    # Log density of one person's scores at one draw, its slope by the items' parameters and minus its curvature.
    time, item, index = rows
    slope, steps, cuts, trait = spots
    half = len(at) // 2
    value = 0.0
    for r in range(first, last):
        k, c = item[r], index[r]
        theta = at[trait[k]] + at[half + trait[k]] * time[r]
        spot = where[k]
        if c > 0:
            u = slope[k] * theta - steps[k, c - 1]
            share = 1.0 / (1.0 + np.exp(-u))
            value += np.log(share) if share > 1e-290 else u
            line[spot] += (1.0 - share) * theta
            line[spot + c] -= 1.0 - share
            h = share * (1.0 - share)
            block[spot, 0] += h * theta * theta
            block[spot + c, 0] += h
            block[spot + c, 1] -= h * theta
        if c < cuts[k]:
            u = slope[k] * theta - steps[k, c]
            share = 1.0 / (1.0 + np.exp(-u))
            value += np.log(1.0 - share) if share < 1.0 - 1e-12 else -u
            line[spot] -= share * theta
            line[spot + c + 1] += share
            h = share * (1.0 - share)
            block[spot, 0] += h * theta * theta
            block[spot + c + 1, 0] += h
            block[spot + c + 1, 1] -= h * theta
    return value


@nb.njit(cache=True, nogil=True)
def weigh(
    start: np.ndarray,
    rows: tuple[np.ndarray, ...],
    spots: tuple[np.ndarray, ...],
    law: tuple[np.ndarray, ...],
    placed: tuple[np.ndarray, ...],
    normal: np.ndarray,
    where: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """Importance draws of each person's effects and their normalized weights; arguments as for `evaluate`."""
    mean, precision = law
    people, size = mean.shape
    draws = normal.shape[1]
    found, weight = np.empty((people, draws, size)), np.empty((people, draws))
    line, block = np.zeros(where[-1]), np.zeros((where[-1], 2))
    for i in range(people):
        draw(placed[0][i], placed[1][i], normal[i], found[i])
        for s in range(draws):
            weight[i, s] = _responses(start[i], start[i + 1], rows, spots, found[i, s], where, line, block)
            away = found[i, s] - mean[i]
            weight[i, s] += 0.5 * np.dot(normal[i, s], normal[i, s]) - 0.5 * np.dot(away, np.dot(precision, away))
        weight[i] = np.exp(weight[i] - weight[i].max())
        weight[i] /= weight[i].sum()
    return found, weight


@nb.njit(cache=True, nogil=True)
def _prior(
    i: int,
    pull: np.ndarray,
    mean: np.ndarray,
    designs: tuple[np.ndarray, ...],
    spot: int,
    line: np.ndarray,
    squares: np.ndarray,
    stretch: np.ndarray,
) -> None:
    # Scores of the effects' law at one draw: coefficients at once, what its covariance needs for later.
    levels, rates = designs
    half, size = len(pull) // 2, len(pull)
    for d in range(half):
        for p in range(levels.shape[1]):
            line[spot] = pull[d] * levels[i, p]
            spot += 1
    for d in range(half):
        for p in range(rates.shape[1]):
            line[spot] = pull[half + d] * rates[i, p]
            spot += 1
        stretch[d] = pull[d] * mean[d] + pull[half + d] * mean[half + d]
    for a in range(size):
        for b in range(size):
            squares[a * size + b] = 0.5 * pull[a] * pull[b]


@nb.njit(cache=True, nogil=True)
def _gather(
    weight: np.ndarray,
    score: np.ndarray,
    lines: np.ndarray,
    blocks: np.ndarray,
    found: np.ndarray,
    curved: np.ndarray,
    away: np.ndarray,
    second: np.ndarray,
) -> None:
    # Weighted moments over one person's draws; `lines` become deviations from the score, times root weights.
    for s in range(len(weight)):
        root = np.sqrt(weight[s])
        for p in range(len(score)):
            lines[s, p] = (lines[s, p] - score[p]) * root
        for p in range(curved.shape[0]):
            curved[p, 0] += weight[s] * blocks[s, p, 0]
            curved[p, 1] += weight[s] * blocks[s, p, 1]
        for a in range(len(away)):
            away[a] += weight[s] * found[s, a]
            for b in range(len(away)):
                second[a, b] += weight[s] * found[s, a] * found[s, b]


@nb.njit(cache=True, nogil=True)
def evaluate(
    start: np.ndarray,
    rows: tuple[np.ndarray, ...],
    spots: tuple[np.ndarray, ...],
    law: tuple[np.ndarray, ...],
    placed: tuple[np.ndarray, ...],
    normal: np.ndarray,
    where: np.ndarray,
    designs: tuple[np.ndarray, ...],
    turn: np.ndarray,
    expected: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """Log likelihood, score and missing information of each person by importance sampling.

    The last rows of `turn` period a trait, its mean too. Returns the log density less constants, scores, effective
    draws, the summed variances of the scores, minus the items' mean curvature (own, with the discrimination), and each
    person's mean effects and summed second moments, both less `mean`. `law` is the mean and precision of the effects.
    """
    mean, precision = law
    people, size = mean.shape
    draws, items, half = normal.shape[1], where[-1], size // 2
    tail = items + half * (designs[0].shape[1] + designs[1].shape[1])
    whole = tail + turn.shape[0]
    value, effective = np.empty(people), np.empty(people)
    scores, missing, curved = np.zeros((people, whole)), np.zeros((whole, whole)), np.zeros((items, 2))
    away, second = np.zeros((people, size)), np.zeros((size, size))
    found, log, weight = np.empty((draws, size)), np.empty(draws), np.empty(draws)
    lines, blocks = np.empty((draws, whole)), np.empty((draws, items, 2))
    squares, stretch = np.empty((draws, size * size)), np.empty((draws, half))
    for i in range(people):
        lower = placed[1][i]
        draw(placed[0][i], lower, normal[i], found)
        lines[:], blocks[:] = 0.0, 0.0
        for s in range(draws):
            log[s] = _responses(start[i], start[i + 1], rows, spots, found[s], where, lines[s], blocks[s])
            found[s] -= mean[i]
            pull = np.dot(precision, found[s])
            log[s] += 0.5 * np.dot(normal[i, s], normal[i, s]) - 0.5 * np.dot(pull, found[s])
            _prior(i, pull, mean[i], designs, items, lines[s], squares[s], stretch[s])
        lines[:, tail:] = np.dot(squares, turn.T) - expected
        lines[:, whole - half :] += stretch
        top = log.max()
        weight[:] = np.exp(log - top)
        total = weight.sum()
        value[i] = top + np.log(total / draws) - np.log(np.diag(lower)).sum() + size * np.log(WIDER)
        weight /= total
        effective[i] = 1.0 / (weight**2).sum()
        scores[i] = np.dot(weight, lines)
        _gather(weight, scores[i], lines, blocks, found, curved, away[i], second)
        missing += np.dot(lines.T, lines)
    return value, scores, effective, missing, curved, away, second
