"""Whatever a user can cause ends in a sentence and one of four codes, never in a traceback."""

from __future__ import annotations

import errno
import json
import os
from typing import Any

import pytest
from typer.testing import CliRunner

from alsight import cli
from alsight.base.answer import Answer, Exit
from alsight.base.errors import AlsightError, DataError, Fault, RunError, SpecError

FAULT = Fault(
    table="visits", rule="no_subject", message="No column names the person.", how_to_fix="Name one `subject`."
)


def ended(monkeypatch: pytest.MonkeyPatch, error: BaseException, *options: str) -> Any:
    def fail(*_: object, **__: object) -> Answer:
        raise error

    monkeypatch.setattr(cli, "ask", fail)
    return CliRunner().invoke(cli.app, ["check", "visits.csv", *options])


class Panic(BaseException):
    """Stands for what a Rust library raises when it gives up: no Exception."""


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (SpecError([("entry", "one of first_visit", "birth")]), Exit.USAGE, "entry: expected one of first_visit"),
        (DataError([FAULT]), Exit.FAILED, "No column names the person. Name one `subject`."),
        (RunError("The disk is full."), Exit.FAILED, "The disk is full."),
        (AlsightError(), Exit.FAILED, "The run failed."),
        (FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "gone.csv"), Exit.FAILED, "gone.csv"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), Exit.FAILED, "No space left"),
        (MemoryError(), Exit.FAILED, "Memory ran out"),
        (KeyboardInterrupt(), Exit.FAILED, "Stopped"),
        (RuntimeError("bug"), Exit.FAILED, "fault of the program"),
        (Panic("rust"), Exit.FAILED, "fault of the program"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_is_a_sentence_and_a_code(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: Exit, said: str
) -> None:
    result = ended(monkeypatch, error)
    assert result.exit_code == code
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_an_error_is_json_where_json_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    result = ended(monkeypatch, DataError([FAULT]), "--json")
    told = json.loads(result.stdout)
    assert told["exit"] == Exit.FAILED
    assert told["faults"][0]["rule"] == "no_subject"


def test_a_traceback_is_there_for_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALSIGHT_TRACEBACK", "1")
    assert "Traceback" in ended(monkeypatch, RuntimeError("bug")).stderr


@pytest.mark.parametrize(
    "words", [["asess"], ["check", "--colour"], ["check", "a.csv", "b.csv"], ["assess", "--out"]], ids=" ".join
)
def test_usage_faults_end_with_two(words: list[str]) -> None:
    result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == Exit.USAGE
    assert "Traceback" not in result.output


def test_exit_code_of_the_answer_is_the_program_s(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Answer(summary={"rejected": 3}, sentences=("3 left out.",), exit=Exit.REJECTED)
    monkeypatch.setattr(cli, "ask", lambda *_, **__: answer)
    shown = CliRunner().invoke(cli.app, ["check", "x.csv", "--strict"])
    assert shown.exit_code == Exit.REJECTED
    assert "3 left out." in shown.stdout
    assert json.loads(CliRunner().invoke(cli.app, ["check", "x.csv", "--json"]).stdout) == {"rejected": 3}
