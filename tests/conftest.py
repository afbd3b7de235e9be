"""Shapes and types of annotations are checked while the tests run, in the modules of CHECKED."""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path
from typing import Any, Final

import numba
import pytest
from jaxtyping import install_import_hook

SOURCE: Final = Path(__file__).parents[1] / "src"
CHECKED: Final = [
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(SOURCE.rglob("*.py"))
    if "from jaxtyping import" in path.read_text(encoding="utf-8") and "models" not in path.parts
]
"""Modules whose annotations are checked: all that annotate arrays, but those of `alsight.models`, whose functions take
NumPy's arrays and, under the compiler, traced ones. Modules without arrays are checked by the type checker alone."""

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
    install_import_hook(CHECKED, "checking.checked")


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
