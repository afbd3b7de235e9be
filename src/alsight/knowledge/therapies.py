"""Therapies: what is known about each one, with sources, and under which name `simulate` takes it.

The facts stand in `facts/*.toml` beside this module, one therapy a table. Statuses were read in the sources named; they
change, so each carries its date. Grades of the evidence rows: "paper" read in an abstract or table of the publication,
"secondary" read in a press release, register or news text.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib.resources import files
from typing import Final, Literal

import msgspec

from alsight.base.sources import SourceKey

Grade = Literal["paper", "secondary"]

GROUPS: Final = ("approved", "genes_and_cells", "tested", "hypothetical")
"""Files of facts, in the order shown."""


class _Fact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every kind of fact has in common: it cannot be changed, and a misspelled field is an error."""


class Regulatory(_Fact, frozen=True):
    """What one regulator decided and when.

    Attributes:
        region: country or union.
        date: as exactly as the source gives it.
        status: the decision.
        source: reference.
    """

    region: str
    date: str
    status: str
    source: SourceKey


class Evidence(_Fact, frozen=True):
    """One published result: who, on what endpoint, how much, with its interval or p value as printed.

    Attributes:
        trial: name of the trial.
        people: numbers of people, treated v control.
        endpoint: what was measured, over which time.
        result: treated v control, then the effect.
        source: reference.
        grade: where the result was read.
    """

    trial: str
    people: str
    endpoint: str
    result: str
    source: SourceKey
    grade: Grade = "paper"


