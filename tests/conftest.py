"""Shapes and types of annotations are checked while the tests run, in the packages of CHECKED."""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path
from typing import Any, Final

import numba
import pytest
from jaxtyping import install_import_hook

CHECKED: Final = (
    "alsight.base",
    "alsight.calibrate",
    "alsight.cohort",
    "alsight.detect",
    "alsight.episodes",
    "alsight.infer",
    "alsight.instruments",
    "alsight.knowledge",
    "alsight.make",
    "alsight.mechanism",
    "alsight.population",
    "alsight.report",
    "alsight.summary",
    "alsight.trial",
)
"""Packages whose annotations are checked: all but the doors `cli`, `models` and `verbs`, which tests give wrong values
on purpose and which check what they are given by themselves."""

DOORS: Final = {"doors", "report"}
"""Folders of tests that may assess before any other test has."""

_njit = numba.njit


def _compiled_as_written(*supplied: Any, **options: Any) -> Any:
    """`numba.njit` of the function as written: a kernel compiles its source and cannot compile a checking wrapper."""
    if supplied and callable(supplied[0]):
        return _njit(inspect.unwrap(supplied[0]), *supplied[1:], **options)
    decorate = _njit(*supplied, **options)
    return lambda function: decorate(inspect.unwrap(function))


if not os.environ.get("ALSIGHT_UNCHECKED"):
    numba.njit = _compiled_as_written
    install_import_hook(list(CHECKED), "checking.checked")


@pytest.fixture(scope="session")
def verdict_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a session share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "verdicts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(autouse=True)
def verdicts_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """`assess` takes verdicts that another test of the session has computed, except in tests marked `fresh`."""
    verb = sys.modules.get("alsight.verbs.assess")
    if verb is None and not DOORS & set(Path(request.node.path).parts):
        return
    if request.node.get_closest_marker("fresh") is None:
        from sharing import shared

        monkeypatch.setattr("alsight.verbs.assess.verdicts", shared(request.getfixturevalue("verdict_folder")))
