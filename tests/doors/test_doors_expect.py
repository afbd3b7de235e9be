"""`alsight expect` from the terminal and from Python: what it says, writes and refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

import alsight
from alsight.base.answer import Exit
from alsight.base.errors import SpecError
from alsight.cli import app
from alsight.verbs.expect import ExpectSpec, question_of

ROOT = Path(__file__).parents[2]
FEW = ("--people", "500")


def run(*words: str | Path) -> Result:
    done = CliRunner().invoke(app, ["expect", *map(str, words)], env={"COLUMNS": "120", "NO_COLOR": "1"})
    assert "Traceback" not in done.output
    return done


def test_a_sentence_to_quote_comes_first() -> None:
    answer = alsight.expect("3 of 10 stable for 6 months", population="trial", people=500)
    said = answer.sentences[0]
    pattern = (
        r"Of 10 people like these, natural history alone gives \d+ \(\d+ to \d+\) stable at 6 months; 3 or more "
        r"happens in .+ of such groups, and in .+ where the published 25 % of 3,132 holds\."
    )
    assert re.fullmatch(pattern, said.replace("\u00a0", " "))
    reported = " ".join(answer.sentences).replace("\u00a0", " ")
    assert "bedlack_visit_6" in reported
    assert "Bedlack 2016" in reported
    assert "one candidate reading" in reported


def test_sentence_and_options_are_the_same_question() -> None:
    spec = {"found": 3, "of": 10, "outcome": "stable", "months": 6.0}
    by_sentence = question_of(ExpectSpec(sentence="3 of 10 stable for 6 months"))
    assert by_sentence == question_of(ExpectSpec(**spec))
    assert by_sentence == question_of(ExpectSpec(sentence="3 of 10 stable for 6 months", **spec))
    assert by_sentence == question_of(ExpectSpec(sentence="3 of 10 stable", months=6.0))


def test_json() -> None:
    done = run("0 of 10 stable at 6 months", "--json", "--picked-from", "4", *FEW)
    reported = json.loads(done.stdout)
    assert done.exit_code == Exit.FINE
    assert reported["chance_or_more"] == reported["chance_after_picking"] == 1.0
    assert reported["definition"] == "bedlack_visit_6"
    assert {"published", "readings", "picking", "picked", "sizes", "numbers", "run_in", "sets"} <= reported.keys()
    assert sum(row["chance"] for row in reported["numbers"]) == pytest.approx(1.0)


def test_found_none_by_option_is_a_number() -> None:
    done = run("--found", "0", "--of", "10", "--outcome", "stable", "--months", "6", "--json", *FEW)
    assert json.loads(done.stdout)["found"] == 0


def test_the_page_says_everything_and_loads_nothing(tmp_path: Path) -> None:
    out = tmp_path / "answer"
    done = run(
        "4 of 12 stable for 8 months",
        "--population",
        ROOT / "examples" / "slow_clinic.toml",
        "--run-in",
        "stable for 4 months",
        "--picked-from",
        "9",
        "--any-window",
        "--followed",
        "12",
        "--tried",
        "vasta_exact_6",
        "--out",
        out,
        *FEW,
    )
    assert done.exit_code == Exit.FINE, done.output
    assert done.stdout.splitlines()[-1] == f"The page is {out.resolve() / 'expect.html'}"
    page = (out / "expect.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert re.findall(r"(?:src|href)=\"(?!#|data:)[^\"]*", page) == []
    for said in ("4 of 12", "slow clinic", "best of 9 such groups", "any window", "What the run-in does", "Bedlack"):
        assert said in page
    assert str(ROOT) not in page
    summary = json.loads((out / "summary.json").read_text())
    assert summary["provenance"]["request"]["population"] == "slow_clinic.toml"
    assert set(summary["provenance"]["inputs"]) == {"slow_clinic.toml"}
    assert {file.stem for file in out.glob("*.csv")} >= {"published", "readings", "picking", "sets"}


def faults(*words: str | Path, **fields: Any) -> dict[str, str]:
    done = run(*words, "--json")
    assert done.exit_code == Exit.USAGE
    return {fault["field"]: fault["expected"] + " " + fault["got"] for fault in json.loads(done.stdout)["faults"]}


@pytest.mark.parametrize(
    ("words", "field", "said"),
    [
        ((), "sentence", "3 of 10 stable for 12 months"),
        (("11 of 10 stable for 6 months",), "found", "at most the 10"),
        (("3 of 10 stabel for 6 months",), "outcome", "near: stable"),
        (("3 of 10 stable",), "months", "for 12 months"),
        (("3 of 10 stable for 0 months",), "months", "above 0"),
        (("3 of 10 stable for 300 months",), "months", "at most 240"),
        (("3 of 20000 stable for 6 months",), "of", "10,000"),
        (("3 of 10 stable for 12 months", "--interval", "7"), "months", "visit"),
        (("3 of 10 stable for 24 months", "--population", "trial"), "months", "--followed"),
        (("3 of 10 stable for 12 months", "--followed", "6"), "followed", "12 months"),
        (("3 of 10 stable for 12 months", "--found", "4"), "found", "as the sentence says"),
        (("3 of 10 stable for 12 months", "--points", "99"), "points", "48"),
        (("3 of 10 stable for 12 months", "--population", "gone.toml"), "population", "readable"),
        (("3 of 10 stable for 12 months", "--population", "mars"), "population", "register, trial"),
        (("3 of 10 stable for 12 months", "--run-in", "calm"), "run_in", "stable for 3 months"),
        (("3 of 10 stable for 12 months", "--tried", "luck"), "tried", "name of a definition"),
        (("3 of 10 stable for 12 months", "--among", "friends"), "among", "assessed, enrolled"),
        (("--found", "3", "--of", "10"), "outcome", "a value"),
        (("3 of 10 msc_ntf_1_25 for 12 months",), "months", "6.44"),
    ],
)
def test_faults_of_the_request(words: tuple[str, ...], field: str, said: str) -> None:
    reported = faults(*words)
    assert said in reported[field]


def test_all_faults_at_once() -> None:
    reported = faults(
        "11 of 10 bedlack_visit_12 for 6 months", "--population", "mars", "--run-in", "calm", "--tried", "luck"
    )
    assert reported.keys() == {"found", "months", "population", "run_in", "tried"}


def test_a_population_with_a_therapy_or_faults_of_its_own(tmp_path: Path) -> None:
    treated = tmp_path / "treated.toml"
    treated.write_text('[[arms]]\nname = "drug"\ngives = [{ therapy = "tofersen" }]\n')
    reported = faults("3 of 10 stable for 12 months", "--population", treated)
    assert "no therapy" in reported["population"]
    broken = tmp_path / "broken.toml"
    broken.write_text('size = 0\ncolor = "red"\n[recruit]\nkind = "club"\n')
    reported = faults("3 of 10 stable for 12 months", "--population", broken)
    assert len(reported) == 3
    assert all(field.startswith("population.") for field in reported)
    twice = tmp_path / "twice.toml"
    twice.write_text(
        '[recruit]\nkind = "trial"\nlag_months = 3\nrun_in_months = 3\ncriteria = { run_in_loss_min = 1 }\n'
    )
    assert (
        "already"
        in faults("3 of 10 stable for 12 months", "--population", twice, "--run-in", "stable for 3 months")["run_in"]
    )


def test_unknown_fields_are_refused_in_python() -> None:
    with pytest.raises(TypeError, match="colour"):
        alsight.expect("3 of 10 stable for 6 months", colour="red")  # pyright: ignore[reportCallIssue]
    with pytest.raises(SpecError, match="colour"):
        alsight.request("expect", {"sentence": "3 of 10 stable for 6 months", "colour": "red"})


def test_no_one_found_is_no_certainty() -> None:
    answer = alsight.expect("0 of 10 stable for 12 months", people=600)
    said = answer.sentences[0]
    assert re.search(r"; none happens in .*%", said)
    assert "100 %" not in " ".join(answer.sentences)
    assert 0.0 < answer.summary["chance_or_fewer"] < 1.0


def test_few_found_are_held_against_as_few() -> None:
    said = alsight.expect("1 of 40 stable for 12 months", people=600).sentences[0]
    assert "1 or more happens in" in said
    assert "; 1 or fewer happens in" in said
