"""VERBS: one row a thing we can be asked. The doors read this table; nothing heavy is imported until a verb runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from alsight.base.answer import Answer
from alsight.base.progress import Progress, silent
from alsight.base.spec import Spec

if TYPE_CHECKING:
    from alsight.cohort.cohort import Cohort


@dataclass(frozen=True)
class Verb:
    """One thing alsight can be asked.

    Attributes:
        name: the word typed, called and routed.
        summary: one line of help.
        home: module that holds the spec and the function.
        spec: name of the Spec class there.
        function: name of the function there; takes the spec and a Progress, returns an Answer.
        docs: docs page, relative to `docs/`.
    """

    name: str
    summary: str
    home: str
    spec: str
    function: str
    docs: str

    def load(self) -> tuple[type[Spec], Callable[..., Answer]]:
        """The spec class and the function, importing what they need only now."""
        module = import_module(self.home)
        return getattr(module, self.spec), getattr(module, self.function)


def _verb(name: str, summary: str, home: str) -> Verb:
    return Verb(name, summary, home, f"{name.capitalize()}Spec", name, f"verbs/{name}.md")


VERBS: Final[dict[str, Verb]] = {
    verb.name: verb
    for verb in (
        _verb(
            "check", "Read a file and list every row that cannot be used, with how to fix it.", "alsight.report.check"
        ),
        _verb("convert", "Write the accepted rows as Parquet, CSV or Excel.", "alsight.report.convert"),
        _verb("describe", "Tell who is in a cohort and how their scores vary.", "alsight.report.describe"),
        _verb("assess", "Find plateaus and reversals and write a report to send.", "alsight.report.assess"),
        _verb("forecast", "Forecast function, King's stage 4 and survival.", "alsight.report.forecast"),
        _verb("expect", "Tell how surprising 3 of 10 stable is, and after picking.", "alsight.report.faces.expect"),
        _verb("therapies", "Tell what is known about a therapy, with its sources.", "alsight.report.therapies"),
        _verb("simulate", "Act a population out, with therapies, as a cohort.", "alsight.population.simulate"),
    )
}


def ask(name: str, /, *, progress: Progress = silent, cohort: Cohort | None = None, **fields: Any) -> Answer:
    """Run a verb by name from plain values.

    Args:
        name: a key of VERBS.
        progress: told how far long work is.
        cohort: people already in memory, used in place of a path.
        fields: fields of the verb's spec.

    Raises:
        SpecError: a field is unknown or out of bounds; every fault at once.
        DataError: the input cannot be used at all.
        RunError: the result could not be written.
    """
    from alsight.base.spec import build  # noqa: PLC0415 - the table stays light for `--help`

    spec, function = VERBS[name].load()
    request = build(spec, fields)
    return function(request, progress) if cohort is None else function(request, progress, cohort)


def _face(name: str, given: Cohort | Path | str | None, options: dict[str, Any]) -> Answer:
    if given is None:
        return ask(name, **_plain(options))
    if isinstance(given, str | Path):
        return ask(name, path=str(given), **_plain(options))
    return ask(name, cohort=given, **_plain(options))


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Path) else value for name, value in options.items()}


def check(given: Cohort | Path | str | None = None, /, **options: Any) -> Answer:
    """Read a file and list every row that cannot be used; options are the fields of `CheckSpec`."""
    return _face("check", given, options)


def convert(given: Cohort | Path | str | None = None, /, **options: Any) -> Answer:
    """Write the accepted rows as Parquet, CSV or Excel; options are the fields of `ConvertSpec`."""
    return _face("convert", given, options)


def describe(given: Cohort | Path | str | None = None, /, **options: Any) -> Answer:
    """Tell who is in a cohort and how their scores vary; options are the fields of `DescribeSpec`."""
    return _face("describe", given, options)


def assess(given: Cohort | Path | str | None = None, /, **options: Any) -> Answer:
    """Find plateaus and reversals, and write the report; options are the fields of `AssessSpec`."""
    return _face("assess", given, options)


def forecast(given: Cohort | Path | str | None = None, /, **options: Any) -> Answer:
    """Forecast function, King's stage 4 and survival; options are the fields of `ForecastSpec`."""
    return _face("forecast", given, options)


def expect(sentence: str = "", /, **options: Any) -> Answer:
    """How surprising "3 of 10 stable for 12 months" is; options are the fields of `ExpectSpec`."""
    if sentence:
        options["sentence"] = sentence
    return ask("expect", **_plain(options))


def simulate(population: Path | str | None = None, /, **options: Any) -> Answer:
    """Act a population out as a cohort; options are the fields of `SimulateSpec`."""
    if population is not None:
        options["population"] = str(population)
    return ask("simulate", **_plain(options))


def therapies(name: str = "", /) -> Answer:
    """What is known about one therapy, or about all, with sources."""
    return ask("therapies", name=name)
