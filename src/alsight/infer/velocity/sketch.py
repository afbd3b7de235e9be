"""A normal law for the course of one person, fitted to the ratings, from which courses are drawn.

Given the course of the log rates the ratings are jointly normal about means that depend on it by exponentials, so
Gauss-Newton steps find the likeliest course. Last steps put, in place of the derivatives there, the straight lines that
fit best under the law's own uncertainty, and count what these exclude as noise. An outlier counts by its share, a
rating at a bound by what a normal law beyond the cut tells.

Source: garcia2015
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np

from alsight.base.compiled import STRICT
from alsight.base.compiled.numerics import exponential
from alsight.infer.filter import numbers as at
from alsight.infer.filter.normal import log_tail
from alsight.infer.filter.placing import GUESSES

COLD, CURVED = 6, 2
"""Gauss-Newton steps where nothing is known of a person yet, and steps that allow for the rates' uncertainty."""
SIZES: Final = 3
"""Noise sizes for which a normal law is fitted: the middle one and one so many SDs to either side."""
APART = 1.2
MEMO: Final = GUESSES + 1
"""Numbers kept of a person beside the middles of the laws: a filter's guess, and the share of effective draws."""
HIGHEST = 50.0
"""Log rates are cut here."""
_LONGEST = 1.0
_UNSEEN = 1e6
_UNLIKELY = 0.02
_LOG_ROOT_TAU = 0.9189385332046727


class Sketch(NamedTuple):
    """Working memory of a person's normal law; the last of the numbers of a course is the personal log rate.

    Attributes:
        mode: likeliest course of each class.
        root: Cholesky factor of its precision.
        evidence: log of the approximate density of the ratings with each class.
        log_root: sum of the logs of the factor's diagonal.
        slope: derivatives of the ratings' means by the course, then those solved by the factor of `spread`.
        spread: covariance of the ratings given the course, then its factor.
        away: ratings less their means, then those solved.
        noise: variance of each rating's fresh noise.
        raw: ratings less their means.
        single: each rating's departure from what the others tell; at a bound, what they tell of it.
        open: variance of that, but for the rating's own noise.
        share: probability of each rating being an outlier, under each normal law.
        index: which normal law is being fitted.
        step: a step of the search.
        lost: loss at each node [points].
        when: time of each rating [months].
        column: one column of an inverse.
        inverse: covariance of the normal law.
        cover: covariance of the log rates, personal one and departure together, at the nodes; 0 at first.
    """

    mode: Any
    root: Any
    evidence: Any
    log_root: Any
    slope: Any
    spread: Any
    away: Any
    noise: Any
    raw: Any
    single: Any
    open: Any
    share: Any
    index: Any
    step: Any
    lost: Any
    when: Any
    column: Any
    inverse: Any
    cover: Any


@nb.njit(**STRICT)
def make_sketch(nodes: int, visits: int, kinds: int) -> Any:
    """Room for people with up to so many nodes and ratings."""
    size = nodes + 1
    laws = kinds * SIZES
    return Sketch(
        np.empty((laws, size)),
        np.empty((laws, size, size)),
        np.empty(laws),
        np.empty(laws),
        np.empty((visits, size)),
        np.empty((visits, visits)),
        np.empty(visits),
        np.empty(visits),
        np.empty(visits),
        np.empty(visits),
        np.empty(visits),
        np.empty((laws, visits)),
        np.empty(1, np.int64),
        np.empty(size),
        np.empty(nodes),
        np.empty(visits),
        np.empty(visits),
        np.empty((size, size)),
        np.empty((nodes, nodes)),
    )


@nb.njit(**STRICT)
def _factor(square: Any, size: int) -> None:
    """Replace the lower half by the Cholesky factor."""
    for r in range(size):
        for c in range(r + 1):
            total = square[r, c]
            for k in range(c):
                total -= square[r, k] * square[c, k]
            square[r, c] = math.sqrt(max(total, 1e-12)) if r == c else total / square[c, c]


