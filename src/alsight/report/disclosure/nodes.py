"""What a report says about people, before it is decided what is printed: counts, shares, sentences with counts.

A count of people enters a page or a file only as a `Headcount`. Nothing here decides anything: `policy` collects every
count and every `Breakdown`, decides once for the whole report, and only then turns these values into text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, Final, Literal

from markupsafe import Markup

SMALL_CELL: Final = 5
"""Counts of people from 1 to below this are hidden, the usual limit of registries and of statistical offices."""

Kind = Literal["identified", "sent", "not anonymous"]

Who = tuple[str | float | int | None, ...]
"""Which people a count is of; counts of the same people carry the same value, so that both are printed or neither."""


@dataclass(frozen=True)
class Headcount:
    """A number of people.

    Attributes:
        size: how many.
        who: which people.
        listed: how many of them the report lists one by one under this very description; where it is all of them the
            count is public anyway.
        open: never hidden: the size of the cohort, what the report lists, what describes a file and not people.
        sensitive: whether a small number needs protection; not of missing values, which describe the record.
        spared: never hidden for the sake of another count, since it stands in several places.
        implied: printed nowhere, but a reader gets it by subtraction.
        most: what a reader knows it to be at most, None where that is not known.
    """

    size: int
    who: Who
    listed: int = 0
    open: bool = False
    sensitive: bool = True
    spared: bool = False
    implied: bool = False
    most: int | None = None


class Hidden(Enum):
    """Why a count is not printed."""

    SMALL = "from 1 to 4 people"
    SECOND = "would give a small one away by subtraction"
    WITHHELD = "part of a group so small that any part of it says something of single people"


@dataclass(frozen=True)
class Disclosure:
    """Which counts are printed, decided once for a whole report.

    Attributes:
        kind: identified, to be sent, or not anonymous since the cohort is too small.
        hidden: counts that are not printed, and why.
    """

    kind: Kind
    hidden: Mapping[Who, Hidden]

    @property
    def identified(self) -> bool:
        """Whether names of people, places and files are printed."""
        return self.kind == "identified"

    @property
    def least(self) -> int:
        """Fewest people that a curve may rest on."""
        return SMALL_CELL if self.kind == "sent" else 1

    def shows(self, *people: Headcount) -> bool:
        """Whether all of these counts are printed."""
        return not any(one.who in self.hidden for one in people)


@dataclass(frozen=True)
class Breakdown:
    """Counts that add up to another one; what is missing from the parts is taken to be known to a reader.

    Attributes:
        total: the whole.
        parts: parts that do not overlap.
    """

    total: Headcount
    parts: tuple[Headcount, ...]

    @property
    def rest(self) -> int:
        """People of the whole in none of the parts."""
        return self.total.size - sum(part.size for part in self.parts)


@dataclass(frozen=True)
class WithNoun:
    """A number of people with its noun: "1 person", "fewer than 5 people"."""

    people: Headcount
    one: str = "person"
    many: str = "people"


@dataclass(frozen=True)
class ShareOf:
    """A share of people in percent; nothing is printed where either count is hidden, as it would give it away."""

    part: Headcount
    whole: Headcount


@dataclass(frozen=True)
class OnlyWith:
    """A text that gives counts away, such as an interval of a rate: printed where all of them are, else `instead`."""

    text: str
    people: tuple[Headcount, ...]
    instead: str = "\u2013"


@dataclass(frozen=True)
class Phrase:
    """A sentence made of words and counts."""

    parts: tuple[Text, ...]


@dataclass(frozen=True)
class Computed:
    """A text that depends on which counts are printed, with every count that it may use."""

    make: Callable[[Disclosure], str]
    people: tuple[Headcount, ...] = ()


@dataclass(frozen=True)
class Identifier:
    """A text that names people, places or files: printed only in an identified report, else `instead`."""

    text: str
    instead: str = ""


@dataclass(frozen=True)
class ByPolicy:
    """A text for each kind of report; an empty one is not printed."""

    identified: str
    sent: str
    not_anonymous: str


Node = Headcount | WithNoun | ShareOf | OnlyWith | Phrase | Computed | Identifier | ByPolicy
Text = str | Markup | Node


def phrase(*parts: Text) -> Phrase:
    """A sentence from its parts."""
    return Phrase(parts)


def walk(value: Any) -> Iterator[Headcount | Breakdown]:
    """Every count and every breakdown inside a page, whatever it is made of."""
    if isinstance(value, Headcount):
        yield value
    elif isinstance(value, dict):
        yield from walk(tuple(value.values()))
    elif isinstance(value, (tuple, list)):
        for inner in value:
            yield from walk(inner)
    elif is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, Breakdown):
            yield value
        for field in fields(value):
            yield from walk(getattr(value, field.name))


def collected(values: Iterable[Any]) -> tuple[dict[Who, Headcount], tuple[Breakdown, ...]]:
    """Counts by the people they are of, and all breakdowns.

    Raises:
        ValueError: two counts of the same people differ; a mistake of the program.
    """
    people: dict[Who, Headcount] = {}
    breakdowns: list[Breakdown] = []
    for one in walk(tuple(values)):
        if isinstance(one, Breakdown):
            breakdowns.append(one)
        elif people.setdefault(one.who, one).size != one.size:
            raise ValueError(f"two counts of the same people: {one.who} {one.size} and {people[one.who].size}")
        elif people[one.who].implied:
            people[one.who] = one
    return people, tuple(breakdowns)
