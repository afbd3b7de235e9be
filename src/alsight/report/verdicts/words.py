"""Verdicts as the page shows them: their order, their colors, and numbers that speak of near certainty."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from alsight.detect.kinds import EXPLAINED, PAGES, VERDICTS, Verdict
from alsight.report.page.labels import RULES, label, source_name
from alsight.report.page.words import months, number, opening

DOSSIERS: Final = PAGES
"""Verdicts that earn a page of their own."""
RISES_EXPLAINED: Final = frozenset(EXPLAINED.values())
"""Verdicts on rises that something else explains."""


def tone(verdict: str) -> str:
    """The named color of a verdict: gains, plateaus, explained rises, and all else."""
    return VERDICTS[Verdict(verdict)].color


def kind(verdict: str) -> str:
    """What the window of a verdict is drawn as: plateau, reversal or, where something else explains it, responder."""
    return {"rise": "reversal", "plateau": "plateau", "other": "responder", "muted": "plateau"}[tone(verdict)]


def sentences(value: Any) -> tuple[str, ...]:
    """Plain words that may have come as one text or as a list of them."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return ()
    parts = [value] if isinstance(value, str) else [str(part) for part in value]
    return tuple(opening(part.strip()) for part in parts if part and part.strip())


def reading_label(row: dict[str, Any]) -> str:
    """A reading of plateau or gain in words: that of its definition at this length and size, else as it is called."""
    rule = RULES.get(row.get("definition") or "")
    if rule is None:
        return opening(str(row["definition_text"]).replace("_", " "))
    asked = replace(rule, months=row["months"]) if row["kind"] == "plateau" else replace(rule, points=row["points"])
    return opening(label(asked))


def reading_family(row: dict[str, Any]) -> str:
    """The definition of a reading whatever its length or size, with its source; empty where there is none."""
    rule = RULES.get(row.get("definition") or "")
    if rule is None:
        return ""
    said = label(rule)
    if row["kind"] == "plateau":
        length = f"{rule.months:.0f} months"
        said = said.replace(f"any {length}", "a period of so many months").replace(length, "so many months")
    else:
        said = said.replace(f"{rule.points:g} points", "so many points")
    return f"{opening(said)} ({source_name(rule.source)})"


def reading_size(row: dict[str, Any]) -> str:
    """What sets a reading apart from others of its definition: its length, or the size of the gain."""
    return months(row["months"]) if row["kind"] == "plateau" else f"{number(row['points'], 0)} points"
