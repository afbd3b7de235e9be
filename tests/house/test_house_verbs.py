"""Every verb has a docs page, a command and a name in the package."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

import alsight
from alsight.base.spec import Spec
from alsight.cli import app
from alsight.verbs import VERBS
from house.house import ROOT


@pytest.mark.parametrize("name", VERBS)
def test_docs_page(name: str) -> None:
    assert (ROOT / "docs" / VERBS[name].docs).read_text().startswith("# ")


@pytest.mark.parametrize("name", VERBS)
def test_command_has_help(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"])
    assert shown.exit_code == 0
    assert VERBS[name].summary.split(".")[0] in " ".join(shown.output.replace("│", " ").split())


@pytest.mark.parametrize("name", VERBS)
def test_loads_and_is_a_face_of_the_package(name: str) -> None:
    spec, function = VERBS[name].load()
    assert issubclass(spec, Spec)
    assert callable(function)
    assert callable(getattr(alsight, name))
