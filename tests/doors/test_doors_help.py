"""The terminal explains itself."""

from __future__ import annotations

import pytest
from typer.models import OptionInfo
from typer.testing import CliRunner

import alsight
from alsight.cli import COMMANDS, OPTIONS, app
from alsight.verbs import VERBS


def shown(*words: str) -> str:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"})
    assert result.exit_code == 0
    return result.output


def test_every_verb_is_a_command() -> None:
    assert COMMANDS.keys() == VERBS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_and_every_option(name: str) -> None:
    text = shown(name, "--help")
    assert all(example in text for example in COMMANDS[name].examples)
    named = [option for option in COMMANDS[name].options if isinstance(OPTIONS[option][1].__metadata__[0], OptionInfo)]
    assert all("--" + option.replace("_", "-") in text for option in named)


@pytest.mark.parametrize("name", COMMANDS)
def test_options_are_fields_of_the_spec(name: str) -> None:
    spec, _ = VERBS[name].load()
    assert set(COMMANDS[name].options) - {"json"} <= set(spec.__struct_fields__)


def test_no_option_is_left_over() -> None:
    used = {option for command in COMMANDS.values() for option in command.options}
    assert used == OPTIONS.keys()


def test_version() -> None:
    assert shown("--version").strip() == f"alsight {alsight.__version__}"


def test_first_words_of_help() -> None:
    text = shown("--help")
    assert "no advice to a patient" in " ".join(text.split())
    assert all(name in text for name in VERBS)
