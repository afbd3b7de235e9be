"""Importing alsight, or asking it for help, loads nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"jax", "polars", "altair", "pandas", "numba", "scipy", "starlette", "openpyxl", "pyarrow", "matplotlib"}


def _loaded_after(statement: str) -> set[str]:
    program = f"import json, sys\n{statement}\nprint()\nprint(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(run.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    "statement",
    [
        "import alsight",
        "import alsight.verbs.declare.table",
        "import alsight.cli\ntry: alsight.cli.main(['--help'])\nexcept SystemExit: pass",
    ],
    ids=["package", "verbs", "help"],
)
def test_light(statement: str) -> None:
    assert not _loaded_after(statement) & HEAVY


def test_heavy_things_are_found_when_loaded() -> None:
    assert "polars" in _loaded_after("import alsight.cohort.tables")
