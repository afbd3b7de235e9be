"""Every verb has a docs page, a command and a name in the package, all made from its Spec or held to it."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from typer.testing import CliRunner

import alsight
from alsight.base.progress import silent
from alsight.base.spec import Spec
from alsight.cli import app
from alsight.verbs.declare.options import GROUPS, PATHS, json_schema, options
from alsight.verbs.declare.table import VERBS
from house.house import ROOT, SOURCE


@pytest.mark.parametrize("name", VERBS)
def test_docs_page(name: str) -> None:
    assert (ROOT / "docs" / VERBS[name].page).read_text().startswith(f"# {name}")


@pytest.mark.parametrize("name", VERBS)
def test_command_has_help(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"])
    assert shown.exit_code == 0
    assert VERBS[name].summary.split(".")[0] in " ".join(shown.output.replace("│", " ").split())


@pytest.mark.parametrize("name", VERBS)
def test_one_file_has_the_spec_what_answers_it_and_the_public_function(name: str) -> None:
    verb = VERBS[name]
    assert issubclass(verb.spec, Spec)
    assert verb.spec.__module__ == verb.run.__module__ == getattr(alsight, name).__module__ == verb.module
    assert getattr(alsight, verb.spec_name) is verb.spec
    assert verb.first in verb.spec.__struct_fields__


def plain(hint: Any) -> Any:
    """A type without the notes on it."""
    if get_origin(hint) is Annotated:
        return plain(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return frozenset(plain(part) for part in get_args(hint))
    return hint


@pytest.mark.parametrize("name", VERBS)
def test_the_signature_is_that_of_the_spec(name: str) -> None:
    verb, function = VERBS[name], getattr(alsight, name)
    parameters = dict(inspect.signature(function).parameters)
    hints, requested = get_type_hints(function), get_type_hints(verb.spec, include_extras=True)
    assert not [one for one in parameters.values() if one.kind in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
    assert next(iter(parameters)) == verb.first
    assert parameters.pop(verb.first).kind is inspect.Parameter.POSITIONAL_ONLY
    assert parameters.pop("progress").default is silent
    fields = {field.name: field for field in msgspec.structs.fields(verb.spec) if field.name != verb.first}
    assert list(parameters) == list(fields)
    for field, parameter in parameters.items():
        assert parameter.default == fields[field].default, field
        hint = plain(requested[field])
        if field in PATHS:
            assert set(get_args(hints[field])) == {Path, str}, field
        elif isinstance(hint, type) and issubclass(hint, Spec):
            assert hint in get_args(hints[field]), field
        elif isinstance(hint, frozenset):
            assert frozenset(get_args(hints[field])) == hint, field
        else:
            assert hints[field] == hint, field


@pytest.mark.parametrize("name", VERBS)
def test_the_docstring_is_the_summary_and_every_option(name: str) -> None:
    text = getattr(alsight, name).__doc__
    assert text.startswith(VERBS[name].summary + "\n")
    assert all(f"{row.name}: {row.description}" in text for row in options(VERBS[name].spec))


@pytest.mark.parametrize("name", VERBS)
def test_the_schema_describes_every_field(name: str) -> None:
    made = alsight.schema(name)
    assert made["$ref"] == f"#/$defs/{VERBS[name].spec_name}"
    for part in made["$defs"].values():
        assert part["description"]
        assert "Attributes" not in part["description"]
        assert part["additionalProperties"] is False
        for field, content in part["properties"].items():
            assert content["description"].endswith("."), field
    assert made["$defs"][VERBS[name].spec_name]["properties"].keys() == set(VERBS[name].spec.__struct_fields__)
    assert msgspec.json.decode(msgspec.json.encode(made)) == made


def test_the_schema_of_assess_holds_every_threshold() -> None:
    made = json_schema(alsight.AssessSpec)["$defs"]["Thresholds"]
    assert made["properties"].keys() == set(alsight.Thresholds.__struct_fields__)


def test_every_option_stands_under_one_heading_and_none_is_left_over() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert len(grouped) == len(set(grouped))
    assert {field for verb in VERBS.values() for field in verb.spec.__struct_fields__} == set(grouped)
    assert set(PATHS) <= set(grouped)


def test_a_request_is_built_and_answered_by_its_type() -> None:
    spec = alsight.request("therapies", {"name": "riluzole"})
    assert spec == alsight.TherapiesSpec(name="riluzole")
    assert alsight.ask(spec).tables["therapies"].equals(alsight.therapies("riluzole").tables["therapies"])
    cohort = alsight.example_cohort()
    assert alsight.ask(alsight.CheckSpec(), cohort=cohort).summary == alsight.check(cohort).summary
    with pytest.raises(alsight.SpecError, match="reads no cohort"):
        alsight.ask(spec, cohort=cohort)


def test_names_are_those_that_type_checkers_read() -> None:
    tree = ast.parse((SOURCE / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    read = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }
    assert read == alsight.NAMES
    assert list(alsight.__all__) == sorted(alsight.NAMES)
    assert all(getattr(alsight, name) is not None for name in alsight.__all__)
    assert {verb.spec_name for verb in VERBS.values()} | VERBS.keys() <= alsight.NAMES.keys()
