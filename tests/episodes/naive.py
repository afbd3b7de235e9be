"""Slow, obvious versions of every episode rule: one person at a time, exact fractions, plain loops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from alsight.base.units import DAYS_PER_MONTH
from alsight.episodes.definition import Definition

TINY = 1e-9
Spell = tuple[int, int, int]
"""Places of the start, of the visit from which it holds, and of the end, among the person's visits."""


@dataclass
class Person:
    """Days and scores by scale, and the days of events."""

    visits: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    events: list[tuple[int, str]] = field(default_factory=list)


def chosen(person: Person, rule: Definition) -> tuple[str, list[tuple[int, float]]]:
    """Scale and visits that the person is judged on."""
    stops = [day for day, event in person.events if event == "tracheostomy"]
    best: tuple[str, list[tuple[int, float]]] = ("", [])
    for scale in rule.scales:
        visits = sorted(person.visits.get(scale, []))
        if rule.stop_at_tracheostomy and stops:
            visits = [visit for visit in visits if visit[0] < min(stops)]
        if len(visits) > len(best[1]):
            best = (scale, visits)
    return best


def slope(visits: Sequence[tuple[int, float]]) -> float:
    """Least-squares slope in points a month."""
    if len({day for day, _ in visits}) < 2:
        return float("nan")
    days = [Fraction(day) for day, _ in visits]
    scores = [Fraction(score) for _, score in visits]
    mean_day, mean_score = sum(days) / len(days), sum(scores) / len(scores)
    above = sum((day - mean_day) * (score - mean_score) for day, score in zip(days, scores, strict=True))
    return float(above / sum((day - mean_day) ** 2 for day in days)) * DAYS_PER_MONTH


def enough(size: float, rule: Definition) -> bool:
    return size > rule.points + TINY if rule.strict else size >= rule.points - TINY


def spans(visits: Sequence[tuple[int, float]], rule: Definition) -> bool:
    return bool(visits) and visits[-1][0] - visits[0][0] >= rule.months * DAYS_PER_MONTH - rule.window_days


def nearest(visits: Sequence[tuple[int, float]], months: float, window: float) -> int | None:
    target = months * DAYS_PER_MONTH
    choices = [(abs(day - visits[0][0] - target), index) for index, (day, _) in enumerate(visits) if index > 0]
    if not choices or min(choices)[0] > window:
        return None
    return min(choices)[1]


def epoch_visit(visits: Any, rule: Definition, person: Person) -> tuple[bool, list[Spell]]:
    index = nearest(visits, rule.months, rule.window_days) if visits else None
    if index is None:
        ends = [day for day, event in person.events if event in {"death", "tracheostomy", "permanent_ventilation"}]
        died = bool(visits and ends) and min(ends) - visits[0][0] <= rule.months * DAYS_PER_MONTH
        return rule.deaths_decline and died, []
    return True, [(0, 0, index)] if enough(visits[index][1] - visits[0][1], rule) else []


def in_epoch(visits: Any, rule: Definition) -> Any:
    days = rule.months * DAYS_PER_MONTH
    inside = [visit for visit in visits if visit[0] - visits[0][0] <= days + rule.window_days]
    good = len(inside) >= rule.least_visits and inside[-1][0] - inside[0][0] >= days - rule.window_days
    return inside if good else None


def epoch_slope(visits: Any, rule: Definition, person: Person) -> tuple[bool, list[Spell]]:
    inside = in_epoch(visits, rule)
    if not inside:
        return False, []
    return True, [(0, 0, len(inside) - 1)] if enough(slope(inside), rule) else []


def epoch_floor(visits: Any, rule: Definition, person: Person) -> tuple[bool, list[Spell]]:
    inside = in_epoch(visits, rule)
    if not inside:
        return False, []
    fall = min(score for _, score in inside) - inside[0][1]
    return True, [(0, 0, len(inside) - 1)] if enough(fall, rule) else []


def every_stretch(visits: Any, good: Callable[[Any], bool]) -> list[Spell]:
    size = len(visits)
    pairs = ((first, last) for first in range(size) for last in range(first + 1, size))
    return [(first, first, last) for first, last in pairs if good(visits[first : last + 1])]


def length(stretch: Any) -> int:
    return stretch[-1][0] - stretch[0][0]


