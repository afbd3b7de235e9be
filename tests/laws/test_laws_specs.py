"""What must hold of every request of the package: no number of it is NaN or infinite, however it is made."""

from __future__ import annotations

import importlib
import math
import pkgutil
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest

import alsight
from alsight.base.errors import SpecError
from alsight.base.spec import FINITE, Spec, build, read_toml
from alsight.population.spec import Population

BAD = (math.nan, math.inf, -math.inf)


@cache
def all_specs() -> list[type[Spec]]:
    """Every request class of the package, found by loading all of its modules."""
    for module in pkgutil.walk_packages(alsight.__path__, "alsight."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: list[type[Spec]] = []
    waiting = [Spec]
    while waiting:
        kind = waiting.pop()
        found += [kind] if kind.__module__.startswith("alsight.") and kind is not Spec else []
        waiting += kind.__subclasses__()
    return sorted(found, key=lambda kind: kind.__qualname__)


def numbers(hint: Any, number: float) -> list[tuple[str, Any]]:
    """Values of a type that hold the number at each place where the type holds a float, with the place's path."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is float:
        return [("", number)]
    if origin is Annotated:
        return numbers(inner[0], number)
    if origin is Literal or (isinstance(hint, type) and origin is None):
        return []
    if origin is dict:
        return [(f".x{path}", {"x": value}) for path, value in numbers(inner[1], number)]
    if origin in (tuple, list):
        count = 1 if inner[-1] is Ellipsis or origin is list else len(inner)
        return [(f"[0]{path}", [value] * count) for path, value in numbers(inner[0], number)]
    return [pair for one in inner for pair in numbers(one, number)]


def places(kind: type[Spec], number: float) -> list[tuple[str, str, Any]]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        (field.name, field.name + path, value)
        for field in msgspec.structs.fields(kind)
        for path, value in numbers(hints[field.name], number)
    ]


def test_every_module_is_searched() -> None:
    assert len(all_specs()) >= 30
    assert sum(len(places(kind, 1.0)) for kind in all_specs()) >= 80


def test_no_request_takes_a_number_that_is_not_finite() -> None:
    """Built from plain values, each place of each request is refused by its path."""
    cases = [(kind, number, *place) for kind in all_specs() for number in BAD for place in places(kind, number)]
    for kind, number, name, path, value in cases:
        with pytest.raises(SpecError) as caught:
            build(kind, {name: value})
        found = {place for place, allowed, _ in caught.value.faults if allowed == FINITE}
        assert path in found, (kind, name, number)


def test_a_change_in_python_is_checked_too() -> None:
    """By the class itself, and by a replacement in a request made with every default."""
    for kind in all_specs():
        if any(field.required for field in msgspec.structs.fields(kind)):
            continue
        for name, path, value in places(kind, math.nan):
            with pytest.raises(SpecError) as caught:
                kind(**{name: value})
            assert path in {place for place, _, _ in caught.value.faults}, (kind, name)
            with pytest.raises(SpecError):
                msgspec.structs.replace(kind(), **{name: value})


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400"])
def test_toml(tmp_path, text: str) -> None:
    file = tmp_path / "population.toml"
    file.write_text(f"[follow_up]\nmonths = {text}\n[people.parameters]\nloss_per_month = {text}\n")
    with pytest.raises(SpecError) as caught:
        read_toml(Population, file)
    assert [path for path, _, _ in caught.value.faults] == ["follow_up.months", "people.parameters.loss_per_month"]


def test_unknown_fields_and_names_suggest_the_nearest() -> None:
    for kind in all_specs():
        for field in msgspec.structs.fields(kind):
            if len(field.encode_name) > 3:
                with pytest.raises(SpecError) as caught:
                    build(kind, {field.encode_name + "x": 0})
                assert any(f"did you mean {field.encode_name}" in allowed for _, allowed, _ in caught.value.faults)
