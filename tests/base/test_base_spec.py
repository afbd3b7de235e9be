"""Specs refuse what they do not know and tell every fault at once."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest

from alsight.base.errors import SpecError
from alsight.base.spec import Spec, build, read_toml, to_json

Positive = Annotated[float, msgspec.Meta(gt=0)]


class Dose(Spec, frozen=True, kw_only=True):
    amount_mg: Positive
    every_days: Annotated[int, msgspec.Meta(ge=1)] = 1


class Plan(Spec, frozen=True, kw_only=True):
    name: str
    dose: Dose
    months: Positive = 6.0


def test_builds_nested_specs() -> None:
    plan = build(Plan, {"name": "a", "dose": {"amount_mg": 50.0}})
    assert plan == Plan(name="a", dose=Dose(amount_mg=50.0))


def test_all_faults_at_once_with_paths() -> None:
    with pytest.raises(SpecError) as caught:
        build(Plan, {"dose": {"amount_mg": -1.0, "every_days": 0, "color": "red"}, "months": "six"})
    paths = {path for path, _, _ in caught.value.faults}
    assert paths == {"name", "dose.amount_mg", "dose.every_days", "dose.color", "months"}
    assert "dose.amount_mg: expected" in str(caught.value)


def test_specs_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Dose(amount_mg=1.0).amount_mg = 2.0  # pyright: ignore[reportAttributeAccessIssue]


def test_toml_reads_and_says_what_is_wrong_with_the_file(tmp_path) -> None:
    good = tmp_path / "plan.toml"
    good.write_text('name = "a"\n[dose]\namount_mg = 50.0\n')
    assert read_toml(Plan, good).dose.amount_mg == 50.0
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(SpecError, match="valid TOML"):
        read_toml(Plan, tmp_path / "bad.toml")
    with pytest.raises(SpecError, match="readable TOML file"):
        read_toml(Plan, tmp_path / "missing.toml")


def test_json_keeps_field_order() -> None:
    assert to_json(Dose(amount_mg=1.5)) == b'{"amount_mg":1.5,"every_days":1}'
