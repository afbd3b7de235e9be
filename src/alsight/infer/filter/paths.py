"""Compiled loop that draws smoothed courses of each person and reduces them at once; courses are never kept."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np

from alsight.base.compiled import STRICT
from alsight.base.streams_numba import fold, normal
from alsight.infer.filter import numbers as at
from alsight.infer.filter import state as of
from alsight.infer.filter.kernel import pilot
from alsight.infer.filter.normal import expected_cut_score
from alsight.infer.filter.numbers import source_digest
from alsight.infer.filter.particles import filter_person
from alsight.infer.filter.placing import learn
from alsight.infer.filter.reductions import reduce_path
from alsight.infer.filter.state import gain_share, make_room, person_of
from alsight.infer.filter.weights import total_weight

WINDOW: Final[tuple[str, ...]] = ("mean", "sd", "low", "median", "high", "flat", "lost", "gained", "losing")
"""What is reported of the loss in a window: mean, SD, quantiles at 5, 50 and 95 %, and four probabilities."""
SUMMARY: Final[tuple[str, ...]] = ("mean", "sd", "probability", "effective")
"""What is reported of a reduction before its quantiles."""
FINE: Final = 3
"""Into how many pieces the time between nodes is cut where a course may rise: a gain comes and goes between visits."""
_BINS_A_POINT = 10
_NOTHING = 1e-12


class Windows(NamedTuple):
    """Windows between nodes, person after person.

    Attributes:
        start: first window of each person, and the number of windows.
        from_node: node at which each begins, counted within its person.
        to_node: node at which each ends.
        flat: a loss below this counts as flat [points].
        lost: a loss of this or more counts as lost [points].
        gained: a gain of this or more counts as gained [points].
        none: with a gain of this or more nothing is flat [points].
        losing: a loss of this or more counts as losing [points].
        best: range of the scale, rounded up [points].
    """

    start: Any
    from_node: Any
    to_node: Any
    flat: float
    lost: float
    gained: float
    none: float
    losing: float
    best: int


@nb.njit(**STRICT)
def draw_scores(person: Any, p: Any, room: Any, key: Any, count: int, fine: int, score: Any) -> None:
    """Expected score of each particle's course at each node and at times between, with a level drawn from its law.

    Between nodes the loss is taken to be even; the gain is what it is then.
    """
    nodes, p_out = person.step.shape[0], p[at.ODDS_OUTLIER] / (1.0 + p[at.ODDS_OUTLIER])
    fresh = p[at.SD_NOISE] ** 2 * (1.0 + p_out * (p[at.TIMES_OUTLIER] ** 2 - 1.0))
    spread = math.sqrt(p[at.SD_STICKY] ** 2 + fresh)
    for i in range(count):
        level = room.state[of.LEVEL, i] + math.sqrt(max(room.state[of.VAR_LEVEL, i], 0.0)) * normal(key, i)
        own, from_one = spread * room.state[of.SIZE, i], i
        now, later, loss = person.step.sum(), 0.0, 0.0
        for back in range(nodes):
            k = nodes - 1 - back
            loss_later, loss = loss, room.lost[k, from_one] + _gain_at(room.state, i, p, now)
            pieces = fine if back > 0 else 1
            for piece in range(pieces):
                share = piece / pieces
                lost = loss + share * (loss_later - loss) - _gain_at(room.state, i, p, now + share * (later - now))
                score[i, k * fine + piece] = expected_cut_score(level - lost, own, p[at.LOW], p[at.HIGH])
            from_one, later, now = room.origin[k, from_one], now, now - person.step[k]


@nb.njit(**STRICT)
def _gain_at(state: Any, i: int, p: Any, now: float) -> float:
    """Gain of one particle at a time since its first node [points]."""
    return state[of.GAIN, i] * gain_share(now - state[of.START, i], state[of.HELD, i], 1.0 / p[at.RISE])


@nb.njit(**STRICT)
def _quantiles(values: Any, weight: Any, levels: Any, out: Any) -> None:
    order = np.argsort(values)
    reached, index = 0.0, 0
    for k in range(levels.shape[0]):
        while index < order.shape[0] - 1 and reached + weight[order[index]] < levels[k]:
            reached += weight[order[index]]
            index += 1
        out[k] = values[order[index]]


@nb.njit(**STRICT)
def summarize(weight: Any, drawn: Any, levels: Any, cuts: Any, out: Any) -> None:
    """Weighted mean, SD, share at or above a cut, effective draws and quantiles of each reduction.

    Draws of which a reduction is nan are excluded from it; nan where no draw is left.
    """
    some = np.empty(weight.shape[0])
    for r in range(drawn.shape[1]):
        values, total, squares = drawn[:, r].copy(), 0.0, 0.0
        for c in range(weight.shape[0]):
            some[c] = 0.0 if math.isnan(values[c]) else weight[c]
            values[c] = 0.0 if math.isnan(values[c]) else values[c]
            total += some[c]
        if total < _NOTHING:
            out[r] = math.nan
            continue
        mean, second, above = 0.0, 0.0, 0.0
        for c in range(weight.shape[0]):
            some[c] /= total
            squares += some[c] * some[c]
            mean += some[c] * values[c]
            above += some[c] if values[c] >= cuts[r] else 0.0
        for c in range(weight.shape[0]):
            second += some[c] * (values[c] - mean) ** 2
        out[r, 0], out[r, 1], out[r, 2], out[r, 3] = mean, math.sqrt(second), above, 1.0 / squares
        _quantiles(values, some, levels, out[r, 4:])


@nb.njit(**STRICT)
def _from_bins(bins: Any, levels: Any, low: float, out: Any) -> None:
    reached, index = 0.0, 0
    for k in range(levels.shape[0]):
        while index < bins.shape[0] - 1 and reached + bins[index] < levels[k]:
            reached += bins[index]
            index += 1
        out[k] = low + (index + 0.5) / _BINS_A_POINT


@nb.njit(**STRICT)
def tell_windows(weight: Any, score: Any, fine: int, windows: Any, first: int, last: int, out: Any) -> None:
    """The loss in each window of one person; quantiles to a tenth of a point."""
    width = windows.best * _BINS_A_POINT
    bins, levels = np.empty(2 * width + 1), np.array([0.05, 0.5, 0.95])
    for w in range(first, last):
        a, b = fine * windows.from_node[w], fine * windows.to_node[w]
        mean, second = 0.0, 0.0
        out[w], bins[:] = 0.0, 0.0
        for c in range(weight.shape[0]):
            loss = score[c, a] - score[c, b]
            bins[int(width + loss * _BINS_A_POINT)] += weight[c]
            mean += weight[c] * loss
            second += weight[c] * loss * loss
            out[w, 5] += weight[c] if -windows.none < loss < windows.flat else 0.0
            out[w, 6] += weight[c] if loss >= windows.lost else 0.0
            out[w, 7] += weight[c] if -loss >= windows.gained else 0.0
            out[w, 8] += weight[c] if loss >= windows.losing else 0.0
        out[w, 0], out[w, 1] = mean, math.sqrt(max(second - mean * mean, 0.0))
        _from_bins(bins, levels, -float(windows.best), out[w, 2:5])


@nb.njit(**STRICT)
def tell_course(weight: Any, score: Any, fine: int, out: Any) -> None:
    """Mean and SD of the expected score at each node."""
    for k in range(out.shape[0]):
        mean, second = 0.0, 0.0
        for c in range(weight.shape[0]):
            mean += weight[c] * score[c, fine * k]
        for c in range(weight.shape[0]):
            second += weight[c] * (score[c, fine * k] - mean) ** 2
        out[k, 0], out[k, 1] = mean, math.sqrt(second)


@nb.njit(**STRICT)
def _times(step: Any, fine: int) -> Any:
    """Times of the nodes since the first and of the pieces between them."""
    node, last = np.cumsum(step), step.shape[0] - 1
    now = np.empty(last * fine + 1)
    for k in range(last):
        for piece in range(fine):
            now[k * fine + piece] = node[k] + piece / fine * (node[k + 1] - node[k])
    now[last * fine] = node[last]
    return now


@nb.njit(**STRICT)
def draw_person(
    persons: Any,
    numbers: Any,
    guesses: Any,
    room: Any,
    key: Any,
    counts: Any,
    shares: Any,
    fine: int,
    weight: Any,
    score: Any,
) -> int:
    """Courses without and with a recovery, so many of each; the weights of each part sum to its share."""
    c = 0
    for part in range(2):
        count = counts[part]
        if count == 0:
            continue
        person, own = persons[part], fold(key, np.uint64(part))
        pilot(person, numbers, guesses[part], room, fold(own, np.uint64(9)), max(count // 4, 16))
        if part == 1:
            filter_person(person, numbers, guesses[part], room, fold(own, np.uint64(8)), count // 2)
            learn(person, numbers, room, count // 2, guesses[part])
        filter_person(person, numbers, guesses[part], room, own, count)
        draw_scores(person, numbers[0], room, fold(own, np.uint64(6)), count, fine, score[c : c + count])
        total = total_weight(room.log_weight, count, room.work[0])[0]
        for i in range(count):
            weight[c + i] = shares[part] * math.exp(room.log_weight[i] - total)
        c += count
    return c


@cache
def _kernel(digest: int) -> Any:
    @nb.njit(nogil=True, cache=True, **STRICT)
    def run(
        batch: Any,
        level: Any,
        rate: Any,
        every: float,
        held: Any,
        numbers: Any,
        root: Any,
        counts: Any,
        shares: Any,
        origin: Any,
        asked: Any,
        levels: Any,
        cuts: Any,
        windows: Any,
        sizes: Any,
        width: int,
        first: int,
        last: int,
        out: Any,
        reported: Any,
        course: Any,
    ) -> int:
        room, most = make_room(sizes[0], sizes[1], sizes[2]), 2 * sizes[2]
        score, weight, drawn = np.empty((most, FINE * sizes[0])), np.empty(most), np.empty((most, asked.kind.shape[0]))
        guesses = np.empty((2, width))
        for i in range(first, last):
            a, b = batch.node_start[i], batch.node_start[i + 1]
            fine = FINE if counts[i, 1] > 0 else 1
            now = origin[i] + _times(batch.step[a:b], fine)
            guesses[:, 0] = math.nan
            persons = (
                person_of(batch, i, level[i], rate[i], 0.0, held),
                person_of(batch, i, level[i], rate[i], every, held),
            )
            key = fold(root, batch.number[i])
            c = draw_person(persons, numbers, guesses, room, key, counts[i], shares[i], fine, weight, score)
            for one in range(c):
                reduce_path(now, score[one, : now.shape[0]], asked, drawn[one])
            summarize(weight[:c], drawn[:c], levels, cuts, out[i])
            tell_windows(weight[:c], score[:c], fine, windows, windows.start[i], windows.start[i + 1], reported)
            tell_course(weight[:c], score[:c], fine, course[a:b])
        return digest

    return run


def smooth(*supplied: Any) -> None:
    """Fill the summaries of a range of people."""
    _kernel(source_digest())(*supplied)
