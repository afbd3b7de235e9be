"""alsight: is a plateau, an improvement or a remission in ALS real, and what would a trial need to show it?

Names are loaded when they are first used, so that `import alsight` costs nothing:

    >>> import alsight
    >>> answer = alsight.check(example=True)
    >>> answer.summary["people"]
    300
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from alsight.base.answer import Answer as Answer
    from alsight.base.errors import AlsightError as AlsightError
    from alsight.cohort.cohort import Cohort as Cohort
    from alsight.cohort.example import example_cohort as example_cohort
    from alsight.cohort.read.source import Source as Source
    from alsight.cohort.read.source import read as read
    from alsight.verbs import ask as ask
    from alsight.verbs import assess as assess
    from alsight.verbs import check as check
    from alsight.verbs import convert as convert
    from alsight.verbs import describe as describe
    from alsight.verbs import expect as expect
    from alsight.verbs import forecast as forecast
    from alsight.verbs import simulate as simulate
    from alsight.verbs import therapies as therapies

NAMES: Final[dict[str, str]] = {
    "Answer": "alsight.base.answer",
    "AlsightError": "alsight.base.errors",
    "Cohort": "alsight.cohort.cohort",
    "Source": "alsight.cohort.read.source",
    "ask": "alsight.verbs",
    "assess": "alsight.verbs",
    "check": "alsight.verbs",
    "convert": "alsight.verbs",
    "describe": "alsight.verbs",
    "example_cohort": "alsight.cohort.example",
    "expect": "alsight.verbs",
    "forecast": "alsight.verbs",
    "read": "alsight.cohort.read.source",
    "simulate": "alsight.verbs",
    "therapies": "alsight.verbs",
}
"""Every public name and the module it lives in."""

__all__ = [
    "AlsightError",
    "Answer",
    "Cohort",
    "Source",
    "ask",
    "assess",
    "check",
    "convert",
    "describe",
    "example_cohort",
    "expect",
    "forecast",
    "read",
    "simulate",
    "therapies",
]


def __getattr__(name: str) -> Any:
    """A public name, imported on first use."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - reads the installed package's record

        return version("alsight")
    if name not in NAMES:
        raise AttributeError(f"module 'alsight' has no attribute {name!r}")
    found = getattr(import_module(NAMES[name]), name)
    setattr(sys.modules[__name__], name, found)
    return found


def __dir__() -> list[str]:
    """Public names, for completion."""
    return list(__all__)
