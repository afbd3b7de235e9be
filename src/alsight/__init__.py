"""alsight: is a plateau, an improvement or a remission in ALS real, and what would a trial need to show it?

Names are loaded when they are first used, so that `import alsight` costs nothing:

    >>> import alsight
    >>> answer = alsight.check(example=True)
    >>> answer.summary["people"]
    300
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from alsight.base.answer import Answer as Answer
    from alsight.base.errors import AlsightError as AlsightError
    from alsight.base.errors import DataError as DataError
    from alsight.base.errors import MappingError as MappingError
    from alsight.base.errors import NotConverged as NotConverged
    from alsight.base.errors import RunError as RunError
    from alsight.base.errors import SpecError as SpecError
    from alsight.cohort.cohort import Cohort as Cohort
    from alsight.cohort.example import example_cohort as example_cohort
    from alsight.cohort.read.source import Source as Source
    from alsight.cohort.read.source import read as read
    from alsight.detect.thresholds import Thresholds as Thresholds
    from alsight.population.spec import Population as Population
    from alsight.verbs.assess import AssessSpec as AssessSpec
    from alsight.verbs.assess import assess as assess
    from alsight.verbs.assess import assess_person as assess_person
    from alsight.verbs.check import CheckSpec as CheckSpec
    from alsight.verbs.check import check as check
    from alsight.verbs.convert import ConvertSpec as ConvertSpec
    from alsight.verbs.convert import convert as convert
    from alsight.verbs.declare.table import VERBS as VERBS
    from alsight.verbs.declare.table import ask as ask
    from alsight.verbs.declare.table import request as request
    from alsight.verbs.declare.table import schema as schema
    from alsight.verbs.describe import DescribeSpec as DescribeSpec
    from alsight.verbs.describe import describe as describe
    from alsight.verbs.expect import ExpectSpec as ExpectSpec
    from alsight.verbs.expect import expect as expect
    from alsight.verbs.forecast import ForecastSpec as ForecastSpec
    from alsight.verbs.forecast import forecast as forecast
    from alsight.verbs.simulate import SimulateSpec as SimulateSpec
    from alsight.verbs.simulate import simulate as simulate
    from alsight.verbs.therapies import TherapiesSpec as TherapiesSpec
    from alsight.verbs.therapies import therapies as therapies
    from alsight.verbs.trial.analyze import AnalyzeSpec as AnalyzeSpec
    from alsight.verbs.trial.analyze import analyze as analyze

NAMES: Final[dict[str, str]] = {
    "AlsightError": "alsight.base.errors",
    "AnalyzeSpec": "alsight.verbs.trial.analyze",
    "Answer": "alsight.base.answer",
    "AssessSpec": "alsight.verbs.assess",
    "CheckSpec": "alsight.verbs.check",
    "Cohort": "alsight.cohort.cohort",
    "ConvertSpec": "alsight.verbs.convert",
    "DataError": "alsight.base.errors",
    "DescribeSpec": "alsight.verbs.describe",
    "ExpectSpec": "alsight.verbs.expect",
    "ForecastSpec": "alsight.verbs.forecast",
    "MappingError": "alsight.base.errors",
    "NotConverged": "alsight.base.errors",
    "Population": "alsight.population.spec",
    "RunError": "alsight.base.errors",
    "SimulateSpec": "alsight.verbs.simulate",
    "Source": "alsight.cohort.read.source",
    "SpecError": "alsight.base.errors",
    "TherapiesSpec": "alsight.verbs.therapies",
    "Thresholds": "alsight.detect.thresholds",
    "VERBS": "alsight.verbs.declare.table",
    "analyze": "alsight.verbs.trial.analyze",
    "ask": "alsight.verbs.declare.table",
    "assess": "alsight.verbs.assess",
    "assess_person": "alsight.verbs.assess",
    "check": "alsight.verbs.check",
    "convert": "alsight.verbs.convert",
    "describe": "alsight.verbs.describe",
    "example_cohort": "alsight.cohort.example",
    "expect": "alsight.verbs.expect",
    "forecast": "alsight.verbs.forecast",
    "read": "alsight.cohort.read.source",
    "request": "alsight.verbs.declare.table",
    "schema": "alsight.verbs.declare.table",
    "simulate": "alsight.verbs.simulate",
    "therapies": "alsight.verbs.therapies",
}
"""Every public name and the module it lives in; what a type checker reads above is compared with it by a test."""

__all__ = list(NAMES)  # pyright: ignore[reportUnsupportedDunderAll] - the names stand once, above


def __getattr__(name: str) -> Any:
    """A public name, imported on first use."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - reads the installed package's record

        return version("alsight")
    if name == "models":
        return import_module("alsight.models")
    if name not in NAMES:
        raise AttributeError(f"module 'alsight' has no attribute {name!r}")
    return globals().setdefault(name, getattr(import_module(NAMES[name]), name))


def __dir__() -> list[str]:
    """Public names, for completion."""
    return [*NAMES, "models"]