def pair_apart(visits: Any, rule: Definition, person: Person) -> tuple[bool, list[Spell]]:
    least = rule.months * DAYS_PER_MONTH - rule.window_days
    return spans(visits, rule), every_stretch(
        visits, lambda some: length(some) >= least and enough(some[-1][1] - some[0][1], rule)
    )


def pair_about(visits: Any, rule: Definition, person: Person) -> tuple[bool, list[Spell]]:
    days = rule.months * DAYS_PER_MONTH
    return spans(visits, rule), every_stretch(
        visits, lambda some: abs(length(some) - days) <= rule.window_days and enough(some[-1][1] - some[0][1], rule)
    )


def run_flat(visits: Any, rule: Definition, person: Person) -> tuple[bool, list[Spell]]:
    least = rule.months * DAYS_PER_MONTH - rule.window_days

    def flat(some: Any) -> bool:
        scores = [score for _, score in some]
        return length(some) >= least and max(scores) - min(scores) <= rule.points

    return bool(visits), every_stretch(visits, flat)


def run_floor(visits: Any, rule: Definition, person: Person) -> tuple[bool, list[Spell]]:
    least = rule.months * DAYS_PER_MONTH - rule.window_days
    return spans(visits, rule), every_stretch(
        visits, lambda some: length(some) >= least and enough(min(score for _, score in some) - some[0][1], rule)
    )


def rising_slope(visits: Any, rule: Definition, person: Person) -> tuple[bool, list[Spell]]:
    days = rule.months * DAYS_PER_MONTH
    return spans(visits, rule), every_stretch(
        visits,
        lambda some: (
            abs(length(some) - days) <= rule.window_days
            and len(some) >= rule.least_visits
            and enough(slope(some), rule)
        ),
    )


def held_gain(visits: Any, rule: Definition, person: Person) -> tuple[bool, list[Spell]]:
    least = rule.months * DAYS_PER_MONTH - rule.window_days
    spells = []
    for held in range(1, len(visits)):
        earlier = range(held) if rule.reference == "any" else [0]
        base = min(earlier, key=lambda index: (visits[index][1], -index))
        for last in range(held, len(visits)):
            run = visits[held : last + 1]
            if length(run) >= least and all(enough(score - visits[base][1], rule) for _, score in run):
                spells.append((base, held, last))
    return spans(visits, rule), spells


def slope_change(visits: Any, rule: Definition, person: Person) -> tuple[bool, list[Spell]]:
    turn = nearest(visits, rule.lead_in_months, rule.window_days) if visits else None
    if turn is None:
        return False, []
    days = rule.months * DAYS_PER_MONTH
    before = visits[: turn + 1]
    after = [visit for visit in visits[turn:] if visit[0] - visits[turn][0] <= days + rule.window_days]
    if len(after) < 2 or length(after) < days - rule.window_days:
        return False, []
    if rule.lead_in_loss is not None and visits[0][1] - visits[turn][1] < rule.lead_in_loss:
        return False, []
    early, late = slope(before), slope(after)
    if rule.relative and early >= -TINY:
        return False, []
    gain = 1 - late / early if rule.relative else late - early
    return True, [(turn, turn, turn + len(after) - 1)] if enough(gain, rule) else []


def apart(visits: Any, spells: list[Spell]) -> list[Spell]:
    """The longest first, then whatever shares no visit with those taken; from each visit only the longest counts."""
    longest = {spell[1]: spell for spell in sorted(spells, key=lambda one: one[2])}
    taken: list[Spell] = []
    for spell in sorted(longest.values(), key=lambda one: (-(visits[one[2]][0] - visits[one[1]][0]), one[0], one[1])):
        if all(spell[0] > other[2] or spell[2] < other[0] for other in taken):
            taken.append(spell)
    return sorted(taken)


def judge(person: Person, rule: Definition) -> tuple[bool, str, list[tuple[int, int, int]]]:
    """Whether eligible, the scale, and the days (start, held from, end) of the person's episodes."""
    scale, visits = chosen(person, rule)
    eligible, spells = globals()[rule.method](visits, rule, person)
    days = [tuple(visits[index][0] for index in spell) for spell in apart(visits, spells)]
    return eligible, scale, days
