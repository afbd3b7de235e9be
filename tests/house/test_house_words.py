"""The project stands alone: no path of a machine, no registry's address, no postponed work."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from house.house import MODULES, ROOT, SOURCE, short

PATHS = re.compile(r"/(?:work|farm|home/\w+|tmp/bash_jobs)/")
REGISTRY = re.compile(r"https?://[\w.-]*(?:pypi|pythonhosted|npmjs|debian)\.\w+")
FLAG = re.compile(r"(?<![\w-])(?<!var\()--(?!xla_)[a-z][a-z-]+")
COMMANDS = ("cli.py", "verbs", "make")
"""Where options of the terminal may be written: its door, the table of verbs, and makers that are commands."""
POSTPONED = re.compile(r"raise NotImplementedError|\b(?:TODO|FIXME|XXX)\b")


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines()]


def test_no_machine_paths_or_registries() -> None:
    found = []
    for path in _tracked():
        if path.suffix not in {".py", ".md", ".toml", ".lock", ".bib", ".R", ".csv", ".json", ".html", ""}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.name != "test_house_words.py" and (PATHS.search(text) or REGISTRY.search(text)):
            found.append(short(path))
    assert not found


def test_no_postponed_work() -> None:
    assert not [short(path) for path in MODULES if POSTPONED.search(path.read_text())]


def test_repository_stays_small() -> None:
    assert sum(path.stat().st_size for path in _tracked() if path.exists()) < 20e6


def test_no_options_of_the_terminal_outside_its_door() -> None:
    assert FLAG.findall("see people more often (--interval), or --run-in RULE") == ["--interval", "--run-in"]
    inside = [path for path in MODULES if path.relative_to(SOURCE).parts[0] not in COMMANDS]
    assert [f"{short(path)}: {found}" for path in inside for found in FLAG.findall(path.read_text())] == []
