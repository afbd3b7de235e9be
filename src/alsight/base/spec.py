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
    for name, supplied in fields.items():
        where = f"{path}.{name}" if path else name
        if name not in known:
            faults.append((where, "one of " + ", ".join(sorted(known)), supplied))
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
    except (ValueError, TypeError) as error:
        raise SpecError([(path or kind.__name__, str(error), dict(fields))]) from error


def _convert(supplied: Any, hint: Any, where: str) -> Any:
    if isinstance(hint, type) and issubclass(hint, Spec) and isinstance(supplied, Mapping):
        return build(hint, supplied, where)
    inner_kind = get_args(hint)[0] if get_origin(hint) is tuple and get_args(hint)[1:] == (Ellipsis,) else None
    if isinstance(inner_kind, type) and issubclass(inner_kind, Spec) and isinstance(supplied, list | tuple):
        return _build_each(inner_kind, list(supplied), where)
    try:
        return msgspec.convert(supplied, hint, strict=True)
    except msgspec.ValidationError as error:
        message = str(error)
        detail, _, inner = message.partition(" - at `$")
        if detail.startswith("Invalid enum value") and get_origin(hint) is Literal:
            detail = "one of " + ", ".join(str(choice) for choice in get_args(hint) if choice != "")
        raise SpecError([(where + inner.rstrip("`"), detail.removeprefix("Expected ").strip(), supplied)]) from error


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
