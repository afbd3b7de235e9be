"""Which counts to hide: the small ones, and as many more as it takes that none of them can be had by subtraction.

A reader is taken to know the rules of this module, every count printed anywhere in the report, every breakdown with
what is missing from it, and how many of a group are listed one by one. Of a small count such a reader may learn that
it is from 1 to 4 and nothing else: every equation has solutions in which it is 1 (or one more than are listed) and
solutions in which it is 4. While that fails, the smallest fitting count of the same breakdowns is hidden as well
(secondary suppression).

Source: hundepool2012
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from alsight.report.disclosure.nodes import SMALL_CELL, Breakdown, Headcount, Hidden, Who

_WIDE: Final = 10_000_000


@dataclass(frozen=True)
class Term:
    """An equation of hidden counts as a reader sees it: signs times counts add up to `value`."""

    signs: Mapping[Who, int]
    value: int


def is_small(people: Headcount) -> bool:
    """Whether a count needs protection: 1 to 4 people, not all of them listed one by one."""
    if people.open or not people.sensitive or not 0 < people.size < SMALL_CELL:
        return False
    return people.listed < min(people.size, SMALL_CELL - 2)


def suppressed(people: Mapping[Who, Headcount], breakdowns: Sequence[Breakdown]) -> dict[Who, Hidden]:
    """Every hidden count and why.

    Args:
        people: every count of the report by the people it is of.
        breakdowns: how they add up.
    """
    hidden = {who: Hidden.SMALL for who, one in people.items() if is_small(one)}
    hidden |= dict.fromkeys(_withheld(people, breakdowns, hidden), Hidden.WITHHELD)
    touching: dict[Who, list[int]] = {}
    for place, one in enumerate(breakdowns):
        for who in {one.total.who, *(part.who for part in one.parts)}:
            touching.setdefault(who, []).append(place)
    queue = [who for who in hidden if who in touching]
    while queue:
        who = queue.pop()
        places = _component(who, touching, breakdowns, people, hidden)
        terms = [term for place in places if (term := _term(breakdowns[place], people, hidden)) is not None]
        if not terms or _protected(who, terms, people, hidden):
            continue
        more = _candidate([breakdowns[place] for place in places], touching[who], breakdowns, people, hidden)
        if more is not None:
            hidden[more] = Hidden.SECOND
        elif hidden[who] is Hidden.SMALL:
            # Nothing else can be hidden: then not even that these are from 1 to 4 may be said.
            tied = {name for term in terms for name in term.signs if hidden.get(name) is Hidden.SMALL}
            hidden |= dict.fromkeys(tied, Hidden.WITHHELD)
        else:
            continue
        near = _component(who if more is None else more, touching, breakdowns, people, hidden)
        members = {member for place in near for member in _members(breakdowns[place])}
        queue += [member for member in sorted(members, key=repr) if member in hidden and member not in queue]
    return hidden


def _members(one: Breakdown) -> tuple[Who, ...]:
    return one.total.who, *(part.who for part in one.parts)


def _withheld(
    people: Mapping[Who, Headcount], breakdowns: Iterable[Breakdown], hidden: Mapping[Who, Hidden]
) -> set[Who]:
    """Parts of a total that is printed though it is small: even a 0 among them would give the others away."""
    found: set[Who] = set()
    for one in breakdowns:
        total = people[one.total.who]
        if total.who not in hidden and 0 < total.size < SMALL_CELL and total.sensitive:
            closed = [part for part in (people[part.who] for part in one.parts) if not _public(part)]
            found |= {part.who for part in closed if any(part.size for part in closed)}
    return found


def _public(people: Headcount) -> bool:
    """Whether a count is known anyway: printed by its nature, or of people who are all listed one by one."""
    return people.open or bool(people.size and people.listed >= people.size)


def _unknown(one: Headcount, hidden: Mapping[Who, Hidden]) -> bool:
    return one.who in hidden or one.implied


def _term(one: Breakdown, people: Mapping[Who, Headcount], hidden: Mapping[Who, Hidden]) -> Term | None:
    """A breakdown with everything printed moved to one side; None where nothing in it is unknown."""
    signs: dict[Who, int] = {}
    value = one.rest
    for sign, part in ((-1, one.total), *((1, part) for part in one.parts)):
        if _unknown(people[part.who], hidden):
            signs[part.who] = signs.get(part.who, 0) + sign
        else:
            value += sign * part.size
    return Term(signs, -value) if signs else None


def _component(
    who: Who,
    touching: Mapping[Who, list[int]],
    breakdowns: Sequence[Breakdown],
    people: Mapping[Who, Headcount],
    hidden: Mapping[Who, Hidden],
) -> list[int]:
    """Places of the breakdowns that are tied to a count through unknown ones."""
    observed: set[int] = set()
    ahead, met = [who], {who}
    while ahead:
        for place in touching.get(ahead.pop(), []):
            if place not in observed:
                observed.add(place)
                new = {member for member in _members(breakdowns[place]) if _unknown(people[member], hidden)} - met
                met |= new
                ahead += sorted(new, key=repr)
    return sorted(observed)


def limits(one: Headcount, why: Hidden | None) -> tuple[int, int]:
    """Least and greatest value of an unknown count for a reader who knows the rules, before any subtraction."""
    if one.implied:
        return 0, _WIDE if one.most is None else one.most
    if why is Hidden.SMALL:
        return max(1, one.listed + 1), SMALL_CELL - 1
    if why is Hidden.SECOND and one.size and one.sensitive:
        return SMALL_CELL, _WIDE
    if why is Hidden.SECOND and one.size:
        return 1, _WIDE
    return 0, _WIDE


def _protected(who: Who, terms: Sequence[Term], people: Mapping[Who, Headcount], hidden: Mapping[Who, Hidden]) -> bool:
    """Whether a count can still be anything that its label says; one that is needed for others is not looked at."""
    if hidden[who] is Hidden.SECOND:
        return True
    low, high = attack(who, terms, people, hidden)
    if hidden[who] is Hidden.WITHHELD:
        return low < high
    known = people[who].most
    most = SMALL_CELL - 1 if known is None else min(SMALL_CELL - 1, known)
    return low <= max(1, people[who].listed + 1) and high >= most


def attack(
    who: Who, terms: Sequence[Term], people: Mapping[Who, Headcount], hidden: Mapping[Who, Hidden]
) -> tuple[int, int]:
    """The narrowest range of a hidden count that the equations allow.

    Args:
        who: the count.
        terms: equations of unknown counts.
        people: every count.
        hidden: those that are not printed.
    """
    names = list(dict.fromkeys([who, *(name for term in terms for name in term.signs)]))
    ends = [limits(people[name], hidden.get(name)) for name in names]
    # A 0 that is hidden too may be 0 or at least 5: one more unknown that is 0 or 1 says which.
    gaps = [place for place, name in enumerate(names) if hidden.get(name) is Hidden.SECOND and not people[name].size]
    if len(terms) == 1 and not gaps:
        return _by_hand(names, ends, terms[0])
    size = len(names) + len(gaps)
    matrix = np.zeros((len(terms), size))
    for line, term in enumerate(terms):
        for name, sign in term.signs.items():
            matrix[line, names.index(name)] = sign
    values = np.array([float(term.value) for term in terms])
    constraints: list[Any] = [LinearConstraint(matrix, values, values)]  # type: ignore[arg-type]
    most = float(max(10_000, *(abs(term.value) for term in terms)) * 4)
    for extra, place in enumerate(gaps):
        either = np.zeros((2, size))
        either[:, place] = 1.0
        either[0, len(names) + extra], either[1, len(names) + extra] = -float(SMALL_CELL), -most
        low_high = np.array([[0.0, -np.inf], [np.inf, 0.0]])
        constraints.append(LinearConstraint(either, *low_high))  # type: ignore[arg-type]
    low = np.array([float(end[0]) for end in ends] + [0.0] * len(gaps))
    high = np.array([min(float(end[1]), most) for end in ends] + [1.0] * len(gaps))
    aim = np.zeros(size)
    aim[0] = 1.0
    bounds = Bounds(low, high)  # type: ignore[arg-type]
    found = [
        milp(sign * aim, constraints=constraints, bounds=bounds, integrality=np.ones(size)).fun for sign in (1.0, -1.0)
    ]
    if found[0] is None or found[1] is None:  # an inconsistent system would be a mistake of the program
        raise ValueError(f"breakdowns that hold {who} contradict each other")
    return round(found[0]), round(-found[1])


def _by_hand(names: Sequence[Who], ends: Sequence[tuple[int, int]], term: Term) -> tuple[int, int]:
    """The range of the first count under a single equation."""
    sign = term.signs.get(names[0], 0)
    if not sign:
        return ends[0]
    low = high = term.value
    for name, (least, most) in zip(names[1:], ends[1:], strict=True):
        one, other = term.signs[name] * least, term.signs[name] * most
        low, high = low - max(one, other), high - min(one, other)
    low, high = (low, high) if sign > 0 else (-high, -low)
    return max(low, ends[0][0]), min(high, ends[0][1])


def _may_be_hidden(one: Headcount) -> bool:
    """Whether a count may be hidden for the sake of another; small ones that are printed are known anyway."""
    known = one.sensitive and 0 < one.size < SMALL_CELL
    return not (known or one.open or one.spared or one.implied or _public(one))


def _candidate(
    component: Sequence[Breakdown],
    own: Sequence[int],
    breakdowns: Sequence[Breakdown],
    people: Mapping[Who, Headcount],
    hidden: Mapping[Who, Hidden],
) -> Who | None:
    """The next count to hide: parts before totals, the smallest of 5 or more first, a 0 last."""

    def order(one: Breakdown) -> list[tuple[int, int, str, Who]]:
        members = [(part, 0) for part in one.parts] + [(one.total, 1)]
        return [
            (1 if not part.size else 0, part.size + 1_000_000 * total, repr(part.who), part.who)
            for part, total in ((people[part.who], total) for part, total in members)
            if part.who not in hidden and _may_be_hidden(part)
        ]

    near = sorted(found for place in own for found in order(breakdowns[place]))
    far = sorted(found for one in component for found in order(one))
    ready = near or far
    return ready[0][3] if ready else None
