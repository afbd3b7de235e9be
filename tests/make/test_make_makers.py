"""Makers of shipped data: a small run of each gives files of the shipped shape, with the command that makes them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from alsight.calibrate.ensemble import VERSION
from alsight.infer.engines import load
from alsight.infer.fit import Fit
from alsight.make import model_counts
from alsight.make.__main__ import MAKERS, main, parser
from alsight.make.maker import PACKAGE, command
from house.house import MODULES

SHIPPED: dict[str, Path] = {
    "example": PACKAGE / "cohort" / "example",
    "ensemble": PACKAGE / "calibrate",
    "reference": PACKAGE / "calibrate",
    "targets": PACKAGE / "calibrate",
    "courses": PACKAGE / "detect" / "review",
    "natural_history": PACKAGE / "detect",
    "model_counts": PACKAGE / "detect" / "statement",
    "forecast": PACKAGE / "infer" / "forecast",
}
SMALL: dict[str, dict[str, int]] = {
    "example": {},
    "ensemble": {"starts": 1, "blocks": 1, "rounds": 0},
    "reference": {"members": 1, "blocks": 1},
    "targets": {
        "members": 1,
        "blocks": 1,
        "samples": 2,
        "drug_blocks": 1,
        "drug_samples": 2,
        "selection_blocks": 1,
    },
    "courses": {"members": 1, "blocks": 1, "iterations": 1},
    "natural_history": {"people": 40, "particles": 16, "blocks": 1},
    "model_counts": {"members": 1, "blocks": 1, "most": 3},
    "forecast": {"people": 500},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Path]]:
    """Files of a small run of one maker, made once through its command."""

    @cache
    def make(name: str) -> list[Path]:
        with pytest.MonkeyPatch.context() as patch:
            # One length and one interval: each other shape of the data costs a compilation.
            patch.setattr(model_counts, "INTERVALS", (3.0,))
            patch.setattr(model_counts, "FOLLOWED", model_counts.FOLLOWED[:1])
            return run(name)

    def run(name: str) -> list[Path]:
        options = [part for option, value in SMALL[name].items() for part in (f"--{option}", str(value))]
        return main([name, "--folder", str(tmp_path_factory.mktemp(name)), *options])

    return make


def _shape(value: Any) -> Any:
    """Names and kinds in a plain value, without its numbers; of a list what its first entry holds."""
    if isinstance(value, dict):
        return {key: _shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_shape(value[0])] if value else []
    return type(value).__name__


def _record(path: Path) -> dict[str, Any]:
    """The version and the command that a file carries."""
    if path.suffix == ".parquet":
        return {key: text for key, text in pl.read_parquet_metadata(path).items() if key.startswith("alsight_")}
    if path.suffix == ".csv":
        return json.loads((path.parent / "targets.json").read_text())
    if path.suffix == ".npz":
        found = load(path).provenance
        return {} if found is None else {"alsight_command": found.request["command"]}
    plain = json.loads(path.read_text())
    return {"alsight_command": plain.get("command", plain.get("alsight_command"))}


def _same_shape(path: Path, shipped: Path) -> None:
    if path.suffix == ".parquet":
        assert pl.read_parquet_schema(path) == pl.read_parquet_schema(shipped)
    elif path.suffix == ".csv":
        ours, theirs = (pl.read_csv(one, infer_schema_length=None) for one in (path, shipped))
        assert ours.columns == theirs.columns
        assert ours.height == theirs.height
    elif path.suffix == ".npz":
        ours, theirs = load(path), load(shipped)
        assert isinstance(ours, Fit)
        assert ours.names == theirs.names
        assert ours.columns == theirs.columns
        assert {name: array.dtype for name, array in ours.arrays.items()} == {
            name: array.dtype for name, array in theirs.arrays.items()
        }
    else:
        assert _shape(json.loads(path.read_text())) == _shape(json.loads(shipped.read_text()))


@pytest.mark.parametrize("name", MAKERS)
def test_small_run_gives_the_shipped_files(name: str, made: Callable[[str], list[Path]]) -> None:
    places = made(name)
    assert places
    for location in places:
        _same_shape(location, SHIPPED[name] / location.name)


@pytest.mark.parametrize("name", MAKERS)
def test_files_name_the_command_that_makes_them(name: str, made: Callable[[str], list[Path]]) -> None:
    for location in made(name):
        line = _record(location)["alsight_command"]
        program, _, rest = line.partition("alsight.make ")
        assert program == "python -m "
        asked = vars(parser().parse_args(shlex.split(rest)))
        assert asked["name"] == name
        assert {option: asked[option] for option in SMALL[name]} == SMALL[name]


@pytest.mark.parametrize("name", [name for name in MAKERS if name not in {"natural_history", "forecast"}])
def test_shipped_files_name_a_command_that_is_understood(name: str, made: Callable[[str], list[Path]]) -> None:
    for location in made(name):
        record = _record(SHIPPED[name] / location.name)
        rest = record["alsight_command"].removeprefix("python -m alsight.make ")
        assert vars(parser().parse_args(shlex.split(rest)))["name"] == name
        assert record.get("alsight_version", VERSION) == VERSION


def test_every_shipped_file_has_a_maker(made: Callable[[str], list[Path]]) -> None:
    by_hand = {"labels.csv", "layouts.csv", "population.csv", "spellings.csv", "vocabulary.csv"}
    shipped = {path for kind in ("parquet", "npz", "json", "csv") for path in PACKAGE.rglob(f"*.{kind}")}
    makers = {SHIPPED[name] / location.name for name in MAKERS for location in made(name)}
    rest = {path for path in shipped - makers if path.name not in by_hand and path.parent.name != "knowledge"}
    assert not rest


def test_command_leaves_out_flags_that_are_off() -> None:
    assert command("courses", members=4, again=False) == "python -m alsight.make courses --members 4"
    assert command("courses", again=True) == "python -m alsight.make courses --again"


def test_nothing_else_in_the_library_is_run_as_a_program() -> None:
    mains = {path.name for path in MODULES if "__main__" in path.read_text()}
    assert mains <= {"__main__.py"}


def test_the_library_reads_nothing_of_a_checkout() -> None:
    beyond = re.compile(r"parents\[[2-9]\]|\"docs\"|'docs'")
    assert not [path for path in MODULES if beyond.search(path.read_text())]
