"""Makes the pages that are made from code: `python docs/generate.py` writes them, `--check` only compares."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from alsight.cli import JSON
from alsight.cohort.endpoints import ENDPOINTS
from alsight.cohort.mapping.layouts import TITLES, layouts
from alsight.cohort.mapping.meanings import MEANINGS
from alsight.cohort.measures import MEASURES
from alsight.cohort.rules.catalogue import RULES
from alsight.cohort.schema import Column, Table
from alsight.cohort.tables import REJECTED, TABLES
from alsight.detect.decide import DECISION
from alsight.detect.evidence import EVIDENCE
from alsight.detect.kinds import VERDICTS, Certainty
from alsight.detect.statement.model_count import STATEMENT_COLUMNS
from alsight.detect.thresholds import Thresholds
from alsight.detect.verdicts import SENSITIVITY_COLUMNS, WINDOW_COLUMNS
from alsight.instruments.catalogue import catalogue_page
from alsight.make.page import committed_page
from alsight.report.verdicts.criteria import CRITERIA, in_words, meaning
from alsight.verbs.declare.options import GROUPS, Option, options
from alsight.verbs.declare.table import VERBS, Verb

DOCS = Path(__file__).parent

KINDS = {
    "String": "text",
    "Int32": "whole number",
    "Int64": "whole number",
    "Float32": "number",
    "Float64": "number",
    "Boolean": "yes or no",
    "Date": "date",
}

EFFECTS = {"row": "row excluded", "value": "value excluded", "note": "kept"}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def bounds(column: Column) -> str:
    """What a column may hold, in words."""
    if column.choices:
        return "one of the measures below" if column.name == "measure" else ", ".join(f"`{c}`" for c in column.choices)
    if column.low is None and column.high is None:
        return ""
    low, high = ("" if bound is None else f"{bound:g}" for bound in (column.low, column.high))
    return f"{low} to {high}" if high else f"{low} and above"


def columns(supplied: Table) -> str:
    """The columns of one table."""
    marks = {column.name: ("required" if column.required else "") for column in supplied.columns}
    for column in supplied.columns:
        if column.identifying:
            marks[column.name] = (marks[column.name] + ", identifying").removeprefix(", ")
    return table(
        ("column", "kind", "unit", "lawful", "", "meaning"),
        (
            (
                f"`{column.name}`",
                KINDS[str(column.dtype)],
                column.unit,
                bounds(column),
                marks[column.name],
                column.meaning,
            )
            for column in supplied.columns
        ),
    )


def dictionary_page() -> str:
    """The data dictionary, the measures, the rules of the check and the endpoints."""
    parts = [
        "# Data dictionary\n\nMade from code by `docs/generate.py`; do not edit by hand.\n\n"
        "Every reader makes these tables and every verb takes them. Times are whole days since a person's entry "
        "(day 0); ranges are limits of plausibility for data entry, not reference intervals. Columns marked "
        "identifying are emptied, and `subject` is hashed, in pseudonymized output. How the rules work: "
        "[checking](methods/checking.md).\n"
    ]
    for supplied in (*TABLES.values(), REJECTED):
        key = (
            " At most one row for each " + ", ".join(f"`{name}`" for name in supplied.key) + "." if supplied.key else ""
        )
        parts.append(f"## {supplied.name}\n\nOne row is {supplied.meaning}.{key}\n\n{columns(supplied)}")
    measured = ((f"`{m.name}`", m.unit, f"{m.low:g} to {m.high:g}", m.meaning) for m in MEASURES)
    parts.append(
        "## Measures\n\nWhat may stand in `measures.measure`.\n\n"
        + table(("measure", "unit", "lawful", "meaning"), measured)
    )
    assessed = (
        (
            f"`{rule.name}`",
            ", ".join(rule.tables) if len(rule.tables) < len(TABLES) else "every table",
            EFFECTS[rule.effect],
            rule.severity,
            rule.message,
            rule.how_to_fix,
        )
        for rule in RULES
    )
    parts.append(
        "## Rules of the check\n\nIn the order in which they are assessed.\n\n"
        + table(("rule", "tables", "effect", "reported as", "what is wrong", "how to fix it"), assessed)
    )
    ends = (
        (f"`{e.name}`", ", ".join(f"`{kind}`" for kind in e.events), e.meaning, f"[@{e.source}]" if e.source else "")
        for e in ENDPOINTS.values()
    )
    parts.append(
        "## Endpoints\n\nNamed composites of `endpoints`; see [endpoints](methods/endpoints.md).\n\n"
        + table(("endpoint", "events", "meaning", "used by"), ends)
    )
    return "\n".join(parts)


def declared(supplied: Iterable[Column]) -> str:
    """Columns of a table of results."""
    heads = ("column", "kind", "unit", "meaning")
    rows = ((f"`{one.name}`", kind_of(one.dtype), one.unit or bounds(one), one.meaning) for one in supplied)
    return table(heads, rows)


def kind_of(dtype: Any) -> str:
    """Kind of a column in words."""
    return KINDS.get(str(dtype), "list of codes with values")


def evidence_page() -> str:
    """Every verdict, threshold and column of the results of `assess`."""
    thresholds = Thresholds()
    parts = [
        "# Verdicts and their evidence\n\nMade from code by `docs/generate.py`; do not edit by hand.\n\n"
        "A verdict is a function of the evidence and the thresholds, and of nothing else. The method is explained in "
        "[verdicts](methods/verdicts.md). Posteriors, shares and rates lie between 0 and 1.\n"
    ]
    supplied = (
        (f"`{verdict}`", row.kind, meaning(verdict, thresholds), "yes" if row.page else "")
        for verdict, row in VERDICTS.items()
    )
    heads = ("verdict", "kind", "meaning at the default thresholds", "has a page")
    parts.append(
        "## Verdicts\n\nThe first kind that is probable or better is given, else the likeliest that is possible.\n\n"
        + table(heads, supplied)
    )
    bands = ((f"`{one}`", f"{getattr(thresholds, one.value):g} or more") for one in Certainty)
    parts.append("## Certainty\n\n" + table(("certainty", "posterior probability of the event"), bands))
    words = in_words(thresholds)
    criteria = ((f"`{name}`", words[name], said) for name, (said, _) in CRITERIA.items())
    parts.append("## Thresholds\n\n" + table(("field", "default", "meaning"), criteria))
    parts.append("## verdicts\n\nOne row a subject.\n\n" + declared(DECISION))
    rows = ((f"`{c.name}`", kind_of(c.dtype), c.unit, c.meaning, c.filled_by) for c in EVIDENCE)
    parts.append(
        "## evidence\n\nOne row a subject with a rated visit. Names in backticks are thresholds.\n\n"
        + table(("column", "kind", "unit", "meaning", "filled by"), rows)
    )
    parts.append("## windows\n\nOne row a window.\n\n" + declared(WINDOW_COLUMNS))
    parts.append("## sensitivity\n\nOne row a favorable verdict and amount.\n\n" + declared(SENSITIVITY_COLUMNS))
    parts.append("## statement\n\nOne row a definition and subgroup.\n\n" + declared(STATEMENT_COLUMNS))
    return "\n".join(parts)


PARTS = {
    "key": "Who and when",
    "visits": "Ratings",
    "person": "About the person",
    "moment": "Days of a person's life",
    "event": "Events by name",
    "measure": "Quantities by name",
    "measures": "One measurement a row",
    "events": "One event a row",
    "doses": "One treatment a row",
    "aside": "Columns that help read another",
}


def meanings_page() -> str:
    """What a mapping can say that a column means, and the layouts that are known."""
    parts = [
        "# Meanings of a column\n\nMade from code by `docs/generate.py`; do not edit by hand.\n\n"
        "The words that a [mapping](mapping.md) may write for `means`. Beside these, `on:NAME` and `off:NAME` mean the "
        "start and the stop of the treatment NAME. A time takes a `unit`: date, day, week, month, year, age, and for "
        "events flag (yes and no) or status (alive and dead).\n"
    ]
    for part, title in PARTS.items():
        rows = ((f"`{m.name}`", m.kind, m.says) for m in MEANINGS.values() if m.part == part)
        parts.append(f"## {title}\n\n" + table(("means", "cells", "what it is"), rows))
    known = (
        (TITLES[name], ", ".join(f"`{row.column}`" for row in rows if row.key), str(len(rows)))
        for name, rows in layouts().items()
    )
    parts.append(
        "## Known layouts\n\nRecognized when all columns of one key group stand in one table; every column is in "
        "`src/alsight/cohort/mapping/layouts.csv`.\n\n" + table(("layout", "key columns", "columns"), known)
    )
    return "\n".join(parts)


MARKED = re.compile(r"(<!-- options: made from code by docs/generate\.py -->\n).*?(<!-- end of options -->)", re.DOTALL)
"""The part of a verb's page that is made from code; the rest is written by hand."""


