"""Specs: what is asked, as frozen structures that read and write TOML and JSON and refuse what they do not know."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from alsight.base.errors import SpecError

SpecType = TypeVar("SpecType", bound="Spec")


class Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every request; bounds live in the field types (`Annotated[float, msgspec.Meta(ge=0)]`)."""


def build(kind: type[SpecType], fields: Mapping[str, Any], path: str = "") -> SpecType:
    """A spec from plain values, every faulty field reported at once.

    Raises:
        SpecError: with the path of each field, what it allows and what was given.
    """
    hints = get_type_hints(kind, include_extras=True)
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    faults: list[tuple[str, str, Any]] = []
    values: dict[str, Any] = {}
    for name, given in fields.items():
        where = f"{path}.{name}" if path else name
        if name not in known:
            faults.append((where, "one of " + ", ".join(sorted(known)), given))
            continue
        try:
            values[known[name].name] = _convert(given, hints[known[name].name], where)
        except SpecError as error:
            faults.extend(error.faults)
    for name, field in known.items():
        if field.required and name not in fields:
            faults.append((f"{path}.{name}" if path else name, "a value", "nothing"))
    if faults:
        raise SpecError(faults)
    try:
        return kind(**values)
    except (ValueError, TypeError) as error:
        raise SpecError([(path or kind.__name__, str(error), dict(fields))]) from error


def _convert(given: Any, hint: Any, where: str) -> Any:
    if isinstance(hint, type) and issubclass(hint, Spec) and isinstance(given, Mapping):
        return build(hint, given, where)
    inner_kind = get_args(hint)[0] if get_origin(hint) is tuple and get_args(hint)[1:] == (Ellipsis,) else None
    if isinstance(inner_kind, type) and issubclass(inner_kind, Spec) and isinstance(given, list | tuple):
        return _build_each(inner_kind, list(given), where)
    try:
        return msgspec.convert(given, hint, strict=True)
    except msgspec.ValidationError as error:
        message = str(error)
        detail, _, inner = message.partition(" - at `$")
        if detail.startswith("Invalid enum value") and get_origin(hint) is Literal:
            detail = "one of " + ", ".join(str(choice) for choice in get_args(hint) if choice != "")
        raise SpecError([(where + inner.rstrip("`"), detail.removeprefix("Expected ").strip(), given)]) from error


def _build_each(kind: type[SpecType], given: list[Any], where: str) -> tuple[SpecType, ...]:
    """One spec for each table of a list, the faults of all of them together."""
    built: list[SpecType] = []
    faults: list[tuple[str, str, Any]] = []
    for place, fields in enumerate(given):
        try:
            built.append(_convert(fields, kind, f"{where}[{place}]"))
        except SpecError as error:
            faults.extend(error.faults)
    if faults:
        raise SpecError(faults)
    return tuple(built)


def read_toml(kind: type[SpecType], path: Path | str) -> SpecType:
    """A spec from a TOML file.

    Raises:
        SpecError: the file is missing, is no TOML, or a field is wrong.
    """
    place = Path(path)
    try:
        fields = tomllib.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError([(str(place), "a readable TOML file", error.strerror or "unreadable")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError([(str(place), "valid TOML", str(error))]) from error
    return build(kind, fields)


def to_json(spec: Spec) -> bytes:
    """The spec as JSON, fields in their order, for provenance and digests."""
    return msgspec.json.encode(spec)
