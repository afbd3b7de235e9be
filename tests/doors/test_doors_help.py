"""The terminal explains itself."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

import alsight
from alsight.base.answer import Answer
from alsight.cli import SHORT, SHOWN, app
from alsight.verbs.declare.options import options
from alsight.verbs.declare.table import VERBS


def shown(*words: str) -> str:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"})
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("name", VERBS)
def test_help_has_examples_and_every_option_with_its_description(name: str) -> None:
    text = " ".join(shown(name, "--help").replace("│", " ").split())
    assert all(example in text for example in VERBS[name].examples)
    for row in options(VERBS[name].spec):
        assert row.description in text
        assert (row.name.upper() if row.name == VERBS[name].first else f"{row.flag} ") in text
    assert "--json" in text


def test_what_is_shown_and_shortened_exists() -> None:
    assert SHOWN.keys() <= VERBS.keys()
    assert {row.name for verb in VERBS.values() for row in options(verb.spec)} >= SHORT.keys()


def test_version() -> None:
    assert shown("--version").strip() == f"alsight {alsight.__version__}"


def test_first_words_of_help() -> None:
    text = " ".join(shown("--help").replace("│", " ").split())
    assert "no advice to a patient" in text
    assert all(f"{name} {verb.summary}" in text for name, verb in VERBS.items())


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (["check", "a.csv"], "path", "a.csv"),
        (["check", "--example"], "example", True),
        (["check", "a.csv", "--missing", "-9", "--missing", "999"], "missing", ("-9", "999")),
        (["check", "a.csv", "-m", "columns.toml"], "mapping", "columns.toml"),
        (["assess", "a.csv", "--pages", "0"], "pages", 0),
        (["assess", "a.csv", "--thresholds", "gain=6", "--thresholds", "visits=4"], "thresholds", (6.0, 4)),
        (["expect", "--found", "0"], "found", 0),
        (["expect", "--interval", "3"], "interval", 3.0),
        (["expect", "--tried", "vasta_exact_6"], "tried", ("vasta_exact_6",)),
        (["simulate", "a.toml", "--therapies", "riluzole"], "therapies", ("riluzole",)),
        (["therapies", "tofersen"], "name", "tofersen"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_typed_becomes_the_request(
    monkeypatch: pytest.MonkeyPatch, words: list[str], field: str, value: object
) -> None:
    asked: list[object] = []

    def answer(spec: object, **_: object) -> Answer:
        asked.append(spec)
        return Answer(summary={})

    monkeypatch.setattr("alsight.cli.ask", answer)
    shown(*words)
    supplied = getattr(asked[0], field)
    assert ((supplied.gain, supplied.visits) if field == "thresholds" else supplied) == value
