"""Every documented command and every documented line of Python runs, and says what the page says it says."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import alsight
from alsight.base.status import Status
from alsight.cli import app
from alsight.infer.fit import Fit
from alsight.verbs.declare.options import options
from alsight.verbs.declare.table import VERBS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#]*)(#[^)]*)?\)")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, *kinds: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(page.read_text(encoding="utf-8")) if kind in kinds]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the example files, as a reader who follows the page has it."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for file in (ROOT / "examples").iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path / file.name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commands(page: Path) -> list[tuple[str, list[str]]]:
    """Commands of a page's terminal blocks with the lines that follow each."""
    found: list[tuple[str, list[str]]] = []
    for body in blocks(page, "console"):
        for line in body.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.strip():
                found[-1][1].append(line)
    for body in blocks(page, "", "sh"):
        found += [(line, []) for line in body.splitlines() if line.startswith("alsight ")]
    return found


def says(shown: str, lines: list[str]) -> bool:
    """Whether the output holds these lines in this order; "..." stands for anything."""
    pattern = ".*".join(re.escape(part) for part in "\n".join(lines).split("..."))
    flat = "\n".join(line.rstrip() for line in shown.splitlines() if line.strip())
    return re.fullmatch(pattern + ".*", flat, flags=re.DOTALL) is not None


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=name)
def test_commands(page: Path) -> None:
    for command, lines in commands(page):
        program, *words = shlex.split(command, comments=True)
        assert program == "alsight", command
        done = CliRunner().invoke(app, words, env={"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"})
        assert done.exit_code == 0, f"{command}\n{done.output}"
        assert says(done.stdout, lines), f"{command}\n{done.stdout}"


def rated_visits() -> pl.DataFrame:
    """The frame that pages about models call `visits`: rated visits of the example with made-up arms."""
    rated = (
        alsight.example_cohort()
        .visits.drop_nulls("alsfrs_r_total")
        .with_columns(total=pl.col("alsfrs_r_total").cast(pl.Float64), month=pl.col("day") / 30.4375)
    )
    first = rated.sort("day").group_by("subject").agg(baseline=pl.col("total").first(), last=pl.col("day").max())
    step = (pl.col("month") / 3).round().cast(pl.Int64)
    return (
        rated.join(first, on="subject")
        .with_columns(
            visit=pl.format("M{}", 3 * step),
            change=pl.col("total") - pl.col("baseline"),
            arm=pl.when(pl.col("subject").str.slice(-1).cast(pl.Int64) % 2 == 0)
            .then(pl.lit("active"))
            .otherwise(pl.lit("control")),
        )
        .filter(step.is_between(1, 4))
        .unique(["subject", "visit"], keep="first", maintain_order=True)
        .sort("subject", "month")
    )


def not_converged(known: dict[str, object]) -> dict[str, str]:
    """Fits that a page or an example made and that ended in another way than CONVERGED, by their names there."""
    lists = {
        f"{key}[{k}]": one for key, value in known.items() if isinstance(value, list) for k, one in enumerate(value)
    }
    fits = {key: value for key, value in (known | lists).items() if isinstance(value, Fit)}
    return {key: Status(int(fit.status)).name for key, fit in fits.items() if fit.status != Status.CONVERGED}


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=name)
def test_python(page: Path) -> None:
    known: dict[str, object] = {"visits": rated_visits()}
    with contextlib.redirect_stdout(io.StringIO()):
        for body in blocks(page, "python"):
            exec(compile(body, name(page), "exec"), known)  # the point of the test
    assert not_converged(known) == {}


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("file", sorted((ROOT / "examples").glob("*.py")), ids=name)
def test_example_programs(file: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as said:
        known: dict[str, object] = {"__name__": "__main__"}
        exec(compile(file.read_text(encoding="utf-8"), file.name, "exec"), known)
    assert said.getvalue()
    assert not_converged(known) == {}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    places = [index for index, _ in LINK.findall(page.read_text(encoding="utf-8")) if index]
    assert [index for index in places if not (page.parent / index).exists()] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_is_on_its_page(verb: str) -> None:
    text = (ROOT / "docs" / VERBS[verb].page).read_text(encoding="utf-8")
    assert [row.name for row in options(VERBS[verb].spec) if row.description not in text] == []
    assert "--json" in text


def test_says_compares() -> None:
    assert says("one\ntwo  \n\nthree\n", ["one", "...", "three"])
    assert says("one two", ["one ...o"])
    assert not says("one\ntwo", ["two", "one"])
    assert not says("one", ["one", "two"])
