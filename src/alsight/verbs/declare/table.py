"""VERBS: one row a thing that alsight can be asked. Every door is made from it; nothing heavy is imported here.

A verb's own module, imported when the verb is used or its options are asked for, holds three things: the Spec (what is
asked, each field documented once), `run` (a Spec in, an Answer out) and the public function named like the verb.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from alsight.base.answer import Answer
from alsight.base.errors import SpecError
from alsight.base.progress import Progress, silent
from alsight.base.spec import Spec, build
from alsight.verbs.declare.options import json_schema

if TYPE_CHECKING:
    from alsight.cohort.cohort import Cohort


@runtime_checkable
class Run(Protocol):
    """What a verb does: a request in, an answer out."""

    def __call__(self, spec: Any, progress: Progress = silent, cohort: Cohort | None = None) -> Answer:
        """Answer a request; `cohort` takes the place of the file."""
        ...


@dataclass(frozen=True)
class Verb:
    """One thing alsight can be asked.

    Attributes:
        name: the word typed, called and routed; also the name of its module and of the function there.
        summary: one line of help.
        first: the field that is given without its name.
        examples: commands that show its use.
        folder: folder of `verbs` that its module stands in, empty for none.
    """

    name: str
    summary: str
    first: str
    examples: tuple[str, ...]
    folder: str = ""

    @property
    def spec_name(self) -> str:
        """Name of the Spec class."""
        return f"{self.name.capitalize()}Spec"

    @property
    def module(self) -> str:
        """Module that holds the Spec and the functions."""
        return ".".join(part for part in ("alsight.verbs", self.folder, self.name) if part)

    @property
    def page(self) -> str:
        """Docs page, relative to `docs/`."""
        return f"verbs/{self.name}.md"

    @property
    def spec(self) -> type[Spec]:
        """What is asked; imports the verb's module."""
        return getattr(import_module(self.module), self.spec_name)

    @property
    def run(self) -> Run:
        """What answers it; imports the verb's module."""
        return import_module(self.module).run


VERBS: Final[dict[str, Verb]] = {
    verb.name: verb
    for verb in (
        Verb(
            "check",
            "Read a file and list every row that cannot be used, with how to fix it.",
            "path",
            ("alsight check visits.csv", "alsight check clinic.xlsx --save-mapping columns.toml"),
        ),
        Verb(
            "convert",
            "Write the accepted rows as Parquet, CSV or Excel.",
            "path",
            ("alsight convert visits.csv --out cohort --format excel", "alsight convert --example --out cohort"),
        ),
        Verb(
            "describe",
            "Describe who is in a cohort and how their scores vary.",
            "path",
            ("alsight describe visits.csv", "alsight describe --example --json"),
        ),
        Verb(
            "assess",
            "Find plateaus and reversals, and write a report that can be shared.",
            "path",
            (
                "alsight assess --example",
                "alsight assess visits.csv --out report",
                'alsight assess --scores "0:41 6:41 12:40" --onset-months 24 --age 58',
            ),
        ),
        Verb(
            "forecast",
            "Forecast function, King's stage 4 and survival.",
            "path",
            ("alsight forecast visits.csv --out forecast", "alsight forecast --example --subject EX005"),
        ),
        Verb(
            "expect",
            'Compute how often natural history alone gives "3 of 10 stable for 12 months".',
            "sentence",
            (
                'alsight expect "3 of 10 stable for 12 months"',
                'alsight expect "25 % of 40 stable at 6 months" --population trial --picked-from 12',
            ),
        ),
        Verb(
            "therapies",
            "List what is known about a therapy, with sources.",
            "name",
            ("alsight therapies", "alsight therapies tofersen --json"),
        ),
        Verb(
            "simulate",
            "Simulate a virtual cohort, with or without therapies.",
            "population",
            (
                "alsight simulate examples/trial.toml --out trial",
                "alsight simulate --size 1000 --therapies riluzole --json",
            ),
        ),
        Verb(
            "analyze",
            "Analyze a trial by several methods side by side.",
            "path",
            ("alsight analyze trial --control placebo", "alsight analyze trial.csv --plan plan.toml --out analysis"),
            folder="trial",
        ),
    )
}


def request(name: str, fields: Mapping[str, Any]) -> Spec:
    """The request of a verb from plain values, such as those of a form or of JSON.

    Args:
        name: a key of VERBS.
        fields: fields of the verb's Spec.

    Raises:
        SpecError: a field is unknown or out of bounds; every fault at once.
    """
    return build(VERBS[name].spec, fields)


def ask(spec: Spec, /, *, progress: Progress = silent, cohort: Cohort | None = None) -> Answer:
    """Answer a request; its type says which verb it is for.

    Args:
        spec: a request, such as `AssessSpec(path="visits.csv")`.
        progress: called with how far long work is.
        cohort: people already in memory, in place of a path.

    Raises:
        SpecError: the request makes no sense; every fault at once.
        DataError: the input cannot be used at all.
        RunError: the result could not be written.
    """
    verb = next(verb for verb in VERBS.values() if verb.module == type(spec).__module__)
    if cohort is None:
        return verb.run(spec, progress)
    if verb.first != "path":
        raise SpecError([("cohort", f"nothing, as {verb.name} reads no cohort", cohort)])
    return verb.run(spec, progress, cohort)


def schema(name: str) -> dict[str, Any]:
    """The JSON schema of a verb's request, with a description for every field.

    Args:
        name: a key of VERBS.
    """
    return json_schema(VERBS[name].spec)