@nb.njit(**STRICT)
def _bend(person: Any, p: Any, q: Any, x: Any, sketch: Any) -> None:
    """Departures of the ratings from their means given a course, and the means' derivatives."""
    nodes = person.step.shape[0]
    by_rate = p[at.CORRELATION] * p[at.SD_LEVEL] / q[at.SD_RATE]
    level = person.level + by_rate * (x[nodes] - person.rate - q[at.SHIFT])
    middle = x[nodes] - 0.5 * p[at.SD_PACE] ** 2
    for k in range(nodes):
        sketch.step[k] = exponential(min(max(middle + x[k] + 0.5 * sketch.cover[k, k], -HIGHEST), HIGHEST))
    sketch.lost[0] = 0.0
    for k in range(1, nodes):
        sketch.lost[k] = sketch.lost[k - 1] + 0.5 * person.step[k] * (sketch.step[k - 1] + sketch.step[k])
    for j in range(person.score.shape[0]):
        last = person.node[j]
        for k in range(nodes):
            width = person.step[k] if 0 < k <= last else 0.0
            if k < last:
                width += person.step[k + 1]
            sketch.slope[j, k] = -0.5 * width * sketch.step[k]
        sketch.slope[j, nodes] = by_rate - sketch.lost[last]
        sketch.away[j] = person.score[j] - level + sketch.lost[last]


@nb.njit(**STRICT)
def _cover(kind: int, sketch: Any, nodes: int) -> None:
    """Covariance of the log rates under the normal law of a class."""
    root, inverse, size = sketch.root[kind], sketch.inverse, nodes + 1
    for c in range(size):  # the inverse of the factor, then its product with itself
        for r in range(c, size):
            value = 1.0 if r == c else 0.0
            for k in range(c, r):
                value -= root[r, k] * inverse[k, c]
            inverse[r, c] = value / root[r, r]
    for r in range(size):
        for c in range(r + 1):
            total = 0.0
            for k in range(r, size):
                total += inverse[k, r] * inverse[k, c]
            inverse[r, c] = total
    own = inverse[nodes, nodes]
    for r in range(nodes):
        for c in range(r + 1):
            sketch.cover[r, c] = own + inverse[nodes, r] + inverse[nodes, c] + inverse[r, c]
            sketch.cover[c, r] = sketch.cover[r, c]


@nb.njit(**STRICT)
def _curved(person: Any, sketch: Any) -> None:
    """Add to the ratings' covariance what a straight line excludes of their exponential dependence on the rates."""
    nodes, visits = person.step.shape[0], person.score.shape[0]
    for k in range(nodes):
        for c in range(k + 1):
            by = sketch.cover[k, c]
            sketch.inverse[k, c] = by * by * (0.5 + by / 6.0)
            sketch.inverse[c, k] = sketch.inverse[k, c]
    for i in range(visits):
        for c in range(person.node[i] + 1):
            total = 0.0
            for k in range(person.node[i] + 1):
                total += sketch.slope[i, k] * sketch.inverse[k, c]
            sketch.lost[c] = total
        for j in range(i + 1):
            total = 0.0
            for c in range(person.node[j] + 1):
                total += sketch.lost[c] * sketch.slope[j, c]
            sketch.spread[i, j] += total


