"""Models: what a progression or survival model says, and the public door to fitting one to a table.

    >>> from alsight import models
    >>> models.rmst({"months": [3.0, 5.0, 8.0, 9.0], "died": [1, 0, 1, 1]}, "months", "died", 6.0)["estimate"][0]
    5.25

The functions take a table of polars, pandas or any library with the Arrow interface, and are loaded when they are first
used: `lmm`, `mmrm`, `cox`, `joint`, `velocity`, `items`, `sigmoid`, `mixture`, `kaplan_meier`, `log_rank`, `rmst`.
"""

from importlib import import_module
from typing import Any, Final

DOOR: Final[dict[str, str]] = {
    **dict.fromkeys(("lmm", "mmrm", "cox", "joint", "velocity", "items", "sigmoid", "mixture"), "fits"),
    **dict.fromkeys(("kaplan_meier", "log_rank", "rmst", "KaplanMeier"), "survival"),
    "ModelFit": "result",
    "CoxFit": "cox",
}
"""Public names and the module of `alsight.infer.results` that each lives in."""


def __getattr__(name: str) -> Any:
    """A public name, imported on first use."""
    if name not in DOOR:
        raise AttributeError(f"module 'alsight.models' has no attribute {name!r}")
    return getattr(import_module(f"alsight.infer.results.{DOOR[name]}"), name)


def __dir__() -> list[str]:
    """Public names, for completion."""
    return [*DOOR]
