"""Stretches of a few visits that leave the running course and come back to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from alsight.detect.causes.rules import CauseRules
from alsight.detect.causes.series import Series, shifted, side


@dataclass(frozen=True)
class Stretches:
    """Candidate stretches; places count in the series they were found in.

    Attributes:
        first, last: first and last visit inside.
        away: mean departure from the level before, in the direction asked for [points].
        back: mean departure from the level after [points].
        errors: the smaller of both in standard errors.
        before: smoothed level before, with the person's slope taken out [points].
    """

    first: Int[np.ndarray, " stretches"]
    last: Int[np.ndarray, " stretches"]
    away: Float[np.ndarray, " stretches"]
    back: Float[np.ndarray, " stretches"]
    errors: Float[np.ndarray, " stretches"]
    before: Float[np.ndarray, " stretches"]

    def chosen(self, which: Bool[np.ndarray, " stretches"] | Int[np.ndarray, " chosen"]) -> Stretches:
        """Some of the stretches."""
        return Stretches(
            *(getattr(self, name)[which] for name in ("first", "last", "away", "back", "errors", "before"))
        )


def stretches(
    series: Series, rules: CauseRules, direction: Literal[1, -1], longest: int, days: int, least: float
) -> Stretches:
    """All stretches of up to so many visits that depart from the smoothed levels before and after.

    Levels are means of up to `neighbors` visits with the person's own slope taken out, so that the running course is
    flat; a standard error counts the visits inside and those of the level.

    Args:
        series: the visits.
        rules: how levels are smoothed.
        direction: 1 for above, -1 for below.
        longest: most visits inside.
        days: longest time from the visit before to the visit after.
        least: least departure on both sides to be kept [points].
    """
    past, past_count = side(series, rules, -1)
    future, future_count = side(series, rules, 1)
    total = np.concatenate([[0.0], np.cumsum(series.level)])
    before, has_before = shifted(series, -1)
    parts: list[Stretches] = []
    for inside in range(1, longest + 1):
        last, same = shifted(series, inside - 1)
        after, has_after = shifted(series, inside)
        lasting = series.day[after] - series.day[before] <= days
        first = np.flatnonzero(has_before & same & has_after & lasting)
        if first.size == 0:
            break
        end, behind, ahead = last[first], before[first], after[first]
        mean = (total[end + 1] - total[first]) / inside
        away, back = direction * (mean - past[behind]), direction * (mean - future[ahead])
        noise = series.noise[first]
        errors = np.minimum(
            away / (noise * np.sqrt(1.0 / inside + 1.0 / past_count[behind])),
            back / (noise * np.sqrt(1.0 / inside + 1.0 / future_count[ahead])),
        )
        enough = np.minimum(away, back) >= least
        part = Stretches(first, end, away, back, errors, past[behind])
        parts.append(part.chosen(enough))
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Stretches(none, none, *(np.zeros(0) for _ in range(4)))
    names = ("first", "last", "away", "back", "errors", "before")
    return Stretches(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def apart(series: Series, found: Stretches) -> Stretches:
    """The clearest stretch of each person, then the clearest that shares no visit with it or its neighbors, and so on.

    One round settles one stretch of every person.
    """
    person = series.person[found.first]
    order = np.lexsort((found.first, found.last - found.first, -found.errors, person))
    chosen: list[Int[np.ndarray, " chosen"]] = []
    while order.size:
        head = np.flatnonzero(np.diff(person[order], prepend=-1))
        best = order[head]
        chosen.append(best)
        rival = np.repeat(best, np.diff(np.append(head, order.size)))
        overlaps = (found.first[order] <= found.last[rival] + 1) & (found.last[order] >= found.first[rival] - 1)
        order = order[~overlaps]
    places = np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.int64)
    return found.chosen(places[np.lexsort((found.first[places], person[places]))])