@nb.njit(**STRICT)
def _noise(person: Any, p: Any, size: float, sketch: Any, j: int, reported: bool) -> float:
    """Variance of a rating's fresh noise: were it known to be an outlier or not, its share decides.

    A rating at a bound stands for what a normal law beyond the cut tells at the place where the others expect it.
    """
    own = (size * p[at.SD_NOISE]) ** 2
    if person.bound[j] != 0:
        cut = p[at.HIGH_CUT] if person.bound[j] > 0 else p[at.LOW_CUT]
        sign, shift = float(person.bound[j]), sketch.single[j] if reported else 0.0
        open_ = sketch.open[j] if reported else (size * p[at.SD_STICKY]) ** 2
        root = math.sqrt(open_ + own)
        beyond = sign * (person.score[j] - sketch.away[j] + shift - cut) / root
        beyond = min(max(beyond, -30.0), 30.0)
        ratio = math.exp(-0.5 * beyond * beyond - _LOG_ROOT_TAU - log_tail(-beyond))
        more = max(ratio + beyond, 1e-3)
        sketch.away[j] = shift + sign * root / more
        return min(max(root * root / max(ratio * more, 1e-12) - open_, own), _UNSEEN)
    wide, own = own * p[at.TIMES_OUTLIER] ** 2 + p[at.ROUNDING], own + p[at.ROUNDING]
    share = p[at.ODDS_OUTLIER] / (1.0 + p[at.ODDS_OUTLIER])
    if reported:
        near, far = sketch.open[j] + own, sketch.open[j] + wide
        ratio = min(0.5 * sketch.single[j] ** 2 * (1.0 / near - 1.0 / far), 60.0)
        odds = p[at.ODDS_OUTLIER] * math.sqrt(near / far) * exponential(ratio)
        share = odds / (1.0 + odds)
    sketch.share[sketch.index[0], j] = min(max(share, _UNLIKELY), 1.0 - _UNLIKELY)
    return 1.0 / ((1.0 - share) / own + share / wide)


@nb.njit(**STRICT)
def _whiten(person: Any, p: Any, size: float, sketch: Any, reported: bool) -> float:
    """Solve departures and derivatives by the covariance's factor; the log density of the departures."""
    visits, width, total = person.score.shape[0], person.step.shape[0] + 1, 0.0
    common, sticky = (1.0 - p[at.CORRELATION] ** 2) * p[at.SD_LEVEL] ** 2, (size * p[at.SD_STICKY]) ** 2
    for i in range(visits):
        for j in range(i + 1):
            gap = (sketch.when[i] - sketch.when[j]) / p[at.STICKINESS]
            sketch.spread[i, j] = common + sticky * exponential(max(-gap, -600.0))
        sketch.noise[i] = _noise(person, p, size, sketch, i, reported)
        sketch.spread[i, i] += sketch.noise[i]
    if sketch.cover[0, 0] > 0.0:
        _curved(person, sketch)
    _factor(sketch.spread, visits)
    sketch.raw[:visits] = sketch.away[:visits]
    for i in range(visits):
        for k in range(i):
            part = sketch.spread[i, k]
            sketch.away[i] -= part * sketch.away[k]
            for c in range(width):
                sketch.slope[i, c] -= part * sketch.slope[k, c]
        own = 1.0 / sketch.spread[i, i]
        sketch.away[i] *= own
        for c in range(width):
            sketch.slope[i, c] *= own
        total -= 0.5 * sketch.away[i] ** 2 + math.log(sketch.spread[i, i])
    return total


@nb.njit(**STRICT)
def _single_out(person: Any, sketch: Any) -> None:
    """Departure of each rating from what the others tell, given the course: after whitening."""
    visits = person.score.shape[0]
    for j in range(visits):
        total, square = 0.0, 0.0
        for i in range(j, visits):
            value = 1.0 if i == j else 0.0
            for k in range(j, i):
                value -= sketch.spread[i, k] * sketch.column[k]
            sketch.column[i] = value / sketch.spread[i, i]
            total += sketch.column[i] * sketch.away[i]
            square += sketch.column[i] ** 2
        sketch.single[j] = total / square if person.bound[j] == 0 else sketch.raw[j] - total / square
        sketch.open[j] = max(1.0 / square - sketch.noise[j], 0.0)


