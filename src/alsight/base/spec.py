"""Specs: what is asked, as frozen structures that read and write TOML and JSON and refuse what they do not know."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from alsight.base.errors import SpecError

SpecType = TypeVar("SpecType", bound="Spec")

FINITE: Final = "a finite number"
_LIKE: Final = 0.6
"""Least similarity of spelling at which a known name is suggested for an unknown one."""
_MANY: Final = 40
"""Known names from which on only those spelled alike are listed."""


class Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every request; bounds live in the field types (`Annotated[float, msgspec.Meta(ge=0)]`).

    Numbers at any depth are finite, however a request is made: from TOML, JSON, the terminal or Python.
    """

    def __post_init__(self) -> None:
        """Refuse NaN and infinity. A subclass with checks of its own calls this one first.

        Raises:
            SpecError: with the path of each number that is not finite.
        """
        faults = [fault for name in self.__struct_fields__ for fault in _not_finite(getattr(self, name), name)]
        if faults:
            raise SpecError(faults)


def _not_finite(value: Any, where: str) -> Iterator[tuple[str, str, Any]]:
    """Every number that is not finite in plain values of any depth, with its path; specs inside checked themselves."""
    if isinstance(value, float):
        if not math.isfinite(value):
            yield where, FINITE, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _not_finite(inner, f"{where}.{key}")
    elif isinstance(value, list | tuple | set | frozenset):
        for place, inner in enumerate(value):
            yield from _not_finite(inner, f"{where}[{place}]")


def one_of(name: Any, allowed: Iterable[str]) -> str:
    """What is allowed in place of an unknown name: every known name, and those spelled most like it first of all.

    Args:
        name: the unknown name.
        allowed: the known names, in the order to show them.
    """
    known = [str(choice) for choice in allowed]
    folded = {choice.casefold(): choice for choice in reversed(known)}
    like = get_close_matches(str(name).casefold().strip(), folded, n=2, cutoff=_LIKE)
    meant = f" (did you mean {' or '.join(folded[one] for one in like)}?)" if like else ""
    if like and len(known) > _MANY:
        return f"one of {len(known)} known names{meant}"
    return "one of " + ", ".join(known) + meant


def within(path: str, error: SpecError) -> SpecError:
    """The same faults, of a request that is a part of another: each path begins with the place of the part."""
    return SpecError([(f"{path}.{place}", allowed, supplied) for place, allowed, supplied in error.faults])


def build(kind: type[SpecType], fields: Mapping[str, Any], path: str = "") -> SpecType:
    """A spec from plain values, every faulty field reported at once.

    Raises:
        SpecError: with the path of each field, what it allows and what was given.
    """
    hints = get_type_hints(kind, include_extras=True)
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    faults: list[tuple[str, str, Any]] = []
    values: dict[str, Any] = {}
    for name, supplied in fields.items():
        where = f"{path}.{name}" if path else name
        if name not in known:
            faults.append((where, one_of(name, sorted(known)), supplied))
            continue
        try:
            values[known[name].name] = _convert(supplied, hints[known[name].name], where)
        except SpecError as error:
            faults.extend(error.faults)
    for name, field in known.items():
        if field.required and name not in fields:
            faults.append((f"{path}.{name}" if path else name, "a value", "nothing"))
    if faults:
        raise SpecError(faults)
    try:
        return kind(**values)
    except SpecError as error:
        raise (within(path, error) if path else error) from error.__cause__
    except (ValueError, TypeError) as error:
        raise SpecError([(path or kind.__name__, str(error), dict(fields))]) from error


def _convert(supplied: Any, hint: Any, where: str) -> Any:
    if isinstance(hint, type) and issubclass(hint, Spec) and isinstance(supplied, Mapping):
        return build(hint, supplied, where)
    inner_kind = get_args(hint)[0] if get_origin(hint) is tuple and get_args(hint)[1:] == (Ellipsis,) else None
    if isinstance(inner_kind, type) and issubclass(inner_kind, Spec) and isinstance(supplied, list | tuple):
        return _build_each(inner_kind, list(supplied), where)
    faults = list(_not_finite(supplied, where))
    if faults:
        raise SpecError(faults)
    try:
        return msgspec.convert(supplied, hint, strict=True)
    except msgspec.ValidationError as error:
        detail, _, inner = str(error).partition(" - at `$")
        allowed = detail.removeprefix("Expected ").strip()
        choices = tuple(choice for choice in _choices(hint) if choice != "")
        if detail.startswith("Invalid enum value") and choices:
            allowed = one_of(detail.removeprefix("Invalid enum value").strip(" '\""), choices)
        raise SpecError([(where + inner.rstrip("`"), allowed, supplied)]) from error
    except OverflowError as error:
        raise SpecError([(where, FINITE, supplied)]) from error
    except SpecError as error:
        raise within(where, error) from error.__cause__


def _choices(hint: Any) -> tuple[Any, ...]:
    """The values that a type allows by name, at any depth of it."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    return tuple(choice for inner in get_args(hint) for choice in _choices(inner))


def _build_each(kind: type[SpecType], supplied: list[Any], where: str) -> tuple[SpecType, ...]:
    """One spec for each table of a list, the faults of all of them together."""
    built: list[SpecType] = []
    faults: list[tuple[str, str, Any]] = []
    for location, fields in enumerate(supplied):
        try:
            built.append(_convert(fields, kind, f"{where}[{location}]"))
        except SpecError as error:
            faults.extend(error.faults)
    if faults:
        raise SpecError(faults)
    return tuple(built)


def read_toml(kind: type[SpecType], path: Path | str, field: str = "") -> SpecType:
    """A spec from a TOML file.

    Args:
        kind: class of the spec.
        path: the file.
        field: field of a request that names the file, under which faults stand; empty where the file stands alone.

    Raises:
        SpecError: the file is missing, is no TOML, or a field is wrong.
    """
    location = Path(path)
    where, file = (field, f"{path}: ") if field else (str(location), "")
    try:
        fields = tomllib.loads(location.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError([(where, "a readable TOML file", file + (error.strerror or "unreadable"))]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError([(where, "valid TOML", f"{file}{error}")]) from error
    return build(kind, fields, field)


def to_json(spec: Spec) -> bytes:
    """The spec as JSON, fields in their order, for provenance and digests."""
    return msgspec.json.encode(spec)