class TherapyRow(_Fact, frozen=True):
    """One therapy or class of therapies.

    Attributes:
        name: name; for what can be simulated, the name that `simulate` takes.
        kind: class by mechanism.
        mechanism: how it is thought to work, in one sentence.
        simulated: whether the catalog of `simulate` has it.
        simulation: how it is simulated, or why it is not.
        unknown: what is not known.
        aliases: brand names and synonyms.
        nearest: for what is not simulated, the name in the catalog that comes nearest.
        statuses: regulators' decisions by date and region; empty for what no regulator decided on.
        evidence: published results.
    """

    name: str
    kind: str
    mechanism: str
    simulated: bool
    simulation: str
    unknown: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    nearest: str = ""
    statuses: tuple[Regulatory, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class _Group(_Fact, frozen=True):
    therapies: tuple[TherapyRow, ...]


def _text(name: str) -> str:
    return files("alsight.knowledge").joinpath("facts", f"{name}.toml").read_text(encoding="utf-8")


THERAPIES: Final = {
    row.name: row for group in GROUPS for row in msgspec.toml.decode(_text(group), type=_Group).therapies
}
"""Every therapy by name, in the order shown."""

REFERENCES: Final = msgspec.toml.decode(_text("references"), type=dict[SourceKey, str])
"""Every reference of the facts, as printed, by its key."""


def _plain(name: str) -> str:
    """A name without case, spaces, hyphens and marks."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


_NAMES: Final = {_plain(name): row.name for row in THERAPIES.values() for name in (row.name, *row.aliases)}


def find(name: str) -> TherapyRow | None:
    """The therapy of a name, brand name or synonym; case, spaces and hyphens do not matter."""
    return THERAPIES.get(_NAMES.get(_plain(name), ""))


def nearest(name: str, most: int = 3) -> tuple[str, ...]:
    """Names of the therapies whose name, brand name or synonym is spelled most like a name, the nearest first."""
    spelled = get_close_matches(_plain(name), _NAMES, n=len(_NAMES), cutoff=0.7)
    return tuple(dict.fromkeys(_NAMES[one] for one in spelled))[:most]


def how_simulated(row: TherapyRow) -> str:
    """Whether `simulate` takes a therapy, under which name, and how."""
    if row.simulated:
        return f"yes, as `{row.name}`. {row.simulation}"
    return f"no; the nearest is `{row.nearest}`. {row.simulation}"


def status_of(row: TherapyRow) -> str:
    """Regulators' decisions in one line."""
    decisions = "; ".join(f"{one.region} {one.date}: {one.status}" for one in row.statuses)
    return decisions or "no decision of a regulator known to us"


def report_of(row: TherapyRow) -> tuple[str, ...]:
    """All that is known of a therapy, one line each, its references last."""
    named = f", also known as {', '.join(row.aliases)}" if row.aliases else ""
    lines = [f"{row.name} ({row.kind}){named}. {row.mechanism}", f"Simulated: {how_simulated(row)}"]
    lines += [f"Status: {one.region}, {one.date}: {one.status} [{one.source}]" for one in row.statuses] or [
        f"Status: {status_of(row)}"
    ]
    lines += [
        f"Trial: {one.trial} ({one.people}), {one.endpoint}: {one.result} [{one.source}]"
        + (" (read in a secondary source)" if one.grade == "secondary" else "")
        for one in row.evidence
    ] or ["Trial: no result known to us"]
    lines += [f"Unknown: {text}" for text in row.unknown]
    cited = dict.fromkeys(fact.source for fact in (*row.statuses, *row.evidence))
    return (*lines, *(f"[{key}] {REFERENCES[key]}" for key in cited))


def line_of(row: TherapyRow) -> str:
    """A therapy in one line, for the list of all: class, status, results, simulation."""
    count = len(row.evidence)
    results = {0: "no published result", 1: "1 published result"}.get(count, f"{count} published results")
    simulated = "simulated" if row.simulated else f"not simulated, nearest `{row.nearest}`"
    return f"{row.name} ({row.kind}): {status_of(row)}; {results}; {simulated}"


FACT_COLUMNS: Final = ("therapy", "aspect", "date", "what", "result", "source", "grade", "reference")
"""Columns of the facts of `facts_of`."""


def facts_of(row: TherapyRow) -> list[tuple[str, ...]]:
    """All that is known of a therapy, one fact a row, in the columns FACT_COLUMNS."""
    facts = [
        _fact(row, "class", row.kind),
        _fact(row, "mechanism", row.mechanism),
        *(_fact(row, "also known as", name) for name in row.aliases),
        _fact(row, "simulation", how_simulated(row)),
    ]
    facts += [_fact(row, "status", one.region, one.status, one.source, date=one.date) for one in row.statuses]
    facts += [
        _fact(row, "evidence", f"{one.trial}, {one.people}: {one.endpoint}", one.result, one.source, grade=one.grade)
        for one in row.evidence
    ]
    return facts + [_fact(row, "unknown", text) for text in row.unknown]


def _fact(
    row: TherapyRow,
    aspect: str,
    what: str,
    result: str = "",
    source: SourceKey | None = None,
    date: str = "",
    grade: str = "",
) -> tuple[str, ...]:
    reference = REFERENCES[source] if source else ""
    return (row.name, aspect, date, what, result, source or "", grade, reference)


def markdown() -> str:
    """The rows as Markdown tables, for the docs page: what each is, its statuses, its results, what is unknown."""
    about = [
        "| therapy | also known as | class | mechanism | simulated | unknown |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    status = ["| therapy | region | date | status |", "| --- | --- | --- | --- |"]
    found = ["| therapy | trial | people | endpoint | result | read in |", "| --- | --- | --- | --- | --- | --- |"]
    for row in THERAPIES.values():
        known, unknown = ", ".join(row.aliases), "; ".join(row.unknown)
        about.append(_line(row.name, known, row.kind, row.mechanism, how_simulated(row), unknown))
        status += [_line(row.name, one.region, one.date, f"{one.status} [@{one.source}]") for one in row.statuses]
        found += [
            _line(row.name, one.trial, one.people, one.endpoint, f"{one.result} [@{one.source}]", one.grade)
            for one in row.evidence
        ]
    return "\n\n".join("\n".join(lines) for lines in (about, status, found))


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"
