"""Whatever a user can cause ends in a sentence and one of four codes, never in a traceback."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import alsight
from alsight import cli
from alsight.base.answer import Answer, Exit
from alsight.base.errors import AlsightError, DataError, Fault, RunError, SpecError, request_field, with_fields

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
        (SpecError([("entry", "one of first_visit", "birth")]), Exit.USAGE, "--entry: expected one of first_visit"),
        (DataError([FAULT]), Exit.FAILED, "No column names the person. Name one `subject`."),
        (RunError("The disk is full."), Exit.FAILED, "The disk is full."),
        (RunError(f"Choose another with {request_field('out')}."), Exit.FAILED, "Choose another with --out."),
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
    reported = json.loads(result.stdout)
    assert reported["exit"] == Exit.FAILED
    assert reported["faults"][0]["rule"] == "no_subject"


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


def test_the_terminal_names_a_fault_as_it_was_typed() -> None:
    words = ["expect", "3 of 10 stable for 12 months", "--interval", "0.1", "--run-in", "calm", "--seed", "-1"]
    said = CliRunner().invoke(cli.app, words).stderr
    assert "--interval: expected" in said
    assert "--seed: expected" in said
    said = CliRunner().invoke(cli.app, ["assess", "x.csv", "--thresholds", "gain=-1", "--thresholds", "luck=1"]).stderr
    assert "--thresholds gain: expected" in said
    assert "--thresholds luck: expected one of" in said
    said = CliRunner().invoke(cli.app, ["check", "--strict"]).stderr
    assert "PATH: expected a file or folder" in said


def test_python_names_a_fault_as_the_argument_it_is() -> None:
    with pytest.raises(SpecError, match=r"interval=0\.1: expected"):
        alsight.expect("3 of 10 stable for 12 months", interval=0.1)
    with pytest.raises(SpecError, match=r"thresholds\.gain=-1\.0: expected"):
        alsight.assess(example=True, thresholds={"gain": -1.0})
    with pytest.raises(SpecError) as both:
        alsight.expect("3 of 10 stable for 12 months", missed=2.0, among="friends")  # pyright: ignore[reportArgumentType]
    assert [path for path, _, _ in both.value.faults] == ["missed", "among"]


def test_a_sentence_names_fields_as_its_door_does() -> None:
    sentence = f"Give {request_field('time_unit')}, or {request_field('dates', 'dmy')} for `dates = 1`."
    assert sentence == 'Give `time_unit=`, or `dates="dmy"` for `dates = 1`.'
    assert with_fields(sentence, cli.typed) == "Give --time-unit, or --dates dmy for `dates = 1`."
    several = f"Give {request_field('accept', 'scores_rise', listed=True)}."
    assert several == 'Give `accept=["scores_rise"]`.'
    assert with_fields(several, cli.typed) == "Give --accept scores_rise."
    form = with_fields(sentence, lambda name, value: f"the field {name}" + (f" ({value})" if value else ""))
    assert form == "Give the field time_unit, or the field dates (dmy) for `dates = 1`."


def test_faults_of_a_file_name_the_option_as_each_door_does(tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_text("id,date,alsfrs_r\na,01/02/2020,40\na,01/03/2020,38\n")
    assert "--dates dmy" in CliRunner().invoke(cli.app, ["check", str(file)]).stderr
    reported = json.loads(CliRunner().invoke(cli.app, ["check", str(file), "--json"]).stdout)
    assert "--dates dmy" in reported["faults"][0]["how_to_fix"]
    with pytest.raises(DataError, match='dates="dmy"'):
        alsight.check(file)
