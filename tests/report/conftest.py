"""The example's report, made once for all tests that look at it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

import alsight
from alsight.base.answer import Answer


@dataclass(frozen=True)
class Made:
    """A report that was written."""

    answer: Answer
    folder: Path

    @property
    def html(self) -> str:
        return (self.folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("report") / "out"
    return Made(alsight.assess(example=True, out=folder, pages=6), folder)


@pytest.fixture(scope="session")
def identified(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("identified") / "out"
    return Made(alsight.assess(example=True, out=folder, pages=1, identified=True), folder)
