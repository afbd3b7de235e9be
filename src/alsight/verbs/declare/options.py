"""Options of a verb, made from its Spec: name, kind, default, bounds, and the description in the Spec's docstring."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from alsight.base.spec import Spec

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "What to read": (
        "path",
        "example",
        "mapping",
        "entry",
        "sheet",
        "scale",
        "dates",
        "decimal",
        "time_unit",
        "missing",
        "encoding",
        "accept",
        "setting",
        "subject",
        "scores",
        "onset_months",
        "age",
    ),
    "What was found, in place of the sentence": ("sentence", "found", "of", "outcome", "months", "points"),
    "In whom, and how they were observed": (
        "population",
        "interval",
        "followed",
        "missed",
        "dropout",
        "mimics",
        "run_in",
        "among",
    ),
    "How it was selected": ("picked_from", "any_window", "tried"),
    "What to compute": ("thresholds", "reference", "name", "therapies", "size", "people", "seed", "workers"),
    "How it is analyzed": ("plan", "control", "analyses", "primary", "covariates"),
    "What to write": ("out", "format", "pages", "identified", "pseudonymize", "salt_file", "save_mapping", "truth"),
    "What to show": ("show_mapping", "strict"),
}
"""Headings under which every door lists options, and the fields of all Specs under each."""

PATHS: Final[dict[str, str]] = {
    "path": "PATH",
    "mapping": "FILE",
    "population": "FILE",
    "plan": "FILE",
    "salt_file": "FILE",
    "save_mapping": "FILE",
    "out": "DIR",
}
"""Fields that hold the path of a file or folder, and the word that stands for it."""

HUGE: Final = 2**62
"""Limits from here on are those of the computer, of which no reader needs to know."""

_ATTRIBUTES: Final = re.compile(r"^Attributes:\n(.*?)(?:\n\S|\Z)", flags=re.MULTILINE | re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"^    (\w+): (.*?)(?=^    \w+: |\Z)", flags=re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Option:
    """One field of a request, as doors show it.

    Attributes:
        name: name of the field.
        kind: what it holds: bool, int, float, str, or a Spec of its own.
        several: whether it takes any number of values.
        optional: whether it may be absent (None).
        default: what holds where nothing is given.
        choices: what may be given; empty where anything of the kind may.
        bounds: limits of a number in words.
        description: what it is, a sentence without its full stop.
        group: heading under which it is listed.
    """

    name: str
    kind: type
    several: bool
    optional: bool
    default: Any
    choices: tuple[str, ...]
    bounds: str
    description: str
    group: str

    @property
    def flag(self) -> str:
        """How a terminal writes the option."""
        return "--" + self.name.replace("_", "-")

    @property
    def value(self) -> str:
        """The word that stands for its value; empty for a switch."""
        if self.kind is bool:
            return ""
        if self.name in PATHS:
            return PATHS[self.name]
        if issubclass(self.kind, Spec):
            return "NAME=VALUE"
        return "N" if self.kind in (int, float) else "NAME"

    @property
    def allowed(self) -> str:
        """What may be given, in words; empty where anything of the kind may."""
        return " or ".join(filter(None, (", ".join(self.choices[:-1]), *self.choices[-1:]))) or self.bounds

    @property
    def standing(self) -> str:
        """The default in words; empty where there is none."""
        plain = self.kind is bool or self.several or issubclass(self.kind, Spec)
        return "" if plain or self.default in (None, "") else f"{self.default}"


def options(spec: type[Spec]) -> tuple[Option, ...]:
    """The options of a request, in the order of the groups.

    Args:
        spec: the class of the request.
    """
    hints, said = get_type_hints(spec, include_extras=True), descriptions(spec)
    made = {field.name: _option(field, hints[field.name], said[field.name]) for field in msgspec.structs.fields(spec)}
    return tuple(made.pop(name) for names in GROUPS.values() for name in names if name in made) + tuple(made.values())


def descriptions(spec: type[Spec]) -> dict[str, str]:
    """What each field is, by name, from the `Attributes:` of the class and of those it is made from."""
    said: dict[str, str] = {}
    for kind in reversed(spec.__mro__):
        block = _ATTRIBUTES.search(inspect.cleandoc(kind.__dict__.get("__doc__") or "") + "\n")
        if block:
            said |= {
                name: " ".join(text.split()).removesuffix(".") for name, text in _ATTRIBUTE.findall(block[1] + "\n")
            }
    return said


def _option(field: msgspec.structs.FieldInfo, hint: Any, said: str) -> Option:
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    kind, bounds = next(part for part in parts if part is not type(None)), ""
    if get_origin(kind) is Annotated:
        kind, *notes = get_args(kind)
        bounds = " and ".join(_bound(note) for note in notes if isinstance(note, msgspec.Meta)).strip()
    several = get_origin(kind) is tuple
    if several:
        kind, bounds = get_args(kind)[0], ""
    choices = tuple(choice for choice in get_args(kind) if choice) if get_origin(kind) is Literal else ()
    return Option(
        name=field.name,
        kind=str if choices else kind,
        several=several,
        optional=len(parts) > 1,
        default=field.default,
        choices=choices,
        bounds=bounds,
        description=opening(said),
        group=next((heading for heading, names in GROUPS.items() if field.name in names), ""),
    )


def opening(text: str) -> str:
    """A text with its first letter as a sentence begins."""
    return text[:1].upper() + text[1:]


def _bound(note: msgspec.Meta) -> str:
    """The limits of a number in words."""
    high = None if note.le is not None and note.le >= HUGE else note.le
    if note.ge is not None and high is not None:
        return f"{_number(note.ge)} to {_number(high)}"
    limits = {"at least": note.ge, "above": note.gt, "at most": high, "below": note.lt}
    return " and ".join(f"{word} {_number(limit)}" for word, limit in limits.items() if limit is not None)


def _number(value: float) -> str:
    return f"{value:,}".removesuffix(".0")


def json_schema(spec: type[Spec]) -> dict[str, Any]:
    """The JSON schema of a request, with a description for every field of it and of the Specs it holds.

    Args:
        spec: the class of the request.
    """
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(spec)))
    waiting, kinds = [spec], dict[str, type[Spec]]()
    while waiting:
        kind = waiting.pop()
        kinds[kind.__name__] = kind
        waiting += [option.kind for option in options(kind) if issubclass(option.kind, Spec)]
    for name, kind in kinds.items():
        part, said = made["$defs"][name], descriptions(kind)
        part["description"] = " ".join(inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].split())
        for field, content in part["properties"].items():
            content["description"] = opening(said[field]) + "."
            if field in PATHS:
                content["format"] = "path"
    return made