@nb.njit(**STRICT)
def _prior(person: Any, p: Any, q: Any, x: Any, root: Any, step: Any) -> float:
    """Add the prior's precision and gradient; its log density but for the powers of tau."""
    nodes = person.step.shape[0]
    away, var = x[nodes] - person.rate - q[at.SHIFT], q[at.SD_RATE] ** 2
    root[nodes, nodes] += 1.0 / var
    step[nodes] -= away / var
    total = -0.5 * (away * away / var + math.log(var))
    var = p[at.SD_PACE] ** 2
    root[0, 0] += 1.0 / var
    step[0] -= x[0] / var
    total -= 0.5 * (x[0] * x[0] / var + math.log(var))
    for k in range(1, nodes):
        keep = exponential(max(-person.step[k] / p[at.MEMORY], -600.0))
        var = p[at.SD_PACE] ** 2 * max(1.0 - keep * keep, 1e-12)
        away = x[k] - keep * x[k - 1]
        root[k, k] += 1.0 / var
        root[k - 1, k - 1] += keep * keep / var
        root[k, k - 1] -= keep / var
        step[k] -= away / var
        step[k - 1] += keep * away / var
        total -= 0.5 * (away * away / var + math.log(var))
    return total


@nb.njit(**STRICT)
def _improve(person: Any, p: Any, q: Any, kind: int, density: float, sketch: Any, longest: float) -> None:
    """One step towards the middle of the courses, with the precision there."""
    visits, size, step = person.score.shape[0], person.step.shape[0] + 1, sketch.step
    x, root = sketch.mode[kind], sketch.root[kind]
    for r in range(size):
        total = 0.0
        for j in range(visits):
            total += sketch.slope[j, r] * sketch.away[j]
        step[r] = total
        for c in range(r + 1):
            total = 0.0
            for j in range(visits):
                total += sketch.slope[j, r] * sketch.slope[j, c]
            root[r, c] = total
    density += _prior(person, p, q, x, root, step)
    _factor(root, size)
    sketch.log_root[kind] = 0.0
    for r in range(size):
        for k in range(r):
            step[r] -= root[r, k] * step[k]
        step[r] /= root[r, r]
        sketch.log_root[kind] += math.log(root[r, r])
    sketch.evidence[kind] = density - sketch.log_root[kind]
    farthest = 1e-12
    for back in range(size):
        r = size - 1 - back
        for k in range(r + 1, size):
            step[r] -= root[k, r] * step[k]
        step[r] /= root[r, r]
        farthest = max(farthest, abs(step[r]))
    share = min(1.0, longest / farthest)
    for r in range(size):
        x[r] += share * step[r]


@nb.njit(**STRICT)
def sketch_person(person: Any, numbers: Any, memo: Any, sketch: Any) -> None:
    """Fit the normal law of each class and noise size, from where the memo says that it ended before."""
    nodes, p, cold = person.step.shape[0], numbers[0], math.isnan(memo[MEMO])
    now = 0.0
    for j in range(person.score.shape[0]):
        now += person.gap[j]
        sketch.when[j] = now
    known = not math.isnan(memo[0])
    middle, spread = memo[2] if known else 0.0, memo[3] if known else p[at.SD_SIZE]
    for law in range(numbers.shape[0] * SIZES):
        q, x, first = numbers[law // SIZES], sketch.mode[law], MEMO + law * (nodes + 1)
        size = math.exp(middle + APART * (law % SIZES - 1) * spread)
        x[: nodes + 1] = memo[first : first + nodes + 1]
        if cold:
            x[:nodes] = 0.0
            x[nodes] = person.rate + q[at.SHIFT]
        sketch.cover[:nodes, :nodes] = 0.0
        sketch.index[0] = law
        for done in range(COLD + CURVED if cold else 1 + CURVED):
            _bend(person, p, q, x, sketch)
            density = _whiten(person, p, size, sketch, done > (1 if cold else 0))
            _single_out(person, sketch)
            _improve(person, p, q, law, density, sketch, _LONGEST if cold or done > 0 else 0.0)
            if done >= (COLD - 1 if cold else 0):
                _cover(law, sketch, nodes)
        memo[first : first + nodes + 1] = x[: nodes + 1]
