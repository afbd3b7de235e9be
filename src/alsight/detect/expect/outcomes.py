"""Outcomes by name: every definition of episodes, its family at other lengths, and what plain words stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from alsight.base.errors import request_field
from alsight.episodes.definition import Definition, Kind
from alsight.episodes.definitions import DEFINITIONS

Faults = list[tuple[str, str, object]]

NAMED: Final[dict[str, Definition]] = {rule.name: rule for rule in DEFINITIONS}
"""Every definition by its name."""


def _families() -> dict[str, Definition]:
    """Rules whose name ends with their length, without it; the shortest stands for all of them."""
    found: dict[str, Definition] = {}
    for rule in DEFINITIONS:
        family = rule.name.removesuffix(f"_{rule.months:g}")
        if family != rule.name and rule.months >= 1.0:
            found.setdefault(family, rule)
    return found


FAMILIES: Final = _families()
"""Rules that may be asked for at any length."""


@dataclass(frozen=True)
class Plain:
    """What an everyday word stands for.

    Attributes:
        family: the rule taken where no points are given.
        within: the rule taken where points are given.
        said: how the people who meet it are called, with `months` and `points` filled in.
        said_within: the same where points are given.
    """

    family: str
    within: str
    said: str
    said_within: str


PLAIN: Final[dict[str, Plain]] = {
    "stable": Plain(
        "bedlack_visit", "vasta_within_1", "stable at {months} months", "stable within {points} for {months} months"
    ),
    "improved": Plain(
        "bedlack_gain_4",
        "bedlack_gain_4",
        "improved by {points} for {months} months",
        "improved by {points} for {months} months",
    ),
}
"""Everyday words. Stable is the definition of the plateau literature that asks least: the score at the end of the time
is not below the first. Improved is the reversal literature's: so many points up, held so long."""

WIDER: Final[dict[str, str]] = {
    "bedlack_visit": "bedlack_ever_pair",
    "bedlack_visit_deaths": "bedlack_ever_pair",
    "bedlack_floor": "bedlack_ever_floor",
}
"""The rule that looks at every window, for each rule that looks at the first one."""


@dataclass(frozen=True)
class Outcome:
    """What is counted.

    Attributes:
        asked: the name that was asked for.
        rule: the definition at the length and size asked for.
        family: name of the rule without its length; the name itself where it has one length only.
        said: how people who meet it are called in a sentence.
    """

    asked: str
    rule: Definition
    family: str
    said: str


def family_of(rule: Definition) -> str:
    """Name of a definition without its length."""
    return rule.name.removesuffix(f"_{rule.months:g}")


def names() -> tuple[str, ...]:
    """Everything that may be asked for, plain words first."""
    return (*PLAIN, *FAMILIES, *NAMED)


def near(name: str) -> str:
    """What the writer of an unknown name may have meant, as the end of a complaint."""
    meant = get_close_matches(name.lower(), names(), n=3, cutoff=0.5)
    said = f" (near: {', '.join(meant)})" if meant else ""
    return f"stable, improved or the name of a definition{said}"


def at_length(family: str, months: float) -> Definition:
    """A rule at another length; its published frequency stays only where it was published for that length."""
    name = f"{family}_{months:g}"
    if name in NAMED:
        return NAMED[name]
    rule = FAMILIES[family]
    own, new = f"{rule.months:g} months", f"{months:g} months"
    return replace(
        rule,
        name=name,
        months=months,
        wording=rule.wording.replace(own, new),
        sustained=rule.sustained.replace(own, new),
        published=None,
    )


def with_points(rule: Definition, points: float) -> Definition:
    """A rule with another least change (gains) or another range (runs)."""
    if points == rule.points:
        return rule
    own, new = f"{rule.points:g}", f"{points:g}"
    words: Mapping[str, str] = {
        name: getattr(rule, name)
        .replace(f"{own} or more points", f"{new} or more points")
        .replace(f"within {own} point of", f"within {new} points of")
        .replace(f"within {own} point.", f"within {new} points.")
        for name in ("wording", "sustained", "assumed")
    }
    return replace(rule, **words, name=f"{rule.name} with {points:g} points", points=points, published=None)


def takes_points(rule: Definition) -> bool:
    """Whether the size of the change may be chosen."""
    return rule.points > 0.0 and (rule.kind == "reversal" or rule.method == "run_flat")


def plural(points: float) -> str:
    """Points with their noun."""
    return f"{points:g} point" + ("" if points == 1.0 else "s")


def outcome(name: str, months: float | None, points: float | None) -> tuple[Outcome | None, Faults]:
    """The outcome of a name, or everything that is wrong with the request.

    Args:
        name: a plain word, a definition, or a definition without its length.
        months: length asked for; None where the name says it.
        points: size of the change asked for; None for the rule's own.
    """
    faults: Faults = []
    plain = PLAIN.get(name)
    family = name if plain is None else plain.within if points is not None else plain.family
    if family in FAMILIES:
        if months is None:
            said = f'a time, as in "for 12 months" or {request_field("months", "12")}, as {name} has no length'
            return None, [("months", said, None)]
        rule = at_length(family, months)
    elif family in NAMED:
        rule = NAMED[family]
        if months is not None and abs(months - rule.months) > 0.5:
            other = f", or the outcome {family_of(rule)}" if family_of(rule) in FAMILIES else ""
            faults.append(("months", f"{rule.months:.3g}, the length of {name}{other}", months))
    else:
        return None, [("outcome", near(name), name)]
    if points is not None:
        if takes_points(rule):
            rule = with_points(rule, points)
        else:
            faults.append(("points", f"nothing, as the size of {name} is fixed", points))
    if plain is None:
        said = f"meeting {rule.name}"
    else:
        text = plain.said_within if points is not None else plain.said
        said = text.format(months=f"{rule.months:g}", points=plural(rule.points))
    return (None if faults else Outcome(name, rule, family_of(rule), said)), faults


def wider(asked: Outcome) -> Definition | None:
    """The rule that looks at any window where the asked one looks at the first; None where there is none."""
    family = WIDER.get(asked.family)
    return None if family is None else at_length(family, asked.rule.months)


def readings(asked: Outcome) -> list[Definition]:
    """The asked rule first, then every other rule of its kind, at the same length where it has no fixed one."""
    kind: Kind = asked.rule.kind
    rules = [asked.rule]
    rules += [at_length(name, asked.rule.months) for name, rule in FAMILIES.items() if rule.kind == kind]
    rules += [rule for rule in DEFINITIONS if rule.kind == kind and family_of(rule) not in FAMILIES]
    return list({rule.name: rule for rule in rules}.values())
