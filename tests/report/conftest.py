"""The example's report, made once for all tests that look at it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

import alsight
from alsight.base.answer import Answer
from alsight.base.progress import Progress, silent
from alsight.cohort.cohort import Cohort
from alsight.detect.thresholds import Thresholds
from alsight.detect.verdicts import Verdicts
from report.assessed import assessed

VERDICTS = "alsight.verbs.assess.verdicts"


@dataclass(frozen=True)
class Made:
    """A report that was written."""

    answer: Answer
    folder: Path

    @property
    def html(self) -> str:
        return (self.folder / "report.html").read_text(encoding="utf-8")


def by_hand(
    cohort: Cohort, thresholds: Thresholds | None = None, *, setting: str = "register", progress: Progress = silent
) -> Verdicts:
    """Hand-made verdicts in place of weighed ones: these tests are about what is shown, and are quick."""
    return assessed(cohort, thresholds)


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts by hand, but for the tests of weighed ones."""
    if request.path.name != "test_report_weighed.py":
        monkeypatch.setattr(VERDICTS, by_hand)


def _made(folder: Path, **options: object) -> Made:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VERDICTS, by_hand)
        return Made(alsight.assess(example=True, out=folder, **options), folder)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return _made(tmp_path_factory.mktemp("report") / "out", pages=20)


@pytest.fixture(scope="session")
def identified(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return _made(tmp_path_factory.mktemp("identified") / "out", pages=1, identified=True)
