"""The program as the terminal runs it: a process of its own, real files, real codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import alsight
from alsight.cli import app

ROOT = Path(__file__).parents[2]
CLINIC = ROOT / "examples" / "clinic.csv"
PROGRAM = [sys.executable, "-c", "from alsight.cli import main; main()"]


def run(*words: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [*PROGRAM, *map(str, words)]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "100"}
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def test_check_tells_every_planted_fault_of_the_example_file(tmp_path: Path) -> None:
    done = run("check", CLINIC, "--json", folder=tmp_path)
    reported = json.loads(done.stdout)
    assert done.returncode == 0
    assert (reported["people"], reported["visits"]) == (8, 82)
    found = {(fault["row"], fault["rule"]) for fault in reported["faults"]}
    assert {(7, "out_of_range"), (22, "not_a_date"), (42, "total_differs"), (85, "repeated_row")} <= found
    assert all(fault["how_to_fix"] and fault["message"] for fault in reported["faults"])
    assert list(tmp_path.iterdir()) == []


def test_strict_ends_with_one() -> None:
    assert run("check", CLINIC, "--strict").returncode == 1
    assert run("check", "--example", "--strict").returncode == 0


def test_assess_writes_where_it_says(tmp_path: Path) -> None:
    done = run("assess", CLINIC, "--out", "report", folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == f"The report is {tmp_path.resolve() / 'report' / 'report.html'}"
    assert done.stderr == ""


def test_a_mapping_is_saved_corrected_and_used_again(tmp_path: Path) -> None:
    run("check", CLINIC, "--save-mapping", tmp_path / "columns.toml")
    text = (tmp_path / "columns.toml").read_text()
    assert '"Weight (kg)" = "weight_kg"' in text
    (tmp_path / "columns.toml").write_text(text.replace('"weight_kg"', '"ignored"'))
    reported = json.loads(run("check", CLINIC, "--mapping", tmp_path / "columns.toml", "--json").stdout)
    assert reported["measures"] == 0
    assert reported["visits"] == 82


@pytest.mark.parametrize("form", ["parquet", "csv", "excel"])
def test_convert_then_check_the_folder(tmp_path: Path, form: str) -> None:
    answer = alsight.convert(CLINIC, out=tmp_path / "cohort", format=form)
    again = alsight.check(tmp_path / "cohort").summary
    assert again == {name: answer.summary[name] for name in again}


def test_a_folder_of_tables(tmp_path: Path) -> None:
    alsight.convert(CLINIC, out=tmp_path / "cohort", format="csv")
    plain = tmp_path / "tables"
    plain.mkdir()
    for name in ("subjects", "visits", "measures"):
        (tmp_path / "cohort" / f"{name}.csv").rename(plain / f"{name}.csv")
    assert alsight.assess(plain, out=tmp_path / "out", pages=0).summary["people"] == 8
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("check", "gone.csv"), 3, "gone.csv"),
        (("check", "broken.bin"), 3, "broken.bin"),
        (("check", "empty.csv"), 3, "empty"),
        (("check", CLINIC, "--mapping", "bad.toml"), 2, "TOML"),
        (("check", CLINIC, "--entry", "birth"), 2, "one of first_visit"),
        (("convert", CLINIC, "--format", "docx"), 2, "one of parquet, csv, excel"),
        (("assess", CLINIC, "--out", "empty.csv"), 2, "a folder"),
        (("assess", CLINIC, "--out", "empty.csv/sub"), 3, "--out"),
        (("assess", CLINIC, "--example"), 2, "one of the two"),
        (("assess", CLINIC, "--out", "taken"), 2, "holds a cohort"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_faults_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str | Path, ...], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "broken.bin").write_bytes(bytes(range(256)) * 64)
    (tmp_path / "bad.toml").write_text("bad = [")
    (tmp_path / "taken" / "cohort").mkdir(parents=True)
    (tmp_path / "taken" / "cohort" / "mine.txt").write_text("keep me")
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code
    assert said in " ".join(done.stderr.split())
    assert (tmp_path / "taken" / "cohort" / "mine.txt").read_text() == "keep me"


def test_a_reader_that_stops_reading_is_no_fault() -> None:
    with subprocess.Popen(
        [*PROGRAM, "describe", "--example", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait() == 0
    assert said == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_behind_standard_output() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, "check", "--example", "--json"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr


def test_control_c(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*PROGRAM, "assess", "--example", "--out", str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        while not (tmp_path / "out").exists() and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        said = b"".join(process.communicate()).decode()
    assert process.returncode == 3
    assert "Traceback" not in said
    assert "Stopped" in said
    assert not (tmp_path / "out" / "report.html").exists()


def test_python_takes_a_path_or_a_cohort() -> None:
    cohort = alsight.read(alsight.Source(path=str(CLINIC)))
    assert isinstance(cohort, alsight.Cohort)
    assert alsight.check(cohort).summary == alsight.check(CLINIC).summary
    assert isinstance(alsight.describe(cohort).tables["numbers"], pl.DataFrame)
    assert alsight.example_cohort().size == 300
    assert set(alsight.__all__) <= set(dir(alsight))
    with pytest.raises(AttributeError, match="nonsense"):
        _ = alsight.nonsense