def option_row(verb: Verb, row: Option) -> tuple[str, str, str, str]:
    """One option: how it is written, what may be given, its default, what it is."""
    if row.name == verb.first:
        return f"`{row.name.upper()}`", row.allowed, "", f"{row.description}."
    plain = issubclass(row.kind, (bool, int, float, str))
    choices = ", ".join(f"`{choice}`" for choice in row.choices) or row.bounds
    repeated = " May be repeated." if row.several or not plain else ""
    return f"`{row.flag} {row.value}`".replace(" `", "`"), choices, row.standing, f"{row.description}.{repeated}"


def options_table(verb: Verb) -> str:
    """Every option of a verb, by heading."""
    rows = options(verb.spec)
    lines: list[tuple[str, str, str, str]] = []
    for heading in GROUPS:
        found = [option_row(verb, row) for row in rows if row.group == heading]
        if heading == JSON:
            found.append(("`--json`", "", "", "Print the answer as JSON, and nothing else."))
        lines += [(f"**{heading}**", "", "", ""), *found] if found else []
    named = next((row.name for row in rows if "_" in row.name), "")
    intro = f"In Python each is an argument of the same name (`{named}=`).\n\n" if named else ""
    return intro + table(("option", "values", "default", "what it is"), lines)


def verb_page(name: str) -> str:
    """A verb's page as it stands, its table of options made anew."""
    text, made = (DOCS / VERBS[name].page).read_text("utf-8"), options_table(VERBS[name])
    return MARKED.sub(lambda found: f"{found[1]}\n{made}\n{found[2]}", text)


PAGES: dict[str, Callable[[], str]] = {
    "dictionary.md": dictionary_page,
    "evidence.md": evidence_page,
    "instruments.md": catalogue_page,
    "meanings.md": meanings_page,
    **{verb.page: partial(verb_page, name) for name, verb in VERBS.items()},
    "targets.md": committed_page,
}
"""Page, relative to `docs/`, to what makes it."""


def main() -> int:
    """Write every page, or with `--check` name those that differ."""
    made = {name: make() for name, make in PAGES.items()}
    stale = [
        name for name, text in made.items() if not (DOCS / name).is_file() or (DOCS / name).read_text("utf-8") != text
    ]
    if "--check" in sys.argv:
        sys.stdout.writelines(f"docs/{name} is stale: run python docs/generate.py\n" for name in stale)
        return len(stale) and 1
    for name in stale:
        (DOCS / name).write_text(made[name], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
